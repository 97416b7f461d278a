/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_SOURCE_H
#define LISTENQ_COLLECT_SOURCE_H

#include "collect/pace.h"
#include "collect/peaks.h"
#include "collect/procfs.h"
#include "collect/sock_diag.h"
#include "collect/waiting.h"
#include "model/snapshot.h"

/*
 * One network namespace. Its socket and descriptors go on reading it, whatever happens to this
 * process, and keep it alive: the kernel ends a namespace when nobody holds it any more.
 */
struct source {
	uint64_t cookie; /* SO_NETNS_COOKIE; 0: unknown */
	uint64_t inode; /* 0: unknown */
	uint64_t serial; /* tells it from others that had the inode before */
	char *name; /* NULL: nobody asked; owned */
	uint32_t pid; /* the oldest process in it; 0: none, or nobody asked */
	int root; /* descriptor of the directory that holds proc/ */
	int netns; /* descriptor of nsfs or NETNS_HOME, see enter.h; owned */
	int netstat; /* descriptor or -errno */
	int snmp;
	int sysctls[SYSCTL_N];
	struct diag_socket *diag;
	struct peaks peaks;
	struct children half_open; /* of the last walk for them */
	uint64_t half_open_ns; /* monotonic_ns of the sample it was made for; 0: there was none */
	struct waiting waiting; /* of the last walk for them */
	struct pace pace; /* of walks */
	uint64_t walked_ns; /* monotonic_ns of the last sample that had a walk */
	bool walks_twice; /* the kernel has no filter for both in one walk */
	struct bytecode filter; /* of the samples; empty: nothing is left out */
	bool refuses_filter; /* the kernel lacks an opcode */
	struct dump_time before; /* the listeners, for the sample before */
	struct dump_time dumped; /* and for the last one */
};

/*
 * source_open() - a socket in a namespace; no files yet.
 * @netns: a descriptor that is the source's from then on, also when this fails, or NETNS_HOME
 *
 * Returns the source, or NULL with @code, -errno, and @why filled.
 */
struct source *source_open(int root, int netns, int *code, struct error *why);
void source_close(struct source *source);

/*
 * source_set_needs() - open the files that @needs (enum need) wants read with each sample. One that
 * cannot be opened stays an errno, which the sample turns into a warning.
 *
 * Returns 0 or -errno with @why filled: the namespace cannot be entered, or there are no
 * descriptors left.
 */
int source_set_needs(struct source *source, unsigned int needs, struct error *why);

/* Reads the counters; what cannot be read stays unknown. @text: scratch */
void source_counters_before(struct source *source, struct netns *ns, struct strbuf *text);

/* Reads how many connections were reset until now; what cannot be read stays unknown. */
void source_count_resets(struct source *source, struct netns *ns, struct strbuf *text);

/* The same after the dump, with warnings. */
void source_counters_after(struct source *source, struct snapshot *s, struct netns *ns,
			   struct strbuf *text);

/*
 * source_dump() - dump the listeners of the namespace into @s as those of @netns. source->filter
 * leaves some out, and is given up where the kernel refuses it.
 * @needs: enum need: what of each
 * @family: AF_UNSPEC: both
 *
 * Returns 0 or -errno with @why filled; what @s has got by then is to be dropped.
 */
int source_dump(struct source *source, unsigned int needs, int family, struct snapshot *s,
		uint32_t netns, struct error *why);

#endif

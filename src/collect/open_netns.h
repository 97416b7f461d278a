/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_OPEN_NETNS_H
#define LISTENQ_COLLECT_OPEN_NETNS_H

#include "base/text.h"
#include "collect/ehash_dump.h"
#include "collect/namespaces.h"
#include "collect/peaks.h"
#include "collect/sock_diag.h"
#include "model/snapshot.h"

/* Files that a sample reads. */
enum netns_file {
	NETNS_NETSTAT,
	NETNS_SNMP,
	NETNS_SYSCTLS,
	NETNS_FILES = NETNS_SYSCTLS + SYSCTL_N
};

/*
 * One network namespace, opened for reading. Its socket and descriptors go on reading it, whatever
 * happens to this process, and keep it alive: the kernel ends a namespace when nobody holds it.
 */
struct open_netns {
	uint64_t cookie; /* SO_NETNS_COOKIE; 0: unknown */
	uint64_t inode; /* 0: unknown */
	uint64_t serial; /* tells it from others that had the inode before */
	char *name; /* NULL: nobody asked */
	char *path; /* that the user's word stands for, relative to the root; NULL: it was found */
	uint32_t pid; /* the oldest process in it; 0: none, or nobody asked */
	int root; /* descriptor of the directory that holds proc/; not owned */
	int netns_fd; /* descriptor of nsfs or NETNS_HOME, see enter.h */
	int files[NETNS_FILES]; /* descriptors or -errno, by enum netns_file */
	struct diag_socket *diag;
	struct peaks peaks;
	struct ehash_dump ehash;
	struct bytecode filter; /* of the samples; empty: nothing is left out */
	bool refuses_filter; /* the kernel lacks an opcode */
};

/* Reads the counters; what cannot be read stays unknown. @text: scratch */
void open_netns_counters_before(struct open_netns *netns, struct netns *ns, struct strbuf *text);

/* The same after the dump, with warnings. */
void open_netns_counters_after(struct open_netns *netns, struct snapshot *s, struct netns *ns,
			       struct strbuf *text);

/*
 * open_netns_dump() - dump the listeners of the namespace into @s as those of @netns_idx.
 * netns->filter leaves some out, and is given up where the kernel refuses it.
 * @needs: enum need: what of each
 * @family: AF_UNSPEC: both
 *
 * Returns 0 or -errno with @why filled; what @s has got by then is to be dropped.
 */
int open_netns_dump(struct open_netns *netns, unsigned int needs, int family, struct snapshot *s,
		    uint32_t netns_idx, struct error *why);

/* Namespaces that one warning is about; the first few by name. */
struct netns_problem {
	size_t n;
	int code; /* -errno of the last one */
	struct strbuf names;
};

enum netns_problem_kind { NETNS_DENIED, NETNS_FAILED, NETNS_GONE, NETNS_SKIPPED, NETNS_PROBLEMS };

/*
 * The namespaces that are read: that of the program, those that the user named, or all.
 *
 * Those that the user named are opened once. All are looked for again and again: new ones come in.
 * Those that have ended are closed, since an open one keeps the namespace alive with every device
 * in it: a namespace has ended when only we hold it, that is, when no name and no process leads to
 * it.
 */
struct open_netns_set {
	struct open_netns **list; /* home first, then in the order of being found */
	size_t n, size;
	int root; /* descriptor of the directory that holds proc/; not owned */
	const char *const *wanted; /* as the user named them; not owned */
	size_t n_wanted;
	bool all;
	unsigned int needs; /* enum need */
	uint64_t opened; /* so many so far */
	uint64_t home; /* inode, 0: unknown */
	uint64_t check_ns; /* when open_netns_set_check() is due, monotonic; UINT64_MAX: never */
	struct namespaces found; /* by the last search */
	struct netns_problem problems[NETNS_PROBLEMS];
};

/*
 * open_netns_set_open() - open the namespaces that @set->wanted or @set->all ask for, or else that
 * of the program. The caller has filled these, @root and @needs of a zeroed @set.
 *
 * A namespace that the user named has to be there. Of all, one that cannot be had is a warning.
 * Returns 0 or -errno with @why filled; open_netns_set_close() is due in any case.
 */
int open_netns_set_open(struct open_netns_set *set, struct error *why);
void open_netns_set_close(struct open_netns_set *set);

/* Closes those that have ended, opens new ones, and sets when to check next. */
void open_netns_set_check(struct open_netns_set *set);

/*
 * open_netns_set_change_needs() - open the files that @needs (enum need) wants read with each
 * sample. One that cannot be opened becomes a warning in the sample.
 */
void open_netns_set_change_needs(struct open_netns_set *set, unsigned int needs);

/* The listeners of one could not be dumped for this sample: -errno. */
void open_netns_set_skip(struct open_netns_set *set, const struct open_netns *netns, int code);

/* Adds the warnings about namespaces that are not in @s, or without listeners. */
void open_netns_set_warn(struct open_netns_set *set, struct snapshot *s);

#endif

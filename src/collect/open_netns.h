/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_OPEN_NETNS_H
#define LISTENQ_COLLECT_OPEN_NETNS_H

#include "base/text.h"
#include "collect/ehash_dump.h"
#include "collect/namespaces.h"
#include "collect/peaks.h"
#include "collect/sock_diag.h"
#include "model/snapshot.h"

/* Files of a namespace that a sample reads. */
enum netns_file {
	NETNS_NETSTAT,
	NETNS_SNMP,
	NETNS_SNMP6, /* missing without IPv6 */
	NETNS_SYSCTLS,
	NETNS_FILES = NETNS_SYSCTLS + SYSCTL_N
};

/*
 * One network namespace, opened for reading. Its socket and descriptors always read this namespace.
 * They keep it alive: the kernel frees a namespace when nobody holds it.
 */
struct open_netns {
	uint64_t cookie; /* SO_NETNS_COOKIE; 0: unknown */
	uint64_t inode; /* 0: unknown */
	uint64_t serial; /* differs from that of others which had the inode before */
	char *name; /* NULL: not needed */
	bool of_process; /* the name is that of @pid */
	char *path; /* to open it, relative to the root; NULL: the user has not named it */
	uint32_t pid; /* the oldest process in it; 0: none, or not needed */
	int root; /* descriptor of the directory that holds proc/; not owned */
	int netns_fd; /* descriptor of nsfs or NETNS_HOME, see enter.h */
	int files[NETNS_FILES]; /* descriptors or -errno, by enum netns_file */
	struct diag_socket *diag;
	struct peaks peaks;
	struct ehash_dump ehash;
	struct bytecode filter; /* of the LISTEN dump; empty: all listeners */
	bool refuses_filter; /* the kernel lacks an opcode */
};

/*
 * Reads the counters, before or after the dump. Those that cannot be read stay unknown, with a
 * warning in @s. @text: scratch
 */
void open_netns_counters(struct open_netns *netns, struct snapshot *s, struct counters *counters,
			 struct strbuf *text);

/*
 * open_netns_dump() - dump the listeners of the namespace into @s, as those of @netns_idx. When the
 * kernel refuses netns->filter, the dump is made without.
 * @needs: enum need, what to dump of each listener
 * @family: AF_UNSPEC: both
 *
 * Returns 0 or -errno with @why filled; the caller then drops the listeners added to @s.
 */
int open_netns_dump(struct open_netns *netns, unsigned int needs, uint8_t family,
		    struct snapshot *s, uint32_t netns_idx, struct error *why);

/* The namespaces that one warning is about. */
struct netns_problem {
	size_t n;
	int code; /* -errno of the last one; 0: none */
	struct strbuf names; /* of the first few */
};

enum netns_problem_kind { NETNS_DENIED, NETNS_FAILED, NETNS_SKIPPED, NETNS_GONE, NETNS_PROBLEMS };

/*
 * The namespaces that are read: the program's own, those that the user named, or all.
 *
 * Those that the user named are opened once. Otherwise a check once in a while opens new ones. It
 * closes those that have ended, since an open descriptor keeps a namespace and its devices alive: a
 * namespace has ended when no name and no process leads to it, so that only we hold it.
 */
struct open_netns_set {
	struct open_netns **list; /* home first, then in the order in which they were found */
	size_t n, size;
	int root; /* descriptor of the directory that holds proc/; not owned */
	const char *const *wanted; /* as the user named them; not owned */
	size_t n_wanted;
	bool all;
	unsigned int needs; /* enum need */
	uint64_t opened; /* how many so far */
	uint64_t home; /* inode of the program's own namespace; 0: unknown */
	int home_code; /* why, -errno */
	uint64_t check_ns; /* when open_netns_set_check() is due, monotonic; UINT64_MAX: never */
	struct namespaces found; /* by the last search */
	struct netns_problem problems[NETNS_PROBLEMS];
};

/*
 * open_netns_set_open() - open the namespaces in @set->wanted, or all with @set->all, or else the
 * program's own. The caller has filled these, @root and @needs of a zeroed @set.
 *
 * Fails when a namespace that the user named cannot be opened; with @set->all, each that cannot be
 * opened adds to a warning. Returns 0 or -errno with @why filled. The caller always calls
 * open_netns_set_close().
 */
int open_netns_set_open(struct open_netns_set *set, struct error *why);
void open_netns_set_close(struct open_netns_set *set);

/* Closes namespaces that have ended, opens new ones, and sets the time of the next check. */
void open_netns_set_check(struct open_netns_set *set);

/*
 * open_netns_set_change_needs() - open the files that samples read for @needs (enum need). A file
 * that cannot be opened adds a warning to the sample.
 */
void open_netns_set_change_needs(struct open_netns_set *set, unsigned int needs);

/* Notes that the listeners of @netns could not be dumped for this sample. @code: -errno */
void open_netns_set_skip(struct open_netns_set *set, const struct open_netns *netns, int code);

/* Adds warnings about namespaces that @s lacks, and about those whose listeners it lacks. */
void open_netns_set_warn(struct open_netns_set *set, struct snapshot *s);

#endif

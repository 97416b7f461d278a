/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_OTHERS_H
#define LISTENQ_COLLECT_OTHERS_H

#include "base/idmap.h"
#include "base/text.h"
#include "model/snapshot.h"

/*
 * The network namespaces that are not shown but have a process, and how often their listeners have
 * overflowed. /proc/PID/net/netstat, which every user may read, has that for the namespace of the
 * process. The inode of this file identifies the namespace, since only those who may trace the
 * process may read /proc/PID/ns/net.
 */
struct other {
	uint64_t identity; /* inode of netstat */
	uint32_t pid; /* a process in it; 0: unknown, as that process has left */
	bool read; /* for this sample */
};

/* A zeroed struct with @root, @share and @window_ns is ready. */
struct others {
	int root; /* descriptor of the directory that holds proc/; not owned */
	double share; /* of one CPU, that may be used */
	uint64_t window_ns; /* its two samples may use the share of a window, whenever they come */
	struct other *list; /* in the order in which they were found, and are read */
	size_t n, size;
	struct idmap by_identity; /* index into @list */
	uint64_t home; /* identity of the program's own namespace */
	uint32_t *pids; /* the first @n_pids are those that the search has not reached yet */
	size_t n_pids, pids_size;
	uint64_t searched_ns; /* monotonic, when the last search began; 0: never */
	bool lost; /* the known process of a namespace has left; others may be in it */
	bool hidden; /* some processes may not be read, or are not even listed */
	bool complete; /* at least one search has finished */
	int failed; /* 0, or the -errno for which this sample may lack some */
	uint64_t sampled_ns; /* monotonic, of the last sample */
	int64_t credit_ns; /* CPU time that may be used; negative: overdrawn */
	struct strbuf text; /* scratch */
};

void others_free(struct others *o);

/*
 * others_sample() - add the other namespaces to @s. Stops when its CPU time is used up, and sets
 * SNAPSHOT_OTHERS_CUT; a later sample continues the search.
 *
 * Holds no namespace open, so that each can end.
 */
void others_sample(struct others *o, struct snapshot *s);

#endif

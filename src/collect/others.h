/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_OTHERS_H
#define LISTENQ_COLLECT_OTHERS_H

#include "base/idmap.h"
#include "base/text.h"
#include "model/snapshot.h"

/*
 * The other network namespaces that have a process, and how often listeners there overflowed. Any
 * user may read that: /proc/PID/net/netstat is that of the process's namespace. /proc/PID/ns/net is
 * for those who may trace the process, but the kernel makes each namespace files of its own, so
 * that the inode of netstat identifies one.
 */
struct other {
	uint64_t identity; /* inode of netstat */
	uint32_t pid; /* a process in it; 0: the one that was known has left */
	bool read; /* for this sample */
};

/* A zeroed struct with @root, @share and @window_ns is ready. */
struct others {
	int root; /* descriptor of the directory that holds proc/; not owned */
	double share; /* of one CPU, which all of it may cost */
	uint64_t window_ns; /* of which two samples may cost the share, whenever they are taken */
	struct other *list; /* in the order of being found, which is that of being read */
	size_t n, size;
	struct idmap by_identity;
	uint64_t home; /* identity of that of the program; 0: unknown */
	uint32_t *pids; /* those that a search still has to look at are the first @n_pids */
	size_t n_pids, pids_size;
	uint64_t searched_ns; /* monotonic, when the last search began; 0: never */
	bool lost; /* the process of one has left: another may be there */
	bool hidden; /* some process may not be looked at, or is not even listed */
	bool complete; /* a search has come to its end */
	uint64_t sampled_ns; /* monotonic, of the last sample */
	int64_t credit_ns; /* of CPU that may be spent; negative: a little too much was */
	struct strbuf text; /* scratch */
};

void others_free(struct others *o);

/*
 * others_sample() - put into @s what is known of the other namespaces. Stops when its share of the
 * CPU is spent, and says so in @s; a later sample goes on with the search.
 *
 * No namespace is held open: one that ends is gone.
 */
void others_sample(struct others *o, struct snapshot *s);

#endif

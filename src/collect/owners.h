/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_OWNERS_H
#define LISTENQ_COLLECT_OWNERS_H

#include "base/string_pool.h"
#include "collect/processes.h"
#include "model/snapshot.h"

/*
 * Which processes hold the listeners.
 *
 * Only /proc/PID/fd shows this, one descriptor at a time: for 200,000 descriptors a scan takes most
 * of a second of CPU time. So one scan is made, and later samples verify what it has found:
 *
 *  - New processes are read, and so are processes that have lost a descriptor: forked workers and
 *    restarted services are found without a scan.
 *  - Known descriptors are read again, at most as many as cost 1 % of a CPU; where there are more,
 *    each sample continues where the last one stopped.
 *  - A new scan is made only for listeners that are new or have lost their last owner, and uses at
 *    most 5 % of a CPU.
 *  - When a scan finds no owner of a listener (it belongs to the kernel, as nfsd's does, or its
 *    owner cannot be seen), the next scan for it is due after OWNERS_RETRY_NS, and every other
 *    after as much time again as has passed since the first.
 *
 * A listener may be registered with an io_uring and have no descriptor of its own. The fdinfo of
 * the ring lists it, and the descriptor of the ring is shown as the owner's.
 *
 * When an old process gets a descriptor of a listener that has other owners, only the next scan
 * finds it. Never found are descriptors of a thread that does not share its table (unshare(2) of
 * CLONE_FILES), descriptors in transit (SCM_RIGHTS), and rings without a descriptor
 * (IORING_REGISTER_RING_FDS).
 */
#define OWNERS_RETRY_NS	    10000000000U
#define OWNERS_RETRY_MAX_NS 600000000000U

struct owners_process;
struct owners_listener;
struct owners_chunk;

/* The listeners of a sample, and the search for the owners of each. */
struct owners_listeners {
	struct owners_listener *list; /* in the order of the sample */
	size_t n;
	struct owners_chunk *chunks; /* indexes into @list, by inode */
	size_t n_chunks, chunks_size;
	struct idmap by_inode; /* index into @chunks, by the quotient */
	uint32_t *twins; /* those with the inode of one before them: only under MPTCP */
	size_t n_twins, twins_size;
};

/* A zeroed struct, with the first three members set, is ready. */
struct owners {
	int root; /* descriptor of the directory that holds proc/; not owned */
	bool cgroups; /* read the cgroups of the processes */
	bool warn; /* add a warning when an owner may be hidden */

	struct string_pool *strings; /* the pool of the sample; a reference */
	struct strbuf text; /* scratch for files */
	struct processes processes;
	struct owners_process *holders; /* processes that hold a listener, sorted by pid */
	size_t n_holders, holders_size;
	struct owners_listeners listeners;
	uint64_t last_ns; /* monotonic_ns of the sample before; 0: there was none */
	uint64_t look_ns; /* monotonic, when new and changed processes may be read again */
	uint64_t scan_ns; /* monotonic, when the next scan is allowed */
	uint64_t scanned_ns; /* monotonic_ns of the sample with the last scan */
	size_t verified; /* where the next sample continues to verify, see verify_some() */
	int unnamed; /* 0, or the -errno for which cgroups of this sample are unknown */
	bool visible_known;
	enum processes_visible visible;
};

void owners_free(struct owners *o);

/*
 * owners_collect() - fill in the owners of the listeners of @s. Owners that cannot be found stay
 * unknown.
 */
void owners_collect(struct owners *o, struct snapshot *s);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_OWNERS_H
#define LISTENQ_COLLECT_OWNERS_H

#include "base/string_pool.h"
#include "collect/processes.h"
#include "model/snapshot.h"

/*
 * Which processes hold the listeners.
 *
 * Only /proc/PID/fd says so, a descriptor at a time: with 200,000 of them a scan takes most of a
 * second of CPU. So it is done once, and from then on what is known is verified:
 *
 *  - A process that was not there before is looked at, and so is one that no longer has what it
 *    had: forked workers and restarted services are found without a scan.
 *  - Known descriptors are read again, as many as cost less than 1 % of a CPU; where there are
 *    more, each gets its turn.
 *  - Everything is scanned only for listeners that are new or lost their last owner, and no more
 *    often than would cost 5 % of a CPU.
 *  - A listener that a scan could not explain (the kernel's own, such as nfsd's, or one whose
 *    owner cannot be seen) is looked for again after OWNERS_RETRY_NS, and each time after as long
 *    as it has been looked for in vain.
 *
 * A listener may also be registered with an io_uring, by descriptor or made there, and have no
 * descriptor of its own: then fdinfo of the ring lists it, and that of the ring stands for it. It
 * is read only where a descriptor is a ring.
 *
 * A process that was there all along and gets a descriptor of a listener that has another owner is
 * found only by the next scan. Never found are descriptors of a thread that does not share them
 * (unshare(2) of CLONE_FILES), messages on their way (SCM_RIGHTS) and rings without a descriptor
 * (IORING_REGISTER_RING_FDS).
 */
#define OWNERS_RETRY_NS	    10000000000U
#define OWNERS_RETRY_MAX_NS 600000000000U

struct owners_process;
struct owners_listener;

/* The listeners, and what is remembered of each. */
struct owners_listeners {
	struct idmap by_inode;
	struct owners_listener *list;
	size_t n, size;
};

/* A zeroed struct, with the first three set, is ready. */
struct owners {
	int root; /* descriptor of the directory that holds proc/ */
	bool cgroups; /* read those of the processes */
	bool warn; /* warn when some may not be seen */

	struct string_pool *strings; /* that of the sample; a reference */
	struct strbuf text; /* scratch for files */
	struct processes processes;
	struct owners_process *holders; /* by pid */
	size_t n_holders, holders_size;
	struct owners_listeners listeners, before;
	uint64_t last_ns; /* time of the sample before */
	uint64_t look_ns; /* when looking at some processes may cost something again */
	uint64_t scan_ns; /* and when looking at all of them may */
	size_t verified; /* where verifying goes on */
	bool visible_known;
	enum processes_visible visible;
};

void owners_free(struct owners *o);

/*
 * owners_collect() - find the owners of the listeners of @s, at the time of that sample. What
 * cannot be found stays unknown; one warning says so when @o->warn.
 */
void owners_collect(struct owners *o, struct snapshot *s);

#endif

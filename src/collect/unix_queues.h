/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_UNIX_QUEUES_H
#define LISTENQ_COLLECT_UNIX_QUEUES_H

#include "base/idmap.h"
#include "collect/netlink.h"
#include "model/snapshot.h"

/*
 * Which accept queues of UNIX listeners do not move; of those that nobody asked to see also how
 * many there are. UNIX sockets have no counters and no ages. But the kernel tells whose connection
 * is the first in a queue, and accept(2) takes that one: while it is the same none was accepted.
 * Where it is unknown, looking often is the only way to see that a queue moves: such a queue is
 * looked at between samples.
 *
 * A zeroed struct with @due_ns of UINT64_MAX is ready.
 */
struct unix_queues {
	struct unix_queue *list; /* as of the last look */
	size_t n, size;
	struct unix_queue *before; /* as of the look before it */
	size_t n_before, before_size;
	struct idmap by_cookie; /* index into @before */
	struct idmap seen; /* index into @list */
	uint32_t n_listeners; /* of this look */
	uint64_t begin_ns; /* monotonic, of this look */
	uint64_t due_ns; /* when the next one is due; UINT64_MAX: with the next sample */
	bool failed;
};

void unix_queues_free(struct unix_queues *q);

/* A look begins; unix_queues_add() for each namespace; and it ends, and says when the next is due.
 */
void unix_queues_begin(struct unix_queues *q, uint64_t now_ns);
void unix_queues_add(struct unix_queues *q, struct netlink_socket *netlink);
void unix_queues_end(struct unix_queues *q, uint64_t now_ns);

/*
 * unix_queues_take() - the same as unix_queues_add() where the listeners are in @s already, those
 * of namespace @netns; these are told since when their first connection is the same. No look is due
 * between samples then: fast samples look at them.
 */
void unix_queues_take(struct unix_queues *q, struct netlink_socket *netlink, struct snapshot *s,
		      uint32_t netns);

/* Puts what the last look saw into @s; where it failed that stays unknown. */
void unix_queues_tell(const struct unix_queues *q, struct snapshot *s);

#endif

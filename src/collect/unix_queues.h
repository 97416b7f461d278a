/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_UNIX_QUEUES_H
#define LISTENQ_COLLECT_UNIX_QUEUES_H

#include "base/idmap.h"
#include "collect/netlink.h"
#include "model/snapshot.h"

/*
 * The accept queues of UNIX listeners that nobody asked to see: how many there are, and which are
 * not empty. UNIX sockets have no counters and no ages, so that looking often is the only way to
 * see that a queue moves: those that wait for long are looked at between samples.
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

/* Puts what the last look saw into @s; where it failed that stays unknown. */
void unix_queues_tell(const struct unix_queues *q, struct snapshot *s);

#endif

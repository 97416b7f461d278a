/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/unix_queues.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "collect/unix_diag.h"

#include <stdlib.h>
#include <string.h>

#define ASK_MAX		 64 /* queues of which the first connection is asked for; 10 us each */
#define LOOK_AFTER_NS	 NSEC_PER_SEC /* ordinary servers have taken one by then */
#define LOOK_INTERVAL_NS (NSEC_PER_SEC / 10)
#define LOOK_SHARE	 500 /* at most one part in so many of the time goes into looks */

void unix_queues_free(struct unix_queues *q)
{
	free(q->list);
	free(q->before);
	idmap_free(&q->by_cookie);
	idmap_free(&q->seen);
	memset(q, 0, sizeof(*q));
}

void unix_queues_begin(struct unix_queues *q, uint64_t now_ns)
{
	struct unix_queue *list = q->before;
	size_t size = q->before_size;

	q->before = q->list;
	q->n_before = q->n;
	q->before_size = q->size;
	q->list = list;
	q->n = 0;
	q->size = size;
	idmap_reset(&q->by_cookie, q->n_before);
	for (size_t i = 0; i < q->n_before; i++)
		idmap_put(&q->by_cookie, q->before[i].cookie, (uint32_t)i);
	idmap_reset(&q->seen, q->n_before);
	q->begin_ns = now_ns;
	q->n_listeners = 0;
	q->failed = false;
}

static int add_queue(const struct unix_record *r, void *context)
{
	struct unix_queues *q = context;

	q->n_listeners++;
	/* A dump that the kernel resumes may repeat an entry. */
	if (!r->rqueue || idmap_put(&q->seen, r->cookie, (uint32_t)q->n) != IDMAP_NONE)
		return 0;
	q->list = array_grow(q->list, q->n, &q->size, sizeof(*q->list));
	q->list[q->n++] = (struct unix_queue){
		.cookie = r->cookie, .length = r->rqueue, .limit = r->wqueue, .inode = r->inode
	};
	return 0;
}

/* A first that was unknown before may be another one: lengths are no proof of it. */
static bool has_moved(const struct unix_queue *before, const struct unix_queue *now)
{
	return now->first ? now->first != before->first : now->length < before->length;
}

/* The first of each queue from @begin on, and since when it is so. */
static void ask_firsts(struct unix_queues *q, size_t begin, struct netlink_socket *netlink)
{
	for (size_t i = begin; i < q->n; i++) {
		struct unix_queue *queue = &q->list[i];
		uint32_t before = idmap_get(&q->by_cookie, queue->cookie);

		if (i < ASK_MAX &&
		    unix_diag_first(netlink, queue->inode, queue->cookie, &queue->first) < 0)
			queue->first = 0;
		queue->since_ns = before != IDMAP_NONE && !has_moved(&q->before[before], queue) ?
					  q->before[before].since_ns :
					  q->begin_ns;
	}
}

void unix_queues_add(struct unix_queues *q, struct netlink_socket *netlink)
{
	const uint32_t n_listeners = q->n_listeners;
	const size_t begin = q->n;
	unsigned int tries = 0;
	struct error ignored; /* nobody asked for them */
	int code;

	do {
		q->n_listeners = n_listeners;
		code = unix_diag_dump(netlink, false, add_queue, q, &ignored);
	} while (netlink_again(netlink, code, &tries));
	q->failed |= code < 0;
	ask_firsts(q, begin, netlink);
}

void unix_queues_take(struct unix_queues *q, struct netlink_socket *netlink, struct snapshot *s,
		      uint32_t netns)
{
	const size_t begin = q->n, first = s->netns[netns].first_listener;

	for (size_t i = first; i < s->n_listeners && s->listeners[i].addr.netns == netns; i++) {
		const struct listener *l = &s->listeners[i];
		const struct unix_record r = { .cookie = l->cookie,
					       .inode = l->inode,
					       .rqueue = l->length,
					       .wqueue = l->limit };

		if (listener_is_unix(l))
			add_queue(&r, q);
	}
	ask_firsts(q, begin, netlink);
	for (size_t i = first; i < s->n_listeners && s->listeners[i].addr.netns == netns; i++) {
		struct listener *l = &s->listeners[i];
		uint32_t at;

		if (!listener_is_unix(l) || !l->length)
			continue;
		at = idmap_get(&q->seen, l->cookie);
		if (at != IDMAP_NONE && q->list[at].first)
			l->first_ns = q->list[at].since_ns;
	}
	q->due_ns = UINT64_MAX;
}

/* A full queue is reported whether it moves or not: no look is taken for it alone. */
void unix_queues_end(struct unix_queues *q, uint64_t now_ns)
{
	uint64_t pause = (now_ns - q->begin_ns) * LOOK_SHARE;

	if (pause < LOOK_INTERVAL_NS)
		pause = LOOK_INTERVAL_NS;
	q->due_ns = UINT64_MAX;
	for (size_t i = 0; i < q->n; i++) {
		uint64_t due = q->list[i].since_ns + LOOK_AFTER_NS;

		if (q->list[i].length > q->list[i].limit || q->list[i].first)
			continue;
		if (due < now_ns + pause)
			due = now_ns + pause;
		if (due < q->due_ns)
			q->due_ns = due;
	}
}

void unix_queues_tell(const struct unix_queues *q, struct snapshot *s)
{
	if (q->failed)
		return;
	s->known |= SNAPSHOT_UNIX_QUEUES;
	s->n_unix = q->n_listeners;
	for (size_t i = 0; i < q->n; i++) {
		s->unix_queues = array_grow(s->unix_queues, s->n_unix_queues, &s->unix_queues_size,
					    sizeof(*s->unix_queues));
		s->unix_queues[s->n_unix_queues++] = q->list[i];
	}
}

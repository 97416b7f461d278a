/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/not_shown.h"

#include <string.h>

static const struct opt_u64 none = { .value = 0, .known = true };

static void find_unix(struct not_shown *e, const struct snapshot *now)
{
	if (now->known & SNAPSHOT_UNIX) {
		e->unix_listeners = e->unix_full = e->unix_stalled = none;
		return;
	}
	if (!(now->known & SNAPSHOT_UNIX_QUEUES))
		return;
	e->unix_listeners = (struct opt_u64){ now->n_unix, true };
	e->unix_full = e->unix_stalled = none;
	for (size_t i = 0; i < now->n_unix_queues; i++) {
		const struct unix_queue *q = &now->unix_queues[i];

		e->unix_full.value += q->length > q->limit;
		/* Not at once: a busy server gets a connection for each one it accepts, too. */
		e->unix_stalled.value +=
			q->length <= q->limit &&
			(now->monotonic_ns - q->since_ns) / (NSEC_PER_SEC / 1000) >= WAIT_LONG_MS;
	}
}

/* @guess: its index if no namespace came or went */
static const struct other_netns *find_before(const struct snapshot *s, uint64_t identity,
					     size_t guess)
{
	if (guess < s->n_others && s->others[guess].identity == identity)
		return &s->others[guess];
	for (size_t i = 0; i < s->n_others; i++)
		if (s->others[i].identity == identity)
			return &s->others[i];
	return NULL;
}

static void find_namespaces(struct not_shown *e, const struct snapshot *before,
			    const struct snapshot *now)
{
	if (now->known & SNAPSHOT_ALL_NETNS) {
		e->namespaces = e->looked_at = e->overflowing = none;
		return;
	}
	if (!(now->known & SNAPSHOT_OTHERS))
		return;
	if (now->known & SNAPSHOT_OTHERS_ALL)
		e->namespaces = (struct opt_u64){ now->n_others_found, true };
	if (!before || !(before->known & SNAPSHOT_OTHERS))
		return;
	e->looked_at = e->overflowing = none;
	for (size_t i = 0; i < now->n_others; i++) {
		const struct other_netns *other = &now->others[i];
		const struct other_netns *old = find_before(before, other->identity, i);

		if (!old)
			continue;
		e->looked_at.value++;
		/*
		 * A namespace that is new in the window may have the identity of one that ended in
		 * it. Then its counter may be lower than before, and all of it is of this window.
		 */
		e->overflowing.value += other->overflows != old->overflows && other->overflows;
	}
	e->cut = (before->known | now->known) & SNAPSHOT_OTHERS_CUT;
}

struct not_shown not_shown_find(const struct snapshot *before, const struct snapshot *now)
{
	struct not_shown e;

	memset(&e, 0, sizeof(e));
	find_unix(&e, now);
	find_namespaces(&e, before, now);
	return e;
}

bool not_shown_is_sick(const struct not_shown *e)
{
	/* What is unknown is 0 here. */
	return e->unix_full.value || e->unix_stalled.value || e->overflowing.value;
}

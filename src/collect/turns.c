/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/turns.h"

#include "base/alloc.h"

#include <stdlib.h>

static int compare(const void *left, const void *right)
{
	const struct turn *a = left, *b = right;

	if (a->suspect != b->suspect)
		return a->suspect ? -1 : 1;
	if (a->walked_ns != b->walked_ns)
		return a->walked_ns < b->walked_ns ? -1 : 1;
	return a->netns < b->netns ? -1 : a->netns > b->netns;
}

struct turn *turns_order(const struct sources *set, const struct snapshot *s)
{
	struct turn *turns = xcalloc(set->n, sizeof(*turns));

	for (uint32_t i = 0; i < set->n; i++) {
		turns[i].netns = i;
		turns[i].walked_ns = set->list[i]->walked_ns;
	}
	for (size_t i = 0; i < s->n_listeners; i++) {
		const struct listener *l = &s->listeners[i];

		if (!listener_is_unix(l) && (listener_fill(l) >= FILL_HIGH ||
					     (l->known & LISTENER_PEAK && listener_may_stall(l))))
			turns[l->addr.netns].suspect = true;
	}
	qsort(turns, set->n, sizeof(*turns), compare);
	return turns;
}

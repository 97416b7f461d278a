/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/restarts.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define RESTARTS_MAX  256 /* addresses */
#define RESTARTS_KEPT 64 /* the newest of an address, as older windows may be on the screen */

struct restart {
	uint64_t group;
	uint32_t n; /* since the first one, also those whose times are not kept */
	uint64_t begin_ns;
	struct timespec wall;
	uint64_t times[RESTARTS_KEPT]; /* the i-th is at i % RESTARTS_KEPT */
};

static uint64_t last_of(const struct restart *s)
{
	return s->times[(s->n - 1) % RESTARTS_KEPT];
}

void restarts_free(struct restarts *r)
{
	idmap_free(&r->by_group);
	free(r->list);
	memset(r, 0, sizeof(*r));
}

/* Forgets addresses where none was for long; and the one where the last was longest ago. */
static void tidy(struct restarts *r, uint64_t now_ns)
{
	size_t kept = 0, oldest = 0;

	for (size_t i = 1; i < r->n; i++)
		if (last_of(&r->list[i]) < last_of(&r->list[oldest]))
			oldest = i;
	idmap_reset(&r->by_group, r->n);
	for (size_t i = 0; i < r->n; i++) {
		if (i == oldest || now_ns - last_of(&r->list[i]) > HISTORY_KEPT_NS)
			continue;
		r->list[kept] = r->list[i];
		idmap_put(&r->by_group, r->list[kept].group, (uint32_t)kept);
		kept++;
	}
	r->n = kept;
}

uint32_t restarts_add(struct restarts *r, uint64_t group, uint64_t now_ns, struct timespec wall)
{
	struct restart *s;
	uint32_t i;

	if (r->n == RESTARTS_MAX && idmap_get(&r->by_group, group) == IDMAP_NONE)
		tidy(r, now_ns);
	i = idmap_put(&r->by_group, group, (uint32_t)r->n);
	if (i == IDMAP_NONE) {
		i = (uint32_t)r->n;
		r->list = array_grow(r->list, r->n, &r->size, sizeof(*r->list));
		r->list[r->n++] = (struct restart){ .group = group };
	}
	s = &r->list[i];
	if (s->n && last_of(s) == now_ns)
		return s->n;
	/* After a long time another one begins anew. */
	if (!s->n || now_ns - last_of(s) > HISTORY_WAS_NS)
		*s = (struct restart){ .group = group, .begin_ns = now_ns, .wall = wall };
	s->times[s->n++ % RESTARTS_KEPT] = now_ns;
	return s->n;
}

struct restart_sum restarts_sum(const struct restarts *r, uint64_t group, uint64_t now_ns)
{
	const uint32_t i = r->n ? idmap_get(&r->by_group, group) : IDMAP_NONE;
	const struct restart *s = i == IDMAP_NONE ? NULL : &r->list[i];
	struct restart_sum sum = { 0 };
	uint32_t n, oldest;

	if (!s || now_ns < s->begin_ns)
		return sum;
	oldest = s->n > RESTARTS_KEPT ? s->n - RESTARTS_KEPT : 0;
	for (n = s->n; n > oldest && s->times[(n - 1) % RESTARTS_KEPT] > now_ns;)
		n--;
	sum.n = n;
	sum.begin_ns = s->begin_ns;
	sum.wall = s->wall;
	sum.loop = n >= oldest + RESTARTS_LOOP &&
		   now_ns - s->times[(n - RESTARTS_LOOP) % RESTARTS_KEPT] <= HISTORY_WAS_NS;
	return sum;
}

void restarts_recall(const struct restarts *r, uint64_t group, uint64_t now_ns, struct memory *m)
{
	const struct restart_sum sum = restarts_sum(r, group, now_ns);

	if (!sum.loop || memory_is_sick(m))
		return;
	m->kind = MEMORY_RESTARTS;
	m->state = STATE_GONE;
	m->reasons = 0;
	m->ago_ns = 0;
	m->lasted = (struct history_time){ now_ns - sum.begin_ns, true, false };
	m->restarts = sum.n;
}

size_t restarts_bytes(const struct restarts *r)
{
	return r->size * sizeof(*r->list) + r->by_group.size * sizeof(struct idmap_slot);
}

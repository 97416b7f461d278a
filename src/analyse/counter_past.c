/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/counter_past.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* In one window. A rise of 2^32 or more, which no second has, counts as one less than that. */
struct rises {
	uint32_t known; /* bit 1 << enum counter_id */
	uint32_t value[COUNTER_N];
};

/* Most namespaces are idle: while no counter rises, nothing is stored. */
struct counter_track {
	uint64_t netns; /* its netns_id() */
	uint64_t first; /* the first window that has it, in which rises are mostly unknown */
	uint64_t last; /* the last window that has it */
	uint32_t known; /* in windows that are not stored */
	struct windowed rises;
};

void counter_past_free(struct counter_past *p, size_t *bytes)
{
	counter_past_forget(p, UINT64_MAX, bytes);
	free(p->list);
	memset(p, 0, sizeof(*p));
}

/* @guess: samples have the namespaces in the same order */
static struct counter_track *find(const struct counter_past *p, uint64_t netns, size_t guess)
{
	if (guess < p->n && p->list[guess].netns == netns)
		return &p->list[guess];
	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].netns == netns)
			return &p->list[i];
	return NULL;
}

static struct counter_track *add_track(struct counter_past *p, uint64_t netns, uint64_t n)
{
	p->list = array_grow(p->list, p->n, &p->size, sizeof(*p->list));
	p->list[p->n] = (struct counter_track){ .netns = netns, .first = n, .last = n };
	return &p->list[p->n++];
}

static struct rises make_rises(const struct netns_report *ns, bool *moved)
{
	struct rises r = { 0 };

	for (unsigned int i = 0; i < COUNTER_N; i++) {
		const struct opt_u64 *delta = &ns->delta[i];

		if (!delta->known)
			continue;
		r.known |= 1u << i;
		r.value[i] = delta->value < UINT32_MAX ? (uint32_t)delta->value : UINT32_MAX;
		*moved |= delta->value != 0;
	}
	return r;
}

/* Stores a window, and those before it in the same chunk, which had no rises. */
static void store(struct counter_track *track, uint64_t n, const struct rises *rises, size_t *bytes)
{
	const size_t size = sizeof(*rises);
	bool is_new = !windowed_get(&track->rises, n, size);
	struct rises *to = windowed_make(&track->rises, n, size, bytes);

	for (size_t i = 1; is_new && i <= n % WINDOWED_CHUNK && n - i >= track->first; i++)
		to[-(ptrdiff_t)i].known = n - i > track->first ? track->known : 0;
	*to = *rises;
}

static void add(struct counter_track *track, const struct netns_report *ns, uint64_t n,
		size_t *bytes)
{
	const struct rises none = { 0 };
	bool moved = false;
	struct rises rises = make_rises(ns, &moved);

	/* Reports that lack it. */
	for (uint64_t i = track->last + 1; i < n; i++)
		if (n - i <= HISTORY_WINDOWS)
			store(track, i, &none, bytes);
	track->last = n;
	if (n == track->first + 1)
		track->known = rises.known;
	if (moved || rises.known != (n > track->first ? track->known : 0) ||
	    windowed_get(&track->rises, n, sizeof(rises)))
		store(track, n, &rises, bytes);
}

void counter_past_add(struct counter_past *p, const struct report *report, uint64_t n,
		      size_t *bytes)
{
	for (size_t i = 0; i < report->n_netns; i++) {
		const uint64_t netns = netns_id(report->netns[i].netns);
		struct counter_track *track = find(p, netns, i);

		add(track ? track : add_track(p, netns, n), &report->netns[i], n, bytes);
	}
}

void counter_past_forget(struct counter_past *p, uint64_t n, size_t *bytes)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++) {
		windowed_forget(&p->list[i].rises, n, sizeof(struct rises), bytes);
		if (p->list[i].last >= n)
			p->list[kept++] = p->list[i];
	}
	p->n = kept;
}

struct opt_u64 counter_past_get(const struct counter_past *p, uint64_t netns, enum counter_id id,
				uint64_t n)
{
	const struct counter_track *track = find(p, netns, 0);
	const struct rises *rises;

	if (!track || n < track->first || n > track->last || n < track->rises.forgotten)
		return (struct opt_u64){ 0 };
	rises = windowed_get(&track->rises, n, sizeof(*rises));
	if (!rises)
		return (struct opt_u64){ 0, n > track->first && track->known & 1u << id };
	return (struct opt_u64){ rises->value[id], rises->known & 1u << id };
}

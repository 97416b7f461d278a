/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/counter_past.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* In one window. A rise of 2^32 or more, which no second has, counts as one less than that. */
struct rises {
	bool kept;
	uint32_t odd; /* bit 1 << enum counter_id: known or not unlike in windows without this */
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

void counter_past_free(struct counter_past *p, struct windowed_memory *memory)
{
	counter_past_forget(p, UINT64_MAX, memory);
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

/* What is known in a window that is not stored. */
static uint32_t usually_known(const struct counter_track *track, uint64_t n)
{
	return n > track->first ? track->known : 0;
}

/* @ns: NULL: the report lacks it */
static void add(struct counter_track *track, const struct netns_report *ns, uint64_t n,
		struct windowed_memory *memory)
{
	struct rises rises = { 0 };
	uint32_t known = 0;

	for (unsigned int i = 0; ns && i < COUNTER_N; i++) {
		const uint64_t delta = ns->delta[i].known ? ns->delta[i].value : 0;

		known |= (uint32_t)ns->delta[i].known << i;
		rises.value[i] = delta < UINT32_MAX ? (uint32_t)delta : UINT32_MAX;
		rises.kept |= delta != 0;
	}
	if (n == track->first + 1)
		track->known = known;
	rises.odd = known ^ usually_known(track, n);
	rises.kept |= rises.odd != 0;
	windowed_set(&track->rises, n, &rises, sizeof(rises), memory);
}

void counter_past_add(struct counter_past *p, const struct report *report, uint64_t n,
		      struct windowed_memory *memory)
{
	for (size_t i = 0; i < report->n_netns; i++) {
		const uint64_t netns = netns_id(report->netns[i].netns);
		struct counter_track *track = find(p, netns, i);

		if (!track)
			track = add_track(p, netns, n);
		for (uint64_t lacks = track->last + 1; lacks < n; lacks++)
			if (n - lacks <= HISTORY_WINDOWS)
				add(track, NULL, lacks, memory);
		track->last = n;
		add(track, &report->netns[i], n, memory);
	}
}

void counter_past_forget(struct counter_past *p, uint64_t n, struct windowed_memory *memory)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++) {
		windowed_forget(&p->list[i].rises, n, sizeof(struct rises), memory);
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
		return (struct opt_u64){ 0, usually_known(track, n) & 1u << id };
	return (struct opt_u64){ rises->value[id],
				 (rises->odd ^ usually_known(track, n)) & 1u << id };
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/ring.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct kept {
	struct snapshot sample;
	uint64_t number; /* how many samples were added before it */
	size_t bytes;
};

struct ring {
	size_t n_max, bytes_max;
	uint64_t age_max_ns;
	struct kept **list; /* from the oldest to the newest */
	size_t n, size;
	size_t bytes;
	uint64_t added;
	uint64_t pinned; /* number of the later one of two samples; UINT64_MAX: none */
	struct snapshot spare; /* what ring_add() has removed, to use its memory again */
};

static void merge_listener(struct listener *to, const struct listener *from)
{
	struct peak *peak = &to->peak;

	/* That it was seen full is known whatever else is, see blind_ns. */
	if (!(from->known & LISTENER_PEAK) && !peak->full)
		to->known &= (uint16_t)~LISTENER_PEAK;
	if (from->peak.length > peak->length)
		peak->length = from->peak.length;
	if (from->peak.lowest < peak->lowest)
		peak->lowest = from->peak.lowest;
	if (from->peak.stood_ns > peak->stood_ns)
		peak->stood_ns = from->peak.stood_ns;
	peak->full_ns += from->peak.full_ns;
	peak->samples += from->peak.samples;
	peak->fell += from->peak.fell;
	peak->full |= from->peak.full;
	peak->born = from->peak.born;
}

static void index_cookies(struct idmap *map, const struct snapshot *s)
{
	idmap_reset(map, s->n_listeners);
	for (size_t i = 0; i < s->n_listeners; i++)
		if (!listener_is_unix(&s->listeners[i]))
			idmap_put(map, s->listeners[i].cookie, (uint32_t)i);
}

/*
 * A gone listener without a family has its other values in the sample before @next, which was @s.
 * If it was new in @s, @opening does not have them either: they are copied. Texts are not: they
 * belong to the strings of @s.
 */
static void complete_gone(struct snapshot *next, const struct snapshot *s,
			  const struct snapshot *opening, const uint32_t *later)
{
	struct idmap in_s = { 0 }, in_opening = { 0 };

	if (next->n_gone) {
		index_cookies(&in_s, s);
		index_cookies(&in_opening, opening);
	}
	for (size_t i = 0; i < next->n_gone; i++) {
		struct listener *gone = &next->gone[i], seen;
		uint32_t found = idmap_get(&in_s, gone->cookie);
		const struct listener *l;

		if (gone->addr.family != AF_UNSPEC || found == IDMAP_NONE)
			continue;
		l = &s->listeners[found];
		if (later[l->addr.netns_idx] != gone->addr.netns_idx)
			continue;
		merge_listener(gone, l);
		if (idmap_get(&in_opening, gone->cookie) != IDMAP_NONE)
			continue;
		seen = *gone;
		*gone = *l;
		gone->addr.netns_idx = seen.addr.netns_idx;
		gone->length = seen.length;
		gone->limit = seen.limit;
		gone->peak = seen.peak;
		gone->cgroup = gone->interface = NULL;
		gone->n_owners = 0;
	}
	idmap_free(&in_s);
	idmap_free(&in_opening);
}

static bool was_full(const struct listener *l)
{
	return listener_full(l) || (l->known & LISTENER_PEAK && l->peak.full);
}

/*
 * Of listeners that came and went within a window, RING_GONE_MAX stay where windows are joined:
 * those that were seen full first, and else the latest, which are at the front.
 */
static void limit_gone(struct snapshot *s)
{
	size_t full = 0, well, kept = 0;

	for (size_t i = 0; i < s->n_gone; i++)
		full += s->gone[i].addr.family != AF_UNSPEC && was_full(&s->gone[i]);
	if (full > RING_GONE_MAX)
		full = RING_GONE_MAX;
	well = RING_GONE_MAX - full;
	for (size_t i = 0; i < s->n_gone; i++) {
		const struct listener *l = &s->gone[i];
		size_t *room = was_full(l) ? &full : &well;

		if (l->addr.family == AF_UNSPEC || *room) {
			*room -= l->addr.family != AF_UNSPEC;
			s->gone[kept++] = *l;
		} else if (!listener_is_unix(l)) {
			s->netns[l->addr.netns_idx].listener_vanished = true;
		}
	}
	s->n_gone = kept;
	snapshot_trim(s);
}

/* @later: index in @next of each namespace of @s, or IDMAP_NONE */
static void merge_listeners(struct snapshot *next, const struct snapshot *s,
			    const struct snapshot *opening, const uint32_t *later)
{
	/* A listener that came and went within the window is in neither sample at its ends. */
	for (size_t i = 0; i < next->n_gone; i++)
		next->netns[next->gone[i].addr.netns_idx].listener_vanished = true;
	complete_gone(next, s, opening, later);
	for (size_t i = 0; i < s->n_listeners; i++) {
		const struct listener *l = &s->listeners[i], *found;
		uint32_t netns_idx = later[l->addr.netns_idx];

		if (netns_idx == IDMAP_NONE)
			continue;
		found = snapshot_find_near(next, netns_idx, l->cookie, i);
		if (found)
			merge_listener(&next->listeners[found - next->listeners], l);
		else if (!listener_is_unix(l))
			next->netns[netns_idx].listener_vanished = true;
	}
	idmap_free(&next->by_cookie);
	if (next->gone_size < next->n_gone + s->n_gone) {
		next->gone_size = next->n_gone + s->n_gone;
		next->gone = xreallocarray(next->gone, next->gone_size, sizeof(*next->gone));
	}
	for (size_t i = 0; i < s->n_gone; i++) {
		uint32_t netns_idx = later[s->gone[i].addr.netns_idx];

		if (netns_idx == IDMAP_NONE)
			continue;
		next->gone[next->n_gone] = s->gone[i];
		next->gone[next->n_gone++].addr.netns_idx = netns_idx;
	}
	limit_gone(next);
}

/*
 * @s is dropped from between @opening and @next. The window that ends with @next now begins with
 * @opening, and contains what was seen in the window of @s.
 */
static void merge_windows(struct snapshot *next, const struct snapshot *s,
			  const struct snapshot *opening)
{
	uint32_t *later = xcalloc(s->n_netns + 1, sizeof(*later));

	for (size_t i = 0; i < s->n_netns; i++) {
		const uint64_t id = netns_id(&s->netns[i]);
		/* Namespaces keep their order unless one came or went. */
		struct netns *ns = i < next->n_netns && netns_id(&next->netns[i]) == id ?
					   &next->netns[i] :
					   snapshot_find_netns(next, id);

		later[i] = ns ? (uint32_t)(ns - next->netns) : IDMAP_NONE;
		if (!ns)
			continue;
		ns->looked &= s->netns[i].looked;
		ns->listener_vanished |= s->netns[i].listener_vanished;
	}
	merge_listeners(next, s, opening, later);
	snapshot_forget_comparisons(next, opening->monotonic_ns);
	next->blind_ns += s->blind_ns;
	free(later);
}

/* Its memory is for the next sample. */
static void remove_kept(struct ring *r, struct kept *kept)
{
	r->bytes -= kept->bytes;
	snapshot_free(&r->spare);
	r->spare = kept->sample;
	free(kept);
}

static void measure(struct ring *r, struct kept *kept)
{
	r->bytes -= kept->bytes;
	kept->bytes = sizeof(*kept) + snapshot_bytes(&kept->sample);
	r->bytes += kept->bytes;
}

static void drop(struct ring *r, size_t i)
{
	struct kept *kept = r->list[i];

	if (i > 0 && i + 1 < r->n) {
		merge_windows(&r->list[i + 1]->sample, &kept->sample, &r->list[i - 1]->sample);
		measure(r, r->list[i + 1]);
	}
	remove_kept(r, kept);
	r->n--;
	memmove(&r->list[i], &r->list[i + 1], (r->n - i) * sizeof(*r->list));
}

static uint64_t time_of(const struct ring *r, size_t i)
{
	return r->list[i]->sample.monotonic_ns;
}

static bool is_pinned(const struct ring *r, size_t i)
{
	return r->list[i]->number == r->pinned ||
	       (i + 1 < r->n && r->list[i + 1]->number == r->pinned);
}

/*
 * Returns the sample whose removal leaves the smallest gap for its age. The newest two stay, and so
 * does the oldest if it can, to reach as far back as possible. SIZE_MAX: none can be removed.
 */
static size_t least_needed(const struct ring *r)
{
	size_t least = r->n > 2 && !is_pinned(r, 0) ? 0 : SIZE_MAX;
	double least_ratio = -1;

	for (size_t i = 1; i + 2 < r->n; i++) {
		double gap = (double)(time_of(r, i + 1) - time_of(r, i - 1));
		double ratio = gap / (double)(time_of(r, r->n - 1) - time_of(r, i));

		if (!is_pinned(r, i) && (least_ratio < 0 || ratio < least_ratio)) {
			least = i;
			least_ratio = ratio;
		}
	}
	return least;
}

struct ring *ring_new(size_t n_max, size_t bytes_max, uint64_t age_max_ns)
{
	struct ring *r = xcalloc(1, sizeof(*r));

	r->n_max = n_max;
	r->bytes_max = bytes_max;
	r->age_max_ns = age_max_ns;
	r->pinned = UINT64_MAX;
	return r;
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	while (r->n)
		remove_kept(r, r->list[--r->n]);
	snapshot_free(&r->spare);
	free(r->list);
	free(r);
}

void ring_limit(struct ring *r, size_t bytes_max)
{
	r->bytes_max = bytes_max;
}

/* Only the window of now and the one on the screen need their indexes. */
static void drop_index(struct ring *r, size_t i)
{
	struct snapshot *s = &r->list[i]->sample;

	if (i + 2 >= r->n || is_pinned(r, i))
		return;
	idmap_free(&s->by_cookie);
	idmap_free(&s->by_addr);
}

/* The sample that was the one before the newest gives its indexes to the next sample. */
static void hand_on_index(struct ring *r, struct snapshot *to)
{
	struct snapshot *s = r->n > 2 ? &r->list[r->n - 3]->sample : NULL;

	if (!s || is_pinned(r, r->n - 3))
		return;
	idmap_free(&to->by_cookie);
	idmap_free(&to->by_addr);
	to->by_cookie = s->by_cookie;
	to->by_addr = s->by_addr;
	s->by_cookie = s->by_addr = (struct idmap){ 0 };
}

void ring_add(struct ring *r, struct snapshot *s)
{
	struct kept *kept = xcalloc(1, sizeof(*kept));
	struct snapshot indexes = { 0 };
	size_t least;

	kept->sample = *s;
	snapshot_trim(&kept->sample);
	kept->number = r->added++;
	measure(r, kept);
	r->list = array_grow(r->list, r->n, &r->size, sizeof(*r->list));
	r->list[r->n++] = kept;
	hand_on_index(r, &indexes);
	while (r->n > 1 && time_of(r, r->n - 1) - time_of(r, 0) > r->age_max_ns)
		drop(r, 0);
	while ((r->n > r->n_max || r->bytes > r->bytes_max) &&
	       (least = least_needed(r)) != SIZE_MAX)
		drop(r, least);
	*s = r->spare;
	idmap_free(&s->by_cookie);
	idmap_free(&s->by_addr);
	s->by_cookie = indexes.by_cookie;
	s->by_addr = indexes.by_addr;
	r->spare = (struct snapshot){ 0 };
	snapshot_reset(s);
}

void ring_pin(struct ring *r, size_t position)
{
	const uint64_t before = r->pinned;

	r->pinned = position < r->n ? r->list[r->n - 1 - position]->number : UINT64_MAX;
	for (size_t i = 0; before != UINT64_MAX && i < r->n; i++)
		drop_index(r, i);
}

size_t ring_count(const struct ring *r)
{
	return r->n;
}

size_t ring_bytes(const struct ring *r)
{
	return r->bytes;
}

const struct snapshot *ring_get(const struct ring *r, size_t position)
{
	return &r->list[r->n - 1 - position]->sample;
}

size_t ring_back(const struct ring *r, size_t position)
{
	return (size_t)(r->added - 1 - r->list[r->n - 1 - position]->number);
}

size_t ring_find(const struct ring *r, size_t back)
{
	size_t position = 0;

	while (position < r->n && ring_back(r, position) < back)
		position++;
	return position;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/row_past.h"

#include "base/alloc.h"
#include "base/num.h"

#include <stdlib.h>
#include <string.h>

#define LEVEL_FULL   (FILL_FULL / LEVEL)
#define LEVEL_UNSEEN 254 /* it was there */
#define LEVEL_MISSED 255 /* this report lacks the listener, but earlier and later ones have it */

/* Each takes half a kilobyte. Where more are sick, nothing is known of the past of the rest. */
#define SICK_MAX 4096

/* More of them only if they are selected, so that others leave room for those. */
#define SICK_UNSELECTED (SICK_MAX / 2)

/* Where more listeners went, the fills of those that did so first are forgotten. */
#define WENT_MAX 16384

static uint8_t level_of(const struct row *row)
{
	const uint64_t fill = row_worst_fill(row);
	const uint8_t level = (uint8_t)(num_min_u64(fill, FILL_FULL) / LEVEL);

	return fill && !level ? 1 : level; /* a queue that is not empty is not 0 */
}

/* Of a window that was mostly unseen only a full queue is known. */
static uint8_t known_level_of(const struct row *row)
{
	const uint8_t level = level_of(row);
	const bool unseen =
		row->netns->snapshot->blind_ns && !(row->listener->known & LISTENER_PEAK);

	return unseen && level < LEVEL_FULL ? LEVEL_UNSEEN : level;
}

/* The level of a group of two. */
static uint8_t join_levels(uint8_t a, uint8_t b)
{
	if (a == LEVEL_FULL || b == LEVEL_FULL)
		return LEVEL_FULL;
	return a > b ? a : b;
}

static size_t find_or_add(struct row_past *p, uint64_t id)
{
	struct track *track;
	uint32_t i;

	if (p->next < p->n_tracks && p->tracks[p->next].id == id)
		return p->next++;
	i = idmap_put(&p->by_id, id, (uint32_t)p->n_tracks);
	if (i != IDMAP_NONE) {
		p->next = i + 1;
		return i;
	}
	p->tracks = array_grow(p->tracks, p->n_tracks, &p->tracks_size, sizeof(*p->tracks));
	track = &p->tracks[p->n_tracks];
	track->id = id;
	track->first = track->last = p->time->n - 1;
	track->first_ns = timeline_begin(p->time, p->time->n - 1);
	return p->n_tracks++;
}

static void set_level(struct row_past *p, struct track *track, uint64_t n, uint8_t level)
{
	windowed_set(&track->levels, n, &level, sizeof(level), p->memory);
}

/* Returns the index of the track. @missed: set if the previous reports lack it */
static size_t add_level(struct row_past *p, uint64_t id, uint8_t level, bool *missed)
{
	const uint64_t n = p->time->n - 1;
	const size_t i = find_or_add(p, id);
	struct track *track = &p->tracks[i];
	const uint8_t *now = windowed_get(&track->levels, n, 1);

	/* A cookie never comes back, but a dump may miss a listener once. */
	*missed = track->last + 1 < n;
	for (uint64_t k = track->last + 1; *missed && k < n; k++)
		if (n - k <= HISTORY_WINDOWS)
			set_level(p, track, k, LEVEL_MISSED);
	/* The mark of a group is that of its fullest member, as in a folded row. */
	if (track->last == n && now)
		level = join_levels(level, *now);
	track->last = n;
	set_level(p, track, n, level);
	return i;
}

static struct seen see(const struct row *row)
{
	const struct listener *l = row->listener;
	const bool stuck = row->reasons & 1u << REASON_NOT_ACCEPTING || row->state == STATE_STALLED;
	const bool emptied = !l->length || (l->known & LISTENER_PEAK && !l->peak.lowest);
	struct seen seen = { .state = row->state,
			     .reasons = row->reasons,
			     .level = level_of(row),
			     .full = row->seen_full && !emptied,
			     .overflows = row->window->overflows,
			     .losses = row->window->losses,
			     .drops = row->window->drops,
			     .held = STATE_OK };

	/* All that a listener dropped before the first look at it may be unknown. */
	seen.counted = row->netns->window_ns && row->netns->opening &&
		       !(row->fresh && !row->window->drops.known);
	if (row->folded) /* proofs are of members */
		return seen;
	seen.proves = stuck;
	seen.disproves = row->window->accepted.min > 0 || emptied;
	return seen;
}

static void add_range(struct range *sum, const struct range *range)
{
	sum->known &= range->known;
	sum->min += range->min;
	sum->max += range->max;
}

/* Another member of the group, where the report is not folded. */
static void merge(struct sick *s, const struct seen *seen, const struct row *row)
{
	struct seen *to = &s->seen;

	if (seen->state < to->state) {
		to->state = seen->state;
		s->row = row;
	}
	to->reasons |= seen->reasons;
	to->level = seen->level > to->level ? seen->level : to->level;
	to->full |= seen->full;
	to->counted &= seen->counted;
	add_range(&to->overflows, &seen->overflows);
	add_range(&to->losses, &seen->losses);
	to->drops.known &= seen->drops.known;
	to->drops.value += seen->drops.value;
}

static bool is_notable(const struct row *row)
{
	return state_is_sick(row->state) ||
	       (row->window->overflows.known && row->window->overflows.max) ||
	       (row->window->losses.known && row->window->losses.max) ||
	       (row->window->drops.known && row->window->drops.value);
}

static struct sick *add_sick(struct row_past *p, uint64_t id, struct incidents *incidents)
{
	struct sick *s;

	idmap_put(&p->by_sick, id, (uint32_t)p->n_sick);
	p->sick = array_grow(p->sick, p->n_sick, &p->sick_size, sizeof(*p->sick));
	s = &p->sick[p->n_sick++];
	s->id = id;
	s->incidents = incidents;
	return s;
}

/* Keeps what the report says of the row, if that is worth it; @force: in any case. */
static struct sick *note(struct row_past *p, uint64_t id, const struct row *row, bool missed,
			 bool force)
{
	struct sick *s = row_past_sick(p, id);
	struct seen seen;

	if (!s && ((!force && !is_notable(row)) || p->n_sick >= SICK_MAX ||
		   (p->n_sick >= SICK_UNSELECTED && !report_selected(p->report, row))))
		return NULL;
	if (!s)
		s = add_sick(p, id, incidents_new(p->memory));
	seen = see(row);
	if (s->seen_end == p->time->n) {
		merge(s, &seen, row);
		return s;
	}
	s->seen = seen;
	s->seen.missed = missed;
	s->seen_end = p->time->n;
	s->row = row;
	s->group = 0;
	s->is_group = row->folded != NULL;
	s->events = true;
	return s;
}

/* A new group takes over the history of the listener that it was before. */
static void inherit(struct row_past *p, size_t group_index, size_t member_index)
{
	struct track *group = &p->tracks[group_index];
	const struct track *member = &p->tracks[member_index];
	const struct sick *from = row_past_sick(p, member->id);
	struct sick *to = row_past_sick(p, group->id);

	if (member->first >= group->first)
		return;
	group->first = member->first;
	group->first_ns = member->first_ns;
	windowed_copy(&group->levels, &member->levels, 1, p->memory);
	if (!from || (!to && p->n_sick >= SICK_MAX))
		return;
	if (to) {
		incidents_free(to->incidents, p->memory);
		to->incidents = incidents_copy(from->incidents, p->memory);
	} else {
		add_sick(p, group->id, incidents_copy(from->incidents, p->memory));
	}
}

/* The row of one listener adds to its group too. */
static void add_to_group(struct row_past *p, size_t own, const struct row *row, bool folded)
{
	const bool alone = row->group->sockets == 1;
	const uint64_t id = row_group_id(row);
	struct sick *s, *group;
	bool missed;
	size_t index;

	/* The last listener of a group goes on with both. */
	if (alone && (!p->groups || idmap_get(&p->by_id, id) == IDMAP_NONE))
		return;
	index = add_level(p, id, known_level_of(row), &missed);
	p->next = own + 1;
	if (!alone && index >= p->n_older)
		inherit(p, index, own);
	p->groups |= !alone;
	s = row_past_sick(p, row_id(row));
	if (s && !alone) {
		s->group = id;
		s->events = false;
	}
	if (folded && !alone)
		return;
	group = note(p, id, row, missed, s != NULL);
	if (!group)
		return;
	group->is_group = true;
	group->events = !alone;
	group->seen.proves = group->seen.disproves = false;
}

/* Of a group that no other listener of the report belongs to, too. */
static void close_one(struct row_past *p, const struct row *row)
{
	const struct seen seen = see(row);
	const uint64_t ids[] = { row_id(row), row_group_id(row) };

	for (size_t i = 0; p->n_sick && i < ARRAY_SIZE(ids); i++) {
		struct sick *s = row_past_sick(p, ids[i]);

		if (s && s->seen_end != p->time->n && !(i && ids[i] == ids[0]))
			incidents_close(s->incidents, &seen, p->time, p->memory);
	}
}

/* @folded: of a report that has rows of groups */
static void add_row(struct row_past *p, const struct row *row, bool folded)
{
	bool missed;
	size_t own = add_level(p, row_id(row), known_level_of(row), &missed);

	if (row->gone) {
		close_one(p, row);
		return;
	}
	note(p, row_id(row), row, missed, false);
	if (own >= p->n_older && !row->folded && p->time->n - 1 != p->time->begin &&
	    (row->fresh || !row->netns->opening)) {
		p->fresh = array_grow(p->fresh, p->n_fresh, &p->fresh_size, sizeof(*p->fresh));
		p->fresh[p->n_fresh++] = row;
	}
	if (row->group && !row->folded)
		add_to_group(p, own, row, folded);
}

/* What is known of a member is known of its group. */
static void hold_group(struct row_past *p, const struct sick *member, enum state state)
{
	struct sick *group = member->group ? row_past_sick(p, member->group) : NULL;
	struct seen *seen = group ? &group->seen : NULL;

	if (!seen || state > seen->held)
		return;
	seen->held_reasons = incidents_reasons(member->incidents) |
			     (state == seen->held ? seen->held_reasons : 0);
	seen->held = state;
}

/* Drops those of listeners that are forgotten, and those that say no more. */
static void forget_sick(struct row_past *p)
{
	size_t kept = 0;

	idmap_reset(&p->by_sick, p->n_sick);
	for (size_t i = 0; i < p->n_sick; i++) {
		struct sick s = p->sick[i];

		if (idmap_get(&p->by_id, s.id) == IDMAP_NONE ||
		    incidents_are_over(s.incidents, p->time)) {
			incidents_free(s.incidents, p->memory);
			continue;
		}
		idmap_put(&p->by_sick, s.id, (uint32_t)kept);
		p->sick[kept++] = s;
	}
	p->n_sick = kept;
}

/* One that was sick is kept for its incidents. A dump may miss one that is still there once. */
static bool track_is_over(const struct row_past *p, const struct track *track, uint64_t oldest,
			  uint64_t oldest_well)
{
	if (track->last + 2 >= p->time->n)
		return false;
	return track->last < oldest || (track->last < oldest_well && !row_past_sick(p, track->id));
}

/*
 * Drops the tracks of listeners that no window has any more; @oldest_well: of those that were
 * always well, that no window from there on has. The map cannot delete: it is rebuilt.
 */
static void forget_tracks(struct row_past *p, uint64_t oldest, uint64_t oldest_well)
{
	size_t over = 0, kept = 0;

	for (size_t i = 0; i < p->n_tracks; i++)
		over += track_is_over(p, &p->tracks[i], oldest, oldest_well);
	if (!over)
		return;
	idmap_free(&p->by_id);
	idmap_reset(&p->by_id, p->n_tracks - over);
	for (size_t i = 0; i < p->n_tracks; i++) {
		struct track track = p->tracks[i];

		if (track_is_over(p, &track, oldest, oldest_well)) {
			windowed_forget(&track.levels, UINT64_MAX, 1, p->memory);
			continue;
		}
		idmap_put(&p->by_id, track.id, (uint32_t)kept);
		p->tracks[kept++] = track;
	}
	p->n_tracks = kept;
	if (kept < p->tracks_size / 4 * 3) {
		p->tracks_size = kept + kept / 8 + 16;
		p->tracks = xreallocarray(p->tracks, p->tracks_size, sizeof(*p->tracks));
	}
}

/*
 * The window in the middle between now and the last one of the listener that went first, where
 * those that were sick do not count: their tracks stay.
 */
static uint64_t middle(const struct row_past *p)
{
	uint64_t first = p->time->n;

	for (size_t i = 0; i < p->n_tracks; i++)
		if (p->tracks[i].last < first && !row_past_sick(p, p->tracks[i].id))
			first = p->tracks[i].last;
	return first + (p->time->n - first) / 2;
}

/*
 * Both groups and their members are recorded, whether or not the report is folded, so that either
 * has a history when the user folds or unfolds. Members first: a new group has the past of one.
 */
void row_past_add(struct row_past *p, const struct report *report)
{
	p->n_older = p->n_tracks;
	p->report = report;
	p->next = p->n_fresh = 0;
	for (size_t i = 0; i < report->n_members; i++)
		add_row(p, &report->members[i], true);
	for (size_t i = 0; i < report->n_rows; i++)
		if (!report->n_members || report->rows[i].folded || report->rows[i].gone)
			add_row(p, &report->rows[i], report->n_members);
}

enum state row_past_conclude(struct row_past *p, struct sick *s, struct incident_news *news)
{
	enum state state = incidents_add(s->incidents, &s->seen, p->time, p->memory, news);

	hold_group(p, s, state);
	return state;
}

void row_past_succeed(struct row_past *p, const struct row *row, uint64_t old)
{
	const uint64_t id = row_id(row);
	const struct sick *from = row_past_sick(p, old);
	struct sick *to = row_past_sick(p, id);
	struct incidents *incidents;

	if (!from || (!to && p->n_sick >= SICK_MAX))
		return;
	incidents = incidents_succeed(from->incidents, p->memory);
	if (to) {
		incidents_free(to->incidents, p->memory);
		to->incidents = incidents;
		return;
	}
	add_sick(p, id, incidents);
	note(p, id, row, false, true);
}

const struct track *row_past_track(const struct row_past *p, uint64_t id)
{
	uint32_t i = idmap_get(&p->by_id, id);

	return i == IDMAP_NONE ? NULL : &p->tracks[i];
}

struct sick *row_past_sick(const struct row_past *p, uint64_t id)
{
	uint32_t i = p->n_sick ? idmap_get(&p->by_sick, id) : IDMAP_NONE;

	return i == IDMAP_NONE ? NULL : &p->sick[i];
}

/* Its level in window @n; LEVEL_MISSED: it was not there */
static uint8_t level_in(const struct row_past *p, uint64_t id, uint64_t n)
{
	const struct track *track = row_past_track(p, id);
	const uint8_t *level;

	if (!track || n < track->first || n > track->last || n < track->levels.forgotten)
		return LEVEL_MISSED;
	level = windowed_get(&track->levels, n, 1);
	return level ? *level : 0;
}

bool row_past_had(const struct row_past *p, uint64_t id, uint64_t n)
{
	return level_in(p, id, n) != LEVEL_MISSED;
}

bool row_past_fill(const struct row_past *p, uint64_t id, uint64_t n, uint64_t *fill)
{
	const uint8_t level = level_in(p, id, n);

	*fill = level <= LEVEL_FULL ? level * LEVEL : 0;
	return level <= LEVEL_FULL;
}

void row_past_tidy(struct row_past *p, const struct report *report, uint64_t n)
{
	const size_t present = 2 * (report->n_rows + report->n_members);
	const bool many = p->n_tracks >= present + 1024;

	if (many)
		forget_tracks(p, n, p->n_tracks >= present + WENT_MAX ? middle(p) : n);
	if (many || p->n_sick == SICK_MAX || p->time->n % 32 == 0)
		forget_sick(p);
}

void row_past_forget(struct row_past *p, uint64_t n, bool well_only)
{
	for (size_t i = 0; i < p->n_tracks; i++)
		if (!well_only || !row_past_sick(p, p->tracks[i].id))
			windowed_forget(&p->tracks[i].levels, n, 1, p->memory);
	for (size_t i = 0; i < p->n_sick && !well_only; i++)
		incidents_forget(p->sick[i].incidents, n, p->memory);
}

void row_past_free(struct row_past *p)
{
	row_past_forget(p, UINT64_MAX, false);
	for (size_t i = 0; i < p->n_sick; i++)
		incidents_free(p->sick[i].incidents, p->memory);
	free(p->tracks);
	free(p->sick);
	free(p->fresh);
	idmap_free(&p->by_id);
	idmap_free(&p->by_sick);
}

size_t row_past_bytes(const struct row_past *p)
{
	return p->tracks_size * sizeof(*p->tracks) + p->sick_size * sizeof(*p->sick) +
	       p->fresh_size * sizeof(*p->fresh) +
	       (p->by_id.size + p->by_sick.size) * sizeof(struct idmap_slot);
}

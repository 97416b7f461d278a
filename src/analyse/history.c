/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/history.h"

#include "analyse/counter_past.h"
#include "analyse/ghosts.h"
#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL_MISSED 255 /* this report lacks the listener, but earlier and later ones have it */

#define NONE UINT32_MAX

/* Of listeners that came, or went, in one window so many are events of their own. */
#define EVENTS_OF_WINDOW 8

/* One listener, or one group. */
struct track {
	uint64_t id;
	uint64_t first, last; /* the first and the last report that had it */
	uint64_t first_ns; /* when the window of the first one began */
	struct windowed levels; /* uint8_t: its fill in steps of half a percent */
	uint32_t sick; /* index into sick, NONE: it was always well */
};

/* A listener, or a group, that was sick or lost packets; and what the report being added has. */
struct sick {
	uint64_t id;
	struct spells *spells;
	struct seen seen;
	uint64_t seen_end; /* the report after the last one that had it */
	const struct row *row; /* the worst one of a group */
	uint32_t group; /* track of its group; NONE: it is alone, or a group itself */
	bool is_group;
	bool events; /* its spells are events; those of the members of a group are not */
	char process[16]; /* "": unknown */
};

struct history {
	uint64_t sums_begin; /* the first window that sums may count */
	uint64_t sums_ns; /* when it begins */
	size_t bytes; /* of what the structures below own, but for these arrays */
	bool room; /* more memory may be taken */
	struct idmap by_id; /* index into tracks */
	struct track *tracks;
	size_t n_tracks, tracks_size;
	size_t n_older; /* tracks that existed before the report that is being added */
	size_t next; /* the track to look at first: reports have rows in the same order */
	bool groups; /* some tracks are of groups */
	struct idmap by_sick; /* index into sick */
	struct sick *sick;
	size_t n_sick, sick_size;
	const struct row **fresh; /* new in the report that is being added */
	size_t n_fresh, fresh_size;
	struct counter_past counters;
	struct ghosts ghosts;
	struct event_log log;
	struct timeline time;
};

struct history *history_new(void)
{
	struct history *t = xcalloc(1, sizeof(*t));

	t->room = true;
	return t;
}

void history_free(struct history *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_tracks; i++)
		windowed_forget(&t->tracks[i].levels, UINT64_MAX, 1, &t->bytes);
	for (size_t i = 0; i < t->n_sick; i++)
		spells_free(t->sick[i].spells, &t->bytes);
	counter_past_free(&t->counters, &t->bytes);
	ghosts_free(&t->ghosts);
	event_log_free(&t->log);
	free(t->tracks);
	free(t->sick);
	free(t->fresh);
	idmap_free(&t->by_id);
	idmap_free(&t->by_sick);
	free(t);
}

size_t history_bytes(const struct history *t)
{
	return sizeof(*t) + t->bytes + t->tracks_size * sizeof(*t->tracks) +
	       t->sick_size * sizeof(*t->sick) + t->fresh_size * sizeof(*t->fresh) +
	       (t->by_id.size + t->by_sick.size) * sizeof(struct idmap_slot) +
	       ghosts_bytes(&t->ghosts) + event_log_bytes(&t->log);
}

/* The number of the newest window. */
static uint64_t newest(const struct history *t)
{
	return t->time.n - 1;
}

static uint8_t level_of(const struct row *row)
{
	double fill = row_worst_fill(row);
	uint8_t level = fill >= 1 ? LEVEL_FULL : (uint8_t)(fill * LEVEL_FULL);

	return fill > 0 && !level ? 1 : level; /* a queue that is not empty is not 0 */
}

static size_t find_or_add(struct history *t, uint64_t id)
{
	struct track *track;
	uint32_t i;

	if (t->next < t->n_tracks && t->tracks[t->next].id == id)
		return t->next++;
	i = idmap_put(&t->by_id, id, (uint32_t)t->n_tracks);
	if (i != IDMAP_NONE) {
		t->next = i + 1;
		return i;
	}
	t->tracks = array_grow(t->tracks, t->n_tracks, &t->tracks_size, sizeof(*t->tracks));
	track = &t->tracks[t->n_tracks];
	track->id = id;
	track->first = track->last = newest(t);
	track->first_ns = timeline_begin(&t->time, newest(t));
	track->sick = NONE;
	return t->n_tracks++;
}

static void set_level(struct history *t, struct windowed *levels, uint64_t n, uint8_t level)
{
	uint8_t *to = windowed_get(levels, n, 1);

	if (!to && !level)
		return;
	if (!to && t->room)
		to = windowed_make(levels, n, 1, &t->bytes);
	if (to)
		*to = level;
	else
		levels->forgotten = n + 1;
}

/* Returns the index of the track. @missed: set if the previous reports lack it */
static size_t add_level(struct history *t, uint64_t id, uint8_t level, bool *missed)
{
	const uint64_t n = newest(t);
	const size_t i = find_or_add(t, id);
	struct track *track = &t->tracks[i];
	const uint8_t *now = windowed_get(&track->levels, n, 1);

	/* A cookie never comes back, but a dump may miss a listener once. */
	*missed = track->last + 1 < n;
	for (uint64_t k = track->last + 1; *missed && k < n; k++)
		if (n - k <= HISTORY_WINDOWS)
			set_level(t, &track->levels, k, LEVEL_MISSED);
	/* The mark of a group is that of its fullest member, as in a folded row. */
	if (track->last == n && now && *now > level)
		level = *now;
	track->last = n;
	set_level(t, &track->levels, n, level);
	return i;
}

static struct seen see(const struct row *row)
{
	const struct listener *l = row->listener;
	const bool stuck = row->reasons & 1u << REASON_NOT_ACCEPTING || row->state == STATE_STALLED;
	struct seen seen = { .state = row->state,
			     .reasons = row->reasons,
			     .level = level_of(row),
			     .full = row->seen_full,
			     .overflows = row->overflows,
			     .losses = row->losses,
			     .drops = row->drops,
			     .held = STATE_OK };

	/* All that a listener dropped before the first look at it may be unknown. */
	seen.counted =
		row->netns->window_ns && row->netns->opening && !(row->fresh && !row->drops.known);
	if (row->folded) /* proofs are of members */
		return seen;
	seen.proves = stuck;
	seen.disproves = row->accepted.min > 0 || !l->length ||
			 (l->known & LISTENER_PEAK && !l->peak.lowest);
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
	return state_is_sick(row->state) || (row->overflows.known && row->overflows.max) ||
	       (row->losses.known && row->losses.max) || (row->drops.known && row->drops.value);
}

static struct sick *add_sick(struct history *t, struct track *track, struct spells *spells)
{
	struct sick *s;

	track->sick = (uint32_t)t->n_sick;
	idmap_put(&t->by_sick, track->id, track->sick);
	t->sick = array_grow(t->sick, t->n_sick, &t->sick_size, sizeof(*t->sick));
	s = &t->sick[t->n_sick++];
	s->id = track->id;
	s->spells = spells;
	s->group = NONE;
	return s;
}

/* The first process that holds it; NULL: unknown. */
static const char *process_of(const struct snapshot *s, const struct row *row)
{
	const struct owner *owner =
		row->folded ? row->folded->owners : s->owners + row->listener->first_owner;
	uint32_t n = row->folded ? row->folded->n_owners : row->listener->n_owners;

	return n ? s->processes[owner->process].comm : NULL;
}

/* Keeps what the report says of the row, if that is worth it; @force: in any case. */
static struct sick *note(struct history *t, size_t index, const struct row *row, bool missed,
			 bool force)
{
	struct track *track = &t->tracks[index];
	struct seen seen;
	struct sick *s;

	if (track->sick == NONE && !force && !is_notable(row))
		return NULL;
	if (track->sick == NONE && !t->room)
		return NULL;
	s = track->sick == NONE ? add_sick(t, track, spells_new(track->first, &t->bytes)) :
				  &t->sick[track->sick];
	seen = see(row);
	if (s->seen_end == t->time.n) {
		merge(s, &seen, row);
		return s;
	}
	s->seen = seen;
	s->seen.missed = missed;
	s->seen_end = t->time.n;
	s->row = row;
	s->group = NONE;
	s->is_group = row->folded != NULL;
	s->events = true;
	return s;
}

/* A new group takes over the history of the listener that it was before. */
static void inherit(struct history *t, size_t group_index, size_t member_index)
{
	struct track *group = &t->tracks[group_index];
	const struct track *member = &t->tracks[member_index];
	const uint64_t n = newest(t);
	const uint8_t *level = windowed_get(&group->levels, n, 1), now = level ? *level : 0;

	if (member->first >= group->first)
		return;
	group->first = member->first;
	group->first_ns = member->first_ns;
	windowed_forget(&group->levels, UINT64_MAX, 1, &t->bytes);
	windowed_copy(&group->levels, &member->levels, 1, &t->bytes);
	set_level(t, &group->levels, n, now);
	if (member->sick == NONE)
		return;
	if (group->sick == NONE) {
		add_sick(t, group, spells_copy(t->sick[member->sick].spells, &t->bytes));
		return;
	}
	spells_free(t->sick[group->sick].spells, &t->bytes);
	t->sick[group->sick].spells = spells_copy(t->sick[member->sick].spells, &t->bytes);
}

/* The row of one listener adds to its group too. */
static void add_to_group(struct history *t, size_t own, const struct row *row, bool folded)
{
	const bool alone = row->group->sockets == 1;
	const uint64_t id = row_group_id(row);
	struct sick *s, *group;
	bool missed;
	size_t index;

	/* The last listener of a group goes on with both. */
	if (alone && (!t->groups || idmap_get(&t->by_id, id) == IDMAP_NONE))
		return;
	index = add_level(t, id, level_of(row), &missed);
	t->next = own + 1;
	if (!alone && index >= t->n_older)
		inherit(t, index, own);
	t->groups |= !alone;
	s = t->tracks[own].sick == NONE ? NULL : &t->sick[t->tracks[own].sick];
	if (s && !alone) {
		s->group = (uint32_t)index;
		s->events = false;
	}
	if (folded && !alone)
		return;
	group = note(t, index, row, missed, s != NULL);
	if (!group)
		return;
	group->is_group = true;
	group->events = !alone;
	group->seen.proves = group->seen.disproves = false;
}

/* @folded: of a report that has rows of groups */
static void add_row(struct history *t, const struct row *row, bool folded)
{
	bool missed;
	size_t own = add_level(t, row_id(row), level_of(row), &missed);

	if (row->gone)
		return;
	note(t, own, row, missed, false);
	if (own >= t->n_older && !row->folded && newest(t) &&
	    (row->fresh || !row->netns->opening)) {
		t->fresh = array_grow(t->fresh, t->n_fresh, &t->fresh_size, sizeof(*t->fresh));
		t->fresh[t->n_fresh++] = row;
	}
	if (row->group && !row->folded)
		add_to_group(t, own, row, folded);
}

/*
 * Both groups and their members are recorded, whether or not the report is folded, so that either
 * has a history when the user folds or unfolds. Members first: a new group has the past of one.
 */
static void add_rows(struct history *t, const struct report *report)
{
	t->n_older = t->n_tracks;
	t->next = t->n_fresh = 0;
	for (size_t i = 0; i < report->n_members; i++)
		add_row(t, &report->members[i], true);
	for (size_t i = 0; i < report->n_rows; i++)
		if (!report->n_members || report->rows[i].folded || report->rows[i].gone)
			add_row(t, &report->rows[i], report->n_members);
}

static const char *netns_text(const struct report *report, const struct netns *ns, char inode[24])
{
	/* The program's own namespace comes first, and has no name unless somebody gave it one. */
	if (report->n_netns < 2 || (!ns->name && ns == report->netns[0].netns))
		return NULL;
	if (ns->name)
		return ns->name;
	snprintf(inode, 24, "%llu", (unsigned long long)ns->inode);
	return inode;
}

/* Fills what an event of a row has. @inode: memory for a text */
static struct event event_of(const struct history *t, const struct report *report,
			     enum event_kind kind, const struct row *row, char inode[24])
{
	return (struct event){
		.report = newest(t),
		.time_ns = timeline_end(&t->time, newest(t)),
		.wall = report->snapshot->wall,
		.kind = kind,
		.state = row->state,
		.reason = REASON_N,
		.id = row_id(row),
		.group = row_group_id(row),
		.addr = row->listener->addr,
		.path = listener_is_unix(row->listener) ? row->listener->name : NULL,
		.netns = netns_text(report, row->netns->netns, inode),
	};
}

static const struct row *worst_member(const struct row *row)
{
	const struct row *worst;

	if (!row->folded)
		return row;
	worst = row->folded->members[0];
	for (uint32_t i = 1; i < row->folded->n_members; i++)
		if (row->folded->members[i]->state < worst->state)
			worst = row->folded->members[i];
	return worst;
}

static void log_spell(struct history *t, const struct report *report, struct sick *s,
		      const struct spell_news *news)
{
	const struct row *row = worst_member(s->row);
	char inode[24];
	struct event e = event_of(t, report, EVENT_SICK, row, inode);
	const char *process = process_of(report->snapshot, row);

	if (process)
		snprintf(s->process, sizeof(s->process), "%s", process);
	e.process = *s->process ? s->process : NULL;
	e.state = news->state;
	if (news->sick) {
		e.reason = news->reason;
		event_log_add(&t->log, &e);
	}
	if (!news->recovered)
		return;
	e.kind = EVENT_RECOVERED;
	e.reason = REASON_N;
	e.report = news->ended;
	e.time_ns -= news->ago_ns;
	e.wall.tv_sec -= (time_t)(news->ago_ns / NSEC_PER_SEC);
	e.wall.tv_nsec -= (long)(news->ago_ns % NSEC_PER_SEC);
	if (e.wall.tv_nsec < 0) {
		e.wall.tv_sec--;
		e.wall.tv_nsec += (long)NSEC_PER_SEC;
	}
	e.lasted_ns = news->lasted_ns;
	e.overflows = news->overflows;
	e.losses = news->losses;
	event_log_add(&t->log, &e);
}

/* What is known of a member is known of its group. */
static void hold_group(struct history *t, const struct sick *member, enum state state)
{
	const uint32_t sick = member->group == NONE ? NONE : t->tracks[member->group].sick;
	struct seen *seen = sick == NONE ? NULL : &t->sick[sick].seen;

	if (!seen || state > seen->held)
		return;
	seen->held_reasons =
		spells_reasons(member->spells) | (state == seen->held ? seen->held_reasons : 0);
	seen->held = state;
}

/* Members come before groups. Returns the worst severity. */
static enum severity add_spells(struct history *t, const struct report *report, bool groups)
{
	enum severity worst = SEVERITY_NONE;

	for (size_t i = 0; i < t->n_sick; i++) {
		struct sick *s = &t->sick[i];
		struct spell_news news = { 0 };
		enum state state;

		if (s->seen_end != t->time.n || s->is_group != groups)
			continue;
		state = spells_add(s->spells, &s->seen, &t->time, t->room, s->events, &t->bytes,
				   &news);
		if (state_table[state].severity < worst)
			worst = state_table[state].severity;
		if (news.sick || news.recovered)
			log_spell(t, report, s, &news);
		hold_group(t, s, state);
	}
	return worst;
}

/* A listener, or all of a group, that has gone in the report that is being added. */
struct going {
	const struct row *row;
	uint64_t group;
	enum state state; /* the last one, and its reasons */
	uint32_t reasons;
	bool seen; /* earlier reports have it */
	bool stays; /* other listeners of its group do */
	bool returns; /* a new listener has its address */
};

struct goings {
	struct idmap by_group; /* index into list */
	struct going *list;
	size_t n, size;
};

static const struct sick *find_sick(const struct history *t, uint64_t id)
{
	uint32_t i = idmap_get(&t->by_sick, id);

	return i == IDMAP_NONE ? NULL : &t->sick[i];
}

/* The state of a gone row is as of a look; the window before may have known more. */
static struct going going_of(const struct history *t, const struct row *row)
{
	const struct sick *s = find_sick(t, row_id(row));
	const uint32_t track = idmap_get(&t->by_id, row_id(row));
	struct going going = { .row = row,
			       .group = row_group_id(row),
			       .state = row->last_state,
			       .seen = track < t->n_older };
	struct memory m;

	if (!s || !newest(t))
		return going;
	m = spells_recall(s->spells, &t->time, newest(t) - 1, STATE_OK, 0);
	if ((m.kind == MEMORY_SICK || m.kind == MEMORY_HELD) && m.state <= going.state) {
		going.state = m.state;
		going.reasons = m.reasons;
	}
	return going;
}

static void add_going(struct history *t, struct goings *goings, const struct row *row)
{
	const struct going going = going_of(t, row);
	uint32_t i = idmap_put(&goings->by_group, going.group, (uint32_t)goings->n);

	if (i == IDMAP_NONE) {
		goings->list =
			array_grow(goings->list, goings->n, &goings->size, sizeof(*goings->list));
		goings->list[goings->n++] = going;
	} else if (going.state < goings->list[i].state) {
		goings->list[i] = going;
	}
}

/* Which addresses still have a listener. */
static void find_those_who_stay(struct goings *goings, const struct report *report)
{
	const struct row *rows = report->n_members ? report->members : report->rows;
	const size_t n = report->n_members ? report->n_members : report->n_rows;

	for (size_t i = 0; i < n && goings->n; i++) {
		const struct row *row = &rows[i];
		uint32_t going =
			row->gone ? IDMAP_NONE : idmap_get(&goings->by_group, row_group_id(row));

		if (going == IDMAP_NONE)
			continue;
		goings->list[going].stays |= !row->fresh;
		goings->list[going].returns |= row->fresh;
	}
}

/* The opening sample has the owners. */
static const char *process_before(const struct report *report, const struct row *row)
{
	const struct snapshot *s = report->before;
	const struct netns *ns = s ? snapshot_find_netns(s, netns_id(row->netns->netns)) : NULL;

	for (size_t i = ns ? ns->first_listener : 0; ns && i < s->n_listeners; i++) {
		const struct listener *l = &s->listeners[i];

		if (l->cookie == row->listener->cookie && &s->netns[l->addr.netns_idx] == ns)
			return l->n_owners ? s->processes[s->owners[l->first_owner].process].comm :
					     NULL;
	}
	return NULL;
}

static void add_ghost(struct history *t, const struct going *going, const char *process)
{
	const uint64_t now_ns = timeline_end(&t->time, newest(t));
	const uint64_t kept_ns = HISTORY_WAS_NS + 600 * NSEC_PER_SEC;
	struct ghost ghost = { .id = row_id(going->row),
			       .group = going->group,
			       .gone = newest(t),
			       .gone_ns = now_ns,
			       .returned = going->returns ? newest(t) : UINT64_MAX,
			       .state = going->state,
			       .reasons = going->reasons,
			       .process = process,
			       .listener = *going->row->listener,
			       .netns = *going->row->netns->netns };

	ghosts_add(&t->ghosts, &ghost, now_ns > kept_ns ? now_ns - kept_ns : 0);
}

static uint64_t gap_before(const struct history *t)
{
	const uint64_t now_ns = timeline_end(&t->time, newest(t));

	return now_ns > HISTORY_GAP_NS ? now_ns - HISTORY_GAP_NS : 0;
}

static void add_gone(struct history *t, const struct report *report, const struct going *going,
		     uint32_t more, bool event)
{
	const struct sick *s = find_sick(t, row_id(going->row));
	const char *process = process_before(report, going->row);
	char inode[24];
	struct event e = event_of(t, report, EVENT_GONE, going->row, inode);

	if (!process && s && *s->process)
		process = s->process;
	e.process = process;
	e.state = going->state;
	if (event) {
		e.more = more + event_log_remove(&t->log, EVENT_GONE, e.group, gap_before(t));
		event_log_add(&t->log, &e);
	}
	if (going->seen)
		add_ghost(t, going, process);
}

/* Those that were sick first, as only so many become events and ghosts. */
static void add_goings(struct history *t, const struct report *report, struct goings *goings)
{
	size_t total = 0, n = 0;

	for (size_t i = 0; i < goings->n; i++)
		total += !goings->list[i].stays;
	for (int sick = 1; sick >= 0; sick--)
		for (size_t i = 0; i < goings->n && n < GHOSTS_MAX; i++) {
			const struct going *going = &goings->list[i];

			if (going->stays || state_is_sick(going->state) != sick)
				continue;
			n++;
			add_gone(t, report, going,
				 n == EVENTS_OF_WINDOW ? (uint32_t)(total - n) : 0,
				 n <= EVENTS_OF_WINDOW);
		}
}

static void find_goings(struct history *t, const struct report *report, struct goings *goings)
{
	for (size_t i = report->n_rows - report->n_gone; i < report->n_rows; i++)
		add_going(t, goings, &report->rows[i]);
	find_those_who_stay(goings, report);
	add_goings(t, report, goings);
}

/* All listeners of a namespace are gone with it. */
static void lose_netns(struct history *t, const struct report *report, const struct netns *ns)
{
	const struct snapshot *s = report->before;
	const struct netns_report netns = { .snapshot = s, .netns = ns };
	char inode[24];
	struct event e = { .report = newest(t),
			   .time_ns = timeline_end(&t->time, newest(t)),
			   .wall = report->snapshot->wall,
			   .kind = EVENT_NETNS_GONE,
			   .state = STATE_GONE,
			   .reason = REASON_N,
			   .netns = ns->name };
	size_t n = 0;

	if (!ns->name) {
		snprintf(inode, sizeof(inode), "%llu", (unsigned long long)ns->inode);
		e.netns = inode;
	}
	event_log_add(&t->log, &e);
	for (size_t i = ns->first_listener; i < s->n_listeners && n < GHOSTS_MAX / 4; i++) {
		const struct listener *l = &s->listeners[i];
		const struct row row = { .listener = l, .netns = &netns, .last_state = STATE_OK };
		struct going going;

		if (&s->netns[l->addr.netns_idx] != ns)
			break;
		going = going_of(t, &row);
		add_ghost(t, &going,
			  l->n_owners ? s->processes[s->owners[l->first_owner].process].comm :
					NULL);
		n++;
	}
}

static void find_lost_netns(struct history *t, const struct report *report)
{
	const struct snapshot *before = report->before, *now = report->snapshot;

	for (size_t i = 0; before && i < before->n_netns; i++) {
		const uint64_t id = netns_id(&before->netns[i]);
		/* Namespaces keep their order unless one came or went. */
		const bool same = i < now->n_netns && netns_id(&now->netns[i]) == id;

		if (!same && !snapshot_find_netns(now, id))
			lose_netns(t, report, &before->netns[i]);
	}
}

/*
 * The option that shows UNIX listeners does not make them, and one more listener at an address that
 * has one is no event.
 */
static bool is_new(const struct history *t, const struct row *row, const struct report *report,
		   const struct goings *goings)
{
	const uint64_t group = row_group_id(row);
	const uint32_t track = idmap_get(&t->by_id, group);
	const uint32_t going = idmap_get(&goings->by_group, group);

	if (listener_is_unix(row->listener) &&
	    !(report->before && report->before->known & SNAPSHOT_UNIX))
		return false;
	if (going != IDMAP_NONE)
		return !goings->list[going].stays;
	return !row->group || row->group->sockets == 1 || track == IDMAP_NONE ||
	       t->tracks[track].first == newest(t);
}

static void find_comings(struct history *t, const struct report *report,
			 const struct goings *goings)
{
	uint64_t groups[EVENTS_OF_WINDOW];
	uint32_t n = 0, more = 0;
	struct event last = { 0 };
	char inode[24];

	for (size_t i = 0; i < t->n_fresh; i++) {
		const struct row *row = t->fresh[i];
		const uint64_t group = row_group_id(row);
		uint32_t same = 0;

		if (t->ghosts.n)
			ghosts_return(&t->ghosts, group, newest(t));
		if (!is_new(t, row, report, goings))
			continue;
		while (same < n && groups[same] != group)
			same++;
		if (same < n)
			continue;
		if (n == EVENTS_OF_WINDOW) {
			more++;
			continue;
		}
		groups[n++] = group;
		last = event_of(t, report, EVENT_NEW, row, inode);
		last.process = process_of(report->snapshot, row);
		last.more = event_log_remove(&t->log, EVENT_NEW, group, gap_before(t));
		if (n < EVENTS_OF_WINDOW)
			event_log_add(&t->log, &last);
	}
	last.more += more;
	if (n == EVENTS_OF_WINDOW)
		event_log_add(&t->log, &last);
}

/* Overflows count even where no listener accounts for them. */
static void add_to_strip(struct history *t, const struct report *report, enum severity worst)
{
	struct timeline_window *window = timeline_at(&t->time, newest(t));
	uint64_t overflows = 0;

	for (size_t i = 0; i < report->n_netns; i++)
		overflows += report->netns[i].delta[COUNTER_LISTEN_OVERFLOWS].value;
	if (overflows && worst > SEVERITY_WARNING)
		worst = SEVERITY_WARNING;
	window->severity = (uint8_t)worst;
	window->rate = window->length_ns ? (float)((double)overflows * (double)NSEC_PER_SEC /
						   (double)window->length_ns) :
					   0;
}

/* Drops those of tracks that are forgotten, and those that say no more. */
static void forget_sick(struct history *t)
{
	size_t kept = 0;

	idmap_reset(&t->by_sick, t->n_sick);
	for (size_t i = 0; i < t->n_sick; i++) {
		struct sick s = t->sick[i];
		const uint32_t index = idmap_get(&t->by_id, s.id);
		struct track *track = index == IDMAP_NONE ? NULL : &t->tracks[index];

		if (!track || track->sick == NONE || spells_are_over(s.spells, &t->time)) {
			spells_free(s.spells, &t->bytes);
			if (track)
				track->sick = NONE;
			continue;
		}
		track->sick = (uint32_t)kept;
		idmap_put(&t->by_sick, s.id, track->sick);
		t->sick[kept++] = s;
	}
	t->n_sick = kept;
}

/* Drops the tracks of listeners that no window has any more. The map cannot delete: it is rebuilt.
 */
static void forget_tracks(struct history *t, uint64_t oldest)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n_tracks; i++)
		if (t->tracks[i].last < oldest)
			t->tracks[i].sick = NONE;
	forget_sick(t);
	idmap_reset(&t->by_id, t->n_tracks);
	for (size_t i = 0; i < t->n_tracks; i++) {
		struct track track = t->tracks[i];

		if (track.last < oldest) {
			windowed_forget(&track.levels, UINT64_MAX, 1, &t->bytes);
			continue;
		}
		idmap_put(&t->by_id, track.id, (uint32_t)kept);
		t->tracks[kept++] = track;
	}
	t->n_tracks = kept;
}

static void forget_levels(struct history *t, uint64_t n, bool of_sick)
{
	for (size_t i = 0; i < t->n_tracks; i++)
		if (of_sick || t->tracks[i].sick == NONE)
			windowed_forget(&t->tracks[i].levels, n, 1, &t->bytes);
}

static void forget_records(struct history *t, uint64_t n)
{
	counter_past_forget(&t->counters, n, &t->bytes);
	for (size_t i = 0; i < t->n_sick; i++)
		spells_forget(t->sick[i].spells, n, &t->bytes);
}

/* What is older than the windows that are kept. Once for each chunk of windows is enough. */
static void forget_old(struct history *t, const struct report *report)
{
	const uint64_t n = t->time.n;
	const uint64_t oldest = n > HISTORY_WINDOWS ? n - HISTORY_WINDOWS : 0;

	if (t->n_tracks >= 2 * (report->n_rows + report->n_members) + 1024)
		forget_tracks(t, oldest);
	if (n % WINDOWED_CHUNK)
		return;
	forget_sick(t);
	forget_levels(t, oldest, true);
	forget_records(t, oldest);
}

/* Within HISTORY_BYTES: first the fills of listeners that are well, and always the oldest first. */
static void make_room(struct history *t)
{
	const uint64_t n = t->time.n;
	const uint64_t oldest = n > HISTORY_WINDOWS ? n - HISTORY_WINDOWS : 0;

	for (uint64_t to = oldest; history_bytes(t) > HISTORY_BYTES && to < n; to += WINDOWED_CHUNK)
		forget_levels(t, to, false);
	for (uint64_t to = oldest; history_bytes(t) > HISTORY_BYTES && to < n;
	     to += WINDOWED_CHUNK) {
		forget_levels(t, to, true);
		forget_records(t, to);
	}
	t->room = history_bytes(t) <= HISTORY_BYTES;
}

void history_add(struct history *t, const struct report *report)
{
	const uint64_t n = t->time.n++;
	enum severity of_members, of_groups;
	struct goings goings = { 0 };

	*timeline_at(&t->time, n) = (struct timeline_window){
		.end_ns = n ? timeline_end(&t->time, n - 1) + report->window_ns : report->window_ns,
		.length_ns = report->window_ns,
	};
	counter_past_add(&t->counters, report, n, &t->bytes);
	add_rows(t, report);
	find_goings(t, report, &goings);
	find_lost_netns(t, report);
	find_comings(t, report, &goings);
	free(goings.list);
	idmap_free(&goings.by_group);
	of_members = add_spells(t, report, false);
	of_groups = add_spells(t, report, true);
	add_to_strip(t, report, of_members < of_groups ? of_members : of_groups);
	forget_old(t, report);
	make_room(t);
}

/* The number of the window; false: the history does not have it. */
static bool find_window(const struct history *t, size_t back, uint64_t *n)
{
	*n = t->time.n - 1 - back;
	return back < t->time.n && timeline_has(&t->time, *n);
}

static const struct track *find_track(const struct history *t, const struct row *row)
{
	uint32_t i = idmap_get(&t->by_id, row_id(row));

	return i == IDMAP_NONE ? NULL : &t->tracks[i];
}

struct history_fill history_fill(const struct history *t, const struct row *row, size_t back)
{
	const struct track *track = find_track(t, row);
	const uint8_t *level;
	uint64_t n;

	if (!track || back >= HISTORY_WINDOWS || !find_window(t, back, &n) || n < track->first ||
	    n > track->last || n < track->levels.forgotten)
		return (struct history_fill){ 0 };
	level = windowed_get(&track->levels, n, 1);
	if (level && *level == LEVEL_MISSED)
		return (struct history_fill){ 0 };
	return (struct history_fill){ level ? (double)*level / LEVEL_FULL : 0, true };
}

double history_overflow_rate(const struct history *t, const struct row *row, size_t back)
{
	const struct sick *s = find_sick(t, row_id(row));
	uint64_t n, overflows, length_ns;

	if (listener_is_unix(row->listener) || !history_fill(t, row, back).known ||
	    !find_window(t, back, &n))
		return -1;
	length_ns = timeline_length(&t->time, n);
	overflows = s ? spells_overflows(s->spells, &t->time, n) : 0;
	if (!length_ns || overflows == UINT64_MAX)
		return -1;
	return (double)overflows * (double)NSEC_PER_SEC / (double)length_ns;
}

struct history_time history_sick(const struct history *t, const struct row *row, size_t back)
{
	const struct sick *s = find_sick(t, row_id(row));
	uint64_t n;

	if (!s || !find_window(t, back, &n))
		return (struct history_time){ 0 };
	return spells_sick(s->spells, &t->time, n);
}

struct history_time history_full(const struct history *t, const struct row *row, size_t back)
{
	const struct sick *s = find_sick(t, row_id(row));
	uint64_t n;

	if (!s || !find_window(t, back, &n))
		return (struct history_time){ 0 };
	return spells_full(s->spells, &t->time, n);
}

static struct opt_u64 delta_of(const struct history *t, const struct netns *ns, enum counter_id id,
			       size_t back, uint64_t *length_ns)
{
	uint64_t n;

	if (back >= HISTORY_WINDOWS || !find_window(t, back, &n))
		return (struct opt_u64){ 0 };
	*length_ns = timeline_length(&t->time, n);
	return counter_past_get(&t->counters, netns_id(ns), id, n);
}

double history_rate(const struct history *t, const struct netns *ns, enum counter_id id,
		    size_t back)
{
	uint64_t length_ns = 0;
	struct opt_u64 delta = delta_of(t, ns, id, back, &length_ns);

	return delta.known && length_ns ?
		       (double)delta.value * (double)NSEC_PER_SEC / (double)length_ns :
		       -1;
}

struct opt_u64 history_sum(const struct history *t, const struct netns *ns, enum counter_id id,
			   size_t back, uint64_t span_ns, uint64_t *covered_ns)
{
	struct opt_u64 sum = { 0 };
	uint64_t n;

	*covered_ns = 0;
	for (; back < HISTORY_WINDOWS && find_window(t, back, &n); back++) {
		uint64_t length_ns = 0;
		struct opt_u64 delta = delta_of(t, ns, id, back, &length_ns);

		/* The very first report has no window. */
		if (n < t->sums_begin || !length_ns || *covered_ns + length_ns / 2 > span_ns)
			break;
		if (!delta.known)
			return (struct opt_u64){ 0 };
		sum.value += delta.value;
		sum.known = true;
		*covered_ns += length_ns;
	}
	return sum;
}

void history_restart_sums(struct history *t)
{
	t->sums_begin = t->time.n;
	t->sums_ns = t->time.n ? timeline_end(&t->time, newest(t)) : 0;
	for (size_t i = 0; i < t->n_sick; i++)
		spells_restart_sums(t->sick[i].spells);
}

struct history_sums history_row_sums(const struct history *t, const struct row *row, size_t back)
{
	const struct track *track = find_track(t, row);
	const bool tcp = !listener_is_unix(row->listener);
	struct history_sums sums = { 0 };
	uint64_t n, begin_ns;

	if (!track || !find_window(t, back, &n) || n < t->sums_begin)
		return sums;
	begin_ns = track->first_ns > t->sums_ns ? track->first_ns : t->sums_ns;
	if (timeline_end(&t->time, n) <= begin_ns)
		return sums;
	sums.covered_ns = timeline_end(&t->time, n) - begin_ns;
	if (track->sick != NONE) {
		spells_sums(t->sick[track->sick].spells, &t->time, n, &sums);
		return sums;
	}
	/* It lost none, or that is unknown in each window. */
	sums.overflows.known = tcp && row->overflows.known;
	sums.losses.known = tcp && row->losses.known;
	sums.drops.known = tcp && row->drops.known;
	return sums;
}

uint64_t history_span(const struct history *t, size_t back, size_t windows, size_t *known)
{
	uint64_t span = 0, n;

	for (*known = 0; *known < windows && back + *known < HISTORY_WINDOWS &&
			 find_window(t, back + *known, &n);
	     ++*known)
		span += timeline_length(&t->time, n);
	return span;
}

static struct memory recall_gone(const struct history *t, const struct row *row, uint64_t n)
{
	const struct ghost *ghost = ghosts_find(&t->ghosts, row_id(row));
	const struct sick *s = find_sick(t, row_id(row));
	struct memory m = { .state = row->last_state }, before;
	const uint64_t now_ns = timeline_end(&t->time, n);

	if (s && n) {
		before = spells_recall(s->spells, &t->time, n, STATE_OK, 0);
		if (before.kind == MEMORY_WAS)
			m = before;
	}
	m.kind = MEMORY_GONE;
	m.state = ghost ? ghost->state : row->last_state;
	m.reasons = ghost ? ghost->reasons : 0;
	m.ago_ns = ghost && ghost->gone_ns < now_ns ? now_ns - ghost->gone_ns : 0;
	if (!state_is_sick(m.state))
		m.lasted = (struct history_time){ 0 };
	return m;
}

struct memory history_memory(const struct history *t, const struct row *row, size_t back)
{
	struct memory m = { .state = row->state, .reasons = row->reasons };
	const struct sick *s;
	uint64_t n;

	if (t && find_window(t, back, &n)) {
		if (row->gone)
			return recall_gone(t, row, n);
		/* Most rows were never sick. */
		s = t->n_sick ? find_sick(t, row_id(row)) : NULL;
		if (s)
			return spells_recall(s->spells, &t->time, n, row->state, row->reasons);
	}
	m.state = row->gone ? row->last_state : row->state;
	m.kind = row->gone ? MEMORY_GONE : state_is_sick(row->state) ? MEMORY_SICK : MEMORY_NONE;
	m.overflows = row->overflows;
	m.losses = row->losses;
	if (m.kind != MEMORY_NONE)
		m.peak = row_worst_fill(row);
	return m;
}

static void mark_well(const struct history *t, struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rows[i].well = rows[i].state == STATE_OK && !rows[i].gone &&
			       !(t->n_sick && find_sick(t, row_id(&rows[i])));
}

void history_mark_well(const struct history *t, struct report *report)
{
	mark_well(t, report->rows, report->n_rows);
	mark_well(t, report->members, report->n_members);
}

size_t history_sick_members(const struct history *t, const struct row *row, size_t back)
{
	const struct folded_group *group = row->folded;
	size_t n = 0;

	for (uint32_t i = 0; group && i < group->n_members; i++) {
		const struct memory m = history_memory(t, group->members[i], back);

		n += m.kind == MEMORY_SICK || m.kind == MEMORY_HELD;
	}
	return n;
}

enum severity memory_severity(const struct memory *m)
{
	switch (m->kind) {
	case MEMORY_SICK:
	case MEMORY_HELD:
		return state_table[m->state].severity;
	case MEMORY_WAS:
		return SEVERITY_NOTICE;
	case MEMORY_GONE:
		return SEVERITY_GONE;
	case MEMORY_NONE:
		break;
	}
	return SEVERITY_NONE;
}

size_t history_gone(struct history *t, const struct report *report, size_t back, struct row ***rows)
{
	uint64_t n, now_ns;

	if (!find_window(t, back, &n)) {
		*rows = NULL;
		return 0;
	}
	now_ns = timeline_end(&t->time, n);
	return ghosts_rows(&t->ghosts, report, n,
			   now_ns > HISTORY_WAS_NS ? now_ns - HISTORY_WAS_NS : 0, rows);
}

const char *history_process(const struct history *t, const struct row *row)
{
	const char *process = row->gone ? NULL : process_of(row->netns->snapshot, row);
	const struct ghost *ghost;
	const struct sick *s;

	if (process)
		return process;
	ghost = ghosts_find(&t->ghosts, row_id(row));
	if (ghost)
		return ghost->process;
	s = find_sick(t, row_id(row));
	return s && *s->process ? s->process : NULL;
}

size_t history_events(const struct history *t, size_t back)
{
	return back < t->time.n ? event_log_count(&t->log, t->time.n - 1 - back) : 0;
}

const struct event *history_event(const struct history *t, size_t back, size_t i)
{
	size_t n = history_events(t, back);

	return i < n ? &t->log.list[n - 1 - i] : NULL;
}

size_t history_event_back(const struct history *t, const struct event *e)
{
	return timeline_has(&t->time, e->report) ? (size_t)(newest(t) - e->report) : SIZE_MAX;
}

/* The cell of what happened @age_ns before the end of the last one; @n: it is older. */
static size_t cell_at(uint64_t age_ns, size_t n, uint64_t span_ns)
{
	size_t before = (size_t)((double)age_ns * (double)n / (double)span_ns);

	return before < n ? n - 1 - before : n;
}

/* Which of the events of a cell stands for it. */
static unsigned int rank(const struct event *e)
{
	static const unsigned int kinds[] = { [EVENT_SICK] = 0,
					      [EVENT_NETNS_GONE] = 1,
					      [EVENT_RECOVERED] = 2,
					      [EVENT_GONE] = 3,
					      [EVENT_NEW] = 4 };

	return kinds[e->kind] * STATE_N + e->state;
}

static void add_to_cell(struct strip_cell *cell, const struct timeline_window *window)
{
	cell->known = true;
	if (window->severity < cell->severity)
		cell->severity = window->severity;
	if (window->rate > cell->rate)
		cell->rate = window->rate;
}

void history_strip(const struct history *t, struct strip_cell *cells, size_t n, uint64_t span_ns)
{
	const uint64_t now_ns = t->time.n ? timeline_end(&t->time, newest(t)) : 0;
	uint64_t window;

	for (size_t i = 0; i < n; i++)
		cells[i] = (struct strip_cell){ .severity = SEVERITY_NONE };
	for (size_t back = 0; find_window(t, back, &window); back++) {
		const uint64_t end_ns = timeline_end(&t->time, window);
		const uint64_t length_ns = timeline_length(&t->time, window);
		const size_t last = cell_at(now_ns - end_ns, n, span_ns);
		size_t first;

		if (last == n)
			break;
		first = length_ns ? cell_at(now_ns - end_ns + length_ns - 1, n, span_ns) : last;
		for (size_t i = first == n ? 0 : first; i <= last; i++)
			add_to_cell(&cells[i], &t->time.list[window % TIMELINE_WINDOWS]);
	}
	for (size_t i = t->log.n; i-- > 0;) {
		const struct event *e = &t->log.list[i];
		const size_t at = cell_at(now_ns - e->time_ns, n, span_ns);

		if (at == n)
			break;
		if (!cells[at].event || rank(e) < rank(cells[at].event))
			cells[at].event = e;
	}
}

size_t history_strip_find(const struct history *t, size_t back, size_t n, uint64_t span_ns)
{
	uint64_t window;

	if (!find_window(t, back, &window))
		return n;
	return cell_at(timeline_end(&t->time, newest(t)) - timeline_end(&t->time, window), n,
		       span_ns);
}

size_t history_back_at(const struct history *t, uint64_t age_ns)
{
	size_t back = 0;
	uint64_t n;

	while (find_window(t, back + 1, &n) &&
	       timeline_end(&t->time, newest(t)) - timeline_end(&t->time, n + 1) < age_ns)
		back++;
	return back;
}

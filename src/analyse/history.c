/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/history.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define LEVEL_FULL 200 /* a fill of 1.0 */

/* A listener in one window. All zero: its queue was empty and its state ok. */
struct mark {
	uint8_t level;
	bool sick;
	bool full;
	bool missed; /* this report lacks the listener, but earlier and later ones have it */
};

/* The latest unbroken run of sick, or of full, windows. It may be longer than the history. */
struct run {
	uint64_t from_ns; /* covered_ns of the window before the run */
	uint64_t end; /* the report after its last one; 0: there was no run */
	bool at_least; /* it may have begun earlier */
};

enum run_kind { RUN_SICK, RUN_FULL, RUN_N };

/*
 * One listener, or one group. Most are always empty and ok, so marks are allocated with the first
 * that is not zero.
 */
struct track {
	uint64_t id;
	uint64_t first; /* the first report that had it */
	uint64_t last; /* the last report that had it */
	struct run runs[RUN_N];
	struct mark *marks; /* NULL, or HISTORY_WINDOWS of them */
};

struct counter_track {
	uint64_t netns; /* its netns_id() */
	uint64_t first; /* the first report that had it */
	uint64_t last; /* the last report that had it */
	struct counters deltas[HISTORY_WINDOWS];
};

struct history {
	uint64_t reports; /* added so far */
	uint64_t sums_begin; /* the first report that sums may count */
	uint64_t window_ns[HISTORY_WINDOWS];
	uint64_t covered_ns[HISTORY_WINDOWS]; /* the time that all windows up to this one cover */
	struct idmap by_id; /* index into tracks */
	struct track *tracks;
	size_t n_tracks, tracks_size;
	size_t n_older; /* tracks that existed before the report that is being added */
	bool groups; /* some tracks are of groups */
	struct counter_track **counters;
	size_t n_counters, counters_size;
};

struct history *history_new(void)
{
	return xcalloc(1, sizeof(struct history));
}

void history_free(struct history *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_tracks; i++)
		free(t->tracks[i].marks);
	for (size_t i = 0; i < t->n_counters; i++)
		free(t->counters[i]);
	free(t->tracks);
	free(t->counters);
	idmap_free(&t->by_id);
	free(t);
}

static struct mark make_mark(const struct row *row)
{
	double fill = row_worst_fill(row);
	uint8_t level = fill >= 1 ? LEVEL_FULL : (uint8_t)(fill * LEVEL_FULL);

	return (struct mark){
		.level = fill > 0 && !level ? 1 : level, /* a queue that is not empty is not 0 */
		.sick = state_is_sick(row->state),
		.full = row->seen_full,
	};
}

static size_t find_or_add(struct history *t, uint64_t id)
{
	uint32_t i = idmap_put(&t->by_id, id, (uint32_t)t->n_tracks);
	struct track *track;

	if (i != IDMAP_NONE)
		return i;
	t->tracks = array_grow(t->tracks, t->n_tracks, &t->tracks_size, sizeof(*t->tracks));
	track = &t->tracks[t->n_tracks];
	track->id = id;
	track->first = t->reports;
	return t->n_tracks++;
}

/* The mark of a group is the worst of its members, as in a folded row. */
static struct mark worse_of(struct mark a, struct mark b)
{
	return (struct mark){
		.level = a.level > b.level ? a.level : b.level,
		.sick = a.sick || b.sick,
		.full = a.full || b.full,
	};
}

static bool is_so(enum run_kind kind, const struct mark *mark)
{
	return kind == RUN_FULL ? mark->full : mark->sick;
}

/* @missed: the previous reports lack it, and a run may have begun in them */
static void add_to_runs(const struct history *t, struct track *track, const struct mark *mark,
			bool missed)
{
	const size_t slot = t->reports % HISTORY_WINDOWS;

	for (enum run_kind kind = 0; kind < RUN_N; kind++) {
		struct run *run = &track->runs[kind];

		if (!is_so(kind, mark))
			continue;
		if (!run->end || run->end < t->reports) {
			run->from_ns = t->covered_ns[slot] - t->window_ns[slot];
			run->at_least = missed || !t->reports;
		}
		run->end = t->reports + 1;
	}
}

/* Returns the index of the track. */
static size_t add_mark(struct history *t, uint64_t id, struct mark mark)
{
	size_t i = find_or_add(t, id);
	struct track *track = &t->tracks[i];
	/* A cookie never comes back, but a dump may miss a listener once. */
	bool missed = track->first < t->reports && track->last + 1 < t->reports;

	if (!track->marks && (missed || mark.level || mark.sick || mark.full))
		track->marks = xcalloc(HISTORY_WINDOWS, sizeof(*track->marks));
	/* Another member of the group set the mark; or it is the first report, and it is zero. */
	if (track->marks && track->last == t->reports)
		mark = worse_of(mark, track->marks[t->reports % HISTORY_WINDOWS]);
	for (uint64_t n = track->last + 1;
	     missed && n < t->reports && n - track->last <= HISTORY_WINDOWS; n++)
		track->marks[n % HISTORY_WINDOWS] = (struct mark){ .missed = true };
	track->last = t->reports;
	if (track->marks)
		track->marks[t->reports % HISTORY_WINDOWS] = mark;
	add_to_runs(t, track, &mark, missed);
	return i;
}

/* A new group takes over the history of the listener that it was before. */
static void inherit(const struct history *t, struct track *group, const struct track *member)
{
	struct mark now = { 0 };

	if (member->first >= group->first)
		return;
	group->first = member->first;
	for (enum run_kind kind = 0; kind < RUN_N; kind++) {
		const bool goes_on = group->runs[kind].end > t->reports;

		/* A run that begins in this report is new; one of the member goes on. */
		if (goes_on && member->runs[kind].end < t->reports)
			group->runs[kind].at_least = false;
		else
			group->runs[kind] = member->runs[kind];
		if (goes_on)
			group->runs[kind].end = t->reports + 1;
	}
	if (!member->marks)
		return;
	if (group->marks)
		now = group->marks[t->reports % HISTORY_WINDOWS];
	else
		group->marks = xcalloc(HISTORY_WINDOWS, sizeof(*group->marks));
	memcpy(group->marks, member->marks, HISTORY_WINDOWS * sizeof(*group->marks));
	group->marks[t->reports % HISTORY_WINDOWS] = now;
}

/*
 * Both groups and their members are recorded, whether or not the report is folded, so that either
 * has a history when the user folds or unfolds. The last listener of a group adds to both too.
 */
static void add_row(struct history *t, const struct row *row)
{
	struct mark mark = make_mark(row);
	size_t own = add_mark(t, row_id(row), mark), group;

	if (row->folded || !row->group)
		return;
	if (row->group->sockets > 1) {
		group = add_mark(t, row_group_id(row), mark);
		if (group >= t->n_older)
			inherit(t, &t->tracks[group], &t->tracks[own]);
		t->groups = true;
	} else if (t->groups && idmap_get(&t->by_id, row_group_id(row)) != IDMAP_NONE) {
		add_mark(t, row_group_id(row), mark);
	}
}

/* Frees the tracks of listeners that no window has any more. The map cannot delete: it is rebuilt.
 */
static void forget_gone(struct history *t, size_t present)
{
	size_t kept = 0;

	if (t->n_tracks < 2 * present + 1024)
		return;
	idmap_reset(&t->by_id, t->n_tracks);
	for (size_t i = 0; i < t->n_tracks; i++) {
		struct track track = t->tracks[i];

		if (track.last + HISTORY_WINDOWS < t->reports) {
			free(track.marks);
			continue;
		}
		idmap_put(&t->by_id, track.id, (uint32_t)kept);
		t->tracks[kept++] = track;
	}
	t->n_tracks = kept;
}

static struct counter_track *find_counters(const struct history *t, uint64_t netns)
{
	for (size_t i = 0; i < t->n_counters; i++)
		if (t->counters[i]->netns == netns)
			return t->counters[i];
	return NULL;
}

static void add_counters(struct history *t, const struct netns_report *ns)
{
	struct counters *deltas;
	struct counter_track *track = find_counters(t, netns_id(ns->netns));

	if (!track) {
		track = xcalloc(1, sizeof(*track));
		track->netns = netns_id(ns->netns);
		track->first = t->reports;
		t->counters = array_grow(t->counters, t->n_counters, &t->counters_size,
					 sizeof(*t->counters));
		t->counters[t->n_counters++] = track;
	}
	track->last = t->reports;
	deltas = &track->deltas[t->reports % HISTORY_WINDOWS];
	for (unsigned int i = 0; i < COUNTER_N; i++) {
		deltas->known |= ns->delta[i].known ? 1u << i : 0;
		deltas->value[i] = ns->delta[i].value;
	}
}

/* Frees the tracks of namespaces that no window has any more, as containers come and go. */
static void forget_gone_counters(struct history *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n_counters; i++) {
		if (t->counters[i]->last + HISTORY_WINDOWS < t->reports)
			free(t->counters[i]);
		else
			t->counters[kept++] = t->counters[i];
	}
	t->n_counters = kept;
}

void history_add(struct history *t, const struct report *report)
{
	size_t slot = t->reports % HISTORY_WINDOWS;
	size_t before = (t->reports + HISTORY_WINDOWS - 1) % HISTORY_WINDOWS;

	t->window_ns[slot] = report->window_ns;
	t->covered_ns[slot] = t->covered_ns[before] + report->window_ns;
	for (size_t i = 0; i < t->n_counters; i++)
		t->counters[i]->deltas[slot].known = 0;
	for (size_t i = 0; i < report->n_netns; i++)
		add_counters(t, &report->netns[i]);
	t->n_older = t->n_tracks;
	for (size_t i = 0; i < report->n_rows; i++)
		add_row(t, &report->rows[i]);
	for (size_t i = 0; i < report->n_members; i++)
		if (row_is_member(&report->members[i], report))
			add_row(t, &report->members[i]);
	t->reports++;
	forget_gone(t, report->n_rows + report->n_members);
	forget_gone_counters(t);
}

static size_t n_windows(const struct history *t)
{
	return t->reports < HISTORY_WINDOWS ? (size_t)t->reports : HISTORY_WINDOWS;
}

static bool get_mark(const struct history *t, const struct track *track, size_t back,
		     struct mark *mark)
{
	uint64_t n = t->reports - 1 - back;

	if (!track || back >= n_windows(t) || n < track->first || n > track->last)
		return false;
	*mark = track->marks ? track->marks[n % HISTORY_WINDOWS] : (struct mark){ 0 };
	return !mark->missed;
}

static const struct track *find_track(const struct history *t, const struct row *row)
{
	uint32_t i = idmap_get(&t->by_id, row_id(row));

	return i == IDMAP_NONE ? NULL : &t->tracks[i];
}

struct history_fill history_fill(const struct history *t, const struct row *row, size_t back)
{
	struct mark mark;

	if (!get_mark(t, find_track(t, row), back, &mark))
		return (struct history_fill){ 0 };
	return (struct history_fill){ (double)mark.level / LEVEL_FULL, true };
}

static struct history_time lasted(const struct history *t, const struct row *row, size_t back,
				  enum run_kind kind)
{
	const struct track *track = find_track(t, row);
	struct history_time time = { 0 };
	const struct run *run;
	struct mark mark;
	uint64_t n, slot;

	if (!get_mark(t, track, back, &mark) || !is_so(kind, &mark))
		return time;
	n = t->reports - 1 - back;
	slot = n % HISTORY_WINDOWS;
	run = &track->runs[kind];
	time.known = true;
	if (run->end > n && run->from_ns <= t->covered_ns[slot] - t->window_ns[slot]) {
		time.ns = t->covered_ns[slot] - run->from_ns;
		time.at_least = run->at_least;
		return time;
	}
	/* The run has ended: count it in the marks. */
	for (; get_mark(t, track, back, &mark) && is_so(kind, &mark); back++)
		time.ns += t->window_ns[(t->reports - 1 - back) % HISTORY_WINDOWS];
	n = t->reports - 1 - back;
	time.at_least = back >= n_windows(t) || (n >= track->first && mark.missed);
	return time;
}

struct history_time history_sick(const struct history *t, const struct row *row, size_t back)
{
	return lasted(t, row, back, RUN_SICK);
}

struct history_time history_full(const struct history *t, const struct row *row, size_t back)
{
	return lasted(t, row, back, RUN_FULL);
}

static struct opt_u64 delta_of(const struct history *t, const struct netns *ns, enum counter_id id,
			       size_t back)
{
	const struct counters *deltas;
	const struct counter_track *track = find_counters(t, netns_id(ns));

	if (!track || back >= n_windows(t) || t->reports - 1 - back < track->first)
		return (struct opt_u64){ 0 };
	deltas = &track->deltas[(t->reports - 1 - back) % HISTORY_WINDOWS];
	return (struct opt_u64){ deltas->value[id], counter_known(deltas, id) };
}

double history_rate(const struct history *t, const struct netns *ns, enum counter_id id,
		    size_t back)
{
	struct opt_u64 delta = delta_of(t, ns, id, back);
	uint64_t window_ns =
		delta.known ? t->window_ns[(t->reports - 1 - back) % HISTORY_WINDOWS] : 0;

	return window_ns ? (double)delta.value * (double)NSEC_PER_SEC / (double)window_ns : -1;
}

struct opt_u64 history_sum(const struct history *t, const struct netns *ns, enum counter_id id,
			   size_t back, uint64_t span_ns, uint64_t *covered_ns)
{
	struct opt_u64 sum = { 0 };

	*covered_ns = 0;
	for (; back < n_windows(t); back++) {
		uint64_t n = t->reports - 1 - back;
		uint64_t window_ns = t->window_ns[n % HISTORY_WINDOWS];
		struct opt_u64 delta = delta_of(t, ns, id, back);

		/* The very first report has no window. */
		if (n < t->sums_begin || !window_ns || *covered_ns + window_ns / 2 > span_ns)
			break;
		if (!delta.known)
			return (struct opt_u64){ 0 };
		sum.value += delta.value;
		sum.known = true;
		*covered_ns += window_ns;
	}
	return sum;
}

void history_restart_sums(struct history *t)
{
	t->sums_begin = t->reports;
}

uint64_t history_span(const struct history *t, size_t back, size_t windows, size_t *known)
{
	uint64_t span = 0;

	for (*known = 0; *known < windows && back + *known < n_windows(t); ++*known)
		span += t->window_ns[(t->reports - 1 - back - *known) % HISTORY_WINDOWS];
	return span;
}

/* TODO(memory) */
struct memory history_memory(const struct history *t, const struct row *row, size_t back)
{
	struct memory m = { .state = row->gone ? row->last_state : row->state,
			    .reasons = row->reasons };

	m.kind = row->gone ? MEMORY_GONE : state_is_sick(row->state) ? MEMORY_SICK : MEMORY_NONE;
	m.lasted = history_sick(t, row, back);
	m.overflows = row->overflows;
	m.losses = row->losses;
	return m;
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

struct history_sums history_row_sums(const struct history *t, const struct row *row, size_t back)
{
	(void)t, (void)row, (void)back;
	return (struct history_sums){ 0 };
}

size_t history_gone(struct history *t, const struct report *report, size_t back, struct row ***rows)
{
	(void)t, (void)report, (void)back;
	*rows = NULL;
	return 0;
}

const char *history_process(const struct history *t, const struct row *row)
{
	(void)t, (void)row;
	return NULL;
}

size_t history_events(const struct history *t, size_t back)
{
	(void)t, (void)back;
	return 0;
}

const struct event *history_event(const struct history *t, size_t back, size_t i)
{
	(void)t, (void)back, (void)i;
	return NULL;
}

size_t history_event_back(const struct history *t, const struct event *e)
{
	return (size_t)(t->reports - 1 - e->report);
}

void history_strip(const struct history *t, struct strip_cell *cells, size_t n, uint64_t span_ns)
{
	(void)t, (void)span_ns;
	memset(cells, 0, n * sizeof(*cells));
}

size_t history_strip_find(const struct history *t, size_t back, size_t n, uint64_t span_ns)
{
	(void)t, (void)back, (void)span_ns;
	return n;
}

size_t history_back_at(const struct history *t, uint64_t age_ns)
{
	size_t back = 0;

	while (back + 1 < n_windows(t) &&
	       t->covered_ns[(t->reports - 1) % HISTORY_WINDOWS] -
			       t->covered_ns[(t->reports - 1 - back) % HISTORY_WINDOWS] <
		       age_ns)
		back++;
	return back;
}

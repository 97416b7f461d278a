/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/history.h"

#include "analyse/counter_past.h"
#include "analyse/ghosts.h"
#include "analyse/row_past.h"
#include "analyse/restarts.h"
#include "base/alloc.h"
#include "base/num.h"
#include "model/clock_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRIEF_NS (60 * NSEC_PER_SEC)

/* Of listeners that came, or went, in one window so many are events of their own. */
#define EVENTS_OF_WINDOW 8

#define FORGET_WINDOWS 8 /* in one go */

/* One sample a minute is recorded whatever it has. What is further apart is an event. */
#define GAP_NS (120 * NSEC_PER_SEC)

struct history {
	uint64_t sums_begin; /* the first window that sums may count */
	uint64_t sums_ns; /* when it begins */
	/* The first window that is kept: of all, and of those that are well. */
	uint64_t kept_from[2];
	struct windowed_memory memory; /* of fills, incidents and counters */
	struct row_past rows;
	struct counter_past counters;
	struct ghosts ghosts;
	struct restarts restarts;
	struct event_log log;
	struct timeline time;
	struct history_break broke; /* before the report that comes next */
};

struct history *history_new(void)
{
	struct history *t = xcalloc(1, sizeof(*t));

	t->memory.max = HISTORY_BYTES;
	t->rows.time = &t->time;
	t->rows.memory = &t->memory;
	return t;
}

void history_free(struct history *t)
{
	if (!t)
		return;
	row_past_free(&t->rows);
	counter_past_free(&t->counters, &t->memory);
	ghosts_free(&t->ghosts);
	restarts_free(&t->restarts);
	event_log_free(&t->log);
	free(t);
}

size_t history_bytes(const struct history *t)
{
	return sizeof(*t) + t->memory.bytes + row_past_bytes(&t->rows) + ghosts_bytes(&t->ghosts) +
	       restarts_bytes(&t->restarts) + event_log_bytes(&t->log);
}

/* The number of the newest window. */
static uint64_t newest(const struct history *t)
{
	return t->time.n - 1;
}

/* The first process that holds it; NULL: unknown. */
static const char *process_of(const struct snapshot *s, const struct row *row)
{
	const struct row_owners owners = row_owners(row, s);

	return owners.n ? s->processes[owners.list->process].comm : NULL;
}

static const char *netns_name(const struct netns *ns, char inode[24])
{
	if (!ns->name)
		snprintf(inode, 24, "%llu", (unsigned long long)ns->inode);
	return ns->name ? ns->name : inode;
}

/* Fills what an event has. @row: NULL: none; @inode: memory for a text */
static struct event make_event(const struct history *t, const struct report *report,
			       enum event_kind kind, const struct row *row, char inode[24])
{
	struct event e = { .report = newest(t),
			   .time_ns = timeline_end(&t->time, newest(t)),
			   .wall = report->snapshot->wall,
			   .kind = kind,
			   .state = STATE_GONE,
			   .reason = REASON_N };

	if (!row)
		return e;
	e.state = row->state;
	e.unselected = !report_selected(report, row);
	e.id = row_id(row);
	e.group = row_group_id(row);
	e.addr = row->listener->addr;
	e.path = listener_is_unix(row->listener) ? row->listener->name : NULL;
	/* The program's own namespace comes first, and has no name unless somebody gave it one. */
	if (report->n_netns > 1 &&
	    (row->netns->netns->name || row->netns->netns != report->netns[0].netns))
		e.netns = netns_name(row->netns->netns, inode);
	return e;
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

static void log_incident(struct history *t, const struct report *report, struct sick *s,
			 enum state state, const struct incident_news *news)
{
	const struct row *row = worst_member(s->row);
	char inode[24];
	struct event e = make_event(t, report, EVENT_SICK, row, inode);
	const char *process = process_of(report->snapshot, row);
	struct memory was;
	uint64_t ago_ns;

	if (process)
		snprintf(s->process, sizeof(s->process), "%s", process);
	e.process = *s->process ? s->process : NULL;
	e.state = state;
	e.reason = news->reason;
	if (news->worse)
		event_log_add(&t->log, &e);
	if (!news->ended)
		return;
	was = incidents_recall(s->incidents, &t->time, newest(t), STATE_OK, 0);
	e.unselected = e.unselected && !event_log_selected(&t->log, e.group);
	e.kind = EVENT_RECOVERED;
	e.state = was.state;
	e.reason = REASON_N;
	e.report = news->last + was.closed;
	e.closed = was.closed;
	/* The window in which it was closed has the event. */
	ago_ns = was.ago_ns - (was.closed ? was.open_ns : 0);
	if (was.open_ns && !was.closed)
		e.latest = clock_before(e.wall, was.ago_ns - was.open_ns);
	e.time_ns -= ago_ns;
	e.wall = clock_before(e.wall, ago_ns);
	e.lasted_ns = was.lasted.ns;
	e.overflows = was.overflows;
	e.losses = was.losses;
	event_log_add(&t->log, &e);
}

/* Returns the worst severity. */
static enum severity add_incidents(struct history *t, const struct report *report, bool groups)
{
	enum severity worst = SEVERITY_NONE;

	for (size_t i = 0; i < t->rows.n_sick; i++) {
		struct sick *s = &t->rows.sick[i];
		struct incident_news news = { 0 };
		enum state state;

		if (s->seen_end != t->time.n || s->is_group != groups)
			continue;
		state = row_past_conclude(&t->rows, s, &news);
		if (state_table[state].severity < worst)
			worst = state_table[state].severity;
		if (s->events && (news.worse || news.ended))
			log_incident(t, report, s, state, &news);
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
	bool brief; /* it is new in the history, was well, and lived shortly */
	bool stays; /* other listeners of its group do */
	bool returns; /* a new listener has its address */
};

struct goings {
	struct idmap by_group; /* index into list */
	struct going *list;
	size_t n, size;
};

/* The state of a gone row is as of a look; the window before may have known more. */
static struct going going_of(const struct history *t, const struct row *row)
{
	const struct sick *s = row_past_sick(&t->rows, row_id(row));
	const struct track *track = row_past_track(&t->rows, row_id(row));
	struct going going = { .row = row,
			       .group = row_group_id(row),
			       .state = row->last_state,
			       .seen = track && track->first < newest(t) };
	struct memory m;

	going.brief = track && track->first > t->time.begin && !state_is_sick(going.state) &&
		      timeline_end(&t->time, newest(t)) - track->first_ns < BRIEF_NS &&
		      !restarts_sum(&t->restarts, going.group, UINT64_MAX).n;

	if (!s || !newest(t))
		return going;
	m = incidents_recall(s->incidents, &t->time, newest(t) - 1, STATE_OK, 0);
	if (memory_is_sick(&m) && m.state <= going.state) {
		going.state = m.state;
		going.reasons = m.reasons;
		going.brief = false;
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

static void add_ghost(struct history *t, const struct going *going, const char *process)
{
	const uint64_t now_ns = timeline_end(&t->time, newest(t));
	struct ghost ghost = { .id = row_id(going->row),
			       .group = going->group,
			       .gone = newest(t),
			       .gone_ns = now_ns,
			       .returned = going->returns ? newest(t) : UINT64_MAX,
			       .state = going->state,
			       .reasons = going->reasons,
			       .brief = going->brief,
			       .process = process,
			       .listener = *going->row->listener,
			       .netns = *going->row->netns->netns };

	ghosts_add(&t->ghosts, &ghost, now_ns > HISTORY_KEPT_NS ? now_ns - HISTORY_KEPT_NS : 0);
}

static uint64_t ns_before(const struct history *t, uint64_t ns)
{
	const uint64_t now_ns = timeline_end(&t->time, newest(t));

	return now_ns > ns ? now_ns - ns : 0;
}

static void add_gone(struct history *t, const struct report *report, const struct going *going,
		     uint32_t more, bool event)
{
	const struct sick *s = row_past_sick(&t->rows, row_id(going->row));
	const char *process = report_process_before(report, going->row);
	char inode[24];
	struct event e = make_event(t, report, EVENT_GONE, going->row, inode);

	if (!process && s && *s->process)
		process = s->process;
	e.process = process;
	e.state = going->state;
	if (going->brief && !going->returns) {
		event_log_remove(&t->log, EVENT_NEW, e.group, ns_before(t, HISTORY_GAP_NS));
	} else if (event) {
		e.more = more + event_log_remove(&t->log, EVENT_GONE, e.group,
						 ns_before(t, HISTORY_GAP_NS));
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
	struct event e = make_event(t, report, EVENT_NETNS_GONE, NULL, inode);
	size_t n = 0;

	e.netns = netns_name(ns, inode);
	e.unselected = report->selection && report->selection->filter;
	event_log_add(&t->log, &e);
	for (size_t i = ns->first_listener; i < s->n_listeners && n < GHOSTS_MAX / 4; i++) {
		const struct listener *l = &s->listeners[i];
		const struct row row = { .listener = l,
					 .netns = &netns,
					 .window = &row_no_window,
					 .last_state = STATE_OK };
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
	const struct track *track = row_past_track(&t->rows, group);
	const uint32_t going = idmap_get(&goings->by_group, group);

	if (listener_is_unix(row->listener) &&
	    !(report->before && report->before->known & SNAPSHOT_UNIX))
		return false;
	if (going != IDMAP_NONE)
		return !goings->list[going].stays;
	return !row->group || row->group->sockets == 1 || !track || track->first == newest(t);
}

/*
 * A new listener at the address of one that has gone goes on with what is known of that. From the
 * second time on one event replaces those of all times. Returns whether it did.
 */
static bool add_restart(struct history *t, const struct row *row, struct event *e)
{
	const struct ghost *old = ghosts_last(&t->ghosts, e->group, ns_before(t, HISTORY_WAS_NS));
	struct restart_sum sum;

	if (!old)
		return false;
	row_past_succeed(&t->rows, row, old->id);
	if (restarts_add(&t->restarts, e->group, e->time_ns, e->wall) < 2)
		return false;
	sum = restarts_sum(&t->restarts, e->group, e->time_ns);
	event_log_remove(&t->log, EVENT_GONE, e->group, sum.begin_ns);
	event_log_remove(&t->log, EVENT_NEW, e->group, sum.begin_ns);
	event_log_remove(&t->log, EVENT_RESTARTED, e->group, sum.begin_ns);
	e->kind = EVENT_RESTARTED;
	e->restarts = sum.n;
	e->since = sum.wall;
	event_log_add(&t->log, e);
	return true;
}

static void find_comings(struct history *t, const struct report *report,
			 const struct goings *goings)
{
	uint64_t groups[EVENTS_OF_WINDOW];
	uint32_t n = 0, more = 0;
	struct event last = { 0 }, e;
	char inode[24];

	for (size_t i = 0; i < t->rows.n_fresh; i++) {
		const struct row *row = t->rows.fresh[i];
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
		e = make_event(t, report, EVENT_NEW, row, inode);
		e.process = process_of(report->snapshot, row);
		if (add_restart(t, row, &e))
			continue;
		if (n == EVENTS_OF_WINDOW) {
			more++;
			continue;
		}
		groups[n++] = group;
		last = e;
		last.more =
			event_log_remove(&t->log, EVENT_NEW, group, ns_before(t, HISTORY_GAP_NS));
		if (n < EVENTS_OF_WINDOW)
			event_log_add(&t->log, &last);
	}
	last.more += more;
	if (n == EVENTS_OF_WINDOW)
		event_log_add(&t->log, &last);
}

/* Overflows count even where no listener accounts for them. */
static void add_to_time_map(struct history *t, const struct report *report, enum severity worst)
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

static void forget_before(struct history *t, uint64_t n, bool well_only)
{
	t->kept_from[well_only] = n;
	row_past_forget(&t->rows, n, well_only);
	if (!well_only)
		counter_past_forget(&t->counters, n, &t->memory);
}

/*
 * Forgets what is older than the windows that are kept, and more to leave room for the next ones:
 * first the fills of listeners that are well, and always the oldest first.
 */
static void forget(struct history *t, const struct report *report)
{
	const uint64_t n = t->time.n;
	const uint64_t oldest = n > HISTORY_WINDOWS ? n - HISTORY_WINDOWS : 0;

	row_past_tidy(&t->rows, report, oldest);
	for (int well_only = 1; well_only >= 0; well_only--) {
		uint64_t *from = &t->kept_from[well_only];

		if (*from + 4 * FORGET_WINDOWS <= oldest)
			forget_before(t, oldest, well_only);
		while (t->memory.bytes > HISTORY_BYTES / 4 * 3 && *from + FORGET_WINDOWS <= n)
			forget_before(t, *from + FORGET_WINDOWS, well_only);
	}
}

void history_break(struct history *t, const struct history_break *b)
{
	row_past_free(&t->rows);
	counter_past_free(&t->counters, &t->memory);
	ghosts_free(&t->ghosts);
	restarts_free(&t->restarts);
	t->rows = (struct row_past){ .time = &t->time, .memory = &t->memory };
	t->broke = *b;
	t->time.begin = t->time.n;
	history_restart_sums(t);
	t->sums_ns += b->gap_ns;
}

/* Were samples of its window left out? */
static bool leaves_out(const struct report *report)
{
	return report->before && report->snapshot->previous_ns > report->before->monotonic_ns;
}

/* A new run, or that many samples were left out. */
static void add_gap(struct history *t, const struct report *report)
{
	const uint64_t n = newest(t);
	struct event e = make_event(t, report, EVENT_GAP, NULL, NULL);

	if (n && n == t->time.begin) {
		e.kind = t->broke.boot ? EVENT_BOOT : EVENT_RUN;
		e.lasted_ns = t->broke.gap_ns;
	} else if (leaves_out(report) && report->window_ns >= GAP_NS) {
		e.lasted_ns = report->window_ns;
	} else {
		return;
	}
	event_log_add(&t->log, &e);
}

/* What is to be known of the time of the window itself. */
static void add_time(struct history *t, const struct report *report)
{
	const int64_t step_ns =
		report->before ? clock_step_ns(report->before, report->snapshot) : 0;
	struct event e = make_event(t, report, EVENT_BLIND, NULL, NULL);

	e.lasted_ns = report->snapshot->blind_ns;
	if (e.lasted_ns && report->before)
		event_log_add(&t->log, &e);
	e.kind = EVENT_CLOCK;
	e.lasted_ns = 0;
	e.set_ns = step_ns;
	if (step_ns)
		event_log_add(&t->log, &e);
}

void history_add(struct history *t, const struct report *report)
{
	const uint64_t n = t->time.n++;
	enum severity of_members, of_groups;
	struct goings goings = { 0 };

	*timeline_at(&t->time, n) = (struct timeline_window){
		.end_ns = (n ? timeline_end(&t->time, n - 1) : 0) + t->broke.gap_ns +
			  report->window_ns,
		.length_ns = report->window_ns,
		.partial = leaves_out(report) || (report->before && report->snapshot->blind_ns),
	};
	add_gap(t, report);
	add_time(t, report);
	t->broke = (struct history_break){ 0 };
	counter_past_add(&t->counters, report, n, &t->memory);
	row_past_add(&t->rows, report);
	find_goings(t, report, &goings);
	find_lost_netns(t, report);
	find_comings(t, report, &goings);
	free(goings.list);
	idmap_free(&goings.by_group);
	of_members = add_incidents(t, report, false);
	of_groups = add_incidents(t, report, true);
	add_to_time_map(t, report, of_members < of_groups ? of_members : of_groups);
	forget(t, report);
}

struct history_fill history_fill(const struct history *t, const struct row *row, size_t back)
{
	struct history_fill fill = { 0 };
	uint64_t n;

	fill.known = back < HISTORY_WINDOWS && timeline_find(&t->time, back, &n) &&
		     row_past_fill(&t->rows, row_id(row), n, &fill.fill);
	return fill;
}

double history_overflow_rate(const struct history *t, const struct row *row, size_t back)
{
	const struct sick *s = row_past_sick(&t->rows, row_id(row));
	uint64_t n, overflows, length_ns;

	if (listener_is_unix(row->listener) || back >= HISTORY_WINDOWS ||
	    !timeline_find(&t->time, back, &n) || !row_past_had(&t->rows, row_id(row), n))
		return -1;
	length_ns = timeline_length(&t->time, n);
	overflows = s ? incidents_overflows(s->incidents, n) : 0;
	if (!length_ns || overflows == UINT64_MAX)
		return -1;
	return (double)overflows * (double)NSEC_PER_SEC / (double)length_ns;
}

struct history_time history_full(const struct history *t, const struct row *row, size_t back)
{
	const struct sick *s = row_past_sick(&t->rows, row_id(row));
	uint64_t n;

	if (!s || !timeline_find(&t->time, back, &n))
		return (struct history_time){ 0 };
	return incidents_full(s->incidents, &t->time, n);
}

static struct opt_u64 delta_of(const struct history *t, const struct netns *ns, enum counter_id id,
			       size_t back, uint64_t *length_ns)
{
	uint64_t n;

	if (back >= HISTORY_WINDOWS || !timeline_find(&t->time, back, &n))
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
	for (; back < HISTORY_WINDOWS && timeline_find(&t->time, back, &n); back++) {
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
	for (size_t i = 0; i < t->rows.n_sick; i++)
		incidents_restart_sums(t->rows.sick[i].incidents);
}

struct history_sums history_row_sums(const struct history *t, const struct row *row, size_t back)
{
	const struct track *track = row_past_track(&t->rows, row_id(row));
	const struct sick *s = row_past_sick(&t->rows, row_id(row));
	const bool tcp = !listener_is_unix(row->listener);
	struct history_sums sums = { 0 };
	uint64_t n, begin_ns;

	if (!track || !timeline_find(&t->time, back, &n) || n < t->sums_begin)
		return sums;
	begin_ns = track->first_ns > t->sums_ns ? track->first_ns : t->sums_ns;
	if (timeline_end(&t->time, n) <= begin_ns)
		return sums;
	sums.covered_ns = timeline_end(&t->time, n) - begin_ns;
	if (s) {
		incidents_sums(s->incidents, t->sums_begin, n, &sums);
		return sums;
	}
	/* It lost none, or that is unknown in each window. */
	sums.overflows.known = tcp && row->window->overflows.known;
	sums.drops.known = tcp && row->window->drops.known;
	return sums;
}

uint64_t history_span(const struct history *t, size_t back, size_t windows, size_t *known)
{
	uint64_t span = 0, n;

	for (*known = 0; *known < windows && back + *known < HISTORY_WINDOWS &&
			 timeline_find(&t->time, back + *known, &n);
	     ++*known)
		span += timeline_length(&t->time, n);
	return span;
}

struct history_recent history_recent(const struct history *t, const struct row *row, size_t back,
				     uint64_t span_ns, enum reason cause)
{
	const struct sick *s = row_past_sick(&t->rows, row_id(row));
	struct history_recent recent = { 0 };
	uint64_t n, now_ns;

	if (!timeline_find(&t->time, back, &n))
		return recent;
	now_ns = timeline_end(&t->time, n);
	if (span_ns > HISTORY_GAP_NS)
		span_ns = HISTORY_GAP_NS;
	for (; timeline_find(&t->time, back, &n) && now_ns - timeline_end(&t->time, n) < span_ns &&
	       back < HISTORY_WINDOWS && row_past_had(&t->rows, row_id(row), n);
	     back++) {
		recent.windows++;
		recent.sick += s && incidents_sick(s->incidents, n);
		if (s && cause < REASON_N && incidents_had(s->incidents, n, cause)) {
			recent.with_cause++;
			recent.since_cause = recent.windows;
		}
	}
	return recent;
}

static struct memory recall_gone(const struct history *t, const struct row *row, uint64_t n)
{
	const struct ghost *ghost = ghosts_find(&t->ghosts, row_id(row));
	const struct sick *s = row_past_sick(&t->rows, row_id(row));
	struct memory m = { .state = row->last_state }, before;
	const uint64_t now_ns = timeline_end(&t->time, n);

	if (s && n) {
		before = incidents_recall(s->incidents, &t->time, n, STATE_OK, 0);
		if (before.kind == MEMORY_WAS)
			m = before;
	}
	m.open_ns = 0;
	m.closed = false;
	m.kind = ghost && ghost->brief ? MEMORY_NONE : MEMORY_GONE;
	m.state = ghost ? ghost->state : row->last_state;
	m.reasons = ghost ? ghost->reasons : 0;
	m.ago_ns = ghost && ghost->gone_ns < now_ns ? now_ns - ghost->gone_ns : 0;
	if (!state_is_sick(m.state))
		m.lasted = (struct history_time){ 0 };
	restarts_recall(&t->restarts, row_group_id(row), timeline_end(&t->time, n), &m);
	m.replaced = m.kind == MEMORY_RESTARTS && ghost && ghost->returned <= n;
	return m;
}

struct memory history_memory(const struct history *t, const struct row *row, size_t back)
{
	struct memory m = { .state = row->state, .reasons = row->reasons };
	const struct sick *s;
	uint64_t n;

	if (t && timeline_find(&t->time, back, &n)) {
		if (row->gone)
			return recall_gone(t, row, n);
		s = row_past_sick(&t->rows, row_id(row));
		if (s)
			m = incidents_recall(s->incidents, &t->time, n, row->state, row->reasons);
		restarts_recall(&t->restarts, row_group_id(row), timeline_end(&t->time, n), &m);
		if (s || m.kind == MEMORY_RESTARTS)
			return m;
	}
	m.state = row->gone ? row->last_state : row->state;
	m.kind = row->gone ? MEMORY_GONE : state_is_sick(row->state) ? MEMORY_SICK : MEMORY_NONE;
	m.overflows = row->window->overflows;
	m.losses = row->window->losses;
	if (m.kind != MEMORY_NONE)
		m.peak = row_worst_fill(row);
	return m;
}

static void mark_well(const struct history *t, struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rows[i].well = rows[i].state == STATE_OK && !rows[i].gone &&
			       !(t->rows.n_sick && row_past_sick(&t->rows, row_id(&rows[i]))) &&
			       !(t->restarts.n &&
				 restarts_sum(&t->restarts, row_group_id(&rows[i]), UINT64_MAX).n);
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

		n += memory_is_sick(&m);
	}
	return n;
}

size_t history_gone(struct history *t, const struct report *report, size_t back, struct row ***rows)
{
	uint64_t n, now_ns;

	if (!timeline_find(&t->time, back, &n)) {
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
	s = row_past_sick(&t->rows, row_id(row));
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

struct timespec history_events_cut(const struct history *t)
{
	return t->log.cut;
}

void history_time_map(const struct history *t, struct time_map_cell *cells, size_t n,
		      uint64_t span_ns)
{
	time_map_fill(&t->time, &t->log, cells, n, span_ns);
}

size_t history_time_map_find(const struct history *t, size_t back, size_t n, uint64_t span_ns)
{
	return time_map_find(&t->time, back, n, span_ns);
}

size_t history_back_at(const struct history *t, uint64_t age_ns)
{
	size_t back = 0;
	uint64_t n;

	while (timeline_find(&t->time, back + 1, &n) &&
	       timeline_end(&t->time, newest(t)) - timeline_end(&t->time, n + 1) < age_ns)
		back++;
	return back;
}

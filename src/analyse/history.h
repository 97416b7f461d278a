/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_HISTORY_H
#define LISTENQ_ANALYSE_HISTORY_H

#include "analyse/event_log.h"
#include "analyse/incidents.h"
#include "analyse/report.h"
#include "analyse/time_map.h"

/*
 * What the past reports of a repeating view had: how full each queue was, when a listener was sick
 * and how many connections it lost meanwhile, what happened when, and what the counters did.
 * Windows are counted backwards: 0 is that of the newest report, @back one of these numbers.
 * Nothing is known from before the oldest one. No verdict reads the history: it is laid over a
 * report.
 */
struct history;

/*
 * The most memory that fills, states and counters of all windows take, in bytes. Where more is
 * needed, the oldest windows are forgotten, first those of listeners that are well. Besides, each
 * listener takes 0.1 kB, and a few thousand that were sick, events and what is gone take 1 MB.
 */
#define HISTORY_BYTES (8u << 20)

struct history *history_new(void);
void history_free(struct history *t);

/*
 * history_add() - add the next report, in order of time. Its opening sample, report->before, is
 * read too.
 */
void history_add(struct history *t, const struct report *report);

/*
 * history_break() - begin a new run: the next report has nothing to do with those before it. What
 * is known of listeners and counters is forgotten; events and the time map stay, and say so.
 */
struct history_break {
	uint64_t gap_ns; /* from the report before to the next one; 0: unknown */
	bool boot; /* the host booted meanwhile, or it is another one */
};
void history_break(struct history *t, const struct history_break *b);

/* Bytes of memory that it takes, without texts. */
size_t history_bytes(const struct history *t);

/*
 * history_span() - return the time, in ns, that @windows windows cover, up to window @back.
 * @known: set to how many of them the history has
 */
uint64_t history_span(const struct history *t, size_t back, size_t windows, size_t *known);

/*
 * history_fill() - return the row_worst_fill() of a listener in one window, rounded down to half a
 * percent. Unknown where the history lacks the window or the report the listener.
 */
struct history_fill {
	uint64_t fill;
	bool known;
};
struct history_fill history_fill(const struct history *t, const struct row *row, size_t back);

/* Its overflows in one window, a second, at the most; -1: unknown, as of a UNIX listener. */
double history_overflow_rate(const struct history *t, const struct row *row, size_t back);

/* How long every window saw its queue full, and none saw it empty, up to the end of window @back.
 */
struct history_time history_full(const struct history *t, const struct row *row, size_t back);

/* What a counter rose by in one window, a second; -1: unknown. */
double history_rate(const struct history *t, const struct netns *ns, enum counter_id id,
		    size_t back);

/*
 * history_sum() - return what a counter rose by in the windows that cover about @span_ns, up to the
 * end of window @back. Unknown if it is unknown in one of them.
 * history_restart_sums() - leave all windows so far out of future sums.
 * @covered_ns: set to the time that these windows cover
 */
struct opt_u64 history_sum(const struct history *t, const struct netns *ns, enum counter_id id,
			   size_t back, uint64_t span_ns, uint64_t *covered_ns);
void history_restart_sums(struct history *t);

/* What the past says of a row, beside its report; see memory.h. @t: NULL: nothing */
struct memory history_memory(const struct history *t, const struct row *row, size_t back);

/*
 * history_mark_well() - set row.well of the rows and members of @report whose memory is MEMORY_NONE
 * in every window, as that of most is: a view looks at all rows several times. history_add() makes
 * the marks out of date.
 */
void history_mark_well(const struct history *t, struct report *report);

/* How many members of a folded group are sick, or held so; 0 of a listener. */
size_t history_sick_members(const struct history *t, const struct row *row, size_t back);

/*
 * How many windows of the last HISTORY_GAP_NS, or of the last @span_ns if that is shorter, there
 * are; in how many of them it was sick, and in how many with @cause, unless that is REASON_N.
 */
struct history_recent {
	unsigned int sick, with_cause, windows;
	unsigned int since_cause; /* windows from the first one with @cause on */
};
struct history_recent history_recent(const struct history *t, const struct row *row, size_t back,
				     uint64_t span_ns, enum reason cause);

/* What a row lost since the first report, or since history_restart_sums(). */
struct history_sums history_row_sums(const struct history *t, const struct row *row, size_t back);

/*
 * history_gone() - rows of listeners that went within HISTORY_WAS_NS and that @report, the one of
 * window @back, does not have. They have no owners: history_process() knows the name. They are
 * valid until the next call, and their namespace is one of @report or of the history.
 * Returns how many.
 */
size_t history_gone(struct history *t, const struct report *report, size_t back,
		    struct row ***rows);

/* The name of the process that held it when last seen; NULL: unknown. Any bytes. */
const char *history_process(const struct history *t, const struct row *row);

/*
 * history_events() - how many events there are up to window @back.
 * history_event() - the @i-th of them, 0 the newest. Valid until history_add().
 * history_event_back() - windows from the newest one to that of the event; SIZE_MAX: forgotten
 * Where there are too many, those of listeners go first that the selection of the report, see
 * report_select(), leaves out.
 */
size_t history_events(const struct history *t, size_t back);
const struct event *history_event(const struct history *t, size_t back, size_t i);
size_t history_event_back(const struct history *t, const struct event *e);

/* The newest of the events of sick listeners that are not kept any more; 0: all are. */
struct timespec history_events_cut(const struct history *t);

/* The time map, see time_map.h: @n cells of equal time; and the cell of window @back. */
void history_time_map(const struct history *t, struct time_map_cell *cells, size_t n,
		      uint64_t span_ns);
size_t history_time_map_find(const struct history *t, size_t back, size_t n, uint64_t span_ns);

/* Windows from the newest one to the one that ended @age_ns before it, or the oldest there is. */
size_t history_back_at(const struct history *t, uint64_t age_ns);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_HISTORY_H
#define LISTENQ_ANALYSE_HISTORY_H

#include "analyse/report.h"

/*
 * What the past reports of a repeating view had: how full each queue was, how long a listener has
 * been sick, and what the counters did. Windows are counted backwards: 0 is that of the newest
 * report. Nothing is known from before the oldest one.
 */
struct history;

#define HISTORY_WINDOWS 640 /* ten minutes of one second each, and a screen's width before them */

struct history *history_new(void);
void history_free(struct history *t);

/* Adds the next report, in order of time. */
void history_add(struct history *t, const struct report *report);

/*
 * history_span() - return the time, in ns, that @windows windows cover, up to window @back.
 * @known: set to how many of them the history has
 */
uint64_t history_span(const struct history *t, size_t back, size_t windows, size_t *known);

/*
 * history_fill() - return the row_worst_fill() of a listener in one window, rounded down to half a
 * percent: 1.0 is full. Unknown where the history lacks the window or the report the listener.
 */
struct history_fill {
	double fill;
	bool known;
};
struct history_fill history_fill(const struct history *t, const struct row *row, size_t back);

/* How long something has lasted. */
struct history_time {
	uint64_t ns;
	bool known; /* false: it did not happen in window @back */
	bool at_least; /* it may have begun before the first report */
};

/* How long the listener has been sick, see state_is_sick(), up to the end of window @back. */
struct history_time history_sick(const struct history *t, const struct row *row, size_t back);

/* How long every window saw its queue full at some time, up to the end of window @back. */
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

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_HISTORY_H
#define LISTENQ_ANALYSE_HISTORY_H

#include "analyse/report.h"

/*
 * What the reports of a repeating view said: how full each queue was, since when a listener is not
 * well, and what the counters did. Windows are counted backwards: 0 is that of the newest report.
 * What was before the oldest one is unknown.
 */
struct history;

#define HISTORY_WINDOWS 640 /* ten minutes of one second each, and a screen's width before them */

/* An empty one. */
struct history *history_new(void);
void history_free(struct history *t);

/* Adds the next report; they have to come in order. */
void history_add(struct history *t, const struct report *report);

/*
 * history_span() - the time that @windows windows cover, window @back being the last.
 * @known: how many of them there are
 */
uint64_t history_span(const struct history *t, size_t back, size_t windows, size_t *known);

/*
 * history_fill() - highest known fill of a listener in one window, see row_worst_fill(), in steps
 * of half a percent, rounded down: 1.0 is full. Unknown when that window is, or when the listener
 * was not there.
 */
struct history_fill {
	double fill;
	bool known;
};
struct history_fill history_fill(const struct history *t, const struct row *row, size_t back);

/* How long something has lasted. */
struct history_time {
	uint64_t ns;
	bool known; /* false: it is not so */
	bool at_least; /* it may have begun before the first report */
};

/* How long the listener has not been well, see state_is_sick(), up to the end of window @back. */
struct history_time history_sick(const struct history *t, const struct row *row, size_t back);

/* How long its queue has been full at some time of every window, up to the end of window @back. */
struct history_time history_full(const struct history *t, const struct row *row, size_t back);

/* A counter of the namespace in one window as a rate a second; -1: unknown. */
double history_rate(const struct history *t, const struct netns *ns, enum counter_id id,
		    size_t back);

/*
 * history_sum() - what a counter rose by in the windows that cover about @span_ns, up to the end of
 * window @back. Unknown when it is in one of them. history_restart_sums() makes sums begin anew.
 * @covered_ns: the time that these windows cover
 */
struct opt_u64 history_sum(const struct history *t, const struct netns *ns, enum counter_id id,
			   size_t back, uint64_t span_ns, uint64_t *covered_ns);
void history_restart_sums(struct history *t);

#endif

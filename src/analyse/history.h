/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_HISTORY_H
#define LISTENQ_ANALYSE_HISTORY_H

#include "analyse/report.h"

/*
 * What the reports of a repeating view said, one after the other: how full each queue was, since
 * when a listener is in trouble, and what the counters did in the last minute. Windows are counted
 * backwards: 0 is that of the newest report. What lies before the oldest one is not known.
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

/* How many windows are known. */
size_t history_windows(const struct history *t);

/*
 * history_fill() - highest known fill of a listener in one window, see row_worst_fill().
 *
 * In steps of half a percent, rounded down, so that 1.0 always means full; at most 1.0. Unknown
 * when that window is, or when the listener was not there.
 */
struct history_fill {
	double fill;
	bool known;
};
struct history_fill history_fill(const struct history *t, const struct row *row, size_t back);

/* How long something has lasted; with @at_least it may have begun before anybody looked. */
struct history_time {
	uint64_t ns;
	bool known; /* false: it is not so */
	bool at_least;
};

/* How long the listener's state has not been "ok", up to the end of window @back. */
struct history_time history_sick(const struct history *t, const struct row *row, size_t back);

/* How long its queue has been full at some time of every window, up to the end of window @back. */
struct history_time history_full(const struct history *t, const struct row *row, size_t back);

/* What a counter of the namespace rose by in one window. */
struct opt_u64 history_delta(const struct history *t, const struct netns *ns, enum counter_id id,
			     size_t back);

/* The same as a rate a second, so that windows of different lengths compare; -1: unknown. */
double history_rate(const struct history *t, const struct netns *ns, enum counter_id id,
		    size_t back);

/*
 * history_sum() - what it rose by in the windows that cover @span_ns, or nearly, up to the end of
 * window @back.
 * @covered_ns: the time that these windows really cover
 *
 * Not known when one of them is not. history_restart_sums() makes sums begin anew.
 */
struct opt_u64 history_sum(const struct history *t, const struct netns *ns, enum counter_id id,
			   size_t back, uint64_t span_ns, uint64_t *covered_ns);
void history_restart_sums(struct history *t);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_TIMELINE_H
#define LISTENQ_ANALYSE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * When the windows of a run were: each begins where the one before it ended, but for the first one
 * of a new run. Times are nanoseconds since the first report, the end of window 0, which has no
 * length.
 */
#define TIMELINE_WINDOWS 8192 /* ten minutes of windows of 75 ms */

/* How many have all that a history keeps: ten minutes of one second each, and a screen's width. */
#define HISTORY_WINDOWS 640

struct timeline_window {
	uint64_t end_ns;
	uint64_t length_ns;
	float rate; /* ListenOverflows a second, of all namespaces */
	uint8_t severity; /* enum severity: the worst of any listener */
	/* Samples of it were left out, or it was mostly unseen: what was well may not have been so
	 * all along. */
	bool partial;
};

struct timeline {
	uint64_t n; /* windows so far, of which the last TIMELINE_WINDOWS are here */
	uint64_t begin; /* the first one of this run, see history_break() */
	struct timeline_window list[TIMELINE_WINDOWS];
};

static inline struct timeline_window *timeline_at(struct timeline *t, uint64_t n)
{
	return &t->list[n % TIMELINE_WINDOWS];
}

static inline bool timeline_has(const struct timeline *t, uint64_t n)
{
	return n < t->n && t->n - n <= TIMELINE_WINDOWS;
}

/* timeline_find() - the number of the window that is @back before the newest; false: it is not here
 */
static inline bool timeline_find(const struct timeline *t, size_t back, uint64_t *n)
{
	*n = t->n - 1 - back;
	return back < t->n && timeline_has(t, *n);
}

/* Of a window that it has. */
static inline uint64_t timeline_end(const struct timeline *t, uint64_t n)
{
	return t->list[n % TIMELINE_WINDOWS].end_ns;
}

static inline uint64_t timeline_length(const struct timeline *t, uint64_t n)
{
	return t->list[n % TIMELINE_WINDOWS].length_ns;
}

static inline uint64_t timeline_begin(const struct timeline *t, uint64_t n)
{
	return timeline_end(t, n) - timeline_length(t, n);
}

#endif

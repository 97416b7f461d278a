/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_TIMELINE_H
#define LISTENQ_ANALYSE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * When the windows of a run were: each begins where the one before it ended. Times are nanoseconds
 * since the first report, the end of window 0, which has no length.
 */
#define TIMELINE_WINDOWS 8192 /* ten minutes of windows of 75 ms */

/* How many have all that a history keeps: ten minutes of one second each, and a screen's width. */
#define HISTORY_WINDOWS 640

struct timeline_window {
	uint64_t end_ns;
	uint64_t length_ns;
	float rate; /* ListenOverflows a second, of all namespaces */
	uint8_t severity; /* enum severity: the worst of any listener */
};

struct timeline {
	uint64_t n; /* windows so far, of which the last TIMELINE_WINDOWS are here */
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_CLOCK_STEPS_H
#define LISTENQ_ANALYSE_CLOCK_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_STEPS_MAX 4096

/*
 * When the clock was set, and by how much. Times are straight: by the clock as it was at the
 * beginning, as if nobody had set it.
 */
struct clock_step {
	struct timespec wall; /* the end of the window in which it was set */
	int64_t ns; /* by how much; negative: back */
	bool unknown; /* at a boot: by so much at least */
};

struct clock_steps {
	struct clock_step list[CLOCK_STEPS_MAX]; /* the last one has those after it too */
	size_t n; /* may be more than are kept */
	int64_t set_ns; /* by how much the clock was set so far */
};

/* @wall: of the first sample with the clock as it was set */
void clock_steps_add(struct clock_steps *s, struct timespec wall, int64_t ns, bool unknown);

/* The straight time of what the clock shows now; and what it showed at a straight time. */
struct timespec clock_steps_straight(const struct clock_steps *s, struct timespec wall);
struct timespec clock_steps_wall(const struct clock_steps *s, struct timespec t);

#endif

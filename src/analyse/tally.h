/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_TALLY_H
#define LISTENQ_ANALYSE_TALLY_H

#include "analyse/row.h"

#include <time.h>

/* What a postmortem sums up over windows. */

/* The highest of some windows. */
struct postmortem_most {
	bool known; /* in one window at least */
	uint64_t value;
	struct opt_u64 of; /* how many make it full */
	struct timespec wall; /* the end of the window */
};

/* A sum over windows: at least min; at most max, if it is known in all of them. */
struct postmortem_sum {
	uint64_t min, max;
	uint32_t known, unknown; /* in how many windows it is */
	uint32_t
		outside; /* in which it is unknown, and which may be outside of what is summed up */
};

/* The longest row of windows without a gap in which something was so. */
struct postmortem_stretch {
	uint64_t ns; /* 0: there was none */
	struct timespec end;
	uint64_t now_ns; /* of the row that may go on */
};

#define POSTMORTEM_WARNINGS 32

struct postmortem_warnings {
	struct postmortem_warning {
		char *code, *message;
		uint32_t windows;
		struct timespec first;
	} list[POSTMORTEM_WARNINGS];
	size_t n;
	uint64_t left_out; /* there were more; one counts in each of its windows */
};

/* @of: how many make it full; @wall: the end of the window */
void tally_most(struct postmortem_most *most, uint64_t value, struct opt_u64 of,
		struct timespec wall);

/* @again: of a window that was counted before */
void tally_sum(struct postmortem_sum *sum, bool known, uint64_t min, uint64_t max, bool again);

/*
 * tally_sum_outside() - the same, of a window that may be outside of what is summed up.
 * tally_settle() - those so far were within, or not.
 */
void tally_sum_outside(struct postmortem_sum *sum, bool known, uint64_t min, uint64_t max,
		       bool again);
void tally_settle(struct postmortem_sum *sum, bool within);

void tally_raise(struct opt_u64 *most, struct opt_u64 value);

/* Was it so in the next window, too? */
void tally_stretch(struct postmortem_stretch *s, bool so, uint64_t window_ns, struct timespec wall);

/* Those of a window that ends at @wall; what a postmortem has as a gap, or counts, is left out. */
void tally_warnings(struct postmortem_warnings *to, const struct snapshot *s, struct timespec wall);
void tally_warnings_free(struct postmortem_warnings *w);

#endif

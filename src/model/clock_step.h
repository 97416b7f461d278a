/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_CLOCK_STEP_H
#define LISTENQ_MODEL_CLOCK_STEP_H

#include "base/text.h"
#include "model/snapshot.h"

/*
 * clock_step_ns() - return by how many ns the wall clock was set from one sample to a later one of
 * the same boot: so much further than CLOCK_MONOTONIC it went, which nobody sets. Negative: it was
 * set back. 0: by a second at most, as for a leap second, or unknown. Slewing moves both clocks
 * alike.
 *
 * While a host is suspended CLOCK_MONOTONIC stands, and the wall clock seems to be set forward.
 */
int64_t clock_step_ns(const struct snapshot *before, const struct snapshot *now);

/* Adds "the clock was set back by 1h0m". */
void clock_step_add(struct strbuf *to, int64_t step_ns);

/*
 * Adds the warning "clock-step" to @now, if it was set, with which it is not saved. @before: NULL:
 * there is no window
 */
void clock_step_warn(struct snapshot *now, const struct snapshot *before);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_UNPLACED_H
#define LISTENQ_OUTPUT_UNPLACED_H

#include "output/metric.h"
#include "output/threshold.h"

/*
 * What a namespace lost at a listener that a check cannot name: several may have dropped it, or one
 * that is gone. A listener that was started again has a value of its own, not that of the one
 * before it, so a metric that is low may be so for want of a listener to add to.
 */
struct unplaced {
	/* Overflows, at most, at listeners that are overflowing: looked at, and others. */
	uint64_t here, elsewhere;
	uint64_t values; /* sum of what --metric=overflows says of each listener */
	uint64_t losses; /* certain ones that no listener which is still here can have had */
	bool candidate; /* may a listener that was to be looked at have had what is left? */
	bool looked_at; /* is any listener, or was one that is gone? */
	bool may_alert; /* would the thresholds at it, if it had? */
};

/* What is asked of each listener that is shown. */
struct unplaced_question {
	const struct metric *metric;
	const struct threshold *warning, *critical;
	bool chosen; /* a filter or an option leaves listeners out */
};

/*
 * unplaced_find() - an array with an element for each namespace of the report, to be freed. Those
 * that lost nothing are zeroed.
 */
struct unplaced *unplaced_find(const struct report *report, const struct unplaced_question *ask,
			       struct field_context *context);

#endif

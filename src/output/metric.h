/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_METRIC_H
#define LISTENQ_OUTPUT_METRIC_H

#include "output/fields.h"

/*
 * The metric table: the one place where a metric of --check is added, with an identifier here and a
 * row in metric.c. --help comes from it; the manual and the completions are tested against it.
 */
enum metric_id {
	METRIC_FILL,
	METRIC_QUEUE,
	METRIC_DROPS,
	METRIC_OVERFLOWS,
	METRIC_LOSSES,
	METRIC_SYNRECV,
	METRIC_OLDEST_WAIT,
	METRIC_N
};

struct metric {
	const char *name;
	enum field_id field;
	enum field_id peak; /* its highest value in the window; without one the same field */
	const char *unit; /* of performance data: "%", "s" or "" */
	const char *what; /* in a sentence */
};

extern const struct metric metric_table[METRIC_N];

/* Returns the metric of that name, or NULL with @why filled, which begins with @option. */
const struct metric *metric_find(const char *name, const char *option, struct error *why);

/* What the metric costs: enum need. */
unsigned int metric_needs(const struct metric *metric);

/*
 * metric_get() - the value for a row that is not gone, as a threshold compares it.
 *
 * Returns false if it is unknown. The fill is in percent. A queue in which no connection waits has
 * an oldest wait of 0. Of overflows and losses that are bounds, it is the lower one, but the upper
 * one where the queue was seen full, as for the state of the row.
 */
bool metric_get(const struct metric *metric, const struct row *row, const struct report *report,
		struct field_context *context, double *value);

/* The value in few digits, never rounded up: milliseconds, or hundredths of a percent. */
double metric_round(const struct metric *metric, double value);

/* Adds a value with its unit. */
void metric_add(struct strbuf *b, const struct metric *metric, double value);

#endif

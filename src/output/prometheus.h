/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_PROMETHEUS_H
#define LISTENQ_OUTPUT_PROMETHEUS_H

#include "model/sums.h"
#include "output/fields.h"

#include <stdio.h>

struct prometheus_style {
	uint64_t began_ns; /* CLOCK_MONOTONIC when the closing sample was begun; 0: unknown */
	const struct sums *sums; /* NULL: none are kept */
};

/* What a report costs in this format: enum need. */
unsigned int prometheus_needs(void);

/*
 * prometheus_print() - print a report, whose SO_REUSEPORT groups are folded, in the text format
 * 0.0.4 of Prometheus: the families of a table, each with the samples of all listeners together.
 * What is unknown has no sample, and a family without samples is left out.
 * Errors stay in the stream.
 */
void prometheus_print(FILE *stream, const struct report *report,
		      const struct prometheus_style *style, struct field_context *context);

/*
 * prometheus_take() - before a report is printed: add what its window has of the listeners that are
 * shown to @sums, and warn in its sample @now if some get no series.
 * @sums: NULL: none are kept
 */
void prometheus_take(const struct report *report, struct snapshot *now, struct sums *sums);

#endif

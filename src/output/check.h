/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_CHECK_H
#define LISTENQ_OUTPUT_CHECK_H

#include "output/metric.h"
#include "output/threshold.h"

#include <stdio.h>

/*
 * A report as a plugin of a monitoring daemon prints it: one line that names the worst listener and
 * what is wrong with it, with performance data, and lines about the rest.
 */

/* How that line begins when there is no report. */
#define CHECK_FAILED "LISTENQ UNKNOWN - "

/* Daemons cut what plugins print. */
#define CHECK_BYTES 4096

/* The exit statuses. */
enum check_status { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };

/* What the user wants to know. */
struct check_config {
	const struct metric *metric; /* of the performance data, too; NULL: fill */
	/* Of the metric. Without either, the states of the listeners decide. */
	struct threshold warning, critical;
	bool chosen; /* a filter or an option leaves listeners out */
	bool allow_empty; /* no listener is OK */
	bool verbose; /* what states and reasons mean, too */
};

/* What the report costs: enum need. */
unsigned int check_needs(const struct check_config *config);

/*
 * check_print() - print the report, whose rows are sorted, in less than CHECK_BYTES. Errors stay in
 * the stream. Nobody is paged for a queue that is full for a moment, or for a SYN of a scanner:
 * what is critical is said in check_listenq(8).
 * @text_flags: enum text_flags, for names
 */
enum check_status check_print(FILE *stream, const struct report *report,
			      const struct check_config *config, unsigned int text_flags,
			      struct field_context *context);

/*
 * check_add_text() - add foreign text to what a plugin prints: safe for a terminal, and without
 * "|", which begins performance data.
 */
void check_add_text(struct strbuf *to, const char *text, unsigned int text_flags);

#endif

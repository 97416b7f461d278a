/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_FORMAT_H
#define LISTENQ_OUTPUT_FORMAT_H

#include "output/incident.h"
#include "output/prometheus.h"
#include "output/table.h"

#include <stdio.h>

struct check_config;

/* How to print a report. */
struct format_style {
	const struct columns *columns;
	struct table_style table;
	struct prometheus_style prometheus;
	const struct check_config *check;
	struct incident_style incident;
	struct postmortem *postmortem; /* of all windows; for a format that wants it */
	bool repeated; /* one report of many: tables get the time above, JSON is on one line */
};

enum format_id {
	FORMAT_TABLE,
	FORMAT_JSON,
	FORMAT_CHECK,
	FORMAT_PROMETHEUS,
	FORMAT_INCIDENT,
	FORMATS
};

/* To add a format: an id, a row of format_table, and a row of the option table that chooses it. */
struct format {
	/* What a report costs: enum need. */
	unsigned int (*needs)(const struct format_style *style);
	/*
	 * Is called before a report is printed, which may fail: keeps what has to be kept of it in
	 * @sums, which may be NULL, and may add warnings to its sample @now. NULL: nothing to do
	 */
	void (*take)(const struct report *report, struct snapshot *now, struct sums *sums);
	/* Returns the exit status that follows from the report. Errors stay in the stream. */
	int (*print)(FILE *stream, const struct report *report, const struct format_style *style,
		     struct field_context *context);
	bool folds; /* each SO_REUSEPORT group is one row */
	bool instant; /* no window unless the user asks for one */
	bool holds_totals; /* of the counters; false: what they rose by in a window is all */
	bool last; /* of a recording, only the last window is of interest */
	bool postmortem; /* of a recording, it is one report about all windows */
	bool holds_warnings; /* warnings are part of it; false: they go to standard error */
	double walk_share; /* of one CPU, for dumps of the ehash with --watch; 0: one a sample */
	mode_t mode; /* a new file has these bits of its mode, whatever the umask is */
	/* Exit statuses: a report could not be taken or written, bad command line, --help. */
	int failure, usage, information;
	/* How a line about an error begins, on standard output; NULL: it is for standard error. */
	const char *failed;
};

extern const struct format format_table[FORMATS];

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_FORMAT_H
#define LISTENQ_OUTPUT_FORMAT_H

#include "output/table.h"

#include <stdio.h>

/* What a format may need to know to print a report. */
struct format_style {
	const struct columns *columns;
	struct table_style table;
	bool repeated; /* one report of many: each says when it was taken, JSON takes one line */
};

enum format_id { FORMAT_TABLE, FORMAT_JSON, FORMATS };

/* To add a format: an id, a row of format_table, and a row of the option table that chooses it. */
struct format {
	/* What a report costs: enum need. @footer: with what stands below a table */
	unsigned int (*needs)(const struct columns *columns, bool footer);
	/* Errors are left in the stream. */
	void (*print)(FILE *stream, const struct report *report, const struct format_style *style,
		      struct field_context *context);
	bool holds_warnings; /* they are part of the report; false: standard error gets them */
	int failure; /* exit status when a report could not be had or written */
};

extern const struct format format_table[FORMATS];

#endif

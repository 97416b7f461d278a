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

/* A format is added as one row of format_table and a function. */
struct format {
	const char *name;
	unsigned int needs; /* enum need: of every report */
	unsigned int footer_needs; /* and when it has a footer */
	bool every_field; /* it shows all that have a key; false: the chosen columns */
	bool holds_warnings; /* they are part of the report; false: standard error gets them */
	int failure; /* exit status when a report could not be had or written */
	/* Errors are left in the stream. */
	void (*print)(FILE *stream, const struct report *report, const struct format_style *style,
		      struct field_context *context);
};

extern const struct format format_table[FORMATS];

/* What a report with these columns needs: enum need. */
unsigned int format_needs(const struct format *format, const struct columns *columns, bool footer);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_FORMAT_H
#define LISTENQ_OUTPUT_FORMAT_H

#include "output/table.h"

#include <stdio.h>

/* How to print a report. */
struct format_style {
	const struct columns *columns;
	struct table_style table;
	bool repeated; /* one report of many: tables get the time above, JSON is on one line */
};

enum format_id { FORMAT_TABLE, FORMAT_JSON, FORMATS };

/* To add a format, add a row to format_table and a print function. */
struct format {
	const char *name;
	unsigned int needs; /* enum need: of every report */
	unsigned int footer_needs; /* enum need: in addition, for the footer */
	bool every_field; /* shows all fields that have a key; false: the chosen columns */
	bool holds_warnings; /* warnings are part of it; false: they go to standard error */
	int failure; /* exit status when a report could not be taken or written */
	/* Errors stay in the stream. */
	void (*print)(FILE *stream, const struct report *report, const struct format_style *style,
		      struct field_context *context);
};

extern const struct format format_table[FORMATS];

/* What a report with these columns needs: enum need. */
unsigned int format_needs(const struct format *format, const struct columns *columns, bool footer);

#endif

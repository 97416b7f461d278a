/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/format.h"

#include "base/clock.h"
#include "output/document.h"
#include "output/json.h"

#include <stdlib.h>

static void print_table(FILE *stream, const struct report *report, const struct format_style *style,
			struct field_context *context)
{
	bool apart = style->repeated && style->table.header;

	if (apart) {
		char time[CLOCK_TEXT_SIZE];

		clock_format_utc(report->snapshot->wall, 0, time);
		fprintf(stream, "%s\n", time);
	}
	table_print(stream, report, style->columns, &style->table, context);
	if (apart)
		fputc('\n', stream);
}

static void print_json(FILE *stream, const struct report *report, const struct format_style *style,
		       struct field_context *context)
{
	json_print(stream, report, style->repeated, context);
}

static unsigned int table_needs(const struct columns *columns, bool footer)
{
	return columns_needs(columns) |
	       (footer ? NEED_COUNTERS | NEED_SYSCTLS | NEED_WINDOW | NEED_NOT_SHOWN : 0);
}

/* It has every field, whatever the columns are. */
static unsigned int json_needs(const struct columns *columns, bool footer)
{
	unsigned int needs = document_needs();

	(void)columns;
	(void)footer;
	for (size_t i = 0; i < FIELD_N; i++)
		needs |= field_table[i].key ? field_table[i].needs : 0;
	return needs;
}

const struct format format_table[FORMATS] = {
	[FORMAT_TABLE] = {
		.needs = table_needs,
		.print = print_table,
		.failure = EXIT_FAILURE,
	},
	[FORMAT_JSON] = {
		.needs = json_needs,
		.print = print_json,
		.holds_totals = true,
		.holds_warnings = true,
		.failure = EXIT_FAILURE,
	},
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/format.h"

#include "base/clock.h"
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

const struct format format_table[FORMATS] = {
	[FORMAT_TABLE] = {
		.name = "table",
		.footer_needs = NEED_COUNTERS | NEED_SYSCTLS | NEED_WINDOW | NEED_NOT_SHOWN,
		.failure = EXIT_FAILURE,
		.print = print_table,
	},
	[FORMAT_JSON] = {
		.name = "json",
		.needs = NEED_COUNTERS | NEED_SYSCTLS | NEED_IDENTITY | NEED_NAMESPACES |
			 NEED_NETNS_PID | NEED_NOT_SHOWN,
		.every_field = true,
		.holds_warnings = true,
		.failure = EXIT_FAILURE,
		.print = print_json,
	},
};

unsigned int format_needs(const struct format *format, const struct columns *columns, bool footer)
{
	unsigned int needs = format->needs | (footer ? format->footer_needs : 0);

	if (!format->every_field)
		return needs | columns_needs(columns);
	for (size_t i = 0; i < FIELD_N; i++)
		needs |= field_table[i].key ? field_table[i].needs : 0;
	return needs;
}

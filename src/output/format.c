/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/format.h"

#include "base/clock.h"
#include "output/check.h"
#include "output/document.h"
#include "output/json.h"

#include <stdlib.h>

/* For a bad command line. */
#define EXIT_USAGE 2

static int print_table(FILE *stream, const struct report *report, const struct format_style *style,
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
	return EXIT_SUCCESS;
}

static int print_json(FILE *stream, const struct report *report, const struct format_style *style,
		      struct field_context *context)
{
	json_print(stream, report, style->repeated, context);
	return EXIT_SUCCESS;
}

static int print_check(FILE *stream, const struct report *report, const struct format_style *style,
		       struct field_context *context)
{
	return (int)check_print(stream, report, style->check, style->table.text_flags, context);
}

static int print_prometheus(FILE *stream, const struct report *report,
			    const struct format_style *style, struct field_context *context)
{
	prometheus_print(stream, report, &style->prometheus, context);
	return EXIT_SUCCESS;
}

static int print_incident(FILE *stream, const struct report *report,
			  const struct format_style *style, struct field_context *context)
{
	(void)report;
	(void)context;
	postmortem_end(style->postmortem);
	incident_print(stream, style->postmortem, &style->incident);
	return EXIT_SUCCESS;
}

static unsigned int table_needs(const struct format_style *style)
{
	return columns_needs(style->columns) |
	       (style->table.footer ? NEED_COUNTERS | NEED_SYSCTLS | NEED_WINDOW | NEED_NOT_SHOWN :
				      0);
}

/* It has every field, whatever the columns are. */
static unsigned int json_needs(const struct format_style *style)
{
	unsigned int needs = document_needs();

	(void)style;
	for (size_t i = 0; i < FIELD_N; i++)
		needs |= field_table[i].key ? field_table[i].needs : 0;
	return needs;
}

static unsigned int needs_of_check(const struct format_style *style)
{
	return check_needs(style->check);
}

static unsigned int families_needs(const struct format_style *style)
{
	(void)style;
	return prometheus_needs();
}

/* Samples are taken already. */
static unsigned int no_needs(const struct format_style *style)
{
	(void)style;
	return NEED_WINDOW;
}

const struct format format_table[FORMATS] = {
	[FORMAT_TABLE] = {
		.needs = table_needs,
		.print = print_table,
		.failure = EXIT_FAILURE,
		.usage = EXIT_USAGE,
		.information = EXIT_SUCCESS,
	},
	[FORMAT_JSON] = {
		.needs = json_needs,
		.print = print_json,
		.holds_totals = true,
		.holds_warnings = true,
		.failure = EXIT_FAILURE,
		.usage = EXIT_USAGE,
		.information = EXIT_SUCCESS,
	},
	[FORMAT_CHECK] = {
		.needs = needs_of_check,
		.print = print_check,
		.last = true,
		.holds_warnings = true,
		.folds = true,
		.failure = CHECK_UNKNOWN,
		.usage = CHECK_UNKNOWN,
		.information = CHECK_UNKNOWN,
		.failed = CHECK_FAILED,
	},
	[FORMAT_PROMETHEUS] = {
		.needs = families_needs,
		.take = prometheus_take,
		.print = print_prometheus,
		.last = true,
		.folds = true,
		.instant = true,
		.walk_share = 0.02, /* it may run for ever */
		.mode = 0444, /* another user runs node_exporter */
		.holds_totals = true,
		.failure = EXIT_FAILURE,
		.usage = EXIT_USAGE,
		.information = EXIT_SUCCESS,
	},
	[FORMAT_INCIDENT] = {
		.needs = no_needs,
		.print = print_incident,
		.folds = true,
		.postmortem = true,
		.holds_warnings = true,
		.failure = EXIT_FAILURE,
		.usage = EXIT_USAGE,
		.information = EXIT_SUCCESS,
	},
};

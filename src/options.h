/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OPTIONS_H
#define LISTENQ_OPTIONS_H

#include "analyse/filter.h"
#include "analyse/report.h"
#include "output/columns.h"
#include "output/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

#define WIDTH_OF_TERMINAL UINT64_MAX

/* The exit status for a bad command line. */
enum { EXIT_USAGE = 2 };

/* What the command line says. Strings point into argv. */
struct options {
	/* One member for each option. */
	bool inet, inet6;
	bool unix_too;
	bool fold; /* each SO_REUSEPORT group into one row */
	const char **namespaces; /* as typed; the array is owned */
	size_t n_namespaces, namespaces_size;
	bool all_namespaces;
	bool processes;
	bool extended;
	bool detail;
	const char *list; /* of columns, NULL: the default */
	bool all_columns;
	const struct field *sort; /* NULL: worst first */
	bool descending;
	bool resolve;
	double delay; /* seconds, 0: instant */
	bool watch;
	uint64_t count; /* reports to print, 0: no end */
	bool top;
	double peak_rate; /* fast samples a second */
	enum format_id format;
	bool no_header;
	const char *output_file; /* NULL: standard output */
	enum option_color color;
	bool ascii;
	bool mouse;
	uint64_t width; /* columns of the terminal, 0: no limit */
	bool strict;
	bool list_columns;
	bool raw;
	bool json_schema;
	bool help;
	bool version;

	/* Derived from these and from the words that are not options. */
	struct selection selection;
	struct columns columns;
	uint8_t family; /* of -4 or -6; selection.family may be that of the filter */
	struct strbuf filter; /* as typed; selection.filter is the parsed one */
	struct field_context filter_context;
	struct names filter_users; /* for the filter */
};

/*
 * options_parse() - parse the command line. Stops at --help and --version.
 *
 * Returns 0, or -EINVAL after printing what is wrong to standard error. In either case call
 * options_free().
 */
int options_parse(int argc, char **argv, struct options *options);
void options_free(struct options *options);

/* Prints --help. */
void options_print_help(FILE *stream);

#endif

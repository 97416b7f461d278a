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

/* The exit status of a command line that cannot be followed. */
enum { EXIT_USAGE = 2 };

/* What the command line says. Strings point into argv. */
struct options {
	/* One for each option, as given. */
	bool inet, inet6;
	bool unix_too;
	bool fold; /* SO_REUSEPORT groups, each into one row */
	const char **namespaces; /* as the user calls them; the array is owned */
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
	double peak_rate; /* a second */
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

	/* What they mean together. */
	struct selection selection;
	struct columns columns;
	int family; /* that -4 or -6 leaves; selection.family is also that of the filter */
	struct strbuf filter; /* as it was typed; parsed, it is selection.filter */
	struct field_context filter_context;
	struct names filter_users; /* looked up for the filter */
};

/*
 * options_parse() - the command line. After --help and --version nothing more is read.
 *
 * Returns 0, or -EINVAL after writing what is wrong and a pointer to --help on standard error. In
 * either case options_free() frees what @options owns.
 */
int options_parse(int argc, char **argv, struct options *options);
void options_free(struct options *options);

/* Prints --help. */
void options_print_help(FILE *stream);

#endif

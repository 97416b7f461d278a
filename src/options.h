/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OPTIONS_H
#define LISTENQ_OPTIONS_H

#include "analyse/filter.h"
#include "analyse/report.h"
#include "output/columns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_mode {
	MODE_REPORT,
	MODE_HELP,
	MODE_VERSION,
	MODE_LIST_COLUMNS,
	MODE_JSON_SCHEMA,
};

enum option_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

#define WIDTH_OF_TERMINAL SIZE_MAX

struct options {
	enum option_mode mode;
	struct selection selection;
	struct columns columns;
	int family; /* that -4 or -6 leaves; selection.family is also of the filter */
	struct strbuf filter; /* as it was typed; parsed, it is selection.filter */
	struct field_context filter_context;
	struct names filter_users; /* that it asks */
	const char **namespaces; /* as the user calls them; owned, what they point to is not */
	size_t n_namespaces, namespaces_size;
	bool all_namespaces;
	const struct field *sort; /* NULL: worst first */
	bool descending;
	bool header;
	bool json;
	bool processes; /* -p */
	bool resolve;
	bool detail;
	bool unix_too;
	bool fold; /* SO_REUSEPORT groups, each into one row */
	bool ascii;
	bool strict;
	bool watch;
	bool raw;
	bool top;
	bool mouse;
	enum option_color color;
	uint64_t count; /* reports to print, 0: no end */
	double delay; /* seconds, 0: instant */
	double peak_rate; /* a second */
	size_t width;
	const char *output_file; /* NULL: standard output */
};

/*
 * options_parse() - the command line.
 *
 * Returns 0, or -EINVAL after writing what is wrong and a pointer to --help on standard error.
 */
int options_parse(int argc, char **argv, struct options *options);
void options_free(struct options *options);

/* Prints --help. */
void options_print_help(FILE *stream);

#endif

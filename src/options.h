/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OPTIONS_H
#define LISTENQ_OPTIONS_H

#include "analyse/filter.h"
#include "analyse/report.h"
#include "output/check.h"
#include "output/columns.h"
#include "output/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

#define WIDTH_OF_TERMINAL UINT64_MAX

/* What the command line says. Strings point into argv. */
struct options {
	const struct command *command; /* by which of its names the program was called */

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
	const char *baseline; /* file with the sample of the last run, NULL: none */
	const char *replay; /* recording to take samples from, "-": standard input, NULL: none */
	int64_t begin_ns, end_ns; /* of what is replayed, since 1970; at most all of it */
	const char *record; /* file for the samples, NULL: none */
	const char *record_when; /* a filter as typed, NULL: all samples */
	uint64_t record_size; /* bytes, 0: no limit */
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
	const char *fail_if; /* a filter as typed, NULL: none */
	struct check_config check;
	uint64_t port; /* 0: any */
	double timeout; /* of --check, in seconds */
	bool list_columns;
	bool raw;
	bool json_schema;
	bool help;
	bool version;

	/* Derived from these and from the words that are not options. */
	struct selection selection;
	struct selection fail; /* --fail-if, parsed */
	struct selection keep; /* --record-when, parsed */
	struct columns columns;
	uint8_t family; /* of -4 or -6; selection.family may be that of the filter */
	struct strbuf filter; /* as typed; selection.filter is the parsed one */
	struct field_context filter_context;
	struct names filter_users; /* for the filter */
};

/* An option of a command. */
struct option_row {
	char letter; /* 0: none */
	const char *name; /* NULL: none */
	unsigned int type; /* enum option_type, options.c */
	size_t member; /* offset in struct options; for a HANDLER only to find conflicts */
	int argument; /* no_argument, required_argument or optional_argument */
	const char *metavar;
	double min, max;
	enum format_id format;
	/* @argument: NULL if there is none. Returns 0 or -EINVAL with @why filled. */
	int (*handle)(struct options *options, const char *argument, struct error *why);
	const char *help;
	const char *section; /* of --help, which starts with this row */
};

#define MEMBER(m) offsetof(struct options, m)

#define OPTION_ROWS_MAX 64 /* of any command */

/* A name of the program, and its options. */
struct command {
	const char *name;
	const struct option_row *rows;
	size_t n_rows;
	enum format_id format;
	const char *usage, *epilogue; /* of --help */
};

/*
 * By which of its names the program was called: "listenq" for any that it has not.
 * @name: argv[0]
 */
const struct command *options_command(const char *name);

/*
 * options_apply() - store what an option says.
 * @argument: NULL if there is none
 *
 * Returns 0, or -EINVAL with @why filled.
 */
int options_apply(struct options *options, const struct option_row *row, const char *argument,
		  struct error *why);

/*
 * Is an option that stores this MEMBER() on the command line?
 * @given: for each row of the command, whether it is
 */
bool options_given(const struct options *options, const bool *given, size_t member);

void options_free(struct options *options);

/* The name of the program. */
const char *options_name(const struct options *options);

/* Prints --help. */
void options_print_help(const struct options *options, FILE *stream);

/*
 * options_say() - print one line for the user: an error, or with @kind "warning: ". It goes to
 * where those of the format go. @text: any
 */
void options_say(const struct options *options, const char *kind, const char *text);

/*
 * options_say_unwritten() - print that standard output could not be written. It goes to standard
 * error in any format: those of a plugin have standard output for errors. @error: errno
 */
void options_say_unwritten(int error);

#endif

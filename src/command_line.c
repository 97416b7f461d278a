/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command_line.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "conflicts.h"
#include "output/fields.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Seconds. */
#define UNIX_WINDOW 3.5 /* of a check of UNIX listeners: stalled takes WAIT_LONG_MS to prove */

/* Options of ss that listenq has not: for other protocols, other states, and their details. */
static const struct {
	char letter;
	const char *name;
} ss_table[] = {
	{ 'u', "udp" },	   { 'S', "sctp" }, { '0', "packet" }, { 'a', "all" },
	{ 'm', "memory" }, { 'i', "info" }, { 'M', "mptcp" },
};

static __attribute__((format(printf, 2, 3))) int usage(const struct options *o, const char *format,
						       ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	options_say(o, "", text);
	fprintf(format_table[o->format].failed ? stdout : stderr,
		"Try '%s --help' for more information.\n", o->command->name);
	return -EINVAL;
}

/* How many long options begin with @text, which has "--" before and may have "=" after. */
static int count_prefixed(const struct command *c, const char *text)
{
	size_t len = strcspn(text, "=");
	int n = 0;

	for (size_t i = 0; len > 2 && i < c->n_rows; i++)
		n += c->rows[i].name && !strncmp(c->rows[i].name, text + 2, len - 2);
	return n;
}

/* @row: of a long option that takes no argument and got one; NULL: it is unknown */
static int bad_option(const struct options *o, const struct option_row *row, char **argv, int code)
{
	const struct command *c = o->command;
	char letter[2] = { (char)optopt, '\0' };
	bool is_long = row || !optopt;
	const char *text = is_long ? argv[optind - 1] : letter;
	const char *dash = is_long ? "" : "-";
	struct nearest nearest = { .word = text + 2, .len = is_long ? strcspn(text, "=") - 2 : 0 };

	if (code == ':')
		return usage(o, "option '%s%s' needs an argument", dash, text);
	if (row)
		return usage(o, "option '--%s' takes no argument", row->name);
	if (is_long && count_prefixed(c, text) > 1)
		return usage(o, "option '%s' is ambiguous", text);
	for (size_t i = 0; c->format == FORMAT_TABLE && i < ARRAY_SIZE(ss_table); i++)
		if (is_long ? !strcmp(text + 2, ss_table[i].name) : *text == ss_table[i].letter)
			return usage(o,
				     "unknown option '%s%s': listenq shows TCP listeners, and UNIX "
				     "ones with -x; the letters of ss that it takes are "
				     "-4 -6 -x -t -l -n -p -e -r -H -N",
				     dash, text);
	for (size_t i = 0; is_long && i < c->n_rows; i++)
		if (c->rows[i].name)
			nearest_offer(&nearest, c->rows[i].name);
	if (nearest.best)
		return usage(o, "unknown option '%s'; did you mean --%s?", text, nearest.best);
	return usage(o, "unknown option '%s%s'", dash, text);
}

/* @text: the argument of @option, NULL: it was not given */
static int parse_filter_of(struct options *o, const char *option, const char *text,
			   struct selection *selection, struct error *why)
{
	const struct filter_source source = field_filter_source(&o->filter_context);
	struct error what;

	if (text && filter_parse(text, &source, &selection->filter, &what, NULL) < 0)
		return error_set(why, -EINVAL, "%s: %s", option, what.text);
	if (text && !selection->filter)
		return error_set(why, -EINVAL, "%s: the filter is empty", option);
	selection->family = filter_family(selection->filter);
	return 0;
}

/* The filter is all words that are not options, joined by spaces; some options have their own. */
static int parse_filters(struct options *o, char **words, int n, struct error *why)
{
	const struct filter_source source = field_filter_source(&o->filter_context);
	struct error what;
	int code;

	o->filter_context.users = &o->filter_users;
	strbuf_adds(&o->filter, "");
	for (int i = 0; i < n; i++)
		strbuf_addf(&o->filter, i ? " %s" : "%s", words[i]);
	code = filter_parse(o->filter.s, &source, &o->selection.filter, &what, NULL);
	/* getopt reads "-f 90" as -f and a word. */
	if (code < 0)
		return error_set(why, code, "%s%s", what.text,
				 o->selection.only_full &&
						 !words[0][strspn(words[0], "0123456789.%")] ?
					 "; a threshold is glued on, as in -f90" :
					 "");
	if (parse_filter_of(o, "--fail-if", o->fail_if, &o->fail, why) < 0 ||
	    parse_filter_of(o, "--record-when", o->record_when, &o->keep, why) < 0)
		return -EINVAL;
	return 0;
}

static int choose_columns(struct options *o, struct error *why)
{
	struct error what;
	int code = 0;

	o->columns.top = o->top;
	o->columns.folded = o->fold;
	if (o->all_columns)
		columns_all(&o->columns);
	else if (o->list)
		code = columns_parse(&o->columns, o->list, o->extended, &what);
	else
		columns_default(&o->columns, o->extended);
	if (code < 0)
		return error_set(why, code, "--output: %s", what.text);
	if (o->processes)
		columns_processes(&o->columns);
	if ((o->all_namespaces || o->n_namespaces > 1) && !o->columns.named)
		columns_put_before(&o->columns, FIELD_NAMESPACE, FIELD_LOCAL);
	return 0;
}

/*
 * getopt's tables: the code of a long option is 256 + the index of its row. Two spellings share
 * one, so that "--no" is not ambiguous.
 */
struct getopt_tables {
	char letters[3 * OPTION_ROWS_MAX + 2];
	struct option longs[OPTION_ROWS_MAX + 1];
};

static void make_getopt_tables(struct getopt_tables *t, const struct command *c)
{
	char *letter = t->letters;
	struct option *l = t->longs;
	size_t spelled = 0; /* the last row with help; rows without are other spellings of it */

	memset(t, 0, sizeof(*t));
	*letter++ = ':'; /* makes getopt return ':' if an argument is missing */
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct option_row *row = &c->rows[i];

		if (row->help)
			spelled = i;
		if (row->letter)
			letter += sprintf(letter, "%c%.*s", row->letter, row->argument, "::");
		if (row->name)
			*l++ = (struct option){ row->name, row->argument, NULL,
						UCHAR_MAX + 1 + (int)spelled };
	}
}

/* @code: what getopt returned, or optopt. Returns NULL if there is no such option. */
static const struct option_row *find_row(const struct command *c, int code)
{
	if (code > UCHAR_MAX)
		return &c->rows[code - UCHAR_MAX - 1];
	for (size_t i = 0; i < c->n_rows; i++)
		if (code && c->rows[i].letter == (char)code)
			return &c->rows[i];
	return NULL;
}

/*
 * Is --check on the command line? What is wrong with the rest of it is said as a plugin says it,
 * wherever it stands.
 */
static bool wants_check(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const size_t len = strlen(argv[i]);

		if (len >= strlen("--ch") && !strncmp(argv[i], "--check", len))
			return true;
	}
	return false;
}

/* What follows from all options and the filter. */
static int derive(struct options *o, const bool *given, char **words, int n, struct error *why)
{
	if (parse_filters(o, words, n, why) < 0 || conflicts_check(o, given, why) < 0 ||
	    choose_columns(o, why) < 0)
		return -EINVAL;
	if (o->inet != o->inet6)
		o->family = o->inet ? AF_INET : AF_INET6;
	o->selection.family = filter_family(o->selection.filter);
	if (o->selection.family == AF_UNSPEC)
		o->selection.family = o->family;
	o->selection.to.port = (uint16_t)o->port;
	o->check.chosen = o->selection.filter || o->selection.only_full || o->selection.family ||
			  o->selection.to.family || o->port;
	/* A recording has many reports. */
	o->watch |= o->count > 0 || o->replay;
	if (!options_given(o, given, MEMBER(delay))) {
		if (format_table[o->format].instant && !o->watch)
			o->delay = 0;
		/* Nothing but the time that it is looked at shows how long a UNIX client waits. */
		if (o->format == FORMAT_CHECK &&
		    (o->unix_too || filter_needs(o->selection.filter) & NEED_UNIX) &&
		    o->timeout >= UNIX_WINDOW + CONFLICTS_TIMEOUT_MARGIN)
			o->delay = UNIX_WINDOW;
	}
	if (filter_needs(o->fail.filter) & NEED_WINDOW && o->delay <= 0 && !o->baseline)
		return error_set(
			why, -EINVAL,
			"--fail-if: '%s' is unknown without a window; give --delay, --watch "
			"or --baseline, or ask for fill",
			o->fail_if);
	return 0;
}

int command_line_parse(int argc, char **argv, struct options *o)
{
	bool given[OPTION_ROWS_MAX] = { false };
	struct getopt_tables tables;
	struct error why;
	int code;

	*o = (struct options){
		.command = options_command(argc ? argv[0] : ""),
		.delay = 1,
		.timeout = 10,
		.peak_rate = 50,
		.end_ns = INT64_MAX,
		.width = WIDTH_OF_TERMINAL,
	};
	o->format = wants_check(argc, argv) ? FORMAT_CHECK : o->command->format;
	alloc_on_failure(format_table[o->format].failure, format_table[o->format].failed);
	make_getopt_tables(&tables, o->command);
	opterr = 0;
	while ((code = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
		const struct option_row *row = find_row(o->command, code);

		if (code == '?' || code == ':')
			return bad_option(o,
					  optopt > UCHAR_MAX ? find_row(o->command, optopt) : NULL,
					  argv, code);
		if (options_apply(o, row, optarg, &why) < 0)
			return usage(o, "%s", why.text);
		if (o->help || o->version)
			return 0;
		given[row - o->command->rows] = true;
	}
	return derive(o, given, argv + optind, argc - optind, &why) < 0 ? usage(o, "%s", why.text) :
									  0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "base/num.h"
#include "base/text.h"
#include "model/window.h"
#include "output/fields.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What an option stores, by the type of its member. */
enum option_type {
	IGNORED,
	FLAG, /* bool */
	WHOLE, /* uint64_t, from min to max */
	NUMBER, /* double, from min to max */
	SECONDS, /* double: 0, or from min to max */
	STRING, /* const char * */
	NAME, /* const char *, not empty */
	FORMAT, /* enum format_id */
	HANDLER, /* handle() stores it */
};

struct option_row {
	char letter; /* 0: none */
	const char *name; /* NULL: none */
	enum option_type type;
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

static int add_namespace(struct options *o, const char *name, struct error *why);
static int parse_full(struct options *o, const char *text, struct error *why);
static int parse_sort(struct options *o, const char *text, struct error *why);
static int parse_color(struct options *o, const char *text, struct error *why);

#define MEMBER(m) offsetof(struct options, m)

/*
 * The option table: the one place where an option is added. getopt's tables and --help come from
 * it; completions and the man page are tested against it. A row without help is an alias of the
 * previous row.
 */
static const struct option_row option_table[] = {
	{ '4', "ipv4", FLAG, MEMBER(inet), .help = "IPv4 listeners only",
	  .section = "What to show" },
	{ '6', "ipv6", FLAG, MEMBER(inet6), .help = "IPv6 listeners only" },
	{ 'x', "unix", FLAG, MEMBER(unix_too),
	  .help = "listening UNIX stream and seqpacket sockets too" },
	{ 'g', "group", FLAG, MEMBER(fold),
	  .help = "one line for all listeners of a SO_REUSEPORT group" },
	{ 'N', "net", HANDLER, MEMBER(namespaces), required_argument, "NS", .handle = add_namespace,
	  .help = "that network namespace: name in /run/netns, PID or path; may repeat" },
	{ 'A', "all-netns", FLAG, MEMBER(all_namespaces),
	  .help = "every network namespace that can be found" },
	{ 'f', "full", HANDLER, MEMBER(selection), optional_argument, "PCT", .handle = parse_full,
	  .help = "only listeners whose fill or peak is at or above PCT percent (80)" },
	{ 'p', "processes", FLAG, MEMBER(processes),
	  .help = "which processes hold each listener: columns pid and fd too" },
	{ 'e', "extended", FLAG, MEMBER(extended),
	  .help = "more columns: uid, inode, cookie, cgroup, interface, v6only, mptcp" },
	{ 'D', "detail", FLAG, MEMBER(detail),
	  .help = "what is in the queues: each waiting and each half-open connection" },
	{ 'o', "output", STRING, MEMBER(list), required_argument, "LIST",
	  .help = "these columns, separated by commas; +LIST adds to the default" },
	{ 'O', "output-all", FLAG, MEMBER(all_columns), .help = "all columns" },
	{ 's', "sort", HANDLER, MEMBER(sort), required_argument, "[-]COLUMN", .handle = parse_sort,
	  .help = "order by a column, - for largest first; default: worst first" },
	{ 'r', "resolve", FLAG, MEMBER(resolve), .help = "service names for ports" },
	{ 'l', "listening", IGNORED, 0,
	  .help = "the default, accepted because users of ss type it" },
	{ .letter = 't', .name = "tcp" },
	{ .letter = 'n', .name = "numeric" },
	{ 'd', "delay", SECONDS, MEMBER(delay), required_argument, "SECONDS",
	  .min = WINDOW_SECONDS_MIN, .max = WINDOW_SECONDS_MAX,
	  .help = "length of the window, fractions allowed (1); 0: one sample, no deltas",
	  .section = "When" },
	{ 0, "watch", FLAG, MEMBER(watch), .help = "repeat until interrupted" },
	{ 0, "count", WHOLE, MEMBER(count), required_argument, "N", .min = 1, .max = UINT32_MAX,
	  .help = "repeat N times" },
	{ 'T', "top", FLAG, MEMBER(top), .help = "interactive view" },
	{ 0, "peak-rate", NUMBER, MEMBER(peak_rate), required_argument, "HZ", .max = 1000,
	  .help = "fast samples a second for peaks (50), 0: none" },
	{ 'j', "json", FORMAT, MEMBER(format), .format = FORMAT_JSON,
	  .help = "JSON; with --watch or --count one object a line", .section = "How" },
	{ .letter = 'J', .type = FORMAT, .member = MEMBER(format), .format = FORMAT_JSON },
	{ 'H', "no-header", FLAG, MEMBER(no_header), .help = "no header, no footer" },
	{ .name = "noheadings", .type = FLAG, .member = MEMBER(no_header) },
	{ 0, "output-file", NAME, MEMBER(output_file), required_argument, "FILE",
	  .help = "write to FILE, replaced as a whole with each report" },
	{ 0, "color", HANDLER, MEMBER(color), optional_argument, "WHEN", .handle = parse_color,
	  .help = "auto, always or never; auto heeds NO_COLOR" },
	{ 0, "ascii", FLAG, MEMBER(ascii), .help = "nothing but ASCII characters" },
	{ 0, "mouse", FLAG, MEMBER(mouse),
	  .help = "with --top: the mouse selects, sorts and scrolls" },
	{ 0, "width", WHOLE, MEMBER(width), required_argument, "N", .max = 10000,
	  .help = "columns to fit the table into, 0: no limit" },
	{ 0, "strict", FLAG, MEMBER(strict), .help = "exit 1 when data is incomplete" },
	{ 0, "list-columns", FLAG, MEMBER(list_columns), .help = "the columns, with help",
	  .section = "Help" },
	{ 0, "raw", FLAG, MEMBER(raw), .help = "with --list-columns: names alone" },
	{ 0, "json-schema", FLAG, MEMBER(json_schema), .help = "the JSON Schema of --json" },
	{ 'h', "help", FLAG, MEMBER(help), .help = "this help" },
	{ 'V', "version", FLAG, MEMBER(version), .help = "version" },
};

/* Options that exclude any of the others, or need all of them. */
static const struct {
	size_t member;
	enum { EXCLUDES, NEEDS } rule;
	size_t others[4]; /* 0 is none */
	const char *message;
} conflict_table[] = {
	{ MEMBER(format),
	  EXCLUDES,
	  { MEMBER(list), MEMBER(all_columns), MEMBER(extended) },
	  "-o, -O and -e choose columns of the table; --json has every field" },
	{ MEMBER(list), EXCLUDES, { MEMBER(all_columns) }, "-o and -O exclude each other" },
	{ MEMBER(all_namespaces),
	  EXCLUDES,
	  { MEMBER(namespaces) },
	  "-N and -A exclude each other" },
	{ MEMBER(mouse), NEEDS, { MEMBER(top) }, "--mouse goes with --top" },
	{ MEMBER(top),
	  EXCLUDES,
	  { MEMBER(format), MEMBER(watch), MEMBER(count), MEMBER(output_file) },
	  "--top excludes --json, --watch, --count and --output-file" },
	{ MEMBER(top),
	  EXCLUDES,
	  { MEMBER(no_header), MEMBER(strict), MEMBER(width) },
	  "--top excludes --no-header, --strict and --width" },
	{ MEMBER(top),
	  EXCLUDES,
	  { MEMBER(detail) },
	  "--detail does not go with --top, where Enter shows what is in the queues of a listener" },
	{ MEMBER(raw), NEEDS, { MEMBER(list_columns) }, "--raw goes with --list-columns" },
};

/* Options of ss that listenq has not: for other protocols, other states, and their details. */
static const struct {
	char letter;
	const char *name;
} ss_table[] = {
	{ 'u', "udp" }, { 'w', "raw" },	   { 'S', "sctp" }, { '0', "packet" },
	{ 'a', "all" }, { 'm', "memory" }, { 'i', "info" }, { 'M', "mptcp" },
};

static __attribute__((format(printf, 1, 2))) int usage(const char *format, ...)
{
	struct strbuf message = { 0 };
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* The text contains what was typed. */
	text_add_safe(&message, text, strlen(text), 0);
	fprintf(stderr, "listenq: %s\nTry 'listenq --help' for more information.\n", message.s);
	strbuf_free(&message);
	return -EINVAL;
}

/* How many long options begin with @text, which has "--" before and may have "=" after. */
static int count_prefixed(const char *text)
{
	size_t len = strcspn(text, "=");
	int n = 0;

	for (size_t i = 0; len > 2 && i < ARRAY_SIZE(option_table); i++)
		n += option_table[i].name && !strncmp(option_table[i].name, text + 2, len - 2);
	return n;
}

/* @row: of a long option that takes no argument and got one; NULL: it is unknown */
static int bad_option(const struct option_row *row, char **argv, int code)
{
	char letter[2] = { (char)optopt, '\0' };
	bool is_long = row || !optopt;
	const char *text = is_long ? argv[optind - 1] : letter;
	const char *dash = is_long ? "" : "-";
	struct nearest nearest = { .word = text + 2, .len = is_long ? strcspn(text, "=") - 2 : 0 };

	if (code == ':')
		return usage("option '%s%s' needs an argument", dash, text);
	if (row)
		return usage("option '--%s' takes no argument", row->name);
	if (is_long && count_prefixed(text) > 1)
		return usage("option '%s' is ambiguous", text);
	for (size_t i = 0; i < ARRAY_SIZE(ss_table); i++)
		if (is_long ? !strcmp(text + 2, ss_table[i].name) : *text == ss_table[i].letter)
			return usage("unknown option '%s%s': listenq shows TCP listeners, and UNIX "
				     "ones with -x; the letters of ss that it takes are "
				     "-4 -6 -x -t -l -n -p -e -r -H -N",
				     dash, text);
	for (size_t i = 0; is_long && i < ARRAY_SIZE(option_table); i++)
		if (option_table[i].name)
			nearest_offer(&nearest, option_table[i].name);
	if (nearest.best)
		return usage("unknown option '%s'; did you mean --%s?", text, nearest.best);
	return usage("unknown option '%s%s'", dash, text);
}

static int parse_number(const char *name, const char *text, double min, double max, double *value,
			struct error *why)
{
	int code = num_parse_double(text, min, max, value);

	if (code == -EINVAL)
		return error_set(why, -EINVAL, "--%s: '%s' is not a number", name, text);
	if (code == -ERANGE)
		return error_set(why, -EINVAL, "--%s: %s is not between %g and %g", name, text, min,
				 max);
	return 0;
}

static int parse_whole(const struct option_row *row, const char *text, uint64_t *value,
		       struct error *why)
{
	int code = num_parse_u64(text, (uint64_t)row->min, (uint64_t)row->max, value);

	if (code == -EINVAL)
		return error_set(why, -EINVAL, "--%s: '%s' is not a whole number", row->name, text);
	if (code == -ERANGE)
		return error_set(why, -EINVAL, "--%s: %s is not between %.0f and %.0f", row->name,
				 text, row->min, row->max);
	return 0;
}

static int parse_full(struct options *o, const char *text, struct error *why)
{
	struct strbuf number = { 0 };
	double percent;
	int code;

	strbuf_adds(&number, text ? text : "80");
	if (number.len && number.s[number.len - 1] == '%')
		number.s[--number.len] = '\0';
	code = parse_number("full", number.s, 0, 100, &percent, why);
	strbuf_free(&number);
	if (code < 0)
		return code;
	o->selection.only_full = true;
	o->selection.fill = (uint64_t)(percent * (double)FILL_PERCENT + 0.5);
	return 0;
}

static int parse_sort(struct options *o, const char *text, struct error *why)
{
	o->descending = *text == '-';
	text += o->descending;
	o->sort = field_find(text, strlen(text));
	return o->sort ? 0 : columns_unknown(text, strlen(text), "--sort: ", why);
}

static int parse_color(struct options *o, const char *text, struct error *why)
{
	static const char *const names[] = { "auto", "always", "never" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(text ? text : "always", names[i])) {
			o->color = (enum option_color)i;
			return 0;
		}
	return error_set(why, -EINVAL, "--color: '%s' is not auto, always or never", text);
}

static int add_namespace(struct options *o, const char *name, struct error *why)
{
	if (!*name)
		return error_set(why, -EINVAL, "--net: the name is empty");
	o->namespaces = array_grow(o->namespaces, o->n_namespaces, &o->namespaces_size,
				   sizeof(*o->namespaces));
	o->namespaces[o->n_namespaces++] = name;
	return 0;
}

/* @argument: NULL if there is none. Returns 0 or -EINVAL with @why filled. */
static int apply(struct options *o, const struct option_row *row, const char *argument,
		 struct error *why)
{
	void *member = (char *)o + row->member;

	switch (row->type) {
	case IGNORED:
		break;
	case FLAG:
		*(bool *)member = true;
		break;
	case WHOLE:
		return parse_whole(row, argument, member, why);
	case NUMBER:
		return parse_number(row->name, argument, row->min, row->max, member, why);
	case SECONDS:
		if (parse_number(row->name, argument, 0, row->max, member, why) < 0)
			return -EINVAL;
		if (*(double *)member > 0 && *(double *)member < row->min)
			return error_set(why, -EINVAL, "--%s: %s is neither 0 nor at least %g",
					 row->name, argument, row->min);
		break;
	case NAME:
		if (!*argument)
			return error_set(why, -EINVAL, "--%s: the name is empty", row->name);
		*(const char **)member = argument;
		break;
	case FORMAT:
		*(enum format_id *)member = row->format;
		break;
	case STRING:
		*(const char **)member = argument;
		break;
	case HANDLER:
		return row->handle(o, argument, why);
	}
	return 0;
}

/* The filter is all words that are not options, joined by spaces. */
static int parse_filter(struct options *o, char **words, int n, struct error *why)
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
		error_set(why, code, "%s%s", what.text,
			  o->selection.only_full && !words[0][strspn(words[0], "0123456789.%")] ?
				  "; a threshold is glued on, as in -f90" :
				  "");
	return code;
}

static bool is_given(const bool *given, size_t member)
{
	for (size_t i = 0; i < ARRAY_SIZE(option_table); i++)
		if (given[i] && option_table[i].member == member)
			return true;
	return false;
}

/* @given: for each row, whether it is on the command line */
static int check_conflicts(const struct options *o, const bool *given, struct error *why)
{
	if ((o->watch || o->count) && o->delay <= 0)
		return error_set(why, -EINVAL, "--watch and --count need a --delay above 0");
	for (size_t i = 0; i < ARRAY_SIZE(conflict_table); i++) {
		const size_t *other = conflict_table[i].others;

		if (!is_given(given, conflict_table[i].member))
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(conflict_table[i].others) && other[j]; j++)
			if (is_given(given, other[j]) == (conflict_table[i].rule == EXCLUDES))
				return error_set(why, -EINVAL, "%s", conflict_table[i].message);
	}
	if (o->top && o->delay <= 0)
		return error_set(why, -EINVAL, "--top needs a --delay above 0");
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
	char letters[3 * ARRAY_SIZE(option_table) + 2];
	struct option longs[ARRAY_SIZE(option_table) + 1];
};

static void make_getopt_tables(struct getopt_tables *t)
{
	char *letter = t->letters;
	struct option *l = t->longs;
	size_t spelled = 0; /* the last row with help; rows without are other spellings of it */

	memset(t, 0, sizeof(*t));
	*letter++ = ':'; /* makes getopt return ':' if an argument is missing */
	for (size_t i = 0; i < ARRAY_SIZE(option_table); i++) {
		const struct option_row *row = &option_table[i];

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
static const struct option_row *find_row(int code)
{
	if (code > UCHAR_MAX)
		return &option_table[code - UCHAR_MAX - 1];
	for (size_t i = 0; i < ARRAY_SIZE(option_table); i++)
		if (code && option_table[i].letter == (char)code)
			return &option_table[i];
	return NULL;
}

static void print_option(FILE *stream, const struct option_row *row)
{
	static const char *const before[] = { "", "=", "[=" }, *const after[] = { "", "", "]" };
	char text[64], letter[8] = "    ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c%s", row->letter, row->name ? ", " : "");
	snprintf(text, sizeof(text), "%s%s%s%s%s%s", letter, row->name ? "--" : "",
		 row->name ? row->name : "", before[row->argument],
		 row->metavar ? row->metavar : "", after[row->argument]);
	fprintf(stream, "  %-26s %s\n", text, row->help ? row->help : "the same");
}

int options_parse(int argc, char **argv, struct options *o)
{
	bool given[ARRAY_SIZE(option_table)] = { false };
	struct getopt_tables tables;
	struct error why;
	int code;

	*o = (struct options){ .delay = 1, .peak_rate = 50, .width = WIDTH_OF_TERMINAL };
	make_getopt_tables(&tables);
	opterr = 0;
	while ((code = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
		const struct option_row *row = find_row(code);

		if (code == '?' || code == ':')
			return bad_option(optopt > UCHAR_MAX ? find_row(optopt) : NULL, argv, code);
		if (apply(o, row, optarg, &why) < 0)
			return usage("%s", why.text);
		if (o->help || o->version)
			return 0;
		given[row - option_table] = row->type != IGNORED;
	}
	if (parse_filter(o, argv + optind, argc - optind, &why) < 0 ||
	    check_conflicts(o, given, &why) < 0 || choose_columns(o, &why) < 0)
		return usage("%s", why.text);
	if (o->inet != o->inet6)
		o->family = o->inet ? AF_INET : AF_INET6;
	o->selection.family = filter_family(o->selection.filter);
	if (o->selection.family == AF_UNSPEC)
		o->selection.family = o->family;
	o->watch |= o->count > 0;
	return 0;
}

void options_free(struct options *o)
{
	filter_free(o->selection.filter);
	strbuf_free(&o->filter);
	strbuf_free(&o->filter_context.scratch);
	names_free(&o->filter_users);
	free(o->namespaces);
}

void options_print_help(FILE *stream)
{
	fputs("Usage: listenq [OPTION]... [FILTER]\n"
	      "Show TCP listen queues: how full each is, what was dropped, which listener\n"
	      "overflowed, and why.\n",
	      stream);
	for (size_t i = 0; i < ARRAY_SIZE(option_table); i++) {
		if (option_table[i].section)
			fprintf(stream, "\n%s:\n", option_table[i].section);
		print_option(stream, &option_table[i]);
	}
	fputs("\nFILTER: the grammar of ss, and columns, as in :443, 'src 10/8 or dev eth0',\n"
	      "'not (sport >= :1024 and fill < 80%)', 'state >= high'.\n"
	      "\nExit status: 0 a report was produced, 1 the kernel, procfs or a write failed,\n"
	      "2 usage. listenq(8) explains states and reasons, listenq-filter(7) FILTER.\n",
	      stream);
}

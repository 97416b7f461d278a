/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "base/text.h"
#include "settings.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum argument { NO_ARGUMENT, ARGUMENT, OPTIONAL_ARGUMENT };

/*
 * The option table: the one place where an option is added. getopt's tables and --help come from
 * it; completions and the man page are tested against it. A row without help is another spelling
 * of the row before.
 */
struct option_info {
	enum option_id id;
	char letter; /* 0: none */
	const char *name; /* NULL: none */
	enum argument argument;
	const char *metavar;
	const char *help;
	const char *section; /* starts with this row */
};

static const struct option_info option_table[] = {
	{ OPT_FAMILY4, '4', "ipv4", NO_ARGUMENT, NULL, "IPv4 listeners only", "What to show" },
	{ OPT_FAMILY6, '6', "ipv6", NO_ARGUMENT, NULL, "IPv6 listeners only", NULL },
	{ OPT_UNIX, 'x', "unix", NO_ARGUMENT, NULL,
	  "listening UNIX stream and seqpacket sockets too", NULL },
	{ OPT_GROUP, 'g', "group", NO_ARGUMENT, NULL,
	  "one line for all listeners of a SO_REUSEPORT group", NULL },
	{ OPT_NET, 'N', "net", ARGUMENT, "NS",
	  "that network namespace: name in /run/netns, PID or path; may repeat", NULL },
	{ OPT_ALL_NETNS, 'A', "all-netns", NO_ARGUMENT, NULL,
	  "every network namespace that can be found", NULL },
	{ OPT_FULL, 'f', "full", OPTIONAL_ARGUMENT, "PCT",
	  "only listeners whose fill or peak is at or above PCT percent (80)", NULL },
	{ OPT_PROCESSES, 'p', "processes", NO_ARGUMENT, NULL,
	  "which processes hold each listener: columns pid and fd too", NULL },
	{ OPT_EXTENDED, 'e', "extended", NO_ARGUMENT, NULL,
	  "more columns: uid, inode, cookie, cgroup, interface, v6only, mptcp", NULL },
	{ OPT_DETAIL, 'D', "detail", NO_ARGUMENT, NULL,
	  "what is in the queues: each waiting and each half-open connection", NULL },
	{ OPT_OUTPUT, 'o', "output", ARGUMENT, "LIST",
	  "these columns, separated by commas; +LIST adds to the default", NULL },
	{ OPT_OUTPUT_ALL, 'O', "output-all", NO_ARGUMENT, NULL, "all columns", NULL },
	{ OPT_SORT, 's', "sort", ARGUMENT, "[-]COLUMN",
	  "order by a column, - for largest first; default: worst first", NULL },
	{ OPT_RESOLVE, 'r', "resolve", NO_ARGUMENT, NULL, "service names for ports", NULL },
	{ OPT_IGNORED, 'l', "listening", NO_ARGUMENT, NULL,
	  "the default, accepted because users of ss type it", NULL },
	{ OPT_IGNORED, 't', "tcp", NO_ARGUMENT, NULL, NULL, NULL },
	{ OPT_IGNORED, 'n', "numeric", NO_ARGUMENT, NULL, NULL, NULL },
	{ OPT_DELAY, 'd', "delay", ARGUMENT, "SECONDS",
	  "length of the window, fractions allowed (1); 0: one sample, no deltas", "When" },
	{ OPT_WATCH, 0, "watch", NO_ARGUMENT, NULL, "repeat until interrupted", NULL },
	{ OPT_COUNT, 0, "count", ARGUMENT, "N", "repeat N times", NULL },
	{ OPT_TOP, 'T', "top", NO_ARGUMENT, NULL, "interactive view", NULL },
	{ OPT_PEAK_RATE, 0, "peak-rate", ARGUMENT, "HZ",
	  "fast samples a second for peaks (50), 0: none", NULL },
	{ OPT_JSON, 'j', "json", NO_ARGUMENT, NULL,
	  "JSON; with --watch or --count one object a line", "How" },
	{ OPT_JSON, 'J', NULL, NO_ARGUMENT, NULL, NULL, NULL },
	{ OPT_NO_HEADER, 'H', "no-header", NO_ARGUMENT, NULL, "no header, no footer", NULL },
	{ OPT_NO_HEADER, 0, "noheadings", NO_ARGUMENT, NULL, NULL, NULL },
	{ OPT_OUTPUT_FILE, 0, "output-file", ARGUMENT, "FILE",
	  "write to FILE, replaced as a whole with each report", NULL },
	{ OPT_COLOR, 0, "color", OPTIONAL_ARGUMENT, "WHEN",
	  "auto, always or never; auto heeds NO_COLOR", NULL },
	{ OPT_ASCII, 0, "ascii", NO_ARGUMENT, NULL, "nothing but ASCII characters", NULL },
	{ OPT_MOUSE, 0, "mouse", NO_ARGUMENT, NULL,
	  "with --top: the mouse selects, sorts and scrolls", NULL },
	{ OPT_WIDTH, 0, "width", ARGUMENT, "N", "columns to fit the table into, 0: no limit",
	  NULL },
	{ OPT_STRICT, 0, "strict", NO_ARGUMENT, NULL, "exit 1 when data is incomplete", NULL },
	{ OPT_LIST_COLUMNS, 0, "list-columns", NO_ARGUMENT, NULL, "the columns, with help",
	  "Help" },
	{ OPT_RAW, 0, "raw", NO_ARGUMENT, NULL, "with --list-columns: names alone", NULL },
	{ OPT_JSON_SCHEMA, 0, "json-schema", NO_ARGUMENT, NULL, "the JSON Schema of --json", NULL },
	{ OPT_HELP, 'h', "help", NO_ARGUMENT, NULL, "this help", NULL },
	{ OPT_VERSION, 'V', "version", NO_ARGUMENT, NULL, "version", NULL },
};

/* What ss has and listenq has not: other protocols, other states, and what only these have. */
static const struct {
	char letter;
	const char *name;
} ss_table[] = {
	{ 'u', "udp" }, { 'w', "raw" },	   { 'S', "sctp" }, { '0', "packet" },
	{ 'a', "all" }, { 'm', "memory" }, { 'i', "info" }, { 'M', "mptcp" },
};

static int usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int usage(const char *format, ...)
{
	struct strbuf message = { 0 };
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* What was typed comes back here: it may hold anything. */
	text_add_safe(&message, text, strlen(text), 0);
	fprintf(stderr, "listenq: %s\nTry 'listenq --help' for more information.\n", message.s);
	strbuf_free(&message);
	return -EINVAL;
}

struct getopt_tables {
	char letters[3 * ARRAY_SIZE(option_table) + 2];
	struct option longs[ARRAY_SIZE(option_table) + 1];
	enum option_id by_letter[UCHAR_MAX + 1];
};

static void make_getopt_tables(struct getopt_tables *t)
{
	char *letter = t->letters;
	struct option *l = t->longs;

	memset(t, 0, sizeof(*t));
	*letter++ = ':'; /* a missing argument is told from an unknown option */
	for (size_t i = 0; i < ARRAY_SIZE(option_table); i++) {
		const struct option_info *o = &option_table[i];

		if (o->letter) {
			*letter++ = o->letter;
			for (int colons = 0; colons < (int)o->argument; colons++)
				*letter++ = ':';
			t->by_letter[(unsigned char)o->letter] = o->id;
		}
		if (o->name)
			*l++ = (struct option){ o->name,
						o->argument == ARGUMENT ? required_argument :
						o->argument == OPTIONAL_ARGUMENT ?
									  optional_argument :
									  no_argument,
						NULL, (int)o->id };
	}
}

/* How many options begin with what was typed, "--" before it and "=" behind. */
static int count_prefixed(const struct getopt_tables *tables, const char *text)
{
	size_t len = strcspn(text, "=");
	int n = 0;

	for (const struct option *l = tables->longs; len > 2 && l->name; l++)
		n += !strncmp(l->name, text + 2, len - 2);
	return n;
}

static int bad_option(const struct getopt_tables *tables, char **argv, int code)
{
	char letter[2] = { (char)optopt, '\0' };
	bool is_long = !optopt || optopt > UCHAR_MAX;
	const char *text = is_long ? argv[optind - 1] : letter;
	const char *dash = is_long ? "" : "-";
	struct nearest nearest = { .word = text + 2, .len = is_long ? strcspn(text, "=") - 2 : 0 };

	if (code == ':')
		return usage("option '%s%s' needs an argument", dash, text);
	for (const struct option *l = tables->longs; is_long && l->name; l++)
		if (l->val == optopt)
			return usage("option '--%s' takes no argument", l->name);
	if (is_long && count_prefixed(tables, text) > 1)
		return usage("option '%s' is ambiguous", text);
	for (const struct option *l = tables->longs; is_long && l->name; l++)
		nearest_offer(&nearest, l->name);
	for (size_t i = 0; i < ARRAY_SIZE(ss_table); i++)
		if (is_long ? !strcmp(text + 2, ss_table[i].name) : *text == ss_table[i].letter)
			return usage("unknown option '%s%s': listenq shows TCP listeners, and UNIX "
				     "ones with -x; the letters of ss that it takes are "
				     "-4 -6 -x -t -l -n -p -e -r -H -N",
				     dash, text);
	if (nearest.best)
		return usage("unknown option '%s'; did you mean --%s?", text, nearest.best);
	return usage("unknown option '%s%s'", dash, text);
}

int options_parse(int argc, char **argv, struct options *o)
{
	struct getopt_tables tables;
	struct settings settings = { 0 };
	struct error why;
	int code;

	memset(o, 0, sizeof(*o));
	o->delay = 1;
	o->peak_rate = 50;
	o->header = true;
	o->width = WIDTH_OF_TERMINAL;
	make_getopt_tables(&tables);
	opterr = 0;
	while ((code = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
		if (code == '?' || code == ':')
			return bad_option(&tables, argv, code);
		if (code <= UCHAR_MAX)
			code = (int)tables.by_letter[code];
		if (settings_apply(o, &settings, (enum option_id)code, optarg, &why) < 0)
			return usage("%s", why.text);
		if (o->mode == MODE_HELP || o->mode == MODE_VERSION)
			return 0;
	}
	if (settings_filter(o, argv + optind, argc - optind, &why) < 0 ||
	    settings_decide(o, &settings, &why) < 0)
		return usage("%s", why.text);
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

static void print_option(FILE *stream, const struct option_info *o)
{
	char text[64], letter[8] = "    ";
	int len;

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c%s", o->letter, o->name ? ", " : "");
	len = snprintf(text, sizeof(text), "%s%s%s", letter, o->name ? "--" : "",
		       o->name ? o->name : "");
	if (o->argument == ARGUMENT)
		snprintf(text + len, sizeof(text) - (size_t)len, "=%s", o->metavar);
	else if (o->argument == OPTIONAL_ARGUMENT)
		snprintf(text + len, sizeof(text) - (size_t)len, "[=%s]", o->metavar);
	fprintf(stream, "  %-26s %s\n", text, o->help ? o->help : "the same");
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
	      "2 usage. FILTER, columns, states and reasons are explained in listenq(8).\n",
	      stream);
}

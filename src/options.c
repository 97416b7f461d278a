/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/text.h"
#include "base/when.h"
#include "model/window.h"
#include "output/fields.h"
#include "output/metric.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
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

static int add_namespace(struct options *o, const char *name, struct error *why);
static int parse_full(struct options *o, const char *text, struct error *why);
static int parse_sort(struct options *o, const char *text, struct error *why);
static int parse_record_size(struct options *o, const char *text, struct error *why);
static int parse_color(struct options *o, const char *text, struct error *why);
static int parse_metric(struct options *o, const char *text, struct error *why);
static int parse_warning(struct options *o, const char *text, struct error *why);
static int parse_critical(struct options *o, const char *text, struct error *why);
static int parse_host(struct options *o, const char *text, struct error *why);
static int parse_begin(struct options *o, const char *text, struct error *why);
static int parse_end(struct options *o, const char *text, struct error *why);

/* Rows of both tables. */
/* clang-format off */
#define NAMESPACE_ROWS                                                                         \
	{ 'N', "net", HANDLER, MEMBER(namespaces), required_argument, "NS",                    \
	  .handle = add_namespace,                                                             \
	  .help = "that network namespace: name in /run/netns, PID or path; may repeat" },     \
	{ 'A', "all-netns", FLAG, MEMBER(all_namespaces),                                      \
	  .help = "every network namespace that can be found" }
#define UNIX_ROW                                                                               \
	{ 'x', "unix", FLAG, MEMBER(unix_too),                                                 \
	  .help = "listening UNIX stream and seqpacket sockets too" }
#define DELAY_ROW                                                                              \
	{ 'd', "delay", SECONDS, MEMBER(delay), required_argument, "SECONDS",                  \
	  .min = WINDOW_SECONDS_MIN, .max = WINDOW_SECONDS_MAX, .section = "When",             \
	  .help = "length of the window, fractions allowed (1); 0: one sample, no deltas" }
#define BASELINE_ROW                                                                           \
	{ 0, "baseline", NAME, MEMBER(baseline), required_argument, "FILE",                    \
	  .help = "deltas against the sample that the last run saved in FILE; no waiting" }
#define CHECK_ROWS                                                                             \
	{ 'w', "warning", HANDLER, MEMBER(check.warning), required_argument, "RANGE",          \
	  .handle = parse_warning,                                                             \
	  .help = "WARNING if the metric is outside of it: 10, 10:, ~:10, 10:20, @10:20" },    \
	{ 'c', "critical", HANDLER, MEMBER(check.critical), required_argument, "RANGE",        \
	  .handle = parse_critical, .help = "CRITICAL if it is outside of this one" },         \
	{ 0, "metric", HANDLER, MEMBER(check.metric), required_argument, "NAME",               \
	  .handle = parse_metric,                                                              \
	  .help = "fill (percent), queue, drops, overflows, losses, synrecv or oldest-wait" }, \
	{ 0, "allow-empty", FLAG, MEMBER(check.allow_empty), .help = "no listener is OK" }
#define TIMEOUT_ROW(letter)                                                                    \
	{ letter, "timeout", NUMBER, MEMBER(timeout), required_argument, "SECONDS",            \
	  .min = 0.1, .max = 3600, .help = "UNKNOWN if it takes longer (10)" }
/* clang-format on */

/*
 * The option table: the one place where an option is added. getopt's tables and --help come from
 * it; completions and the man page are tested against it. A row without help is an alias of the
 * previous row.
 */
static const struct option_row option_table[] = {
	{ '4', "ipv4", FLAG, MEMBER(inet), .help = "IPv4 listeners only",
	  .section = "What to show" },
	{ '6', "ipv6", FLAG, MEMBER(inet6), .help = "IPv6 listeners only" },
	UNIX_ROW,
	{ 'g', "group", FLAG, MEMBER(fold),
	  .help = "one line for all listeners of a SO_REUSEPORT group" },
	NAMESPACE_ROWS,
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
	DELAY_ROW,
	BASELINE_ROW,
	{ 0, "watch", FLAG, MEMBER(watch), .help = "repeat until interrupted" },
	{ 0, "count", WHOLE, MEMBER(count), required_argument, "N", .min = 1, .max = UINT32_MAX,
	  .help = "repeat N times" },
	{ 'T', "top", FLAG, MEMBER(top), .help = "interactive view" },
	{ 0, "record", NAME, MEMBER(record), required_argument, "FILE",
	  .help = "with --watch or --top: add each sample to FILE, as it is" },
	{ 0, "record-when", STRING, MEMBER(record_when), required_argument, "FILTER",
	  .help = "record only samples in which a listener matches, and one a minute" },
	{ 0, "record-size", HANDLER, MEMBER(record_size), required_argument, "BYTES",
	  .handle = parse_record_size,
	  .help = "at so many (K, M, G) FILE becomes FILE.1, and a new one begins" },
	{ 0, "peak-rate", NUMBER, MEMBER(peak_rate), required_argument, "HZ", .max = 1000,
	  .help = "fast samples a second for peaks (50), 0: none" },
	{ 0, "replay", NAME, MEMBER(replay), required_argument, "FILE",
	  .help = "show the windows of a recording instead, -: from standard input" },
	{ 0, "begin", HANDLER, MEMBER(begin_ns), required_argument, "TIME", .handle = parse_begin,
	  .help = "with --replay: only from 03:00 on, '2026-11-28 03:00', RFC 3339 or -2h" },
	{ 0, "end", HANDLER, MEMBER(end_ns), required_argument, "TIME", .handle = parse_end,
	  .help = "with --replay: only up to then" },
	{ 'j', "json", FORMAT, MEMBER(format), .format = FORMAT_JSON,
	  .help = "JSON; with --watch or --count one object a line", .section = "How" },
	{ .letter = 'J', .type = FORMAT, .member = MEMBER(format), .format = FORMAT_JSON },
	{ 0, "prometheus", FORMAT, MEMBER(format), .format = FORMAT_PROMETHEUS,
	  .help = "text format of Prometheus; without -d and --watch one sample, no window" },
	{ 0, "incident", FORMAT, MEMBER(format), .format = FORMAT_INCIDENT,
	  .help = "with --replay: what happened, as a report in Markdown for a ticket" },
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
	{ 0, "fail-if", STRING, MEMBER(fail_if), required_argument, "FILTER",
	  .help = "exit 4 when a listener that is shown matches, --watch at once",
	  .section = "Monitoring" },
	{ 0, "check", FORMAT, MEMBER(format), .format = FORMAT_CHECK,
	  .help = "one report as a monitoring plugin, check_listenq(8)", .section = "Monitoring" },
	CHECK_ROWS,
	TIMEOUT_ROW(0),
	{ 0, "list-columns", FLAG, MEMBER(list_columns), .help = "the columns, with help",
	  .section = "Help" },
	{ 0, "raw", FLAG, MEMBER(raw), .help = "with --list-columns: names alone" },
	{ 0, "json-schema", FLAG, MEMBER(json_schema), .help = "the JSON Schema of --json" },
	{ 'h', "help", FLAG, MEMBER(help), .help = "this help" },
	{ 'V', "version", FLAG, MEMBER(version), .help = "version" },
};

/* Options of check_listenq, whose letters mean what they mean in all plugins. */
static const struct option_row check_table[] = {
	{ 'H', "hostname", HANDLER, MEMBER(selection.to), required_argument, "ADDRESS",
	  .handle = parse_host, .help = "listeners that serve this local address",
	  .section = "What to check" },
	{ 'p', "port", WHOLE, MEMBER(port), required_argument, "PORT", .min = 1, .max = UINT16_MAX,
	  .help = "listeners on this port" },
	NAMESPACE_ROWS,
	UNIX_ROW,
	CHECK_ROWS,
	DELAY_ROW,
	BASELINE_ROW,
	TIMEOUT_ROW('t'),
	{ 'v', "verbose", FLAG, MEMBER(check.verbose), .help = "what the states and reasons mean",
	  .section = "Help" },
	{ 'h', "help", FLAG, MEMBER(help), .help = "this help, exit status 3" },
	{ 'V', "version", FLAG, MEMBER(version), .help = "version, exit status 3" },
};

/* The names of the program. */
static const struct command commands[] = {
	{ "listenq", option_table, ARRAY_SIZE(option_table), FORMAT_TABLE,
	  "Usage: listenq [OPTION]... [FILTER]\n"
	  "Show TCP listen queues: how full each is, what was dropped, which listener\n"
	  "overflowed, and why.\n",
	  "FILTER: the grammar of ss, and columns, as in :443, 'src 10/8 or dev eth0',\n"
	  "'not (sport >= :1024 and fill < 80%)', 'state >= high'.\n"
	  "\nExit status: 0 a report was produced, 1 the kernel, procfs or a write failed,\n"
	  "2 usage, 4 --fail-if. listenq(8) explains states and reasons, listenq-filter(7) FILTER.\n" },
	{ "check_listenq", check_table, ARRAY_SIZE(check_table), FORMAT_CHECK,
	  "Usage: check_listenq [OPTION]... [FILTER]\n"
	  "Monitoring plugin: does a program not accept its clients, or lose them?\n",
	  "Without -w and -c the states of the listeners decide. FILTER: as of listenq.\n"
	  "\nExit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN and all errors.\n"
	  "check_listenq(8) has examples.\n" },
};

_Static_assert(ARRAY_SIZE(option_table) <= OPTION_ROWS_MAX &&
		       ARRAY_SIZE(check_table) <= OPTION_ROWS_MAX,
	       "OPTION_ROWS_MAX is the larger one");

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

#define RECORD_SIZE_MIN 65536 /* a header line, and two samples of a small host */

static int parse_record_size(struct options *o, const char *text, struct error *why)
{
	int code = num_parse_bytes(text, RECORD_SIZE_MIN, INT64_MAX, &o->record_size);

	if (code == -EINVAL)
		return error_set(why, code,
				 "--record-size: '%s' is not a number of bytes, as in 512M", text);
	if (code < 0)
		return error_set(why, -EINVAL, "--record-size: %s is not between %uK and %lldG",
				 text, RECORD_SIZE_MIN >> 10, (long long)INT64_MAX >> 30);
	return 0;
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

static int parse_metric(struct options *o, const char *text, struct error *why)
{
	o->check.metric = metric_find(text, "--metric: ", why);
	return o->check.metric ? 0 : -EINVAL;
}

static int parse_threshold(struct threshold *t, const char *option, const char *text,
			   struct error *why)
{
	struct error what;

	if (threshold_parse(t, text, &what) == 0)
		return 0;
	return error_set(why, -EINVAL, "%s: %s", option, what.text);
}

static int parse_warning(struct options *o, const char *text, struct error *why)
{
	return parse_threshold(&o->check.warning, "--warning", text, why);
}

static int parse_critical(struct options *o, const char *text, struct error *why)
{
	return parse_threshold(&o->check.critical, "--critical", text, why);
}

static int parse_host(struct options *o, const char *text, struct error *why)
{
	struct destination *p = &o->selection.to;
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };

	if (p->family)
		return error_set(why, -EINVAL,
				 "--hostname takes one address; a check of two is two checks");
	if (inet_pton(AF_INET, text, p->address) == 1)
		p->family = AF_INET;
	else if (inet_pton(AF_INET6, text, p->address) == 1)
		p->family = AF_INET6;
	else
		return error_set(why, -EINVAL, "--hostname: '%s' is not an IPv4 or IPv6 address",
				 text);
	if (snapshot_is_mapped(p->family, p->address)) { /* clients meet it over IPv4 */
		memmove(p->address, p->address + 12, 4);
		p->family = AF_INET;
	}
	if (p->family == AF_INET6 ? p->address[0] == 0xff :
				    p->address[0] >> 4 == 0xe || !memcmp(p->address, broadcast, 4))
		return error_set(why, -EINVAL,
				 "--hostname: %s is an address of many hosts, to which no client "
				 "connects",
				 text);
	return 0;
}

static int parse_when(const char *option, const char *text, bool late, int64_t *when_ns,
		      struct error *why)
{
	struct error what;

	if (when_parse(text, clock_to_ns(clock_wall()), late, when_ns, &what) == 0)
		return 0;
	return error_set(why, -EINVAL, "%s: %s", option, what.text);
}

static int parse_begin(struct options *o, const char *text, struct error *why)
{
	return parse_when("--begin", text, false, &o->begin_ns, why);
}

static int parse_end(struct options *o, const char *text, struct error *why)
{
	return parse_when("--end", text, true, &o->end_ns, why);
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

const struct command *options_command(const char *name)
{
	const char *slash = strrchr(name, '/');

	for (size_t i = 1; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(slash ? slash + 1 : name, commands[i].name))
			return &commands[i];
	return &commands[0];
}

int options_apply(struct options *o, const struct option_row *row, const char *argument,
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
		if (row->member == MEMBER(port) && o->port)
			return error_set(why, -EINVAL,
					 "--port takes one port; a filter takes several, as in "
					 "':8080 or :9000'");
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
	case STRING:
		if (row->type == NAME && !*argument)
			return error_set(why, -EINVAL, "--%s: the name is empty", row->name);
		if (row->member == MEMBER(replay) && o->replay)
			return error_set(why, -EINVAL,
					 "--replay takes one file; join several, the "
					 "oldest first: cat FILE.1 FILE | listenq --replay=-");
		*(const char **)member = argument;
		break;
	case FORMAT:
		if (o->format != FORMAT_TABLE && o->format != row->format)
			return error_set(
				why, -EINVAL,
				"--json, --prometheus, --incident and --check exclude each other");
		*(enum format_id *)member = row->format;
		break;
	case HANDLER:
		return row->handle(o, argument, why);
	}
	return 0;
}

bool options_given(const struct options *o, const bool *given, size_t member)
{
	for (size_t i = 0; i < o->command->n_rows; i++)
		if (given[i] && o->command->rows[i].member == member)
			return true;
	return false;
}

void options_free(struct options *o)
{
	filter_free(o->selection.filter);
	filter_free(o->fail.filter);
	filter_free(o->keep.filter);
	strbuf_free(&o->filter);
	strbuf_free(&o->filter_context.scratch);
	names_free(&o->filter_users);
	free(o->namespaces);
}

void options_say(const struct options *o, const char *kind, const char *text)
{
	const char *failed = format_table[o->format].failed;
	FILE *stream = failed ? stdout : stderr;
	struct strbuf safe = { 0 };

	if (failed)
		check_add_text(&safe, text, 0);
	else
		text_add_safe(&safe, text, strlen(text), 0);
	fprintf(stream, "%s%s%s\n", failed ? failed : "listenq: ", kind, safe.s);
	strbuf_free(&safe);
}

void options_say_unwritten(int error)
{
	fprintf(stderr, "listenq: cannot write standard output: %s\n", strerror(error));
}

const char *options_name(const struct options *o)
{
	return o->command->name;
}

void options_print_help(const struct options *o, FILE *stream)
{
	const struct command *c = o->command;

	fputs(c->usage, stream);
	for (size_t i = 0; i < c->n_rows; i++) {
		if (c->rows[i].section)
			fprintf(stream, "\n%s:\n", c->rows[i].section);
		print_option(stream, &c->rows[i]);
	}
	fprintf(stream, "\n%s", c->epilogue);
}

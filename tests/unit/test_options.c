/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "command_line.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARGUMENTS_MAX 12

static char complaint[4096]; /* what the last command_line_parse() printed */

/* Parses the words of a command line, which are separated by single blanks. */
static int parse_as(const char *as, const char *line, struct options *o)
{
	char *name = xstrdup(as), *words = xstrdup(line), *argv[ARGUMENTS_MAX + 2] = { name };
	int argc = 1, code, real, output;
	FILE *caught = tmpfile();
	size_t n;

	for (char *word = words; word && *line;) {
		char *blank = strchr(word, ' ');

		if (blank)
			*blank++ = '\0';
		argv[argc++] = word;
		word = blank;
		assert_true(argc <= ARGUMENTS_MAX);
	}
	fflush(stdout);
	fflush(stderr);
	real = dup(STDERR_FILENO);
	output = dup(STDOUT_FILENO);
	dup2(fileno(caught), STDERR_FILENO);
	dup2(fileno(caught), STDOUT_FILENO);
	optind = 0; /* glibc's way to start over */
	code = command_line_parse(argc, argv, o);
	fflush(stdout);
	fflush(stderr);
	dup2(real, STDERR_FILENO);
	dup2(output, STDOUT_FILENO);
	close(real);
	close(output);
	rewind(caught);
	n = fread(complaint, 1, sizeof(complaint) - 1, caught);
	complaint[n] = '\0';
	fclose(caught);
	/* What options point into lives as long as argv; the tests compare it before that. */
	if (o->output_file)
		o->output_file = strcmp(o->output_file, "f") ? "another" : "f";
	if (o->fail_if)
		o->fail_if = "as typed";
	free(words);
	free(name);
	return code;
}

static int parse(const char *line, struct options *o)
{
	return parse_as("listenq", line, o);
}

static const struct {
	size_t member;
	const char *name;
} flags[] = {
#define FLAG(member)                                      \
	{                                                 \
		offsetof(struct options, member), #member \
	}
	FLAG(unix_too),	    FLAG(fold),	       FLAG(no_header), FLAG(detail),
	FLAG(processes),    FLAG(resolve),     FLAG(ascii),	FLAG(strict),
	FLAG(watch),	    FLAG(raw),	       FLAG(top),	FLAG(mouse),
	FLAG(list_columns), FLAG(json_schema), FLAG(help),	FLAG(version),
};

/* What a command line makes of the options: a text that names what is not as usual. */
static void describe(const struct options *o, char text[1024])
{
	static const char *const colors[] = { "auto", "always", "never" };
	const struct selection *s = &o->selection;
	char *at = text;

	at += sprintf(at, "options");
	if (s->family != AF_UNSPEC)
		at += sprintf(at, " family=%s", s->family == AF_INET ? "inet" : "inet6");
	if (s->only_full)
		at += sprintf(at, " full=%g", fill_ratio(s->fill));
	if (s->filter)
		at += sprintf(at, " filter");
	if (o->columns.n != 13 || o->columns.named)
		at += sprintf(at, " columns=%s%zu", o->columns.named ? "named:" : "", o->columns.n);
	if (o->sort)
		at += sprintf(at, " sort=%s%s", o->descending ? "-" : "", o->sort->name);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (*((const bool *)((const char *)o + flags[i].member)))
			at += sprintf(at, " %s", flags[i].name);
	if (o->format == FORMAT_JSON)
		at += sprintf(at, " json");
	if (o->format == FORMAT_PROMETHEUS)
		at += sprintf(at, " prometheus");
	if (o->format == FORMAT_INCIDENT)
		at += sprintf(at, " incident");
	if (o->color != COLOR_AUTO)
		at += sprintf(at, " color=%s", colors[o->color]);
	if (o->count)
		at += sprintf(at, " count=%llu", (unsigned long long)o->count);
	if (o->delay != 1)
		at += sprintf(at, " delay=%g", o->delay);
	if (o->peak_rate != 50)
		at += sprintf(at, " peak-rate=%g", o->peak_rate);
	if (o->width != WIDTH_OF_TERMINAL)
		at += sprintf(at, " width=%llu", (unsigned long long)o->width);
	if (o->output_file)
		at += sprintf(at, " output-file=%s", o->output_file);
	if (o->fail_if)
		at += sprintf(at, " fail-if");
	if (o->format == FORMAT_CHECK)
		at += sprintf(at, " check");
	if (o->check.metric)
		at += sprintf(at, " metric=%s", o->check.metric->name);
	if (o->check.warning.text)
		at += sprintf(at, " warning=%g:%g", o->check.warning.start, o->check.warning.end);
	if (o->check.critical.text)
		at += sprintf(at, " critical=%g:%g", o->check.critical.start,
			      o->check.critical.end);
	if (s->to.family)
		at += sprintf(at, " to=%s", s->to.family == AF_INET ? "inet" : "inet6");
	if (s->to.port)
		at += sprintf(at, " port=%u", s->to.port);
	if (o->timeout != 10)
		sprintf(at, " timeout=%g", o->timeout);
}

/* Each option once, and what it leads to beside others. */
static const struct {
	const char *line, *result;
} good[] = {
	{ "", "options" },
	{ "-ltn4", "options family=inet" },
	{ "--listening --tcp --numeric --ipv6", "options family=inet6" },
	{ "-4 -6", "options" },
	{ "-4 --unix", "options family=inet unix_too" },
	{ "--processes -o port", "options columns=named:4 processes" },
	{ "-p -o pid,port", "options columns=named:4 processes" },
	{ "-p -e", "options columns=22 processes" },
	{ "-p -g", "options columns=17 fold processes" },
	{ "-j -p", "options columns=15 processes json" },
	{ "--group -o port", "options columns=named:1 fold" },
	{ "-ge", "options columns=22 fold" },
	{ "-f", "options full=0.8" },
	{ "-f90%", "options full=0.9" },
	{ "--full=0", "options full=0" },
	{ "--full=100", "options full=1" },
	{ "-D", "options detail" },
	{ "-o state,port", "options columns=named:2" },
	{ "--output +port,uid", "options columns=15" },
	{ "-e -o +port", "options columns=21" },
	{ "-e -o port", "options columns=named:8" },
	{ "-o port -o uid,inode", "options columns=named:2" },
	{ "-s drops", "options sort=drops" },
	{ "-s QUEUED", "options sort=length" },
	{ "-s -+DROPS", "options sort=-drops-delta" },
	{ "-s accept_queue.length", "options sort=length" },
	{ "-r", "options resolve" },
	{ "-d0", "options delay=0" },
	{ "-d .5", "options delay=0.5" },
	{ "--delay=86400", "options delay=86400" },
	{ "--watch", "options watch" },
	{ "--count=4294967295 -d 0.1", "options watch count=4294967295 delay=0.1" },
	{ "--peak-rate=0", "options peak-rate=0" },
	{ "--peak-rate=1000", "options peak-rate=1000" },
	{ "-J", "options json" },
	/* It has no window unless one is asked for. */
	{ "--prometheus", "options prometheus delay=0" },
	{ "--prometheus -d1", "options prometheus" },
	{ "--prometheus -d 4", "options prometheus delay=4" },
	{ "--prometheus --watch", "options watch prometheus" },
	{ "--prometheus --count=2", "options watch prometheus count=2" },
	{ "--replay=f --incident", "options watch incident" },
	{ "--no", "options no_header" },
	{ "--noheadings", "options no_header" },
	{ "--output-file=f", "options output-file=f" },
	{ "--color", "options color=always" },
	{ "--color=always --color=auto", "options" },
	{ "--color=never", "options color=never" },
	{ "--ascii", "options ascii" },
	{ "--width=0", "options width=0" },
	{ "--width=10000", "options width=10000" },
	{ "--strict", "options strict" },
	/* The interactive view has columns of its own to begin with. */
	{ "-T --mouse", "options columns=8 top mouse" },
	{ "-Te", "options columns=15 top" },
	{ "-T -o+uid", "options columns=9 top" },
	{ "-o state,port --top", "options columns=named:2 top" },
	{ "-T4f90 -s -drops -d .5",
	  "options family=inet full=0.9 columns=8 sort=-drops top delay=0.5" },
	{ "--list-columns --raw", "options raw list_columns" },
	{ "--json-schema", "options json_schema" },
	/* Help for who is in need of it: what else is wrong does not matter. */
	{ "--help --no-such-option", "options columns=0 help" },
	{ "-V -d x", "options columns=0 version" },
	/* Unambiguous beginnings are getopt's custom. */
	{ "--vers", "options columns=0 version" },
	{ "-Hjd0", "options no_header json delay=0" },
	{ "sport = :80 -j or length > 5 -d 0", "options filter json delay=0" },
	{ "-f :80", "options full=0.8 filter" },
	{ "-- :80", "options filter" },
	{ "-4 src inet6:*", "options family=inet6 filter" },
	{ "--fail-if=fill>80", "options fail-if" },
	{ "-j --watch --fail-if state=full", "options watch json fail-if" },
	{ "--check", "options check" },
	{ "--check -x", "options unix_too delay=3.5 check" },
	{ "--check -x -d 2", "options unix_too delay=2 check" },
	{ "--check -x --timeout=3", "options unix_too check timeout=3" },
	{ "--check --metric=queue -w 5 -c 10: :80",
	  "options filter check metric=queue warning=0:5 critical=10:inf" },
	{ "--check --allow-empty --timeout=1.5 -d 0.5", "options delay=0.5 check timeout=1.5" },
};

/* The same for check_listenq. */
static const struct {
	const char *line, *result;
} good_checks[] = {
	{ "", "options check" },
	{ "-H 127.0.0.1 -p 80", "options check to=inet port=80" },
	{ "--hostname=::1 --port 65535", "options check to=inet6 port=65535" },
	{ "-H ::ffff:127.0.0.1", "options check to=inet" },
	{ "-H 127.255.255.254", "options check to=inet" },
	{ "-H fe80::1", "options check to=inet6" },
	/* A filter makes UNIX listeners looked at, as -x does. */
	{ "/run/app.sock", "options filter delay=3.5 check" },
	{ "/run/app.sock -d 1", "options filter check" },
	{ ":80 or unix:*", "options filter delay=3.5 check" },
	{ "/run/app.sock -t 2", "options filter check timeout=2" },
	{ "-t 30 -d 20", "options delay=20 check timeout=30" },
	{ "--metric fill -w ~:80 -c @99.5:100 -v",
	  "options check metric=fill warning=-inf:80 critical=99.5:100" },
	{ "-A --unix :443", "options filter columns=14 unix_too delay=3.5 check" },
	{ "-h -Z", "options columns=0 help check" },
	{ "--version", "options columns=0 version check" },
};

#define LETTERS_OF_SS                                                                            \
	": listenq shows TCP listeners, and UNIX ones with -x; the letters of ss that it takes " \
	"are -4 -6 -x -t -l -n -p -e -r -H -N"

#define JSON_HAS_ALL \
	"-o, -O and -e choose columns of the table; other formats have their own fields"

#define ONE_REPORT "--incident is one report about all windows: it excludes --detail and --fail-if"

/* The complaint, without "listenq: " and the line that points to --help. */
static const struct {
	const char *line, *complaint;
} bad[] = {
	{ "-Z", "unknown option '-Z'" },
	{ "--no-such-option", "unknown option '--no-such-option'" },
	{ "--co", "option '--co' is ambiguous" }, /* color or count */
	{ "--=", "unknown option '--='" },
	{ "-d", "option '-d' needs an argument" },
	{ "--delay", "option '--delay' needs an argument" },
	{ "--watch=3", "option '--watch' takes no argument" },
	{ "--json=x", "option '--json' takes no argument" },
	{ "--top -D",
	  "--detail does not go with --top, where Enter shows what is in the queues of a listener" },
	{ "sprot = :80", "filter, at character 1: 'sprot' is not a field; did you mean sport?" },
	{ ":80 -j or", "filter, at its end, character 7: a condition is missing" },
	{ "-- -j", "filter, at character 1: '-j' is not a field; --list-columns shows them" },
	{ "90", "filter, at character 1: '90' is not an address; did you mean :90?" },
	{ "-f 90", "filter, at character 1: '90' is not an address; did you mean :90?; "
		   "a threshold is glued on, as in -f90" },
	{ "-f x", "filter, at character 1: 'x' is not a field; did you mean process = x?" },
	{ "-o port -O", "-o and -O exclude each other" },
	{ "-d x", "--delay: 'x' is not a number" },
	{ "-d -1", "--delay: -1 is not between 0 and 86400" },
	{ "-d 1s", "--delay: '1s' is not a number" },
	{ "-d 86401", "--delay: 86401 is not between 0 and 86400" },
	{ "--count=0", "--count: 0 is not between 1 and 4294967295" },
	{ "--count=1.5", "--count: '1.5' is not a whole number" },
	{ "--peak-rate=1001", "--peak-rate: 1001 is not between 0 and 1000" },
	{ "--peak-rate=fast", "--peak-rate: 'fast' is not a number" },
	{ "--width=10001", "--width: 10001 is not between 0 and 10000" },
	{ "--width=-1", "--width: -1 is not between 0 and 10000" },
	{ "-f101", "--full: 101 is not between 0 and 100" },
	{ "--full=%", "--full: '' is not a number" },
	{ "-f-1%", "--full: -1 is not between 0 and 100" },
	{ "-s colour", "--sort: unknown column 'colour'; --list-columns shows them" },
	{ "-o lenght", "--output: unknown column 'lenght'; did you mean length?" },
	{ "-o recv-q", "--output: unknown column 'recv-q'; did you mean length (QUEUED)?" },
	{ "-tulpn", "unknown option '-u'" LETTERS_OF_SS },
	{ "--udp", "unknown option '--udp'" LETTERS_OF_SS },
	{ "--jsn", "unknown option '--jsn'; did you mean --json?" },
	{ "--dealy=3", "unknown option '--dealy=3'; did you mean --delay?" },
	{ "nginx",
	  "filter, at character 1: 'nginx' is not a field; did you mean process = nginx?" },
	{ "-o colour", "--output: unknown column 'colour'; --list-columns shows them" },
	{ "-o port,,uid", "--output: the name of a column is missing" },
	{ "--color=red", "--color: 'red' is not auto, always or never" },
	{ "--watch -d 0", "--watch and --count need a --delay above 0" },
	{ "--raw", "--raw goes with --list-columns" },
	{ "--mouse", "--mouse goes with --top" },
	{ "-T -j", "--top excludes other formats, --watch, --count and --output-file" },
	{ "-T --prometheus", "--top excludes other formats, --watch, --count and --output-file" },
	{ "--prometheus -D", "--prometheus has no connections; -D lists them in the table" },
	{ "--incident", "--incident goes with --replay; in --top key w writes it" },
	{ "--replay=a --replay=b", "--replay takes one file; join several, the oldest first: "
				   "cat FILE.1 FILE | listenq --replay=-" },
	{ "--incident --replay=f -D", ONE_REPORT },
	{ "--incident --replay=f --fail-if=fill>80", ONE_REPORT },
	{ "-T --count=3", "--top excludes other formats, --watch, --count and --output-file" },
	{ "-T --output-file=f",
	  "--top excludes other formats, --watch, --count and --output-file" },
	{ "-T -H", "--top excludes --no-header, --strict and --width" },
	{ "-T --strict", "--top excludes --no-header, --strict and --width" },
	{ "-T --width=80", "--top excludes --no-header, --strict and --width" },
	{ "-d 0.0001", "--delay: 0.0001 is neither 0 nor at least 0.001" },
	{ "-N a -A", "-N and -A exclude each other" },
	{ "-N /x --net=", "--net: the name is empty" },
	{ "-T -d 0", "--top needs a --delay above 0" },
	{ "--json -o port", JSON_HAS_ALL },
	{ "--json -O", JSON_HAS_ALL },
	{ "-e --json", JSON_HAS_ALL },
	{ "-e --prometheus", JSON_HAS_ALL },
	{ "--output-file=", "--output-file: the name is empty" },
	{ "--fail-if=", "--fail-if: the filter is empty" },
	{ "--fail-if=fill>x",
	  "--fail-if: filter, at character 6: 'x' is neither a percentage like 80% nor "
	  "a ratio from 0 to 1" },
	{ "-T --fail-if=:80", "--top excludes --fail-if" },
	{ "-c 5", "-c is the --critical of a --metric, as in --metric=fill -c 90; for --count "
		  "there is no letter" },
	{ "-w 5", "-w is the --warning of a --metric, as in --metric=fill -w 90" },
	{ "-d0 --fail-if=state>=high",
	  "--fail-if: 'state>=high' is unknown without a window; give --delay, --watch or "
	  "--baseline, or ask for fill" },
	{ "--prometheus --fail-if=overflows>0",
	  "--fail-if: 'overflows>0' is unknown without a window; give --delay, --watch or "
	  "--baseline, or ask for fill" },
	{ "--baseline=-", "--baseline: the sample is kept in a file, name one" },
	{ "--prometheus --baseline=- --output-file=./-",
	  "--baseline: the sample is kept in a file, name one" },
	{ "--metric=fill", "--metric, --allow-empty and --timeout go with --check" },
	{ "--allow-empty -j", "--metric, --allow-empty and --timeout go with --check" },
	{ "--timeout=5", "--metric, --allow-empty and --timeout go with --check" },
};

/* The complaint on standard output. */
static const struct {
	const char *as, *line, *complaint;
} bad_checks[] = {
	{ "listenq", "--check -Z", "unknown option '-Z'" },
	{ "listenq", "-Z --check", "unknown option '-Z'" },
	{ "listenq", "--check --metric=a|b",
	  "--metric: 'a\\x7cb' is not fill, queue, drops, overflows, losses, synrecv or "
	  "oldest-wait" },
	{ "listenq", "--check --json",
	  "--json, --prometheus, --incident and --check exclude each other" },
	{ "listenq", "--json --check",
	  "--json, --prometheus, --incident and --check exclude each other" },
	{ "listenq", "--check -D",
	  "--check has no columns and no details; -o, -O, -e and -D are those of the table" },
	{ "listenq", "--check --count=3", "--check excludes --watch, --count and --output-file" },
	{ "listenq", "--check --fail-if=:80",
	  "--check has exit statuses of its own: it excludes --strict and --fail-if" },
	{ "listenq", "--check --top",
	  "--top excludes other formats, --watch, --count and --output-file" },
	{ "check_listenq", "-u", "unknown option '-u'" },
	{ "check_listenq", "--json", "unknown option '--json'" },
	{ "check_listenq", "--metrik=fill",
	  "unknown option '--metrik=fill'; did you mean --metric?" },
	{ "check_listenq", "-p", "option '-p' needs an argument" },
	{ "check_listenq", "-p 0", "--port: 0 is not between 1 and 65535" },
	{ "check_listenq", "-p http", "--port: 'http' is not a whole number" },
	{ "check_listenq", "-H web3", "--hostname: 'web3' is not an IPv4 or IPv6 address" },
	{ "check_listenq", "-c 5",
	  "-c is the --critical of a --metric, as in --metric=fill -c 90" },
	{ "listenq", "--check -c 5",
	  "-c is the --critical of a --metric, as in --metric=fill -c 90" },
	{ "check_listenq", "-w 5", "-w is the --warning of a --metric, as in --metric=fill -w 90" },
	{ "check_listenq", "-p 80 --port=81",
	  "--port takes one port; a filter takes several, as in ':8080 or :9000'" },
	{ "check_listenq", "-H ::1 -H 127.0.0.1",
	  "--hostname takes one address; a check of two is two checks" },
	{ "check_listenq", "-H 224.0.0.1",
	  "--hostname: 224.0.0.1 is an address of many hosts, to which no client connects" },
	{ "check_listenq", "-H 255.255.255.255",
	  "--hostname: 255.255.255.255 is an address of many hosts, to which no client connects" },
	{ "check_listenq", "-H ff02::1",
	  "--hostname: ff02::1 is an address of many hosts, to which no client connects" },
	{ "check_listenq", "-H ::ffff:239.1.2.3",
	  "--hostname: ::ffff:239.1.2.3 is an address of many hosts, to which no client connects" },
	{ "check_listenq", "--metric=fil -c 5",
	  "--metric: 'fil' is not fill, queue, drops, overflows, losses, synrecv or oldest-wait; "
	  "did you mean fill?" },
	{ "check_listenq", "--metric=fill -c 10:5",
	  "--critical: '10:5' is not a range: its start is above its end" },
	{ "check_listenq", "--metric=fill -w nan",
	  "--warning: 'nan' is not a range: its end is not a number; they are written as 10, 10:, "
	  "~:10, 10:20 or @10:20" },
	{ "check_listenq", "-t 1",
	  "a window of 1 s does not fit into a timeout of 1 s; --timeout has to be 0.5 s longer" },
	{ "check_listenq", "-d 10",
	  "a window of 10 s does not fit into a timeout of 10 s; --timeout has to be 0.5 s longer" },
	{ "check_listenq", "-t 0", "--timeout: 0 is not between 0.1 and 3600" },
};

static void test_good(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct options o;
		char text[1024];

		if (parse(good[i].line, &o) != 0)
			fail_msg("listenq %s: %s", good[i].line, complaint);
		describe(&o, text);
		if (strcmp(text, good[i].result) != 0)
			fail_msg("listenq %s: %s, not %s", good[i].line, text, good[i].result);
		assert_string_equal(complaint, "");
		options_free(&o);
	}
}

/* One line that says what, one that points to --help. */
static void test_bad(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char expected[512];
		struct options o;

		if (parse(bad[i].line, &o) != -EINVAL)
			fail_msg("listenq %s: accepted", bad[i].line);
		options_free(&o);
		snprintf(expected, sizeof(expected),
			 "listenq: %s\nTry 'listenq --help' for more information.\n",
			 bad[i].complaint);
		assert_string_equal(complaint, expected);
	}
}

static void test_good_checks(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(good_checks); i++) {
		struct options o;
		char text[1024];

		if (parse_as("/usr/lib/nagios/plugins/check_listenq", good_checks[i].line, &o) != 0)
			fail_msg("check_listenq %s: %s", good_checks[i].line, complaint);
		describe(&o, text);
		assert_string_equal(text, good_checks[i].result);
		assert_string_equal(complaint, "");
		options_free(&o);
	}
}

static void test_bad_checks(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_checks); i++) {
		char expected[512];
		struct options o;

		if (parse_as(bad_checks[i].as, bad_checks[i].line, &o) != -EINVAL)
			fail_msg("%s %s: accepted", bad_checks[i].as, bad_checks[i].line);
		assert_int_equal(o.format, FORMAT_CHECK);
		options_free(&o);
		snprintf(expected, sizeof(expected),
			 "LISTENQ UNKNOWN - %s\nTry '%s --help' for more information.\n",
			 bad_checks[i].complaint, bad_checks[i].as);
		assert_string_equal(complaint, expected);
	}
}

/* What is allowed beside a filter is known when problems elsewhere are judged. */
static void test_chosen(void **state)
{
	static const struct {
		const char *line;
		bool chosen;
	} cases[] = { { "-A -x", false },
		      { "--metric=fill -c 9", false },
		      { ":80", true },
		      { "-p 80", true },
		      { "-H ::1", true } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct options o;

		assert_int_equal(parse_as("check_listenq", cases[i].line, &o), 0);
		assert_int_equal(o.check.chosen, cases[i].chosen);
		options_free(&o);
	}
}

/* What the complaint about letters of ss says of those that listenq takes. */
static void test_letters_of_ss(void **state)
{
	struct options o;

	assert_int_equal(parse("-46xtlnperH -N 1", &o), 0);
	options_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	    cmocka_unit_test(test_bad),
		cmocka_unit_test(test_good_checks), cmocka_unit_test(test_bad_checks),
		cmocka_unit_test(test_chosen),	    cmocka_unit_test(test_letters_of_ss),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARGUMENTS_MAX 12

static char complaint[4096]; /* what the last options_parse() wrote to standard error */

/* Parses the words of a command line, which are separated by single blanks. */
static int parse(const char *line, struct options *o)
{
	char name[] = "listenq", *words = xstrdup(line), *argv[ARGUMENTS_MAX + 2] = { name };
	int argc = 1, code, real;
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
	fflush(stderr);
	real = dup(STDERR_FILENO);
	dup2(fileno(caught), STDERR_FILENO);
	optind = 0; /* glibc's way to start over */
	code = options_parse(argc, argv, o);
	fflush(stderr);
	dup2(real, STDERR_FILENO);
	close(real);
	rewind(caught);
	n = fread(complaint, 1, sizeof(complaint) - 1, caught);
	complaint[n] = '\0';
	fclose(caught);
	/* What options point into lives as long as argv; the tests compare it before that. */
	if (o->output_file)
		o->output_file = strcmp(o->output_file, "f") ? "another" : "f";
	free(words);
	return code;
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
		sprintf(at, " output-file=%s", o->output_file);
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
};

#define LETTERS_OF_SS                                                                            \
	": listenq shows TCP listeners, and UNIX ones with -x; the letters of ss that it takes " \
	"are -4 -6 -x -t -l -n -p -e -r -H -N"

#define JSON_HAS_ALL "-o, -O and -e choose columns of the table; --json has every field"

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
	{ "-T -j", "--top excludes --json, --watch, --count and --output-file" },
	{ "-T --count=3", "--top excludes --json, --watch, --count and --output-file" },
	{ "-T --output-file=f", "--top excludes --json, --watch, --count and --output-file" },
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
	{ "--output-file=", "--output-file: the name is empty" },
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
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_letters_of_ss),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}

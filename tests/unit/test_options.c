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

/* What a command line makes of the options: a text that names what is not as usual. */
static void describe(const struct options *o, char text[1024])
{
	static const char *const modes[] = { "report", "help", "version", "columns", "schema" };
	static const char *const colors[] = { "auto", "always", "never" };
	const struct selection *s = &o->selection;
	char *at = text;

	at += sprintf(at, "%s", modes[o->mode]);
	if (s->family != AF_UNSPEC)
		at += sprintf(at, " family=%s", s->family == AF_INET ? "inet" : "inet6");
	if (o->fold)
		at += sprintf(at, " fold");
	if (o->unix_too)
		at += sprintf(at, " unix");
	if (s->only_full)
		at += sprintf(at, " full=%g", s->fill);
	if (s->filter)
		at += sprintf(at, " filter");
	if (o->columns.n != 13 || o->columns.named)
		at += sprintf(at, " columns=%s%zu", o->columns.named ? "named:" : "", o->columns.n);
	if (o->sort)
		at += sprintf(at, " sort=%s%s", o->descending ? "-" : "", o->sort->name);
	at += sprintf(at, "%s%s%s%s%s%s%s%s%s%s%s", o->header ? "" : " no-header",
		      o->json ? " json" : "", o->detail ? " detail" : "",
		      o->processes ? " processes" : "", o->resolve ? " resolve" : "",
		      o->ascii ? " ascii" : "", o->strict ? " strict" : "",
		      o->watch ? " watch" : "", o->raw ? " raw" : "", o->top ? " top" : "",
		      o->mouse ? " mouse" : "");
	if (o->color != COLOR_AUTO)
		at += sprintf(at, " color=%s", colors[o->color]);
	if (o->count)
		at += sprintf(at, " count=%llu", (unsigned long long)o->count);
	if (o->delay != 1)
		at += sprintf(at, " delay=%g", o->delay);
	if (o->peak_rate != 50)
		at += sprintf(at, " peak-rate=%g", o->peak_rate);
	if (o->width != WIDTH_OF_TERMINAL)
		at += sprintf(at, " width=%zu", o->width);
	if (o->output_file)
		sprintf(at, " output-file=%s", o->output_file);
}

static const struct {
	const char *line, *result;
} good[] = {
	{ "", "report" },
	{ "-ltn", "report" },
	{ "-ltnp", "report columns=15 processes" },
	{ "--processes -o port", "report columns=named:4 processes" },
	{ "-p -o pid,port", "report columns=named:4 processes" },
	{ "-p -e", "report columns=22 processes" },
	{ "-p -g", "report fold columns=17 processes" },
	{ "-j -p", "report columns=15 json processes" },
	{ "--listening --tcp --numeric", "report" },
	{ "-4", "report family=inet" },
	{ "-6", "report family=inet6" },
	{ "--ipv6", "report family=inet6" },
	{ "-4 -6", "report" },
	{ "-46", "report" },
	{ "-x", "report unix" },
	{ "-4 --unix", "report family=inet unix" },
	{ "-g", "report fold columns=15" },
	{ "--group -o port", "report fold columns=named:1" },
	{ "-ge", "report fold columns=22" },
	{ "-g -j", "report fold columns=15 json" },
	{ "-f", "report full=0.8" },
	{ "-f90", "report full=0.9" },
	{ "-f90%", "report full=0.9" },
	{ "--full=0", "report full=0" },
	{ "--full=100", "report full=1" },
	{ "--full=12.5%", "report full=0.125" },
	{ "-e", "report columns=20" },
	{ "-D", "report detail" },
	{ "--detail --json", "report json detail" },
	{ "-o state,port", "report columns=named:2" },
	{ "-o+port", "report columns=14" },
	{ "--output +port,uid", "report columns=15" },
	{ "-e -o +port", "report columns=21" },
	{ "-e -o port", "report columns=named:8" },
	{ "-o port -o uid,inode", "report columns=named:2" },
	{ "-s drops", "report sort=drops" },
	{ "-s -drops", "report sort=-drops" },
	{ "-s QUEUED", "report sort=length" },
	{ "-s -Fill", "report sort=-fill" },
	{ "-s -+DROPS", "report sort=-drops-delta" },
	{ "-s accept_queue.length", "report sort=length" },
	{ "--sort=-drops-delta", "report sort=-drops-delta" },
	{ "-r", "report resolve" },
	{ "-d 0", "report delay=0" },
	{ "-d0", "report delay=0" },
	{ "-d .5", "report delay=0.5" },
	{ "--delay=86400", "report delay=86400" },
	{ "--watch", "report watch" },
	{ "--count=3", "report watch count=3" },
	{ "--watch --count 4294967295 -d 0.1", "report watch count=4294967295 delay=0.1" },
	{ "--peak-rate=0", "report peak-rate=0" },
	{ "--peak-rate=1000", "report peak-rate=1000" },
	{ "-j", "report json" },
	{ "-J", "report json" },
	{ "--json", "report json" },
	{ "-H", "report no-header" },
	{ "--no-header", "report no-header" },
	{ "--noheadings", "report no-header" },
	{ "--output-file=f", "report output-file=f" },
	{ "--color", "report color=always" },
	{ "--color=always", "report color=always" },
	{ "--color=auto", "report" },
	{ "--color=never", "report color=never" },
	{ "--ascii", "report ascii" },
	{ "--width=0", "report width=0" },
	{ "--width=80", "report width=80" },
	{ "--width=10000", "report width=10000" },
	{ "--strict", "report strict" },
	/* The interactive view has columns of its own to begin with. */
	{ "-T", "report columns=11 top" },
	{ "--top", "report columns=11 top" },
	{ "-T --mouse", "report columns=11 top mouse" },
	{ "--mouse --top", "report columns=11 top mouse" },
	{ "-Te", "report columns=18 top" },
	{ "-T -o+uid", "report columns=12 top" },
	{ "-o state,port --top", "report columns=named:2 top" },
	{ "-T4f90 -s -drops -d .5",
	  "report family=inet full=0.9 columns=11 sort=-drops top delay=0.5" },
	{ "-Tltn --ascii --color=never", "report columns=11 ascii top color=never" },
	{ "--list-columns", "columns" },
	{ "--list-columns --raw", "columns raw" },
	{ "--json-schema", "schema" },
	{ "-h", "help columns=0" },
	{ "--help", "help columns=0" },
	{ "-V", "version columns=0" },
	{ "--version", "version columns=0" },
	/* Help for who is in need of it: what else is wrong does not matter. */
	{ "--help --no-such-option", "help columns=0" },
	{ "-V -d x", "version columns=0" },
	/* Unambiguous beginnings are getopt's custom. */
	{ "--vers", "version columns=0" },
	{ "--", "report" },
	{ "-Hjd0", "report no-header json delay=0" },
	{ "-j -d 0 -4", "report family=inet json delay=0" },
	{ "10.0.0.1", "report filter" },
	{ "sport = :80 -j or length > 5 -d 0", "report filter json delay=0" },
	{ "-f :80", "report full=0.8 filter" },
	{ "-- :80", "report filter" },
	{ "src inet6:*", "report family=inet6 filter" },
	{ "-4 src inet6:*", "report family=inet6 filter" },
	{ "src inet6:* or :80 -4", "report family=inet6 filter" },
};

#define LETTERS_OF_SS                                                                            \
	": listenq shows TCP listeners, and UNIX ones with -x; the letters of ss that it takes " \
	"are -4 -6 -x -t -l -n -p -e -r -H -N"

/* The complaint, without "listenq: " and the line that points to --help. */
static const struct {
	const char *line, *complaint;
} bad[] = {
	{ "-Z", "unknown option '-Z'" },
	{ "-jZ", "unknown option '-Z'" },
	{ "--no-such-option", "unknown option '--no-such-option'" },
	{ "--no-such-option=3", "unknown option '--no-such-option=3'" },
	{ "--co", "option '--co' is ambiguous" }, /* color or count */
	{ "--co=3", "option '--co=3' is ambiguous" },
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
	{ "-d -.5", "--delay: -.5 is not between 0 and 86400" },
	{ "-d --1", "--delay: '--1' is not a number" },
	{ "-d -", "--delay: '-' is not a number" },
	{ "-d 1s", "--delay: '1s' is not a number" },
	{ "-d inf", "--delay: 'inf' is not a number" },
	{ "-d 86401", "--delay: 86401 is not between 0 and 86400" },
	{ "--count=0", "--count: 0 is not between 1 and 4294967295" },
	{ "--count=4294967296", "--count: 4294967296 is not between 1 and 4294967295" },
	{ "--count=1.5", "--count: '1.5' is not a whole number" },
	{ "--count=", "--count: '' is not a whole number" },
	{ "--peak-rate=1001", "--peak-rate: 1001 is not between 0 and 1000" },
	{ "--peak-rate=fast", "--peak-rate: 'fast' is not a number" },
	{ "--width=10001", "--width: 10001 is not between 0 and 10000" },
	{ "--width=-1", "--width: -1 is not between 0 and 10000" },
	{ "--width=-1.5", "--width: '-1.5' is not a whole number" },
	{ "--count=-1", "--count: -1 is not between 1 and 4294967295" },
	{ "--peak-rate=-1", "--peak-rate: -1 is not between 0 and 1000" },
	{ "-f101", "--full: 101 is not between 0 and 100" },
	{ "-fx", "--full: 'x' is not a number" },
	{ "--full=", "--full: '' is not a number" },
	{ "--full=%", "--full: '' is not a number" },
	{ "-f-1", "--full: -1 is not between 0 and 100" },
	{ "-f-1%", "--full: -1 is not between 0 and 100" },
	{ "--full=1111111111111111111", "--full: 1111111111111111111 is not between 0 and 100" },
	{ "-s colour", "--sort: unknown column 'colour'; --list-columns shows them" },
	{ "-s -", "--sort: unknown column ''; --list-columns shows them" },
	{ "-s +port", "--sort: unknown column '+port'; did you mean port?" },
	{ "-s -lenght", "--sort: unknown column 'lenght'; did you mean length?" },
	{ "-o lenght", "--output: unknown column 'lenght'; did you mean length?" },
	{ "-o recv-q", "--output: unknown column 'recv-q'; did you mean length (QUEUED)?" },
	{ "-o local,send-q", "--output: unknown column 'send-q'; did you mean limit (LIMIT)?" },
	{ "-s -Recv-Q", "--sort: unknown column 'Recv-Q'; did you mean length (QUEUED)?" },
	{ "-tulpn", "unknown option '-u'" LETTERS_OF_SS },
	{ "-a", "unknown option '-a'" LETTERS_OF_SS },
	{ "--udp", "unknown option '--udp'" LETTERS_OF_SS },
	{ "--jsn", "unknown option '--jsn'; did you mean --json?" },
	{ "--dealy=3", "unknown option '--dealy=3'; did you mean --delay?" },
	{ "--bcklog", "unknown option '--bcklog'" },
	{ "nginx", "filter, at character 1: 'nginx' is not a field; did you mean process = nginx?" },
	{ "8000", "filter, at character 1: '8000' is not an address; did you mean :8000?" },
	{ "-o colour", "--output: unknown column 'colour'; --list-columns shows them" },
	{ "-o port,,uid", "--output: the name of a column is missing" },
	{ "--output=", "--output: the name of a column is missing" },
	{ "--color=red", "--color: 'red' is not auto, always or never" },
	{ "--watch -d 0", "--watch and --count need a --delay above 0" },
	{ "--count=2 -d 0", "--watch and --count need a --delay above 0" },
	{ "--raw", "--raw goes with --list-columns" },
	{ "--mouse", "--mouse goes with --top" },
	{ "--json --mouse", "--mouse goes with --top" },
	{ "--top=1", "option '--top' takes no argument" },
	{ "-T -j", "--top excludes --json, --watch, --count and --output-file" },
	{ "--watch -T", "--top excludes --json, --watch, --count and --output-file" },
	{ "-T --count=3", "--top excludes --json, --watch, --count and --output-file" },
	{ "-T --output-file=f", "--top excludes --json, --watch, --count and --output-file" },
	{ "-T -d 0", "--top needs a --delay above 0" },
	{ "--json -o port", NULL },
	{ "--json -O", NULL },
	{ "--json -e", NULL },
	{ "--output-file=", NULL },
};

static void test_good(void **state)
{
	(void)state;
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
/* What the complaint about others says of them. */
static void test_letters_of_ss(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse("-46xtlnperH -N 1", &o), 0);
	options_free(&o);
}

static void test_bad(void **state)
{
	static const char help[] = "\nTry 'listenq --help' for more information.\n";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char expected[512];
		struct options o;
		const char *newline;

		if (parse(bad[i].line, &o) != -EINVAL)
			fail_msg("listenq %s: accepted", bad[i].line);
		options_free(&o);
		if (bad[i].complaint) {
			snprintf(expected, sizeof(expected), "listenq: %s%s", bad[i].complaint,
				 help);
			if (strcmp(complaint, expected) != 0)
				fail_msg("listenq %s: %s", bad[i].line, complaint);
		}
		newline = strchr(complaint, '\n');
		assert_non_null(newline);
		assert_string_equal(newline, help);
	}
}

static void test_all_columns(void **state)
{
	struct options o;
	size_t named = 0;

	(void)state;
	for (size_t i = 0; i < FIELD_N; i++)
		named += field_table[i].name != NULL;
	assert_int_equal(parse("-O", &o), 0);
	assert_u64_equal(o.columns.n, named);
	options_free(&o);
}

/* An argument that nobody should have to escape for: it goes to a terminal. */
static void test_hostile_argument(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse("--sort=\x1b[31m", &o), -EINVAL);
	options_free(&o);
	assert_int_equal(parse("-\xff", &o), -EINVAL);
	options_free(&o);
}

static void test_help(void **state)
{
	char *text = NULL;
	size_t size = 0, longest = 0;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	options_print_help(stream);
	fclose(stream);
	assert_memory_equal(text, "Usage: listenq", 14);
	assert_int_equal(text[size - 1], '\n');
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		longest = len > longest ? len : longest;
		line += len + 1;
	}
	assert_true(longest <= 100);
	assert_non_null(strstr(text, "--no-header"));
	assert_non_null(strstr(text, "Exit status"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_letters_of_ss),
		cmocka_unit_test(test_all_columns),
		cmocka_unit_test(test_hostile_argument),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}

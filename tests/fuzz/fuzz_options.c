/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "base/text.h"
#include "model/window.h"
#include "command_line.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>

/* A command line, one word a line. */

#define WORDS_MAX 32

static void check_columns(const struct options *o)
{
	struct columns again = { .top = o->columns.top, .folded = o->columns.folded };
	struct strbuf list = { 0 };
	struct error why;

	FUZZ_CHECK(o->columns.n > 0 && o->columns.n <= FIELD_N);
	for (size_t i = 0; i < o->columns.n; i++) {
		strbuf_addf(&list, i ? ",%s" : "%s", o->columns.list[i]->name);
		for (size_t j = 0; j < i; j++)
			FUZZ_CHECK(o->columns.list[i] != o->columns.list[j]);
	}
	FUZZ_CHECK(columns_parse(&again, list.s, false, &why) == 0);
	FUZZ_CHECK(again.n == o->columns.n &&
		   !memcmp(again.list, o->columns.list, again.n * sizeof(again.list[0])));
	strbuf_free(&list);
}

static void check_accepted(const struct options *o)
{
	FUZZ_CHECK(o->width <= 10000 || o->width == WIDTH_OF_TERMINAL);
	FUZZ_CHECK(o->count <= UINT32_MAX);
	FUZZ_CHECK(isfinite(o->delay));
	FUZZ_CHECK(o->delay >= WINDOW_SECONDS_MIN || (o->delay >= 0 && o->delay <= 0));
	FUZZ_CHECK(o->delay <= WINDOW_SECONDS_MAX);
	FUZZ_CHECK(isfinite(o->peak_rate) && o->peak_rate >= 0 && o->peak_rate <= 1000);
	if (o->help || o->version)
		return;
	FUZZ_CHECK(!o->selection.only_full || o->selection.fill <= 100 * FILL_PERCENT);
	FUZZ_CHECK(o->selection.family == AF_UNSPEC || o->selection.family == AF_INET ||
		   o->selection.family == AF_INET6 || o->selection.family == AF_UNIX);
	FUZZ_CHECK(!o->watch || o->delay > 0);
	FUZZ_CHECK(!o->count || o->watch);
	FUZZ_CHECK(!o->top || (o->delay > 0 && !o->watch && !o->output_file));
	FUZZ_CHECK(!o->all_namespaces || !o->n_namespaces);
	FUZZ_CHECK(!o->raw || o->list_columns);
	FUZZ_CHECK(!o->output_file || *o->output_file);
	FUZZ_CHECK(isfinite(o->timeout) && o->timeout > 0);
	FUZZ_CHECK(o->format != FORMAT_CHECK || (o->delay < o->timeout && !o->watch));
	FUZZ_CHECK(o->check.metric || (!o->check.warning.text && !o->check.critical.text));
	FUZZ_CHECK(!o->fail_if == !o->fail.filter);
	for (size_t i = 0; i < o->n_namespaces; i++)
		FUZZ_CHECK(*o->namespaces[i]);
	check_columns(o);
}

/* "listenq: MESSAGE", and where to look. What was typed does not move the cursor. */
static void check_refused(const char *message, size_t len, const struct options *o)
{
	const char *failed = format_table[o->format].failed, *begin = failed ? failed : "listenq: ";
	static const char end[] = "\nTry 'listenq --help' for more information.\n";

	FUZZ_CHECK(!failed || !strchr(message, '|'));
	FUZZ_CHECK(len > strlen(begin) + strlen(end) && !strncmp(message, begin, strlen(begin)));
	FUZZ_CHECK(!strcmp(message + len - strlen(end), end));
	fuzz_check_printed(message, len - strlen(end), "");
}

/* What command_line_parse() returns and prints. */
static int parse(int argc, char **argv, struct options *o)
{
	FILE *real = stderr, *output = stdout;
	char *message;
	size_t len;
	int code;

	optind = 0; /* getopt(3) forgets what it has read */
	stdout = stderr = open_memstream(&message, &len);
	code = command_line_parse(argc, argv, o);
	fclose(stderr);
	stderr = real;
	stdout = output;
	FUZZ_CHECK(code == 0 || code == -EINVAL);
	if (code == 0)
		FUZZ_CHECK(len == 0);
	else
		check_refused(message, len, o);
	free(message);
	return code;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	char *argv[WORDS_MAX + 2] = { (char[]){ "listenq" } };
	struct strbuf words = { 0 };
	struct options o;
	int argc = 1;
	char *rest;

	strbuf_add(&words, (const char *)data, size);
	rest = words.s;
	while (rest && argc <= WORDS_MAX)
		argv[argc++] = strsep(&rest, "\n");
	if (parse(argc, argv, &o) == 0)
		check_accepted(&o);
	options_free(&o);
	strbuf_free(&words);
}

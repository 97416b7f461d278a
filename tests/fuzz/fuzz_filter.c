/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "collect/bytecode.h"
#include "output/fields.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/*
 * A filter from any bytes: what is taken can be judged and compiled, what is not says where. The
 * same in parentheses judges alike, and its negation never holds for the same row.
 */

#define DEPTH_MAX 64 /* of parentheses, which parsing and matching recurse into */

static const struct filter_source *source;

/* How many parentheses the filter opens at once. */
static size_t depth(const char *typed)
{
	size_t n = 0;

	for (size_t i = 0; typed[i] == '(' || typed[i] == ' '; i++)
		n += typed[i] == '(';
	return n;
}

/* A backslash at the end is itself, but would take the parenthesis. */
static struct filter *parse_within(const char *before, const char *typed)
{
	const bool escaped = *typed && typed[strlen(typed) - 1] == '\\';
	struct strbuf text = { 0 };
	struct filter *filter;
	struct error why;

	strbuf_addf(&text, "%s(%s)", before, typed);
	if (filter_parse(text.s, source, &filter, &why, NULL) < 0)
		FUZZ_CHECK(!filter && (escaped || strstr(why.text, "nested too deep")));
	strbuf_free(&text);
	if (!escaped)
		return filter;
	filter_free(filter);
	return NULL;
}

static void judge(const struct filter *filter, const char *typed)
{
	struct netns netns = { .inode = 1 };
	struct netns_report netns_report = { .netns = &netns };
	struct snapshot snapshot = { .netns = &netns, .n_netns = 1 };
	struct report report = { .snapshot = &snapshot };
	struct listener listener = { .cgroup = "/system.slice/a.service", .addr = { .port = 80 } };
	struct row row = { .listener = &listener,
			   .netns = &netns_report,
			   .window = &row_no_window };
	static const uint8_t families[] = { AF_INET, AF_INET6, AF_UNIX };
	struct filter *same = parse_within("", typed), *not = parse_within("not ", typed);

	for (int i = 0; i < 3; i++) {
		bool match;

		listener.addr.family = families[i];
		match = filter_match(filter, &row, &report);
		FUZZ_CHECK(!same || filter_match(same, &row, &report) == match);
		FUZZ_CHECK(!not || !match || !filter_match(not, &row, &report));
	}
	FUZZ_CHECK(!same || filter_needs(same) == filter_needs(filter));
	filter_free(same);
	filter_free(not );
}

static void compile(const struct filter_expr *condition)
{
	struct bytecode b = { 0 };

	for (unsigned int tests = 0; condition && tests < 8; tests++) {
		bytecode_compile(&b, condition, tests, NULL, NULL);
		FUZZ_CHECK(b.n * BYTECODE_OP_SIZE <= 32768);
	}
	bytecode_free(&b);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct field_context context = { 0 };
	const struct filter_source fields = field_filter_source(&context);
	struct filter_mistake mistake = { 0 };
	struct strbuf typed = { 0 };
	struct filter *filter;
	struct error why = { "" };
	int code;

	source = &fields;
	strbuf_add(&typed, (const char *)data, size);
	code = filter_parse(typed.s, source, &filter, &why, &mistake);
	FUZZ_CHECK(code == 0 || (code == -EINVAL && !filter && strstr(why.text, "character ")));
	FUZZ_CHECK(mistake.at <= strlen(typed.s) && mistake.what <= strlen(why.text));
	FUZZ_CHECK(code < 0 || depth(typed.s) <= DEPTH_MAX);
	if (filter) {
		judge(filter, typed.s);
		compile(filter_expr(filter));
	}
	filter_free(filter);
	strbuf_free(&typed);
	strbuf_free(&context.scratch);
}

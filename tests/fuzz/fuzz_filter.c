/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "collect/bytecode.h"
#include "output/fields.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* A filter from any bytes: what is taken can be judged and compiled, what is not says where. */

const struct fuzz_seed fuzz_seeds[] = { { "tests/fuzz/filter", NULL }, { 0 } };

static void judge(const struct filter *filter)
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

	for (int i = 0; i < 3; i++) {
		listener.addr.family = families[i];
		filter_match(filter, &row, &report);
	}
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct field_context context = { 0 };
	const struct filter_source source = field_filter_source(&context);
	struct strbuf typed = { 0 };
	struct filter *filter;
	struct error why = { "" };
	int code;

	strbuf_add(&typed, (const char *)data, size);
	code = filter_parse(typed.s, &source, &filter, &why, NULL);
	FUZZ_CHECK(code == 0 || (code == -EINVAL && !filter && strstr(why.text, "character ")));
	if (code == 0) {
		judge(filter);
		compile(filter_expr(filter));
	}
	filter_free(filter);
	strbuf_free(&typed);
	strbuf_free(&context.scratch);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "collect/netstat.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The text of /proc/net/netstat, snmp and snmp6. */

typedef void parse_function(const char *text, size_t len, struct counters *c);
typedef int read_function(int fd, struct counters *c, struct strbuf *text);

/* A number that is known is in the text, to its last digit, and its name is too. */
static void check_in_text(const uint8_t *data, size_t size, const char *name, uint64_t value)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	const uint8_t *at = data;
	bool whole = false;

	FUZZ_CHECK(memmem(data, size, name, strlen(name)));
	while (!whole && (at = memmem(at, size - (size_t)(at - data), digits, (size_t)len))) {
		const uint8_t *end = at + len;

		whole = end < data + size && (*end < '0' || *end > '9');
		at++;
	}
	FUZZ_CHECK(whole);
}

/* The counters as the kernel prints them. */
static void print(const struct counters *c, bool six, struct strbuf *text)
{
	for (unsigned int i = 0; i < COUNTER_N; i++) {
		const char *prefix = counter_table[i].prefix, *name = counter_table[i].name;
		unsigned long long value = c->value[i];

		if (!counter_known(c, i))
			continue;
		if (six)
			strbuf_addf(text, "%s%-*s\t%llu\n", prefix, 32 - (int)strlen(prefix), name,
				    value);
		else
			strbuf_addf(text, "%s: RtoMin %s X\n%s: -1 %llu 5\n", prefix, name, prefix,
				    value);
	}
}

static void check_same(const struct counters *a, const struct counters *b)
{
	FUZZ_CHECK(a->known == b->known && !memcmp(a->value, b->value, sizeof(a->value)));
}

static void check(const uint8_t *data, size_t size, bool six)
{
	static int file = -1;
	parse_function *parse = six ? netstat_parse6 : netstat_parse;
	read_function *read_file = six ? netstat_read6 : netstat_read;
	struct counters c = { 0 }, again, whole = { 0 }, printed = { 0 };
	struct strbuf text = { 0 };
	size_t lines = size;

	parse((const char *)data, size, &c);
	FUZZ_CHECK(!(c.known >> COUNTER_N));
	for (unsigned int i = 0; i < COUNTER_N; i++)
		if (counter_known(&c, i))
			check_in_text(data, size, counter_table[i].name, c.value[i]);
		else
			FUZZ_CHECK(c.value[i] == 0);
	/* What is not there stays as it was: so the same text again changes nothing. */
	again = c;
	parse((const char *)data, size, &again);
	check_same(&c, &again);
	/* The last line counts only when it is whole. */
	while (lines && data[lines - 1] != '\n')
		lines--;
	parse((const char *)data, lines, &whole);
	check_same(&c, &whole);

	strbuf_adds(&text, "");
	print(&c, six, &text);
	parse(text.s, text.len, &printed);
	check_same(&c, &printed);

	if (file < 0)
		file = memfd_create("netstat", MFD_CLOEXEC);
	FUZZ_CHECK(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
	memset(&again, 0, sizeof(again));
	FUZZ_CHECK(read_file(file, &again, &text) == 0);
	check_same(&c, &again);
	FUZZ_CHECK(read_file(-ENOENT, &again, &text) == -ENOENT);
	check_same(&c, &again);
	strbuf_free(&text);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	check(data, size, false);
	check(data, size, true);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/netstat.h"

#include "collect/procfs.h"

#include <stdbool.h>
#include <string.h>

struct span {
	const char *p;
	size_t len;
};

/* Cuts the text up to @separator off the front of @from; false when nothing is left. */
static bool cut(struct span *from, char separator, struct span *part)
{
	const char *end;

	if (!from->len)
		return false;
	end = memchr(from->p, separator, from->len);
	part->p = from->p;
	part->len = end ? (size_t)(end - from->p) : from->len;
	from->p += part->len + (end != NULL);
	from->len -= part->len + (end != NULL);
	return true;
}

static bool span_is(struct span s, const char *text, size_t len)
{
	return len == s.len && !memcmp(s.p, text, len);
}

static bool parse_value(struct span s, uint64_t *value)
{
	uint64_t v = 0;

	if (!s.len)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned int digit = (unsigned char)s.p[i] - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*value = v;
	return true;
}

/* The counters whose names begin with @prefix, as bits 1 << enum counter_id. */
static uint32_t with_prefix(struct span prefix)
{
	uint32_t found = 0;

	for (unsigned int i = 0; i < COUNTER_N; i++)
		if (span_is(prefix, counter_table[i].prefix, counter_table[i].prefix_len))
			found |= 1u << i;
	return found;
}

/* @among: bits; there are hundreds of names, and few of these */
static void match(uint32_t among, struct span name, struct span value, struct counters *c)
{
	uint64_t v;

	for (; among; among &= among - 1) {
		const int i = __builtin_ctz(among);

		if (span_is(name, counter_table[i].name, counter_table[i].name_len) &&
		    parse_value(value, &v)) {
			c->value[i] = v;
			c->known |= 1u << i;
		}
	}
}

/* Without an incomplete last line: its last number may lack digits. */
static struct span whole_lines(const char *text, size_t len)
{
	while (len && text[len - 1] != '\n')
		len--;
	return (struct span){ text, len };
}

void netstat_parse(const char *text, size_t len, struct counters *c)
{
	struct span rest = whole_lines(text, len);
	struct span names, values;

	while (cut(&rest, '\n', &names) && cut(&rest, '\n', &values)) {
		struct span prefix, values_prefix, name, value;
		uint32_t among;

		if (!cut(&names, ':', &prefix) || !cut(&values, ':', &values_prefix) ||
		    prefix.len != values_prefix.len ||
		    memcmp(prefix.p, values_prefix.p, prefix.len))
			continue;
		among = with_prefix(prefix);
		while (among && cut(&names, ' ', &name) && cut(&values, ' ', &value))
			match(among, name, value, c);
	}
}

void netstat_parse6(const char *text, size_t len, struct counters *c)
{
	struct span rest = whole_lines(text, len), line, name;

	while (cut(&rest, '\n', &line)) {
		struct span prefix;

		if (!cut(&line, ' ', &name))
			continue;
		/* "Icmp6InDestUnreachs             \t3": the prefix ends with its digit. */
		prefix = (struct span){ name.p, 0 };
		while (prefix.len < name.len && prefix.p[prefix.len] != '6')
			prefix.len++;
		if (prefix.len == name.len)
			continue;
		prefix.len++;
		while (line.len && (*line.p == ' ' || *line.p == '\t')) {
			line.p++;
			line.len--;
		}
		match(with_prefix(prefix),
		      (struct span){ name.p + prefix.len, name.len - prefix.len }, line, c);
	}
}

int netstat_read6(int fd, struct counters *c, struct strbuf *text)
{
	int code = fd < 0 ? fd : procfs_read_fd(fd, text);

	if (code == 0)
		netstat_parse6(text->s, text->len, c);
	return code;
}

int netstat_read(int fd, struct counters *c, struct strbuf *text)
{
	int code = fd < 0 ? fd : procfs_read_fd(fd, text);

	if (code == 0)
		netstat_parse(text->s, text->len, c);
	return code;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Explicit marks, embeddings, overrides and isolates of the bidirectional algorithm. */
static bool changes_direction(uint32_t c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* How many bytes at the front need no escape: ASCII from @least on, except the backslash. */
static size_t plain_length(const unsigned char *s, size_t len, unsigned char least)
{
	size_t n = 0;

	while (n < len && s[n] >= least && s[n] < 0x7f && s[n] != '\\')
		n++;
	return n;
}

void strbuf_free(struct strbuf *b)
{
	free(b->s);
	memset(b, 0, sizeof(*b));
}

void strbuf_grow(struct strbuf *b, size_t len)
{
	b->s = array_reserve(b->s, b->len, &b->size, (b->len + len + 1) * 2, 1);
}

/* Adds the digits of @value, whose number @base is a constant where this is inlined. */
static inline void add_digits(struct strbuf *b, uint64_t value, unsigned int base)
{
	char digits[24], *const end = digits + sizeof(digits), *at = end;

	do {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	strbuf_add(b, at, (size_t)(end - at));
}

/* A table is mostly numbers, and printf() would take half of the time to print it. */
void strbuf_addu(struct strbuf *b, uint64_t value)
{
	if (value < 10) /* most of them */
		strbuf_putc(b, (char)('0' + value));
	else
		add_digits(b, value, 10);
}

void strbuf_addx(struct strbuf *b, uint64_t value)
{
	add_digits(b, value, 16);
}

void strbuf_addf(struct strbuf *b, const char *format, ...)
{
	const size_t likely = 64;
	va_list args;
	int len;

	strbuf_reserve(b, likely);
	va_start(args, format);
	len = vsnprintf(b->s + b->len, b->size - b->len, format, args);
	va_end(args);
	if (len > 0 && (size_t)len >= b->size - b->len) {
		strbuf_reserve(b, (size_t)len);
		va_start(args, format);
		vsnprintf(b->s + b->len, b->size - b->len, format, args);
		va_end(args);
	}
	b->len += len > 0 ? (size_t)len : 0;
}

static unsigned char least_plain(unsigned int flags)
{
	return flags & TEXT_ONE_WORD ? ' ' + 1 : ' ';
}

size_t text_decode(const char *text, size_t len, uint32_t *c)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n;

	if (s[0] < 0x80) {
		*c = s[0];
		return 1;
	}
	if ((s[0] & 0xe0) == 0xc0)
		n = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		n = 3;
	else if ((s[0] & 0xf8) == 0xf0)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	*c = s[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (!text_continues((char)s[i]))
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return n;
}

void text_load_locale(void)
{
	if (!strcmp(setlocale(LC_CTYPE, NULL), "C"))
		setlocale(LC_CTYPE, "");
}

bool text_allows_utf8(unsigned int flags)
{
	if (!(flags & TEXT_BY_LOCALE))
		return !(flags & TEXT_ASCII);
	text_load_locale();
	return !(flags & TEXT_ASCII) && !strcmp(nl_langinfo(CODESET), "UTF-8");
}

bool text_is_plain(const char *s, size_t len, unsigned int flags)
{
	return plain_length((const unsigned char *)s, len, least_plain(flags)) == len;
}

size_t text_add_safe(struct strbuf *b, const char *s, size_t len, unsigned int flags)
{
	const unsigned char *p = (const unsigned char *)s;
	const unsigned char *end = p + len;
	const unsigned char least = least_plain(flags);
	const size_t start = b->len;
	bool ascii = true;

	strbuf_add(b, "", 0); /* no text is one too */
	while (p < end) {
		bool keep_control = flags & TEXT_KEEP_CONTROL;
		size_t n = plain_length(p, (size_t)(end - p), least);
		uint32_t c;

		strbuf_add(b, (const char *)p, n);
		p += n;
		if (p == end)
			break;
		n = text_decode((const char *)p, (size_t)(end - p), &c);
		if (!n)
			strbuf_addf(b, "\\x%02x", *p);
		else if (c == '\\')
			strbuf_adds(b, "\\\\");
		else if (!keep_control && (c < least || (c >= 0x7f && c < 0xa0)))
			strbuf_addf(b, "\\x%02x", (unsigned int)c);
		else if (n > 1 &&
			 (!text_allows_utf8(flags) || (!keep_control && changes_direction(c))))
			strbuf_addf(b, "\\u{%x}", (unsigned int)c);
		else {
			strbuf_add(b, (const char *)p, n);
			ascii = false;
		}
		p += n ? n : 1;
	}
	return ascii ? b->len - start : text_width(b->s + start, b->len - start);
}

/* Is it printable ASCII, or kept by text_add_safe()? */
static bool is_printable(const char *s, unsigned int flags)
{
	struct strbuf safe = { 0 };
	const char *c = s;
	bool same;

	while (*c >= ' ' && *c <= '~')
		c++;
	if (!*c)
		return true;
	text_add_safe(&safe, s, strlen(s), flags);
	same = !strcmp(safe.s, s);
	strbuf_free(&safe);
	return same;
}

void text_add_word(struct strbuf *b, const char *s, unsigned int flags)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_@+:,./-";

	if (*s && !s[strspn(s, bare)]) {
		strbuf_adds(b, s);
		return;
	}
	if (is_printable(s, flags)) {
		strbuf_putc(b, '\'');
		for (; *s; s++)
			if (*s == '\'')
				strbuf_adds(b, "'\\''");
			else
				strbuf_putc(b, *s);
		strbuf_putc(b, '\'');
		return;
	}
	strbuf_adds(b, "$'");
	for (; *s; s++)
		if (*s >= ' ' && *s <= '~' && *s != '\'' && *s != '\\')
			strbuf_putc(b, *s);
		else
			strbuf_addf(b, "\\x%02x", (unsigned char)*s);
	strbuf_putc(b, '\'');
}

void text_add_rate(struct strbuf *b, double rate)
{
	if (rate > 0 && rate < 9.95 && rate != (double)(int)rate)
		strbuf_addf(b, "%.1f", rate < 0.1 ? 0.1 : rate);
	else if (rate < 99999.5)
		strbuf_addf(b, "%.0f", rate);
	else if (rate < 99999.5e3)
		strbuf_addf(b, "%.0fk", rate / 1e3);
	else
		strbuf_addf(b, "%.0fM", rate / 1e6);
}

void text_add_time(struct strbuf *b, uint64_t ns)
{
	const uint64_t tenth = NSEC_PER_SEC / 10;
	uint64_t tenths = (ns + tenth / 2) / tenth, seconds = (tenths + 5) / 10;

	if (ns && !tenths) {
		strbuf_adds(b, "<0.1s");
	} else if (tenths < 100) {
		strbuf_addf(b, tenths % 10 ? "%u.%us" : "%us", (unsigned int)(tenths / 10),
			    (unsigned int)(tenths % 10));
	} else if (seconds < 60) {
		strbuf_addf(b, "%us", (unsigned int)seconds);
	} else if (seconds < 3600) {
		strbuf_addf(b, seconds < 600 && seconds % 60 ? "%um%us" : "%um",
			    (unsigned int)(seconds / 60), (unsigned int)(seconds % 60));
	} else {
		uint64_t minutes = seconds / 60;

		strbuf_addf(b, minutes < 600 && minutes % 60 ? "%lluh%um" : "%lluh",
			    (unsigned long long)(minutes / 60), (unsigned int)(minutes % 60));
	}
}

size_t text_width(const char *s, size_t len)
{
	size_t width = 0, i = 0;

	while (i < len && (unsigned char)s[i] < 0x80)
		width = ++i;
	if (i < len)
		text_load_locale();
	while (i < len) {
		uint32_t c;
		size_t n = text_decode(s + i, len - i, &c);
		int columns = n > 1 ? wcwidth((wchar_t)c) : 1;

		width += columns >= 0 ? (size_t)columns : 1;
		i += n ? n : 1;
	}
	return width;
}

size_t text_fit(const char *s, size_t len, size_t width, size_t *taken)
{
	size_t i = 0;

	*taken = 0;
	while (i < len) {
		size_t n = 1, columns;

		while (i + n < len && text_continues(s[i + n]))
			n++;
		columns = text_width(s + i, n);
		if (*taken + columns > width)
			break;
		*taken += columns;
		i += n;
	}
	return i;
}

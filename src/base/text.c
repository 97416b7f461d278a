/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void strbuf_free(struct strbuf *b)
{
	free(b->s);
	memset(b, 0, sizeof(*b));
}

/* Room for @len more bytes and the NUL. */
static char *reserve(struct strbuf *b, size_t len)
{
	if (b->len + len + 1 > b->size) {
		b->size = (b->len + len + 1) * 2;
		b->s = xreallocarray(b->s, b->size, 1);
	}
	return b->s + b->len;
}

void strbuf_add(struct strbuf *b, const char *s, size_t len)
{
	char *end = reserve(b, len);

	memcpy(end, s, len);
	end[len] = '\0';
	b->len += len;
}

void strbuf_adds(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_addc(struct strbuf *b, char c, size_t times)
{
	char *end = reserve(b, times);

	memset(end, c, times);
	end[times] = '\0';
	b->len += times;
}

/* The table prints little else than numbers: printf() would be half of its time. */
void strbuf_addu(struct strbuf *b, uint64_t value)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	strbuf_add(b, digits + i, sizeof(digits) - i);
}

void strbuf_addf(struct strbuf *b, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len <= 0)
		return;
	reserve(b, (size_t)len);
	va_start(args, format);
	vsnprintf(b->s + b->len, (size_t)len + 1, format, args);
	va_end(args);
	b->len += (size_t)len;
}

/*
 * Decodes one character. Returns its length in bytes, 0 when @s does not start
 * with well-formed UTF-8 (overlong forms, surrogates and values above U+10FFFF
 * are not).
 */
static size_t utf8_decode(const unsigned char *s, size_t len, uint32_t *c)
{
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
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return n;
}

/* Explicit marks, embeddings, overrides and isolates of the bidirectional algorithm. */
static bool changes_direction(uint32_t c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

void text_add_safe(struct strbuf *b, const char *s, size_t len, unsigned int flags)
{
	const unsigned char *p = (const unsigned char *)s;
	const unsigned char *end = p + len;

	while (p < end) {
		bool keep_control = flags & TEXT_KEEP_CONTROL;
		const unsigned char *plain = p;
		uint32_t c;
		size_t n;

		while (p < end && *p >= 0x20 && *p < 0x7f && *p != '\\')
			p++;
		strbuf_add(b, (const char *)plain, (size_t)(p - plain));
		if (p == end)
			break;
		n = utf8_decode(p, (size_t)(end - p), &c);

		if (!n)
			strbuf_addf(b, "\\x%02x", *p);
		else if (c == '\\')
			strbuf_adds(b, "\\\\");
		else if (!keep_control && (c < 0x20 || (c >= 0x7f && c < 0xa0)))
			strbuf_addf(b, "\\x%02x", (unsigned int)c);
		else if (n > 1 && ((flags & TEXT_ASCII) || (!keep_control && changes_direction(c))))
			strbuf_addf(b, "\\u{%x}", (unsigned int)c);
		else
			strbuf_add(b, (const char *)p, n);
		p += n ? n : 1;
	}
}

size_t text_width(const char *s, size_t len)
{
	size_t width = 0;

	for (size_t i = 0; i < len;) {
		uint32_t c;
		size_t n = utf8_decode((const unsigned char *)s + i, len - i, &c);
		int columns = n > 1 ? wcwidth((wchar_t)c) : 1;

		width += columns >= 0 ? (size_t)columns : 1;
		i += n ? n : 1;
	}
	return width;
}

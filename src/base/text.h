/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_TEXT_H
#define LISTENQ_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A growing string. A zeroed struct is empty; @s is NUL-terminated once something was added. */
struct strbuf {
	char *s;
	size_t len;
	size_t size;
};

void strbuf_free(struct strbuf *b);

/* Doubles the room of @b, with @len more bytes and the NUL; see strbuf_reserve(). */
void strbuf_grow(struct strbuf *b, size_t len);

/* Makes room for @len more bytes and the NUL; returns where to write them. */
static inline char *strbuf_reserve(struct strbuf *b, size_t len)
{
	if (b->len + len >= b->size)
		strbuf_grow(b, len);
	return b->s + b->len;
}

static inline void strbuf_add(struct strbuf *b, const char *s, size_t len)
{
	char *end = strbuf_reserve(b, len);

	memcpy(end, s, len);
	end[len] = '\0';
	b->len += len;
}

static inline void strbuf_addc(struct strbuf *b, char c, size_t times)
{
	char *end = strbuf_reserve(b, times);

	memset(end, c, times);
	end[times] = '\0';
	b->len += times;
}

static inline void strbuf_putc(struct strbuf *b, char c)
{
	char *end = strbuf_reserve(b, 1);

	end[0] = c;
	end[1] = '\0';
	b->len++;
}

static inline void strbuf_adds(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

/* Add a number in decimal, in hexadecimal, and text formatted as by printf(3). */
void strbuf_addu(struct strbuf *b, uint64_t value);
void strbuf_addx(struct strbuf *b, uint64_t value);
void strbuf_addf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum text_flags {
	TEXT_ASCII = 1 << 0, /* escape everything beyond ASCII */
	TEXT_KEEP_CONTROL = 1 << 1, /* the consumer escapes control characters (JSON) */
	TEXT_ONE_WORD = 1 << 2, /* escape spaces too, for readers that split lines at them */
	TEXT_BY_LOCALE = 1 << 3, /* TEXT_ASCII unless the locale is UTF-8 */
};

/*
 * text_load_locale() - set the locale of the environment, if none is set.
 *
 * It takes a tenth of the time of a short run, and most runs show nothing but ASCII: the functions
 * below call it at the first character beyond. Not safe beside another thread.
 */
void text_load_locale(void);

/* Do @flags allow characters beyond ASCII? Loads the locale to know with TEXT_BY_LOCALE. */
bool text_allows_utf8(unsigned int flags);

/* Adds a time in few characters: "0.2s", "42s", "1m", "1m12s", "25m", "3h5m", "50h". */
void text_add_time(struct strbuf *b, uint64_t ns);

/* Adds a rate, or a number, in few characters: "0", "0.3", "318", "250k". */
void text_add_rate(struct strbuf *b, double rate);

/*
 * text_add_safe() - add foreign text as valid UTF-8 that cannot move the cursor.
 *
 * Invalid bytes and control characters (C0, DEL, C1) become \xNN, characters that change the
 * direction of text \u{N}; backslashes are doubled. With TEXT_KEEP_CONTROL only invalid bytes and
 * backslashes are escaped. Returns the width of what was added, see text_width().
 */
size_t text_add_safe(struct strbuf *b, const char *s, size_t len, unsigned int flags);

/*
 * text_add_word() - add foreign text as one word of a shell command: quoted where the shell would
 * take it apart, and with what a terminal must not get written as $'\xNN', which bash, zsh and ksh
 * know.
 */
void text_add_word(struct strbuf *b, const char *s, unsigned int flags);

/* Is it ASCII that text_add_safe() adds unchanged? */
bool text_is_plain(const char *s, size_t len, unsigned int flags);

/*
 * text_decode() - decode the character at @s, which has @len bytes, at least one.
 *
 * Returns its length in bytes, 0 when @s does not start with well-formed UTF-8 (overlong forms,
 * surrogates and values above U+10FFFF are not).
 */
size_t text_decode(const char *s, size_t len, uint32_t *c);

/* Is it a continuation byte of UTF-8? */
static inline bool text_continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Columns that valid UTF-8 text takes on a terminal, by the locale's wcwidth(). */
size_t text_width(const char *s, size_t len);

/*
 * text_fit() - return how many of the @len bytes of valid UTF-8 text fit into @width columns, in
 * whole characters.
 * @taken: set to the columns that they take
 */
size_t text_fit(const char *s, size_t len, size_t width, size_t *taken);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/json_reader.h"

#include "base/alloc.h"

#include <limits.h>
#include <string.h>

#define DEPTH_MAX 64 /* of what is skipped */

void json_reader_init(struct json_reader *r, const char *text, size_t len)
{
	memset(r, 0, sizeof(*r));
	r->begin = r->at = text;
	r->end = text + len;
}

void json_reader_free(struct json_reader *r)
{
	strbuf_free(&r->text);
}

void json_reader_fail(struct json_reader *r, const char *problem)
{
	if (!r->problem)
		r->problem = problem;
}

static void skip_blanks(struct json_reader *r)
{
	while (r->at < r->end &&
	       (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
		r->at++;
}

/* Returns the next character that is no blank, 0 at the end and after an error. */
static char peek(struct json_reader *r)
{
	if (r->problem)
		return '\0';
	if (r->at < r->end && (unsigned char)*r->at > ' ')
		return *r->at;
	skip_blanks(r);
	return r->at < r->end ? *r->at : '\0';
}

static bool take(struct json_reader *r, char c)
{
	if (peek(r) != c)
		return false;
	r->at++;
	return true;
}

/* Does a character stand for itself, and is ASCII? */
static bool is_plain(char c)
{
	return (unsigned char)c >= ' ' && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

void json_reader_enter(struct json_reader *r, char bracket)
{
	if (!take(r, bracket))
		json_reader_fail(r, bracket == '{' ? "an object should begin here" :
						     "an array should begin here");
	r->fresh = true;
}

/* Is there another member or element? @bracket ends them. */
static bool next(struct json_reader *r, char bracket)
{
	const bool fresh = r->fresh;

	r->fresh = false;
	if (r->problem || take(r, bracket))
		return false;
	if (!fresh && !take(r, ','))
		json_reader_fail(r, bracket == '}' ? "a comma or } is missing" :
						     "a comma or ] is missing");
	return !r->problem;
}

bool json_reader_element(struct json_reader *r)
{
	return next(r, ']');
}

const char *json_reader_key(struct json_reader *r)
{
	if (!next(r, '}'))
		return NULL;
	json_reader_text(r);
	if (!take(r, ':'))
		json_reader_fail(r, "a colon is missing");
	return r->problem ? NULL : r->text.s;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Returns the value of @n hexadecimal digits at @s, or -1. */
static int32_t hexadecimal(const char *s, const char *end, int n)
{
	int32_t value = 0;

	if (end - s < n)
		return -1;
	for (int i = 0; i < n; i++) {
		int digit = digit_of(s[i]);

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

static void add_character(struct strbuf *to, uint32_t c)
{
	if (c < 0x80) {
		strbuf_putc(to, (char)c);
	} else if (c < 0x800) {
		strbuf_putc(to, (char)(0xc0 | c >> 6));
		strbuf_putc(to, (char)(0x80 | (c & 0x3f)));
	} else {
		if (c < 0x10000) {
			strbuf_putc(to, (char)(0xe0 | c >> 12));
		} else {
			strbuf_putc(to, (char)(0xf0 | c >> 18));
			strbuf_putc(to, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		strbuf_putc(to, (char)(0x80 | (c >> 6 & 0x3f)));
		strbuf_putc(to, (char)(0x80 | (c & 0x3f)));
	}
}

/* Takes the four digits after \u, and where they are half of a pair the other half. */
static void take_unicode(struct json_reader *r)
{
	int32_t c = hexadecimal(r->at, r->end, 4), low;

	if (c >= 0xd800 && c <= 0xdbff) {
		low = r->end - r->at >= 6 && r->at[4] == '\\' && r->at[5] == 'u' ?
			      hexadecimal(r->at + 6, r->end, 4) :
			      -1;
		c = low >= 0xdc00 && low <= 0xdfff ?
			    0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00)) :
			    -1;
		r->at += c < 0 ? 0 : 6;
	}
	if (c <= 0 || (c >= 0xd800 && c <= 0xdfff)) {
		json_reader_fail(r, c == 0 ? "a text contains NUL" :
					     "\\u needs four hexadecimal digits of a character");
		return;
	}
	r->at += 4;
	add_character(&r->text, (uint32_t)c);
}

static void take_escape(struct json_reader *r)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter = r->at < r->end && *r->at ? strchr(letters, *r->at) : NULL;

	if (letter) {
		r->at++;
		strbuf_putc(&r->text, meanings[letter - letters]);
	} else if (r->at < r->end && *r->at == 'u') {
		r->at++;
		take_unicode(r);
	} else {
		json_reader_fail(r, "no such escape");
	}
}

/* Undoes what text_add_safe() does to bytes that are not UTF-8, and to backslashes. */
static void undo_safe(struct json_reader *r)
{
	const char *from = r->text.s ? memchr(r->text.s, '\\', r->text.len) : NULL;
	const char *const end = r->text.s + r->text.len;
	char *to = r->text.s + (from ? from - r->text.s : 0);

	if (!from)
		return;
	while (from < end) {
		int32_t byte = -1;

		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		if (end - from >= 2 && from[1] == '\\') {
			from += 2;
			*to++ = '\\';
			continue;
		}
		if (end - from >= 4 && from[1] == 'x')
			byte = hexadecimal(from + 2, end, 2);
		if (byte <= 0) {
			json_reader_fail(r, "a backslash in a text is \\\\, and a byte is \\xNN");
			return;
		}
		*to++ = (char)byte;
		from += 4;
	}
	*to = '\0';
	r->text.len = (size_t)(to - r->text.s);
}

/* Takes characters that stand for themselves. */
static void take_plain(struct json_reader *r)
{
	const char *from = r->at;
	uint32_t c;
	size_t n;

	while (r->at < r->end && is_plain(*r->at))
		r->at++;
	while (r->at < r->end && (unsigned char)*r->at >= 0x80) {
		n = text_decode(r->at, (size_t)(r->end - r->at), &c);
		if (!n) {
			json_reader_fail(r, "not UTF-8");
			break;
		}
		r->at += n;
	}
	strbuf_add(&r->text, from, (size_t)(r->at - from));
}

/* Most texts are short, and all of their characters are plain. */
static bool take_short(struct json_reader *r)
{
	const char *at = r->at;
	size_t len;

	while (at < r->end && is_plain(*at))
		at++;
	if (at == r->end || *at != '"')
		return false;
	len = (size_t)(at - r->at);
	memcpy(strbuf_reserve(&r->text, len), r->at, len);
	r->text.s[len] = '\0';
	r->text.len = len;
	r->at = at + 1;
	return true;
}

const char *json_reader_text(struct json_reader *r)
{
	bool escaped = false;

	r->text.len = 0;
	if (!take(r, '"'))
		json_reader_fail(r, "a text should begin here");
	else if (take_short(r))
		return r->text.s;
	strbuf_add(&r->text, "", 0);
	while (!r->problem) {
		if (r->at == r->end || (*r->at == '\n' && r->at + 1 == r->end)) {
			json_reader_fail(r, "the line ends in the middle of a text");
		} else if (*r->at == '"') {
			r->at++;
			if (escaped) /* no backslash stands for itself */
				undo_safe(r);
			break;
		} else if (*r->at == '\\') {
			r->at++;
			escaped = true;
			take_escape(r);
		} else if ((unsigned char)*r->at < ' ') {
			json_reader_fail(r, "a control character in a text");
		} else {
			take_plain(r);
		}
	}
	return r->problem ? "" : r->text.s;
}

static bool is_digit(const struct json_reader *r, const char *at)
{
	return at < r->end && *at >= '0' && *at <= '9';
}

/* Reads the digits of a whole number; -0 and 01 are none. */
static uint64_t take_digits(struct json_reader *r, uint64_t max)
{
	const char *at = r->at;
	uint64_t value = 0;

	if (!is_digit(r, at) || (*at == '0' && is_digit(r, at + 1))) {
		json_reader_fail(r, "a whole number should begin here");
		return 0;
	}
	for (; is_digit(r, at); at++) {
		const uint64_t digit = (uint64_t)(*at - '0');

		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value) || value > max) {
			json_reader_fail(r, "the number is too large");
			return 0;
		}
	}
	if (at < r->end && (*at == '.' || *at == 'e' || *at == 'E')) {
		json_reader_fail(r, "the number is not whole");
		return 0;
	}
	r->at = at;
	return value;
}

uint64_t json_reader_u64(struct json_reader *r, uint64_t max)
{
	peek(r);
	return r->problem ? 0 : take_digits(r, max);
}

int64_t json_reader_i64(struct json_reader *r)
{
	uint64_t value;

	if (!take(r, '-'))
		return (int64_t)json_reader_u64(r, INT64_MAX);
	value = take_digits(r, (uint64_t)INT64_MAX + 1);
	if (!r->problem && !value)
		json_reader_fail(r, "-0 is not a whole number");
	return value ? -(int64_t)(value - 1) - 1 : 0;
}

static bool take_word(struct json_reader *r, const char *word)
{
	const size_t len = strlen(word);

	peek(r);
	if (r->problem || (size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
		return false;
	r->at += len;
	return true;
}

bool json_reader_bool(struct json_reader *r)
{
	if (take_word(r, "true"))
		return true;
	if (!take_word(r, "false"))
		json_reader_fail(r, "true or false should stand here");
	return false;
}

static void skip_digits(struct json_reader *r)
{
	if (!is_digit(r, r->at))
		json_reader_fail(r, "a digit is missing");
	while (is_digit(r, r->at))
		r->at++;
}

static void skip_number(struct json_reader *r)
{
	take(r, '-');
	if (is_digit(r, r->at) && *r->at == '0' && is_digit(r, r->at + 1))
		json_reader_fail(r, "a number does not begin with 0");
	skip_digits(r);
	if (r->at < r->end && *r->at == '.') {
		r->at++;
		skip_digits(r);
	}
	if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
		r->at++;
		if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
			r->at++;
		skip_digits(r);
	}
}

/* Skips a value that contains no other. */
static void skip_scalar(struct json_reader *r, char first)
{
	if (first == '"')
		json_reader_text(r);
	else if (first == '-' || (first >= '0' && first <= '9'))
		skip_number(r);
	else if (!take_word(r, "true") && !take_word(r, "false") && !take_word(r, "null"))
		json_reader_fail(r, "a value should stand here");
}

void json_reader_skip(struct json_reader *r)
{
	char brackets[DEPTH_MAX];
	size_t depth = 0;

	do {
		const char first = peek(r);

		if (first != '{' && first != '[') {
			skip_scalar(r, first);
		} else if (depth == DEPTH_MAX) {
			json_reader_fail(r, "too many objects within each other");
		} else {
			json_reader_enter(r, first);
			brackets[depth++] = first;
		}
		/* On to the next value that is not skipped yet. */
		while (depth && !r->problem &&
		       !(brackets[depth - 1] == '{' ? json_reader_key(r) != NULL :
						      json_reader_element(r)))
			depth--;
	} while (depth && !r->problem);
}

void json_reader_end(struct json_reader *r)
{
	if (!r->problem && (peek(r) || r->at < r->end))
		json_reader_fail(r, "something follows the end of the line");
}

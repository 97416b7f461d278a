/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/json_value.h"

#include "base/alloc.h"
#include "base/text.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

/* What json-c allocates for one value, about; for the message when it cannot. */
#define VALUE_SIZE 64

/* json-c returns NULL or -1 when memory runs out. */
static struct json_object *made(struct json_object *value)
{
	if (!value)
		alloc_failed(VALUE_SIZE);
	return value;
}

static void added(int code)
{
	if (code < 0)
		alloc_failed(VALUE_SIZE);
}

struct json_object *json_value_object(void)
{
	return made(json_object_new_object());
}

struct json_object *json_value_array(void)
{
	return made(json_object_new_array());
}

struct json_object *json_value_bool(bool value)
{
	return made(json_object_new_boolean(value));
}

struct json_object *json_value_int(int64_t value)
{
	return made(json_object_new_int64(value));
}

struct json_object *json_value_number(uint64_t value)
{
	return made(json_object_new_uint64(value));
}

struct json_object *json_value_real(double value)
{
	struct strbuf text = { 0 };
	struct json_object *o;

	json_value_print_real(&text, value);
	o = made(json_object_new_double_s(value, text.s));
	strbuf_free(&text);
	return o;
}

struct json_object *json_value_text(const char *text)
{
	return made(json_object_new_string(text));
}

/* Control characters are escaped when the value is written: by json-c and add_escaped(). */
struct json_object *json_value_foreign_text(const char *text)
{
	size_t len = strlen(text);
	struct strbuf safe = { 0 };
	struct json_object *o;

	if (text_is_plain(text, len, 0))
		return made(json_object_new_string_len(text, (int)len));
	text_add_safe(&safe, text, len, TEXT_KEEP_CONTROL);
	o = made(json_object_new_string_len(safe.s, (int)safe.len));
	strbuf_free(&safe);
	return o;
}

void json_value_put(struct json_object *object, const char *key, struct json_object *value)
{
	const unsigned int flags = JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY;

	added(json_object_object_add_ex(object, key, value, flags));
}

struct json_object *json_value_get(const struct json_object *object, const char *key)
{
	return json_object_object_get(object, key);
}

void json_value_append(struct json_object *array, struct json_object *value)
{
	added(json_object_array_add(array, value));
}

/*
 * Escapes DEL and C1 (U+0080 to U+009F), which json-c does not and a terminal may obey. In a
 * document they occur only within strings.
 */
static void add_escaped(struct strbuf *b, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *at = text;

		while (at < end && *at != '\x7f' &&
		       !(*at == '\xc2' && ((unsigned char)at[1] & 0xe0) == 0x80))
			at++;
		strbuf_add(b, text, (size_t)(at - text));
		if (at < end)
			strbuf_addf(b, "\\u%04x", (unsigned char)(*at == '\xc2' ? *++at : *at));
		text = at + 1;
	}
}

/*
 * Returns the text of a value, which owns it. The serializers of json-c ignore that their buffer
 * could not grow, and leave the rest of the text out; only errno remains of it.
 */
static const char *serialize(struct json_object *value, int flags, size_t *len)
{
	const char *text;

	errno = 0;
	text = json_object_to_json_string_length(value, flags | JSON_C_TO_STRING_NOSLASHESCAPE,
						 len);
	if (!text || errno == ENOMEM)
		alloc_failed(VALUE_SIZE);
	return text;
}

/* Nearly all text needs no escapes and is added at once. */
void json_value_print(struct strbuf *b, struct json_object *value)
{
	size_t len;
	const char *text = serialize(value, JSON_C_TO_STRING_PLAIN, &len);

	if (memchr(text, '\x7f', len) || memchr(text, '\xc2', len))
		add_escaped(b, text, len);
	else
		strbuf_add(b, text, len);
	json_object_put(value);
}

void json_value_print_real(struct strbuf *b, double value)
{
	size_t start = b->len;

	if (value == 0) { /* the most frequent value */
		strbuf_adds(b, "0.0");
		return;
	}
	strbuf_addf(b, "%.6f", value);
	if (value < 1 && b->s[start] == '1') {
		b->len = start;
		strbuf_adds(b, "0.999999");
	}
	while (b->s[b->len - 1] == '0' && b->s[b->len - 2] != '.')
		b->s[--b->len] = '\0';
}

void json_value_print_text(struct strbuf *b, const char *foreign_text)
{
	size_t len = strlen(foreign_text);

	if (!text_is_plain(foreign_text, len, 0) || memchr(foreign_text, '"', len)) {
		json_value_print(b, json_value_foreign_text(foreign_text));
		return;
	}
	strbuf_putc(b, '"');
	strbuf_add(b, foreign_text, len);
	strbuf_putc(b, '"');
}

void json_value_write_pretty(FILE *stream, struct json_object *value)
{
	size_t len;
	const char *text = serialize(value, JSON_C_TO_STRING_PRETTY, &len);

	fwrite(text, 1, len, stream);
	json_object_put(value);
}

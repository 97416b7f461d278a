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

/*
 * Escapes DEL and C1 (U+0080 to U+009F), which json-c does not and a terminal may obey.
 * @text: a string in quotes
 */
static void add_escaped(struct strbuf *to, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *at = text;

		while (at < end && *at != '\x7f' &&
		       !(*at == '\xc2' && ((unsigned char)at[1] & 0xe0) == 0x80))
			at++;
		strbuf_add(to, text, (size_t)(at - text));
		if (at < end)
			strbuf_addf(to, "\\u%04x", (unsigned char)(*at == '\xc2' ? *++at : *at));
		text = at + 1;
	}
}

struct json_object *json_value_object(void)
{
	return made(json_object_new_object());
}

struct json_object *json_value_array(void)
{
	return made(json_object_new_array());
}

struct json_object *json_value_int(int64_t value)
{
	return made(json_object_new_int64(value));
}

struct json_object *json_value_text(const char *text)
{
	return made(json_object_new_string(text));
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

void json_value_write_pretty(FILE *stream, struct json_object *value)
{
	size_t len;
	const char *text = serialize(value, JSON_C_TO_STRING_PRETTY, &len);

	fwrite(text, 1, len, stream);
	json_object_put(value);
}

void json_value_print_bool(struct strbuf *to, bool value)
{
	strbuf_adds(to, value ? "true" : "false");
}

void json_value_print_real(struct strbuf *to, double value)
{
	size_t start = to->len;

	if (value == 0) { /* the most frequent value */
		strbuf_adds(to, "0.0");
		return;
	}
	strbuf_addf(to, "%.6f", value);
	if (value < 1 && to->s[start] == '1') {
		to->len = start;
		strbuf_adds(to, "0.999999");
	}
	while (to->s[to->len - 1] == '0' && to->s[to->len - 2] != '.')
		to->s[--to->len] = '\0';
}

void json_value_print_text(struct strbuf *to, const char *text)
{
	size_t len = strlen(text);
	struct strbuf safe = { 0 };
	struct json_object *value;
	const char *string;

	if (text_is_plain(text, len, 0) && !memchr(text, '"', len)) {
		strbuf_putc(to, '"');
		strbuf_add(to, text, len);
		strbuf_putc(to, '"');
		return;
	}
	text_add_safe(&safe, text, len, TEXT_KEEP_CONTROL);
	value = made(json_object_new_string_len(safe.s, (int)safe.len));
	string = serialize(value, JSON_C_TO_STRING_PLAIN, &len);
	add_escaped(to, string, len);
	json_object_put(value);
	strbuf_free(&safe);
}

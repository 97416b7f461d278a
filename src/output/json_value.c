/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/json_value.h"

#include "base/alloc.h"
#include "base/text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

struct json_object *json_value_object(void)
{
	return json_object_new_object();
}

struct json_object *json_value_array(void)
{
	return json_object_new_array();
}

struct json_object *json_value_bool(bool value)
{
	return json_object_new_boolean(value);
}

struct json_object *json_value_int(int64_t value)
{
	return json_object_new_int64(value);
}

struct json_object *json_value_number(uint64_t value)
{
	return json_object_new_uint64(value);
}

struct json_object *json_value_real(double value)
{
	char text[32];
	size_t len;

	if (value == 0) /* the most frequent value */
		return json_object_new_double_s(0, "0.0");
	snprintf(text, sizeof(text), "%.6f", value);
	if (value < 1 && text[0] == '1')
		snprintf(text, sizeof(text), "0.999999");
	len = strlen(text);
	while (text[len - 1] == '0' && text[len - 2] != '.')
		text[--len] = '\0';
	return json_object_new_double_s(value, text);
}

struct json_object *json_value_text(const char *text)
{
	return json_object_new_string(text);
}

/* Control characters are escaped when the value is written: by json-c and write_escaped(). */
struct json_object *json_value_foreign_text(const char *text)
{
	size_t len = strlen(text);
	struct strbuf safe = { 0 };
	struct json_object *o;

	if (text_is_plain(text, len))
		return json_object_new_string_len(text, (int)len);
	text_add_safe(&safe, text, len, TEXT_KEEP_CONTROL);
	o = json_object_new_string_len(safe.s, (int)safe.len);
	strbuf_free(&safe);
	return o;
}

void json_value_put(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add_ex(object, key, value,
				  JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY);
}

struct json_object *json_value_get(const struct json_object *object, const char *key)
{
	return json_object_object_get(object, key);
}

void json_value_append(struct json_object *array, struct json_object *value)
{
	json_object_array_add(array, value);
}

void json_value_free(struct json_object *value)
{
	json_object_put(value);
}

/*
 * Escapes DEL and C1 (U+0080 to U+009F), which json-c does not and a terminal may obey. In a
 * document they occur only within strings.
 */
static void write_escaped(FILE *stream, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *at = text;

		while (at < end && *at != '\x7f' &&
		       !(*at == '\xc2' && ((unsigned char)at[1] & 0xe0) == 0x80))
			at++;
		fwrite(text, 1, (size_t)(at - text), stream);
		if (at < end)
			fprintf(stream, "\\u%04x", (unsigned char)(*at == '\xc2' ? *++at : *at));
		text = at + 1;
	}
}

/* Nearly all text needs no escapes and is written at once. */
void json_value_write(FILE *stream, struct json_object *value)
{
	size_t len;
	const char *text = json_object_to_json_string_length(
		value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

	if (memchr(text, '\x7f', len) || memchr(text, '\xc2', len))
		write_escaped(stream, text, len);
	else
		fwrite(text, 1, len, stream);
}

void json_value_write_pretty(FILE *stream, struct json_object *value)
{
	fputs(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE),
	      stream);
}

struct json_record {
	struct json_object *object;
	struct lh_entry *entries[]; /* for each key; NULL: it has no name */
};

/* Returns the object that the key is in; makes it if necessary. */
static struct json_object *object_of(struct json_object *record, const struct json_record_key *key)
{
	struct json_object *object = record;

	if (key->object && !json_object_object_get_ex(record, key->object, &object)) {
		object = json_object_new_object();
		json_value_put(record, key->object, object);
	}
	return object;
}

/* Two passes: an object must not grow while entries point into it. */
struct json_record *json_record_new(const struct json_record_key *keys, size_t n)
{
	struct json_record *record = xcalloc(1, sizeof(*record) + n * sizeof(*record->entries));

	record->object = json_object_new_object();
	for (size_t i = 0; i < n; i++)
		if (keys[i].key)
			json_value_put(object_of(record->object, &keys[i]), keys[i].key, NULL);
	for (size_t i = 0; i < n; i++)
		if (keys[i].key)
			record->entries[i] = lh_table_lookup_entry(
				json_object_get_object(object_of(record->object, &keys[i])),
				keys[i].key);
	return record;
}

void json_record_free(struct json_record *record)
{
	json_object_put(record->object);
	free(record);
}

void json_record_set(struct json_record *record, size_t i, struct json_object *value)
{
	struct lh_entry *entry = record->entries[i];

	json_object_put((struct json_object *)lh_entry_v(entry));
	entry->v = value;
}

static struct json_object *value_of(const struct json_record *record, size_t i)
{
	return (struct json_object *)lh_entry_v(record->entries[i]);
}

void json_record_set_number(struct json_record *record, size_t i, uint64_t value)
{
	struct json_object *o = value_of(record, i);

	if (!json_object_is_type(o, json_type_int) || json_object_get_uint64(o) != value)
		json_record_set(record, i, json_value_number(value));
}

void json_record_set_real(struct json_record *record, size_t i, double value)
{
	struct json_object *o = value_of(record, i);

	if (!json_object_is_type(o, json_type_double) || json_object_get_double(o) != value)
		json_record_set(record, i, json_value_real(value));
}

void json_record_set_text(struct json_record *record, size_t i, const char *foreign_text)
{
	struct json_object *o = value_of(record, i);

	if (!json_object_is_type(o, json_type_string) ||
	    strcmp(json_object_get_string(o), foreign_text) != 0)
		json_record_set(record, i, json_value_foreign_text(foreign_text));
}

void json_record_write(FILE *stream, const struct json_record *record)
{
	json_value_write(stream, record->object);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/json.h"

#include "output/document.h"

#include <string.h>

static struct json_object *typed(const char *type, bool nullable, const char *description)
{
	struct json_object *o = json_value_object();

	if (nullable) {
		struct json_object *types = json_value_array();

		json_value_append(types, json_value_text(type));
		json_value_append(types, json_value_text("null"));
		json_value_put(o, "type", types);
	} else {
		json_value_put(o, "type", json_value_text(type));
	}
	if (description)
		json_value_put(o, "description", json_value_text(description));
	return o;
}

static struct json_object *non_negative(struct json_object *o)
{
	json_value_put(o, "minimum", json_value_int(0));
	return o;
}

static struct json_object *array_of(struct json_object *items, bool nullable,
				    const char *description)
{
	struct json_object *o = typed("array", nullable, description);

	json_value_put(o, "items", items);
	return o;
}

/* An object to which add() adds properties; all of them are always there. */
static struct json_object *object_of(bool nullable, const char *description)
{
	struct json_object *o = typed("object", nullable, description);

	json_value_put(o, "properties", json_value_object());
	json_value_put(o, "required", json_value_array());
	return o;
}

static void add(struct json_object *o, const char *key, struct json_object *property)
{
	json_value_put(json_value_get(o, "properties"), key, property);
	json_value_append(json_value_get(o, "required"), json_value_text(key));
}

static struct json_object *key_schema(const struct document_key *key);

static struct json_object *keys_schema(const struct document_key *keys, bool nullable,
				       const char *description)
{
	struct json_object *o = object_of(nullable, description);

	for (; keys->key; keys++)
		add(o, keys->key, key_schema(keys));
	return o;
}

/* One word, of those that it may be. */
static struct json_object *word_schema(enum field_terms terms)
{
	struct json_object *o = typed("string", false, NULL), *words;

	if (terms == TERMS_ANY)
		return o;
	words = json_value_array();
	for (unsigned int i = 0; terms == TERMS_STATES && i < STATE_N; i++)
		json_value_append(words, json_value_text(state_table[i].name));
	/* A listener that is gone has in their place the state that it was last seen in. */
	for (unsigned int i = 0; terms == TERMS_REASONS && state_is_sick(i); i++)
		json_value_append(words, json_value_text(state_table[i].name));
	for (unsigned int i = 0; terms == TERMS_REASONS && i < REASON_N; i++)
		json_value_append(words, json_value_text(reason_table[i].name));
	json_value_put(o, "enum", words);
	return o;
}

static struct json_object *field_schema(const struct field *f)
{
	struct json_object *o;

	switch (f->type) {
	case TYPE_COUNT:
	case TYPE_RISE:
		return non_negative(typed("integer", true, f->help));
	case TYPE_RATIO:
	case TYPE_FACTOR:
	case TYPE_RATE:
	case TYPE_SECONDS:
		return non_negative(typed("number", true, f->help));
	case TYPE_BOOL:
		return typed("boolean", true, f->help);
	case TYPE_LIST:
		return array_of(word_schema(f->terms), false, f->help);
	case TYPE_ID:
		o = typed("string", true, f->help);
		json_value_put(o, "pattern", json_value_text("^0x[0-9a-f]+$"));
		return o;
	case TYPE_TEXT:
		if (f->terms == TERMS_ANY)
			return typed("string", true, f->help);
		o = word_schema(f->terms);
		json_value_put(o, "description", json_value_text(f->help));
		return o;
	case TYPE_OWNERS:
		return array_of(keys_schema(document_owner_keys, false, NULL), true, f->help);
	case TYPE_WAITING:
		return array_of(keys_schema(document_waiting_keys, false, NULL), true, f->help);
	case TYPE_HALF_OPEN:
		return array_of(keys_schema(document_half_open_keys, false, NULL), true, f->help);
	}
	return NULL;
}

static struct json_object *listener_schema(void)
{
	struct json_object *listener = object_of(false, NULL), *object = NULL;
	const char *object_name = NULL;

	for (size_t i = 0; i < FIELD_N; i++) {
		const struct field *f = &field_table[i];

		if (!f->key)
			continue;
		if (f->object && (!object_name || strcmp(object_name, f->object) != 0)) {
			object = object_of(false, NULL);
			add(listener, f->object, object);
			object_name = f->object;
		}
		add(f->object ? object : listener, f->key, field_schema(f));
	}
	return listener;
}

static struct json_object *key_schema(const struct document_key *key)
{
	const bool nullable = key->type & NULLABLE;
	struct json_object *o;

	switch (key->type & ~(unsigned int)NULLABLE) {
	case KEY_COUNT:
		return non_negative(typed("integer", nullable, key->description));
	case KEY_SIGNED:
		return typed("integer", nullable, key->description);
	case KEY_REAL:
		return non_negative(typed("number", nullable, key->description));
	case KEY_TEXT:
		return typed("string", nullable, key->description);
	case KEY_BOOL:
		return typed("boolean", nullable, key->description);
	case KEY_VERSION:
		o = json_value_object();
		json_value_put(o, "const", json_value_int(DOCUMENT_VERSION));
		return o;
	case KEY_OBJECT:
		return keys_schema(key->keys, nullable, key->description);
	case KEY_ARRAY:
		return array_of(keys_schema(key->keys, false, NULL), nullable, key->description);
	case KEY_LISTENERS:
		return array_of(listener_schema(), nullable, key->description);
	}
	return NULL;
}

void json_print_schema(FILE *stream)
{
	struct json_object *o =
		keys_schema(document_keys, false, "Report of listenq: TCP listen queues.");

	json_value_put(o, "$schema",
		       json_value_text("https://json-schema.org/draft/2020-12/schema"));
	json_value_put(o, "title", json_value_text("listenq"));
	json_value_write_pretty(stream, o);
	fputs("\n", stream);
	json_value_free(o);
}

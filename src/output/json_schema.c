/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/json.h"

#include "output/document.h"

#include <string.h>

static struct json_object *key_schema(const struct document_key *key);

/* Adds a required property to the schema of an object. */
static void add(struct json_object *o, const char *key, struct json_object *property)
{
	json_value_put(json_value_get(o, "properties"), key, property);
	json_value_append(json_value_get(o, "required"), json_value_text(key));
}

static struct json_object *object_schema(const struct document_key *keys)
{
	const struct document_key key = { .type = KEY_OBJECT, .keys = keys };

	return key_schema(&key);
}

/* The schema of one word of a list of terms. */
static struct json_object *word_schema(enum field_terms terms)
{
	struct json_object *o = json_value_object(), *words;

	json_value_put(o, "type", json_value_text("string"));
	if (terms == TERMS_ANY)
		return o;
	words = json_value_array();
	for (unsigned int i = 0; terms == TERMS_STATES && i < STATE_N; i++)
		json_value_append(words, json_value_text(state_table[i].name));
	/* The only reason of a listener that is gone may be its state when it was last seen. */
	for (unsigned int i = 0; terms == TERMS_REASONS && state_is_sick(i); i++)
		json_value_append(words, json_value_text(state_table[i].name));
	for (unsigned int i = 0; terms == TERMS_REASONS && i < REASON_N; i++)
		json_value_append(words, json_value_text(reason_table[i].name));
	json_value_put(o, "enum", words);
	return o;
}

/* clang-format off */
static const struct document_key field_keys[] = {
	[TYPE_COUNT] = { .type = KEY_COUNT | NULLABLE },
	[TYPE_RISE] = { .type = KEY_COUNT | NULLABLE },
	[TYPE_RATIO] = { .type = KEY_REAL | NULLABLE },
	[TYPE_FACTOR] = { .type = KEY_REAL | NULLABLE },
	[TYPE_RATE] = { .type = KEY_REAL | NULLABLE },
	[TYPE_SECONDS] = { .type = KEY_REAL | NULLABLE },
	[TYPE_BOOL] = { .type = KEY_BOOL | NULLABLE },
	[TYPE_TEXT] = { .type = KEY_TEXT | NULLABLE },
	[TYPE_ID] = { .type = KEY_TEXT | NULLABLE },
	[TYPE_LIST] = { .type = KEY_ARRAY },
	[TYPE_OWNERS] = { .type = KEY_ARRAY | NULLABLE, .keys = document_owner_keys },
	[TYPE_WAITING] = { .type = KEY_ARRAY | NULLABLE, .keys = document_waiting_keys },
	[TYPE_HALF_OPEN] = { .type = KEY_ARRAY | NULLABLE, .keys = document_half_open_keys },
};
/* clang-format on */

static struct json_object *field_schema(const struct field *f)
{
	struct document_key key = field_keys[f->type];
	struct json_object *o;

	if (f->type == TYPE_TEXT && f->terms != TERMS_ANY) {
		o = word_schema(f->terms);
		json_value_put(o, "description", json_value_text(f->help));
		return o;
	}
	key.description = f->help;
	o = key_schema(&key);
	if (f->type == TYPE_ID)
		json_value_put(o, "pattern", json_value_text("^0x[0-9a-f]+$"));
	if (f->type == TYPE_LIST)
		json_value_put(o, "items", word_schema(f->terms));
	return o;
}

/* The fields of an object within a listener are adjacent in field_table. */
static struct json_object *listener_schema(void)
{
	struct json_object *listener = object_schema(NULL), *object = NULL;
	const char *object_name = NULL;

	for (size_t i = 0; i < FIELD_N; i++) {
		const struct field *f = &field_table[i];

		if (!f->key)
			continue;
		if (f->object && (!object_name || strcmp(object_name, f->object) != 0)) {
			object = object_schema(NULL);
			add(listener, f->object, object);
			object_name = f->object;
		}
		add(f->object ? object : listener, f->key, field_schema(f));
	}
	return listener;
}

static struct json_object *key_schema(const struct document_key *key)
{
	static const struct {
		const char *name;
		bool non_negative;
	} types[] = {
		[KEY_COUNT] = { "integer", true }, [KEY_SIGNED] = { "integer", false },
		[KEY_REAL] = { "number", true },   [KEY_TEXT] = { "string", false },
		[KEY_BOOL] = { "boolean", false }, [KEY_OBJECT] = { "object", false },
		[KEY_ARRAY] = { "array", false },  [KEY_LISTENERS] = { "array", false },
	};
	const unsigned int type = key->type & ~(unsigned int)NULLABLE;
	struct json_object *o = json_value_object();

	if (type == KEY_VERSION) {
		json_value_put(o, "const", json_value_int(DOCUMENT_VERSION));
		return o;
	}
	if (key->type & NULLABLE) {
		struct json_object *names = json_value_array();

		json_value_append(names, json_value_text(types[type].name));
		json_value_append(names, json_value_text("null"));
		json_value_put(o, "type", names);
	} else {
		json_value_put(o, "type", json_value_text(types[type].name));
	}
	if (key->description)
		json_value_put(o, "description", json_value_text(key->description));
	if (types[type].non_negative)
		json_value_put(o, "minimum", json_value_int(0));
	switch (type) {
	case KEY_OBJECT:
		json_value_put(o, "properties", json_value_object());
		json_value_put(o, "required", json_value_array());
		for (const struct document_key *k = key->keys; k && k->key; k++)
			add(o, k->key, key_schema(k));
		break;
	case KEY_ARRAY:
		if (key->keys)
			json_value_put(o, "items", object_schema(key->keys));
		break;
	case KEY_LISTENERS:
		json_value_put(o, "items", listener_schema());
		break;
	}
	return o;
}

void json_print_schema(FILE *stream)
{
	const struct document_key document = {
		.type = KEY_OBJECT,
		.description = "Report of listenq: TCP listen queues.",
		.keys = document_keys,
	};
	struct json_object *o = key_schema(&document);

	json_value_put(o, "$schema",
		       json_value_text("https://json-schema.org/draft/2020-12/schema"));
	json_value_put(o, "title", json_value_text("listenq"));
	json_value_write_pretty(stream, o);
	fputs("\n", stream);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/json.h"

#include "base/alloc.h"
#include "output/document.h"

#include <stdlib.h>

static struct json_object *make_object(const struct document_key *keys, struct document_at at);

static struct json_object *make_value(const struct document_key *key, struct document_at at)
{
	struct json_object *list;

	at.index += key->index;
	switch (key->type & ~(unsigned int)NULLABLE) {
	case KEY_OBJECT:
		return !key->known || key->known(&at) ? make_object(key->keys, at) : NULL;
	case KEY_ARRAY:
		list = json_value_array();
		for (size_t i = 0; (at.item = key->item(at.report, i)); i++)
			json_value_append(list, make_object(key->keys, at));
		return list;
	default:
		return key->get(&at);
	}
}

static struct json_object *make_object(const struct document_key *keys, struct document_at at)
{
	struct json_object *o = json_value_object();

	for (; keys->key; keys++)
		json_value_put(o, keys->key, make_value(keys, at));
	return o;
}

/* @items: of @size bytes each */
static struct json_object *make_list(const void *items, size_t size, uint64_t n,
				     const struct document_key *keys, const struct report *report)
{
	struct json_object *list = json_value_array();

	for (uint64_t i = 0; i < n; i++) {
		struct document_at at = { report, (const char *)items + i * size, 0 };

		json_value_append(list, make_object(keys, at));
	}
	return list;
}

static struct json_object *make_field(const struct field_value *v, const struct report *report)
{
	struct json_object *list;
	char id[20];

	if (!v->known)
		return NULL;
	switch (v->type) {
	case TYPE_COUNT:
	case TYPE_RISE:
		return json_value_number(v->number);
	case TYPE_RATIO:
	case TYPE_FACTOR:
	case TYPE_RATE:
	case TYPE_SECONDS:
		return json_value_real(v->real);
	case TYPE_BOOL:
		return json_value_bool(v->number);
	case TYPE_TEXT:
		return json_value_foreign_text(v->text);
	case TYPE_ID:
		snprintf(id, sizeof(id), "0x%llx", (unsigned long long)v->number);
		return json_value_text(id);
	case TYPE_LIST:
		list = json_value_array();
		for (uint64_t i = 0; i < v->number; i++)
			json_value_append(list, json_value_text(v->words[i]));
		return list;
	case TYPE_OWNERS:
		return make_list(v->owners, sizeof(*v->owners), v->number, document_owner_keys,
				 report);
	case TYPE_WAITING:
		return make_list(v->connections, sizeof(*v->connections), v->number,
				 document_waiting_keys, report);
	case TYPE_HALF_OPEN:
		return make_list(v->connections, sizeof(*v->connections), v->number,
				 document_half_open_keys, report);
	}
	return NULL;
}

/* One record serves all listeners of a document. */
static struct json_record *make_listener(void)
{
	struct json_record_key *keys = xcalloc(FIELD_N, sizeof(*keys));
	struct json_record *listener;

	for (size_t i = 0; i < FIELD_N; i++)
		keys[i] = (struct json_record_key){ field_table[i].object, field_table[i].key };
	listener = json_record_new(keys, FIELD_N);
	free(keys);
	return listener;
}

/* Has the listener before the same there? What is not plain is made anew. */
static bool is_as_before(const struct json_record *listener, size_t i, const struct field_value *v)
{
	if (!v->known)
		return json_record_is_null(listener, i);
	switch (v->type) {
	case TYPE_COUNT:
	case TYPE_RISE:
		return json_record_is_number(listener, i, v->number);
	case TYPE_RATIO:
	case TYPE_FACTOR:
	case TYPE_RATE:
	case TYPE_SECONDS:
		return json_record_is_real(listener, i, v->real);
	case TYPE_TEXT:
		return json_record_is_text(listener, i, v->text);
	default:
		return false;
	}
}

static void fill_listener(struct json_record *listener, const struct row *row,
			  const struct report *report, struct field_context *context)
{
	for (size_t i = 0; i < FIELD_N; i++) {
		struct field_value value;

		if (!field_table[i].key)
			continue;
		field_get(&field_table[i], row, report, context, &value);
		if (!is_as_before(listener, i, &value))
			json_record_set(listener, i, make_field(&value, report));
	}
}

static void print_listeners(FILE *stream, const struct report *report, const char *newline,
			    struct field_context *context)
{
	struct json_record *listener = make_listener();

	fputs("[", stream);
	for (size_t i = 0; i < report->n_shown; i++) {
		fprintf(stream, "%s%s", i ? "," : "", newline);
		report_prefetch(report, i);
		fill_listener(listener, report->shown[i], report, context);
		json_record_write(stream, listener);
	}
	fputs("]", stream);
	json_record_free(listener);
}

/* What comes before the listeners is one line. */
void json_print(FILE *stream, const struct report *report, bool one_line,
		struct field_context *context)
{
	const struct document_at at = { .report = report };
	const char *newline = "";

	for (const struct document_key *key = document_keys; key->key; key++) {
		struct json_object *value;

		if (key->type == KEY_LISTENERS && !one_line)
			newline = "\n";
		fprintf(stream, "%s%s\"%s\":", key == document_keys ? "{" : ",", newline, key->key);
		if (key->type == KEY_LISTENERS) {
			print_listeners(stream, report, newline, context);
			continue;
		}
		value = make_value(key, at);
		json_value_write(stream, value);
		json_value_free(value);
	}
	fputs("}\n", stream);
}

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

static struct json_object *make_words(const struct field_value *v)
{
	struct json_object *list = json_value_array();

	for (uint64_t i = 0; i < v->number; i++)
		json_value_append(list, json_value_text(v->words[i]));
	return list;
}

static struct json_object *make_connections(const struct field_value *v,
					    const struct document_key *keys,
					    const struct report *report)
{
	return make_list(v->connections, sizeof(*v->connections), v->number, keys, report);
}

static struct json_object *make_id(uint64_t number)
{
	char id[20];

	snprintf(id, sizeof(id), "0x%llx", (unsigned long long)number);
	return json_value_text(id);
}

/* Sets the @i-th key of a listener. */
static void set_field(struct json_record *l, size_t i, const struct field_value *v,
		      const struct report *report)
{
	if (!v->known) {
		json_record_set(l, i, NULL);
		return;
	}
	switch (v->type) {
	case TYPE_COUNT:
	case TYPE_RISE:
		json_record_set_number(l, i, v->number);
		break;
	case TYPE_RATIO:
		json_record_set_real(l, i, fill_ratio(v->number));
		break;
	case TYPE_FACTOR:
	case TYPE_RATE:
	case TYPE_SECONDS:
		json_record_set_real(l, i, v->real);
		break;
	case TYPE_BOOL:
		json_record_set(l, i, json_value_bool(v->number));
		break;
	case TYPE_TEXT:
		json_record_set_text(l, i, v->text);
		break;
	case TYPE_ID:
		json_record_set(l, i, make_id(v->number));
		break;
	case TYPE_LIST:
		json_record_set(l, i, make_words(v));
		break;
	case TYPE_OWNERS:
		json_record_set(l, i,
				make_list(v->owners, sizeof(*v->owners), v->number,
					  document_owner_keys, report));
		break;
	case TYPE_WAITING:
		json_record_set(l, i, make_connections(v, document_waiting_keys, report));
		break;
	case TYPE_HALF_OPEN:
		json_record_set(l, i, make_connections(v, document_half_open_keys, report));
		break;
	}
}

/* Makes the record that is used for all listeners of a document. */
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

static void print_listeners(FILE *stream, const struct report *report, const char *newline,
			    struct field_context *context)
{
	struct json_record *listener = make_listener();

	fputs("[", stream);
	for (size_t i = 0; i < report->n_shown; i++) {
		fprintf(stream, "%s%s", i ? "," : "", newline);
		report_prefetch(report, i);
		for (size_t j = 0; j < FIELD_N; j++) {
			struct field_value value;

			if (!field_table[j].key)
				continue;
			field_get(&field_table[j], report->shown[i], report, context, &value);
			set_field(listener, j, &value, report);
		}
		json_record_write(stream, listener);
	}
	fputs("]", stream);
	json_record_free(listener);
}

/* All keys before the listeners are on one line. */
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/json.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

/* Keys are string constants that appear once in their object: json-c need not copy or look. */
static void put(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_add_ex(o, key, value,
				  JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY);
}

/* Six decimals at most, the point always there; what is below 1 stays below 1. */
static struct json_object *real(double value)
{
	char text[32];
	size_t len;

	if (value == 0) /* what most listeners are full of */
		return json_object_new_double_s(0, "0.0");
	snprintf(text, sizeof(text), "%.6f", value);
	if (value < 1 && text[0] == '1')
		snprintf(text, sizeof(text), "0.999999");
	len = strlen(text);
	while (text[len - 1] == '0' && text[len - 2] != '.')
		text[--len] = '\0';
	return json_object_new_double_s(value, text);
}

static struct json_object *number(uint64_t value)
{
	return json_object_new_uint64(value);
}

static struct json_object *amount_or_null(struct amount amount)
{
	return amount.known ? number(amount.value) : NULL;
}

static struct json_object *text_or_null(const char *text)
{
	return text && *text ? json_object_new_string(text) : NULL;
}

/* Text from elsewhere is made valid UTF-8; json-c escapes control characters itself. */
static struct json_object *foreign_text(const char *text)
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

static struct json_object *field_json(const struct field_value *v)
{
	struct json_object *list;
	char id[20];

	if (!v->known)
		return NULL;
	switch (v->type) {
	case FIELD_COUNT:
	case FIELD_RISE:
		return number(v->number);
	case FIELD_RATIO:
	case FIELD_RATE:
	case FIELD_SECONDS:
		return real(v->real);
	case FIELD_BOOL:
		return json_object_new_boolean((json_bool)v->number);
	case FIELD_TEXT:
		return foreign_text(v->text);
	case FIELD_ID:
		snprintf(id, sizeof(id), "0x%llx", (unsigned long long)v->number);
		return json_object_new_string(id);
	case FIELD_LIST:
		list = json_object_new_array();
		for (uint64_t i = 0; i < v->number; i++)
			json_object_array_add(list, json_object_new_string(v->words[i]));
		return list;
	case FIELD_NESTED:
		break;
	}
	return NULL;
}

/*
 * One object serves all listeners of a document: its keys stay, the values of their entries are
 * replaced. Making the tables anew, or looking every key up, would be half of the time that a
 * document takes.
 */
struct listener_json {
	struct json_object *object;
	struct lh_entry **entries; /* by field; NULL: not in JSON */
};

/* The object of the listener that the field stands in. */
static struct json_object *object_of(const struct listener_json *l, const struct field *f)
{
	struct json_object *object = l->object;

	if (f->object && !json_object_object_get_ex(l->object, f->object, &object)) {
		object = json_object_new_object();
		put(l->object, f->object, object);
	}
	return object;
}

/*
 * Two passes: an object must not grow while entries point into it. Fields that share an object
 * stand together in the table, so that its keys come in the order of the table.
 */
static struct listener_json make_listener(void)
{
	struct listener_json l = { json_object_new_object(),
				   xcalloc(field_table_n, sizeof(*l.entries)) };

	for (size_t i = 0; i < field_table_n; i++)
		if (field_table[i].key)
			put(object_of(&l, &field_table[i]), field_table[i].key, NULL);
	for (size_t i = 0; i < field_table_n; i++)
		if (field_table[i].key)
			l.entries[i] = lh_table_lookup_entry(
				json_object_get_object(object_of(&l, &field_table[i])),
				field_table[i].key);
	return l;
}

static void fill_listener(struct listener_json *l, const struct row *row,
			  const struct report *report, struct field_context *context)
{
	for (size_t i = 0; i < field_table_n; i++) {
		struct field_value value;

		if (!l->entries[i])
			continue;
		field_get(&field_table[i], row, report, context, &value);
		json_object_put((struct json_object *)lh_entry_v(l->entries[i]));
		l->entries[i]->v = field_json(&value);
	}
}

static void free_listener(struct listener_json *l)
{
	json_object_put(l->object);
	free(l->entries);
}

static struct json_object *counters_json(const struct netns_report *ns, double window)
{
	struct json_object *counters = json_object_new_object();

	for (unsigned int i = 0; i < COUNTER_N; i++) {
		struct json_object *c = NULL;
		char key[COUNTER_KEY_SIZE];

		if (ns->total[i].known) {
			struct amount delta = ns->delta[i];

			c = json_object_new_object();
			put(c, "total", number(ns->total[i].value));
			put(c, "delta", amount_or_null(delta));
			put(c, "rate",
			    delta.known && window > 0 ? real((double)delta.value / window) : NULL);
		}
		counter_key(i, key);
		json_object_object_add(counters, key, c);
	}
	return counters;
}

static struct json_object *ledger_json(const struct netns_report *ns, const struct report *report)
{
	struct json_object *ledger = json_object_new_object();

	put(ledger, "overflows", amount_or_null(ns->delta[COUNTER_LISTEN_OVERFLOWS]));
	put(ledger, "listen_drops", amount_or_null(ns->delta[COUNTER_LISTEN_DROPS]));
	put(ledger, "listener_drops", amount_or_null(ns->listener_drops));
	put(ledger, "unattributed_overflows", amount_or_null(ns->unattributed_overflows));
	put(ledger, "unattributed_syn_recv",
	    report->snapshot->known & SNAPSHOT_SYN_RECV ? number(ns->netns->unattributed_syn_recv) :
							  NULL);
	return ledger;
}

static struct json_object *netns_json(const struct netns_report *ns, const struct report *report,
				      double window)
{
	const struct sysctls *s = &ns->netns->sysctls;
	struct json_object *o = json_object_new_object(), *sysctl = json_object_new_object();

	for (unsigned int i = 0; i < SYSCTL_N; i++)
		put(sysctl, sysctl_table[i].name,
		    sysctl_known(s, i) ? json_object_new_int64(s->value[i]) : NULL);
	put(o, "netns", ns->netns->inode ? number(ns->netns->inode) : NULL);
	put(o, "name", NULL);
	put(o, "pid", NULL);
	put(o, "sysctl", sysctl);
	put(o, "counters", counters_json(ns, window));
	put(o, "ledger", ledger_json(ns, report));
	return o;
}

static struct json_object *head_json(const struct report *report)
{
	const struct snapshot *s = report->snapshot;
	double window = report_window_seconds(report);
	struct json_object *head = json_object_new_object(), *list = json_object_new_array();
	char time[CLOCK_TEXT_SIZE];

	clock_format_utc(s->wall, 6, time);
	put(head, "schema_version", json_object_new_int(JSON_SCHEMA_VERSION));
	put(head, "version", json_object_new_string(PACKAGE_VERSION));
	put(head, "host", *s->host ? foreign_text(s->host) : NULL);
	put(head, "boot_id", text_or_null(s->boot_id));
	put(head, "time", json_object_new_string(time));
	put(head, "monotonic_seconds", real((double)s->monotonic_ns / (double)NSEC_PER_SEC));
	put(head, "window_seconds", report->window_ns ? real(window) : NULL);
	for (size_t i = 0; i < report->n_netns; i++)
		json_object_array_add(list, netns_json(&report->netns[i], report, window));
	put(head, "namespaces", list);
	return head;
}

static struct json_object *warnings_json(const struct snapshot *s)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < s->n_warnings; i++) {
		struct json_object *w = json_object_new_object();

		put(w, "code", json_object_new_string(s->warnings[i].code));
		put(w, "message", foreign_text(s->warnings[i].message));
		json_object_array_add(list, w);
	}
	return list;
}

/* Writes the object without its last @omit bytes. */
static void write_object(FILE *stream, struct json_object *o, size_t omit)
{
	size_t len;
	const char *text = json_object_to_json_string_length(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

	fwrite(text, 1, len - omit, stream);
}

static void write_and_free(FILE *stream, struct json_object *o, size_t omit)
{
	write_object(stream, o, omit);
	json_object_put(o);
}

void json_print(FILE *stream, const struct report *report, bool one_line,
		struct field_context *context)
{
	struct listener_json listener = make_listener();
	const char *newline = one_line ? "" : "\n";

	write_and_free(stream, head_json(report), strlen("}"));
	fprintf(stream, ",%s\"listeners\":[", newline);
	for (size_t i = 0; i < report->n_shown; i++) {
		fprintf(stream, "%s%s", i ? "," : "", newline);
		report_prefetch(report, i);
		fill_listener(&listener, report->shown[i], report, context);
		write_object(stream, listener.object, 0);
	}
	fprintf(stream, "],%s\"warnings\":", newline);
	write_and_free(stream, warnings_json(report->snapshot), 0);
	fputs("}\n", stream);
	free_listener(&listener);
}

/*
 * The schema. Everything that is listed elsewhere comes from its table; only the shape of the
 * document is written down here.
 */
static struct json_object *typed(const char *type, bool nullable, const char *description)
{
	struct json_object *o = json_object_new_object();

	if (nullable) {
		struct json_object *types = json_object_new_array();

		json_object_array_add(types, json_object_new_string(type));
		json_object_array_add(types, json_object_new_string("null"));
		put(o, "type", types);
	} else {
		put(o, "type", json_object_new_string(type));
	}
	if (description)
		put(o, "description", json_object_new_string(description));
	return o;
}

static struct json_object *non_negative(struct json_object *o)
{
	put(o, "minimum", json_object_new_int(0));
	return o;
}

static struct json_object *array_of(struct json_object *items, bool nullable,
				    const char *description)
{
	struct json_object *o = typed("array", nullable, description);

	put(o, "items", items);
	return o;
}

/* An object to which schema_add() adds properties; all of them are always there. */
static struct json_object *schema_object(bool nullable, const char *description)
{
	struct json_object *o = typed("object", nullable, description);

	put(o, "properties", json_object_new_object());
	put(o, "required", json_object_new_array());
	return o;
}

static void schema_add(struct json_object *o, const char *key, struct json_object *property)
{
	json_object_object_add(json_object_object_get(o, "properties"), key, property);
	json_object_array_add(json_object_object_get(o, "required"), json_object_new_string(key));
}

static struct json_object *words_enum(bool states)
{
	struct json_object *o = json_object_new_object(), *words = json_object_new_array();

	for (unsigned int i = 0; states && i < STATE_N; i++)
		json_object_array_add(words, json_object_new_string(state_table[i].name));
	for (unsigned int i = 0; !states && i < REASON_N; i++)
		json_object_array_add(words, json_object_new_string(reason_table[i].name));
	put(o, "type", json_object_new_string("string"));
	put(o, "enum", words);
	return o;
}

static struct json_object *field_schema(const struct field *f)
{
	struct json_object *o;

	switch (f->type) {
	case FIELD_COUNT:
	case FIELD_RISE:
		return non_negative(typed("integer", true, f->help));
	case FIELD_RATIO:
	case FIELD_RATE:
	case FIELD_SECONDS:
		return non_negative(typed("number", true, f->help));
	case FIELD_BOOL:
		return typed("boolean", true, f->help);
	case FIELD_LIST:
		return array_of(words_enum(false), false, f->help);
	case FIELD_ID:
		o = typed("string", true, f->help);
		put(o, "pattern", json_object_new_string("^0x[0-9a-f]+$"));
		return o;
	case FIELD_TEXT:
		if (strcmp(f->key, "state") != 0)
			return typed("string", true, f->help);
		o = words_enum(true);
		put(o, "description", json_object_new_string(f->help));
		return o;
	case FIELD_NESTED:
		break;
	}
	o = typed("null", false, f->help);
	json_object_object_del(o, "type");
	return o;
}

static struct json_object *listener_schema(void)
{
	struct json_object *listener = schema_object(false, NULL), *object = NULL;
	const char *object_name = NULL;

	for (size_t i = 0; i < field_table_n; i++) {
		const struct field *f = &field_table[i];

		if (!f->key)
			continue;
		if (f->object && (!object_name || strcmp(object_name, f->object) != 0)) {
			object = schema_object(false, NULL);
			schema_add(listener, f->object, object);
			object_name = f->object;
		}
		schema_add(f->object ? object : listener, f->key, field_schema(f));
	}
	return listener;
}

static struct json_object *netns_schema(void)
{
	struct json_object *o = schema_object(false, NULL);
	struct json_object *sysctl = schema_object(false, "null: missing in this namespace");
	struct json_object *counters =
		schema_object(false, "named as nstat does; null: not known to the running kernel");
	struct json_object *ledger =
		schema_object(false, "sums over all listeners of the namespace");

	for (unsigned int i = 0; i < SYSCTL_N; i++)
		schema_add(sysctl, sysctl_table[i].name,
			   typed("integer", true, sysctl_table[i].meaning));
	for (unsigned int i = 0; i < COUNTER_N; i++) {
		struct json_object *c = schema_object(true, counter_table[i].meaning);
		char key[COUNTER_KEY_SIZE];

		schema_add(c, "total", non_negative(typed("integer", false, NULL)));
		schema_add(c, "delta", non_negative(typed("integer", true, NULL)));
		schema_add(c, "rate", non_negative(typed("number", true, NULL)));
		counter_key(i, key);
		schema_add(counters, key, c);
	}
	schema_add(ledger, "overflows",
		   non_negative(typed("integer", true, "ListenOverflows in the window")));
	schema_add(ledger, "listen_drops",
		   non_negative(typed("integer", true, "ListenDrops in the window")));
	schema_add(ledger, "listener_drops",
		   non_negative(typed("integer", true, "the listeners' drops in the window")));
	schema_add(ledger, "unattributed_overflows",
		   non_negative(typed("integer", true,
				      "overflows that no present listener accounts for")));
	schema_add(ledger, "unattributed_syn_recv",
		   non_negative(
			   typed("integer", true, "half-open connections whose listener is gone")));
	schema_add(o, "netns",
		   non_negative(typed("integer", true, "inode of the network namespace")));
	schema_add(o, "name", typed("string", true, "name of the namespace"));
	schema_add(o, "pid", non_negative(typed("integer", true, "a process in the namespace")));
	schema_add(o, "sysctl", sysctl);
	schema_add(o, "counters", counters);
	schema_add(o, "ledger", ledger);
	return o;
}

static struct json_object *warning_schema(void)
{
	struct json_object *o = schema_object(false, NULL);

	schema_add(o, "code", typed("string", false, "stable, for scripts"));
	schema_add(o, "message", typed("string", false, "for people"));
	return o;
}

void json_print_schema(FILE *stream)
{
	struct json_object *o = schema_object(false, "Report of listenq: TCP listen queues.");
	struct json_object *version = json_object_new_object();

	put(version, "const", json_object_new_int(JSON_SCHEMA_VERSION));
	put(o, "$schema", json_object_new_string("https://json-schema.org/draft/2020-12/schema"));
	put(o, "title", json_object_new_string("listenq"));
	schema_add(o, "schema_version", version);
	schema_add(o, "version", typed("string", false, "of listenq"));
	schema_add(o, "host", typed("string", true, NULL));
	schema_add(o, "boot_id", typed("string", true, NULL));
	schema_add(o, "time", typed("string", false, "of the closing sample, RFC 3339, UTC"));
	schema_add(o, "monotonic_seconds",
		   non_negative(typed("number", false, "CLOCK_MONOTONIC of the closing sample")));
	schema_add(o, "window_seconds",
		   non_negative(typed("number", true, "null: one sample, no deltas")));
	schema_add(o, "namespaces", array_of(netns_schema(), false, NULL));
	schema_add(o, "listeners", array_of(listener_schema(), false, NULL));
	schema_add(o, "warnings", array_of(warning_schema(), false, "data that could not be had"));
	fprintf(stream, "%s\n",
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
							  JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/json.h"

#include "output/json_value.h"

#include <string.h>

/*
 * Everything that is listed elsewhere comes from its table; only the shape of the document is
 * written down here.
 */

/* @type: NULL: of any type */
static struct json_object *typed(const char *type, bool nullable, const char *description)
{
	struct json_object *o = json_value_object();

	if (nullable) {
		struct json_object *types = json_value_array();

		json_value_append(types, json_value_text(type));
		json_value_append(types, json_value_text("null"));
		json_value_put(o, "type", types);
	} else if (type) {
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

/* An object to which schema_add() adds properties; all of them are always there. */
static struct json_object *schema_object(bool nullable, const char *description)
{
	struct json_object *o = typed("object", nullable, description);

	json_value_put(o, "properties", json_value_object());
	json_value_put(o, "required", json_value_array());
	return o;
}

static void schema_add(struct json_object *o, const char *key, struct json_object *property)
{
	json_value_put_copied(json_value_get(o, "properties"), key, property);
	json_value_append(json_value_get(o, "required"), json_value_text(key));
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

static struct json_object *owner_schema(void)
{
	struct json_object *o = schema_object(false, NULL);

	schema_add(o, "pid", non_negative(typed("integer", false, "process id")));
	schema_add(o, "comm", typed("string", true, "name of the process, /proc/PID/comm"));
	schema_add(o, "fd", non_negative(typed("integer", false, "descriptor of the listener")));
	schema_add(o, "cgroup", typed("string", true, "cgroup the process is in"));
	schema_add(o, "unit", typed("string", true, "systemd unit of that cgroup"));
	schema_add(o, "container", typed("string", true, "container of that cgroup"));
	schema_add(o, "state",
		   typed("string", true,
			 "its letter in /proc/PID/stat; this and what follows: null where the "
			 "listener has no queue and had none"));
	schema_add(o, "open_fds", non_negative(typed("integer", true, "descriptors it has open")));
	schema_add(o, "fd_limit",
		   non_negative(typed("integer", true,
				      "how many it may have: the soft limit; null: unlimited")));
	schema_add(o, "frozen", typed("boolean", true, "whether its cgroup is"));
	schema_add(o, "throttled",
		   typed("boolean", true,
			 "whether the CPU quota of its cgroup was used up in the window"));
	return o;
}

static struct json_object *connection_schema(bool half_open)
{
	struct json_object *o = schema_object(false, NULL);

	schema_add(o, "peer_address",
		   typed("string", false,
			 "v4-mapped for an IPv4 client of an IPv6 listener, as in ss"));
	schema_add(o, "peer_port", non_negative(typed("integer", false, NULL)));
	if (half_open) {
		schema_add(o, "retransmits",
			   non_negative(typed("integer", false, "SYN-ACKs sent again")));
		schema_add(o, "next_timer_seconds",
			   non_negative(typed("number", false,
					      "until the next SYN-ACK, or until it is given up")));
		return o;
	}
	schema_add(o, "wait_seconds",
		   non_negative(typed("number", true, "since the handshake ended")));
	schema_add(o, "unread_bytes",
		   non_negative(typed("integer", true,
				      "that the peer has sent so far; null under MPTCP")));
	schema_add(o, "peer_closed",
		   typed("boolean", true, "whether the peer has sent a FIN; null under MPTCP"));
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
		return array_of(owner_schema(), true, f->help);
	case TYPE_WAITING:
	case TYPE_HALF_OPEN:
		return array_of(connection_schema(f->type == TYPE_HALF_OPEN), true, f->help);
	}
	return typed(NULL, false, f->help);
}

static struct json_object *listener_schema(void)
{
	struct json_object *listener = schema_object(false, NULL), *object = NULL;
	const char *object_name = NULL;

	for (size_t i = 0; i < FIELD_N; i++) {
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
	schema_add(o, "name",
		   typed("string", true,
			 "in /run/netns, of a container, or of a process; null without -N and -A"));
	schema_add(o, "pid", non_negative(typed("integer", true, "the oldest process in it")));
	schema_add(o, "sysctl", sysctl);
	schema_add(o, "counters", counters);
	schema_add(o, "ledger", ledger);
	return o;
}

static struct json_object *not_shown_schema(void)
{
	struct json_object *o = schema_object(
		false,
		"what the report does not show, which may not be well; 0: it shows all of it");

	schema_add(o, "unix_listeners",
		   non_negative(typed("integer", true, "UNIX listeners; without -x")));
	schema_add(o, "unix_full",
		   non_negative(typed("integer", true, "of these: the accept queue is full now")));
	schema_add(
		o, "unix_stalled",
		non_negative(typed("integer", true,
				   "of these: not full, and for 3 s or longer the accept queue was "
				   "neither empty nor seen to get shorter")));
	schema_add(o, "namespaces",
		   non_negative(
			   typed("integer", true,
				 "other network namespaces that have a process; null with -N, and "
				 "where not every process could be looked at")));
	schema_add(o, "namespaces_looked_at",
		   non_negative(
			   typed("integer", true,
				 "of these: ListenOverflows was read at both ends of the window")));
	schema_add(o, "namespaces_overflowing",
		   non_negative(typed("integer", true, "of these: it rose")));
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
	struct json_object *version = json_value_object();

	json_value_put(version, "const", json_value_int(JSON_SCHEMA_VERSION));
	json_value_put(o, "$schema",
		       json_value_text("https://json-schema.org/draft/2020-12/schema"));
	json_value_put(o, "title", json_value_text("listenq"));
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
	schema_add(o, "not_shown", not_shown_schema());
	schema_add(o, "warnings", array_of(warning_schema(), false, "data that could not be had"));
	json_value_write_pretty(stream, o);
	fputs("\n", stream);
	json_value_free(o);
}

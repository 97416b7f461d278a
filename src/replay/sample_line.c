/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay/sample_line.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "model/connections.h"
#include "model/groups.h"
#include "model/saved_fields.h"
#include "replay/json_reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define NETNS_MAX    65536
#define WARNINGS_MAX 16384 /* each is compared with the ones before it */

struct reading {
	struct json_reader json;
	struct snapshot *s;
	/* Where the values of these keys begin, as they need what others say; NULL: missing */
	const char *groups, *connections;
};

static void set(const struct saved_field *f, void *at, uint64_t value)
{
	char *p = (char *)at + f->offset;

	switch (f->type) {
	case SAVED_BOOL:
		*(bool *)p = value;
		break;
	case SAVED_U8:
		*(uint8_t *)p = (uint8_t)value;
		break;
	case SAVED_U16:
		*(uint16_t *)p = (uint16_t)value;
		break;
	case SAVED_U32:
		*(uint32_t *)p = (uint32_t)value;
		break;
	default:
		*(uint64_t *)p = value;
		break;
	}
}

static uint64_t largest(enum saved_type type)
{
	return type == SAVED_U8	 ? UINT8_MAX :
	       type == SAVED_U16 ? UINT16_MAX :
	       type == SAVED_U32 ? UINT32_MAX :
				   UINT64_MAX;
}

static void read_address(struct json_reader *json, uint8_t *address, uint8_t *family)
{
	const char *text = json_reader_text(json);

	if (*family)
		json_reader_fail(json, "a listener has an address, or is a UNIX listener");
	*family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(*family, text, address) != 1)
		json_reader_fail(json, "the text is not an IP address");
}

static uint64_t read_id(struct json_reader *json)
{
	const char *text = json_reader_text(json), *at;
	uint64_t value = 0;

	if (text[0] != '0' || text[1] != 'x')
		text = at = "";
	else
		at = text += 2;
	for (; (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f'); at++)
		value = value << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
	if (*at || at == text || at - text > 16)
		json_reader_fail(json, "the text is not a number like 0x1f");
	return value;
}

static void read_chars(struct json_reader *json, char *to, size_t size)
{
	const char *text = json_reader_text(json);
	const size_t len = strlen(text);

	if (len >= size)
		json_reader_fail(json, "the text is too long");
	else
		memcpy(to, text, len + 1);
}

/* Returns the index of the counter that nstat calls @key, COUNTER_N if there is none. */
static unsigned int find_counter(const char *key, unsigned int guess)
{
	for (unsigned int i = 0; i < COUNTER_N; i++) {
		const unsigned int id = (guess + i) % COUNTER_N;
		const struct counter_info *c = &counter_table[id];

		if (!strncmp(key, c->prefix, c->prefix_len) &&
		    !strcmp(key + c->prefix_len, c->name))
			return id;
	}
	return COUNTER_N;
}

static void read_counters(struct json_reader *json, struct counters *c)
{
	unsigned int id = 0;

	json_reader_enter(json, '{');
	for (const char *key; (key = json_reader_key(json));) {
		id = find_counter(key, id);
		if (id == COUNTER_N) {
			json_reader_skip(json);
			continue;
		}
		if (counter_known(c, id))
			json_reader_fail(json, "the counter stands there twice");
		c->known |= 1u << id;
		c->value[id] = json_reader_u64(json, UINT64_MAX);
	}
}

static void read_sysctls(struct json_reader *json, struct sysctls *s)
{
	json_reader_enter(json, '{');
	for (const char *key; (key = json_reader_key(json));) {
		unsigned int id = 0;

		while (id < SYSCTL_N && strcmp(key, sysctl_table[id].name))
			id++;
		if (id == SYSCTL_N) {
			json_reader_skip(json);
			continue;
		}
		if (sysctl_known(s, id))
			json_reader_fail(json, "the sysctl stands there twice");
		s->known |= 1u << id;
		s->value[id] = json_reader_i64(json);
	}
}

static void read_letter(struct json_reader *json, char *to)
{
	const char *text = json_reader_text(json);

	*to = *text;
	if (!*text || text[1])
		json_reader_fail(json, "the text is not one letter");
}

static void read_fields(struct reading *r, const struct saved_object *object, void *at,
			bool (*other)(struct reading *r, const char *key, void *at));

static void read_value(struct reading *r, const struct saved_field *f, void *at)
{
	struct json_reader *json = &r->json;
	char *p = (char *)at + f->offset;

	switch (f->type) {
	case SAVED_BIT:
	case SAVED_UNIX:
		if (!json_reader_bool(json))
			json_reader_fail(json, "only true may stand here");
		if (f->type == SAVED_BIT)
			break;
		if (*((uint8_t *)at + f->family))
			json_reader_fail(json, "a listener has an address, or is a UNIX listener");
		*((uint8_t *)at + f->family) = AF_UNIX;
		break;
	case SAVED_BOOL:
		set(f, at, json_reader_bool(json));
		break;
	case SAVED_U8:
	case SAVED_U16:
	case SAVED_U32:
	case SAVED_U64:
		set(f, at, json_reader_u64(json, largest(f->type)));
		break;
	case SAVED_ID:
		set(f, at, read_id(json));
		break;
	case SAVED_LETTER:
		read_letter(json, p);
		break;
	case SAVED_TEXT:
		*(const char **)p =
			string_pool_adds(snapshot_strings(r->s), json_reader_text(json));
		break;
	case SAVED_CHARS:
		read_chars(json, p, f->size);
		break;
	case SAVED_ADDRESS:
		read_address(json, (uint8_t *)p, (uint8_t *)at + f->family);
		break;
	case SAVED_WALL:
		*(struct timespec *)p = clock_timespec(json_reader_u64(json, INT64_MAX));
		break;
	case SAVED_COUNTERS:
		read_counters(json, (struct counters *)p);
		break;
	case SAVED_SYSCTLS:
		read_sysctls(json, (struct sysctls *)p);
		break;
	case SAVED_OBJECT:
		json_reader_enter(json, '{');
		read_fields(r, f->object, p, NULL);
		break;
	}
}

/*
 * Returns the row of the next key; object->n where there is none, with @key: NULL, there is no
 * other member. @guess: the row to try first; the writer keeps the order of the table
 */
static size_t next_field(struct json_reader *json, const struct saved_object *object, size_t guess,
			 const char **key)
{
	size_t i;

	for (i = guess; i < object->n; i++)
		if (json_reader_key_is(json, object->fields[i].key))
			return i;
	*key = json_reader_key(json);
	for (i = 0; *key && i < object->n; i++)
		if (!strcmp(object->fields[i].key, *key))
			return i;
	return object->n;
}

static void check_fields(struct reading *r, const struct saved_object *object, const void *at,
			 uint64_t seen)
{
	for (size_t i = 0; i < object->n; i++) {
		const struct saved_field *f = &object->fields[i];

		if (f->required && !(seen >> i & 1))
			json_reader_fail(&r->json, "the object before lacks a key that it needs");
		if (seen >> i & 1 && !saved_field_is_of(f, at))
			json_reader_fail(&r->json,
					 "TCP and UNIX listeners do not have the same keys");
	}
}

/*
 * Reads the members of an object that was entered.
 * @other: reads the value of a key that is not in the table, or returns false; NULL: there is none
 */
static void read_fields(struct reading *r, const struct saved_object *object, void *at,
			bool (*other)(struct reading *r, const char *key, void *at))
{
	uint64_t seen = 0;
	size_t next = 0;

	for (;;) {
		const char *key = NULL;
		const size_t i = next_field(&r->json, object, next, &key);

		if (i == object->n && !key)
			break;
		if (i == object->n) {
			if (!other || !other(r, key, at))
				json_reader_skip(&r->json);
			continue;
		}
		if (seen >> i & 1)
			json_reader_fail(&r->json, "the key stands there twice");
		seen |= UINT64_C(1) << i;
		next = i + 1;
		read_value(r, &object->fields[i], at);
		if (object->fields[i].known)
			saved_fields_add_known(object, at, object->fields[i].known);
	}
	check_fields(r, object, at, seen);
}

static void read_owners(struct reading *r, struct listener *l)
{
	struct snapshot *s = r->s;
	struct owner *o;

	if (l->known & LISTENER_OWNERS)
		json_reader_fail(&r->json, "the key stands there twice");
	l->known |= LISTENER_OWNERS;
	l->first_owner = (uint32_t)s->n_owners;
	json_reader_enter(&r->json, '[');
	while (json_reader_element(&r->json)) {
		s->owners = array_grow(s->owners, s->n_owners, &s->owners_size, sizeof(*s->owners));
		o = &s->owners[s->n_owners++];
		l->n_owners++;
		json_reader_enter(&r->json, '[');
		if (json_reader_element(&r->json))
			o->process = (uint32_t)json_reader_u64(&r->json, UINT32_MAX);
		if (!json_reader_element(&r->json))
			json_reader_fail(&r->json, "an owner is a process and a descriptor");
		o->fd = (uint32_t)json_reader_u64(&r->json, UINT32_MAX);
		if (json_reader_element(&r->json))
			json_reader_fail(&r->json, "an owner is a process and a descriptor");
	}
	if (!l->n_owners)
		l->first_owner = 0;
}

static bool read_of_listener(struct reading *r, const char *key, void *at)
{
	if (strcmp(key, "owners") != 0)
		return false;
	read_owners(r, at);
	return true;
}

static void read_listener(struct reading *r)
{
	struct listener l = { .addr.netns_idx = (uint32_t)r->s->n_netns - 1 }, *to;

	json_reader_enter(&r->json, '{');
	read_fields(r, &saved_listener, &l, read_of_listener);
	if (!l.addr.family)
		json_reader_fail(&r->json, "a listener has an address, or is a UNIX listener");
	if (json_reader_failed(&r->json))
		return;
	to = snapshot_add_listener(r->s, l.addr.netns_idx, l.cookie);
	if (to)
		*to = l;
	else
		json_reader_fail(&r->json, "another listener has the same cookie");
}

static bool read_of_netns(struct reading *r, const char *key, void *at)
{
	(void)at;
	if (strcmp(key, "listeners") != 0)
		return false;
	if (snapshot_has_listeners(r->s, (uint32_t)r->s->n_netns - 1))
		json_reader_fail(&r->json, "the key stands there twice");
	json_reader_enter(&r->json, '[');
	while (json_reader_element(&r->json))
		read_listener(r);
	return true;
}

/* The order of the keys is free, so the listeners may come before what the namespace is. */
static void read_netns(struct reading *r)
{
	struct netns *ns = snapshot_add_netns(r->s);

	if (r->s->n_netns > NETNS_MAX)
		json_reader_fail(&r->json, "there are too many network namespaces");
	json_reader_enter(&r->json, '{');
	read_fields(r, &saved_netns, ns, read_of_netns);
}

static bool note_place(struct reading *r, const char **place)
{
	if (*place)
		json_reader_fail(&r->json, "the key stands there twice");
	*place = r->json.at;
	json_reader_skip(&r->json);
	return true;
}

static void read_object(struct reading *r, const struct saved_object *object, void *at)
{
	json_reader_enter(&r->json, '{');
	read_fields(r, object, at, NULL);
}

/* The texts are copied: the reader keeps only the last one. */
static void read_warning(struct reading *r)
{
	struct strbuf texts[2] = { 0 };

	json_reader_enter(&r->json, '{');
	for (const char *key; (key = json_reader_key(&r->json));) {
		const bool is_code = !strcmp(key, "code");

		if (!is_code && strcmp(key, "message") != 0) {
			json_reader_skip(&r->json);
			continue;
		}
		if (texts[is_code].s)
			json_reader_fail(&r->json, "the key stands there twice");
		strbuf_adds(&texts[is_code], json_reader_text(&r->json));
	}
	if (!texts[0].s || !texts[1].s)
		json_reader_fail(&r->json, "a warning has a code and a message");
	else if (!json_reader_failed(&r->json))
		snapshot_warn(r->s, texts[1].s, "%s", texts[0].s);
	strbuf_free(&texts[0]);
	strbuf_free(&texts[1]);
}

static bool read_of_snapshot(struct reading *r, const char *key, void *at)
{
	struct snapshot *s = at;

	if (!strcmp(key, "groups"))
		return note_place(r, &r->groups);
	if (!strcmp(key, "connections"))
		return note_place(r, &r->connections);
#define READ(name, object)                                                          \
	if (!strcmp(key, #name)) {                                                  \
		if (s->n_##name)                                                    \
			json_reader_fail(&r->json, "the key stands there twice");   \
		json_reader_enter(&r->json, '[');                                   \
		while (json_reader_element(&r->json)) {                             \
			s->name = array_grow(s->name, s->n_##name, &s->name##_size, \
					     sizeof(*s->name));                     \
			read_object(r, &(object), &s->name[s->n_##name++]);         \
		}                                                                   \
		return true;                                                        \
	}
	SAVED_FLAT_ARRAYS(READ)
#undef READ
	if (!strcmp(key, "netns") && s->n_netns)
		json_reader_fail(&r->json, "the key stands there twice");
	if (!strcmp(key, "netns")) {
		json_reader_enter(&r->json, '[');
		while (json_reader_element(&r->json))
			read_netns(r);
		return true;
	}
	if (strcmp(key, "warnings") != 0)
		return false;
	json_reader_enter(&r->json, '[');
	while (json_reader_element(&r->json))
		if (s->n_warnings < WARNINGS_MAX)
			read_warning(r);
		else
			json_reader_fail(&r->json, "there are too many warnings");
	return true;
}

/* Lays what a walk found over a group that was built from its listeners. */
static void fill_group(struct snapshot *s, uint32_t i, const struct group *read)
{
	struct group *g = &s->groups[i], built = *g;

	*g = *read;
	g->first = built.first;
	g->sockets = built.sockets;
	g->queued_members = built.queued_members;
	g->length = built.length;
	g->limit = built.limit;
	g->length_max = built.length_max;
	g->fill_max = built.fill_max;
	g->may_stall = built.may_stall;
	if (!(g->known & GROUP_WAITING))
		g->holder = built.holder;
}

static bool read_of_group(struct reading *r, const char *key, void *at)
{
	if (strcmp(key, "group") != 0)
		return false;
	/* No member that is saved. Its index is never 0 here: 1 is added. */
	((struct group *)at)->first = 1 + (uint32_t)json_reader_u64(&r->json, UINT32_MAX - 1);
	return true;
}

static void read_groups(struct reading *r)
{
	uint32_t next = 0; /* they stand in their order, and each once */

	json_reader_enter(&r->json, '[');
	while (json_reader_element(&r->json)) {
		struct group g = { 0 };

		json_reader_enter(&r->json, '{');
		read_fields(r, &saved_group, &g, read_of_group);
		if (g.first <= next || g.first > r->s->n_groups)
			json_reader_fail(&r->json, "there is no such group, or it stands before");
		if (json_reader_failed(&r->json))
			return;
		next = g.first;
		fill_group(r->s, g.first - 1, &g);
	}
}

static void read_connections(struct reading *r)
{
	struct snapshot *s = r->s;
	uint32_t last = 0;

	json_reader_enter(&r->json, '[');
	while (json_reader_element(&r->json)) {
		struct connection *c = connections_add(s);
		struct group *g;

		read_object(r, &saved_connection, c);
		if (c->group < last || c->group >= s->n_groups)
			json_reader_fail(&r->json, "there is no such group, or it stands before");
		if (json_reader_failed(&r->json))
			return;
		last = c->group;
		g = &s->groups[last];
		if (!g->n_connections++)
			g->first_connection = (uint32_t)s->n_connections - 1;
	}
}

/* Goes back to read a value that was skipped. */
static void read_at(struct reading *r, const char *place, void (*read)(struct reading *r))
{
	if (!place || json_reader_failed(&r->json))
		return;
	r->json.at = place;
	read(r);
}

static const char *find_wrong_netns(const struct snapshot *s, const struct netns *ns)
{
	if (ns->syn_recv_ns > s->monotonic_ns || ns->waiting_ns > s->monotonic_ns ||
	    ns->dump_begin_ns > ns->dump_end_ns || ns->dump_end_ns > s->monotonic_ns)
		return "a network namespace has a time that is after the sample";
	return NULL;
}

/* What is wrong with the whole, NULL: nothing. */
static const char *find_wrong(const struct snapshot *s)
{
	const char *wrong = NULL;

	/* It builds the index, which has less than all when a cookie repeats. */
	snapshot_find(s, 0, 0);
	if (s->by_cookie.used != s->n_listeners)
		return "two listeners have the same cookie";
	for (size_t i = 0; i < s->n_netns && !wrong; i++)
		wrong = find_wrong_netns(s, &s->netns[i]);
	for (size_t i = 0; i < s->n_listeners; i++)
		if (listener_is_unix(&s->listeners[i]) &&
		    s->listeners[i].first_ns > s->monotonic_ns)
			return "a listener has a time that is after the sample";
	for (size_t i = 0; i < s->n_owners; i++)
		if (s->owners[i].process >= s->n_processes)
			return "an owner is a process that is not there";
	for (size_t i = 0; i < s->n_gone; i++)
		if (s->gone[i].addr.netns_idx >= s->n_netns)
			return "a listener that is gone was in a namespace that is not there";
	for (size_t i = 0; i < s->n_oldest; i++)
		if (s->oldest[i].netns_idx >= s->n_netns)
			return "a connection was in a namespace that is not there";
	for (size_t i = 0; i < s->n_unix_queues; i++)
		if (s->unix_queues[i].since_ns > s->monotonic_ns)
			return "a UNIX queue has a time that is after the sample";
	return wrong;
}

int sample_line_read(struct snapshot *s, const char *line, size_t len, struct error *why)
{
	struct reading r = { .s = s };
	const char *wrong;
	int code = 0;

	json_reader_init(&r.json, line, len);
	json_reader_enter(&r.json, '{');
	read_fields(&r, &saved_snapshot, s, read_of_snapshot);
	json_reader_end(&r.json);
	if (!json_reader_failed(&r.json) && s->known & SNAPSHOT_GROUPS)
		groups_build(s);
	else if (r.groups || r.connections)
		json_reader_fail(&r.json, "there are groups without has_groups");
	read_at(&r, r.groups, read_groups);
	read_at(&r, r.connections, read_connections);
	wrong = json_reader_failed(&r.json) ? NULL : find_wrong(s);
	if (wrong)
		json_reader_fail(&r.json, wrong);
	if (json_reader_failed(&r.json))
		code = error_set(why, -EINVAL, "byte %zu: %s", json_reader_byte(&r.json),
				 r.json.problem);
	json_reader_free(&r.json);
	return code;
}

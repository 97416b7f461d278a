/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/json.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "output/address.h"
#include "output/json_value.h"

#include <stdlib.h>

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

static struct json_object *u64_or_null(struct opt_u64 amount)
{
	return amount.known ? json_value_number(amount.value) : NULL;
}

static struct json_object *text_or_null(const char *text)
{
	return text && *text ? json_value_text(text) : NULL;
}

static struct json_object *foreign_or_null(const char *text)
{
	return text ? json_value_foreign_text(text) : NULL;
}

static void put_conditions(struct json_object *o, const struct process *p)
{
	const char state[] = { p->state, '\0' };

	json_value_put(o, "state", p->known & PROCESS_STATE ? json_value_text(state) : NULL);
	json_value_put(o, "open_fds",
		       p->known & PROCESS_OPEN_FDS ? json_value_number(p->open_fds) : NULL);
	json_value_put(o, "fd_limit",
		       p->known & PROCESS_FD_LIMIT ? json_value_number(p->fd_limit) : NULL);
	json_value_put(o, "frozen", p->known & PROCESS_FROZEN ? json_value_bool(p->frozen) : NULL);
	json_value_put(o, "throttled",
		       p->known & PROCESS_THROTTLED ? json_value_bool(p->throttled) : NULL);
}

static struct json_object *owners_json(const struct field_value *v)
{
	struct json_object *list = json_value_array();

	for (uint64_t i = 0; i < v->number; i++) {
		const struct process *process = &v->processes[v->owners[i].process];
		struct json_object *o = json_value_object();

		json_value_put(o, "pid", json_value_number(process->pid));
		json_value_put(o, "comm", foreign_or_null(process->comm));
		json_value_put(o, "fd", json_value_number(v->owners[i].fd));
		json_value_put(o, "cgroup", foreign_or_null(process->cgroup));
		json_value_put(o, "unit", foreign_or_null(process->unit));
		json_value_put(o, "container", foreign_or_null(process->container));
		put_conditions(o, process);
		json_value_append(list, o);
	}
	return list;
}

static void put_waiting(struct json_object *o, const struct connection *c)
{
	json_value_put(o, "wait_seconds",
		       c->has_wait ? json_value_real(c->wait_ms / 1000.0) : NULL);
	json_value_put(o, "unread_bytes", c->mptcp ? NULL : json_value_number(c->unread_bytes));
	json_value_put(o, "peer_closed", c->mptcp ? NULL : json_value_bool(c->peer_closed));
}

static void put_half_open(struct json_object *o, const struct connection *c)
{
	json_value_put(o, "retransmits", json_value_number(c->retransmits));
	json_value_put(o, "next_timer_seconds", json_value_real(c->next_timer_ms / 1000.0));
}

static struct json_object *connections_json(const struct field_value *v)
{
	struct json_object *list = json_value_array();
	struct strbuf address = { 0 };

	for (uint64_t i = 0; i < v->number; i++) {
		const struct connection *c = &v->connections[i];
		struct json_object *o = json_value_object();

		address.len = 0;
		address_add(&address, c->family, c->peer);
		json_value_put(o, "peer_address", json_value_text(address.s));
		json_value_put(o, "peer_port", json_value_number(c->peer_port));
		if (c->half_open)
			put_half_open(o, c);
		else
			put_waiting(o, c);
		json_value_append(list, o);
	}
	strbuf_free(&address);
	return list;
}

static struct json_object *field_json(const struct field_value *v)
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
		return owners_json(v);
	case TYPE_WAITING:
	case TYPE_HALF_OPEN:
		return connections_json(v);
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
			json_record_set(listener, i, field_json(&value));
	}
}

static struct json_object *counters_json(const struct netns_report *ns, const struct report *report)
{
	struct json_object *counters = json_value_object();

	for (unsigned int i = 0; i < COUNTER_N; i++) {
		struct json_object *c = NULL;
		char key[COUNTER_KEY_SIZE];

		if (ns->total[i].known) {
			struct opt_u64 delta = ns->delta[i];

			c = json_value_object();
			json_value_put(c, "total", json_value_number(ns->total[i].value));
			json_value_put(c, "delta", u64_or_null(delta));
			json_value_put(c, "rate",
				       delta.known && report->window_ns ?
					       json_value_real(report_rate(delta, report)) :
					       NULL);
		}
		counter_key(i, key);
		json_value_put_copied(counters, key, c);
	}
	return counters;
}

static struct json_object *ledger_json(const struct netns_report *ns, const struct report *report)
{
	/* Older half-open connections may have lost their listener since. */
	const bool syn_recv_known = ns->netns->syn_recv_ns == report->snapshot->monotonic_ns;
	struct json_object *ledger = json_value_object();

	json_value_put(ledger, "overflows", u64_or_null(ns->delta[COUNTER_LISTEN_OVERFLOWS]));
	json_value_put(ledger, "listen_drops", u64_or_null(ns->delta[COUNTER_LISTEN_DROPS]));
	json_value_put(ledger, "listener_drops", u64_or_null(ns->listener_drops));
	json_value_put(ledger, "unattributed_overflows", u64_or_null(ns->unattributed_overflows));
	json_value_put(ledger, "unattributed_syn_recv",
		       syn_recv_known ? json_value_number(ns->netns->unattributed_syn_recv) : NULL);
	return ledger;
}

static struct json_object *netns_json(const struct netns_report *ns, const struct report *report)
{
	const struct sysctls *s = &ns->netns->sysctls;
	struct json_object *o = json_value_object(), *sysctl = json_value_object();

	for (unsigned int i = 0; i < SYSCTL_N; i++)
		json_value_put(sysctl, sysctl_table[i].name,
			       sysctl_known(s, i) ? json_value_int(s->value[i]) : NULL);
	json_value_put(o, "netns", ns->netns->inode ? json_value_number(ns->netns->inode) : NULL);
	json_value_put(o, "name", foreign_or_null(ns->netns->name));
	json_value_put(o, "pid", ns->netns->pid ? json_value_number(ns->netns->pid) : NULL);
	json_value_put(o, "sysctl", sysctl);
	json_value_put(o, "counters", counters_json(ns, report));
	json_value_put(o, "ledger", ledger_json(ns, report));
	return o;
}

static struct json_object *head_json(const struct report *report)
{
	const struct snapshot *s = report->snapshot;
	struct json_object *head = json_value_object(), *list = json_value_array();
	char time[CLOCK_TEXT_SIZE];

	clock_format_utc(s->wall, 6, time);
	json_value_put(head, "schema_version", json_value_int(JSON_SCHEMA_VERSION));
	json_value_put(head, "version", json_value_text(PACKAGE_VERSION));
	json_value_put(head, "host", *s->host ? json_value_foreign_text(s->host) : NULL);
	json_value_put(head, "boot_id", text_or_null(s->boot_id));
	json_value_put(head, "time", json_value_text(time));
	json_value_put(head, "monotonic_seconds",
		       json_value_real((double)s->monotonic_ns / (double)NSEC_PER_SEC));
	json_value_put(head, "window_seconds",
		       report->window_ns ? json_value_real(report_window_seconds(report)) : NULL);
	for (size_t i = 0; i < report->n_netns; i++)
		json_value_append(list, netns_json(&report->netns[i], report));
	json_value_put(head, "namespaces", list);
	return head;
}

static struct json_object *not_shown_json(const struct not_shown *e)
{
	struct json_object *o = json_value_object();

	json_value_put(o, "unix_listeners", u64_or_null(e->unix_listeners));
	json_value_put(o, "unix_full", u64_or_null(e->unix_full));
	json_value_put(o, "unix_stalled", u64_or_null(e->unix_stalled));
	json_value_put(o, "namespaces", u64_or_null(e->namespaces));
	json_value_put(o, "namespaces_looked_at", u64_or_null(e->looked_at));
	json_value_put(o, "namespaces_overflowing", u64_or_null(e->overflowing));
	return o;
}

static struct json_object *warnings_json(const struct snapshot *s)
{
	struct json_object *list = json_value_array();

	for (size_t i = 0; i < s->n_warnings; i++) {
		struct json_object *w = json_value_object();

		json_value_put(w, "code", json_value_text(s->warnings[i].code));
		json_value_put(w, "message", json_value_foreign_text(s->warnings[i].message));
		json_value_append(list, w);
	}
	return list;
}

void json_print(FILE *stream, const struct report *report, bool one_line,
		struct field_context *context)
{
	struct json_object *head = head_json(report), *warnings = warnings_json(report->snapshot);
	struct json_object *not_shown = not_shown_json(&report->not_shown);
	struct json_record *listener = make_listener();
	const char *newline = one_line ? "" : "\n";

	json_value_write_open(stream, head);
	fprintf(stream, ",%s\"listeners\":[", newline);
	for (size_t i = 0; i < report->n_shown; i++) {
		fprintf(stream, "%s%s", i ? "," : "", newline);
		report_prefetch(report, i);
		fill_listener(listener, report->shown[i], report, context);
		json_record_write(stream, listener);
	}
	fprintf(stream, "],%s\"not_shown\":", newline);
	json_value_write(stream, not_shown);
	fprintf(stream, ",%s\"warnings\":", newline);
	json_value_write(stream, warnings);
	fputs("}\n", stream);
	json_record_free(listener);
	json_value_free(warnings);
	json_value_free(not_shown);
	json_value_free(head);
}

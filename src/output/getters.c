/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/getters.h"

#include "base/clock.h"
#include "output/address.h"

#include <string.h>
#include <sys/socket.h>

#define UNUSED (void)row, (void)report, (void)context, (void)value

static void set_number(struct field_value *v, bool known, uint64_t number)
{
	v->known = known;
	v->number = number;
}

static void set_opt_u64(struct field_value *v, struct opt_u64 amount)
{
	set_number(v, amount.known, amount.value);
}

static void set_real(struct field_value *v, bool known, double real)
{
	v->known = known;
	v->real = known ? real : 0;
}

static void set_text(struct field_value *v, const char *text)
{
	v->known = text != NULL;
	v->text = text;
}

static void set_path(struct field_value *v, const char *path)
{
	set_text(v, path);
	v->path = true;
}

GETTER(namespace)
{
	UNUSED;
	set_text(value, row->netns->netns->name);
}

GETTER(netns)
{
	UNUSED;
	set_number(value, row->netns->netns->inode != 0, row->netns->netns->inode);
}

GETTER(protocol)
{
	UNUSED;
	set_text(value, listener_is_unix(row->listener) ? "unix" : "tcp");
}

GETTER(type)
{
	UNUSED;
	set_text(value, row->listener->seqpacket ? "seqpacket" : "stream");
}

GETTER(family)
{
	UNUSED;
	set_text(value, listener_is_unix(row->listener)	      ? "unix" :
			row->listener->addr.family == AF_INET ? "inet" :
								"inet6");
}

GETTER(address)
{
	UNUSED;
	if (listener_is_unix(row->listener))
		return;
	context->scratch.len = 0;
	address_add(&context->scratch, row->listener->addr.family, row->listener->addr.address);
	set_text(value, context->scratch.s);
}

GETTER(port)
{
	UNUSED;
	set_number(value, !listener_is_unix(row->listener), row->listener->addr.port);
}

GETTER(path)
{
	UNUSED;
	set_path(value, row->listener->name);
}

GETTER(interface)
{
	UNUSED;
	set_text(value, row->listener->interface);
}

GETTER(v6only)
{
	UNUSED;
	set_number(value, row->listener->known & LISTENER_V6ONLY, row->listener->addr.v6only);
}

GETTER(mptcp)
{
	UNUSED;
	set_number(value, row->listener->known & LISTENER_MPTCP, row->listener->mptcp);
}

GETTER(inode)
{
	UNUSED;
	set_number(value, !row->folded, row->listener->inode);
}

GETTER(cookie)
{
	UNUSED;
	set_number(value, !row->folded, row->listener->cookie);
}

GETTER(uid)
{
	UNUSED;
	set_number(value, row->listener->known & LISTENER_UID, row->listener->uid);
}

/* As ss writes it: "*" for a wildcard that takes both families, "%device" behind the address. */
GETTER(local)
{
	static const uint8_t any[16];
	const struct listener *l = row->listener;
	struct strbuf *b = &context->scratch;
	const char *service = NULL;

	UNUSED;
	if (listener_is_unix(l)) {
		set_path(value, l->name);
		return;
	}
	b->len = 0;
	if (l->addr.family == AF_INET6 && !l->addr.v6only &&
	    !memcmp(l->addr.address, any, sizeof(any))) {
		strbuf_putc(b, '*');
	} else {
		bool brackets = l->addr.family == AF_INET6;

		strbuf_addc(b, '[', brackets);
		address_add(b, l->addr.family, l->addr.address);
		strbuf_addc(b, ']', brackets);
	}
	if (l->interface)
		strbuf_addf(b, "%%%s", l->interface);
	else if (l->addr.ifindex)
		strbuf_addf(b, "%%if%u", l->addr.ifindex);
	strbuf_putc(b, ':');
	if (context->services)
		service = names_of_port(context->services, l->addr.port);
	if (service)
		strbuf_adds(b, service);
	else
		strbuf_addu(b, l->addr.port);
	set_text(value, b->s);
}

GETTER(length)
{
	UNUSED;
	set_number(value, true, row_length(row));
}

GETTER(limit)
{
	UNUSED;
	set_number(value, true, row_limit(row));
}

GETTER(capacity)
{
	UNUSED;
	set_number(value, true, row_capacity(row));
}

/* Of a folded row the fullest member stands in. */
GETTER(fill)
{
	UNUSED;
	set_real(value, true, listener_fill(row->listener));
}

GETTER(full)
{
	UNUSED;
	set_number(value, true, listener_full(row->listener));
}

static bool has_peak(const struct row *row)
{
	return row->listener->known & LISTENER_PEAK;
}

GETTER(peak_length)
{
	UNUSED;
	set_number(value, has_peak(row), row->listener->peak.length);
}

GETTER(peak_fill)
{
	UNUSED;
	set_real(value, has_peak(row), row_peak_fill(row));
}

GETTER(full_seconds)
{
	UNUSED;
	set_real(value, has_peak(row), (double)row->listener->peak.full_ns / (double)NSEC_PER_SEC);
}

GETTER(samples)
{
	UNUSED;
	set_number(value, has_peak(row), row->listener->peak.samples);
}

GETTER(oldest_wait)
{
	UNUSED;
	set_real(value, row->oldest_wait_ms.known, (double)row->oldest_wait_ms.value / 1000);
}

GETTER(wait_age)
{
	UNUSED;
	set_real(value, row->group && row->group->known & GROUP_WAITING,
		 (double)row_waiting_age(row) / (double)NSEC_PER_SEC);
}

static bool has_syn_queue(const struct row *row)
{
	return row->netns->netns->syn_recv_ns && !listener_is_unix(row->listener) && !row->gone;
}

GETTER(syn_length)
{
	UNUSED;
	set_number(value, has_syn_queue(row), row_syn_length(row));
}

GETTER(syn_limit)
{
	UNUSED;
	set_opt_u64(value, row_syn_limit(row));
}

/* A limit of 0 holds one request sock; dividing by it would not. */
GETTER(syn_fill)
{
	const struct opt_u64 *limit = &row->group_syn_limit;

	UNUSED;
	set_real(value, has_syn_queue(row) && limit->known,
		 (double)row_syn_length(row) / (double)(limit->value ? limit->value : 1));
}

GETTER(syn_retransmitted)
{
	UNUSED;
	set_number(value, has_syn_queue(row), row->group ? row->group->syn_retransmitted : 0);
}

GETTER(syn_age)
{
	UNUSED;
	set_real(value, has_syn_queue(row),
		 (double)snapshot_age(report->snapshot, row->netns->netns->syn_recv_ns) /
			 (double)NSEC_PER_SEC);
}

GETTER(sockets)
{
	UNUSED;
	set_number(value, row->group, row->group ? row->group->sockets : 0);
}

GETTER(group_length)
{
	UNUSED;
	set_number(value, row->group, row->group ? row->group->length : 0);
}

GETTER(group_limit)
{
	UNUSED;
	set_number(value, row->group, row->group ? row->group->limit : 0);
}

GETTER(group_fill)
{
	UNUSED;
	set_real(value, row->group, row->group ? row->group->fill_max : 0);
}

/* Who is alone, or has nothing in any queue, has nothing to compare. */
GETTER(imbalance)
{
	const struct group *g = row->group;

	UNUSED;
	if (g && g->sockets > 1 && g->length)
		set_real(value, true,
			 (double)g->length_max * (double)g->sockets / (double)g->length);
}

GETTER(drops)
{
	UNUSED;
	set_opt_u64(value, row_drops(row));
}

GETTER(drops_delta)
{
	UNUSED;
	set_opt_u64(value, row->drops);
}

GETTER(drops_rate)
{
	UNUSED;
	set_real(value, row->drops.known && report->window_ns, report_rate(row->drops, report));
}

static void set_range(struct field_value *v, const struct range *b, struct strbuf *text)
{
	if (!b->known)
		return;
	text->len = 0;
	strbuf_addc(text, '+', b->max != 0);
	strbuf_addu(text, b->min);
	if (b->min != b->max) {
		strbuf_adds(text, "..");
		strbuf_addu(text, b->max);
	}
	set_text(v, text->s);
	v->range = *b;
	v->real = (double)b->max;
}

GETTER(overflows)
{
	UNUSED;
	set_range(value, &row->overflows, &context->scratch);
}

GETTER(overflows_min)
{
	UNUSED;
	set_number(value, row->overflows.known, row->overflows.min);
}

GETTER(overflows_max)
{
	UNUSED;
	set_number(value, row->overflows.known, row->overflows.max);
}

GETTER(losses)
{
	UNUSED;
	set_range(value, &row->losses, &context->scratch);
}

GETTER(losses_min)
{
	UNUSED;
	set_number(value, row->losses.known, row->losses.min);
}

GETTER(losses_max)
{
	UNUSED;
	set_number(value, row->losses.known, row->losses.max);
}

GETTER(cgroup)
{
	UNUSED;
	set_text(value, row->listener->cgroup);
}

GETTER(state)
{
	UNUSED;
	set_text(value, state_table[row->state].name);
	value->number = row->state;
}

GETTER(severity)
{
	UNUSED;
	set_text(value, severity_mark(state_table[row->state].severity));
}

GETTER(gone)
{
	UNUSED;
	set_number(value, true, row->gone);
}

/* A listener that is gone has the state it was last seen in here, unless that was ok. */
GETTER(reasons)
{
	UNUSED;
	value->known = true;
	value->words = context->words;
	if (row->gone && state_is_sick(row->last_state))
		context->words[value->number++] = state_table[row->last_state].name;
	for (unsigned int i = 0; i < REASON_N; i++)
		if (row->reasons & (1u << i))
			context->words[value->number++] = reason_table[i].name;
}

static void set_contents(struct field_value *v, struct row_queue contents)
{
	v->known = contents.known;
	v->connections = contents.connections.list;
	v->number = contents.connections.n;
}

GETTER(waiting)
{
	UNUSED;
	set_contents(value, row_waiting(row));
}

GETTER(half_open)
{
	UNUSED;
	set_contents(value, row_half_open(row));
}

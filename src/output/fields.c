/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/fields.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define GETTER(name)                                                               \
	static void get_##name(const struct row *row, const struct report *report, \
			       struct field_context *context, struct field_value *value)
#define UNUSED (void)row, (void)report, (void)context, (void)value

static void set_number(struct field_value *v, bool known, uint64_t number)
{
	v->known = known;
	v->number = number;
}

static void set_amount(struct field_value *v, struct amount amount)
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

/* inet_ntop() goes through printf() for IPv4, which would be most of the cost of a row. */
static void add_address(struct strbuf *b, const struct bound *bound)
{
	char text[INET6_ADDRSTRLEN];

	if (bound->family == AF_INET) {
		for (int i = 0; i < 4; i++) {
			if (i)
				strbuf_putc(b, '.');
			strbuf_addu(b, bound->address[i]);
		}
		return;
	}
	if (inet_ntop(AF_INET6, bound->address, text, sizeof(text)))
		strbuf_adds(b, text);
}

GETTER(netns)
{
	UNUSED;
	set_number(value, row->netns->netns->inode != 0, row->netns->netns->inode);
}

GETTER(protocol)
{
	UNUSED;
	set_text(value, "tcp");
}

GETTER(family)
{
	UNUSED;
	set_text(value, row->listener->bound.family == AF_INET ? "inet" : "inet6");
}

GETTER(address)
{
	UNUSED;
	context->scratch.len = 0;
	add_address(&context->scratch, &row->listener->bound);
	set_text(value, context->scratch.s);
}

GETTER(port)
{
	UNUSED;
	set_number(value, true, row->listener->bound.port);
}

GETTER(nothing_yet)
{
	UNUSED;
}

GETTER(interface)
{
	UNUSED;
	set_text(value, row->listener->interface);
}

GETTER(v6only)
{
	UNUSED;
	set_number(value, row->listener->known & LISTENER_V6ONLY, row->listener->bound.v6only);
}

GETTER(mptcp)
{
	UNUSED;
	set_number(value, row->listener->known & LISTENER_MPTCP, row->listener->mptcp);
}

GETTER(inode)
{
	UNUSED;
	set_number(value, true, row->listener->inode);
}

GETTER(cookie)
{
	UNUSED;
	set_number(value, true, row->listener->cookie);
}

GETTER(uid)
{
	UNUSED;
	set_number(value, true, row->listener->uid);
}

/* As ss writes it: "*" for a wildcard that takes both families, "%device" behind the address. */
GETTER(local)
{
	static const uint8_t any[16];
	const struct listener *l = row->listener;
	struct strbuf *b = &context->scratch;
	const char *service = NULL;

	UNUSED;
	b->len = 0;
	if (l->bound.family == AF_INET6 && !l->bound.v6only &&
	    !memcmp(l->bound.address, any, sizeof(any))) {
		strbuf_putc(b, '*');
	} else {
		bool brackets = l->bound.family == AF_INET6;

		strbuf_addc(b, '[', brackets);
		add_address(b, &l->bound);
		strbuf_addc(b, ']', brackets);
	}
	if (l->interface)
		strbuf_addf(b, "%%%s", l->interface);
	else if (l->bound.ifindex)
		strbuf_addf(b, "%%if%u", l->bound.ifindex);
	strbuf_putc(b, ':');
	if (context->services)
		service = services_name(context->services, l->bound.port);
	if (service)
		strbuf_adds(b, service);
	else
		strbuf_addu(b, l->bound.port);
	set_text(value, b->s);
}

GETTER(length)
{
	UNUSED;
	set_number(value, true, row->listener->length);
}

GETTER(limit)
{
	UNUSED;
	set_number(value, true, row->listener->limit);
}

GETTER(capacity)
{
	UNUSED;
	set_number(value, true, listener_capacity(row->listener));
}

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
	set_real(value, has_peak(row), listener_ratio(row->listener, row->listener->peak.length));
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

static bool has_syn_queue(const struct report *report)
{
	return report->snapshot->known & SNAPSHOT_SYN_RECV;
}

GETTER(syn_length)
{
	UNUSED;
	set_number(value, has_syn_queue(report), row_syn_length(row));
}

GETTER(syn_limit)
{
	UNUSED;
	set_amount(value, row->syn_limit);
}

/* A limit of 0 holds one request sock; dividing by it would not. */
GETTER(syn_fill)
{
	const struct amount *limit = &row->group_syn_limit;

	UNUSED;
	set_real(value, has_syn_queue(report) && limit->known,
		 (double)row_syn_length(row) / (double)(limit->value ? limit->value : 1));
}

GETTER(syn_retransmitted)
{
	UNUSED;
	set_number(value, has_syn_queue(report), row->group ? row->group->syn_retransmitted : 0);
}

GETTER(sockets)
{
	UNUSED;
	set_number(value, row->group, row->group ? row->group->sockets : 0);
}

GETTER(drops)
{
	UNUSED;
	set_number(value, row->listener->known & LISTENER_DROPS, row->listener->drops);
}

GETTER(drops_delta)
{
	UNUSED;
	set_amount(value, row->drops);
}

GETTER(drops_rate)
{
	UNUSED;
	set_real(value, row->drops.known && report->window_ns,
		 (double)row->drops.value / report_window_seconds(report));
}

GETTER(overflows)
{
	const struct bounds *b = &row->overflows;
	struct strbuf *text = &context->scratch;

	UNUSED;
	if (!b->known)
		return;
	text->len = 0;
	if (b->min == b->max)
		strbuf_addf(text, b->max ? "+%llu" : "%llu", (unsigned long long)b->max);
	else
		strbuf_addf(text, "+%llu..%llu", (unsigned long long)b->min,
			    (unsigned long long)b->max);
	set_text(value, text->s);
	value->number = b->max;
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

GETTER(cgroup)
{
	UNUSED;
	set_text(value, row->listener->cgroup);
}

GETTER(state)
{
	UNUSED;
	set_text(value, state_table[row->state].name);
}

GETTER(severity)
{
	UNUSED;
	set_text(value, severity_mark(state_table[row->state].severity));
}

GETTER(reasons)
{
	UNUSED;
	value->known = true;
	value->words = context->words;
	for (unsigned int i = 0; i < REASON_N; i++)
		if (row->reasons & (1u << i))
			context->words[value->number++] = reason_table[i].name;
}

/* Fast samples see listeners that come and go, which would spoil the bounds. */
#define NEED_OVERFLOWS (NEED_WINDOW | NEED_DROPS | NEED_COUNTERS | NEED_PEAK)
#define NEED_SYN_LIMIT NEED_SYSCTLS
#define NEED_SYN_QUEUE NEED_SYN_RECV
#define NEED_STATE     (NEED_OVERFLOWS | NEED_SYN_QUEUE | NEED_SYN_LIMIT)
#define NEED_REASONS   (NEED_STATE | NEED_WAIT)
#define NEED_PEAKS     (NEED_WINDOW | NEED_PEAK)

/* clang-format off */
const struct field field_table[] = {
	{ "severity", "SEV", FIELD_TEXT, NULL, NULL, NEED_STATE, 0, 75,
	  "mark of the state: !! critical, ! warning, ~ notice, . none", get_severity },
	{ "local", "LOCAL ADDRESS", FIELD_TEXT, NULL, NULL, NEED_INTERFACE, 0, 99,
	  "address and port, as ss writes them", get_local },
	{ "netns", "NETNS", FIELD_COUNT, NULL, "netns", 0, 0, 1,
	  "inode of the network namespace", get_netns },
	{ "protocol", "PROTO", FIELD_TEXT, NULL, "protocol", 0, 0, 1,
	  "tcp", get_protocol },
	{ "family", "FAMILY", FIELD_TEXT, NULL, "family", 0, 0, 1,
	  "inet or inet6", get_family },
	{ "address", "ADDRESS", FIELD_TEXT, NULL, "address", 0, 0, 50,
	  "local address", get_address },
	{ "port", "PORT", FIELD_COUNT, NULL, "port", 0, 0, 50,
	  "local port", get_port },
	{ NULL, NULL, FIELD_NESTED, NULL, "path", 0, 0, 0,
	  "path of a UNIX listener", get_nothing_yet },
	{ "interface", "INTERFACE", FIELD_TEXT, NULL, "interface", NEED_INTERFACE, 0, 5,
	  "device the listener is bound to", get_interface },
	{ "v6only", "V6ONLY", FIELD_BOOL, NULL, "v6only", 0, 0, 4,
	  "whether an IPv6 listener refuses IPv4 clients", get_v6only },
	{ "mptcp", "MPTCP", FIELD_BOOL, NULL, "mptcp", NEED_MPTCP, 0, 1,
	  "whether it is a Multipath TCP listener; told to CAP_NET_ADMIN only", get_mptcp },
	{ "inode", "INODE", FIELD_COUNT, NULL, "inode", 0, 0, 4,
	  "inode of the socket", get_inode },
	{ "cookie", "COOKIE", FIELD_ID, NULL, "cookie", 0, 0, 3,
	  "identity of the socket, never used again until reboot", get_cookie },
	{ "uid", "UID", FIELD_COUNT, NULL, "uid", 0, 0, 5,
	  "user that created the socket", get_uid },
	{ "length", "QUEUED", FIELD_COUNT, "accept_queue", "length", 0, 0, 70,
	  "accept queue: connections waiting for accept(2); Recv-Q of ss", get_length },
	{ "limit", "LIMIT", FIELD_COUNT, "accept_queue", "limit", 0, 0, 60,
	  "accept queue: smaller of backlog and somaxconn at listen(2); Send-Q of ss", get_limit },
	{ "capacity", "CAPACITY", FIELD_COUNT, "accept_queue", "capacity", 0, 0, 2,
	  "accept queue: what the kernel really lets in, limit + 1", get_capacity },
	{ "fill", "FILL", FIELD_RATIO, "accept_queue", "fill", 0, 0, 65,
	  "accept queue: length / capacity; 100% when the next connection is refused", get_fill },
	{ "full", "FULL", FIELD_BOOL, "accept_queue", "full", 0, 0, 2,
	  "accept queue: whether it is full now", get_full },
	{ "peak-length", "PEAKLEN", FIELD_COUNT, "accept_queue", "peak_length", NEED_PEAKS, 0, 3,
	  "accept queue: highest length that fast sampling saw in the window", get_peak_length },
	{ "peak", "PEAK", FIELD_RATIO, "accept_queue", "peak_fill", NEED_PEAKS, 0, 40,
	  "accept queue: highest fill that fast sampling saw in the window", get_peak_fill },
	{ "full-seconds", "FULLSEC", FIELD_SECONDS, "accept_queue", "full_seconds", NEED_PEAKS, 0, 3,
	  "accept queue: how long fast sampling saw it full in the window", get_full_seconds },
	{ "samples", "SAMPLES", FIELD_COUNT, "accept_queue", "samples", NEED_PEAKS, 0, 2,
	  "accept queue: how often it was looked at in the window", get_samples },
	{ "oldest-wait", "OLDEST", FIELD_SECONDS, "accept_queue", "oldest_wait_seconds",
	  NEED_WAIT, NEED_WAIT_ALL, 6,
	  "accept queue: how long its oldest connection has waited", get_oldest_wait },
	{ "synrecv", "SYNRECV", FIELD_COUNT, "syn_queue", "length", NEED_SYN_QUEUE, 0, 20,
	  "SYN queue: half-open connections; of the whole SO_REUSEPORT group", get_syn_length },
	{ "syn-limit", "SYNLIMIT", FIELD_COUNT, "syn_queue", "limit", NEED_SYN_LIMIT, 0, 3,
	  "SYN queue: where it is full", get_syn_limit },
	{ "syn-fill", "SYNFILL", FIELD_RATIO, "syn_queue", "fill", NEED_SYN_QUEUE | NEED_SYN_LIMIT | NEED_GROUPS, 0, 3,
	  "SYN queue: length / limit; of a SO_REUSEPORT group, the sums", get_syn_fill },
	{ "syn-retransmitted", "SYNRETRANS", FIELD_COUNT, "syn_queue", "retransmitted",
	  NEED_SYN_QUEUE, 0, 3,
	  "SYN queue: of its length, those whose SYN-ACK was sent again", get_syn_retransmitted },
	{ "sockets", "SOCKETS", FIELD_COUNT, "reuseport", "sockets", NEED_GROUPS, 0, 4,
	  "listeners in its SO_REUSEPORT group, 1 when it is alone", get_sockets },
	{ "drops", "DROPS", FIELD_COUNT, "drops", "total", NEED_DROPS, 0, 10,
	  "packets discarded at this listener since it was created, for any cause", get_drops },
	{ "drops-delta", "+DROPS", FIELD_RISE, "drops", "delta", NEED_DROPS | NEED_WINDOW, 0, 30,
	  "packets discarded at this listener in the window", get_drops_delta },
	{ "drops-rate", "DROPS/S", FIELD_RATE, "drops", "rate", NEED_DROPS | NEED_WINDOW, 0, 4,
	  "packets discarded at this listener a second", get_drops_rate },
	{ "overflows", "OVERFLOWS", FIELD_TEXT, NULL, NULL, NEED_OVERFLOWS, 0, 72,
	  "overflows of its accept queue in the window: +N exact, +MIN..MAX bounds", get_overflows },
	{ "overflows-min", "OVERMIN", FIELD_COUNT, "overflows", "min", NEED_OVERFLOWS, 0, 3,
	  "overflows in the window, at least", get_overflows_min },
	{ "overflows-max", "OVERMAX", FIELD_COUNT, "overflows", "max", NEED_OVERFLOWS, 0, 3,
	  "overflows in the window, at most", get_overflows_max },
	{ NULL, NULL, FIELD_NESTED, NULL, "processes", 0, 0, 0,
	  "processes that hold the socket", get_nothing_yet },
	{ "cgroup", "CGROUP", FIELD_TEXT, NULL, "cgroup", NEED_CGROUP, 0, 7,
	  "cgroup (v2) the socket was created in", get_cgroup },
	{ NULL, NULL, FIELD_NESTED, NULL, "unit", 0, 0, 0,
	  "systemd unit", get_nothing_yet },
	{ "state", "STATE", FIELD_TEXT, NULL, "state", NEED_STATE, 0, 90,
	  "what is wrong, worst first: overflowing, full, dropping, syn-full, high, ok", get_state },
	{ "reasons", "WHY", FIELD_LIST, NULL, "reasons", NEED_REASONS, 0, 80,
	  "why: the words that listenq(8) explains", get_reasons },
	{ NULL, NULL, FIELD_NESTED, NULL, "waiting", 0, 0, 0,
	  "connections in the accept queue", get_nothing_yet },
	{ NULL, NULL, FIELD_NESTED, NULL, "half_open", 0, 0, 0,
	  "connections in the SYN queue", get_nothing_yet },
};
/* clang-format on */

const size_t field_table_n = ARRAY_SIZE(field_table);

const struct field *field_find(const char *name, size_t len)
{
	for (size_t i = 0; i < field_table_n; i++) {
		const char *candidate = field_table[i].name;

		if (candidate && strlen(candidate) == len && !memcmp(candidate, name, len))
			return &field_table[i];
	}
	return NULL;
}

void field_get(const struct field *field, const struct row *row, const struct report *report,
	       struct field_context *context, struct field_value *value)
{
	memset(value, 0, sizeof(*value));
	value->type = field->type;
	field->get(row, report, context, value);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/fields.h"

#include "base/clock.h"
#include "base/num.h"
#include "output/cell.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/* Bounds of overflows need fast samples, which see listeners that come and go. */
#define NEED_OVERFLOWS (NEED_WINDOW | NEED_DROPS | NEED_COUNTERS | NEED_PEAK)
#define NEED_SYN_LIMIT NEED_SYSCTLS
#define NEED_SYN_QUEUE NEED_SYN_RECV
#define NEED_STATE     (NEED_OVERFLOWS | NEED_SYN_QUEUE | NEED_SYN_LIMIT | NEED_WAIT)
#define NEED_REASONS   (NEED_STATE | NEED_CONDITIONS)
#define NEED_PEAKS     (NEED_WINDOW | NEED_PEAK)

/*
 * A getter fills @value, which is zeroed except for its type, from one row of a report. It leaves
 * @value unchanged if it is unknown.
 */
#define UNUSED __attribute__((unused))
#define GETTER(name)                                                                             \
	static void get_##name(UNUSED const struct row *row, UNUSED const struct report *report, \
			       UNUSED struct field_context *context, struct field_value *value)

/* Getters of one expression. */
#define NUMBER(name, known, number)               \
	GETTER(name)                              \
	{                                         \
		set_number(value, known, number); \
	}
#define REAL(name, known, real)               \
	GETTER(name)                          \
	{                                     \
		set_real(value, known, real); \
	}
#define TEXT(name, text)               \
	GETTER(name)                   \
	{                              \
		set_text(value, text); \
	}

static void set_number(struct field_value *v, bool known, uint64_t number)
{
	v->known = known;
	v->number = number;
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

static double seconds(uint64_t ns)
{
	return (double)ns / (double)NSEC_PER_SEC;
}

static bool knows(const struct row *row, unsigned int bit)
{
	return row->listener->known & bit;
}

/* Where it listens. */

NUMBER(netns, row->netns->netns->inode != 0, row->netns->netns->inode)
TEXT(protocol, listener_is_unix(row->listener) ? "unix" : "tcp")
TEXT(type, row->listener->seqpacket ? "seqpacket" : "stream")
TEXT(family, listener_is_unix(row->listener)	   ? "unix" :
	     row->listener->addr.family == AF_INET ? "inet" :
						     "inet6")
NUMBER(port, !listener_is_unix(row->listener), row->listener->addr.port)
TEXT(interface, row->listener->interface)
NUMBER(v6only, knows(row, LISTENER_V6ONLY), row->listener->addr.v6only)
NUMBER(mptcp, knows(row, LISTENER_MPTCP), row->listener->mptcp)
NUMBER(inode, !row->folded, row->listener->inode)
NUMBER(cookie, !row->folded, row->listener->cookie)
NUMBER(uid, knows(row, LISTENER_UID), row->listener->uid)
TEXT(cgroup, row->listener->cgroup)

GETTER(namespace)
{
	set_text(value, row->netns->netns->name);
	value->own = row->netns->netns->own;
}

GETTER(address)
{
	if (listener_is_unix(row->listener))
		return;
	context->scratch.len = 0;
	cell_add_address(&context->scratch, row->listener->addr.family,
			 row->listener->addr.address);
	set_text(value, context->scratch.s);
}

GETTER(path)
{
	set_path(value, row->listener->name);
}

GETTER(user)
{
	if (context->users && knows(row, LISTENER_UID))
		set_text(value, names_of_user(context->users, row->listener->uid));
}

/* As ss writes it: "*" for a wildcard of both families, "%device" after the address. */
GETTER(local)
{
	static const uint8_t any[16];
	const struct listener *l = row->listener;
	struct strbuf *b = &context->scratch;
	const char *service = NULL;

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
		cell_add_address(b, l->addr.family, l->addr.address);
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

/* Its accept queue. A folded row has the fill of its fullest member. */

NUMBER(length, true, row_length(row))
NUMBER(limit, true, row_limit(row))
NUMBER(capacity, true, row_capacity(row))
NUMBER(fill, true, listener_fill(row->listener))
NUMBER(full, true, listener_full(row->listener))
NUMBER(peak_length, knows(row, LISTENER_PEAK), row->listener->peak.length)
NUMBER(peak, knows(row, LISTENER_PEAK), row_peak_fill(row))
REAL(full_seconds, knows(row, LISTENER_PEAK), seconds(row->listener->peak.full_ns))
NUMBER(samples, knows(row, LISTENER_PEAK), row->listener->peak.samples)
REAL(oldest_wait, row->oldest_wait_ms.known, (double)row->oldest_wait_ms.value / 1000)
REAL(wait_age, row->group && row->group->known & GROUP_WAITING, seconds(row_waiting_age(row)))

/* Its SYN queue. */

static bool has_syn_queue(const struct row *row)
{
	return row->netns->netns->syn_recv_ns && !listener_is_unix(row->listener) && !row->gone;
}

NUMBER(synrecv, has_syn_queue(row), row_syn_length(row))
NUMBER(syn_limit, row_syn_limit(row).known, row_syn_limit(row).value)
NUMBER(syn_retransmitted, has_syn_queue(row), row->group ? row->group->syn_retransmitted : 0)
REAL(syn_age, has_syn_queue(row),
     seconds(snapshot_age(report->snapshot, row->netns->netns->syn_recv_ns)))

/* A queue with limit 0 takes one request sock, so divide by 1. */
GETTER(syn_fill)
{
	const struct opt_u64 *limit = &row->group_syn_limit;

	set_number(value, has_syn_queue(row) && limit->known,
		   fill_of(row_syn_length(row), num_max_u64(limit->value, 1)));
}

/* Its SO_REUSEPORT group. */

NUMBER(sockets, row->group, row->group ? row->group->sockets : 0)
NUMBER(group_length, row->group, row->group ? row->group->length : 0)
NUMBER(group_limit, row->group, row->group ? row->group->limit : 0)
NUMBER(group_fill, row->group, row->group ? row->group->fill_max : 0)

/* Unknown if the listener is alone, or if all queues of its group are empty. */
GETTER(imbalance)
{
	const struct group *g = row->group;

	if (g && g->sockets > 1 && g->length)
		set_real(value, true,
			 (double)g->length_max * (double)g->sockets / (double)g->length);
}

/* What it lost. */

NUMBER(drops, row_drops(row).known, row_drops(row).value)
NUMBER(drops_delta, row->window->drops.known, row->window->drops.value)
REAL(drops_rate, row->window->drops.known && report->window_ns,
     report_rate(row->window->drops, report))
NUMBER(overflows_min, row->window->overflows.known, row->window->overflows.min)
NUMBER(overflows_max, row->window->overflows.known, row->window->overflows.max)
REAL(overflows_rate, row->window->overflows.known,
     report_rate((struct opt_u64){ row->window->overflows.max, true }, report))
NUMBER(losses_min, row->window->losses.known, row->window->losses.min)
NUMBER(losses_max, row->window->losses.known, row->window->losses.max)

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
	set_range(value, &row->window->overflows, &context->scratch);
}

GETTER(losses)
{
	set_range(value, &row->window->losses, &context->scratch);
}

/* Who holds it. */

/* How many numbers a cell has: the listener of a server may have a hundred pids. */
#define FEW 3

/* The owners of one row. */
struct holders {
	const struct owner *list;
	const struct process *processes;
	size_t n;
};

static struct holders holders_of(const struct row *row, const struct report *report)
{
	const struct snapshot *s = report->snapshot;
	const struct row_owners owners = row_owners(row, s);

	return (struct holders){ owners.list, s->processes, owners.n };
}

static const struct process *process_at(const struct holders *h, size_t i)
{
	return &h->processes[h->list[i].process];
}

/* Is it the first descriptor of a process? */
static bool is_next(const struct holders *h, size_t i)
{
	return !i || h->list[i].process != h->list[i - 1].process;
}

/*
 * The words of a list are in the scratch: first the pointers to them, then the text of the cell.
 * The scratch moves as it grows, so pointers into it are set when it is complete.
 */
static const char *word_at(const struct strbuf *scratch, size_t i)
{
	const char *word;

	memcpy(&word, scratch->s + i * sizeof(word), sizeof(word));
	return word;
}

static void set_word(struct strbuf *scratch, size_t i, const char *word)
{
	memcpy(scratch->s + i * sizeof(word), &word, sizeof(word));
}

static void set_words(struct field_value *v, const struct strbuf *scratch, size_t n, size_t text)
{
	v->known = true;
	v->words = (const void *)scratch->s;
	v->number = n;
	v->text = scratch->s + text;
}

/* Adds a pointer to a word, unless it is there. A linear search will do: different words are few.
 */
static void add_word(struct strbuf *scratch, const char *word, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (word_at(scratch, i) == word || !strcmp(word_at(scratch, i), word))
			return;
	strbuf_add(scratch, (const char *)&word, sizeof(word));
	++*n;
}

/*
 * The different names of the owners. systemd keeps the sockets of services that it starts open, so
 * its own unit counts only if no other owner has one.
 * @member: offset of the name in struct process
 */
static void set_names(struct field_value *v, const struct holders *h, size_t member,
		      struct field_context *context)
{
	struct strbuf *scratch = &context->scratch;
	const char *manager = NULL;
	size_t n = 0, text;

	scratch->len = 0;
	for (size_t i = 0; i < h->n; i++) {
		const char *word = NULL;

		if (is_next(h, i))
			memcpy(&word, (const char *)process_at(h, i) + member, sizeof(word));
		if (word && member == offsetof(struct process, unit) && !strcmp(word, "init.scope"))
			manager = word;
		else if (word)
			add_word(scratch, word, &n);
	}
	if (!n && manager)
		add_word(scratch, manager, &n);
	if (!n)
		return;
	text = scratch->len;
	for (size_t i = 0; i < n; i++) {
		strbuf_addc(scratch, ',', i != 0);
		field_add_name(scratch, word_at(scratch, i));
	}
	set_words(v, scratch, n, text);
}

/* The numbers of a cell, and how many more there are. */
struct few {
	uint32_t list[FEW];
	size_t n, more;
};

static bool among(const struct few *few, uint32_t number)
{
	for (size_t i = 0; i < few->n; i++)
		if (few->list[i] == number)
			return true;
	return false;
}

/* Takes the first different pids or descriptors: all, or if there are more than FEW, FEW - 1. */
static void take_few(struct few *few, const struct holders *h, bool pids)
{
	few->n = few->more = 0;
	for (size_t i = 0; i < h->n; i++) {
		uint32_t number = pids ? process_at(h, i)->pid : h->list[i].fd;

		if (among(few, number) || (pids && !is_next(h, i)))
			continue;
		if (few->n < FEW)
			few->list[few->n++] = number;
		else
			few->more++;
	}
	if (few->more) {
		few->n--;
		few->more++;
	}
}

/* Adds all of them as words after the text. */
static void add_numbers(struct strbuf *scratch, const struct holders *h, bool pids)
{
	const size_t begin = scratch->len;
	size_t at = begin;

	for (size_t i = 0; i < h->n; i++) {
		strbuf_addu(scratch, pids ? process_at(h, i)->pid : h->list[i].fd);
		strbuf_putc(scratch, '\0');
	}
	for (size_t i = 0; i < h->n; i++) {
		const char *word = scratch->s + at;

		set_word(scratch, i, word);
		at += strlen(word) + 1;
	}
}

/* Rows sort by the first number. A single number is both the word and the text. */
static void set_numbers(struct field_value *v, const struct holders *h, bool pids,
			struct field_context *context)
{
	struct strbuf *scratch = &context->scratch;
	const size_t text = h->n * sizeof(*v->words);
	struct few few;

	if (!h->n)
		return;
	take_few(&few, h, pids);
	scratch->len = 0;
	strbuf_addc(scratch, '\0', text);
	for (size_t i = 0; i < few.n; i++) {
		strbuf_addc(scratch, ',', i != 0);
		strbuf_addu(scratch, few.list[i]);
	}
	if (few.more)
		strbuf_addf(scratch, ",+%zu", few.more);
	if (h->n > 1) {
		strbuf_putc(scratch, '\0');
		add_numbers(scratch, h, pids);
	} else {
		set_word(scratch, 0, scratch->s + text);
	}
	v->real = few.list[0];
	set_words(v, scratch, h->n, text);
}

GETTER(process)
{
	const struct holders h = holders_of(row, report);

	value->known = !h.n && knows(row, LISTENER_OWNERS);
	value->text = FIELD_NOBODY;
	set_names(value, &h, offsetof(struct process, comm), context);
}

GETTER(unit)
{
	const struct holders h = holders_of(row, report);

	set_names(value, &h, offsetof(struct process, unit), context);
}

GETTER(container)
{
	const struct holders h = holders_of(row, report);

	set_names(value, &h, offsetof(struct process, container), context);
}

GETTER(pid)
{
	const struct holders h = holders_of(row, report);

	set_numbers(value, &h, true, context);
}

GETTER(fd)
{
	const struct holders h = holders_of(row, report);

	set_numbers(value, &h, false, context);
}

GETTER(processes)
{
	const struct holders h = holders_of(row, report);

	value->known = knows(row, LISTENER_OWNERS);
	value->owners = h.list;
	value->number = h.n;
}

/* How it is. */

TEXT(severity, severity_mark(state_table[row->state].severity))
NUMBER(gone, true, row->gone)

GETTER(state)
{
	set_text(value, state_table[row->state].name);
	value->number = row->state;
}

/* If a listener is gone, the first word is its state when last seen, unless that was ok. */
GETTER(reasons)
{
	value->known = true;
	value->words = context->words;
	if (row->gone && state_is_sick(row->last_state))
		context->words[value->number++] = state_table[row->last_state].name;
	for (unsigned int reasons = row->reasons; reasons; reasons &= reasons - 1)
		context->words[value->number++] = reason_table[__builtin_ctz(reasons)].name;
}

static void set_connections(struct field_value *v, struct row_queue queue)
{
	v->known = queue.known;
	v->connections = queue.connections.list;
	v->number = queue.connections.n;
}

GETTER(waiting)
{
	set_connections(value, row_waiting(row));
}

GETTER(half_open)
{
	set_connections(value, row_half_open(row));
}

/*
 * Columns with @keep from 69 on stay on a narrow terminal: process, address, state and reasons, and
 * what -e and -g add. From 85 on they identify a row and its state.
 */
/* clang-format off */
const struct field field_table[FIELD_N] = {
	[FIELD_SEVERITY] = { "severity", "SEV", TYPE_TEXT, get_severity,
	  "mark of the state: !! critical, ! warning, ~ notice, . none, x gone",
	  .needs = NEED_STATE, .order = ORDER_STATE, .keep = 65 },
	[FIELD_LOCAL] = { "local", "LOCAL ADDRESS", TYPE_TEXT, get_local,
	  "address and port, or path, as ss writes them",
	  .key = "local", .needs = NEED_INTERFACE, .order = ORDER_PLACE, .flags = FIELD_IS_WHOLE,
	  .keep = 99 },
	[FIELD_NAMESPACE] = { "namespace", "NAMESPACE", TYPE_TEXT, get_namespace,
	  "name of the network namespace: in /run/netns, of a container, or of a process; "
	  "in tables own: that of listenq",
	  .key = "namespace", .needs = NEED_NAMESPACES, .flags = FIELD_IS_NAME, .keep = 85 },
	[FIELD_NETNS] = { "netns", "NETNS", TYPE_COUNT, get_netns, "inode of the network namespace",
	  .key = "netns", .keep = 1 },
	[FIELD_PROTOCOL] = { "protocol", "PROTO", TYPE_TEXT, get_protocol, "tcp or unix",
	  .key = "protocol", .keep = 1 },
	[FIELD_TYPE] = { "type", "TYPE", TYPE_TEXT, get_type,
	  "stream, or seqpacket of a UNIX listener that keeps messages apart",
	  .key = "type", .keep = 1 },
	[FIELD_FAMILY] = { "family", "FAMILY", TYPE_TEXT, get_family, "inet, inet6 or unix",
	  .key = "family", .keep = 1 },
	[FIELD_ADDRESS] = { "address", "ADDRESS", TYPE_TEXT, get_address, "local address",
	  .key = "address", .order = ORDER_ADDRESS, .flags = FIELD_IS_WHOLE, .keep = 50 },
	[FIELD_PORT] = { "port", "PORT", TYPE_COUNT, get_port, "local port",
	  .key = "port", .keep = 50 },
	[FIELD_PATH] = { "path", "PATH", TYPE_TEXT, get_path,
	  "path of a UNIX listener, @ before an abstract name", .key = "path", .keep = 50 },
	[FIELD_INTERFACE] = { "interface", "INTERFACE", TYPE_TEXT, get_interface,
	  "device the listener is bound to",
	  .key = "interface", .needs = NEED_INTERFACE, .keep = 73 },
	[FIELD_V6ONLY] = { "v6only", "V6ONLY", TYPE_BOOL, get_v6only,
	  "whether an IPv6 listener refuses IPv4 clients",
	  .key = "v6only", .keep = 72 },
	[FIELD_MPTCP] = { "mptcp", "MPTCP", TYPE_BOOL, get_mptcp,
	  "whether it is a Multipath TCP listener; without CAP_NET_ADMIN a no is unknown",
	  .key = "mptcp", .needs = NEED_MPTCP, .keep = 71 },
	[FIELD_INODE] = { "inode", "INODE", TYPE_COUNT, get_inode, "inode of the socket",
	  .key = "inode", .keep = 76 },
	[FIELD_COOKIE] = { "cookie", "COOKIE", TYPE_ID, get_cookie,
	  "identity of the socket, never used again until reboot",
	  .key = "cookie", .keep = 75 },
	[FIELD_UID] = { "uid", "UID", TYPE_COUNT, get_uid, "user that created the socket",
	  .key = "uid", .keep = 77 },
	[FIELD_USER] = { "user", "USER", TYPE_TEXT, get_user, "name of that user",
	  .key = "user", .asked = NEED_USERS, .keep = 5 },
	[FIELD_LENGTH] = { "length", "QUEUED", TYPE_COUNT, get_length,
	  "accept queue: connections waiting for accept(2); Recv-Q of ss",
	  .object = "accept_queue", .key = "length", .keep = 87 },
	[FIELD_LIMIT] = { "limit", "LIMIT", TYPE_COUNT, get_limit,
	  "accept queue: smaller of backlog and somaxconn at listen(2); Send-Q of ss",
	  .object = "accept_queue", .key = "limit", .keep = 70 },
	[FIELD_CAPACITY] = { "capacity", "CAPACITY", TYPE_COUNT, get_capacity,
	  "accept queue: what the kernel really lets in, limit + 1",
	  .object = "accept_queue", .key = "capacity", .keep = 2 },
	[FIELD_FILL] = { "fill", "FILL", TYPE_RATIO, get_fill,
	  "accept queue: length / capacity; at 100% the next SYN is dropped",
	  .object = "accept_queue", .key = "fill", .flags = FIELD_HAS_METER, .keep = 66 },
	[FIELD_FULL] = { "full", "FULL", TYPE_BOOL, get_full,
	  "accept queue: whether it is full now",
	  .object = "accept_queue", .key = "full", .keep = 2 },
	[FIELD_PEAK_LENGTH] = { "peak-length", "PEAKLEN", TYPE_COUNT, get_peak_length,
	  "accept queue: highest length that fast sampling saw in the window",
	  .object = "accept_queue", .key = "peak_length", .needs = NEED_PEAKS, .keep = 3 },
	[FIELD_PEAK] = { "peak", "PEAK", TYPE_RATIO, get_peak,
	  "accept queue: highest fill that fast sampling saw in the window",
	  .object = "accept_queue", .key = "peak_fill", .needs = NEED_PEAKS, .keep = 40 },
	[FIELD_FULL_SECONDS] = { "full-seconds", "FULLSEC", TYPE_SECONDS, get_full_seconds,
	  "accept queue: how long fast sampling saw it full in the window",
	  .object = "accept_queue", .key = "full_seconds", .needs = NEED_PEAKS, .keep = 3 },
	[FIELD_SAMPLES] = { "samples", "SAMPLES", TYPE_COUNT, get_samples,
	  "accept queue: how often it was looked at in the window",
	  .object = "accept_queue", .key = "samples", .needs = NEED_PEAKS, .keep = 2 },
	[FIELD_OLDEST_WAIT] = { "oldest-wait", "OLDEST", TYPE_SECONDS, get_oldest_wait,
	  "accept queue: how long its oldest connection has waited",
	  .object = "accept_queue", .key = "oldest_wait_seconds", .needs = NEED_WAIT,
	  .asked = NEED_WAIT_ALL, .flags = FIELD_HAS_WAIT_AGE, .keep = 6 },
	[FIELD_WAIT_AGE] = { "wait-age", "WAITAGE", TYPE_SECONDS, get_wait_age,
	  "accept queue: how old oldest-wait is; 0.0 when taken with this sample",
	  .object = "accept_queue", .key = "wait_age_seconds", .needs = NEED_WAIT,
	  .asked = NEED_WAIT_ALL, .keep = 2 },
	[FIELD_SYNRECV] = { "synrecv", "SYNRECV", TYPE_COUNT, get_synrecv,
	  "SYN queue: half-open connections; of the whole SO_REUSEPORT group",
	  .object = "syn_queue", .key = "length", .needs = NEED_SYN_QUEUE,
	  .flags = FIELD_HAS_SYN_AGE, .keep = 20 },
	[FIELD_SYN_LIMIT] = { "syn-limit", "SYNLIMIT", TYPE_COUNT, get_syn_limit,
	  "SYN queue: where it is full",
	  .object = "syn_queue", .key = "limit", .needs = NEED_SYN_LIMIT, .keep = 3 },
	[FIELD_SYN_FILL] = { "syn-fill", "SYNFILL", TYPE_RATIO, get_syn_fill,
	  "SYN queue: length / limit; of a SO_REUSEPORT group, the sums",
	  .object = "syn_queue", .key = "fill",
	  .needs = NEED_SYN_QUEUE | NEED_SYN_LIMIT | NEED_GROUPS, .flags = FIELD_HAS_SYN_AGE,
	  .keep = 3 },
	[FIELD_SYN_RETRANSMITTED] = { "syn-retransmitted", "SYNRETRANS", TYPE_COUNT,
	  get_syn_retransmitted, "SYN queue: of its length, those whose SYN-ACK was sent again",
	  .object = "syn_queue", .key = "retransmitted", .needs = NEED_SYN_QUEUE,
	  .flags = FIELD_HAS_SYN_AGE, .keep = 3 },
	[FIELD_SYN_AGE] = { "syn-age", "SYNAGE", TYPE_SECONDS, get_syn_age,
	  "SYN queue: how old these numbers are; 0.0 when taken with this sample",
	  .object = "syn_queue", .key = "age_seconds", .needs = NEED_SYN_QUEUE, .keep = 2 },
	[FIELD_SOCKETS] = { "sockets", "SOCKETS", TYPE_COUNT, get_sockets,
	  "listeners in its SO_REUSEPORT group, 1 when it is alone",
	  .object = "reuseport", .key = "sockets", .needs = NEED_GROUPS, .keep = 78,
	  .flags = FIELD_OF_GROUPS },
	[FIELD_GROUP_LENGTH] = { "group-length", "GROUPLEN", TYPE_COUNT, get_group_length,
	  "SO_REUSEPORT group: connections waiting for accept(2), in all its queues",
	  .object = "reuseport", .key = "length", .needs = NEED_GROUPS, .keep = 2 },
	[FIELD_GROUP_LIMIT] = { "group-limit", "GROUPLIMIT", TYPE_COUNT, get_group_limit,
	  "SO_REUSEPORT group: sum of the limits of its accept queues",
	  .object = "reuseport", .key = "limit", .needs = NEED_GROUPS, .keep = 2 },
	[FIELD_GROUP_FILL] = { "group-fill", "GROUPFILL", TYPE_RATIO, get_group_fill,
	  "SO_REUSEPORT group: fill of its fullest accept queue",
	  .object = "reuseport", .key = "fill_max", .needs = NEED_GROUPS, .keep = 3 },
	[FIELD_IMBALANCE] = { "imbalance", "IMBALANCE", TYPE_FACTOR, get_imbalance,
	  "SO_REUSEPORT group: its longest accept queue / the mean of all",
	  .object = "reuseport", .key = "imbalance", .needs = NEED_GROUPS, .keep = 35,
	  .flags = FIELD_OF_GROUPS },
	[FIELD_DROPS] = { "drops", "DROPS", TYPE_COUNT, get_drops,
	  "packets discarded at this listener since it was created, for any cause",
	  .object = "drops", .key = "total", .needs = NEED_DROPS, .keep = 10 },
	[FIELD_DROPS_DELTA] = { "drops-delta", "+DROPS", TYPE_RISE, get_drops_delta,
	  "packets discarded at this listener in the window",
	  .object = "drops", .key = "delta", .needs = NEED_DROPS | NEED_WINDOW, .keep = 30 },
	[FIELD_DROPS_RATE] = { "drops-rate", "DROPS/S", TYPE_RATE, get_drops_rate,
	  "packets discarded at this listener a second",
	  .object = "drops", .key = "rate", .needs = NEED_DROPS | NEED_WINDOW,
	  .keep = 4 },
	[FIELD_OVERFLOWS] = { "overflows", "OVERFLOWS", TYPE_TEXT, get_overflows,
	  "overflows of its accept queue in the window: +N exact, +MIN..MAX bounds",
	  .needs = NEED_OVERFLOWS, .order = ORDER_REAL, .flags = FIELD_HAS_RANGE,
	  .keep = 79 },
	[FIELD_OVERFLOWS_MIN] = { "overflows-min", "OVERMIN", TYPE_COUNT, get_overflows_min,
	  "overflows in the window, at least",
	  .object = "overflows", .key = "min", .needs = NEED_OVERFLOWS, .keep = 3 },
	[FIELD_OVERFLOWS_MAX] = { "overflows-max", "OVERMAX", TYPE_COUNT, get_overflows_max,
	  "overflows in the window, at most",
	  .object = "overflows", .key = "max", .needs = NEED_OVERFLOWS, .keep = 3 },
	[FIELD_OVERFLOWS_RATE] = { "overflows-rate", "OVER/S", TYPE_RATE, get_overflows_rate,
	  "overflows of its accept queue a second, at most",
	  .needs = NEED_OVERFLOWS, .flags = FIELD_HAS_HISTORY, .keep = 4 },
	[FIELD_LOSSES] = { "losses", "LOSSES", TYPE_TEXT, get_losses,
	  "drops beside overflows that ListenDrops counts, in the window: +N or +MIN..MAX",
	  .needs = NEED_OVERFLOWS, .order = ORDER_REAL, .flags = FIELD_HAS_RANGE, .keep = 8 },
	[FIELD_LOSSES_MIN] = { "losses-min", "LOSSMIN", TYPE_COUNT, get_losses_min,
	  "losses in the window, at least",
	  .object = "losses", .key = "min", .needs = NEED_OVERFLOWS, .keep = 3 },
	[FIELD_LOSSES_MAX] = { "losses-max", "LOSSMAX", TYPE_COUNT, get_losses_max,
	  "losses in the window, at most",
	  .object = "losses", .key = "max", .needs = NEED_OVERFLOWS, .keep = 3 },
	[FIELD_PROCESS] = { "process", "PROCESS", TYPE_TEXT, get_process,
	  "names of the processes that hold it",
	  .needs = NEED_OWNERS, .asked = NEED_OWNERS_ASKED,
	  .flags = FIELD_HAS_WORDS | FIELD_IS_NAME, .keep = 69 },
	[FIELD_PID] = { "pid", "PID", TYPE_TEXT, get_pid, "their process ids",
	  .needs = NEED_OWNERS, .asked = NEED_OWNERS_ASKED, .order = ORDER_REAL,
	  .flags = FIELD_HAS_WORDS, .keep = 45 },
	[FIELD_FD] = { "fd", "FD", TYPE_TEXT, get_fd, "their descriptors of it",
	  .needs = NEED_OWNERS, .asked = NEED_OWNERS_ASKED, .order = ORDER_REAL,
	  .flags = FIELD_HAS_WORDS, .keep = 5 },
	[FIELD_PROCESSES] = { NULL, NULL, TYPE_OWNERS, get_processes,
	  "descriptors of the processes that hold it",
	  .key = "processes", .needs = NEED_OWNERS | NEED_UNITS | NEED_CONDITIONS },
	[FIELD_CGROUP] = { "cgroup", "CGROUP", TYPE_TEXT, get_cgroup,
	  "cgroup (v2) the socket was created in",
	  .key = "cgroup", .needs = NEED_CGROUP, .keep = 74 },
	[FIELD_UNIT] = { "unit", "UNIT", TYPE_TEXT, get_unit,
	  "systemd unit of the processes that hold it",
	  .key = "unit", .needs = NEED_OWNERS | NEED_UNITS, .asked = NEED_OWNERS_ASKED,
	  .flags = FIELD_HAS_WORDS | FIELD_IS_NAME, .keep = 25 },
	[FIELD_CONTAINER] = { "container", "CONTAINER", TYPE_TEXT, get_container,
	  "container of the processes that hold it",
	  .key = "container", .needs = NEED_OWNERS | NEED_UNITS, .asked = NEED_OWNERS_ASKED,
	  .flags = FIELD_HAS_WORDS | FIELD_IS_NAME, .keep = 4 },
	[FIELD_STATE] = { "state", "STATE", TYPE_TEXT, get_state,
	  "what is wrong, worst first: overflowing, full, stalled, dropping, syn-full, high, "
	  "ok; gone",
	  .key = "state", .needs = NEED_STATE, .order = ORDER_STATE, .terms = TERMS_STATES,
	  .keep = 90 },
	[FIELD_GONE] = { "gone", "GONE", TYPE_BOOL, get_gone,
	  "whether it was seen in the window and is there no more",
	  .key = "gone", .needs = NEED_WINDOW, .keep = 2 },
	[FIELD_REASONS] = { "reasons", "WHY", TYPE_LIST, get_reasons,
	  "why: the words that listenq(8) explains",
	  .key = "reasons", .needs = NEED_REASONS, .terms = TERMS_REASONS,
	  .flags = FIELD_HAS_WAIT_AGE, .keep = 80 },
	[FIELD_WAITING] = { NULL, NULL, TYPE_WAITING, get_waiting,
	  "connections in the accept queue, oldest first; null without -D",
	  .key = "waiting", .asked = NEED_CONNECTIONS },
	[FIELD_HALF_OPEN] = { NULL, NULL, TYPE_HALF_OPEN, get_half_open,
	  "connections in the SYN queue, most retransmits first; null without -D",
	  .key = "half_open", .asked = NEED_CONNECTIONS },
};
/* clang-format on */

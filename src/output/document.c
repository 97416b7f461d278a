/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/document.h"

#include "base/clock.h"
#include "output/cell.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

/* Getters of one expression. */
#define GETTER(name, known, value)                                          \
	static struct json_object *get_##name(const struct document_at *at) \
	{                                                                   \
		return (known) ? (value) : NULL;                            \
	}
#define COUNT(name, known, value) GETTER(name, known, json_value_number(value))
#define REAL(name, known, value)  GETTER(name, known, json_value_real(value))
#define BOOL(name, known, value)  GETTER(name, known, json_value_bool(value))
#define TEXT(name, text)	  GETTER(name, text, json_value_foreign_text(text))
#define OPTIONAL(name, number)	  COUNT(name, (number).known, (number).value)

static const struct snapshot *sample(const struct document_at *at)
{
	return at->report->snapshot;
}

/* The item, by its type. */
#define ITEM(name, type)                                             \
	static const struct type *name(const struct document_at *at) \
	{                                                            \
		return at->item;                                     \
	}

ITEM(netns, netns_report)
ITEM(warning, warning)
ITEM(owner, owner)
ITEM(connection, connection)

static const struct process *process(const struct document_at *at)
{
	return &sample(at)->processes[owner(at)->process];
}

/* Owners of a listener. */

COUNT(owner_pid, true, process(at)->pid)
TEXT(owner_comm, process(at)->comm)
COUNT(owner_fd, true, owner(at)->fd)
TEXT(owner_cgroup, process(at)->cgroup)
TEXT(owner_unit, process(at)->unit)
TEXT(owner_container, process(at)->container)
COUNT(owner_open_fds, (process(at)->known & PROCESS_OPEN_FDS), process(at)->open_fds)
COUNT(owner_fd_limit, (process(at)->known & PROCESS_FD_LIMIT), process(at)->fd_limit)
BOOL(owner_frozen, (process(at)->known & PROCESS_FROZEN), process(at)->frozen)
BOOL(owner_throttled, (process(at)->known & PROCESS_THROTTLED), process(at)->throttled)

static struct json_object *get_owner_state(const struct document_at *at)
{
	const char letter[] = { process(at)->state, '\0' };

	return process(at)->known & PROCESS_STATE ? json_value_text(letter) : NULL;
}

/* clang-format off */
const struct document_key document_owner_keys[] = {
	{ "pid", KEY_COUNT, "process id", .get = get_owner_pid },
	{ "comm", KEY_TEXT | NULLABLE, "name of the process, /proc/PID/comm",
	  .get = get_owner_comm },
	{ "fd", KEY_COUNT, "descriptor of the listener", .get = get_owner_fd },
	{ "cgroup", KEY_TEXT | NULLABLE, "cgroup the process is in", .get = get_owner_cgroup },
	{ "unit", KEY_TEXT | NULLABLE, "systemd unit of that cgroup", .get = get_owner_unit },
	{ "container", KEY_TEXT | NULLABLE, "container of that cgroup",
	  .get = get_owner_container },
	{ "state", KEY_TEXT | NULLABLE,
	  "its letter in /proc/PID/stat; this and what follows: null where the listener has no "
	  "queue and had none", .get = get_owner_state },
	{ "open_fds", KEY_COUNT | NULLABLE, "descriptors it has open", .get = get_owner_open_fds },
	{ "fd_limit", KEY_COUNT | NULLABLE, "how many it may have: the soft limit; null: unlimited",
	  .get = get_owner_fd_limit },
	{ "frozen", KEY_BOOL | NULLABLE, "whether its cgroup is", .get = get_owner_frozen },
	{ "throttled", KEY_BOOL | NULLABLE,
	  "whether the CPU quota of its cgroup was used up in the "
	  "window", .get = get_owner_throttled },
	{ 0 }
};
/* clang-format on */

/* Connections in the queues of a listener. */

static struct json_object *get_peer_address(const struct document_at *at)
{
	struct strbuf address = { 0 };
	struct json_object *text;

	cell_add_address(&address, connection(at)->family, connection(at)->peer);
	text = json_value_text(address.s);
	strbuf_free(&address);
	return text;
}

COUNT(peer_port, true, connection(at)->peer_port)
REAL(wait_seconds, connection(at)->has_wait, connection(at)->wait_ms / 1000.0)
COUNT(unread_bytes, !connection(at)->mptcp, connection(at)->unread_bytes)
BOOL(peer_closed, !connection(at)->mptcp, connection(at)->peer_closed)
COUNT(retransmits, true, connection(at)->retransmits)
REAL(next_timer_seconds, true, connection(at)->next_timer_ms / 1000.0)

/* clang-format off */
#define PEER_KEYS                                                                                  \
	{ "peer_address", KEY_TEXT,                                                                \
	  "v4-mapped for an IPv4 client of an IPv6 listener, as in ss", .get = get_peer_address }, \
	{ "peer_port", KEY_COUNT, .get = get_peer_port }

const struct document_key document_waiting_keys[] = {
	PEER_KEYS,
	{ "wait_seconds", KEY_REAL | NULLABLE, "since the handshake ended",
	  .get = get_wait_seconds },
	{ "unread_bytes", KEY_COUNT | NULLABLE, "that the peer has sent so far; null under MPTCP",
	  .get = get_unread_bytes },
	{ "peer_closed", KEY_BOOL | NULLABLE, "whether the peer has sent a FIN; null under MPTCP",
	  .get = get_peer_closed },
	{ 0 }
};

const struct document_key document_half_open_keys[] = {
	PEER_KEYS,
	{ "retransmits", KEY_COUNT, "SYN-ACKs sent again", .get = get_retransmits },
	{ "next_timer_seconds", KEY_REAL, "until the next SYN-ACK, or until it is given up",
	  .get = get_next_timer_seconds },
	{ 0 }
};
/* clang-format on */

/* Namespaces. */

static const struct opt_u64 *total(const struct document_at *at)
{
	return &netns(at)->total[at->index];
}

static const struct opt_u64 *delta(const struct document_at *at)
{
	return &netns(at)->delta[at->index];
}

static bool has_total(const struct document_at *at)
{
	return total(at)->known;
}

OPTIONAL(total, *total(at))
OPTIONAL(delta, *delta(at))
REAL(rate, delta(at)->known && at->report->window_ns, report_rate(*delta(at), at->report))
GETTER(sysctl, sysctl_known(&netns(at)->netns->sysctls, at->index),
       json_value_int(netns(at)->netns->sysctls.value[at->index]))
OPTIONAL(ledger_overflows, netns(at)->delta[COUNTER_LISTEN_OVERFLOWS])
OPTIONAL(ledger_listen_drops, netns(at)->delta[COUNTER_LISTEN_DROPS])
OPTIONAL(ledger_listener_drops, netns(at)->listener_drops)
OPTIONAL(ledger_unattributed, netns(at)->unattributed_overflows)
/* Known only if the walk was for this sample: otherwise their listeners may have closed since. */
COUNT(ledger_syn_recv, netns(at)->netns->syn_recv_ns == sample(at)->monotonic_ns,
      netns(at)->netns->unattributed_syn_recv)
COUNT(netns_inode, netns(at)->netns->inode, netns(at)->netns->inode)
TEXT(netns_name, netns(at)->netns->name)
COUNT(netns_pid, netns(at)->netns->pid, netns(at)->netns->pid)

/* clang-format off */
static const struct document_key sysctl_keys[] = {
#define SYSCTL_KEY(id, dir, name, meaning)                                                   \
	{ name, KEY_SIGNED | NULLABLE, meaning, .get = get_sysctl, .index = SYSCTL_##id },
	SYSCTL_TABLE(SYSCTL_KEY)
	{ 0 }
};

static const struct document_key counter_value_keys[] = {
	{ "total", KEY_COUNT, .get = get_total },
	{ "delta", KEY_COUNT | NULLABLE, .get = get_delta },
	{ "rate", KEY_REAL | NULLABLE, .get = get_rate },
	{ 0 }
};

static const struct document_key counter_keys[] = {
#define COUNTER_KEY(id, prefix, name, queue, meaning)                               \
	{ prefix name, KEY_OBJECT | NULLABLE, meaning, .known = has_total, \
	  .keys = counter_value_keys, .index = COUNTER_##id },
	COUNTER_TABLE(COUNTER_KEY)
	{ 0 }
};

static const struct document_key ledger_keys[] = {
	{ "overflows", KEY_COUNT | NULLABLE, "ListenOverflows in the window",
	  .get = get_ledger_overflows },
	{ "listen_drops", KEY_COUNT | NULLABLE, "ListenDrops in the window",
	  .get = get_ledger_listen_drops },
	{ "listener_drops", KEY_COUNT | NULLABLE, "the listeners' drops in the window",
	  .get = get_ledger_listener_drops },
	{ "unattributed_overflows", KEY_COUNT | NULLABLE,
	  "overflows that no present listener accounts for", .get = get_ledger_unattributed },
	{ "unattributed_syn_recv", KEY_COUNT | NULLABLE,
	  "half-open connections whose listener is gone", .get = get_ledger_syn_recv },
	{ 0 }
};

static const struct document_key netns_keys[] = {
	{ "netns", KEY_COUNT | NULLABLE, "inode of the network namespace", .get = get_netns_inode },
	{ "name", KEY_TEXT | NULLABLE,
	  "in /run/netns, of a container, or of a process; null without -N and "
	  "-A", .needs = NEED_NAMESPACES, .get = get_netns_name },
	{ "pid", KEY_COUNT | NULLABLE, "the oldest process in it", .needs = NEED_NETNS_PID, .get = get_netns_pid },
	{ "sysctl", KEY_OBJECT, "null: missing in this namespace", .needs = NEED_SYSCTLS, .keys = sysctl_keys },
	{ "counters", KEY_OBJECT, "named as nstat does; null: not known to the running kernel",
	  .needs = NEED_COUNTERS | NEED_TOTALS, .keys = counter_keys },
	{ "ledger", KEY_OBJECT, "sums over all listeners of the namespace", .needs = NEED_COUNTERS, .keys = ledger_keys },
	{ 0 }
};
/* clang-format on */

/* The document. */

OPTIONAL(unix_listeners, at->report->not_shown.unix_listeners)
OPTIONAL(unix_full, at->report->not_shown.unix_full)
OPTIONAL(unix_stalled, at->report->not_shown.unix_stalled)
OPTIONAL(namespaces, at->report->not_shown.namespaces)
OPTIONAL(namespaces_looked_at, at->report->not_shown.looked_at)
OPTIONAL(namespaces_overflowing, at->report->not_shown.overflowing)
TEXT(warning_code, warning(at)->code)
TEXT(warning_message, warning(at)->message)
GETTER(schema_version, at, json_value_int(DOCUMENT_VERSION))
GETTER(version, at, json_value_text(PACKAGE_VERSION))
GETTER(host, *sample(at)->host, json_value_foreign_text(sample(at)->host))
GETTER(boot_id, *sample(at)->boot_id, json_value_text(sample(at)->boot_id))
REAL(monotonic_seconds, true, (double)sample(at)->monotonic_ns / (double)NSEC_PER_SEC)
REAL(window_seconds, at->report->window_ns, report_window_seconds(at->report))

static struct json_object *get_time(const struct document_at *at)
{
	char time[CLOCK_TEXT_SIZE];

	clock_format_utc(sample(at)->wall, 6, time);
	return json_value_text(time);
}

static const void *netns_item(const struct report *report, size_t i)
{
	return i < report->n_netns ? &report->netns[i] : NULL;
}

static const void *warning_item(const struct report *report, size_t i)
{
	return i < report->snapshot->n_warnings ? &report->snapshot->warnings[i] : NULL;
}

/* clang-format off */
static const struct document_key not_shown_keys[] = {
	{ "unix_listeners", KEY_COUNT | NULLABLE, "UNIX listeners; without -x",
	  .get = get_unix_listeners },
	{ "unix_full", KEY_COUNT | NULLABLE, "of these: the accept queue is full now",
	  .get = get_unix_full },
	{ "unix_stalled", KEY_COUNT | NULLABLE,
	  "of these: not full, and for 3 s or longer the accept queue was neither empty nor seen "
	  "to get shorter", .get = get_unix_stalled },
	{ "namespaces", KEY_COUNT | NULLABLE,
	  "other network namespaces that have a process; null with -N, and where not every "
	  "process could be looked at", .get = get_namespaces },
	{ "namespaces_looked_at", KEY_COUNT | NULLABLE,
	  "of these: ListenOverflows was read at both ends of the "
	  "window", .get = get_namespaces_looked_at },
	{ "namespaces_overflowing", KEY_COUNT | NULLABLE, "of these: it rose",
	  .get = get_namespaces_overflowing },
	{ 0 }
};

static const struct document_key warning_keys[] = {
	{ "code", KEY_TEXT, "stable, for scripts", .get = get_warning_code },
	{ "message", KEY_TEXT, "for people", .get = get_warning_message },
	{ 0 }
};

const struct document_key document_keys[] = {
	{ "schema_version", KEY_VERSION, .get = get_schema_version },
	{ "version", KEY_TEXT, "of listenq", .get = get_version },
	{ "host", KEY_TEXT | NULLABLE, .needs = NEED_IDENTITY, .get = get_host },
	{ "boot_id", KEY_TEXT | NULLABLE, .needs = NEED_IDENTITY, .get = get_boot_id },
	{ "time", KEY_TEXT, "of the closing sample, RFC 3339, UTC", .get = get_time },
	{ "monotonic_seconds", KEY_REAL, "CLOCK_MONOTONIC of the closing sample",
	  .get = get_monotonic_seconds },
	{ "window_seconds", KEY_REAL | NULLABLE, "null: one sample, no deltas",
	  .get = get_window_seconds },
	{ "namespaces", KEY_ARRAY, .keys = netns_keys, .item = netns_item },
	{ "listeners", .type = KEY_LISTENERS },
	{ "not_shown", KEY_OBJECT,
	  "what the report does not show, which may not be well; 0: it shows all of "
	  "it", .needs = NEED_NOT_SHOWN, .keys = not_shown_keys },
	{ "warnings", KEY_ARRAY, "data that could not be had",
	  .keys = warning_keys, .item = warning_item },
	{ 0 }
};
/* clang-format on */

static unsigned int needs_of(const struct document_key *keys)
{
	unsigned int needs = 0;

	for (const struct document_key *k = keys; k && k->key; k++)
		needs |= k->needs | needs_of(k->keys);
	return needs;
}

unsigned int document_needs(void)
{
	return needs_of(document_keys);
}

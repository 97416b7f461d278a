/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/document.h"

#include "base/clock.h"
#include "output/cell.h"

/* Printers of one expression. */
#define PRINTER(name, known, add)                                                 \
	static void print_##name(struct strbuf *to, const struct document_at *at) \
	{                                                                         \
		if (known)                                                        \
			add;                                                      \
		else                                                              \
			strbuf_adds(to, "null");                                  \
	}
#define COUNT(name, known, value) PRINTER(name, known, strbuf_addu(to, value))
#define REAL(name, known, value)  PRINTER(name, known, json_value_print_real(to, value))
#define BOOL(name, known, value)  PRINTER(name, known, json_value_print_bool(to, value))
#define TEXT(name, text)	  PRINTER(name, text, json_value_print_text(to, text))
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

static void print_owner_state(struct strbuf *to, const struct document_at *at)
{
	const char letter[] = { process(at)->state, '\0' };

	if (process(at)->known & PROCESS_STATE)
		json_value_print_text(to, letter);
	else
		strbuf_adds(to, "null");
}

/* clang-format off */
const struct document_key document_owner_keys[] = {
	{ "pid", KEY_COUNT, "process id", .print = print_owner_pid },
	{ "comm", KEY_TEXT | NULLABLE, "name of the process, /proc/PID/comm",
	  .print = print_owner_comm },
	{ "fd", KEY_COUNT, "descriptor of the listener", .print = print_owner_fd },
	{ "cgroup", KEY_TEXT | NULLABLE, "cgroup the process is in", .print = print_owner_cgroup },
	{ "unit", KEY_TEXT | NULLABLE, "systemd unit of that cgroup", .print = print_owner_unit },
	{ "container", KEY_TEXT | NULLABLE, "container of that cgroup",
	  .print = print_owner_container },
	{ "state", KEY_TEXT | NULLABLE,
	  "its letter in /proc/PID/stat; this and what follows: null where the listener has no "
	  "queue and had none", .print = print_owner_state },
	{ "open_fds", KEY_COUNT | NULLABLE, "descriptors it has open", .print = print_owner_open_fds },
	{ "fd_limit", KEY_COUNT | NULLABLE, "how many it may have: the soft limit; null: unlimited",
	  .print = print_owner_fd_limit },
	{ "frozen", KEY_BOOL | NULLABLE, "whether its cgroup is", .print = print_owner_frozen },
	{ "throttled", KEY_BOOL | NULLABLE,
	  "whether the CPU quota of its cgroup was used up in the "
	  "window", .print = print_owner_throttled },
	{ 0 }
};
/* clang-format on */

/* Connections in the queues of a listener. */

static void print_peer_address(struct strbuf *to, const struct document_at *at)
{
	strbuf_putc(to, '"');
	cell_add_address(to, connection(at)->family, connection(at)->peer);
	strbuf_putc(to, '"');
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
	  "v4-mapped for an IPv4 client of an IPv6 listener, as in ss", .print = print_peer_address }, \
	{ "peer_port", KEY_COUNT, .print = print_peer_port }

const struct document_key document_waiting_keys[] = {
	PEER_KEYS,
	{ "wait_seconds", KEY_REAL | NULLABLE, "since the handshake ended",
	  .print = print_wait_seconds },
	{ "unread_bytes", KEY_COUNT | NULLABLE, "that the peer has sent so far; null under MPTCP",
	  .print = print_unread_bytes },
	{ "peer_closed", KEY_BOOL | NULLABLE, "whether the peer has sent a FIN; null under MPTCP",
	  .print = print_peer_closed },
	{ 0 }
};

const struct document_key document_half_open_keys[] = {
	PEER_KEYS,
	{ "retransmits", KEY_COUNT, "SYN-ACKs sent again", .print = print_retransmits },
	{ "next_timer_seconds", KEY_REAL, "until the next SYN-ACK, or until it is given up",
	  .print = print_next_timer_seconds },
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
PRINTER(sysctl, sysctl_known(&netns(at)->netns->sysctls, at->index),
	strbuf_addf(to, "%lld", (long long)netns(at)->netns->sysctls.value[at->index]))
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
	{ name, KEY_SIGNED | NULLABLE, meaning, .print = print_sysctl, .index = SYSCTL_##id },
	SYSCTL_TABLE(SYSCTL_KEY)
	{ 0 }
};

static const struct document_key counter_value_keys[] = {
	{ "total", KEY_COUNT, .print = print_total },
	{ "delta", KEY_COUNT | NULLABLE, .print = print_delta },
	{ "rate", KEY_REAL | NULLABLE, .print = print_rate },
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
	  .print = print_ledger_overflows },
	{ "listen_drops", KEY_COUNT | NULLABLE, "ListenDrops in the window",
	  .print = print_ledger_listen_drops },
	{ "listener_drops", KEY_COUNT | NULLABLE, "the listeners' drops in the window",
	  .print = print_ledger_listener_drops },
	{ "unattributed_overflows", KEY_COUNT | NULLABLE,
	  "overflows that no present listener accounts for", .print = print_ledger_unattributed },
	{ "unattributed_syn_recv", KEY_COUNT | NULLABLE,
	  "half-open connections whose listener is gone", .print = print_ledger_syn_recv },
	{ 0 }
};

static const struct document_key netns_keys[] = {
	{ "netns", KEY_COUNT | NULLABLE, "inode of the network namespace", .print = print_netns_inode },
	{ "name", KEY_TEXT | NULLABLE,
	  "in /run/netns, of a container, or of a process; null without -N and "
	  "-A", .needs = NEED_NAMESPACES, .print = print_netns_name },
	{ "pid", KEY_COUNT | NULLABLE, "the oldest process in it", .needs = NEED_NETNS_PID, .print = print_netns_pid },
	{ "sysctl", KEY_OBJECT, "null: missing in this namespace", .needs = NEED_SYSCTLS, .keys = sysctl_keys },
	{ "counters", KEY_OBJECT, "named as nstat does; null: not known to the running kernel",
	  .needs = NEED_COUNTERS, .keys = counter_keys },
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
COUNT(schema_version, at, DOCUMENT_VERSION)
PRINTER(version, at, json_value_print_text(to, PACKAGE_VERSION))
PRINTER(host, *sample(at)->host, json_value_print_text(to, sample(at)->host))
PRINTER(boot_id, *sample(at)->boot_id, json_value_print_text(to, sample(at)->boot_id))
REAL(monotonic_seconds, true, (double)sample(at)->monotonic_ns / (double)NSEC_PER_SEC)
REAL(window_seconds, at->report->window_ns, report_window_seconds(at->report))

static void print_time(struct strbuf *to, const struct document_at *at)
{
	char time[CLOCK_TEXT_SIZE];

	clock_format_utc(sample(at)->wall, 6, time);
	json_value_print_text(to, time);
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
	  .print = print_unix_listeners },
	{ "unix_full", KEY_COUNT | NULLABLE, "of these: the accept queue is full now",
	  .print = print_unix_full },
	{ "unix_stalled", KEY_COUNT | NULLABLE,
	  "of these: not full, and for 3 s or longer the accept queue was neither empty nor seen "
	  "to get shorter", .print = print_unix_stalled },
	{ "namespaces", KEY_COUNT | NULLABLE,
	  "other network namespaces that have a process; null with -N, and where not every "
	  "process could be looked at", .print = print_namespaces },
	{ "namespaces_looked_at", KEY_COUNT | NULLABLE,
	  "of these: ListenOverflows was read at both ends of the "
	  "window", .print = print_namespaces_looked_at },
	{ "namespaces_overflowing", KEY_COUNT | NULLABLE, "of these: it rose",
	  .print = print_namespaces_overflowing },
	{ 0 }
};

static const struct document_key warning_keys[] = {
	{ "code", KEY_TEXT, "stable, for scripts", .print = print_warning_code },
	{ "message", KEY_TEXT, "for people", .print = print_warning_message },
	{ 0 }
};

const struct document_key document_keys[] = {
	{ "schema_version", KEY_VERSION, .print = print_schema_version },
	{ "version", KEY_TEXT, "of listenq", .print = print_version },
	{ "host", KEY_TEXT | NULLABLE, .needs = NEED_IDENTITY, .print = print_host },
	{ "boot_id", KEY_TEXT | NULLABLE, .needs = NEED_IDENTITY, .print = print_boot_id },
	{ "time", KEY_TEXT, "of the closing sample, RFC 3339, UTC", .print = print_time },
	{ "monotonic_seconds", KEY_REAL, "CLOCK_MONOTONIC of the closing sample",
	  .print = print_monotonic_seconds },
	{ "window_seconds", KEY_REAL | NULLABLE, "null: one sample, no deltas",
	  .print = print_window_seconds },
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/fields.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "output/getters.h"

#include <ctype.h>
#include <string.h>

/* Fast samples see listeners that come and go, which would spoil the bounds. */
#define NEED_OVERFLOWS (NEED_WINDOW | NEED_DROPS | NEED_COUNTERS | NEED_PEAK)
#define NEED_SYN_LIMIT NEED_SYSCTLS
#define NEED_SYN_QUEUE NEED_SYN_RECV
#define NEED_STATE     (NEED_OVERFLOWS | NEED_SYN_QUEUE | NEED_SYN_LIMIT | NEED_WAIT)
#define NEED_REASONS   (NEED_STATE | NEED_CONDITIONS)
#define NEED_PEAKS     (NEED_WINDOW | NEED_PEAK)

/*
 * What stays on a narrow terminal: who, where, how bad and why, which is 69 and more; between them
 * what -e and -g add, for who asks for it wants it. From 85 on it is what tells a row from others.
 */
/* clang-format off */
const struct field field_table[] = {
	{ "severity", "SEV", FIELD_TEXT, NULL, NULL, NEED_STATE, 0, 65,
	  "mark of the state: !! critical, ! warning, ~ notice, . none, x gone",
	  .get = getter_severity, .brief = "ST",
	  .order = ORDER_STATE, .flags = FIELD_MARKS_WORST, .keep_top = 90 },
	{ "local", "LOCAL ADDRESS", FIELD_TEXT, NULL, "local", NEED_INTERFACE, 0, 99,
	  "address and port, or path, as ss writes them", .get = getter_local, .brief = "LOCAL",
	  .order = ORDER_PLACE, .flags = FIELD_IS_WHOLE },
	{ "namespace", "NAMESPACE", FIELD_TEXT, NULL, "namespace", NEED_NAMESPACES, 0, 85,
	  "name of the network namespace: in /run/netns, of a container, or of a process",
	  .get = getter_namespace, .flags = FIELD_IS_NAME },
	{ "netns", "NETNS", FIELD_COUNT, NULL, "netns", 0, 0, 1,
	  "inode of the network namespace", .get = getter_netns },
	{ "protocol", "PROTO", FIELD_TEXT, NULL, "protocol", 0, 0, 1,
	  "tcp or unix", .get = getter_protocol },
	{ "type", "TYPE", FIELD_TEXT, NULL, "type", 0, 0, 1,
	  "stream, or seqpacket of a UNIX listener that keeps messages apart", .get = getter_type },
	{ "family", "FAMILY", FIELD_TEXT, NULL, "family", 0, 0, 1,
	  "inet, inet6 or unix", .get = getter_family },
	{ "address", "ADDRESS", FIELD_TEXT, NULL, "address", 0, 0, 50,
	  "local address", .get = getter_address, .order = ORDER_ADDRESS, .flags = FIELD_IS_WHOLE },
	{ "port", "PORT", FIELD_COUNT, NULL, "port", 0, 0, 50,
	  "local port", .get = getter_port },
	{ "path", "PATH", FIELD_TEXT, NULL, "path", 0, 0, 50,
	  "path of a UNIX listener, @ before an abstract name", .get = getter_path },
	{ "interface", "INTERFACE", FIELD_TEXT, NULL, "interface", NEED_INTERFACE, 0, 73,
	  "device the listener is bound to", .get = getter_interface, .keep_top = 59 },
	{ "v6only", "V6ONLY", FIELD_BOOL, NULL, "v6only", 0, 0, 72,
	  "whether an IPv6 listener refuses IPv4 clients", .get = getter_v6only, .keep_top = 58 },
	{ "mptcp", "MPTCP", FIELD_BOOL, NULL, "mptcp", NEED_MPTCP, 0, 71,
	  "whether it is a Multipath TCP listener; a no is told to CAP_NET_ADMIN only",
	  .get = getter_mptcp, .keep_top = 57 },
	{ "inode", "INODE", FIELD_COUNT, NULL, "inode", 0, 0, 76,
	  "inode of the socket", .get = getter_inode, .keep_top = 63 },
	{ "cookie", "COOKIE", FIELD_ID, NULL, "cookie", 0, 0, 75,
	  "identity of the socket, never used again until reboot", .get = getter_cookie, .keep_top = 62 },
	{ "uid", "UID", FIELD_COUNT, NULL, "uid", 0, 0, 77,
	  "user that created the socket", .get = getter_uid, .keep_top = 64 },
	{ "user", "USER", FIELD_TEXT, NULL, "user", 0, NEED_USERS, 5,
	  "name of that user", .get = getter_user },
	{ "length", "QUEUED", FIELD_COUNT, "accept_queue", "length", 0, 0, 87,
	  "accept queue: connections waiting for accept(2); Recv-Q of ss",
	  .get = getter_length, .brief = "Q" },
	{ "limit", "LIMIT", FIELD_COUNT, "accept_queue", "limit", 0, 0, 70,
	  "accept queue: smaller of backlog and somaxconn at listen(2); Send-Q of ss",
	  .get = getter_limit, .brief = "LIM", .keep_top = 60 },
	{ "capacity", "CAPACITY", FIELD_COUNT, "accept_queue", "capacity", 0, 0, 2,
	  "accept queue: what the kernel really lets in, limit + 1", .get = getter_capacity },
	{ "fill", "FILL", FIELD_RATIO, "accept_queue", "fill", 0, 0, 66,
	  "accept queue: length / capacity; at 100% the next SYN is dropped",
	  .get = getter_fill,
	  .flags = FIELD_HAS_METER, .keep_top = 86 },
	{ "full", "FULL", FIELD_BOOL, "accept_queue", "full", 0, 0, 2,
	  "accept queue: whether it is full now", .get = getter_full },
	{ "peak-length", "PEAKLEN", FIELD_COUNT, "accept_queue", "peak_length", NEED_PEAKS, 0, 3,
	  "accept queue: highest length that fast sampling saw in the window",
	  .get = getter_peak_length },
	{ "peak", "PEAK", FIELD_RATIO, "accept_queue", "peak_fill", NEED_PEAKS, 0, 40,
	  "accept queue: highest fill that fast sampling saw in the window",
	  .get = getter_peak_fill,
	  .flags = FIELD_HAS_HISTORY, .keep_top = 15 },
	{ "full-seconds", "FULLSEC", FIELD_SECONDS, "accept_queue", "full_seconds", NEED_PEAKS, 0, 3,
	  "accept queue: how long fast sampling saw it full in the window",
	  .get = getter_full_seconds },
	{ "samples", "SAMPLES", FIELD_COUNT, "accept_queue", "samples", NEED_PEAKS, 0, 2,
	  "accept queue: how often it was looked at in the window", .get = getter_samples },
	{ "oldest-wait", "OLDEST", FIELD_SECONDS, "accept_queue", "oldest_wait_seconds",
	  NEED_WAIT, NEED_WAIT_ALL, 6,
	  "accept queue: how long its oldest connection has waited",
	  .get = getter_oldest_wait, .flags = FIELD_HAS_WAIT_AGE },
	{ "wait-age", "WAITAGE", FIELD_SECONDS, "accept_queue", "wait_age_seconds",
	  NEED_WAIT, NEED_WAIT_ALL, 2,
	  "accept queue: how old oldest-wait is; 0.0 when taken with this sample",
	  .get = getter_wait_age },
	{ "synrecv", "SYNRECV", FIELD_COUNT, "syn_queue", "length", NEED_SYN_QUEUE, 0, 20,
	  "SYN queue: half-open connections; of the whole SO_REUSEPORT group",
	  .get = getter_syn_length, .brief = "SYN",
	  .flags = FIELD_HAS_SYN_AGE, .keep_top = 37 },
	{ "syn-limit", "SYNLIMIT", FIELD_COUNT, "syn_queue", "limit", NEED_SYN_LIMIT, 0, 3,
	  "SYN queue: where it is full", .get = getter_syn_limit },
	{ "syn-fill", "SYNFILL", FIELD_RATIO, "syn_queue", "fill", NEED_SYN_QUEUE | NEED_SYN_LIMIT | NEED_GROUPS, 0, 3,
	  "SYN queue: length / limit; of a SO_REUSEPORT group, the sums", .get = getter_syn_fill,
	  .flags = FIELD_HAS_SYN_AGE },
	{ "syn-retransmitted", "SYNRETRANS", FIELD_COUNT, "syn_queue", "retransmitted",
	  NEED_SYN_QUEUE, 0, 3,
	  "SYN queue: of its length, those whose SYN-ACK was sent again",
	  .get = getter_syn_retransmitted, .flags = FIELD_HAS_SYN_AGE },
	{ "syn-age", "SYNAGE", FIELD_SECONDS, "syn_queue", "age_seconds", NEED_SYN_QUEUE, 0, 2,
	  "SYN queue: how old these numbers are; 0.0 when taken with this sample",
	  .get = getter_syn_age },
	{ "sockets", "SOCKETS", FIELD_COUNT, "reuseport", "sockets", NEED_GROUPS, 0, 78,
	  "listeners in its SO_REUSEPORT group, 1 when it is alone", .get = getter_sockets, .keep_top = 73 },
	{ "group-length", "GROUPLEN", FIELD_COUNT, "reuseport", "length", NEED_GROUPS, 0, 2,
	  "SO_REUSEPORT group: connections waiting for accept(2), in all its queues",
	  .get = getter_group_length },
	{ "group-limit", "GROUPLIMIT", FIELD_COUNT, "reuseport", "limit", NEED_GROUPS, 0, 2,
	  "SO_REUSEPORT group: sum of the limits of its accept queues", .get = getter_group_limit },
	{ "group-fill", "GROUPFILL", FIELD_RATIO, "reuseport", "fill_max", NEED_GROUPS, 0, 3,
	  "SO_REUSEPORT group: fill of its fullest accept queue", .get = getter_group_fill },
	{ "imbalance", "IMBALANCE", FIELD_FACTOR, "reuseport", "imbalance", NEED_GROUPS, 0, 35,
	  "SO_REUSEPORT group: its longest accept queue / the mean of all",
	  .get = getter_imbalance },
	{ "drops", "DROPS", FIELD_COUNT, "drops", "total", NEED_DROPS, 0, 10,
	  "packets discarded at this listener since it was created, for any cause",
	  .get = getter_drops },
	{ "drops-delta", "+DROPS", FIELD_RISE, "drops", "delta", NEED_DROPS | NEED_WINDOW, 0, 30,
	  "packets discarded at this listener in the window", .get = getter_drops_delta },
	{ "drops-rate", "DROPS/S", FIELD_RATE, "drops", "rate", NEED_DROPS | NEED_WINDOW, 0, 4,
	  "packets discarded at this listener a second",
	  .get = getter_drops_rate, .brief = "DROP/s",
	  .keep_top = 38 },
	{ "overflows", "OVERFLOWS", FIELD_TEXT, NULL, NULL, NEED_OVERFLOWS, 0, 79,
	  "overflows of its accept queue in the window: +N exact, +MIN..MAX bounds",
	  .get = getter_overflows, .brief = "OVER", .order = ORDER_REAL,
	  .flags = FIELD_HAS_RANGE, .keep_top = 25 },
	{ "overflows-min", "OVERMIN", FIELD_COUNT, "overflows", "min", NEED_OVERFLOWS, 0, 3,
	  "overflows in the window, at least", .get = getter_overflows_min },
	{ "overflows-max", "OVERMAX", FIELD_COUNT, "overflows", "max", NEED_OVERFLOWS, 0, 3,
	  "overflows in the window, at most", .get = getter_overflows_max },
	{ "losses", "LOSSES", FIELD_TEXT, NULL, NULL, NEED_OVERFLOWS, 0, 8,
	  "drops beside overflows that ListenDrops counts, in the window: +N or +MIN..MAX",
	  .get = getter_losses, .order = ORDER_REAL, .flags = FIELD_HAS_RANGE },
	{ "losses-min", "LOSSMIN", FIELD_COUNT, "losses", "min", NEED_OVERFLOWS, 0, 3,
	  "losses in the window, at least", .get = getter_losses_min },
	{ "losses-max", "LOSSMAX", FIELD_COUNT, "losses", "max", NEED_OVERFLOWS, 0, 3,
	  "losses in the window, at most", .get = getter_losses_max },
	{ "process", "PROCESS", FIELD_TEXT, NULL, NULL, NEED_OWNERS, NEED_OWNERS_ASKED, 69,
	  "names of the processes that hold it", .get = getter_process, .brief = "PROC",
	  .flags = FIELD_HAS_WORDS | FIELD_IS_NAME, .keep_top = 55 },
	{ "pid", "PID", FIELD_TEXT, NULL, NULL, NEED_OWNERS, NEED_OWNERS_ASKED, 45,
	  "their process ids", .get = getter_pid, .order = ORDER_REAL, .flags = FIELD_HAS_WORDS },
	{ "fd", "FD", FIELD_TEXT, NULL, NULL, NEED_OWNERS, NEED_OWNERS_ASKED, 5,
	  "their descriptors of it", .get = getter_fd, .order = ORDER_REAL,
	  .flags = FIELD_HAS_WORDS },
	{ NULL, NULL, FIELD_OWNERS, NULL, "processes",
	  NEED_OWNERS | NEED_UNITS | NEED_CONDITIONS, 0, 0,
	  "descriptors of the processes that hold it", .get = getter_processes },
	{ "cgroup", "CGROUP", FIELD_TEXT, NULL, "cgroup", NEED_CGROUP, 0, 74,
	  "cgroup (v2) the socket was created in", .get = getter_cgroup, .keep_top = 61 },
	{ "unit", "UNIT", FIELD_TEXT, NULL, "unit", NEED_OWNERS | NEED_UNITS, NEED_OWNERS_ASKED, 25,
	  "systemd unit of the processes that hold it", .get = getter_unit, .flags = FIELD_HAS_WORDS | FIELD_IS_NAME },
	{ "container", "CONTAINER", FIELD_TEXT, NULL, "container", NEED_OWNERS | NEED_UNITS,
	  NEED_OWNERS_ASKED, 4,
	  "container of the processes that hold it", .get = getter_container,
	  .flags = FIELD_HAS_WORDS | FIELD_IS_NAME },
	{ "state", "STATE", FIELD_TEXT, NULL, "state", NEED_STATE, 0, 90,
	  "what is wrong, worst first: overflowing, full, stalled, dropping, syn-full, high, "
	  "ok; gone",
	  .get = getter_state,
	  .order = ORDER_STATE, .terms = TERMS_STATES },
	{ "gone", "GONE", FIELD_BOOL, NULL, "gone", NEED_WINDOW, 0, 2,
	  "whether it was seen in the window and is there no more", .get = getter_gone },
	{ "reasons", "WHY", FIELD_LIST, NULL, "reasons", NEED_REASONS, 0, 80,
	  "why: the words that listenq(8) explains", .get = getter_reasons, .terms = TERMS_REASONS,
	  .flags = FIELD_HAS_WAIT_AGE },
	{ NULL, NULL, FIELD_WAITING, NULL, "waiting", 0, NEED_CONNECTIONS, 0,
	  "connections in the accept queue, oldest first; null without -D", .get = getter_waiting },
	{ NULL, NULL, FIELD_HALF_OPEN, NULL, "half_open", 0, NEED_CONNECTIONS, 0,
	  "connections in the SYN queue, most retransmits first; null without -D",
	  .get = getter_half_open },
};
/* clang-format on */

const size_t field_table_n = ARRAY_SIZE(field_table);

bool field_is_number(const struct field *field)
{
	switch (field->type) {
	case FIELD_COUNT:
	case FIELD_RISE:
	case FIELD_RATIO:
	case FIELD_FACTOR:
	case FIELD_RATE:
	case FIELD_SECONDS:
		return true;
	case FIELD_TEXT:
		return field->flags & FIELD_HAS_RANGE;
	case FIELD_BOOL:
	case FIELD_ID:
	case FIELD_LIST:
	case FIELD_OWNERS:
	case FIELD_WAITING:
	case FIELD_HALF_OPEN:
		break;
	}
	return false;
}

const struct field *field_named(const char *name)
{
	for (size_t i = 0; i < field_table_n; i++)
		if (field_table[i].name && !strcmp(field_table[i].name, name))
			return &field_table[i];
	return NULL;
}

/* Case does not matter, nor how the words of a name are joined. */
static char spelled(char c)
{
	return c == ' ' || c == '_' ? '-' : (char)tolower((unsigned char)c);
}

/* Is all of @known at the front of @typed? Returns its length, or 0. */
static size_t spells(const char *known, const char *typed, size_t len)
{
	size_t n = 0;

	while (known && known[n] && n < len && spelled(known[n]) == spelled(typed[n]))
		n++;
	return known && !known[n] ? n : 0;
}

static bool is_json_name(const struct field *f, const char *name, size_t len)
{
	size_t n = spells(f->object, name, len);

	if (!f->key || (f->object && (!n || n == len || name[n++] != '.')))
		return false;
	return n < len && n + spells(f->key, name + n, len - n) == len;
}

const struct field *field_find(const char *name, size_t len)
{
	for (size_t i = 0; len && i < field_table_n; i++) {
		const struct field *f = &field_table[i];

		if (f->name &&
		    (spells(f->name, name, len) == len || spells(f->header, name, len) == len ||
		     spells(f->brief, name, len) == len || is_json_name(f, name, len)))
			return f;
	}
	return NULL;
}

/* What ss(8) calls columns, and users of it type: no names here, as both mean other things there.
 */
static const struct {
	const char *name, *meant;
} ss_columns[] = {
	{ "recv-q", "length (QUEUED)" },
	{ "send-q", "limit (LIMIT)" },
};

const char *field_nearest(const char *name, size_t len)
{
	struct nearest nearest = { .word = name, .len = len };

	for (size_t i = 0; i < field_table_n; i++)
		if (field_table[i].name) {
			nearest_offer(&nearest, field_table[i].name);
			nearest_offer(&nearest, field_table[i].header);
		}
	for (size_t i = 0; len && !nearest.best && i < ARRAY_SIZE(ss_columns); i++)
		if (spells(ss_columns[i].name, name, len) == len)
			return ss_columns[i].meant;
	return nearest.best;
}

void field_get(const struct field *field, const struct row *row, const struct report *report,
	       struct field_context *context, struct field_value *value)
{
	memset(value, 0, sizeof(*value));
	value->type = field->type;
	field->get(row, report, context, value);
}

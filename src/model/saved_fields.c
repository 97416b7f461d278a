/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/saved_fields.h"

#include "base/alloc.h"
#include "model/snapshot.h"

#include <string.h>

#define OBJECT(table) .fields = (table), .n = ARRAY_SIZE(table)
#define KNOWN(type)   .known = offsetof(type, known), .known_size = sizeof(((type *)0)->known)

/* The rows of a table are those of its struct, whose name is AT. */
#define ROW(name, saved, ...)                                         \
	{                                                             \
#name, SAVED_##saved, offsetof(AT, name), __VA_ARGS__ \
	}
#define BIT(name, bit)                          \
	{                                       \
		name, SAVED_BIT, .known = (bit) \
	}

/* clang-format off */

#define AT struct peak
static const struct saved_field peak_fields[] = {
	ROW(full_ns, U64),
	ROW(unmoved_ns, U64),
	ROW(stood_ns, U64),
	ROW(length, U32),
	ROW(lowest, U32),
	ROW(samples, U32),
	ROW(fell, U32),
	ROW(full, BOOL),
	ROW(born, BOOL),
};
#undef AT

static const struct saved_object saved_peak = { OBJECT(peak_fields) };

#define AT struct listener
static const struct saved_field listener_fields[] = {
	/* The first is for those that are gone: the others stand in their namespace. */
	{ "netns", SAVED_U32, offsetof(AT, addr.netns_idx) },
	ROW(cookie, ID, .required = true),
	{ "address", SAVED_ADDRESS, offsetof(AT, addr.address),
	  .family = offsetof(AT, addr.family) },
	{ "unix", SAVED_UNIX, .family = offsetof(AT, addr.family) },
	{ "port", SAVED_U16, offsetof(AT, addr.port) },
	{ "ifindex", SAVED_U32, offsetof(AT, addr.ifindex) },
	{ "v6only", SAVED_BOOL, offsetof(AT, addr.v6only), .known = LISTENER_V6ONLY },
	ROW(inode, U32),
	ROW(uid, U32, .known = LISTENER_UID),
	ROW(length, U32),
	ROW(limit, U32),
	ROW(drops, U32, .known = LISTENER_DROPS, .of = SAVED_OF_TCP),
	ROW(cgroup_id, U64, .known = LISTENER_CGROUP_ID, .of = SAVED_OF_TCP),
	ROW(first, U32, .of = SAVED_OF_UNIX),
	ROW(first_ns, U64, .of = SAVED_OF_UNIX),
	ROW(mptcp, BOOL, .known = LISTENER_MPTCP),
	ROW(seqpacket, BOOL),
	ROW(cgroup, TEXT),
	ROW(interface, TEXT),
	ROW(name, TEXT),
	ROW(peak, OBJECT, .known = LISTENER_PEAK, .object = &saved_peak),
};
#undef AT

const struct saved_object saved_gone = { OBJECT(listener_fields), KNOWN(struct listener) };
const struct saved_object saved_listener = { .fields = listener_fields + 1,
					     .n = ARRAY_SIZE(listener_fields) - 1,
					     KNOWN(struct listener) };

#define AT struct netns
static const struct saved_field netns_fields[] = {
	ROW(cookie, ID),
	ROW(inode, U64),
	ROW(serial, U64),
	ROW(name, TEXT),
	ROW(pid, U32),
	ROW(of_process, BOOL),
	ROW(own, BOOL),
	ROW(sysctls, SYSCTLS),
	ROW(before, COUNTERS),
	ROW(after, COUNTERS),
	ROW(resets, U64, .known = 1),
	ROW(unattributed_syn_recv, U32),
	ROW(one_datagram, BOOL),
	ROW(dump_begin_ns, U64),
	ROW(dump_end_ns, U64),
	ROW(syn_recv_ns, U64),
	ROW(waiting_ns, U64),
	ROW(failed, BOOL),
	ROW(looked, BOOL),
	ROW(listener_vanished, BOOL),
};
#undef AT

/* The word is a bool, and true is its bit. */
const struct saved_object saved_netns = { OBJECT(netns_fields),
					  .known = offsetof(struct netns, resets_known),
					  .known_size = sizeof(bool) };

#define AT struct group
static const struct saved_field group_fields[] = {
	/* Where waiting connections are known it may be as of an earlier sample. */
	ROW(holder, ID, .known = GROUP_WAITING),
	ROW(syn_length, U32),
	ROW(syn_retransmitted, U32),
	ROW(fastopen, U32),
	ROW(waiting, U32),
	ROW(waiting_closed, U32),
	ROW(waiting_mptcp, U32),
	ROW(oldest_wait_ms, U32, .known = GROUP_OLDEST),
	ROW(ahead, U32, .known = GROUP_STANDS),
	ROW(shown, U32, .known = GROUP_SHOWN),
	ROW(shown_still, U32),
	ROW(overdue, U32),
	ROW(stayed_min, U32, .known = GROUP_STAYED),
	ROW(stayed_max, U32),
	ROW(present_min, U32),
	ROW(length_after, U32),
	BIT("moved", GROUP_MOVED),
	BIT("keeps_connections", GROUP_CONNECTIONS),
};
#undef AT

const struct saved_object saved_group = { OBJECT(group_fields), KNOWN(struct group) };

#define AT struct process
static const struct saved_field process_fields[] = {
	ROW(pid, U32, .required = true),
	ROW(comm, TEXT),
	ROW(cgroup, TEXT),
	ROW(unit, TEXT),
	ROW(container, TEXT),
	ROW(freezer, TEXT),
	ROW(quota, TEXT),
	ROW(open_fds, U32, .known = PROCESS_OPEN_FDS),
	ROW(fd_limit, U32, .known = PROCESS_FD_LIMIT),
	ROW(state, LETTER, .known = PROCESS_STATE),
	ROW(frozen, BOOL, .known = PROCESS_FROZEN),
	ROW(throttled, BOOL, .known = PROCESS_THROTTLED),
};
#undef AT

const struct saved_object saved_process = { OBJECT(process_fields), KNOWN(struct process) };

#define AT struct connection
static const struct saved_field connection_fields[] = {
	ROW(group, U32),
	ROW(half_open, BOOL),
	ROW(peer, ADDRESS, .family = offsetof(AT, family), .required = true),
	ROW(peer_port, U16),
	ROW(wait_ms, U32, .known = 1),
	ROW(mptcp, BOOL),
	ROW(unread_bytes, U32),
	ROW(peer_closed, BOOL),
	ROW(retransmits, U8),
	ROW(next_timer_ms, U32),
};
#undef AT

const struct saved_object saved_connection = { OBJECT(connection_fields),
					       .known = offsetof(struct connection, has_wait),
					       .known_size = sizeof(bool) };

#define AT struct oldest
static const struct saved_field oldest_fields[] = {
	ROW(cookie, ID, .required = true),
	ROW(holder, ID, .required = true),
	{ "netns", SAVED_U32, offsetof(AT, netns_idx) },
	ROW(ahead, U32),
};
#undef AT

const struct saved_object saved_oldest = { OBJECT(oldest_fields) };

#define AT struct unix_queue
static const struct saved_field unix_queue_fields[] = {
	ROW(cookie, ID, .required = true),
	ROW(since_ns, U64),
	ROW(length, U32),
	ROW(limit, U32),
	ROW(inode, U32),
	ROW(first, U32),
};
#undef AT

const struct saved_object saved_unix_queue = { OBJECT(unix_queue_fields) };

#define AT struct other_netns
static const struct saved_field other_netns_fields[] = {
	ROW(identity, U64, .required = true),
	ROW(overflows, U64),
};
#undef AT

const struct saved_object saved_other_netns = { OBJECT(other_netns_fields) };

#define AT struct snapshot
static const struct saved_field snapshot_fields[] = {
	ROW(wall, WALL),
	ROW(monotonic_ns, U64, .required = true),
	ROW(previous_ns, U64),
	ROW(host, CHARS, .size = sizeof(((AT *)0)->host)),
	ROW(boot_id, CHARS, .size = sizeof(((AT *)0)->boot_id)),
	ROW(missed, U64),
	ROW(blind_ns, U64),
	BIT("has_groups", SNAPSHOT_GROUPS),
	BIT("has_connections", SNAPSHOT_CONNECTIONS),
	BIT("has_unix", SNAPSHOT_UNIX),
	BIT("has_all_netns", SNAPSHOT_ALL_NETNS),
	BIT("has_unix_queues", SNAPSHOT_UNIX_QUEUES),
	BIT("has_others", SNAPSHOT_OTHERS),
	BIT("has_all_others", SNAPSHOT_OTHERS_ALL),
	BIT("others_cut", SNAPSHOT_OTHERS_CUT),
	BIT("owners_of_others", SNAPSHOT_OWNERS_OF_OTHERS),
	ROW(n_unix, U32),
	ROW(n_others_found, U32),
};
#undef AT

const struct saved_object saved_snapshot = { OBJECT(snapshot_fields), KNOWN(struct snapshot) };

/* clang-format on */

uint32_t saved_fields_known(const struct saved_object *object, const void *at)
{
	const char *word = (const char *)at + object->known;

	if (object->known_size == sizeof(uint8_t))
		return *(const uint8_t *)word;
	if (object->known_size == sizeof(uint16_t))
		return *(const uint16_t *)word;
	return object->known_size ? *(const uint32_t *)word : 0;
}

void saved_fields_add_known(const struct saved_object *object, void *at, uint32_t bits)
{
	char *word = (char *)at + object->known;

	if (object->known_size == sizeof(uint8_t))
		*(uint8_t *)word |= (uint8_t)bits;
	else if (object->known_size == sizeof(uint16_t))
		*(uint16_t *)word |= (uint16_t)bits;
	else if (object->known_size)
		*(uint32_t *)word |= bits;
}

bool saved_field_is_of(const struct saved_field *f, const void *at)
{
	return f->of == SAVED_OF_ALL ||
	       listener_is_unix((const struct listener *)at) == (f->of == SAVED_OF_UNIX);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_SNAPSHOT_H
#define LISTENQ_MODEL_SNAPSHOT_H

#include "base/idmap.h"
#include "base/string_pool.h"
#include "model/counters.h"
#include "model/fill.h"
#include "model/sysctls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

/*
 * One sample of the listeners, as plain data. A clear bit in a `known` word says that something is
 * unknown; the value beside it then means nothing.
 */

/* What fast samples (looks) saw of one accept queue since the previous sample. */
struct peak {
	uint64_t full_ns; /* sum of the intervals whose closing look saw it full */
	uint64_t unmoved_ns; /* time since it was last seen empty or shorter; may be many windows */
	/*
	 * The longest time, of those that ended in the window, without a look that saw it empty or
	 * shorter. It may have begun before. Looks that were missed saw nothing.
	 */
	uint64_t stood_ns;
	uint32_t length; /* highest, including the samples at both ends of the window */
	uint32_t lowest; /* likewise */
	uint32_t samples; /* looks at the queue, including the closing sample */
	uint32_t fell; /* by how much it got shorter from look to look, summed */
	bool full; /* at some look */
	bool born; /* the listener is new: missing in the previous sample and in a look after it */
};

enum listener_known {
	LISTENER_DROPS = 1 << 0, /* kernel 4.7 and later */
	LISTENER_V6ONLY = 1 << 1,
	LISTENER_CGROUP_ID = 1 << 2, /* kernel 5.8 and later */
	LISTENER_MPTCP = 1 << 3, /* shown to CAP_NET_ADMIN only */
	LISTENER_PEAK = 1 << 4,
	LISTENER_UID = 1 << 5, /* of UNIX listeners: kernel 5.3 and later */
	LISTENER_OWNERS = 1 << 7, /* owners were found, or it is certain that there are none */
};

/* The bound side of a socket: what decides which listener a connection belongs to. */
struct listen_addr {
	uint32_t netns_idx; /* index into snapshot->netns */
	uint32_t ifindex; /* SO_BINDTODEVICE, 0: any */
	uint16_t port;
	uint8_t family; /* AF_INET, AF_INET6, or AF_UNIX, which uses only netns_idx of the rest */
	bool v6only;
	uint8_t address[16]; /* network order; AF_INET uses the first four */
};

struct listener {
	uint64_t cookie; /* identity, together with the namespace; not reused until reboot */
	union {
		uint64_t cgroup_id; /* TCP: cgroup v2 the socket was created in */
		/* UNIX, CLOCK_MONOTONIC: its oldest connection has not changed since; 0: unknown */
		uint64_t first_ns;
	};
	const char *cgroup; /* its path, or NULL */
	const char *interface; /* name of addr.ifindex, or NULL */
	const char *name; /* UNIX: path or @abstract; NULL: none */
	struct listen_addr addr;
	uint16_t known; /* enum listener_known */
	bool mptcp;
	bool seqpacket; /* UNIX: SOCK_SEQPACKET, not SOCK_STREAM */
	uint32_t group; /* index into snapshot->groups; valid after groups_build() */
	uint32_t inode;
	uint32_t uid;
	uint32_t length; /* accept queue: connections waiting for accept(2) */
	uint32_t limit; /* accept queue: min(backlog, somaxconn) when listen(2) was called */
	uint32_t first_owner; /* index into snapshot->owners; its other owners follow */
	uint32_t n_owners; /* sorted by pid, process 1 last; 0: none, if LISTENER_OWNERS */
	union {
		uint32_t drops; /* TCP: wraps at 2^32; never reset while the socket lives */
		uint32_t first; /* UNIX: inode of the client with its oldest connection; 0: unknown
				 */
	};
	struct peak peak;
};

enum group_known {
	GROUP_WAITING = 1 << 0, /* the waiting connections were dumped */
	GROUP_OLDEST = 1 << 1, /* the age of at least one of them is known */
	GROUP_STAYED = 1 << 2, /* their ages were compared with the previous sample */
	GROUP_CONNECTIONS = 1 << 3, /* each connection that was dumped was kept */
	/*
	 * The oldest connections that an earlier walk found still wait, and accept(2) takes the
	 * oldest first. So oldest_wait_ms is as of this sample.
	 */
	GROUP_STANDS = 1 << 4,
	GROUP_SHOWN = 1 << 5, /* there was also a walk when the window began */
	/*
	 * One that an earlier walk found was seen to wait after the window began, and has been
	 * accepted since. Unknown where this sample has a walk of its own.
	 */
	GROUP_MOVED = 1 << 6,
};

/*
 * Listeners that the kernel serves as one: a SO_REUSEPORT group, or a single listener. The SYN
 * queue and the waiting connections belong to the group, because the kernel does not say which
 * member holds a child.
 */
struct group {
	uint32_t first; /* its first listener, in dump order, which is lookup order */
	uint32_t sockets;
	uint32_t queued_members; /* members with a connection in their accept queue */
	uint64_t length; /* sum over the members' accept queues */
	uint64_t limit;
	/* Cookie of the only member with a queue; 0: none or several have one. As of waiting_ns. */
	uint64_t holder;
	uint32_t length_max; /* of any member */
	uint64_t fill_max; /* of any member, maybe another one */
	bool may_stall; /* any member, see listener_may_stall() */
	uint32_t syn_length; /* request socks, without Fast Open children */
	uint32_t syn_retransmitted; /* request socks whose SYN-ACK was sent more than once */
	uint32_t fastopen; /* un-ACKed Fast Open children, part of the accept queue */
	uint32_t known; /* enum group_known */
	uint32_t waiting; /* visible connections not yet accepted; the next two are part of it */
	uint32_t waiting_closed; /* closed by the peer */
	uint32_t waiting_mptcp; /* only the MPTCP socket knows whether the peer has closed */
	uint32_t oldest_wait_ms;
	uint32_t ahead; /* with GROUP_STANDS: upper bound of those older, which may have left */
	uint32_t shown; /* with GROUP_SHOWN: how many waited when the window began */
	uint32_t shown_still; /* lower bound of those among them that still wait */
	uint32_t overdue; /* of waiting: for WAIT_LONG_MS or longer */
	uint32_t stayed_min; /* of waiting: bounds of how many waited at the previous sample */
	uint32_t stayed_max;
	uint32_t present_min; /* of waiting: lower bound of those there at the listeners' dump */
	uint32_t length_after; /* lesser of @length and the same just after the dump */
	/* Its slice of snapshot->connections; valid after connections_sort(). */
	uint32_t first_connection;
	uint32_t n_connections;
};

/* What may keep a process from accepting; read only where listener_may_be_sick(). */
enum process_known {
	PROCESS_STATE = 1 << 0,
	PROCESS_OPEN_FDS = 1 << 1, /* kernel 6.2 and later */
	PROCESS_FD_LIMIT = 1 << 2, /* known, and not unlimited */
	PROCESS_FROZEN = 1 << 3,
	PROCESS_THROTTLED = 1 << 4, /* its cgroups were read at both ends of the window */
};

/*
 * A process that holds a listener. Texts come from the kernel and may contain any byte but NUL; a
 * text is NULL where it is unknown, not asked for, or missing.
 */
struct process {
	const char *comm;
	const char *cgroup; /* path in the cgroup v2 hierarchy, else in systemd's own */
	const char *unit; /* systemd's; from the cgroup */
	const char *container; /* id or name; from the cgroup */
	const char *freezer; /* file that thaws it, if it is frozen */
	const char *quota; /* file with the CPU quota that throttled it in the window */
	uint32_t pid;
	uint32_t open_fds;
	uint32_t fd_limit; /* soft limit, RLIMIT_NOFILE */
	uint8_t known; /* enum process_known */
	char state; /* letter in /proc/PID/stat: 'T' stopped, 't' stopped by a tracer */
	bool frozen; /* its cgroup, or one above it, is frozen */
	bool throttled; /* its cgroup, or one above it, was throttled in the window */
};

/* Has a tracer stopped it? Also true at times under strace(1), which stops it at system calls. */
static inline bool process_is_traced(const struct process *p)
{
	return p->known & PROCESS_STATE && p->state == 't';
}

/* One descriptor of a listener. */
struct owner {
	uint32_t process; /* index into snapshot->processes */
	uint32_t fd;
};

/* A connection in a queue of a group: it waits for accept(2), or is half-open. */
struct connection {
	uint32_t group; /* index into snapshot->groups */
	uint8_t family; /* of @peer and the listener: an IPv4 client of [::] is v4-mapped */
	bool half_open; /* in the SYN queue */
	uint8_t peer[16]; /* network order; AF_INET uses the first four */
	uint16_t peer_port;
	/* If it waits. */
	bool has_wait; /* wait_ms is known: not for a Fast Open child before its ACK */
	uint32_t wait_ms; /* since the handshake ended */
	/* MPTCP moves data, and its end, from the subflow to a socket that TCP does not dump. */
	bool mptcp; /* the next two are unknown */
	uint32_t unread_bytes;
	bool peer_closed; /* a FIN came */
	/* If it is half-open. */
	uint8_t retransmits; /* of the SYN-ACK */
	uint32_t next_timer_ms; /* until the next retransmit, or until the kernel gives up */
};

struct netns {
	uint64_t cookie; /* SO_NETNS_COOKIE: not reused until reboot; 0: unknown */
	uint64_t inode; /* of /proc/PID/ns/net, which the kernel reuses; 0: unknown */
	uint64_t serial; /* distinguishes namespaces of this run that had the same inode */
	const char *name; /* NULL: unknown */
	bool of_process; /* its name is that of @pid, and lasts no longer */
	uint32_t pid; /* the oldest process in it; 0: unknown */
	bool own; /* the program runs in it */
	size_t first_listener; /* index into snapshot->listeners; the others follow */
	struct sysctls sysctls;
	struct counters before; /* read just before the dump */
	struct counters after; /* read just after the dump */
	uint64_t resets; /* EstabResets just after the waiting connections were dumped */
	bool resets_known;
	uint32_t unattributed_syn_recv; /* request socks whose listener is gone */
	bool one_datagram; /* the dump was not resumed, so it missed no listener */
	uint64_t dump_begin_ns; /* CLOCK_MONOTONIC around the dump of its listeners; 0: no dump */
	uint64_t dump_end_ns;
	/*
	 * monotonic_ns of the sample whose walk of the established hash found the half-open and the
	 * waiting connections: this one, or an earlier one where a walk costs too much for every
	 * sample. What groups say about them, including the holder, is as of then. 0: unknown, or
	 * no walk was needed. Half-open connections are known without a walk where no segment came
	 * since one that found none (collect/quiet.h).
	 */
	uint64_t syn_recv_ns;
	uint64_t waiting_ns;
	bool failed; /* its listeners could not be dumped */
	bool looked; /* fast samples were taken */
	bool listener_vanished; /* fast sampling saw a listener that the closing sample lacks */
};

/*
 * One of the oldest connections in an accept queue whose group has no other queue: while it waits,
 * none that came later was accepted. Only in a sample that is the last of a run, for the next run.
 */
struct oldest {
	uint64_t cookie; /* of the connection */
	uint64_t holder; /* of the listener */
	uint32_t netns_idx; /* index into snapshot->netns */
	uint32_t ahead; /* upper bound of those that are older, and may have left since */
};

/* A UNIX listener with a queue, where UNIX listeners are not among the listeners. */
struct unix_queue {
	uint64_t cookie;
	/*
	 * CLOCK_MONOTONIC: its oldest connection has not changed since then; where that is unknown,
	 * it was seen neither empty nor shorter since then.
	 */
	uint64_t since_ns;
	uint32_t length;
	uint32_t limit;
	uint32_t inode;
	uint32_t first; /* inode of the client with the oldest connection; 0: unknown */
};

/* A network namespace that is not among the namespaces. */
struct other_netns {
	/*
	 * Inode of its /proc/PID/net/netstat: without a socket in it the cookie is unknown. The
	 * kernel may reuse the inode within a window.
	 */
	uint64_t identity;
	uint64_t overflows; /* ListenOverflows */
};

/* Why data are incomplete: JSON warnings, one line on stderr with a table. */
struct warning {
	char *code; /* public; both are owned */
	char *message;
	bool of_report; /* and not of the sample, which is saved without it */
};

enum snapshot_known {
	SNAPSHOT_GROUPS = 1 << 0,
	SNAPSHOT_CONNECTIONS = 1 << 1, /* of groups with GROUP_CONNECTIONS */
	SNAPSHOT_UNIX = 1 << 2, /* listeners contains the UNIX listeners */
	SNAPSHOT_ALL_NETNS = 1 << 3, /* netns contains every namespace that could be found */
	SNAPSHOT_UNIX_QUEUES = 1 << 4, /* n_unix and unix_queues */
	SNAPSHOT_OTHERS = 1 << 5, /* n_others_found and others */
	SNAPSHOT_OTHERS_ALL = 1 << 6, /* n_others_found is exact: every process was looked at */
	SNAPSHOT_OTHERS_CUT = 1 << 7, /* some others were not read, to limit the cost */
	SNAPSHOT_OWNERS_OF_OTHERS = 1 << 8, /* some owners are unknown, as only root sees them */
};

struct snapshot {
	/* Members before the arrays are copied and reset as one; FOR_ARRAYS lists the arrays. */
	struct timespec wall;
	uint64_t monotonic_ns;
	/* Of the sample before: what looks saw is of the time since. 0: it is the source's first.
	 */
	uint64_t previous_ns;
	/*
	 * In a recording: how many samples that were to be recorded could not be written, since the
	 * sample before it in the file. Where a run begins anew, the second sample of it has those
	 * before the first.
	 */
	uint64_t missed;
	/*
	 * For so long no look was taken in the time since the sample before, though looks were due,
	 * and that is most of that time, or of a part of it where a ring has joined windows: peaks
	 * are known only where a look saw the queue full. 0: it is not so.
	 */
	uint64_t blind_ns;
	uint32_t known; /* enum snapshot_known */
	char host[65];
	char boot_id[37]; /* "": unknown */
	uint32_t n_unix; /* UNIX listeners, with SNAPSHOT_UNIX_QUEUES */
	uint32_t n_others_found; /* other namespaces, including those not read into @others */

	struct netns *netns;
	size_t n_netns, netns_size;
	struct listener *listeners;
	size_t n_listeners, listeners_size;
	/*
	 * Listeners that were in the previous sample or in a look since then, and are not in this
	 * one. If the family is AF_UNSPEC, only length, limit and peak are set; the previous sample
	 * has the rest.
	 */
	struct listener *gone;
	size_t n_gone, gone_size;
	struct group *groups;
	size_t n_groups, groups_size;
	struct process *processes; /* those that hold a listener */
	size_t n_processes, processes_size;
	struct owner *owners;
	size_t n_owners, owners_size;
	struct connection *connections; /* group by group, see connections.h */
	size_t n_connections, connections_size;
	struct oldest *oldest;
	size_t n_oldest, oldest_size;
	struct unix_queue *unix_queues;
	size_t n_unix_queues, unix_queues_size;
	struct other_netns *others;
	size_t n_others, others_size;
	struct warning *warnings;
	size_t n_warnings, warnings_size;
	size_t n_retracted; /* they stand behind the warnings */

	struct idmap by_cookie; /* index into listeners, built by snapshot_find() */
	struct idmap by_addr; /* index into groups */
	struct string_pool *strings; /* a reference, or NULL; has all texts but the warnings' */
};

/* Empties @s and drops its strings; keeps its arrays allocated. A zeroed struct is empty. */
void snapshot_reset(struct snapshot *s);
void snapshot_free(struct snapshot *s);

/*
 * snapshot_copy() - copy @from into @to, which shares its strings. An array that has to grow gets
 * its exact size. groups_lookup() does not work on @to.
 */
void snapshot_copy(struct snapshot *to, const struct snapshot *from);

/* Gives its arrays their exact sizes, as a copy would have. */
void snapshot_trim(struct snapshot *s);

/* Bytes of memory that @s takes, without strings and indexes. */
size_t snapshot_bytes(const struct snapshot *s);

/* Returns the pool of @s to add texts to; makes one if @s has none. */
struct string_pool *snapshot_strings(struct snapshot *s);

/*
 * snapshot_add_netns() - add a zeroed namespace for the caller to fill. first_listener is right if
 * its listeners are added before the next namespace.
 */
struct netns *snapshot_add_netns(struct snapshot *s);

/* Returns the namespace whose netns_id() is @id, or NULL. */
struct netns *snapshot_find_netns(const struct snapshot *s, uint64_t id);

/* Has the namespace any listeners? Reads its first_listener. */
bool snapshot_has_listeners(const struct snapshot *s, uint32_t netns_idx);

/*
 * Adds a zeroed listener for the caller to fill. Returns NULL when this cookie is among the last
 * ones already: a dump that the kernel resumes may repeat entries.
 */
struct listener *snapshot_add_listener(struct snapshot *s, uint32_t netns_idx, uint64_t cookie);

/* Makes room for owners and processes, which the caller then fills. */
void snapshot_size_owners(struct snapshot *s, size_t n_owners, size_t n_processes);

/* Adds a listener to @s->gone, zeroed but for its namespace and cookie. */
struct listener *snapshot_add_gone(struct snapshot *s, uint32_t netns_idx, uint64_t cookie);

/* Drops all listeners but the first @n, to repeat a dump. */
void snapshot_drop_listeners(struct snapshot *s, size_t n);

/* Returns the listener with this identity, or NULL. The first call builds an index. */
const struct listener *snapshot_find(const struct snapshot *s, uint32_t netns_idx, uint64_t cookie);

/*
 * The same, but tries index @guess first: samples have the listeners in the same order. A guess
 * that is right needs no index.
 */
const struct listener *snapshot_find_near(const struct snapshot *s, uint32_t netns_idx,
					  uint64_t cookie, size_t guess);

/*
 * snapshot_warn() - add a warning; one with the same code and text is not repeated.
 * snapshot_warn_report() - the same of what lacks in the report. The sample may be saved after it.
 */
void snapshot_warn(struct snapshot *s, const char *code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void snapshot_warn_report(struct snapshot *s, const char *code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Removes the warnings with that code from those to show. The sample is saved with them. */
void snapshot_retract(struct snapshot *s, const char *code);

/* Adds the warnings of another sample. */
void snapshot_add_warnings(struct snapshot *s, const struct snapshot *other);

/*
 * Clears what was compared with the sample before it, as the window begins with an earlier one, at
 * @opening_ns.
 */
void snapshot_forget_comparisons(struct snapshot *s, uint64_t opening_ns);

/* Is it a v4-mapped address, ::ffff:192.0.2.7? The last four bytes are the IPv4 address. */
bool snapshot_is_mapped(uint8_t family, const uint8_t address[16]);

/*
 * netns_id() - the identity of a namespace, the same in every snapshot of a run.
 *
 * It is the cookie, or inode and serial before kernel 5.14, which has no cookie. The inode alone is
 * not enough: a container that restarts often gets the inode that it had before.
 */
static inline uint64_t netns_id(const struct netns *ns)
{
	return ns->cookie ? ns->cookie : ns->inode ^ ns->serial << 32;
}

/* Nanoseconds from @taken_ns to the sample; 0 if @taken_ns is unknown. */
static inline uint64_t snapshot_age(const struct snapshot *s, uint64_t taken_ns)
{
	return taken_ns ? s->monotonic_ns - taken_ns : 0;
}

/* How many the kernel lets in: it drops when length > limit (sk_acceptq_is_full(), sock.h). */
static inline uint64_t listener_capacity(const struct listener *l)
{
	return (uint64_t)l->limit + 1;
}

static inline bool listener_is_unix(const struct listener *l)
{
	return l->addr.family == AF_UNIX;
}

static inline bool listener_full(const struct listener *l)
{
	return l->length > l->limit;
}

/* A server that is busy with one connection makes the next wait, but seldom so long. */
#define WAIT_LONG_MS 3000

/* FILL_FULL exactly when the kernel drops the next SYN; may exceed it. */
static inline uint64_t listener_fill(const struct listener *l)
{
	return fill_of(l->length, listener_capacity(l));
}

/* With LISTENER_PEAK: the highest of its fast samples. */
static inline uint64_t listener_peak_fill(const struct listener *l)
{
	return fill_of(l->peak.length, listener_capacity(l));
}

/*
 * May its state be worse than ok, by its accept queue alone? Expensive data is collected only for
 * such listeners, as states are not known yet.
 */
static inline bool listener_may_be_sick(const struct listener *l)
{
	return l->length ||
	       (l->known & LISTENER_PEAK && (l->peak.full || listener_peak_fill(l) >= FILL_HIGH));
}

/*
 * May it be that nothing left its accept queue since the previous sample? Then its waiting
 * connections are dumped however much room is left.
 */
static inline bool listener_may_stall(const struct listener *l)
{
	return l->length && (!(l->known & LISTENER_PEAK) || (l->peak.lowest && !l->peak.fell));
}

#endif

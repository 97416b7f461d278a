/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_SNAPSHOT_H
#define LISTENQ_MODEL_SNAPSHOT_H

#include "base/idmap.h"
#include "base/string_pool.h"
#include "model/counters.h"
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

/* What fast samples (looks) saw of one accept queue since the sample before. */
struct peak {
	uint64_t full_ns; /* time between looks of which the second saw it full */
	uint64_t unmoved_ns; /* since it was last seen empty or shorter; may be many windows */
	uint32_t length; /* highest, the samples at both ends of the window included */
	uint32_t lowest; /* likewise */
	uint32_t samples; /* looks at the queue, the closing sample included */
	uint32_t fell; /* sum of what it got shorter by from one look to the next */
	bool full; /* at some look */
	bool born; /* new: missing in the sample before and in a look after it */
};

enum listener_known {
	LISTENER_DROPS = 1 << 0, /* kernel 4.7 and later */
	LISTENER_V6ONLY = 1 << 1,
	LISTENER_CGROUP_ID = 1 << 2, /* kernel 5.8 and later */
	LISTENER_MPTCP = 1 << 3, /* shown to CAP_NET_ADMIN only */
	LISTENER_PEAK = 1 << 4,
	LISTENER_UID = 1 << 5, /* of UNIX listeners: kernel 5.3 and later */
	LISTENER_OWNERS = 1 << 7, /* looked for, and found or proven to be none */
};

/* The bound side of a socket: what decides which listener a connection belongs to. */
struct listen_addr {
	uint32_t netns_idx; /* index into snapshot->netns */
	uint32_t ifindex; /* SO_BINDTODEVICE, 0: any */
	uint16_t port;
	uint8_t family; /* AF_INET, AF_INET6 or AF_UNIX, which uses none of the rest but netns */
	bool v6only;
	uint8_t address[16]; /* network order; AF_INET uses the first four */
};

struct listener {
	uint64_t cookie; /* identity together with the namespace; never used again until reboot */
	union {
		uint64_t cgroup_id; /* TCP: cgroup v2 the socket was created in */
		/* UNIX, monotonic: since when its oldest connection is the same; 0: unknown */
		uint64_t first_ns;
	};
	const char *cgroup; /* its path, or NULL */
	const char *interface; /* name of addr.ifindex, or NULL */
	const char *name; /* of a UNIX listener: path or @abstract; NULL: none */
	struct listen_addr addr;
	uint16_t known; /* enum listener_known */
	bool mptcp;
	bool seqpacket; /* a UNIX listener of that type: messages, not a stream */
	uint32_t group; /* index into snapshot->groups; valid after groups_build() */
	uint32_t inode;
	uint32_t uid;
	uint32_t length; /* accept queue: connections waiting for accept(2) */
	uint32_t limit; /* accept queue: min(backlog, somaxconn) when listen(2) was called */
	uint32_t first_owner; /* index into snapshot->owners; all of them stand together */
	uint32_t n_owners; /* by pid, process 1 last; 0: none, if LISTENER_OWNERS */
	uint32_t drops; /* wraps at 2^32, never reset while the socket lives */
	struct peak peak;
};

enum group_known {
	GROUP_WAITING = 1 << 0, /* the waiting connections were dumped */
	GROUP_OLDEST = 1 << 1, /* the age of at least one of them is known */
	GROUP_STAYED = 1 << 2, /* there was a sample before to compare ages with */
	GROUP_CONNECTIONS = 1 << 3, /* what is in its queues was kept, as far as it was dumped */
	/*
	 * The oldest connections that an earlier walk found still wait, and accept(2) takes the
	 * oldest first: oldest_wait_ms is of this sample.
	 */
	GROUP_STANDS = 1 << 4,
	GROUP_SHOWN = 1 << 5, /* there was a walk when the window began, as well */
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
	uint32_t length_max; /* of a member */
	double fill_max; /* of a member, which need not be the same one */
	bool may_stall; /* some member, see listener_may_stall() */
	uint32_t syn_length; /* request socks, Fast Open children left out */
	uint32_t syn_retransmitted; /* of them: SYN-ACK sent more than once */
	uint32_t fastopen; /* un-ACKed Fast Open children, part of the accept queue */
	uint32_t known; /* enum group_known */
	uint32_t waiting; /* visible connections not yet accepted */
	uint32_t waiting_closed; /* of them: the peer has closed */
	uint32_t waiting_mptcp; /* of them: whether it has, only the MPTCP socket knows */
	uint32_t oldest_wait_ms;
	/* With GROUP_STANDS: at most so many were ahead of these, and may have left since. */
	uint32_t ahead;
	uint32_t shown; /* with GROUP_SHOWN: so many waited then */
	uint32_t shown_still; /* and at least so many of them still do */
	uint32_t overdue; /* of the waiting: they have waited for WAIT_LONG_MS or longer */
	/* Of the waiting: at least and at most so many were there at the sample before. */
	uint32_t stayed_min;
	uint32_t stayed_max;
	uint32_t present_min; /* and at least so many when the listeners were dumped */
	uint32_t length_after; /* the least of @length and that just after the dump */
	/* Its slice of snapshot->connections; valid after connections_sort(). */
	uint32_t first_connection;
	uint32_t n_connections;
};

/* What may keep a process from accepting; read only where listener_may_be_sick(). */
enum process_known {
	PROCESS_STATE = 1 << 0,
	PROCESS_OPEN_FDS = 1 << 1, /* kernel 6.2 and later */
	PROCESS_FD_LIMIT = 1 << 2, /* and it has one */
	PROCESS_FROZEN = 1 << 3,
	PROCESS_THROTTLED = 1 << 4, /* its cgroups were read at both ends of the window */
};

/*
 * A process that holds a listener. The texts are the kernel's: any byte but NUL. NULL: unknown, not
 * asked for, or there is none.
 */
struct process {
	const char *comm;
	const char *cgroup; /* path in the cgroup v2 hierarchy, else in systemd's own */
	const char *unit; /* systemd's; from the cgroup */
	const char *container; /* id or name; from the cgroup */
	const char *freezer; /* the file that thaws it, where it is frozen */
	const char *quota; /* the file with the CPU quota that throttled it in the window */
	uint32_t pid;
	uint32_t open_fds; /* descriptors */
	uint32_t fd_limit; /* of them, the soft one: RLIMIT_NOFILE */
	uint8_t known; /* enum process_known */
	char state; /* the letter in /proc/PID/stat: 'T' stopped, 't' by a tracer */
	bool frozen; /* its cgroup, or one above it */
	bool throttled; /* in the window, likewise */
};

/* A tracer stopped it, or it stops at each system call under strace(1). */
static inline bool process_is_traced(const struct process *p)
{
	return p->known & PROCESS_STATE && p->state == 't';
}

/* One descriptor of a listener. */
struct owner {
	uint32_t process; /* index into snapshot->processes */
	uint32_t fd;
};

/* What is in the queues of a group: one connection that waits for accept(2), or a half-open one. */
struct connection {
	uint32_t group; /* index into snapshot->groups */
	uint8_t family; /* of @peer, as of the listener: an IPv4 client of [::] is v4-mapped */
	bool half_open; /* in the SYN queue */
	uint8_t peer[16]; /* network order; AF_INET uses the first four */
	uint16_t peer_port;
	/* Waiting ones. */
	bool has_wait; /* unknown of a Fast Open child that nobody has acknowledged */
	uint32_t wait_ms; /* since the handshake ended */
	/* MPTCP moves data, and its end, from the subflow to a socket that TCP does not dump. */
	bool mptcp; /* the next two are unknown */
	uint32_t unread_bytes;
	bool peer_closed; /* a FIN came */
	/* Half-open ones. */
	uint8_t retransmits; /* of the SYN-ACK */
	uint32_t next_timer_ms; /* to the next one, or to its end */
};

struct netns {
	uint64_t cookie; /* SO_NETNS_COOKIE: never used again until reboot; 0: unknown */
	uint64_t inode; /* of /proc/PID/ns/net; 0: unknown; the kernel reuses it */
	uint64_t serial; /* within a run, tells it from others that had the inode before */
	const char *name; /* NULL: unknown */
	uint32_t pid; /* the oldest process in it; 0: unknown */
	size_t first_listener; /* index of its first one; its others follow */
	struct sysctls sysctls;
	struct counters before; /* read just before the dump */
	struct counters after; /* and just after it */
	uint64_t resets; /* EstabResets just after the waiting connections were dumped */
	bool resets_known;
	uint32_t unattributed_syn_recv; /* request socks whose listener is gone */
	bool one_datagram; /* the dump was not resumed, so that no listener was missed */
	/*
	 * The monotonic_ns of the sample whose walk of the established hash found the half-open
	 * connections, and the waiting ones: this sample, or an earlier one where a walk costs too
	 * much for every sample. What groups know of them, the holder included, is as of then. 0:
	 * unknown, or no queue was looked into.
	 */
	uint64_t syn_recv_ns;
	uint64_t waiting_ns;
	bool failed; /* its listeners could not be dumped */
	bool looked; /* fast samples were taken */
	bool listener_vanished; /* fast sampling saw a listener that the closing sample lacks */
};

/* The accept queue of a UNIX listener that is not among the listeners; only of one with a queue. */
struct unix_queue {
	uint64_t cookie;
	/*
	 * Monotonic: since when its first connection is the same; where that is unknown, since when
	 * it was seen neither empty nor shorter.
	 */
	uint64_t since_ns;
	uint32_t length;
	uint32_t limit;
	uint32_t inode;
	uint32_t first; /* inode of the client whose connection is the oldest; 0: unknown */
};

/* A network namespace that is not among the namespaces. */
struct other_netns {
	/*
	 * Inode of its /proc/PID/net/netstat, as no socket in it could be asked for its cookie. The
	 * kernel may reuse it within a window.
	 */
	uint64_t identity;
	uint64_t overflows; /* ListenOverflows */
};

/* Why data are incomplete: JSON warnings, one line on stderr with a table. */
struct warning {
	const char *code; /* constant, public */
	char *message;
};

enum snapshot_known {
	SNAPSHOT_GROUPS = 1 << 0,
	SNAPSHOT_CONNECTIONS = 1 << 1, /* of the groups with GROUP_CONNECTIONS */
	SNAPSHOT_UNIX = 1 << 2, /* the UNIX listeners are among the listeners */
	SNAPSHOT_ALL_NETNS = 1 << 3, /* every namespace that could be found is among those here */
	SNAPSHOT_UNIX_QUEUES = 1 << 4, /* or else: what is known of UNIX listeners */
	SNAPSHOT_OTHERS = 1 << 5, /* and of other namespaces */
	SNAPSHOT_OTHERS_ALL = 1 << 6, /* n_others_found are all: every process was looked at */
	SNAPSHOT_OTHERS_CUT = 1 << 7, /* some were not read, as that would have cost too much */
	SNAPSHOT_OWNERS_OF_OTHERS = 1 << 8, /* some owners are unknown, as only root sees them */
};

struct snapshot {
	/* snapshot_copy() copies what stands above the arrays; each array has a place in
	 * FOR_ARRAYS. */
	struct timespec wall;
	uint64_t monotonic_ns;
	uint32_t known; /* enum snapshot_known */
	char host[65];
	char boot_id[37]; /* "": unknown */
	uint32_t n_unix; /* UNIX listeners, with SNAPSHOT_UNIX_QUEUES */
	uint32_t n_others_found; /* other namespaces, of which @others are those that were read */

	struct netns *netns;
	size_t n_netns, netns_size;
	struct listener *listeners;
	size_t n_listeners, listeners_size;
	/*
	 * Listeners that were in the sample before or in a look since, and are not in this one.
	 * Where their family is AF_UNSPEC, the sample before has all but length, limit and peak.
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
	struct unix_queue *unix_queues;
	size_t n_unix_queues, unix_queues_size;
	struct other_netns *others;
	size_t n_others, others_size;
	struct warning *warnings;
	size_t n_warnings, warnings_size;

	struct idmap by_cookie; /* index into listeners; see snapshot_id() */
	struct idmap by_addr; /* index into groups */
	struct string_pool
		*strings; /* a reference, or NULL; all texts but the warnings' are there */
};

/*
 * Empties @s, with its strings, and keeps its arrays for the next sample. A zeroed struct is empty.
 */
void snapshot_reset(struct snapshot *s);
void snapshot_free(struct snapshot *s);

/*
 * snapshot_copy() - make @to the same as @from, whose strings it shares. Arrays that have to grow
 * get their exact size. snapshot_find() and groups_lookup() do not know @to.
 */
void snapshot_copy(struct snapshot *to, const struct snapshot *from);

/* The memory that @s takes, but for strings and what only lookups need. */
size_t snapshot_bytes(const struct snapshot *s);

/* Returns the pool of @s, for a source to add texts to; makes one where @s has none yet. */
struct string_pool *snapshot_strings(struct snapshot *s);

/*
 * snapshot_add_netns() - add a zeroed namespace for the caller to fill. first_listener means
 * something where its listeners are added before the next namespace.
 */
struct netns *snapshot_add_netns(struct snapshot *s);

/* Has the namespace any, by its first_listener? */
bool snapshot_has_listeners(const struct snapshot *s, uint32_t netns_idx);

/*
 * Adds a zeroed listener for the caller to fill. Returns NULL when this cookie is there already: a
 * dump that the kernel resumes may repeat an entry.
 */
struct listener *snapshot_add_listener(struct snapshot *s, uint32_t netns_idx, uint64_t cookie);

/* Lets snapshot_find() know listeners that were copied. */
void snapshot_index_listeners(struct snapshot *s);

/* Room for all owners and the processes they are, which the caller then fills. */
void snapshot_size_owners(struct snapshot *s, size_t n_owners, size_t n_processes);

/* Adds a listener that is gone, zeroed but for its namespace and cookie. */
struct listener *snapshot_add_gone(struct snapshot *s, uint32_t netns_idx, uint64_t cookie);

/* Drops all listeners but the first @n, for a dump that has to be taken again. */
void snapshot_drop_listeners(struct snapshot *s, size_t n);

/* Returns the listener with this identity, or NULL. */
const struct listener *snapshot_find(const struct snapshot *s, uint32_t netns_idx, uint64_t cookie);

/* The same, where it is probably at index @guess: samples have them in the same order. */
const struct listener *snapshot_find_near(const struct snapshot *s, uint32_t netns_idx,
					  uint64_t cookie, size_t guess);

/* Adds a warning; one with the same code and text is not repeated. */
void snapshot_warn(struct snapshot *s, const char *code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Removes the warnings with that code. */
void snapshot_retract(struct snapshot *s, const char *code);

/* Adds the warnings of another sample. */
void snapshot_add_warnings(struct snapshot *s, const struct snapshot *other);

/* Is it an IPv4 address in IPv6 form, ::ffff:192.0.2.7? Its last four bytes are that address. */
bool snapshot_is_mapped(uint8_t family, const uint8_t address[16]);

/*
 * netns_id() - the identity of a namespace, the same in every snapshot of a run.
 *
 * Its cookie; inode and serial where the kernel has none (before 5.14). The inode alone does not
 * do: a container that restarts often gets that of the one before.
 */
static inline uint64_t netns_id(const struct netns *ns)
{
	return ns->cookie ? ns->cookie : ns->inode ^ ns->serial << 32;
}

/* How long before the sample @taken_ns was; 0 where that is unknown. */
static inline uint64_t snapshot_age(const struct snapshot *s, uint64_t taken_ns)
{
	return taken_ns ? s->monotonic_ns - taken_ns : 0;
}

/* The kernel lets in so many: it drops when length > limit (sk_acceptq_is_full(), sock.h). */
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

/* From this fill on a queue is watched closely and its state is "high". */
#define FILL_HIGH 0.8

/* A server that is busy with one connection makes the next wait, but seldom so long. */
#define WAIT_LONG_MS 3000

/* @length / capacity: 1.0 exactly when the kernel drops the next SYN; may exceed 1. */
static inline double listener_ratio(const struct listener *l, uint32_t length)
{
	return (double)length / (double)listener_capacity(l);
}

static inline double listener_fill(const struct listener *l)
{
	return listener_ratio(l, l->length);
}

/*
 * May its state be worse than ok, by its accept queue alone? What costs something for each such
 * listener is done for these, before their states are known.
 */
static inline bool listener_may_be_sick(const struct listener *l)
{
	return l->length || (l->known & LISTENER_PEAK &&
			     (l->peak.full || listener_ratio(l, l->peak.length) >= FILL_HIGH));
}

/*
 * Is it possible that nothing was taken off its accept queue since the sample before? Then its
 * waiting connections are read, however much room is left.
 */
static inline bool listener_may_stall(const struct listener *l)
{
	return l->length && (!(l->known & LISTENER_PEAK) || (l->peak.lowest && !l->peak.fell));
}

#endif

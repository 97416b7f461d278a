/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_UNIX_LISTENERS_H
#define LISTENQ_COLLECT_UNIX_LISTENERS_H

#include "base/idmap.h"
#include "collect/netlink.h"
#include "model/snapshot.h"

/*
 * unix_diag: listening UNIX sockets over netlink.
 *
 * Cost in the kernel: a dump walks all UNIX sockets of the namespace, before 6.0 of all namespaces.
 */

/* The size of sun_path. A path that fills it gets one NUL more (unix_mkname_bsd(), af_unix.c). */
#define UNIX_NAME_MAX 108

/* One listening socket of a dump. */
struct unix_record {
	uint64_t cookie;
	uint32_t inode;
	uint32_t uid;
	uint32_t rqueue; /* connections that wait for accept(2) */
	uint32_t wqueue; /* their limit */
	bool has_uid; /* kernel 5.3 and later */
	uint8_t type; /* SOCK_STREAM or SOCK_SEQPACKET */
	uint8_t name_len; /* 0: unnamed */
	char name[UNIX_NAME_MAX]; /* not terminated; an abstract name begins with NUL */
};

/* Called for each listening socket. */
typedef void (*unix_handler)(const struct unix_record *record, void *context);

/*
 * unix_diag_dump() - call @handler for each listening UNIX socket of the netlink socket's
 * namespace.
 * @whole: dump name and uid as well; otherwise only cookie, inode and queue
 *
 * Returns 0 or -errno with @why filled; netlink_again() decides whether to repeat the dump.
 */
int unix_diag_dump(struct netlink_socket *socket, bool whole, unix_handler handler, void *context,
		   struct error *why);

/* The same for one datagram of a dump, as netlink_parse(). A socket without a queue is skipped. */
int unix_diag_parse(const void *bytes, size_t len, uint32_t sequence, unix_handler handler,
		    void *context);

/*
 * unix_listeners_add() - add the UNIX listeners of the netlink socket's namespace to @s.
 *
 * Returns false when they could not be dumped, and adds a warning.
 */
bool unix_listeners_add(struct netlink_socket *netlink, struct snapshot *s, uint32_t netns_idx);

/* Asks the kernel for one listener, without a dump. Returns false also where that fails. */
bool unix_listener_is_gone(struct netlink_socket *netlink, uint32_t inode, uint64_t cookie);

/*
 * The accept queues of UNIX listeners, and since when each has not moved. UNIX sockets have no
 * counters and no ages. But the kernel shows which connection is the first in a queue, and
 * accept(2) takes the first: while it stays the same, none was accepted. Where the first is
 * unknown, extra looks between samples show whether the queue gets shorter.
 *
 * A zeroed struct with @due_ns of UINT64_MAX is ready.
 */
struct unix_queues {
	struct unix_queue *list; /* queues with a connection, at the last look */
	size_t n, size;
	struct unix_queue *before; /* at the look before that */
	size_t n_before, before_size;
	struct idmap by_cookie; /* index into @before */
	struct idmap seen; /* index into @list */
	uint32_t n_listeners; /* with and without a connection, at the last look */
	uint64_t begin_ns; /* monotonic, when the last look began */
	uint64_t due_ns; /* when the next look is due; UINT64_MAX: with the next sample */
	int failed; /* 0, or -errno of a dump */
	int unread; /* 0, or the -errno for which the first connection of a queue is unknown */
};

void unix_queues_free(struct unix_queues *q);

/*
 * unix_queues_resume() - before the first look, take over the queues of a sample that another run
 * took in this boot: those whose first connection it knows.
 */
void unix_queues_resume(struct unix_queues *q, const struct snapshot *s);

/* Take a look: begin, add each namespace, and end, which sets when the next look is due. */
void unix_queues_begin(struct unix_queues *q, uint64_t now_ns);
void unix_queues_add(struct unix_queues *q, struct netlink_socket *netlink);
void unix_queues_end(struct unix_queues *q, uint64_t now_ns);

/*
 * unix_queues_take() - in place of unix_queues_add(), take the listeners of the namespace from @s
 * and fill in their first_ns. No look is due between samples: fast samples see these listeners.
 */
void unix_queues_take(struct unix_queues *q, struct netlink_socket *netlink, struct snapshot *s,
		      uint32_t netns_idx);

/* Adds the queues of the last look to @s, unless it failed. */
void unix_queues_fill(const struct unix_queues *q, struct snapshot *s);

#endif

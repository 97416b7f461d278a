/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_UNIX_LISTENERS_H
#define LISTENQ_COLLECT_UNIX_LISTENERS_H

#include "base/idmap.h"
#include "collect/netlink.h"
#include "model/snapshot.h"

/*
 * unix_diag: listening UNIX sockets over netlink.
 *
 * Cost in the kernel: it walks all UNIX sockets of the namespace (before 6.0, of all namespaces)
 * and reports those that listen.
 */

/* sun_path; a path that fills it gets a NUL behind it (unix_mkname_bsd(), af_unix.c). */
#define UNIX_NAME_MAX 108

/* One listening socket of a dump, decoded. */
struct unix_record {
	uint64_t cookie;
	uint32_t inode;
	uint32_t uid;
	uint32_t rqueue; /* connections that wait for accept(2) */
	uint32_t wqueue; /* their limit */
	bool has_uid; /* kernel 5.3 and later */
	uint8_t type; /* SOCK_STREAM or SOCK_SEQPACKET */
	uint8_t name_len; /* 0: unnamed */
	char name[UNIX_NAME_MAX]; /* any bytes, not terminated; an abstract one begins with NUL */
};

/* Called for each listening socket. */
typedef void (*unix_handler)(const struct unix_record *record, void *context);

/*
 * unix_diag_dump() - hand every listening UNIX socket of the socket's namespace to @handler.
 * @whole: with name and uid; otherwise cookie, inode and queue alone
 *
 * Returns 0 or -errno with @why filled. Where
 * netlink_again() says so the caller starts over.
 */
int unix_diag_dump(struct netlink_socket *socket, bool whole, unix_handler handler, void *context,
		   struct error *why);

/*
 * unix_diag_parse() - hand the listening sockets in one datagram of a dump to @handler; otherwise
 * as diag_parse(). One without a queue is skipped.
 */
int unix_diag_parse(const void *bytes, size_t len, uint32_t sequence, unix_handler handler,
		    void *context);

/*
 * unix_listeners_add() - add the UNIX listeners of the netlink socket's namespace to @s.
 *
 * Returns false when they cannot be had, which becomes a warning.
 */
bool unix_listeners_add(struct netlink_socket *netlink, struct snapshot *s, uint32_t netns_idx);

/* unix_listener_is_gone() - false also when that cannot be known. One look-up, no dump. */
bool unix_listener_is_gone(struct netlink_socket *netlink, uint32_t inode, uint64_t cookie);

/*
 * Which accept queues of UNIX listeners do not move; of those that nobody asked to see also how
 * many there are. UNIX sockets have no counters and no ages. But the kernel says whose connection
 * is the first in a queue, and accept(2) takes that one: while it is the same, none was accepted.
 * Where the first is unknown, only looking often shows that a queue moves: such a queue is looked
 * at between samples.
 *
 * A zeroed struct with @due_ns of UINT64_MAX is ready.
 */
struct unix_queues {
	struct unix_queue *list; /* as of the last look */
	size_t n, size;
	struct unix_queue *before; /* as of the look before it */
	size_t n_before, before_size;
	struct idmap by_cookie; /* index into @before */
	struct idmap seen; /* index into @list */
	uint32_t n_listeners; /* of this look */
	uint64_t begin_ns; /* monotonic, of this look */
	uint64_t due_ns; /* when the next one is due; UINT64_MAX: with the next sample */
	bool failed;
};

void unix_queues_free(struct unix_queues *q);

/* A look: begin, add each namespace, and end, which sets when the next one is due. */
void unix_queues_begin(struct unix_queues *q, uint64_t now_ns);
void unix_queues_add(struct unix_queues *q, struct netlink_socket *netlink);
void unix_queues_end(struct unix_queues *q, uint64_t now_ns);

/*
 * unix_queues_take() - the same as unix_queues_add() where the listeners of the namespace are in
 * @s already: they get first_ns. No look is due between samples then: fast samples look at them.
 */
void unix_queues_take(struct unix_queues *q, struct netlink_socket *netlink, struct snapshot *s,
		      uint32_t netns_idx);

/* Puts what the last look saw into @s; where it failed that stays unknown. */
void unix_queues_fill(const struct unix_queues *q, struct snapshot *s);

#endif

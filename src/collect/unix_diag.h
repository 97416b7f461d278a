/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_UNIX_DIAG_H
#define LISTENQ_COLLECT_UNIX_DIAG_H

#include "collect/netlink.h"

/*
 * unix_diag: listening UNIX sockets over netlink.
 *
 * Cost in the kernel: it walks all UNIX sockets of the namespace (before 6.0, of all namespaces)
 * and tells of those that listen.
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

/* Called for each listening socket; a negative return ends the dump with that value. */
typedef int (*unix_handler)(const struct unix_record *record, void *context);

/*
 * unix_diag_dump() - hand every listening UNIX socket of the socket's namespace to @handler.
 * @whole: with name and uid; otherwise cookie, inode and queue alone
 *
 * Returns 0, the handler's negative value, or -errno with @why filled. Where
 * netlink_again() says so the caller starts over.
 */
int unix_diag_dump(struct netlink_socket *socket, bool whole, unix_handler handler, void *context,
		   struct error *why);

/*
 * unix_diag_first() - who is the next that accept(2) takes off the queue of a listener.
 * @first: inode of the client's socket; 0: the queue is empty, or the client has closed it
 *
 * One look-up, no dump. Returns 0 or -errno.
 */
int unix_diag_first(struct netlink_socket *socket, uint32_t inode, uint64_t cookie,
		    uint32_t *first);

/*
 * unix_diag_parse() - hand the listening sockets in one datagram of a dump to @handler; otherwise
 * as diag_parse(). One that does not tell its queue is skipped.
 */
int unix_diag_parse(const void *bytes, size_t len, uint32_t sequence, unix_handler handler,
		    void *context);

#endif

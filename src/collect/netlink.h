/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_NETLINK_H
#define LISTENQ_COLLECT_NETLINK_H

#include "base/error.h"
#include "collect/enter.h"

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Netlink sockets of the family sock_diag: requests and replies. The only user of libmnl. */

/* A netlink socket reads the namespace that it was opened in. */
struct netlink_socket;

/* The payload and the value are copied before netlink_dump() returns. */
struct netlink_request {
	const void *payload;
	size_t payload_len;
	const void *value; /* of the attribute */
	size_t value_len; /* together with its header it must fit into 16 bits */
	uint16_t type; /* of the message */
	uint16_t attribute; /* 0: none */
};

/*
 * Called for each message of a reply that carries data, whatever its type. @payload is aligned for
 * a struct nlmsghdr and valid until the handler returns.
 */
typedef void (*netlink_handler)(uint16_t type, const void *payload, size_t len, void *context);

/*
 * netlink_open() - open a sock_diag socket in a namespace.
 * @netns_fd: a descriptor that stays open as long as the socket, or NETNS_HOME
 *
 * Returns 0 or -errno with @why filled; then @socket does not change.
 */
int netlink_open(struct netlink_socket **socket, int netns_fd, struct error *why);
void netlink_close(struct netlink_socket *socket);

/* The descriptor, for an ioctl in the socket's namespace. netlink_again() may change it. */
int netlink_fd(const struct netlink_socket *socket);

/*
 * netlink_dump() - send a request for a dump and call @handler for each message of the reply.
 * Datagrams that the kernel did not send are ignored.
 *
 * Returns 0 or -errno, see netlink_explain(). -ETIMEDOUT: the kernel sent nothing for ten seconds.
 */
int netlink_dump(struct netlink_socket *socket, const struct netlink_request *request,
		 netlink_handler handler, void *context);

/*
 * netlink_ask() - send a request for one object and call @handler for the reply.
 *
 * Returns as netlink_dump() does; -ENOENT or -ESTALE: there is no such object.
 */
int netlink_ask(struct netlink_socket *socket, const struct netlink_request *request,
		netlink_handler handler, void *context);

/*
 * netlink_again() - decide whether to repeat a dump that returned @code. After a dump that was lost
 * half-way, a new socket replaces the old one, which would answer -EBUSY. Dump errors of this kind:
 * -ENOBUFS (the kernel had no memory), -EMSGSIZE (a truncated message; the buffer is larger now),
 * -EBUSY (an earlier dump on this socket was lost).
 * @tries: how many dumps were made, 0 before the first; counted here
 *
 * Returns true when the caller should forget what the lost dump has shown, and repeat it.
 */
bool netlink_again(struct netlink_socket *socket, int code, unsigned int *tries);

/* How many datagrams with sockets the last netlink_dump() received. */
unsigned int netlink_datagrams(const struct netlink_socket *socket);

/*
 * netlink_explain() - explain why a dump failed, and what to do.
 * @sockets: what should have been dumped, such as "TCP sockets"
 * @module: the kernel module that serves the dump
 *
 * Fills @why and returns @code.
 */
int netlink_explain(int code, const char *sockets, const char *module, struct error *why);

/*
 * netlink_parse() - call @handler for each message in one datagram of a dump.
 * @bytes: any bytes, aligned for a struct nlmsghdr; no payload reaches beyond their end
 * @sequence: of the request; messages with another number are skipped
 *
 * Returns 1 when more datagrams follow, 0 at the end of the dump, or the -errno in an error message
 * or at the end of the dump.
 */
int netlink_parse(const void *bytes, size_t len, uint32_t sequence, netlink_handler handler,
		  void *context);

/*
 * netlink_attribute() - read the header of the attribute at @at, in a loop that advances by
 * NLA_ALIGN(a->nla_len). libmnl's own loop makes five calls for each attribute, which takes a tenth
 * of the time of a report of many listeners.
 *
 * Returns false at the end, or when no whole attribute is left.
 */
static inline bool netlink_attribute(struct nlattr *a, const unsigned char *at,
				     const unsigned char *end)
{
	if (at >= end || (size_t)(end - at) < sizeof(*a))
		return false;
	memcpy(a, at, sizeof(*a));
	return a->nla_len >= sizeof(*a) && a->nla_len <= (size_t)(end - at);
}

#endif

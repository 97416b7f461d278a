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

/*
 * Dumps over netlink, of the family sock_diag, whatever is in them. The only file that knows
 * libmnl.
 */

/* A netlink socket belongs to the namespace it was opened in and goes on reading that one. */
struct netlink_socket;

/* Payload and value are copied; they may be gone once netlink_dump() has returned. */
struct netlink_request {
	const void *payload;
	size_t payload_len;
	const void *value; /* of the attribute */
	size_t value_len; /* with its header it has to fit into 16 bits */
	uint16_t type; /* of the message */
	uint16_t attribute; /* 0: none */
};

/*
 * Called for each message of a dump that carries data, of whatever type. @payload is aligned for a
 * struct nlmsghdr, and good until the handler returns.
 */
typedef void (*netlink_handler)(uint16_t type, const void *payload, size_t len, void *context);

/*
 * netlink_open() - a sock_diag socket in a namespace.
 * @netns_fd: a descriptor, which has to stay open as long as the socket, or NETNS_HOME
 *
 * Returns 0 or -errno with @why filled; @socket is then as it was.
 */
int netlink_open(struct netlink_socket **socket, int netns_fd, struct error *why);
void netlink_close(struct netlink_socket *socket);

/*
 * netlink_reopen() - the same on a new socket, for when a dump was lost half-way: the old one would
 * answer -EBUSY. Returns 0 or -errno with @why filled; the old socket then stays.
 */
int netlink_reopen(struct netlink_socket *socket, struct error *why);

/* The descriptor, for an ioctl in the socket's namespace. It changes with netlink_reopen(). */
int netlink_fd(const struct netlink_socket *socket);

/*
 * netlink_dump() - send one request for a dump and hand every message of the reply to @handler.
 *
 * Only what the kernel itself sent is looked at; -ETIMEDOUT: it kept silent for ten seconds.
 *
 * Returns 0 or -errno, for which netlink_explain() has words.
 */
int netlink_dump(struct netlink_socket *socket, const struct netlink_request *request,
		 netlink_handler handler, void *context);

/*
 * netlink_ask() - send one request for one object, and hand the reply to @handler.
 *
 * Returns what netlink_dump() does; -ENOENT and -ESTALE: there is no such object.
 */
int netlink_ask(struct netlink_socket *socket, const struct netlink_request *request,
		netlink_handler handler, void *context);

/*
 * Was the dump lost half-way: -ENOBUFS (the kernel had no room), -EMSGSIZE (a truncated message;
 * the buffer has grown), -EBUSY (an earlier dump on this socket was)?
 */
bool netlink_lost(int code);

/*
 * netlink_again() - is a dump that returned @code to be made again? It is while it is lost
 * half-way, but not for ever: a host where that fails too is reported as such. A lost one leaves a
 * new socket.
 * @tries: so many so far, 0 at first; counted here
 *
 * The caller forgets what came of the lost one.
 */
bool netlink_again(struct netlink_socket *socket, int code, unsigned int *tries);

/* Into how many datagrams the kernel cut the last netlink_dump(), the mere end not counted. */
unsigned int netlink_datagrams(const struct netlink_socket *socket);

/*
 * netlink_explain() - why a dump failed, and what to do about it.
 * @sockets: what was to be dumped, as in "TCP sockets"
 * @module: of the kernel that serves the dump
 *
 * Fills @why and returns @code.
 */
int netlink_explain(int code, const char *sockets, const char *module, struct error *why);

/*
 * netlink_parse() - hand the messages in one datagram of a dump to @handler.
 * @bytes: aligned for a struct nlmsghdr
 * @sequence: of the request; messages of another are skipped
 *
 * Whatever the bytes are, no payload reaches beyond their end.
 *
 * Returns 1 when more datagrams follow, 0 at the end of the dump, or the -errno that the kernel put
 * in an error or in the end of the dump.
 */
int netlink_parse(const void *bytes, size_t len, uint32_t sequence, netlink_handler handler,
		  void *context);

/*
 * netlink_attribute() - the header of the netlink attribute at @at, for a loop that goes on by
 * NLA_ALIGN(a->nla_len).
 *
 * libmnl's walk is five calls for each attribute, and a socket has six of them: a tenth of the time
 * that a report of many listeners takes. Hence our own.
 *
 * Returns false at the end, or when what is left is not a whole attribute.
 */
static inline bool netlink_attribute(struct nlattr *a, const unsigned char *at,
				     const unsigned char *end)
{
	if (at >= end || (size_t)(end - at) < sizeof(*a))
		return false;
	memcpy(a, at, sizeof(*a));
	return a->nla_len >= NLA_HDRLEN && a->nla_len <= (size_t)(end - at);
}

#endif

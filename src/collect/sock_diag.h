/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_SOCK_DIAG_H
#define LISTENQ_COLLECT_SOCK_DIAG_H

#include "base/error.h"
#include "collect/bytecode.h"
#include "collect/enter.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * inet_diag: TCP sockets over netlink.
 *
 * Cost in the kernel: a dump of LISTEN alone walks the listeners of the namespace, which takes
 * about 0.1 ms on an ordinary host. A dump of any other state walks the established hash of all
 * namespaces: 0.4 ms when it is empty, 70 ms with 180,000 sockets. A filter makes the output
 * shorter, not the walk.
 */

struct netlink_socket;

enum diag_state {
	DIAG_ESTABLISHED = 1,
	DIAG_SYN_RECV = 3,
	DIAG_CLOSE_WAIT = 8,
	DIAG_LISTEN = 10,
};

enum diag_known {
	DIAG_DROPS = 1 << 0,
	DIAG_V6ONLY = 1 << 1,
	DIAG_CGROUP_ID = 1 << 2,
	DIAG_MPTCP = 1 << 3,
	DIAG_LAST_DATA_SENT = 1 << 4,
	DIAG_ADDRESS = 1 << 5, /* before 4.1: the cookie is made of the address of the socket */
};

/* One socket of a dump. Numbers are in host order, addresses in network order. */
struct diag_record {
	uint64_t cookie; /* of DIAG_ADDRESS not as the kernel has it */
	uint64_t cgroup_id;
	uint32_t known; /* enum diag_known */
	uint32_t rqueue;
	uint32_t wqueue;
	uint32_t uid;
	uint32_t inode;
	uint32_t ifindex;
	uint32_t drops;
	uint32_t
		last_data_sent_ms; /* ago; since the handshake for a socket that has sent nothing */
	uint32_t expires_ms; /* until the next timer */
	uint16_t local_port;
	uint16_t peer_port;
	uint8_t local[16]; /* AF_INET uses the first four bytes */
	uint8_t peer[16];
	uint8_t family;
	uint8_t state; /* enum diag_state */
	uint8_t retransmits;
	bool request_sock; /* in SYN_RECV, and not a Fast Open child */
	bool v6only;
	bool mptcp;
};

/* Fills in a TCP listener from a LISTEN dump, except its namespace and cookie. */
void diag_fill_listener(struct listener *l, const struct diag_record *record);

/* Called for each socket of a dump. */
typedef void (*diag_handler)(const struct diag_record *record, void *context);

enum diag_ext {
	DIAG_EXT_MEMINFO = 1 << 0, /* for drops */
	DIAG_EXT_INFO = 1 << 1, /* for last_data_sent_ms and mptcp; locks sockets not in LISTEN */
};

struct diag_request {
	uint32_t states; /* bits 1 << enum diag_state. Since 6.8, ~0 also means bound sockets */
	unsigned int ext; /* enum diag_ext */
	uint8_t family; /* AF_UNSPEC: both */
	const struct bytecode *filter; /* NULL: all sockets */
};

/* A sock_diag socket reads the namespace that it was opened in. */
struct diag_socket;

/*
 * diag_open() - open a sock_diag socket in a namespace.
 * @netns_fd: a descriptor that stays open as long as the socket, or NETNS_HOME (enter.h)
 *
 * Returns 0 or -errno with @why filled.
 */
int diag_open(struct diag_socket **socket, int netns_fd, struct error *why);
void diag_close(struct diag_socket *socket);

/*
 * diag_dump() - call @handler for each socket that matches the request.
 *
 * With AF_UNSPEC, the legacy request (TCPDIAG_GETSOCK) dumps both families in one walk of the hash.
 * Where the kernel refuses it, two requests of the type SOCK_DIAG_BY_FAMILY replace it.
 *
 * Returns 0 or -errno with @why filled; netlink_again() decides whether to repeat the dump.
 */
int diag_dump(struct diag_socket *socket, const struct diag_request *request, diag_handler handler,
	      void *context, struct error *why);

/*
 * diag_find() - read one connection of an earlier dump again, with DIAG_EXT_INFO. The kernel looks
 * it up by its addresses, without a walk of the hash, and compares the cookie.
 * @record: filled
 *
 * Returns 0, -ENOENT when the connection is gone, or another -errno.
 */
int diag_find(struct diag_socket *socket, const struct diag_record *connection,
	      struct diag_record *record);

/* The netlink socket that it uses: for dumps of other families, and for netlink_again(). */
struct netlink_socket *diag_netlink(struct diag_socket *socket);

/* A walk lets go of a chain of the hash after so many sockets (SKARR_SZ, 4.10 and later). */
#define DIAG_CHUNK 16

/* How many datagrams the last dump had. If it was one, the walk was not interrupted. */
unsigned int diag_datagrams(const struct diag_socket *socket);

/*
 * diag_interface() - get the name of a device in the namespace of the socket.
 * @name: IFNAMSIZ bytes
 *
 * Returns 0 or -errno (-ENODEV: gone).
 */
int diag_interface(struct diag_socket *socket, uint32_t ifindex, char *name);

/* Returns the index of a device in the namespace of the socket, or 0 when there is none. */
uint32_t diag_ifindex(struct diag_socket *socket, const char *name);

/*
 * diag_parse() - call @handler for each socket in one datagram of a dump. Messages that are too
 * short or of an unknown type are skipped; otherwise as netlink_parse().
 */
int diag_parse(const void *bytes, size_t len, uint32_t sequence, diag_handler handler,
	       void *context);

#endif

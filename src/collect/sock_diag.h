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
 * Cost in the kernel: a dump of LISTEN alone walks the listeners of the
 * namespace, about 0.1 ms on an ordinary host. Any other state walks the whole
 * established hash, which all namespaces share: 0.4 ms when it is empty, 70 ms
 * with 180,000 sockets. Filters cut the output, not the walk.
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
};

/* One socket of a dump, decoded: numbers in host order, addresses in network order. */
struct diag_record {
	uint64_t cookie;
	uint64_t cgroup_id;
	uint32_t known; /* enum diag_known */
	uint32_t rqueue;
	uint32_t wqueue;
	uint32_t uid;
	uint32_t inode;
	uint32_t ifindex;
	uint32_t drops;
	uint32_t last_data_sent_ms; /* since the handshake ended, for a socket that sent nothing */
	uint32_t expires_ms; /* to the next timer */
	uint16_t local_port;
	uint16_t peer_port;
	uint8_t local[16]; /* AF_INET uses the first four bytes */
	uint8_t peer[16];
	uint8_t family;
	uint8_t state; /* enum diag_state */
	uint8_t retransmits;
	bool request_sock; /* SYN_RECV: a request sock, not a Fast Open child */
	bool v6only;
	bool mptcp;
};

/* Fills in what a LISTEN dump says of a TCP listener; its namespace and cookie stay. */
void diag_fill_listener(struct listener *l, const struct diag_record *record);

/* Called for each socket of a dump. */
typedef void (*diag_handler)(const struct diag_record *record, void *context);

enum diag_ext {
	DIAG_EXT_MEMINFO = 1 << 0, /* ask for drops */
	/* Ask for last_data_sent_ms and mptcp; locks each socket that is not LISTEN. */
	DIAG_EXT_INFO = 1 << 1,
};

struct diag_request {
	uint32_t states; /* bits 1 << enum diag_state; named, as ~0 adds bound sockets since 6.8 */
	unsigned int ext;
	int family; /* AF_UNSPEC: both, in one dump where the kernel can */
	const struct bytecode *filter; /* NULL: all sockets */
};

/* A sock_diag socket belongs to the namespace it was opened in and goes on reading that one. */
struct diag_socket;

/*
 * diag_open() - a sock_diag socket in a namespace.
 * @netns_fd: a descriptor, which has to stay open as long as the socket, or NETNS_HOME (enter.h)
 *
 * Returns 0 or -errno with @why filled.
 */
int diag_open(struct diag_socket **socket, int netns_fd, struct error *why);
void diag_close(struct diag_socket *socket);

/*
 * diag_dump() - send one request and hand every socket of the reply to @handler.
 *
 * With AF_UNSPEC the legacy request (TCPDIAG_GETSOCK) serves both families in one
 * walk of the hash; where it is refused, SOCK_DIAG_BY_FAMILY asks twice.
 *
 * Returns 0 or -errno with @why filled. Where netlink_again()
 * says so the caller forgets what it got and starts over.
 */
int diag_dump(struct diag_socket *socket, const struct diag_request *request, diag_handler handler,
	      void *context, struct error *why);

/*
 * diag_find() - ask for one connection of an earlier dump, with what DIAG_EXT_INFO adds. The kernel
 * looks it up by its addresses in the established hash, and does not walk that. Its cookie says
 * whether it is still the same.
 * @record: filled in
 *
 * Returns 0, -ENOENT when it is gone, or another -errno.
 */
int diag_find(struct diag_socket *socket, const struct diag_record *connection,
	      struct diag_record *record);

/* The netlink socket below: for dumps of other families, and for netlink_again(). */
struct netlink_socket *diag_netlink(struct diag_socket *socket);

/* Into how many datagrams the kernel cut the last dump: one is a consistent walk. */
unsigned int diag_datagrams(const struct diag_socket *socket);

/*
 * diag_interface() - name of an interface in the namespace of the socket.
 * @name: IFNAMSIZ bytes
 *
 * Returns 0 or -errno (-ENODEV: gone).
 */
int diag_interface(struct diag_socket *socket, uint32_t ifindex, char *name);

/* Index of a device in the namespace of the socket; 0: there is none. */
uint32_t diag_ifindex(struct diag_socket *socket, const char *name);

/*
 * diag_parse() - hand the sockets in one datagram of a dump to @handler.
 * @bytes: aligned for a struct nlmsghdr
 * @sequence: of the request; messages of another are skipped
 *
 * What they are does not matter: what is too short or unknown is skipped.
 *
 * Returns 1 when more datagrams follow, 0 at the end of the dump, or the -errno that the kernel put
 * in an error or in the end of the dump.
 */
int diag_parse(const void *bytes, size_t len, uint32_t sequence, diag_handler handler,
	       void *context);

#endif

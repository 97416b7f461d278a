/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_CHILDREN_H
#define LISTENQ_COLLECT_CHILDREN_H

#include "collect/sock_diag.h"
#include "model/snapshot.h"

/*
 * Sockets that listeners created: half-open ones (SYN_RECV) and connections that wait in an accept
 * queue. They are kept as they come and given to their listeners when all listeners are known.
 */
struct child {
	struct bound local;
	uint32_t last_data_sent_ms;
	uint8_t state; /* enum diag_state */
	uint8_t retransmits;
	bool request_sock;
	bool has_age;
	bool link_local; /* its peer is, so that it has a device whatever its listener has */
};

struct children {
	struct child *list;
	size_t n, size;
	struct connection *connections; /* what a report shows of each, its group left out */
	size_t connections_size;
	bool keeps_connections; /* otherwise there are none */
	struct idmap by_cookie;
	int root; /* descriptor of the directory that holds proc/ */
	int netns; /* the namespace that they are in, see enter_run() */
	bool l3mdev_asked; /* since the last reset */
	bool l3mdev_accept; /* the sysctl: listeners without a device serve all VRFs */
};

/* When the listeners were dumped, in monotonic nanoseconds. */
struct dump_time {
	uint64_t begin_ns; /* 0: there was no dump */
	uint64_t end_ns;
};

/* As many ports are looked into at most: a filter of 16 KiB. */
#define CHILDREN_PORTS_MAX 1024

/* Forgets all. @keep_connections: who the peers are is wanted of those to come. */
void children_reset(struct children *c, bool keep_connections);
void children_free(struct children *c);

/* Adds the socket unless the dump has shown it before. */
void children_add(struct children *c, uint32_t netns, const struct diag_record *r);

/*
 * children_want_connections() - have each connection of these groups of namespace @netns put into
 * the snapshot, by the two functions below. The groups are made already.
 * @port: of their listeners, 0: any
 */
void children_want_connections(struct snapshot *s, uint32_t netns, uint16_t port);

/*
 * children_count_syn_recv() - fill the SYN queues of the groups of namespace @netns, and count the
 * requests whose listener is gone.
 * @fresh: they were dumped with the listeners. Of an older dump only request socks count: what has
 *         become of Fast Open children since is not known
 */
void children_count_syn_recv(struct children *c, struct snapshot *s, uint32_t netns, bool fresh);

/* Which queues children_dump_waiting() looks into, and what it compares ages with. */
struct waiting_request {
	uint32_t netns;
	bool high; /* groups with a listener at FILL_HIGH and above */
	bool all; /* every group with a queue; otherwise those with GROUP_CONNECTIONS are added */
	bool fast_open; /* count un-ACKed Fast Open children, which no fresh SYN_RECV dump did */
	/* When the listeners were dumped for the sample before; zeros: there was none. */
	struct dump_time before;
	struct dump_time now; /* the same for this sample */
};

/* Is there a queue that children_dump_waiting() would look into? */
bool children_want_waiting(const struct snapshot *s, const struct waiting_request *wanted);

/*
 * children_dump_waiting() - dump the connections that wait to be accepted and tell their groups how
 * many there are, how many of their peers have closed, and the age of the oldest.
 *
 * An age is tcpi_last_data_sent: set when the handshake ends, and a socket that nobody has accepted
 * sends nothing. Ages tell which connections were there already at the sample before. Connections
 * reset by their peer stay in the queue but are in no dump.
 *
 * Returns 0 or -errno with @why filled.
 */
int children_dump_waiting(struct children *c, struct diag_socket *diag, struct snapshot *s,
			  const struct waiting_request *wanted, struct error *why);

#endif

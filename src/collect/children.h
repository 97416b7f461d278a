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
	struct idmap by_cookie;
	int root; /* descriptor of the directory that holds proc/ */
	bool l3mdev_asked; /* since the last reset */
	bool l3mdev_accept; /* the sysctl: listeners without a device serve all VRFs */
};

/* When the listeners were dumped, in monotonic nanoseconds. */
struct dump_time {
	uint64_t begin_ns; /* 0: there was no dump */
	uint64_t end_ns;
};

void children_reset(struct children *c);
void children_free(struct children *c);

/* Adds the socket unless the dump has shown it before. */
void children_add(struct children *c, uint32_t netns, const struct diag_record *r);

/*
 * children_count_syn_recv() - fill the SYN queues of the groups of namespace @netns, and count the
 * requests whose listener is gone.
 */
void children_count_syn_recv(struct children *c, struct snapshot *s, uint32_t netns);

/*
 * children_dump_waiting() - dump the connections that wait to be accepted and tell their groups how
 * many there are, how many of their peers have closed, and the age of the oldest.
 * @all: every group with a queue; otherwise only those with a listener at FILL_HIGH and above
 *
 * An age is tcpi_last_data_sent: set when the handshake ends, and a socket that nobody has accepted
 * sends nothing. Connections reset by their peer stay in the queue but are in no dump.
 *
 * @before: when the listeners were dumped for the sample before; ages tell which connections were
 *          there already. Unknown without it
 * @now: the same for this sample
 *
 * Returns 0 or -errno with @why filled.
 */
int children_dump_waiting(struct children *c, struct diag_socket *diag, struct snapshot *s,
			  uint32_t netns, bool all, const struct dump_time *before,
			  const struct dump_time *now, struct error *why);

#endif

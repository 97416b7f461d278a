/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_CHILDREN_H
#define LISTENQ_COLLECT_CHILDREN_H

#include "collect/sock_diag.h"
#include "model/snapshot.h"

/*
 * Sockets that listeners created: half-open ones (SYN_RECV) and connections that wait in an accept
 * queue. They are kept as they come and given to their listeners when all listeners are known.
 */
struct children {
	struct diag_record *list;
	size_t n, size;
	struct idmap by_cookie;
	int root; /* descriptor of the directory that holds proc/ */
	int netns_fd; /* the namespace that they are in, see enter_run() */
	bool l3mdev_asked; /* since the last reset */
	bool l3mdev_accept; /* the sysctl: listeners without a device serve all VRFs */
};

/* Forgets all. */
void children_reset(struct children *c);
void children_free(struct children *c);

/* Adds the socket unless the dump has shown it before. */
void children_add(struct children *c, const struct diag_record *r);

/* The group of namespace @netns_idx that the @i-th child belongs to; NULL: its listener is gone. */
struct group *children_group(struct children *c, size_t i, struct snapshot *s, uint32_t netns_idx);

/*
 * children_want_connections() - have each connection of these groups of namespace @netns_idx put
 * into the snapshot, by children_give_connection(). The groups are made already.
 * @port: of their listeners, 0: any
 */
void children_want_connections(struct snapshot *s, uint32_t netns_idx, uint16_t port);

/* Puts the @i-th child into the snapshot as a connection of @g, where that is wanted. */
void children_give_connection(const struct children *c, size_t i, struct snapshot *s,
			      const struct group *g);

/*
 * children_count_syn_recv() - fill the SYN queues of the groups of namespace @netns_idx with
 * request socks, and count those whose listener is gone.
 */
void children_count_syn_recv(struct children *c, struct snapshot *s, uint32_t netns_idx);

#endif

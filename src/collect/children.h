/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_CHILDREN_H
#define LISTENQ_COLLECT_CHILDREN_H

#include "collect/sock_diag.h"
#include "model/snapshot.h"

/*
 * Sockets that listeners created in one namespace: half-open ones (SYN_RECV), or connections that
 * wait in an accept queue. A dump collects them; their listeners are looked up afterwards.
 */
struct children {
	struct diag_record *list;
	size_t n, size;
	struct idmap by_cookie; /* index into @list */
	int root; /* descriptor of the directory that holds proc/; not owned */
	int netns_fd; /* their namespace, see enter_run(); not owned */
	bool l3mdev_read; /* @l3mdev_accept was read since the last reset */
	bool l3mdev_accept; /* the sysctl: listeners without a device serve all VRFs */
};

/* Removes all children. */
void children_reset(struct children *c);
void children_free(struct children *c);

/* Adds a socket, unless this dump has shown it before. */
void children_add(struct children *c, const struct diag_record *r);

/* Returns the group of @netns_idx that the @i-th child belongs to; NULL: its listener is gone. */
struct group *children_group(struct children *c, size_t i, struct snapshot *s, uint32_t netns_idx);

/*
 * children_want_connections() - mark the groups of @netns_idx whose connections the snapshot shows,
 * for children_give_connection(). groups_build() has been called.
 * @port: only groups at this port; 0: all
 */
void children_want_connections(struct snapshot *s, uint32_t netns_idx, uint16_t port);

/* Adds the @i-th child to the snapshot as a connection of @g, if @g is marked. */
void children_give_connection(const struct children *c, size_t i, struct snapshot *s,
			      const struct group *g);

/*
 * children_count_syn_recv() - add all children, which are request socks, to the SYN queues of their
 * groups, and count those whose listener is gone.
 */
void children_count_syn_recv(struct children *c, struct snapshot *s, uint32_t netns_idx);

#endif

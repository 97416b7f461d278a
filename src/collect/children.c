/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/children.h"

#include "base/alloc.h"
#include "collect/procfs.h"
#include "model/connections.h"
#include "model/groups.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void children_reset(struct children *c)
{
	c->n = 0;
	c->l3mdev_read = false;
	if (c->by_cookie.used)
		idmap_reset(&c->by_cookie, 0);
}

void children_free(struct children *c)
{
	free(c->list);
	idmap_free(&c->by_cookie);
	memset(c, 0, sizeof(*c));
}

void children_add(struct children *c, const struct diag_record *r)
{
	if (idmap_put(&c->by_cookie, r->cookie, (uint32_t)c->n) != IDMAP_NONE)
		return;
	c->list = array_grow(c->list, c->n, &c->size, sizeof(*c->list));
	c->list[c->n++] = *r;
}

static int read_l3mdev_accept(void *context, struct error *why)
{
	struct children *c = context;
	struct strbuf text = { 0 };

	(void)why;
	c->l3mdev_accept =
		procfs_read(c->root, "proc/sys/net/ipv4/tcp_l3mdev_accept", &text) == 0 &&
		text.s[0] == '1';
	strbuf_free(&text);
	return 0;
}

/* Called only for a child with a device, so that hosts without VRFs need not read it. */
static bool l3mdev_accept(struct children *c)
{
	struct error ignored;

	if (!c->l3mdev_read) {
		c->l3mdev_accept = false;
		enter_run(c->netns_fd, read_l3mdev_accept, c, &ignored);
	}
	c->l3mdev_read = true;
	return c->l3mdev_accept;
}

struct group *children_group(struct children *c, size_t i, struct snapshot *s, uint32_t netns_idx)
{
	const struct diag_record *r = &c->list[i];
	struct listen_addr local = { .netns_idx = netns_idx,
				     .ifindex = r->ifindex,
				     .port = r->local_port,
				     .family = r->family };
	bool peer_is_link_local =
		r->family == AF_INET6 && r->peer[0] == 0xfe && (r->peer[1] & 0xc0) == 0x80;

	memcpy(local.address, r->local, sizeof(local.address));
	/* A child with a link-local peer has a device even where its listener has none. */
	return groups_lookup(s, &local, peer_is_link_local || (local.ifindex && l3mdev_accept(c)));
}

void children_want_connections(struct snapshot *s, uint32_t netns_idx, uint16_t port)
{
	s->known |= SNAPSHOT_CONNECTIONS;
	for (size_t i = 0; i < s->n_groups; i++) {
		const struct listen_addr *addr = &s->listeners[s->groups[i].first].addr;

		if (addr->netns_idx == netns_idx && addr->family != AF_UNIX &&
		    (!port || addr->port == port))
			s->groups[i].known |= GROUP_CONNECTIONS;
	}
}

void children_give_connection(const struct children *c, size_t i, struct snapshot *s,
			      const struct group *g)
{
	const struct diag_record *r = &c->list[i];
	struct connection *to;

	if (!(g->known & GROUP_CONNECTIONS))
		return;
	to = connections_add(s);
	to->group = (uint32_t)(g - s->groups);
	to->family = r->family;
	memcpy(to->peer, r->peer, sizeof(to->peer));
	to->peer_port = r->peer_port;
	to->half_open = r->request_sock;
	if (r->request_sock) {
		to->retransmits = r->retransmits;
		to->next_timer_ms = r->expires_ms;
		return;
	}
	/* A Fast Open child waits before its handshake has ended: since when is unknown. */
	to->has_wait = r->state != DIAG_SYN_RECV && r->known & DIAG_LAST_DATA_SENT;
	to->wait_ms = to->has_wait ? r->last_data_sent_ms : 0;
	to->mptcp = r->mptcp;
	if (r->mptcp)
		return;
	/* A FIN has a sequence number, so it counts in the receive queue (tcp_diag_get_info()). */
	to->peer_closed = r->state == DIAG_CLOSE_WAIT;
	to->unread_bytes = to->peer_closed && r->rqueue ? r->rqueue - 1 : r->rqueue;
}

void children_count_syn_recv(struct children *c, struct snapshot *s, uint32_t netns_idx)
{
	for (size_t i = 0; i < c->n; i++) {
		struct group *g = children_group(c, i, s, netns_idx);

		if (!g) {
			s->netns[netns_idx].unattributed_syn_recv++;
			continue;
		}
		children_give_connection(c, i, s, g);
		g->syn_length++;
		if (c->list[i].retransmits)
			g->syn_retransmitted++;
	}
}

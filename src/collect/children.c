/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/children.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "collect/procfs.h"
#include "model/connections.h"
#include "model/groups.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void children_reset(struct children *c, bool keep_connections)
{
	c->n = 0;
	c->keeps_connections = keep_connections;
	c->l3mdev_asked = false;
	if (c->by_cookie.used)
		idmap_reset(&c->by_cookie, 0);
}

void children_free(struct children *c)
{
	free(c->list);
	free(c->connections);
	idmap_free(&c->by_cookie);
	memset(c, 0, sizeof(*c));
}

static bool is_link_local(const struct diag_record *r)
{
	return r->family == AF_INET6 && r->peer[0] == 0xfe && (r->peer[1] & 0xc0) == 0x80;
}

/* A FIN takes a place in the sequence, and so in the receive queue (tcp_diag_get_info()). */
static uint32_t unread_bytes(const struct diag_record *r)
{
	return r->state == DIAG_CLOSE_WAIT && r->rqueue ? r->rqueue - 1 : r->rqueue;
}

/* The connection beside the last child. */
static void keep_connection(struct children *c, const struct diag_record *r)
{
	struct connection *to;

	c->connections =
		array_grow(c->connections, c->n - 1, &c->connections_size, sizeof(*c->connections));
	to = &c->connections[c->n - 1];
	to->family = r->family;
	memcpy(to->peer, r->peer, sizeof(to->peer));
	to->peer_port = r->peer_port;
	to->half_open = r->request_sock;
	if (r->request_sock) {
		to->retransmits = r->retransmits;
		to->next_timer_ms = r->expires_ms;
		return;
	}
	/* The handshake of a Fast Open child has not ended: it waits, but since when? */
	to->has_wait = r->state != DIAG_SYN_RECV && r->known & DIAG_LAST_DATA_SENT;
	to->wait_ms = to->has_wait ? r->last_data_sent_ms : 0;
	to->unread_bytes = unread_bytes(r);
	to->peer_closed = r->state == DIAG_CLOSE_WAIT;
}

void children_add(struct children *c, uint32_t netns, const struct diag_record *r)
{
	struct child *child;

	if (idmap_put(&c->by_cookie, r->cookie, (uint32_t)c->n) != IDMAP_NONE)
		return;
	c->list = array_grow(c->list, c->n, &c->size, sizeof(*c->list));
	child = &c->list[c->n++];
	child->local.netns = netns;
	child->local.ifindex = r->ifindex;
	child->local.port = r->local_port;
	child->local.family = r->family;
	memcpy(child->local.address, r->local, sizeof(r->local));
	child->state = r->state;
	child->retransmits = r->retransmits;
	child->request_sock = r->request_sock;
	child->link_local = is_link_local(r);
	child->has_age = r->known & DIAG_LAST_DATA_SENT;
	child->last_data_sent_ms = r->last_data_sent_ms;
	if (c->keeps_connections)
		keep_connection(c, r);
}

/* Only a child with a device asks, so that hosts without VRFs do not pay for them. */
static bool l3mdev_accept(struct children *c)
{
	static const char path[] = "proc/sys/net/ipv4/tcp_l3mdev_accept";
	struct strbuf text = { 0 };

	if (c->l3mdev_asked)
		return c->l3mdev_accept;
	c->l3mdev_asked = true;
	c->l3mdev_accept =
		procfs_read_netns(c->netns, c->root, path, &text) == 0 && text.s[0] == '1';
	strbuf_free(&text);
	return c->l3mdev_accept;
}

static struct group *owner(struct children *c, const struct child *child, struct snapshot *s,
			   uint32_t netns)
{
	struct bound local = child->local;

	local.netns = netns;
	return groups_lookup(s, &local, child->link_local || (local.ifindex && l3mdev_accept(c)));
}

void children_want_connections(struct snapshot *s, uint32_t netns, uint16_t port)
{
	s->known |= SNAPSHOT_CONNECTIONS;
	for (size_t i = 0; i < s->n_groups; i++) {
		const struct bound *bound = &s->listeners[s->groups[i].first].bound;

		if (bound->netns == netns && bound->family != AF_UNIX &&
		    (!port || bound->port == port))
			s->groups[i].known |= GROUP_CONNECTIONS;
	}
}

static void give_connection(const struct children *c, size_t i, struct snapshot *s,
			    const struct group *g)
{
	struct connection *to;

	if (!c->keeps_connections || !(g->known & GROUP_CONNECTIONS))
		return;
	to = connections_add(s);
	*to = c->connections[i];
	to->group = (uint32_t)(g - s->groups);
}

void children_count_syn_recv(struct children *c, struct snapshot *s, uint32_t netns, bool fresh)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct child *child = &c->list[i];
		struct group *g;

		if (!fresh && !child->request_sock)
			continue;
		g = owner(c, child, s, netns);
		if (!g && child->request_sock)
			s->netns[netns].unattributed_syn_recv++;
		if (!g)
			continue;
		give_connection(c, i, s, g);
		if (!child->request_sock) {
			g->fastopen++;
			continue;
		}
		g->syn_length++;
		if (child->retransmits)
			g->syn_retransmitted++;
	}
}

static int handle_waiting(const struct diag_record *r, void *context)
{
	struct children *c = context;

	/*
	 * Only accept(2) gives a socket an inode. The uid would not do: 0 up to 6.16, the
	 * listener's since.
	 */
	if (r->inode == 0 && !r->request_sock)
		children_add(c, 0, r);
	return 0;
}

static int compare_ports(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static bool is_wanted(const struct snapshot *s, const struct listener *l,
		      const struct waiting_request *wanted)
{
	return !listener_is_unix(l) && l->length &&
	       (wanted->all || (wanted->high && listener_fill(l) >= FILL_HIGH) ||
		(s->known & SNAPSHOT_CONNECTIONS && s->groups[l->group].known & GROUP_CONNECTIONS));
}

static bool is_in(const struct snapshot *s, size_t listener, uint32_t netns)
{
	return listener < s->n_listeners && s->listeners[listener].bound.netns == netns;
}

bool children_want_waiting(const struct snapshot *s, const struct waiting_request *wanted)
{
	size_t i = s->netns[wanted->netns].first_listener;

	while (is_in(s, i, wanted->netns) && !is_wanted(s, &s->listeners[i], wanted))
		i++;
	return is_in(s, i, wanted->netns);
}

/* Returns the ports to ask for, each once, and marks their groups as dumped. */
static size_t wanted_ports(struct snapshot *s, const struct waiting_request *wanted,
			   uint16_t *ports)
{
	size_t n = 0, distinct = 0;

	for (size_t i = s->netns[wanted->netns].first_listener; is_in(s, i, wanted->netns); i++) {
		const struct listener *l = &s->listeners[i];
		struct group *g;

		if (!is_wanted(s, l, wanted))
			continue;
		if (!(s->known & SNAPSHOT_GROUPS))
			groups_build(s);
		g = &s->groups[l->group];
		if (g->known & GROUP_WAITING)
			continue;
		if (n == CHILDREN_PORTS_MAX) {
			snapshot_warn(s, "waiting-incomplete",
				      "more than %d queues to look into: what waits in the others "
				      "is unknown",
				      CHILDREN_PORTS_MAX);
			break;
		}
		g->known |= GROUP_WAITING;
		ports[n++] = l->bound.port;
	}
	qsort(ports, n, sizeof(*ports), compare_ports);
	for (size_t i = 0; i < n; i++)
		if (!distinct || ports[distinct - 1] != ports[i])
			ports[distinct++] = ports[i];
	return distinct;
}

/* Ages are told in jiffies, 10 ms at worst, at both ends. */
#define AGE_SLACK_NS (20 * NSEC_PER_SEC / 1000)

struct ages {
	const struct dump_time *before;
	const struct dump_time *now;
	uint64_t begin_ns; /* of the dump that tells the ages */
	uint64_t end_ns;
};

/* Was a connection of that age in the queue before a dump began, whenever its age was taken? */
static bool surely_there(uint64_t age_ns, const struct ages *ages, const struct dump_time *dump)
{
	return age_ns >= ages->end_ns - dump->begin_ns + AGE_SLACK_NS;
}

static bool perhaps_there(uint64_t age_ns, const struct ages *ages, const struct dump_time *dump)
{
	return age_ns + AGE_SLACK_NS >= ages->begin_ns - dump->end_ns;
}

static void count_waiting(struct group *g, const struct child *child, const struct ages *ages)
{
	uint64_t age_ns = child->last_data_sent_ms * (NSEC_PER_SEC / 1000);

	if (child->state == DIAG_SYN_RECV) {
		g->fastopen++;
		return;
	}
	g->waiting++;
	if (child->state == DIAG_CLOSE_WAIT)
		g->waiting_closed++;
	if (!child->has_age)
		return;
	if (!(g->known & GROUP_OLDEST) || child->last_data_sent_ms > g->oldest_wait_ms)
		g->oldest_wait_ms = child->last_data_sent_ms;
	g->known |= GROUP_OLDEST;
	g->present_min += surely_there(age_ns, ages, ages->now);
	if (!ages->before->begin_ns)
		return;
	g->stayed_min += surely_there(age_ns, ages, ages->before);
	g->stayed_max += perhaps_there(age_ns, ages, ages->before);
}

struct lengths {
	struct snapshot *snapshot;
	uint32_t netns;
};

static int handle_length(const struct diag_record *r, void *context)
{
	struct lengths *lengths = context;
	const struct listener *l = snapshot_find(lengths->snapshot, lengths->netns, r->cookie);

	if (r->state == DIAG_LISTEN && l)
		lengths->snapshot->groups[l->group].length_after += r->rqueue;
	return 0;
}

/* Who waits, with @ages->begin_ns and @ages->end_ns of the dump that told it. */
static int dump_children(struct children *c, struct diag_socket *diag,
			 const struct diag_request *request, bool connections, struct ages *ages,
			 struct error *why)
{
	unsigned int tries = 0;
	int code;

	do {
		children_reset(c, connections);
		ages->begin_ns = clock_monotonic_ns();
		code = diag_dump(diag, request, handle_waiting, c, why);
		ages->end_ns = clock_monotonic_ns();
	} while (diag_again(diag, code, &tries));
	return code;
}

/*
 * The lengths after that: what was accepted meanwhile must not look like connections that nobody
 * can see.
 */
static int dump_lengths(struct diag_socket *diag, const struct bytecode *filter, struct snapshot *s,
			uint32_t netns, struct error *why)
{
	const struct diag_request request = { .states = 1 << DIAG_LISTEN,
					      .family = AF_UNSPEC,
					      .filter = filter };
	struct lengths lengths = { s, netns };
	unsigned int tries = 0;
	int code;

	do {
		for (size_t i = 0; tries && i < s->n_groups; i++)
			if (is_in(s, s->groups[i].first, netns))
				s->groups[i].length_after = 0;
		code = diag_dump(diag, &request, handle_length, &lengths, why);
	} while (diag_again(diag, code, &tries));
	return code;
}

int children_dump_waiting(struct children *c, struct diag_socket *diag, struct snapshot *s,
			  const struct waiting_request *wanted, struct error *why)
{
	uint16_t ports[CHILDREN_PORTS_MAX];
	size_t n_ports = wanted_ports(s, wanted, ports);
	struct bytecode filter = { 0 };
	const struct diag_request request = {
		.states = 1 << DIAG_ESTABLISHED | 1 << DIAG_CLOSE_WAIT |
			  (wanted->fast_open ? 1 << DIAG_SYN_RECV : 0),
		.ext = DIAG_EXT_INFO,
		.family = AF_UNSPEC,
		.filter = &filter,
	};
	struct ages ages = { .before = &wanted->before, .now = &wanted->now };
	int code;

	if (!n_ports)
		return 0;
	bytecode_ports(&filter, ports, n_ports);
	code = dump_children(c, diag, &request, s->known & SNAPSHOT_CONNECTIONS, &ages, why);
	if (code == 0)
		code = dump_lengths(diag, &filter, s, wanted->netns, why);
	bytecode_free(&filter);
	if (code < 0) {
		for (size_t i = 0; i < s->n_groups; i++)
			if (is_in(s, s->groups[i].first, wanted->netns))
				s->groups[i].known &= ~(uint32_t)GROUP_WAITING;
		return code;
	}
	for (size_t i = 0; i < c->n; i++) {
		struct group *g = owner(c, &c->list[i], s, wanted->netns);

		if (!g || !(g->known & GROUP_WAITING))
			continue;
		count_waiting(g, &c->list[i], &ages);
		give_connection(c, i, s, g);
	}
	for (size_t i = 0; wanted->before.begin_ns && i < s->n_groups; i++)
		if (s->groups[i].known & GROUP_WAITING &&
		    is_in(s, s->groups[i].first, wanted->netns))
			s->groups[i].known |= GROUP_STAYED;
	return 0;
}

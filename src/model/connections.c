/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/connections.h"

#include "base/alloc.h"
#include "base/num.h"

#include <stdlib.h>
#include <string.h>

/* An unknown age counts as the smallest. */
static uint64_t age(const struct connection *c)
{
	return c->has_wait ? (uint64_t)c->wait_ms + 1 : 0;
}

/*
 * With equal retransmits, the half-open connection whose timer ends sooner came first. The peer
 * breaks ties, so that the order is the same each time.
 */
static int compare_connections(const void *va, const void *vb)
{
	const struct connection *a = va, *b = vb;
	int order = num_compare(a->group, b->group);

	if (!order)
		order = num_compare(a->half_open, b->half_open);
	if (!order)
		order = num_compare(age(b), age(a));
	if (!order)
		order = num_compare(b->retransmits, a->retransmits);
	if (!order)
		order = num_compare(a->next_timer_ms, b->next_timer_ms);
	if (!order)
		order = memcmp(a->peer, b->peer, sizeof(a->peer));
	return order ? order : num_compare(a->peer_port, b->peer_port);
}

struct connection *connections_add(struct snapshot *s)
{
	s->connections = array_grow(s->connections, s->n_connections, &s->connections_size,
				    sizeof(*s->connections));
	return &s->connections[s->n_connections++];
}

void connections_sort(struct snapshot *s)
{
	if (s->n_connections)
		qsort(s->connections, s->n_connections, sizeof(*s->connections),
		      compare_connections);
	for (size_t i = 0; i < s->n_connections; i++) {
		struct group *g = &s->groups[s->connections[i].group];

		if (!g->n_connections++)
			g->first_connection = (uint32_t)i;
	}
}

struct connections connections_of(const struct snapshot *s, const struct group *g, bool half_open)
{
	struct connections c = { NULL, 0 };

	if (!g->n_connections)
		return c;
	c.list = s->connections + g->first_connection;
	while (c.n < g->n_connections && !c.list[c.n].half_open)
		c.n++;
	if (half_open) {
		c.list += c.n;
		c.n = g->n_connections - c.n;
	}
	return c;
}

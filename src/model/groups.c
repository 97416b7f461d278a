/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/groups.h"

#include "base/alloc.h"

#include <string.h>
#include <sys/socket.h>

static const uint8_t any_address[16];

static bool listen_addr_equal(const struct listen_addr *a, const struct listen_addr *b)
{
	return a->port == b->port && a->family == b->family && a->v6only == b->v6only &&
	       a->ifindex == b->ifindex && a->netns_idx == b->netns_idx &&
	       !memcmp(a->address, b->address, sizeof(a->address));
}

/*
 * Returns the group bound to exactly @b, or IDMAP_NONE; then @fresh, unless it is IDMAP_NONE too,
 * becomes the group. Keys with the same hash are stored at consecutive hashes.
 */
static uint32_t group_index(struct snapshot *s, const struct listen_addr *b, uint32_t fresh)
{
	uint64_t hash = groups_id(b, b->netns_idx);

	for (;; hash++) {
		uint32_t i = fresh == IDMAP_NONE ? idmap_get(&s->by_addr, hash) :
						   idmap_put(&s->by_addr, hash, fresh);

		if (i == IDMAP_NONE || listen_addr_equal(&s->listeners[s->groups[i].first].addr, b))
			return i;
	}
}

/* Where two groups score alike, the kernel takes the one it meets first. */
static uint32_t first_of(const struct snapshot *s, uint32_t a, uint32_t b)
{
	if (a == IDMAP_NONE || b == IDMAP_NONE)
		return a == IDMAP_NONE ? b : a;
	return s->groups[a].first < s->groups[b].first ? a : b;
}

static uint32_t lookup_at(struct snapshot *s, const struct listen_addr *child,
			  const uint8_t *address, uint32_t ifindex, bool mapped)
{
	struct listen_addr key = *child;
	uint32_t best;

	memcpy(key.address, address, sizeof(key.address));
	key.ifindex = ifindex;
	key.v6only = false;
	best = group_index(s, &key, IDMAP_NONE);
	if (key.family == AF_INET6 && !mapped) {
		key.v6only = true;
		best = first_of(s, best, group_index(s, &key, IDMAP_NONE));
	}
	return best;
}

uint64_t groups_id(const struct listen_addr *addr, uint64_t id)
{
	uint64_t high, low;

	memcpy(&high, addr->address, 8);
	memcpy(&low, addr->address + 8, 8);
	return idmap_mix(high ^ idmap_mix(low ^ (uint64_t)addr->port << 32 ^ addr->ifindex ^
					  (uint64_t)addr->family << 56 ^
					  (uint64_t)addr->v6only << 55 ^ idmap_mix(id)));
}

void groups_build(struct snapshot *s)
{
	idmap_reset(&s->by_addr, s->n_listeners);
	s->n_groups = 0;
	for (size_t i = 0; i < s->n_listeners; i++) {
		struct listener *l = &s->listeners[i];
		struct group *g;

		/* Two UNIX listeners may have the same path, where the older one's was unlinked. */
		l->group = listener_is_unix(l) ? IDMAP_NONE :
						 group_index(s, &l->addr, (uint32_t)s->n_groups);
		if (l->group == IDMAP_NONE) {
			l->group = (uint32_t)s->n_groups;
			s->groups = array_grow(s->groups, s->n_groups, &s->groups_size,
					       sizeof(*s->groups));
			s->groups[s->n_groups++].first = (uint32_t)i;
		}
		g = &s->groups[l->group];
		g->sockets++;
		g->length += l->length;
		g->limit += l->limit;
		if (l->length)
			g->holder = g->queued_members++ ? 0 : l->cookie;
		if (l->length > g->length_max)
			g->length_max = l->length;
		if (listener_fill(l) > g->fill_max)
			g->fill_max = listener_fill(l);
		g->may_stall |= listener_may_stall(l);
	}
	s->known |= SNAPSHOT_GROUPS;
}

struct group *groups_lookup(struct snapshot *s, const struct listen_addr *child, bool unbound_too)
{
	bool mapped = snapshot_is_mapped(child->family, child->address);
	uint8_t mapped_any[16] = { 0 };
	const uint8_t *addresses[3] = { child->address, any_address, NULL };

	/* bind(2) to ::ffff:0.0.0.0 is a wildcard for IPv4 alone. */
	if (mapped) {
		memcpy(mapped_any, child->address, 12); /* all but the IPv4 address */
		addresses[2] = mapped_any;
	}
	for (int i = 0; i < 3 && addresses[i]; i++) {
		uint32_t best = IDMAP_NONE;

		if (child->ifindex)
			best = lookup_at(s, child, addresses[i], child->ifindex, mapped);
		if (best == IDMAP_NONE && (!child->ifindex || unbound_too))
			best = lookup_at(s, child, addresses[i], 0, mapped);
		if (best != IDMAP_NONE)
			return &s->groups[best];
	}
	return NULL;
}

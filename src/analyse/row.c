/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/row.h"

#include "base/num.h"
#include "model/groups.h"

const struct row_window row_no_window;

/* The kernel does not say which member of a group holds a connection, unless only one holds any. */
bool row_waiting_known(const struct row *row)
{
	const struct group *g = row->group;

	return g && g->known & GROUP_WAITING && row_length(row) &&
	       (row->folded ? g->holder != 0 : g->holder == row->listener->cookie);
}

struct opt_u64 row_syn_limit(const struct row *row)
{
	const struct sysctls *s = &row->netns->netns->sysctls;
	const uint32_t limit = row->listener->limit;
	int64_t max = s->value[SYSCTL_MAX_SYN_BACKLOG];

	if (row->folded || row->gone)
		return row->group_syn_limit;
	if (listener_is_unix(row->listener) || !sysctl_known(s, SYSCTL_SYNCOOKIES))
		return (struct opt_u64){ 0 };
	if (s->value[SYSCTL_SYNCOOKIES] != 0)
		return (struct opt_u64){ limit, true };
	/* Without cookies the last quarter is kept for proven peers (tcp_conn_request()). */
	if (!sysctl_known(s, SYSCTL_MAX_SYN_BACKLOG))
		return (struct opt_u64){ 0 };
	max = max < 0 ? 0 : max - (max >> 2);
	return (struct opt_u64){ (uint64_t)max < limit ? (uint64_t)max : limit, true };
}

/*
 * Full is length >= limit: kernels from 4.4 to early 2025 let no more in, later ones one more. An
 * empty SYN queue is not full, even if its limit is 0. For a group only the sum of the lengths is
 * known: some member is full when the sum is more than all can hold below their limits.
 */
bool row_syn_full(const struct row *row)
{
	uint32_t members = row->group ? row->group->sockets : 1;

	return row->group_syn_limit.known && row_syn_length(row) > 0 &&
	       (uint64_t)row_syn_length(row) + members - 1 >= row->group_syn_limit.value;
}

uint32_t row_peers_reset(const struct row *row)
{
	const struct group *g = row->group;
	uint64_t visible;

	if (!row_waiting_known(row))
		return 0;
	visible = (uint64_t)g->waiting + g->fastopen;
	return g->length_after > visible ? (uint32_t)(g->length_after - visible) : 0;
}

struct opt_u64 row_peers_closed_or_reset(const struct row *row)
{
	uint64_t n;

	if (!row_waiting_known(row))
		return (struct opt_u64){ 0 };
	n = (uint64_t)row->group->waiting_closed + row_peers_reset(row);
	return (struct opt_u64){ n, n || !row->group->waiting_mptcp };
}

static bool kept_connections(const struct row *row, const struct snapshot *s)
{
	return s->known & SNAPSHOT_CONNECTIONS && row->group &&
	       row->group->known & GROUP_CONNECTIONS;
}

struct row_queue row_waiting(const struct row *row)
{
	const struct group *g = row->group;
	struct row_queue q = { .known = kept_connections(row, row->netns->snapshot) &&
					(g->known & GROUP_WAITING || !g->queued_members) };

	if (q.known && row_length(row)) {
		q.connections = connections_of(row->netns->snapshot, g, false);
		q.known = q.connections.n || !g->waiting;
		q.age_ns = row_waiting_age(row);
		q.of_group = !row->folded && g->holder != row->listener->cookie;
	}
	return q;
}

struct row_owners row_owners(const struct row *row, const struct snapshot *s)
{
	const struct listener *l = row->listener;

	if (row->folded)
		return (struct row_owners){ row->folded->owners, row->folded->n_owners };
	if (!l->n_owners)
		return (struct row_owners){ NULL, 0 };
	return (struct row_owners){ s->owners + l->first_owner, l->n_owners };
}

struct row_queue row_half_open(const struct row *row)
{
	const struct snapshot *s = row->netns->snapshot;
	const uint64_t taken_ns = row->netns->netns->syn_recv_ns;
	struct row_queue q = { .known = kept_connections(row, s) && taken_ns };

	if (q.known) {
		q.connections = connections_of(s, row->group, true);
		/* An older walk may have counted the connections without keeping them. */
		q.known = q.connections.n || !row->group->syn_length;
		q.age_ns = snapshot_age(s, taken_ns);
		q.of_group = !row->folded && row->group->sockets > 1;
	}
	return q;
}

struct opt_u64 row_drops(const struct row *row)
{
	const struct listener *l = row->listener;

	return row->folded ? row->folded->drops :
			     (struct opt_u64){ l->drops, l->known & LISTENER_DROPS };
}

/* A UNIX listener is known by its path, as its address is that of all of them. */
uint64_t row_group_id(const struct row *row)
{
	const uint64_t netns = netns_id(row->netns->netns);
	const char *name = row->listener->name;
	uint64_t hash = 0;

	if (!listener_is_unix(row->listener))
		return groups_id(&row->listener->addr, netns);
	for (; name && *name; name++)
		hash = idmap_mix(hash ^ (unsigned char)*name);
	return (name ? hash : row->listener->cookie) ^ idmap_mix(~netns);
}

uint64_t row_id(const struct row *row)
{
	return row->folded ? row_group_id(row) :
			     row->listener->cookie ^ idmap_mix(netns_id(row->netns->netns));
}

uint64_t row_peak_fill(const struct row *row)
{
	return row->folded ? row->folded->peak_fill : listener_peak_fill(row->listener);
}

uint64_t row_worst_fill(const struct row *row)
{
	const struct range *overflows = &row->window->overflows;
	uint64_t fill = listener_fill(row->listener);

	if (overflows->known && overflows->min)
		fill = num_max_u64(fill, FILL_FULL);
	return row->listener->known & LISTENER_PEAK ? num_max_u64(row_peak_fill(row), fill) : fill;
}

bool row_all_fresh(const struct row *row)
{
	if (!row->folded)
		return row->fresh;
	for (uint32_t i = 0; i < row->folded->n_members; i++)
		if (!row->folded->members[i]->fresh)
			return false;
	return true;
}

uint64_t row_longest(const struct row *row)
{
	uint64_t length = num_max_u64(row_length(row), row->window->length_before);

	if (row->listener->known & LISTENER_PEAK)
		length = num_max_u64(length, row->listener->peak.length);
	return length;
}

uint64_t row_lost_most(const struct row *row)
{
	const struct row_window *w = row->window;

	return (w->overflows.known ? w->overflows.max : 0) + (w->losses.known ? w->losses.max : 0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/row.h"

#include "model/groups.h"

static struct opt_u64 syn_limit(const struct listener *l, const struct sysctls *s)
{
	int64_t max = s->value[SYSCTL_MAX_SYN_BACKLOG];

	if (listener_is_unix(l) || !sysctl_known(s, SYSCTL_SYNCOOKIES))
		return (struct opt_u64){ 0 };
	if (s->value[SYSCTL_SYNCOOKIES] != 0)
		return (struct opt_u64){ l->limit, true };
	/* Without cookies the last quarter is kept for proven peers (tcp_conn_request()). */
	if (!sysctl_known(s, SYSCTL_MAX_SYN_BACKLOG))
		return (struct opt_u64){ 0 };
	max = max < 0 ? 0 : max - (max >> 2);
	return (struct opt_u64){ (uint64_t)max < l->limit ? (uint64_t)max : l->limit, true };
}

/* Which member of a group holds a connection is unknown, unless only one holds any. */
bool row_waiting_known(const struct row *row)
{
	const struct group *g = row->group;

	return g && g->known & GROUP_WAITING && row_length(row) &&
	       (row->folded ? g->holder != 0 : g->holder == row->listener->cookie);
}

/*
 * "At its limit" is length >= limit: kernels from 4.4 to early 2025 let no more in from there on,
 * later ones let in one more. An empty SYN queue is not full, though its limit may be 0. A group
 * has one sum for all members: one of them is surely full when the sum is more than all could hold
 * while each stays below its limit.
 */
struct opt_u64 row_syn_limit(const struct row *row)
{
	if (row->folded || row->gone)
		return row->group_syn_limit;
	return syn_limit(row->listener, &row->netns->netns->sysctls);
}

bool row_syn_full(const struct row *row)
{
	uint32_t members = row->group ? row->group->sockets : 1;

	return row->group_syn_limit.known && row_syn_length(row) > 0 &&
	       (uint64_t)row_syn_length(row) + members - 1 >= row->group_syn_limit.value;
}

struct opt_u64 row_peers_closed_or_reset(const struct row *row)
{
	uint64_t gone;

	if (!row_waiting_known(row))
		return (struct opt_u64){ 0 };
	gone = (uint64_t)row->group->waiting_closed + row_peers_reset(row);
	return (struct opt_u64){ gone, gone || !row->group->waiting_mptcp };
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

static bool kept_connections(const struct row *row, const struct snapshot *s)
{
	return s->known & SNAPSHOT_CONNECTIONS && row->group &&
	       row->group->known & GROUP_CONNECTIONS;
}

struct row_queue row_waiting(const struct row *row)
{
	const struct group *g = row->group;
	struct row_queue c = { .known = kept_connections(row, row->netns->snapshot) &&
					(g->known & GROUP_WAITING || !g->queued_members) };

	if (c.known && row_length(row)) {
		c.connections = connections_of(row->netns->snapshot, g, false);
		c.known = c.connections.n || !g->waiting;
		c.age_ns = row_waiting_age(row);
		c.of_group = !row->folded && g->holder != row->listener->cookie;
	}
	return c;
}

struct row_queue row_half_open(const struct row *row)
{
	const struct snapshot *s = row->netns->snapshot;
	const uint64_t taken_ns = row->netns->netns->syn_recv_ns;
	struct row_queue c = { .known = kept_connections(row, s) && taken_ns };

	if (c.known) {
		c.connections = connections_of(s, row->group, true);
		/* An older walk may have counted them without keeping who they are. */
		c.known = c.connections.n || !row->group->syn_length;
		c.age_ns = snapshot_age(s, taken_ns);
		c.of_group = !row->folded && row->group->sockets > 1;
	}
	return c;
}

struct opt_u64 row_drops(const struct row *row)
{
	const struct listener *l = row->listener;

	return row->folded ? row->folded->drops :
			     (struct opt_u64){ l->drops, l->known & LISTENER_DROPS };
}

uint64_t row_group_id(const struct row *row)
{
	return groups_id(&row->listener->addr, netns_id(row->netns->netns));
}

uint64_t row_id(const struct row *row)
{
	return row->folded ? row_group_id(row) :
			     row->listener->cookie ^ idmap_mix(netns_id(row->netns->netns));
}

double row_peak_fill(const struct row *row)
{
	const struct listener *l = row->listener;

	return row->folded ? row->folded->peak_fill : listener_ratio(l, l->peak.length);
}

double row_worst_fill(const struct row *row)
{
	double fill = listener_fill(row->listener), peak;

	if (!(row->listener->known & LISTENER_PEAK))
		return fill;
	peak = row_peak_fill(row);
	return peak > fill ? peak : fill;
}

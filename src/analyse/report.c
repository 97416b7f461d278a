/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/report.h"

#include "analyse/filter.h"
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Sums over the present members of a group. Old connections are from before the window. */
struct group_sums {
	struct opt_u64 syn_limit;
	uint64_t old_max; /* upper bound of old connections that are still there */
	uint64_t left_min; /* lower bound of old connections that have left */
	uint64_t movers_max; /* part of old_max: in queues from which some have left */
};

static struct opt_u64 opt_u64(uint64_t value)
{
	return (struct opt_u64){ value, true };
}

/* A counter never falls while its namespace lives, so one that fell was reset. */
static struct opt_u64 counter_delta(const struct counters *from, const struct counters *to,
				    enum counter_id id)
{
	if (!counter_known(from, id) || !counter_known(to, id) || to->value[id] < from->value[id])
		return (struct opt_u64){ 0 };
	return opt_u64(to->value[id] - from->value[id]);
}

/*
 * Drops are 32 bits wide and wrap. No window has 2^31 drops, so a larger delta means that the
 * counter went backwards: unknown. All drops of a socket that is new are of this window.
 * @misses_none: the opening dump was not resumed, so a socket that it lacks is new
 */
static struct opt_u64 drops_delta(const struct listener *before, const struct listener *now,
				  bool misses_none)
{
	uint32_t delta;

	if (!(now->known & LISTENER_DROPS))
		return (struct opt_u64){ 0 };
	if (!before && !misses_none && !(now->known & LISTENER_PEAK && now->peak.born))
		return (struct opt_u64){ 0 };
	if (!before)
		return opt_u64(now->drops);
	if (!(before->known & LISTENER_DROPS))
		return (struct opt_u64){ 0 };
	delta = now->drops - before->drops;
	return delta >> 31 ? (struct opt_u64){ 0 } : opt_u64(delta);
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void raise_to(uint64_t *number, uint64_t least)
{
	if (*number < least)
		*number = least;
}

static void lower_to(uint64_t *number, uint64_t most)
{
	if (*number > most)
		*number = most;
}

/*
 * A connection enters an accept queue when a listener creates it, or takes it over from one that
 * closes (tcp_migrate_req; only 5.14 and later, which count it).
 */
static struct opt_u64 arrivals(const struct counters *from, const struct counters *to)
{
	struct opt_u64 opens = counter_delta(from, to, COUNTER_PASSIVE_OPENS);

	if (counter_known(to, COUNTER_MIGRATE_SUCCESS))
		opens.value += counter_delta(from, to, COUNTER_MIGRATE_SUCCESS).value;
	return opens;
}

/* ListenDrops counts every overflow too. */
static uint64_t losses(const struct counters *c)
{
	return minus(c->value[COUNTER_LISTEN_DROPS], c->value[COUNTER_LISTEN_OVERFLOWS]);
}

static struct opt_u64 losses_delta(const struct counters *from, const struct counters *to)
{
	if (!counter_delta(from, to, COUNTER_LISTEN_DROPS).known ||
	    !counter_delta(from, to, COUNTER_LISTEN_OVERFLOWS).known)
		return (struct opt_u64){ 0 };
	return opt_u64(minus(losses(to), losses(from)));
}

/* Upper bound of ListenDrops that were no loss, see counters.h; over IPv4, or over IPv6. */
static uint64_t harmless_max(const struct counters *from, const struct counters *to, bool inet6)
{
	static const enum counter_id harmless[][4] = {
		{ COUNTER_IN_BROADCAST, COUNTER_IN_UNREACHABLE, COUNTER_IN_TIME_EXCEEDED,
		  COUNTER_IN_PARAMETER_PROBLEM },
		{ COUNTER_IN_MULTICAST6, COUNTER_IN_UNREACHABLE6, COUNTER_IN_TIME_EXCEEDED6,
		  COUNTER_IN_PARAMETER_PROBLEM6 },
	};
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(harmless[0]); i++) {
		struct opt_u64 delta = counter_delta(from, to, harmless[inet6][i]);

		if (!delta.known)
			return UINT64_MAX;
		sum += delta.value;
	}
	return sum;
}

/*
 * How much of what happened may have fallen on a listener that was born and died unseen? Fast
 * samples rule that out. Without them it is as much as others may have dropped without a loss, and
 * so seem to account for it: bare ACKs under TCP_DEFER_ACCEPT, and RSTs of half-open connections.
 */
static uint64_t unseen_max(const struct netns *before, const struct netns *now)
{
	const struct opt_u64 deferred =
		counter_delta(&before->before, &now->after, COUNTER_DEFER_ACCEPT_DROP);
	const struct opt_u64 reset =
		counter_delta(&before->before, &now->after, COUNTER_EMBRYONIC_RSTS);

	if (now->looked)
		return 0;
	return deferred.known && reset.known ? deferred.value + reset.value : UINT64_MAX;
}

static void build_netns(struct netns_report *r, const struct report *report,
			const struct netns *before, const struct netns *now)
{
	uint64_t syn_lo; /* dropped by full SYN queues, which is never harmless */

	memset(r, 0, sizeof(*r));
	r->snapshot = report->snapshot;
	r->window_ns = report->window_ns;
	r->netns = now;
	r->opening = before;
	r->listener_vanished = now->listener_vanished;
	for (unsigned int i = 0; i < COUNTER_N; i++) {
		if (counter_known(&now->after, i))
			r->total[i] = opt_u64(now->after.value[i]);
		if (before)
			r->delta[i] = counter_delta(&before->after, &now->after, i);
	}
	if (!before)
		return;
	r->overflows_lo = counter_delta(&before->after, &now->before, COUNTER_LISTEN_OVERFLOWS);
	r->overflows_hi = counter_delta(&before->before, &now->after, COUNTER_LISTEN_OVERFLOWS);
	r->losses_lo = losses_delta(&before->after, &now->before);
	r->losses_hi = losses_delta(&before->before, &now->after);
	syn_lo = counter_delta(&before->after, &now->before, COUNTER_REQQ_FULL_DROP).value;
	r->losses_lo.value =
		minus(r->losses_lo.value, harmless_max(&before->before, &now->after, false));
	r->losses6_lo = minus(r->losses_lo.value, harmless_max(&before->before, &now->after, true));
	raise_to(&r->losses_lo.value, syn_lo);
	raise_to(&r->losses6_lo, syn_lo);
	r->unseen_max = unseen_max(before, now);
	r->arrivals_hi = arrivals(&before->before, &now->after);
	if (now->resets_known && counter_known(&before->before, COUNTER_ESTAB_RESETS))
		r->resets_hi =
			opt_u64(minus(now->resets, before->before.value[COUNTER_ESTAB_RESETS]));
	r->listener_drops = opt_u64(0);
	r->unattributed_overflows = r->overflows_lo;
}

/*
 * Upper bound of connections in the queue that came in this window: those that are visible and not
 * proven older, and those that were reset. No dump shows the latter, but EstabResets counts them
 * (tcp_set_state() counts what leaves ESTABLISHED or CLOSE_WAIT for CLOSE).
 */
static struct opt_u64 newcomers_max(const struct row *row)
{
	const struct group *g = row->group;
	const struct opt_u64 *resets = &row->netns->resets_hi;

	if (!resets->known || g->fastopen) /* the latter are reset in SYN_RECV, uncounted */
		return (struct opt_u64){ 0 };
	return opt_u64(g->waiting - g->stayed_min + resets->value);
}

/* The ages of the waiting connections bound how many of the old ones are still there. */
static void narrow_by_ages(struct range *accepted, const struct row *row)
{
	const struct group *g = row->group;
	const uint32_t before = row->window->length_before, now = row->listener->length;
	const uint64_t invisible_max = minus(now, g->present_min);
	struct opt_u64 newcomers = newcomers_max(row);

	raise_to(&accepted->min, minus(before, g->stayed_max + invisible_max));
	lower_to(&accepted->max, minus(before, g->stayed_min));
	/*
	 * accept(2) takes the oldest (reqsk_queue_remove()): while an old connection is there, no
	 * newcomer has been accepted.
	 */
	if (g->stayed_min && newcomers.known)
		lower_to(&accepted->max, minus(before, minus(now, newcomers.value)));
}

/*
 * Bounds how many connections were accepted: length before + arrivals - length now. Between 0 and
 * all arrivals of the namespace came to this queue.
 */
static struct range tcp_accepted(const struct row *row)
{
	const struct listener *l = row->listener;
	const struct opt_u64 arrivals = row->netns->arrivals_hi;
	/* A connection that migrated from another listener is old, but new to this queue. */
	const bool ages_count =
		row_waiting_known(row) && !row->netns->delta[COUNTER_MIGRATE_SUCCESS].value;
	struct range k = { .max = UINT64_MAX, .known = arrivals.known };

	k.min = minus(row->window->length_before, l->length);
	if (arrivals.known)
		k.max = minus(row->window->length_before + arrivals.value, l->length);
	if (ages_count && row->group->known & GROUP_STAYED) {
		k.known = true;
		narrow_by_ages(&k, row);
	}
	/*
	 * The oldest connection of an earlier walk still waits, so none after it has left. Only
	 * connections that no dump shows can have been ahead of it.
	 */
	if (ages_count && row->group->known & GROUP_STANDS) {
		k.known = true;
		lower_to(&k.max, row->group->ahead);
	}
	if (ages_count && row->group->known & GROUP_MOVED)
		raise_to(&k.min, 1);
	return k;
}

/* accept(2) takes the oldest connection: while that is the same, none was accepted. */
static struct range unix_accepted(const struct listener *before, const struct listener *now,
				  uint64_t opening_ns)
{
	struct range k = { .min = minus(before->length, now->length), .max = UINT64_MAX };

	k.known = now->first_ns && now->first_ns <= opening_ns;
	if (k.known)
		k.max = 0;
	else if (now->first_ns && before->first_ns)
		raise_to(&k.min, 1);
	return k;
}

static struct range accepted(const struct row *row, const struct listener *before)
{
	const struct listener *l = row->listener;
	const struct netns_report *ns = row->netns;
	struct range k =
		listener_is_unix(l) ?
			unix_accepted(before, l, ns->snapshot->monotonic_ns - ns->window_ns) :
			tcp_accepted(row);

	if (l->known & LISTENER_PEAK)
		raise_to(&k.min, l->peak.fell);
	raise_to(&k.max, k.min);
	return k;
}

/*
 * Without fast samples only the two ends of the window can be compared. For TCP that is used only
 * beside a proof that none was accepted; a UNIX queue that is as long again may have moved.
 */
static uint64_t unmoved(const struct listener *now, const struct listener *before,
			const struct report *report)
{
	if (listener_is_unix(now) && now->first_ns)
		return report->snapshot->monotonic_ns - now->first_ns;
	if (now->known & LISTENER_PEAK)
		return now->peak.unmoved_ns;
	return before && !listener_is_unix(now) && before->length && now->length >= before->length ?
		       report->window_ns :
		       0;
}

/* @w: NULL where the window shows nothing of the row */
static void build_row(struct row *row, struct row_window *w, const struct report *report,
		      const struct listener *before, const struct listener *now)
{
	const struct snapshot *s = report->snapshot;

	row->listener = now;
	row->group = s->known & SNAPSHOT_GROUPS ? &s->groups[now->group] : NULL;
	row->group_syn_limit = row_syn_limit(row); /* until use_groups() adds the other members */
	if (row_waiting_known(row) && row->group->known & GROUP_OLDEST)
		row->oldest_wait_ms = opt_u64(row->group->oldest_wait_ms);
	row->waits_long = row->oldest_wait_ms.value >= WAIT_LONG_MS;
	row->seen_full = listener_full(now) || (before && listener_full(before)) ||
			 (now->known & LISTENER_PEAK && now->peak.full);
	if (before) {
		w->length_before = before->length;
		w->accepted = accepted(row, before);
	}
}

/*
 * The ledger. Every overflow raises ListenOverflows of the namespace and drops of the listener, but
 * drops count other packets too. So a listener overflowed at most as often as it dropped (and as
 * the namespace overflowed), and at least as often as all other listeners together cannot account
 * for. At least overflows_lo happened in the window, at most overflows_hi, see struct netns_report.
 * A listener whose drops are unknown may account for all of them. So may a listener that vanished.
 *
 * The other ListenDrops are losses. Each loss raises drops too, so the same arithmetic bounds them.
 *
 * @certain: lower bound of what happened in the namespace
 * @sum: of the upper bounds of all listeners
 * @max: the upper bound of the listener in question
 */
static uint64_t least(uint64_t certain, uint64_t sum, uint64_t max)
{
	uint64_t min = minus(certain, sum - max);

	/* A listener that came and went unseen had some, and maybe all. */
	if (certain > sum)
		return 0;
	return min < max ? min : max;
}

uint64_t report_overflows_min(const struct row *row)
{
	const struct netns_report *ns = row->netns;
	uint64_t min = least(ns->overflows_lo.value, ns->overflows_max, row->window->overflows.max);

	if (ns->listener_vanished)
		return 0;
	return row->seen_full ? min : minus(min, ns->unseen_max);
}

/*
 * What was harmless over IPv6 fell on IPv6 listeners, whose drops account for it where another
 * listener is in question. They may have IPv4 clients too.
 */
uint64_t report_losses_min(const struct row *row)
{
	const struct netns_report *ns = row->netns;
	bool inet6 = row->listener->addr.family == AF_INET6;
	uint64_t min = least(inet6 ? ns->losses6_lo : ns->losses_lo.value, ns->losses_max,
			     row->window->losses.max);

	return ns->listener_vanished ? 0 : minus(min, ns->unseen_max);
}

static uint64_t overflows_max(const struct row *row)
{
	const struct listener *l = row->listener;
	uint64_t max = row->netns->overflows_hi.value;

	if (row->window->drops.known)
		lower_to(&max, row->window->drops.value);
	else if (row->fresh && l->known & LISTENER_DROPS) /* if all are of this window */
		lower_to(&max, l->drops);
	return max;
}

static void bound_overflows(struct report *report)
{
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		struct row_window *w = &report->windows[i];
		struct netns_report *ns = &report->netns[row->listener->addr.netns_idx];

		w->overflows.known = !listener_is_unix(row->listener) && ns->overflows_lo.known &&
				     ns->overflows_hi.known;
		if (!w->overflows.known)
			continue;
		w->overflows.max = overflows_max(row);
		if (!row->gone)
			ns->overflows_max += w->overflows.max;
	}
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		struct row_window *w = &report->windows[i];
		uint64_t accepted;

		if (w->overflows.known && !row->gone)
			w->overflows.min = report_overflows_min(row);
		/* It was full when it overflowed. If it is shorter now, connections were accepted.
		 */
		accepted = minus(listener_capacity(row->listener), row->listener->length);
		if (!w->overflows.min || !accepted)
			continue;
		w->accepted.known = true;
		raise_to(&w->accepted.min, accepted);
		raise_to(&w->accepted.max, accepted);
	}
	for (size_t i = 0; i < report->n_netns; i++) {
		struct opt_u64 *rest = &report->netns[i].unattributed_overflows;

		rest->value = rest->known ? minus(rest->value, report->netns[i].overflows_max) : 0;
	}
}

/*
 * The members of a group share a SYN queue, so its reasons ask what became of all of them. Some of
 * them overflowed if one did, or if it is certain of them together, as for the row of the group.
 */
static void find_overflowed_groups(struct report *report, const struct snapshot *s, size_t n)
{
	struct group_overflows {
		uint64_t max;
		bool seen_full, proved;
	} * groups;

	if (!(s->known & SNAPSHOT_GROUPS) || s->n_groups == n)
		return;
	groups = xcalloc(s->n_groups, sizeof(*groups));
	for (size_t i = 0; i < n; i++) {
		const struct row *row = &report->rows[i];
		struct group_overflows *g = &groups[row->listener->group];

		g->max += row->window->overflows.max;
		g->seen_full |= row->seen_full;
		g->proved |= row_overflowed(row);
	}
	for (size_t i = 0; i < n; i++) {
		struct row *row = &report->rows[i];
		const struct group_overflows *g = &groups[row->listener->group];
		struct row_window all = { .overflows = { .max = g->max } };
		struct row whole = *row;

		whole.window = &all;
		whole.seen_full = g->seen_full;
		row->group_overflowed = g->proved || (row->window->overflows.known &&
						      report_overflows_min(&whole) > 0);
	}
	free(groups);
}

/* Kernels too old to report drops may count syncookies in ListenDrops too. */
static void bound_losses(struct report *report)
{
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		struct row_window *w = &report->windows[i];
		struct netns_report *ns = &report->netns[row->listener->addr.netns_idx];
		uint64_t max = minus(w->drops.value, w->overflows.min);

		w->losses.known = w->drops.known && w->overflows.known && ns->losses_lo.known &&
				  ns->losses_hi.known;
		if (listener_is_unix(row->listener) || row->gone)
			continue;
		if (!w->losses.known) /* it may account for all */
			max = UINT64_MAX;
		lower_to(&max, ns->losses_hi.value);
		w->losses.max = max;
		ns->losses_max += max;
	}
	for (size_t i = 0; i < report->n_rows; i++)
		if (report->windows[i].losses.known)
			report->windows[i].losses.min = report_losses_min(&report->rows[i]);
}

static void size_rows(struct report *report, size_t n)
{
	report->rows = array_reserve(report->rows, report->n_rows, &report->rows_size, n,
				     sizeof(*report->rows));
	report->n_rows = n;
}

static struct row_window *begin_window(struct report *report, size_t i)
{
	report->windows[i] = row_no_window;
	return &report->windows[i];
}

/* @found: set for each listener of the opening sample that has a row; NULL without a window */
static void build_rows(struct report *report, const struct snapshot *before,
		       const struct snapshot *now, bool *found)
{
	size_t next = 0;

	/* How many are gone is counted later. Room that is not used takes no memory. */
	report->windows =
		array_reserve(report->windows, 0, &report->windows_size,
			      (before ? before->n_listeners : 0) + now->n_listeners + now->n_gone,
			      sizeof(*report->windows));
	size_rows(report, now->n_listeners);
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct listener *l = &now->listeners[i], *old = NULL;
		struct netns_report *ns = &report->netns[l->addr.netns_idx];
		struct row *row = &report->rows[i];
		struct row_window *w = NULL;
		uint64_t unmoved_ns;

		*row = (struct row){ .netns = ns, .window = &row_no_window };
		if (ns->opening) {
			old = snapshot_find_near(before, (uint32_t)(ns->opening - before->netns),
						 l->cookie, next);
			/* Before 4.1 a cookie is an address, which another may have by now. */
			if (old && old->inode != l->inode)
				old = NULL;
			row->fresh = !old;
		}
		if (old) {
			next = (size_t)(old - before->listeners) + 1;
			found[next - 1] = true;
		}
		/* The oldest sample of the view has no window, but what it knows from its looks. */
		unmoved_ns = unmoved(l, old, report);
		if (before || unmoved_ns) {
			row->window = w = begin_window(report, i);
			w->unmoved_ns = unmoved_ns;
		}
		if (ns->opening && !listener_is_unix(l)) {
			w->drops = drops_delta(old, l, ns->opening->one_datagram);
			ns->listener_drops.value += w->drops.value;
			ns->listener_drops.known &= w->drops.known;
		}
		build_row(row, w, report, old, l);
	}
}

/* @next: index to start from; both lists are in the order of the dump */
static const struct listener *find_seen(const struct snapshot *s, uint32_t netns, uint64_t cookie,
					size_t *next)
{
	for (size_t n = 0; n < s->n_gone; n++) {
		size_t i = (*next + n) % s->n_gone;

		if (s->gone[i].cookie != cookie || s->gone[i].addr.netns_idx != netns)
			continue;
		*next = i + 1;
		return &s->gone[i];
	}
	return NULL;
}

/* @seen: its last state in fast samples; NULL: none */
static void add_gone(struct report *report, const struct listener *l, uint32_t netns,
		     const struct listener *seen)
{
	struct listener *to;

	report->gone =
		array_grow(report->gone, report->n_gone, &report->gone_size, sizeof(*report->gone));
	to = &report->gone[report->n_gone++];
	*to = *l;
	to->addr.netns_idx = netns;
	/* The owners of the opening sample are not in this one. */
	to->known &= (uint16_t) ~(LISTENER_OWNERS | LISTENER_PEAK);
	to->n_owners = 0;
	if (!seen)
		return;
	to->length = seen->length;
	to->limit = seen->limit;
	to->peak = seen->peak;
	to->known |= LISTENER_PEAK;
}

/*
 * A dump that the kernel resumed may miss a listener that still exists. The collector checks each
 * of them, so after a resumed dump only listeners in now->gone are gone.
 */
static void find_gone(struct report *report, const struct snapshot *before,
		      const struct snapshot *now, const bool *found)
{
	/* For each namespace of the opening sample; NULL: it is gone too. */
	struct netns_report **reports = xcalloc(before->n_netns, sizeof(*reports));
	size_t next = 0;

	for (size_t i = 0; i < report->n_netns; i++)
		if (report->netns[i].opening)
			reports[report->netns[i].opening - before->netns] = &report->netns[i];
	for (size_t i = 0; i < before->n_listeners; i++) {
		const struct listener *l = &before->listeners[i], *seen;
		struct netns_report *ns = reports[l->addr.netns_idx];
		const bool tcp = !listener_is_unix(l);

		if (found[i] || !ns)
			continue;
		ns->listener_vanished |= tcp;
		if (ns->netns->failed)
			continue;
		seen = find_seen(now, (uint32_t)(ns - report->netns), l->cookie, &next);
		if (seen || (ns->netns->one_datagram && tcp))
			add_gone(report, l, (uint32_t)(ns - report->netns), seen);
	}
	free(reports);
	for (size_t i = 0; i < now->n_gone; i++) {
		const struct listener *l = &now->gone[i];

		if (l->addr.family == AF_UNSPEC)
			continue;
		add_gone(report, l, l->addr.netns_idx, l);
		report->netns[l->addr.netns_idx].listener_vanished |= !listener_is_unix(l);
	}
}

static void add_gone_rows(struct report *report)
{
	const size_t n = report->n_rows;

	size_rows(report, n + report->n_gone);
	for (size_t i = 0; i < report->n_gone; i++) {
		const struct listener *l = &report->gone[i];
		struct row *row = &report->rows[n + i];

		*row = (struct row){ .listener = l,
				     .netns = &report->netns[l->addr.netns_idx],
				     .window = begin_window(report, n + i),
				     .gone = true };
		row->seen_full = listener_full(l) || (l->known & LISTENER_PEAK && l->peak.full);
	}
}

/*
 * Upper bound of old connections in the queue. accept(2) takes the oldest first, so at most as many
 * are left as the queue had at its lowest.
 */
static uint64_t old_max(const struct row *row)
{
	uint64_t max = minus(row->window->length_before, row->window->accepted.min);

	if (row->listener->known & LISTENER_PEAK)
		lower_to(&max, row->listener->peak.lowest);
	return max;
}

/* May all old connections of its queue still be there? */
static bool may_keep_all(const struct row *row)
{
	return row->window->length_before && old_max(row) == row->window->length_before;
}

/*
 * Did no more old connections leave the group than left_min? Ages prove it; or, where some came
 * just before the window began, a walk at its beginning that knew each of them.
 */
static bool only_movers_left(const struct group *g, const struct group_sums *sums)
{
	return g->stayed_min >= sums->old_max ||
	       (g->known & GROUP_SHOWN && g->shown <= g->shown_still + sums->left_min);
}

/*
 * It is unknown which member of a group holds a connection. But if the group still has as many old
 * connections as old_max, the sum over its members, each member has kept as many as it can, and one
 * that may have kept all has accepted none. If more are overdue than the other members can hold,
 * some of them wait at such members. As it is unknown at which, waits_long is set for each.
 */
static void prove_member(struct row *row, struct row_window *w, const struct group_sums *sums)
{
	const struct group *g = row->group;

	if (g->sockets < 2 || !(g->known & GROUP_STAYED) ||
	    row->netns->delta[COUNTER_MIGRATE_SUCCESS].value || !may_keep_all(row) ||
	    !only_movers_left(g, sums))
		return;
	w->accepted = (struct range){ .min = 0, .max = 0, .known = true };
	row->waits_long |= g->overdue > sums->movers_max;
}

/* Replaces what each member of a group has by what the group has. */
static void use_members(struct report *report, const struct snapshot *s, size_t n)
{
	struct group_sums *sums = xcalloc(s->n_groups, sizeof(*sums));

	for (size_t i = 0; i < n; i++) {
		const struct row *row = &report->rows[i];
		struct group_sums *sum = &sums[row->listener->group];

		sum->syn_limit.known = row->group_syn_limit.known;
		sum->syn_limit.value += row->group_syn_limit.value;
		sum->old_max += old_max(row);
		sum->left_min += minus(row->window->length_before, old_max(row));
		sum->movers_max += may_keep_all(row) ? 0 : old_max(row);
	}
	for (size_t i = 0; i < n; i++) {
		struct row *row = &report->rows[i];

		row->group_syn_limit = sums[row->listener->group].syn_limit;
		if (report->before)
			prove_member(row, &report->windows[i], &sums[row->listener->group]);
	}
	free(sums);
}

static void use_groups(struct report *report, const struct snapshot *s, size_t n)
{
	if (!(s->known & SNAPSHOT_GROUPS))
		return;
	if (s->n_groups < n) /* some group has several members */
		use_members(report, s, n);
	for (size_t i = 0; i < n; i++) {
		const struct row *row = &report->rows[i];

		if (row->listener == &s->listeners[row->group->first])
			report->netns[row->listener->addr.netns_idx].syn_full += row_syn_full(row);
	}
}

void report_build(struct report *report, const struct snapshot *before, const struct snapshot *now)
{
	bool *found;

	report->snapshot = now;
	report->before = before;
	report->window_ns = before ? now->monotonic_ns - before->monotonic_ns : 0;
	report->selection = NULL;
	report->n_rows = report->n_shown = report->n_members = report->n_gone = 0;
	report->not_shown = not_shown_find(before, now);
	report->n_netns = now->n_netns;
	report->netns = xreallocarray(report->netns, now->n_netns, sizeof(*report->netns));
	for (size_t i = 0; i < now->n_netns; i++)
		build_netns(&report->netns[i], report,
			    before ? snapshot_find_netns(before, netns_id(&now->netns[i])) : NULL,
			    &now->netns[i]);
	found = before ? xcalloc(before->n_listeners, sizeof(*found)) : NULL;
	build_rows(report, before, now, found);
	if (before)
		find_gone(report, before, now, found);
	free(found);
	add_gone_rows(report);
	use_groups(report, now, report->n_rows - report->n_gone);
	if (before) {
		bound_overflows(report);
		find_overflowed_groups(report, now, report->n_rows - report->n_gone);
		bound_losses(report);
	}
	for (size_t i = 0; i < report->n_rows; i++)
		classify_row(&report->rows[i]);
}

void report_free(struct report *report)
{
	free(report->rows);
	free(report->windows);
	free(report->members);
	free(report->by_group);
	free(report->folded);
	free(report->folded_owners);
	free(report->shown);
	free(report->gone);
	free(report->netns);
	memset(report, 0, sizeof(*report));
}

static bool is_any(const struct listen_addr *a)
{
	static const uint8_t any[16];

	return !memcmp(a->address, any, a->family == AF_INET ? 4 : 16);
}

/* Is it bound to the address? A v4-mapped one is that of IPv4. */
static bool is_bound_to(const struct listen_addr *a, const struct destination *to)
{
	if (to->family == AF_INET && a->family == AF_INET6)
		return snapshot_is_mapped(a->family, a->address) &&
		       !memcmp(a->address + 12, to->address, 4);
	return a->family == to->family &&
	       !memcmp(a->address, to->address, a->family == AF_INET ? 4 : 16);
}

/*
 * Does another listener on that port get the connections? The kernel prefers one that is bound to
 * the address, then one of the same family (compute_score(), inet_hashtables.c).
 */
static bool is_taken(const struct report *report, const struct row *row,
		     const struct destination *to)
{
	const struct listen_addr *a = &row->listener->addr;

	for (size_t i = 0; i < report->n_rows; i++) {
		const struct listen_addr *other = &report->rows[i].listener->addr;

		if (other->port == a->port && report->rows[i].netns == row->netns &&
		    !report->rows[i].gone && other->family != AF_UNIX && !other->ifindex &&
		    (is_bound_to(other, to) ||
		     (a->family != to->family && other->family == to->family && is_any(other))))
			return true;
	}
	return false;
}

static bool serves(const struct report *report, const struct row *row, const struct destination *to)
{
	const struct listen_addr *a = &row->listener->addr;

	if (!to->family && !to->port)
		return true;
	if (a->family == AF_UNIX || (to->port && a->port != to->port))
		return false;
	if (!to->family || is_bound_to(a, to))
		return true;
	return is_any(a) && (a->family == to->family || (to->family == AF_INET && !a->v6only)) &&
	       !is_taken(report, row, to);
}

bool report_selects(const struct report *report, const struct selection *selection,
		    const struct row *row)
{
	return (selection->family == AF_UNSPEC || listener_is_unix(row->listener) ||
		row->listener->addr.family == selection->family) &&
	       (!selection->only_full || row_worst_fill(row) >= selection->fill) &&
	       serves(report, row, &selection->to) && filter_match(selection->filter, row, report);
}

void report_select(struct report *report, const struct selection *selection)
{
	report->shown = array_reserve(report->shown, 0, &report->shown_size, report->n_rows,
				      sizeof(*report->shown));
	report->n_shown = 0;
	report->selection = selection;
	for (size_t i = 0; i < report->n_rows; i++) {
		struct row *row = &report->rows[i];

		row->shown = report_selects(report, selection, row);
		if (row->shown)
			report->shown[report->n_shown++] = row;
	}
}

bool report_has(const struct report *report, const struct selection *selection)
{
	for (size_t i = 0; i < report->n_rows; i++)
		if (report_selects(report, selection, &report->rows[i]))
			return true;
	return false;
}

const char *report_process_before(const struct report *report, const struct row *row)
{
	const struct snapshot *s = report->before;
	const struct netns *ns = s ? snapshot_find_netns(s, netns_id(row->netns->netns)) : NULL;

	for (size_t i = ns ? ns->first_listener : 0; ns && i < s->n_listeners; i++) {
		const struct listener *l = &s->listeners[i];

		if (l->cookie == row->listener->cookie && &s->netns[l->addr.netns_idx] == ns)
			return l->n_owners ? s->processes[s->owners[l->first_owner].process].comm :
					     NULL;
	}
	return NULL;
}

const struct row *report_only_gone(const struct report *report, const struct netns_report *ns)
{
	const struct row *found = NULL;

	for (size_t i = report->n_rows - report->n_gone; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];

		if (row->netns != ns || listener_is_unix(row->listener))
			continue;
		if (found)
			return NULL;
		found = row;
	}
	return found;
}

bool report_lacks_owners(const struct report *report)
{
	for (size_t i = 0; i < report->n_shown; i++) {
		const struct row *row = report->shown[i];

		if (!row->folded && !row->gone && !(row->listener->known & LISTENER_OWNERS))
			return true;
		for (size_t j = 0; row->folded && j < row->folded->n_members; j++)
			if (!(row->folded->members[j]->listener->known & LISTENER_OWNERS))
				return true;
	}
	return false;
}

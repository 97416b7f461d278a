/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/postmortem.h"

#include "analyse/holders.h"
#include "base/alloc.h"
#include "base/num.h"
#include "model/boots.h"
#include "model/clock_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAME_NS (NSEC_PER_SEC / 10) /* ages of connections are that exact */

static char *copy_text(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static void free_listener(struct postmortem_listener *l)
{
	free((char *)l->listener.name);
	free((char *)l->listener.interface);
	free((char *)l->netns.name);
	free(l->unit);
	free(l->container);
	free(l->cgroup);
	for (size_t i = 0; i < REASON_N; i++) {
		strbuf_free(&l->reasons[i].fact);
		remedy_free(&l->reasons[i].remedy);
	}
	strbuf_free(&l->fact);
	remedy_free(&l->remedy);
	remedy_free(&l->logged);
	free(l);
}

/* The same address on another host is that of another listener. */
static uint64_t id_of(const struct postmortem *p, const struct row *row)
{
	return row_group_id(row) ^ p->host_id;
}

static size_t least_bad(const struct postmortem *p)
{
	size_t least = 0;

	for (size_t i = 1; i < p->n_listeners; i++)
		if (p->listeners[i]->badness < p->listeners[least]->badness)
			least = i;
	return least;
}

/*
 * How bad a window is: the state first. Of windows in the same state, one with a cause and with
 * processes says most.
 */
static uint32_t badness_of(const struct row *row)
{
	const bool cause = verdict_cause(verdict_first_reason(row->reasons)) != NULL;
	const bool owners = row_owners(row, row->netns->snapshot).n > 0;

	return (uint32_t)(STATE_N - row->state) << 2 | (uint32_t)cause << 1 | owners;
}

static struct postmortem_listener *find(const struct postmortem *p, uint64_t id)
{
	const uint32_t i = p->n_listeners ? idmap_get(&p->by_id, id) : IDMAP_NONE;

	return i == IDMAP_NONE ? NULL : p->listeners[i];
}

static void index_listeners(struct postmortem *p)
{
	idmap_reset(&p->by_id, POSTMORTEM_LISTENERS);
	for (size_t i = 0; i < p->n_listeners; i++)
		idmap_put(&p->by_id, p->listeners[i]->id, (uint32_t)i);
}

/* Where there are too many, one that is less bad makes room. NULL: there is none. */
static struct postmortem_listener *add_listener(struct postmortem *p, uint64_t id,
						const struct row *row)
{
	size_t i = p->n_listeners;

	if (i == POSTMORTEM_LISTENERS) {
		p->left_out++;
		i = least_bad(p);
		if (p->listeners[i]->badness >> 2 >= badness_of(row) >> 2)
			return NULL;
		free_listener(p->listeners[i]);
	} else {
		p->listeners =
			array_grow(p->listeners, i, &p->listeners_size, sizeof(*p->listeners));
		p->n_listeners++;
	}
	p->listeners[i] = xcalloc(1, sizeof(*p->listeners[i]));
	p->listeners[i]->id = id;
	memcpy(p->listeners[i]->host, p->host, sizeof(p->host));
	p->listeners[i]->first_limit = row->listener->limit;
	index_listeners(p);
	return p->listeners[i];
}

/*
 * Process 1 and its like count only where nobody else holds the listener. What is known stays where
 * the row has none.
 */
static void take_processes(struct postmortem_listener *l, const struct row *row)
{
	const struct snapshot *s = row->netns->snapshot;
	const struct row_owners owners = row_owners(row, s);
	const struct process *first = NULL;

	if (!owners.n) {
		l->nobody = !l->n_processes && row->listener->known & LISTENER_OWNERS;
		return;
	}
	l->nobody = false;
	l->n_processes = 0;
	for (int managers = 0; managers < 2 && !l->n_processes; managers++)
		for (uint32_t i = 0; i < owners.n; i++) {
			const struct process *of = &s->processes[owners.list[i].process];
			struct postmortem_process *to = &l->processes[l->n_processes];

			if ((i && owners.list[i - 1].process == owners.list[i].process) ||
			    (!managers && holder_is_manager(of)))
				continue;
			if (!l->n_processes)
				first = of;
			if (l->n_processes++ >= POSTMORTEM_PIDS)
				continue;
			to->pid = of->pid;
			snprintf(to->comm, sizeof(to->comm), "%s", of->comm ? of->comm : "");
		}
	free(l->unit);
	free(l->container);
	free(l->cgroup);
	l->unit = copy_text(first ? first->unit : NULL);
	l->container = copy_text(first ? first->container : NULL);
	l->cgroup = copy_text(first ? first->cgroup : NULL);
	l->open_fds = l->fd_limit = (struct opt_u64){ 0 };
	if (first && first->known & PROCESS_OPEN_FDS)
		l->open_fds = (struct opt_u64){ first->open_fds, true };
	if (first && first->known & PROCESS_FD_LIMIT)
		l->fd_limit = (struct opt_u64){ first->fd_limit, true };
}

static bool is_worse(const struct postmortem_listener *l, const struct row *row)
{
	const uint32_t badness = badness_of(row);

	if (badness != l->badness)
		return badness > l->badness;
	if (row_lost_most(row) != l->lost)
		return row_lost_most(row) > l->lost;
	return row_longest(row) > l->length;
}

static void take_listener(struct postmortem_listener *l, const struct row *row)
{
	free((char *)l->listener.name);
	free((char *)l->listener.interface);
	free((char *)l->netns.name);
	l->listener = *row->listener;
	l->listener.name = copy_text(row->listener->name);
	l->listener.interface = copy_text(row->listener->interface);
	l->listener.cgroup = NULL;
	l->listener.n_owners = 0;
	l->netns = *row->netns->netns;
	l->netns.name = copy_text(row->netns->netns->name);
}

static void take_worst(const struct postmortem *p, struct postmortem_listener *l,
		       const struct row *row)
{
	take_listener(l, row);
	l->sockets = row->group ? row->group->sockets : 0;
	l->badness = badness_of(row);
	l->lost = row_lost_most(row);
	l->length = row_longest(row);
	l->worst = row->state;
	l->worst_reasons = row->reasons;
	l->worst_wall = p->wall;
	l->fact.len = 0;
	strbuf_adds(&l->fact, verdict_state_fact(row, row->state));
	l->remedy.now = p->past ? &l->worst_wall : NULL;
	remedy_find(&l->remedy, row, row->state, row->reasons, p->text_flags);
}

static void add_reasons(const struct postmortem *p, struct postmortem_listener *l,
			const struct row *row, bool worst)
{
	for (unsigned int i = 0; i < REASON_N; i++) {
		struct postmortem_reason *r = &l->reasons[i];

		if (!(row->reasons & 1u << i))
			continue;
		if (!r->windows++)
			r->first = p->wall;
		if (r->windows > 1 && !worst)
			continue;
		r->worst = p->wall;
		r->fact.len = 0;
		r->names = verdict_add_fact(&r->fact, i, row, p->text_flags);
		if (!verdict_cause(i))
			continue;
		/* What it is blamed for, whatever else the window proves. */
		r->remedy.now = p->past ? &r->worst : NULL;
		remedy_find(&r->remedy, row, row->state, row->reasons & ~((1u << i) - 1),
			    p->text_flags);
	}
}

/* @ns: monotonic, of this boot */
static struct timespec wall_at(const struct postmortem *p, const struct report *report, uint64_t ns)
{
	return clock_before(p->wall, report->snapshot->monotonic_ns - ns);
}

static void end_spell(struct postmortem_listener *l)
{
	const struct postmortem_spell *s = &l->last;
	const struct spell_span span = spell_span(s);

	l->sick_ns += span.ns;
	l->sick.ns += span.ns;
	l->sick.min_ns += span.min_ns;
	l->sick.max_ns += span.max_ns;
	l->at_least |= postmortem_spell_open(s);
	if (l->n_spells == 1 || s->end_ns - s->begin_ns > l->longest.end_ns - l->longest.begin_ns)
		l->longest = *s;
	if (l->n_spells == 1)
		l->first = *s;
}

/*
 * @m: what the history says of the row at the end of the window; its incident is unknown where too
 * many are sick
 */
static void add_to_spell(struct postmortem *p, struct postmortem_listener *l,
			 const struct memory *m, const struct report *report)
{
	const uint64_t end_ns =
		report->snapshot->monotonic_ns - (m->kind == MEMORY_WAS ? m->ago_ns : 0);
	const uint64_t begin_ns = end_ns - (m->lasted.known ? m->lasted.ns : report->window_ns);
	const uint64_t pause_ns = m->lasted.known ? 0 : HISTORY_GAP_NS;
	struct postmortem_spell *s = &l->last;

	if (!l->n_spells || s->part != p->history_begin || begin_ns > s->end_ns + pause_ns) {
		if (l->n_spells)
			end_spell(l);
		l->n_split += l->n_spells && s->goes_on && m->lasted.at_least;
		l->n_spells++;
		tally_settle(&l->overflows, false);
		tally_settle(&l->losses, false);
		*s = (struct postmortem_spell){ .begin_ns = begin_ns, .part = p->history_begin };
		s->begin = wall_at(p, report, begin_ns);
		s->begun_before =
			m->lasted.known ? m->lasted.at_least : p->windows == p->history_begin + 1;
	}
	if (end_ns > s->end_ns) {
		s->latest = (struct timespec){ 0 };
		s->closed = false;
		tally_settle(&l->overflows, true);
		tally_settle(&l->losses, true);
	}
	s->end_ns = end_ns;
	s->end = wall_at(p, report, end_ns);
}

/* In a window in which samples were left out, or that was mostly unseen, nobody knows when it
 * became well. */
static void open_end(struct postmortem *p, struct postmortem_listener *l,
		     const struct report *report)
{
	const uint64_t begin_ns = report->before->monotonic_ns;
	const struct snapshot *s = report->snapshot;

	if ((s->previous_ns > begin_ns || s->blind_ns) && l->n_spells && !l->open &&
	    l->last.part == p->history_begin && l->last.end_ns == begin_ns)
		l->last.latest = p->wall;
}

static void add_numbers(const struct postmortem *p, struct postmortem_listener *l,
			const struct row *row, const struct report *report)
{
	const struct timespec wall = p->wall;
	const struct snapshot *s = report->snapshot;
	const struct listener *now = row->listener;
	const struct opt_u64 gave_up = row_peers_closed_or_reset(row);
	const bool stuck = row->reasons & 1u << REASON_NOT_ACCEPTING;
	uint64_t length = row_longest(row);

	/* Drops prove that it was full, whatever the looks saw. */
	if (row->window->overflows.known && row->window->overflows.min)
		length = num_max_u64(length, listener_capacity(now));
	tally_most(&l->queue, length, (struct opt_u64){ row_capacity(row), true }, wall);
	if (!listener_is_unix(now) && row->netns->netns->syn_recv_ns && row->group)
		tally_most(&l->syn_queue, row_syn_length(row), row_syn_limit(row), wall);
	if (listener_is_unix(now) && now->first_ns && now->length)
		tally_most(&l->wait_ms, row->window->unmoved_ns / (NSEC_PER_SEC / 1000),
			   (struct opt_u64){ 0 }, wall);
	if (row->oldest_wait_ms.known)
		tally_most(&l->wait_ms, row->oldest_wait_ms.value, (struct opt_u64){ 0 }, wall);
	if (row->folded)
		tally_most(&l->percent, row_worst_fill(row) / FILL_PERCENT, (struct opt_u64){ 0 },
			   wall);
	if (gave_up.known)
		tally_most(&l->gave_up, gave_up.value, (struct opt_u64){ 0 }, wall);
	if (now->known & LISTENER_PEAK) {
		l->full_ns.value += now->peak.full_ns;
		l->full_ns.known = true;
		tally_most(&l->stood_ns, num_max_u64(now->peak.stood_ns, row->window->unmoved_ns),
			   (struct opt_u64){ 0 }, wall);
	} else {
		l->without_peaks++;
	}
	l->full_unknown +=
		row->state <= STATE_FULL && (s->blind_ns || !(now->known & LISTENER_PEAK));
	/* Whoever accepts nothing makes no room: full at both ends is full all the time. */
	tally_stretch(&l->stuck, stuck, report->window_ns, wall);
	tally_stretch(&l->shut,
		      stuck && !row->folded && listener_full(now) &&
			      row->window->length_before > now->limit,
		      report->window_ns, wall);
	l->last_limit = now->limit;
}

/* @within: in a window that may be one of its incident */
static void add_lost(struct postmortem_listener *l, const struct row *row, bool again, bool within)
{
	const struct row_window *w = row->window;
	void (*const sum)(struct postmortem_sum *, bool, uint64_t, uint64_t, bool) =
		within ? tally_sum : tally_sum_outside;

	if (listener_is_unix(row->listener))
		return;
	sum(&l->overflows, w->overflows.known, w->overflows.min, w->overflows.max, again);
	sum(&l->losses, w->losses.known, w->losses.min, w->losses.max, again);
}

/*
 * In the first window after a gap: accept(2) takes the oldest connection first, so one that came
 * before the gap and still waits proves that the listener did not get well meanwhile. If it was the
 * oldest one before the gap, too, nothing was accepted in it.
 */
static void join_spell(struct postmortem *p, struct postmortem_listener *l, const struct row *row,
		       uint64_t begin_ns, uint64_t oldest_ns)
{
	struct postmortem_spell *s = &l->last;
	const uint64_t gap_ns = begin_ns - s->end_ns;

	if (!l->n_spells || !s->goes_on || !oldest_ns || oldest_ns > s->end_ns || row->folded ||
	    l->cookie != row->listener->cookie)
		return;
	s->goes_on = false;
	s->part = l->joined = p->history_begin;
	s->unseen_ns += gap_ns;
	s->end_ns = begin_ns;
	s->end = p->opened;
	l->before_ns = begin_ns - s->begin_ns;
	tally_sum(&l->overflows, false, 0, 0, false);
	tally_sum(&l->losses, false, 0, 0, false);
	if (oldest_ns > l->oldest_ns + SAME_NS || l->oldest_ns > oldest_ns + SAME_NS)
		return;
	l->stuck.now_ns = l->stuck_ns ? l->stuck_ns + gap_ns : 0;
	l->shut.now_ns = l->shut_ns ? l->shut_ns + gap_ns : 0;
}

/* In the window that ends at @wall. */
static void close_spell(struct postmortem_listener *l, struct timespec wall)
{
	if (!l->open)
		return;
	l->last.closed = true;
	l->last.latest = wall;
	l->open = false;
}

static void close_listener(struct postmortem *p, struct postmortem_listener *l)
{
	l->gone = true;
	l->gone_after = p->opened;
	l->gone_wall = p->wall;
	close_spell(l, p->wall);
}

/* A row of the report whose listener is kept, or becomes so. */
static void add_row(struct postmortem *p, struct postmortem_listener *l, const struct row *row,
		    const struct report *report, bool first)
{
	const struct memory m = history_memory(p->history, row, 0);
	const uint64_t wait_ns = row->oldest_wait_ms.value * (NSEC_PER_SEC / 1000);
	const uint64_t now_ns = report->snapshot->monotonic_ns;
	const uint64_t oldest_ns =
		row->oldest_wait_ms.known && wait_ns < now_ns ? now_ns - wait_ns : 0;
	const bool worst = state_is_sick(row->state) && is_worse(l, row);

	l->seen = p->windows;
	l->gone = false;
	if (first && memory_is_sick(&m))
		join_spell(p, l, row, report->before->monotonic_ns, oldest_ns);
	l->oldest_ns = oldest_ns;
	l->cookie = row->listener->cookie;
	if (row_all_fresh(row))
		close_spell(l, p->wall);
	/* What is held of a queue that has emptied is over, unless it comes back. */
	l->open = memory_is_sick(&m) && (state_is_sick(row->state) || row_length(row));
	l->windows += l->open;
	l->windows_ns += l->open ? report->window_ns : 0;
	l->in_state[row->state] += l->open;
	if (worst)
		take_worst(p, l, row);
	if (worst || !l->n_processes)
		take_processes(l, row);
	add_reasons(p, l, row, worst);
	if (l->open || (m.kind == MEMORY_WAS && m.lasted.known))
		add_to_spell(p, l, &m, report);
	if (l->n_spells)
		l->windows_ns += spell_bound(&l->last, row, report, oldest_ns, !l->open);
	open_end(p, l, report);
	add_numbers(p, l, row, report);
	add_lost(l, row, false, true);
}

/* @l: the listener, gone until now; NULL: it is not kept */
static void add_restart(struct postmortem *p, uint64_t id, const struct postmortem_listener *l,
			bool in_gap)
{
	struct postmortem_restart *r = &p->restarts[p->n_restarts];
	const struct absence *absence = in_gap ? NULL : absences_now(&p->absences, id);

	if (p->n_restarts++ >= POSTMORTEM_RESTARTS)
		return;
	*r = (struct postmortem_restart){ id, in_gap ? p->opened : p->wall, in_gap };
	if (absence) {
		r->closed_after = absence->closed_after;
		r->closed_by = absence->closed_by;
		r->opened_after = p->opened;
	} else if (l && l->gone) {
		r->closed_after = l->gone_after;
		r->closed_by = l->gone_wall;
		r->opened_after = p->opened;
	}
}

/* A new listener where another one was closed. @first: the report is the first one after a gap */
static void find_restart(struct postmortem *p, const struct row *row, bool first)
{
	const struct postmortem_listener *l;
	uint64_t id;

	if (first && p->n_listeners && !row->folded) {
		id = id_of(p, row);
		l = find(p, id);
		if (l && !l->gone && l->sockets <= 1 && l->cookie != row->listener->cookie)
			add_restart(p, id, NULL, true);
	}
	if (!p->gone.used || !row_all_fresh(row))
		return;
	id = id_of(p, row);
	if (idmap_get(&p->gone, id) != IDMAP_NONE)
		add_restart(p, id, find(p, id), false);
}

static void add_gone(struct postmortem *p, const struct row *row)
{
	struct postmortem_listener *l = find(p, id_of(p, row));

	if (!l)
		return;
	/* What it lost then is never known whole. */
	add_lost(l, row, l->closed == p->windows,
		 l->open ||
			 (l->last.closed && clock_to_ns(l->last.latest) == clock_to_ns(p->wall)));
	l->closed = p->windows;
	if (l->seen != p->windows) /* no other listener of its group is there */
		close_listener(p, l);
	l->seen = p->windows;
}

static void remember_gone(struct postmortem *p, uint64_t id)
{
	if (p->gone.used < POSTMORTEM_GONE)
		idmap_put(&p->gone, id, 0);
	else if (idmap_get(&p->gone, id) == IDMAP_NONE)
		p->gone_left_out++;
}

/* One of which nothing but its address and its place is known. Its owner frees it. */
static struct postmortem_listener *new_place(const struct postmortem *p, const struct row *row)
{
	struct postmortem_listener *l = xcalloc(1, sizeof(*l));

	l->id = id_of(p, row);
	take_listener(l, row);
	memcpy(l->host, p->host, sizeof(p->host));
	return l;
}

static void remember_all_gone(struct postmortem *p, const struct report *report)
{
	for (size_t i = report->n_rows - report->n_gone; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		const uint64_t id = id_of(p, row);
		struct absences_of *absences;

		if (!row->shown)
			continue;
		remember_gone(p, id);
		absences = absences_closed(&p->absences, id, p->windows);
		if (absences && !absences->of)
			absences->of = new_place(p, row);
	}
}

static void add_rows(struct postmortem *p, const struct report *report, bool first)
{
	remember_all_gone(p, report);
	for (size_t i = 0; i < report->n_rows - report->n_gone; i++) {
		const struct row *row = &report->rows[i];
		const bool sick = state_is_sick(row->state) && row->shown;
		struct postmortem_listener *l = NULL;
		uint64_t id;

		find_restart(p, row, first);
		if (!sick && !p->n_listeners && !p->absences.n)
			continue;
		id = id_of(p, row);
		absences_here(&p->absences, id, p->windows, row_all_fresh(row));
		l = find(p, id);
		if (!l && sick)
			l = add_listener(p, id, row);
		if (l)
			add_row(p, l, row, report, first);
	}
	absences_add_window(&p->absences, p->windows, p->opened, p->wall);
	for (size_t i = report->n_rows - report->n_gone; i < report->n_rows; i++)
		add_gone(p, &report->rows[i]);
	/* Those whose namespace has gone are not among the rows. */
	for (size_t i = 0; i < p->n_listeners; i++)
		if (!p->listeners[i]->gone && p->listeners[i]->seen != p->windows)
			close_listener(p, p->listeners[i]);
}

/* Overflows that no listener which is there can account for. */
static void add_orphans(struct postmortem *p, const struct report *report,
			const struct netns_report *ns)
{
	const struct row *row = report_only_gone(report, ns);
	struct postmortem_orphans *to = &p->orphans[p->n_orphans];

	p->unattributed += ns->unattributed_overflows.value;
	if (!row || !ns->unattributed_overflows.value || p->n_orphans == POSTMORTEM_ORPHANS)
		return;
	p->n_orphans++;
	to->of = new_place(p, row);
	to->begin = p->opened;
	to->end = p->wall;
	to->overflows = ns->unattributed_overflows.value;
}

static void add_netns(struct postmortem *p, const struct report *report)
{
	for (size_t i = 0; i < report->n_netns; i++) {
		const struct netns_report *ns = &report->netns[i];

		if (!ns->opening) /* it is new */
			continue;
		tally_sum(&p->overflows, ns->overflows_lo.known && ns->overflows_hi.known,
			  ns->overflows_lo.value, ns->overflows_hi.value, false);
		tally_sum(&p->losses, ns->losses_lo.known && ns->losses_hi.known,
			  ns->losses_lo.value, ns->losses_hi.value, false);
		add_orphans(p, report, ns);
	}
	p->most_netns = num_max(p->most_netns, report->n_netns);
}

static void add_scope(struct postmortem *p, const struct report *report)
{
	const struct snapshot *s = report->snapshot;
	const struct not_shown *e = &report->not_shown;

	p->unix_too = (p->unix_too || p->windows == 1) && s->known & SNAPSHOT_UNIX;
	p->all_netns = (p->all_netns || p->windows == 1) && s->known & SNAPSHOT_ALL_NETNS;
	p->chosen |= report->n_shown < report->n_rows;
	p->most_listeners = num_max(p->most_listeners, s->n_listeners);
	p->looked_ns += report->window_ns;
	p->longest_ns = num_max_u64(p->longest_ns, report->window_ns);
	if (p->windows == 1 || report->window_ns < p->shortest_ns)
		p->shortest_ns = report->window_ns;
	p->end = p->wall;
	p->shown = s->wall;
	p->now_ns = s->monotonic_ns;
	snprintf(p->boot_id, sizeof(p->boot_id), "%s", s->boot_id);
	tally_raise(&p->unix_listeners, e->unix_listeners);
	tally_raise(&p->unix_full, e->unix_full);
	tally_raise(&p->unix_stalled, e->unix_stalled);
	tally_raise(&p->netns_overflowing, e->overflowing);
}

/* An event of the history has the clock of the report that told of it. */
static void straighten(const struct postmortem *p, struct event *e)
{
	const struct timespec wall = clock_shift(p->history_wall, (int64_t)e->time_ns);

	if (e->latest.tv_sec)
		e->latest = clock_shift(wall, clock_to_ns(e->latest) - clock_to_ns(e->wall));
	e->wall = wall;
}

/* The events of the history, of listeners that are kept. */
static void take_events(struct postmortem *p)
{
	const size_t n = history_events(p->history, 0);
	const struct timespec cut = history_events_cut(p->history);
	const struct postmortem_listener *l;

	if (cut.tv_sec)
		p->cut = cut;
	for (size_t i = n; i-- > 0;) {
		struct event e = *history_event(p->history, 0, i);

		e.report += p->history_begin;
		e.group ^= p->host_id;
		if (p->steps.n)
			straighten(p, &e);
		l = find(p, e.group);
		if (!l)
			continue;
		/* It began before the gap, and what it lost since is not all. */
		if (e.kind == EVENT_RECOVERED && l->joined && l->joined == p->history_begin &&
		    clock_to_ns(e.wall) - (int64_t)e.lasted_ns <= clock_to_ns(p->history_wall)) {
			e.lasted_ns += l->before_ns;
			e.overflows = e.losses = (struct range){ 0 };
		}
		event_log_add(&p->log, &e);
	}
}

/* What comes after this does not follow from what came before. */
static void close_history(struct postmortem *p)
{
	if (!p->history)
		return;
	take_events(p);
	absences_cut(&p->absences, p->end);
	history_free(p->history);
	p->history = NULL;
	for (size_t i = 0; i < p->n_listeners; i++) {
		struct postmortem_listener *l = p->listeners[i];

		l->last.goes_on |= l->open;
		l->open = false;
		l->stuck_ns = l->stuck.now_ns;
		l->shut_ns = l->shut.now_ns;
		l->stuck.now_ns = l->shut.now_ns = 0;
	}
}

/* @at: its place among the gaps, in order of time */
static void add_gap(struct postmortem *p, const struct postmortem_gap *gap, size_t at)
{
	const int64_t length_ns = clock_to_ns(gap->end) - clock_to_ns(gap->begin);

	p->gaps_ns += length_ns > 0 ? (uint64_t)length_ns : 0; /* clocks are set */
	p->n_gaps++;
	if (at >= POSTMORTEM_GAPS)
		return;
	memmove(&p->gaps[at + 1], &p->gaps[at],
		(num_min(p->n_gaps, POSTMORTEM_GAPS) - at - 1) * sizeof(*p->gaps));
	p->gaps[at] = *gap;
}

void postmortem_ask(struct postmortem *p, struct timespec begin, struct timespec end)
{
	p->asked_begin = begin;
	p->asked_end = end;
}

/*
 * Was the clock set before the window, or in it? Between two boots only one that went back shows.
 * @last: the last sample, if it is of the same boot
 */
static void find_steps(struct postmortem *p, const struct snapshot *last,
		       const struct snapshot *before, const struct snapshot *now)
{
	int64_t back_ns;

	if (p->windows && last) {
		clock_steps_add(&p->steps, before->wall, clock_step_ns(last, before), false);
	} else if (p->windows) {
		back_ns = clock_to_ns(clock_steps_straight(&p->steps, before->wall)) -
			  clock_to_ns(p->end);
		p->gaps_unknown |= back_ns < 0;
		if (back_ns < 0)
			clock_steps_add(&p->steps, before->wall, back_ns - 1, true);
	}
	p->opened = clock_steps_straight(&p->steps, before->wall);
	clock_steps_add(&p->steps, now->wall, clock_step_ns(before, now), false);
	p->wall = clock_steps_straight(&p->steps, now->wall);
}

struct timespec postmortem_wall(const struct postmortem *p, struct timespec t)
{
	return clock_steps_wall(&p->steps, t);
}

/*
 * Returns whether the report is the first one after a gap within a boot. The first sample of a run
 * does not know its host. Where boots are unknown, clocks that agree are of the same one.
 */
static bool follow(struct postmortem *p, const struct snapshot *before, const struct snapshot *now)
{
	const struct snapshot last = { .wall = p->shown, .monotonic_ns = p->now_ns };
	const enum boots boots = boots_compare(p->host, p->boot_id, now->host, now->boot_id);
	const bool same = boots == BOOTS_SAME ||
			  (boots == BOOTS_UNKNOWN && before->monotonic_ns >= p->now_ns &&
			   !clock_step_ns(&last, before));
	const bool gap = p->windows && (!same || before->monotonic_ns != p->now_ns);

	find_steps(p, same ? &last : NULL, before, now);
	if (gap) {
		close_history(p);
		add_gap(p,
			&(struct postmortem_gap){ p->end, p->opened, boots == BOOTS_OTHER,
						  !same && boots == BOOTS_UNKNOWN },
			p->n_gaps);
	}
	if (!p->windows)
		p->begin = p->opened;
	if (!p->history) {
		p->history = history_new();
		p->history_wall = p->opened;
		p->history_begin = p->windows;
		p->host_id = idmap_hash(now->host, strlen(now->host));
	}
	return gap && same;
}

struct postmortem *postmortem_new(unsigned int text_flags)
{
	struct postmortem *p = xcalloc(1, sizeof(*p));

	p->text_flags = text_flags;
	return p;
}

void postmortem_free(struct postmortem *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_listeners; i++)
		free_listener(p->listeners[i]);
	free(p->listeners);
	tally_warnings_free(&p->warnings);
	for (size_t i = 0; i < p->n_orphans; i++)
		free_listener(p->orphans[i].of);
	for (size_t i = 0; i < p->absences.n; i++)
		free_listener(p->absences.list[i].of);
	absences_free(&p->absences);
	history_free(p->history);
	event_log_free(&p->log);
	idmap_free(&p->by_id);
	idmap_free(&p->gone);
	free(p);
}

void postmortem_add(struct postmortem *p, const struct report *report)
{
	const struct snapshot *s = report->snapshot;
	bool first;

	if (!report->before || !report->window_ns)
		return;
	first = follow(p, report->before, s);
	p->windows++;
	snprintf(p->host, sizeof(p->host), "%s", s->host);
	history_add(p->history, report);
	add_rows(p, report, first);
	add_netns(p, report);
	tally_warnings(&p->warnings, s, p->wall);
	if (s->blind_ns && p->n_blind++ < POSTMORTEM_BLIND)
		p->blind[p->n_blind - 1] =
			(struct postmortem_blind){ p->opened, p->wall, s->blind_ns };
	if (s->missed) {
		if (!p->missed)
			p->missed_begin = p->windows > 1 ? p->end : p->opened;
		p->missed += s->missed;
		if (p->n_missed++ < POSTMORTEM_MISSED)
			p->missed_list[p->n_missed - 1] =
				(struct postmortem_missed){ p->opened, p->wall, s->missed };
		p->missed_end = p->wall;
	}
	add_scope(p, report);
}

enum reason postmortem_cause(const struct postmortem_listener *l)
{
	enum reason most = REASON_N;

	for (unsigned int i = 0; i < REASON_N; i++)
		if (verdict_cause(i) && l->reasons[i].windows &&
		    (most == REASON_N || l->reasons[i].windows > l->reasons[most].windows))
			most = i;
	return most;
}

/* By port and address. */
static int compare_places(const struct listen_addr *a, const struct listen_addr *b)
{
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return memcmp(a->address, b->address, sizeof(a->address));
}

/* Worst first; of listeners that were as bad, the one that was so for longer. */
static int compare(const void *va, const void *vb)
{
	const struct postmortem_listener *a = *(struct postmortem_listener *const *)va;
	const struct postmortem_listener *b = *(struct postmortem_listener *const *)vb;

	if (a->worst != b->worst)
		return a->worst < b->worst ? -1 : 1;
	if (a->overflows.min + a->losses.min != b->overflows.min + b->losses.min)
		return num_compare(b->overflows.min + b->losses.min,
				   a->overflows.min + a->losses.min);
	if (a->sick_ns != b->sick_ns)
		return num_compare(b->sick_ns, a->sick_ns);
	return compare_places(&a->listener.addr, &b->listener.addr);
}

/* The log has the times that the clock showed, which may be the same twice. */
static void add_logged(const struct postmortem *p, struct postmortem_listener *l,
		       const struct process *process)
{
	struct timespec from = postmortem_wall(p, l->first.begin), to = from;

	for (size_t i = 0; i <= num_min(p->steps.n, CLOCK_STEPS_MAX); i++) {
		struct timespec end = l->last.end, ends[2];

		if (i < num_min(p->steps.n, CLOCK_STEPS_MAX))
			end = p->steps.list[i].wall;
		if (clock_to_ns(end) < clock_to_ns(l->first.begin) ||
		    clock_to_ns(end) > clock_to_ns(l->last.end))
			continue;
		ends[0] = postmortem_wall(p, clock_before(end, 1));
		ends[1] = postmortem_wall(p, end);
		for (size_t j = 0; j < ARRAY_SIZE(ends); j++) {
			if (clock_to_ns(ends[j]) < clock_to_ns(from))
				from = ends[j];
			if (clock_to_ns(ends[j]) > clock_to_ns(to))
				to = ends[j];
		}
	}
	remedy_logged(&l->logged, process, from, to, p->text_flags);
}

void postmortem_end(struct postmortem *p)
{
	if (p->ended)
		return;
	p->ended = true;
	close_history(p);
	p->n_absences = absences_sort(&p->absences);
	if (p->log.cut.tv_sec && clock_to_ns(p->log.cut) > clock_to_ns(p->cut))
		p->cut = p->log.cut;
	if (p->windows && p->asked_begin.tv_sec)
		add_gap(p, &(struct postmortem_gap){ p->asked_begin, p->begin, false }, 0);
	if (p->asked_end.tv_sec)
		p->asked_end = clock_steps_straight(&p->steps, p->asked_end);
	if (p->windows && p->asked_end.tv_sec)
		add_gap(p, &(struct postmortem_gap){ p->end, p->asked_end, false }, p->n_gaps);
	for (size_t i = 0; i < p->n_listeners; i++) {
		struct postmortem_listener *l = p->listeners[i];
		const struct process process = { .comm = l->processes[0].comm,
						 .unit = l->unit,
						 .container = l->container,
						 .pid = l->processes[0].pid };

		if (l->n_spells)
			end_spell(l);
		if (l->n_spells && l->n_processes && *process.comm)
			add_logged(p, l, &process);
	}
	if (p->n_listeners)
		qsort(p->listeners, p->n_listeners, sizeof(*p->listeners), compare);
	index_listeners(p);
}

const struct postmortem_restart *postmortem_restart(const struct postmortem *p, uint64_t id,
						    size_t i)
{
	for (size_t at = 0; at < num_min(p->n_restarts, POSTMORTEM_RESTARTS); at++)
		if (p->restarts[at].id == id && !i--)
			return &p->restarts[at];
	return NULL;
}

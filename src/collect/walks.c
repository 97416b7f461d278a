/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/walks.h"

#include "base/clock.h"
#include "collect/turns.h"
#include "model/connections.h"
#include "model/groups.h"
#include "model/needs.h"

#include <stdlib.h>

/*
 * CPU of one sample that may go into walks. One is paid for each namespace, and on a host with many
 * namespaces and many connections that would be seconds.
 */
#define BUDGET_NS (NSEC_PER_SEC / 5)

/* What a sample has spent so far. */
struct spent {
	uint64_t cpu_ns;
	size_t skipped; /* namespaces that were left out */
};

void walks_free(struct walks *w)
{
	children_free(&w->waiting);
	strbuf_free(&w->text);
}

static bool needs(const struct walks *w, unsigned int need)
{
	return w->needs & need;
}

bool walks_apart(const struct walks *w)
{
	return w->set->n > 1;
}

/* Is SYN_RECV to be dumped now, or are the half-open connections that we know good enough? */
static bool want_syn_recv(const struct walks *w, const struct source *source, uint64_t now_ns)
{
	return !source->half_open_ns || pace_due(&source->pace, now_ns) ||
	       (needs(w, NEED_CONNECTIONS) && !source->half_open.keeps_connections);
}

bool walks_join(const struct walks *w, const struct source *source, uint64_t now_ns)
{
	return needs(w, NEED_SYN_RECV) && !walks_apart(w) && want_syn_recv(w, source, now_ns);
}

void walks_joined(const struct walks *w, struct source *source, bool syn_recv, uint64_t cpu_ns,
		  uint64_t now_ns)
{
	if (!walks_apart(w))
		pace_paid(&source->pace, syn_recv, cpu_ns, now_ns);
}

/* A namespace that had one walk in this sample gets the other too. */
static bool may_walk(struct spent *spent, struct source *source, const struct snapshot *s)
{
	if (spent->cpu_ns >= BUDGET_NS && source->walked_ns != s->monotonic_ns) {
		spent->skipped++;
		return false;
	}
	source->walked_ns = s->monotonic_ns;
	return true;
}

/* The half-open connections of one of many namespaces; without a listener none are shown. */
static void walk_half_open(const struct walks *w, struct source *source, struct snapshot *s,
			   uint32_t netns, struct spent *spent)
{
	const struct source_dump what = { 1 << DIAG_SYN_RECV, w->needs, w->family };
	struct netns *ns = &s->netns[netns];
	uint64_t cpu = clock_thread_cpu_ns(), now = clock_monotonic_ns();
	struct error why;

	/* UNIX listeners come last. */
	if (!snapshot_has_listeners(s, netns) ||
	    listener_is_unix(&s->listeners[ns->first_listener])) {
		ns->syn_recv_skipped = true;
		return;
	}
	if (!want_syn_recv(w, source, now))
		return;
	if (!may_walk(spent, source, s)) {
		ns->syn_recv_skipped = !source->half_open_ns || source->pace.share <= 0;
		return;
	}
	if (source_dump(source, &what, s, netns, &why) < 0) {
		ns->syn_recv_skipped = true;
		snapshot_warn(s, "syn-queues-unavailable", "%s; some SYN queues are unknown",
			      why.text);
		return;
	}
	source->half_open_ns = s->monotonic_ns;
	cpu = clock_thread_cpu_ns() - cpu;
	spent->cpu_ns += cpu;
	pace_paid(&source->pace, true, cpu, now);
}

static void count_half_open(struct source *source, struct snapshot *s, uint32_t netns, bool fresh)
{
	if (s->netns[netns].syn_recv_skipped)
		return;
	children_count_syn_recv(&source->half_open, s, netns, fresh);
	if (source->half_open_ns < s->syn_recv_ns)
		s->syn_recv_ns = source->half_open_ns;
}

static void walk_waiting(struct walks *w, struct source *source, struct snapshot *s, uint32_t netns,
			 bool fresh, struct spent *spent)
{
	struct waiting_request wanted = {
		.netns = netns,
		.high = needs(w, NEED_WAIT),
		.all = needs(w, NEED_WAIT_ALL),
		.fast_open = !fresh,
		.before = source->before,
		.now = source->dumped,
	};
	uint64_t cpu = clock_thread_cpu_ns();
	struct error why;

	if (!children_want_waiting(s, &wanted) || (walks_apart(w) && !may_walk(spent, source, s)))
		return;
	w->waiting.root = source->root;
	w->waiting.netns = source->netns;
	if (children_dump_waiting(&w->waiting, source->diag, s, &wanted, &why) < 0)
		snapshot_warn(s, "waiting-unavailable",
			      "%s; which connections wait, and how long, is unknown", why.text);
	spent->cpu_ns += clock_thread_cpu_ns() - cpu;
	/* A reset takes a connection out of that dump: how many there were tells what it lacks. */
	if (needs(w, NEED_COUNTERS))
		source_count_resets(source, &s->netns[netns], &w->text);
}

static void complete_netns(struct walks *w, struct snapshot *s, uint32_t netns, struct spent *spent)
{
	struct source *source = w->set->list[netns];
	size_t skipped = spent->skipped;
	/* Dumped apart, a Fast Open child may have moved on since. */
	bool fresh = !walks_apart(w) && source->half_open_ns == s->monotonic_ns;

	if (needs(w, NEED_CONNECTIONS))
		children_want_connections(s, netns, w->detail_port);
	if (needs(w, NEED_SYN_RECV) && walks_apart(w))
		walk_half_open(w, source, s, netns, spent);
	if (needs(w, NEED_SYN_RECV))
		count_half_open(source, s, netns, fresh);
	if (needs(w, NEED_WAIT | NEED_WAIT_ALL | NEED_CONNECTIONS))
		walk_waiting(w, source, s, netns, fresh, spent);
	if (spent->skipped > skipped)
		spent->skipped = skipped + 1;
}

void walks_complete(struct walks *w, struct snapshot *s)
{
	struct turn *turns = turns_order(w->set, s);
	struct spent spent = { 0 };
	bool some = walks_apart(w);

	for (size_t i = 0; i < w->set->n; i++)
		some |= w->set->list[i]->half_open.n > 0;
	if (needs(w, NEED_GROUPS) || (needs(w, NEED_SYN_RECV) && some))
		groups_build(s);
	if (needs(w, NEED_SYN_RECV))
		s->known |= SNAPSHOT_SYN_RECV;
	s->syn_recv_ns = s->monotonic_ns;
	for (size_t turn = 0; turn < w->set->n; turn++)
		complete_netns(w, s, turns[turn].netns, &spent);
	free(turns);
	if (needs(w, NEED_CONNECTIONS))
		connections_sort(s);
	if (spent.skipped)
		snapshot_warn(s, "walks-skipped",
			      "too many connections on this host to look through them once for "
			      "each namespace: SYN queues or ages are unknown in %zu of them; -N "
			      "takes fewer",
			      spent.skipped);
}

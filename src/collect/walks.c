/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/walks.h"

#include "base/clock.h"
#include "collect/turns.h"
#include "model/connections.h"
#include "model/groups.h"
#include "model/needs.h"

#include <errno.h>
#include <stdlib.h>

/*
 * CPU of one sample that may go into walks. One is paid for each namespace, and on a host with many
 * namespaces and many connections that would be seconds.
 */
#define BUDGET_NS (NSEC_PER_SEC / 5)

/* What a sample has spent so far. */
struct spent {
	uint64_t cpu_ns;
	size_t skipped; /* namespaces that were left out, and nothing is known of */
};

/* What is wanted of one namespace. */
struct walk {
	struct source *source;
	struct snapshot *snapshot;
	uint32_t netns;
	bool half_open;
	bool waiting;
	struct waiting_request wanted;
	struct waiting_at at;
};

void walks_free(struct walks *w)
{
	strbuf_free(&w->text);
}

static bool needs(const struct walks *w, unsigned int need)
{
	return w->needs & need;
}

static bool has_tcp_listeners(const struct snapshot *s, uint32_t netns)
{
	/* UNIX listeners come last. */
	return snapshot_has_listeners(s, netns) &&
	       !listener_is_unix(&s->listeners[s->netns[netns].first_listener]);
}

/* Of many namespaces those without a listener are spared: nothing half-open is shown there. */
static struct walk want(const struct walks *w, struct snapshot *s, uint32_t netns)
{
	struct source *source = w->set->list[netns];
	struct walk walk = {
		.source = source,
		.snapshot = s,
		.netns = netns,
		.half_open =
			needs(w, NEED_SYN_RECV) && (w->set->n == 1 || has_tcp_listeners(s, netns)),
		.wanted = { .netns = netns,
			    .suspect = needs(w, NEED_WAIT),
			    .all = needs(w, NEED_WAIT_ALL),
			    .before = source->before,
			    .now = source->dumped },
	};

	walk.waiting = needs(w, NEED_WAIT | NEED_WAIT_ALL | NEED_CONNECTIONS) &&
		       waiting_wanted(s, &walk.wanted);
	return walk;
}

/* Does the user look at connections of which the last walk did not keep who they are? */
static bool lacks_connections(const struct walks *w, const struct walk *walk)
{
	const struct source *source = walk->source;
	const struct waiting *waiting = &source->waiting;

	if (!needs(w, NEED_CONNECTIONS))
		return false;
	return (walk->half_open && !source->half_open.keeps_connections) ||
	       (walk->waiting &&
		(!waiting->children.keeps_connections || waiting->detail_port != w->detail_port));
}

static bool is_due(const struct walks *w, const struct walk *walk, uint64_t now_ns)
{
	const struct source *source = walk->source;

	return (walk->half_open &&
		(!source->half_open_ns || pace_due(&source->pace, false, now_ns))) ||
	       (walk->waiting &&
		(!source->waiting.sample_ns || pace_due(&source->pace, true, now_ns))) ||
	       lacks_connections(w, walk);
}

/* One dump, for all that is wanted or for a part of it. */
struct pass {
	const struct walk *walk;
	bool half_open;
	bool waiting;
};

static int handle_socket(const struct diag_record *r, void *context)
{
	const struct pass *pass = context;

	/* A full socket in SYN_RECV is a Fast Open child, which waits. */
	if (r->request_sock && pass->half_open)
		children_add(&pass->walk->source->half_open, r);
	else if (!r->request_sock && pass->waiting)
		waiting_add(&pass->walk->source->waiting, r);
	return 0;
}

static int dump(const struct walks *w, struct pass *pass, struct error *why)
{
	const struct walk *walk = pass->walk;
	struct source *source = walk->source;
	struct bytecode ports = { 0 };
	const struct diag_request request = {
		.states = 1 << DIAG_SYN_RECV |
			  (pass->waiting ? 1 << DIAG_ESTABLISHED | 1 << DIAG_CLOSE_WAIT : 0),
		.ext = pass->waiting ? DIAG_EXT_INFO : 0,
		.family = w->family,
		.filter = pass->waiting ? &ports : &source->filter,
	};
	unsigned int tries = 0;
	int code;

	if (pass->waiting)
		bytecode_ports(&ports, walk->at.ports, walk->at.n, pass->half_open);
	do {
		if (pass->half_open)
			children_reset(&source->half_open, needs(w, NEED_CONNECTIONS));
		if (pass->waiting)
			waiting_begin(&source->waiting, needs(w, NEED_CONNECTIONS));
		code = diag_dump(source->diag, &request, handle_socket, pass, why);
	} while (diag_again(source->diag, code, &tries));
	bytecode_free(&ports);
	return code;
}

static void end_half_open(const struct walk *walk, int code, const struct error *why)
{
	walk->source->half_open_ns = code < 0 ? 0 : walk->snapshot->monotonic_ns;
	if (code < 0)
		snapshot_warn(walk->snapshot, "syn-queues-unavailable",
			      "%s; some SYN queues are unknown", why->text);
}

static void end_waiting(struct walks *w, const struct walk *walk, int code, struct error *why)
{
	struct source *source = walk->source;
	struct snapshot *s = walk->snapshot;

	source->waiting.detail_port = w->detail_port;
	if (code == 0)
		code = waiting_tell(&source->waiting, source->diag, s, &walk->wanted, &walk->at,
				    why);
	if (code < 0)
		snapshot_warn(s, "waiting-unavailable",
			      "%s; which connections wait, and how long, is unknown", why->text);
	/* A reset takes a connection out of that dump: how many there were tells what it lacks. */
	else if (needs(w, NEED_COUNTERS))
		source_count_resets(source, &s->netns[walk->netns], &w->text);
}

/* Returns false when the kernel cannot tell both in one dump. */
static bool take(struct walks *w, const struct walk *walk, bool half_open, bool waiting)
{
	struct pass pass = { walk, half_open, waiting };
	struct error why;
	int code = dump(w, &pass, &why);

	if (code == -EINVAL && half_open && waiting)
		return false;
	if (half_open)
		end_half_open(walk, code, &why);
	if (waiting)
		end_waiting(w, walk, code, &why);
	return true;
}

/* In one dump, where the kernel can: its cost is that of the walk. */
static void take_all(struct walks *w, struct walk *walk)
{
	struct source *source = walk->source;
	bool both = walk->half_open && walk->waiting;

	if (walk->waiting)
		waiting_ports(walk->snapshot, &walk->wanted, &walk->at);
	if (both && !source->walks_twice)
		source->walks_twice = !take(w, walk, true, true);
	if (both && !source->walks_twice)
		return;
	if (walk->half_open)
		take(w, walk, true, false);
	if (walk->waiting)
		take(w, walk, false, true);
}

/* Is it of this sample, or may be of an older one? */
static bool is_good(const struct walks *w, const struct snapshot *s, uint64_t sample_ns)
{
	return sample_ns && (w->share > 0 || sample_ns == s->monotonic_ns);
}

static bool tell_half_open(const struct walks *w, const struct walk *walk)
{
	struct source *source = walk->source;
	struct snapshot *s = walk->snapshot;

	if (!is_good(w, s, source->half_open_ns))
		return false;
	if (source->half_open.n && !(s->known & SNAPSHOT_GROUPS))
		groups_build(s);
	children_count_syn_recv(&source->half_open, s, walk->netns);
	s->netns[walk->netns].syn_recv_ns = source->half_open_ns;
	return true;
}

/* What was found in this sample is told already. */
static bool tell_waiting(const struct walks *w, const struct walk *walk)
{
	struct waiting *waiting = &walk->source->waiting;
	struct snapshot *s = walk->snapshot;

	if (!is_good(w, s, waiting->sample_ns))
		return false;
	if (waiting->sample_ns != s->monotonic_ns)
		waiting_tell_again(waiting, walk->source->diag, s, &walk->wanted);
	return true;
}

static void complete_netns(struct walks *w, struct snapshot *s, uint32_t netns, struct spent *spent)
{
	uint64_t now = clock_monotonic_ns(), cpu = clock_thread_cpu_ns();
	struct walk walk;
	bool due, known;

	if (needs(w, NEED_CONNECTIONS))
		children_want_connections(s, netns, w->detail_port);
	walk = want(w, s, netns);
	walk.source->pace.share = w->share / (double)w->set->n;
	due = is_due(w, &walk, now);
	if (due && spent->cpu_ns < BUDGET_NS) {
		take_all(w, &walk);
		cpu = clock_thread_cpu_ns() - cpu;
		spent->cpu_ns += cpu;
		pace_paid(&walk.source->pace, walk.waiting, cpu, now);
		walk.source->walked_ns = s->monotonic_ns;
		due = false;
	}
	known = !walk.half_open || tell_half_open(w, &walk);
	known &= !walk.waiting || tell_waiting(w, &walk);
	spent->skipped += due && !known;
}

void walks_complete(struct walks *w, struct snapshot *s)
{
	struct turn *turns = turns_order(w->set, s);
	struct spent spent = { 0 };

	if (needs(w, NEED_GROUPS))
		groups_build(s);
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

void walks_open(struct walks *w, struct snapshot *s)
{
	const uint64_t begin = clock_thread_cpu_ns();

	if (!needs(w, NEED_WAIT | NEED_WAIT_ALL) || !needs(w, NEED_WINDOW))
		return;
	for (uint32_t netns = 0; netns < w->set->n; netns++) {
		struct walk walk = { .source = w->set->list[netns],
				     .snapshot = s,
				     .netns = netns,
				     .waiting = true,
				     .wanted = { .netns = netns, .opening = true } };

		if (!waiting_wanted(s, &walk.wanted))
			continue;
		walk.wanted.now = walk.source->dumped;
		if (clock_thread_cpu_ns() - begin < BUDGET_NS)
			take_all(w, &walk);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/ehash_dump.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "collect/netlink.h"
#include "collect/netstat.h"
#include "model/connections.h"
#include "model/groups.h"
#include "model/needs.h"

#include <errno.h>
#include <stdlib.h>

/*
 * CPU time that one sample may spend on dumps. Each namespace needs a dump of its own, which would
 * take seconds on a host with many namespaces and many connections.
 */
#define BUDGET_NS (NSEC_PER_SEC / 5)

/* What is needed of one namespace. */
struct job {
	struct ehash_dump *dump;
	struct snapshot *snapshot;
	bool half_open; /* half-open connections */
	bool waiting; /* waiting connections, by the next two */
	size_t n_shown; /* by the dump, of any kind */
	struct waiting_request request;
	struct waiting_at at;
};

/* By what namespaces are sorted. */
struct priority {
	uint32_t netns_idx;
	bool high; /* it has a listener whose queue is high or may stall */
	uint64_t last_ns;
};

static bool is_due(const struct rate_limit *limit, bool urgent, uint64_t now_ns)
{
	return limit->share <= 0 || now_ns >= (urgent ? limit->urgent_due_ns : limit->due_ns);
}

/* A dump that was early makes the next pause longer, up to twice as long. */
static uint64_t postpone(uint64_t due_ns, uint64_t pause_ns, uint64_t now_ns)
{
	uint64_t next = (due_ns > now_ns ? due_ns : now_ns) + pause_ns;
	uint64_t max = now_ns + 2 * pause_ns;

	if (next <= max)
		return next;
	return due_ns > max ? due_ns : max;
}

/* Sets when the next dump is due, after one that began at @now_ns and took @cpu_ns of CPU time. */
static void spend(struct rate_limit *limit, bool urgent, uint64_t cpu_ns, uint64_t now_ns)
{
	uint64_t pause = limit->share > 0 ? (uint64_t)((double)cpu_ns / limit->share) : 0;

	limit->due_ns = postpone(limit->due_ns, pause, now_ns);
	if (urgent)
		limit->urgent_due_ns = postpone(limit->urgent_due_ns, pause, now_ns);
}

static bool needs(const struct ehash_dumps *all, unsigned int need)
{
	return all->needs & need;
}

static bool has_tcp_listeners(const struct snapshot *s, uint32_t netns_idx)
{
	/* UNIX listeners come last. */
	return snapshot_has_listeners(s, netns_idx) &&
	       !listener_is_unix(&s->listeners[s->netns[netns_idx].first_listener]);
}

static struct job make_job(const struct ehash_dumps *all, struct snapshot *s, uint32_t netns_idx)
{
	struct ehash_dump *dump = all->list[netns_idx];
	struct job job = {
		.dump = dump,
		.snapshot = s,
		/* One of many namespaces is skipped where it has no listener to show. */
		.half_open = needs(all, NEED_SYN_RECV) &&
			     (all->n == 1 || has_tcp_listeners(s, netns_idx)),
		.request = { .netns_idx = netns_idx,
			     .high = needs(all, NEED_WAIT),
			     .all = needs(all, NEED_WAIT_ALL),
			     .before = dump->listeners_before,
			     .now = dump->listeners },
	};

	job.waiting = needs(all, NEED_WAIT | NEED_WAIT_ALL | NEED_CONNECTIONS) &&
		      waiting_wanted(s, &job.request);
	return job;
}

/* A dump of waiting connections is urgent: it is made only for queues that may be in danger. */
static bool needs_dump(const struct ehash_dumps *all, const struct job *job, uint64_t now_ns)
{
	const struct ehash_dump *dump = job->dump;
	const struct waiting *waiting = &dump->waiting;
	/* Has the last dump ignored connections that are needed now? */
	const bool lacks_connections =
		needs(all, NEED_CONNECTIONS) &&
		(!waiting->detailed || waiting->detail_port != all->detail_port);

	const bool half_open = job->half_open &&
			       dump->half_open_ns != job->snapshot->monotonic_ns &&
			       (!dump->half_open_ns || is_due(&dump->limit, false, now_ns));

	return half_open ||
	       (job->waiting &&
		(!waiting->sample_ns || is_due(&dump->limit, true, now_ns) || lacks_connections));
}

static void handle_socket(const struct diag_record *r, void *context)
{
	struct job *job = context;

	job->n_shown++;
	/* A full socket in SYN_RECV is a Fast Open child, which waits in the accept queue. */
	if (r->request_sock && job->half_open)
		children_add(&job->dump->half_open, r);
	else if (!r->request_sock && job->waiting)
		waiting_add(&job->dump->waiting, r);
}

static int dump_sockets(const struct ehash_dumps *all, struct job *job, struct error *why)
{
	struct ehash_dump *dump = job->dump;
	struct bytecode ports = { 0 };
	const struct diag_request request = {
		.states = 1 << DIAG_SYN_RECV |
			  (job->waiting ? 1 << DIAG_ESTABLISHED | 1 << DIAG_CLOSE_WAIT : 0),
		.ext = job->waiting ? DIAG_EXT_INFO : 0,
		.family = all->family,
		.filter = job->waiting ? &ports : dump->filter,
	};
	unsigned int tries = 0;
	int code;

	if (job->waiting)
		bytecode_ports(&ports, job->at.ports, job->at.n, job->half_open);
	do {
		job->n_shown = 0;
		if (job->half_open)
			children_reset(&dump->half_open);
		if (job->waiting)
			waiting_begin(&dump->waiting);
		code = diag_dump(dump->diag, &request, handle_socket, job, why);
	} while (netlink_again(diag_netlink(dump->diag), code, &tries));
	bytecode_free(&ports);
	return code;
}

static void read_resets(struct ehash_dumps *all, const struct ehash_dump *dump, struct netns *ns)
{
	struct counters now = { 0 };

	netstat_read(dump->snmp, &now, &all->text);
	ns->resets_known = counter_known(&now, COUNTER_ESTAB_RESETS);
	ns->resets = now.value[COUNTER_ESTAB_RESETS];
}

static void end_waiting(struct ehash_dumps *all, const struct job *job, int code, struct error *why)
{
	struct ehash_dump *dump = job->dump;
	struct snapshot *s = job->snapshot;

	dump->waiting.detailed = needs(all, NEED_CONNECTIONS);
	dump->waiting.detail_port = all->detail_port;
	if (code == 0)
		code = waiting_fill(&dump->waiting, dump->diag, s, &job->request, &job->at, why);
	if (code < 0)
		snapshot_warn(s, "waiting-unavailable",
			      "%s; which connections wait, and how long, is unknown", why->text);
	/* The dump lacks connections that were reset: the counter says how many those can be. */
	else if (needs(all, NEED_COUNTERS))
		read_resets(all, dump, &s->netns[job->request.netns_idx]);
}

/*
 * May the walk have missed a socket that was there from its beginning to its end? The kernel goes
 * on by the number of the socket in a chain, after each datagram and after DIAG_CHUNK sockets of a
 * chain, so it skips one where another has left the chain meanwhile.
 */
static bool may_have_missed(const struct job *job)
{
	return job->n_shown >= DIAG_CHUNK || diag_datagrams(job->dump->diag) > 1;
}

/* Without the filter of the user it is about the whole namespace, as the counters are. */
static void note_half_open(const struct job *job, int code, uint64_t begin_ns)
{
	struct ehash_dump *dump = job->dump;

	dump->half_open_ns = code < 0 ? 0 : job->snapshot->monotonic_ns;
	quiet_walked(&dump->quiet, begin_ns, code == 0 && !dump->half_open.n,
		     !dump->filter->n && !may_have_missed(job));
}

/* Makes one dump. Returns false when the kernel cannot dump both kinds of connections at once. */
static bool dump_once(struct ehash_dumps *all, struct job *job)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	struct error why;
	int code = dump_sockets(all, job, &why);

	if (code == -EINVAL && job->half_open && job->waiting)
		return false;
	if (job->half_open)
		note_half_open(job, code, begin_ns);
	if (job->half_open && code < 0)
		snapshot_warn(job->snapshot, "syn-queues-unavailable",
			      "%s; some SYN queues are unknown", why.text);
	if (job->waiting)
		end_waiting(all, job, code, &why);
	return true;
}

/* Makes one dump where the kernel can, since its cost is the walk of the hash; otherwise two. */
static void dump(struct ehash_dumps *all, struct job *job)
{
	const bool both = job->half_open && job->waiting;
	struct job half_open, waiting;

	if (job->waiting)
		waiting_ports(job->snapshot, &job->request, &job->at);
	if (!both || !job->dump->separately)
		job->dump->separately |= !dump_once(all, job);
	if (!both || !job->dump->separately)
		return;
	half_open = waiting = *job;
	half_open.waiting = waiting.half_open = false;
	dump_once(all, &half_open);
	dump_once(all, &waiting);
}

/* May a dump that was made for the sample at @sample_ns be shown? */
static bool is_recent(const struct ehash_dumps *all, const struct snapshot *s, uint64_t sample_ns)
{
	return sample_ns && (all->share > 0 || sample_ns == s->monotonic_ns);
}

static bool fill_half_open(const struct ehash_dumps *all, const struct job *job)
{
	struct ehash_dump *dump = job->dump;
	struct snapshot *s = job->snapshot;

	if (!is_recent(all, s, dump->half_open_ns))
		return false;
	if (dump->half_open.n && !(s->known & SNAPSHOT_GROUPS))
		groups_build(s);
	children_count_syn_recv(&dump->half_open, s, job->request.netns_idx);
	s->netns[job->request.netns_idx].syn_recv_ns = dump->half_open_ns;
	return true;
}

static bool fill_waiting(const struct ehash_dumps *all, const struct job *job)
{
	struct waiting *waiting = &job->dump->waiting;
	struct snapshot *s = job->snapshot;

	if (!is_recent(all, s, waiting->sample_ns))
		return false;
	/* end_waiting() has filled in a dump of this sample already. */
	if (waiting->sample_ns != s->monotonic_ns)
		waiting_fill_again(waiting, job->dump->diag, s, &job->request);
	return true;
}

/*
 * Adds the CPU time to @spent_ns. Returns false when something stays unknown because the budget did
 * not allow a dump.
 */
static bool complete_netns(struct ehash_dumps *all, struct snapshot *s, uint32_t netns_idx,
			   uint64_t *spent_ns)
{
	uint64_t now = clock_monotonic_ns(), cpu = clock_thread_cpu_ns();
	struct job job;
	bool due, known;

	if (needs(all, NEED_CONNECTIONS))
		children_want_connections(s, netns_idx, all->detail_port);
	job = make_job(all, s, netns_idx);
	job.dump->limit.share = all->share / (double)all->n;
	if (quiet_has_no_half_open(&job.dump->quiet, &s->netns[netns_idx].after))
		job.dump->half_open_ns = s->monotonic_ns;
	due = needs_dump(all, &job, now);
	if (due && *spent_ns < BUDGET_NS) {
		dump(all, &job);
		cpu = clock_thread_cpu_ns() - cpu;
		*spent_ns += cpu;
		spend(&job.dump->limit, job.waiting, cpu, now);
		job.dump->last_ns = s->monotonic_ns;
		due = false;
	}
	known = !job.half_open || fill_half_open(all, &job);
	known &= !job.waiting || fill_waiting(all, &job);
	return known || !due;
}

static int compare_priority(const void *left, const void *right)
{
	const struct priority *a = left, *b = right;

	if (a->high != b->high)
		return a->high ? -1 : 1;
	if (a->last_ns != b->last_ns)
		return num_compare(a->last_ns, b->last_ns);
	return num_compare(a->netns_idx, b->netns_idx);
}

/* The caller frees the array. */
static struct priority *sort_namespaces(const struct ehash_dumps *all, const struct snapshot *s)
{
	struct priority *order = xcalloc(all->n, sizeof(*order));

	for (uint32_t i = 0; i < all->n; i++)
		order[i] = (struct priority){ .netns_idx = i, .last_ns = all->list[i]->last_ns };
	for (size_t i = 0; i < s->n_listeners; i++) {
		const struct listener *l = &s->listeners[i];

		if (!listener_is_unix(l) && (listener_fill(l) >= FILL_HIGH ||
					     (l->known & LISTENER_PEAK && listener_may_stall(l))))
			order[l->addr.netns_idx].high = true;
	}
	qsort(order, all->n, sizeof(*order), compare_priority);
	return order;
}

void ehash_dump_free(struct ehash_dump *d)
{
	children_free(&d->half_open);
	waiting_free(&d->waiting);
}

void ehash_dumps_complete(struct ehash_dumps *all, struct snapshot *s)
{
	struct priority *order = sort_namespaces(all, s);
	uint64_t spent_ns = 0;
	size_t skipped = 0;

	for (size_t i = 0; i < all->n; i++)
		skipped += !complete_netns(all, s, order[i].netns_idx, &spent_ns);
	free(order);
	if (needs(all, NEED_CONNECTIONS))
		connections_sort(s);
	if (skipped)
		snapshot_warn(s, "walks-skipped",
			      "too many connections on this host to look through them for each "
			      "namespace: SYN queues or ages are unknown in %zu of them; -N "
			      "selects fewer",
			      skipped);
}

void ehash_dumps_open(struct ehash_dumps *all, struct snapshot *s)
{
	const uint64_t begin = clock_thread_cpu_ns();

	if (!needs(all, NEED_WAIT | NEED_WAIT_ALL) || !needs(all, NEED_WINDOW))
		return;
	for (uint32_t i = 0; i < all->n; i++) {
		struct job job = { .dump = all->list[i],
				   .snapshot = s,
				   .waiting = true,
				   .request = { .netns_idx = i, .opening = true } };

		if (!waiting_wanted(s, &job.request))
			continue;
		job.request.now = job.dump->listeners;
		if (clock_thread_cpu_ns() - begin < BUDGET_NS)
			dump(all, &job);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/peaks.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "collect/netlink.h"
#include "collect/unix_listeners.h"

#include <stdlib.h>
#include <string.h>

/* Longer than any window, and too short to overflow the clock. */
#define INTERVAL_MAX_NS 1e17

void peaks_set_rate(struct peaks *p, double rate, double share)
{
	double interval = rate > 0 ? (double)NSEC_PER_SEC / rate : 0;

	p->share = share;
	p->min_interval_ns = (uint64_t)(interval < INTERVAL_MAX_NS ? interval : INTERVAL_MAX_NS);
	if (!p->min_interval_ns)
		p->due_ns = UINT64_MAX;
}

void peaks_free(struct peaks *p)
{
	idmap_free(&p->by_cookie);
	free(p->queues);
	free(p->born);
}

/* Dumps show listeners in the same order, so the next queue is the first guess. */
static struct tracked_queue *track(struct peaks *p, uint64_t cookie, bool *fresh)
{
	uint32_t i = (uint32_t)p->next;

	if (i >= p->n_queues || p->queues[i].cookie != cookie)
		i = idmap_put(&p->by_cookie, cookie, (uint32_t)p->n_queues);
	*fresh = i == IDMAP_NONE;
	if (*fresh) {
		p->queues = array_grow(p->queues, p->n_queues, &p->queues_size, sizeof(*p->queues));
		i = (uint32_t)p->n_queues++;
		p->queues[i].cookie = cookie;
	}
	p->next = i + 1;
	return &p->queues[i];
}

static void look_at(struct peaks *p, struct tracked_queue *q, bool fresh, uint32_t length,
		    uint32_t limit, uint64_t now_ns)
{
	if (q->look == p->look) /* a dump that the kernel resumes may repeat an entry */
		return;
	q->peak.samples++;
	if (fresh || length < q->peak.lowest)
		q->peak.lowest = length;
	if (fresh || !length || length < q->length)
		q->moved_ns = now_ns;
	if (length > q->peak.length)
		q->peak.length = length;
	if (length > limit) {
		q->peak.full = true;
		if (!fresh)
			q->peak.full_ns += now_ns - q->look_ns;
	}
	if (length < q->length)
		q->peak.fell += q->length - length;
	/* A resumed dump may have missed it in the sample, but not in a look after that as well. */
	if (fresh && p->look >= 2)
		q->peak.born = true;
	q->length = length;
	q->limit = limit;
	q->look = p->look;
	q->look_ns = now_ns;
}

void peaks_begin(struct peaks *p, const struct snapshot *s, uint32_t netns_idx)
{
	if (!p->min_interval_ns)
		return;
	idmap_reset(&p->by_cookie, s->n_listeners);
	p->n_queues = p->n_unix = p->n_born = p->next = 0;
	p->look = 0;
	for (size_t i = s->netns[netns_idx].first_listener; i < s->n_listeners; i++) {
		const struct listener *l = &s->listeners[i];
		struct tracked_queue *q;
		bool fresh;

		if (l->addr.netns_idx != netns_idx)
			break;
		q = track(p, l->cookie, &fresh);
		q->is_unix = listener_is_unix(l);
		p->n_unix += q->is_unix;
		q->length = q->peak.length = q->peak.lowest = l->length;
		q->limit = l->limit;
		q->look_ns = s->monotonic_ns;
		q->moved_ns = s->monotonic_ns - (l->known & LISTENER_PEAK ? l->peak.unmoved_ns : 0);
	}
	p->due_ns = s->monotonic_ns + p->min_interval_ns;
}

struct look {
	struct peaks *peaks;
	uint64_t now_ns;
};

static void handle_listener(const struct diag_record *r, void *context)
{
	struct look *look = context;
	struct peaks *p = look->peaks;
	struct tracked_queue *q;
	bool fresh;

	if (r->state != DIAG_LISTEN)
		return;
	q = track(p, r->cookie, &fresh);
	/* Keep its address: it may be gone before the next sample. */
	if (fresh) {
		p->born = array_grow(p->born, p->n_born, &p->born_size, sizeof(*p->born));
		diag_fill_listener(&p->born[p->n_born++], r);
		q->born = (uint32_t)p->n_born;
	}
	look_at(p, q, fresh, r->rqueue, r->wqueue, look->now_ns);
}

static void handle_unix(const struct unix_record *r, void *context)
{
	struct look *look = context;
	struct tracked_queue *q;
	bool fresh;

	q = track(look->peaks, r->cookie, &fresh);
	look->peaks->n_unix += fresh;
	q->is_unix = true;
	look_at(look->peaks, q, fresh, r->rqueue, r->wqueue, look->now_ns);
}

void peaks_look(struct peaks *p, struct diag_socket *diag, int family,
		const struct bytecode *filter)
{
	const struct diag_request request = { .states = 1 << DIAG_LISTEN,
					      .family = family,
					      .filter = filter };
	uint64_t cpu = clock_thread_cpu_ns();
	uint64_t now = clock_monotonic_ns();
	struct look look = { p, now };
	struct error ignored;
	unsigned int tries = 0;
	uint64_t interval;
	int code;

	/* A lost dump gets a new socket, but is not repeated: the next look comes soon. */
	p->look++;
	code = diag_dump(diag, &request, handle_listener, &look, &ignored);
	netlink_again(diag_netlink(diag), code, &tries);
	if (p->n_unix) {
		code = unix_diag_dump(diag_netlink(diag), false, handle_unix, &look, &ignored);
		netlink_again(diag_netlink(diag), code, &tries);
	}
	cpu = clock_thread_cpu_ns() - cpu;
	p->cost_ns = (p->cost_ns + cpu) / 2;
	interval = (uint64_t)((double)p->cost_ns / p->share);
	if (interval < p->min_interval_ns)
		interval = p->min_interval_ns;
	/* Late looks are not made up for: several at once would all see the same. */
	p->due_ns += interval;
	if (p->due_ns <= now)
		p->due_ns = now + interval;
}

/* A new UNIX listener is left out: looks do not dump its name. */
static void add_gone(const struct peaks *p, const struct tracked_queue *q, struct snapshot *s,
		     uint32_t netns_idx)
{
	struct listener *l;

	if (q->is_unix && q->peak.born)
		return;
	l = snapshot_add_gone(s, netns_idx, q->cookie);
	if (q->born) {
		*l = p->born[q->born - 1];
		l->addr.netns_idx = netns_idx;
		l->cookie = q->cookie;
	}
	l->length = q->length;
	l->limit = q->limit;
	l->peak = q->peak;
	l->known |= LISTENER_PEAK;
}

void peaks_end(struct peaks *p, struct snapshot *s, uint32_t netns_idx)
{
	size_t seen = 0, tracked = p->n_queues, seen_unix = 0;

	if (!p->min_interval_ns || p->due_ns == UINT64_MAX)
		return;
	p->look++;
	for (size_t i = s->netns[netns_idx].first_listener; i < s->n_listeners; i++) {
		struct listener *l = &s->listeners[i];
		struct tracked_queue *q;
		bool fresh;

		if (l->addr.netns_idx != netns_idx)
			break;
		q = track(p, l->cookie, &fresh);
		look_at(p, q, fresh, l->length, l->limit, s->monotonic_ns);
		l->peak = q->peak;
		l->peak.unmoved_ns = l->length ? s->monotonic_ns - q->moved_ns : 0;
		l->known |= LISTENER_PEAK;
		seen += !fresh;
		seen_unix += !fresh && listener_is_unix(l);
	}
	s->netns[netns_idx].looked = p->look > 1;
	s->netns[netns_idx].listener_vanished = seen - seen_unix < tracked - p->n_unix;
	for (size_t i = 0; seen < tracked && i < tracked; i++)
		if (p->queues[i].look != p->look)
			add_gone(p, &p->queues[i], s, netns_idx);
	p->due_ns = UINT64_MAX;
}

/* A second dump, to confirm that listeners are gone. */
struct second_look {
	struct idmap gone; /* by cookie, index into snapshot->gone */
	bool *exists; /* for each of them */
};

static void mark_existing(const struct second_look *look, uint64_t cookie)
{
	uint32_t i = idmap_get(&look->gone, cookie);

	if (i != IDMAP_NONE)
		look->exists[i] = true;
}

static void handle_again(const struct diag_record *r, void *context)
{
	if (r->state == DIAG_LISTEN)
		mark_existing(context, r->cookie);
}

static void handle_unix_again(const struct unix_record *r, void *context)
{
	mark_existing(context, r->cookie);
}

void peaks_confirm_gone(const struct peaks *p, struct diag_socket *diag, struct snapshot *s,
			uint32_t netns_idx)
{
	const struct diag_request request = { .states = 1 << DIAG_LISTEN, .family = AF_UNSPEC };
	struct second_look look = { .exists = xcalloc(s->n_gone, sizeof(*look.exists)) };
	struct error ignored;
	unsigned int tries = 0;
	size_t kept = 0;
	int code;

	for (size_t i = 0; i < s->n_gone; i++)
		if (s->gone[i].addr.netns_idx == netns_idx)
			idmap_put(&look.gone, s->gone[i].cookie, (uint32_t)i);
	code = diag_dump(diag, &request, handle_again, &look, &ignored);
	if (code == 0 && p->n_unix)
		code = unix_diag_dump(diag_netlink(diag), false, handle_unix_again, &look,
				      &ignored);
	netlink_again(diag_netlink(diag), code, &tries);
	for (size_t i = 0; i < s->n_gone; i++)
		if (s->gone[i].addr.netns_idx != netns_idx || (code == 0 && !look.exists[i]))
			s->gone[kept++] = s->gone[i];
	s->n_gone = kept;
	idmap_free(&look.gone);
	free(look.exists);
}

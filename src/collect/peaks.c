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

#define CONFIRM_DUMPS_MAX 10
#define CONFIRM_NS	  (NSEC_PER_SEC / 50) /* of CPU, after which no other dump begins */

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
	free(p->used);
	free(p->born);
}

static struct tracked_queue *add_queue(struct peaks *p, uint64_t cookie)
{
	p->queues = array_grow(p->queues, p->n_queues, &p->queues_size, sizeof(*p->queues));
	p->queues[p->n_queues].cookie = cookie;
	return &p->queues[p->n_queues++];
}

static uint32_t find_queue(struct peaks *p, uint64_t cookie)
{
	if (!p->indexed) {
		idmap_reset(&p->by_cookie, p->n_queues);
		for (uint32_t i = 0; i < p->n_queues; i++)
			idmap_put(&p->by_cookie, p->queues[i].cookie, i);
		p->indexed = true;
	}
	return idmap_get(&p->by_cookie, cookie);
}

/* Dumps show listeners in the same order, so the next queue is the first guess. */
static struct tracked_queue *track(struct peaks *p, uint64_t cookie, bool *fresh)
{
	uint32_t i = (uint32_t)p->next;

	if (i >= p->n_queues || p->queues[i].cookie != cookie)
		i = find_queue(p, cookie);
	*fresh = i == IDMAP_NONE;
	if (*fresh) {
		i = (uint32_t)p->n_queues;
		idmap_put(&p->by_cookie, cookie, i);
		add_queue(p, cookie);
	}
	p->next = i + 1;
	return &p->queues[i];
}

/* @lowest: at all looks so far */
static struct used_queue *use(struct peaks *p, struct tracked_queue *q, uint32_t lowest)
{
	struct used_queue *used;

	p->used = array_grow(p->used, p->n_used, &p->used_size, sizeof(*p->used));
	used = &p->used[p->n_used++];
	used->peak.lowest = lowest;
	used->moved_ns = q->look_ns;
	q->used = (uint32_t)p->n_used;
	return used;
}

/* What the window has shown of a queue. */
static struct peak peak_of(const struct peaks *p, const struct tracked_queue *q)
{
	struct peak peak = { 0 };

	if (q->used)
		peak = p->used[q->used - 1].peak;
	peak.samples = q->samples;
	peak.born = q->is_new;
	return peak;
}

static void begin_dump(struct peaks *p)
{
	p->n_before = p->n_seen;
	p->repeated_before = p->repeated;
	p->n_seen = p->n_stayed = p->next = 0;
	p->repeated = false;
	p->look++;
}

/* Returns false when the dump has shown the listener before. */
static bool count(struct peaks *p, struct tracked_queue *q)
{
	if (q->look == p->look) {
		p->repeated = true;
		return false;
	}
	p->n_seen += !q->is_unix;
	p->n_stayed += !q->is_unix && q->look == p->look - 1;
	return true;
}

/*
 * The kernel resumes a dump at a position in a hash bucket (inet_diag_dump_icsk()). If listeners
 * before that position have closed since, it misses as many that exist; if some are new, it repeats
 * others. So a dump missed none if it came in one datagram, or if it repeated none and the next
 * dump shows all of it again: then no listener before a position has closed.
 * @comparable: this dump and the one before have no filter, which would hide some of them
 */
static void end_dump(struct peaks *p, const struct diag_socket *diag, int code, bool comparable)
{
	if (code < 0)
		p->repeated = true; /* it proves nothing, nor does the next one */
	else if (diag_datagrams(diag) <= 1 ||
		 (comparable && !p->repeated_before && p->n_stayed == p->n_before))
		p->missed_none = true;
}

/* @before_ns: time of the look before */
static void look_at_used(const struct peaks *p, struct used_queue *used, uint32_t length,
			 uint32_t limit, uint64_t now_ns, uint64_t before_ns)
{
	const bool blind = before_ns < p->blind_to_ns;
	struct peak *peak = &used->peak;

	if (!length || length < used->length || blind) {
		const uint64_t stood_ns = (blind ? now_ns : before_ns) - used->moved_ns;

		if (stood_ns > peak->stood_ns)
			peak->stood_ns = stood_ns;
		used->moved_ns = now_ns;
	}
	if (blind)
		before_ns += p->blind_to_ns - p->blind_from_ns;
	if (length < peak->lowest)
		peak->lowest = length;
	if (length > peak->length)
		peak->length = length;
	if (length > limit) {
		peak->full = true;
		peak->full_ns += now_ns - before_ns;
	}
	if (length < used->length)
		peak->fell += used->length - length;
	used->length = length;
}

static void look_at(struct peaks *p, struct tracked_queue *q, bool fresh, uint32_t length,
		    uint32_t limit, uint64_t now_ns)
{
	if (!count(p, q))
		return;
	if (fresh)
		q->look_ns = now_ns;
	if (length && !q->used)
		use(p, q, fresh ? length : 0);
	if (q->used)
		look_at_used(p, &p->used[q->used - 1], length, limit, now_ns, q->look_ns);
	q->is_new |= fresh && p->missed_none;
	q->samples++;
	q->limit = limit;
	q->look = p->look;
	q->look_ns = now_ns;
}

void peaks_begin(struct peaks *p, const struct snapshot *s, uint32_t netns_idx)
{
	if (!p->min_interval_ns)
		return;
	p->indexed = false;
	p->n_queues = p->n_used = p->n_unix = p->n_born = p->next = 0;
	p->look = 1; /* a queue that is new has 0 */
	p->repeated = true; /* a sample does not say whether its dump did */
	p->missed_none = false;
	p->blind_from_ns = p->blind_to_ns = 0;
	for (size_t i = s->netns[netns_idx].first_listener; i < s->n_listeners; i++) {
		const struct listener *l = &s->listeners[i];
		struct tracked_queue *q;
		struct used_queue *used;

		if (l->addr.netns_idx != netns_idx)
			break;
		q = add_queue(p, l->cookie);
		q->is_unix = listener_is_unix(l);
		q->inode = l->inode;
		q->look = p->look;
		p->n_unix += q->is_unix;
		q->limit = l->limit;
		q->look_ns = s->monotonic_ns;
		if (!l->length)
			continue;
		used = use(p, q, l->length);
		used->length = used->peak.length = l->length;
		if (l->known & LISTENER_PEAK)
			used->moved_ns -= l->peak.unmoved_ns;
	}
	p->due_ns = s->monotonic_ns + p->min_interval_ns;
}

void peaks_miss(struct peaks *p, uint64_t from_ns, uint64_t to_ns)
{
	p->blind_from_ns = from_ns;
	p->blind_to_ns = to_ns;
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
		q->born = p->n_born & (UINT32_MAX >> 2);
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

void peaks_look(struct peaks *p, struct diag_socket *diag, uint8_t family,
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
	begin_dump(p);
	code = diag_dump(diag, &request, handle_listener, &look, &ignored);
	end_dump(p, diag, code, family == AF_UNSPEC && !filter);
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

	if (q->is_unix && !q->inode)
		return;
	l = snapshot_add_gone(s, netns_idx, q->cookie);
	if (q->born) {
		*l = p->born[q->born - 1];
		l->addr.netns_idx = netns_idx;
		l->cookie = q->cookie;
	}
	l->length = q->used ? p->used[q->used - 1].length : 0;
	l->limit = q->limit;
	l->peak = peak_of(p, q);
	l->known |= LISTENER_PEAK;
}

void peaks_end(struct peaks *p, struct snapshot *s, uint32_t netns_idx)
{
	size_t seen = 0, tracked = p->n_queues, seen_unix = 0;

	if (!p->min_interval_ns || p->due_ns == UINT64_MAX)
		return;
	begin_dump(p);
	p->repeated = true;
	for (size_t i = s->netns[netns_idx].first_listener; i < s->n_listeners; i++) {
		struct listener *l = &s->listeners[i];
		struct tracked_queue *q;
		bool fresh;

		if (l->addr.netns_idx != netns_idx)
			break;
		q = track(p, l->cookie, &fresh);
		look_at(p, q, fresh, l->length, l->limit, s->monotonic_ns);
		l->peak = peak_of(p, q);
		if (l->length && q->used) /* not for a repeated one, see count() */
			l->peak.unmoved_ns = s->monotonic_ns - p->used[q->used - 1].moved_ns;
		l->known |= LISTENER_PEAK;
		seen += !fresh;
		seen_unix += !fresh && listener_is_unix(l);
	}
	s->netns[netns_idx].looked = p->look > 2;
	s->netns[netns_idx].listener_vanished = seen - seen_unix < tracked - p->n_unix;
	for (size_t i = 0; seen < tracked && i < tracked; i++)
		if (p->queues[i].look != p->look)
			add_gone(p, &p->queues[i], s, netns_idx);
	p->due_ns = UINT64_MAX;
}

static void handle_again(const struct diag_record *r, void *context)
{
	struct peaks *p = context;
	struct tracked_queue *q;
	bool fresh;

	if (r->state != DIAG_LISTEN)
		return;
	q = track(p, r->cookie, &fresh);
	count(p, q);
	q->look = p->look;
}

/* Returns whether a dump missed none: a listener that it does not show does not exist. */
static bool dump_again(struct peaks *p, struct diag_socket *diag)
{
	const struct diag_request request = { .states = 1 << DIAG_LISTEN, .family = AF_UNSPEC };
	const uint64_t begin_ns = clock_thread_cpu_ns();
	unsigned int tries = 0;
	struct error ignored;
	int code = 0;

	p->missed_none = false;
	for (unsigned int i = 0; i < CONFIRM_DUMPS_MAX && code == 0 && !p->missed_none; i++) {
		/* The first may have seen what the sample missed; a second one proves the first. */
		if (i > 1 && clock_thread_cpu_ns() - begin_ns > CONFIRM_NS)
			break;
		begin_dump(p);
		code = diag_dump(diag, &request, handle_again, p, &ignored);
		end_dump(p, diag, code, true);
	}
	netlink_again(diag_netlink(diag), code, &tries);
	return p->missed_none;
}

void peaks_confirm_gone(struct peaks *p, struct diag_socket *diag, struct snapshot *s,
			uint32_t netns_idx)
{
	const uint32_t sample = p->look;
	/* UNIX listeners are looked up one by one. */
	const bool missed_none = s->netns[netns_idx].listener_vanished && dump_again(p, diag);
	size_t kept = 0;

	for (size_t i = 0; i < s->n_gone; i++) {
		const struct listener *l = &s->gone[i];
		const struct tracked_queue *q;
		bool gone = true;

		if (l->addr.netns_idx == netns_idx) {
			q = &p->queues[find_queue(p, l->cookie)];
			gone = q->is_unix ? unix_listener_is_gone(diag_netlink(diag), q->inode,
								  q->cookie) :
					    missed_none && q->look < sample;
		}
		if (gone)
			s->gone[kept++] = *l;
	}
	s->n_gone = kept;
}

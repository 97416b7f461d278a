/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/waiting.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "collect/netlink.h"
#include "model/groups.h"

#include <stdlib.h>
#include <string.h>

/* What a dump found in the accept queues of one group; small, as there may be many of them. */
struct waiting_queue {
	/* Of the only listener with a queue, or else of the first listener of the group. */
	uint64_t cookie;
	uint64_t waited_ns; /* when its connections in waiting->oldest were last seen to wait */
	/* As in struct group. */
	uint32_t waiting;
	uint32_t waiting_closed;
	uint32_t waiting_mptcp;
	uint32_t fastopen;
	uint32_t oldest_wait_ms;
	uint32_t length;
	uint32_t length_after;
	uint32_t n_oldest; /* connections that may be the oldest */
	uint32_t ahead; /* connections that may be older than those in waiting->oldest */
	bool alone; /* no other listener of the group has a queue */
	bool has_oldest; /* oldest_wait_ms is known */
	bool stands; /* all of its connections in waiting->oldest still wait */
	bool moved; /* one of them was accepted in this window */
};

/* One of the oldest connections of a queue. While they wait, no later one was accepted. */
struct waiting_oldest {
	uint64_t cookie;
	uint32_t child; /* index into waiting->children, until the next dump */
	uint32_t queue; /* index into waiting->queues */
};

void waiting_free(struct waiting *w)
{
	children_free(&w->children);
	idmap_free(&w->shown);
	free(w->queues);
	free(w->oldest);
	memset(w, 0, sizeof(*w));
}

static bool wants_connections(const struct snapshot *s, uint32_t group)
{
	return s->known & SNAPSHOT_CONNECTIONS && s->groups[group].known & GROUP_CONNECTIONS;
}

/* Whether a queue has moved cannot be proved without a sample before. */
static bool is_high(const struct waiting_request *wanted, uint64_t fill, bool may_stall)
{
	return wanted->high && (fill >= FILL_HIGH || (may_stall && wanted->before.begin_ns));
}

static bool is_wanted(const struct snapshot *s, const struct listener *l,
		      const struct waiting_request *wanted)
{
	return !listener_is_unix(l) && l->length &&
	       (wanted->all || (wanted->opening && l->length >= WAITING_OPENING_MIN) ||
		is_high(wanted, listener_fill(l), listener_may_stall(l)) ||
		wants_connections(s, l->group));
}

/* Is any member of the group wanted? */
static bool is_group_wanted(const struct snapshot *s, const struct group *g,
			    const struct waiting_request *wanted)
{
	return g->queued_members && (wanted->all || is_high(wanted, g->fill_max, g->may_stall) ||
				     wants_connections(s, (uint32_t)(g - s->groups)));
}

static bool is_in(const struct snapshot *s, size_t listener, uint32_t netns_idx)
{
	return listener < s->n_listeners && s->listeners[listener].addr.netns_idx == netns_idx;
}

bool waiting_wanted(const struct snapshot *s, const struct waiting_request *wanted)
{
	size_t i = s->netns[wanted->netns_idx].first_listener;

	while (is_in(s, i, wanted->netns_idx) && !is_wanted(s, &s->listeners[i], wanted))
		i++;
	return is_in(s, i, wanted->netns_idx);
}

#define ALL_PORTS 65536

void waiting_ports(struct snapshot *s, const struct waiting_request *wanted, struct waiting_at *at)
{
	bool *asked = xcalloc(ALL_PORTS, sizeof(*asked));

	at->n = 0;
	for (size_t i = s->netns[wanted->netns_idx].first_listener; is_in(s, i, wanted->netns_idx);
	     i++)
		asked[s->listeners[i].addr.port] |= is_wanted(s, &s->listeners[i], wanted);
	for (unsigned int port = 0; port < ALL_PORTS; port++) {
		if (!asked[port])
			continue;
		if (at->n == WAITING_PORTS_MAX) {
			snapshot_warn(s, "waiting-incomplete",
				      "more than %d ports have queues to look into: what waits at "
				      "the others is unknown",
				      WAITING_PORTS_MAX);
			break;
		}
		at->ports[at->n++] = (uint16_t)port;
	}
	free(asked);
}

void waiting_begin(struct waiting *w)
{
	if (w->sample_ns) {
		struct idmap shown = w->children.by_cookie;

		w->children.by_cookie = w->shown;
		w->shown = shown;
		w->shown_dumped = w->dumped;
	}
	children_reset(&w->children);
	w->sample_ns = 0; /* until this dump is whole */
	w->dumped = (struct dump_time){ .begin_ns = clock_monotonic_ns() };
}

/*
 * Does the connection wait for accept(2)? A socket has an inode only between accept(2) and
 * close(2), and close(2) changes its state before it takes the inode away: so without an inode it
 * either waits, or is in another state. Its uid is no sign: it is 0 up to 6.16, and that of the
 * listener since then.
 */
static bool waits(const struct diag_record *r)
{
	return !r->inode && !r->request_sock &&
	       (r->state == DIAG_ESTABLISHED || r->state == DIAG_CLOSE_WAIT ||
		r->state == DIAG_SYN_RECV);
}

/* The kernel selects by states first and reads the state that it reports later, without a lock. */
void waiting_add(struct waiting *w, const struct diag_record *r)
{
	if (waits(r))
		children_add(&w->children, r);
}

/* The clock of ages ticks in jiffies of up to 10 ms, at the beginning and at the end. */
#define AGE_SLACK_NS (20 * NSEC_PER_SEC / 1000)

/*
 * Was a connection of that age in the queue when @dump was made: certainly, or perhaps? Its age was
 * read at some time during w->dumped.
 */
static bool surely_there(uint64_t age_ns, const struct waiting *w, const struct dump_time *dump)
{
	return age_ns >= w->dumped.end_ns - dump->begin_ns + AGE_SLACK_NS;
}

static bool perhaps_there(uint64_t age_ns, const struct waiting *w, const struct dump_time *dump)
{
	return age_ns + AGE_SLACK_NS >= w->dumped.begin_ns - dump->end_ns;
}

static void count(struct group *g, const struct diag_record *child, const struct waiting *w,
		  const struct waiting_request *wanted)
{
	uint64_t age_ns = child->last_data_sent_ms * (NSEC_PER_SEC / 1000);

	if (child->state == DIAG_SYN_RECV) {
		g->fastopen++;
		return;
	}
	g->waiting++;
	if (child->mptcp)
		g->waiting_mptcp++;
	else if (child->state == DIAG_CLOSE_WAIT)
		g->waiting_closed++;
	if (!(child->known & DIAG_LAST_DATA_SENT))
		return;
	if (!(g->known & GROUP_OLDEST) || child->last_data_sent_ms > g->oldest_wait_ms)
		g->oldest_wait_ms = child->last_data_sent_ms;
	g->known |= GROUP_OLDEST;
	g->overdue += child->last_data_sent_ms >= WAIT_LONG_MS;
	g->present_min += surely_there(age_ns, w, &wanted->now);
	if (!wanted->before.begin_ns)
		return;
	g->stayed_min += surely_there(age_ns, w, &wanted->before);
	g->stayed_max += perhaps_there(age_ns, w, &wanted->before);
}

struct lengths {
	struct snapshot *snapshot;
	uint32_t netns_idx;
};

static void handle_length(const struct diag_record *r, void *context)
{
	struct lengths *lengths = context;
	const struct listener *l = snapshot_find(lengths->snapshot, lengths->netns_idx, r->cookie);

	if (r->state == DIAG_LISTEN && l)
		lengths->snapshot->groups[l->group].length_after += r->rqueue;
}

/*
 * Reads the lengths again after the dump, so that connections which were accepted meanwhile do not
 * count as connections that no dump shows.
 */
static int dump_lengths(struct diag_socket *diag, struct snapshot *s, uint32_t netns_idx,
			const struct waiting_at *at, struct error *why)
{
	struct bytecode filter = { 0 };
	const struct diag_request request = { .states = 1 << DIAG_LISTEN,
					      .family = AF_UNSPEC,
					      .filter = &filter };
	struct lengths lengths = { s, netns_idx };
	unsigned int tries = 0;
	int code;

	bytecode_ports(&filter, at->ports, at->n, false);
	do {
		for (size_t i = 0; tries && i < s->n_groups; i++)
			if (is_in(s, s->groups[i].first, netns_idx))
				s->groups[i].length_after = 0;
		code = diag_dump(diag, &request, handle_length, &lengths, why);
	} while (netlink_again(diag_netlink(diag), code, &tries));
	bytecode_free(&filter);
	return code;
}

static int compare_ports(const void *a, const void *b)
{
	return num_compare(*(const uint16_t *)a, *(const uint16_t *)b);
}

/* Marks the groups whose connections were dumped. */
static void mark(struct snapshot *s, const struct waiting_request *wanted,
		 const struct waiting_at *at)
{
	const uint32_t known = GROUP_WAITING | (wanted->before.begin_ns ? GROUP_STAYED : 0);

	for (size_t i = s->netns[wanted->netns_idx].first_listener; is_in(s, i, wanted->netns_idx);
	     i++) {
		const struct listener *l = &s->listeners[i];

		if (is_wanted(s, l, wanted) &&
		    bsearch(&l->addr.port, at->ports, at->n, sizeof(at->ports[0]), compare_ports))
			s->groups[l->group].known |= known;
	}
}

/* Limits for look-ups of the oldest connections, which take about 10 us each. */
#define OLDEST_MAX 64 /* of one queue */
#define ASKED_MAX  1024 /* of one namespace in one sample */

/*
 * Keeps the oldest connection of each queue, and those that may be as old: which of them comes
 * first in the queue is unknown.
 * @queue_of: index of the queue of each group
 */
static void keep_oldest(struct waiting *w, struct snapshot *s, uint32_t netns_idx,
			const uint32_t *queue_of)
{
	const uint32_t slack_ms = AGE_SLACK_NS / (NSEC_PER_SEC / 1000);

	w->n_oldest = 0;
	for (size_t i = 0; i < w->children.n; i++) {
		const struct diag_record *child = &w->children.list[i];
		const struct group *g = children_group(&w->children, i, s, netns_idx);
		struct waiting_queue *queue;

		if (!g || !(g->known & GROUP_OLDEST) || !(child->known & DIAG_LAST_DATA_SENT) ||
		    child->state == DIAG_SYN_RECV ||
		    child->last_data_sent_ms + slack_ms < g->oldest_wait_ms)
			continue;
		queue = &w->queues[queue_of[g - s->groups]];
		if (queue->n_oldest++ >= OLDEST_MAX) {
			queue->ahead++;
			continue;
		}
		w->oldest = array_grow(w->oldest, w->n_oldest, &w->oldest_size, sizeof(*w->oldest));
		w->oldest[w->n_oldest++] = (struct waiting_oldest){
			.cookie = child->cookie,
			.child = (uint32_t)i,
			.queue = queue_of[g - s->groups],
		};
	}
}

static void keep(struct waiting *w, struct snapshot *s, uint32_t netns_idx)
{
	uint32_t *queue_of = xcalloc(s->n_groups, sizeof(*queue_of));

	w->n_queues = 0;
	for (size_t i = 0; i < s->n_groups; i++) {
		const struct group *g = &s->groups[i];
		struct waiting_queue *queue;

		if (!is_in(s, g->first, netns_idx) || !(g->known & GROUP_WAITING))
			continue;
		queue_of[i] = (uint32_t)w->n_queues;
		w->queues = array_grow(w->queues, w->n_queues, &w->queues_size, sizeof(*w->queues));
		queue = &w->queues[w->n_queues++];
		*queue = (struct waiting_queue){
			.cookie = g->holder ? g->holder : s->listeners[g->first].cookie,
			.waited_ns = w->dumped.begin_ns,
			.waiting = g->waiting,
			.waiting_closed = g->waiting_closed,
			.waiting_mptcp = g->waiting_mptcp,
			.fastopen = g->fastopen,
			.oldest_wait_ms = g->oldest_wait_ms,
			.length = (uint32_t)g->length,
			.length_after = g->length_after,
			.alone = g->holder,
			.has_oldest = g->known & GROUP_OLDEST,
		};
		/* Connections that were reset, and Fast Open children before their last ACK. */
		if (g->length_after > g->waiting)
			queue->ahead = g->length_after - g->waiting;
	}
	keep_oldest(w, s, netns_idx, queue_of);
	free(queue_of);
}

/* Returns the group of the queue, or NULL when its listener is gone. */
static struct group *find_group(const struct waiting_queue *queue, struct snapshot *s,
				uint32_t netns_idx)
{
	const struct listener *l = snapshot_find(s, netns_idx, queue->cookie);

	return l ? &s->groups[l->group] : NULL;
}

/* Does the same listener hold all connections of the queue, then and now? */
static bool same_holder(const struct waiting_queue *queue, const struct group *g)
{
	return g && queue->alone && g->holder == queue->cookie;
}

/* Before 4.1 a cookie is an address, and may be that of a younger connection by now. */
static bool still_waits(const struct waiting *w, uint64_t cookie,
			const struct waiting_request *wanted)
{
	const uint32_t i = idmap_get(&w->children.by_cookie, cookie);

	return i != IDMAP_NONE &&
	       (!wanted->before.begin_ns ||
		perhaps_there(w->children.list[i].last_data_sent_ms * (NSEC_PER_SEC / 1000), w,
			      &wanted->before));
}

/* Does this dump show the oldest connections of an earlier dump? */
static void compare_oldest(struct waiting *w, struct snapshot *s,
			   const struct waiting_request *wanted)
{
	for (size_t i = 0; i < w->n_queues; i++)
		w->queues[i].stands = w->queues[i].n_oldest > 0;
	for (size_t i = 0; i < w->n_oldest; i++)
		if (!still_waits(w, w->oldest[i].cookie, wanted))
			w->queues[w->oldest[i].queue].stands = false;
	for (size_t i = 0; i < w->n_queues; i++) {
		struct group *g = find_group(&w->queues[i], s, wanted->netns_idx);

		if (!w->queues[i].stands || !same_holder(&w->queues[i], g) ||
		    !(g->known & GROUP_WAITING))
			continue;
		g->known |= GROUP_STANDS;
		g->ahead = w->queues[i].ahead;
	}
}

/*
 * A dump at the beginning of the window shows more exactly than ages which connections still wait.
 * One that was reset, or accepted just before it, is in no dump and counts as gone. Fast Open
 * children before their last ACK make the count wrong, as they were dumped but are not waiting.
 */
static void compare_shown(const struct waiting *w, struct snapshot *s,
			  const struct waiting_request *wanted)
{
	if (!wanted->before.begin_ns || w->shown_dumped.begin_ns < wanted->before.begin_ns)
		return;
	for (size_t i = 0; i < w->n_queues; i++) {
		const struct waiting_queue *queue = &w->queues[i];
		struct group *g = find_group(queue, s, wanted->netns_idx);

		if (!g || !(g->known & GROUP_WAITING) || queue->fastopen)
			continue;
		g->known |= GROUP_SHOWN;
		g->shown = queue->waiting > queue->length ? queue->waiting : queue->length;
	}
}

int waiting_fill(struct waiting *w, struct diag_socket *diag, struct snapshot *s,
		 const struct waiting_request *wanted, const struct waiting_at *at,
		 struct error *why)
{
	int code;

	w->dumped.end_ns = clock_monotonic_ns();
	if (!(s->known & SNAPSHOT_GROUPS))
		groups_build(s);
	code = dump_lengths(diag, s, wanted->netns_idx, at, why);
	if (code < 0)
		return code;
	mark(s, wanted, at);
	for (size_t i = 0; i < w->children.n; i++) {
		struct group *g = children_group(&w->children, i, s, wanted->netns_idx);

		if (!g || !(g->known & GROUP_WAITING))
			continue;
		count(g, &w->children.list[i], w, wanted);
		g->shown_still += idmap_get(&w->shown, w->children.list[i].cookie) != IDMAP_NONE;
		children_give_connection(&w->children, i, s, g);
	}
	for (size_t i = 0; i < s->n_groups; i++) {
		struct group *g = &s->groups[i];

		if (!is_in(s, g->first, wanted->netns_idx) || !(g->known & GROUP_WAITING))
			continue;
		if (g->length < g->length_after)
			g->length_after = (uint32_t)g->length;
	}
	compare_oldest(w, s, wanted);
	compare_shown(w, s, wanted);
	keep(w, s, wanted->netns_idx);
	w->sample_ns = s->netns[wanted->netns_idx].waiting_ns = s->monotonic_ns;
	return 0;
}

/* Returns the group of the queue, if it needs a dump now. */
static struct group *find_again(const struct waiting_queue *queue, struct snapshot *s,
				const struct waiting_request *wanted)
{
	struct group *g = find_group(queue, s, wanted->netns_idx);

	return g && is_group_wanted(s, g, wanted) ? g : NULL;
}

/*
 * Looks up the oldest connections. The kernel finds those too that were accepted and closed, until
 * TIME_WAIT ends.
 */
static void look_up_oldest(struct waiting *w, struct diag_socket *diag, struct snapshot *s,
			   const struct waiting_request *wanted)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	size_t asked = 0;

	for (size_t i = 0; i < w->n_queues; i++) {
		struct waiting_queue *queue = &w->queues[i];
		const struct group *g = find_again(queue, s, wanted);

		queue->stands = queue->n_oldest && g && g->may_stall && same_holder(queue, g);
		queue->moved = false;
	}
	for (size_t i = 0; i < w->n_oldest; i++) {
		struct waiting_queue *queue = &w->queues[w->oldest[i].queue];
		const struct diag_record *connection = &w->children.list[w->oldest[i].child];
		struct diag_record r;
		bool found;

		if (!queue->stands)
			continue;
		found = asked++ < ASKED_MAX && diag_find(diag, connection, &r) == 0;
		queue->stands = found && waits(&r);
		queue->moved = found && !waits(&r) && !connection->mptcp &&
			       queue->waited_ns >= wanted->before.end_ns;
		if (queue->stands && r.last_data_sent_ms > queue->oldest_wait_ms)
			queue->oldest_wait_ms = r.last_data_sent_ms;
	}
	for (size_t i = 0; i < w->n_queues; i++)
		if (w->queues[i].stands)
			w->queues[i].waited_ns = begin_ns;
}

void waiting_fill_again(struct waiting *w, struct diag_socket *diag, struct snapshot *s,
			const struct waiting_request *wanted)
{
	if (!(s->known & SNAPSHOT_GROUPS))
		groups_build(s);
	s->netns[wanted->netns_idx].waiting_ns = w->sample_ns;
	look_up_oldest(w, diag, s, wanted);
	for (size_t i = 0; i < w->n_queues; i++) {
		const struct waiting_queue *queue = &w->queues[i];
		struct group *g = find_again(queue, s, wanted);

		if (!g)
			continue;
		g->known |= GROUP_WAITING | (queue->has_oldest ? GROUP_OLDEST : 0);
		g->holder = queue->alone ? queue->cookie : 0;
		g->waiting = queue->waiting;
		g->waiting_closed = queue->waiting_closed;
		g->waiting_mptcp = queue->waiting_mptcp;
		g->fastopen = queue->fastopen;
		g->oldest_wait_ms = queue->oldest_wait_ms;
		g->length_after = queue->length_after;
		if (queue->stands) {
			g->known |= GROUP_STANDS;
			g->ahead = queue->ahead;
		}
		if (queue->moved)
			g->known |= GROUP_MOVED;
	}
	for (size_t i = 0; s->known & SNAPSHOT_CONNECTIONS && i < w->children.n; i++) {
		const struct group *g = children_group(&w->children, i, s, wanted->netns_idx);

		if (g && g->known & GROUP_WAITING)
			children_give_connection(&w->children, i, s, g);
	}
}

static int compare_holders(const void *va, const void *vb)
{
	const struct oldest *a = va, *b = vb;
	int order = num_compare(a->holder, b->holder);

	return order ? order : num_compare(a->cookie, b->cookie);
}

void waiting_leave(const struct waiting *w, struct snapshot *s, uint32_t netns_idx)
{
	const size_t begin = s->n_oldest;

	for (size_t i = 0; i < w->n_oldest; i++) {
		const struct waiting_queue *queue = &w->queues[w->oldest[i].queue];

		if (!queue->alone)
			continue;
		s->oldest = array_grow(s->oldest, s->n_oldest, &s->oldest_size, sizeof(*s->oldest));
		s->oldest[s->n_oldest++] = (struct oldest){ .cookie = w->oldest[i].cookie,
							    .holder = queue->cookie,
							    .netns_idx = netns_idx,
							    .ahead = queue->ahead };
	}
	if (s->n_oldest > begin)
		qsort(s->oldest + begin, s->n_oldest - begin, sizeof(*s->oldest), compare_holders);
}

/* Those of one queue stand side by side, see waiting_leave(). */
void waiting_resume(struct waiting *w, const struct snapshot *last, uint32_t netns_idx)
{
	for (size_t i = 0; i < last->n_oldest; i++) {
		const struct oldest *o = &last->oldest[i];
		struct waiting_queue *queue;

		if (o->netns_idx != netns_idx)
			continue;
		if (!w->n_queues || w->queues[w->n_queues - 1].cookie != o->holder) {
			w->queues = array_grow(w->queues, w->n_queues, &w->queues_size,
					       sizeof(*w->queues));
			queue = &w->queues[w->n_queues++];
			*queue = (struct waiting_queue){ .cookie = o->holder,
							 .ahead = o->ahead,
							 .alone = true };
		}
		w->queues[w->n_queues - 1].n_oldest++;
		w->oldest = array_grow(w->oldest, w->n_oldest, &w->oldest_size, sizeof(*w->oldest));
		w->oldest[w->n_oldest++] =
			(struct waiting_oldest){ .cookie = o->cookie,
						 .queue = (uint32_t)w->n_queues - 1 };
	}
}

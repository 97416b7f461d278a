/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/verdict.h"

#include "analyse/holders.h"
#include "base/alloc.h"

#include <string.h>

#define WAIT_LONG_NS (WAIT_LONG_MS * (NSEC_PER_SEC / 1000))

#define PIDS_MAX  8 /* in a command to copy */
#define NAMES_MAX 3 /* processes in a sentence */

static bool is_full(const struct row *r)
{
	return r->seen_full;
}

/*
 * The queue was empty when the window began. Do all that came since still wait, the oldest for
 * WAIT_LONG_MS? That age alone is no proof: some that came before it may have been accepted one by
 * one while it waited. But no more came to the whole namespace than wait here.
 */
static bool all_still_wait(const struct row *r)
{
	const struct opt_u64 *arrivals = &r->netns->arrivals_hi;
	const uint64_t oldest_ns = r->oldest_wait_ms.value * (NSEC_PER_SEC / 1000);

	return !listener_is_unix(r->listener) && arrivals->known &&
	       arrivals->value <= row_length(r) && r->oldest_wait_ms.known && !row_waiting_age(r) &&
	       oldest_ns >= WAIT_LONG_NS && oldest_ns <= r->netns->window_ns;
}

/*
 * A constant length proves nothing: a new connection may have come for each one accepted. The proof
 * is in accepted(), report.c.
 */
static bool not_accepting(const struct row *r)
{
	/* A short window is enough if the queue had not moved before either. */
	return (r->netns->window_ns >= WINDOW_MIN_NS ||
		(r->netns->window_ns && r->window->unmoved_ns >= WINDOW_MIN_NS)) &&
	       r->window->accepted.known && !r->window->accepted.max && row_length(r) &&
	       (r->window->length_before || all_still_wait(r));
}

/*
 * TCP: no connection was accepted in this window, and the oldest has waited for WAIT_LONG_MS. If
 * clients have reset all of them, no age is visible; then the queue must not have been seen empty
 * or shorter for that time. UNIX, where connections have no ages: the oldest has been the same for
 * that time, or if the kernel does not say which is the oldest, the queue was not seen empty or
 * shorter.
 */
static bool is_stalled(const struct row *r)
{
	if (listener_is_unix(r->listener))
		return r->window->unmoved_ns >= WAIT_LONG_NS;
	if (!not_accepting(r))
		return false;
	return r->waits_long || (!r->oldest_wait_ms.known && r->window->unmoved_ns >= WAIT_LONG_NS);
}

/*
 * Is tcp_max_syn_backlog so low that an empty SYN queue has hardly any room? tcp_conn_request()
 * drops a SYN if max - length < max >> 2: an empty queue takes one if max is 0 or -1, and none
 * below.
 */
static bool admits_none(const struct row *r)
{
	const struct opt_u64 limit = row_syn_limit(r);

	return limit.known && !limit.value &&
	       r->netns->netns->sysctls.value[SYSCTL_MAX_SYN_BACKLOG] <= 0;
}

/* A full SYN queue drops SYNs only where the kernel sends no cookies instead. */
bool verdict_drops_syns(const struct row *r)
{
	const struct sysctls *s = &r->netns->netns->sysctls;

	return sysctl_known(s, SYSCTL_SYNCOOKIES) && s->value[SYSCTL_SYNCOOKIES] == 0 &&
	       (row_syn_full(r) || admits_none(r));
}

/* A drop is not a loss: health checks, TCP_DEFER_ACCEPT and repeated SYNs cause drops all day. */
static bool is_dropping(const struct row *r)
{
	return r->window->losses.known &&
	       (r->window->losses.min > 0 || (r->window->losses.max > 0 && verdict_drops_syns(r)));
}

static bool is_high(const struct row *r)
{
	return row_worst_fill(r) >= FILL_HIGH;
}

static bool always(const struct row *r)
{
	(void)r;
	return true;
}

/* Are there connections in the queue, none of which was seen to leave it? */
static bool none_leaves(const struct row *r)
{
	return r->listener->length && !r->window->accepted.min;
}

static bool owners_stopped(const struct row *r)
{
	return none_leaves(r) && holders_all(r, holder_is_stopped);
}

/* If all owners are at their limit, a connection leaves only when a descriptor is closed. */
static bool owners_at_limit(const struct row *r)
{
	return r->listener->length && (none_leaves(r) ? holders_some(r, holder_at_limit) :
							holders_all(r, holder_at_limit));
}

static bool owners_throttled(const struct row *r)
{
	return holders_some(r, holder_is_throttled);
}

/* Was the accept queue so full in the window that its limit matters? */
static bool is_crowded(const struct row *r)
{
	return r->state == STATE_OVERFLOWING || r->state == STATE_FULL || is_high(r);
}

/*
 * For how long at most has nothing left the queue at the end of the window? Looks may see a queue
 * as full again as it was; an age tells more.
 */
static uint64_t stands_max(const struct row *r)
{
	const uint64_t seen_ns =
		r->listener->known & LISTENER_PEAK ? r->window->unmoved_ns : r->netns->window_ns;
	uint64_t age_ns = seen_ns;

	if (listener_is_unix(r->listener) && r->listener->first_ns)
		age_ns = r->window->unmoved_ns;
	else if (r->oldest_wait_ms.known && !row_waiting_age(r))
		age_ns = r->oldest_wait_ms.value * (NSEC_PER_SEC / 1000);
	return age_ns < seen_ns ? age_ns : seen_ns;
}

/*
 * May it have accepted nothing for a while, and be well but for that? That is unknown where looks
 * lack; without any look, also of a queue that has room again: all may have left it at once, after
 * a time in which none did. Otherwise the queue had not moved for WAIT_LONG_MS, or for a second,
 * after which a client repeats its SYN, where the program took all that waited.
 */
static bool may_have_stood(const struct row *r)
{
	uint64_t stood_ns = stands_max(r);

	if (r->netns->snapshot->blind_ns)
		return true;
	if (!(r->listener->known & LISTENER_PEAK))
		return listener_fill(r->listener) < FILL_HIGH || stood_ns >= WAIT_LONG_NS;
	if (stood_ns < r->listener->peak.stood_ns)
		stood_ns = r->listener->peak.stood_ns;
	return stood_ns >= (r->listener->peak.lowest ? WAIT_LONG_NS : NSEC_PER_SEC);
}

/* A program that stood still does not lack workers. */
static bool accepting_slowly(const struct row *r)
{
	return is_crowded(r) && r->window->accepted.min > 0 && !may_have_stood(r);
}

static bool cookies_sent(const struct row *r)
{
	return row_syn_full(r) && r->netns->delta[COUNTER_COOKIES_SENT].value > 0;
}

/*
 * Real clients return cookies, a flood does not. A cookie that is sent in this window may come back
 * in the next one, so half of them are enough.
 */
static bool cookies_returned(const struct row *r)
{
	const uint64_t sent = r->netns->delta[COUNTER_COOKIES_SENT].value;
	const struct opt_u64 *received = &r->netns->delta[COUNTER_COOKIES_RECV];

	return received->known && received->value >= sent - sent / 2;
}

/*
 * A SYN queue that answers with cookies drops nothing. So an overflow of the accept queue explains
 * what was lost, and it fills the SYN queue too, with clients whose final ACKs it dropped. Then the
 * SYN queue is no cause, and is told only behind one.
 */
static bool may_be_cause(const struct row *r)
{
	const uint32_t causes_before = (1u << REASON_SYN_FLOOD) - 1;

	return !(row_overflowed(r) || r->group_overflowed) || r->reasons & causes_before;
}

static bool syn_flood(const struct row *r)
{
	return cookies_sent(r) && !cookies_returned(r) && may_be_cause(r);
}

/* If several SYN queues are full, it is unknown whose cookies came back: one may be flooded. */
static bool syn_burst(const struct row *r)
{
	return cookies_sent(r) && cookies_returned(r) && r->netns->syn_full == 1 && may_be_cause(r);
}

/*
 * A connection that its peer closed is in CLOSE_WAIT. The dump lacks connections that were reset,
 * and those that were accepted before it: if none was accepted, the missing ones were reset. A walk
 * from before the window proves nothing, unless the connection that was the oldest then still
 * waits; then all after it wait too.
 */
static bool dead_clients(const struct row *r)
{
	if (!row_peers_closed_or_reset(r).known)
		return false;
	if (row_waiting_age(r))
		return r->group->waiting_closed > 0 && r->group->known & GROUP_STANDS;
	return r->group->waiting_closed > 0 || (not_accepting(r) && row_peers_reset(r));
}

static bool resets_clients(const struct row *r)
{
	const struct sysctls *s = &r->netns->netns->sysctls;

	return (r->state == STATE_OVERFLOWING || r->state == STATE_FULL) &&
	       !listener_is_unix(r->listener) && sysctl_known(s, SYSCTL_ABORT_ON_OVERFLOW) &&
	       s->value[SYSCTL_ABORT_ON_OVERFLOW] != 0;
}

static bool blocks_clients(const struct row *r)
{
	return r->state == STATE_FULL && listener_is_unix(r->listener);
}

/* Does the limit matter, to the accept queue or to a full SYN queue? */
static bool limit_matters(const struct row *r)
{
	return is_crowded(r) || (row_syn_full(r) && row_syn_limit(r).value == r->listener->limit);
}

/* -1: unknown */
static int64_t somaxconn(const struct row *r)
{
	const struct sysctls *s = &r->netns->netns->sysctls;

	return sysctl_known(s, SYSCTL_SOMAXCONN) ? s->value[SYSCTL_SOMAXCONN] : -1;
}

static bool limit_from_listen(const struct row *r)
{
	return limit_matters(r) && r->listener->limit < somaxconn(r);
}

static bool limit_from_somaxconn(const struct row *r)
{
	return limit_matters(r) && r->listener->limit == somaxconn(r);
}

/*
 * Both queues have the same limit, but if tcp_syncookies is 0, tcp_max_syn_backlog may set a lower
 * one for the SYN queue: even one that lets no SYN in, and the queue is empty.
 */
static bool limit_from_syn_backlog(const struct row *r)
{
	const struct opt_u64 limit = row_syn_limit(r);

	return limit.known && limit.value < r->listener->limit &&
	       (row_syn_full(r) || admits_none(r));
}

static void add_process(struct strbuf *to, const struct process *p)
{
	strbuf_addf(to, "%u", p->pid);
	if (p->comm)
		strbuf_addf(to, " (%s)", p->comm);
}

/* "process 82 (app)", or "2 of 3 processes that hold this listener". */
static void add_subject(struct strbuf *to, const struct holder_count *c)
{
	if (c->all > 1) {
		strbuf_addf(to, "%zu of %zu processes that hold this listener", c->n, c->all);
		return;
	}
	strbuf_adds(to, "process ");
	add_process(to, c->first);
}

/* Adds " (82 (app), 83 (app))"; @fds: with the descriptors they have open. */
static void add_processes(struct strbuf *to, const struct row *r,
			  bool (*is)(const struct process *p), bool fds)
{
	struct holders w = holders_of(r);
	size_t n = 0;

	strbuf_adds(to, " (");
	for (const struct process *p; (p = holders_next(&w));) {
		if (!is(p))
			continue;
		if (n++ == NAMES_MAX) {
			strbuf_adds(to, ", ...");
			break;
		}
		strbuf_adds(to, n > 1 ? ", " : "");
		add_process(to, p);
		if (fds)
			strbuf_addf(to, ": %u of %u", p->open_fds, p->fd_limit);
	}
	strbuf_putc(to, ')');
}

static void add_stopped_pids(struct strbuf *to, const struct row *r)
{
	struct holders w = holders_of(r);
	size_t n = 0;

	for (const struct process *p; (p = holders_next(&w));) {
		if (!holder_is_stopped(p))
			continue;
		if (n++ == PIDS_MAX) {
			strbuf_adds(to, " ...");
			break;
		}
		strbuf_addf(to, " %u", p->pid);
	}
}

static bool say_stopped(struct strbuf *to, const struct row *r)
{
	struct holder_count c = holders_count(r, holder_is_stopped);

	strbuf_adds(to, "process ");
	add_process(to, c.first);
	strbuf_adds(to, holder_is_frozen(c.first)  ? " is frozen with its cgroup" :
			process_is_traced(c.first) ? " is stopped by a debugger" :
						     " is stopped");
	if (c.n == 2)
		strbuf_adds(to, ", and so is the other one");
	else if (c.n > 2)
		strbuf_addf(to, ", and so are the other %zu", c.n - 1);
	return true;
}

static bool say_at_limit(struct strbuf *to, const struct row *r)
{
	struct holder_count c = holders_count(r, holder_at_limit);
	const struct process *p = c.first;

	add_subject(to, &c);
	if (c.all == 1) {
		strbuf_addf(to, " has %u of %u descriptors open, and accept(2) fails with EMFILE",
			    p->open_fds, p->fd_limit);
		return true;
	}
	strbuf_adds(to, c.n > 1 ? " have no descriptor left" : " has no descriptor left");
	add_processes(to, r, holder_at_limit, true);
	strbuf_adds(to, ", and accept(2) fails with EMFILE there");
	return true;
}

static bool say_throttled(struct strbuf *to, const struct row *r)
{
	struct holder_count c = holders_count(r, holder_is_throttled);

	add_subject(to, &c);
	if (c.all > 1)
		add_processes(to, r, holder_is_throttled, false);
	strbuf_addf(to, " used up %s CPU quota in this window and %s throttled",
		    c.n > 1 ? "their" : "its", c.n > 1 ? "were" : "was");
	return true;
}

/*
 * The one that runs may be the master of a preforked server, which never accepts: so of several all
 * are named, or those that are stopped.
 */
static bool say_not_accepting(struct strbuf *to, const struct row *r)
{
	struct holder_count stopped = holders_count(r, holder_is_stopped);
	struct holder_count c = holders_count(r, holder_is_any);

	if (!c.n)
		return false;
	if (stopped.n && stopped.n < c.n) {
		strbuf_addf(to, "%s, and %zu of %zu processes that hold the listener %s %s:",
			    reason_table[REASON_NOT_ACCEPTING].fact, stopped.n, c.n,
			    stopped.n > 1 ? "are" : "is",
			    holder_is_frozen(stopped.first) ? "frozen" : "stopped");
		add_stopped_pids(to, r);
		return true;
	}
	if (c.n > 1) {
		strbuf_addf(to, "none of the %zu processes that hold this listener", c.n);
		add_processes(to, r, holder_is_any, false);
	} else {
		add_subject(to, &c);
	}
	strbuf_addf(to, " accepted %s connection in this window", c.n > 1 ? "a" : "no");
	return true;
}

const struct state_info state_table[STATE_N] = {
	[STATE_OVERFLOWING] = { "overflowing", SEVERITY_CRITICAL,
				"the accept queue was full in this window and dropped SYNs or final "
				"ACKs: their clients retry after a second or more",
				"check whether the program accepts before you raise a limit",
				row_overflowed },
	[STATE_FULL] = { "full", SEVERITY_WARNING,
			 "the accept queue is full, or was in this window: it drops the next SYN, "
			 "and the client of a UNIX listener waits",
			 "check whether the program accepts before you raise a limit", is_full },
	[STATE_STALLED] = { "stalled", SEVERITY_WARNING,
			    "connections wait in the accept queue, and none was seen to leave it",
			    "look at the process: it is stuck or busy", is_stalled },
	[STATE_DROPPING] = { "dropping", SEVERITY_WARNING,
			     "this listener lost SYNs or final ACKs, and not to a full accept queue",
			     "look at the counters that moved", is_dropping },
	[STATE_SYN_FULL] = { "syn-full", SEVERITY_WARNING, "the SYN queue is at its limit",
			     "see who is half-open (-D): a SYN flood, clients that do not finish "
			     "the handshake, or too small a backlog",
			     row_syn_full },
	[STATE_HIGH] = { "high", SEVERITY_NOTICE,
			 "the accept queue is at 80% or above, or was in this window",
			 "watch it, and act on the reasons before it is full", is_high },
	[STATE_OK] = { "ok", SEVERITY_NONE, "nothing to do", NULL, always },
	/* Set by classify_row(); last_state is one of the rows above. */
	[STATE_GONE] = { "gone", SEVERITY_GONE,
			 "the listener closed in this window; WHY is the state it was last seen in, "
			 "unless ok",
			 NULL, always },
};

const struct reason_info reason_table[REASON_N] = {
	[REASON_STOPPED] = { "stopped",
			     "the processes that hold the listener are stopped or frozen and "
			     "accept nothing",
			     "continue them with fg or kill -CONT, leave the debugger, or unpause "
			     "the container",
			     owners_stopped, say_stopped },
	[REASON_FD_LIMIT] = { "fd-limit",
			      "a process that holds the listener has no descriptor left, and "
			      "accept(2) fails with EMFILE",
			      "raise its limit (LimitNOFILE=, ulimit -n), or find the leak with "
			      "ls -l /proc/PID/fd",
			      owners_at_limit, say_at_limit },
	[REASON_THROTTLED] = { "throttled",
			       "a process that holds the listener used up its CPU quota in this "
			       "window and was throttled",
			       "raise the quota (CPUQuota=, cpu.max)", owners_throttled,
			       say_throttled },
	[REASON_NOT_ACCEPTING] = { "not-accepting",
				   "the program accepted no connection in this window",
				   "look at the process, it is stuck or busy; a larger backlog will "
				   "not help",
				   not_accepting, say_not_accepting },
	[REASON_ACCEPTING_SLOWLY] = { "accepting-slowly",
				      "the program accepts, but more slowly than clients connect",
				      "add workers; a larger backlog helps against bursts only",
				      accepting_slowly },
	[REASON_SYN_FLOOD] = { "syn-flood",
			       "the SYN queue is full, and few of the syncookies sent came back",
			       "this is an attack, or replies do not reach the clients; "
			       "syncookies work, so raise no limit",
			       syn_flood },
	[REASON_SYN_BURST] = { "syn-burst",
			       "the SYN queue is full, and most of the syncookies sent came back: "
			       "these are real clients",
			       "raise the backlog", syn_burst },
	[REASON_DEAD_CLIENTS] = { "dead-clients",
				  "clients have closed or reset connections that still fill the "
				  "queue",
				  "find out why the program did not accept them in time",
				  dead_clients },
	[REASON_RESETS_CLIENTS] = { "resets-clients",
				    "tcp_abort_on_overflow=1: a client whose final ACK meets the "
				    "full queue gets a RST",
				    "set it to 0, so that clients retry", resets_clients },
	[REASON_BLOCKS_CLIENTS] = { "blocks-clients",
				    "clients wait in connect(2), or get EAGAIN if they do not block",
				    "look at the process that should accept, it is stuck or busy",
				    blocks_clients },
	[REASON_LIMIT_FROM_LISTEN] = { "limit-from-listen",
				       "the limit is below somaxconn: the program asked for this "
				       "backlog, or somaxconn was lower when it called listen(2)",
				       NULL, limit_from_listen },
	[REASON_LIMIT_FROM_SOMAXCONN] = { "limit-from-somaxconn",
					  "somaxconn set this limit when the program called "
					  "listen(2): after a change, restart the program",
					  NULL, limit_from_somaxconn },
	[REASON_LIMIT_FROM_SYN_BACKLOG] = { "limit-from-syn-backlog",
					    "tcp_max_syn_backlog limits this SYN queue, because "
					    "tcp_syncookies is 0",
					    "turn syncookies on, or raise tcp_max_syn_backlog",
					    limit_from_syn_backlog },
};

/* The cause in a few words; NULL: it is a limit, or none is known. */
static const char *const cause_words[REASON_N] = {
	[REASON_STOPPED] = "process stopped",
	[REASON_FD_LIMIT] = "out of descriptors",
	[REASON_THROTTLED] = "CPU throttled",
	[REASON_NOT_ACCEPTING] = "stopped accepting",
	[REASON_ACCEPTING_SLOWLY] = "accepts too slowly",
	[REASON_SYN_FLOOD] = "SYN queue full, a flood",
	[REASON_SYN_BURST] = "SYN queue full",
	[REASON_DEAD_CLIENTS] = "clients have gone",
};

static const char *const state_words[STATE_N] = {
	[STATE_OVERFLOWING] = "overflowing",
	[STATE_FULL] = "queue full",
	[STATE_STALLED] = "stalled",
	[STATE_DROPPING] = "loses SYNs",
	[STATE_SYN_FULL] = "SYN queue full",
	[STATE_HIGH] = "queue nearly full",
	[STATE_OK] = "ok",
	[STATE_GONE] = "gone",
};

const char *severity_mark(enum severity severity)
{
	static const char *const marks[] = { [SEVERITY_CRITICAL] = "!!",
					     [SEVERITY_WARNING] = "!",
					     [SEVERITY_NOTICE] = "~",
					     [SEVERITY_NONE] = ".",
					     [SEVERITY_GONE] = "x" };

	return marks[severity];
}

void classify_row(struct row *row)
{
	row->last_state = 0;
	while (!state_table[row->last_state].applies(row))
		row->last_state++;
	row->state = row->gone ? STATE_GONE : row->last_state;
	row->reasons = 0;
	for (unsigned int i = 0; i < REASON_N && state_is_sick(row->state); i++)
		if (reason_table[i].applies(row))
			row->reasons |= 1u << i;
}

bool verdict_wants_longer_window(const struct row *row)
{
	return row->state == STATE_OK && not_accepting(row) && !row->oldest_wait_ms.known &&
	       row->netns->window_ns < WAIT_LONG_NS;
}

enum reason verdict_first_reason(uint32_t reasons)
{
	return reasons ? (enum reason)__builtin_ctz(reasons) : REASON_N;
}

enum reason verdict_adviser(uint32_t reasons)
{
	const enum reason first = verdict_first_reason(reasons);

	return first < REASON_N && reason_table[first].advice ? first : REASON_N;
}

const char *verdict_cause(enum reason reason)
{
	return reason < REASON_N ? cause_words[reason] : NULL;
}

const char *verdict_brief(enum state state, enum reason reason)
{
	const char *cause = verdict_cause(reason);

	return cause ? cause : state_words[state];
}

/* Adds " (the oldest for 3.2s)". */
static void add_time(struct strbuf *to, const char *what, uint64_t ns, const char *after)
{
	strbuf_addf(to, " (%s for ", what);
	text_add_time(to, ns);
	strbuf_addf(to, "%s)", after);
}

/* The age of a connection is proof; without one, say only what was seen. */
static void add_stalled_for(struct strbuf *to, const struct row *row)
{
	const uint64_t ms = NSEC_PER_SEC / 1000;

	if (row->oldest_wait_ms.known)
		add_time(to, "the oldest", row->oldest_wait_ms.value * ms, "");
	else if (row->waits_long) /* which member of its group holds the oldest is unknown */
		add_time(to, "the oldest of its group", row->group->oldest_wait_ms * ms, "");
	else if (listener_is_unix(row->listener) && row->listener->first_ns)
		add_time(to, "the oldest", row->window->unmoved_ns, " or more");
	else if (row->window->unmoved_ns)
		add_time(to, "not seen to get shorter", row->window->unmoved_ns, "");
}

/* Then it is known what drops its SYNs, and no counter has to be looked for. */
static bool lacks_cookies(const struct row *row, enum state state)
{
	return state == STATE_DROPPING && verdict_drops_syns(row) && row_syn_full(row);
}

const char *verdict_state_fact(const struct row *row, enum state state)
{
	return lacks_cookies(row, state) ?
		       "the SYN queue is full and drops SYNs, as tcp_syncookies is 0" :
		       state_table[state].fact;
}

void verdict_add_state(struct strbuf *to, const struct row *row)
{
	const char *advice = lacks_cookies(row, row->state) ? "turn syncookies on" :
							      state_table[row->state].advice;

	strbuf_adds(to, verdict_state_fact(row, row->state));
	if (row->state == STATE_STALLED)
		add_stalled_for(to, row);
	if (verdict_adviser(row->reasons) == REASON_N && advice)
		strbuf_addf(to, "; %s", advice);
}

const struct row *verdict_member(const struct row *row, enum reason reason)
{
	const struct row *fullest = NULL;

	for (uint32_t i = 0; i < row->folded->n_members; i++) {
		const struct row *member = row->folded->members[i];

		if (member->reasons & 1u << reason &&
		    (!fullest || row_worst_fill(member) > row_worst_fill(fullest)))
			fullest = member;
	}
	return fullest;
}

bool verdict_add_fact(struct strbuf *to, enum reason reason, const struct row *row,
		      unsigned int text_flags)
{
	const struct reason_info *info = &reason_table[reason];
	const struct row *one = row->folded ? verdict_member(row, reason) : row;
	struct strbuf said = { 0 };
	bool names = info->say && one && info->applies(one) && info->say(&said, one);

	if (names)
		text_add_safe(to, said.s, said.len, text_flags);
	else
		strbuf_adds(to, info->fact);
	strbuf_free(&said);
	return names;
}

bool verdict_add_why(struct strbuf *to, enum reason reason, const struct row *row,
		     unsigned int text_flags)
{
	bool names = verdict_add_fact(to, reason, row, text_flags);

	/* What else is to be done about processes that are named is a command, see remedy.h. */
	if (verdict_adviser(row->reasons) == reason && (!names || reason == REASON_NOT_ACCEPTING))
		strbuf_addf(to, "; %s", reason_table[reason].advice);
	return names;
}

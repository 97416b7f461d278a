/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/verdict.h"

#include <string.h>

static bool is_overflowing(const struct row *r)
{
	return r->overflows.known &&
	       (r->overflows.min > 0 || (r->overflows.max > 0 && r->seen_full));
}

static bool is_full(const struct row *r)
{
	return r->seen_full;
}

/* A window shorter than this is too short to call a program stuck. */
#define WINDOW_MIN_NS (NSEC_PER_SEC * 19 / 100) /* 0.2 s, measured a little short */

#define WAIT_LONG_NS (WAIT_LONG_MS * (NSEC_PER_SEC / 1000))

/*
 * That a queue does not get shorter is no proof: one new connection for each one accepted looks the
 * same. accepted() of report.c proves that none was.
 */
static bool not_accepting(const struct row *r)
{
	/* A window that was cut short goes on from where the queue did not move before. */
	return (r->netns->window_ns >= WINDOW_MIN_NS ||
		(r->netns->window_ns && r->unmoved_ns >= WINDOW_MIN_NS)) &&
	       r->accepted.known && !r->accepted.max && r->length_before && row_length(r);
}

/*
 * TCP: none was accepted in this window, and the oldest connection has waited for WAIT_LONG_MS.
 * Where clients have reset all of them no age can be seen; then the queue itself must not have been
 * seen empty or shorter for so long. The connections of a UNIX queue have no ages: its oldest
 * connection has been the same for so long, or where the kernel does not tell which one that is,
 * the queue was not seen empty or shorter.
 */
static bool is_stalled(const struct row *r)
{
	if (listener_is_unix(r->listener))
		return r->unmoved_ns >= WAIT_LONG_NS;
	if (!not_accepting(r))
		return false;
	return r->waits_long || (!r->oldest_wait_ms.known && r->unmoved_ns >= WAIT_LONG_NS);
}

bool verdict_wants_longer_window(const struct row *r)
{
	return r->state == STATE_OK && not_accepting(r) && !r->oldest_wait_ms.known &&
	       r->netns->window_ns < WAIT_LONG_NS;
}

static bool is_syn_full(const struct row *r)
{
	return row_syn_full(r);
}

/*
 * Is tcp_max_syn_backlog so low that the SYN queue, though empty, has hardly any room? The test of
 * tcp_conn_request(), max - length < max >> 2, lets one SYN into an empty queue at 0 and -1, and
 * none below that.
 */
static bool admits_none(const struct row *r)
{
	const struct sysctls *s = &r->netns->netns->sysctls;
	const struct opt_u64 limit = row_syn_limit(r);

	return limit.known && !limit.value && s->value[SYSCTL_MAX_SYN_BACKLOG] <= 0;
}

/* A full SYN queue drops SYNs only where the kernel sends no cookies instead. */
static bool drops_syns(const struct row *r)
{
	const struct sysctls *s = &r->netns->netns->sysctls;

	return sysctl_known(s, SYSCTL_SYNCOOKIES) && s->value[SYSCTL_SYNCOOKIES] == 0 &&
	       (is_syn_full(r) || admits_none(r));
}

/* A drop is not a loss: health checks, TCP_DEFER_ACCEPT and repeated SYNs cause drops all day. */
static bool is_dropping(const struct row *r)
{
	return r->losses.known && (r->losses.min > 0 || (r->losses.max > 0 && drops_syns(r)));
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

const struct state_info state_table[STATE_N] = {
	[STATE_OVERFLOWING] = { "overflowing", SEVERITY_CRITICAL,
				"the accept queue was full in this window, and SYNs or final ACKs "
				"were dropped: their clients wait for a second or more and retry",
				"look whether the program accepts before you raise a limit",
				is_overflowing },
	[STATE_FULL] = { "full", SEVERITY_WARNING,
			 "the accept queue is full, or was in this window: the next SYN is "
			 "dropped, or the client of a UNIX listener has to wait",
			 "look whether the program accepts before you raise a limit", is_full },
	[STATE_STALLED] = { "stalled", SEVERITY_WARNING,
			    "connections wait in the accept queue, whatever its fill, and none was "
			    "seen to leave it",
			    "look at the process: it is stuck or busy", is_stalled },
	[STATE_DROPPING] = { "dropping", SEVERITY_WARNING,
			     "this listener lost SYNs or final ACKs for another cause than a full "
			     "accept queue",
			     "look at which counters moved", is_dropping },
	[STATE_SYN_FULL] = { "syn-full", SEVERITY_WARNING, "the SYN queue is at its limit",
			     "look at who is half-open (-D): a SYN flood, clients that do not "
			     "finish the handshake, or a backlog that is too small",
			     is_syn_full },
	[STATE_HIGH] = { "high", SEVERITY_NOTICE,
			 "the accept queue is, or was in this window, at 80% or above",
			 "watch it, and act on the reasons before it is full", is_high },
	[STATE_OK] = { "ok", SEVERITY_NONE, "nothing to do", NULL, always },
	/* classify_row() sets it: the rows above say what it was before. */
	[STATE_GONE] = { "gone", SEVERITY_GONE,
			 "the listener was closed in this window; WHY is the state that it was "
			 "last seen in, if that was not ok",
			 NULL, always },
};

/* Is the accept queue so long, or was it in the window, that its limit matters? */
static bool crowded(const struct row *r)
{
	return r->state == STATE_OVERFLOWING || r->state == STATE_FULL || is_high(r);
}

static bool accepting_slowly(const struct row *r)
{
	return crowded(r) && r->accepted.min > 0;
}

static bool somaxconn(const struct row *r, int64_t *value)
{
	const struct sysctls *s = &r->netns->netns->sysctls;

	*value = s->value[SYSCTL_SOMAXCONN];
	return sysctl_known(s, SYSCTL_SOMAXCONN);
}

/* Does the limit of the accept queue matter: for that queue, or for a full SYN queue? */
static bool limit_binds(const struct row *r)
{
	return crowded(r) || (is_syn_full(r) && row_syn_limit(r).value == r->listener->limit);
}

static bool limit_from_listen(const struct row *r)
{
	int64_t max;

	return limit_binds(r) && somaxconn(r, &max) && r->listener->limit < max;
}

static bool limit_from_somaxconn(const struct row *r)
{
	int64_t max;

	return limit_binds(r) && somaxconn(r, &max) && r->listener->limit == max;
}

/*
 * The two queues have the same limit, but where tcp_syncookies is 0 tcp_max_syn_backlog may set a
 * lower one for the SYN queue: even one that lets no SYN in, and then the queue is empty.
 */
static bool limit_from_syn_backlog(const struct row *r)
{
	const struct opt_u64 limit = row_syn_limit(r);

	return limit.known && limit.value < r->listener->limit &&
	       (is_syn_full(r) || admits_none(r));
}

/*
 * Clients send cookies back, and a flood does not. A cookie that is sent in this window may come
 * back in the next one: half of them are enough to call it a burst.
 */
static bool cookies_sent(const struct row *r, bool *returned)
{
	const struct opt_u64 *sent = &r->netns->delta[COUNTER_COOKIES_SENT];
	const struct opt_u64 *received = &r->netns->delta[COUNTER_COOKIES_RECV];

	*returned = received->known && received->value >= sent->value - sent->value / 2;
	return is_syn_full(r) && sent->known && sent->value > 0;
}

static bool syn_flood(const struct row *r)
{
	bool returned;

	return cookies_sent(r, &returned) && !returned;
}

/* Whose cookies they were is unknown where several SYN queues are full: one may be flooded. */
static bool syn_burst(const struct row *r)
{
	bool returned;

	return cookies_sent(r, &returned) && returned && r->netns->syn_full == 1;
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

/*
 * A connection that its peer closed is in CLOSE_WAIT. One that its peer reset is in no dump, and
 * neither is one that was accepted between the two dumps: where none was accepted, those missing
 * were reset. A look from before the window proves nothing, unless the connection that was the
 * oldest then waits still: then so do all behind it.
 */
static bool dead_clients(const struct row *r)
{
	if (!row_peers_closed_or_reset(r).known)
		return false;
	if (row_waiting_age(r))
		return r->group->waiting_closed > 0 && r->group->known & GROUP_STANDS;
	return r->group->waiting_closed > 0 || (not_accepting(r) && row_peers_reset(r));
}

#define PIDS_MAX  8 /* in a command to be copied */
#define NAMES_MAX 3 /* of those that something is said of */

/* The processes that hold a listener, one after the other. */
struct holders {
	const struct snapshot *s;
	const struct listener *l;
	bool managers; /* there are no others */
	uint32_t next; /* owner to look at */
};

/* systemd and its instances for users, which hold the sockets of services that they start. */
static bool is_manager(const struct process *p)
{
	return p->pid == 1 || (p->unit && !strcmp(p->unit, "init.scope"));
}

static const struct process *next_process(struct holders *h)
{
	while (h->next < h->l->n_owners) {
		const struct owner *owner = &h->s->owners[h->l->first_owner + h->next++];
		const struct process *p = &h->s->processes[owner->process];

		/* Its descriptors stand together. */
		if (h->next > 1 && owner[-1].process == owner->process)
			continue;
		if (h->managers || !is_manager(p))
			return p;
	}
	return NULL;
}

static struct holders holders_of(const struct row *row)
{
	struct holders h = { row->netns->snapshot, row->listener, false, 0 };

	h.managers = !next_process(&h);
	h.next = 0;
	return h;
}

static bool is_traced(const struct process *p)
{
	return p->known & PROCESS_STATE && p->state == 't';
}

static bool is_frozen(const struct process *p)
{
	return p->known & PROCESS_FROZEN && p->frozen;
}

static bool is_stopped(const struct process *p)
{
	return is_traced(p) || is_frozen(p) || (p->known & PROCESS_STATE && p->state == 'T');
}

/* A limit lowered below what was open already leaves it no more room. */
static bool is_at_limit(const struct process *p)
{
	return !is_stopped(p) && p->known & PROCESS_OPEN_FDS && p->known & PROCESS_FD_LIMIT &&
	       p->open_fds >= p->fd_limit;
}

static bool is_throttled(const struct process *p)
{
	return p->known & PROCESS_THROTTLED && p->throttled;
}

/* Those that @is is true of, and how many there are in all. */
struct count {
	const struct process *first; /* of them */
	size_t n, all;
};

static struct count count(const struct row *row, bool (*is)(const struct process *p))
{
	struct holders h = holders_of(row);
	const struct process *p;
	struct count c = { 0 };

	while ((p = next_process(&h))) {
		c.all++;
		if (!is(p))
			continue;
		c.n++;
		c.first = c.first ? c.first : p;
	}
	return c;
}

/* Whoever takes connections is not kept from it. */
static bool none_leaves(const struct row *row)
{
	return row->listener->length && !row->accepted.min;
}

static bool is_cause_stopped(const struct row *row)
{
	struct count c;

	if (!none_leaves(row))
		return false;
	c = count(row, is_stopped);
	return c.n && c.n == c.all;
}

/* Where all owners are at their limit, connections leave only as descriptors are closed. */
static bool is_cause_fd_limit(const struct row *row)
{
	struct count c;

	if (!row->listener->length)
		return false;
	c = count(row, is_at_limit);
	return c.n && (none_leaves(row) || c.n == c.all);
}

static bool is_cause_throttled(const struct row *row)
{
	return count(row, is_throttled).n != 0;
}

static void add_text(struct strbuf *to, const char *text, unsigned int text_flags)
{
	text_add_safe(to, text, strlen(text), text_flags);
}

/* Its pid and name. */
static void add_who(struct strbuf *to, const struct process *p, unsigned int text_flags)
{
	strbuf_addf(to, "%u", p->pid);
	if (!p->comm)
		return;
	strbuf_adds(to, " (");
	add_text(to, p->comm, text_flags);
	strbuf_putc(to, ')');
}

static void add_process(struct strbuf *to, const struct process *p, unsigned int text_flags)
{
	strbuf_adds(to, "process ");
	add_who(to, p, text_flags);
}

/* "2 of 3 processes that hold this listener": of several owners, those that it is said of. */
static void add_share(struct strbuf *to, const struct count *c)
{
	strbuf_addf(to, "%zu of %zu processes that hold this listener", c->n, c->all);
}

/* And who they are; @fds: with what they have open. */
static void add_those(struct strbuf *to, const struct row *row, bool (*is)(const struct process *p),
		      bool fds, unsigned int text_flags)
{
	struct holders h = holders_of(row);
	const struct process *p;
	size_t n = 0;

	strbuf_adds(to, " (");
	while ((p = next_process(&h))) {
		if (!is(p))
			continue;
		if (n++ == NAMES_MAX) {
			strbuf_adds(to, ", ...");
			break;
		}
		strbuf_adds(to, n > 1 ? ", " : "");
		add_who(to, p, text_flags);
		if (fds)
			strbuf_addf(to, ": %u of %u", p->open_fds, p->fd_limit);
	}
	strbuf_putc(to, ')');
}

static void add_stopped_pids(struct strbuf *to, const struct row *row)
{
	struct holders h = holders_of(row);
	const struct process *p;
	size_t n = 0;

	while ((p = next_process(&h))) {
		if (!is_stopped(p))
			continue;
		if (n++ == PIDS_MAX) {
			strbuf_adds(to, " ...");
			break;
		}
		strbuf_addf(to, " %u", p->pid);
	}
}

/* What thaws it: the file of cgroup v2 takes a number, that of v1 a word. */
static void add_thaw(struct strbuf *to, const struct process *p, unsigned int text_flags)
{
	const char *v1 = "freezer.state", *end;

	strbuf_adds(to, "unpause its container");
	if (!p->freezer)
		return;
	end = strrchr(p->freezer, '/');
	strbuf_addf(to, ", or echo %s > ", end && !strcmp(end + 1, v1) ? "THAWED" : "0");
	add_text(to, p->freezer, text_flags);
}

static void add_ways_to_continue(struct strbuf *to, const struct process *p, const struct row *row,
				 unsigned int text_flags)
{
	if (is_frozen(p)) {
		add_thaw(to, p, text_flags);
	} else if (is_traced(p)) {
		strbuf_adds(to, "continue it there, or detach");
	} else {
		strbuf_adds(to, "continue with fg, or kill -CONT");
		add_stopped_pids(to, row);
	}
}

static bool add_stopped(struct strbuf *to, const struct row *row, bool advice,
			unsigned int text_flags)
{
	struct count c = count(row, is_stopped);

	if (advice) {
		add_ways_to_continue(to, c.first, row, text_flags);
		return true;
	}
	add_process(to, c.first, text_flags);
	strbuf_adds(to, " is ");
	strbuf_adds(to, is_frozen(c.first) ? "frozen with its cgroup" :
			is_traced(c.first) ? "stopped by a debugger" :
					     "stopped");
	if (c.n == 2)
		strbuf_adds(to, ", and so is the other one");
	else if (c.n > 2)
		strbuf_addf(to, ", and so are the other %zu", c.n - 1);
	return true;
}

static void add_who_is_full(struct strbuf *to, const struct count *c, const struct row *row,
			    unsigned int text_flags)
{
	if (c->all == 1) {
		add_process(to, c->first, text_flags);
		strbuf_addf(to, " has %u of %u descriptors open, and accept(2) fails with EMFILE",
			    c->first->open_fds, c->first->fd_limit);
		return;
	}
	add_share(to, c);
	strbuf_adds(to, c->n > 1 ? " have no descriptor left" : " has no descriptor left");
	add_those(to, row, is_at_limit, true, text_flags);
	strbuf_adds(to, ", and accept(2) fails with EMFILE there");
}

static bool add_fd_limit(struct strbuf *to, const struct row *row, bool advice,
			 unsigned int text_flags)
{
	struct count c = count(row, is_at_limit);
	const char *whose = c.n > 1 ? "their" : "its";
	const struct process *p = c.first;

	if (!advice) {
		add_who_is_full(to, &c, row, text_flags);
		return true;
	}
	if (p->unit && !is_manager(p)) {
		strbuf_addf(to, "raise %s limit (LimitNOFILE= of unit ", whose);
		add_text(to, p->unit, text_flags);
	} else {
		strbuf_addf(to, "raise %s limit (ulimit -n where %s started", whose,
			    c.n > 1 ? "they are" : "it is");
	}
	strbuf_addf(to, "), or find what leaks them with ls -l /proc/%u/fd", p->pid);
	return true;
}

/* systemd names the cgroup of a unit after it. */
static void add_unit_of(struct strbuf *to, const char *quota, unsigned int text_flags)
{
	static const char *const kinds[] = { ".service", ".scope", ".slice" };
	const char *end = strrchr(quota, '/'), *begin = end;

	while (begin > quota && begin[-1] != '/')
		begin--;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t len = strlen(kinds[i]);

		if ((size_t)(end - begin) <= len || memcmp(end - len, kinds[i], len) != 0)
			continue;
		strbuf_adds(to, ", CPUQuota= of unit ");
		text_add_safe(to, begin, (size_t)(end - begin), text_flags);
		return;
	}
}

static void add_who_is_throttled(struct strbuf *to, const struct count *c, const struct row *row,
				 unsigned int text_flags)
{
	if (c->all == 1) {
		add_process(to, c->first, text_flags);
	} else {
		add_share(to, c);
		add_those(to, row, is_throttled, false, text_flags);
	}
	strbuf_addf(to, " used up %s CPU quota in this window and %s throttled",
		    c->n > 1 ? "their" : "its", c->n > 1 ? "were" : "was");
}

static bool add_throttled(struct strbuf *to, const struct row *row, bool advice,
			  unsigned int text_flags)
{
	struct count c = count(row, is_throttled);

	if (!advice) {
		add_who_is_throttled(to, &c, row, text_flags);
		return true;
	}
	strbuf_adds(to, "raise the quota");
	if (!c.first->quota)
		return true;
	strbuf_adds(to, " (");
	add_text(to, c.first->quota, text_flags);
	add_unit_of(to, c.first->quota, text_flags);
	strbuf_putc(to, ')');
	return true;
}

static void add_ways_to_continue_some(struct strbuf *to, const struct count *c,
				      const struct row *row, unsigned int text_flags)
{
	if (is_frozen(c->first)) {
		strbuf_adds(to, "first ");
		add_thaw(to, c->first, text_flags);
		return;
	}
	strbuf_addf(to, "continue %s first (", c->n > 1 ? "them" : "it");
	if (is_traced(c->first)) {
		strbuf_adds(to, "in the debugger)");
		return;
	}
	strbuf_adds(to, "kill -CONT");
	add_stopped_pids(to, row);
	strbuf_putc(to, ')');
}

/* One that runs may be the master of a preforked server, which never accepts. */
static bool add_not_accepting(struct strbuf *to, const struct row *row, bool advice,
			      unsigned int text_flags)
{
	struct count c = count(row, is_stopped);
	const struct reason_info *info = &reason_table[REASON_NOT_ACCEPTING];

	if (!c.n || c.n == c.all)
		return false;
	if (advice) {
		add_ways_to_continue_some(to, &c, row, text_flags);
		strbuf_addf(to, ", then %s", info->advice);
		return true;
	}
	strbuf_addf(to, "%s, and %zu of %zu processes that hold it %s %s:", info->fact, c.n, c.all,
		    c.n > 1 ? "are" : "is", is_frozen(c.first) ? "frozen" : "stopped");
	add_stopped_pids(to, row);
	return true;
}

const struct reason_info reason_table[REASON_N] = {
	[REASON_STOPPED] = { "stopped",
			     "the processes that hold the listener are stopped or frozen, and "
			     "accept nothing",
			     "continue them with fg or kill -CONT, leave the debugger, or unpause "
			     "the container",
			     is_cause_stopped, add_stopped },
	[REASON_FD_LIMIT] = { "fd-limit",
			      "a process that holds the listener has as many descriptors open as it "
			      "may, and accept(2) fails with EMFILE",
			      "raise its limit (LimitNOFILE=, ulimit -n), or find what leaks them "
			      "with ls -l /proc/PID/fd",
			      is_cause_fd_limit, add_fd_limit },
	[REASON_THROTTLED] = { "throttled",
			       "a process that holds the listener used up its CPU quota in this "
			       "window and was throttled",
			       "raise the quota (CPUQuota=, cpu.max)", is_cause_throttled,
			       add_throttled },
	[REASON_NOT_ACCEPTING] = { "not-accepting",
				   "the program took no connection off its queue in this window",
				   "look at the process, it is stuck or busy; a larger backlog "
				   "will not help",
				   not_accepting, add_not_accepting },
	[REASON_ACCEPTING_SLOWLY] = { "accepting-slowly",
				      "the program does accept, but more slowly than clients "
				      "connect",
				      "add workers; a larger backlog helps against bursts only",
				      accepting_slowly },
	[REASON_SYN_FLOOD] = { "syn-flood",
			       "the SYN queue is full, and few of the syncookies sent came back",
			       "it is an attack, or replies do not reach the clients; syncookies "
			       "are at work already, and no limit has to be raised",
			       syn_flood },
	[REASON_SYN_BURST] = { "syn-burst",
			       "the SYN queue is full, and most of the syncookies sent came back: "
			       "these are real clients",
			       "raise the backlog", syn_burst },
	[REASON_DEAD_CLIENTS] = { "dead-clients",
				  "clients have closed or reset connections that still wait in "
				  "the queue, and fill it until the program accepts them",
				  "find out why they were not accepted in time", dead_clients },
	[REASON_RESETS_CLIENTS] = { "resets-clients",
				    "tcp_abort_on_overflow=1: a client whose final ACK meets the full "
				    "queue gets a RST instead of waiting for room",
				    "set it to 0, so that clients ride out short bursts",
				    resets_clients },
	[REASON_BLOCKS_CLIENTS] = { "blocks-clients",
				    "connect(2) to this UNIX listener sleeps until there is room, or "
				    "fails with EAGAIN where the client does not block",
				    "look at the process that should accept, it is stuck or busy",
				    blocks_clients },
	[REASON_LIMIT_FROM_LISTEN] = { "limit-from-listen",
				       "the limit is below somaxconn: the program asked for this "
				       "backlog, or somaxconn was lower when it called listen(2)",
				       NULL, limit_from_listen },
	[REASON_LIMIT_FROM_SOMAXCONN] = { "limit-from-somaxconn",
					  "somaxconn bounds this limit; listen(2) reads it once, so "
					  "another value acts after a restart of the program",
					  NULL, limit_from_somaxconn },
	[REASON_LIMIT_FROM_SYN_BACKLOG] = { "limit-from-syn-backlog",
					    "tcp_max_syn_backlog bounds this SYN queue, as "
					    "tcp_syncookies is 0",
					    "turn syncookies on, or raise it",
					    limit_from_syn_backlog },
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

static enum state first_that_applies(const struct row *row)
{
	unsigned int state = 0;

	while (!state_table[state].applies(row))
		state++;
	return state;
}

void classify_row(struct row *row)
{
	row->state = row->last_state = first_that_applies(row);
	row->reasons = 0;
	if (row->gone)
		row->state = STATE_GONE;
	if (!state_is_sick(row->state))
		return;
	for (unsigned int i = 0; i < REASON_N; i++)
		if (reason_table[i].applies(row))
			row->reasons |= 1u << i;
}

enum reason verdict_first_reason(const struct row *row)
{
	unsigned int i = 0;

	while (i < REASON_N && !(row->reasons & 1u << i))
		i++;
	return i;
}

enum reason verdict_adviser(const struct row *row)
{
	enum reason first = verdict_first_reason(row);

	return first < REASON_N && reason_table[first].advice ? first : REASON_N;
}

static void add_sentence(struct strbuf *to, const char *fact, const char *advice)
{
	strbuf_adds(to, fact);
	if (advice)
		strbuf_addf(to, "; %s", advice);
}

/* How long is proved by an age; without one it is only what was seen. */
static void add_stalled_for(struct strbuf *to, const struct row *row)
{
	if (row->oldest_wait_ms.known)
		strbuf_addf(to, " (the oldest for %.1f s)",
			    (double)row->oldest_wait_ms.value / 1000);
	else if (row->waits_long) /* which member of its group holds the oldest is unknown */
		strbuf_addf(to, " (the oldest of its group for %.1f s)",
			    (double)row->group->oldest_wait_ms / 1000);
	else if (listener_is_unix(row->listener) && row->listener->first_ns)
		strbuf_addf(to, " (the oldest for %.1f s or more)",
			    (double)row->unmoved_ns / (double)NSEC_PER_SEC);
	else if (row->unmoved_ns)
		strbuf_addf(to, " (not seen to get shorter for %.1f s)",
			    (double)row->unmoved_ns / (double)NSEC_PER_SEC);
}

void verdict_add_state(struct strbuf *to, const struct row *row)
{
	const struct state_info *state = &state_table[row->state];

	strbuf_adds(to, state->fact);
	if (row->state == STATE_STALLED)
		add_stalled_for(to, row);
	if (verdict_adviser(row) == REASON_N && state->advice)
		strbuf_addf(to, "; %s", state->advice);
}

static const struct row *fullest_member(const struct row *row, enum reason reason)
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

bool verdict_add_why(struct strbuf *to, enum reason reason, const struct row *row,
		     unsigned int text_flags)
{
	const struct reason_info *info = &reason_table[reason];
	const struct row *one = row->folded ? fullest_member(row, reason) : row;
	bool advise = verdict_adviser(row) == reason;

	if (!info->say || !one || !info->applies(one) || !info->say(to, one, false, text_flags)) {
		add_sentence(to, info->fact, advise ? info->advice : NULL);
		return false;
	}
	if (advise) {
		strbuf_adds(to, "; ");
		info->say(to, one, true, text_flags);
	}
	return true;
}

void verdict_add_reason(struct strbuf *to, enum reason reason, const struct row *row,
			unsigned int text_flags)
{
	strbuf_addf(to, "%s: ", reason_table[reason].name);
	verdict_add_why(to, reason, row, text_flags);
}

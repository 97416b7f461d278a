/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/verdict.h"

#include "analyse/causes.h"
#include "analyse/fold.h"
#include "analyse/report.h"
#include "base/clock.h"
#include "base/text.h"

static int is_overflowing(const struct row *r, const struct report *report)
{
	(void)report;
	return r->overflows.known &&
	       (r->overflows.min > 0 || (r->overflows.max > 0 && r->seen_full));
}

static int is_full(const struct row *r, const struct report *report)
{
	(void)report;
	return r->seen_full;
}

/* A window shorter than this is too short to call a program stuck. */
#define WINDOW_MIN_NS (NSEC_PER_SEC * 19 / 100) /* 0.2 s, measured a little short */

#define WAIT_LONG_NS (WAIT_LONG_MS * (NSEC_PER_SEC / 1000))

/*
 * That a queue does not get shorter is no proof: one new connection for each one accepted looks the
 * same. accepted() of report.c proves that none was.
 */
static int not_accepting(const struct row *r, const struct report *report)
{
	/* A window that was cut short goes on from where the queue did not move before. */
	return (report->window_ns >= WINDOW_MIN_NS ||
		(report->window_ns && r->unmoved_ns >= WINDOW_MIN_NS)) &&
	       r->accepted.known && !r->accepted.max && r->length_before && row_length(r);
}

/*
 * TCP: none was accepted in this window, and the oldest connection has waited for WAIT_LONG_MS.
 * Where clients have reset all of them no age can be seen; then the queue itself must not have been
 * seen empty or shorter for so long. The connections of a UNIX queue have no ages: its oldest
 * connection has been the same for so long, or where the kernel does not tell which one that is,
 * the queue was not seen empty or shorter.
 */
static int is_stalled(const struct row *r, const struct report *report)
{
	if (listener_is_unix(r->listener))
		return r->unmoved_ns >= WAIT_LONG_NS;
	if (!not_accepting(r, report))
		return 0;
	return r->waits_long || (!r->oldest_wait_ms.known && r->unmoved_ns >= WAIT_LONG_NS);
}

bool verdict_is_open(const struct row *r, const struct report *report)
{
	return r->state == STATE_OK && not_accepting(r, report) && !r->oldest_wait_ms.known &&
	       report->window_ns < WAIT_LONG_NS;
}

static int is_syn_full(const struct row *r, const struct report *report)
{
	(void)report;
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
static bool drops_syns(const struct row *r, const struct report *report)
{
	const struct sysctls *s = &r->netns->netns->sysctls;

	return sysctl_known(s, SYSCTL_SYNCOOKIES) && s->value[SYSCTL_SYNCOOKIES] == 0 &&
	       (is_syn_full(r, report) || admits_none(r));
}

/* A drop is not a loss: health checks, TCP_DEFER_ACCEPT and repeated SYNs cause drops all day. */
static int is_dropping(const struct row *r, const struct report *report)
{
	return r->losses.known &&
	       (r->losses.min > 0 || (r->losses.max > 0 && drops_syns(r, report)));
}

static int is_high(const struct row *r, const struct report *report)
{
	(void)report;
	return row_worst_fill(r) >= FILL_HIGH;
}

static int always(const struct row *r, const struct report *report)
{
	(void)r;
	(void)report;
	return 1;
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
	/* verdict_reach() sets it: the rows above say what it was before. */
	[STATE_GONE] = { "gone", SEVERITY_GONE,
			 "the listener was closed in this window; WHY is the state that it was "
			 "last seen in, if that was not ok",
			 NULL, always },
};

/* Is the accept queue so long, or was it in the window, that its limit matters? */
static int crowded(const struct row *r, const struct report *report)
{
	return r->state == STATE_OVERFLOWING || r->state == STATE_FULL || is_high(r, report);
}

static int accepting_slowly(const struct row *r, const struct report *report)
{
	return crowded(r, report) && r->accepted.min > 0;
}

static bool somaxconn(const struct row *r, int64_t *value)
{
	const struct sysctls *s = &r->netns->netns->sysctls;

	*value = s->value[SYSCTL_SOMAXCONN];
	return sysctl_known(s, SYSCTL_SOMAXCONN);
}

/* Does the limit of the accept queue matter: for that queue, or for a full SYN queue? */
static bool limit_binds(const struct row *r, const struct report *report)
{
	return crowded(r, report) ||
	       (is_syn_full(r, report) && row_syn_limit(r).value == r->listener->limit);
}

static int limit_from_listen(const struct row *r, const struct report *report)
{
	int64_t max;

	return limit_binds(r, report) && somaxconn(r, &max) && r->listener->limit < max;
}

static int limit_from_somaxconn(const struct row *r, const struct report *report)
{
	int64_t max;

	return limit_binds(r, report) && somaxconn(r, &max) && r->listener->limit == max;
}

/*
 * The two queues have the same limit, but where tcp_syncookies is 0 tcp_max_syn_backlog may set a
 * lower one for the SYN queue: even one that lets no SYN in, and then the queue is empty.
 */
static int limit_from_syn_backlog(const struct row *r, const struct report *report)
{
	const struct opt_u64 limit = row_syn_limit(r);

	return limit.known && limit.value < r->listener->limit &&
	       (is_syn_full(r, report) || admits_none(r));
}

/*
 * Clients send cookies back, and a flood does not. A cookie that is sent in this window may come
 * back in the next one: half of them are enough to call it a burst.
 */
static bool cookies_sent(const struct row *r, const struct report *report, bool *returned)
{
	const struct opt_u64 *sent = &r->netns->delta[COUNTER_COOKIES_SENT];
	const struct opt_u64 *received = &r->netns->delta[COUNTER_COOKIES_RECV];

	*returned = received->known && received->value >= sent->value - sent->value / 2;
	return is_syn_full(r, report) && sent->known && sent->value > 0;
}

static int syn_flood(const struct row *r, const struct report *report)
{
	bool returned;

	return cookies_sent(r, report, &returned) && !returned;
}

/* Whose cookies they were is unknown where several SYN queues are full: one may be flooded. */
static int syn_burst(const struct row *r, const struct report *report)
{
	bool returned;

	return cookies_sent(r, report, &returned) && returned && r->netns->syn_full == 1;
}

static int resets_clients(const struct row *r, const struct report *report)
{
	const struct sysctls *s = &r->netns->netns->sysctls;

	(void)report;
	return (r->state == STATE_OVERFLOWING || r->state == STATE_FULL) &&
	       !listener_is_unix(r->listener) && sysctl_known(s, SYSCTL_ABORT_ON_OVERFLOW) &&
	       s->value[SYSCTL_ABORT_ON_OVERFLOW] != 0;
}

static int blocks_clients(const struct row *r, const struct report *report)
{
	(void)report;
	return r->state == STATE_FULL && listener_is_unix(r->listener);
}

/*
 * A connection that its peer closed is in CLOSE_WAIT. One that its peer reset is in no dump, and
 * neither is one that was accepted between the two dumps: where none was accepted, those missing
 * were reset. A look from before the window proves nothing, unless the connection that was the
 * oldest then waits still: then so do all behind it.
 */
static int dead_clients(const struct row *r, const struct report *report)
{
	if (!row_gave_up(r).known)
		return 0;
	if (row_waiting_age(r, report))
		return r->group->waiting_closed > 0 && r->group->known & GROUP_STANDS;
	return r->group->waiting_closed > 0 || (not_accepting(r, report) && row_invisible(r));
}

const struct reason_info reason_table[REASON_N] = {
	[REASON_STOPPED] = { "stopped",
			     "the processes that hold the listener are stopped or frozen, and "
			     "accept nothing",
			     "continue them with fg or kill -CONT, leave the debugger, or unpause "
			     "the container",
			     cause_stopped, cause_add_stopped },
	[REASON_FD_LIMIT] = { "fd-limit",
			      "a process that holds the listener has as many descriptors open as it "
			      "may, and accept(2) fails with EMFILE",
			      "raise its limit (LimitNOFILE=, ulimit -n), or find what leaks them "
			      "with ls -l /proc/PID/fd",
			      cause_fd_limit, cause_add_fd_limit },
	[REASON_THROTTLED] = { "throttled",
			       "a process that holds the listener used up its CPU quota in this "
			       "window and was throttled",
			       "raise the quota (CPUQuota=, cpu.max)", cause_throttled,
			       cause_add_throttled },
	[REASON_NOT_ACCEPTING] = { "not-accepting",
				   "the program took no connection off its queue in this window",
				   "look at the process, it is stuck or busy; a larger backlog "
				   "will not help",
				   not_accepting, cause_add_not_accepting },
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

static enum state first_that_applies(const struct row *row, const struct report *report)
{
	unsigned int state = 0;

	while (!state_table[state].applies(row, report))
		state++;
	return state;
}

void verdict_reach(struct row *row, const struct report *report)
{
	row->state = row->last_state = first_that_applies(row, report);
	row->reasons = 0;
	if (row->gone)
		row->state = STATE_GONE;
	if (!state_is_sick(row->state))
		return;
	for (unsigned int i = 0; i < REASON_N; i++)
		if (reason_table[i].applies(row, report))
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

	for (uint32_t i = 0; i < row->fold->n_members; i++) {
		const struct row *member = row->fold->members[i];

		if (member->reasons & 1u << reason &&
		    (!fullest || row_worst_fill(member) > row_worst_fill(fullest)))
			fullest = member;
	}
	return fullest;
}

bool verdict_add_why(struct strbuf *to, enum reason reason, const struct row *row,
		     const struct report *report, unsigned int text_flags)
{
	const struct reason_info *info = &reason_table[reason];
	const struct row *one = row->fold ? fullest_member(row, reason) : row;
	bool advise = verdict_adviser(row) == reason;

	if (!info->say || !one || !info->applies(one, report) ||
	    !info->say(to, one, report, false, text_flags)) {
		add_sentence(to, info->fact, advise ? info->advice : NULL);
		return false;
	}
	if (advise) {
		strbuf_adds(to, "; ");
		info->say(to, one, report, true, text_flags);
	}
	return true;
}

void verdict_add_reason(struct strbuf *to, enum reason reason, const struct row *row,
			const struct report *report, unsigned int text_flags)
{
	strbuf_addf(to, "%s: ", reason_table[reason].name);
	verdict_add_why(to, reason, row, report, text_flags);
}

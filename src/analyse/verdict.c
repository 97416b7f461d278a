/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/verdict.h"

#include "analyse/causes.h"
#include "analyse/fold.h"
#include "analyse/report.h"
#include "base/clock.h"

static int is_overflowing(const struct row *r)
{
	return r->overflows.known &&
	       (r->overflows.min > 0 || (r->overflows.max > 0 && r->seen_full));
}

static int is_full(const struct row *r)
{
	return r->seen_full;
}

static int is_dropping(const struct row *r)
{
	return r->drops.known && r->drops.value > 0;
}

/*
 * "At its limit" is length >= limit: kernels from 4.4 to early 2025 refuse there, later ones one
 * further. An empty SYN queue is not full, though its limit may be 0. Of a group only the sum is
 * known: some member is surely full when the sum leaves the others no room below their limits.
 */
static int is_syn_full(const struct row *r)
{
	uint32_t members = r->group ? r->group->sockets : 1;

	return r->group_syn_limit.known && row_syn_length(r) > 0 &&
	       (uint64_t)row_syn_length(r) + members - 1 >= r->group_syn_limit.value;
}

static int is_high(const struct row *r)
{
	return row_worst_fill(r) >= FILL_HIGH;
}

static int always(const struct row *r)
{
	(void)r;
	return 1;
}

const struct state_info state_table[STATE_N] = {
	[STATE_OVERFLOWING] = { "overflowing", SEVERITY_CRITICAL,
				"connections were refused in this window because the accept queue "
				"was full; act on the reasons beside it",
				is_overflowing },
	[STATE_FULL] = { "full", SEVERITY_WARNING,
			 "the accept queue is full or was in this window: the next connection is "
			 "refused, or at a UNIX listener waits for room; act on the reasons beside it",
			 is_full },
	[STATE_DROPPING] = { "dropping", SEVERITY_WARNING,
			     "packets to this listener were discarded, but not by a full accept "
			     "queue as far as is proved; look at which counters moved",
			     is_dropping },
	[STATE_SYN_FULL] = { "syn-full", SEVERITY_WARNING,
			     "the SYN queue is at its limit; check for a SYN flood or for clients "
			     "that do not finish the handshake, else raise the backlog",
			     is_syn_full },
	[STATE_HIGH] = { "high", SEVERITY_NOTICE,
			 "the accept queue is, or was in this window, at 80% or above; watch it "
			 "and act on the reasons before it is full",
			 is_high },
	[STATE_OK] = { "ok", SEVERITY_NONE, "nothing to do", always },
};

/* Nobody is stuck for not having accepted in a window shorter than this. */
#define WINDOW_MIN_NS (NSEC_PER_SEC * 19 / 100) /* 0.2 s, measured a little short */

static int crowded(const struct row *r)
{
	return r->state == STATE_OVERFLOWING || r->state == STATE_FULL || r->state == STATE_HIGH;
}

/*
 * A queue that never gets shorter is not enough: one connection more for each one accepted looks
 * the same. It has to be proved that none was.
 */
static int not_accepting(const struct row *r, const struct report *report)
{
	return report->window_ns >= WINDOW_MIN_NS && r->accepted.known && !r->accepted.max &&
	       r->length_before;
}

static int accepting_slowly(const struct row *r, const struct report *report)
{
	(void)report;
	return crowded(r) && r->accepted.min > 0;
}

static bool somaxconn(const struct row *r, int64_t *value)
{
	const struct sysctls *s = &r->netns->netns->sysctls;

	*value = s->value[SYSCTL_SOMAXCONN];
	return sysctl_known(s, SYSCTL_SOMAXCONN);
}

/* Does the accept queue's limit matter: to itself, or as that of a full SYN queue? */
static bool limit_binds(const struct row *r)
{
	return crowded(r) || (is_syn_full(r) && r->syn_limit.value == r->listener->limit);
}

static int limit_from_listen(const struct row *r, const struct report *report)
{
	int64_t max;

	(void)report;
	return limit_binds(r) && somaxconn(r, &max) && r->listener->limit < max;
}

static int limit_from_somaxconn(const struct row *r, const struct report *report)
{
	int64_t max;

	(void)report;
	return limit_binds(r) && somaxconn(r, &max) && r->listener->limit == max;
}

/* Only without syncookies is the limit of a SYN queue another than that of the accept queue. */
static int limit_from_syn_backlog(const struct row *r, const struct report *report)
{
	(void)report;
	return is_syn_full(r) && r->syn_limit.value < r->listener->limit;
}

static int syncookies_sent(const struct row *r, const struct report *report)
{
	const struct amount *sent = &r->netns->delta[COUNTER_COOKIES_SENT];

	(void)report;
	return sent->known && sent->value > 0 && is_syn_full(r);
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
 * A peer that closed is seen as CLOSE_WAIT. One that reset its connection is only missed: that is
 * told from connections accepted between the two dumps by a queue that stands still. What is older
 * than the window is nothing to compare with.
 */
static int dead_clients(const struct row *r, const struct report *report)
{
	if (!row_gave_up(r).known || row_waiting_age(r, report))
		return 0;
	return r->group->waiting_closed > 0 || (not_accepting(r, report) && row_invisible(r));
}

const struct reason_info reason_table[REASON_N] = {
	[REASON_STOPPED] = { "stopped",
			     "the processes that hold the listener are stopped or frozen, and take "
			     "no connections: continue them with fg or kill -CONT, leave the "
			     "debugger, or unpause the container",
			     cause_stopped, cause_add_stopped },
	[REASON_FD_LIMIT] = { "fd-limit",
			      "a process that holds the listener has as many descriptors open as it "
			      "may, and accept(2) fails with EMFILE: raise its limit (LimitNOFILE=, "
			      "ulimit -n), or find what leaks them with ls -l /proc/PID/fd",
			      cause_fd_limit, cause_add_fd_limit },
	[REASON_THROTTLED] = { "throttled",
			       "a process that holds the listener used up its CPU quota in this "
			       "window and was throttled: raise the quota (CPUQuota=, cpu.max)",
			       cause_throttled, cause_add_throttled },
	[REASON_NOT_ACCEPTING] = { "not-accepting",
				   "the application takes no connections off its queue: look at the "
				   "process, it is stuck or busy; a larger backlog will not help",
				   not_accepting },
	[REASON_ACCEPTING_SLOWLY] = { "accepting-slowly",
				      "the application does accept, but slower than clients "
				      "connect: add workers or a larger backlog",
				      accepting_slowly },
	[REASON_LIMIT_FROM_LISTEN] = { "limit-from-listen",
				       "the limit is below somaxconn: the program asked for this "
				       "backlog, or somaxconn was lower when it did; a larger one "
				       "takes its configuration and a restart",
				       limit_from_listen },
	[REASON_LIMIT_FROM_SOMAXCONN] = { "limit-from-somaxconn",
					  "somaxconn bounds this limit: a larger one takes the sysctl "
					  "of this namespace and a restart of the program, as "
					  "listen(2) reads it once",
					  limit_from_somaxconn },
	[REASON_LIMIT_FROM_SYN_BACKLOG] = { "limit-from-syn-backlog",
					    "tcp_max_syn_backlog bounds this SYN queue, as "
					    "tcp_syncookies is 0: turn syncookies on, or raise it",
					    limit_from_syn_backlog },
	[REASON_SYNCOOKIES_SENT] = { "syncookies-sent",
				     "syncookies are being sent and this SYN queue is full: a SYN "
				     "flood, or a backlog too small for the rate of new clients",
				     syncookies_sent },
	[REASON_RESETS_CLIENTS] = { "resets-clients",
				    "tcp_abort_on_overflow=1: clients that complete a handshake get "
				    "a RST instead of a retry; set it to 0 to let them ride out "
				    "short bursts",
				    resets_clients },
	[REASON_BLOCKS_CLIENTS] = { "blocks-clients",
				    "connect(2) to this UNIX listener sleeps until there is room, or "
				    "fails with EAGAIN when the client does not block: nothing is "
				    "dropped, but clients hang or give up",
				    blocks_clients },
	[REASON_DEAD_CLIENTS] = { "dead-clients",
				  "clients closed or reset connections that still wait in the "
				  "queue: they have probably given up, but fill it until the "
				  "application accepts them",
				  dead_clients },
};

const char *severity_mark(enum severity severity)
{
	static const char *const marks[] = { [SEVERITY_CRITICAL] = "!!",
					     [SEVERITY_WARNING] = "!",
					     [SEVERITY_NOTICE] = "~",
					     [SEVERITY_NONE] = "." };

	return marks[severity];
}

static const struct row *worst_member(const struct row *row, enum reason reason)
{
	const struct row *worst = NULL;

	for (uint32_t i = 0; i < row->fold->n_members; i++) {
		const struct row *member = row->fold->members[i];

		if (member->reasons & (1u << reason) &&
		    (!worst || row_worst_fill(member) > row_worst_fill(worst)))
			worst = member;
	}
	return worst;
}

void verdict_say(struct strbuf *to, enum reason reason, const struct row *row,
		 const struct report *report, unsigned int text_flags)
{
	const struct reason_info *info = &reason_table[reason];

	if (row->fold)
		row = worst_member(row, reason);
	if (row && info->say && info->applies(row, report))
		info->say(to, row, report, text_flags);
	else
		strbuf_adds(to, info->sentence);
}

void verdict_reach(struct row *row, const struct report *report)
{
	row->state = 0;
	while (!state_table[row->state].applies(row))
		row->state++;
	row->reasons = 0;
	if (row->state == STATE_OK)
		return;
	for (unsigned int i = 0; i < REASON_N; i++)
		if (reason_table[i].applies(row, report))
			row->reasons |= 1u << i;
}

/*
 * Who waits in a queue is what proves that nothing is accepted, or that something is. Without it
 * little is proved, and the words would come and go with each look at the connections.
 */
void verdict_carry(struct row *row, uint32_t reasons, const struct report *report)
{
	const uint32_t not_accepting = 1u << REASON_NOT_ACCEPTING;
	const uint32_t slowly = 1u << REASON_ACCEPTING_SLOWLY;
	uint32_t carried = 1u << REASON_DEAD_CLIENTS;

	if (row->state == STATE_OK || !row_waiting_age(row, report) || !row->group ||
	    !(row->group->known & GROUP_WAITING))
		return;
	if (!row->accepted.min && !(row->reasons & slowly))
		carried |= not_accepting;
	if (crowded(row) && !(row->reasons & not_accepting))
		carried |= slowly;
	row->reasons |= reasons & carried;
}

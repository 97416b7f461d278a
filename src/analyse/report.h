/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_REPORT_H
#define LISTENQ_ANALYSE_REPORT_H

#include "analyse/verdict.h"
#include "base/clock.h"
#include "model/connections.h"
#include "model/snapshot.h"

/* A number that may be unknown. */
struct opt_u64 {
	uint64_t value;
	bool known;
};

/* At least min, at most max; equal when the proof is exact. */
struct range {
	uint64_t min;
	uint64_t max;
	bool known;
};

/* What one namespace's counters did in the window. */
struct netns_report {
	const struct netns *netns;
	const struct netns *opening; /* the same in the opening sample; NULL: not there */
	struct opt_u64 total[COUNTER_N]; /* just after the closing dump */
	struct opt_u64 delta[COUNTER_N]; /* unknown without a window, and after a reset */
	struct opt_u64 overflows_lo; /* ListenOverflows surely between the two dumps */
	struct opt_u64 overflows_hi; /* and at most */
	/* Into all accept queues of TCP between the two dumps, at most. */
	struct opt_u64 arrivals_hi;
	struct opt_u64 resets_hi; /* connections reset since the first dump began, at most */
	/*
	 * What ListenDrops counted beside the overflows: surely between the two dumps, without what
	 * may have cost no client anything; and at most. Full SYN queues surely dropped
	 * syn_losses_lo of it.
	 */
	struct opt_u64 losses_lo;
	struct opt_u64 losses_hi;
	uint64_t syn_losses_lo;
	struct opt_u64 listener_drops; /* sum of the listeners' drops in the window */
	uint64_t overflows_max; /* sum of the listeners' upper bounds */
	uint64_t losses_max; /* likewise */
	struct opt_u64 unattributed_overflows; /* that no listener can account for */
	size_t syn_full; /* groups whose SYN queue is full */
	bool listener_vanished;
};

struct fold;

/* One listener, or after fold_report() one group, with everything that is derived about it. */
struct row {
	const struct listener *listener;
	const struct fold *fold; /* a SO_REUSEPORT group of several listeners; NULL: one listener */
	const struct netns_report *netns;
	const struct group *group; /* NULL: it is gone, or nobody asked and none is half-open */
	struct opt_u64 drops; /* in the window */
	struct range overflows; /* in the window */
	struct range losses; /* in the window: ListenDrops beside the overflows */
	struct opt_u64 group_syn_limit; /* sum over its SO_REUSEPORT group */
	struct opt_u64 oldest_wait_ms; /* unknown where a group cannot tell whose it is */
	struct range accepted; /* connections that left the accept queue in the window */
	/* It has not been seen empty or to get shorter for so long; folded: the longest of them. */
	uint64_t unmoved_ns;
	uint32_t length_before; /* of the accept queue when the window began */
	uint32_t reasons; /* bit 1 << enum reason */
	enum state state : 8;
	enum state last_state : 8; /* @state, or if it is gone the state it was last seen in */
	bool gone; /* seen in the window, and not at its end; all else is as last seen */
	bool waits_long; /* its oldest connection has waited for WAIT_LONG_MS or more */
	bool fresh; /* the opening sample lacks it */
	bool seen_full; /* in the window or now */
	bool shown; /* selected by report_select() */
};

/*
 * What the report does not show, and whether all is well there: 0 of a kind that it shows all of.
 */
struct not_shown {
	struct opt_u64 unix_listeners;
	struct opt_u64 unix_full; /* now */
	struct opt_u64 unix_stalled; /* not full, and not seen to get shorter for 3 s or longer */
	struct opt_u64 namespaces; /* unknown where not every process could be looked at */
	struct opt_u64
		looked_at; /* of these: ListenOverflows was read at both ends of the window */
	struct opt_u64 overflowing; /* and of these: it rose */
	bool cut; /* some were left out, as they would have cost too much */
};

struct report {
	const struct snapshot *snapshot; /* the closing one */
	uint64_t window_ns; /* 0: no window, deltas unknown */
	/* Every listener, or after fold_report() every group; then the listeners that are gone. */
	struct row *rows;
	size_t n_rows, rows_size;
	struct listener *gone; /* those of the last n_gone rows */
	size_t n_gone, gone_size;
	struct row *members; /* after fold_report(): every listener */
	size_t n_members, members_size;
	struct row **by_group; /* the members, group by group */
	struct fold *folds;
	struct owner *fold_owners; /* what they point into */
	struct row **shown; /* those selected, in the order to show them */
	size_t n_shown, shown_size;
	struct netns_report *netns;
	size_t n_netns;
	struct not_shown not_shown;
};

/*
 * report_build() - what changed from @before to @now and what it means.
 * @before: the opening sample, NULL for an instant report
 *
 * The report points into @now, which has to live as long, and has texts of both, which belong to
 * their source. A zeroed @report is ready; building again reuses its memory. Nothing is shown
 * before report_select(). See report.c for the arithmetic of the ledger.
 */
void report_build(struct report *report, const struct snapshot *before, const struct snapshot *now);
void report_free(struct report *report);

struct filter;

struct selection {
	int family; /* of TCP listeners; AF_UNSPEC: both */
	bool only_full;
	double fill; /* with only_full: least fill or peak */
	struct filter *filter; /* NULL: all */
};

/* Chooses what report_build() has made: report->shown, in the order of the dump. */
void report_select(struct report *report, const struct selection *selection);

/* Is the row one that this selection chooses? Also of a member, which report_select() never does.
 */
bool report_selects(const struct report *report, const struct selection *selection,
		    const struct row *row);

/*
 * row_id() - which row it is, in this report and in others: of a listener its cookie in its
 * namespace tells that, of a folded row what its members are bound to, so that it is the same group
 * whoever of them comes and goes.
 */
uint64_t row_id(const struct row *row);

/* The same of the group that the listener is in, or would be in if it were not alone. */
uint64_t row_group_id(const struct row *row);

/* After fold_report(): is it one listener of a folded row? */
static inline bool row_is_member(const struct row *row, const struct report *report)
{
	return report->n_members && !row->fold && row->group && row->group->sockets > 1;
}

/* May a listener that is shown, and not gone, have owners that are not? */
bool report_lacks_owners(const struct report *report);

/*
 * Asks for the rows behind the @i-th shown one: sorted rows lie anywhere in memory, and of 20,000
 * most are in no cache.
 */
static inline void report_prefetch(const struct report *report, size_t i)
{
	if (i + 16 < report->n_shown)
		__builtin_prefetch(report->shown[i + 16]);
	if (i + 8 < report->n_shown)
		__builtin_prefetch(report->shown[i + 8]->listener);
}

/* Half-open connections, when the namespace has syn_recv_ns. */
static inline uint32_t row_syn_length(const struct row *row)
{
	return row->group ? row->group->syn_length : 0;
}

/* Where its SYN queue is full; of a folded row the sum over the group. */
struct opt_u64 row_syn_limit(const struct row *row);

/* Is its SYN queue full? */
bool row_syn_full(const struct row *row);

/* Is known what waits in its accept queue, or did as long ago as row_waiting_age() says? */
bool row_waiting_told(const struct row *row);

/*
 * How many peers of the connections in its accept queue have closed or reset them, at least;
 * unknown where row_waiting_told() is false, and where none is seen to but some speak MPTCP.
 */
struct opt_u64 row_gave_up(const struct row *row);

/* Connections in its accept queue, at least, that no dump shows: their peers have reset them. */
uint32_t row_invisible(const struct row *row);

/*
 * How long before the sample of the report the waiting connections of its namespace were dumped,
 * where they were. Only what is not older tells of the window.
 */
static inline uint64_t row_waiting_age(const struct row *row, const struct report *report)
{
	return snapshot_age(report->snapshot, row->netns->netns->waiting_ns);
}

/* What one queue of a listener holds, connection by connection. */
struct contents {
	struct connections connections; /* none when its queue is empty */
	bool known;
	uint64_t age_ns; /* they are as they were so long before the sample */
	/* Which member of its SO_REUSEPORT group holds which is not told: those of all members. */
	bool of_group;
};

/* Its accept queue, and its SYN queue; known where NEED_CONNECTIONS had them kept. */
struct contents row_waiting(const struct row *row, const struct report *report);
struct contents row_half_open(const struct row *row, const struct report *report);

static inline double report_window_seconds(const struct report *report)
{
	return (double)report->window_ns / (double)NSEC_PER_SEC;
}

/* A number of the window as a rate a second; 0 without a window. */
static inline double report_rate(struct opt_u64 amount, const struct report *report)
{
	return report->window_ns ? (double)amount.value / report_window_seconds(report) : 0;
}

/* Of a folded row the sum over the group, otherwise of the listener. */
static inline uint64_t row_length(const struct row *row)
{
	return row->fold ? row->group->length : row->listener->length;
}

static inline uint64_t row_limit(const struct row *row)
{
	return row->fold ? row->group->limit : row->listener->limit;
}

/* What the kernel lets in: one more than the limit of each listener. */
static inline uint64_t row_capacity(const struct row *row)
{
	return row_limit(row) + (row->fold ? row->group->sockets : 1);
}

/* Packets discarded since each listener was created. */
struct opt_u64 row_drops(const struct row *row);

/* Highest fill of the window, where there are peaks; of a folded row that of one member. */
double row_peak_fill(const struct row *row);

/* Highest known fill of the window: of now, or of the peak. */
double row_worst_fill(const struct row *row);

/*
 * report_overflows_min(), report_losses_min() - how many overflows, and losses, surely fell on the
 * listeners of the row: as many as all others together cannot account for. The upper bound of the
 * row has to be filled in.
 */
uint64_t report_overflows_min(const struct row *row);
uint64_t report_losses_min(const struct row *row);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_ROW_H
#define LISTENQ_ANALYSE_ROW_H

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

/* Worst first. state_table in verdict.c explains them. */
enum state {
	STATE_OVERFLOWING,
	STATE_FULL,
	STATE_STALLED,
	STATE_DROPPING,
	STATE_SYN_FULL,
	STATE_HIGH,
	STATE_OK,
	STATE_GONE, /* after all others, so that "state >= high" leaves it out */
	STATE_N
};

/* Causes first, then effects on clients, then limits: the first one is the one to act on. */
enum reason {
	REASON_STOPPED,
	REASON_FD_LIMIT,
	REASON_THROTTLED,
	REASON_NOT_ACCEPTING,
	REASON_ACCEPTING_SLOWLY,
	REASON_SYN_FLOOD,
	REASON_SYN_BURST,
	REASON_DEAD_CLIENTS,
	REASON_RESETS_CLIENTS,
	REASON_BLOCKS_CLIENTS,
	REASON_LIMIT_FROM_LISTEN,
	REASON_LIMIT_FROM_SOMAXCONN,
	REASON_LIMIT_FROM_SYN_BACKLOG,
	REASON_N
};

/*
 * What the counters of one namespace did in the window. The window lies between two dumps, and
 * counters are read before and after each dump: _lo is a lower bound of what happened between the
 * dumps, _hi an upper bound.
 */
struct netns_report {
	const struct snapshot *snapshot; /* the closing one */
	uint64_t window_ns; /* 0: no window */
	const struct netns *netns;
	const struct netns *opening; /* in the opening sample; NULL: not there */
	struct opt_u64 total[COUNTER_N]; /* just after the closing dump */
	struct opt_u64 delta[COUNTER_N]; /* unknown without a window, and after a reset */
	struct opt_u64 overflows_lo; /* ListenOverflows */
	struct opt_u64 overflows_hi;
	struct opt_u64 arrivals_hi; /* connections that entered TCP accept queues */
	struct opt_u64 resets_hi; /* connections reset since the opening dump began */
	struct opt_u64
		losses_lo; /* ListenDrops that are not overflows and cost a client a packet */
	struct opt_u64 losses_hi;
	uint64_t losses6_lo; /* the same as losses_lo, and not harmless over IPv6 either */
	struct opt_u64 listener_drops; /* sum of the listeners' drops in the window */
	uint64_t unseen_max; /* of them at most on listeners that no sample saw, see report.c */
	uint64_t overflows_max; /* sum of overflows.max of the rows */
	uint64_t losses_max; /* sum of losses.max of the rows */
	struct opt_u64 unattributed_overflows; /* that no listener can account for */
	size_t syn_full; /* groups whose SYN queue is full */
	bool listener_vanished;
};

/* What happened to one row in the window. Without a window all is unknown, and 0. */
struct row_window {
	struct opt_u64 drops;
	struct range overflows;
	struct range losses; /* ListenDrops that are not overflows */
	struct range accepted; /* connections that left the accept queue */
	uint64_t unmoved_ns; /* time since it was last seen empty or shorter; folded: longest */
	uint32_t length_before; /* of the accept queue when the window began */
};

extern const struct row_window row_no_window;

/* One listener, or after fold_report() one group, with everything derived from the samples. */
struct row {
	const struct listener *listener;
	const struct folded_group *folded; /* a group of several listeners; NULL: one listener */
	const struct netns_report *netns;
	const struct group *group; /* NULL: it is gone, or groups are unknown */
	const struct row_window *window; /* &row_no_window for all rows of an instant report */
	struct opt_u64 group_syn_limit; /* sum over its SO_REUSEPORT group */
	struct opt_u64 oldest_wait_ms; /* unknown where several members have a queue */
	uint32_t reasons; /* bit 1 << enum reason */
	enum state state : 8;
	enum state last_state : 8; /* @state; if it is gone, its state when last seen */
	bool gone; /* seen in the window, but not at its end; the rest is as last seen */
	bool waits_long; /* its oldest connection has waited for WAIT_LONG_MS or more */
	bool fresh; /* not in the opening sample */
	bool seen_full; /* in the window or now */
	bool group_overflowed; /* it is proved that a member of its group did, see report.c */
	bool shown; /* selected by report_select() */
	bool well; /* for sure: ok, and no memory is laid over it, see history_mark_well() */
};

/* The row of a SO_REUSEPORT group, beside the sums in struct group. */
struct folded_group {
	/*
	 * The row's listener: a copy of the fullest member, or of the longest of equally full ones.
	 * Its peak is that of the member that was fullest in the window, or the sum of all queues
	 * at an end of the window if that is longer. Its cookie is the lowest one. Values that
	 * differ between members are unknown.
	 */
	struct listener listener;
	uint64_t peak_fill; /* of the member that was fullest in the window */
	struct row_window window; /* of the row */
	struct opt_u64 drops; /* sum of the totals, which may be above 2^32 */
	const struct owner *owners; /* of all members, in the order of the snapshot */
	uint32_t n_owners;
	struct row *const *members; /* in lookup order */
	uint32_t n_members;
};

/*
 * row_id() - identify a row in every report: by the cookie of a listener, or by the address of a
 * folded group, whose members may come and go.
 * row_group_id() - row_id() of the folded group that the listener is in, or would be in. Also that
 * of a later listener at the same address, or path.
 */
uint64_t row_id(const struct row *row);
uint64_t row_group_id(const struct row *row);

/* Half-open connections; valid if the namespace has syn_recv_ns. */
static inline uint32_t row_syn_length(const struct row *row)
{
	return row->group ? row->group->syn_length : 0;
}

/* The length at which its SYN queue is full; for a folded row the sum over the group. */
struct opt_u64 row_syn_limit(const struct row *row);

bool row_syn_full(const struct row *row);

/* Is it known what waits in its accept queue? It is as of row_waiting_age(). */
bool row_waiting_known(const struct row *row);

/* Nanoseconds from the walk that found the waiting connections to the sample. */
static inline uint64_t row_waiting_age(const struct row *row)
{
	return snapshot_age(row->netns->snapshot, row->netns->netns->waiting_ns);
}

/* Lower bound of connections in its accept queue that their peers have reset: no dump has them. */
uint32_t row_peers_reset(const struct row *row);

/*
 * Lower bound of connections in its accept queue that their peers have closed or reset. Unknown
 * without row_waiting_known(), and where none is found but some use MPTCP.
 */
struct opt_u64 row_peers_closed_or_reset(const struct row *row);

/* What holds a row open. */
struct row_owners {
	const struct owner *list; /* those of one process side by side */
	uint32_t n; /* 0: none, or unknown */
};

/* Of a listener or of all members of a group; @s: the snapshot that its listener is in. */
struct row_owners row_owners(const struct row *row, const struct snapshot *s);

/* The connections in one queue. */
struct row_queue {
	struct connections connections; /* none when the queue is empty */
	bool known;
	uint64_t age_ns; /* time from the walk that saw them to the sample */
	bool of_group; /* they are those of all members, as it is unknown which holds which */
};

/* Its accept queue, and its SYN queue; known where NEED_CONNECTIONS kept the connections. */
struct row_queue row_waiting(const struct row *row);
struct row_queue row_half_open(const struct row *row);

/* These are sums over the group for a folded row, else values of the listener. */
static inline uint64_t row_length(const struct row *row)
{
	return row->folded ? row->group->length : row->listener->length;
}

static inline uint64_t row_limit(const struct row *row)
{
	return row->folded ? row->group->limit : row->listener->limit;
}

/*
 * What the kernel lets in: one more than the limit of each listener. The length is above it after
 * listen(2) was called again with a smaller backlog.
 */
static inline uint64_t row_capacity(const struct row *row)
{
	return row_limit(row) + (row->folded ? row->group->sockets : 1);
}

/* Packets discarded since the listener, or each member of the group, was created. */
struct opt_u64 row_drops(const struct row *row);

/* Highest fill in the window, with LISTENER_PEAK; for a folded row that of one member. */
uint64_t row_peak_fill(const struct row *row);

/* Highest known fill in the window: the peak, the fill now, or that its drops prove. */
uint64_t row_worst_fill(const struct row *row);

/* Is it new in the window? All members of a folded row are. */
bool row_all_fresh(const struct row *row);

/* Is it proved that its accept queue overflowed, or seen to be full when it may have? */
static inline bool row_overflowed(const struct row *row)
{
	const struct range *overflows = &row->window->overflows;

	return overflows->known && (overflows->min > 0 || (overflows->max > 0 && row->seen_full));
}

/* The longest queue of the window; where it has no fast samples, at one of its ends. */
uint64_t row_longest(const struct row *row);

/* The most that it lost in the window, by the full queue and otherwise; 0: none, or unknown. */
uint64_t row_lost_most(const struct row *row);

#endif

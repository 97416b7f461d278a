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

/* Worst first. What they mean: state_table, verdict.c. */
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

/* Causes first, then what clients feel, then limits: act on the first one. */
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

/* What one namespace's counters did in the window. */
struct netns_report {
	const struct snapshot *snapshot; /* the closing one */
	uint64_t window_ns; /* 0: no window */
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

/* One listener, or after fold_report() one group, with everything that is derived about it. */
struct row {
	const struct listener *listener;
	const struct folded_group
		*folded; /* a SO_REUSEPORT group of several listeners; NULL: one listener */
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
 * The rest of a folded row: what a SO_REUSEPORT group of several listeners has beside the sums in
 * struct group.
 */
struct folded_group {
	/*
	 * Stands in for the members as row->listener: the fullest of them, of those the longest,
	 * with the peak of the one that was fullest in the window, or of all together at either end
	 * of it where that is longer. What they do not have in common is unknown. The cookie is
	 * the least of theirs; which group it is row_id() tells.
	 */
	struct listener listener;
	double peak_fill; /* of the member that was fullest in the window */
	struct opt_u64 drops; /* sum of the totals, which may be above 2^32 */
	const struct owner *owners; /* those of all members, in their order */
	uint32_t n_owners;
	struct row *const *members; /* in lookup order */
	uint32_t n_members;
};

/*
 * row_id() - which row it is, in this report and in others: of a listener its cookie in its
 * namespace tells that, of a folded row what its members are bound to, so that it is the same group
 * whoever of them comes and goes.
 */
uint64_t row_id(const struct row *row);

/* The same of the group that the listener is in, or would be in if it were not alone. */
uint64_t row_group_id(const struct row *row);

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
bool row_waiting_known(const struct row *row);

/*
 * How many peers of the connections in its accept queue have closed or reset them, at least;
 * unknown where row_waiting_known() is false, and where none is seen to but some speak MPTCP.
 */
struct opt_u64 row_peers_closed_or_reset(const struct row *row);

/* Connections in its accept queue, at least, that no dump shows: their peers have reset them. */
uint32_t row_peers_reset(const struct row *row);

/*
 * How long before the sample of the report the waiting connections of its namespace were dumped,
 * where they were. Only what is not older tells of the window.
 */
static inline uint64_t row_waiting_age(const struct row *row)
{
	return snapshot_age(row->netns->snapshot, row->netns->netns->waiting_ns);
}

/* What one queue of a listener holds, connection by connection. */
struct row_queue {
	struct connections connections; /* none when its queue is empty */
	bool known;
	uint64_t age_ns; /* they are as they were so long before the sample */
	/* Which member of its SO_REUSEPORT group holds which is not told: those of all members. */
	bool of_group;
};

/* Its accept queue, and its SYN queue; known where NEED_CONNECTIONS had them kept. */
struct row_queue row_waiting(const struct row *row);
struct row_queue row_half_open(const struct row *row);

/* Of a folded row the sum over the group, otherwise of the listener. */
static inline uint64_t row_length(const struct row *row)
{
	return row->folded ? row->group->length : row->listener->length;
}

static inline uint64_t row_limit(const struct row *row)
{
	return row->folded ? row->group->limit : row->listener->limit;
}

/* What the kernel lets in: one more than the limit of each listener. */
static inline uint64_t row_capacity(const struct row *row)
{
	return row_limit(row) + (row->folded ? row->group->sockets : 1);
}

/* Packets discarded since each listener was created. */
struct opt_u64 row_drops(const struct row *row);

/* Highest fill of the window, where there are peaks; of a folded row that of one member. */
double row_peak_fill(const struct row *row);

/* Highest known fill of the window: of now, or of the peak. */
double row_worst_fill(const struct row *row);

#endif

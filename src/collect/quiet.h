/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_QUIET_H
#define LISTENQ_COLLECT_QUIET_H

#include "model/counters.h"

#include <stddef.h>

/*
 * A namespace that receives no TCP segment gets no half-open connection. So where a walk of the
 * established hash has found none, TcpInSegs, which every sample reads anyway, says whether that
 * still holds. This is a proof, for these reasons:
 *
 * - tcp_v4_rcv() and tcp_v6_rcv() count each segment in the namespace of its device, before they
 *   look for a socket: so from 2.6.25 to 6.18. GRO and GSO put no SYN together with another
 *   segment, and loopback is a device like others.
 * - A request sock enters the established hash only in inet_csk_reqsk_queue_hash_add(), which
 *   tcp_conn_request() calls for a SYN that has just been counted. MPTCP has its own
 *   conn_request(), which calls the same. With Fast Open or syncookies no request sock enters the
 *   hash. reqsk_timer_handler() may replace one that is there by that of another listener
 *   (tcp_migrate_req); its timer and a RST can only remove one.
 * - Each CPU has a counter of its own that only grows. Where two sums are equal, each of them is.
 *
 * Between the count and the hash a SYN is on its way, in one softirq: a walk may miss it although
 * it was counted before. So a walk counts only if it began QUIET_SETTLE_NS after the count was
 * first read with its present value. The kernel complains of a softirq of a few seconds.
 *
 * The sample that makes use of it reads the counter after its LISTEN dump. A SYN that was counted
 * later is younger than this sample, whose lengths of accept queues do not contain it either.
 */
struct quiet {
	uint64_t in_segs;
	uint64_t since_ns; /* when @in_segs had been read for the first time; 0: not read */
	bool no_half_open; /* a walk after QUIET_SETTLE_NS has found none */
};

#define QUIET_SETTLE_NS 500000000ull

/* Takes note of counters that were read before @now_ns, CLOCK_MONOTONIC. */
void quiet_read(struct quiet *q, const struct counters *c, uint64_t now_ns);

/*
 * quiet_walked() - take note of a walk.
 * @begin_ns: when it began
 * @none: it has found no half-open connection, and can have missed none
 */
void quiet_walked(struct quiet *q, uint64_t begin_ns, bool none);

/* Is it known that there was no half-open connection when @c was read, the last counters? */
bool quiet_has_no_half_open(const struct quiet *q, const struct counters *c);

#endif

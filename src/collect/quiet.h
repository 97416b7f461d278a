/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_QUIET_H
#define LISTENQ_COLLECT_QUIET_H

#include "model/counters.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A namespace that receives no TCP segment gets no half-open connection. So where a walk of the
 * established hash has found none, TcpInSegs, which samples read anyway, says whether that still
 * holds:
 *
 * - tcp_v4_rcv() and tcp_v6_rcv() count each packet in the namespace of its device before they look
 *   for a socket, up to 6.18 at least. Whatever GRO has put together counts at least once, and
 *   loopback is a device like others.
 * - A request sock enters the hash in inet_csk_reqsk_queue_hash_add(), which only conn_request()
 *   calls, also that of MPTCP, for a SYN that was counted so. With Fast Open and with syncookies
 *   none enters it. The timer of one that is there may replace it (tcp_migrate_req) or remove it.
 * - Each CPU has a counter of its own, which only grows: two equal sums have equal parts.
 *
 * From the counter to the hash a SYN is on its way, in one softirq. A walk may miss it although the
 * counter has it; it also passes over a request sock whose reference count is not set yet
 * (reqsk_queue_hash_req()). So a walk proves something only if it began QUIET_SETTLE_NS after the
 * counter first had its present value. Where a softirq is held up for longer, as with PREEMPT_RT or
 * in a virtual machine, the client sends its SYN again, and that counts.
 *
 * A sample reads the counter after the LISTEN dump. So the answer is as of then, as are the lengths
 * of the accept queues: a SYN that comes later raises the counter of the next sample.
 *
 * Connections that wait in an accept queue need their walk all the same. That none was accepted
 * would follow from the lengths; but a timer may end one without a segment (keepalive,
 * TCP_USER_TIMEOUT), and it then stays in the queue as one that its client has reset.
 */
struct quiet {
	uint64_t in_segs;
	uint64_t since_ns; /* @in_segs was first read before this time; 0: not read */
	bool no_half_open; /* a walk after QUIET_SETTLE_NS has found none */
};

#define QUIET_SETTLE_NS UINT64_C(500000000)

/* Takes note of counters that were read before @now_ns, CLOCK_MONOTONIC. */
void quiet_read(struct quiet *q, const struct counters *c, uint64_t now_ns);

/*
 * quiet_walked() - take note of a walk.
 * @begin_ns: when it began
 * @none: it did not fail, and has found no half-open connection
 * @whole: it can have missed none that was there all the time
 */
void quiet_walked(struct quiet *q, uint64_t begin_ns, bool none, bool whole);

/* Is it known that there was no half-open connection when @c was read, the last counters? */
bool quiet_has_no_half_open(const struct quiet *q, const struct counters *c);

#endif

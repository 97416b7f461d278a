/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_PACE_H
#define LISTENQ_COLLECT_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How often the established hash may be walked for one namespace. A walk costs what the hash of the
 * whole host makes it, and nothing tells before it was paid. So each is measured, and the next is
 * due when all of them have had no more than their share of the time.
 *
 * An urgent walk waits for urgent ones alone. What it takes too early the others wait longer for.
 */
struct pace {
	double share; /* of one CPU; 0: no limit */
	uint64_t due_ns; /* when the next walk is, in monotonic nanoseconds; 0: at once */
	uint64_t urgent_due_ns; /* when the next urgent one is; never later */
};

bool pace_due(const struct pace *p, bool urgent, uint64_t now_ns);

/*
 * A walk that began at @now_ns has cost @cpu_ns. It need not have been due: for what came too early
 * the next one waits, but not longer than for two walks.
 */
void pace_paid(struct pace *p, bool urgent, uint64_t cpu_ns, uint64_t now_ns);

#endif

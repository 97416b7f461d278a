/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_PACE_H
#define LISTENQ_COLLECT_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How often the dump of the listeners may take in SYN_RECV. That part costs what the established
 * hash of the whole host makes it, and nothing tells before it was paid. So it is measured, as what
 * a dump with it costs more than one without, and taken again only when its share of the time since
 * it was taken last is small enough.
 */
struct pace {
	double share; /* of one CPU; 0: no limit */
	uint64_t with_ns; /* CPU of a dump with SYN_RECV, smoothed; 0: not measured */
	uint64_t without_ns; /* and of one without */
	uint64_t taken_ns; /* when the last one with it was; 0: never */
};

/* May a dump at @now_ns (CLOCK_MONOTONIC) take in SYN_RECV? */
bool pace_due(const struct pace *p, uint64_t now_ns);

/* A dump at @now_ns has cost @cpu_ns. @syn_recv: it took in SYN_RECV. */
void pace_paid(struct pace *p, bool syn_recv, uint64_t cpu_ns, uint64_t now_ns);

#endif

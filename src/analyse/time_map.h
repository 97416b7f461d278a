/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_TIME_MAP_H
#define LISTENQ_ANALYSE_TIME_MAP_H

#include "analyse/event_log.h"
#include "analyse/timeline.h"

/* The time map: cells of equal time, the last of which ends with the newest window. */
struct time_map_cell {
	bool known; /* false: before the first report, in a gap, or well but partly unknown */
	enum severity severity; /* the worst of any listener */
	double rate; /* overflows a second, the highest of its windows */
	const struct event *event; /* the worst that began or ended in it; NULL: none */
};

void time_map_fill(const struct timeline *t, const struct event_log *log,
		   struct time_map_cell *cells, size_t n, uint64_t span_ns);

/* The cell that has the end of the window @back windows before the newest; @n: it is older. */
size_t time_map_find(const struct timeline *t, size_t back, size_t n, uint64_t span_ns);

#endif

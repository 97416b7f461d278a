/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_BANNER_H
#define LISTENQ_TOP_BANNER_H

#include "top/session.h"

/* The parts above the list, and the line below it. Each draws nothing on an area without lines. */

/*
 * The title bar, in the colour of the worst state: host, how many listeners are in which state,
 * what is not shown and not well, the time, and whether the screen is live.
 */
void banner_title(struct session *s, struct area a);

/* The map of the last ten minutes, and below it the axis with the time and the events. */
void banner_strip(struct session *s, struct area a);

/*
 * The age of the newest window of the cell at column @x of the screen, in ns, as for
 * history_back_at(); UINT64_MAX: there is no cell.
 */
uint64_t banner_strip_age(const struct session *s, struct area a, int x);

/* The counters of the namespace of the selected row: rate, last windows, sum of the last minute. */
void banner_counters(struct session *s, struct area a);

/* A line for each namespace, the worst first. */
void banner_namespaces(struct session *s, struct area a);

/* What the list shows: the filter in force, the order; how many more there are; "1-9 of 20". */
void banner_status(struct session *s, struct area a);

#endif

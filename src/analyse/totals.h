/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_TOTALS_H
#define LISTENQ_ANALYSE_TOTALS_H

#include "analyse/report.h"
#include "model/sums.h"

/*
 * Adds what one window after the other knows to sums: the bounds of overflows and losses, and the
 * drops of sockets that were closed.
 *
 * After any number of windows the truth is between the sums of overflows and losses: a window whose
 * counters could not be read is made up for, as far as upper bounds go, when they can be read
 * again.
 *
 * Drops are counted by the kernel, for each socket. A member of a group that closes takes its count
 * with it, and a time series database takes a count that falls for one that began anew, and all of
 * it for a rise. So what closed sockets had is a sum too.
 *
 * Only listeners that something happened to have a sum, if only a drop: all others have 0. A time
 * series database misses the first rise of a series that begins with it. So the bounds of a new sum
 * are shown as 0 until it is TOTALS_HELD_NS old, if its listener is new too, or the run: by then
 * somebody has seen it there, and nothing is lost.
 */
#define TOTALS_HELD_NS (60 * NSEC_PER_SEC)

/* A listener that is gone keeps its sums so long, or two windows: its server may start again. */
#define TOTALS_KEPT_NS	(15 * 60 * NSEC_PER_SEC)
#define TOTALS_GONE_MAX 1000 /* but only so many; as many more that had drops alone */

/* What a window adds. */
struct totals_rise {
	uint64_t n[SUM_LOSSES_MAX + 1];
	bool any;
};

/* What happened in a namespace after the last window that was added, and before this one. */
struct totals_missed {
	uint64_t overflows, losses;
};

/*
 * totals_begin() - begin to add a report.
 * totals_end() - forget sums that nobody needs any more.
 */
void totals_begin(struct sums *sums, const struct report *report);
void totals_end(struct sums *sums, const struct report *report);

/* Adds what no listener of the namespace accounts for. @labels: those of the namespace */
struct totals_missed totals_add_netns(struct sums *sums, const struct netns_report *ns,
				      const char *labels);

/* What the window adds to the sums of a row; nothing without a window. */
struct totals_rise totals_rise_of(const struct row *row, const struct totals_missed *missed);

/*
 * totals_add() - add it. Several rows may have the same labels: together they do not have more than
 * their namespace.
 * @unseen: the listener may have had no series so far, as there were too many: a new sum is held
 *          as that of a new listener is
 */
void totals_add(struct sums *sums, const struct row *row, const char *labels,
		const struct totals_rise *rise, const struct totals_missed *missed, bool unseen);

/* The sum to show, of @sum, which may be NULL. */
uint64_t totals_shown(const struct sum *sum, enum sum_id id, const struct report *report);

/* Are the sums known for listeners like this one? */
bool totals_know_overflows(const struct row *row);
bool totals_know_losses(const struct row *row);

#endif

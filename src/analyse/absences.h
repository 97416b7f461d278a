/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_ABSENCES_H
#define LISTENQ_ANALYSE_ABSENCES_H

#include "base/idmap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define ABSENCES_MAX 64 /* addresses */

struct postmortem_listener;

/*
 * For some time nobody listened: the listener was closed after @closed_after, by @closed_by, and
 * the next one was opened after @opened_after, by @opened_by; 0: none was, up to @opened_after.
 */
struct absence {
	struct timespec closed_after, closed_by, opened_after, opened_by;
};

/* An address at which the only listener, or all of a group, was closed. */
struct absences_of {
	uint64_t id;
	struct postmortem_listener *of; /* the owner is who fills it */
	uint32_t closed; /* in how many windows; 0: others of its group were there all the time */
	uint32_t times; /* it was seen that nobody listened */
	struct timespec first, last; /* the ends of the windows in which one was closed */
	struct absence longest;

	/* Of absences.c. */
	struct absence now; /* nobody listens since then, if @gone */
	bool gone, replaced;
	uint64_t closes; /* the last window in which one was closed, */
	uint64_t here; /* and the last that ended with one */
};

/* Where and when nobody listened. It takes as much memory for a day as for an hour. */
struct absences {
	struct absences_of list[ABSENCES_MAX];
	size_t n; /* those with closed > 0 come first after absences_sort() */
	uint64_t left_out; /* how often one was closed at another address */
	struct idmap by_id; /* index into list */
};

void absences_free(struct absences *a);

/*
 * absences_closed() - a listener at address @id was closed in the window with that number, from 1.
 *
 * Returns its place, new if @of is NULL; or NULL where no more addresses are kept.
 */
struct absences_of *absences_closed(struct absences *a, uint64_t id, uint64_t window);

/* Somebody listens at address @id when the window ends. @fresh: nobody who did when it began */
void absences_here(struct absences *a, uint64_t id, uint64_t window, bool fresh);

/* All of a window, from sample @opened to @wall, was told. */
void absences_add_window(struct absences *a, uint64_t window, struct timespec opened,
			 struct timespec wall);

/* Nothing is known from @end on: there is a gap, or no more windows are added. */
void absences_cut(struct absences *a, struct timespec end);

/* Nobody listens there; NULL: somebody does, or the address is not kept. */
const struct absence *absences_now(const struct absences *a, uint64_t id);

/* The address that was closed most often first. Returns how many were. */
size_t absences_sort(struct absences *a);

#endif

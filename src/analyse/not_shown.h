/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_NOT_SHOWN_H
#define LISTENQ_ANALYSE_NOT_SHOWN_H

#include "analyse/row.h"

/* How many listeners and namespaces the report does not show, and how many of them are sick. */
struct not_shown {
	struct opt_u64 unix_listeners;
	struct opt_u64 unix_full; /* now */
	struct opt_u64 unix_stalled; /* not full, but not seen to get shorter for WAIT_LONG_MS */
	struct opt_u64 namespaces; /* unknown unless every process could be examined */
	struct opt_u64 looked_at; /* namespaces whose ListenOverflows was read twice */
	struct opt_u64 overflowing; /* those of looked_at where it rose in the window */
	bool cut; /* some namespaces were not read, to limit the cost */
};

/* @before: the opening sample, NULL without a window */
struct not_shown not_shown_find(const struct snapshot *before, const struct snapshot *now);

/* Is a listener or a namespace that is not shown full, stalled or overflowing? */
bool not_shown_is_sick(const struct not_shown *e);

#endif

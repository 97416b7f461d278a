/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_NOT_SHOWN_H
#define LISTENQ_ANALYSE_NOT_SHOWN_H

#include "analyse/row.h"

/*
 * What the report does not show, and whether all is well there: 0 of a kind that it shows all of.
 */
struct not_shown {
	struct opt_u64 unix_listeners;
	struct opt_u64 unix_full; /* now */
	struct opt_u64 unix_stalled; /* not full, and not seen to get shorter for 3 s or longer */
	struct opt_u64 namespaces; /* unknown where not every process could be looked at */
	struct opt_u64
		looked_at; /* of these: ListenOverflows was read at both ends of the window */
	struct opt_u64 overflowing; /* and of these: it rose */
	bool cut; /* some were left out, as they would have cost too much */
};

/*
 * not_shown_find() - what is known of the UNIX listeners and of the network namespaces that are not
 * in a report.
 * @before: the opening sample, NULL without a window
 */
struct not_shown not_shown_find(const struct snapshot *before, const struct snapshot *now);

/* Is something not well there? */
bool not_shown_is_sick(const struct not_shown *e);

#endif

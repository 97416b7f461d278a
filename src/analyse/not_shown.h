/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_NOT_SHOWN_H
#define LISTENQ_ANALYSE_NOT_SHOWN_H

#include "analyse/row.h"

/* What the report does not show, and what of it is not well: 0 of a kind that it shows all of. */
struct not_shown {
	struct opt_u64 unix_listeners;
	struct opt_u64 unix_full; /* now */
	struct opt_u64 unix_stalled; /* not full, and not seen to get shorter for WAIT_LONG_MS */
	struct opt_u64 namespaces; /* unknown unless every process could be examined */
	struct opt_u64
		looked_at; /* of these: ListenOverflows is known at both ends of the window */
	struct opt_u64 overflowing; /* of these: it rose */
	bool cut; /* some were left out, as they would have cost too much */
};

/* @before: the opening sample, NULL without a window */
struct not_shown not_shown_find(const struct snapshot *before, const struct snapshot *now);

/* Is something of it not well? */
bool not_shown_is_sick(const struct not_shown *e);

#endif

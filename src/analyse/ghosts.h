/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_GHOSTS_H
#define LISTENQ_ANALYSE_GHOSTS_H

#include "analyse/report.h"

/*
 * Listeners that are gone, one for each address, with what a row needs of them. Those whose address
 * has a listener again stay only for the windows before. Windows and times are those of a timeline.
 */
#define GHOSTS_MAX 256

struct ghost {
	uint64_t id; /* row_id() */
	uint64_t group; /* row_group_id() */
	uint64_t gone; /* the window in which it went */
	uint64_t gone_ns; /* its end */
	uint64_t returned; /* the window in which its address came back; UINT64_MAX: it has not */
	enum state state; /* the last one, and its reasons */
	uint32_t reasons;
	bool brief; /* it was well and lived shortly, as ports of one job do: no row shows it */
	const char *process; /* NULL: unknown */
	struct listener listener;
	struct netns netns;
};

struct ghosts {
	struct ghost_row **list; /* from the oldest to the newest */
	size_t n, size;
	struct ghost_row **dropped; /* whose rows may still be on the screen */
	size_t n_dropped, dropped_size;
	struct row **rows;
	size_t rows_size;
};

void ghosts_free(struct ghosts *g);

/* Adds a copy of @ghost with its texts, without owners, and forgets what is older than @since_ns.
 */
void ghosts_add(struct ghosts *g, const struct ghost *ghost, uint64_t since_ns);

/* The address has a listener again. */
void ghosts_return(struct ghosts *g, uint64_t group, uint64_t n);

/* Returns the last ghost of an address, if it went since @since_ns; NULL: there is none. */
const struct ghost *ghosts_last(const struct ghosts *g, uint64_t group, uint64_t since_ns);

/* Returns the ghost with that row_id(); NULL: there is none. */
const struct ghost *ghosts_find(const struct ghosts *g, uint64_t id);

/*
 * ghosts_rows() - the rows of those that are gone at the end of window @n, since @since_ns at most,
 * and that @report, of that window, does not have. Valid until the next call, also of ghosts that
 * were forgotten meanwhile. Returns how many.
 */
size_t ghosts_rows(struct ghosts *g, const struct report *report, uint64_t n, uint64_t since_ns,
		   struct row ***rows);

size_t ghosts_bytes(const struct ghosts *g);

#endif

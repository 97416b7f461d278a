/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_VIEW_H
#define LISTENQ_TOP_VIEW_H

#include "analyse/report.h"
#include "analyse/trail.h"
#include "output/columns.h"

/*
 * Which rows of a report are seen, in what order, and which is selected: all that the list does but
 * for drawing it. The selection belongs to a socket, not to a line.
 */
#define VIEW_NEIGHBOURS 16

struct view_socket {
	uint64_t netns; /* inode */
	uint64_t cookie;
};

struct view {
	struct report report;
	const struct columns *columns; /* to find text in, and to sort by */
	struct field_context *context;

	bool fold; /* SO_REUSEPORT groups, see fold_report() */
	struct selection selection;
	const struct field *sort; /* NULL: worst first */
	bool descending;

	bool frozen; /* the order stays until the user says otherwise */
	uint64_t held_until_ns; /* or until then, as the cursor moved */
	struct idmap order; /* place of each socket while the order stays */
	size_t n_order;

	bool follow; /* the worst one is selected, whichever it is */
	size_t cursor; /* selected row of report.shown */
	size_t offset; /* first row on the screen */
	size_t page; /* rows on the screen */
	struct view_socket selected; /* by the user; it may come back when it is missing */
	/* Who stands in for it while it is: those below, then those above, nearest first. */
	struct view_socket neighbours[VIEW_NEIGHBOURS];
	size_t n_neighbours;
};

void view_free(struct view *v);

/*
 * view_build() - show what happened from @before (NULL: no window) to @now. The view points into
 * @now until the next call.
 * @trail: what the reports before said, see trail_carry(); NULL: nothing
 * @clock_ns: monotonic
 */
void view_build(struct view *v, const struct trail *trail, const struct snapshot *before,
		const struct snapshot *now, uint64_t clock_ns);

/* The same report selected and sorted anew, after one of the fields above has changed. */
void view_arrange(struct view *v, uint64_t clock_ns);

/* NULL when no row is shown. */
const struct row *view_selected(const struct view *v);

/* Moves the cursor by @by rows, as far as there are any, and holds the order for a while. */
void view_move(struct view *v, long by, uint64_t clock_ns);

/* Puts the cursor on this row of report.shown likewise. */
void view_select(struct view *v, size_t index, uint64_t clock_ns);

/* Scrolls so that the cursor is among the @page rows on the screen. */
void view_scroll(struct view *v, size_t page);

/* Does the order stay as it is although a new report may say otherwise? */
bool view_order_stays(const struct view *v, uint64_t clock_ns);

/* The order stays until further notice, or no longer. */
void view_freeze(struct view *v, bool frozen, uint64_t clock_ns);

/*
 * view_find() - select the next row that has @text in its address, its state or one of the columns
 * of text, whatever the case of letters.
 * @from: where to begin, 0 the selected row itself, 1 the one behind it, -1 the one before it
 *
 * Goes round at the end. Returns false when there is none.
 */
bool view_find(struct view *v, const char *text, int from, uint64_t clock_ns);

/* Sorts by the next (@by 1) or previous (-1) column that is shown; before the first is worst first.
 */
void view_sort_by(struct view *v, int by, uint64_t clock_ns);

/* Sorts by a column, or by it the other way round. */
void view_sort_on(struct view *v, const struct field *field, uint64_t clock_ns);

/* The same order the other way round. */
void view_invert(struct view *v, uint64_t clock_ns);

#endif

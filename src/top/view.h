/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_VIEW_H
#define LISTENQ_TOP_VIEW_H

#include "analyse/report.h"
#include "analyse/history.h"
#include "output/columns.h"
#include "top/order.h"

/*
 * Which rows of a report are seen, in what order, and which is selected: all that the list does but
 * for drawing it. The selection belongs to a socket or a group, not to a line.
 */
#define VIEW_NEIGHBOURS 16

struct view_socket {
	uint64_t id; /* row_id() */
	uint64_t group; /* row_group_id(); of a group both are the same */
};

/* What a row is among groups and their members. */
enum view_branch { VIEW_ALONE, VIEW_FOLDED, VIEW_UNFOLDED, VIEW_MEMBER, VIEW_LAST_MEMBER };

struct view {
	struct report report;
	const struct columns *columns; /* to find text in, and to sort by */
	struct field_context *context;

	bool fold; /* SO_REUSEPORT groups, see fold_report() */
	uint64_t *
		unfolded; /* row_group_id() of those that the user unfolded, also while not there */
	size_t n_unfolded, unfolded_size;
	size_t n_members; /* rows of report.shown that stand below the row of their group */
	struct row **spare; /* memory for the next report.shown that has some */
	size_t spare_size;

	struct selection selection;
	const struct field *sort; /* NULL: worst first */
	bool descending;

	bool frozen; /* the order stays until the user says otherwise */
	uint64_t held_until_ns; /* or until then, as the cursor moved */
	struct order order; /* while it stays */

	bool follow; /* the worst one is selected, whichever it is */
	size_t cursor; /* selected row of report.shown */
	size_t offset; /* first row on the screen */
	size_t page; /* rows on the screen */
	struct view_socket selected; /* by the user; it may come back when it is missing */
	bool selected_gone; /* it was among those that are gone */
	/* Who stands in for it while it is: those below, then those above, nearest first. */
	struct view_socket neighbours[VIEW_NEIGHBOURS];
	size_t n_neighbours;
};

void view_free(struct view *v);

/*
 * view_build() - show what happened from @before (NULL: no window) to @now. The view points into
 * @now until the next call.
 * @clock_ns: monotonic
 */
void view_build(struct view *v, const struct snapshot *before, const struct snapshot *now,
		uint64_t clock_ns);

/* The same report selected and sorted anew, after one of the fields above has changed. */
void view_arrange(struct view *v, uint64_t clock_ns);

/* NULL when no row is shown. */
const struct row *view_selected(const struct view *v);

/*
 * view_row_of() - the row of a socket or group that was selected, as long as nothing else has been
 * since: that of the listener also where its group is folded meanwhile, and of a group what is left
 * of it. NULL when it is gone, or hidden.
 */
const struct row *view_row_of(const struct view *v, struct view_socket socket);

/*
 * view_group() - fold groups or not, from the next view_build() on. That is another list, in an
 * order of its own, which nothing holds.
 */
void view_group(struct view *v, bool fold);

/*
 * view_unfold() - show the members of the selected group below its row, or no longer; the group may
 * be selected by one of its members. Holds the order as a move does. Does nothing where no group is
 * selected.
 *
 * Members follow their row as long as it is shown, those of them that the selection lets through,
 * in the same order as the list.
 */
void view_unfold(struct view *v, bool unfold, uint64_t clock_ns);

/* @index: of a row in report.shown */
enum view_branch view_branch(const struct view *v, size_t index);

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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_VIEW_H
#define LISTENQ_TOP_VIEW_H

#include "analyse/history.h"
#include "analyse/report.h"
#include "base/idmap.h"
#include "output/columns.h"

/*
 * What the list shows, but not how: which rows of a report it has, in what order, and which one is
 * selected. The selection belongs to a socket or a group, not to a line.
 */
#define VIEW_NEIGHBOURS 16

struct view_socket {
	uint64_t id; /* row_id() */
	uint64_t group; /* row_group_id(); equals @id if it is a group */
};

/* What a row is among groups and their members. */
enum view_branch { VIEW_ALONE, VIEW_FOLDED, VIEW_UNFOLDED, VIEW_MEMBER, VIEW_LAST_MEMBER };

struct view {
	struct report report;
	const struct columns *columns; /* to find text in, and to sort by */
	struct field_context *context;

	/*
	 * What is laid over the report: rows that are sick, were sick or are gone come first, and
	 * report.shown has rows of listeners that went before its window. NULL: nothing is.
	 */
	struct history *history;
	size_t back; /* windows from the newest one to the report */
	size_t n_ghosts; /* rows of report.shown that the report does not have */
	size_t n_gone; /* the same, with those that are not selected */
	size_t n_restarting; /* and those that are not gone for long, see MEMORY_RESTARTS */
	bool sick_only; /* only rows of which there is a memory */
	unsigned int arranged; /* how often view_arrange() has run: rows and memories are others */

	bool fold; /* SO_REUSEPORT groups, see fold_report() */
	uint64_t *unfolded; /* row_group_id() of the groups that the user unfolded */
	size_t n_unfolded, unfolded_size;
	size_t n_members; /* rows of report.shown that are below the row of their group */
	struct row **spare; /* memory for the next report.shown with members */
	size_t spare_size;

	struct selection selection;
	const struct field *sort; /* NULL: worst first, the well ones by address */
	bool descending;

	bool frozen; /* the user keeps the order */
	uint64_t held_until_ns; /* a move of the cursor holds the order until then; monotonic */
	struct order {
		struct idmap places; /* by row_id() */
		size_t n;
		bool groups; /* some rows were folded groups */
	} order; /* which is kept while it is frozen or held */

	bool follow; /* the worst row is selected: of several sick ones as severe, the same */
	size_t cursor; /* the selected row of report.shown */
	size_t offset; /* first row on the screen */
	size_t page; /* rows on the screen */
	struct view_socket selected; /* by the user; it may be missing and come back */
	bool selected_gone; /* its row was that of a listener that is gone */
	/* One of these is selected while it is missing: below it, then above, nearest first. */
	struct view_socket neighbours[VIEW_NEIGHBOURS];
	size_t n_neighbours;
};

void view_free(struct view *v);

/*
 * view_build() - show what happened from @before (NULL: no window) to @now. The view points into
 * @now until the next call.
 * @clock_ns: monotonic, here and below
 */
void view_build(struct view *v, const struct snapshot *before, const struct snapshot *now,
		uint64_t clock_ns);

/* Selects and sorts the same report again, after one of the fields above has changed. */
void view_arrange(struct view *v, uint64_t clock_ns);

/*
 * view_report() - the report as an output has it: its shown rows are those of the report alone, not
 * those of the past. The caller frees @shown of it, and nothing else.
 */
struct report view_report(const struct view *v);

/* The selected row; NULL if the list is empty. */
const struct row *view_selected(const struct view *v);

/*
 * view_row_of() - the row of a socket or group that was selected. A socket whose group is folded
 * now has its row as a member; a group that is one listener now has the row of that. NULL if it is
 * gone or hidden, or if another row is selected.
 */
const struct row *view_row_of(const struct view *v, struct view_socket socket);

/*
 * view_group() - fold groups or not, from the next view_build() on. The new list has an order of
 * its own: the old one is no longer kept.
 */
void view_group(struct view *v, bool fold);

/*
 * view_unfold() - show or hide the members of the selected group below its row, also if one of them
 * is selected. Keeps the order as a move does. Does nothing if no group is selected.
 *
 * Members follow the row of their group in the order of the list. The selection applies to each of
 * them, and a group that it hides shows none.
 */
void view_unfold(struct view *v, bool unfold, uint64_t clock_ns);

/* @index: of a row in report.shown */
enum view_branch view_branch(const struct view *v, size_t index);

/* Moves the cursor by @by rows, at most to the first or last, and keeps the order for a while. */
void view_move(struct view *v, long by, uint64_t clock_ns);

/* Puts the cursor on row @index of report.shown, or the last one, and keeps the order likewise. */
void view_select(struct view *v, size_t index, uint64_t clock_ns);

/* Puts the cursor on the row of a socket or group likewise. Returns false if no row has it. */
bool view_select_socket(struct view *v, struct view_socket socket, uint64_t clock_ns);

/* Scrolls so that the cursor is among the @page rows on the screen. */
void view_scroll(struct view *v, size_t page);

/* Is the order kept, whatever a new report says? */
bool view_order_stays(const struct view *v, uint64_t clock_ns);

/* Keeps the order until called again, or no longer. */
void view_freeze(struct view *v, bool frozen, uint64_t clock_ns);

/*
 * view_find() - select the next row that has @text in its address, its state or a column of text,
 * in upper or lower case. Wraps around at the end. Returns false if there is none.
 * @from: where to begin; 0: the selected row itself, 1: the one below it, -1: the one above it
 */
bool view_find(struct view *v, const char *text, int from, uint64_t clock_ns);

/* Sorts by the next (@by 1) or previous (-1) column; worst first comes before the first one. */
void view_sort_by(struct view *v, int by, uint64_t clock_ns);

/* Sorts by a column, or reverses the order if it is sorted by that. */
void view_sort_on(struct view *v, const struct field *field, uint64_t clock_ns);

/* Reverses the order. */
void view_invert(struct view *v, uint64_t clock_ns);

#endif

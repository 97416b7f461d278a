/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_LAYOUT_H
#define LISTENQ_OUTPUT_LAYOUT_H

#include "output/columns.h"

/*
 * The one column layout, of the table and of the interactive view: which columns fit a width, and
 * how wide each one is. The caller appends the columns, adds the texts that stand in them, lets
 * layout_fit() decide, and prints what is shown, LAYOUT_GAP apart.
 *
 * The table does so once. The view keeps its layout, so that widths only grow: it sets @n to 0 and
 * appends again when the columns change, and sets `wanted` and `least` to 0 when the screen does.
 * For each screen it sets `shown` of the columns that may be shown, adds the headers and the texts
 * of the rows on it, lowers `wanted` and `least` where it cuts a text at any rate, and calls
 * layout_fit(). It has nothing essential, and a `worth` of its own for lists on a tiny screen.
 */
#define LAYOUT_GAP 1 /* spaces between columns */

/* What stands in a column: a cell of its field, or what the view puts beside one. */
enum layout_kind { LAYOUT_CELL, LAYOUT_METER, LAYOUT_HISTORY, LAYOUT_TREE };

struct layout_column {
	const struct field *field;
	enum layout_kind kind; /* only a CELL comes back after it was left out */
	int worth; /* what is worth least is left out first; see columns_worth() */
	size_t header; /* width of a header that is never cut; 0: there is none */
	size_t wanted; /* width of the widest text */
	size_t least; /* to which texts are cut before a column is left out */
	bool right; /* aligned, as numbers are */
	bool shown; /* before layout_fit(): it may be; behind it: it is */
	size_t width; /* set by layout_fit() */
	bool tried; /* used by layout_fit() */
};

struct layout {
	struct layout_column *columns;
	size_t n, size;
	size_t width; /* of the screen; 0: unlimited */
	size_t list_least; /* to which a list of words at the end of the line is cut first */
	int essential; /* what is worth as much is cut rather than left out; INT_MAX: nothing is */
	bool all; /* the user named the columns: none is left out */
};

/* Adds a column that may be shown and has no text yet. @l begins zeroed. */
struct layout_column *layout_append(struct layout *l, const struct field *field,
				    enum layout_kind kind, int worth);
void layout_free(struct layout *l);

/*
 * layout_add() - a text of @width stands in the column.
 * @path: its end says enough; it is cut to a fifth of the screen before a column is left out
 */
void layout_add(const struct layout *l, struct layout_column *column, size_t width, bool path);

/*
 * layout_fit() - choose the columns that are shown, and how wide each one is: at most `wanted`. At
 * least one is shown, even where it is too wide. What the others leave of the screen goes to the
 * texts that were to be cut.
 */
void layout_fit(struct layout *l);

/* Is it a list of words or a name, which loses its end? Other texts are cut in their middle. */
bool layout_cuts_end(const struct field *field);

#endif

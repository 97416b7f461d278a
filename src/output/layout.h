/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_LAYOUT_H
#define LISTENQ_OUTPUT_LAYOUT_H

#include "output/columns.h"

/*
 * The column layout of the table and of the interactive view: which columns fit, and how wide each
 * one is. The caller appends the columns, adds the widths of their texts, calls layout_fit(), and
 * prints the shown columns, LAYOUT_GAP apart.
 *
 * The table does so once. The view keeps its layout, so that widths only grow. It sets @n to 0 and
 * appends again when the columns change, and sets `wanted` and `least` to 0 when the size of the
 * screen does. For each screen it sets `shown` of columns that may be shown, adds the headers and
 * the texts of the rows on it, lowers `wanted` and `least` of texts that it always cuts, and calls
 * layout_fit(). It has no essential columns, and its own `worth` for lists on a tiny screen.
 */
#define LAYOUT_GAP 1 /* spaces between columns */

/* What a column shows: the cell of its field, or what the view puts next to one. */
enum layout_kind { LAYOUT_CELL, LAYOUT_METER, LAYOUT_HISTORY, LAYOUT_TREE };

struct layout_column {
	const struct field *field;
	enum layout_kind kind; /* only a CELL may be shown again after it was left out */
	int worth; /* columns worth least are left out first; see columns_worth() */
	size_t header; /* width of the header, which is never cut; 0: there is none */
	size_t wanted; /* width of the widest text */
	size_t least; /* width to which texts are cut before columns are left out */
	bool right; /* aligned to the right, as numbers are */
	bool shown; /* before layout_fit(): it may be shown; after it: it is */
	size_t width; /* set by layout_fit() */
	bool tried; /* used by layout_fit() */
};

struct layout {
	struct layout_column *columns;
	size_t n, size;
	size_t width; /* of the screen; 0: unlimited */
	size_t list_least; /* width to which a list of words at the end of the line is cut first */
	int essential; /* columns worth as much are cut, not left out; INT_MAX: none */
	bool all; /* the user named the columns: leave none out */
};

/* Adds a column that may be shown and has no text yet. Zero @l before the first one. */
struct layout_column *layout_append(struct layout *l, const struct field *field,
				    enum layout_kind kind, int worth);
void layout_free(struct layout *l);

/*
 * layout_add() - count a text of @width in the column.
 * @path: the text may be cut to a fifth of the screen before a column is left out
 */
void layout_add(const struct layout *l, struct layout_column *column, size_t width, bool path);

/*
 * layout_fit() - choose the columns to show, and the width of each: at most `wanted`. At least one
 * is shown, even if it is too wide. Unused width goes to texts that would be cut.
 */
void layout_fit(struct layout *l);

/* Is it a list of words or a name, which is cut at its end? Other texts are cut in the middle. */
bool layout_cuts_end(const struct field *field);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_LAYOUT_H
#define LISTENQ_OUTPUT_LAYOUT_H

#include "output/columns.h"

/*
 * The columns of the table: which of them fit, and how wide each one is. The caller appends the
 * columns, adds the widths of their texts, calls layout_fit(), and prints the shown columns,
 * LAYOUT_GAP apart.
 */
#define LAYOUT_GAP 1 /* spaces between columns */

struct layout_column {
	const struct field *field;
	int worth; /* columns worth least are left out first; see columns_worth() */
	size_t header; /* width of the header, which is never cut; 0: there is none */
	size_t wanted; /* width of the widest text */
	size_t least; /* width to which texts are cut before columns are left out */
	bool right; /* aligned to the right, as numbers are */
	bool shown; /* set by layout_fit() */
	size_t width; /* the same */
	bool tried; /* used by layout_fit() */
};

struct layout {
	struct layout_column *columns;
	size_t n, size;
	size_t width; /* of the screen; 0: unlimited */
	size_t list_least; /* width to which a list of words at the end of the line is cut first */
	int essential; /* columns worth as much are cut, not left out */
	bool all; /* the user named the columns: leave none out */
};

/* Adds a column that has no text yet. Zero @l before the first one. */
struct layout_column *layout_append(struct layout *l, const struct field *field, int worth);
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

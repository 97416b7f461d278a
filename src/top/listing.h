/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_LISTING_H
#define LISTENQ_TOP_LISTING_H

#include "analyse/history.h"
#include "output/layout.h"
#include "top/paint.h"
#include "top/view.h"

/*
 * The list of listeners on the screen: its headers and cells, in the columns of a layout. As their
 * fields say, a meter follows some of them, or the fills of the last windows. Where groups are
 * folded, marks before the address, or else before all columns, show which rows belong together.
 */
struct listing_context {
	const struct view *view;
	const struct history *history;
	size_t back; /* windows from the newest one to the report */
	double delay; /* seconds that a window takes */
	/* Ages of what the report has of half-open connections, and of those that wait. */
	uint64_t syn_age_ns;
	uint64_t wait_age_ns;
	bool utf8;
	size_t cols; /* of the screen */
};

/* Gives the layout these columns. */
void listing_choose(struct layout *l, const struct columns *columns);

/*
 * listing_fit() - find widths for the rows on the screen. Columns only grow until the width of the
 * screen changes, so that they stay in place; those worth least are left out of a narrow one.
 */
void listing_fit(struct layout *l, const struct listing_context *c);

/* Put the line of the headers, or of the row @index of report.shown, as listing_fit() left it. */
void listing_header(const struct layout *l, struct paint *p, const struct listing_context *c);
void listing_row(const struct layout *l, struct paint *p, const struct listing_context *c,
		 size_t index, bool selected);

/* The field whose header is at column @x of the screen; NULL: none. */
const struct field *listing_field_at(const struct layout *l, size_t x);

#endif

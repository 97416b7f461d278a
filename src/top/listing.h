/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_LISTING_H
#define LISTENQ_TOP_LISTING_H

#include "analyse/history.h"
#include "output/layout.h"
#include "top/paint.h"
#include "top/view.h"

/*
 * The list of listeners on the screen: its headers and cells, in the columns of a layout. A meter
 * or the fills of the last windows follow a column whose field has the flag. Where groups are
 * folded, marks before the address show which rows belong together; without an address they stand
 * before the first column.
 */
struct listing_context {
	const struct view *view;
	const struct history *history;
	size_t back; /* windows from the newest one to the report */
	double delay; /* seconds that a window takes */
	uint64_t syn_age_ns; /* how old the half-open connections of the report are */
	uint64_t wait_age_ns; /* how old its waiting connections are */
	bool utf8;
	size_t cols; /* of the screen */
};

/* Makes these columns those of the layout. */
void listing_choose(struct layout *l, const struct columns *columns);

/*
 * listing_fit() - choose the columns and their widths for the rows on the screen. A column does not
 * get narrower until the width of the screen changes, so that columns stay in place.
 */
void listing_fit(struct layout *l, const struct listing_context *c);

/* Put the line of the headers, or of row @index of report.shown. listing_fit() comes before. */
void listing_header(const struct layout *l, struct paint *p, const struct listing_context *c);
void listing_row(const struct layout *l, struct paint *p, const struct listing_context *c,
		 size_t index, bool selected);

/* The field whose header is at column @x of the screen; the last field to the right of all. */
const struct field *listing_field_at(const struct layout *l, size_t x);

#endif

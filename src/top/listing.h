/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_LISTING_H
#define LISTENQ_TOP_LISTING_H

#include "analyse/history.h"
#include "output/columns.h"
#include "top/paint.h"
#include "top/view.h"

/*
 * The list of listeners: which columns fit, how wide they are, and the cells. Some columns are
 * followed by a meter, or by the fills of the last windows, as their fields have it. Where there
 * are folded groups, marks before the address, or else before all columns, tell what belongs
 * together.
 */
enum listing_kind { LISTING_CELL, LISTING_METER, LISTING_HISTORY, LISTING_TREE };

struct listing_column {
	const struct field *field;
	enum listing_kind kind;
	int width;
	bool shown;
	bool tried; /* whether it fits after all */
	int worth; /* where not all fit */
};

struct listing {
	struct listing_column *columns;
	size_t n;
	int cols; /* of the screen that the widths were made for */
};

/* What the rows on the screen belong to. */
struct listing_context {
	const struct view *view;
	const struct history *history;
	size_t back; /* windows from the newest one to the report */
	double delay; /* seconds that a window takes */
	/* How old what is known of half-open connections is, and of those that wait. */
	uint64_t syn_age_ns;
	uint64_t wait_age_ns;
};

void listing_free(struct listing *l);

/* These columns from now on. */
void listing_choose(struct listing *l, const struct columns *columns);

/*
 * listing_fit() - find widths for the rows on the screen. Columns only grow until the screen
 * changes, so that they do not dance; the least telling ones go where the screen is too narrow.
 */
void listing_fit(struct listing *l, const struct screen *screen, const struct listing_context *c);

/*
 * Put the line of the headers, or that of a row, with the columns and the widths of the last
 * listing_fit().
 */
void listing_header(const struct listing *l, struct paint *p, const struct listing_context *c);

/* @index: of the row in report.shown */
void listing_row(const struct listing *l, struct paint *p, const struct listing_context *c,
		 size_t index, bool selected);

/* The field whose header is at column @x of the screen; NULL when there is none. */
const struct field *listing_field_at(const struct listing *l, int x);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_LISTING_H
#define LISTENQ_TOP_LISTING_H

#include "analyse/history.h"
#include "output/columns.h"
#include "top/sheet.h"
#include "top/view.h"

/*
 * The list of listeners on the screen: its header and its rows. Which columns there are and how
 * wide each one is depends on the width of the screen and on what the user chose, never on the
 * data.
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

/*
 * What a column shows: the cell of its field, or what the view makes of it. Those from MARK to WHY
 * are the columns of the view as long as the user does not name others.
 */
enum listing_kind {
	LISTING_CELL,
	LISTING_METER, /* of the ratio before it */
	LISTING_MARK,
	LISTING_STATE,
	LISTING_LOCAL, /* with marks that show which rows are a group */
	LISTING_PROCESS, /* with its pid, where there is room */
	LISTING_QUEUE, /* the accept queue: a meter, percent, length and capacity */
	LISTING_SYN,
	LISTING_RATE, /* overflows a second */
	LISTING_LAST, /* the fills of the last windows */
	LISTING_SINCE,
	LISTING_WHY,
};

struct listing_column {
	enum listing_kind kind;
	const struct field *field; /* to sort by */
	size_t width; /* 0: it is not shown */
};

struct listing {
	struct listing_column columns[2 * FIELD_N];
	size_t n;
	bool named; /* the user named the columns */
};

/* Makes these columns those of the list. */
void listing_choose(struct listing *l, const struct columns *columns);

/* Gives each column its width on a screen of c->cols columns. */
void listing_fit(struct listing *l, const struct listing_context *c);

/*
 * Draw the line of the headers, or of row @index of report.shown, on the first line of @a.
 * listing_fit() comes before.
 */
void listing_header(const struct listing *l, const struct screen *screen, struct area a,
		    const struct listing_context *c);
void listing_row(const struct listing *l, const struct screen *screen, struct area a,
		 const struct listing_context *c, size_t index, bool selected);

/* listing_make_header(), listing_make_row() - make these lines without a screen; see sheet.h. */
void listing_make_header(const struct listing *l, struct sheet *line,
			 const struct listing_context *c);
void listing_make_row(const struct listing *l, struct sheet *line, const struct listing_context *c,
		      size_t index, bool selected);

/* What the header of a column says where it has room. */
const char *listing_title(const struct listing *l, const struct listing_column *column);

/* The field whose header is at column @x of the screen; the last field to the right of all. */
const struct field *listing_field_at(const struct listing *l, size_t x);

#endif

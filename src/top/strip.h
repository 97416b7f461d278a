/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_STRIP_H
#define LISTENQ_TOP_STRIP_H

#include "analyse/history.h"
#include "top/paint.h"

/* The time map as it is drawn: a column a cell, see history_time_map(), and below it an axis with
 * labels. */
struct strip {
	const struct time_map_cell *cells;
	size_t n;
	uint64_t span_ns; /* of all cells */
	struct timespec now; /* when the last cell ends */
	size_t at; /* the cell that is on the screen; @n: none */
	const struct history *history; /* to find how what began ended; NULL: unknown */
	bool utf8;
};

/* The glyph of cell @i, and its ink. The highest rate of all cells is a full column. */
const char *strip_glyph(const struct strip *s, size_t i, double highest);
enum ink strip_ink(const struct time_map_cell *cell);

/* The highest rate of overflows of the cells. */
double strip_highest(const struct strip *s);

struct strip_label {
	size_t column;
	size_t width;
	enum ink ink;
	char text[160];
};

#define STRIP_LABELS 32

/*
 * strip_axis() - the labels of the axis, in the order of columns: where one is, names at the
 * events, and where there is room what @keys says and the time of day in UTC.
 * @width: columns of the axis, at least strip.n; @keys ends there
 * Returns how many.
 */
size_t strip_axis(const struct strip *s, size_t width, const char *keys,
		  struct strip_label labels[STRIP_LABELS]);

#endif

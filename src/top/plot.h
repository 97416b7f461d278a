/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_PLOT_H
#define LISTENQ_TOP_PLOT_H

#include "analyse/history.h"
#include "top/phrase.h"
#include "top/sheet.h"

/*
 * A graph over time: how full the queue of a listener was, with an axis that has its limit and 80 %
 * of it, its overflows below, and the times at the bottom. Where nothing is known it is blank.
 */
struct plot_column {
	uint64_t fill; /* the highest in its time */
	double rate; /* overflows a second, the highest; below 0: unknown */
	bool known;
};

struct plot {
	const struct plot_column *columns; /* of equal time, the newest last */
	size_t n;
	uint64_t column_ns;
	uint64_t capacity; /* what FILL_FULL is */
	size_t lines; /* of the queue */
	size_t rate_lines; /* of the overflows; 0: they are left out */
	const char *now; /* label of the newest column: "now", or a time of day */
	bool utf8;
};

#define PLOT_AXIS 13 /* columns of the sheet left of the graph */

/* plot_step() - the time of a column, so that most windows have a column each. */
uint64_t plot_step(const struct history *history, size_t back, size_t n);

/*
 * plot_columns() - fill @n columns of @column_ns each, up to window @back. A window that is longer
 * than a column fills several.
 */
void plot_columns(struct plot_column *columns, size_t n, uint64_t column_ns,
		  const struct history *history, const struct row *row, size_t back);

/* Adds the lines: those of the queue, of the overflows, and of the times. */
void plot_add(struct sheet *to, const struct plot *p);

/* The same for a row, as wide as the sheet, in @lines lines, at least 4. */
void plot_add_row(struct sheet *to, const struct row *row, const struct phrase_context *c,
		  size_t lines);

#endif

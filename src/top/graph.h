/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_GRAPH_H
#define LISTENQ_TOP_GRAPH_H

#include "analyse/history.h"
#include "base/text.h"

/* Bars and sparklines as text: block glyphs where the terminal has them, else ASCII. */

/*
 * graph_meter() - a bar of @width columns for a ratio from 0 to 1. Only 0 has an empty bar, and
 * only 1 or more a full one.
 */
void graph_meter(struct strbuf *b, double ratio, size_t width, bool utf8);

/*
 * graph_spark_glyph() - the text of one column for a ratio from 0 to 1, rounded likewise.
 * graph_column() - the text of one cell of a column that is @lines cells high; @line counts from
 * below. A 0 has a base line in the lowest cell. Only 0 has no more, and only 1 or more fills all.
 */
const char *graph_spark_glyph(double ratio, bool utf8);
const char *graph_column(double ratio, int lines, int line, bool utf8);

/* graph_history() - a sparkline of the fills of a listener in @windows windows, @back the last. */
void graph_history(struct strbuf *b, const struct history *history, const struct row *row,
		   size_t back, size_t windows, bool utf8);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/graph.h"

#define EIGHTHS 8

/* Parts of a cell, from the left and from below. */
static const char *const from_left[EIGHTHS + 1] = { " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };
static const char *const from_below[][EIGHTHS] = {
	{ "_", ".", ":", "-", "=", "+", "*", "#" },
	{ "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" },
};

/* Only 0 gives no step, and only 1 or more gives all. */
static size_t step(double ratio, size_t steps)
{
	/* 2.0 / 7 * 7 is below 2 on the x87, whose products have more bits. */
	size_t n = ratio >= 1 ? steps : (size_t)(ratio * (double)steps + 1e-9);

	if (!n && ratio > 0)
		n = 1;
	if (n == steps && ratio < 1)
		n = steps - 1;
	return n;
}

void graph_meter(struct strbuf *b, double ratio, size_t width, bool utf8)
{
	size_t n = step(ratio, utf8 ? width * EIGHTHS : width);

	if (!utf8) {
		strbuf_addc(b, '#', n);
		strbuf_addc(b, '.', width - n);
		return;
	}
	for (size_t i = 0; i < width; i++, n -= n < EIGHTHS ? n : EIGHTHS)
		strbuf_adds(b, from_left[n < EIGHTHS ? n : EIGHTHS]);
}

const char *graph_spark_glyph(double ratio, bool utf8)
{
	return from_below[utf8][step(ratio, EIGHTHS - 1)];
}

const char *graph_column(double ratio, int lines, int line, bool utf8)
{
	const size_t below = (size_t)line * EIGHTHS;
	size_t n = step(ratio, (size_t)lines * EIGHTHS - 1) + 1;

	if (n <= below)
		return " ";
	n = n - below < EIGHTHS ? n - below : EIGHTHS;
	return from_below[utf8][n - 1];
}

void graph_history(struct strbuf *b, const struct history *history, const struct row *row,
		   size_t back, size_t windows, bool utf8)
{
	while (windows--) {
		struct history_fill fill = history_fill(history, row, back + windows);

		if (fill.known)
			strbuf_adds(b, graph_spark_glyph(fill_ratio(fill.fill), utf8));
		else
			strbuf_putc(b, ' ');
	}
}

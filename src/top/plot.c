/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/plot.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "top/graph.h"

#include <stdlib.h>
#include <string.h>

#define LABEL	    (PLOT_AXIS - 2) /* columns of a label of the axis, which a blank precedes */
#define TICK_LEAST  12 /* columns from one time to the next, at least */
#define RATE_SHOWN  9999.5 /* from which on a rate is in thousands */
#define FILL_MIDDLE (FILL_FULL / 2) /* below it the graph of any queue is green */

/* Times between two labels, in seconds. */
static const unsigned int ticks[] = { 1,   2,	5,   10,  15,	20,   30,  60,
				      120, 300, 600, 900, 1800, 3600, 7200 };

/* Steps of the time of a column, in tenths of a second. */
static const unsigned int steps[] = { 1, 2, 5, 10, 20, 50, 100, 200, 300, 600 };

uint64_t plot_step(const struct history *history, size_t back, size_t n)
{
	size_t known, i = 0;
	const uint64_t span = history_span(history, back, n, &known);
	const uint64_t window = known ? span / known : NSEC_PER_SEC;

	/* Windows are a little longer than what was asked for. */
	while (i + 1 < ARRAY_SIZE(steps) && steps[i] * (NSEC_PER_SEC / 10) < window - window / 8)
		i++;
	return steps[i] * (NSEC_PER_SEC / 10);
}

static void set_column(struct plot_column *column, uint64_t fill, double rate)
{
	if (!column->known || fill > column->fill)
		column->fill = fill;
	if (rate > column->rate)
		column->rate = rate;
	column->known = true;
}

void plot_columns(struct plot_column *columns, size_t n, uint64_t column_ns,
		  const struct history *history, const struct row *row, size_t back)
{
	uint64_t end = 0; /* of the window, in ns before the end of the graph */

	for (size_t i = 0; i < n; i++)
		columns[i] = (struct plot_column){ .rate = -1 };
	for (; end < n * column_ns; back++) {
		size_t known, i;
		const uint64_t span = history_span(history, back, 1, &known);
		const uint64_t begin = end + span;
		const struct history_fill fill = history_fill(history, row, back);
		const double rate = history_overflow_rate(history, row, back);

		if (!known)
			return;
		/* Columns whose middle is in the window, but one at least. */
		i = (size_t)((end + column_ns / 2) / column_ns);
		if (i * column_ns + column_ns / 2 >= begin)
			i = (size_t)((end + span / 2) / column_ns);
		do
			if (fill.known && i < n)
				set_column(&columns[n - 1 - i], fill.fill, rate);
		while (++i * column_ns + column_ns / 2 < begin);
		end = begin;
	}
}

/*
 * What a cell of the queue shows depends on its height and on how full the column is: of a full one
 * the part above 80 % is red, and yellow is below it.
 */
static enum ink ink_of(uint64_t fill, uint64_t height)
{
	if (fill >= FILL_HIGH && height >= FILL_MIDDLE)
		return fill >= FILL_FULL && height >= FILL_HIGH ? INK_CRITICAL : INK_YELLOW;
	return INK_GOOD;
}

/* The line, counted from the top, whose cells the queue fills at 80 %. */
static size_t line_of_80(const struct plot *p)
{
	return p->lines - (size_t)((FILL_HIGH * p->lines + FILL_FULL / 2) / FILL_FULL);
}

/* A label, and a piece of the axis; a label that is too long is cut at its end. */
static void add_axis(struct sheet *to, const char *label, const char *axis)
{
	size_t taken, len = text_fit(label, strlen(label), LABEL, &taken);

	sheet_put(to, INK_DIM, label, len);
	sheet_tab(to, LABEL);
	sheet_puts(to, INK_DIM, axis);
	sheet_tab(to, PLOT_AXIS);
}

/* "65 full", "52  80%", 0: the axis has only those of them that have a line of their own. */
static void add_label(struct sheet *to, const struct plot *p, size_t line)
{
	struct strbuf label = { 0 };
	const bool utf8 = p->utf8;
	const char *axis = utf8 ? "│" : "|";

	strbuf_adds(&label, "");
	if (!line) {
		phrase_count(&label, p->capacity);
		strbuf_adds(&label, " full");
		axis = utf8 ? "┬" : "+";
	} else if (line + 1 == p->lines) {
		strbuf_adds(&label, "0");
		axis = utf8 ? "┴" : "+";
	} else if (line == line_of_80(p)) {
		phrase_count(&label, FILL_HIGH * p->capacity / FILL_FULL);
		strbuf_adds(&label, "  80%");
		axis = utf8 ? "┼" : "+";
	}
	add_axis(to, label.s, axis);
	strbuf_free(&label);
}

static void add_queue_line(struct sheet *to, const struct plot *p, size_t line)
{
	const size_t below = p->lines - 1 - line;
	/* The middle of the cell. */
	const uint64_t height = fill_of(2 * (uint32_t)below + 1, 2 * p->lines);
	const bool at_80 = line && line == line_of_80(p);

	add_label(to, p, line);
	for (size_t i = 0; i < p->n; i++) {
		const struct plot_column *column = &p->columns[i];
		const char *glyph = column->known ?
					    graph_column(fill_ratio(column->fill), (int)p->lines,
							 (int)below, p->utf8) :
					    " ";

		if (*glyph != ' ')
			sheet_puts(to, column->fill ? ink_of(column->fill, height) : INK_DIM,
				   glyph);
		else
			sheet_puts(to, INK_DIM, at_80 ? p->utf8 ? "·" : "-" : " ");
	}
	sheet_end(to);
}

/* The highest rate is the full height; its number is at the axis. */
static void add_rates(struct sheet *to, const struct plot *p)
{
	struct strbuf label = { 0 };
	double max = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->columns[i].rate > max)
			max = p->columns[i].rate;
	strbuf_adds(&label, "over/s ");
	if (max >= RATE_SHOWN)
		strbuf_addf(&label, "%.0fk", max / 1e3);
	else if (max > 0)
		phrase_rate(&label, max);
	for (size_t line = 0; line < p->rate_lines; line++) {
		const int below = (int)(p->rate_lines - 1 - line);

		add_axis(to, line ? "" : label.s, " ");
		for (size_t i = 0; i < p->n; i++) {
			const double rate = p->columns[i].rate;

			sheet_puts(to, rate > 0 ? INK_CRITICAL : INK_DIM,
				   rate > 0 ? graph_column(rate / max, (int)p->rate_lines, below,
							   p->utf8) :
				   rate < 0 || below ? " " :
				   p->utf8	     ? "▁" :
						       "_");
		}
		sheet_end(to);
	}
	strbuf_free(&label);
}

/* Times from the right, so that the newest one is always there. A label ends below its column. */
static void add_times(struct sheet *to, const struct plot *p)
{
	struct strbuf label = { 0 }, line = { 0 };
	size_t tick = 0, step;

	while (tick + 1 < ARRAY_SIZE(ticks) &&
	       ticks[tick] * NSEC_PER_SEC < TICK_LEAST * p->column_ns)
		tick++;
	strbuf_addc(&line, ' ', p->n);
	for (size_t i = 0;; i++) {
		step = (size_t)(i * ticks[tick] * NSEC_PER_SEC / p->column_ns);
		label.len = 0;
		if (i) {
			strbuf_putc(&label, '-');
			phrase_time(&label, i * ticks[tick] * NSEC_PER_SEC);
		} else {
			strbuf_adds(&label, p->now);
		}
		if (step + label.len > p->n)
			break;
		memcpy(line.s + p->n - step - label.len, label.s, label.len);
	}
	sheet_tab(to, PLOT_AXIS);
	sheet_puts(to, INK_DIM, line.s);
	sheet_end(to);
	strbuf_free(&label);
	strbuf_free(&line);
}

void plot_add(struct sheet *to, const struct plot *p)
{
	for (size_t line = 0; line < p->lines; line++)
		add_queue_line(to, p, line);
	if (p->rate_lines)
		add_rates(to, p);
	add_times(to, p);
}

void plot_add_row(struct sheet *to, const struct row *row, const struct phrase_context *c,
		  size_t lines)
{
	struct plot p = { .capacity = listener_capacity(row->listener), .utf8 = c->utf8 };
	struct plot_column *columns;
	struct strbuf now = { 0 };

	p.n = to->width > PLOT_AXIS + 1 ? to->width - PLOT_AXIS - 1 : 1;
	p.column_ns = plot_step(c->history, c->back, p.n);
	columns = xcalloc(p.n, sizeof(*columns));
	plot_columns(columns, p.n, p.column_ns, c->history, row, c->back);
	p.columns = columns;
	for (size_t i = 0; i < p.n; i++)
		if (columns[i].rate >= 0)
			p.rate_lines = lines >= 12 ? 2 : 1;
	if (c->back || c->replay)
		phrase_clock(&now, c->report->snapshot->wall);
	else
		strbuf_adds(&now, "now");
	p.now = now.s;
	p.lines = lines > p.rate_lines + 2 ? lines - p.rate_lines - 1 : 1;
	plot_add(to, &p);
	strbuf_free(&now);
	free(columns);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/strip.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/text.h"
#include "output/cell.h"
#include "top/graph.h"
#include "top/phrase.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_WIDTH 20 /* of a process or an address */
#define TIME_GAP       12 /* columns from one time of day to the next, at least */

double strip_highest(const struct strip *s)
{
	double highest = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->cells[i].known && s->cells[i].rate > highest)
			highest = s->cells[i].rate;
	return highest;
}

/* Overflows are higher than all that is sick without any. */
static double height(const struct strip_cell *cell, double highest)
{
	static const double heights[] = { [SEVERITY_CRITICAL] = 0.5,
					  [SEVERITY_WARNING] = 0.4,
					  [SEVERITY_GONE] = 0.2,
					  [SEVERITY_NOTICE] = 0.2,
					  [SEVERITY_NONE] = 0 };

	if (cell->rate > 0 && highest > 0)
		return 0.5 + 0.5 * cell->rate / highest;
	return heights[cell->severity];
}

const char *strip_glyph(const struct strip *s, size_t i, double highest)
{
	if (i == s->at)
		return s->utf8 ? "▲" : "^";
	if (!s->cells[i].known)
		return s->utf8 ? "·" : " ";
	return graph_spark_glyph(height(&s->cells[i], highest), s->utf8);
}

enum ink strip_ink(const struct strip_cell *cell)
{
	return cell->known ? paint_ink_bar(cell->severity) : INK_DIM;
}

static void add_name(struct strbuf *b, const struct event *e, bool utf8)
{
	const unsigned int flags = utf8 ? 0 : TEXT_ASCII;
	const size_t begin = b->len;

	if (e->kind == EVENT_NETNS_GONE)
		text_add_safe(b, e->netns ? e->netns : "", e->netns ? strlen(e->netns) : 0, flags);
	else if (e->process)
		text_add_safe(b, e->process, strlen(e->process), flags);
	else if (e->path)
		text_add_safe(b, e->path, strlen(e->path), flags);
	else
		cell_add_endpoint(b, e->addr.family, e->addr.address, e->addr.port);
	cell_shorten(b, begin, NAME_MAX_WIDTH, utf8);
}

static enum ink ink_of(const struct event *e)
{
	switch (e->kind) {
	case EVENT_SICK:
		return paint_ink(state_table[e->state].severity);
	case EVENT_RECOVERED:
	case EVENT_NEW:
		return INK_NOTICE;
	case EVENT_GONE:
	case EVENT_NETNS_GONE:
		break;
	}
	return INK_GONE;
}

static bool is_free(const struct strip_label *labels, size_t n, size_t column, size_t width)
{
	for (size_t i = 0; i < n; i++)
		if (column < labels[i].column + labels[i].width + 1 &&
		    labels[i].column < column + width + 1)
			return false;
	return true;
}

/*
 * Puts a label whose mark stands at @column: before the text, or behind it where the line ends.
 * Returns false if there is no room.
 */
static bool put(struct strip_label *labels, size_t *n, size_t width, size_t column, enum ink ink,
		const char *mark, const char *name)
{
	struct strip_label *label = &labels[*n];
	const char *gap = *mark && *name ? " " : "";
	size_t taken =
		text_width(mark, strlen(mark)) + strlen(gap) + text_width(name, strlen(name));

	if (*n == STRIP_LABELS)
		return false;
	if (column + taken <= width) {
		label->column = column;
		snprintf(label->text, sizeof(label->text), "%s%s%s", mark, gap, name);
	} else if (*mark && column < width && column + 1 >= taken) {
		label->column = column + 1 - taken;
		snprintf(label->text, sizeof(label->text), "%s%s%s", name, gap, mark);
	} else {
		return false;
	}
	label->width = taken;
	label->ink = ink;
	if (!is_free(labels, *n, label->column, taken))
		return false;
	++*n;
	return true;
}

/* Events of one severity, the newest first. */
static void put_events(const struct strip *s, enum severity severity, size_t width,
		       struct strip_label *labels, size_t *n)
{
	struct strbuf name = { 0 };

	for (size_t i = s->n; i-- > 0;) {
		const struct event *e = s->cells[i].event;

		if (!e || e->kind == EVENT_NEW || paint_ink(severity) != ink_of(e))
			continue;
		name.len = 0;
		add_name(&name, e, s->utf8);
		if (e->kind == EVENT_RECOVERED) {
			strbuf_putc(&name, ' ');
			phrase_time(&name, e->lasted_ns);
		} else if (e->kind != EVENT_SICK) {
			strbuf_adds(&name, " gone");
		}
		put(labels, n, width, i, ink_of(e), "^", name.s);
	}
	strbuf_free(&name);
}

/* Full minutes, two or five of them apart where cells are few. */
static void put_times(const struct strip *s, size_t width, struct strip_label *labels, size_t *n)
{
	const double minute = (double)s->n / ((double)s->span_ns / (60.0 * NSEC_PER_SEC));
	const time_t step = 60 * (minute >= TIME_GAP ? 1 : 2 * minute >= TIME_GAP ? 2 : 5);
	const time_t last = s->now.tv_sec - s->now.tv_sec % step;

	for (time_t at = last; s->now.tv_sec - at < (time_t)(s->span_ns / NSEC_PER_SEC);
	     at -= step) {
		const double age = (double)(s->now.tv_sec - at) / 60 * minute;
		char time[CLOCK_TEXT_SIZE];
		char *minutes;

		if ((size_t)age >= s->n)
			break;
		clock_format_utc((struct timespec){ .tv_sec = at }, 0, time);
		minutes = strchr(time, 'T') + 1;
		minutes[strlen("14:35")] = '\0';
		put(labels, n, width, s->n - 1 - (size_t)age, INK_DIM, "", minutes);
	}
}

size_t strip_axis(const struct strip *s, size_t width, struct strip_label labels[STRIP_LABELS])
{
	static const enum severity order[] = { SEVERITY_CRITICAL, SEVERITY_WARNING, SEVERITY_GONE,
					       SEVERITY_NOTICE };
	size_t n = 0;

	width = num_min(width, s->n);
	if (s->at < s->n)
		put(labels, &n, width, s->at, INK_STRONG, s->utf8 ? "▲" : "^", "here");
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		put_events(s, order[i], width, labels, &n);
	put_times(s, width, labels, &n);
	/* In the order of columns: there are few. */
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j && labels[j].column < labels[j - 1].column; j--) {
			const struct strip_label other = labels[j];

			labels[j] = labels[j - 1];
			labels[j - 1] = other;
		}
	return n;
}

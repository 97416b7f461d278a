/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/strip.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/text.h"
#include "output/cell.h"
#include "top/graph.h"
#include "top/phrase.h"

#include <stdio.h>
#include <stdlib.h>
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
static double height(const struct time_map_cell *cell, double highest)
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

enum ink strip_ink(const struct time_map_cell *cell)
{
	return cell->known ? paint_ink_bar(cell->severity) : INK_DIM;
}

/* The end of what began with @e: an EVENT_RECOVERED or EVENT_GONE; NULL: it goes on. */
static const struct event *find_end(const struct strip *s, const struct event *e)
{
	const struct event *end = NULL, *later;

	for (size_t i = 0;
	     s->history && (later = history_event(s->history, 0, i)) && later->report >= e->report;
	     i++)
		/* Behind a gap the same number may be another listener. */
		if (later->kind == EVENT_RUN || later->kind == EVENT_BOOT)
			end = NULL;
		else if (later->id == e->id &&
			 (later->kind == EVENT_RECOVERED || later->kind == EVENT_GONE))
			end = later;
	return end;
}

/* What has a label: what began and ended, or got worse meanwhile, is one thing. */
struct mark {
	size_t cell; /* of its beginning */
	const struct event *event; /* its end, if it has one */
	enum severity severity;
};

static bool is_same(const struct event *a, const struct event *b)
{
	return a == b || (a->kind == EVENT_SICK && b->kind == EVENT_SICK && a->id == b->id);
}

/* Returns how many there are, in the order of time. */
static size_t find_marks(const struct strip *s, struct mark *marks)
{
	size_t n = 0, same;

	for (size_t i = 0; i < s->n; i++) {
		const struct event *e = s->cells[i].event, *end;

		if (!e || e->kind == EVENT_NEW)
			continue;
		end = e->kind == EVENT_SICK ? find_end(s, e) : NULL;
		e = end ? end : e;
		for (same = 0; same < n && !is_same(marks[same].event, e); same++)
			;
		if (same == n)
			marks[n++] = (struct mark){ i, e, event_log_severity(e) };
		else if (event_log_severity(e) < marks[same].severity)
			marks[same].severity = event_log_severity(e);
	}
	return n;
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

static void put_event(const struct strip *s, const struct mark *m, size_t width,
		      struct strip_label *labels, size_t *n)
{
	const struct event *e = m->event;
	struct strbuf name = { 0 };

	strbuf_adds(&name, "");
	if (event_log_is_gap(e->kind)) {
		phrase_event(&name, e, true);
		name.len = strcspn(name.s, ","); /* "new run, 2m unknown": the map shows that */
	} else {
		phrase_who(&name, e, s->utf8);
	}
	cell_shorten(&name, 0, NAME_MAX_WIDTH, s->utf8);
	if (event_log_is_gap(e->kind)) {
		/* It says all. */
	} else if (e->kind == EVENT_RECOVERED) {
		strbuf_putc(&name, ' ');
		phrase_time(&name, e->lasted_ns);
	} else if (e->kind != EVENT_SICK) {
		strbuf_adds(&name, " gone");
	}
	put(labels, n, width, m->cell, paint_ink(m->severity), "^", name.s);
	strbuf_free(&name);
}

/* The worst have the room; of those that are as bad, the newest. */
static void put_events(const struct strip *s, size_t width, struct strip_label *labels, size_t *n)
{
	static const enum severity order[] = { SEVERITY_CRITICAL, SEVERITY_WARNING, SEVERITY_GONE,
					       SEVERITY_NOTICE };
	struct mark *marks = xcalloc(s->n, sizeof(*marks));
	const size_t n_marks = find_marks(s, marks);

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		for (size_t j = n_marks; j-- > 0;)
			if (marks[j].severity == order[i])
				put_event(s, &marks[j], width, labels, n);
	free(marks);
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

size_t strip_axis(const struct strip *s, size_t width, const char *keys,
		  struct strip_label labels[STRIP_LABELS])
{
	const size_t keys_width = strlen(keys);
	size_t n = 0;

	if (s->at < s->n)
		put(labels, &n, width, s->at, INK_STRONG, s->utf8 ? "▲" : "^", "here");
	put_events(s, width, labels, &n);
	if (keys_width && keys_width < width)
		put(labels, &n, width, width - keys_width, INK_DIM, "", keys);
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/events.h"

#include "base/num.h"
#include "output/cell.h"
#include "top/phrase.h"

#include <string.h>

#define PROCESS 12 /* columns, with a blank */
#define ADDRESS 24

/* Text in a column of the line, and a blank; what is too long is cut in the middle. */
static void add_column(struct sheet *to, enum ink ink, struct strbuf *b, size_t width, bool utf8)
{
	const size_t end = to->x + width;

	if (b->len && text_width(b->s, b->len) > width - 1)
		cell_shorten(b, 0, width - 1, utf8);
	if (b->len)
		sheet_put(to, ink, b->s, b->len);
	sheet_pad(to, ink, end);
	b->len = 0;
}

static void add_in(struct sheet *to, enum ink ink, const struct event *e, enum events_form form,
		   bool utf8)
{
	struct strbuf b = { 0 };

	phrase_clock(&b, e->wall);
	strbuf_putc(&b, ' ');
	sheet_put(to, ink, b.s, b.len);
	b.len = 0;
	/* The address has a column of its own. */
	if (form == EVENTS_WHOLE && e->kind != EVENT_NETNS_GONE && !event_log_is_gap(e->kind) &&
	    !e->process)
		strbuf_putc(&b, '-');
	else
		phrase_who(&b, e, utf8);
	if (form != EVENTS_BRIEF) {
		add_column(to, ink, &b, PROCESS, utf8);
	} else {
		if (text_width(b.s, b.len) > PROCESS)
			cell_shorten(&b, 0, PROCESS, utf8);
		strbuf_putc(&b, ' ');
		sheet_put(to, ink, b.s, b.len);
		b.len = 0;
	}
	if (form == EVENTS_WHOLE) {
		phrase_address(&b, e, utf8);
		add_column(to, ink, &b, ADDRESS, utf8);
	}
	phrase_event(&b, e, form == EVENTS_BRIEF);
	if (form != EVENTS_BRIEF && to->x + text_width(b.s, b.len) > to->width) {
		b.len = 0;
		phrase_event(&b, e, true);
	}
	if (form == EVENTS_WHOLE && e->netns && e->kind != EVENT_NETNS_GONE) {
		strbuf_adds(&b, "  netns ");
		text_add_safe(&b, e->netns, strlen(e->netns), utf8 ? 0 : TEXT_ASCII);
	}
	sheet_put(to, ink, b.s, b.len);
	strbuf_free(&b);
}

void events_add(struct sheet *to, const struct event *e, enum events_form form, bool utf8)
{
	add_in(to, paint_ink(event_log_severity(e)), e, form, utf8);
}

void events_move(struct events *e, long by)
{
	e->cursor = num_step(e->cursor, by);
}

static void scroll(struct events *e, size_t n, size_t page)
{
	e->page = page;
	if (e->cursor >= n)
		e->cursor = n ? n - 1 : 0;
	e->offset = num_scroll(e->offset, e->cursor, page, n);
}

void events_draw(struct events *e, const struct screen *screen, int top, int bottom,
		 const struct history *history, size_t back)
{
	const size_t n = history_events(history, back);
	const struct area a = { .y = top, .lines = bottom - top, .end = screen->cols };
	const enum events_form form = screen->cols >= 76 ? EVENTS_WHOLE : EVENTS_SHORT;
	const bool title = a.lines >= 3;
	struct strbuf b = { 0 };
	struct sheet s = { 0 };

	if (a.lines <= 0)
		return;
	scroll(e, n, (size_t)(a.lines - title));
	sheet_begin(&s, (size_t)screen->cols, 0, (size_t)a.lines);
	strbuf_adds(&b, "What happened, newest first");
	if (n)
		strbuf_addf(&b, "  %zu-%zu of %zu", e->offset + 1, num_min(e->offset + e->page, n),
			    n);
	if (title)
		sheet_rule(&s, b.s, screen->utf8);
	strbuf_free(&b);
	if (!n)
		sheet_puts(&s, INK_DIM, "Nothing has happened yet.");
	for (size_t i = e->offset; i < n && i < e->offset + e->page; i++) {
		const struct event *event = history_event(history, back, i);
		const enum severity severity = event_log_severity(event);
		const bool here = i == e->cursor;

		add_in(&s, here ? paint_ink_on(severity) : paint_ink(severity), event, form,
		       screen->utf8);
		if (here)
			sheet_pad(&s, paint_ink_on(severity), s.width);
		sheet_end(&s);
	}
	sheet_draw(&s, screen, &a);
	sheet_free(&s);
}

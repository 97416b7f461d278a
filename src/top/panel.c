/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/panel.h"

#include "base/alloc.h"
#include "base/num.h"
#include "output/cell.h"
#include "top/explain.h"
#include "top/plot.h"

#include <stdlib.h>
#include <string.h>

#define NO_RULE	    3 /* lines of a panel that have no room for one */
#define FEW	    6 /* lines that may have no room for numbers */
#define DENSE	    8 /* lines that have no room for blank ones */
#define WAIT	    6 /* columns of a time */
#define WAITER	    38 /* of a client that waits */
#define WAITER_V6   16 /* more for an IPv6 address */
#define WAITER_GAP  2
#define WAITERS_MAX 4 /* side by side */
#define GONE	    " gone"
#define EVENT_GAP   2

static size_t width_of(const struct area *a)
{
	return a->end > a->x ? (size_t)(a->end - a->x) : 0;
}

static size_t lines_of(const struct area *a)
{
	return a->lines > 0 ? (size_t)a->lines : 0;
}

/* A part of two columns of parts, not a line of its own. */
static bool is_right(const struct area *a)
{
	return a->x > 0;
}

static void begin_part(struct sheet *s, const struct area *a)
{
	sheet_begin(s, width_of(a), 0, lines_of(a));
}

static void put_title(struct sheet *s, struct session *session, const struct row *row)
{
	const struct phrase_context c = session_phrases(session);
	struct strbuf name = { 0 };

	explain_add_name(&name, row, &c, s->width > SHEET_RULE ? s->width - SHEET_RULE : 1);
	sheet_rule(s, name.s, c.utf8);
	strbuf_free(&name);
}

void panel_draw(struct session *s, struct area a)
{
	const struct row *row = view_selected(&s->view);
	const struct phrase_context c = session_phrases(s);
	/*
	 * The first way that fits, else the last one. Few lines stay together, very few have no
	 * room for numbers.
	 */
	const unsigned int ways[] = { EXPLAIN_WHOLE | EXPLAIN_GAPS, EXPLAIN_WHOLE, 0,
				      EXPLAIN_TIGHT };
	const size_t n = a.lines > FEW ? ARRAY_SIZE(ways) - 1 : ARRAY_SIZE(ways);
	struct sheet sheet = { 0 };

	if (!row || a.lines <= 0)
		return;
	for (size_t i = a.lines <= DENSE; i < n; i++) {
		begin_part(&sheet, &a);
		if (is_right(&a))
			sheet_rule(&sheet, "What is wrong, and what to do", c.utf8);
		else if (a.lines > NO_RULE)
			put_title(&sheet, s, row);
		explain_add(&sheet, row, &c, ways[i]);
		if (sheet.n <= lines_of(&a))
			break;
	}
	sheet_draw(&sheet, &s->screen, &a);
	sheet_free(&sheet);
}

/* Above the left one of two parts stands whose queue it is; else the panel has said it. */
void panel_draw_graph(struct session *s, struct area a)
{
	const struct row *row = view_selected(&s->view);
	const struct phrase_context c = session_phrases(s);
	struct sheet sheet = { 0 };

	if (!row || a.lines < 5)
		return;
	begin_part(&sheet, &a);
	if (a.end < s->screen.cols)
		put_title(&sheet, s, row);
	else
		sheet_rule(&sheet, "Its queue", c.utf8);
	plot_add_row(&sheet, row, &c, lines_of(&a) - 1);
	sheet_draw(&sheet, &s->screen, &a);
	sheet_free(&sheet);
}

static void put_waiter(struct sheet *s, const struct connection *c, struct strbuf *b, size_t width,
		       bool utf8)
{
	const size_t end = s->x + width, gone = c->peer_closed ? strlen(GONE) : 0;
	const enum ink ink = c->peer_closed ? INK_NOTICE : INK_PLAIN;

	b->len = 0;
	if (c->has_wait)
		phrase_time(b, c->wait_ms * (NSEC_PER_SEC / 1000));
	else
		strbuf_putc(b, '-');
	sheet_tab(s, s->x + (b->len < WAIT ? WAIT - b->len : 0));
	if (c->mptcp)
		strbuf_addf(b, " %6s  ", "-");
	else
		strbuf_addf(b, " %6u  ", c->unread_bytes);
	sheet_put(s, ink, b->s, b->len);
	b->len = 0;
	cell_add_endpoint(b, c->family, c->peer, c->peer_port);
	cell_shorten(b, 0, end > s->x + gone ? end - s->x - gone : 1, utf8);
	if (gone)
		strbuf_adds(b, GONE);
	sheet_put(s, ink, b->s, b->len);
}

/* Column by column, as many as have room; then how many more there are. */
static void put_waiters(struct sheet *s, const struct connections *list, size_t lines, bool utf8)
{
	const bool v6 = list->n && list->list->family == AF_INET6;
	const size_t step = WAITER + (v6 ? WAITER_V6 : 0) + WAITER_GAP;
	const size_t across = num_max(num_min((s->width + WAITER_GAP) / step, WAITERS_MAX), 1);
	const size_t width = across > 1 ? step - WAITER_GAP : s->width;
	size_t shown = num_min(list->n, across * lines);
	struct strbuf b = { 0 };

	if (shown < list->n && shown) /* the last place says so */
		shown--;
	for (size_t i = 0; i < across; i++) {
		sheet_tab(s, i * step);
		sheet_puts(s, INK_HEADER, "  WAIT UNREAD  CLIENT");
		sheet_pad(s, INK_HEADER, num_min(i * step + width, s->width));
	}
	sheet_end(s);
	for (size_t line = 0; line < lines && line < list->n; line++) {
		for (size_t i = 0; i < across && i * lines + line <= shown; i++) {
			const size_t at = i * lines + line;

			sheet_tab(s, i * step);
			if (at < shown) {
				put_waiter(s, &list->list[at], &b, width, utf8);
			} else if (shown < list->n) {
				b.len = 0;
				strbuf_addf(&b, "  ... %zu more: Enter", list->n - shown);
				sheet_puts(s, INK_DIM, b.s);
			}
		}
		sheet_end(s);
	}
	strbuf_free(&b);
}

void panel_draw_waits(struct session *s, struct area a)
{
	const struct row *row = view_selected(&s->view);
	const struct row_queue queue = row ? row_waiting(row) : (struct row_queue){ 0 };
	const bool none = row && !row_length(row);
	struct sheet sheet = { 0 };
	struct strbuf b = { 0 };

	if (!row || a.lines < 2)
		return;
	begin_part(&sheet, &a);
	strbuf_addf(&b, "Who waits (%llu)", row->gone ? 0 : (unsigned long long)row_length(row));
	phrase_age(&b, ", seen ", queue.age_ns, " ago");
	sheet_rule(&sheet, b.s, s->screen.utf8);
	if (row->gone)
		sheet_puts(&sheet, INK_DIM, "The listener is gone.");
	else if (none)
		sheet_puts(&sheet, INK_DIM, "nobody");
	else if (listener_is_unix(row->listener))
		sheet_puts(&sheet, INK_DIM,
			   "The kernel does not list the clients of UNIX sockets.");
	else if (!queue.known)
		sheet_puts(&sheet, INK_DIM, s->player ? "not recorded" : "not looked at");
	else
		put_waiters(&sheet, &queue.connections, lines_of(&a) - 2, s->screen.utf8);
	sheet_draw(&sheet, &s->screen, &a);
	sheet_free(&sheet);
	strbuf_free(&b);
}

/*
 * Event @i as it stands beside the one before it: where a listener got worse for the same cause,
 * the words of its new state.
 */
static struct event event_beside(const struct history *history, size_t back, size_t i)
{
	struct event e = *history_event(history, back, i);

	if (i + 1 < history_events(history, back)) {
		const struct event *before = history_event(history, back, i + 1);

		if (e.kind == EVENT_SICK && before->kind == EVENT_SICK && e.id == before->id &&
		    e.reason == before->reason)
			e.reason = REASON_N;
	}
	return e;
}

/* As many of the newest events on one line as fit whole, at least one. */
static void put_latest(struct sheet *s, const struct session *session)
{
	const struct history *history = session->playback.history;
	const size_t back = session->playback.back, n = history_events(history, back);
	struct sheet one = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct event e = event_beside(history, back, i);
		const size_t gap = i ? EVENT_GAP : 0;

		sheet_begin(&one, s->width, 0, 1);
		events_add(&one, &e, EVENTS_BRIEF, session->screen.utf8);
		if (i && s->x + gap + one.x > s->width)
			break;
		sheet_tab(s, s->x + gap);
		events_add(s, &e, EVENTS_BRIEF, session->screen.utf8);
	}
	sheet_end(s);
	sheet_free(&one);
}

void panel_draw_events(struct session *s, struct area a)
{
	const struct history *history = s->playback.history;
	const size_t back = s->playback.back, n = history_events(history, back);
	struct sheet sheet = { 0 };

	if (a.lines <= 0)
		return;
	begin_part(&sheet, &a);
	if (a.lines == 1) {
		put_latest(&sheet, s);
	} else {
		sheet_rule(&sheet, "What happened", s->screen.utf8);
		for (size_t i = 0; i < n && i + 1 < lines_of(&a); i++) {
			events_add(&sheet, history_event(history, back, i), EVENTS_SHORT,
				   s->screen.utf8);
			sheet_end(&sheet);
		}
		if (!n)
			sheet_puts(&sheet, INK_DIM, "nothing yet");
	}
	sheet_draw(&sheet, &s->screen, &a);
	sheet_free(&sheet);
}

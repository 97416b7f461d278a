/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/draw.h"

#include "top/banner.h"
#include "top/bar.h"
#include "top/curses.h"
#include "top/events.h"
#include "top/help.h"
#include "top/keys.h"
#include "top/panel.h"

#include <string.h>

static void draw_list(struct session *s, const struct session_parts *l)
{
	struct listing_context c = session_listing(s);
	const struct report *report = &s->view.report;
	size_t i;

	view_scroll(&s->view, session_page_rows(s));
	i = s->view.offset;
	listing_fit(&s->layout, &c);
	if (l->header.lines)
		listing_header(&s->layout, &s->screen, l->header, &c);
	for (struct area a = l->list; a.lines > 0 && i < report->n_shown; a.y++, a.lines--, i++)
		listing_row(&s->layout, &s->screen, a, &c, i, i == s->view.cursor);
	if (report->snapshot && !report->n_shown && l->list.lines) {
		struct paint p = paint_area(&s->screen, &l->list, 0);

		paint_string(&p, INK_PLAIN,
			     !report->n_rows   ? "No listener." :
			     s->view.sick_only ? "No listener is sick, or was." :
						 "No listener matches.");
	}
}

/* The line between two columns of parts; the rules of those on the left and right meet there. */
static void draw_border(struct session *s, const struct session_parts *l)
{
	static const char *const glyphs[][2] = { { " | ", " │ " },
						 { "-+-", "─┬─" },
						 { "-+-", "─┼─" } };
	const struct area *left = l->graph.lines ? &l->graph : &l->panel;
	const int bottom = l->events.y + l->events.lines;
	struct area a = { .y = left->y, .x = left->end, .end = left->end + SESSION_BORDER };

	if (l->events.x < a.end || !l->events.lines)
		return;
	for (a.lines = 0; a.y + a.lines < bottom; a.lines++) {
		struct paint p = paint_area(&s->screen, &a, a.lines);
		const int y = a.y + a.lines;
		const int which = y == left->y ? 1 : l->graph.lines && y == l->events.y ? 2 : 0;

		paint_string(&p, INK_TITLE, glyphs[which][s->screen.utf8]);
	}
}

static void draw_list_page(struct session *s)
{
	const struct session_parts l = session_parts(s);

	if (l.title.lines)
		banner_title(s, l.title);
	banner_strip(s, l.strip);
	banner_counters(s, l.counters);
	banner_namespaces(s, l.namespaces);
	draw_list(s, &l);
	banner_status(s, l.status);
	panel_draw(s, l.panel);
	panel_draw_graph(s, l.graph);
	panel_draw_waits(s, l.waits);
	panel_draw_events(s, l.events);
	draw_border(s, &l);
	if (l.bar.lines)
		bar_draw(s, l.bar);
	move(l.list.y + (l.list.lines ? (int)(s->view.cursor - s->view.offset) : 0), 0);
}

/* Keys that work on another page than the list, in its last line. */
static void draw_hints(struct session *s)
{
	struct paint p = paint_line(&s->screen, s->screen.rows - 1);

	paint_string(&p, INK_PLAIN, key_hints[s->page]);
	if (s->page == PAGE_DETAIL)
		paint_string(&p, INK_PLAIN, bar_pause(s));
	paint_rest(&p, INK_PLAIN);
}

static void draw_detail_page(struct session *s)
{
	const int bottom = s->screen.rows > 4 ? s->screen.rows - 1 : s->screen.rows;
	struct phrase_context c = session_phrases(s);

	banner_title(s, (struct area){ .lines = 1, .end = s->screen.cols });
	detail_draw(&s->detail, &s->screen, 1, bottom, view_row_of(&s->view, s->detailed), &c);
	if (bottom < s->screen.rows)
		draw_hints(s);
	move(0, 0);
}

/* A menu begins below the headers of the list. */
static void draw_menu(struct session *s)
{
	const struct session_parts l = session_parts(s);
	const int bottom = l.bar.lines ? l.bar.y : s->screen.rows;
	struct area a = { .y = l.list.y, .lines = bottom - l.list.y, .end = s->screen.cols };

	if (a.lines < 8) {
		a.y = 0;
		a.lines = bottom;
	}
	if (l.bar.lines)
		draw_hints(s);
	menu_draw(&s->menu, &s->screen, a);
	move(s->menu.area.y + (int)(s->menu.cursor - s->menu.offset), s->menu.area.x);
}

static void draw_events_page(struct session *s)
{
	const int bottom = s->screen.rows > 4 ? s->screen.rows - 1 : s->screen.rows;

	banner_title(s, (struct area){ .lines = 1, .end = s->screen.cols });
	events_draw(&s->events, &s->screen, 1, bottom, s->playback.history, s->playback.back);
	if (bottom < s->screen.rows)
		draw_hints(s);
}

/* The cause of an error is at its end, so what is too long has the line above too. */
static void draw_message(const struct strbuf *message, struct paint p)
{
	struct paint above = p;
	size_t first = paint_break(message->s, p.end > 1 ? (size_t)p.end : 1);

	if (first >= message->len || !p.y)
		first = 0;
	above.y--;
	if (first) {
		paint_text(&above, INK_STRONG, message->s, first);
		paint_rest(&above, INK_PLAIN);
		first += strspn(message->s + first, " ");
	}
	paint_text(&p, INK_STRONG, message->s + first, message->len - first);
	paint_rest(&p, INK_PLAIN);
}

/* The prompt, or the message, over the last line. */
static void draw_last_line(struct session *s)
{
	struct paint p = paint_line(&s->screen, s->screen.rows - 1);

	if (s->prompt.question) {
		prompt_draw(&s->prompt, &p);
		clrtoeol();
		move(p.y, p.x < p.end ? p.x : p.end - 1);
	} else if (s->message.len) {
		int y, x;

		getyx(stdscr, y, x);
		draw_message(&s->message, p);
		move(y, x);
	}
}

void draw_screen(struct session *s)
{
	erase();
	session_fit(s);
	/* curses cannot draw one column: it writes the last cell of a line by way of the one
	 * before. */
	if (s->screen.cols < 2) {
		refresh();
		return;
	}
	switch (s->page) {
	case PAGE_LIST:
		draw_list_page(s);
		break;
	case PAGE_DETAIL:
		draw_detail_page(s);
		break;
	case PAGE_HELP:
		help_draw(s);
		move(0, 0);
		break;
	case PAGE_EVENTS:
		draw_events_page(s);
		break;
	case PAGE_SETUP:
	case PAGE_SORT:
		draw_list_page(s);
		draw_menu(s);
		break;
	}
	draw_last_line(s);
	refresh();
}

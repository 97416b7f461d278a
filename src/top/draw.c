/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/draw.h"

#include "top/banner.h"
#include "top/events.h"
#include "top/keys.h"
#include "top/panel.h"

#include <curses.h>
#include <string.h>

#define HELP_NAME   7 /* columns of the name of a key, or a mark */
#define HELP_INDENT 10 /* of the second line of a text */

static void draw_list(struct session *s, const struct session_parts *l)
{
	struct listing_context c = session_listing(s);
	const struct report *report = &s->view.report;
	int y = 0;

	view_scroll(&s->view, session_page_rows(s));
	listing_fit(&s->layout, &c);
	if (l->header.lines) {
		struct paint p = paint_area(&s->screen, &l->header, 0);

		listing_header(&s->layout, &p, &c);
	}
	for (size_t i = s->view.offset; i < report->n_shown && y < l->list.lines; i++) {
		struct paint p = paint_area(&s->screen, &l->list, y++);

		listing_row(&s->layout, &p, &c, i, i == s->view.cursor);
	}
	if (report->snapshot && !report->n_shown && l->list.lines) {
		struct paint p = paint_area(&s->screen, &l->list, 0);

		paint_string(&p, INK_PLAIN,
			     report->n_rows ? "No listener matches." : "No listener.");
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
	if (l.bar.lines)
		key_draw_bar(s, l.bar);
	move(l.list.y + (l.list.lines ? (int)(s->view.cursor - s->view.offset) : 0), 0);
}

static void draw_detail_page(struct session *s)
{
	const int bottom = s->screen.rows > 4 ? s->screen.rows - 1 : s->screen.rows;
	struct phrase_context c = session_phrases(s);
	struct paint p = paint_line(&s->screen, bottom);

	banner_title(s, (struct area){ .lines = 1, .end = s->screen.cols });
	detail_draw(&s->detail, &s->screen, 1, bottom, view_row_of(&s->view, s->detailed), &c);
	paint_string(&p, INK_PLAIN, key_hints[PAGE_DETAIL]); /* nothing on 4 lines or less */
	move(0, 0);
}

static void draw_page_title(const struct session *s, const char *title)
{
	struct paint p = paint_line(&s->screen, 0);

	paint_string(&p, INK_HEADER, title);
	paint_string(&p, INK_HEADER, key_hints[s->page]);
	paint_rest(&p, INK_HEADER);
}

struct help {
	const struct screen *screen;
	int y; /* of the next line; it may be above the screen */
	bool hidden; /* lines are only counted */
};

static void help_line(struct help *h, enum ink ink, const char *text)
{
	int indent = 0;

	do {
		struct paint p = paint_line(h->screen, h->y);
		size_t n;

		p.x = indent;
		n = paint_break(text, p.end > p.x + 1 ? (size_t)(p.end - p.x) : 1);
		if (!h->hidden && h->y > 0)
			paint_text(&p, ink, text, n);
		text += n;
		text += strspn(text, " ");
		indent = h->screen->cols > 40 ? HELP_INDENT : 0;
		h->y++;
	} while (*text);
}

static void help_lines(struct help *h, const struct snapshot *sample)
{
	const size_t n_warnings = sample ? sample->n_warnings : 0;
	struct strbuf b = { 0 };

	if (n_warnings)
		help_line(h, INK_STRONG, "Warnings");
	for (size_t i = 0; i < n_warnings; i++) {
		const char *message = sample->warnings[i].message;

		b.len = 0;
		strbuf_adds(&b, "  ");
		text_add_safe(&b, message, strlen(message), h->screen->utf8 ? 0 : TEXT_ASCII);
		help_line(h, INK_PLAIN, b.s);
	}
	for (size_t i = 0; i < key_table_n; i++) {
		if (key_table[i].section)
			help_line(h, INK_STRONG, key_table[i].section);
		b.len = 0;
		strbuf_addf(&b, "  %-*s %s", HELP_NAME, key_table[i].name, key_table[i].help);
		help_line(h, INK_PLAIN, b.s);
	}
	help_line(h, INK_STRONG, "Marks");
	for (unsigned int i = 0; i < STATE_N; i++) {
		const enum severity severity = state_table[i].severity;

		b.len = 0;
		strbuf_addf(&b, "  %-*s %s: %s", HELP_NAME, severity_mark(severity),
			    state_table[i].name, state_table[i].fact);
		help_line(h, paint_ink(severity), b.s);
	}
	strbuf_free(&b);
}

static void draw_help_page(struct session *s)
{
	const size_t room = s->screen.rows > 1 ? (size_t)s->screen.rows - 1 : 1;
	struct help all = { .screen = &s->screen, .hidden = true };
	struct help h = { .screen = &s->screen };

	draw_page_title(s, "listenq: keys and marks  ");
	help_lines(&all, s->view.report.snapshot);
	if (s->help_offset + room > (size_t)all.y)
		s->help_offset = (size_t)all.y > room ? (size_t)all.y - room : 0;
	h.y = 1 - (int)s->help_offset;
	help_lines(&h, s->view.report.snapshot);
	move(0, 0);
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
		paint_text(&p, INK_STRONG, s->message.s, s->message.len);
		paint_rest(&p, INK_PLAIN);
		move(y, x);
	}
}

void draw_screen(struct session *s)
{
	erase();
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
		draw_help_page(s);
		break;
	case PAGE_COLUMNS:
		draw_page_title(s, "listenq: columns  ");
		menu_draw(&s->menu, &s->screen, 1, s->screen.rows, &s->columns);
		move(1 + (int)(s->menu.cursor - s->menu.offset), 0);
		break;
	case PAGE_EVENTS:
		events_draw(&s->events, &s->screen, 1, s->screen.rows, s->playback.history,
			    s->playback.back);
		break;
	}
	draw_last_line(s);
	refresh();
}

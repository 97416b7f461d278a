/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/draw.h"

#include "base/alloc.h"
#include "top/banner.h"
#include "top/help.h"
#include "top/keys.h"
#include "top/wrap.h"

#include <curses.h>
#include <string.h>

/* What goes on which line; parts that a small screen has no room for have no lines. */
struct layout {
	int title; /* -1: none, as for the others */
	int verdict;
	int counters, counter_lines;
	int header;
	int list, list_end;
	int hint, hint_lines;
	int bar;
};

#define HINT_MAX 6 /* lines about the selected listener */

/* The one place that decides what a small screen does without. */
static struct layout make_layout(const struct session *s)
{
	const int rows = s->screen.rows;
	const size_t listed = s->view.report.n_shown;
	struct layout l = { .title = -1, .header = -1, .bar = -1 };
	int y = 0, end = rows;

	if (rows >= 8)
		l.title = y++;
	l.verdict = y++;
	if (rows >= 12) {
		l.counters = y;
		l.counter_lines = rows >= 40 ? 3 : rows >= 20 ? 2 : 1;
		y += l.counter_lines + (rows >= 20);
	}
	if (rows >= 5)
		l.header = y++;
	if (rows >= 8)
		l.bar = --end;
	if (rows >= 12) {
		l.hint_lines = rows >= 40 ? 4 : rows >= 20 ? 2 : 1;
		l.hint = end -= l.hint_lines;
	}
	/* Lines that the list does not need: the more is said of the selected one. */
	while (l.hint_lines && l.hint_lines < HINT_MAX && l.hint - y > (int)listed + 1 &&
	       listed < (size_t)rows) {
		l.hint_lines++;
		end = --l.hint;
	}
	l.list = y;
	l.list_end = end > y ? end : y;
	return l;
}

size_t draw_page_rows(const struct session *s)
{
	struct layout l = make_layout(s);

	if (s->page == PAGE_DETAIL)
		return s->detail.page;
	if (s->page != PAGE_LIST)
		return (size_t)(s->screen.rows > 3 ? s->screen.rows - 2 : 1);
	return l.list_end > l.list ? (size_t)(l.list_end - l.list) : 1;
}

bool draw_row_at(const struct session *s, int y, size_t *index)
{
	struct layout l = make_layout(s);

	if (s->page != PAGE_LIST || y < l.list || y >= l.list_end)
		return false;
	*index = s->view.offset + (size_t)(y - l.list);
	return *index < s->view.report.n_shown;
}

bool draw_header_at(const struct session *s, int y)
{
	return s->page == PAGE_LIST && y == make_layout(s).header;
}

static void draw_list(struct session *s, const struct layout *l)
{
	struct listing_context c = session_listing(s);
	const struct report *report = &s->view.report;
	int y = l->list;

	view_scroll(&s->view, draw_page_rows(s));
	listing_fit(&s->listing, &s->screen, &c);
	if (l->header >= 0) {
		struct paint p = paint_line(&s->screen, l->header);

		listing_header(&s->listing, &p, &c);
	}
	for (size_t i = s->view.offset; i < report->n_shown && y < l->list_end; i++) {
		struct paint p = paint_line(&s->screen, y++);

		listing_row(&s->listing, &p, &c, i, i == s->view.cursor);
	}
	if (report->snapshot && !report->n_shown && y < l->list_end) {
		struct paint p = paint_line(&s->screen, y);

		paint_string(&p, INK_PLAIN,
			     report->n_rows ? "No listener matches." : "No listener.");
	}
}

/* What is known of the selected listener, and what to do about it. */
static void draw_hint(struct session *s, const struct layout *l)
{
	const struct row *row = view_selected(&s->view);
	struct phrase_context c = session_phrases(s);
	const int end = l->hint + l->hint_lines;
	struct strbuf b = { 0 };
	int y = l->hint;

	if (!row || !l->hint_lines)
		return;
	strbuf_adds(&b, "> ");
	if (l->hint_lines > 1) {
		phrase_facts(&b, row, &c);
		y = wrap_draw(&s->screen, y, l->hint_lines > 2 ? y + 2 : y + 1, INK_STRONG, b.s);
		b.len = 0;
		strbuf_adds(&b, "  ");
	}
	phrase_advice(&b, row, &c);
	wrap_draw(&s->screen, y, end, INK_PLAIN, b.s);
	strbuf_free(&b);
}

static int bar_width(void)
{
	int width = -1;

	for (size_t i = 0; i < key_table_n; i++)
		if (key_table[i].bar)
			width += (int)strlen(key_table[i].bar) + 1;
	return width;
}

/* What opening the selected row would do; as wide in every case, so that the rest stays in place.
 */
static const char *word_for_open(const struct session *s)
{
	if (!view_selected(&s->view))
		return NULL;
	switch (view_branch(&s->view, s->view.cursor)) {
	case VIEW_FOLDED:
		return " Unfold";
	case VIEW_UNFOLDED:
		return " Fold  ";
	default:
		return NULL;
	}
}

static void draw_bar(const struct session *s, int y)
{
	struct paint p = paint_line(&s->screen, y);
	bool all = bar_width() <= s->screen.cols;

	for (size_t i = 0; i < key_table_n; i++) {
		const char *bar = key_table[i].bar, *word = NULL;
		size_t name = bar ? strcspn(bar, " ") : 0;

		if (!bar || (key_table[i].wide && !all) || p.x + (int)strlen(bar) > p.end)
			continue;
		if (key_table[i].action == KEY_ACT_OPEN)
			word = word_for_open(s);
		paint_text(&p, INK_STRONG, bar, name);
		paint_string(&p, INK_PLAIN, word ? word : bar + name);
		paint_blanks(&p, INK_PLAIN, 1);
	}
}

/* "Esc back  Tab other queue": the keys of a page, by the names that they have in the key table. */
struct page_key {
	enum key_action action;
	const char *word;
};

static void add_page_keys(struct strbuf *b, const struct page_key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		strbuf_adds(b, i ? "  " : "");
		key_add_name(b, keys[i].action);
		strbuf_addf(b, " %s", keys[i].word);
	}
}

static void draw_page_title(const struct session *s, const char *title, const struct page_key *keys,
			    size_t n)
{
	struct paint p = paint_line(&s->screen, 0);
	struct strbuf b = { 0 };

	strbuf_addf(&b, "listenq: %s  ", title);
	add_page_keys(&b, keys, n);
	paint_text(&p, INK_BAR, b.s, b.len);
	paint_rest(&p, INK_BAR);
	strbuf_free(&b);
}

static void draw_list_page(struct session *s)
{
	struct layout l = make_layout(s);

	if (l.title >= 0)
		banner_title(s, l.title);
	banner_verdict(s, l.verdict);
	banner_counters(s, l.counters, l.counter_lines);
	draw_list(s, &l);
	draw_hint(s, &l);
	if (l.bar >= 0)
		draw_bar(s, l.bar);
	move(l.list_end > l.list ? l.list + (int)(s->view.cursor - s->view.offset) : l.verdict, 0);
}

static void draw_detail_page(struct session *s)
{
	struct phrase_context c = session_phrases(s);
	static const struct page_key keys[] = { { KEY_ACT_BACK, "back" },
						{ KEY_ACT_SECTION, "other queue" },
						{ KEY_ACT_UP, "and" },
						{ KEY_ACT_DOWN, "scroll" },
						{ KEY_ACT_PAUSE, "pause" } };
	const int bottom = s->screen.rows > 4 ? s->screen.rows - 1 : s->screen.rows;
	struct strbuf b = { 0 };

	banner_title(s, 0);
	detail_draw(&s->detail, &s->screen, 1, bottom, session_detailed(s), &c);
	if (bottom < s->screen.rows) {
		struct paint p = paint_line(&s->screen, bottom);

		add_page_keys(&b, keys, ARRAY_SIZE(keys));
		paint_text(&p, INK_PLAIN, b.s, b.len);
		strbuf_free(&b);
	}
	move(0, 0);
}

/* The question, or what was last to be said, over the last line. */
static void draw_last_line(struct session *s)
{
	struct paint p = paint_line(&s->screen, s->screen.rows - 1);

	if (s->prompt.purpose) {
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

static void draw_help_page(struct session *s)
{
	static const struct page_key keys[] = { { KEY_ACT_BACK, "back" },
						{ KEY_ACT_UP, "and" },
						{ KEY_ACT_DOWN, "scroll" } };

	draw_page_title(s, "keys and marks", keys, ARRAY_SIZE(keys));
	help_draw(&s->screen, 1, s->screen.rows, &s->help_offset, s->view.report.snapshot);
	move(0, 0);
}

static void draw_columns_page(struct session *s)
{
	static const struct page_key keys[] = { { KEY_ACT_REFRESH, "show or hide" },
						{ KEY_ACT_BACK, "back" } };

	draw_page_title(s, "columns", keys, ARRAY_SIZE(keys));
	menu_draw(&s->menu, &s->screen, 1, s->screen.rows, &s->columns);
	move(1 + (int)(s->menu.cursor - s->menu.offset), 0);
}

void draw_screen(struct session *s)
{
	erase();
	/* To fill the last cell curses goes by way of the one on its left, there or not. */
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
		draw_columns_page(s);
		break;
	}
	draw_last_line(s);
	refresh();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/menu.h"

#include "base/alloc.h"
#include "base/num.h"
#include "top/phrase.h"

#include <stdlib.h>
#include <string.h>

#define SIDE 2 /* columns of the border and a blank */

/* The glyphs of the border: corners clockwise from the left of the top, then lines. */
enum { TOP_LEFT, TOP_RIGHT, BOTTOM_RIGHT, BOTTOM_LEFT, ACROSS, DOWN, BORDERS };

static const char *glyph(const struct screen *screen, int which)
{
	static const char *const glyphs[BORDERS][2] = {
		[TOP_LEFT] = { "+", "┌" },     [TOP_RIGHT] = { "+", "┐" },
		[BOTTOM_RIGHT] = { "+", "┘" }, [BOTTOM_LEFT] = { "+", "└" },
		[ACROSS] = { "-", "─" },       [DOWN] = { "|", "│" },
	};

	return glyphs[which][screen->utf8];
}

void menu_begin(struct menu *m, const char *title)
{
	m->title = title;
	m->n = 0;
}

void menu_add(struct menu *m, char mark, const char *name, const char *help)
{
	m->items = array_grow(m->items, m->n, &m->size, sizeof(*m->items));
	m->items[m->n++] = (struct menu_item){ mark, name, help };
}

void menu_free(struct menu *m)
{
	free(m->items);
	*m = (struct menu){ 0 };
}

void menu_move(struct menu *m, long by)
{
	m->cursor = num_step(m->cursor, by);
	if (m->cursor >= m->n)
		m->cursor = m->n ? m->n - 1 : 0;
}

static int name_width(const struct menu *m)
{
	size_t width = 0;

	for (size_t i = 0; i < m->n; i++)
		if (strlen(m->items[i].name) > width)
			width = strlen(m->items[i].name);
	return (int)width;
}

/* @name, @width: columns of the name, and of the whole */
static void add_item(struct strbuf *b, const struct menu_item *item, int name, size_t width)
{
	size_t begin;

	if (item->mark)
		strbuf_addf(b, "[%c] ", item->mark);
	strbuf_addf(b, "%-*s  ", name, item->name);
	begin = b->len;
	strbuf_adds(b, item->help);
	phrase_cut(b, begin, width > begin ? width - begin : 0);
}

/* The border above or below the choices. */
static void draw_edge(const struct screen *screen, struct paint p, int left, int right,
		      const char *title)
{
	const int end = p.end;

	paint_string(&p, INK_TITLE, glyph(screen, left));
	if (title) {
		paint_string(&p, INK_TITLE, glyph(screen, ACROSS));
		paint_blanks(&p, INK_TITLE, 1);
		paint_string(&p, INK_TITLE, title);
		paint_blanks(&p, INK_TITLE, 1);
	}
	while (p.x < end - 1)
		paint_string(&p, INK_TITLE, glyph(screen, ACROSS));
	paint_string(&p, INK_TITLE, glyph(screen, right));
}

static void draw_item(const struct menu *m, const struct screen *screen, struct paint p, size_t i,
		      int width)
{
	const enum ink ink = i == m->cursor ? INK_ON_NONE : INK_PLAIN;
	struct strbuf b = { 0 };
	const int end = p.end;

	paint_string(&p, INK_TITLE, glyph(screen, DOWN));
	paint_blanks(&p, ink, SIDE - 1);
	p.end = end - SIDE;
	add_item(&b, &m->items[i], width, p.end > p.x ? (size_t)(p.end - p.x) : 0);
	paint_text(&p, ink, b.s, b.len);
	paint_rest(&p, ink);
	p.end = end;
	paint_blanks(&p, ink, SIDE - 1);
	paint_string(&p, INK_TITLE, glyph(screen, DOWN));
	strbuf_free(&b);
}

void menu_draw(struct menu *m, const struct screen *screen, struct area a)
{
	const int name = name_width(m);
	const bool framed = a.lines > 4; /* else each line is needed */
	size_t room = framed ? (size_t)a.lines - 2 : a.lines > 0 ? (size_t)a.lines : 0;
	int widest = (int)strlen(m->title) + 2 * SIDE + 4;
	struct strbuf b = { 0 };

	for (size_t i = 0; i < m->n; i++) {
		b.len = 0;
		add_item(&b, &m->items[i], name, SIZE_MAX);
		if ((int)text_width(b.s, b.len) + 2 * SIDE > widest)
			widest = (int)text_width(b.s, b.len) + 2 * SIDE;
	}
	strbuf_free(&b);
	if (a.end > a.x + widest)
		a.end = a.x + widest;
	room = room < m->n ? room : m->n;
	menu_move(m, 0);
	m->offset = num_scroll(m->offset, m->cursor, room, m->n);
	m->area = (struct area){ a.y + framed, (int)room, a.x, a.end };
	if (framed) {
		draw_edge(screen, paint_area(screen, &a, 0), TOP_LEFT, TOP_RIGHT, m->title);
		draw_edge(screen, paint_area(screen, &a, (int)room + 1), BOTTOM_LEFT, BOTTOM_RIGHT,
			  NULL);
	}
	for (size_t i = 0; i < room; i++)
		draw_item(m, screen, paint_area(screen, &m->area, (int)i), m->offset + i, name);
}

size_t menu_at(const struct menu *m, int y, int x)
{
	const struct area *a = &m->area;

	if (y < a->y || y >= a->y + a->lines || x < a->x || x >= a->end)
		return SIZE_MAX;
	return m->offset + (size_t)(y - a->y);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/help.h"

#include "base/alloc.h"
#include "top/keys.h"

#include <stdlib.h>
#include <string.h>

#define NAME	   12 /* columns of the names of keys */
#define MARK	   3 /* of a mark */
#define COLUMN	   39 /* of the page, at least, where there are two */
#define COLUMN_MAX 64
#define GAP	   2

/* A line of the page: a name, and what it means; or the title of a section. */
struct help_line {
	enum ink ink;
	bool title;
	int width; /* columns of the name */
	struct strbuf name;
	const char *text; /* borrowed */
};

struct help_lines {
	struct help_line *list;
	size_t n, size;
};

/* What the columns of the list say. */
static const struct {
	const char *name;
	const char *text;
} columns[] = {
	{ "QUEUE", "waiting / room for them" },
	{ "SYN", "half-open connections" },
	{ "OVER/S", "overflows a second (most)" },
	{ "LAST", "how full; newest on right" },
};

static struct help_line *add_line(struct help_lines *l, enum ink ink, const char *name,
				  const char *text)
{
	struct help_line *line;

	l->list = array_grow(l->list, l->n, &l->size, sizeof(*l->list));
	line = &l->list[l->n++];
	line->ink = ink;
	line->width = NAME;
	line->text = text;
	strbuf_adds(&line->name, name);
	return line;
}

static void add_title(struct help_lines *l, const char *title)
{
	add_line(l, INK_TITLE, title, "")->title = true;
}

static void add_keys(struct help_lines *l)
{
	struct help_line *line = NULL;

	for (size_t i = 0; i < key_table_n; i++) {
		const struct key *key = &key_table[i];

		if (key->section)
			add_title(l, key->section);
		if (key->help)
			line = add_line(l, INK_STRONG, key->name, key->help);
		else
			strbuf_addf(&line->name, " %s", key->name);
	}
}

static void add_mark(struct help_lines *l, enum severity severity, const char *text)
{
	add_line(l, paint_ink(severity), severity_mark(severity), text)->width = MARK;
}

static void add_marks(struct help_lines *l)
{
	add_title(l, "Marks and colours");
	add_mark(l, SEVERITY_CRITICAL, "overflowing: connections get lost");
	add_mark(l, SEVERITY_WARNING, "full, stalled, dropping, syn-full");
	add_mark(l, SEVERITY_NOTICE, "high: 80% of its queue");
	add_line(l, INK_NOTICE, "v", "was sick, and recovered")->width = MARK;
	add_mark(l, SEVERITY_GONE, "gone: closed");
	add_mark(l, SEVERITY_NONE, "ok");
	add_title(l, "Columns");
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		add_line(l, INK_STRONG, columns[i].name, columns[i].text);
}

/* Where the right column begins: at a title, so that both columns are as short as can be. */
static size_t find_middle(const struct help_lines *l)
{
	size_t best = l->n;

	for (size_t i = 1; i < l->n; i++) {
		size_t longer = i > l->n - i ? i : l->n - i;

		if (l->list[i].title && longer < (best > l->n - best ? best : l->n - best))
			best = i;
	}
	return best;
}

static void draw_line(const struct help_line *line, struct paint p)
{
	struct paint name = p;

	if (line->title) {
		paint_string(&p, line->ink, line->name.s);
		return;
	}
	paint_string(&name, line->ink, line->name.s);
	p.x += line->width + 1;
	if (p.x <= name.x)
		p.x = name.x + 1;
	/* The text after a mark has its colour. */
	paint_string(&p, line->width == MARK ? line->ink : INK_PLAIN, line->text);
}

/* Draws the lines from @begin to before @end in a column, the first of them on line @y. */
static void draw_column(const struct screen *screen, const struct help_lines *l, size_t begin,
			size_t end, int y, int x, int x_end)
{
	for (size_t i = begin; i < end; i++, y++) {
		struct paint p = { .screen = screen, .y = y, .x = x, .end = x_end };

		if (y > 0)
			draw_line(&l->list[i], p);
	}
}

/* Puts the warnings of the sample on lines from @y on. Returns the line after them. */
static int draw_warnings(const struct session *s, int y, bool hidden)
{
	const struct snapshot *sample = s->view.report.snapshot;
	const size_t n = sample ? sample->n_warnings : 0;
	struct strbuf b = { 0 };

	for (size_t i = 0; i < n; i++) {
		const char *message = sample->warnings[i].message, *text;

		b.len = 0;
		strbuf_adds(&b, "Warning: ");
		text_add_safe(&b, message, strlen(message), s->screen.utf8 ? 0 : TEXT_ASCII);
		for (text = b.s; *text; y++) {
			struct paint p = paint_line(&s->screen, y);
			size_t bytes = paint_break(text, p.end > 1 ? (size_t)p.end : 1);

			if (!hidden && y > 0)
				paint_text(&p, INK_WARNING, text, bytes);
			text += bytes;
			text += strspn(text, " ");
		}
	}
	strbuf_free(&b);
	return y;
}

static void draw_title(const struct session *s)
{
	struct paint p = paint_line(&s->screen, 0);

	paint_string(&p, INK_HEADER, "listenq: keys, marks, columns   ");
	paint_string(&p, INK_HEADER, key_hints[PAGE_HELP]);
	paint_rest(&p, INK_HEADER);
}

void help_draw(struct session *s)
{
	const int room = s->screen.rows > 1 ? s->screen.rows - 1 : 1;
	struct help_lines l = { 0 };
	int width = s->screen.cols, height, y;
	size_t middle;

	add_keys(&l);
	add_marks(&l);
	middle = l.n;
	if (width >= 2 * COLUMN + GAP) {
		middle = find_middle(&l);
		width = (width - GAP) / 2 < COLUMN_MAX ? (width - GAP) / 2 : COLUMN_MAX;
	}
	height = draw_warnings(s, 0, true);
	height += (int)(middle > l.n - middle ? middle : l.n - middle);
	if (height <= room)
		s->help_offset = 0;
	else if (s->help_offset > (size_t)(height - room))
		s->help_offset = (size_t)(height - room);
	y = draw_warnings(s, 1 - (int)s->help_offset, false);
	draw_column(&s->screen, &l, 0, middle, y, 0, width);
	draw_column(&s->screen, &l, middle, l.n, y, width + GAP, 2 * width + GAP);
	draw_title(s);
	for (size_t i = 0; i < l.n; i++)
		strbuf_free(&l.list[i].name);
	free(l.list);
}

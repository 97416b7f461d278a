/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/sheet.h"

#include "base/alloc.h"

#include <stdlib.h>

void sheet_begin(struct sheet *s, size_t width, size_t first, size_t lines)
{
	s->width = width;
	s->first = first;
	s->end = first + lines;
	s->n = s->x = s->n_spans = s->n_lines = s->text.len = 0;
}

void sheet_free(struct sheet *s)
{
	strbuf_free(&s->text);
	free(s->spans);
	free(s->lines);
}

bool sheet_is_seen(const struct sheet *s)
{
	return s->n >= s->first && s->n < s->end;
}

void sheet_put(struct sheet *s, enum ink ink, const char *text, size_t len)
{
	if (!len)
		return;
	s->x += text_width(text, len);
	if (!sheet_is_seen(s))
		return;
	if (s->n_lines + s->first <= s->n) {
		s->lines = array_grow(s->lines, s->n_lines, &s->lines_size, sizeof(*s->lines));
		s->lines[s->n_lines++].begin = s->n_spans;
	}
	/* Curses is called once for many glyphs. */
	if (s->n_spans == s->lines[s->n_lines - 1].begin || s->spans[s->n_spans - 1].ink != ink) {
		s->spans = array_grow(s->spans, s->n_spans, &s->spans_size, sizeof(*s->spans));
		s->spans[s->n_spans++] = (struct sheet_span){ s->text.len, ink };
	}
	strbuf_add(&s->text, text, len);
}

void sheet_puts(struct sheet *s, enum ink ink, const char *text)
{
	sheet_put(s, ink, text, strlen(text));
}

void sheet_pad(struct sheet *s, enum ink ink, size_t x)
{
	static const char blanks[] = "                ";

	while (s->x < x) {
		size_t n = x - s->x;

		sheet_put(s, ink, blanks, n < sizeof(blanks) ? n : sizeof(blanks) - 1);
	}
}

void sheet_tab(struct sheet *s, size_t x)
{
	sheet_pad(s, INK_PLAIN, x);
}

void sheet_wrap(struct sheet *s, enum ink ink, size_t indent, const char *text)
{
	if (indent >= s->width)
		indent = 0;
	for (;;) {
		size_t room = s->width > s->x ? s->width - s->x : 0, n, taken;
		/* A word that is too long for this line may have room on the next one. */
		const size_t word = strcspn(text, " ");

		if (s->x > indent && text_width(text, word) > room) {
			n = 0;
		} else {
			n = paint_break(text, room ? room : 1);
			/* Not even the first character. */
			if (s->x > indent && text_fit(text, n, room, &taken) < n)
				n = 0;
		}
		sheet_put(s, ink, text, n);
		text += n;
		text += strspn(text, " ");
		if (!*text)
			return;
		sheet_end(s);
		sheet_tab(s, indent);
	}
}

void sheet_end(struct sheet *s)
{
	if (sheet_is_seen(s) && s->n_lines + s->first <= s->n) {
		s->lines = array_grow(s->lines, s->n_lines, &s->lines_size, sizeof(*s->lines));
		s->lines[s->n_lines++].begin = s->n_spans;
	}
	s->n++;
	s->x = 0;
}

void sheet_rule(struct sheet *s, const char *title, bool utf8)
{
	const char *dash = utf8 ? "─" : "-";

	sheet_puts(s, INK_TITLE, dash);
	sheet_puts(s, INK_TITLE, dash);
	if (*title) {
		sheet_puts(s, INK_TITLE, " ");
		sheet_puts(s, INK_TITLE, title);
		sheet_puts(s, INK_TITLE, " ");
	}
	while (s->x < s->width)
		sheet_puts(s, INK_TITLE, dash);
	sheet_end(s);
}

static size_t spans_end(const struct sheet *s, size_t line)
{
	return line + 1 < s->n_lines ? s->lines[line + 1].begin : s->n_spans;
}

static size_t text_end(const struct sheet *s, size_t span)
{
	return span + 1 < s->n_spans ? s->spans[span + 1].begin : s->text.len;
}

void sheet_add_line(struct sheet *s, const struct sheet *from, size_t line)
{
	if (line >= from->n_lines)
		return;
	for (size_t i = from->lines[line].begin; i < spans_end(from, line); i++)
		sheet_put(s, from->spans[i].ink, from->text.s + from->spans[i].begin,
			  text_end(from, i) - from->spans[i].begin);
}

void sheet_draw(const struct sheet *s, const struct screen *screen, const struct area *a)
{
	for (size_t i = 0; i < s->n_lines && (int)i < a->lines; i++) {
		struct paint p = paint_area(screen, a, (int)i);

		for (size_t j = s->lines[i].begin; j < spans_end(s, i); j++)
			paint_text(&p, s->spans[j].ink, s->text.s + s->spans[j].begin,
				   text_end(s, j) - s->spans[j].begin);
	}
}

void sheet_text(const struct sheet *s, struct strbuf *to)
{
	for (size_t i = 0; i < s->n_lines; i++) {
		size_t end = spans_end(s, i);

		if (s->lines[i].begin < end) {
			size_t begin = s->spans[s->lines[i].begin].begin;

			strbuf_add(to, s->text.s + begin, text_end(s, end - 1) - begin);
		}
		strbuf_putc(to, '\n');
	}
}

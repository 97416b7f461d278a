/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_SHEET_H
#define LISTENQ_TOP_SHEET_H

#include "base/text.h"
#include "top/paint.h"

/*
 * Lines of text in several inks, built without a terminal, then drawn from one of them on: a page
 * that scrolls, or a part of the screen. All text is safe for a terminal, see text_add_safe().
 */
struct sheet {
	size_t width; /* of a line, which sheet_wrap() keeps to */
	size_t first; /* lines before this one, and from @end on, are only counted */
	size_t end;
	size_t n; /* lines so far, without one that has not ended */
	size_t x; /* columns of the line that has not ended */
	struct strbuf text;
	struct sheet_span {
		size_t begin; /* of its text */
		enum ink ink;
	} * spans;
	size_t n_spans, spans_size;
	struct sheet_line {
		size_t begin; /* of its spans */
	} * lines; /* that are not only counted */
	size_t n_lines, lines_size;
};

/* Begins anew; a zeroed struct is ready. Keeps the memory of the last time. */
void sheet_begin(struct sheet *s, size_t width, size_t first, size_t lines);
void sheet_free(struct sheet *s);

/* Is the line that has not ended one to draw? If not, its text need not be made. */
bool sheet_is_seen(const struct sheet *s);

/* Add to the line: @len bytes, a string, blanks up to column @x, plain or in an ink. */
void sheet_put(struct sheet *s, enum ink ink, const char *text, size_t len);
void sheet_puts(struct sheet *s, enum ink ink, const char *text);
void sheet_tab(struct sheet *s, size_t x);
void sheet_pad(struct sheet *s, enum ink ink, size_t x);

/* Adds text that goes on on more lines, indented, where it is too long for this one. */
void sheet_wrap(struct sheet *s, enum ink ink, size_t indent, const char *text);

/* Ends the line. */
void sheet_end(struct sheet *s);

#define SHEET_RULE 6 /* columns beside a title that is not cut */

/* Adds a line with a rule and a title in it, "── Limits ─────". @title: empty for the rule alone */
void sheet_rule(struct sheet *s, const char *title, bool utf8);

/* Adds line @line of another sheet to the line; nothing if it has no such line. */
void sheet_add_line(struct sheet *s, const struct sheet *from, size_t line);

/* Draws the lines on an area, from its first line on. */
void sheet_draw(const struct sheet *s, const struct screen *screen, const struct area *a);

/* Adds the text of the lines that are not only counted, each with a newline. */
void sheet_text(const struct sheet *s, struct strbuf *to);

#endif

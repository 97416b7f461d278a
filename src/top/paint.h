/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_PAINT_H
#define LISTENQ_TOP_PAINT_H

#include "analyse/verdict.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Text on the screen, in one of a few inks and cut to where it has to end. Nothing is said by
 * colour alone, the background is the terminal's own, and no ink is blue or yellow, which one
 * background or the other makes unreadable.
 */
enum ink {
	INK_PLAIN,
	INK_CRITICAL,
	INK_WARNING,
	INK_NOTICE,
	INK_STRONG, /* what tells where one is */
	INK_BAR, /* headings: reversed */
	INK_SELECTED, /* the row that keys act upon: reversed */
	INK_N
};

/* What can be drawn on. */
struct screen {
	void *handle; /* of curses */
	int rows;
	int cols;
	bool color;
	bool utf8;
};

/* A stretch of one line; what is put there moves @x. */
struct paint {
	const struct screen *screen;
	int y;
	int x;
	int end; /* the first column that is not its own */
};

/* Makes the colours ready, when curses has begun. */
void paint_begin(struct screen *screen);

/* The whole of a line. */
struct paint paint_line(const struct screen *screen, int y);

/*
 * paint_text() - put text that is safe for a terminal, @len bytes of valid UTF-8. What does not fit
 * is cut, and a mark shows where.
 */
void paint_text(struct paint *p, enum ink ink, const char *text, size_t len);
void paint_string(struct paint *p, enum ink ink, const char *text);

/* Blanks, at most to the end. */
void paint_blanks(struct paint *p, enum ink ink, int n);

/* Blanks to the end. */
void paint_rest(struct paint *p, enum ink ink);

/* How many bytes of @text fit on a line of @width columns: up to a blank, if there is one. */
size_t paint_break(const char *text, size_t width);

/*
 * paint_wrapped() - put a text on as many lines as it needs, from @y on, above @bottom. The last of
 * them is cut if there are too few. Returns the line behind it.
 */
int paint_wrapped(const struct screen *screen, int y, int bottom, enum ink ink, const char *text);

/* The ink of a severity. */
enum ink paint_ink(enum severity severity);

#endif

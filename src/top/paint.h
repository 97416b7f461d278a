/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_PAINT_H
#define LISTENQ_TOP_PAINT_H

#include "analyse/verdict.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Text on the screen in one of a few inks, cut where its part of the line ends. Colour alone never
 * carries a meaning. The background is the terminal's own, and may be dark or light: no ink is dark
 * blue, or plain red on black. Inks with a background of their own (HEADER, ON_*) are the same on
 * both.
 */
enum ink {
	INK_PLAIN,
	INK_DIM, /* rows that are ok, captions, idle sparklines */
	INK_STRONG, /* names, titles */
	INK_CRITICAL, /* bright red */
	INK_WARNING, /* bright yellow; bold where yellow may be unreadable, see paint_badge() */
	INK_NOTICE, /* cyan; also what was */
	INK_GONE, /* magenta */
	INK_GOOD, /* green, in graphs */
	INK_YELLOW, /* of bars and graphs: always yellow, which text on white cannot be */
	INK_TITLE, /* of a block, and its rule: bold cyan */
	INK_COMMAND, /* to type: cyan */
	INK_HEADER, /* of the list: black on cyan, never the cursor's */
	/* The title bar, and the row under the cursor, by severity: white on red, black on yellow
	   ... */
	INK_ON_CRITICAL,
	INK_ON_WARNING,
	INK_ON_NOTICE,
	INK_ON_GONE,
	INK_ON_NONE, /* reversed */
	INK_BADGE, /* the mark and state of a warning: as ON_WARNING, if there are colours */
	INK_N
};

struct screen {
	void *handle; /* of curses */
	int rows;
	int cols;
	bool color;
	bool utf8;
	int palette; /* used by paint.c */
	bool dim; /* A_DIM can be read */
};

/* A part of the screen: @lines lines from @y on, from column @x to before @end. No lines: none. */
struct area {
	int y;
	int lines;
	int x;
	int end;
};

/* A part of one line. Text goes to @x and moves it. */
struct paint {
	const struct screen *screen;
	int y;
	int x;
	int end; /* the first column after it */
};

/* Defines the colours. newterm() comes before. */
void paint_begin(struct screen *screen);

/* A whole line, and line @line of an area. */
struct paint paint_line(const struct screen *screen, int y);
struct paint paint_area(const struct screen *screen, const struct area *a, int line);

/*
 * paint_text() - put @len bytes of UTF-8 that is safe for a terminal, see text_add_safe(). Text
 * that does not fit is cut, with a mark at its end.
 */
void paint_text(struct paint *p, enum ink ink, const char *text, size_t len);
void paint_string(struct paint *p, enum ink ink, const char *text);

/* @n blanks, at most to the end. */
void paint_blanks(struct paint *p, enum ink ink, int n);

/* Blanks to the end. */
void paint_rest(struct paint *p, enum ink ink);

/* How many bytes of @text fit on a line of @width columns: up to a blank, if there is one. */
size_t paint_break(const char *text, size_t width);

/*
 * The inks of a severity: of a text, of a bar or graph, and of the title bar or the row under the
 * cursor. paint_badge() - that of the mark and the state in other rows: yellow text cannot be read
 * on every background.
 */
enum ink paint_ink(enum severity severity);
enum ink paint_ink_bar(enum severity severity);
enum ink paint_ink_on(enum severity severity);
enum ink paint_badge(enum severity severity);

#endif

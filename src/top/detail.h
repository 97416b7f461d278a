/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_DETAIL_H
#define LISTENQ_TOP_DETAIL_H

#include "top/paint.h"
#include "top/phrase.h"

/*
 * The page of one listener or folded group, one text of lines that scrolls: what is wrong and what
 * to do, its queue over time, who waits, who is half-open, the processes, and all values.
 */
#define DETAIL_BLOCKS 10

struct detail {
	size_t offset; /* first line on the screen; beyond the end: the last lines */
	size_t page; /* lines that the screen has room for */
	size_t last; /* the first line on the screen when its end is there too */
	size_t blocks[DETAIL_BLOCKS]; /* the lines that their titles are on */
	size_t n_blocks;
};

/* Scrolls by @by lines; to the title of the next block, and after the last one to the top. */
void detail_move(struct detail *d, long by);
void detail_next(struct detail *d);

/* Draws the page on lines @top to @bottom - 1. @row: NULL when the listener is gone */
void detail_draw(struct detail *d, const struct screen *screen, int top, int bottom,
		 const struct row *row, const struct phrase_context *c);

#endif

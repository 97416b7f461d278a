/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_DETAIL_H
#define LISTENQ_TOP_DETAIL_H

#include "top/paint.h"
#include "top/phrase.h"

/*
 * The page of one listener or folded group: its state and values, its past fills, the connections
 * in its accept queue, oldest first, and those in its SYN queue.
 */
enum detail_section { DETAIL_WAITING, DETAIL_HALF_OPEN, DETAIL_SECTIONS };

struct detail {
	enum detail_section section; /* which the keys scroll */
	size_t offset[DETAIL_SECTIONS]; /* first connection shown; detail_draw() limits it */
	size_t page; /* how many connections of @section the screen has room for */
};

/* Draws the page on lines @top to @bottom - 1. @row: NULL when the listener is gone */
void detail_draw(struct detail *d, const struct screen *screen, int top, int bottom,
		 const struct row *row, const struct phrase_context *c);

#endif

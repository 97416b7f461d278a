/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_MENU_H
#define LISTENQ_TOP_MENU_H

#include "output/columns.h"
#include "top/paint.h"

/* The page that lists every column with its help and marks those that are shown. */
struct menu {
	size_t cursor; /* among the fields that have a name */
	size_t offset; /* first line on the screen */
};

/* Moves the cursor by @by columns, at most to the first or the last. */
void menu_move(struct menu *m, long by);

/* Shows or hides the column under the cursor, see columns_toggle(). */
void menu_toggle(const struct menu *m, struct columns *columns);

/* Draws it on lines @top to @bottom - 1, scrolled to the cursor. */
void menu_draw(struct menu *m, const struct screen *screen, int top, int bottom,
	       const struct columns *columns);

#endif

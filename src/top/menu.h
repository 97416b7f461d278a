/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_MENU_H
#define LISTENQ_TOP_MENU_H

#include "output/columns.h"
#include "top/keys.h"
#include "top/paint.h"

/* The page on which columns are chosen: every column with its help, those that are shown marked. */
struct menu {
	size_t cursor; /* among the named fields */
	size_t offset;
};

/* What a key does to the cursor. Returns false for keys that are none of its own. */
bool menu_key(struct menu *m, enum key_action action, size_t page);

/* Shows the column under the cursor, last but for lists; or hides it. One always stays. */
void menu_toggle(const struct menu *m, struct columns *columns);

/* Draws it on lines @top to @bottom - 1, scrolled so that the cursor is there. */
void menu_draw(struct menu *m, const struct screen *screen, int top, int bottom,
	       const struct columns *columns);

#endif

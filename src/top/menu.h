/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_MENU_H
#define LISTENQ_TOP_MENU_H

#include "top/paint.h"

/* A block over the list, with a title and a line for each choice. */
struct menu_item {
	char mark; /* in a box before it; 0: it has no box */
	const char *name; /* borrowed, as is @help */
	const char *help;
};

struct menu {
	const char *title; /* borrowed */
	struct menu_item *items;
	size_t n, size;
	size_t cursor;
	size_t offset; /* first choice on the screen */
	struct area area; /* of the choices, where they were drawn */
};

/* Empties the menu; the cursor stays where it is. */
void menu_begin(struct menu *m, const char *title);
void menu_add(struct menu *m, char mark, const char *name, const char *help);
void menu_free(struct menu *m);

/* Moves the cursor by @by choices, at most to the first or the last. */
void menu_move(struct menu *m, long by);

/* Draws it in the room of @a, scrolled to the cursor. */
void menu_draw(struct menu *m, const struct screen *screen, struct area a);

/* The choice that was drawn there; SIZE_MAX: none. */
size_t menu_at(const struct menu *m, int y, int x);

#endif

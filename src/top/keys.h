/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_KEYS_H
#define LISTENQ_TOP_KEYS_H

#include "top/session.h"

/*
 * The key table: a key is added here, as a row and its function. The key bar and the help page come
 * from it; the man page is tested against it.
 */
#define KEY_CODES_MAX 4

struct key {
	int codes[KEY_CODES_MAX]; /* of curses; 0: none */
	const char *name; /* as in the man page, alternatives separated by blanks */
	const char *bar; /* name and word in the key bar; NULL: not there */
	bool wide; /* in the key bar only if all have room */
	const char *help;
	const char *section; /* of the help page, if it starts with this row */
	unsigned int pages; /* where it does something: 1 << enum session_page, and see keys.c */
	void (*run)(struct session *s);
};

extern const struct key key_table[];
extern const size_t key_table_n;

/* The keys of each page but the list, in a few words. */
extern const char *const key_hints[];

/* Does what a key does, in the prompt or on the page. @code: of curses */
void key_press(struct session *s, int code);

/* Draws the key bar of the list on line @y. */
void key_draw_bar(const struct session *s, int y);

#endif

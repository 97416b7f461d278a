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
	bool wide; /* in the key bar only where the whole bar fits */
	const char *help;
	const char *section; /* of the help page, which this row begins; NULL: none */
	unsigned int pages; /* on which it works: 1 << enum session_page, and EARLY of keys.c */
	void (*run)(struct session *s);
};

extern const struct key key_table[];
extern const size_t key_table_n;

/* The main keys of a page, by enum session_page; the list has the key bar instead. */
extern const char *const key_hints[];

/* Gives a key to the open prompt, or else calls its function. @code: of curses */
void key_press(struct session *s, int code);

/* Draws the key bar of the list. */
void key_draw_bar(const struct session *s, struct area a);

#endif

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
	/* In the key bar: the place among the labels, from 1 on; 0: not there. */
	struct key_label {
		int place;
		const char *name;
		const char *word;
	} bar;
	const char *help; /* NULL: the row above speaks of this key too */
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

/* Does what a click on the selected row, or on a choice of the menu, does: as Enter. */
void key_choose(struct session *s);

/* Moves the cursor of the page by @by lines. */
void key_move(struct session *s, long by);

#endif

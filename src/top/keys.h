/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_KEYS_H
#define LISTENQ_TOP_KEYS_H

#include "base/text.h"

/*
 * The key table: the one place where a key is added. Dispatch, the key bar and the help screen come
 * from it; the man page is tested against it.
 */
enum key_action {
	KEY_ACT_NONE,
	KEY_ACT_QUIT,
	KEY_ACT_HELP,
	KEY_ACT_UP,
	KEY_ACT_DOWN,
	KEY_ACT_UNFOLD,
	KEY_ACT_FOLD,
	KEY_ACT_PAGE_UP,
	KEY_ACT_PAGE_DOWN,
	KEY_ACT_FIRST,
	KEY_ACT_LAST,
	KEY_ACT_SORT_PREVIOUS,
	KEY_ACT_SORT_NEXT,
	KEY_ACT_INVERT,
	KEY_ACT_FREEZE,
	KEY_ACT_FOLLOW,
	KEY_ACT_FIND,
	KEY_ACT_FIND_NEXT,
	KEY_ACT_FIND_PREVIOUS,
	KEY_ACT_FILTER,
	KEY_ACT_FULL,
	KEY_ACT_GROUP,
	KEY_ACT_OPEN,
	KEY_ACT_DETAIL,
	KEY_ACT_BACK,
	KEY_ACT_SECTION,
	KEY_ACT_COLUMNS,
	KEY_ACT_PAUSE,
	KEY_ACT_STEP_BACK,
	KEY_ACT_STEP_FORWARD,
	KEY_ACT_REFRESH,
	KEY_ACT_DELAY,
	KEY_ACT_SLOWER,
	KEY_ACT_FASTER,
	KEY_ACT_RESET,
	KEY_ACT_WRITE,
	KEY_ACT_REDRAW,
};

#define KEY_CODES_MAX 4

struct key {
	enum key_action action;
	int codes[KEY_CODES_MAX]; /* as curses tells them, 0: none */
	const char *name; /* as help and manual write it, alternatives apart by blanks */
	const char *bar; /* name and word in the key bar; NULL: not there */
	bool wide; /* there only when all find room */
	const char *help;
	const char *section; /* of the help, starts with this row */
};

extern const struct key key_table[];
extern const size_t key_table_n;

/* What a user calls the key of an action: the first of its names. Adds it to @b. */
void key_add_name(struct strbuf *b, enum key_action action);

/* What a key does; KEY_ACT_NONE for one that does nothing. */
enum key_action key_action(int code);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/keys.h"

#include "base/alloc.h"

#include <curses.h>

#define CTRL(letter) ((letter)&0x1f)
#define ESCAPE	     27

/* clang-format off */
const struct key key_table[] = {
	{ KEY_ACT_QUIT, { 'q', KEY_F(10) }, "q F10", "q Quit", false,
	  "quit; on another page: back to the list", "General" },
	{ KEY_ACT_HELP, { '?', 'h', KEY_F(1) }, "? h F1", "? Help", false,
	  "this help", NULL },
	{ KEY_ACT_OPEN, { '\r', '\n', KEY_ENTER }, "Enter", "Enter Detail", false,
	  "what is in the queues of the selected listener; a group: unfold it, or fold it again", NULL },
	{ KEY_ACT_DETAIL, { 'i' }, "i", NULL, false,
	  "what is in the queues of the selected listener or group", NULL },
	{ KEY_ACT_BACK, { ESCAPE }, "Esc", NULL, false,
	  "back to the list; in the list: end the filter", NULL },
	{ KEY_ACT_SECTION, { '\t' }, "Tab", NULL, false,
	  "in the detail: the other queue", NULL },
	{ KEY_ACT_WRITE, { 'w' }, "w", NULL, false,
	  "write the report on the screen as JSON", NULL },
	{ KEY_ACT_REDRAW, { CTRL('L') }, "Ctrl-L", NULL, false,
	  "draw the screen anew", NULL },

	{ KEY_ACT_UP, { KEY_UP, 'k' }, "Up k", NULL, false,
	  "the listener above", "Move" },
	{ KEY_ACT_DOWN, { KEY_DOWN, 'j' }, "Down j", NULL, false,
	  "the listener below", NULL },
	{ KEY_ACT_UNFOLD, { KEY_RIGHT }, "Right", NULL, false,
	  "unfold the group", NULL },
	{ KEY_ACT_FOLD, { KEY_LEFT }, "Left", NULL, false,
	  "fold the group, also from one of its sockets", NULL },
	{ KEY_ACT_PAGE_UP, { KEY_PPAGE }, "PgUp", NULL, false,
	  "a screen up", NULL },
	{ KEY_ACT_PAGE_DOWN, { KEY_NPAGE }, "PgDn", NULL, false,
	  "a screen down", NULL },
	{ KEY_ACT_FIRST, { KEY_HOME, 'g' }, "Home g", NULL, false,
	  "the first", NULL },
	{ KEY_ACT_LAST, { KEY_END, 'G' }, "End G", NULL, false,
	  "the last", NULL },
	{ KEY_ACT_FOLLOW, { 'F' }, "F", "F Follow", false,
	  "follow the worst listener; moving the cursor or Enter ends it", NULL },

	{ KEY_ACT_FIND, { '/', KEY_F(3) }, "/ F3", "/ Find", false,
	  "find a text", "Choose" },
	{ KEY_ACT_FIND_NEXT, { 'n' }, "n", NULL, false,
	  "find the next", NULL },
	{ KEY_ACT_FIND_PREVIOUS, { 'N' }, "N", NULL, false,
	  "find the one before", NULL },
	{ KEY_ACT_FILTER, { '\\', KEY_F(4) }, "\\ F4", "\\ Filter", false,
	  "show only listeners that match", NULL },
	{ KEY_ACT_FULL, { 'f' }, "f", "f Full", true,
	  "show only those with a fill or peak of 80%, or of -f", NULL },
	{ KEY_ACT_GROUP, { 'u' }, "u", NULL, false,
	  "a row for each SO_REUSEPORT group, or for each listener", NULL },
	{ KEY_ACT_SORT_PREVIOUS, { '<' }, "<", "<> Sort", false,
	  "sort by the column on the left", NULL },
	{ KEY_ACT_SORT_NEXT, { '>', KEY_F(6) }, "> F6", NULL, false,
	  "sort by the column on the right; beyond the last: worst first", NULL },
	{ KEY_ACT_INVERT, { 'I' }, "I", NULL, false,
	  "the other way round", NULL },
	{ KEY_ACT_FREEZE, { 'o' }, "o", "o Freeze", true,
	  "freeze the order, or let it go on", NULL },
	{ KEY_ACT_COLUMNS, { 'c' }, "c", "c Columns", true,
	  "choose the columns", NULL },

	{ KEY_ACT_PAUSE, { 'p', 'Z' }, "p Z", "p Pause", false,
	  "hold the screen, or go on; sampling does not stop", "Time" },
	{ KEY_ACT_STEP_BACK, { 't' }, "t", "t Back", true,
	  "one window back, up to ten minutes", NULL },
	{ KEY_ACT_STEP_FORWARD, { 'T' }, "T", NULL, false,
	  "one window forward", NULL },
	{ KEY_ACT_REFRESH, { ' ' }, "Space", NULL, false,
	  "end the window now; among the columns: show or hide one", NULL },
	{ KEY_ACT_DELAY, { 'd' }, "d", "d Delay", false,
	  "set the length of the window, in seconds", NULL },
	{ KEY_ACT_SLOWER, { '+' }, "+", NULL, false,
	  "a longer window", NULL },
	{ KEY_ACT_FASTER, { '-' }, "-", NULL, false,
	  "a shorter window", NULL },
	{ KEY_ACT_RESET, { 'r' }, "r", NULL, false,
	  "begin the sums of the counters anew", NULL },
};
/* clang-format on */

const size_t key_table_n = ARRAY_SIZE(key_table);

void key_add_name(struct strbuf *b, enum key_action action)
{
	for (size_t i = 0; i < key_table_n; i++)
		if (key_table[i].action == action) {
			strbuf_add(b, key_table[i].name, strcspn(key_table[i].name, " "));
			return;
		}
}

enum key_action key_action(int code)
{
	for (size_t i = 0; i < key_table_n; i++)
		for (size_t j = 0; j < KEY_CODES_MAX && key_table[i].codes[j]; j++)
			if (key_table[i].codes[j] == code)
				return key_table[i].action;
	return KEY_ACT_NONE;
}

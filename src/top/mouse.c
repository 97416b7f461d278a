/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/mouse.h"

#include "base/clock.h"
#include "top/bar.h"

#include <curses.h>

#define WHEEL 3 /* lines */

static bool has_line(const struct area *a, int y)
{
	return y >= a->y && y < a->y + a->lines;
}

static void click_list(struct session *s, int y, int x)
{
	const struct session_parts parts = session_parts(s);
	const size_t index = s->view.offset + (size_t)(y - parts.list.y);

	if (has_line(&parts.header, y)) {
		view_sort_on(&s->view, listing_field_at(&s->layout, (size_t)x),
			     clock_monotonic_ns());
	} else if (has_line(&parts.bar, y)) {
		const struct key *key = bar_key_at(parts.bar, x);

		if (key)
			key_press(s, key->codes[0]);
	} else if (has_line(&parts.list, y) && index < s->view.report.n_shown) {
		bool again = index == s->view.cursor && !s->view.follow;

		view_select(&s->view, index, clock_monotonic_ns());
		if (again)
			key_choose(s);
	}
}

static void click(struct session *s, int y, int x)
{
	size_t choice;

	switch (s->page) {
	case PAGE_LIST:
		click_list(s, y, x);
		break;
	case PAGE_SETUP:
	case PAGE_SORT:
		choice = menu_at(&s->menu, y, x);
		if (choice == SIZE_MAX) { /* beside it */
			key_press(s, 'q');
		} else {
			s->menu.cursor = choice;
			key_choose(s);
		}
		break;
	default:
		break;
	}
}

/* curses may report several events, such as a press and its release, as one key. */
void mouse_take(struct session *s)
{
	MEVENT event;

	while (getmouse(&event) == OK) {
		if (s->prompt.question)
			continue;
		if (event.bstate & BUTTON4_PRESSED)
			key_move(s, -WHEEL);
		else if (event.bstate & BUTTON5_PRESSED)
			key_move(s, WHEEL);
		else if (event.bstate & BUTTON1_PRESSED)
			click(s, event.y, event.x);
	}
}

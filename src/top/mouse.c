/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/mouse.h"

#include "base/clock.h"
#include "top/banner.h"
#include "top/bar.h"
#include "top/curses.h"
#include "top/travel.h"

#define WHEEL	   3 /* lines */
#define EVENTS_MAX 8 /* that curses keeps */

static bool has_line(const struct area *a, int y)
{
	return y >= a->y && y < a->y + a->lines;
}

static void click_strip(struct session *s, struct area strip, int x)
{
	const uint64_t age = banner_strip_age(s, strip, x);

	if (age != UINT64_MAX && s->view.report.snapshot)
		travel_to_age(s, age);
}

static void click_events(struct session *s, int y)
{
	const size_t at = s->events.offset + (size_t)y - 1;

	if (y < 1 || (size_t)y > s->events.page ||
	    at >= history_events(s->playback.history, s->playback.back))
		return;
	if (at == s->events.cursor)
		key_choose(s);
	else
		s->events.cursor = at;
}

static void click_list(struct session *s, int y, int x)
{
	const struct session_parts parts = session_parts(s);
	const size_t index = s->view.offset + (size_t)(y - parts.list.y);

	if (has_line(&parts.header, y)) {
		view_sort_on(&s->view, listing_field_at(&s->layout, (size_t)x),
			     clock_monotonic_ns());
	} else if (has_line(&parts.strip, y)) {
		click_strip(s, parts.strip, x);
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
	case PAGE_EVENTS:
		click_events(s, y);
		break;
	default:
		break;
	}
}

/*
 * A label acts when the button is let go: who quits by a click would leave that event to the shell.
 */
static void let_go(struct session *s, int y, int x)
{
	const struct session_parts parts = session_parts(s);
	const struct key *key = NULL;

	if (s->page == PAGE_LIST && has_line(&parts.bar, y))
		key = bar_key_at(parts.bar, x);
	if (key)
		key_press(s, key->codes[0]);
}

static void take(struct session *s, const MEVENT *event)
{
	const bool on_bar = s->page == PAGE_LIST && event->y == session_parts(s).bar.y;

	if (event->bstate & BUTTON4_PRESSED)
		key_move(s, -WHEEL);
	else if (event->bstate & BUTTON5_PRESSED)
		key_move(s, WHEEL);
	else if (event->bstate & BUTTON1_RELEASED && s->pressed_bar)
		let_go(s, event->y, event->x);
	else if (event->bstate & BUTTON1_PRESSED && !on_bar)
		click(s, event->y, event->x);
	s->pressed_bar = event->bstate & BUTTON1_PRESSED && on_bar;
}

/*
 * curses may report several events, such as a press and its release, as one key, and getmouse()
 * takes the newest first.
 */
void mouse_take(struct session *s)
{
	MEVENT events[EVENTS_MAX];
	size_t n = 0;

	while (n < EVENTS_MAX && getmouse(&events[n]) == OK)
		n++;
	while (n-- && !s->prompt.question)
		take(s, &events[n]);
}

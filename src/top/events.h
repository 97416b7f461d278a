/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_EVENTS_H
#define LISTENQ_TOP_EVENTS_H

#include "analyse/history.h"
#include "top/sheet.h"

/* The page of all that happened, newest first. Enter on an event goes to that moment. */
struct events {
	size_t cursor; /* events from the newest one */
	size_t offset; /* first event on the screen */
	size_t page; /* events on the screen */
};

/*
 * events_add() - add an event to the line: its time, the process, what happened. BRIEF: in few
 * words; SHORT: with the process in a column; WHOLE: and with the address and the namespace. What
 * does not fit there is in few words too.
 */
enum events_form { EVENTS_BRIEF, EVENTS_SHORT, EVENTS_WHOLE };
void events_add(struct sheet *to, const struct event *e, enum events_form form, bool utf8);

/* Moves the cursor by @by events, at most to the newest or to the oldest. */
void events_move(struct events *e, long by);

/* Draws it on lines @top to @bottom - 1, scrolled to the cursor. */
void events_draw(struct events *e, const struct screen *screen, int top, int bottom,
		 const struct history *history, size_t back);

#endif

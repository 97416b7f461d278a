/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_TITLE_H
#define LISTENQ_TOP_TITLE_H

#include "base/text.h"
#include "top/census.h"

/* What the title bar says, before its width decides how much of it. */
struct title {
	const struct report *report;
	const struct census *census;
	double delay; /* seconds that a window takes */
	double cpu_share; /* of one CPU that the program uses */
	bool paused;
	uint64_t age_ns; /* of what is on the screen, while it is paused */
	unsigned int speed; /* of a recording: how many times its own; 0: what is live */
	bool ended; /* of a recording: its last window is on the screen */
	bool not_recorded; /* --record fails */
	bool damaged; /* of a recording: a line, and what follows it may not be shown */
	bool utf8;
};

/*
 * title_compose() - the title in exactly @width columns. What matters least is left out first; the
 * counts of those that are not well are the last to be shortened, and never left out.
 * @mode: set to the bytes at the end that say LIVE, PAUSED or REPLAY, and the blanks around them
 * Returns the severity of the bar.
 */
enum severity title_compose(struct strbuf *b, const struct title *t, size_t width, size_t *mode);

#endif

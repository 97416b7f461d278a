/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_STATUS_H
#define LISTENQ_TOP_STATUS_H

#include "top/census.h"
#include "top/view.h"

/* The line below the list: what it shows, in which order, and how much more there is. */
struct status {
	const struct view *view;
	const struct censuses *censuses;
	const struct history *history;
	size_t back;
	const char *filter; /* the one in force; "": none */
	uint64_t clock_ns; /* monotonic */
	bool utf8;
	bool replay; /* no key looks for UNIX listeners */
};

/*
 * status_compose() - the text of the line.
 * @alarm: that something sick is hidden, at its beginning; else nothing
 * @rest: what follows
 * @position: "1-9 of 20", at its right end; "1-9 of 20 rows" where some are groups
 * @width: columns for all; long filters are cut
 * Returns the severity of what is hidden.
 */
enum severity status_compose(const struct status *s, size_t width, struct strbuf *alarm,
			     struct strbuf *rest, struct strbuf *position);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_EXPLAIN_H
#define LISTENQ_TOP_EXPLAIN_H

#include "top/phrase.h"
#include "top/sheet.h"

/*
 * What is wrong with a listener and what to do about it, in lines: the state and its cause, numbers
 * (since when, overflows so far, clients that have gone), "Do:" with commands to type, and limits
 * last. It speaks of what the history holds, so that it does not change from window to window.
 */
enum explain_flags {
	EXPLAIN_WHOLE = 1 << 0, /* the first sentence on as many lines as it needs */
	EXPLAIN_GAPS = 1 << 1, /* blank lines between the parts */
	EXPLAIN_TIGHT = 1 << 2, /* no numbers and no limits */
};

void explain_add(struct sheet *to, const struct row *row, const struct phrase_context *c,
		 unsigned int flags);

/*
 * explain_add_name() - add who it is: "127.0.0.1:8000  gunicorn[2410]  gunicorn.service".
 * @width: columns that there are; a longer address, or else the whole, is cut in its middle
 */
void explain_add_name(struct strbuf *b, const struct row *row, const struct phrase_context *c,
		      size_t width);

#endif

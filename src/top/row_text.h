/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_ROW_TEXT_H
#define LISTENQ_TOP_ROW_TEXT_H

#include "analyse/history.h"
#include "output/fields.h"
#include "top/view.h"

/* What the columns of the list say of a row. All text is safe for a terminal. */
struct row_text {
	const struct row *row;
	struct memory memory;
	enum view_branch branch;
	const struct report *report;
	const struct history *history;
	size_t back; /* windows from the newest one to the report */
	struct field_context *fields;
	bool utf8;
};

/* "!!", "!", "~", "." of its state, "v" of what was, "x" of what is gone. */
void row_text_mark(struct strbuf *b, const struct row_text *t);

/*
 * row_text_state() - its state, or "was !!".
 * @members: say how many members of a group are in it: "1/8 stalled"
 * @ago: say how long ago it was
 */
void row_text_state(struct strbuf *b, const struct row_text *t, size_t width, bool members,
		    bool ago);

/* Its address, with the mark of a group or member before it; cut to @width. */
void row_text_local(struct strbuf *b, const struct row_text *t, size_t width);

/* Its process, with the pid where there is room. */
void row_text_process(struct strbuf *b, const struct row_text *t, size_t width);

/* Overflows a second; "≤" the most they can be where it is not certain. */
void row_text_rate(struct strbuf *b, const struct row_text *t);

/* How long it has been sick: "1m14s", ">20s"; or how long ago that ended: "-12s". */
void row_text_since(struct strbuf *b, const struct row_text *t);

/*
 * Its reasons: as many whole words as fit, and how many more there are. Of what was: how long, and
 * how many overflows.
 */
void row_text_why(struct strbuf *b, const struct row_text *t, size_t width);

/* What a listener that is gone was, in place of its queues. @ago: and how long ago it went */
void row_text_gone(struct strbuf *b, const struct row_text *t, size_t width, bool ago);

/* "65/65" in @width columns, in thousands or millions where it has to be. */
void row_text_of(struct strbuf *b, uint64_t n, uint64_t of, size_t width);

/* Cut a text to @width columns, with a mark: its end, or its beginning. */
void row_text_cut_end(struct strbuf *b, size_t width, bool utf8);
void row_text_cut_begin(struct strbuf *b, size_t width, bool utf8);

#endif

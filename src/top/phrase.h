/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_PHRASE_H
#define LISTENQ_TOP_PHRASE_H

#include "analyse/history.h"
#include "base/text.h"
#include "output/fields.h"

/* The sentences on the screen. All text is safe for a terminal. */
struct phrase_context {
	const struct report *report;
	const struct history *history;
	size_t back; /* windows from the newest one to the report */
	struct field_context *fields;
	bool utf8;
	bool replay; /* of a recording: nothing in it is now */
};

/* The same as text_add_time() and text_add_rate(). */
void phrase_time(struct strbuf *b, uint64_t ns);
void phrase_rate(struct strbuf *b, double rate);

/* phrase_age() - an age between two texts; nothing if it is below 50 ms. */
void phrase_age(struct strbuf *b, const char *before, uint64_t ns, const char *after);

/* A number in few characters: "4100", "250k". */
void phrase_count(struct strbuf *b, uint64_t n);

/* A time of day, as the title bar has it: "14:34:13". */
void phrase_clock(struct strbuf *b, struct timespec wall);

/* The name of a process, as field_add_name() writes it, safe for a terminal. */
void phrase_name(struct strbuf *b, const char *name, unsigned int text_flags);

/*
 * Who holds the row, "gunicorn[2410]", "nginx[812] and 3 more", of a folded group "uwsgi, 8
 * processes"; nothing if that is unknown.
 */
void phrase_process(struct strbuf *b, const struct row *row, const struct phrase_context *c);

/*
 * phrase_address() - the address or path of the listener of an event.
 * phrase_who() - who it happened to: the process, or else the address, or else the namespace.
 */
void phrase_address(struct strbuf *b, const struct event *e, bool utf8);
void phrase_who(struct strbuf *b, const struct event *e, bool utf8);

/*
 * phrase_cut() - cut the text from @start on after the last clause that leaves it no wider than
 * @width; not if there is none.
 */
void phrase_cut(struct strbuf *b, size_t start, size_t width);

/* What happened to a listener: "stopped accepting, overflowing"; @brief: "stopped accepting". */
void phrase_event(struct strbuf *b, const struct event *e, bool brief);

#endif

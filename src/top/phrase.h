/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_PHRASE_H
#define LISTENQ_TOP_PHRASE_H

#include "analyse/history.h"
#include "base/text.h"
#include "output/fields.h"

/* What the screen says in words; text that is safe for a terminal. */
struct phrase_context {
	const struct report *report;
	const struct history *history;
	size_t back; /* windows from the newest one to the report */
	struct field_context *fields;
	bool utf8;
	size_t cols; /* of the screen, 0: no limit; long paths are cut for it */
};

/* A time in few characters: "0.2s", "42s", "1m", "1m12s", "25m", "3h5m", "50h". */
void phrase_time(struct strbuf *b, uint64_t ns);

/* The same of what may have begun earlier: ">42s". */
void phrase_lasted(struct strbuf *b, struct history_time time);

/*
 * phrase_age() - how long ago something was, between two texts; nothing at all of what is as good
 * as of now.
 */
void phrase_age(struct strbuf *b, const char *before, uint64_t ns, const char *behind);

/* A rate a second, in few characters: "0", "0.3", "318", "250k". */
void phrase_rate(struct strbuf *b, double rate);

/*
 * phrase_verdict() - the sickest of all listeners, with how many are sick, why and since when; or
 * that all are well; and what is not well where the report does not look. Returns the severity.
 */
enum severity phrase_verdict(struct strbuf *b, const struct phrase_context *c);

/* phrase_facts() - what is known of one listener, in one line. */
void phrase_facts(struct strbuf *b, const struct row *row, const struct phrase_context *c);

/* phrase_numbers() - every value of its fields that is known, by the names of the columns; and
 * the only place with a path that is whole. */
void phrase_numbers(struct strbuf *b, const struct row *row, const struct phrase_context *c);

/* phrase_advice() - what to do: the sentence of the reason to act on, or of its state. */
void phrase_advice(struct strbuf *b, const struct row *row, const struct phrase_context *c);

#endif

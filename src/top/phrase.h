/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_PHRASE_H
#define LISTENQ_TOP_PHRASE_H

#include "analyse/history.h"
#include "base/text.h"
#include "output/fields.h"

/* What the screen says in words: text that is safe for a terminal. */
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

/* The same of a time that may be longer: ">42s". */
void phrase_lasted(struct strbuf *b, struct history_time time);

/* phrase_age() - how long ago something was, between two texts; nothing if that is below 50 ms. */
void phrase_age(struct strbuf *b, const char *before, uint64_t ns, const char *behind);

/* A rate a second, in few characters: "0", "0.3", "318", "250k". */
void phrase_rate(struct strbuf *b, double rate);

/*
 * phrase_verdict() - the worst of all listeners, how many are not well, why and since when; or that
 * all are well; and what may not be well outside of the report. Returns the severity.
 */
enum severity phrase_verdict(struct strbuf *b, const struct phrase_context *c);

/* phrase_facts() - the state of one listener, in one line. */
void phrase_facts(struct strbuf *b, const struct row *row, const struct phrase_context *c);

/* phrase_numbers() - all known values of its fields, by the names of the columns; paths are whole.
 */
void phrase_numbers(struct strbuf *b, const struct row *row, const struct phrase_context *c);

/* phrase_advice() - what to do: the sentence of verdict_adviser(), or of the state. */
void phrase_advice(struct strbuf *b, const struct row *row, const struct phrase_context *c);

#endif

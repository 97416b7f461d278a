/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_VERDICT_H
#define LISTENQ_ANALYSE_VERDICT_H

#include "analyse/row.h"
#include "base/text.h"

/* How loud: a mark and a colour go with it. */
enum severity {
	SEVERITY_CRITICAL,
	SEVERITY_WARNING,
	SEVERITY_NOTICE,
	SEVERITY_NONE,
	SEVERITY_GONE,
};

/*
 * Every output speaks these sentences: the fact says what is so; the advice says what to do, and
 * is spoken once for a listener, see verdict_adviser().
 */
struct state_info {
	const char *name;
	enum severity severity;
	const char *fact;
	const char *advice; /* spoken where the first reason has none; NULL: nothing to do */
	bool (*applies)(const struct row *row);
};

struct reason_info {
	const char *name;
	const char *fact;
	const char *advice; /* NULL: a limit, nothing to act on while the cause is unknown */
	bool (*applies)(const struct row *row);
	/*
	 * Says the same of a listener that it applies to, with names and numbers and safe for a
	 * terminal: the fact, or the advice. NULL, or false and nothing added: the two texts do.
	 */
	bool (*say)(struct strbuf *to, const struct row *row, bool advice, unsigned int text_flags);
};

extern const struct state_info state_table[STATE_N];
extern const struct reason_info reason_table[REASON_N];

/* The mark that stands for a severity where colour may be missing: "!!", "!", "~", ".", "x". */
const char *severity_mark(enum severity severity);

/* Does somebody have to look at it? Not at "ok" and "gone". */
static inline bool state_is_sick(enum state state)
{
	return state < STATE_OK;
}

/*
 * Was none accepted in the window, while it is unknown for how long the oldest waits? A longer
 * window would tell whether the listener is stalled.
 */
bool verdict_wants_longer_window(const struct row *row);

/* Fills row->state, row->last_state and row->reasons from the rest of the row. */
void classify_row(struct row *row);

/*
 * verdict_first_reason() - the first reason of the row, which tells most; REASON_N: it has none.
 *
 * verdict_adviser() - the reason that says what to do: the first one, if it has an advice.
 * REASON_N: none does, and the state says it. So nobody is told to raise a limit while the cause is
 * unknown.
 */
enum reason verdict_first_reason(const struct row *row);
enum reason verdict_adviser(const struct row *row);

/* Adds what the state of the row means, and its advice where no reason is the adviser. */
void verdict_add_state(struct strbuf *to, const struct row *row);

/*
 * verdict_add_why() - adds what one of the reasons of the row means, and its advice if it is the
 * adviser; of a folded row what it means of the fullest member. verdict_add_reason() adds the name
 * of the reason before.
 * @text_flags: enum text_flags, for what is foreign in it
 *
 * verdict_add_why() returns whether that names processes, and so is true of this row alone.
 */
bool verdict_add_why(struct strbuf *to, enum reason reason, const struct row *row,
		     unsigned int text_flags);
void verdict_add_reason(struct strbuf *to, enum reason reason, const struct row *row,
			unsigned int text_flags);

#endif

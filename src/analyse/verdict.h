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
 * All outputs use these sentences. The fact says what is so; the advice says what to do, once for a
 * listener, see verdict_adviser(). A state is the first row of its table that applies; reasons are
 * all that apply, and only a listener that is not well has any.
 */
struct state_info {
	const char *name;
	enum severity severity;
	const char *fact;
	const char *advice; /* given where the first reason has none; NULL: nothing to do */
	bool (*applies)(const struct row *row);
};

struct reason_info {
	const char *name;
	const char *fact;
	const char *advice; /* NULL: a limit, which is no cause to act on */
	bool (*applies)(const struct row *row);
	/*
	 * Adds the fact, or the advice, with the names and numbers of the processes of a listener
	 * (not a folded group) that it applies to. NULL, or false with nothing added: the texts
	 * above do.
	 */
	bool (*say)(struct strbuf *to, const struct row *row, bool advice);
};

extern const struct state_info state_table[STATE_N];
extern const struct reason_info reason_table[REASON_N];

/* The mark that stands for a severity where colour may be missing: "!!", "!", "~", ".", "x". */
const char *severity_mark(enum severity severity);

/* Is it neither "ok" nor "gone"? */
static inline bool state_is_sick(enum state state)
{
	return state < STATE_OK;
}

/* Was none accepted, and would a longer window show whether the listener is stalled? */
bool verdict_wants_longer_window(const struct row *row);

/* Fills row->state, row->last_state and row->reasons from the rest of the row. */
void classify_row(struct row *row);

/*
 * verdict_first_reason() - the first reason of the row; REASON_N: it has none.
 * verdict_adviser() - the first reason, if it has an advice; REASON_N: the state advises. So no
 * advice is to raise a limit while the cause is unknown.
 */
enum reason verdict_first_reason(const struct row *row);
enum reason verdict_adviser(const struct row *row);

/* Adds what the state of the row means, and its advice where no reason is the adviser. */
void verdict_add_state(struct strbuf *to, const struct row *row);

/*
 * verdict_add_why() - adds what a reason of the row means, and its advice if it is the adviser; of
 * a folded group what it means of the fullest member. Returns whether it names processes, so that
 * it is true of this row alone.
 * verdict_add_reason() - the same behind the name of the reason.
 * @text_flags: enum text_flags, for names of processes and paths
 */
bool verdict_add_why(struct strbuf *to, enum reason reason, const struct row *row,
		     unsigned int text_flags);
void verdict_add_reason(struct strbuf *to, enum reason reason, const struct row *row,
			unsigned int text_flags);

#endif

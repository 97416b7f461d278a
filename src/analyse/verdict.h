/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_VERDICT_H
#define LISTENQ_ANALYSE_VERDICT_H

#include "analyse/row.h"
#include "base/text.h"

/* A window shorter than this is too short to call a program stuck. */
#define WINDOW_MIN_NS (NSEC_PER_SEC * 19 / 100) /* 0.2 s, measured a little short */

/* Each severity has a mark and a colour. */
enum severity {
	SEVERITY_CRITICAL,
	SEVERITY_WARNING,
	SEVERITY_NOTICE,
	SEVERITY_NONE,
	SEVERITY_GONE,
};

/*
 * All outputs use these sentences. The fact says what is the case; the advice says what to do, and
 * each listener gets only one, see verdict_adviser(). The state of a listener is the first row of
 * state_table that applies; its reasons, if it is sick, are all rows of reason_table that apply.
 */
struct state_info {
	const char *name;
	enum severity severity;
	const char *fact;
	const char *advice; /* used if the first reason has none; NULL: nothing to do */
	bool (*applies)(const struct row *row);
};

struct reason_info {
	const char *name;
	const char *fact;
	const char *advice; /* NULL: only a limit, not a cause */
	bool (*applies)(const struct row *row);
	/*
	 * Adds the fact, and names the processes of a listener (not of a folded group) to which it
	 * applies. NULL, or it returns false and adds nothing: use the texts above.
	 */
	bool (*say)(struct strbuf *to, const struct row *row);
};

extern const struct state_info state_table[STATE_N];
extern const struct reason_info reason_table[REASON_N];

/* The mark of a severity, which needs no colour: "!!", "!", "~", ".", "x". */
const char *severity_mark(enum severity severity);

/* Is it neither "ok" nor "gone"? */
static inline bool state_is_sick(enum state state)
{
	return state < STATE_OK;
}

/* Was no connection accepted, and would a longer window show whether the listener is stalled? */
bool verdict_wants_longer_window(const struct row *row);

/* Fills row->state, row->last_state and row->reasons from the rest of the row. */
void classify_row(struct row *row);

/*
 * verdict_first_reason() - return the first of these reasons, REASON_N if there is none.
 * verdict_adviser() - return the reason whose advice is given: the first, if it has advice;
 * REASON_N: that of the state is given. So nobody is advised to raise a limit before the cause is
 * known.
 */
enum reason verdict_first_reason(uint32_t reasons);
enum reason verdict_adviser(uint32_t reasons);

/*
 * verdict_cause() - the cause in a few words, "stopped accepting"; NULL: the reason is a limit, or
 * REASON_N.
 * verdict_brief() - the cause, or else what the state means: "queue full".
 */
const char *verdict_cause(enum reason reason);
const char *verdict_brief(enum state state, enum reason reason);

/* The fullest member of a folded group, of those with @reason; NULL: none has it */
const struct row *verdict_member(const struct row *row, enum reason reason);

/* A full SYN queue drops SYNs only where the kernel sends no cookies instead. */
bool verdict_drops_syns(const struct row *row);

/* What it means that the row is in that state, its own or one that a history holds. */
const char *verdict_state_fact(const struct row *row, enum state state);

/* Adds what the state of the row means, and its advice if verdict_adviser() is REASON_N. */
void verdict_add_state(struct strbuf *to, const struct row *row);

/*
 * verdict_add_fact() - add what a reason of the row means. For a folded group it names processes of
 * the fullest member with that reason. Returns whether it names processes, which makes it specific
 * to this row.
 * verdict_add_why() - the same, and the advice of the reason if it is the adviser, unless
 * remedy_find() says all of it.
 * @text_flags: enum text_flags, for names of processes and paths
 */
bool verdict_add_fact(struct strbuf *to, enum reason reason, const struct row *row,
		      unsigned int text_flags);
bool verdict_add_why(struct strbuf *to, enum reason reason, const struct row *row,
		     unsigned int text_flags);

#endif

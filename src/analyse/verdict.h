/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_VERDICT_H
#define LISTENQ_ANALYSE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The state and reason tables: the one place where either is added. A state is the first row that
 * applies; reasons are all that apply, and only a listener that is not well has any.
 */
enum state {
	STATE_OVERFLOWING,
	STATE_FULL,
	STATE_STALLED,
	STATE_DROPPING,
	STATE_SYN_FULL,
	STATE_HIGH,
	STATE_OK,
	STATE_GONE, /* behind all others, so that "state >= high" leaves it out */
	STATE_N
};

/* Causes first, then what clients feel, then limits: the first one is what to act on. */
enum reason {
	REASON_STOPPED,
	REASON_FD_LIMIT,
	REASON_THROTTLED,
	REASON_NOT_ACCEPTING,
	REASON_ACCEPTING_SLOWLY,
	REASON_SYN_FLOOD,
	REASON_SYN_BURST,
	REASON_DEAD_CLIENTS,
	REASON_RESETS_CLIENTS,
	REASON_BLOCKS_CLIENTS,
	REASON_LIMIT_FROM_LISTEN,
	REASON_LIMIT_FROM_SOMAXCONN,
	REASON_LIMIT_FROM_SYN_BACKLOG,
	REASON_N
};

/* How loud: a mark and a colour go with it. */
enum severity {
	SEVERITY_CRITICAL,
	SEVERITY_WARNING,
	SEVERITY_NOTICE,
	SEVERITY_NONE,
	SEVERITY_GONE,
};

struct row;
struct report;
struct strbuf;

/*
 * Every output speaks these sentences: the fact, which says what is so, and behind it, once for a
 * listener, the advice, which says what to do.
 */
struct state_info {
	const char *name;
	enum severity severity;
	const char *fact;
	const char *advice; /* where no reason has any; NULL: nothing to do */
	int (*applies)(const struct row *row, const struct report *report);
};

struct reason_info {
	const char *name;
	const char *fact;
	const char *advice; /* NULL: nothing to act on, as a limit beside an unknown cause */
	int (*applies)(const struct row *row, const struct report *report);
	/*
	 * Says the same of a listener that it applies to, with names and numbers and safe for a
	 * terminal: the fact, or the advice. NULL: the two texts do.
	 */
	void (*say)(struct strbuf *to, const struct row *row, const struct report *report,
		    bool advice, unsigned int text_flags);
};

extern const struct state_info state_table[STATE_N];
extern const struct reason_info reason_table[REASON_N];

/* The mark that stands for a severity where colour may be missing: "!!", "!", "~", ".", "x". */
const char *severity_mark(enum severity severity);

/* Is it a state that somebody has to look at? "ok" and "gone" are none. */
static inline bool state_is_sick(enum state state)
{
	return state < STATE_OK;
}

/* Fills row->state and row->reasons from the rest of the row. */
void verdict_reach(struct row *row, const struct report *report);

/*
 * verdict_first_reason() - the reason of the row that tells most; REASON_N: it has none.
 *
 * verdict_adviser() - the one whose advice is to be followed: the first, where it has any.
 * REASON_N: none, and the advice of the state is. So a limit is never the advice while the cause is
 * unknown.
 */
enum reason verdict_first_reason(const struct row *row);
enum reason verdict_adviser(const struct row *row);

/* Adds what the state of the row means, behind its name, and the advice where it is the adviser. */
void verdict_add_state(struct strbuf *to, const struct row *row);

/*
 * verdict_add_why() - adds the sentence of one of its reasons, with the advice where it is the
 * adviser; of a folded row that of its fullest member. verdict_add_reason() adds the name before.
 * @text_flags: enum text_flags, for what is foreign in it
 */
void verdict_add_why(struct strbuf *to, enum reason reason, const struct row *row,
		     const struct report *report, unsigned int text_flags);
void verdict_add_reason(struct strbuf *to, enum reason reason, const struct row *row,
			const struct report *report, unsigned int text_flags);

#endif

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
	STATE_GONE, /* after all others, so that "state >= high" leaves it out */
	STATE_N
};

/* Causes first, then what clients feel, then limits: act on the first one. */
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
 * Every output speaks these sentences: the fact says what is so; the advice says what to do, and
 * is spoken once for a listener, see verdict_adviser().
 */
struct state_info {
	const char *name;
	enum severity severity;
	const char *fact;
	const char *advice; /* spoken where the first reason has none; NULL: nothing to do */
	int (*applies)(const struct row *row, const struct report *report);
};

struct reason_info {
	const char *name;
	const char *fact;
	const char *advice; /* NULL: a limit, nothing to act on while the cause is unknown */
	int (*applies)(const struct row *row, const struct report *report);
	/*
	 * Says the same of a listener that it applies to, with names and numbers and safe for a
	 * terminal: the fact, or the advice. NULL, or false and nothing added: the two texts do.
	 */
	bool (*say)(struct strbuf *to, const struct row *row, const struct report *report,
		    bool advice, unsigned int text_flags);
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
bool verdict_is_open(const struct row *row, const struct report *report);

/* Fills row->state, row->last_state and row->reasons from the rest of the row. */
void verdict_reach(struct row *row, const struct report *report);

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
		     const struct report *report, unsigned int text_flags);
void verdict_add_reason(struct strbuf *to, enum reason reason, const struct row *row,
			const struct report *report, unsigned int text_flags);

#endif

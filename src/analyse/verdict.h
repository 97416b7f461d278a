/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_VERDICT_H
#define LISTENQ_ANALYSE_VERDICT_H

#include "base/text.h"

#include <stdint.h>

/*
 * The state and reason tables: the one place where either is added. A state is the first row that
 * applies; reasons are all that apply, and only a listener whose state is not "ok" has any.
 */
enum state {
	STATE_OVERFLOWING,
	STATE_FULL,
	STATE_DROPPING,
	STATE_SYN_FULL,
	STATE_HIGH,
	STATE_OK,
	STATE_N
};

enum reason {
	REASON_STOPPED,
	REASON_FD_LIMIT,
	REASON_THROTTLED,
	REASON_NOT_ACCEPTING,
	REASON_ACCEPTING_SLOWLY,
	REASON_LIMIT_FROM_LISTEN,
	REASON_LIMIT_FROM_SOMAXCONN,
	REASON_LIMIT_FROM_SYN_BACKLOG,
	REASON_SYNCOOKIES_SENT,
	REASON_RESETS_CLIENTS,
	REASON_BLOCKS_CLIENTS,
	REASON_DEAD_CLIENTS,
	REASON_N
};

/* How loud: a mark and a colour go with it. */
enum severity { SEVERITY_CRITICAL, SEVERITY_WARNING, SEVERITY_NOTICE, SEVERITY_NONE };

struct row;
struct report;

struct state_info {
	const char *name;
	enum severity severity;
	const char *sentence; /* what it means and what to do next; every output speaks it */
	int (*applies)(const struct row *row);
};

struct reason_info {
	const char *name;
	const char *sentence;
	int (*applies)(const struct row *row, const struct report *report);
	/* Says it of a listener that it applies to, with names and numbers; NULL: @sentence does.
	 */
	void (*say)(struct strbuf *to, const struct row *row, const struct report *report,
		    unsigned int text_flags);
};

extern const struct state_info state_table[STATE_N];
extern const struct reason_info reason_table[REASON_N];

/* The mark that stands for a severity where colour may be missing: "!!", "!", "~", ".". */
const char *severity_mark(enum severity severity);

/*
 * verdict_say() - the sentence of a reason for a row that has it, safe for a terminal; of a folded
 * row that of its worst member.
 * @text_flags: enum text_flags
 */
void verdict_say(struct strbuf *to, enum reason reason, const struct row *row,
		 const struct report *report, unsigned int text_flags);

/* Fills row->state and row->reasons from the rest of the row. */
void verdict_reach(struct row *row, const struct report *report);

/*
 * verdict_carry() - where the connections that wait were not looked at for this report, adds what
 * the report before said of them, unless this window proves otherwise.
 * @reasons: bits 1 << enum reason of the report before; it rests on the same look at them
 */
void verdict_carry(struct row *row, uint32_t reasons, const struct report *report);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_REMEDY_H
#define LISTENQ_ANALYSE_REMEDY_H

#include "analyse/verdict.h"

/*
 * The next step for a sick listener: what to find out or change, and the command to type, with the
 * real pid, unit, sysctl and port. One table, keyed by reason, has them all; a state without a
 * reason that has advice has a row too.
 *
 * A command runs as root; without privilege, it runs for processes of one's own. One that reads or
 * sets what belongs to a network namespace enters that of the listener.
 */
#define REMEDY_COMMANDS 2

struct remedy {
	struct strbuf purpose; /* "see what process 2410 waits for" */
	struct strbuf commands[REMEDY_COMMANDS]; /* to type in a shell, quoted for it; n_commands */
	size_t n_commands; /* 0: nothing to type */
	const char *caution; /* a sentence that keeps from a wrong step; NULL: none */
	/*
	 * In: the time of the report, if that is long ago; or NULL. Processes have other numbers by
	 * now, so commands have "PID" in their place, but for what reads a log.
	 */
	const struct timespec *now;
};

/*
 * remedy_find() - fill @r, zeroed or used before, for a row that is in @state for @reasons: its
 * own, or those that a history holds.
 * @text_flags: enum text_flags, for names of units and paths; all text is safe for a terminal
 *
 * Returns false, with @r empty, if there is nothing to do.
 */
bool remedy_find(struct remedy *r, const struct row *row, enum state state, uint32_t reasons,
		 unsigned int text_flags);

/*
 * remedy_ended() - the same for a row that is sick no more, or whose listener is gone: what its
 * process logged meanwhile.
 * @process: its name where the row has no owners, see history_process(); NULL: unknown
 * @began_ns: how long ago the trouble began
 */
bool remedy_ended(struct remedy *r, const struct row *row, const char *process, uint64_t began_ns,
		  unsigned int text_flags);

/* remedy_restarts() - the same for one that restarts again and again: of all its processes. */
bool remedy_restarts(struct remedy *r, const struct row *row, const char *process,
		     uint64_t began_ns, unsigned int text_flags);

/*
 * remedy_logged() - the same for a time that is over: what the unit or the processes called
 * @p->comm logged from a minute before @from to a minute after @to.
 */
void remedy_logged(struct remedy *r, const struct process *p, struct timespec from,
		   struct timespec to, unsigned int text_flags);

/* remedy_add() - add "purpose: command  or: command", in one line, without the caution. */
void remedy_add(struct strbuf *to, const struct remedy *r);

void remedy_free(struct remedy *r);

#endif

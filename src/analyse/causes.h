/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_CAUSES_H
#define LISTENQ_ANALYSE_CAUSES_H

#include "base/text.h"

struct row;
struct report;

/*
 * Why a process does not accept, as far as the kernel tells: predicates of the reasons that name a
 * process, and what they say of it. A process that only keeps the socket of a service for it, as
 * systemd does, is no owner here unless it is the only one.
 */

/* Connections wait, none was seen to leave, and every owner is stopped or frozen. */
int cause_stopped(const struct row *row, const struct report *report);
/* The same, and a running owner has no descriptor left for accept(2); or no owner has one. */
int cause_fd_limit(const struct row *row, const struct report *report);
/* The CPU quota of an owner was used up in the window. */
int cause_throttled(const struct row *row, const struct report *report);

/*
 * Each adds what is so, or what to do about it, with the names and numbers of the processes, safe
 * for a terminal. Returns false, and adds nothing, where no process is to be named.
 * @row: a listener, not a folded row, whose predicate holds
 * @text_flags: enum text_flags
 */
bool cause_add_stopped(struct strbuf *to, const struct row *row, const struct report *report,
		       bool advice, unsigned int text_flags);
bool cause_add_fd_limit(struct strbuf *to, const struct row *row, const struct report *report,
			bool advice, unsigned int text_flags);
bool cause_add_throttled(struct strbuf *to, const struct row *row, const struct report *report,
			 bool advice, unsigned int text_flags);
/* Of the owners some, but not all, are stopped or frozen. */
bool cause_add_not_accepting(struct strbuf *to, const struct row *row, const struct report *report,
			     bool advice, unsigned int text_flags);

#endif

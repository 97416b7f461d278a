/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_HOLDERS_H
#define LISTENQ_ANALYSE_HOLDERS_H

#include "analyse/row.h"

/*
 * The processes that hold a listener, each once, by pid. A manager of services counts only if there
 * is no other. The row of a folded group has those of its fullest member.
 */
struct holders {
	const struct snapshot *s;
	const struct listener *l;
	bool with_managers; /* all owners are managers */
	uint32_t next; /* owner to look at */
};

struct holders holders_of(const struct row *row);

/* Returns the next process, NULL after the last one. */
const struct process *holders_next(struct holders *h);

/* How many of them match a predicate. */
struct holder_count {
	const struct process *first; /* that matches */
	size_t n; /* that match */
	size_t all;
};

struct holder_count holders_count(const struct row *row, bool (*is)(const struct process *p));

/* Does one of them match? Do all, and is there any? */
bool holders_some(const struct row *row, bool (*is)(const struct process *p));
bool holders_all(const struct row *row, bool (*is)(const struct process *p));

/* Is it systemd, or its instance of a user? They hold the sockets of services that they start. */
bool holder_is_manager(const struct process *p);

bool holder_is_any(const struct process *p); /* every one */

/* What may keep a process from accepting; false where it is unknown. */
bool holder_is_frozen(const struct process *p);
bool holder_is_stopped(const struct process *p); /* also by a debugger, or frozen */
bool holder_at_limit(const struct process *p); /* of descriptors, and not stopped */
bool holder_is_throttled(const struct process *p);

#endif

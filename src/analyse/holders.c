/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/holders.h"

#include <string.h>

struct holders holders_of(const struct row *row)
{
	struct holders h = { row->netns->snapshot, row->listener, false, 0 };

	h.with_managers = !holders_next(&h);
	h.next = 0;
	return h;
}

const struct process *holders_next(struct holders *h)
{
	while (h->next < h->l->n_owners) {
		const struct owner *owner = &h->s->owners[h->l->first_owner + h->next++];
		const struct process *p = &h->s->processes[owner->process];

		/* The descriptors of a process are adjacent. */
		if (h->next > 1 && owner[-1].process == owner->process)
			continue;
		if (h->with_managers || !holder_is_manager(p))
			return p;
	}
	return NULL;
}

struct holder_count holders_count(const struct row *row, bool (*is)(const struct process *p))
{
	struct holders h = holders_of(row);
	struct holder_count c = { 0 };

	for (const struct process *p; (p = holders_next(&h)); c.all++)
		if (is(p) && !c.n++)
			c.first = p;
	return c;
}

bool holders_some(const struct row *row, bool (*is)(const struct process *p))
{
	return holders_count(row, is).n > 0;
}

bool holders_all(const struct row *row, bool (*is)(const struct process *p))
{
	struct holder_count c = holders_count(row, is);

	return c.n && c.n == c.all;
}

bool holder_is_manager(const struct process *p)
{
	return p->pid == 1 || (p->unit && !strcmp(p->unit, "init.scope"));
}

bool holder_is_any(const struct process *p)
{
	(void)p;
	return true;
}

bool holder_is_frozen(const struct process *p)
{
	return p->known & PROCESS_FROZEN && p->frozen;
}

bool holder_is_stopped(const struct process *p)
{
	return process_is_traced(p) || holder_is_frozen(p) ||
	       (p->known & PROCESS_STATE && p->state == 'T');
}

/* open_fds may exceed a limit that was lowered. */
bool holder_at_limit(const struct process *p)
{
	return !holder_is_stopped(p) && p->known & PROCESS_OPEN_FDS &&
	       p->known & PROCESS_FD_LIMIT && p->open_fds >= p->fd_limit;
}

bool holder_is_throttled(const struct process *p)
{
	return p->known & PROCESS_THROTTLED && p->throttled;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/causes.h"

#include "analyse/report.h"

#include <string.h>

#define PIDS_MAX 8 /* in a command to be copied */

/* The processes that hold a listener, one after the other. */
struct holders {
	const struct snapshot *s;
	const struct listener *l;
	bool managers; /* there are no others */
	uint32_t next; /* owner to look at */
};

/* systemd and its instances for users, which hold the sockets of services that they start. */
static bool is_manager(const struct process *p)
{
	return p->pid == 1 || (p->unit && !strcmp(p->unit, "init.scope"));
}

static const struct process *next_process(struct holders *h)
{
	while (h->next < h->l->n_owners) {
		const struct owner *owner = &h->s->owners[h->l->first_owner + h->next++];
		const struct process *p = &h->s->processes[owner->process];

		/* Its descriptors stand together. */
		if (h->next > 1 && owner[-1].process == owner->process)
			continue;
		if (h->managers || !is_manager(p))
			return p;
	}
	return NULL;
}

static struct holders holders_of(const struct row *row, const struct report *report)
{
	struct holders h = { report->snapshot, row->listener, false, 0 };

	h.managers = !next_process(&h);
	h.next = 0;
	return h;
}

static bool is_traced(const struct process *p)
{
	return p->known & PROCESS_STATE && p->state == 't';
}

static bool is_frozen(const struct process *p)
{
	return p->known & PROCESS_FROZEN && p->frozen;
}

static bool is_stopped(const struct process *p)
{
	return is_traced(p) || is_frozen(p) || (p->known & PROCESS_STATE && p->state == 'T');
}

/* A limit lowered below what was open already leaves it no more room. */
static bool is_at_limit(const struct process *p)
{
	return !is_stopped(p) && p->known & PROCESS_OPEN_FDS && p->known & PROCESS_FD_LIMIT &&
	       p->open_fds >= p->fd_limit;
}

static bool is_throttled(const struct process *p)
{
	return p->known & PROCESS_THROTTLED && p->throttled;
}

/* Those that @is is true of, and how many there are in all. */
struct count {
	const struct process *first; /* of them */
	size_t n, all;
};

static struct count count(const struct row *row, const struct report *report,
			  bool (*is)(const struct process *p))
{
	struct holders h = holders_of(row, report);
	const struct process *p;
	struct count c = { 0 };

	while ((p = next_process(&h))) {
		c.all++;
		if (!is(p))
			continue;
		c.n++;
		c.first = c.first ? c.first : p;
	}
	return c;
}

/* Whoever takes connections is not kept from it. */
static bool none_leaves(const struct row *row)
{
	return row->listener->length && !row->accepted.min;
}

int cause_stopped(const struct row *row, const struct report *report)
{
	struct count c;

	if (!none_leaves(row))
		return 0;
	c = count(row, report, is_stopped);
	return c.n && c.n == c.all;
}

int cause_fd_limit(const struct row *row, const struct report *report)
{
	return none_leaves(row) && count(row, report, is_at_limit).n;
}

int cause_throttled(const struct row *row, const struct report *report)
{
	return count(row, report, is_throttled).n != 0;
}

static void add_text(struct strbuf *to, const char *text, unsigned int text_flags)
{
	text_add_safe(to, text, strlen(text), text_flags);
}

static void add_process(struct strbuf *to, const struct process *p, unsigned int text_flags)
{
	strbuf_addf(to, "process %u", p->pid);
	if (!p->comm)
		return;
	strbuf_adds(to, " (");
	add_text(to, p->comm, text_flags);
	strbuf_putc(to, ')');
}

/* Which of several it is said of. */
static void add_share(struct strbuf *to, const struct count *c)
{
	if (c->all > 1)
		strbuf_addf(to, ", %zu of %zu that hold this listener,", c->n, c->all);
}

static void add_pids(struct strbuf *to, const struct row *row, const struct report *report)
{
	struct holders h = holders_of(row, report);
	const struct process *p;
	size_t n = 0;

	while ((p = next_process(&h)) && n++ < PIDS_MAX)
		strbuf_addf(to, " %u", p->pid);
	strbuf_adds(to, p ? " ..." : "");
}

/* What thaws it: the file of cgroup v2 takes a number, that of v1 a word. */
static void add_thaw(struct strbuf *to, const struct process *p, unsigned int text_flags)
{
	const char *v1 = "freezer.state", *end;

	strbuf_adds(to, "unpause its container");
	if (!p->freezer)
		return;
	end = strrchr(p->freezer, '/');
	strbuf_addf(to, ", or echo %s > ", end && !strcmp(end + 1, v1) ? "THAWED" : "0");
	add_text(to, p->freezer, text_flags);
}

static void add_ways_to_continue(struct strbuf *to, const struct process *p, const struct row *row,
				 const struct report *report, unsigned int text_flags)
{
	if (is_frozen(p)) {
		add_thaw(to, p, text_flags);
	} else if (is_traced(p)) {
		strbuf_adds(to, "continue it there, or detach");
	} else {
		strbuf_adds(to, "continue with fg, or kill -CONT");
		add_pids(to, row, report);
	}
}

void cause_add_stopped(struct strbuf *to, const struct row *row, const struct report *report,
		       bool advice, unsigned int text_flags)
{
	struct count c = count(row, report, is_stopped);

	if (advice) {
		add_ways_to_continue(to, c.first, row, report, text_flags);
		return;
	}
	add_process(to, c.first, text_flags);
	strbuf_adds(to, " is ");
	strbuf_adds(to, is_frozen(c.first) ? "frozen with its cgroup" :
			is_traced(c.first) ? "stopped by a debugger" :
					     "stopped");
	if (c.n > 1)
		strbuf_addf(to, ", and so %s the other %zu", c.n > 2 ? "are" : "is", c.n - 1);
}

void cause_add_fd_limit(struct strbuf *to, const struct row *row, const struct report *report,
			bool advice, unsigned int text_flags)
{
	struct count c = count(row, report, is_at_limit);
	const struct process *p = c.first;

	if (!advice) {
		add_process(to, p, text_flags);
		add_share(to, &c);
		strbuf_addf(to, " has %u of %u descriptors open, and accept(2) fails with EMFILE",
			    p->open_fds, p->fd_limit);
		return;
	}
	if (p->unit && !is_manager(p)) {
		strbuf_adds(to, "raise its limit (LimitNOFILE= of unit ");
		add_text(to, p->unit, text_flags);
	} else {
		strbuf_adds(to, "raise its limit (ulimit -n where it is started");
	}
	strbuf_addf(to, "), or find what leaks them with ls -l /proc/%u/fd", p->pid);
}

/* systemd names the cgroup of a unit after it. */
static void add_unit_of(struct strbuf *to, const char *quota, unsigned int text_flags)
{
	static const char *const kinds[] = { ".service", ".scope", ".slice" };
	const char *end = strrchr(quota, '/'), *begin = end;

	while (begin > quota && begin[-1] != '/')
		begin--;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t len = strlen(kinds[i]);

		if ((size_t)(end - begin) <= len || memcmp(end - len, kinds[i], len) != 0)
			continue;
		strbuf_adds(to, ", CPUQuota= of unit ");
		text_add_safe(to, begin, (size_t)(end - begin), text_flags);
		return;
	}
}

void cause_add_throttled(struct strbuf *to, const struct row *row, const struct report *report,
			 bool advice, unsigned int text_flags)
{
	struct count c = count(row, report, is_throttled);

	if (!advice) {
		add_process(to, c.first, text_flags);
		add_share(to, &c);
		strbuf_adds(to, " used up its CPU quota in this window and was throttled");
		return;
	}
	strbuf_adds(to, "raise the quota");
	if (!c.first->quota)
		return;
	strbuf_adds(to, " (");
	add_text(to, c.first->quota, text_flags);
	add_unit_of(to, c.first->quota, text_flags);
	strbuf_putc(to, ')');
}

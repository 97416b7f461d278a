/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/causes.h"

#include "analyse/report.h"

#include <string.h>

#define PIDS_MAX  8 /* in a command to be copied */
#define NAMES_MAX 3 /* of those that something is said of */

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

/* Where all owners are at their limit, connections leave only as descriptors are closed. */
int cause_fd_limit(const struct row *row, const struct report *report)
{
	struct count c;

	if (!row->listener->length)
		return 0;
	c = count(row, report, is_at_limit);
	return c.n && (none_leaves(row) || c.n == c.all);
}

int cause_throttled(const struct row *row, const struct report *report)
{
	return count(row, report, is_throttled).n != 0;
}

static void add_text(struct strbuf *to, const char *text, unsigned int text_flags)
{
	text_add_safe(to, text, strlen(text), text_flags);
}

/* Its pid and name. */
static void add_who(struct strbuf *to, const struct process *p, unsigned int text_flags)
{
	strbuf_addf(to, "%u", p->pid);
	if (!p->comm)
		return;
	strbuf_adds(to, " (");
	add_text(to, p->comm, text_flags);
	strbuf_putc(to, ')');
}

static void add_process(struct strbuf *to, const struct process *p, unsigned int text_flags)
{
	strbuf_adds(to, "process ");
	add_who(to, p, text_flags);
}

/* "2 of 3 processes that hold this listener": of several owners, those that it is said of. */
static void add_share(struct strbuf *to, const struct count *c)
{
	strbuf_addf(to, "%zu of %zu processes that hold this listener", c->n, c->all);
}

/* And who they are; @fds: with what they have open. */
static void add_those(struct strbuf *to, const struct row *row, const struct report *report,
		      bool (*is)(const struct process *p), bool fds, unsigned int text_flags)
{
	struct holders h = holders_of(row, report);
	const struct process *p;
	size_t n = 0;

	strbuf_adds(to, " (");
	while ((p = next_process(&h))) {
		if (!is(p))
			continue;
		if (n++ == NAMES_MAX) {
			strbuf_adds(to, ", ...");
			break;
		}
		strbuf_adds(to, n > 1 ? ", " : "");
		add_who(to, p, text_flags);
		if (fds)
			strbuf_addf(to, ": %u of %u", p->open_fds, p->fd_limit);
	}
	strbuf_putc(to, ')');
}

static void add_stopped_pids(struct strbuf *to, const struct row *row, const struct report *report)
{
	struct holders h = holders_of(row, report);
	const struct process *p;
	size_t n = 0;

	while ((p = next_process(&h))) {
		if (!is_stopped(p))
			continue;
		if (n++ == PIDS_MAX) {
			strbuf_adds(to, " ...");
			break;
		}
		strbuf_addf(to, " %u", p->pid);
	}
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
		add_stopped_pids(to, row, report);
	}
}

bool cause_add_stopped(struct strbuf *to, const struct row *row, const struct report *report,
		       bool advice, unsigned int text_flags)
{
	struct count c = count(row, report, is_stopped);

	if (advice) {
		add_ways_to_continue(to, c.first, row, report, text_flags);
		return true;
	}
	add_process(to, c.first, text_flags);
	strbuf_adds(to, " is ");
	strbuf_adds(to, is_frozen(c.first) ? "frozen with its cgroup" :
			is_traced(c.first) ? "stopped by a debugger" :
					     "stopped");
	if (c.n == 2)
		strbuf_adds(to, ", and so is the other one");
	else if (c.n > 2)
		strbuf_addf(to, ", and so are the other %zu", c.n - 1);
	return true;
}

static void add_who_is_full(struct strbuf *to, const struct count *c, const struct row *row,
			    const struct report *report, unsigned int text_flags)
{
	if (c->all == 1) {
		add_process(to, c->first, text_flags);
		strbuf_addf(to, " has %u of %u descriptors open, and accept(2) fails with EMFILE",
			    c->first->open_fds, c->first->fd_limit);
		return;
	}
	add_share(to, c);
	strbuf_adds(to, c->n > 1 ? " have no descriptor left" : " has no descriptor left");
	add_those(to, row, report, is_at_limit, true, text_flags);
	strbuf_adds(to, ", and accept(2) fails with EMFILE there");
}

bool cause_add_fd_limit(struct strbuf *to, const struct row *row, const struct report *report,
			bool advice, unsigned int text_flags)
{
	struct count c = count(row, report, is_at_limit);
	const char *whose = c.n > 1 ? "their" : "its";
	const struct process *p = c.first;

	if (!advice) {
		add_who_is_full(to, &c, row, report, text_flags);
		return true;
	}
	if (p->unit && !is_manager(p)) {
		strbuf_addf(to, "raise %s limit (LimitNOFILE= of unit ", whose);
		add_text(to, p->unit, text_flags);
	} else {
		strbuf_addf(to, "raise %s limit (ulimit -n where %s started", whose,
			    c.n > 1 ? "they are" : "it is");
	}
	strbuf_addf(to, "), or find what leaks them with ls -l /proc/%u/fd", p->pid);
	return true;
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

static void add_who_is_throttled(struct strbuf *to, const struct count *c, const struct row *row,
				 const struct report *report, unsigned int text_flags)
{
	if (c->all == 1) {
		add_process(to, c->first, text_flags);
	} else {
		add_share(to, c);
		add_those(to, row, report, is_throttled, false, text_flags);
	}
	strbuf_addf(to, " used up %s CPU quota in this window and %s throttled",
		    c->n > 1 ? "their" : "its", c->n > 1 ? "were" : "was");
}

bool cause_add_throttled(struct strbuf *to, const struct row *row, const struct report *report,
			 bool advice, unsigned int text_flags)
{
	struct count c = count(row, report, is_throttled);

	if (!advice) {
		add_who_is_throttled(to, &c, row, report, text_flags);
		return true;
	}
	strbuf_adds(to, "raise the quota");
	if (!c.first->quota)
		return true;
	strbuf_adds(to, " (");
	add_text(to, c.first->quota, text_flags);
	add_unit_of(to, c.first->quota, text_flags);
	strbuf_putc(to, ')');
	return true;
}

static void add_ways_to_continue_some(struct strbuf *to, const struct count *c,
				      const struct row *row, const struct report *report,
				      unsigned int text_flags)
{
	if (is_frozen(c->first)) {
		strbuf_adds(to, "first ");
		add_thaw(to, c->first, text_flags);
		return;
	}
	strbuf_addf(to, "continue %s first (", c->n > 1 ? "them" : "it");
	if (is_traced(c->first)) {
		strbuf_adds(to, "in the debugger)");
		return;
	}
	strbuf_adds(to, "kill -CONT");
	add_stopped_pids(to, row, report);
	strbuf_putc(to, ')');
}

/* One that runs may be the master of a preforked server, which never accepts. */
bool cause_add_not_accepting(struct strbuf *to, const struct row *row, const struct report *report,
			     bool advice, unsigned int text_flags)
{
	struct count c = count(row, report, is_stopped);
	const struct reason_info *info = &reason_table[REASON_NOT_ACCEPTING];

	if (!c.n || c.n == c.all)
		return false;
	if (advice) {
		add_ways_to_continue_some(to, &c, row, report, text_flags);
		strbuf_addf(to, ", then %s", info->advice);
		return true;
	}
	strbuf_addf(to, "%s, and %zu of %zu processes that hold it %s %s:", info->fact, c.n, c.all,
		    c.n > 1 ? "are" : "is", is_frozen(c.first) ? "frozen" : "stopped");
	add_stopped_pids(to, row, report);
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/getters.h"

#include "analyse/fold.h"

#include <string.h>

/*
 * Whose a listener is, in a cell: a few of its owners and how many more there are. That of a server
 * with a hundred workers has one name and a hundred pids.
 */
#define FEW 3

/* The owners of one listener, as a getter finds them. */
struct holders {
	const struct owner *list;
	const struct process *processes;
	size_t n;
};

static struct holders holders_of(const struct row *row, const struct report *report)
{
	const struct snapshot *s = report->snapshot;

	if (row->fold)
		return (struct holders){ row->fold->owners, s->processes, row->fold->n_owners };
	return (struct holders){ s->owners + row->listener->first_owner, s->processes,
				 row->listener->n_owners };
}

static const struct process *process_at(const struct holders *h, size_t i)
{
	return &h->processes[h->list[i].process];
}

static void set_text(struct field_value *v, const char *text)
{
	v->known = true;
	v->text = text;
}

static bool set_none(const struct row *row, const struct holders *h, struct field_value *v)
{
	if (!h->n && row->listener->known & LISTENER_OWNERS)
		set_text(v, "(none)");
	return !h->n;
}

enum name { NAME_COMM, NAME_UNIT, NAME_CONTAINER };

static const char *name_of(const struct process *p, enum name name)
{
	switch (name) {
	case NAME_COMM:
		return p->comm;
	case NAME_UNIT:
		return p->unit;
	case NAME_CONTAINER:
		return p->container;
	}
	return NULL;
}

/* Is it the descriptor of another process than the one before? */
static bool is_next(const struct holders *h, size_t i)
{
	return !i || h->list[i].process != h->list[i - 1].process;
}

/* Was the name of the @i-th owner that of one before? They are few, or the same. */
static bool repeated(const struct holders *h, size_t i, enum name name)
{
	const char *text = name_of(process_at(h, i), name);

	for (size_t j = 0; j < i; j++) {
		const char *before = name_of(process_at(h, j), name);

		if (before && (before == text || !strcmp(before, text)))
			return true;
	}
	return false;
}

/*
 * The different names of the owners; one that is empty is not to look like nothing. systemd keeps
 * the sockets of the services that it starts open: that of its own cgroup only counts where nobody
 * else has one.
 */
static void set_names(struct field_value *v, const struct holders *h, enum name name,
		      struct field_context *context)
{
	const char *manager = NULL;
	size_t n = 0;

	context->scratch.len = 0;
	for (size_t i = 0; i < h->n; i++) {
		const char *text = name_of(process_at(h, i), name);

		if (name == NAME_UNIT && text && !strcmp(text, "init.scope")) {
			manager = text;
			continue;
		}
		if (!text || !is_next(h, i) || repeated(h, i, name))
			continue;
		if (n++)
			strbuf_putc(&context->scratch, ',');
		strbuf_adds(&context->scratch, *text ? text : "\"\"");
	}
	if (n)
		set_text(v, context->scratch.s);
	else if (manager)
		set_text(v, manager);
}

/* Numbers of a cell, and how many others there are. */
struct few {
	uint32_t list[FEW];
	size_t n, more;
};

static bool among(const struct few *few, uint32_t number)
{
	for (size_t i = 0; i < few->n; i++)
		if (few->list[i] == number)
			return true;
	return false;
}

/* The first @most different pids or descriptors. */
static struct few take_few(const struct holders *h, bool pids, size_t most)
{
	struct few few = { .n = 0 };

	for (size_t i = 0; i < h->n; i++) {
		uint32_t number = pids ? process_at(h, i)->pid : h->list[i].fd;

		if (among(&few, number) || (pids && !is_next(h, i)))
			continue;
		if (few.n < most)
			few.list[few.n++] = number;
		else
			few.more++;
	}
	return few;
}

static void set_numbers(struct field_value *v, const struct holders *h, bool pids,
			struct field_context *context)
{
	struct few few = take_few(h, pids, FEW);

	if (few.more)
		few = take_few(h, pids, FEW - 1);
	context->scratch.len = 0;
	for (size_t i = 0; i < few.n; i++) {
		strbuf_addc(&context->scratch, ',', i != 0);
		strbuf_addu(&context->scratch, few.list[i]);
	}
	if (few.more)
		strbuf_addf(&context->scratch, ",+%zu", few.more);
	v->number = few.list[0];
	set_text(v, context->scratch.s);
}

GETTER_DECLARE(process)
{
	struct holders h = holders_of(row, report);

	if (!set_none(row, &h, value))
		set_names(value, &h, NAME_COMM, context);
}

GETTER_DECLARE(pid)
{
	struct holders h = holders_of(row, report);

	if (h.n)
		set_numbers(value, &h, true, context);
}

GETTER_DECLARE(fd)
{
	struct holders h = holders_of(row, report);

	if (h.n)
		set_numbers(value, &h, false, context);
}

GETTER_DECLARE(processes)
{
	struct holders h = holders_of(row, report);

	(void)context;
	value->known = row->listener->known & LISTENER_OWNERS;
	value->owners = h.list;
	value->processes = h.processes;
	value->number = h.n;
}

GETTER_DECLARE(unit)
{
	struct holders h = holders_of(row, report);

	set_names(value, &h, NAME_UNIT, context);
}

GETTER_DECLARE(container)
{
	struct holders h = holders_of(row, report);

	set_names(value, &h, NAME_CONTAINER, context);
}

GETTER_DECLARE(user)
{
	(void)report;
	if (!context->users || !(row->listener->known & LISTENER_UID))
		return;
	value->text = users_name(context->users, row->listener->uid);
	value->known = value->text != NULL;
}

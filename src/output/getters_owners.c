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

	if (row->folded)
		return (struct holders){ row->folded->owners, s->processes, row->folded->n_owners };
	return (struct holders){ s->owners + row->listener->first_owner, s->processes,
				 row->listener->n_owners };
}

static const struct process *process_at(const struct holders *h, size_t i)
{
	return &h->processes[h->list[i].process];
}

#define NOBODY "(none)"

static bool set_none(const struct row *row, const struct holders *h, struct field_value *v)
{
	v->known = !h->n && row->listener->known & LISTENER_OWNERS;
	v->text = NOBODY;
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

/*
 * The words of a list stand in the scratch: pointers to them first, the text of the cell behind.
 * They move as it grows, so they are set when it is whole.
 */
static const char *word_at(const struct strbuf *scratch, size_t i)
{
	const char *word;

	memcpy(&word, scratch->s + i * sizeof(word), sizeof(word));
	return word;
}

static void set_word(struct strbuf *scratch, size_t i, const char *word)
{
	memcpy(scratch->s + i * sizeof(word), &word, sizeof(word));
}

static void set_words(struct field_value *v, const struct strbuf *scratch, size_t n, size_t text)
{
	v->known = true;
	v->words = (const void *)scratch->s;
	v->number = n;
	v->text = scratch->s + text;
}

/* Adds a word unless it is there. They are few, or the same. */
static void add_word(struct strbuf *scratch, const char *word, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (word_at(scratch, i) == word || !strcmp(word_at(scratch, i), word))
			return;
	strbuf_add(scratch, (const char *)&word, sizeof(word));
	++*n;
}

/* Would it look like nothing, like a word of ours, or like more than one name? */
static bool wants_quotes(const char *name)
{
	return !*name || !strcmp(name, NOBODY) || !strcmp(name, "-") || name[strcspn(name, ",\"")];
}

/* A process calls itself whatever it likes. A quote within quotes is doubled. */
static void add_name(struct strbuf *to, const char *name)
{
	if (!wants_quotes(name)) {
		strbuf_adds(to, name);
		return;
	}
	strbuf_putc(to, '"');
	for (; *name; name++)
		strbuf_addc(to, *name, *name == '"' ? 2 : 1);
	strbuf_putc(to, '"');
}

/*
 * The different names of the owners. systemd keeps the sockets of the services that it starts open:
 * that of its own cgroup only counts where nobody else has one.
 */
static void set_names(struct field_value *v, const struct holders *h, enum name name,
		      struct field_context *context)
{
	struct strbuf *scratch = &context->scratch;
	const char *manager = NULL;
	size_t n = 0, text;

	scratch->len = 0;
	for (size_t i = 0; i < h->n; i++) {
		const char *word = is_next(h, i) ? name_of(process_at(h, i), name) : NULL;

		if (name == NAME_UNIT && word && !strcmp(word, "init.scope"))
			manager = word;
		else if (word)
			add_word(scratch, word, &n);
	}
	if (!n && manager)
		add_word(scratch, manager, &n);
	if (!n)
		return;
	text = scratch->len;
	for (size_t i = 0; i < n; i++) {
		strbuf_addc(scratch, ',', i != 0);
		add_name(scratch, word_at(scratch, i));
	}
	set_words(v, scratch, n, text);
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
static void take_few(struct few *few, const struct holders *h, bool pids, size_t most)
{
	few->n = few->more = 0;
	for (size_t i = 0; i < h->n; i++) {
		uint32_t number = pids ? process_at(h, i)->pid : h->list[i].fd;

		if (among(few, number) || (pids && !is_next(h, i)))
			continue;
		if (few->n < most)
			few->list[few->n++] = number;
		else
			few->more++;
	}
}

/* All of them as words behind the text. */
static void add_numbers(struct strbuf *scratch, const struct holders *h, bool pids)
{
	const size_t begin = scratch->len;
	size_t at = begin;

	for (size_t i = 0; i < h->n; i++) {
		strbuf_addu(scratch, pids ? process_at(h, i)->pid : h->list[i].fd);
		strbuf_putc(scratch, '\0');
	}
	for (size_t i = 0; i < h->n; i++) {
		const char *word = scratch->s + at;

		set_word(scratch, i, word);
		at += strlen(word) + 1;
	}
}

/* They sort by the first. A number that is alone is the word and the text. */
static void set_numbers(struct field_value *v, const struct holders *h, bool pids,
			struct field_context *context)
{
	struct strbuf *scratch = &context->scratch;
	const size_t text = h->n * sizeof(*v->words);
	struct few few;

	take_few(&few, h, pids, FEW);
	if (few.more)
		take_few(&few, h, pids, FEW - 1);
	scratch->len = 0;
	strbuf_addc(scratch, '\0', text);
	for (size_t i = 0; i < few.n; i++) {
		strbuf_addc(scratch, ',', i != 0);
		strbuf_addu(scratch, few.list[i]);
	}
	if (few.more)
		strbuf_addf(scratch, ",+%zu", few.more);
	if (h->n > 1) {
		strbuf_putc(scratch, '\0');
		add_numbers(scratch, h, pids);
	} else {
		set_word(scratch, 0, scratch->s + text);
	}
	v->real = few.list[0];
	set_words(v, scratch, h->n, text);
}

GETTER(process)
{
	struct holders h = holders_of(row, report);

	if (!set_none(row, &h, value))
		set_names(value, &h, NAME_COMM, context);
}

GETTER(pid)
{
	struct holders h = holders_of(row, report);

	if (h.n)
		set_numbers(value, &h, true, context);
}

GETTER(fd)
{
	struct holders h = holders_of(row, report);

	if (h.n)
		set_numbers(value, &h, false, context);
}

GETTER(processes)
{
	struct holders h = holders_of(row, report);

	(void)context;
	value->known = row->listener->known & LISTENER_OWNERS;
	value->owners = h.list;
	value->processes = h.processes;
	value->number = h.n;
}

GETTER(unit)
{
	struct holders h = holders_of(row, report);

	set_names(value, &h, NAME_UNIT, context);
}

GETTER(container)
{
	struct holders h = holders_of(row, report);

	set_names(value, &h, NAME_CONTAINER, context);
}

GETTER(user)
{
	(void)report;
	if (!context->users || !(row->listener->known & LISTENER_UID))
		return;
	value->text = names_of_user(context->users, row->listener->uid);
	value->known = value->text != NULL;
}

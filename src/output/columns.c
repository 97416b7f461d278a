/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/columns.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
struct usual_column {
	const char *name;
	bool of_groups; /* only where rows are groups */
};

static const struct usual_column default_columns[] = {
	{ "severity", false }, { "state", false }, { "local", false }, { "sockets", true },
	{ "length", false }, { "limit", false }, { "fill", false }, { "peak", false },
	{ "imbalance", true }, { "synrecv", false }, { "drops", false }, { "drops-delta", false },
	{ "overflows", false }, { "process", false }, { "reasons", false },
};

/* On a screen that is looked at again and again, rates tell more than sums. */
static const struct usual_column top_columns[] = {
	{ "severity", false }, { "local", false }, { "process", false }, { "sockets", true },
	{ "length", false }, { "limit", false }, { "fill", false }, { "peak", false },
	{ "imbalance", true }, { "synrecv", false }, { "drops-rate", false },
	{ "overflows", false }, { "reasons", false },
};
/* clang-format on */

static const char *const extended_names[] = { "uid",	   "inode",  "cookie", "cgroup",
					      "interface", "v6only", "mptcp" };

void columns_free(struct columns *c)
{
	free(c->list);
	free(c->chosen);
	memset(c, 0, sizeof(*c));
}

static bool is_in(const struct field *field, const struct field *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == field)
			return true;
	return false;
}

bool columns_have(const struct columns *c, const struct field *field)
{
	return is_in(field, c->list, c->n);
}

static void add(struct columns *c, const struct field *field)
{
	if (columns_have(c, field))
		return;
	c->list = array_grow(c->list, c->n, &c->size, sizeof(*c->list));
	c->list[c->n++] = field;
}

_Static_assert(ARRAY_SIZE(top_columns) <= 32, "each has its bit in columns.of_groups");

/* Its bit in columns.of_groups; 0: it is none of those. */
static uint32_t group_bit(const struct field *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(top_columns); i++)
		if (top_columns[i].of_groups && !strcmp(top_columns[i].name, field->name))
			return (uint32_t)1 << i;
	return 0;
}

/* The user wants it for what it costs. */
static void add_wanted(struct columns *c, const struct field *field)
{
	add(c, field);
	c->asked |= field->asked;
}

/* The user wants this very column. */
static void add_asked(struct columns *c, const struct field *field)
{
	add_wanted(c, field);
	c->of_groups &= ~group_bit(field);
	if (is_in(field, c->chosen, c->n_chosen))
		return;
	c->chosen = array_grow(c->chosen, c->n_chosen, &c->chosen_size, sizeof(*c->chosen));
	c->chosen[c->n_chosen++] = field;
}

static void add_usual(struct columns *c, const struct usual_column *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c->folded || !list[i].of_groups)
			add(c, field_named(list[i].name));
}

void columns_default(struct columns *c, bool extended)
{
	add_usual(c, default_columns, ARRAY_SIZE(default_columns));
	for (size_t i = 0; extended && i < ARRAY_SIZE(extended_names); i++)
		add_wanted(c, field_named(extended_names[i]));
}

/* What is added comes before a list of words that ends the line. */
static void keep_list_last(struct columns *c)
{
	const struct field *added = c->list[c->n - 1];

	if (c->n > 1 && c->list[c->n - 2]->type == FIELD_LIST) {
		c->list[c->n - 1] = c->list[c->n - 2];
		c->list[c->n - 2] = added;
	}
}

void columns_top(struct columns *c, bool extended)
{
	add_usual(c, top_columns, ARRAY_SIZE(top_columns));
	for (size_t i = 0; i < c->n; i++)
		c->of_groups |= group_bit(c->list[i]);
	for (size_t i = 0; extended && i < ARRAY_SIZE(extended_names); i++) {
		add_wanted(c, field_named(extended_names[i]));
		keep_list_last(c);
	}
}

void columns_copy(struct columns *c, const struct columns *from)
{
	*c = *from;
	c->list = xreallocarray(NULL, from->n, sizeof(*c->list));
	c->size = from->n;
	memcpy(c->list, from->list, from->n * sizeof(*c->list));
	c->chosen = xreallocarray(NULL, from->n_chosen, sizeof(*c->chosen));
	c->chosen_size = from->n_chosen;
	for (size_t i = 0; i < from->n_chosen; i++)
		c->chosen[i] = from->chosen[i];
}

void columns_toggle(struct columns *c, const struct field *field)
{
	size_t n = 0;

	if (!columns_have(c, field)) {
		add_asked(c, field);
		keep_list_last(c);
		return;
	}
	if (c->n == 1)
		return;
	c->asked = 0;
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i] != field) {
			c->list[n++] = c->list[i];
			c->asked |= c->list[i]->asked;
		}
	c->n = n;
	n = 0;
	for (size_t i = 0; i < c->n_chosen; i++)
		if (c->chosen[i] != field)
			c->chosen[n++] = c->chosen[i];
	c->n_chosen = n;
}

static void insert(struct columns *c, size_t at, const struct field *field)
{
	size_t last = c->n;

	add_asked(c, field);
	if (c->n == last)
		return;
	memmove(&c->list[at + 1], &c->list[at], (last - at) * sizeof(*c->list));
	c->list[at] = field;
}

static size_t index_of(const struct columns *c, const struct field *field)
{
	size_t at = 0;

	while (at < c->n && c->list[at] != field)
		at++;
	return at;
}

void columns_put_before(struct columns *c, const char *name, const char *other)
{
	size_t at = index_of(c, field_named(other));

	if (at < c->n)
		insert(c, at, field_named(name));
}

/* Where the default of the interactive view has it, as far as what follows there is shown. */
static void insert_usual(struct columns *c, size_t usual)
{
	const struct field *field = field_named(top_columns[usual].name);
	size_t at = c->n;

	for (size_t i = usual + 1; at == c->n && i < ARRAY_SIZE(top_columns); i++)
		at = index_of(c, field_named(top_columns[i].name));
	insert(c, at, field);
	c->of_groups |= group_bit(field);
}

void columns_group(struct columns *c, bool folded)
{
	c->folded = folded;
	for (size_t i = 0; !c->named && i < ARRAY_SIZE(top_columns); i++) {
		const struct usual_column *usual = &top_columns[i];
		const struct field *field = field_named(usual->name);

		if (!usual->of_groups)
			continue;
		if (folded && !columns_have(c, field))
			insert_usual(c, i);
		else if (!folded && c->of_groups & group_bit(field) && columns_have(c, field))
			columns_toggle(c, field);
	}
	if (!folded)
		c->of_groups = 0;
}

void columns_processes(struct columns *c)
{
	static const char *const names[] = { "process", "pid", "fd" };
	const struct field *process = field_named(names[0]);
	size_t at;

	if (c->named) {
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			add_asked(c, field_named(names[i]));
		return;
	}
	if (!columns_have(c, process))
		columns_toggle(c, process);
	at = index_of(c, process);
	insert(c, at, process);
	insert(c, at + 1, field_named("fd"));
	insert(c, at + 1, field_named("pid"));
}

void columns_all(struct columns *c)
{
	columns_default(c, false);
	for (size_t i = 0; i < field_table_n; i++)
		if (field_table[i].name)
			add_asked(c, &field_table[i]);
}

int columns_unknown(const char *name, size_t len, const char *option, struct error *why)
{
	const char *nearest = field_nearest(name, len);

	if (nearest)
		return error_set(why, -EINVAL, "%sunknown column '%.*s'; did you mean %s?", option,
				 (int)len, name, nearest);
	return error_set(why, -EINVAL, "%sunknown column '%.*s'; --list-columns shows them", option,
			 (int)len, name);
}

static int parse(struct columns *c, const char *list, bool extended,
		 void (*defaults)(struct columns *, bool), struct error *why)
{
	if (*list == '+') {
		defaults(c, extended);
		list++;
	} else {
		c->named = true;
	}
	for (;;) {
		size_t len = strcspn(list, ",");
		const struct field *field = field_find(list, len);

		if (!len)
			return error_set(why, -EINVAL, "the name of a column is missing");
		if (!field)
			return columns_unknown(list, len, "", why);
		add_asked(c, field);
		if (!list[len])
			break;
		list += len + 1;
	}
	for (size_t i = 0; c->named && extended && i < ARRAY_SIZE(extended_names); i++)
		add_wanted(c, field_named(extended_names[i]));
	return 0;
}

int columns_parse(struct columns *c, const char *list, bool extended, struct error *why)
{
	return parse(c, list, extended, columns_default, why);
}

int columns_parse_top(struct columns *c, const char *list, bool extended, struct error *why)
{
	return parse(c, list, extended, columns_top, why);
}

int columns_worth(const struct columns *c, const struct field *field, int keep)
{
	const int identity = 85; /* `keep` of what tells a row from others and how bad it is */
	const int tier = 100; /* more than any `keep` */

	if (keep >= identity)
		return keep + 2 * tier;
	return is_in(field, c->chosen, c->n_chosen) ? keep + tier : keep;
}

unsigned int columns_needs(const struct columns *c)
{
	unsigned int needs = c->asked;

	for (size_t i = 0; i < c->n; i++)
		needs |= c->list[i]->needs;
	return needs;
}

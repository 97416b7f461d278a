/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/columns.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>

_Static_assert(FIELD_N <= 64, "each field has its bit in columns.chosen");

/* clang-format off */
static const enum field_id default_columns[] = {
	FIELD_SEVERITY, FIELD_STATE, FIELD_LOCAL, FIELD_SOCKETS, FIELD_LENGTH, FIELD_LIMIT,
	FIELD_FILL, FIELD_PEAK, FIELD_IMBALANCE, FIELD_SYNRECV, FIELD_DROPS, FIELD_DROPS_DELTA,
	FIELD_OVERFLOWS, FIELD_PROCESS, FIELD_REASONS,
};

/* The interactive view shows rates in place of sums, and draws queues with length and capacity. */
static const enum field_id top_columns[] = {
	FIELD_SEVERITY, FIELD_STATE, FIELD_LOCAL, FIELD_PROCESS, FIELD_FILL, FIELD_SYNRECV,
	FIELD_OVERFLOWS_RATE, FIELD_REASONS,
};

static const enum field_id extended_columns[] = {
	FIELD_UID, FIELD_INODE, FIELD_COOKIE, FIELD_CGROUP, FIELD_INTERFACE, FIELD_V6ONLY,
	FIELD_MPTCP,
};
/* clang-format on */

static uint64_t bit(const struct field *field)
{
	return (uint64_t)1 << (field - field_table);
}

static size_t index_of(const struct columns *c, const struct field *field)
{
	size_t at = 0;

	while (at < c->n && c->list[at] != field)
		at++;
	return at;
}

bool columns_have(const struct columns *c, const struct field *field)
{
	return index_of(c, field) < c->n;
}

static void add(struct columns *c, const struct field *field)
{
	if (!columns_have(c, field))
		c->list[c->n++] = field;
}

/* Adds a column that the user asked for by name. */
static void add_chosen(struct columns *c, const struct field *field)
{
	add(c, field);
	c->chosen |= bit(field);
}

/* Moves the column that was added before a list of words, so that the list stays last. */
static void keep_list_last(struct columns *c)
{
	const struct field *added = c->list[c->n - 1];

	if (c->n > 1 && c->list[c->n - 2]->type == TYPE_LIST) {
		c->list[c->n - 1] = c->list[c->n - 2];
		c->list[c->n - 2] = added;
	}
}

static void add_extended(struct columns *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(extended_columns); i++) {
		add(c, &field_table[extended_columns[i]]);
		if (c->top && !c->named)
			keep_list_last(c);
	}
}

void columns_default(struct columns *c, bool extended)
{
	const enum field_id *list = c->top ? top_columns : default_columns;
	size_t n = c->top ? ARRAY_SIZE(top_columns) : ARRAY_SIZE(default_columns);

	for (size_t i = 0; i < n; i++) {
		const struct field *field = &field_table[list[i]];

		if (field->flags & FIELD_OF_GROUPS && !c->folded)
			continue;
		add(c, field);
	}
	if (extended)
		add_extended(c);
}

void columns_toggle(struct columns *c, const struct field *field)
{
	size_t at = index_of(c, field);

	if (at == c->n) {
		add_chosen(c, field);
		keep_list_last(c);
	} else if (c->n > 1) {
		c->n--;
		memmove(&c->list[at], &c->list[at + 1], (c->n - at) * sizeof(*c->list));
		c->chosen &= ~bit(field);
	}
}

static void insert(struct columns *c, size_t at, const struct field *field)
{
	size_t last = c->n;

	add_chosen(c, field);
	if (c->n == last)
		return;
	memmove(&c->list[at + 1], &c->list[at], (last - at) * sizeof(*c->list));
	c->list[at] = field;
}

void columns_put_before(struct columns *c, enum field_id id, enum field_id other)
{
	size_t at = index_of(c, &field_table[other]);

	if (at < c->n)
		insert(c, at, &field_table[id]);
}

void columns_processes(struct columns *c)
{
	static const enum field_id added[] = { FIELD_PROCESS, FIELD_PID, FIELD_FD };
	const struct field *process = &field_table[FIELD_PROCESS];
	size_t at;

	if (!c->named && !columns_have(c, process))
		columns_toggle(c, process);
	at = index_of(c, process);
	for (size_t i = ARRAY_SIZE(added); !c->named && i-- > 1;)
		insert(c, at + 1, &field_table[added[i]]);
	for (size_t i = 0; i < ARRAY_SIZE(added); i++)
		add_chosen(c, &field_table[added[i]]);
}

void columns_all(struct columns *c)
{
	columns_default(c, false);
	for (size_t i = 0; i < FIELD_N; i++)
		if (field_table[i].name)
			add_chosen(c, &field_table[i]);
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

int columns_parse(struct columns *c, const char *list, bool extended, struct error *why)
{
	c->named = *list != '+';
	if (!c->named) {
		columns_default(c, extended);
		list++;
	}
	for (;;) {
		size_t len = strcspn(list, ",");
		const struct field *field = field_find(list, len);

		if (!len)
			return error_set(why, -EINVAL, "the name of a column is missing");
		if (!field)
			return columns_unknown(list, len, "", why);
		add_chosen(c, field);
		if (!list[len])
			break;
		list += len + 1;
	}
	if (c->named && extended)
		add_extended(c);
	return 0;
}

int columns_worth(const struct columns *c, const struct field *field)
{
	const int identity = 85; /* `keep` of columns that identify a row and its state */
	const int tier = 100; /* more than any `keep` */

	if (field->keep >= identity)
		return field->keep + 2 * tier;
	return c->chosen & bit(field) ? field->keep + tier : field->keep;
}

unsigned int columns_needs(const struct columns *c)
{
	unsigned int needs = 0;

	for (size_t i = 0; i < c->n; i++) {
		needs |= c->list[i]->needs;
		if (c->chosen & bit(c->list[i]))
			needs |= c->list[i]->asked;
	}
	return needs;
}

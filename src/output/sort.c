/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/sort.h"

#include "base/alloc.h"
#include "base/num.h"

#include <stdlib.h>
#include <string.h>

/*
 * What the default order depends on, taken out of the row once: comparing is cheap, and the array
 * to sort is small.
 */
struct key {
	uint64_t badness; /* smaller is worse: state, fill, drops in the window */
	uint64_t place; /* family, port and an IPv4 address; UNIX listeners last */
	struct row *row;
};

/* The same, and the value of a chosen column. */
struct value_key {
	struct key key;
	enum field_order order;
	double number;
	char *text; /* NULL: compare numbers; owned */
	bool unknown;
};

static uint64_t badness(const struct row *row)
{
	/* How far a queue exceeds full is chance, and drops matter more. */
	const uint64_t fill_max = 65536, drops_max = 0xffffffff;
	const uint64_t fill = num_min_u64(row_worst_fill(row), FILL_FULL);
	uint64_t drops = row->drops.known ? row->drops.value : 0;

	return (uint64_t)row->state << 56 | (fill_max - fill * fill_max / FILL_FULL) << 32 |
	       (drops_max - num_min_u64(drops, drops_max));
}

static uint64_t place(const struct listen_addr *b)
{
	uint64_t address = 0;

	if (b->family == AF_UNIX)
		return UINT64_MAX;
	if (b->family == AF_INET)
		for (int i = 0; i < 4; i++)
			address = address << 8 | b->address[i];
	return (uint64_t)(b->family != AF_INET) << 48 | (uint64_t)b->port << 32 | address;
}

static struct key make_key(struct row *row)
{
	return (struct key){ badness(row), place(&row->listener->addr), row };
}

/* IPv4, IPv6, then UNIX listeners by path. */
static int compare_address(const struct row *a, const struct row *b)
{
	const struct listen_addr *x = &a->listener->addr, *y = &b->listener->addr;
	const char *path = a->listener->name, *other = b->listener->name;

	if (x->family != y->family && (x->family == AF_UNIX || y->family == AF_UNIX))
		return x->family == AF_UNIX ? 1 : -1;
	if (x->family != y->family)
		return num_compare(x->family, y->family);
	if (x->family == AF_UNIX)
		return path && other ? strcmp(path, other) : !path - !other;
	return memcmp(x->address, y->address, sizeof(x->address));
}

uint64_t sort_place(const struct row *row)
{
	return place(&row->listener->addr);
}

int sort_compare_address(const struct row *a, const struct row *b)
{
	int order = num_compare(sort_place(a), sort_place(b));

	if (!order)
		order = compare_address(a, b);
	return order ? order : num_compare(a->listener->cookie, b->listener->cookie);
}

static int compare_worst(const void *va, const void *vb)
{
	const struct key *a = va, *b = vb;

	if (a->badness != b->badness)
		return num_compare(a->badness, b->badness);
	if (a->place != b->place)
		return num_compare(a->place, b->place);
	return sort_compare_address(a->row, b->row);
}

int sort_compare(const struct row *a, const struct row *b)
{
	/* The rows are not changed here, but those that are sorted are not const. */
	struct key x = make_key((struct row *)a), y = make_key((struct row *)b);

	return compare_worst(&x, &y);
}

static int compare_values(const struct value_key *a, const struct value_key *b)
{
	if (a->unknown || b->unknown)
		return 0;
	if (a->order == ORDER_PLACE && a->key.place != b->key.place)
		return num_compare(a->key.place, b->key.place);
	if (a->order == ORDER_PLACE || a->order == ORDER_ADDRESS)
		return compare_address(a->key.row, b->key.row);
	if (a->text && b->text)
		return strcmp(a->text, b->text);
	return a->number < b->number ? -1 : a->number > b->number;
}

/* @descending: a bool */
static int compare_chosen(const void *va, const void *vb, void *descending)
{
	const struct value_key *a = va, *b = vb;
	int order = a->unknown - b->unknown;

	if (!order)
		order = *(const bool *)descending ? compare_values(b, a) : compare_values(a, b);
	return order ? order : compare_worst(&a->key, &b->key);
}

static void take_value(struct value_key *key, const struct field *field,
		       const struct report *report, struct field_context *context)
{
	struct field_value v;

	field_get(field, key->key.row, report, context, &v);
	key->unknown = !v.known;
	key->order = field->order;
	switch (field->order) {
	case ORDER_VALUE:
		if (v.type == TYPE_TEXT && v.known)
			key->text = xstrdup(v.text);
		else if (v.type == TYPE_FACTOR || v.type == TYPE_RATE || v.type == TYPE_SECONDS)
			key->number = v.real;
		else
			key->number = (double)v.number;
		break;
	case ORDER_REAL:
		key->number = v.real;
		break;
	case ORDER_STATE:
		key->number = (double)key->key.row->state;
		break;
	case ORDER_ADDRESS:
	case ORDER_PLACE:
		break;
	}
}

static void sort_worst_first(struct row **rows, size_t n)
{
	struct key *keys = xreallocarray(NULL, n, sizeof(*keys));

	for (size_t i = 0; i < n; i++)
		keys[i] = make_key(rows[i]);
	qsort(keys, n, sizeof(*keys), compare_worst);
	for (size_t i = 0; i < n; i++)
		rows[i] = keys[i].row;
	free(keys);
}

void sort_some(struct row **rows, size_t n, const struct report *report, const struct field *field,
	       bool descending, struct field_context *context)
{
	struct value_key *keys;

	if (!field) {
		sort_worst_first(rows, n);
		return;
	}
	keys = xcalloc(n, sizeof(*keys));
	for (size_t i = 0; i < n; i++) {
		keys[i].key = make_key(rows[i]);
		take_value(&keys[i], field, report, context);
	}
	qsort_r(keys, n, sizeof(*keys), compare_chosen, &descending);
	for (size_t i = 0; i < n; i++) {
		rows[i] = keys[i].key.row;
		free(keys[i].text);
	}
	free(keys);
}

void sort_rows(struct report *report, const struct field *field, bool descending,
	       struct field_context *context)
{
	sort_some(report->shown, report->n_shown, report, field, descending, context);
}

unsigned int sort_needs(const struct field *field)
{
	return field ? field->needs | field->asked : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/sort.h"

#include "base/alloc.h"
#include "base/num.h"

#include <stdlib.h>
#include <string.h>

/* A row and its place in the default order: comparing is cheap, and the array to sort is small. */
struct key {
	uint64_t rank; /* see rank_of(); equal ranks need sort_compare_address() */
	struct row *row;
};

/* The same, and the value of a chosen column. */
struct value_key {
	struct key key;
	enum field_order order;
	bool unknown;
	double number;
	char *text; /* NULL: compare numbers; owned */
};

#define PLACE_BITS 49

/* Family, port and an IPv4 address; UNIX listeners last. Has PLACE_BITS. */
static uint64_t place(const struct listen_addr *b)
{
	uint64_t address = 0;

	if (b->family == AF_UNIX)
		return ((uint64_t)1 << PLACE_BITS) - 1;
	if (b->family == AF_INET)
		for (int i = 0; i < 4; i++)
			address = address << 8 | b->address[i];
	return (uint64_t)(b->family != AF_INET) << 48 | (uint64_t)b->port << 32 | address;
}

/*
 * Worst first: the state, the fill, and the drops in the window. Rows without fill and drops, which
 * are most of them, go by their place.
 */
static uint64_t rank_of(const struct row *row)
{
	/* How far a queue exceeds full is chance, and drops matter more. */
	const uint64_t fill_max = 65536, drops_max = 0xffffffff;
	const uint64_t fill = num_min_u64(row_worst_fill(row), FILL_FULL);
	const uint64_t drops =
		row->window->drops.known ? num_min_u64(row->window->drops.value, drops_max) : 0;
	const uint64_t room = fill_max - fill * fill_max / FILL_FULL;
	uint64_t rank = room << 32 | (drops_max - drops);

	if (room == fill_max && !drops)
		rank = (uint64_t)1 << PLACE_BITS | place(&row->listener->addr);
	return (uint64_t)row->state << 56 | rank;
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

	return a->rank != b->rank ? num_compare(a->rank, b->rank) :
				    sort_compare_address(a->row, b->row);
}

static int compare_values(const struct value_key *a, const struct value_key *b)
{
	if (a->unknown || b->unknown)
		return 0;
	if (a->order == ORDER_ADDRESS || (a->order == ORDER_PLACE && a->number == b->number))
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
	case ORDER_PLACE:
		key->number = (double)place(&key->key.row->listener->addr); /* exact */
		break;
	case ORDER_ADDRESS:
		break;
	}
}

static void sort_worst_first(struct row **rows, size_t n)
{
	struct key *keys = xreallocarray(NULL, n, sizeof(*keys));

	for (size_t i = 0; i < n; i++)
		keys[i] = (struct key){ rank_of(rows[i]), rows[i] };
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
		keys[i].key = (struct key){ rank_of(rows[i]), rows[i] };
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

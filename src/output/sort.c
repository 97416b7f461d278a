/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/sort.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Everything that the order depends on is taken out of the row once: comparing is then cheap. */
struct key {
	double number; /* of the chosen column */
	char *text;    /* or its text, owned */
	bool unknown;
	bool by_address;
	uint64_t badness; /* smaller is worse: state, fill, drops in the window */
	uint64_t place;   /* family, port and an IPv4 address */
	const struct bound *bound;
	uint32_t row;
};

static uint64_t saturate(double value, uint64_t max)
{
	return value >= (double)max ? max : (uint64_t)value;
}

static uint64_t badness(const struct row *row)
{
	const uint64_t fill_max = 0xffffff, drops_max = 0xffffffff;
	uint64_t fill = saturate(row_worst_fill(row) * 65536, fill_max);
	uint64_t drops = row->drops.known ? row->drops.value : 0;

	if (drops > drops_max)
		drops = drops_max;
	return (uint64_t)row->state << 56 | (fill_max - fill) << 32 | (drops_max - drops);
}

static uint64_t place(const struct bound *b)
{
	uint64_t address = 0;

	if (b->family == AF_INET)
		for (int i = 0; i < 4; i++)
			address = address << 8 | b->address[i];
	return (uint64_t)(b->family != AF_INET) << 48 | (uint64_t)b->port << 32 | address;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_address(const struct bound *a, const struct bound *b)
{
	if (a->family != b->family)
		return compare_u64(a->family, b->family);
	return memcmp(a->address, b->address, sizeof(a->address));
}

static int compare_worst(const void *va, const void *vb)
{
	const struct key *a = va, *b = vb;
	int order;

	if (a->badness != b->badness)
		return compare_u64(a->badness, b->badness);
	if (a->place != b->place)
		return compare_u64(a->place, b->place);
	order = compare_address(a->bound, b->bound);
	return order ? order : compare_u64(a->row, b->row);
}

static int compare_values(const struct key *a, const struct key *b)
{
	if (a->unknown || b->unknown)
		return 0;
	if (a->by_address)
		return compare_address(a->bound, b->bound);
	if (a->text && b->text)
		return strcmp(a->text, b->text);
	return a->number < b->number ? -1 : a->number > b->number;
}

static int compare_ascending(const void *va, const void *vb)
{
	const struct key *a = va, *b = vb;
	int order = a->unknown != b->unknown ? a->unknown - b->unknown : compare_values(a, b);

	return order ? order : compare_worst(a, b);
}

static int compare_descending(const void *va, const void *vb)
{
	const struct key *a = va, *b = vb;
	int order = a->unknown != b->unknown ? a->unknown - b->unknown : compare_values(b, a);

	return order ? order : compare_worst(a, b);
}

/* Texts sort as texts but for those that stand for something with an order of its own. */
static void take_value(struct key *key, const struct field *field, const struct row *row,
		       const struct report *report, struct field_context *context)
{
	struct field_value v;

	field_get(field, row, report, context, &v);
	key->unknown = !v.known;
	if (!strcmp(field->name, "state") || !strcmp(field->name, "severity"))
		key->number = (double)row->state;
	else if (!strcmp(field->name, "local"))
		key->number = (double)key->place;
	else if (!strcmp(field->name, "address"))
		key->by_address = true;
	else if (v.type == FIELD_TEXT && v.number) /* bounds: by the upper one */
		key->number = (double)v.number;
	else if (v.type == FIELD_TEXT && v.known && strcmp(field->name, "overflows"))
		key->text = xstrdup(v.text);
	else if (v.type == FIELD_RATIO || v.type == FIELD_RATE || v.type == FIELD_SECONDS)
		key->number = v.real;
	else
		key->number = (double)v.number;
}

void sort_rows(struct report *report, const struct field *field, bool descending,
	       struct field_context *context)
{
	struct key *keys = xreallocarray(NULL, report->n_rows, sizeof(*keys));
	struct row *sorted = xreallocarray(NULL, report->n_rows, sizeof(*sorted));

	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];

		keys[i] = (struct key){ .badness = badness(row),
					.place = place(&row->listener->bound),
					.bound = &row->listener->bound,
					.row = (uint32_t)i };
		if (field)
			take_value(&keys[i], field, row, report, context);
	}
	qsort(keys, report->n_rows, sizeof(*keys),
	      !field ? compare_worst : descending ? compare_descending : compare_ascending);
	for (size_t i = 0; i < report->n_rows; i++) {
		sorted[i] = report->rows[keys[i].row];
		free(keys[i].text);
	}
	free(report->rows);
	report->rows = sorted;
	report->rows_size = report->n_rows;
	free(keys);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/order.h"

#include "analyse/fold.h"
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct place {
	uint32_t place;
	struct row *row;
};

void order_free(struct order *o)
{
	idmap_free(&o->places);
	memset(o, 0, sizeof(*o));
}

void order_keep(struct order *o, struct row *const *rows, size_t n)
{
	idmap_reset(&o->places, n);
	o->n = 0;
	o->groups = false;
	for (size_t i = 0; i < n; i++) {
		o->groups |= rows[i]->folded != NULL;
		if (idmap_put(&o->places, row_id(rows[i]), (uint32_t)o->n) == IDMAP_NONE)
			o->n++;
	}
}

/* Of a group that was a listener, or several: that of the first of them. */
static uint32_t place_of_members(const struct order *o, const struct folded_group *fold)
{
	uint32_t first = IDMAP_NONE;

	for (uint32_t i = 0; i < fold->n_members; i++) {
		uint32_t place = idmap_get(&o->places, row_id(fold->members[i]));

		if (place < first) /* IDMAP_NONE is above all */
			first = place;
	}
	return first;
}

static uint32_t find_place(struct order *o, const struct row *row)
{
	const bool alone = o->groups && row->group && row->group->sockets == 1;
	uint32_t place = IDMAP_NONE;

	/* Where it was a member its own place is one among members. */
	if (alone)
		place = idmap_get(&o->places, row_group_id(row));
	if (place == IDMAP_NONE)
		place = idmap_get(&o->places, row_id(row));
	if (place == IDMAP_NONE && row->folded)
		place = place_of_members(o, row->folded);
	if (place == IDMAP_NONE)
		place = (uint32_t)o->n++;
	o->groups |= row->folded != NULL;
	idmap_put(&o->places, row_id(row), place);
	return place;
}

static int compare_places(const void *a, const void *b)
{
	uint32_t x = ((const struct place *)a)->place, y = ((const struct place *)b)->place;

	return x < y ? -1 : x > y;
}

void order_restore(struct order *o, struct row **rows, size_t n)
{
	struct place *places = xreallocarray(NULL, n, sizeof(*places));

	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){ find_place(o, rows[i]), rows[i] };
	qsort(places, n, sizeof(*places), compare_places);
	for (size_t i = 0; i < n; i++)
		rows[i] = places[i].row;
	free(places);
}

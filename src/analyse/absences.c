/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/absences.h"

#include "base/clock.h"
#include "base/num.h"

#include <stdlib.h>

void absences_free(struct absences *a)
{
	idmap_free(&a->by_id);
}

static uint32_t index_of(const struct absences *a, uint64_t id)
{
	return a->n ? idmap_get(&a->by_id, id) : IDMAP_NONE;
}

static struct absences_of *find(struct absences *a, uint64_t id)
{
	const uint32_t i = index_of(a, id);

	return i == IDMAP_NONE ? NULL : &a->list[i];
}

struct absences_of *absences_closed(struct absences *a, uint64_t id, uint64_t window)
{
	struct absences_of *of = find(a, id);

	if (!of && a->n == ABSENCES_MAX) {
		a->left_out++;
		return NULL;
	}
	if (!of) {
		if (!a->n)
			idmap_reset(&a->by_id, ABSENCES_MAX);
		idmap_put(&a->by_id, id, (uint32_t)a->n);
		of = &a->list[a->n++];
		of->id = id;
	}
	of->closes = window;
	return of;
}

/* How long nobody listened at least. */
static int64_t length_of(const struct absence *absence)
{
	return clock_to_ns(absence->opened_after) - clock_to_ns(absence->closed_by);
}

static void end_absence(struct absences_of *of, struct timespec after, struct timespec by)
{
	of->gone = false;
	of->now.opened_after = after;
	of->now.opened_by = by;
	if (!of->times++ || length_of(&of->now) > length_of(&of->longest))
		of->longest = of->now;
}

void absences_here(struct absences *a, uint64_t id, uint64_t window, bool fresh)
{
	struct absences_of *of = find(a, id);

	if (!of)
		return;
	of->here = window;
	of->replaced = fresh && of->closes == window;
}

static void add_close(struct absences_of *of, struct timespec wall)
{
	if (!of->closed++)
		of->first = wall;
	of->last = wall;
}

void absences_add_window(struct absences *a, uint64_t window, struct timespec opened,
			 struct timespec wall)
{
	for (size_t i = 0; i < a->n; i++) {
		struct absences_of *of = &a->list[i];

		if (of->here == window) {
			if (of->gone)
				end_absence(of, opened, wall);
			else if (of->replaced) /* nobody knows whether somebody listened */
				add_close(of, wall);
			of->replaced = false;
		} else if (of->closes == window && !of->gone) {
			add_close(of, wall);
			of->gone = true;
			of->now = (struct absence){ .closed_after = opened, .closed_by = wall };
		}
	}
}

void absences_cut(struct absences *a, struct timespec end)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->list[i].gone)
			end_absence(&a->list[i], end, (struct timespec){ 0 });
}

const struct absence *absences_now(const struct absences *a, uint64_t id)
{
	const uint32_t i = index_of(a, id);

	return i != IDMAP_NONE && a->list[i].gone ? &a->list[i].now : NULL;
}

/* Of those that were closed as often, the one whose last listener was closed first. */
static int compare(const void *va, const void *vb)
{
	const struct absences_of *a = va, *b = vb;

	if (a->closed != b->closed)
		return a->closed > b->closed ? -1 : 1;
	return num_compare(a->closes, b->closes);
}

size_t absences_sort(struct absences *a)
{
	size_t n = 0;

	if (a->n)
		qsort(a->list, a->n, sizeof(*a->list), compare);
	idmap_reset(&a->by_id, ABSENCES_MAX);
	for (size_t i = 0; i < a->n; i++) {
		idmap_put(&a->by_id, a->list[i].id, (uint32_t)i);
		n += a->list[i].closed > 0;
	}
	return n;
}

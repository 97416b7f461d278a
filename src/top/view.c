/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/view.h"

#include "analyse/fold.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "output/cell.h"
#include "output/sort.h"

#include <stdlib.h>
#include <string.h>

/* How long a move of the cursor holds the order: to read, and to move on. */
#define HOLD_NS (5 * NSEC_PER_SEC)

void view_free(struct view *v)
{
	report_free(&v->report);
	idmap_free(&v->order);
	memset(v, 0, sizeof(*v));
}

static struct view_socket socket_of(const struct row *row)
{
	return (struct view_socket){ row->netns->netns->inode, row->listener->cookie };
}

static bool same_socket(struct view_socket a, struct view_socket b)
{
	return a.netns == b.netns && a.cookie == b.cookie;
}

static uint64_t socket_id(struct view_socket socket)
{
	return socket.cookie ^ idmap_mix(socket.netns);
}

/* Does a cell of the row have the text? */
static bool cell_has(struct view *v, const struct row *row, const struct field *field,
		     const char *text)
{
	struct field_value value;
	struct strbuf cell = { 0 };
	bool has;

	field_get(field, row, &v->report, v->context, &value);
	cell_add(&cell, &value, 0);
	has = strcasestr(cell.s, text) != NULL;
	strbuf_free(&cell);
	return has;
}

static bool row_has(struct view *v, const struct row *row, const char *text)
{
	if (cell_has(v, row, field_named("local"), text) ||
	    cell_has(v, row, field_named("state"), text))
		return true;
	for (size_t i = 0; i < v->columns->n; i++) {
		const struct field *field = v->columns->list[i];

		if ((field->type == FIELD_TEXT || field->type == FIELD_LIST) &&
		    cell_has(v, row, field, text))
			return true;
	}
	return false;
}

bool view_order_stays(const struct view *v, uint64_t clock_ns)
{
	return v->frozen || clock_ns < v->held_until_ns;
}

/* Remembers the order on the screen; those that come later go below it. */
static void keep_order(struct view *v)
{
	idmap_reset(&v->order, v->report.n_shown);
	v->n_order = 0;
	for (size_t i = 0; i < v->report.n_shown; i++)
		if (idmap_put(&v->order, socket_id(socket_of(v->report.shown[i])),
			      (uint32_t)v->n_order) == IDMAP_NONE)
			v->n_order++;
}

struct place {
	uint32_t place;
	struct row *row;
};

static int compare_places(const void *a, const void *b)
{
	uint32_t x = ((const struct place *)a)->place, y = ((const struct place *)b)->place;

	return x < y ? -1 : x > y;
}

static void restore_order(struct view *v)
{
	struct report *r = &v->report;
	struct place *places = xreallocarray(NULL, r->n_shown, sizeof(*places));

	for (size_t i = 0; i < r->n_shown; i++) {
		uint64_t id = socket_id(socket_of(r->shown[i]));
		uint32_t place = idmap_put(&v->order, id, (uint32_t)v->n_order);

		if (place == IDMAP_NONE)
			place = (uint32_t)v->n_order++;
		places[i] = (struct place){ place, r->shown[i] };
	}
	qsort(places, r->n_shown, sizeof(*places), compare_places);
	for (size_t i = 0; i < r->n_shown; i++)
		r->shown[i] = places[i].row;
	free(places);
	/* The places of those that are gone. */
	if (v->n_order > 2 * r->n_shown + 1024)
		keep_order(v);
}

static bool find_socket(const struct view *v, struct view_socket socket, size_t *index)
{
	for (size_t i = 0; i < v->report.n_shown; i++)
		if (same_socket(socket_of(v->report.shown[i]), socket)) {
			*index = i;
			return true;
		}
	return false;
}

static void remember_selected(struct view *v)
{
	const struct report *r = &v->report;

	if (!r->n_shown)
		return;
	v->n_neighbours = 0;
	v->selected = socket_of(r->shown[v->cursor]);
	for (size_t i = v->cursor + 1; i < r->n_shown && v->n_neighbours < VIEW_NEIGHBOURS / 2; i++)
		v->neighbours[v->n_neighbours++] = socket_of(r->shown[i]);
	for (size_t i = v->cursor; i > 0 && v->n_neighbours < VIEW_NEIGHBOURS; i--)
		v->neighbours[v->n_neighbours++] = socket_of(r->shown[i - 1]);
}

/* The worst one leads, but where the user has chosen another order. */
static size_t find_worst(const struct view *v)
{
	const struct report *r = &v->report;
	size_t worst = 0;

	for (size_t i = 1; (v->sort || v->frozen) && i < r->n_shown; i++)
		if (sort_compare(r->shown[i], r->shown[worst]) < 0)
			worst = i;
	return worst;
}

static void find_selected(struct view *v)
{
	bool found = !v->follow && find_socket(v, v->selected, &v->cursor);

	if (found) {
		remember_selected(v); /* who is beside it may have changed */
		return;
	}
	/* A dump may miss a listener once, and in the past it was not yet there. */
	for (size_t i = 0; !found && !v->follow && i < v->n_neighbours; i++)
		found = find_socket(v, v->neighbours[i], &v->cursor);
	if (found)
		return;
	v->cursor = v->follow ? find_worst(v) : 0;
	remember_selected(v);
}

void view_arrange(struct view *v, uint64_t clock_ns)
{
	report_select(&v->report, &v->selection);
	sort_rows(&v->report, v->sort, v->descending, v->context);
	if (view_order_stays(v, clock_ns))
		restore_order(v);
	find_selected(v);
}

void view_build(struct view *v, const struct trail *trail, const struct snapshot *before,
		const struct snapshot *now, uint64_t clock_ns)
{
	fold_build(&v->report, before, now, v->fold);
	if (trail)
		trail_carry(trail, &v->report);
	view_arrange(v, clock_ns);
}

const struct row *view_selected(const struct view *v)
{
	return v->report.n_shown ? v->report.shown[v->cursor] : NULL;
}

void view_select(struct view *v, size_t index, uint64_t clock_ns)
{
	if (!v->report.n_shown)
		return;
	if (!view_order_stays(v, clock_ns))
		keep_order(v);
	v->held_until_ns = clock_ns + HOLD_NS;
	v->follow = false;
	v->cursor = index < v->report.n_shown ? index : v->report.n_shown - 1;
	remember_selected(v);
}

void view_move(struct view *v, long by, uint64_t clock_ns)
{
	size_t step = by < 0 ? (size_t)-by : (size_t)by;

	if (by < 0)
		view_select(v, v->cursor > step ? v->cursor - step : 0, clock_ns);
	else
		view_select(v, v->cursor + step, clock_ns);
}

void view_scroll(struct view *v, size_t page)
{
	size_t n = v->report.n_shown;

	v->page = page ? page : 1;
	if (v->cursor < v->offset)
		v->offset = v->cursor;
	if (v->cursor >= v->offset + v->page)
		v->offset = v->cursor - v->page + 1;
	/* No empty lines below while there are rows above. */
	if (v->offset + v->page > n)
		v->offset = n > v->page ? n - v->page : 0;
}

void view_freeze(struct view *v, bool frozen, uint64_t clock_ns)
{
	if (frozen && !view_order_stays(v, clock_ns))
		keep_order(v);
	v->frozen = frozen;
	v->held_until_ns = 0;
	view_arrange(v, clock_ns);
}

bool view_find(struct view *v, const char *text, int from, uint64_t clock_ns)
{
	size_t n = v->report.n_shown;

	for (size_t i = 0; i < n; i++) {
		size_t step = from < 0 ? n - (i + 1) % n : i + (size_t)from;
		size_t index = (v->cursor + step) % n;

		if (row_has(v, v->report.shown[index], text)) {
			view_select(v, index, clock_ns);
			return true;
		}
	}
	return false;
}

/* The user wants another order, now. */
static void sort_anew(struct view *v, const struct field *field, uint64_t clock_ns)
{
	v->sort = field;
	/* Numbers are of interest when they are large; words are looked up. */
	v->descending = field && field_is_number(field);
	v->frozen = false;
	v->held_until_ns = 0;
	view_arrange(v, clock_ns);
}

void view_sort_by(struct view *v, int by, uint64_t clock_ns)
{
	size_t n = v->columns->n, at = 0; /* 0: worst first, i + 1: column i */

	for (size_t i = 0; v->sort && i < n; i++)
		if (v->columns->list[i] == v->sort)
			at = i + 1;
	at = (at + n + 1 + (size_t)by) % (n + 1);
	sort_anew(v, at ? v->columns->list[at - 1] : NULL, clock_ns);
}

void view_sort_on(struct view *v, const struct field *field, uint64_t clock_ns)
{
	if (v->sort == field)
		view_invert(v, clock_ns);
	else
		sort_anew(v, field, clock_ns);
}

void view_invert(struct view *v, uint64_t clock_ns)
{
	/* Worst first is the order by state, upside down as any other. */
	if (!v->sort)
		v->sort = field_named("state");
	v->descending = !v->descending;
	v->frozen = false;
	v->held_until_ns = 0;
	view_arrange(v, clock_ns);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/view.h"

#include "analyse/fold.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "output/cell.h"
#include "output/sort.h"

#include <stdlib.h>
#include <string.h>

/* How long a move of the cursor keeps the order, so that the user can read it. */
#define HOLD_NS (5 * NSEC_PER_SEC)

struct place {
	uint32_t place;
	struct row *row;
};

/* What the default order depends on. */
struct key {
	uint64_t badness; /* smaller comes first */
	uint64_t place;
	struct row *row;
};

enum { KEY_SICK, KEY_WAS, KEY_GONE, KEY_WELL };

/* badness has the class of a row above the severity, and that above its place among the like. */
#define KEY_CLASS_SHIFT	   60
#define KEY_SEVERITY_SHIFT 56
#define KEY_ORDER_MAX	   ((UINT64_C(1) << KEY_SEVERITY_SHIFT) - 1)

static struct view_socket socket_of(const struct row *row)
{
	return (struct view_socket){ row_id(row), row_group_id(row) };
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
	if (cell_has(v, row, &field_table[FIELD_LOCAL], text) ||
	    cell_has(v, row, &field_table[FIELD_STATE], text))
		return true;
	for (size_t i = 0; i < v->columns->n; i++) {
		const struct field *field = v->columns->list[i];

		if ((field->type == TYPE_TEXT || field->type == TYPE_LIST) &&
		    cell_has(v, row, field, text))
			return true;
	}
	return false;
}

/* Keeps the order on the screen; rows that come later go below. */
static void keep_order(struct view *v)
{
	struct row *const *rows = v->report.shown;
	const size_t n = v->report.n_shown;
	struct order *o = &v->order;

	idmap_reset(&o->places, n);
	o->n = 0;
	o->groups = false;
	for (size_t i = 0; i < n; i++) {
		o->groups |= rows[i]->folded != NULL;
		if (idmap_put(&o->places, row_id(rows[i]), (uint32_t)o->n) == IDMAP_NONE)
			o->n++;
	}
}

/* The place of a group whose sockets had rows of their own: the first of theirs. */
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

	/* The last listener of a group takes the place of the group, not its own among members. */
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
	return num_compare(((const struct place *)a)->place, ((const struct place *)b)->place);
}

static struct memory recall(const struct view *v, const struct row *row)
{
	return history_memory(v->history, row, v->back);
}

/*
 * Rows must not change places for chance: of two that are as severe, the one that has been sick for
 * longer comes first, and nothing but the address decides between two that are well.
 */
static struct key make_key(const struct view *v, struct row *row)
{
	static const struct memory none = { .kind = MEMORY_NONE };
	const struct memory m = row->well ? none : recall(v, row);
	struct key key = { .place = sort_place(row), .row = row };
	uint64_t order = 0, class = KEY_WELL;
	enum severity severity = 0;

	switch (m.kind) {
	case MEMORY_SICK:
	case MEMORY_HELD:
		class = KEY_SICK;
		severity = memory_severity(&m);
		order = m.lasted.ns < KEY_ORDER_MAX ? KEY_ORDER_MAX - m.lasted.ns : 0;
		break;
	case MEMORY_WAS:
		class = KEY_WAS;
		order = m.ago_ns;
		break;
	case MEMORY_RESTARTS:
		class = KEY_WAS; /* the latest, whether or not it is gone now */
		break;
	case MEMORY_GONE:
		class = KEY_GONE;
		order = m.ago_ns;
		break;
	case MEMORY_NONE:
		break;
	}
	key.badness = class << KEY_CLASS_SHIFT | (uint64_t)severity << KEY_SEVERITY_SHIFT | order;
	return key;
}

static int compare_keys(const void *va, const void *vb)
{
	const struct key *a = va, *b = vb;

	if (a->badness != b->badness)
		return num_compare(a->badness, b->badness);
	if (a->place != b->place)
		return num_compare(a->place, b->place);
	return sort_compare_address(a->row, b->row);
}

static void sort_by_memory(const struct view *v, struct row **rows, size_t n)
{
	struct key *keys = xreallocarray(NULL, n, sizeof(*keys));

	for (size_t i = 0; i < n; i++)
		keys[i] = make_key(v, rows[i]);
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < n; i++)
		rows[i] = keys[i].row;
	free(keys);
}

/* Sorts @rows, all or some of those shown, or puts them in the order that was kept. */
static void put_in_order(struct view *v, struct row **rows, size_t n, uint64_t clock_ns)
{
	struct place *places;

	if (v->sort)
		sort_some(rows, n, &v->report, v->sort, v->descending, v->context);
	else
		sort_by_memory(v, rows, n);
	if (!view_order_stays(v, clock_ns))
		return;
	places = xreallocarray(NULL, n, sizeof(*places));
	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){ find_place(&v->order, rows[i]), rows[i] };
	qsort(places, n, sizeof(*places), compare_places);
	for (size_t i = 0; i < n; i++)
		rows[i] = places[i].row;
	free(places);
}

/* There are few: the user unfolded each of them. */
static size_t find_unfolded(const struct view *v, uint64_t group)
{
	size_t i = 0;

	while (i < v->n_unfolded && v->unfolded[i] != group)
		i++;
	return i;
}

static bool is_unfolded(const struct view *v, const struct row *row)
{
	return v->n_unfolded && row->folded && find_unfolded(v, row_group_id(row)) < v->n_unfolded;
}

static void set_unfolded(struct view *v, uint64_t group, bool unfold)
{
	size_t i = find_unfolded(v, group);

	if (i == v->n_unfolded && unfold) {
		v->unfolded = array_grow(v->unfolded, v->n_unfolded, &v->unfolded_size,
					 sizeof(*v->unfolded));
		v->unfolded[v->n_unfolded++] = group;
	} else if (i < v->n_unfolded && !unfold) {
		v->unfolded[i] = v->unfolded[--v->n_unfolded];
	}
}

static bool is_hidden(const struct view *v, const struct row *row)
{
	return v->sick_only && (row->well || recall(v, row).kind == MEMORY_NONE);
}

/* Puts the members of unfolded groups below the row of their group. */
static void add_members(struct view *v, uint64_t clock_ns)
{
	struct report *r = &v->report;
	struct row **rows = r->shown;
	size_t rows_size = r->shown_size, n = 0;

	v->n_members = 0;
	if (!v->n_unfolded || !r->n_members)
		return;
	if (v->spare_size < r->n_rows + r->n_members) {
		v->spare_size = r->n_rows + r->n_members;
		v->spare = xreallocarray(v->spare, v->spare_size, sizeof(*v->spare));
	}
	for (size_t i = 0; i < r->n_shown; i++) {
		const struct folded_group *fold = is_unfolded(v, rows[i]) ? rows[i]->folded : NULL;
		size_t begin;

		v->spare[n++] = rows[i];
		begin = n;
		for (uint32_t j = 0; fold && j < fold->n_members; j++)
			if (report_selects(r, &v->selection, fold->members[j]) &&
			    !is_hidden(v, fold->members[j]))
				v->spare[n++] = fold->members[j];
		if (fold)
			put_in_order(v, v->spare + begin, n - begin, clock_ns);
		v->n_members += n - begin;
	}
	r->shown = v->spare;
	r->shown_size = v->spare_size;
	r->n_shown = n;
	v->spare = rows;
	v->spare_size = rows_size;
}

/* The listeners that went before the window of the report. */
static void add_ghosts(struct view *v)
{
	struct report *r = &v->report;
	struct row **ghosts;
	size_t n = history_gone(v->history, r, v->back, &ghosts);

	if (r->n_shown + n > r->shown_size) {
		r->shown_size = r->n_shown + n;
		r->shown = xreallocarray(r->shown, r->shown_size, sizeof(*r->shown));
	}
	for (size_t i = 0; i < n; i++) {
		if (recall(v, ghosts[i]).kind == MEMORY_RESTARTS)
			v->n_restarting++;
		else
			v->n_gone++;
		ghosts[i]->shown = report_selects(r, &v->selection, ghosts[i]);
		if (!ghosts[i]->shown)
			continue;
		r->shown[r->n_shown++] = ghosts[i];
		v->n_ghosts++;
	}
}

/* A listener that restarts again and again has one row, even if the report has two of its. */
static void hide_replaced(struct view *v)
{
	struct report *r = &v->report;
	size_t n = 0;

	for (size_t i = 0; i < r->n_shown; i++)
		if (!(r->shown[i]->gone && recall(v, r->shown[i]).replaced))
			r->shown[n++] = r->shown[i];
	r->n_shown = n;
}

static void hide_well(struct view *v)
{
	struct report *r = &v->report;
	size_t n = 0;

	for (size_t i = 0; i < r->n_shown; i++)
		if (!is_hidden(v, r->shown[i]))
			r->shown[n++] = r->shown[i];
	r->n_shown = n;
}

static bool is_ghost(const struct view *v, const struct row *row)
{
	const struct report *r = &v->report;

	return row->gone && v->n_ghosts && (row < r->rows || row >= r->rows + r->n_rows);
}

static bool find_id(const struct view *v, uint64_t id, size_t *index)
{
	for (size_t i = 0; i < v->report.n_shown; i++)
		if (row_id(v->report.shown[i]) == id) {
			*index = i;
			return true;
		}
	return false;
}

/* Returns the first row that is not gone at that address, or n_shown. */
static size_t find_present(const struct view *v, uint64_t group)
{
	size_t i = 0;

	while (i < v->report.n_shown &&
	       (v->report.shown[i]->gone || row_group_id(v->report.shown[i]) != group))
		i++;
	return i;
}

/* Is it all that there is at its address? */
static bool is_whole(const struct view *v, const struct row *row)
{
	return row->folded ? !is_unfolded(v, row) : !row->group || row->group->sockets == 1;
}

/*
 * A folded group replaces a member, and what remains of a group replaces its row. So does a
 * listener the one that was at its address.
 */
static bool find_replacement(const struct view *v, size_t *index)
{
	const bool was_group = v->selected.id == v->selected.group;
	const size_t present = find_present(v, v->selected.group);

	if (present < v->report.n_shown && is_whole(v, v->report.shown[present])) {
		*index = present;
		return true;
	}
	for (size_t i = 0; i < v->report.n_shown; i++) {
		const struct row *row = v->report.shown[i];

		if ((was_group || (row->folded && !is_unfolded(v, row))) && !row->gone &&
		    row_group_id(row) == v->selected.group) {
			*index = i;
			return true;
		}
	}
	return false;
}

/*
 * The cursor stays on a listener that is gone. But where another one is at its address, it goes
 * there; a member of a group that goes on has no row for long.
 */
static bool find_selected_row(const struct view *v, size_t *index)
{
	size_t present;

	if (!find_id(v, v->selected.id, index))
		return find_replacement(v, index);
	if (!v->report.shown[*index]->gone || v->selected_gone)
		return true;
	present = find_present(v, v->selected.group);
	if (present == v->report.n_shown)
		return true;
	*index = present;
	return is_whole(v, v->report.shown[present]);
}

/*
 * Adds up to @most rows from @i on, upwards or downwards. At most half of them belong to the group
 * of the selected row, which may end as a whole.
 */
static void add_neighbours(struct view *v, size_t i, int step, size_t most)
{
	const struct report *r = &v->report;
	const struct row *selected = r->shown[v->cursor];
	const size_t end = v->n_neighbours + most;
	size_t own = most / 2;

	for (; i < r->n_shown && v->n_neighbours < end; i += (size_t)step) {
		bool is_own = r->n_members && r->shown[i]->group == selected->group;

		if (is_own && !own)
			continue;
		own -= is_own;
		v->neighbours[v->n_neighbours++] = socket_of(r->shown[i]);
	}
}

static void remember_selected(struct view *v)
{
	const struct report *r = &v->report;

	if (!r->n_shown)
		return;
	v->n_neighbours = 0;
	v->selected = socket_of(r->shown[v->cursor]);
	v->selected_gone = r->shown[v->cursor]->gone;
	add_neighbours(v, v->cursor + 1, 1, VIEW_NEIGHBOURS / 2);
	/* Above the first row the index wraps to beyond the last. */
	add_neighbours(v, v->cursor - 1, -1, VIEW_NEIGHBOURS - v->n_neighbours);
}

/* The first row is the worst unless the user has chosen another order. */
static struct key find_worst(const struct view *v, size_t *at)
{
	const struct report *r = &v->report;
	struct key worst = make_key(v, r->shown[0]), key;

	*at = 0;
	for (size_t i = 1; (v->sort || v->frozen) && i < r->n_shown; i++) {
		key = make_key(v, r->shown[i]);
		if (compare_keys(&key, &worst) < 0) {
			worst = key;
			*at = i;
		}
	}
	return worst;
}

/* The worst row is selected. Of several sick ones that are as severe it is the one that was. */
static void follow_worst(struct view *v)
{
	struct key worst, key;
	size_t at, was;

	v->cursor = 0;
	if (!v->report.n_shown)
		return;
	worst = find_worst(v, &at);
	if (find_selected_row(v, &was)) {
		key = make_key(v, v->report.shown[was]);
		if (worst.badness >> KEY_CLASS_SHIFT == KEY_SICK &&
		    key.badness >> KEY_SEVERITY_SHIFT == worst.badness >> KEY_SEVERITY_SHIFT)
			at = was;
	}
	v->cursor = at;
	remember_selected(v);
}

static void find_selected(struct view *v)
{
	bool found;

	if (v->follow) {
		follow_worst(v);
		return;
	}
	found = find_selected_row(v, &v->cursor);
	if (found) {
		remember_selected(v); /* its neighbours may have changed */
		return;
	}
	/* A dump may miss it once, or the sample on the screen may be older than the listener. */
	for (size_t i = 0; !found && i < v->n_neighbours; i++)
		found = find_id(v, v->neighbours[i].id, &v->cursor) &&
			!v->report.shown[v->cursor]->gone;
	if (found)
		return;
	v->cursor = 0;
	remember_selected(v);
}

static void sort_anew(struct view *v, const struct field *field, uint64_t clock_ns)
{
	v->sort = field;
	/* Numbers begin with the largest, words with A. */
	v->descending = field && field_is_number(field);
	v->frozen = false;
	v->held_until_ns = 0;
	view_arrange(v, clock_ns);
}

void view_free(struct view *v)
{
	report_free(&v->report);
	idmap_free(&v->order.places);
	free(v->unfolded);
	free(v->spare);
	memset(v, 0, sizeof(*v));
}

bool view_order_stays(const struct view *v, uint64_t clock_ns)
{
	return v->frozen || clock_ns < v->held_until_ns;
}

void view_arrange(struct view *v, uint64_t clock_ns)
{
	v->arranged++;
	if (v->history)
		history_mark_well(v->history, &v->report);
	report_select(&v->report, &v->selection);
	v->n_ghosts = v->n_gone = v->n_restarting = 0;
	if (v->history) {
		hide_replaced(v);
		add_ghosts(v);
	}
	if (v->sick_only)
		hide_well(v);
	put_in_order(v, v->report.shown, v->report.n_shown, clock_ns);
	add_members(v, clock_ns);
	/* Forgets the places of rows that are gone. */
	if (view_order_stays(v, clock_ns) && v->order.n > 2 * v->report.n_shown + 1024)
		keep_order(v);
	find_selected(v);
}

void view_build(struct view *v, const struct snapshot *before, const struct snapshot *now,
		uint64_t clock_ns)
{
	fold_build(&v->report, before, now, v->fold);
	view_arrange(v, clock_ns);
}

struct report view_report(const struct view *v)
{
	struct report report = v->report;

	report.shown_size = report.n_shown;
	report.shown = xreallocarray(NULL, report.n_shown, sizeof(*report.shown));
	report.n_shown = 0;
	for (size_t i = 0; i < v->report.n_shown; i++)
		if (!is_ghost(v, v->report.shown[i]))
			report.shown[report.n_shown++] = v->report.shown[i];
	return report;
}

const struct row *view_selected(const struct view *v)
{
	return v->report.n_shown ? v->report.shown[v->cursor] : NULL;
}

const struct row *view_row_of(const struct view *v, struct view_socket socket)
{
	const struct row *row = view_selected(v);

	if (!row || row_id(row) == socket.id)
		return row;
	if (socket.id == socket.group && row_group_id(row) == socket.group)
		return row;
	for (uint32_t i = 0; row->folded && i < row->folded->n_members; i++)
		if (row_id(row->folded->members[i]) == socket.id)
			return row->folded->members[i];
	return NULL;
}

enum view_branch view_branch(const struct view *v, size_t index)
{
	const struct report *r = &v->report;
	const struct row *row = r->shown[index];

	if (row->folded)
		return is_unfolded(v, row) ? VIEW_UNFOLDED : VIEW_FOLDED;
	if (!row_is_member(row, r))
		return VIEW_ALONE;
	return index + 1 < r->n_shown && row_is_member(r->shown[index + 1], r) ? VIEW_MEMBER :
										 VIEW_LAST_MEMBER;
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

bool view_select_socket(struct view *v, struct view_socket socket, uint64_t clock_ns)
{
	const struct report *r = &v->report;

	for (size_t i = 0; i < r->n_shown; i++)
		if (row_id(r->shown[i]) == socket.id ||
		    (r->shown[i]->folded && row_group_id(r->shown[i]) == socket.group)) {
			view_select(v, i, clock_ns);
			return true;
		}
	return false;
}

void view_move(struct view *v, long by, uint64_t clock_ns)
{
	view_select(v, num_step(v->cursor, by), clock_ns);
}

void view_scroll(struct view *v, size_t page)
{
	v->page = page ? page : 1;
	v->offset = num_scroll(v->offset, v->cursor, v->page, v->report.n_shown);
}

void view_unfold(struct view *v, bool unfold, uint64_t clock_ns)
{
	const struct row *row = view_selected(v);
	size_t end;

	if (!row || !(row->folded || row_is_member(row, &v->report)))
		return;
	view_select(v, v->cursor, clock_ns);
	set_unfolded(v, row_group_id(row), unfold);
	view_arrange(v, clock_ns);
	if (!unfold || !row->folded)
		return;
	/* Show as many of the members below the cursor as there is room for. */
	end = v->cursor + 1;
	while (end < v->report.n_shown && row_is_member(v->report.shown[end], &v->report))
		end++;
	if (end > v->offset + v->page)
		v->offset = end - v->cursor > v->page ? v->cursor : end - v->page;
}

void view_group(struct view *v, bool fold)
{
	v->fold = fold;
	v->frozen = false;
	v->held_until_ns = 0;
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
	/* Worst first is the order by state. */
	if (!v->sort)
		v->sort = &field_table[FIELD_STATE];
	v->descending = !v->descending;
	v->frozen = false;
	v->held_until_ns = 0;
	view_arrange(v, clock_ns);
}

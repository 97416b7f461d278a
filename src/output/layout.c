/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/layout.h"

#include "base/alloc.h"
#include "base/num.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define LIST_FIRST 18 /* width that names and lists get before paths get more */
/* To what texts are cut if not even the essential columns fit. */
#define NARROW_ADDRESS 21 /* any of IPv4, with its port */
#define NARROW_NAME    8
#define NARROW_LIST    13

struct layout_column *layout_append(struct layout *l, const struct field *field, int worth)
{
	struct layout_column *column;

	l->columns = array_grow(l->columns, l->n, &l->size, sizeof(*l->columns));
	column = &l->columns[l->n++];
	*column = (struct layout_column){ .field = field, .worth = worth };
	column->right = field_is_number(field);
	column->shown = true;
	return column;
}

void layout_free(struct layout *l)
{
	free(l->columns);
	memset(l, 0, sizeof(*l));
}

void layout_add(const struct layout *l, struct layout_column *column, size_t width, bool path)
{
	const size_t least = path && l->width >= 5 ? l->width / 5 : width;

	column->wanted = num_max(column->wanted, width);
	column->least = num_max(column->least, num_min(width, least));
}

bool layout_cuts_end(const struct field *field)
{
	return field->type == TYPE_LIST || field->flags & FIELD_IS_NAME;
}

/*
 * The width that the shown columns need. A list at the end may be cut to @list_least, rather than
 * other columns be left out: its first word matters most.
 */
static size_t needed(const struct layout *l, size_t list_least)
{
	const struct layout_column *last = NULL;
	size_t width = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->columns[i].shown) {
			last = &l->columns[i];
			width += last->width + LAYOUT_GAP;
		}
	if (last && last->field->type == TYPE_LIST && last->width > list_least)
		width -= last->width - list_least;
	return width ? width - LAYOUT_GAP : 0;
}

static bool fits(const struct layout *l, size_t list_least)
{
	return needed(l, list_least) <= l->width;
}

/* Leaves out columns worth less than @below, those worth least first, until the rest fits. */
static void leave_out(struct layout *l, size_t list_least, int below)
{
	size_t left = 0;

	for (size_t i = 0; i < l->n; i++)
		left += l->columns[i].shown;
	for (; left > 1 && !fits(l, list_least); left--) {
		struct layout_column *least = NULL;

		for (size_t i = 0; i < l->n; i++)
			if (l->columns[i].shown && (!least || l->columns[i].worth < least->worth))
				least = &l->columns[i];
		if (least->worth >= below)
			break;
		least->shown = false;
	}
}

/* Returns the column worth most among those left out that may be shown again. */
static struct layout_column *find_most(const struct layout *l)
{
	struct layout_column *most = NULL;

	for (size_t i = 0; i < l->n; i++) {
		struct layout_column *column = &l->columns[i];

		if (!column->shown && !column->tried && (!most || column->worth > most->worth))
			most = column;
	}
	return most;
}

/*
 * Shows columns again that fit and are worth @from or more: they may have been left out only
 * because another one was too wide, which is left out now.
 */
static void bring_back(struct layout *l, size_t list_least, int from)
{
	struct layout_column *column;

	while ((column = find_most(l))) {
		column->tried = true;
		column->shown = column->worth >= from;
		column->shown = column->shown && fits(l, list_least);
	}
}

/* Cuts texts rather than lose essential columns. Headers are not cut. */
static void squeeze(struct layout *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct layout_column *column = &l->columns[i];

		if (column->field->flags & FIELD_IS_WHOLE)
			column->width = num_min(column->width, NARROW_ADDRESS);
		else if (column->field->flags & FIELD_IS_NAME)
			column->width = num_min(column->width, NARROW_NAME);
		else if (column->field->type == TYPE_LIST)
			column->width = num_min(column->width, NARROW_LIST);
		column->width = num_max(column->width, column->header);
	}
}

/*
 * Widens texts that would be cut by up to @rest, to at most @most columns each, the last one first.
 * Returns what is left of @rest.
 * @words: widen names and lists, or else addresses and paths
 */
static size_t share(struct layout *l, bool words, size_t most, size_t rest)
{
	for (size_t i = l->n; i-- > 0;) {
		struct layout_column *column = &l->columns[i];
		size_t wanted = num_min(column->wanted, most), more;

		if (!column->shown || words != layout_cuts_end(column->field) ||
		    wanted <= column->width)
			continue;
		more = num_min(wanted - column->width, rest);
		column->width += more;
		rest -= more;
	}
	return rest;
}

/*
 * Shares out the rest of the screen: first to names and the first reason, then to paths up to three
 * eighths of the screen, then to all reasons, then to whole paths.
 */
static void share_rest(struct layout *l, size_t list_least)
{
	size_t least = needed(l, list_least), reasons;
	size_t rest = l->width > least ? l->width - least : 0;

	rest = share(l, true, LIST_FIRST, rest);
	rest = share(l, false, l->width * 3 / 8, rest);
	reasons = needed(l, SIZE_MAX) - needed(l, list_least);
	rest = share(l, true, SIZE_MAX, rest > reasons ? rest - reasons : 0);
	share(l, false, SIZE_MAX, rest);
}

void layout_fit(struct layout *l)
{
	size_t list_least = l->list_least;
	bool squeezed;

	for (size_t i = 0; i < l->n; i++)
		l->columns[i].width = l->width ? l->columns[i].least : l->columns[i].wanted;
	if (!l->width)
		return;
	if (!l->all)
		leave_out(l, list_least, l->essential);
	squeezed = !fits(l, list_least);
	if (squeezed) {
		squeeze(l);
		list_least = num_min(list_least, NARROW_LIST);
	}
	if (!l->all) {
		leave_out(l, list_least, INT_MAX);
		bring_back(l, list_least, squeezed ? l->essential : INT_MIN);
	}
	share_rest(l, list_least);
}

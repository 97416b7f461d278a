/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/listing.h"

#include "base/clock.h"
#include "output/cell.h"
#include "top/graph.h"
#include "top/phrase.h"

#include <limits.h>
#include <string.h>

#define ROOMY	  160 /* columns of a screen on which no text is cut */
#define TEXT_MAX  15 /* of a text, such as the name of a process */
#define LIST_MAX  16 /* of a list of words that is not the last column */
#define METER	  8
#define MINUTE_NS (60 * NSEC_PER_SEC)
/* What pictures and marks are worth, on the scale of field.keep_top. */
#define METER_WORTH   30
#define HISTORY_WORTH 35
#define TREE_LESS     10 /* than the column it stands before, and than the state */
#define HEADER	      SIZE_MAX /* in place of the index of a row */

/* The default, worst first, counts as by state. */
static bool by_state(const struct view *view)
{
	return !view->sort || view->sort->order == ORDER_STATE;
}

static size_t history_width(const struct listing_context *c)
{
	return c->cols >= 180 ? 30 : c->cols >= 120 ? 16 : 8;
}

static size_t tree_width(const struct listing_context *c)
{
	return c->cols < 40 ? 1 : 2;
}

/* How much older than the rest of the row a cell is. */
static uint64_t age_of(const struct field *f, const struct listing_context *c)
{
	if (f->flags & FIELD_HAS_SYN_AGE)
		return c->syn_age_ns;
	return f->flags & FIELD_HAS_WAIT_AGE ? c->wait_age_ns : 0;
}

/* The time that the fills cover. A window that is still to come counts as one delay. */
static void add_history_header(struct strbuf *b, const struct listing_context *c)
{
	size_t begin = b->len, windows = history_width(c), known;
	uint64_t span = history_span(c->history, c->back, windows, &known);

	span += (uint64_t)(c->delay * (double)(windows - known) * (double)NSEC_PER_SEC);
	if (span >= MINUTE_NS) /* "LAST 8m1s" is wider than the column */
		span = (span + MINUTE_NS / 2) / MINUTE_NS * MINUTE_NS;
	strbuf_adds(b, "LAST ");
	phrase_time(b, span);
	if (b->len - begin > METER) /* "LAST 0.8s" */
		b->s[b->len = begin + strlen("LAST")] = '\0';
}

static void add_header(struct strbuf *b, const struct layout_column *column,
		       const struct listing_context *c)
{
	const struct field *f = column->field;
	/* Down: the worst or the most comes first. The worst state has the lowest number. */
	const bool down = by_state(c->view) != c->view->descending;

	if (column->kind == LAYOUT_HISTORY)
		add_history_header(b, c);
	if (column->kind != LAYOUT_CELL)
		return;
	strbuf_adds(b, f->header);
	/* A shorter age would change the header with each sample. */
	if (age_of(f, c) >= NSEC_PER_SEC)
		phrase_age(b, "-", age_of(f, c) / NSEC_PER_SEC * NSEC_PER_SEC, "");
	if (c->view->sort == f || (by_state(c->view) && f->flags & FIELD_MARKS_WORST))
		strbuf_adds(b, c->utf8 ? (down ? "▼" : "▲") : (down ? "v" : "^"));
}

static void add_branch(struct strbuf *b, enum view_branch branch, const struct listing_context *c)
{
	static const char *const marks[][2] = {
		[VIEW_ALONE] = { "", "" },	   [VIEW_FOLDED] = { "+", "+" },
		[VIEW_UNFOLDED] = { "-", "-" },	   [VIEW_MEMBER] = { "|", "├" },
		[VIEW_LAST_MEMBER] = { "`", "└" },
	};

	strbuf_adds(b, marks[branch][c->utf8]);
	if (branch >= VIEW_MEMBER && tree_width(c) > 1)
		strbuf_adds(b, c->utf8 ? "─" : "-");
}

static void add_cell(struct strbuf *b, const struct layout_column *column, size_t index,
		     const struct listing_context *c)
{
	const struct row *row = c->view->report.shown[index];
	struct field_value value;

	switch (column->kind) {
	case LAYOUT_CELL:
		field_get(column->field, row, &c->view->report, c->view->context, &value);
		cell_add_fitted(b, &value, c->utf8 ? 0 : TEXT_ASCII, c->cols);
		break;
	case LAYOUT_TREE:
		add_branch(b, view_branch(c->view, index), c);
		break;
	case LAYOUT_METER:
		field_get(column->field, row, &c->view->report, c->view->context, &value);
		if (value.known)
			graph_meter(b, value.real, METER, c->utf8);
		break;
	case LAYOUT_HISTORY:
		graph_history(b, c->history, row, c->back, history_width(c), c->utf8);
		break;
	}
}

/* The text in a column: of row @index of report.shown, or its HEADER. */
static void set_text(struct strbuf *b, const struct layout_column *column, size_t index,
		     const struct listing_context *c)
{
	b->len = 0;
	strbuf_adds(b, ""); /* a string even if nothing is added */
	if (index == HEADER)
		add_header(b, column, c);
	else
		add_cell(b, column, index, c);
}

/* Limits long names, and lists before the last column, so that other columns have room. */
static size_t width_max(const struct layout *l, size_t i)
{
	const struct field *f = l->columns[i].field;

	if (l->width < ROOMY && f->type == TYPE_LIST && i + 1 < l->n)
		return LIST_MAX;
	if (l->width < ROOMY && f->type == TYPE_TEXT && !(f->flags & FIELD_IS_WHOLE))
		return TEXT_MAX;
	return l->width;
}

static void measure(struct layout *l, size_t i, const struct listing_context *c)
{
	struct layout_column *column = &l->columns[i];
	const struct view *view = c->view;
	struct strbuf b = { 0 };

	if (column->kind != LAYOUT_CELL) {
		layout_add(l, column,
			   column->kind == LAYOUT_METER ? METER :
			   column->kind == LAYOUT_TREE	? tree_width(c) :
							  history_width(c),
			   false);
		return;
	}
	set_text(&b, column, HEADER, c);
	layout_add(l, column, text_width(b.s, b.len), false);
	for (size_t n = view->offset; n < view->report.n_shown && n < view->offset + view->page;
	     n++) {
		set_text(&b, column, n, c);
		layout_add(l, column, text_width(b.s, b.len), false);
	}
	strbuf_free(&b);
	if (column->wanted > width_max(l, i))
		column->wanted = column->least = width_max(l, i);
}

static const struct layout_column *last_shown(const struct layout *l)
{
	size_t i = l->n - 1;

	while (i && !l->columns[i].shown)
		i--;
	return &l->columns[i];
}

/* Puts one cell, aligned, and cut to the width of its column. */
static void put_cell(struct paint *p, const struct layout_column *column, enum ink ink,
		     const struct strbuf *text, bool last)
{
	const int width = (int)column->width;
	struct paint cell = *p;

	cell.end = last || p->x + width > p->end ? p->end : p->x + width;
	if (column->right)
		paint_blanks(&cell, ink, width - (int)text_width(text->s, text->len));
	paint_text(&cell, ink, text->s, text->len);
	paint_rest(&cell, ink);
	p->x = cell.end;
	if (!last)
		paint_blanks(p, ink, LAYOUT_GAP);
}

static void put_line(const struct layout *l, struct paint *p, const struct listing_context *c,
		     size_t index, enum ink ink)
{
	const struct layout_column *last = last_shown(l);
	struct strbuf b = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		const struct layout_column *column = &l->columns[i];

		if (!column->shown)
			continue;
		set_text(&b, column, index, c);
		put_cell(p, column, ink, &b, column == last);
	}
	strbuf_free(&b);
}

void listing_choose(struct layout *l, const struct columns *columns)
{
	const struct field *local = &field_table[FIELD_LOCAL];
	const struct field *in_tree = columns_have(columns, local) ? local : columns->list[0];

	l->n = 0;
	l->width = 0;
	l->essential = INT_MAX;
	for (size_t i = 0; i < columns->n; i++) {
		const struct field *field = columns->list[i];
		const int worth = columns_worth(columns, field);

		if (field == in_tree)
			layout_append(l, field, LAYOUT_TREE, worth - TREE_LESS);
		layout_append(l, field, LAYOUT_CELL, worth);
		if (field->flags & FIELD_HAS_METER)
			layout_append(l, field, LAYOUT_METER, METER_WORTH);
		if (field->flags & FIELD_HAS_HISTORY)
			layout_append(l, field, LAYOUT_HISTORY, HISTORY_WORTH);
	}
}

void listing_fit(struct layout *l, const struct listing_context *c)
{
	/* More listeners than rows: some of them are folded. */
	const bool tree = c->view->report.n_members > c->view->report.n_rows;
	const bool anew = l->width != c->cols;

	l->width = c->cols;
	l->list_least = c->cols < 60 ? 8 : 16;
	for (size_t i = 0; i < l->n; i++) {
		struct layout_column *column = &l->columns[i];

		if (anew)
			column->wanted = column->least = 0;
		/* On a tiny screen the reasons are left out first. */
		if (anew && column->field->type == TYPE_LIST)
			column->worth =
				c->cols < 40 ? 0 : columns_worth(c->view->columns, column->field);
		column->shown = tree || column->kind != LAYOUT_TREE;
		measure(l, i, c);
	}
	layout_fit(l);
}

void listing_header(const struct layout *l, struct paint *p, const struct listing_context *c)
{
	put_line(l, p, c, HEADER, INK_HEADER);
}

void listing_row(const struct layout *l, struct paint *p, const struct listing_context *c,
		 size_t index, bool selected)
{
	const struct row *row = c->view->report.shown[index];

	put_line(l, p, c, index,
		 selected ? paint_ink_on(state_table[row->state].severity) :
			    paint_ink(state_table[row->state].severity));
}

const struct field *listing_field_at(const struct layout *l, size_t x)
{
	const struct layout_column *last = last_shown(l);
	size_t begin = 0;

	for (const struct layout_column *column = l->columns; column < last; column++) {
		if (!column->shown)
			continue;
		begin += column->width + LAYOUT_GAP;
		if (x < begin)
			return column->field;
	}
	return last->field;
}

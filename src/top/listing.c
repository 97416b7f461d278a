/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/listing.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "output/cell.h"
#include "top/graph.h"
#include "top/phrase.h"

#include <stdlib.h>
#include <string.h>

#define GAP	  1
#define ROOMY	  160 /* columns from which nothing of that is needed */
#define TEXT_MAX  15 /* of a text, like the name of a process */
#define LIST_MAX  16 /* of a list of words that is not the last column */
#define METER	  8
#define MINUTE_NS (60 * NSEC_PER_SEC)
/* What pictures and marks are worth, as `keep_top` of a field is. */
#define METER_WORTH   30
#define HISTORY_WORTH 35
#define TREE_LESS     10 /* than the column it stands before, and less than how bad it is */
#define LAST_LEAST    8 /* a list of words in the last column is cut to no less than these */
#define HEADER	      SIZE_MAX /* where else is the index of a row */

void listing_free(struct listing *l)
{
	free(l->columns);
	memset(l, 0, sizeof(*l));
}

static void add(struct listing *l, const struct field *field, enum listing_kind kind, int worth)
{
	l->columns[l->n++] =
		(struct listing_column){ .field = field, .kind = kind, .worth = worth };
}

void listing_choose(struct listing *l, const struct columns *columns)
{
	const struct field *local = &field_table[FIELD_LOCAL];
	const struct field *in_tree = columns_have(columns, local) ? local : columns->list[0];

	l->columns = xreallocarray(l->columns, 2 * columns->n + 1, sizeof(*l->columns));
	l->n = 0;
	l->cols = 0;
	for (size_t i = 0; i < columns->n; i++) {
		const struct field *field = columns->list[i];
		int worth = columns_worth(columns, field);

		if (field == in_tree)
			add(l, field, LISTING_TREE, worth - TREE_LESS);
		add(l, field, LISTING_CELL, worth);
		if (field->flags & FIELD_HAS_METER)
			add(l, field, LISTING_METER, METER_WORTH);
		if (field->flags & FIELD_HAS_HISTORY)
			add(l, field, LISTING_HISTORY, HISTORY_WORTH);
	}
}

/* Worst first is by state. */
static bool by_state(const struct view *view)
{
	return !view->sort || view->sort->order == ORDER_STATE;
}

static bool is_sorted_by(const struct listing_column *column, const struct view *view)
{
	if (column->kind != LISTING_CELL)
		return false;
	return view->sort == column->field ||
	       (by_state(view) && column->field->flags & FIELD_MARKS_WORST);
}

static int history_width(const struct screen *screen)
{
	return screen->cols >= 180 ? 30 : screen->cols >= 120 ? 16 : 8;
}

/* How much older than the rest of the row a cell is. */
static uint64_t age_of(const struct field *f, const struct listing_context *c)
{
	if (f->flags & FIELD_HAS_SYN_AGE)
		return c->syn_age_ns;
	return f->flags & FIELD_HAS_WAIT_AGE ? c->wait_age_ns : 0;
}

static void add_header(struct strbuf *b, const struct listing_column *column,
		       const struct listing_context *c)
{
	const struct field *f = column->field;

	if (column->kind == LISTING_METER || column->kind == LISTING_TREE)
		return;
	if (column->kind == LISTING_HISTORY) {
		size_t begin = b->len, windows = (size_t)column->width, known;
		uint64_t span = history_span(c->history, c->back, windows, &known);

		/* Those to come are as long as the user wants them now. */
		span += (uint64_t)(c->delay * (double)(windows - known) * (double)NSEC_PER_SEC);
		if (span >= MINUTE_NS) /* "LAST 8m1s" would be wider than the column */
			span = (span + MINUTE_NS / 2) / MINUTE_NS * MINUTE_NS;
		strbuf_adds(b, "LAST ");
		phrase_time(b, span);
		if (b->len - begin > METER) /* "LAST 0.8s" */
			b->s[b->len = begin + strlen("LAST")] = '\0';
		return;
	}
	strbuf_adds(b, f->brief ? f->brief : f->header);
	/* What is younger would be there and gone again, and is as good as of now. */
	if (age_of(f, c) >= NSEC_PER_SEC)
		phrase_age(b, "-", age_of(f, c) / NSEC_PER_SEC * NSEC_PER_SEC, "");
}

/* Down: the worst comes first, or the most. States rise from the worst one. */
static void add_sort_mark(struct strbuf *b, const struct listing_column *column,
			  const struct listing_context *c, bool utf8)
{
	/* States are in order of badness: the worst first is the least first. */
	bool down = by_state(c->view) != c->view->descending;

	if (is_sorted_by(column, c->view))
		strbuf_adds(b, utf8 ? (down ? "▼" : "▲") : (down ? "v" : "^"));
}

static int tree_width(const struct screen *screen)
{
	return screen->cols < 40 ? 1 : 2;
}

/* Groups can be folded and unfolded; what hangs on one is a member. */
static void add_branch(struct strbuf *b, enum view_branch branch, const struct screen *screen)
{
	static const char *const marks[][2] = {
		[VIEW_ALONE] = { "", "" },	   [VIEW_FOLDED] = { "+", "+" },
		[VIEW_UNFOLDED] = { "-", "-" },	   [VIEW_MEMBER] = { "|", "├" },
		[VIEW_LAST_MEMBER] = { "`", "└" },
	};

	strbuf_adds(b, marks[branch][screen->utf8]);
	if (branch >= VIEW_MEMBER && tree_width(screen) > 1)
		strbuf_adds(b, screen->utf8 ? "─" : "-");
}

static void add_cell(struct strbuf *b, const struct listing_column *column, size_t index,
		     const struct listing_context *c, const struct screen *screen)
{
	const struct row *row = c->view->report.shown[index];
	struct field_value value;

	switch (column->kind) {
	case LISTING_CELL:
		field_get(column->field, row, &c->view->report, c->view->context, &value);
		cell_add_fitted(b, &value, screen->utf8 ? 0 : TEXT_ASCII, (size_t)screen->cols);
		break;
	case LISTING_TREE:
		add_branch(b, view_branch(c->view, index), screen);
		break;
	case LISTING_METER:
		field_get(column->field, row, &c->view->report, c->view->context, &value);
		if (value.known)
			graph_meter(b, value.real, METER, screen->utf8);
		break;
	case LISTING_HISTORY:
		graph_history(b, c->history, row, c->back, (size_t)column->width, screen->utf8);
		break;
	}
}

/* What stands in a column: the cell of the row with that index in report.shown, or its header. */
static void add_text(struct strbuf *b, const struct listing_column *column, size_t index,
		     const struct listing_context *c, const struct screen *screen)
{
	strbuf_adds(b, ""); /* it is a text even where nothing is added */
	if (index != HEADER) {
		add_cell(b, column, index, c, screen);
		return;
	}
	add_header(b, column, c);
	add_sort_mark(b, column, c, screen->utf8);
}

static int width_of(const struct strbuf *b)
{
	return (int)text_width(b->s, b->len);
}

static void grow(struct listing_column *column, int width)
{
	if (width > column->width)
		column->width = width;
}

/*
 * One long name must not cost all rows a column, and a list of words that others follow does not
 * have the rest of the line.
 */
static int width_max(const struct listing *l, size_t i, const struct screen *screen)
{
	const struct field *f = l->columns[i].field;

	if (screen->cols >= ROOMY)
		return screen->cols;
	if (f->type == TYPE_LIST && i + 1 < l->n)
		return LIST_MAX;
	if (f->type == TYPE_TEXT && !(f->flags & FIELD_IS_WHOLE))
		return TEXT_MAX;
	return screen->cols;
}

static void measure(struct listing *l, const struct screen *screen, const struct listing_context *c)
{
	const struct report *report = &c->view->report;
	struct strbuf b = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		struct listing_column *column = &l->columns[i];

		if (column->kind != LISTING_CELL) {
			column->width = column->kind == LISTING_METER ? METER :
					column->kind == LISTING_TREE  ? tree_width(screen) :
									history_width(screen);
			continue;
		}
		b.len = 0;
		add_text(&b, column, HEADER, c, screen);
		grow(column, width_of(&b));
		for (size_t n = c->view->offset;
		     n < report->n_shown && n < c->view->offset + c->view->page; n++) {
			b.len = 0;
			add_text(&b, column, n, c, screen);
			grow(column, width_of(&b));
		}
		if (column->width > width_max(l, i, screen))
			column->width = width_max(l, i, screen);
	}
	strbuf_free(&b);
}

/* Where there is hardly room for an address, why comes last. */
static int worth(const struct listing_column *column, const struct screen *screen)
{
	return screen->cols < 40 && column->field->type == TYPE_LIST ? 0 : column->worth;
}

/* The last one may be cut when it is a list, whose first word tells the most. */
static int least_width(const struct listing *l, const struct screen *screen)
{
	const int last_least = screen->cols < 60 ? LAST_LEAST : 2 * LAST_LEAST;
	const struct listing_column *last = NULL;
	int width = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->columns[i].shown) {
			last = &l->columns[i];
			width += last->width + GAP;
		}
	if (last && last->field->type == TYPE_LIST && last->width > last_least)
		width -= last->width - last_least;
	return width - GAP;
}

/* The column worth least of those that are shown, or most of those that are not and not tried. */
static size_t next_column(const struct listing *l, const struct screen *screen, bool shown)
{
	size_t next = l->n;

	for (size_t i = 0; i < l->n; i++) {
		const struct listing_column *column = &l->columns[i];
		const struct listing_column *best = &l->columns[next];

		if (column->shown != shown || (!shown && column->tried))
			continue;
		if (next == l->n || (shown ? worth(column, screen) < worth(best, screen) :
					     worth(column, screen) > worth(best, screen)))
			next = i;
	}
	return next;
}

void listing_fit(struct listing *l, const struct screen *screen, const struct listing_context *c)
{
	/* More listeners than rows: some of them are folded. */
	const bool tree = c->view->report.n_members > c->view->report.n_rows;
	size_t left = l->n - !tree;

	for (size_t i = 0; i < l->n; i++) {
		l->columns[i].shown = tree || l->columns[i].kind != LISTING_TREE;
		l->columns[i].tried = l->columns[i].kind != LISTING_CELL;
		if (screen->cols != l->cols)
			l->columns[i].width = 0;
	}
	l->cols = screen->cols;
	measure(l, screen, c);
	for (; left > 1 && least_width(l, screen) > screen->cols; left--)
		l->columns[next_column(l, screen, true)].shown = false;
	/* One that is too wide itself must not have cost the others their place. */
	for (size_t i; (i = next_column(l, screen, false)) < l->n;) {
		l->columns[i].tried = true;
		l->columns[i].shown = true;
		l->columns[i].shown = least_width(l, screen) <= screen->cols;
	}
}

/* One cell: aligned, and cut where it is wider than its column. */
static void put_cell(struct paint *p, const struct listing_column *column, enum ink ink,
		     const struct strbuf *text, bool last)
{
	struct paint cell = *p;
	int width = width_of(text);

	cell.end = last || p->x + column->width > p->end ? p->end : p->x + column->width;
	if (column->kind == LISTING_CELL && field_is_number(column->field))
		paint_blanks(&cell, ink, column->width - width);
	paint_text(&cell, ink, text->s, text->len);
	paint_rest(&cell, ink);
	p->x = cell.end;
	if (!last)
		paint_blanks(p, ink, GAP);
}

static size_t last_shown(const struct listing *l)
{
	size_t last = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->columns[i].shown)
			last = i;
	return last;
}

static void put_line(const struct listing *l, struct paint *p, const struct listing_context *c,
		     size_t index, enum ink ink)
{
	const size_t last = last_shown(l);
	struct strbuf b = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		if (!l->columns[i].shown)
			continue;
		b.len = 0;
		add_text(&b, &l->columns[i], index, c, p->screen);
		put_cell(p, &l->columns[i], ink, &b, i == last);
	}
	strbuf_free(&b);
}

void listing_header(const struct listing *l, struct paint *p, const struct listing_context *c)
{
	put_line(l, p, c, HEADER, INK_BAR);
}

void listing_row(const struct listing *l, struct paint *p, const struct listing_context *c,
		 size_t index, bool selected)
{
	const struct row *row = c->view->report.shown[index];

	put_line(l, p, c, index,
		 selected ? INK_SELECTED : paint_ink(state_table[row->state].severity));
}

const struct field *listing_field_at(const struct listing *l, int x)
{
	int begin = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (!l->columns[i].shown)
			continue;
		if (x < begin + l->columns[i].width + GAP || i == last_shown(l))
			return l->columns[i].field;
		begin += l->columns[i].width + GAP;
	}
	return NULL;
}

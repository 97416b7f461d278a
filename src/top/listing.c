/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/listing.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "output/cell.h"
#include "top/graph.h"
#include "top/phrase.h"
#include "top/row_text.h"

#include <string.h>

#define GAP	      1 /* between columns */
#define MINUTE_NS     (60 * NSEC_PER_SEC)
#define QUEUE_NUMBERS 9 /* columns of "4096/4097" */
#define PERCENT	      4 /* columns of "100%" */
#define METER	      8 /* columns of a meter where the user named the columns */
#define LAST	      16 /* the same for the last windows */
#define RIGHT_MIN     67 /* columns that the columns of the view keep beside what the user adds */

/*
 * The columns of the view, and their widths on screens from tiny to huge; 0: not shown. A screen
 * gets the last widths that fit, and what is left widens its columns in their order, up to the next
 * widths. The accept queue and the last windows are the last to go, before the address.
 */
#define SCREENS 13
static const struct part {
	enum listing_kind kind;
	enum field_id field;
	bool right; /* aligned to the right */
	uint8_t widths[SCREENS];
	const char *headers[3]; /* the first one that fits is used */
} parts[] = {
	/* clang-format off */
	/* for a screen of at least                 1 10 20  30  40  55  67  80 100 120 140 200 300 */
	{ LISTING_MARK, FIELD_SEVERITY, false,    { 0, 2, 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2 },
	  { "" } },
	{ LISTING_STATE, FIELD_STATE, false,      { 0, 0, 0,  0,  0,  0, 11, 11, 11, 11, 11, 11, 11 },
	  { "STATE" } },
	{ LISTING_LOCAL, FIELD_LOCAL, false,      { 1, 7, 9, 13, 14, 16, 16, 16, 17, 17, 18, 26, 40 },
	  { "LOCAL ADDRESS", "ADDRESS", "ADDR" } },
	{ LISTING_PROCESS, FIELD_PROCESS, false,  { 0, 0, 0,  0,  0,  9,  9,  9,  9,  9, 14, 22, 28 },
	  { "PROCESS" } },
	{ LISTING_QUEUE, FIELD_FILL, false,       { 0, 0, 7, 13, 13, 16, 16, 16, 21, 21, 23, 31, 41 },
	  { "ACCEPT QUEUE", "QUEUE" } },
	{ LISTING_SYN, FIELD_SYNRECV, false,      { 0, 0, 0,  0,  0,  0,  0,  5, 12, 12, 15, 18, 24 },
	  { "SYN QUEUE", "SYN" } },
	{ LISTING_RATE, FIELD_OVERFLOWS_RATE, true, { 0, 0, 0, 0, 0,  0,  0,  6,  6,  6,  6,  8,  9 },
	  { "OVER/S", "OVER" } },
	{ LISTING_LAST, FIELD_OVERFLOWS_RATE, false, { 0, 0, 0, 0, 8, 8,  8,  8,  8,  8, 14, 30, 80 },
	  { "LAST" } },
	{ LISTING_SINCE, FIELD_STATE, true,       { 0, 0, 0,  0,  0,  0,  0,  0,  6,  6,  6,  7,  8 },
	  { "SINCE" } },
	{ LISTING_WHY, FIELD_REASONS, false,      { 0, 0, 0,  0,  0,  0,  0,  0,  0, 19, 22, 36, 48 },
	  { "WHY" } },
	/* clang-format on */
};

/* What is needed to make a line. */
struct maker {
	const struct listing_context *c;
	struct sheet *line;
	struct row_text t; /* without a row: the headers */
	bool selected;
	enum ink ink; /* of the row */
	struct strbuf cell;
};

/* Columns */

static const struct part *part_of(const struct listing_column *column)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].kind == column->kind)
			return &parts[i];
	return NULL;
}

static void add_column(struct listing *l, enum listing_kind kind, const struct field *field)
{
	l->columns[l->n++] = (struct listing_column){ .kind = kind, .field = field };
}

/* What the user added, and the namespaces, which stand before the address. */
static void add_others(struct listing *l, const struct columns *columns, bool namespaces)
{
	const struct field *namespace = &field_table[FIELD_NAMESPACE];

	for (size_t i = 0; i < columns->n; i++) {
		const struct field *field = columns->list[i];
		bool ours = false;

		for (size_t j = 0; j < ARRAY_SIZE(parts); j++)
			ours |= field == &field_table[parts[j].field];
		if (!ours && (field == namespace) == namespaces)
			add_column(l, LISTING_CELL, field);
	}
}

static void choose_named(struct listing *l, const struct columns *columns)
{
	for (size_t i = 0; i < columns->n; i++) {
		const struct field *field = columns->list[i];
		enum listing_kind kind = field == &field_table[FIELD_SEVERITY] ? LISTING_MARK :
					 field == &field_table[FIELD_STATE]    ? LISTING_STATE :
					 field == &field_table[FIELD_LOCAL]    ? LISTING_LOCAL :
										 LISTING_CELL;

		add_column(l, kind, field);
		if (field->flags & FIELD_HAS_METER)
			add_column(l, LISTING_METER, field);
		if (field->flags & FIELD_HAS_HISTORY)
			add_column(l, LISTING_LAST, field);
	}
}

void listing_choose(struct listing *l, const struct columns *columns)
{
	l->n = 0;
	l->named = columns->named;
	if (l->named) {
		choose_named(l, columns);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct field *field = &field_table[parts[i].field];

		if (parts[i].kind == LISTING_LOCAL)
			add_others(l, columns, true);
		if (parts[i].kind == LISTING_WHY)
			add_others(l, columns, false);
		if (columns_have(columns, field))
			add_column(l, parts[i].kind, field);
	}
}

/* The width of a column by its type. */
static size_t width_by_type(const struct listing_column *column, size_t cols)
{
	const struct field *f = column->field;
	size_t width = 8, header = strlen(f->header);

	if (column->kind == LISTING_METER)
		return METER;
	if (column->kind == LISTING_LAST)
		return cols >= 120 ? LAST : LAST / 2;
	if (f->type == TYPE_LIST)
		width = 26;
	else if (f->type == TYPE_ID || f == &field_table[FIELD_INODE] ||
		 f == &field_table[FIELD_NETNS])
		width = 10;
	else if (f->type == TYPE_BOOL || f->type == TYPE_RATIO)
		width = 5;
	else if (f->type == TYPE_TEXT && f->terms == TERMS_STATES)
		width = strlen("overflowing");
	else if (f->type == TYPE_TEXT && f->flags & FIELD_IS_WHOLE)
		width = cols >= 120 ? 26 : 21;
	else if (column->kind == LISTING_MARK)
		width = 2;
	else if (f->type == TYPE_TEXT)
		width = cols >= 160 ? 24 : 12;
	/* A mark of the order follows it. */
	return num_max(width, header + 1);
}

static bool is_other(const struct listing_column *column)
{
	return column->kind == LISTING_CELL || column->kind == LISTING_METER;
}

/* The columns of the screen that the shown columns of the view take with those widths. */
static size_t taken_by(const struct listing *l, size_t screen)
{
	size_t taken = 0;

	for (size_t i = 0; i < l->n; i++)
		if (!is_other(&l->columns[i])) {
			size_t width = part_of(&l->columns[i])->widths[screen];

			taken += width ? width + GAP : 0;
		}
	return taken ? taken - GAP : 0;
}

/* Widens columns to those of the next screen. Returns what is left. */
static size_t widen(struct listing *l, size_t screen, size_t rest)
{
	for (size_t i = 0; i < l->n && screen + 1 < SCREENS; i++) {
		struct listing_column *column = &l->columns[i];
		size_t next, more;

		if (!column->width || is_other(column))
			continue;
		next = part_of(column)->widths[screen + 1];
		more = num_min(next > column->width ? next - column->width : 0, rest);
		column->width += more;
		rest -= more;
	}
	return rest;
}

/* Gives what is left to the address, on a huge screen to the last windows. */
static void give_rest(struct listing *l, enum listing_kind kind, size_t rest)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->columns[i].kind == kind && l->columns[i].width)
			l->columns[i].width += rest;
}

static void fit_view(struct listing *l, size_t cols)
{
	size_t screen = SCREENS - 1, rest;

	for (size_t i = 0; i < l->n; i++) {
		struct listing_column *column = &l->columns[i];
		size_t width = is_other(column) ? width_by_type(column, cols) + GAP : 0;

		column->width = 0;
		if (width && cols >= width + RIGHT_MIN) {
			column->width = width - GAP;
			cols -= width;
		}
	}
	while (screen && taken_by(l, screen) > cols)
		screen--;
	for (size_t i = 0; i < l->n; i++)
		if (!is_other(&l->columns[i]))
			l->columns[i].width = part_of(&l->columns[i])->widths[screen];
	rest = taken_by(l, screen);
	rest = widen(l, screen, cols > rest ? cols - rest : 0);
	give_rest(l, screen + 1 < SCREENS ? LISTING_LOCAL : LISTING_LAST, rest);
}

/* What does not fit is left out from the end; the first column is always shown. */
static void fit_named(struct listing *l, size_t cols)
{
	size_t taken = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct listing_column *column = &l->columns[i];
		size_t width = width_by_type(column, cols);

		column->width = 0;
		if (i && taken + width > cols)
			continue;
		column->width = i ? width : num_max(num_min(width, cols), 1);
		taken += column->width + GAP;
	}
	for (size_t i = l->n; i-- > 0 && taken < cols + GAP;) {
		struct listing_column *column = &l->columns[i];
		size_t more = num_min(cols + GAP - taken, 3 * column->width);

		if (column->width && !field_is_number(column->field) &&
		    (column->field->type == TYPE_LIST || column->field->type == TYPE_TEXT) &&
		    column->field->terms != TERMS_STATES) {
			column->width += more;
			taken += more;
		}
	}
}

void listing_fit(struct listing *l, const struct listing_context *c)
{
	if (l->named)
		fit_named(l, c->cols);
	else
		fit_view(l, c->cols);
}

/* Lines */

static void put_blanks(struct maker *m, enum ink ink, size_t n)
{
	sheet_pad(m->line, ink, m->line->x + n);
}

/* Puts the text of m->cell in @width columns. */
static void put_cell(struct maker *m, enum ink ink, size_t width, bool right)
{
	size_t wide;

	row_text_cut_end(&m->cell, width, m->c->utf8);
	wide = text_width(m->cell.s, m->cell.len);
	if (right)
		put_blanks(m, ink, width - wide);
	sheet_put(m->line, ink, m->cell.s, m->cell.len);
	if (!right)
		put_blanks(m, ink, width - wide);
}

static unsigned int flags_of(const struct maker *m)
{
	return m->c->utf8 ? 0 : TEXT_ASCII;
}

static void get(const struct maker *m, const struct field *field, struct field_value *value)
{
	field_get(field, m->t.row, m->t.report, m->t.fields, value);
}

static const struct listing_column *find_shown(const struct listing *l, enum listing_kind kind)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->columns[i].kind == kind && l->columns[i].width)
			return &l->columns[i];
	return NULL;
}

/*
 * The time that the fills cover. A window that is still to come counts as one delay. Windows are a
 * little shorter or longer than the delay, which would change the header with each sample.
 */
static void add_last_header(struct strbuf *b, const struct listing_context *c, size_t width)
{
	const uint64_t delay_ns = (uint64_t)(c->delay * (double)NSEC_PER_SEC);
	size_t known;
	uint64_t span = history_span(c->history, c->back, width, &known), unit;

	span += delay_ns * (width - known);
	if (span > delay_ns * width * 9 / 10 && span < delay_ns * width * 11 / 10)
		span = delay_ns * width;
	unit = span >= MINUTE_NS && width < strlen("LAST 10m30s") ? MINUTE_NS : NSEC_PER_SEC;
	if (span >= NSEC_PER_SEC)
		span = (span + unit / 2) / unit * unit;
	strbuf_adds(b, "LAST ");
	phrase_time(b, span);
	if (b->len <= width)
		return;
	b->len = strlen("LAST ");
	if (span < NSEC_PER_SEC) /* "LAST .8s" */
		strbuf_addf(b, ".%us", (unsigned int)(span / (NSEC_PER_SEC / 10)));
	else if (span >= MINUTE_NS) /* "LAST 80m" */
		strbuf_addf(b, "%llum", (unsigned long long)(span / MINUTE_NS));
	if (b->len <= strlen("LAST ") || b->len > width)
		b->s[b->len = strlen("LAST")] = '\0';
}

/* How much older than the rest of the row a column is. */
static uint64_t age_of(const struct listing_column *column, const struct listing_context *c)
{
	if (column->kind == LISTING_SINCE)
		return 0;
	if (column->field->flags & FIELD_HAS_SYN_AGE)
		return c->syn_age_ns;
	return column->field->flags & FIELD_HAS_WAIT_AGE ? c->wait_age_ns : 0;
}

/* Is the list sorted by this column? Worst first is the default. */
static bool is_sorted(const struct listing *l, const struct listing_column *column,
		      const struct view *view)
{
	const bool worst = !view->sort || view->sort->order == ORDER_STATE;

	if (!worst)
		return column->kind != LISTING_LAST && column->field == view->sort;
	return find_shown(l, LISTING_STATE) ? column->kind == LISTING_STATE :
					      column->kind == LISTING_MARK;
}

/* Adds the first of the headers that fits, its age if that fits too, and the mark of the order. */
static void add_header(struct maker *m, const struct listing *l,
		       const struct listing_column *column)
{
	const struct listing_context *c = m->c;
	const struct part *part = l->named ? NULL : part_of(column);
	const struct field *sort = c->view->sort;
	/* Down: the worst or the most comes first. The worst state has the lowest number. */
	const bool down = (!sort || sort->order == ORDER_STATE) != c->view->descending;
	const bool sorted = is_sorted(l, column, c->view);
	const char *header = column->field->header;
	const uint64_t age = age_of(column, c) / NSEC_PER_SEC * NSEC_PER_SEC;
	size_t begin;

	for (size_t i = 0; part && i < ARRAY_SIZE(part->headers) && part->headers[i]; i++) {
		header = part->headers[i];
		if (strlen(header) + sorted <= column->width)
			break;
	}
	if (column->kind == LISTING_METER)
		return;
	if (column->kind == LISTING_LAST)
		add_last_header(&m->cell, c, column->width);
	else
		strbuf_adds(&m->cell, header);
	begin = m->cell.len;
	/* A shorter age would change the header with each sample. */
	if (age)
		phrase_age(&m->cell, "-", age, "");
	if (m->cell.len + sorted > column->width)
		m->cell.s[m->cell.len = begin] = '\0';
	if (sorted)
		strbuf_adds(&m->cell, c->utf8 ? (down ? "▼" : "▲") : (down ? "v" : "^"));
}

/* The ink of meters and sparklines. */
static enum ink bar_ink(const struct maker *m)
{
	return m->selected || !memory_is_sick(&m->t.memory) ?
		       m->ink :
		       paint_ink_bar(memory_severity(&m->t.memory));
}

/* A meter. Of a sick row the rest of it is seen too. */
static void put_meter(struct maker *m, uint64_t fill, size_t width)
{
	const bool sick = memory_is_sick(&m->t.memory);
	const enum ink rest = m->selected ? m->ink : INK_DIM;
	size_t len, wide;

	m->cell.len = 0;
	graph_meter(&m->cell, fill_ratio(fill), width, m->c->utf8);
	for (len = m->cell.len; len && strchr(" .", m->cell.s[len - 1]); len--)
		;
	wide = text_width(m->cell.s, len);
	sheet_put(m->line, bar_ink(m), m->cell.s, len);
	if (!sick)
		put_blanks(m, m->ink, width - wide);
	for (; sick && wide < width; wide++)
		sheet_puts(m->line, rest, m->c->utf8 ? "░" : ".");
}

/* The fullest member stands for a group, so that its numbers agree. */
static void put_queue(struct maker *m, size_t width)
{
	const struct listener *l = m->t.row->listener;
	const size_t numbers = width > QUEUE_NUMBERS + GAP ? QUEUE_NUMBERS : width;
	const size_t percent = width >= 21 ? PERCENT + GAP : 0;

	if (width > numbers) {
		put_meter(m, listener_fill(l), width - numbers - GAP - percent);
		if (percent) {
			m->cell.len = 0;
			/* Rounded down, so that 100% always means full. */
			strbuf_addu(&m->cell, listener_fill(l) / FILL_PERCENT);
			strbuf_putc(&m->cell, '%');
			put_cell(m, m->ink, percent, true);
		}
		put_blanks(m, m->ink, GAP);
	}
	m->cell.len = 0;
	row_text_of(&m->cell, l->length, (uint64_t)l->limit + 1, numbers);
	put_cell(m, m->ink, numbers, true);
}

/* A small column has the number alone where the two would be too wide. */
static void put_syn(struct maker *m, size_t width)
{
	const size_t few = width > QUEUE_NUMBERS + 4 ? QUEUE_NUMBERS : QUEUE_NUMBERS - 2;
	const size_t numbers = width > few + GAP ? few : width;
	const struct opt_u64 limit = m->t.row->group_syn_limit;
	struct field_value value;

	get(m, &field_table[FIELD_SYNRECV], &value);
	if (width > numbers) {
		if (value.known && limit.known)
			put_meter(m, fill_of((uint32_t)value.number, num_max_u64(limit.value, 1)),
				  width - numbers - GAP);
		else
			put_blanks(m, m->ink, width - numbers - GAP);
		put_blanks(m, m->ink, GAP);
	}
	m->cell.len = 0;
	if (value.known && limit.known && (value.number || width >= few))
		/* The kernel may let one more in. */
		row_text_of(&m->cell, value.number, num_max_u64(value.number, limit.value),
			    numbers);
	if (m->cell.len > numbers || !m->cell.len) {
		m->cell.len = 0;
		cell_add(&m->cell, &value, flags_of(m));
	}
	put_cell(m, m->ink, numbers, true);
}

static void add_field(struct maker *m, const struct listing_column *column)
{
	struct field_value value;

	get(m, column->field, &value);
	cell_add(&m->cell, &value, flags_of(m));
	if (value.known && value.path)
		row_text_cut_begin(&m->cell, column->width, m->c->utf8);
	else if (value.type == TYPE_TEXT && !(column->field->flags & FIELD_IS_NAME))
		cell_shorten(&m->cell, 0, column->width, m->c->utf8);
}

static void put_field_meter(struct maker *m, const struct listing_column *column)
{
	struct field_value value;

	get(m, column->field, &value);
	if (value.known)
		put_meter(m, value.number, column->width);
	else
		put_blanks(m, m->ink, column->width);
}

static void put_row_cell(struct maker *m, const struct listing *l,
			 const struct listing_column *column)
{
	enum ink ink = m->ink;
	bool right = column->kind == LISTING_CELL && field_is_number(column->field);

	m->cell.len = 0;
	strbuf_adds(&m->cell, ""); /* a string even if nothing is added */
	switch (column->kind) {
	case LISTING_QUEUE:
		put_queue(m, column->width);
		return;
	case LISTING_SYN:
		put_syn(m, column->width);
		return;
	case LISTING_METER:
		put_field_meter(m, column);
		return;
	case LISTING_MARK:
		row_text_mark(&m->cell, &m->t);
		ink = m->selected ? m->ink : paint_badge(memory_severity(&m->t.memory));
		break;
	case LISTING_STATE:
		row_text_state(&m->cell, &m->t, column->width, !find_shown(l, LISTING_WHY),
			       !find_shown(l, LISTING_SINCE));
		ink = m->selected ? m->ink : paint_badge(memory_severity(&m->t.memory));
		break;
	case LISTING_LOCAL:
		row_text_local(&m->cell, &m->t, column->width);
		break;
	case LISTING_PROCESS:
		row_text_process(&m->cell, &m->t, column->width);
		break;
	case LISTING_RATE:
		row_text_rate(&m->cell, &m->t);
		right = true;
		break;
	case LISTING_LAST:
		graph_history(&m->cell, m->c->history, m->t.row, m->c->back, column->width,
			      m->c->utf8);
		ink = bar_ink(m);
		break;
	case LISTING_SINCE:
		row_text_since(&m->cell, &m->t);
		right = true;
		break;
	case LISTING_WHY:
		row_text_why(&m->cell, &m->t, column->width);
		break;
	case LISTING_CELL:
		add_field(m, column);
		break;
	}
	put_cell(m, ink, column->width, right);
}

static void put_header_cell(struct maker *m, const struct listing *l,
			    const struct listing_column *column)
{
	const struct part *part = part_of(column);
	const bool right = (part && part->right) ||
			   (column->kind == LISTING_CELL && field_is_number(column->field));

	m->cell.len = 0;
	strbuf_adds(&m->cell, "");
	add_header(m, l, column);
	put_cell(m, m->ink, column->width, right);
}

/* A listener that is gone has no queues: what it was stands in their place. */
static size_t put_gone(struct maker *m, const struct listing *l, size_t i)
{
	size_t width = l->columns[i].width;

	if (i + 1 < l->n && l->columns[i + 1].kind == LISTING_SYN && l->columns[i + 1].width)
		width += GAP + l->columns[++i].width;
	m->cell.len = 0;
	row_text_gone(&m->cell, &m->t, width, !find_shown(l, LISTING_SINCE));
	put_cell(m, m->ink, width, false);
	return i;
}

static void make_line(const struct listing *l, struct maker *m)
{
	const struct listing_column *before = NULL;

	sheet_begin(m->line, m->c->cols, 0, 1);
	for (size_t i = 0; i < l->n; i++) {
		const struct listing_column *column = &l->columns[i];

		if (!column->width)
			continue;
		if (before) {
			/* The mark and the state are one badge. */
			bool badge = m->t.row && !m->selected && before->kind == LISTING_MARK &&
				     column->kind == LISTING_STATE;

			put_blanks(m, badge ? paint_badge(memory_severity(&m->t.memory)) : m->ink,
				   GAP);
		}
		before = column;
		if (!m->t.row)
			put_header_cell(m, l, column);
		else if (column->kind == LISTING_QUEUE && m->t.row->gone)
			i = put_gone(m, l, i);
		else
			put_row_cell(m, l, column);
	}
	strbuf_free(&m->cell);
}

void listing_make_header(const struct listing *l, struct sheet *line,
			 const struct listing_context *c)
{
	struct maker m = { .c = c, .line = line, .ink = INK_HEADER };

	make_line(l, &m);
}

void listing_make_row(const struct listing *l, struct sheet *line, const struct listing_context *c,
		      size_t index, bool selected)
{
	const struct row *row = c->view->report.shown[index];
	struct maker m = {
		.c = c,
		.line = line,
		.t = { .row = row,
		       .memory = history_memory(c->history, row, c->back),
		       .branch = view_branch(c->view, index),
		       .report = &c->view->report,
		       .history = c->history,
		       .back = c->back,
		       .fields = c->view->context,
		       .utf8 = c->utf8 },
		.selected = selected,
	};

	/* The header has the ground of a notice. */
	if (selected)
		m.ink = memory_severity(&m.t.memory) == SEVERITY_NOTICE ?
				INK_ON_NONE :
				paint_ink_on(memory_severity(&m.t.memory));
	else
		m.ink = paint_ink(memory_severity(&m.t.memory));
	make_line(l, &m);
}

/* Draws the line that was made, with blanks to its end. */
static void draw_line(struct sheet *line, const struct screen *screen, struct area a)
{
	sheet_pad(line, line->n_spans ? line->spans[line->n_spans - 1].ink : INK_PLAIN,
		  line->width);
	sheet_draw(line, screen, &a);
	sheet_free(line);
}

void listing_header(const struct listing *l, const struct screen *screen, struct area a,
		    const struct listing_context *c)
{
	struct sheet line = { 0 };

	listing_make_header(l, &line, c);
	draw_line(&line, screen, a);
}

void listing_row(const struct listing *l, const struct screen *screen, struct area a,
		 const struct listing_context *c, size_t index, bool selected)
{
	struct sheet line = { 0 };

	listing_make_row(l, &line, c, index, selected);
	draw_line(&line, screen, a);
}

const char *listing_title(const struct listing *l, const struct listing_column *column)
{
	const struct part *part = l->named ? NULL : part_of(column);

	return part ? part->headers[0] : column->field->header;
}

const struct field *listing_field_at(const struct listing *l, size_t x)
{
	const struct field *field = l->columns[0].field;
	size_t end = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (!l->columns[i].width)
			continue;
		field = l->columns[i].field;
		end += l->columns[i].width + GAP;
		if (x < end)
			break;
	}
	return field;
}

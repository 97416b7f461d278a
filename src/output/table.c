/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/table.h"

#include "base/alloc.h"
#include "output/cell.h"
#include "output/detail_lines.h"
#include "output/footer.h"
#include "output/layout.h"

#include <stdlib.h>
#include <string.h>

#define LIST_LEAST  18 /* a list at the end is cut to this width before columns are left out */
#define ESSENTIAL   69 /* columns worth as much or more are left out last, see field_table.c */
#define CELL_END    ' ' /* cells of one word have none */
#define LIKELY_SIZE 24 /* bytes of cells in a row; twice as much is reserved */

/*
 * All cells are made before the first is printed, because the widths depend on them. They are made
 * in the order of the dump, and kept: to read 20,000 rows in sorted order, each of them several
 * cache misses, and to make the cells once more takes longer than to touch the memory for them.
 */
struct table {
	FILE *stream;
	const struct report *report;
	const struct columns *columns;
	const struct table_style *style;
	struct field_context *context;
	unsigned int text_flags;
	struct layout layout;
	struct strbuf cells; /* each followed by CELL_END */
	bool ascii; /* all of them: each byte is a column of the terminal */
	uint32_t *rows; /* offset of each row of the report in cells; then the end of the last */
	struct strbuf line; /* the current one */
};

static void make_row(struct table *t, const struct row *row)
{
	for (size_t i = 0; i < t->layout.n; i++) {
		struct layout_column *column = &t->layout.columns[i];
		const size_t start = t->cells.len;
		struct field_value value;
		size_t width;

		field_get(column->field, row, t->report, t->context, &value);
		width = cell_add(&t->cells, &value, t->text_flags);
		t->ascii &= width == t->cells.len - start;
		strbuf_putc(&t->cells, CELL_END);
		if (width > column->least) /* rare */
			layout_add(&t->layout, column, width, value.path);
	}
}

static void make_cells(struct table *t)
{
	for (size_t i = 0; i < t->columns->n; i++) {
		const struct field *field = t->columns->list[i];
		struct layout_column *column =
			layout_append(&t->layout, field, columns_worth(t->columns, field));

		if (t->style->header) {
			column->header = strlen(field->header);
			layout_add(&t->layout, column, column->header, false);
		}
	}
	strbuf_reserve(&t->cells, t->report->n_shown * LIKELY_SIZE);
	t->rows = xreallocarray(NULL, t->report->n_rows + 1, sizeof(*t->rows));
	for (size_t i = 0; i < t->report->n_rows; i++) {
		t->rows[i] = (uint32_t)t->cells.len;
		if (t->report->rows[i].shown)
			make_row(t, &t->report->rows[i]);
	}
	t->rows[t->report->n_rows] = (uint32_t)t->cells.len;
}

/*
 * Prints the line, cut to the width of the terminal.
 * @color: escape sequence to set it, NULL for none; reset before the line ends
 */
static void put_colored_line(struct table *t, const char *color)
{
	const struct table_style *style = t->style;
	struct strbuf *line = &t->line;
	size_t taken;

	while (line->len && line->s[line->len - 1] == ' ')
		line->len--;
	if (style->width && text_width(line->s, line->len) > style->width) {
		line->len = text_fit(line->s, line->len, style->width - 1, &taken);
		strbuf_adds(line, text_allows_utf8(style->text_flags) ? "…" : ">");
	}
	if (color)
		fputs(color, t->stream);
	strbuf_adds(line, color ? "\033[0m\n" : "\n");
	fwrite(line->s, 1, line->len, t->stream);
	line->len = 0;
}

static void put_line(struct table *t)
{
	put_colored_line(t, NULL);
}

/* The same for prose: breaks it at spaces, and indents the following lines. */
static void put_wrapped(struct table *t)
{
	static const char indent[] = "    ";
	const size_t width = t->style->width;
	struct strbuf *line = &t->line, rest = { 0 };

	while (width > 2 * sizeof(indent) && line->len > width) {
		size_t at = width;

		while (at > sizeof(indent) && line->s[at] != ' ')
			at--;
		if (line->s[at] != ' ')
			break;
		rest.len = 0;
		strbuf_adds(&rest, indent);
		strbuf_add(&rest, line->s + at + 1, line->len - at - 1);
		line->len = at;
		put_line(t);
		strbuf_add(line, rest.s, rest.len);
	}
	strbuf_free(&rest);
	put_line(t);
}

/* @lines: each ends with a newline. Frees them. */
static void put_lines(struct table *t, struct strbuf *lines, void (*put)(struct table *t))
{
	for (size_t at = 0; at < lines->len; at++) {
		size_t len = strcspn(lines->s + at, "\n");

		strbuf_add(&t->line, lines->s + at, len);
		put(t);
		at += len;
	}
	strbuf_free(lines);
}

/* Copies a cell to @at, in a line of spaces. Returns where the next cell begins. */
static char *put_padded(char *at, const char *text, size_t len, size_t width,
			const struct layout_column *column)
{
	size_t padding = column->width > width ? column->width - width : 0;

	memcpy(at + (column->right ? padding : 0), text, len);
	return at + len + padding + LAYOUT_GAP;
}

/* The same for a text that is wider than its column. */
static char *put_cut(char *at, const char *text, size_t len, const struct layout_column *column,
		     bool utf8)
{
	struct strbuf cut = { 0 };
	size_t taken;

	strbuf_add(&cut, text, len);
	if (layout_cuts_end(column->field)) {
		cut.len = text_fit(cut.s, cut.len, column->width - 1, &taken);
		strbuf_adds(&cut, utf8 ? "…" : ">");
	} else {
		cell_shorten(&cut, 0, column->width, utf8);
	}
	at = put_padded(at, cut.s, cut.len, text_width(cut.s, cut.len), column);
	strbuf_free(&cut);
	return at;
}

/* Fills the line with spaces for cells of @len bytes of text. Returns where it begins. */
static char *begin_cells(struct table *t, size_t len)
{
	char *at;

	for (size_t i = 0; i < t->layout.n; i++)
		len += t->layout.columns[i].width + LAYOUT_GAP;
	at = strbuf_reserve(&t->line, len);
	memset(at, ' ', len);
	return at;
}

static void print_header(struct table *t)
{
	char *at = begin_cells(t, 0);

	for (size_t i = 0; i < t->layout.n; i++) {
		const struct layout_column *column = &t->layout.columns[i];

		if (column->shown)
			at = put_padded(at, column->field->header, column->header, column->header,
					column);
	}
	t->line.len = (size_t)(at - t->line.s);
	put_line(t);
}

/* Those of the eight basic colours that are legible on light and dark backgrounds. */
static const char *const severity_colors[] = {
	[SEVERITY_CRITICAL] = "\033[1;31m", [SEVERITY_WARNING] = "\033[31m",
	[SEVERITY_NOTICE] = "\033[35m",	    [SEVERITY_NONE] = NULL,
	[SEVERITY_GONE] = "\033[36m",
};

/*
 * The whole line gets the colour, because cutting a line would be harder with escape sequences
 * within it.
 * @index: of the row in the report
 */
static void print_row(struct table *t, size_t index)
{
	const char *color = NULL;
	const char *text = t->cells.s + t->rows[index];
	char *at = begin_cells(t, t->rows[index + 1] - t->rows[index]);

	for (size_t i = 0; i < t->layout.n; i++) {
		const struct layout_column *column = &t->layout.columns[i];
		size_t len = 0, width;

		while (text[len] != CELL_END)
			len++;
		width = t->ascii ? len : text_width(text, len);
		if (column->shown && width > column->width)
			at = put_cut(at, text, len, column, text_allows_utf8(t->text_flags));
		else if (column->shown)
			at = put_padded(at, text, len, width, column);
		text += len + 1;
	}
	t->line.len = (size_t)(at - t->line.s);
	if (t->style->color) /* else do not touch the row, which is a cache miss */
		color = severity_colors[state_table[t->report->rows[index].state].severity];
	put_colored_line(t, color);
}

static size_t index_of(const struct table *t, size_t shown)
{
	return (size_t)(t->report->shown[shown] - t->report->rows);
}

static void print_rows(struct table *t)
{
	uint8_t *listed = NULL;

	if (t->style->detail)
		listed = xcalloc(t->report->snapshot->n_groups, sizeof(*listed));
	for (size_t i = 0; i < t->report->n_shown; i++) {
		if (i + 8 < t->report->n_shown) /* each row is a cache miss */
			__builtin_prefetch(t->cells.s + t->rows[index_of(t, i + 8)]);
		print_row(t, index_of(t, i));
		if (t->style->detail && !t->report->shown[i]->gone) {
			struct strbuf lines = { 0 };

			detail_lines_add(&lines, t->report->shown[i], listed, t->style->width);
			put_lines(t, &lines, put_line);
		}
	}
	free(listed);
}

static void print_footer(struct table *t)
{
	const struct footer footer = {
		.report = t->report,
		.context = t->context,
		.text_flags = t->text_flags & ~(unsigned int)TEXT_ONE_WORD,
		.width = t->style->width,
		.selectors = t->style->selectors,
		.owners = columns_needs(t->columns) & NEED_OWNERS,
	};
	const char *separator = "Left out for want of width:";
	struct strbuf lines = { 0 };

	if (!t->report->n_shown)
		fputs("No listener to show.\n", t->stream);
	put_line(t);
	footer_add(&lines, &footer);
	put_lines(t, &lines, put_wrapped);
	for (size_t i = 0; i < t->layout.n; i++)
		if (!t->layout.columns[i].shown) {
			strbuf_addf(&t->line, "%s %s", separator,
				    t->layout.columns[i].field->header);
			separator = ",";
		}
	if (t->line.len)
		put_wrapped(t);
}

void table_print(FILE *stream, const struct report *report, const struct columns *columns,
		 const struct table_style *style, struct field_context *context)
{
	struct table t = {
		.stream = stream,
		.report = report,
		.columns = columns,
		.style = style,
		.context = context,
		.text_flags = TEXT_ONE_WORD | style->text_flags,
		.ascii = true,
		.layout = { .width = style->width,
			    .list_least = LIST_LEAST,
			    .essential = ESSENTIAL,
			    .all = columns->named },
	};

	make_cells(&t);
	layout_fit(&t.layout);
	if (style->header)
		print_header(&t);
	print_rows(&t);
	if (style->footer)
		print_footer(&t);
	strbuf_free(&t.line);
	strbuf_free(&t.cells);
	free(t.rows);
	layout_free(&t.layout);
}

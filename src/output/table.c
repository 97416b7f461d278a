/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/table.h"

#include "base/alloc.h"
#include "output/cell.h"
#include "output/detail_lines.h"
#include "output/footer.h"
#include "output/layout.h"

#include <stdlib.h>
#include <string.h>

#define LIST_LEAST 18 /* to which a list at the end is cut rather than to lose a column */
#define ESSENTIAL                                                                      \
	69 /* worth of who, where, how bad and why: the rest goes before these are cut \
	    */
#define CELL_MAX UINT16_MAX /* no path or name is that long */

struct cell {
	uint16_t len; /* bytes of its text */
	uint16_t width; /* that it takes on a terminal */
};

/*
 * All cells are made before the first is printed, as every one has a say in the widths. They are
 * made in the order of the dump: walking 20,000 rows in sorted order, from one cache miss to the
 * next, would take longer than making them.
 */
struct grid {
	struct strbuf text; /* struct cell and its text, cell after cell */
	uint32_t *rows; /* where each row of the report starts in it, and where the last ends */
	struct layout layout;
	const struct table_style *style;
};

static void make_row(struct grid *g, const struct row *row, const struct report *report,
		     struct field_context *context)
{
	for (size_t i = 0; i < g->layout.n; i++) {
		struct layout_column *column = &g->layout.columns[i];
		size_t start = g->text.len;
		struct field_value value;
		struct cell cell = { 0 };

		strbuf_add(&g->text, (const char *)&cell, sizeof(cell));
		field_get(column->field, row, report, context, &value);
		cell_add(&g->text, &value, g->style->utf8 ? 0 : TEXT_ASCII);
		if (g->text.len > start + sizeof(cell) + CELL_MAX)
			g->text.len = start + sizeof(cell) + CELL_MAX;
		cell.len = (uint16_t)(g->text.len - start - sizeof(cell));
		cell.width = cell.len;
		if (column->field->type == TYPE_TEXT)
			cell.width =
				(uint16_t)text_width(g->text.s + start + sizeof(cell), cell.len);
		memcpy(g->text.s + start, &cell, sizeof(cell));
		layout_add(&g->layout, column, cell.width, value.path);
	}
}

static void make_grid(struct grid *g, const struct columns *columns, const struct report *report,
		      struct field_context *context)
{
	g->layout.width = g->style->width;
	g->layout.list_least = LIST_LEAST;
	g->layout.essential = ESSENTIAL;
	g->layout.all = columns->named;
	for (size_t i = 0; i < columns->n; i++) {
		const struct field *field = columns->list[i];
		struct layout_column *column = layout_append(&g->layout, field, LAYOUT_CELL,
							     columns_worth(columns, field));

		if (g->style->header) {
			column->header = strlen(field->header);
			layout_add(&g->layout, column, column->header, false);
		}
	}
	g->rows = xreallocarray(NULL, report->n_rows + 1, sizeof(*g->rows));
	for (size_t i = 0; i < report->n_rows; i++) {
		g->rows[i] = (uint32_t)g->text.len;
		if (report->rows[i].shown)
			make_row(g, &report->rows[i], report, context);
	}
	g->rows[report->n_rows] = (uint32_t)g->text.len;
}

/* Cuts a line to the terminal's width and shows that something is missing. */
static void cut_line(struct strbuf *line, const struct table_style *style)
{
	size_t taken;

	if (!style->width || text_width(line->s, line->len) <= style->width)
		return;
	line->len = text_fit(line->s, line->len, style->width - 1, &taken);
	strbuf_adds(line, style->utf8 ? "…" : ">");
}

/* @color: escape sequence to set it, NULL for none; reset before the line ends. */
static void put_colored_line(FILE *stream, struct strbuf *line, const struct table_style *style,
			     const char *color)
{
	while (line->len && line->s[line->len - 1] == ' ')
		line->len--;
	cut_line(line, style);
	if (color)
		fputs(color, stream);
	strbuf_adds(line, color ? "\033[0m\n" : "\n");
	fwrite(line->s, 1, line->len, stream);
	line->len = 0;
}

static void put_line(FILE *stream, struct strbuf *line, const struct table_style *style)
{
	put_colored_line(stream, line, style, NULL);
}

/* The same for prose: what does not fit goes on below, indented, broken at spaces. */
static void put_wrapped(FILE *stream, struct strbuf *line, const struct table_style *style)
{
	static const char indent[] = "    ";
	struct strbuf rest = { 0 };

	while (style->width > 2 * sizeof(indent) && line->len > style->width) {
		size_t at = style->width;

		while (at > sizeof(indent) && line->s[at] != ' ')
			at--;
		if (line->s[at] != ' ')
			break;
		rest.len = 0;
		strbuf_adds(&rest, indent);
		strbuf_add(&rest, line->s + at + 1, line->len - at - 1);
		line->len = at;
		put_line(stream, line, style);
		strbuf_add(line, rest.s, rest.len);
	}
	strbuf_free(&rest);
	put_line(stream, line, style);
}

/* @at: where the cell goes, in spaces. Returns where the next one does. */
static char *put_padded(char *at, const char *text, size_t len, size_t width,
			const struct layout_column *column)
{
	size_t padding = column->width > width ? column->width - width : 0;

	memcpy(at + (column->right ? padding : 0), text, len);
	return at + len + padding + LAYOUT_GAP;
}

/* A text that is wider than its column loses its end, or its middle. */
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

/* Spaces for a line of cells, whose texts take at most @len bytes. Returns where it begins. */
static char *begin_cells(struct strbuf *line, const struct grid *g, size_t len)
{
	char *at;

	for (size_t i = 0; i < g->layout.n; i++)
		len += g->layout.columns[i].width + LAYOUT_GAP;
	at = strbuf_reserve(line, len);
	memset(at, ' ', len);
	return at;
}

static void print_header(FILE *stream, const struct grid *g, struct strbuf *line)
{
	char *at = begin_cells(line, g, 0);

	for (size_t i = 0; i < g->layout.n; i++) {
		const struct layout_column *column = &g->layout.columns[i];

		if (column->shown)
			at = put_padded(at, column->field->header, column->header, column->header,
					column);
	}
	line->len = (size_t)(at - line->s);
	put_line(stream, line, g->style);
}

/* Eight colours that can be read on light and on dark; the mark and the word say the same. */
static const char *severity_color(enum severity severity)
{
	static const char *const colors[] = { [SEVERITY_CRITICAL] = "\033[1;31m",
					      [SEVERITY_WARNING] = "\033[31m",
					      [SEVERITY_NOTICE] = "\033[35m",
					      [SEVERITY_NONE] = NULL,
					      [SEVERITY_GONE] = "\033[36m" };

	return colors[severity];
}

/*
 * Colour goes around the whole line of a listener that is not well: escape sequences within a line
 * would have to be counted when it is cut.
 */
static void print_row(FILE *stream, const struct grid *g, const struct row *row, size_t index,
		      struct strbuf *line)
{
	const char *color =
		g->style->color ? severity_color(state_table[row->state].severity) : NULL;
	const char *text = g->text.s + g->rows[index];
	char *at = begin_cells(line, g, g->rows[index + 1] - g->rows[index]);

	for (size_t i = 0; i < g->layout.n; i++) {
		const struct layout_column *column = &g->layout.columns[i];
		struct cell cell;

		memcpy(&cell, text, sizeof(cell));
		text += sizeof(cell);
		if (column->shown && cell.width > column->width)
			at = put_cut(at, text, cell.len, column, g->style->utf8);
		else if (column->shown)
			at = put_padded(at, text, cell.len, cell.width, column);
		text += cell.len;
	}
	line->len = (size_t)(at - line->s);
	put_colored_line(stream, line, g->style, color);
}

/* Whole lines, each ended by a newline. */
static void put_lines(FILE *stream, const struct strbuf *lines, const struct table_style *style,
		      void (*put)(FILE *stream, struct strbuf *line,
				  const struct table_style *style),
		      struct strbuf *line)
{
	for (size_t at = 0; at < lines->len; at++) {
		size_t len = strcspn(lines->s + at, "\n");

		strbuf_add(line, lines->s + at, len);
		put(stream, line, style);
		at += len;
	}
}

static void print_hidden(FILE *stream, const struct grid *g, struct strbuf *line)
{
	const char *separator = "Left out for want of width:";

	for (size_t i = 0; i < g->layout.n; i++)
		if (!g->layout.columns[i].shown) {
			strbuf_addf(line, "%s %s", separator, g->layout.columns[i].field->header);
			separator = ",";
		}
	if (line->len)
		put_wrapped(stream, line, g->style);
}

static void print_footer(FILE *stream, const struct grid *g, const struct columns *columns,
			 const struct report *report, struct field_context *context,
			 struct strbuf *line)
{
	const struct footer footer = {
		.report = report,
		.context = context,
		.text_flags = g->style->utf8 ? 0 : TEXT_ASCII,
		.width = g->style->width,
		.selectors = g->style->selectors,
		.owners = columns_needs(columns) & NEED_OWNERS,
	};
	struct strbuf lines = { 0 };

	put_line(stream, line, g->style);
	footer_add(&lines, &footer);
	put_lines(stream, &lines, g->style, put_wrapped, line);
	strbuf_free(&lines);
	print_hidden(stream, g, line);
}

/* @listed: see detail_lines_add(). */
static void print_detail(FILE *stream, const struct row *row, const struct table_style *style,
			 uint8_t *listed, struct strbuf *line)
{
	struct strbuf lines = { 0 };

	detail_lines_add(&lines, row, listed);
	put_lines(stream, &lines, style, put_line, line);
	strbuf_free(&lines);
}

static size_t index_of(const struct report *report, size_t shown)
{
	return (size_t)(report->shown[shown] - report->rows);
}

void table_print(FILE *stream, const struct report *report, const struct columns *columns,
		 const struct table_style *style, struct field_context *context)
{
	struct grid g = { .style = style };
	uint8_t *listed = xcalloc(report->snapshot->n_groups, sizeof(*listed));
	struct strbuf line = { 0 };

	make_grid(&g, columns, report, context);
	layout_fit(&g.layout);
	if (style->header)
		print_header(stream, &g, &line);
	for (size_t i = 0; i < report->n_shown; i++) {
		/* Each row is a cache miss away from the one before: ask for it early. */
		if (i + 8 < report->n_shown) {
			const char *cells = g.text.s + g.rows[index_of(report, i + 8)];

			__builtin_prefetch(cells);
			__builtin_prefetch(cells + 64);
		}
		print_row(stream, &g, report->shown[i], index_of(report, i), &line);
		if (style->detail && !report->shown[i]->gone)
			print_detail(stream, report->shown[i], style, listed, &line);
	}
	if (!report->n_shown && style->footer)
		fputs("No listener to show.\n", stream);
	if (style->footer)
		print_footer(stream, &g, columns, report, context, &line);
	strbuf_free(&line);
	strbuf_free(&g.text);
	free(listed);
	free(g.rows);
	layout_free(&g.layout);
}

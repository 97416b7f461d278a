/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/table.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define GAP 1 /* spaces between columns */

/* One cell: its text in the grid's buffer, and the columns it takes on a terminal. */
struct cell {
	size_t offset;
	uint32_t len;
	uint32_t width;
};

/* All cells are made before the first is printed, as every one has a say in the widths. */
struct grid {
	struct strbuf text;
	struct cell *cells; /* row by row */
	size_t *widths;     /* of each column */
	bool *shown;
	const struct columns *columns;
	const struct table_style *style;
};

static bool is_text(const struct field *f)
{
	return f->type == FIELD_TEXT || f->type == FIELD_LIST || f->type == FIELD_ID ||
	       f->type == FIELD_BOOL;
}

/* Numbers align right, also the one that is a text because it may be two bounds. */
static bool align_left(const struct field *f)
{
	return is_text(f) && strcmp(f->name, "overflows") != 0;
}

static void fill_grid(struct grid *g, const struct report *report, struct field_context *context)
{
	const struct columns *c = g->columns;
	unsigned int flags = g->style->utf8 ? 0 : TEXT_ASCII;
	struct cell *cell = g->cells;

	for (size_t i = 0; g->style->header && i < c->n; i++)
		g->widths[i] = strlen(c->list[i]->header);
	for (size_t row = 0; row < report->n_rows; row++)
		for (size_t i = 0; i < c->n; i++, cell++) {
			struct field_value value;

			field_get(c->list[i], &report->rows[row], report, context, &value);
			cell->offset = g->text.len;
			field_add_cell(&g->text, &value, flags);
			cell->len = (uint32_t)(g->text.len - cell->offset);
			cell->width = c->list[i]->type == FIELD_TEXT ?
					      (uint32_t)text_width(g->text.s + cell->offset,
								   cell->len) :
					      cell->len;
			if (cell->width > g->widths[i])
				g->widths[i] = cell->width;
		}
}

static size_t total_width(const struct grid *g)
{
	size_t width = 0;

	for (size_t i = 0; i < g->columns->n; i++)
		if (g->shown[i])
			width += g->widths[i] + GAP;
	return width ? width - GAP : 0;
}

/* Columns that the user named are all shown; of the others the least telling go first. */
static void fit_to_width(struct grid *g)
{
	const struct columns *c = g->columns;

	while (!c->named && g->style->width && total_width(g) > g->style->width) {
		size_t least = c->n, left = 0;

		for (size_t i = 0; i < c->n; i++) {
			left += g->shown[i];
			if (g->shown[i] &&
			    (least == c->n || c->list[i]->keep < c->list[least]->keep))
				least = i;
		}
		if (left <= 1)
			break;
		g->shown[least] = false;
	}
}

/* Cuts a line to the terminal's width and shows that something is missing. */
static void cut_line(struct strbuf *line, const struct table_style *style)
{
	size_t width = 0, i = 0;

	if (!style->width || text_width(line->s, line->len) <= style->width)
		return;
	while (i < line->len) {
		size_t n = 1;

		while (i + n < line->len && ((unsigned char)line->s[i + n] & 0xc0) == 0x80)
			n++;
		width += text_width(line->s + i, n);
		if (width + 1 > style->width)
			break;
		i += n;
	}
	line->len = i;
	strbuf_adds(line, style->utf8 ? "…" : ">");
}

static void put_line(FILE *stream, struct strbuf *line, const struct table_style *style)
{
	while (line->len && line->s[line->len - 1] == ' ')
		line->len--;
	cut_line(line, style);
	strbuf_addc(line, '\n', 1);
	fwrite(line->s, 1, line->len, stream);
	line->len = 0;
}

static void add_padded(struct strbuf *line, const char *text, size_t len, size_t width,
		       size_t column_width, bool left)
{
	size_t padding = column_width > width ? column_width - width : 0;

	if (!left)
		strbuf_addc(line, ' ', padding);
	strbuf_add(line, text, len);
	if (left)
		strbuf_addc(line, ' ', padding);
	strbuf_addc(line, ' ', GAP);
}

static void print_header(FILE *stream, const struct grid *g, struct strbuf *line)
{
	for (size_t i = 0; i < g->columns->n; i++) {
		const struct field *f = g->columns->list[i];

		if (g->shown[i])
			add_padded(line, f->header, strlen(f->header), strlen(f->header),
				   g->widths[i], align_left(f));
	}
	put_line(stream, line, g->style);
}

/* Eight colours that can be read on light and on dark; the mark and the word say the same. */
static const char *severity_color(enum severity severity)
{
	static const char *const colors[] = { [SEVERITY_CRITICAL] = "\033[1;31m",
					      [SEVERITY_WARNING] = "\033[31m",
					      [SEVERITY_NOTICE] = "\033[35m",
					      [SEVERITY_NONE] = NULL };

	return colors[severity];
}

/*
 * Colour goes around the whole line of a listener that is not well: escape sequences within a line
 * would have to be counted when it is cut.
 */
static void print_row(FILE *stream, const struct grid *g, const struct row *row,
		      const struct cell *cells, struct strbuf *line)
{
	const char *color =
		g->style->color ? severity_color(state_table[row->state].severity) : NULL;

	for (size_t i = 0; i < g->columns->n; i++)
		if (g->shown[i])
			add_padded(line, g->text.s + cells[i].offset, cells[i].len, cells[i].width,
				   g->widths[i], align_left(g->columns->list[i]));
	if (color)
		fputs(color, stream);
	put_line(stream, line, g->style);
	if (color)
		fputs("\033[0m", stream);
}

static void print_moved(FILE *stream, const struct netns_report *ns, const struct report *report,
			const struct table_style *style, struct strbuf *line)
{
	double seconds = (double)report->window_ns / (double)NSEC_PER_SEC;
	bool moved = false, known = false;

	for (unsigned int i = 0; i < COUNTER_N; i++) {
		known |= ns->delta[i].known;
		if (!ns->delta[i].known || !ns->delta[i].value)
			continue;
		if (!moved) {
			strbuf_addf(line, "Counters of this namespace that moved in %.1f s:",
				    seconds);
			put_line(stream, line, style);
		}
		moved = true;
		strbuf_addf(line, "  %-26s %+8lld  %s", counter_table[i].name,
			    (long long)ns->delta[i].value, counter_table[i].meaning);
		put_line(stream, line, style);
	}
	if (!known)
		strbuf_addf(line, "Counters of this namespace in %.1f s: unknown.", seconds);
	else if (!moved)
		strbuf_addf(line, "No counter of the listen queues moved in %.1f s.", seconds);
	if (!moved)
		put_line(stream, line, style);
	if (ns->unattributed_overflows.known && ns->unattributed_overflows.value) {
		strbuf_addf(line, "  %llu of the overflows fell on no listener that is still here.",
			    (unsigned long long)ns->unattributed_overflows.value);
		put_line(stream, line, style);
	}
}

static void print_sysctls(FILE *stream, const struct sysctls *s, const struct table_style *style,
			  struct strbuf *line)
{
	static const enum sysctl_id binding[] = { SYSCTL_SOMAXCONN, SYSCTL_MAX_SYN_BACKLOG,
						  SYSCTL_SYNCOOKIES, SYSCTL_ABORT_ON_OVERFLOW };

	for (size_t i = 0; i < ARRAY_SIZE(binding); i++) {
		strbuf_addf(line, "%s%s ", i ? "  " : "", sysctl_table[binding[i]].name);
		if (sysctl_known(s, binding[i]))
			strbuf_addf(line, "%lld", (long long)s->value[binding[i]]);
		else
			strbuf_addc(line, '-', 1);
	}
	put_line(stream, line, style);
}

/* Adds a sentence behind the word it explains, wrapped below itself on a terminal. */
static void print_sentence(FILE *stream, const char *word, const char *sentence,
			   const struct table_style *style, struct strbuf *line)
{
	const size_t indent = 4;
	size_t room = style->width > 40 ? style->width : style->width ? 40 : SIZE_MAX;

	strbuf_addf(line, "%s:", word);
	while (*sentence) {
		size_t len = strcspn(sentence, " ");

		if (line->len + 1 + len > room) {
			put_line(stream, line, style);
			strbuf_addc(line, ' ', indent - 1);
		}
		strbuf_addc(line, ' ', 1);
		strbuf_add(line, sentence, len);
		sentence += len + strspn(sentence + len, " ");
	}
	put_line(stream, line, style);
}

static void print_words(FILE *stream, const struct report *report, const struct table_style *style,
			struct strbuf *line)
{
	uint32_t states = 0, reasons = 0;

	for (size_t i = 0; i < report->n_rows; i++) {
		states |= 1u << report->rows[i].state;
		reasons |= report->rows[i].reasons;
	}
	for (unsigned int i = 0; i < STATE_OK; i++)
		if (states & (1u << i))
			print_sentence(stream, state_table[i].name, state_table[i].sentence, style,
				       line);
	for (unsigned int i = 0; i < REASON_N; i++)
		if (reasons & (1u << i))
			print_sentence(stream, reason_table[i].name, reason_table[i].sentence,
				       style, line);
}

static void print_hidden(FILE *stream, const struct grid *g, struct strbuf *line)
{
	const char *separator = "Left out for want of width:";

	for (size_t i = 0; i < g->columns->n; i++)
		if (!g->shown[i]) {
			strbuf_addf(line, "%s %s", separator, g->columns->list[i]->header);
			separator = ",";
		}
	if (line->len)
		put_line(stream, line, g->style);
}

static void print_footer(FILE *stream, const struct grid *g, const struct report *report,
			 struct strbuf *line)
{
	put_line(stream, line, g->style);
	for (size_t i = 0; i < report->n_netns; i++) {
		if (report->window_ns)
			print_moved(stream, &report->netns[i], report, g->style, line);
		else
			fputs("No window: what moved is unknown; without -d 0 there is one.\n",
			      stream);
		print_sysctls(stream, &report->netns[i].netns->sysctls, g->style, line);
	}
	print_words(stream, report, g->style, line);
	print_hidden(stream, g, line);
}

void table_print(FILE *stream, const struct report *report, const struct columns *columns,
		 const struct table_style *style, struct field_context *context)
{
	struct grid g = { .columns = columns, .style = style };
	struct strbuf line = { 0 };

	g.cells = xcalloc(report->n_rows * columns->n, sizeof(*g.cells));
	g.widths = xcalloc(columns->n, sizeof(*g.widths));
	g.shown = xmalloc(columns->n * sizeof(*g.shown));
	memset(g.shown, true, columns->n * sizeof(*g.shown));
	fill_grid(&g, report, context);
	fit_to_width(&g);
	if (style->header)
		print_header(stream, &g, &line);
	for (size_t i = 0; i < report->n_rows; i++)
		print_row(stream, &g, &report->rows[i], g.cells + i * columns->n, &line);
	if (!report->n_rows && style->footer)
		fputs("No listener to show.\n", stream);
	if (style->footer)
		print_footer(stream, &g, report, &line);
	strbuf_free(&line);
	strbuf_free(&g.text);
	free(g.cells);
	free(g.widths);
	free(g.shown);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/table.h"

#include "analyse/fold.h"
#include "base/alloc.h"
#include "output/cell.h"
#include "output/contents.h"
#include "output/footer.h"

#include <stdlib.h>
#include <string.h>

#define GAP	   1 /* spaces between columns */
#define LIST_LEAST 18 /* to which a list at the end is cut rather than to lose a column */

/* The length of a cell's text, and the columns that takes on a terminal. */
struct cell {
	uint16_t len;
	uint16_t width;
};

#define CELL_MAX UINT16_MAX /* no path or name is that long */

struct layout {
	size_t width;
	size_t least; /* to which its texts may be cut; the same where none is longer */
	bool shown;
	bool tried; /* whether it fits after all */
	bool left; /* aligned */
};

/*
 * All cells are made before the first is printed, as every one has a say in the widths. They are
 * made in the order of the dump: walking 20,000 rows in sorted order, from one cache miss to the
 * next, would take longer than making them.
 */
struct grid {
	struct strbuf text; /* struct cell and its text, cell after cell */
	uint32_t *rows; /* where each row of the report starts in it, and where the last ends */
	struct layout *layout; /* of each column */
	size_t list_least; /* to which a list at the end may be cut */
	const struct columns *columns;
	const struct table_style *style;
};

static void widen(size_t *width, size_t to)
{
	if (to > *width)
		*width = to;
}

/* What a column of @width may be cut to. */
static size_t cut_to(size_t width, size_t least)
{
	return width > least ? least : width;
}

/* A path gives way before a column that tells of the queues is left out: its end says enough. */
static size_t least_path(const struct grid *g, size_t width)
{
	const size_t least = g->style->width / 5;

	return least ? cut_to(width, least) : width;
}

static void make_row(struct grid *g, const struct row *row, const struct report *report,
		     struct field_context *context)
{
	for (size_t i = 0; i < g->columns->n; i++) {
		const struct field *f = g->columns->list[i];
		size_t start = g->text.len;
		struct field_value value;
		struct cell cell = { 0 };

		strbuf_add(&g->text, (const char *)&cell, sizeof(cell));
		field_get(f, row, report, context, &value);
		cell_add(&g->text, &value, g->style->utf8 ? 0 : TEXT_ASCII);
		if (g->text.len > start + sizeof(cell) + CELL_MAX)
			g->text.len = start + sizeof(cell) + CELL_MAX;
		cell.len = (uint16_t)(g->text.len - start - sizeof(cell));
		cell.width = cell.len;
		if (f->type == FIELD_TEXT)
			cell.width =
				(uint16_t)text_width(g->text.s + start + sizeof(cell), cell.len);
		memcpy(g->text.s + start, &cell, sizeof(cell));
		widen(&g->layout[i].width, cell.width);
		widen(&g->layout[i].least, value.path ? least_path(g, cell.width) : cell.width);
	}
}

static void make_grid(struct grid *g, const struct report *report, struct field_context *context)
{
	const struct columns *c = g->columns;

	for (size_t i = 0; i < c->n; i++) {
		g->layout[i] =
			(struct layout){ .shown = true, .left = !field_is_number(c->list[i]) };
		if (g->style->header)
			g->layout[i].width = g->layout[i].least = strlen(c->list[i]->header);
	}
	for (size_t i = 0; i < report->n_rows; i++) {
		g->rows[i] = (uint32_t)g->text.len;
		if (report->rows[i].shown)
			make_row(g, &report->rows[i], report, context);
	}
	g->rows[report->n_rows] = (uint32_t)g->text.len;
}

/*
 * What the shown columns need. The last one may be cut when it is a list, whose first word tells
 * the most: better than to lose other columns to it.
 */
static size_t least_width(const struct grid *g)
{
	size_t width = 0, last = 0;

	for (size_t i = 0; i < g->columns->n; i++)
		if (g->layout[i].shown) {
			width += g->layout[i].least + GAP;
			last = i;
		}
	if (g->columns->list[last]->type == FIELD_LIST && g->layout[last].least > g->list_least)
		width -= g->layout[last].least - g->list_least;
	return width ? width - GAP : 0;
}

static int worth(const struct columns *c, size_t i)
{
	return columns_worth(c, c->list[i], c->list[i]->keep);
}

static bool fits(const struct grid *g)
{
	return least_width(g) <= g->style->width;
}

/* The column worth least of those that are shown, or most of those that are not and not tried. */
static size_t next_column(const struct grid *g, bool shown)
{
	const struct columns *c = g->columns;
	size_t next = c->n;

	for (size_t i = 0; i < c->n; i++) {
		if (g->layout[i].shown != shown || (!shown && g->layout[i].tried))
			continue;
		if (next == c->n ||
		    (shown ? worth(c, i) < worth(c, next) : worth(c, i) > worth(c, next)))
			next = i;
	}
	return next;
}

/* Who, where, how bad and why: what is worth less goes before any of that is cut. */
static bool is_essential(const struct grid *g, size_t i)
{
	const int least = 69;

	return worth(g->columns, i) >= least;
}

/*
 * Half of an address is better than none of its queue: where not even the essential columns have
 * room, addresses are cut to what any of IPv4 takes, and names and reasons to few letters.
 */
static void squeeze(struct grid *g)
{
	g->list_least = 13;
	for (size_t i = 0; i < g->columns->n; i++) {
		const struct field *field = g->columns->list[i];
		struct layout *layout = &g->layout[i];

		if (field->flags & FIELD_IS_WHOLE)
			layout->least = cut_to(layout->least, 21);
		else if (field->flags & FIELD_IS_NAME)
			layout->least = cut_to(layout->least, 8);
		else if (field->type == FIELD_LIST)
			layout->least = cut_to(layout->least, g->list_least);
		if (g->style->header)
			widen(&layout->least, strlen(field->header));
	}
}

static bool is_words(const struct field *field)
{
	return field->type == FIELD_LIST || field->flags & FIELD_IS_NAME;
}

/*
 * Texts that were to be cut get what is left, up to @most columns each, the reasons at the end of
 * the line first. @words: names and reasons, or else addresses and paths. Returns what is left
 * then.
 */
static size_t share(struct grid *g, bool words, size_t most, size_t rest)
{
	for (size_t i = g->columns->n; i-- > 0;) {
		struct layout *layout = &g->layout[i];
		size_t wanted = cut_to(layout->width, most);
		size_t more = wanted > layout->least ? cut_to(wanted - layout->least, rest) : 0;

		if (!layout->shown || words != is_words(g->columns->list[i]))
			continue;
		layout->least += more;
		rest -= more;
	}
	return rest;
}

/* A name, the first reason, three eighths of the screen for a path, all reasons, the whole path. */
static void share_rest(struct grid *g)
{
	size_t least = least_width(g), reasons;
	size_t rest = g->style->width > least ? g->style->width - least : 0;

	rest = share(g, true, LIST_LEAST, rest);
	rest = share(g, false, g->style->width * 3 / 8, rest);
	least = least_width(g);
	g->list_least = SIZE_MAX;
	reasons = least_width(g) - least;
	rest = share(g, true, SIZE_MAX, rest > reasons ? rest - reasons : 0);
	share(g, false, SIZE_MAX, rest);
	for (size_t i = 0; i < g->columns->n; i++)
		g->layout[i].width = g->layout[i].least;
}

/* Leaves out what is worth least until the rest fits. */
static void leave_out(struct grid *g, bool essential)
{
	size_t next, left = 0;

	for (size_t i = 0; i < g->columns->n; i++)
		left += g->layout[i].shown;
	for (; left > 1 && !fits(g); left--) {
		next = next_column(g, true);
		if (is_essential(g, next) && !essential)
			break;
		g->layout[next].shown = false;
	}
}

/* One that is too wide itself must not have cost the others their place: they come back. */
static void bring_back(struct grid *g, bool essential)
{
	for (size_t i; (i = next_column(g, false)) < g->columns->n;) {
		g->layout[i].tried = true;
		g->layout[i].shown = !essential || is_essential(g, i);
		g->layout[i].shown = g->layout[i].shown && fits(g);
	}
}

/* Columns that the user named are all shown; of the others the least telling go first. */
static void fit_to_width(struct grid *g)
{
	bool squeezed;

	if (!g->style->width)
		return;
	if (!g->columns->named)
		leave_out(g, false);
	squeezed = !fits(g);
	if (squeezed)
		squeeze(g);
	if (!g->columns->named) {
		leave_out(g, true);
		bring_back(g, squeezed);
	}
	share_rest(g);
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
			const struct layout *layout)
{
	size_t padding = layout->width > width ? layout->width - width : 0;

	memcpy(at + (layout->left ? 0 : padding), text, len);
	return at + len + padding + GAP;
}

/* A text that is wider than its column: names lose their end, what may be long its middle. */
static void cut_cell(struct strbuf *text, const struct grid *g, size_t column)
{
	const struct field *field = g->columns->list[column];
	size_t width = g->layout[column].width, taken;

	if (!is_words(field)) {
		cell_shorten(text, 0, width, g->style->utf8);
		return;
	}
	text->len = text_fit(text->s, text->len, width - 1, &taken);
	strbuf_adds(text, g->style->utf8 ? "…" : ">");
}

static char *put_cell(char *at, const char *text, const struct cell *cell, const struct grid *g,
		      size_t column)
{
	const struct layout *layout = &g->layout[column];
	struct strbuf cut = { 0 };

	if (cell->width <= layout->width)
		return put_padded(at, text, cell->len, cell->width, layout);
	strbuf_add(&cut, text, cell->len);
	cut_cell(&cut, g, column);
	at = put_padded(at, cut.s, cut.len, text_width(cut.s, cut.len), layout);
	strbuf_free(&cut);
	return at;
}

/* Spaces for a line of cells, whose texts take at most @len bytes. Returns where it begins. */
static char *begin_cells(struct strbuf *line, const struct grid *g, size_t len)
{
	char *at;

	for (size_t i = 0; i < g->columns->n; i++)
		len += g->layout[i].width + GAP;
	at = strbuf_reserve(line, len);
	memset(at, ' ', len);
	return at;
}

static void print_header(FILE *stream, const struct grid *g, struct strbuf *line)
{
	char *at = begin_cells(line, g, 0);

	for (size_t i = 0; i < g->columns->n; i++) {
		const char *header = g->columns->list[i]->header;

		if (g->layout[i].shown)
			at = put_padded(at, header, strlen(header), strlen(header), &g->layout[i]);
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

	for (size_t i = 0; i < g->columns->n; i++) {
		struct cell cell;

		memcpy(&cell, text, sizeof(cell));
		text += sizeof(cell);
		if (g->layout[i].shown)
			at = put_cell(at, text, &cell, g, i);
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

/* What is said of the listeners that are shown, and by which of them. */
struct words {
	const struct row *worst[STATE_N];
	size_t count[STATE_N];
	const struct row *speaker[REASON_N];
};

/* Is @row the better one to say a reason of than @other? It is the one with the advice. */
static bool speaks_for(const struct row *row, const struct row *other, enum reason reason)
{
	return !other || (verdict_adviser(other) != reason && verdict_adviser(row) == reason);
}

static void collect_words(const struct report *report, struct words *words)
{
	for (size_t i = 0; i < report->n_shown; i++) {
		const struct row *row = report->shown[i];
		const struct row *worst = words->worst[row->state];

		words->count[row->state]++;
		if (!worst || row_worst_fill(row) > row_worst_fill(worst))
			words->worst[row->state] = row;
		for (unsigned int j = 0; row->reasons >> j; j++)
			if (row->reasons & 1u << j && speaks_for(row, words->speaker[j], j))
				words->speaker[j] = row;
	}
}

static void add_local(struct strbuf *line, const struct report *report, const struct row *row,
		      const struct table_style *style, struct field_context *context)
{
	struct field_value local;

	if (report->n_netns > 1) {
		field_get(field_named("namespace"), row, report, context, &local);
		cell_add(line, &local, style->utf8 ? 0 : TEXT_ASCII);
		strbuf_putc(line, ' ');
	}
	field_get(field_named("local"), row, report, context, &local);
	cell_add_fitted(line, &local, style->utf8 ? 0 : TEXT_ASCII, style->width);
}

/* Members of its SO_REUSEPORT group in the state of the row, as far as they are shown. */
static size_t count_sockets(const struct report *report, const struct row *row)
{
	size_t n = 0;

	for (size_t i = 0; row->folded && i < row->folded->n_members; i++)
		n += row->folded->members[i]->state == row->state;
	for (size_t i = 0; !row->folded && i < report->n_shown; i++)
		n += report->shown[i]->group == row->group && report->shown[i]->state == row->state;
	return n;
}

/* "(127.0.0.1:80, 1 of 4 sockets, and 2 more)": which listener, and how many have its state. */
static void print_state(FILE *stream, const struct report *report, const struct row *row,
			size_t count, const struct table_style *style,
			struct field_context *context, struct strbuf *line)
{
	bool grouped = !row->gone && row->group && row->group->sockets > 1;
	size_t sockets = grouped ? count_sockets(report, row) : 0;

	strbuf_addf(line, "%s (", state_table[row->state].name);
	add_local(line, report, row, style, context);
	if (sockets)
		strbuf_addf(line, ", %zu of %u sockets", sockets, row->group->sockets);
	count -= sockets && !row->folded ? sockets : 1;
	if (count)
		strbuf_addf(line, "%s and %zu more", sockets ? "," : "", count);
	strbuf_adds(line, "): ");
	verdict_add_state(line, row);
	put_wrapped(stream, line, style);
}

#define NAMED_MAX 4 /* listeners whose processes are named for one reason */

/* Those of which a reason is said without naming a process. */
struct plain {
	const struct row *speaker;
	size_t n;
};

/* A reason that names processes is said of each listener. Returns how many that were. */
static size_t print_named(FILE *stream, const struct report *report, enum reason reason,
			  const struct table_style *style, struct field_context *context,
			  struct strbuf *line, struct plain *plain)
{
	struct strbuf why = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < report->n_shown; i++) {
		const struct row *row = report->shown[i];

		if (!(row->reasons & 1u << reason))
			continue;
		why.len = 0;
		if (!verdict_add_why(&why, reason, row, style->utf8 ? 0 : TEXT_ASCII)) {
			plain->n++;
			if (speaks_for(row, plain->speaker, reason))
				plain->speaker = row;
		} else if (n++ < NAMED_MAX) {
			strbuf_addf(line, "%s (", reason_table[reason].name);
			add_local(line, report, row, style, context);
			strbuf_addf(line, "): %s", why.s);
			put_wrapped(stream, line, style);
		}
	}
	if (n > NAMED_MAX) {
		strbuf_addf(line, "%s: and %zu more listener%s", reason_table[reason].name,
			    n - NAMED_MAX, n - NAMED_MAX > 1 ? "s" : "");
		put_wrapped(stream, line, style);
	}
	strbuf_free(&why);
	return n;
}

static void print_reason(FILE *stream, const struct report *report, enum reason reason,
			 const struct words *words, const struct table_style *style,
			 struct field_context *context, struct strbuf *line)
{
	struct plain plain = { 0 };
	size_t named = 0;

	if (reason_table[reason].say)
		named = print_named(stream, report, reason, style, context, line, &plain);
	else
		plain.speaker = words->speaker[reason];
	if (!plain.speaker)
		return;
	strbuf_adds(line, reason_table[reason].name);
	if (named) {
		strbuf_adds(line, " (");
		add_local(line, report, plain.speaker, style, context);
		if (plain.n > 1)
			strbuf_addf(line, " and %zu more", plain.n - 1);
		strbuf_putc(line, ')');
	}
	strbuf_adds(line, ": ");
	verdict_add_why(line, reason, plain.speaker, style->utf8 ? 0 : TEXT_ASCII);
	put_wrapped(stream, line, style);
}

/*
 * What the states and reasons in the table mean. The worst listener of each state is named once
 * more: the top of a long table may have left the screen.
 */
static void print_words(FILE *stream, const struct report *report, const struct table_style *style,
			struct field_context *context, struct strbuf *line)
{
	struct words words = { 0 };

	collect_words(report, &words);
	for (unsigned int i = 0; i < STATE_N; i++)
		if (words.count[i] && i != STATE_OK)
			print_state(stream, report, words.worst[i], words.count[i], style, context,
				    line);
	for (unsigned int i = 0; i < REASON_N; i++)
		if (words.speaker[i])
			print_reason(stream, report, i, &words, style, context, line);
}

/* Who keeps a listener in trouble is what one wants to know, and may be what only root sees. */
static void print_ownerless(FILE *stream, const struct grid *g, const struct report *report,
			    struct strbuf *line)
{
	size_t n = 0;

	if (!(report->snapshot->known & SNAPSHOT_OWNERS_OF_OTHERS) ||
	    !(columns_needs(g->columns) & NEED_OWNERS))
		return;
	for (size_t i = 0; i < report->n_shown; i++) {
		const struct row *row = report->shown[i];

		n += state_is_sick(row->state) && !(row->listener->known & LISTENER_OWNERS);
	}
	if (!n)
		return;
	strbuf_addf(line, "%zu listener%s in trouble: who holds %s cannot be seen; run as root.", n,
		    n > 1 ? "s" : "", n > 1 ? "them" : "it");
	put_wrapped(stream, line, g->style);
}

static void print_unselected(FILE *stream, const struct report *report,
			     const struct table_style *style, struct strbuf *line)
{
	size_t hidden = report->n_rows - report->n_shown;

	if (!hidden)
		return;
	strbuf_addf(line, "%zu of %zu %s %s not shown", hidden, report->n_rows,
		    report->n_members ? "groups" : "listeners", hidden > 1 ? "are" : "is");
	for (size_t i = 0; i < TABLE_SELECTORS && style->selectors[i]; i++) {
		bool last = i + 1 == TABLE_SELECTORS || !style->selectors[i + 1];

		strbuf_addf(line, "%s%s",
			    !i	 ? ", because of " :
			    last ? " and " :
				   ", ",
			    style->selectors[i]);
	}
	strbuf_putc(line, '.');
	put_wrapped(stream, line, style);
}

static void print_hidden(FILE *stream, const struct grid *g, struct strbuf *line)
{
	const char *separator = "Left out for want of width:";

	for (size_t i = 0; i < g->columns->n; i++)
		if (!g->layout[i].shown) {
			strbuf_addf(line, "%s %s", separator, g->columns->list[i]->header);
			separator = ",";
		}
	if (line->len)
		put_wrapped(stream, line, g->style);
}

/* A window that is too short to tell whether a listener is stalled does not say that it is well. */
static void print_open(FILE *stream, const struct report *report, const struct table_style *style,
		       struct field_context *context, struct strbuf *line)
{
	const struct row *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < report->n_shown; i++)
		if (verdict_wants_longer_window(report->shown[i]) && !n++)
			first = report->shown[i];
	if (!n)
		return;
	strbuf_adds(line, "None was accepted in this window at ");
	add_local(line, report, first, style, context);
	strbuf_addf(line, ", where %llu wait%s", (unsigned long long)row_length(first),
		    row_length(first) == 1 ? "s" : "");
	if (n > 1)
		strbuf_addf(line, ", nor at %zu more", n - 1);
	strbuf_adds(line, ": a longer window (-d 3) tells whether that is stalled.");
	put_wrapped(stream, line, style);
}

static void print_footer(FILE *stream, const struct grid *g, const struct report *report,
			 struct field_context *context, struct strbuf *line)
{
	struct strbuf lines = { 0 };

	put_line(stream, line, g->style);
	footer_namespaces(&lines, report, g->style->utf8 ? 0 : TEXT_ASCII);
	put_lines(stream, &lines, g->style, put_wrapped, line);
	strbuf_free(&lines);
	print_words(stream, report, g->style, context, line);
	print_open(stream, report, g->style, context, line);
	print_ownerless(stream, g, report, line);
	print_unselected(stream, report, g->style, line);
	print_hidden(stream, g, line);
}

/* @listed: see contents_add(). */
static void print_detail(FILE *stream, const struct row *row, const struct table_style *style,
			 uint8_t *listed, struct strbuf *line)
{
	struct strbuf lines = { 0 };

	contents_add(&lines, row, listed);
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
	struct grid g = { .list_least = LIST_LEAST, .columns = columns, .style = style };
	uint8_t *listed = xcalloc(report->snapshot->n_groups, sizeof(*listed));
	struct strbuf line = { 0 };

	g.rows = xreallocarray(NULL, report->n_rows + 1, sizeof(*g.rows));
	g.layout = xreallocarray(NULL, columns->n, sizeof(*g.layout));
	make_grid(&g, report, context);
	fit_to_width(&g);
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
		print_footer(stream, &g, report, context, &line);
	strbuf_free(&line);
	strbuf_free(&g.text);
	free(listed);
	free(g.rows);
	free(g.layout);
}

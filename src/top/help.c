/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/help.h"

#include "base/alloc.h"
#include "base/text.h"
#include "top/keys.h"
#include "top/wrap.h"

#include <stdlib.h>

#define NAME_WIDTH 7

/* The lines of the help, made as if the screen had room for all of them. */
struct lines {
	struct line {
		enum ink ink;
		struct strbuf text;
	} * list;
	size_t n, size;
};

static struct strbuf *add_line(struct lines *l, enum ink ink)
{
	l->list = array_grow(l->list, l->n, &l->size, sizeof(*l->list));
	l->list[l->n].ink = ink;
	strbuf_adds(&l->list[l->n].text, "");
	return &l->list[l->n++].text;
}

static void add_keys(struct lines *l)
{
	for (size_t i = 0; i < key_table_n; i++) {
		const struct key *key = &key_table[i];

		if (key->section)
			strbuf_adds(add_line(l, INK_STRONG), key->section);
		strbuf_addf(add_line(l, INK_PLAIN), "  %-*s %s", NAME_WIDTH, key->name, key->help);
	}
}

static void add_marks(struct lines *l)
{
	strbuf_adds(add_line(l, INK_STRONG), "Marks");
	for (unsigned int i = 0; i < STATE_N; i++)
		strbuf_addf(add_line(l, paint_ink(state_table[i].severity)), "  %-*s %s: %s",
			    NAME_WIDTH, severity_mark(state_table[i].severity), state_table[i].name,
			    state_table[i].fact);
}

static void add_warnings(struct lines *l, const struct snapshot *s, unsigned int flags)
{
	if (!s || !s->n_warnings)
		return;
	strbuf_adds(add_line(l, INK_STRONG), "Warnings");
	for (size_t i = 0; i < s->n_warnings; i++) {
		struct strbuf *b = add_line(l, INK_PLAIN);

		strbuf_adds(b, "  ");
		text_add_safe(b, s->warnings[i].message, strlen(s->warnings[i].message), flags);
	}
}

static void free_lines(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		strbuf_free(&l->list[i].text);
	free(l->list);
}

/* The same lines, broken where the screen ends: what they say is to be read whole. */
static struct lines break_lines(const struct lines *l, int cols)
{
	struct lines broken = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		const char *text = l->list[i].text.s;
		const char *indent = "";

		do {
			size_t width = (size_t)cols > strlen(indent) + 1 ?
					       (size_t)cols - strlen(indent) :
					       1;
			size_t n = wrap_line(text, width);
			struct strbuf *b = add_line(&broken, l->list[i].ink);

			strbuf_adds(b, indent);
			strbuf_add(b, text, n);
			text += n;
			text += strspn(text, " ");
			indent = cols > 40 ? "          " : "";
		} while (*text);
	}
	return broken;
}

void help_draw(const struct screen *screen, int top, int bottom, size_t *offset,
	       const struct snapshot *snapshot)
{
	size_t room = bottom > top ? (size_t)(bottom - top) : 1;
	struct lines whole = { 0 }, l;

	add_warnings(&whole, snapshot, screen->utf8 ? 0 : TEXT_ASCII);
	add_keys(&whole);
	add_marks(&whole);
	l = break_lines(&whole, screen->cols);
	free_lines(&whole);
	if (*offset + room > l.n)
		*offset = l.n > room ? l.n - room : 0;
	for (size_t i = *offset; i < l.n && top < bottom; i++) {
		struct paint p = paint_line(screen, top++);

		paint_text(&p, l.list[i].ink, l.list[i].text.s, l.list[i].text.len);
	}
	free_lines(&l);
}

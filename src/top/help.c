/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/help.h"

#include "top/keys.h"

#include <string.h>

#define HELP_NAME   7 /* columns of the name of a key, or a mark */
#define HELP_INDENT 10 /* of the second line of a text */

static void draw_page_title(const struct session *s, const char *title)
{
	struct paint p = paint_line(&s->screen, 0);

	paint_string(&p, INK_HEADER, title);
	paint_string(&p, INK_HEADER, key_hints[s->page]);
	paint_rest(&p, INK_HEADER);
}

struct help {
	const struct screen *screen;
	int y; /* of the next line; it may be above the screen */
	bool hidden; /* lines are only counted */
};

static void help_line(struct help *h, enum ink ink, const char *text)
{
	int indent = 0;

	do {
		struct paint p = paint_line(h->screen, h->y);
		size_t n;

		p.x = indent;
		n = paint_break(text, p.end > p.x + 1 ? (size_t)(p.end - p.x) : 1);
		if (!h->hidden && h->y > 0)
			paint_text(&p, ink, text, n);
		text += n;
		text += strspn(text, " ");
		indent = h->screen->cols > 40 ? HELP_INDENT : 0;
		h->y++;
	} while (*text);
}

static void help_lines(struct help *h, const struct snapshot *sample)
{
	const size_t n_warnings = sample ? sample->n_warnings : 0;
	struct strbuf b = { 0 };

	if (n_warnings)
		help_line(h, INK_STRONG, "Warnings");
	for (size_t i = 0; i < n_warnings; i++) {
		const char *message = sample->warnings[i].message;

		b.len = 0;
		strbuf_adds(&b, "  ");
		text_add_safe(&b, message, strlen(message), h->screen->utf8 ? 0 : TEXT_ASCII);
		help_line(h, INK_PLAIN, b.s);
	}
	for (size_t i = 0; i < key_table_n; i++) {
		if (key_table[i].section)
			help_line(h, INK_STRONG, key_table[i].section);
		b.len = 0;
		strbuf_addf(&b, "  %-*s %s", HELP_NAME, key_table[i].name, key_table[i].help);
		help_line(h, INK_PLAIN, b.s);
	}
	help_line(h, INK_STRONG, "Marks");
	for (unsigned int i = 0; i < STATE_N; i++) {
		const enum severity severity = state_table[i].severity;

		b.len = 0;
		strbuf_addf(&b, "  %-*s %s: %s", HELP_NAME, severity_mark(severity),
			    state_table[i].name, state_table[i].fact);
		help_line(h, paint_ink(severity), b.s);
	}
	strbuf_free(&b);
}

void help_draw(struct session *s)
{
	const size_t room = s->screen.rows > 1 ? (size_t)s->screen.rows - 1 : 1;
	struct help all = { .screen = &s->screen, .hidden = true };
	struct help h = { .screen = &s->screen };

	draw_page_title(s, "listenq: keys and marks  ");
	help_lines(&all, s->view.report.snapshot);
	if (s->help_offset + room > (size_t)all.y)
		s->help_offset = (size_t)all.y > room ? (size_t)all.y - room : 0;
	h.y = 1 - (int)s->help_offset;
	help_lines(&h, s->view.report.snapshot);
}

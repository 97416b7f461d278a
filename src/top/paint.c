/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/paint.h"

#include "base/text.h"

#include <curses.h>
#include <string.h>

#define INDENT 2 /* of the second line of a text */
#define WIDEST 2 /* columns of a character */

/* TODO(list): colours. The number of an ink is that of its pair; pair 0 is the terminal's own. */
static const short ink_colors[INK_N] = {
	[INK_CRITICAL] = COLOR_RED,
	[INK_WARNING] = COLOR_YELLOW,
	[INK_NOTICE] = COLOR_CYAN,
	[INK_GONE] = COLOR_MAGENTA,
};

static const attr_t ink_attributes[INK_N] = {
	[INK_CRITICAL] = A_BOLD,      [INK_STRONG] = A_BOLD,	   [INK_WARNING] = A_BOLD,
	[INK_TITLE] = A_BOLD,	      [INK_HEADER] = A_REVERSE,	   [INK_ON_CRITICAL] = A_REVERSE,
	[INK_ON_WARNING] = A_REVERSE, [INK_ON_NOTICE] = A_REVERSE, [INK_ON_GONE] = A_REVERSE,
	[INK_ON_NONE] = A_REVERSE,
};

void paint_begin(struct screen *screen)
{
	screen->color = screen->color && has_colors();
	if (!screen->color)
		return;
	start_color();
	use_default_colors();
	for (short i = 0; i < INK_N; i++)
		if (ink_colors[i])
			init_pair(i, ink_colors[i], -1);
}

struct paint paint_line(const struct screen *screen, int y)
{
	return (struct paint){ .screen = screen, .y = y, .end = screen->cols };
}

struct paint paint_area(const struct screen *screen, const struct area *a, int line)
{
	return (struct paint){ .screen = screen, .y = a->y + line, .x = a->x, .end = a->end };
}

static void use_ink(const struct paint *p, enum ink ink)
{
	short pair = p->screen->color && ink_colors[ink] ? (short)ink : 0;

	attr_set(ink_attributes[ink], pair, NULL);
}

void paint_text(struct paint *p, enum ink ink, const char *text, size_t len)
{
	size_t room = p->end > p->x ? (size_t)(p->end - p->x) : 0, width, n;
	bool whole;

	if (!room || p->y < 0 || p->y >= p->screen->rows)
		return;
	n = text_fit(text, len, room, &width);
	whole = n == len;
	if (!whole)
		n = text_fit(text, len, room - 1, &width);
	use_ink(p, ink);
	mvaddnstr(p->y, p->x, text, (int)n);
	p->x += (int)width;
	if (!whole) {
		addstr(p->screen->utf8 ? "…" : ">");
		p->x++;
		while (p->x < p->end) { /* the last character was a wide one */
			addch(' ');
			p->x++;
		}
	}
	use_ink(p, INK_PLAIN);
}

void paint_string(struct paint *p, enum ink ink, const char *text)
{
	paint_text(p, ink, text, strlen(text));
}

void paint_blanks(struct paint *p, enum ink ink, int n)
{
	if (n > p->end - p->x)
		n = p->end - p->x;
	if (n <= 0 || p->y < 0 || p->y >= p->screen->rows)
		return;
	use_ink(p, ink);
	mvhline(p->y, p->x, ' ', n);
	use_ink(p, INK_PLAIN);
	p->x += n;
}

void paint_rest(struct paint *p, enum ink ink)
{
	paint_blanks(p, ink, p->end - p->x);
}

size_t paint_break(const char *text, size_t width)
{
	size_t len = strlen(text), taken, fits = text_fit(text, len, width, &taken), blank;

	/* At least one whole character, even if the screen cuts it. */
	if (!fits)
		fits = text_fit(text, len, WIDEST, &taken);
	if (fits == len)
		return len;
	blank = fits;
	while (blank && text[blank] != ' ')
		blank--;
	return blank ? blank : fits;
}

int paint_wrapped(const struct screen *screen, int y, int bottom, enum ink ink, const char *text)
{
	int indent = 0;

	for (; *text && y < bottom; y++) {
		struct paint p = paint_line(screen, y);
		size_t n;

		paint_blanks(&p, INK_PLAIN, indent);
		n = paint_break(text, p.end > p.x ? (size_t)(p.end - p.x) : 1);
		paint_text(&p, ink, text, y + 1 < bottom ? n : strlen(text));
		text += n;
		text += strspn(text, " ");
		indent = screen->cols > 20 ? INDENT : 0;
	}
	return y;
}

enum ink paint_ink(enum severity severity)
{
	static const enum ink inks[] = { [SEVERITY_CRITICAL] = INK_CRITICAL,
					 [SEVERITY_WARNING] = INK_WARNING,
					 [SEVERITY_NOTICE] = INK_NOTICE,
					 [SEVERITY_NONE] = INK_DIM,
					 [SEVERITY_GONE] = INK_GONE };

	return inks[severity];
}

enum ink paint_ink_on(enum severity severity)
{
	static const enum ink inks[] = { [SEVERITY_CRITICAL] = INK_ON_CRITICAL,
					 [SEVERITY_WARNING] = INK_ON_WARNING,
					 [SEVERITY_NOTICE] = INK_ON_NOTICE,
					 [SEVERITY_NONE] = INK_ON_NONE,
					 [SEVERITY_GONE] = INK_ON_GONE };

	return inks[severity];
}

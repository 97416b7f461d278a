/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/paint.h"

#include "base/text.h"
#include "top/curses.h"

#include <stdlib.h>
#include <string.h>

#define WIDEST 2 /* columns of a character */

/* How many colours there are. The background is unknown unless the terminal says it. */
enum palette { OF_8, OF_16, OF_256, PALETTE_N };

#define OWN -1 /* the terminal's own colour */

/*
 * Of 256 colours those are chosen that can be read on black and on white. Bold is bright where
 * there are 8. The number of an ink is that of its pair of colours.
 */
struct ink_info {
	short text[PALETTE_N];
	short back[PALETTE_N];
	attr_t attributes;
	attr_t mono; /* without colours */
};

#define NO_BACK               \
	{                     \
		OWN, OWN, OWN \
	}

/* clang-format off */
static const struct ink_info inks[INK_N] = {
	[INK_PLAIN]    = { { OWN, OWN, OWN }, NO_BACK, 0, 0 },
	[INK_DIM]      = { { OWN, OWN, 244 }, NO_BACK, A_DIM, A_DIM },
	[INK_STRONG]   = { { OWN, OWN, OWN }, NO_BACK, A_BOLD, A_BOLD },
	[INK_CRITICAL] = { { COLOR_RED, 9, 196 }, NO_BACK, A_BOLD, A_BOLD },
	[INK_WARNING]  = { { COLOR_YELLOW, 11, 172 }, NO_BACK, A_BOLD, A_BOLD },
	[INK_NOTICE]   = { { COLOR_CYAN, COLOR_CYAN, 37 }, NO_BACK, 0, 0 },
	[INK_GONE]     = { { COLOR_MAGENTA, COLOR_MAGENTA, 133 }, NO_BACK, 0, 0 },
	[INK_GOOD]     = { { COLOR_GREEN, COLOR_GREEN, 34 }, NO_BACK, 0, 0 },
	[INK_YELLOW]   = { { COLOR_YELLOW, 11, 178 }, NO_BACK, 0, 0 },
	[INK_TITLE]    = { { COLOR_CYAN, COLOR_CYAN, 37 }, NO_BACK, A_BOLD, A_BOLD },
	[INK_COMMAND]  = { { COLOR_CYAN, COLOR_CYAN, 37 }, NO_BACK, 0, A_UNDERLINE },
	[INK_HEADER]   = { { COLOR_BLACK, COLOR_BLACK, 16 },
			   { COLOR_CYAN, COLOR_CYAN, 37 }, 0, A_UNDERLINE },
	[INK_ON_CRITICAL] = { { COLOR_WHITE, 15, 231 }, { COLOR_RED, COLOR_RED, 160 },
			      A_BOLD, A_REVERSE | A_BOLD },
	[INK_ON_WARNING]  = { { COLOR_BLACK, COLOR_BLACK, 16 }, { COLOR_YELLOW, 11, 220 },
			      0, A_REVERSE | A_BOLD },
	[INK_ON_NOTICE]   = { { COLOR_BLACK, COLOR_BLACK, 16 }, { COLOR_CYAN, 14, 44 },
			      0, A_REVERSE },
	[INK_ON_GONE]     = { { COLOR_WHITE, 15, 231 }, { COLOR_MAGENTA, COLOR_MAGENTA, 127 },
			      A_BOLD, A_REVERSE },
	[INK_BADGE]       = { { COLOR_BLACK, COLOR_BLACK, 16 }, { COLOR_YELLOW, 11, 220 },
			      0, A_UNDERLINE },
	[INK_ON_NONE]     = { { OWN, OWN, OWN }, NO_BACK, A_REVERSE, A_REVERSE },
};
/* clang-format on */

enum background { UNKNOWN, DARK, LIGHT };

static bool is_linux_console(void)
{
	const char *term = getenv("TERM");

	return term && !strncmp(term, "linux", strlen("linux"));
}

/* COLORFGBG ends with the number of the background where a terminal sets it. */
static enum background get_background(void)
{
	const char *colors = getenv("COLORFGBG"), *back = colors ? strrchr(colors, ';') : NULL;

	if (back)
		return strcmp(back, ";7") && strcmp(back, ";15") ? DARK : LIGHT;
	return is_linux_console() ? DARK : UNKNOWN;
}

/* Yellow text can be read only on a dark background, and cyan is pale on a light one. */
static short text_color(enum ink ink, enum palette palette, enum background background)
{
	const short text = inks[ink].text[palette];

	if (ink == INK_WARNING && palette == OF_256)
		return background == DARK ? 220 : background == LIGHT ? 130 : text;
	if (ink == INK_WARNING)
		return background == DARK ? text : OWN;
	return text == 37 && background == LIGHT ? 30 : text;
}

void paint_begin(struct screen *screen)
{
	const enum background background = get_background();
	bool own;

	screen->color = screen->color && has_colors() && start_color() == OK;
	/* The Linux console shows dim text in a grey that is almost black. */
	screen->dim = termattrs() & A_DIM && !is_linux_console();
	if (!screen->color)
		return;
	own = use_default_colors() == OK;
	screen->palette = COLORS >= 256 ? OF_256 : COLORS >= 16 ? OF_16 : OF_8;
	for (short i = 1; i < INK_N; i++) {
		short text = text_color((enum ink)i, (enum palette)screen->palette, background);
		short back = inks[i].back[screen->palette];

		if (!own) {
			text = text == OWN ? COLOR_WHITE : text;
			back = back == OWN ? COLOR_BLACK : back;
		}
		init_pair(i, text, back);
	}
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
	const struct screen *screen = p->screen;
	attr_t attributes = screen->color ? inks[ink].attributes : inks[ink].mono;

	/* Grey of 256 is dim enough. */
	if (!screen->dim || (screen->color && screen->palette == OF_256))
		attributes &= ~(attr_t)A_DIM;
	attr_set(attributes, screen->color ? (short)ink : 0, NULL);
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

enum ink paint_ink(enum severity severity)
{
	static const enum ink of[] = { [SEVERITY_CRITICAL] = INK_CRITICAL,
				       [SEVERITY_WARNING] = INK_WARNING,
				       [SEVERITY_NOTICE] = INK_NOTICE,
				       [SEVERITY_NONE] = INK_DIM,
				       [SEVERITY_GONE] = INK_GONE };

	return of[severity];
}

enum ink paint_ink_bar(enum severity severity)
{
	return severity == SEVERITY_WARNING ? INK_YELLOW :
	       severity == SEVERITY_NONE    ? INK_GOOD :
					      paint_ink(severity);
}

enum ink paint_ink_on(enum severity severity)
{
	static const enum ink on[] = { [SEVERITY_CRITICAL] = INK_ON_CRITICAL,
				       [SEVERITY_WARNING] = INK_ON_WARNING,
				       [SEVERITY_NOTICE] = INK_ON_NOTICE,
				       [SEVERITY_NONE] = INK_ON_NONE,
				       [SEVERITY_GONE] = INK_ON_GONE };

	return on[severity];
}

enum ink paint_badge(enum severity severity)
{
	return severity == SEVERITY_WARNING ? INK_BADGE : paint_ink(severity);
}

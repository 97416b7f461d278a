/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/wrap.h"

#include "base/text.h"

#include <string.h>

#define INDENT 2
#define WIDEST 2 /* columns of a character */

size_t wrap_line(const char *text, size_t width)
{
	size_t len = strlen(text), taken, fits = text_fit(text, len, width, &taken), blank;

	/* Where there is room for not even one: cut on the screen, not split into bytes. */
	if (!fits)
		fits = text_fit(text, len, WIDEST, &taken);
	if (fits == len)
		return len;
	blank = fits;
	while (blank && text[blank] != ' ')
		blank--;
	return blank ? blank : fits;
}

int wrap_draw(const struct screen *screen, int y, int bottom, enum ink ink, const char *text)
{
	int indent = 0;

	for (; *text && y < bottom; y++) {
		struct paint p = paint_line(screen, y);
		size_t n;

		paint_blanks(&p, INK_PLAIN, indent);
		n = wrap_line(text, p.end > p.x ? (size_t)(p.end - p.x) : 1);
		paint_text(&p, ink, text, y + 1 < bottom ? n : strlen(text));
		text += n;
		text += strspn(text, " ");
		indent = screen->cols > 20 ? INDENT : 0;
	}
	return y;
}

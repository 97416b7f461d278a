/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_WRAP_H
#define LISTENQ_TOP_WRAP_H

#include "top/paint.h"

/* How many bytes of @text go on a line of @width columns: to a blank, if there is one. */
size_t wrap_line(const char *text, size_t width);

/*
 * wrap_draw() - draw a text over as many lines as it needs, from @y, above @bottom. The last line
 * is cut where there are not enough. Returns the line behind it.
 */
int wrap_draw(const struct screen *screen, int y, int bottom, enum ink ink, const char *text);

#endif

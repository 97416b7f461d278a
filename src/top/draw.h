/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_DRAW_H
#define LISTENQ_TOP_DRAW_H

#include "top/session.h"

/* Draws the whole screen as the state has it and leaves the cursor on the selected row. */
void draw_screen(struct session *s);

/* Rows of a page that can be moved through, for keys that move by a screen. */
size_t draw_page_rows(const struct session *s);

/* The row of report.shown on line @y of the list; false when there is none. */
bool draw_row_at(const struct session *s, int y, size_t *index);

/* Is line @y the header of the list? */
bool draw_header_at(const struct session *s, int y);

#endif

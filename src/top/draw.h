/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_DRAW_H
#define LISTENQ_TOP_DRAW_H

#include "top/session.h"

/* Draws the whole screen and leaves the cursor on the selected row. */
void draw_screen(struct session *s);

#endif

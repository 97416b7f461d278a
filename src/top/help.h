/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_HELP_H
#define LISTENQ_TOP_HELP_H

#include "model/snapshot.h"
#include "top/paint.h"

/*
 * help_draw() - the keys, the marks and what could not be had.
 * @offset: first line on the screen; cut to what there is
 */
void help_draw(const struct screen *screen, int top, int bottom, size_t *offset,
	       const struct snapshot *snapshot);

#endif

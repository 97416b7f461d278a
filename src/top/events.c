/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/events.h"

#include "base/num.h"

/* TODO(panel) */
void events_move(struct events *e, long by)
{
	e->cursor = num_step(e->cursor, by);
}

void events_draw(struct events *e, const struct screen *screen, int top, int bottom,
		 const struct history *history, size_t back)
{
	(void)e, (void)screen, (void)top, (void)bottom, (void)history, (void)back;
}

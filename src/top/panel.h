/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_PANEL_H
#define LISTENQ_TOP_PANEL_H

#include "top/session.h"

/* The parts below the list, about the selected row. Each draws nothing on an area without lines. */

/*
 * What is wrong, in one line; then numbers (full since, overflows so far, clients gone, oldest
 * wait); then "Do:" with a command to type; limits last. Without a sick row: what the row is.
 */
void panel_draw(struct session *s, struct area a);

/* Its queue over time with the limit and 80 % of it, and the overflows below. */
void panel_draw_graph(struct session *s, struct area a);

/* Who waits, oldest first, as far as they were looked at. */
void panel_draw_waits(struct session *s, struct area a);

/* The newest events, newest first; on one line as many as fit. */
void panel_draw_events(struct session *s, struct area a);

#endif

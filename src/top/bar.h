/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_BAR_H
#define LISTENQ_TOP_BAR_H

#include "top/keys.h"

/*
 * The key bar of the list: the labels of the key table as far as they fit, the first ones first.
 * bar_key_at() returns the row of the label at column @x of the screen, or NULL.
 */
void bar_draw(const struct session *s, struct area a);
const struct key *bar_key_at(struct area a, int x);

/* What the key does that holds the screen: "Pause", "Live ", "Play ". */
const char *bar_pause(const struct session *s);

#endif

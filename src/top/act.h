/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_ACT_H
#define LISTENQ_TOP_ACT_H

#include "top/session.h"

/* What a key does, as curses tells it: to the question that is open, to the page, to the view. */
void act_key(struct session *s, int code);

#endif

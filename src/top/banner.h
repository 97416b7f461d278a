/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_BANNER_H
#define LISTENQ_TOP_BANNER_H

#include "top/session.h"

/* The lines above the list. */

/* Whose host, what time, how many listeners, and what the screen does just now. */
void banner_title(const struct session *s, int y);

/* Which listener is in trouble, since when, and why. */
void banner_verdict(struct session *s, int y);

/* The counters of the namespace: rate, last windows, and sum of the last minute. */
void banner_counters(struct session *s, int y, int lines);

#endif

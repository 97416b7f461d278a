/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_BANNER_H
#define LISTENQ_TOP_BANNER_H

#include "top/session.h"

/* The lines above the list. */

/* The host, the time, how many listeners there are, and tags: what the list shows. */
void banner_title(const struct session *s, int y);

/* How many listeners are in which state; the worst one, its first reason, and since when. */
void banner_verdict(struct session *s, int y);

/* The counters of the selected namespace: rate, last windows, and sum over the last minute. */
void banner_counters(struct session *s, int y, int lines);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_TRAVEL_H
#define LISTENQ_TOP_TRAVEL_H

#include "top/session.h"

/*
 * Moves the screen through the samples of the past: all of its parts show that moment. Sampling
 * goes on. Where there is nowhere to go, the last line says so.
 */

/* One window. */
void travel_back(struct session *s);
void travel_forward(struct session *s);

/* A minute back (@by 1) or forward (-1), at most to the oldest or newest window. */
void travel_minute(struct session *s, int by);

/* To the next older or newer event, and to the @i-th one up to what is on the screen. */
void travel_event_back(struct session *s);
void travel_event_forward(struct session *s);
void travel_to_event(struct session *s, size_t i);

/* To the window that ended @age_ns before the newest one, or the oldest. */
void travel_to_age(struct session *s, uint64_t age_ns);

/* Has the screen moved since it was paused? */
bool travel_is_on(const struct session *s);

#endif

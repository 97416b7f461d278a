/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_TRAVEL_H
#define LISTENQ_TOP_TRAVEL_H

#include "top/session.h"

/*
 * Moves the screen through the samples of the past, or through a recording: all of its parts show
 * that moment. Sampling goes on. Where there is nowhere to go, the last line says so.
 */

/* Holds the screen, or lets it go on: with what is live, or through the recording. */
void travel_hold(struct session *s, bool hold);

/* One window. */
void travel_back(struct session *s);
void travel_forward(struct session *s);

/* A minute back (@by 1) or forward (-1), at most to the oldest or newest window. */
void travel_minute(struct session *s, int by);

/* To the first or the last window of the recording, or to the oldest or the newest one kept. */
void travel_to_first(struct session *s);
void travel_to_last(struct session *s);

/*
 * To the next older or newer event, and to the @i-th one up to what is on the screen. The search
 * through a recording ends with a key, and says how far it has come.
 */
void travel_event_back(struct session *s);
void travel_event_forward(struct session *s);
void travel_to_event(struct session *s, size_t i);

/* To the window that ended @age_ns before the newest one, or the oldest. */
void travel_to_age(struct session *s, uint64_t age_ns);

/*
 * travel_to_time() - to a time of the recording, in nanoseconds since 1970. Returns false with @why
 * filled if it has no such time, or a sample is damaged.
 */
bool travel_to_time(struct session *s, int64_t wall_ns, struct error *why);

/* Has the screen moved since it was held? */
bool travel_is_on(const struct session *s);

#endif

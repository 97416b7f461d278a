/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_PLAYBACK_H
#define LISTENQ_TOP_PLAYBACK_H

#include "analyse/history.h"
#include "model/ring.h"
#include "top/sampler.h"
#include "top/view.h"

/*
 * The samples of the last ten minutes, and which of them the screen shows: the newest one, or while
 * it is paused an older one. Sampling goes on meanwhile.
 */
struct playback {
	struct history *history;
	struct ring *ring;
	struct snapshot samples[2];
	size_t n; /* samples taken */
	struct report unseen; /* built for the history while the screen is paused */
	struct snapshot past[2]; /* a copy of the window on the screen while it is paused */
	bool has_window; /* past[0] is its opening sample */
	bool paused;
	size_t back; /* how many samples are newer than the one on the screen */
};

/* Initializes @t: empty, and not paused. */
void playback_begin(struct playback *t);
void playback_free(struct playback *t);

/*
 * playback_take() - take the next sample of the sampler, if there is one. @view shows it unless
 * paused. Returns 1, 0 if there was none, or -errno with @why filled.
 */
int playback_take(struct playback *t, struct sampler *sampler, struct view *view, uint64_t clock_ns,
		  struct error *why);

/* Pauses at what is on the screen, or goes on with the newest sample, which is live. */
void playback_pause(struct playback *t, bool paused, struct view *view, uint64_t clock_ns);

/* Builds the report on the screen again, after the view has changed. */
void playback_show(struct playback *t, struct view *view, uint64_t clock_ns);

/*
 * Pauses one window back (@by 1) or forward (-1). Where the ring has thinned samples out, a window
 * lies between two that it kept. Returns false if there is no such window.
 */
bool playback_step(struct playback *t, int by, struct view *view, uint64_t clock_ns);

/*
 * Pause elsewhere. Return false, with the screen as it was but paused, if that is no other window.
 * playback_seek() - at the window that is @back before the newest one; false: it is forgotten, and
 *	the oldest one is shown
 * playback_step_time() - about @ns back (@by 1) or forward (-1), at most to the oldest or newest
 * playback_step_event() - at the window of the next older (@by 1) or younger event
 */
bool playback_seek(struct playback *t, size_t back, struct view *view, uint64_t clock_ns);
bool playback_step_time(struct playback *t, int by, uint64_t ns, struct view *view,
			uint64_t clock_ns);
bool playback_step_event(struct playback *t, int by, struct view *view, uint64_t clock_ns);

/* How much older than the newest sample the one on the screen is, in ns. */
uint64_t playback_age(const struct playback *t);

#endif

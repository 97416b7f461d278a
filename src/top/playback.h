/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_PLAYBACK_H
#define LISTENQ_TOP_PLAYBACK_H

#include "analyse/history.h"
#include "model/ring.h"
#include "top/sampler.h"
#include "top/view.h"

/*
 * The samples as they come and those of the last ten minutes, and which of them the screen shows:
 * the newest, or one that it stays with while time goes on.
 */
struct playback {
	struct history *history;
	struct ring *ring;
	struct snapshot samples[2];
	size_t n; /* samples taken */
	struct report unseen; /* of samples that come while the screen stays with an older one */
	struct snapshot past[2]; /* the window that it stays with, a copy */
	bool has_window; /* past[0] is its opening sample */
	bool paused;
	size_t back; /* samples that came after the one on the screen */
};

/* Makes @t, whatever is in it, empty and live. */
void playback_begin(struct playback *t);
void playback_free(struct playback *t);

/*
 * playback_take() - the next sample of the sampler, if there is one.
 *
 * Live, @view shows it. Returns 1 when it came, 0 when there was none, or -errno with @why filled.
 */
int playback_take(struct playback *t, struct sampler *sampler, struct view *view, uint64_t clock_ns,
		  struct error *why);

/* Stay with what is on the screen, or go on with the newest sample. */
void playback_pause(struct playback *t, bool paused, struct view *view, uint64_t clock_ns);

/* The same samples once more, as the view wants them now. */
void playback_show(struct playback *t, struct view *view, uint64_t clock_ns);

/*
 * One window back (@by 1) or forward (-1), and stay there. Where samples were thinned out, a window
 * is that between two that were kept. Returns false where the past ends.
 */
bool playback_step(struct playback *t, int by, struct view *view, uint64_t clock_ns);

/* How long before the newest sample the one on the screen was taken. */
uint64_t playback_age(const struct playback *t);

#endif

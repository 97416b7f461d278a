/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_PLAYBACK_H
#define LISTENQ_TOP_PLAYBACK_H

#include "analyse/history.h"
#include "base/clock.h"
#include "model/ring.h"
#include "top/sampler.h"
#include "top/view.h"

/*
 * The samples of the last ten minutes, and which of them the screen shows: the newest one, or while
 * it is paused an older one. Sampling goes on meanwhile.
 *
 * Samples and history take at most PLAYBACK_BYTES, with what waits in the sampler: the history what
 * it needs, see HISTORY_BYTES, and samples the rest. Where that is too little for ten minutes,
 * older samples are further apart; the newest two, and the two on the screen, are always there,
 * whatever they take.
 */
#define PLAYBACK_BYTES (32u << 20)
#define PLAYBACK_NS    (600 * NSEC_PER_SEC)

struct playback {
	struct history *history;
	struct ring *ring;
	struct snapshot next; /* memory for the next sample */
	size_t n; /* samples taken */
	/* As in struct top_config. */
	const char *(*record)(void *context, const struct report *report, bool *failed);
	void *record_context;
	struct strbuf news; /* what it returned; empty: nothing new */
	bool not_recorded; /* it failed the last time */
	struct report unseen; /* built for the history while the screen is paused */
	bool paused;
	size_t back; /* how many samples are newer than the one on the screen */
};

/* Initializes @t: empty, and not paused. */
void playback_begin(struct playback *t);
void playback_free(struct playback *t);

/* Forgets all samples. What the view shows is invalid until playback_add() and playback_show(). */
void playback_reset(struct playback *t);

/*
 * playback_break() - the next sample is of another run, see history_break(). Earlier samples go.
 * The same then holds for the view.
 */
void playback_break(struct playback *t, const struct history_break *b);

/*
 * playback_add() - add the sample in @t->next, which becomes empty. Unless paused its report is
 * that of @view, which playback_refresh() arranges; else the screen stays, as long as its sample is
 * kept.
 */
void playback_add(struct playback *t, struct view *view);
void playback_refresh(struct playback *t, struct view *view, uint64_t clock_ns);

/*
 * playback_take() - take the samples of the sampler, if there are any. @view shows the newest one
 * unless paused. Returns 1, 0 if there was none, or -errno with @why filled.
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
 * playback_seek() - pause at the window that has what happened in the one @back windows before the
 * newest, or else at the oldest one. Returns false if it is no longer there.
 */
bool playback_seek(struct playback *t, size_t back, struct view *view, uint64_t clock_ns);
bool playback_step_time(struct playback *t, int by, uint64_t ns, struct view *view,
			uint64_t clock_ns);
bool playback_step_event(struct playback *t, int by, struct view *view, uint64_t clock_ns);

/*
 * playback_find_event() - return how many windows before the newest the next event older (@by 1) or
 * younger (-1) than the screen is; SIZE_MAX: there is none, or it is forgotten.
 */
size_t playback_find_event(const struct playback *t, int by);

/* How much older than the newest sample the one on the screen is, in ns. */
uint64_t playback_age(const struct playback *t);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_TIMELINE_H
#define LISTENQ_TOP_TIMELINE_H

#include "analyse/trail.h"
#include "model/archive.h"
#include "top/feed.h"
#include "top/view.h"

/*
 * The samples as they come and those of the last ten minutes, and which of them the screen shows:
 * the newest, or one that it stays with while time goes on.
 */
struct timeline {
	struct trail *trail;
	struct archive *archive;
	struct snapshot samples[2];
	size_t n; /* samples taken */
	struct report unseen; /* of samples that come while the screen stays with an older one */
	struct snapshot past[2]; /* the window that it stays with */
	bool paused;
	size_t back; /* windows from the newest one to that on the screen */
};

/* Makes @t, whatever is in it, empty and live. */
void timeline_begin(struct timeline *t);
void timeline_free(struct timeline *t);

/*
 * timeline_take() - the next sample of the feed, if there is one.
 *
 * Live, @view shows it. Returns 1 when it came, 0 when there was none, or -errno with @why filled.
 */
int timeline_take(struct timeline *t, struct feed *feed, struct view *view, uint64_t clock_ns,
		  struct error *why);

/* Stay with what is on the screen, or go on with the newest sample. */
void timeline_pause(struct timeline *t, bool paused, struct view *view, uint64_t clock_ns);

/* The same samples once more, as the view wants them now. */
void timeline_show(struct timeline *t, struct view *view, uint64_t clock_ns);

/* One window back (@by 1) or forward (-1), and stay there. Returns false where the past ends. */
bool timeline_step(struct timeline *t, int by, struct view *view, uint64_t clock_ns);

/* How long before the newest sample the one on the screen was taken. */
uint64_t timeline_age(const struct timeline *t);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/playback.h"

#include "analyse/fold.h"
#include "base/clock.h"

#include <string.h>

/* The ring keeps ten minutes, or what fits into this memory: 32 MiB with the history. */
#define PAST_NS	   (600 * NSEC_PER_SEC)
#define PAST_BYTES ((32u << 20) - HISTORY_BYTES)

void playback_begin(struct playback *t)
{
	memset(t, 0, sizeof(*t));
	t->history = history_new();
	t->ring = ring_new(HISTORY_WINDOWS, PAST_BYTES, PAST_NS);
}

void playback_free(struct playback *t)
{
	history_free(t->history);
	ring_free(t->ring);
	snapshot_free(&t->samples[0]);
	snapshot_free(&t->samples[1]);
	snapshot_free(&t->past[0]);
	snapshot_free(&t->past[1]);
	report_free(&t->unseen);
}

static struct snapshot *newest(struct playback *t)
{
	return &t->samples[t->n % 2];
}

/* The one before the newest; NULL when the newest is the first. */
static struct snapshot *previous(struct playback *t)
{
	return t->n > 1 ? &t->samples[(t->n - 1) % 2] : NULL;
}

static void load_sample(struct playback *t, struct snapshot *into, size_t position)
{
	snapshot_copy(into, ring_get(t->ring, position));
	snapshot_index_listeners(into);
}

/* Copies the sample at that position and the one that opened its window: the ring may drop them. */
static void load_past(struct playback *t, size_t position)
{
	t->back = ring_back(t->ring, position);
	t->has_window = position + 1 < ring_count(t->ring);
	if (t->has_window)
		load_sample(t, &t->past[0], position + 1);
	load_sample(t, &t->past[1], position);
}

static void show(struct playback *t, struct view *view, const struct snapshot *before,
		 const struct snapshot *now, uint64_t clock_ns)
{
	view->back = t->back;
	view_build(view, before, now, clock_ns);
}

static void show_past(struct playback *t, struct view *view, uint64_t clock_ns)
{
	show(t, view, t->has_window ? &t->past[0] : NULL, &t->past[1], clock_ns);
}

static void show_newest(struct playback *t, struct view *view, uint64_t clock_ns)
{
	show(t, view, previous(t), newest(t), clock_ns);
}

void playback_show(struct playback *t, struct view *view, uint64_t clock_ns)
{
	if (t->paused)
		show_past(t, view, clock_ns);
	else if (t->n)
		show_newest(t, view, clock_ns);
}

int playback_take(struct playback *t, struct sampler *sampler, struct view *view, uint64_t clock_ns,
		  struct error *why)
{
	size_t oldest;
	int code = sampler_take(sampler, &t->samples[(t->n + 1) % 2], why);

	if (code <= 0)
		return code;
	t->n++;
	ring_add(t->ring, newest(t));
	view->history = t->history;
	if (!t->paused) {
		view_load(view, previous(t), newest(t));
		history_add(t->history, &view->report);
		view->back = 0;
		view_arrange(view, clock_ns);
		return 1;
	}
	fold_build(&t->unseen, previous(t), newest(t), view->fold);
	history_add(t->history, &t->unseen);
	view->back = ++t->back;
	/* The ring has dropped the oldest sample of the window on the screen: show a newer one. */
	oldest = ring_count(t->ring) - 1;
	if (t->past[!t->has_window].monotonic_ns < ring_get(t->ring, oldest)->monotonic_ns) {
		load_past(t, oldest ? oldest - 1 : 0);
		show_past(t, view, clock_ns);
	} else {
		view_arrange(view, clock_ns); /* with rows of the history as it is now */
	}
	return 1;
}

void playback_pause(struct playback *t, bool paused, struct view *view, uint64_t clock_ns)
{
	if (paused == t->paused || !t->n)
		return;
	t->paused = paused;
	t->back = 0;
	if (paused)
		load_past(t, 0);
	playback_show(t, view, clock_ns);
}

bool playback_step(struct playback *t, int by, struct view *view, uint64_t clock_ns)
{
	size_t position;

	if (!t->n)
		return false;
	if (!t->paused)
		playback_pause(t, true, view, clock_ns);
	/* The ring may have thinned out the sample on the screen. */
	position = by > 0 ? ring_find(t->ring, t->back + 1) : ring_find(t->ring, t->back) - 1;
	if (position >= ring_count(t->ring))
		return false;
	load_past(t, position);
	show_past(t, view, clock_ns);
	return true;
}

/* Pauses at a position. Returns false if it was there already. */
static bool go(struct playback *t, size_t position, struct view *view, uint64_t clock_ns)
{
	const bool was_there = t->paused && t->back == ring_back(t->ring, position);

	if (!t->paused)
		playback_pause(t, true, view, clock_ns);
	if (t->back == ring_back(t->ring, position))
		return !was_there;
	load_past(t, position);
	show_past(t, view, clock_ns);
	return true;
}

bool playback_seek(struct playback *t, size_t back, struct view *view, uint64_t clock_ns)
{
	size_t position;
	bool there;

	if (!t->n)
		return false;
	position = ring_find(t->ring, back);
	there = position < ring_count(t->ring);
	/* A window whose sample was dropped is part of the next younger one. */
	if (position && (!there || ring_back(t->ring, position) > back))
		position--;
	go(t, position, view, clock_ns);
	return there;
}

bool playback_step_time(struct playback *t, int by, uint64_t ns, struct view *view,
			uint64_t clock_ns)
{
	const uint64_t age_ns = playback_age(t);
	uint64_t newest_ns, to_ns;
	size_t position = 0;

	if (!t->n)
		return false;
	newest_ns = ring_get(t->ring, 0)->monotonic_ns;
	to_ns = by > 0 ? age_ns + ns : age_ns > ns ? age_ns - ns : 0;
	while (position + 1 < ring_count(t->ring) &&
	       newest_ns - ring_get(t->ring, position)->monotonic_ns < to_ns)
		position++;
	return go(t, position, view, clock_ns);
}

bool playback_step_event(struct playback *t, int by, struct view *view, uint64_t clock_ns)
{
	const size_t n = history_events(t->history, 0);
	size_t to = SIZE_MAX;

	/* Newest first: the last that is younger, or the first that is older. */
	for (size_t i = 0; i < n; i++) {
		size_t back = history_event_back(t->history, history_event(t->history, 0, i));

		if (back == SIZE_MAX || (by < 0 && back >= t->back))
			break;
		if (by < 0 || back > t->back) {
			to = back;
			if (by > 0)
				break;
		}
	}
	if (to == SIZE_MAX) {
		playback_pause(t, true, view, clock_ns);
		return false;
	}
	return playback_seek(t, to, view, clock_ns);
}

uint64_t playback_age(const struct playback *t)
{
	return t->paused ? ring_get(t->ring, 0)->monotonic_ns - t->past[1].monotonic_ns : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/playback.h"

#include "analyse/fold.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "model/clock_step.h"

#include <string.h>

#define TRIM_SAMPLES 64

void playback_begin(struct playback *t)
{
	memset(t, 0, sizeof(*t));
	t->history = history_new();
	t->ring = ring_new(HISTORY_WINDOWS, PLAYBACK_BYTES, PLAYBACK_NS);
}

void playback_reset(struct playback *t)
{
	history_free(t->history);
	ring_free(t->ring);
	t->history = history_new();
	t->ring = ring_new(HISTORY_WINDOWS, PLAYBACK_BYTES, PLAYBACK_NS);
	t->n = 0;
	t->back = 0;
}

void playback_break(struct playback *t, const struct history_break *b)
{
	history_break(t->history, b);
	ring_free(t->ring);
	t->ring = ring_new(HISTORY_WINDOWS, PLAYBACK_BYTES, PLAYBACK_NS);
}

void playback_free(struct playback *t)
{
	history_free(t->history);
	ring_free(t->ring);
	snapshot_free(&t->next);
	report_free(&t->unseen);
	strbuf_free(&t->news);
}

/* The sample that opens the window of the one at @position; NULL: there is none. */
static const struct snapshot *opening(const struct playback *t, size_t position)
{
	return position + 1 < ring_count(t->ring) ? ring_get(t->ring, position + 1) : NULL;
}

static void show(struct playback *t, size_t position, struct view *view, uint64_t clock_ns)
{
	t->back = ring_back(t->ring, position);
	ring_pin(t->ring, t->paused ? position : SIZE_MAX);
	view->history = t->history;
	view->back = t->back;
	view_build(view, opening(t, position), ring_get(t->ring, position), clock_ns);
}

void playback_show(struct playback *t, struct view *view, uint64_t clock_ns)
{
	if (t->n)
		show(t, ring_find(t->ring, t->back), view, clock_ns);
}

void playback_add(struct playback *t, struct view *view)
{
	struct report *report = t->paused ? &t->unseen : &view->report;
	const char *news = NULL;

	t->n++;
	ring_limit(t->ring,
		   num_step(PLAYBACK_BYTES - SAMPLER_BYTES, -(long)history_bytes(t->history)));
	if (ring_count(t->ring))
		clock_step_warn(&t->next, ring_get(t->ring, 0));
	ring_add(t->ring, &t->next);
	fold_build(report, opening(t, 0), ring_get(t->ring, 0), view->fold);
	report->selection = &view->selection;
	history_add(t->history, report);
	if (t->record && report->before)
		news = t->record(t->record_context, report, &t->not_recorded);
	if (news)
		strbuf_addf(&t->news, t->news.len ? "; %s" : "%s", news);
	/* Samples have many sizes: what removed ones leave would come to as much as they take. */
	if (t->n % TRIM_SAMPLES == 0)
		alloc_trim();
	t->back += t->paused;
}

/* Shows the report of the newest sample, or with the past as it is now that of an older one. */
void playback_refresh(struct playback *t, struct view *view, uint64_t clock_ns)
{
	const size_t position = ring_find(t->ring, t->back);

	/* Too old, or the sample that opened its window is: show a newer one. */
	if (t->paused && (position >= ring_count(t->ring) ||
			  (view->report.window_ns && !opening(t, position)))) {
		show(t, num_step(ring_count(t->ring), -2), view, clock_ns);
		return;
	}
	view->history = t->history;
	view->back = t->back;
	view_arrange(view, clock_ns);
}

int playback_take(struct playback *t, struct sampler *sampler, struct view *view, uint64_t clock_ns,
		  struct error *why)
{
	bool taken = false;
	int code;

	while ((code = sampler_take(sampler, &t->next, why)) > 0) {
		playback_add(t, view);
		taken = true;
	}
	if (taken)
		playback_refresh(t, view, clock_ns);
	return code < 0 ? code : taken;
}

void playback_pause(struct playback *t, bool paused, struct view *view, uint64_t clock_ns)
{
	if (paused == t->paused || !t->n)
		return;
	t->paused = paused;
	show(t, 0, view, clock_ns);
}

/* Pauses at a position. Returns false if it was there already. */
static bool go(struct playback *t, size_t position, struct view *view, uint64_t clock_ns)
{
	const bool moves = t->back != ring_back(t->ring, position);

	if (t->paused && !moves)
		return false;
	t->paused = true;
	show(t, position, view, clock_ns);
	return moves;
}

bool playback_step(struct playback *t, int by, struct view *view, uint64_t clock_ns)
{
	size_t position;

	if (!t->n)
		return false;
	if (!t->paused)
		playback_pause(t, true, view, clock_ns);
	position = ring_find(t->ring, t->back + (by > 0)) - (by < 0);
	if (position >= ring_count(t->ring))
		return false;
	show(t, position, view, clock_ns);
	return true;
}

bool playback_seek(struct playback *t, size_t back, struct view *view, uint64_t clock_ns)
{
	const size_t n = ring_count(t->ring);
	size_t position = ring_find(t->ring, back);
	const bool there = position < n;

	if (!t->n)
		return false;
	/* A window whose sample was removed is part of the next younger one. */
	if (!there)
		position = n > 1 ? n - 2 : 0;
	else if (position && ring_back(t->ring, position) > back)
		position--;
	t->paused = true;
	show(t, position, view, clock_ns);
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

size_t playback_find_event(const struct playback *t, int by)
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
	return to;
}

bool playback_step_event(struct playback *t, int by, struct view *view, uint64_t clock_ns)
{
	const size_t to = playback_find_event(t, by);

	if (to == SIZE_MAX) {
		playback_pause(t, true, view, clock_ns);
		return false;
	}
	return playback_seek(t, to, view, clock_ns);
}

uint64_t playback_age(const struct playback *t)
{
	if (!t->paused)
		return 0;
	return ring_get(t->ring, 0)->monotonic_ns -
	       ring_get(t->ring, ring_find(t->ring, t->back))->monotonic_ns;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/playback.h"

#include "analyse/fold.h"
#include "base/clock.h"

#include <string.h>

/* What is kept: ten minutes, or what fits into this. */
#define PAST_NS	   (600 * NSEC_PER_SEC)
#define PAST_BYTES (32u << 20)

void playback_begin(struct playback *t)
{
	memset(t, 0, sizeof(*t));
	t->history = history_new();
	t->archive = archive_new(PAST_BYTES, PAST_NS);
}

void playback_free(struct playback *t)
{
	history_free(t->history);
	archive_free(t->archive);
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

static void show_past(struct playback *t, struct view *view, uint64_t clock_ns)
{
	bool window = t->back + 1 < archive_count(t->archive);

	if (window)
		archive_get(t->archive, t->back + 1, &t->past[0]);
	archive_get(t->archive, t->back, &t->past[1]);
	view_build(view, window ? &t->past[0] : NULL, &t->past[1], clock_ns);
}

static void show_newest(struct playback *t, struct view *view, uint64_t clock_ns)
{
	view_build(view, previous(t), newest(t), clock_ns);
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
	int code = sampler_take(sampler, &t->samples[(t->n + 1) % 2], why);

	if (code <= 0)
		return code;
	t->n++;
	archive_add(t->archive, newest(t));
	if (!t->paused) {
		show_newest(t, view, clock_ns);
		history_add(t->history, &view->report);
		return 1;
	}
	fold_build(&t->unseen, previous(t), newest(t), view->fold);
	history_add(t->history, &t->unseen);
	t->back++;
	/* The window on the screen, or the sample that opened it, is no longer kept. */
	if (t->back + (view->report.window_ns > 0) >= archive_count(t->archive)) {
		t->back = archive_count(t->archive) > 1 ? archive_count(t->archive) - 2 : 0;
		show_past(t, view, clock_ns);
	}
	return 1;
}

void playback_pause(struct playback *t, bool paused, struct view *view, uint64_t clock_ns)
{
	if (paused == t->paused || !t->n)
		return;
	t->paused = paused;
	t->back = 0;
	/* From a copy: the next samples need the memory of these. */
	playback_show(t, view, clock_ns);
}

bool playback_step(struct playback *t, int by, struct view *view, uint64_t clock_ns)
{
	if (!t->n)
		return false;
	if (!t->paused)
		playback_pause(t, true, view, clock_ns);
	if (by < 0 ? !t->back : t->back + 1 >= archive_count(t->archive))
		return false;
	t->back += (size_t)by;
	show_past(t, view, clock_ns);
	return true;
}

uint64_t playback_age(const struct playback *t)
{
	if (!t->back)
		return 0;
	return archive_time(t->archive, 0) - archive_time(t->archive, t->back);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/travel.h"

#include "base/clock.h"

#define MINUTE_NS (60 * NSEC_PER_SEC)

/*
 * After a move: a screen that was live stays so where there is nowhere to go.
 * @moved: it went to another window
 * @why: what to say if it did not
 */
static void end_move(struct session *s, bool moved, bool was_paused, const char *why)
{
	if (!moved) {
		session_say(s, "%s", why);
		playback_pause(&s->playback, was_paused, &s->view, clock_monotonic_ns());
	}
	s->travels |= moved;
}

static const char *no_more(int by)
{
	return by > 0 ? "No older sample is kept." : "This is the newest sample.";
}

static void move_window(struct session *s, int by)
{
	const bool was_paused = s->playback.paused;

	end_move(s, playback_step(&s->playback, by, &s->view, clock_monotonic_ns()), was_paused,
		 no_more(by));
}

void travel_back(struct session *s)
{
	move_window(s, 1);
}

void travel_forward(struct session *s)
{
	move_window(s, -1);
}

void travel_minute(struct session *s, int by)
{
	const bool was_paused = s->playback.paused;

	end_move(s, playback_step_time(&s->playback, by, MINUTE_NS, &s->view, clock_monotonic_ns()),
		 was_paused, no_more(by));
}

/* Selects the listener of the event that is on the screen. */
static void select_event(struct session *s, const struct event *e)
{
	if (e)
		view_select_socket(&s->view, (struct view_socket){ e->id, e->group },
				   clock_monotonic_ns());
}

static void move_event(struct session *s, int by)
{
	const struct playback *p = &s->playback;
	const bool was_paused = p->paused;
	bool moved = playback_step_event(&s->playback, by, &s->view, clock_monotonic_ns());

	end_move(s, moved, was_paused,
		 by > 0 ? "No older event is known." : "No newer event is known.");
	if (moved && history_events(p->history, p->back))
		select_event(s, history_event(p->history, p->back, 0));
}

void travel_event_back(struct session *s)
{
	move_event(s, 1);
}

void travel_event_forward(struct session *s)
{
	move_event(s, -1);
}

void travel_to_event(struct session *s, size_t i)
{
	const struct history *history = s->playback.history;
	const size_t now = s->playback.back;
	const struct event *event =
		i < history_events(history, now) ? history_event(history, now, i) : NULL;
	const size_t back = event ? history_event_back(history, event) : SIZE_MAX;

	if (back == SIZE_MAX) {
		session_say(s, "The sample of that moment is no longer kept.");
		return;
	}
	playback_seek(&s->playback, back, &s->view, clock_monotonic_ns());
	select_event(s, event);
	s->travels = true;
}

void travel_to_age(struct session *s, uint64_t age_ns)
{
	playback_seek(&s->playback, history_back_at(s->playback.history, age_ns), &s->view,
		      clock_monotonic_ns());
	s->travels = true;
}

bool travel_is_on(const struct session *s)
{
	return s->playback.paused && s->travels;
}

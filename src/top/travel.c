/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/travel.h"

#include "base/clock.h"

#define MINUTE_NS (60 * NSEC_PER_SEC)

/* Selects the listener of the event that is on the screen. */
static void select_event(struct session *s, const struct event *e)
{
	if (e)
		view_select_socket(&s->view, (struct view_socket){ e->id, e->group },
				   clock_monotonic_ns());
}

enum step { WINDOW, MINUTE, EVENT };

/* Moves back (@by 1) or forward (-1). A screen that was live stays so if it cannot. */
static void move_by(struct session *s, enum step step, int by)
{
	struct playback *t = &s->playback;
	const uint64_t clock_ns = clock_monotonic_ns();
	const bool was_paused = t->paused;
	const bool moved =
		step == WINDOW ? playback_step(t, by, &s->view, clock_ns) :
		step == MINUTE ? playback_step_time(t, by, MINUTE_NS, &s->view, clock_ns) :
				 playback_step_event(t, by, &s->view, clock_ns);

	s->travels |= moved;
	if (moved) {
		if (step == EVENT && history_events(t->history, t->back))
			select_event(s, history_event(t->history, t->back, 0));
		return;
	}
	session_say(s, step == EVENT && by > 0 ? "No older event is known." :
		       step == EVENT	       ? "No newer event is known." :
		       by > 0		       ? "No older sample is kept." :
						 "This is the newest sample.");
	playback_pause(t, was_paused, &s->view, clock_ns);
}

void travel_back(struct session *s)
{
	move_by(s, WINDOW, 1);
}

void travel_forward(struct session *s)
{
	move_by(s, WINDOW, -1);
}

void travel_minute(struct session *s, int by)
{
	move_by(s, MINUTE, by);
}

void travel_event_back(struct session *s)
{
	move_by(s, EVENT, 1);
}

void travel_event_forward(struct session *s)
{
	move_by(s, EVENT, -1);
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

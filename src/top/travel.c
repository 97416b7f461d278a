/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/travel.h"

#include "base/clock.h"

#define MINUTE_NS (60 * (int64_t)NSEC_PER_SEC)

/* Goes to a window of the past. */
static void go(struct session *s, size_t back)
{
	playback_seek(&s->playback, back, &s->view, clock_monotonic_ns());
	s->travels = true;
}

void travel_minutes(struct session *s, int by)
{
	const int64_t age = (int64_t)playback_age(&s->playback) + by * MINUTE_NS;
	const size_t back = s->playback.back;

	go(s, history_back_at(s->playback.history, age > 0 ? (uint64_t)age : 0));
	if (s->playback.back == back)
		session_say(s, by > 0 ? "No older sample is kept." : "This is the newest sample.");
}

void travel_back(struct session *s)
{
	s->travels = true;
	if (!playback_step(&s->playback, 1, &s->view, clock_monotonic_ns()))
		session_say(s, "No older sample is kept.");
}

void travel_forward(struct session *s)
{
	s->travels = true;
	if (!playback_step(&s->playback, -1, &s->view, clock_monotonic_ns()))
		session_say(s, "This is the newest sample.");
}

void travel_event_back(struct session *s)
{
	const struct history *history = s->playback.history;
	const size_t now = s->playback.back, n = history_events(history, now);

	for (size_t i = 0; i < n; i++) {
		size_t back = history_event_back(history, history_event(history, now, i));

		if (back != SIZE_MAX && back > now) {
			go(s, back);
			return;
		}
	}
	session_say(s, "Nothing happened before, as far as is known.");
}

void travel_event_forward(struct session *s)
{
	const struct history *history = s->playback.history;
	const size_t now = s->playback.back, n = history_events(history, 0);
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < n; i++) {
		size_t back = history_event_back(history, history_event(history, 0, i));

		if (back >= now)
			break;
		found = back;
	}
	if (found == SIZE_MAX)
		session_say(s, "Nothing happened since.");
	else
		go(s, found);
}

void travel_to_event(struct session *s, size_t i)
{
	const struct history *history = s->playback.history;
	const size_t now = s->playback.back;
	size_t back = SIZE_MAX;

	if (i < history_events(history, now))
		back = history_event_back(history, history_event(history, now, i));
	if (back == SIZE_MAX)
		session_say(s, "The sample of that moment is no longer kept.");
	else
		go(s, back);
}

bool travel_is_on(const struct session *s)
{
	return s->playback.paused && s->travels;
}

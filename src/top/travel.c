/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/travel.h"

#include "base/clock.h"
#include "top/terminal.h"

#include <errno.h>

#define MINUTE_NS (60 * NSEC_PER_SEC)

/* At another moment others are the worst: the order that was held is of where the screen was. */
static void leave_order(struct session *s)
{
	s->view.held_until_ns = 0;
}

/* Selects the listener of the event that is on the screen. */
static void select_event(struct session *s, const struct event *e)
{
	if (e && !event_log_is_gap(e->kind))
		view_select_socket(&s->view, (struct view_socket){ e->id, e->group },
				   clock_monotonic_ns());
}

/* The newest event of the window on the screen, or before it. */
static void select_last_event(struct session *s)
{
	const struct playback *t = &s->playback;

	if (history_events(t->history, t->back))
		select_event(s, history_event(t->history, t->back, 0));
}

/* The end of a file that is damaged is not that of what was recorded. */
static void say_end(struct session *s)
{
	const size_t line = player_damaged_line(s->player);

	if (line)
		session_say(s,
			    "The recording ends here: the file is damaged at line %zu, and what "
			    "follows is not shown.",
			    line);
	else
		session_say(s, "The recording ends here%s.",
			    recording_is_cut(player_recording(s->player)) ?
				    "; its last line is cut, and left out" :
				    "");
}

void travel_hold(struct session *s, bool hold)
{
	const uint64_t clock_ns = clock_monotonic_ns();

	s->travels = false;
	if (!s->player)
		playback_pause(&s->playback, hold, &s->view, clock_ns);
	else if (!player_run(s->player, !hold, clock_ns))
		say_end(s);
}

enum step { WINDOW, MINUTE, EVENT, ALL_THE_WAY };

/* Where it has come to, while a search lasts. Any key ends it. */
static bool show_progress(void *context, size_t at)
{
	struct session *s = context;
	const size_t first = player_first(s->player), last = player_last(s->player);
	char text[CLOCK_TEXT_SIZE];

	clock_format_utc(player_wall(s->player, at), 0, text);
	terminal_say(&s->screen, "Searching for an event: %s, %.0f%%. A key ends the search.", text,
		     last > first ? 100.0 * (double)(at < first ? 0 : at - first) /
					    (double)(last - first) :
				    0);
	return !terminal_key_waits();
}

/* @code: of the player, with @why filled if it is an error */
static bool has_moved(struct session *s, int code, const struct error *why)
{
	s->travels |= code > 0;
	if (code == -EINTR) {
		terminal_drop_keys();
		session_say(s, "The search has ended here.");
	} else if (code < 0) {
		session_say(s, "%s", why->text);
	}
	return code > 0;
}

/* Returns as player_step() does. */
static int step_player(struct session *s, enum step step, int by, struct error *why)
{
	struct player *p = s->player;
	const size_t end = by > 0 ? player_first(p) : player_last(p);

	switch (step) {
	case MINUTE:
		return player_step_time(p, by, MINUTE_NS, why);
	case EVENT:
		return player_step_event(p, by, show_progress, s, why);
	case ALL_THE_WAY:
		if (player_at(p) != end)
			return player_go(p, end, why);
		return player_step(p, by, why); /* which holds it there */
	default:
		return player_step(p, by, why);
	}
}

/* That no earlier window is shown, and why others may be missed. */
static void say_beginning(struct session *s)
{
	const struct excerpt *e = player_all(s->player);
	struct error what;

	if (excerpt_lacks_begin(e, &what))
		session_say(s, "The recording begins here; %s.", what.text);
	else if (excerpt_has_older(e, &what))
		session_say(s, "The recording begins here; older samples are in %s.",
			    recording_older(e->recording));
	else
		session_say(s, "The recording begins here.");
}

/* Likewise in a recording. */
static void move_player(struct session *s, enum step step, int by)
{
	struct error why;
	const int code = step_player(s, step, by, &why);

	s->travels = true; /* as it stands now, though it may not have moved */
	if (has_moved(s, code, &why) && step == EVENT)
		select_last_event(s);
	if (code == 0 && step == EVENT)
		session_say(s, "The recording has no %s event.", by > 0 ? "older" : "newer");
	else if (code == 0 && by > 0)
		say_beginning(s);
	else if (code == 0)
		say_end(s);
}

/* Moves back (@by 1) or forward (-1). A screen that was live stays so if it cannot. */
static void move_by(struct session *s, enum step step, int by)
{
	struct playback *t = &s->playback;
	const uint64_t clock_ns = clock_monotonic_ns();
	const bool was_paused = t->paused;
	bool moved;

	if (step != WINDOW)
		leave_order(s);
	if (s->player) {
		move_player(s, step, by);
		return;
	}
	moved = step == WINDOW ? playback_step(t, by, &s->view, clock_ns) :
		step == EVENT  ? playback_step_event(t, by, &s->view, clock_ns) :
				 playback_step_time(t, by, step == MINUTE ? MINUTE_NS : INT64_MAX,
						    &s->view, clock_ns);
	s->travels |= moved;
	if (moved) {
		if (step == EVENT)
			select_last_event(s);
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

void travel_to_first(struct session *s)
{
	move_by(s, ALL_THE_WAY, 1);
}

void travel_to_last(struct session *s)
{
	move_by(s, ALL_THE_WAY, -1);
}

void travel_event_back(struct session *s)
{
	move_by(s, EVENT, 1);
}

void travel_event_forward(struct session *s)
{
	move_by(s, EVENT, -1);
}

/* To a window that may be forgotten. */
static bool go_back(struct session *s, size_t back)
{
	struct error why;

	leave_order(s);
	if (s->player)
		return has_moved(s, player_go_back(s->player, back, &why), &why);
	playback_seek(&s->playback, back, &s->view, clock_monotonic_ns());
	s->travels = true;
	return true;
}

void travel_to_event(struct session *s, size_t i)
{
	const struct history *history = s->playback.history;
	const size_t now = s->playback.back;
	const struct event *event =
		i < history_events(history, now) ? history_event(history, now, i) : NULL;
	const size_t back = event ? history_event_back(history, event) : SIZE_MAX;
	struct view_socket socket;

	if (back == SIZE_MAX) {
		session_say(s, "The sample of that moment is no longer kept.");
		return;
	}
	/* A recording may have to be read anew, and so its events. */
	socket = (struct view_socket){ event->id, event->group };
	if (go_back(s, back))
		view_select_socket(&s->view, socket, clock_monotonic_ns());
}

void travel_to_age(struct session *s, uint64_t age_ns)
{
	go_back(s, history_back_at(s->playback.history, age_ns));
}

/* The window on the screen may be the first one after a gap that has the time asked for. */
static void say_gap(struct session *s, int64_t wall_ns)
{
	const struct recording *r = player_recording(s->player);
	const size_t opening = player_at(s->player) - 1;
	char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];

	if (opening < player_first(s->player) || recording_has_window(r, opening) ||
	    recording_entry(r, opening - 1)->wall_ns >= wall_ns ||
	    recording_entry(r, opening)->wall_ns <= wall_ns)
		return;
	clock_format_utc(player_wall(s->player, opening - 1), 0, from);
	clock_format_utc(player_wall(s->player, opening), 0, to);
	session_say(s, "Nothing was recorded from %s to %s: this is the next window.", from, to);
}

bool travel_to_time(struct session *s, int64_t wall_ns, struct error *why)
{
	char first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];
	int code;

	leave_order(s);
	code = player_go_time(s->player, wall_ns, why);
	if (code == 0) {
		clock_format_utc(player_wall(s->player, player_earliest(s->player)), 0, first);
		clock_format_utc(player_wall(s->player, player_latest(s->player)), 0, last);
		error_set(why, -ENODATA, "It is from %s to %s.", first, last);
	}
	s->travels |= code > 0;
	if (code > 0)
		say_gap(s, wall_ns);
	return code > 0;
}

bool travel_is_on(const struct session *s)
{
	return session_stands(s) && s->travels;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/top.h"

#include "base/clock.h"
#include "top/curses.h"
#include "top/draw.h"
#include "top/keys.h"
#include "top/mouse.h"
#include "top/session.h"
#include "top/terminal.h"
#include "top/travel.h"

/* Takes the sample that is ready, if any. Only an error before the first one ends the view. */
static int take_sample(struct session *s, bool *dirty, struct error *why)
{
	uint64_t clock_ns = clock_monotonic_ns(), used_ns;
	int code = s->player ? player_take(s->player, clock_ns, why) :
			       playback_take(&s->playback, s->sampler, &s->view, clock_ns, why);

	if (code < 0 && !s->playback.n)
		return code;
	if (code < 0)
		session_say(s, "%s", why->text);
	if (s->playback.news.len)
		session_say(s, "%s", s->playback.news.s);
	s->playback.news.len = 0;
	if (s->player) {
		*dirty |= code != 0;
		if (code > 0 && player_is_at_end(s->player))
			travel_hold(s, false); /* it says why it stands */
		return 0;
	}
	if (code > 0) {
		used_ns = clock_process_cpu_ns();
		if (s->cpu_read_ns)
			s->cpu_share =
				(double)(used_ns - s->cpu_ns) / (double)(clock_ns - s->cpu_read_ns);
		s->cpu_ns = used_ns;
		s->cpu_read_ns = clock_ns;
	}
	*dirty |= code != 0;
	return 0;
}

/*
 * When the message or the hold of the order ends, or the recording goes on, in ms from now; -1:
 * never.
 */
static int next_end_ms(const struct session *s, uint64_t clock_ns)
{
	uint64_t next = s->player ? player_due(s->player) : UINT64_MAX;

	if (s->message.len && s->message_until_ns < next)
		next = s->message_until_ns;
	if (!s->view.frozen && s->view.held_until_ns && s->view.held_until_ns < next)
		next = s->view.held_until_ns;
	if (next == UINT64_MAX)
		return -1;
	return next <= clock_ns ? 0 : (int)((next - clock_ns) / 1000000 + 1);
}

/* Ends them. Returns true if one ended. */
static bool expire(struct session *s)
{
	uint64_t clock_ns = clock_monotonic_ns();
	bool changed = false;

	if (s->message.len && clock_ns >= s->message_until_ns) {
		s->message.len = 0;
		changed = true;
	}
	if (s->view.held_until_ns && clock_ns >= s->view.held_until_ns) {
		s->view.held_until_ns = 0;
		if (s->view.report.snapshot)
			view_arrange(&s->view, clock_ns);
		changed = true;
	}
	return changed;
}

/* The title and the list speak of it; rounded, as no sample comes to the nanosecond. */
static void set_distance(struct session *s)
{
	const uint64_t ns = player_distance(s->player);

	s->request.delay = ns < NSEC_PER_SEC ? (double)((ns + 5000000) / 10000000) / 100 :
					       (double)ns / (double)NSEC_PER_SEC;
}

static int loop(struct session *s, struct error *why)
{
	bool dirty = true;

	while (!s->quit && !terminal_ended_by()) {
		int key, code;

		dirty |= terminal_stop_if_asked();
		if (terminal_ended_by()) /* while it was stopped: the terminal is not ours */
			break;
		code = take_sample(s, &dirty, why);
		if (code < 0)
			return code;
		while (!s->quit && (key = getch()) != ERR) {
			if (key == KEY_MOUSE)
				mouse_take(s);
			else
				key_press(s, key);
			dirty = true;
		}
		dirty |= expire(s);
		if (s->quit)
			break;
		if (s->player)
			set_distance(s);
		if (dirty) {
			terminal_size(&s->screen);
			draw_screen(s);
			session_request(s);
			dirty = false;
		}
		terminal_wait(s->player ? -1 : sampler_fd(s->sampler),
			      next_end_ms(s, clock_monotonic_ns()));
	}
	return 0;
}

/* Samples wait while the terminal is stuck, and a signal may end the view then. */
static void record_rest(struct session *s, struct strbuf *unseen)
{
	struct error ignored;

	while (playback_take(&s->playback, s->sampler, &s->view, clock_monotonic_ns(), &ignored) <
	       0)
		;
	if (s->playback.news.len)
		strbuf_adds(unseen, s->playback.news.s);
}

int top_run(const struct top_config *config, int *ended_by, struct error *why)
{
	struct session s = {
		.needs = config->needs & ~(unsigned int)NEED_UNIX,
		.unix_too = config->needs & NEED_UNIX,
		.mouse = config->mouse,
		.peaks = config->peaks,
		.family = config->selection.family,
		.screen = { .color = config->color, .utf8 = config->utf8 },
		.columns = config->columns,
		.request.delay = config->delay,
		.view = { .fold = config->fold,
			  .selection = config->selection,
			  .sort = config->sort,
			  .descending = config->descending,
			  .follow = true },
	};
	int code;

	listing_choose(&s.layout, &s.columns);
	if (config->resolve)
		s.context.services = &s.services;
	s.context.users = &s.users;
	s.view.columns = &s.columns;
	s.view.context = &s.context;
	playback_begin(&s.playback);
	s.playback.record = config->record;
	s.playback.record_context = config->record_context;

	code = session_filter(&s, config->filter, why, NULL);
	/* A wrong filter or terminal is an error before the first sample is taken. */
	if (code == 0 && config->keys_from_tty)
		code = terminal_take_keys(why);
	if (code == 0)
		code = terminal_open(&s.screen, config->mouse, why);
	if (code == 0) {
		code = config->recording ?
			       player_open(&s.player, config->recording, config->excerpt,
					   &s.playback, &s.view, PLAYER_JUMP_NS, why) :
			       sampler_open(&s.sampler, config->source, &s.request, why);
		if (code == 0 && s.player)
			travel_hold(&s, false);
		if (code == 0 && s.player && excerpt_damage(config->excerpt))
			session_say(&s, "%s", excerpt_damage(config->excerpt)->why.text);
		if (code == 0)
			code = loop(&s, why);
		terminal_close(&s.screen);
		if (s.sampler && config->record)
			record_rest(&s, config->unseen);
	}
	*ended_by = terminal_ended_by();
	session_free(&s);
	return code;
}

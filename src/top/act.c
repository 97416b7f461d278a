/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/act.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "output/json.h"
#include "output/sink.h"
#include "top/draw.h"
#include "top/keys.h"

#include <curses.h>
#include <string.h>

/* The windows that "+" and "-" step through, in seconds. */
static const double delays[] = { 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60 };

static void set_delay(struct session *s, double delay)
{
	s->request.delay = delay;
	sampler_request(s->sampler, &s->request);
}

static void step_delay(struct session *s, bool longer)
{
	double next = s->request.delay;

	for (size_t i = 0; i < ARRAY_SIZE(delays); i++) {
		double d = delays[longer ? i : ARRAY_SIZE(delays) - 1 - i];

		if (longer ? d > s->request.delay : d < s->request.delay) {
			next = d;
			break;
		}
	}
	set_delay(s, next);
}

static void find(struct session *s, int from)
{
	if (s->find.len && !view_find(&s->view, s->find.s, from, clock_monotonic_ns()))
		session_say(s, "Not found.");
}

static void set_filter(struct session *s, const char *text)
{
	struct error why;

	s->draft.len = 0;
	strbuf_adds(&s->draft, text);
	if (session_filter(s, text, &why) < 0)
		session_say(s, "%s", why.text);
}

static void write_report(struct session *s, const char *path)
{
	struct error why;
	struct sink sink;

	clearok(curscr, TRUE); /* the file may be a terminal, and this one at that */
	if (!strcmp(path, "-")) { /* for a sink that is standard output */
		session_say(s, "Standard output is this screen; ./- is a file.");
		return;
	}
	if (sink_open(&sink, path, &why) == 0) {
		json_print(sink.stream, &s->view.report, false, &s->context);
		if (sink_commit(&sink, &why) == 0) {
			session_say(s, "Written to %s.", path);
			return;
		}
	}
	session_say(s, "%s", why.text);
}

static void ask_for_file(struct session *s)
{
	const struct snapshot *sample = s->view.report.snapshot;
	struct strbuf name = { 0 };
	char time[CLOCK_TEXT_SIZE];

	if (!sample)
		return;
	clock_format_utc(sample->wall, 0, time);
	strbuf_addf(&name, "listenq-%s-", sample->host);
	for (const char *c = time; *c; c++)
		if (*c != '-' && *c != ':') /* which scp would take for the end of a host */
			strbuf_putc(&name, *c);
	strbuf_adds(&name, ".json");
	for (size_t i = 0; i < name.len; i++)
		if (name.s[i] == '/')
			name.s[i] = '_';
	prompt_begin(&s->prompt, PROMPT_WRITE, name.s);
	strbuf_free(&name);
}

static void answer(struct session *s)
{
	const char *text = s->prompt.answer.s;
	double delay;

	switch (s->prompt.purpose) {
	case PROMPT_FIND:
		find(s, 0);
		break;
	case PROMPT_FILTER:
		set_filter(s, text);
		break;
	case PROMPT_DELAY:
		if (num_parse_double(text, COLLECT_WINDOW_MIN, COLLECT_WINDOW_MAX, &delay) == 0)
			set_delay(s, delay);
		else
			session_say(s, "Not a number of seconds from %g to %g: %s",
				    COLLECT_WINDOW_MIN, COLLECT_WINDOW_MAX, text);
		break;
	case PROMPT_WRITE:
		if (*text)
			write_report(s, text);
		break;
	case PROMPT_NONE:
		break;
	}
}

static void set_find(struct session *s)
{
	s->find.len = 0;
	strbuf_adds(&s->find, s->prompt.answer.s);
}

static void key_for_prompt(struct session *s, int code)
{
	switch (prompt_key(&s->prompt, code)) {
	case PROMPT_GOES_ON:
		break;
	case PROMPT_CHANGED: /* the cursor moves while the text is typed */
		if (s->prompt.purpose != PROMPT_FIND)
			break;
		set_find(s);
		if (s->find.len)
			view_find(&s->view, s->find.s, 0, clock_monotonic_ns());
		break;
	case PROMPT_DONE:
		if (s->prompt.purpose == PROMPT_FIND)
			set_find(s);
		answer(s);
		prompt_end(&s->prompt);
		break;
	case PROMPT_CANCELLED:
		prompt_end(&s->prompt);
		break;
	}
}

static void show_page(struct session *s, enum session_page page)
{
	s->page = page;
	s->help_offset = 0;
	if (page == PAGE_DETAIL) {
		detail_begin(&s->detail);
		view_select(&s->view, s->view.cursor, clock_monotonic_ns());
		s->detailed = s->view.selected;
	}
	session_request(s);
}

static void unfold_selected(struct session *s, bool unfold)
{
	const struct row *row = view_selected(&s->view);
	const enum view_branch branch = row ? view_branch(&s->view, s->view.cursor) : VIEW_ALONE;
	const size_t members = s->view.n_members;

	view_unfold(&s->view, unfold, clock_monotonic_ns());
	if (unfold && branch == VIEW_FOLDED && s->view.n_members == members)
		session_say(s, "None of its %u sockets is let through by the filter, or by f.",
			    row->group->sockets);
}

/* Enter, or another click on what is selected. */
static void open_selected(struct session *s)
{
	const struct row *row = view_selected(&s->view);

	if (row && row->folded)
		unfold_selected(s, view_branch(&s->view, s->view.cursor) == VIEW_FOLDED);
	else if (row)
		show_page(s, PAGE_DETAIL);
}

static void toggle_groups(struct session *s)
{
	view_group(&s->view, !s->view.fold);
	columns_group(&s->columns, s->view.fold);
	listing_choose(&s->listing, &s->columns);
	playback_show(&s->playback, &s->view, clock_monotonic_ns());
	session_request(s);
}

/* Esc goes back, and in the list ends what hides listeners. */
static void go_back(struct session *s)
{
	if (s->page != PAGE_LIST) {
		show_page(s, PAGE_LIST);
		return;
	}
	set_filter(s, "");
}

static void toggle_full(struct session *s)
{
	s->view.selection.only_full = !s->view.selection.only_full;
	view_arrange(&s->view, clock_monotonic_ns());
}

static void toggle_follow(struct session *s)
{
	s->view.follow = !s->view.follow;
	s->view.held_until_ns = 0;
	if (s->view.follow)
		s->view.frozen = false;
	view_arrange(&s->view, clock_monotonic_ns());
}

static void step(struct session *s, int by)
{
	if (!playback_step(&s->playback, by, &s->view, clock_monotonic_ns()))
		session_say(s, by > 0 ? "No older sample is kept." : "This is the newest sample.");
}

static void move_by(struct session *s, long by)
{
	switch (s->page) {
	case PAGE_LIST:
		view_move(&s->view, by, clock_monotonic_ns());
		break;
	case PAGE_DETAIL:
		detail_move(&s->detail, by);
		break;
	case PAGE_HELP:
		s->help_offset =
			by < 0 && s->help_offset < (size_t)-by ? 0 : s->help_offset + (size_t)by;
		break;
	case PAGE_COLUMNS:
		break;
	}
}

/* Keys that move, on any page. Returns false for others. */
static bool key_moves(struct session *s, enum key_action action)
{
	const long all = 1L << 30, page = (long)draw_page_rows(s);

	switch (action) {
	case KEY_ACT_UP:
		move_by(s, -1);
		return true;
	case KEY_ACT_DOWN:
		move_by(s, 1);
		return true;
	case KEY_ACT_PAGE_UP:
		move_by(s, -page);
		return true;
	case KEY_ACT_PAGE_DOWN:
		move_by(s, page);
		return true;
	case KEY_ACT_FIRST:
		move_by(s, -all);
		return true;
	case KEY_ACT_LAST:
		move_by(s, all);
		return true;
	default:
		return false;
	}
}

/* Keys that choose what the list shows, and in what order. Returns false for others. */
static bool key_chooses(struct session *s, enum key_action action)
{
	uint64_t clock_ns = clock_monotonic_ns();

	switch (action) {
	case KEY_ACT_SORT_PREVIOUS:
		view_sort_by(&s->view, -1, clock_ns);
		break;
	case KEY_ACT_SORT_NEXT:
		view_sort_by(&s->view, 1, clock_ns);
		break;
	case KEY_ACT_INVERT:
		view_invert(&s->view, clock_ns);
		break;
	case KEY_ACT_FREEZE:
		view_freeze(&s->view, !s->view.frozen, clock_ns);
		break;
	case KEY_ACT_FOLLOW:
		toggle_follow(s);
		break;
	case KEY_ACT_FIND:
		prompt_begin(&s->prompt, PROMPT_FIND, "");
		break;
	case KEY_ACT_FIND_NEXT:
		find(s, 1);
		break;
	case KEY_ACT_FIND_PREVIOUS:
		find(s, -1);
		break;
	case KEY_ACT_FILTER:
		prompt_begin(&s->prompt, PROMPT_FILTER, s->draft.s);
		break;
	case KEY_ACT_FULL:
		toggle_full(s);
		break;
	case KEY_ACT_GROUP:
		toggle_groups(s);
		break;
	case KEY_ACT_UNFOLD:
		unfold_selected(s, true);
		break;
	case KEY_ACT_FOLD:
		unfold_selected(s, false);
		break;
	default:
		return false;
	}
	return true;
}

/* Keys about time. Returns false for others. */
static bool key_is_of_time(struct session *s, enum key_action action)
{
	struct strbuf delay = { 0 };

	switch (action) {
	case KEY_ACT_PAUSE:
		playback_pause(&s->playback, !s->playback.paused, &s->view, clock_monotonic_ns());
		break;
	case KEY_ACT_STEP_BACK:
		step(s, 1);
		break;
	case KEY_ACT_STEP_FORWARD:
		step(s, -1);
		break;
	case KEY_ACT_REFRESH:
		sampler_end_window(s->sampler);
		break;
	case KEY_ACT_DELAY:
		strbuf_addf(&delay, "%g", s->request.delay);
		prompt_begin(&s->prompt, PROMPT_DELAY, delay.s);
		strbuf_free(&delay);
		break;
	case KEY_ACT_SLOWER:
		step_delay(s, true);
		break;
	case KEY_ACT_FASTER:
		step_delay(s, false);
		break;
	case KEY_ACT_RESET:
		history_restart_sums(s->playback.history);
		session_say(s, "The sums of the counters begin anew.");
		break;
	default:
		return false;
	}
	return true;
}

static void key_opens(struct session *s, enum key_action action)
{
	switch (action) {
	case KEY_ACT_QUIT:
		if (s->page == PAGE_LIST)
			s->quit = true;
		else
			show_page(s, PAGE_LIST);
		break;
	case KEY_ACT_HELP:
		show_page(s, s->page == PAGE_HELP ? PAGE_LIST : PAGE_HELP);
		break;
	case KEY_ACT_COLUMNS:
		show_page(s, s->page == PAGE_COLUMNS ? PAGE_LIST : PAGE_COLUMNS);
		break;
	case KEY_ACT_OPEN:
		if (s->page == PAGE_LIST)
			open_selected(s);
		else
			show_page(s, PAGE_LIST);
		break;
	case KEY_ACT_DETAIL:
		if (s->page == PAGE_LIST && view_selected(&s->view))
			show_page(s, PAGE_DETAIL);
		else
			show_page(s, PAGE_LIST);
		break;
	case KEY_ACT_BACK:
		go_back(s);
		break;
	case KEY_ACT_SECTION:
		detail_next_section(&s->detail);
		break;
	case KEY_ACT_WRITE:
		ask_for_file(s);
		break;
	case KEY_ACT_REDRAW:
		clearok(curscr, TRUE);
		break;
	default:
		break;
	}
}

static void key_for_columns(struct session *s, enum key_action action)
{
	if (action == KEY_ACT_REFRESH) {
		menu_toggle(&s->menu, &s->columns);
		listing_choose(&s->listing, &s->columns);
		session_request(s);
	} else if (!menu_key(&s->menu, action, draw_page_rows(s))) {
		key_opens(s, action);
	}
}

static void act_on_mouse(struct session *s, const MEVENT *event)
{
	const struct field *field;
	size_t index;

	if (s->page != PAGE_LIST)
		return;
	if (event->bstate & BUTTON4_PRESSED) {
		move_by(s, -3);
	} else if (event->bstate & BUTTON5_PRESSED) {
		move_by(s, 3);
	} else if (!(event->bstate & BUTTON1_PRESSED)) {
		return;
	} else if (draw_row_at(s, event->y, &index)) {
		bool again = index == s->view.cursor && !s->view.follow;

		view_select(&s->view, index, clock_monotonic_ns());
		if (again)
			open_selected(s);
	} else if (draw_header_at(s, event->y)) {
		field = listing_field_at(&s->listing, event->x);
		if (field)
			view_sort_on(&s->view, field, clock_monotonic_ns());
	}
}

/* Of those that came together, as a press with its release, there may be one key for all. */
static void mouse(struct session *s)
{
	MEVENT event;

	while (getmouse(&event) == OK)
		act_on_mouse(s, &event);
}

void act_key(struct session *s, int code)
{
	enum key_action action = key_action(code);

	s->message.len = 0;
	if (code == KEY_RESIZE) {
		if (getmaxx(stdscr) < 2) /* getch() would draw what was there: see draw.c */
			erase();
		return;
	}
	if (code == KEY_MOUSE) {
		mouse(s);
		return;
	}
	if (s->prompt.purpose) {
		key_for_prompt(s, code);
		return;
	}
	if (s->page == PAGE_COLUMNS) {
		key_for_columns(s, action);
		return;
	}
	if (!s->view.report.snapshot && action != KEY_ACT_HELP) {
		s->quit |= action == KEY_ACT_QUIT;
		return; /* nothing to act upon yet */
	}
	if (key_moves(s, action))
		return;
	if (s->page != PAGE_HELP && key_is_of_time(s, action))
		return;
	if (s->page == PAGE_LIST && key_chooses(s, action))
		return;
	key_opens(s, action);
}

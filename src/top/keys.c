/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/keys.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/sink.h"
#include "base/when.h"
#include "model/window.h"
#include "top/curses.h"
#include "top/save.h"
#include "top/terminal.h"
#include "top/travel.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define CTRL(letter) ((letter)&0x1f)
#define ESCAPE	     27

/* The pages on which a key works, and whether it works before the first sample. */
enum {
	LIST = 1 << PAGE_LIST,
	DETAIL = 1 << PAGE_DETAIL,
	HELP = 1 << PAGE_HELP,
	EVENTS = 1 << PAGE_EVENTS,
	SETUP = 1 << PAGE_SETUP,
	SORT = 1 << PAGE_SORT,
	ALL = LIST | DETAIL | HELP | EVENTS | SETUP | SORT,
	EARLY = 1 << 8,
};

/* The windows that "+" and "-" step through, in seconds. */
static const double delays[] = { 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60 };

const char *const key_hints[] = {
	[PAGE_DETAIL] = "Esc Back  Tab Next block  Up Down Scroll  F7<Time F8Time>  F9",
	[PAGE_HELP] = "Esc Back  Up Down Scroll",
	[PAGE_EVENTS] = "Enter Go to that moment  Esc Back",
	[PAGE_SETUP] = "Space Change  Esc Back",
	[PAGE_SORT] = "Enter Sort, again: the other way round  Esc Back",
};

static void fill_setup(struct session *s);
static void fill_sort(struct session *s);

/*
 * While the page of a listener is open, the list keeps that one selected; if it followed the worst
 * one before, it does so again afterwards.
 */
static void show_page(struct session *s, enum session_page page)
{
	const uint64_t clock_ns = clock_monotonic_ns();

	if (s->page == PAGE_DETAIL && s->follows_after) {
		s->view.follow = true;
		s->view.held_until_ns = 0;
		view_arrange(&s->view, clock_ns);
	}
	s->follows_after = false;
	s->page = page;
	s->help_offset = 0;
	switch (page) {
	case PAGE_DETAIL:
		s->detail = (struct detail){ 0 };
		s->follows_after = s->view.follow;
		view_select(&s->view, s->view.cursor, clock_ns);
		s->detailed = s->view.selected;
		break;
	case PAGE_SETUP:
		fill_setup(s);
		break;
	case PAGE_SORT:
		fill_sort(s);
		break;
	case PAGE_EVENTS:
		s->events = (struct events){ 0 };
		break;
	default:
		break;
	}
	session_hurry(s);
}

static void toggle_page(struct session *s, enum session_page page)
{
	show_page(s, s->page == page ? PAGE_LIST : page);
}

/* General */

static void quit(struct session *s)
{
	if (s->page == PAGE_LIST)
		s->quit = true;
	else
		show_page(s, PAGE_LIST);
}

static void toggle_help(struct session *s)
{
	toggle_page(s, PAGE_HELP);
}

static void toggle_setup(struct session *s)
{
	toggle_page(s, PAGE_SETUP);
}

static void toggle_events(struct session *s)
{
	toggle_page(s, PAGE_EVENTS);
}

static void set_unfolded(struct session *s, bool unfold)
{
	const struct row *row = view_selected(&s->view);
	const enum view_branch branch = row ? view_branch(&s->view, s->view.cursor) : VIEW_ALONE;
	const size_t members = s->view.n_members;

	view_unfold(&s->view, unfold, clock_monotonic_ns());
	if (unfold && branch == VIEW_FOLDED && s->view.n_members == members)
		session_say(s, "The filter, or s, hides all of its %u sockets.",
			    row->group->sockets);
}

static void toggle_detail(struct session *s)
{
	if (s->page == PAGE_LIST && view_selected(&s->view))
		show_page(s, PAGE_DETAIL);
	else
		show_page(s, PAGE_LIST);
}

static void open_selected(struct session *s)
{
	const struct row *row = view_selected(&s->view);

	if (s->page == PAGE_LIST && row && row->folded)
		set_unfolded(s, view_branch(&s->view, s->view.cursor) == VIEW_FOLDED);
	else
		toggle_detail(s);
}

static void go_back(struct session *s)
{
	struct error why;

	if (s->page != PAGE_LIST)
		show_page(s, PAGE_LIST);
	else if (s->filter.len || !session_stands(s))
		session_filter(s, "", &why, NULL);
	else if (!s->player) /* nothing of a recording is live */
		travel_hold(s, false);
}

static void next_section(struct session *s)
{
	detail_next(&s->detail);
}

/* Returns -EEXIST, without a word, if the file is there and is not to be replaced. */
static int write_file(struct session *s, bool replace, struct error *why)
{
	struct sink sink;
	int code;

	clearok(curscr, TRUE); /* the file may be this terminal */
	code = sink_open_new(&sink, s->path.s, replace, why);
	if (code < 0)
		return code;
	save_print(s, s->path.s, sink.stream);
	code = sink_commit(&sink, why);
	if (code == 0)
		session_say(s, "Written to %s.", s->path.s);
	return code;
}

static bool replaces(struct session *s);
static void replace_typed(struct session *s);

static bool file_answered(struct session *s)
{
	static const struct question exists = { "Replace it? (y, n) ", replace_typed, replaces };
	const char *path = s->prompt.answer.s;
	struct error why;
	int code;

	if (!*path)
		return true;
	if (!strcmp(path, "-")) { /* sink.h takes it for standard output elsewhere */
		prompt_refuse(&s->prompt, "Standard output is this screen; ./- is a file.", 0);
		return false;
	}
	s->path.len = 0;
	strbuf_adds(&s->path, path);
	code = write_file(s, false, &why);
	if (code == -EEXIST) {
		prompt_begin(&s->prompt, &exists, "");
		error_set(&why, 0, "%s is there already.", s->path.s);
	}
	if (code < 0)
		prompt_refuse(&s->prompt, why.text, s->prompt.answer.len);
	return code == 0;
}

static const struct question file_question = { "Save JSON (incident as .md) to: ", NULL,
					       file_answered };

/* Enter alone replaces nothing. */
static bool replaces(struct session *s)
{
	prompt_begin(&s->prompt, &file_question, s->path.s);
	return false;
}

/* One key is the answer; any but y asks for the name again. */
static void replace_typed(struct session *s)
{
	const bool yes = *s->prompt.answer.s == 'y' || *s->prompt.answer.s == 'Y';
	struct error why;

	prompt_begin(&s->prompt, &file_question, s->path.s);
	if (yes && write_file(s, true, &why) == 0)
		s->prompt.question = NULL;
	else if (yes)
		prompt_refuse(&s->prompt, why.text, s->prompt.answer.len);
}

static void ask_for_file(struct session *s)
{
	const struct snapshot *sample = s->view.report.snapshot;
	struct strbuf name = { 0 };
	char time[CLOCK_TEXT_SIZE];

	clock_format_utc(sample->wall, 0, time);
	strbuf_addf(&name, "listenq-%s-", sample->host);
	for (const char *c = time; *c; c++)
		if (*c != '-' && *c != ':') /* scp takes a colon for the end of a host */
			strbuf_putc(&name, *c);
	strbuf_adds(&name, ".json");
	for (size_t i = 0; i < name.len; i++)
		if (name.s[i] == '/')
			name.s[i] = '_';
	prompt_begin(&s->prompt, &file_question, name.s);
	strbuf_free(&name);
}

static void redraw(struct session *s)
{
	(void)s;
	clearok(curscr, TRUE);
}

/* Move */

void key_move(struct session *s, long by)
{
	switch (s->page) {
	case PAGE_LIST:
		view_move(&s->view, by, clock_monotonic_ns());
		break;
	case PAGE_DETAIL:
		detail_move(&s->detail, by);
		break;
	case PAGE_HELP: /* draw_screen() limits it */
		s->help_offset = num_step(s->help_offset, by);
		break;
	case PAGE_EVENTS:
		events_move(&s->events, by);
		break;
	case PAGE_SETUP:
	case PAGE_SORT:
		menu_move(&s->menu, by);
		break;
	}
}

static void move_up(struct session *s)
{
	key_move(s, -1);
}

static void move_down(struct session *s)
{
	key_move(s, 1);
}

static void page_up(struct session *s)
{
	if (travel_is_on(s) && (s->page == PAGE_LIST || s->page == PAGE_DETAIL))
		travel_minute(s, 1);
	else
		key_move(s, -(long)session_page_rows(s));
}

static void page_down(struct session *s)
{
	if (travel_is_on(s) && (s->page == PAGE_LIST || s->page == PAGE_DETAIL))
		travel_minute(s, -1);
	else
		key_move(s, (long)session_page_rows(s));
}

static void move_first(struct session *s)
{
	if (s->player && travel_is_on(s) && (s->page == PAGE_LIST || s->page == PAGE_DETAIL))
		travel_to_first(s);
	else
		key_move(s, -(1L << 30));
}

static void move_last(struct session *s)
{
	if (s->player && travel_is_on(s) && (s->page == PAGE_LIST || s->page == PAGE_DETAIL))
		travel_to_last(s);
	else
		key_move(s, 1L << 30);
}

static void unfold(struct session *s)
{
	set_unfolded(s, true);
}

static void fold(struct session *s)
{
	set_unfolded(s, false);
}

static void toggle_follow(struct session *s)
{
	s->view.follow = !s->view.follow;
	s->view.held_until_ns = 0;
	if (s->view.follow)
		s->view.frozen = false;
	view_arrange(&s->view, clock_monotonic_ns());
}

/* Choose */

static bool find(struct session *s, int from)
{
	return !s->find.len || view_find(&s->view, s->find.s, from, clock_monotonic_ns());
}

/* The cursor moves while the text is typed. */
static void find_typed(struct session *s)
{
	s->find.len = 0;
	strbuf_adds(&s->find, s->prompt.answer.s);
	find(s, 0);
}

static void find_from(struct session *s, int from)
{
	if (!find(s, from))
		session_say(s, "Not found.");
}

static bool find_answered(struct session *s)
{
	find_typed(s);
	find_from(s, 0);
	return true;
}

static void ask_for_text(struct session *s)
{
	static const struct question question = { "Find: ", find_typed, find_answered };

	prompt_begin(&s->prompt, &question, "");
}

static void find_next(struct session *s)
{
	find_from(s, 1);
}

static void find_previous(struct session *s)
{
	find_from(s, -1);
}

static bool filter_answered(struct session *s)
{
	struct filter_mistake mistake;
	struct error why;

	if (session_filter(s, s->prompt.answer.s, &why, &mistake) == 0)
		return true;
	/* The cursor shows where. */
	prompt_refuse(&s->prompt, why.text + mistake.what, mistake.at);
	return false;
}

static void ask_for_filter(struct session *s)
{
	static const struct question question = { "Filter: ", NULL, filter_answered };

	prompt_begin(&s->prompt, &question, s->filter.s);
}

static void toggle_sick_only(struct session *s)
{
	s->view.sick_only = !s->view.sick_only;
	s->fit = (struct session_fit){ 0 };
	view_arrange(&s->view, clock_monotonic_ns());
}

static void toggle_groups(struct session *s)
{
	view_group(&s->view, !s->view.fold);
	playback_show(&s->playback, &s->view, clock_monotonic_ns());
}

static void toggle_list_only(struct session *s)
{
	s->list_only = !s->list_only;
}

static void toggle_unix(struct session *s)
{
	const struct snapshot *sample = s->view.report.snapshot;

	if (s->player) {
		session_say(
			s,
			sample->known & SNAPSHOT_UNIX ?
				"The recording has UNIX listeners, so they are shown." :
				"The recording has no UNIX listeners: --record takes them with -x.");
		return;
	}
	s->unix_too = !s->unix_too;
	s->unix_off = !s->unix_too;
	s->fit = (struct session_fit){ 0 };
	session_hurry(s);
}

/* Columns of the state sort as worst first does: a step to one of them would show nothing. */
static void sort_by(struct session *s, int by)
{
	do {
		view_sort_by(&s->view, by, clock_monotonic_ns());
	} while (s->view.sort && s->view.sort->order == ORDER_STATE);
}

static void sort_previous(struct session *s)
{
	sort_by(s, -1);
}

static void sort_next(struct session *s)
{
	sort_by(s, 1);
}

static void invert(struct session *s)
{
	view_invert(&s->view, clock_monotonic_ns());
}

static void toggle_freeze(struct session *s)
{
	view_freeze(&s->view, !s->view.frozen, clock_monotonic_ns());
}

/* Time */

static void toggle_pause(struct session *s)
{
	travel_hold(s, !session_stands(s));
}

static void set_delay(struct session *s, double delay)
{
	s->request.delay = delay;
	sampler_request(s->sampler, &s->request);
}

static bool delay_answered(struct session *s)
{
	struct strbuf b = { 0 };
	double delay;

	if (num_parse_double(s->prompt.answer.s, WINDOW_SECONDS_MIN, WINDOW_SECONDS_MAX, &delay) ==
	    0) {
		set_delay(s, delay);
		return true;
	}
	strbuf_addf(&b, "Not a number of seconds from %g to %g.", WINDOW_SECONDS_MIN,
		    WINDOW_SECONDS_MAX);
	prompt_refuse(&s->prompt, b.s, s->prompt.answer.len);
	strbuf_free(&b);
	return false;
}

/* Returns true, and says why, if the windows are those of a recording. */
static bool has_windows(struct session *s)
{
	if (s->player)
		session_say(s, "A recording has the windows that it was made with.");
	return s->player;
}

static void ask_for_delay(struct session *s)
{
	static const struct question question = { "Seconds between samples: ", NULL,
						  delay_answered };
	char delay[32];

	if (has_windows(s))
		return;
	snprintf(delay, sizeof(delay), "%g", s->request.delay);
	prompt_begin(&s->prompt, &question, delay);
}

static void longer_window(struct session *s)
{
	if (has_windows(s))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(delays); i++)
		if (delays[i] > s->request.delay) {
			set_delay(s, delays[i]);
			return;
		}
}

static void shorter_window(struct session *s)
{
	if (has_windows(s))
		return;
	for (size_t i = ARRAY_SIZE(delays); i-- > 0;)
		if (delays[i] < s->request.delay) {
			set_delay(s, delays[i]);
			return;
		}
}

static void reset_sums(struct session *s)
{
	history_restart_sums(s->playback.history);
	session_say(s, "All sums begin anew.");
}

static void toggle_speed(struct session *s)
{
	if (!s->player) {
		session_say(s, "Only a recording (--replay) runs faster.");
		return;
	}
	player_set_speed(s->player, player_speed(s->player) == 1 ? PLAYER_FAST : 1,
			 clock_monotonic_ns());
	if (!player_runs(s->player))
		session_say(s, "It stands; when it goes on, then at %ux.", player_speed(s->player));
}

/* "03:00" is the last such time that the recording has, "-10m" is before what is on the screen. */
static bool time_answered(struct session *s)
{
	const char *text = s->prompt.answer.s;
	const size_t from = *text == '-' ? player_at(s->player) : player_latest(s->player);
	const struct timespec wall = player_wall(s->player, from);
	struct error why;
	int64_t ns;

	if (!*text || (when_parse(text, clock_to_ns(wall), false, &ns, &why) == 0 &&
		       travel_to_time(s, ns, &why)))
		return true;
	prompt_refuse(&s->prompt, why.text, s->prompt.answer.len);
	return false;
}

static void ask_for_time(struct session *s)
{
	/* All times on the screen are in UTC, and people speak of others. */
	static const struct question utc = { "Go to time: ", NULL, time_answered };
	static const struct question local = { "Go to time (03:00Z, or local 03:00): ", NULL,
					       time_answered };
	char time[CLOCK_TEXT_SIZE], here[CLOCK_TEXT_SIZE];

	if (!s->player) {
		session_say(s,
			    "Only a recording (--replay) has other times than the last minutes.");
		return;
	}
	clock_format_utc(s->view.report.snapshot->wall, 0, time);
	clock_format_local(s->view.report.snapshot->wall, here);
	prompt_begin(&s->prompt, strcmp(here + 20, "+0000") ? &local : &utc, time);
}

/* Menus */

/* What a choice of the setup does, beside those of a column. */
struct toggle {
	const char *name;
	const char *help;
	size_t flag; /* offset of the bool in struct session */
	void (*run)(struct session *s);
};

static void toggle_mouse(struct session *s)
{
	s->mouse = !s->mouse;
	terminal_mouse(s->mouse);
}

#define FLAG(member) offsetof(struct session, member)

static const struct toggle toggles[] = {
	{ "groups", "one row for each SO_REUSEPORT group", FLAG(view.fold), toggle_groups },
	{ "UNIX", "listening UNIX sockets too", FLAG(unix_too), toggle_unix },
	{ "sick only", "hide what is well and was well", FLAG(view.sick_only), toggle_sick_only },
	{ "follow", "select the worst listener, whichever it is", FLAG(view.follow),
	  toggle_follow },
	{ "frozen", "the order does not change", FLAG(view.frozen), toggle_freeze },
	{ "list only", "the list has the whole screen", FLAG(list_only), toggle_list_only },
	{ "mouse", "clicks and the wheel work; Shift selects text", FLAG(mouse), toggle_mouse },
};

static const struct field *nth_column(size_t n)
{
	for (size_t i = 0; i < FIELD_N; i++)
		if (field_table[i].name && !n--)
			return &field_table[i];
	return NULL;
}

static void fill_setup(struct session *s)
{
	const struct field *f;

	menu_begin(&s->menu, "Setup");
	for (size_t i = 0; i < ARRAY_SIZE(toggles); i++)
		menu_add(&s->menu, *((const char *)s + toggles[i].flag) ? 'x' : ' ',
			 toggles[i].name, toggles[i].help);
	for (size_t i = 0; (f = nth_column(i)); i++)
		menu_add(&s->menu, columns_have(&s->columns, f) ? 'x' : ' ', f->name, f->help);
}

/*
 * The @n-th column of the list that sorts otherwise than the ones before it, and than worst first
 * does, which the state would.
 */
static const struct listing_column *nth_sorting(const struct listing *l, size_t n)
{
	uint64_t seen = 0; /* bits by enum field_id */

	for (size_t i = 0; i < l->n; i++) {
		const struct field *f = l->columns[i].field;
		const uint64_t bit = UINT64_C(1) << (f - field_table);

		if (f->order == ORDER_STATE || seen & bit)
			continue;
		if (!n--)
			return &l->columns[i];
		seen |= bit;
	}
	return NULL;
}

static void fill_sort(struct session *s)
{
	const struct listing_column *column;

	menu_begin(&s->menu, "Sort by");
	menu_add(&s->menu, s->view.sort ? ' ' : 'x', "worst first", "");
	s->menu.cursor = 0;
	for (size_t i = 0; (column = nth_sorting(&s->layout, i)); i++) {
		const bool sorts = s->view.sort == column->field;

		menu_add(&s->menu, sorts ? 'x' : ' ', listing_title(&s->layout, column),
			 column->field->help);
		if (sorts)
			s->menu.cursor = i + 1;
	}
}

static void toggle_choice(struct session *s)
{
	const size_t at = s->menu.cursor;

	if (at < ARRAY_SIZE(toggles)) {
		toggles[at].run(s);
	} else {
		columns_toggle(&s->columns, nth_column(at - ARRAY_SIZE(toggles)));
		listing_choose(&s->layout, &s->columns);
		session_hurry(s);
	}
	fill_setup(s);
}

static void sort_as_chosen(struct session *s)
{
	const size_t at = s->menu.cursor;

	view_sort_on(&s->view, at ? nth_sorting(&s->layout, at - 1)->field : NULL,
		     clock_monotonic_ns());
	show_page(s, PAGE_LIST);
}

static void toggle_sort(struct session *s)
{
	toggle_page(s, PAGE_SORT);
}

void key_choose(struct session *s)
{
	switch (s->page) {
	case PAGE_SETUP:
		toggle_choice(s);
		break;
	case PAGE_SORT:
		sort_as_chosen(s);
		break;
	case PAGE_EVENTS:
		show_page(s, PAGE_LIST);
		travel_to_event(s, s->events.cursor);
		break;
	case PAGE_LIST:
		open_selected(s);
		break;
	default:
		show_page(s, PAGE_LIST);
	}
}

static void refresh_or_choose(struct session *s)
{
	if (s->page == PAGE_SETUP || s->page == PAGE_SORT)
		key_choose(s);
	else if (s->player)
		toggle_pause(s);
	else
		sampler_end_window(s->sampler);
}

/* clang-format off */
const struct key key_table[] = {
	{ .section = "General", .codes = { 'q', KEY_F(10) }, .name = "q F10",
	  .bar = { 10, "F10", "Quit" }, .pages = ALL | EARLY, .run = quit,
	  .help = "quit; elsewhere: back" },
	{ .codes = { '?', 'h', KEY_F(1) }, .name = "? h F1", .bar = { 1, "F1", "Help" },
	  .pages = ALL | EARLY, .run = toggle_help, .help = "this help" },
	{ .codes = { 'c', KEY_F(2) }, .name = "c F2", .bar = { 2, "F2", "Setup" }, .pages = ALL,
	  .run = toggle_setup, .help = "setup: columns and more" },
	{ .codes = { '\r', '\n', KEY_ENTER }, .name = "Enter", .bar = { 11, "Enter ", "Detail" },
	  .pages = ALL, .run = key_choose, .help = "open it; i: also a group" },
	{ .codes = { 'i' }, .name = "i", .pages = ALL, .run = toggle_detail },
	{ .codes = { 'e' }, .name = "e", .bar = { 13, "e ", "Events" }, .pages = ALL,
	  .run = toggle_events, .help = "events; Enter goes there" },
	{ .codes = { ESCAPE }, .name = "Esc", .pages = ALL, .run = go_back,
	  .help = "back; end filter; go live" },
	{ .codes = { '\t' }, .name = "Tab", .pages = DETAIL, .run = next_section,
	  .help = "next block of a page" },
	{ .codes = { 'w' }, .name = "w", .bar = { 14, "w ", "Save" }, .pages = ALL,
	  .run = ask_for_file, .help = "save JSON; .md: incident" },
	{ .codes = { CTRL('L') }, .name = "Ctrl-L", .pages = ALL, .run = redraw,
	  .help = "draw the screen anew" },

	{ .section = "Move", .codes = { KEY_UP, 'k' }, .name = "Up k", .pages = ALL, .run = move_up,
	  .help = "a line up, down" },
	{ .codes = { KEY_DOWN, 'j' }, .name = "Down j", .pages = ALL, .run = move_down },
	{ .codes = { KEY_PPAGE }, .name = "PgUp", .pages = ALL, .run = page_up,
	  .help = "a screen; past: a minute" },
	{ .codes = { KEY_NPAGE }, .name = "PgDn", .pages = ALL, .run = page_down },
	{ .codes = { KEY_HOME, 'g' }, .name = "Home g", .pages = ALL, .run = move_first,
	  .help = "to the first, to the last" },
	{ .codes = { KEY_END, 'G' }, .name = "End G", .pages = ALL, .run = move_last },
	{ .codes = { KEY_RIGHT }, .name = "Right", .pages = LIST, .run = unfold,
	  .help = "unfold, fold the group" },
	{ .codes = { KEY_LEFT }, .name = "Left", .pages = LIST, .run = fold },
	{ .codes = { 'F' }, .name = "F", .pages = LIST, .run = toggle_follow,
	  .help = "follow the worst listener" },

	{ .section = "Time", .codes = { 'p', 'Z', KEY_F(9) }, .name = "p Z F9",
	  .bar = { 9, "F9", "Pause" }, .pages = LIST | DETAIL, .run = toggle_pause,
	  .help = "hold the screen, or go on" },
	{ .codes = { 't', KEY_F(7) }, .name = "t F7", .bar = { 7, "F7", "<Time" },
	  .pages = LIST | DETAIL, .run = travel_back, .help = "a window back, forward" },
	{ .codes = { 'T', KEY_F(8) }, .name = "T F8", .bar = { 8, "F8", "Time>" },
	  .pages = LIST | DETAIL, .run = travel_forward },
	{ .codes = { '[' }, .name = "[", .pages = LIST | DETAIL, .run = travel_event_back,
	  .help = "an event; to either end" },
	{ .codes = { ']' }, .name = "]", .pages = LIST | DETAIL, .run = travel_event_forward },
	{ .codes = { '{' }, .name = "{", .pages = LIST | DETAIL, .run = travel_to_first },
	{ .codes = { '}' }, .name = "}", .pages = LIST | DETAIL, .run = travel_to_last },
	{ .codes = { 'f' }, .name = "f", .pages = LIST | DETAIL, .run = toggle_speed,
	  .help = "replay: 20x, go to a time" },
	{ .codes = { '@' }, .name = "@", .pages = LIST | DETAIL, .run = ask_for_time },
	{ .codes = { ' ' }, .name = "Space", .pages = LIST | DETAIL | SETUP | SORT,
	  .run = refresh_or_choose, .help = "window: end it, its length" },
	{ .codes = { 'd' }, .name = "d", .pages = LIST | DETAIL, .run = ask_for_delay },
	{ .codes = { '+' }, .name = "+", .pages = LIST | DETAIL, .run = longer_window },
	{ .codes = { '-' }, .name = "-", .pages = LIST | DETAIL, .run = shorter_window },
	{ .codes = { 'r' }, .name = "r", .pages = LIST | DETAIL, .run = reset_sums,
	  .help = "begin all sums anew" },

	{ .section = "Choose", .codes = { '/', KEY_F(3) }, .name = "/ F3",
	  .bar = { 3, "F3", "Find" }, .pages = LIST, .run = ask_for_text, .help = "find a text" },
	{ .codes = { 'n' }, .name = "n", .pages = LIST, .run = find_next,
	  .help = "find the next, previous" },
	{ .codes = { 'N' }, .name = "N", .pages = LIST, .run = find_previous },
	{ .codes = { '\\', KEY_F(4) }, .name = "\\ F4", .bar = { 4, "F4", "Filter" },
	  .pages = LIST, .run = ask_for_filter, .help = "only what matches a filter" },
	{ .codes = { 's' }, .name = "s", .bar = { 12, "s ", "Sick only" }, .pages = LIST,
	  .run = toggle_sick_only, .help = "only the sick, or all" },
	{ .codes = { 'u', KEY_F(5) }, .name = "u F5", .bar = { 5, "F5", "Group" }, .pages = LIST,
	  .run = toggle_groups, .help = "groups folded, or not" },
	{ .codes = { 'x' }, .name = "x", .bar = { 15, "x ", "UNIX" }, .pages = LIST,
	  .run = toggle_unix, .help = "UNIX listeners too, or not" },
	{ .codes = { 'a' }, .name = "a", .bar = { 16, "a ", "All" }, .pages = LIST,
	  .run = toggle_list_only, .help = "the list on all lines" },
	{ .codes = { KEY_F(6) }, .name = "F6", .bar = { 6, "F6", "Sort" }, .pages = LIST | SORT,
	  .run = toggle_sort, .help = "choose what to sort by" },
	{ .codes = { '<' }, .name = "<", .pages = LIST, .run = sort_previous,
	  .help = "sort: column left, right" },
	{ .codes = { '>' }, .name = ">", .pages = LIST, .run = sort_next },
	{ .codes = { 'I' }, .name = "I", .pages = LIST, .run = invert,
	  .help = "sort inverted; freeze it" },
	{ .codes = { 'o' }, .name = "o", .pages = LIST, .run = toggle_freeze },
};
/* clang-format on */

const size_t key_table_n = ARRAY_SIZE(key_table);

static void answer(struct session *s, int code)
{
	const struct question *question = s->prompt.question;

	switch (prompt_key(&s->prompt, code)) {
	case PROMPT_UNCHANGED:
		break;
	case PROMPT_CHANGED:
		if (question->typed)
			question->typed(s);
		break;
	case PROMPT_DONE:
		if (question->answered(s))
			s->prompt.question = NULL;
		break;
	case PROMPT_CANCELLED:
		s->prompt.question = NULL;
		break;
	}
}

static const struct key *find_key(int code)
{
	for (size_t i = 0; i < key_table_n; i++)
		for (size_t j = 0; j < KEY_CODES_MAX && key_table[i].codes[j]; j++)
			if (key_table[i].codes[j] == code)
				return &key_table[i];
	return NULL;
}

void key_press(struct session *s, int code)
{
	const struct key *key;

	s->message.len = 0;
	if (code == KEY_RESIZE) {
		if (getmaxx(stdscr) < 2) /* else getch() draws what was there; see draw_screen() */
			erase();
		return;
	}
	if (s->prompt.question) {
		answer(s, code);
		return;
	}
	key = find_key(code);
	if (key && key->pages & 1u << s->page && (s->view.report.snapshot || key->pages & EARLY))
		key->run(s);
}

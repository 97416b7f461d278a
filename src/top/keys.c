/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/keys.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "model/window.h"
#include "output/json.h"
#include "output/sink.h"

#include <curses.h>
#include <string.h>

#define CTRL(letter) ((letter)&0x1f)
#define ESCAPE	     27

/* The pages on which a key works, and whether it works before the first sample. */
enum {
	LIST = 1 << PAGE_LIST,
	DETAIL = 1 << PAGE_DETAIL,
	HELP = 1 << PAGE_HELP,
	COLUMNS = 1 << PAGE_COLUMNS,
	ALL = LIST | DETAIL | HELP | COLUMNS,
	EARLY = 1 << 8,
};

/* The windows that "+" and "-" step through, in seconds. */
static const double delays[] = { 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60 };

const char *const key_hints[] = {
	[PAGE_DETAIL] = "Esc back  Tab next block  Up and Down scroll  p pause",
	[PAGE_HELP] = "Esc back  Up and Down scroll",
	[PAGE_COLUMNS] = "Space show or hide  Esc back",
};

static void show_page(struct session *s, enum session_page page)
{
	s->page = page;
	s->help_offset = 0;
	if (page == PAGE_DETAIL) {
		s->detail = (struct detail){ 0 };
		view_select(&s->view, s->view.cursor, clock_monotonic_ns());
		s->detailed = s->view.selected;
	}
	session_request(s);
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

static void toggle_columns(struct session *s)
{
	toggle_page(s, PAGE_COLUMNS);
}

static void set_unfolded(struct session *s, bool unfold)
{
	const struct row *row = view_selected(&s->view);
	const enum view_branch branch = row ? view_branch(&s->view, s->view.cursor) : VIEW_ALONE;
	const size_t members = s->view.n_members;

	view_unfold(&s->view, unfold, clock_monotonic_ns());
	if (unfold && branch == VIEW_FOLDED && s->view.n_members == members)
		session_say(s, "The filter, or f, hides all of its %u sockets.",
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

static void set_filter(struct session *s, const char *text)
{
	struct error why;

	s->draft.len = 0;
	strbuf_adds(&s->draft, text);
	if (session_filter(s, text, &why) < 0)
		session_say(s, "%s", why.text);
}

static void go_back(struct session *s)
{
	if (s->page != PAGE_LIST)
		show_page(s, PAGE_LIST);
	else
		set_filter(s, "");
}

static void next_section(struct session *s)
{
	detail_next(&s->detail);
}

static void write_report(struct session *s)
{
	const char *path = s->prompt.answer.s;
	struct error why;
	struct sink sink;

	if (!*path)
		return;
	clearok(curscr, TRUE); /* the file may be this terminal */
	if (!strcmp(path, "-")) { /* sink_open() takes it for standard output */
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
	static const struct question question = { "Write JSON to file: ", NULL, write_report };
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
	prompt_begin(&s->prompt, &question, name.s);
	strbuf_free(&name);
}

static void redraw(struct session *s)
{
	(void)s;
	clearok(curscr, TRUE);
}

/* Move */

static void move_by(struct session *s, long by)
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
	case PAGE_COLUMNS:
		menu_move(&s->menu, by);
		break;
	case PAGE_EVENTS:
		events_move(&s->events, by);
		break;
	}
}

static void move_up(struct session *s)
{
	move_by(s, -1);
}

static void move_down(struct session *s)
{
	move_by(s, 1);
}

static void page_up(struct session *s)
{
	move_by(s, -(long)session_page_rows(s));
}

static void page_down(struct session *s)
{
	move_by(s, (long)session_page_rows(s));
}

static void move_first(struct session *s)
{
	move_by(s, -(1L << 30));
}

static void move_last(struct session *s)
{
	move_by(s, 1L << 30);
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

static void find_answered(struct session *s)
{
	find_typed(s);
	find_from(s, 0);
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

static void filter_answered(struct session *s)
{
	set_filter(s, s->prompt.answer.s);
}

static void ask_for_filter(struct session *s)
{
	static const struct question question = { "Filter: ", NULL, filter_answered };

	prompt_begin(&s->prompt, &question, s->draft.s);
}

static void toggle_full(struct session *s)
{
	s->view.selection.only_full = !s->view.selection.only_full;
	view_arrange(&s->view, clock_monotonic_ns());
}

static void toggle_groups(struct session *s)
{
	view_group(&s->view, !s->view.fold);
	columns_group(&s->columns, s->view.fold);
	listing_choose(&s->layout, &s->columns);
	playback_show(&s->playback, &s->view, clock_monotonic_ns());
	session_request(s);
}

static void sort_previous(struct session *s)
{
	view_sort_by(&s->view, -1, clock_monotonic_ns());
}

static void sort_next(struct session *s)
{
	view_sort_by(&s->view, 1, clock_monotonic_ns());
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
	playback_pause(&s->playback, !s->playback.paused, &s->view, clock_monotonic_ns());
}

static void step_back(struct session *s)
{
	if (!playback_step(&s->playback, 1, &s->view, clock_monotonic_ns()))
		session_say(s, "No older sample is kept.");
}

static void step_forward(struct session *s)
{
	if (!playback_step(&s->playback, -1, &s->view, clock_monotonic_ns()))
		session_say(s, "This is the newest sample.");
}

static void refresh_or_toggle(struct session *s)
{
	if (s->page != PAGE_COLUMNS) {
		sampler_end_window(s->sampler);
		return;
	}
	menu_toggle(&s->menu, &s->columns);
	listing_choose(&s->layout, &s->columns);
	session_request(s);
}

static void set_delay(struct session *s, double delay)
{
	s->request.delay = delay;
	sampler_request(s->sampler, &s->request);
}

static void delay_answered(struct session *s)
{
	const char *text = s->prompt.answer.s;
	double delay;

	if (num_parse_double(text, WINDOW_SECONDS_MIN, WINDOW_SECONDS_MAX, &delay) == 0)
		set_delay(s, delay);
	else
		session_say(s, "Not a number of seconds from %g to %g: %s", WINDOW_SECONDS_MIN,
			    WINDOW_SECONDS_MAX, text);
}

static void ask_for_delay(struct session *s)
{
	static const struct question question = { "Seconds between samples: ", NULL,
						  delay_answered };
	char delay[32];

	snprintf(delay, sizeof(delay), "%g", s->request.delay);
	prompt_begin(&s->prompt, &question, delay);
}

static void longer_window(struct session *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(delays); i++)
		if (delays[i] > s->request.delay) {
			set_delay(s, delays[i]);
			return;
		}
}

static void shorter_window(struct session *s)
{
	for (size_t i = ARRAY_SIZE(delays); i-- > 0;)
		if (delays[i] < s->request.delay) {
			set_delay(s, delays[i]);
			return;
		}
}

static void reset_sums(struct session *s)
{
	history_restart_sums(s->playback.history);
	session_say(s, "The sums of the counters begin anew.");
}

/* clang-format off */
const struct key key_table[] = {
	{ .section = "General", .codes = { 'q', KEY_F(10) }, .name = "q F10", .bar = "q Quit",
	  .pages = ALL | EARLY, .run = quit, .help = "quit; on another page: back to the list" },
	{ .codes = { '?', 'h', KEY_F(1) }, .name = "? h F1", .bar = "? Help", .pages = ALL | EARLY,
	  .run = toggle_help, .help = "this help" },
	{ .codes = { '\r', '\n', KEY_ENTER }, .name = "Enter", .bar = "Enter Detail", .pages = ALL,
	  .run = open_selected,
	  .help = "what is in the queues of the selected listener; a group: unfold it, or fold it again" },
	{ .codes = { 'i' }, .name = "i", .pages = ALL, .run = toggle_detail,
	  .help = "what is in the queues of the selected listener or group" },
	{ .codes = { ESCAPE }, .name = "Esc", .pages = ALL, .run = go_back,
	  .help = "back to the list; in the list: end the filter" },
	{ .codes = { '\t' }, .name = "Tab", .pages = DETAIL, .run = next_section,
	  .help = "in the detail: the next block" },
	{ .codes = { 'w' }, .name = "w", .pages = ALL, .run = ask_for_file,
	  .help = "write the report on the screen as JSON" },
	{ .codes = { CTRL('L') }, .name = "Ctrl-L", .pages = ALL, .run = redraw,
	  .help = "draw the screen anew" },

	{ .section = "Move", .codes = { KEY_UP, 'k' }, .name = "Up k", .pages = ALL, .run = move_up,
	  .help = "the listener above" },
	{ .codes = { KEY_DOWN, 'j' }, .name = "Down j", .pages = ALL, .run = move_down,
	  .help = "the listener below" },
	{ .codes = { KEY_RIGHT }, .name = "Right", .pages = LIST, .run = unfold,
	  .help = "unfold the group" },
	{ .codes = { KEY_LEFT }, .name = "Left", .pages = LIST, .run = fold,
	  .help = "fold the group, also from one of its sockets" },
	{ .codes = { KEY_PPAGE }, .name = "PgUp", .pages = ALL, .run = page_up,
	  .help = "a screen up" },
	{ .codes = { KEY_NPAGE }, .name = "PgDn", .pages = ALL, .run = page_down,
	  .help = "a screen down" },
	{ .codes = { KEY_HOME, 'g' }, .name = "Home g", .pages = ALL, .run = move_first,
	  .help = "the first" },
	{ .codes = { KEY_END, 'G' }, .name = "End G", .pages = ALL, .run = move_last,
	  .help = "the last" },
	{ .codes = { 'F' }, .name = "F", .bar = "F Follow", .pages = LIST, .run = toggle_follow,
	  .help = "follow the worst listener; moving the cursor or Enter ends it" },

	{ .section = "Choose", .codes = { '/', KEY_F(3) }, .name = "/ F3", .bar = "/ Find",
	  .pages = LIST, .run = ask_for_text, .help = "find a text" },
	{ .codes = { 'n' }, .name = "n", .pages = LIST, .run = find_next, .help = "find the next" },
	{ .codes = { 'N' }, .name = "N", .pages = LIST, .run = find_previous,
	  .help = "find the one before" },
	{ .codes = { '\\', KEY_F(4) }, .name = "\\ F4", .bar = "\\ Filter", .pages = LIST,
	  .run = ask_for_filter, .help = "show only listeners that match" },
	{ .codes = { 'f' }, .name = "f", .bar = "f Full", .wide = true, .pages = LIST,
	  .run = toggle_full, .help = "show only those with a fill or peak of 80%, or of -f" },
	{ .codes = { 'u' }, .name = "u", .pages = LIST, .run = toggle_groups,
	  .help = "a row for each SO_REUSEPORT group, or for each listener" },
	{ .codes = { '<' }, .name = "<", .bar = "<> Sort", .pages = LIST, .run = sort_previous,
	  .help = "sort by the column on the left" },
	{ .codes = { '>', KEY_F(6) }, .name = "> F6", .pages = LIST, .run = sort_next,
	  .help = "sort by the column on the right; beyond the last: worst first" },
	{ .codes = { 'I' }, .name = "I", .pages = LIST, .run = invert,
	  .help = "the other way round" },
	{ .codes = { 'o' }, .name = "o", .bar = "o Freeze", .wide = true, .pages = LIST,
	  .run = toggle_freeze, .help = "freeze the order, or let it go on" },
	{ .codes = { 'c' }, .name = "c", .bar = "c Columns", .wide = true, .pages = ALL,
	  .run = toggle_columns, .help = "choose the columns" },

	{ .section = "Time", .codes = { 'p', 'Z' }, .name = "p Z", .bar = "p Pause",
	  .pages = LIST | DETAIL, .run = toggle_pause,
	  .help = "hold the screen, or go on; sampling does not stop" },
	{ .codes = { 't' }, .name = "t", .bar = "t Back", .wide = true, .pages = LIST | DETAIL,
	  .run = step_back, .help = "one window back, up to ten minutes" },
	{ .codes = { 'T' }, .name = "T", .pages = LIST | DETAIL, .run = step_forward,
	  .help = "one window forward" },
	{ .codes = { ' ' }, .name = "Space", .pages = LIST | DETAIL | COLUMNS,
	  .run = refresh_or_toggle,
	  .help = "end the window now; among the columns: show or hide one" },
	{ .codes = { 'd' }, .name = "d", .bar = "d Delay", .pages = LIST | DETAIL,
	  .run = ask_for_delay, .help = "set the length of the window, in seconds" },
	{ .codes = { '+' }, .name = "+", .pages = LIST | DETAIL, .run = longer_window,
	  .help = "a longer window" },
	{ .codes = { '-' }, .name = "-", .pages = LIST | DETAIL, .run = shorter_window,
	  .help = "a shorter window" },
	{ .codes = { 'r' }, .name = "r", .pages = LIST | DETAIL, .run = reset_sums,
	  .help = "begin the sums of the counters anew" },
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
		question->answered(s);
		s->prompt.question = NULL;
		break;
	case PROMPT_CANCELLED:
		s->prompt.question = NULL;
		break;
	}
}

static void click(struct session *s, int y, int x)
{
	const struct session_parts parts = session_parts(s);
	const size_t index = s->view.offset + (size_t)(y - parts.list.y);

	if (parts.header.lines && y == parts.header.y) {
		view_sort_on(&s->view, listing_field_at(&s->layout, (size_t)x),
			     clock_monotonic_ns());
	} else if (y >= parts.list.y && y < parts.list.y + parts.list.lines &&
		   index < s->view.report.n_shown) {
		bool again = index == s->view.cursor && !s->view.follow;

		view_select(&s->view, index, clock_monotonic_ns());
		if (again)
			open_selected(s);
	}
}

/* curses may report several events, such as a press and its release, as one key. */
static void take_mouse(struct session *s)
{
	MEVENT event;

	while (getmouse(&event) == OK) {
		if (s->page != PAGE_LIST)
			continue;
		if (event.bstate & BUTTON4_PRESSED)
			move_by(s, -3);
		else if (event.bstate & BUTTON5_PRESSED)
			move_by(s, 3);
		else if (event.bstate & BUTTON1_PRESSED)
			click(s, event.y, event.x);
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
	if (code == KEY_MOUSE) {
		take_mouse(s);
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

static int bar_width(void)
{
	int width = -1;

	for (size_t i = 0; i < key_table_n; i++)
		if (key_table[i].bar)
			width += (int)strlen(key_table[i].bar) + 1;
	return width;
}

/* What Enter does to the selected row. The words have one width, so that the bar does not move. */
static const char *word_for_open(const struct session *s)
{
	switch (view_selected(&s->view) ? view_branch(&s->view, s->view.cursor) : VIEW_ALONE) {
	case VIEW_FOLDED:
		return " Unfold";
	case VIEW_UNFOLDED:
		return " Fold  ";
	default:
		return " Detail";
	}
}

void key_draw_bar(const struct session *s, struct area a)
{
	struct paint p = paint_area(&s->screen, &a, 0);
	const bool all = bar_width() <= s->screen.cols;

	for (size_t i = 0; i < key_table_n; i++) {
		const struct key *key = &key_table[i];
		const char *word;

		if (!key->bar || (key->wide && !all) || p.x + (int)strlen(key->bar) > p.end)
			continue;
		word = strchr(key->bar, ' ');
		paint_text(&p, INK_STRONG, key->bar, (size_t)(word - key->bar));
		paint_string(&p, INK_PLAIN, key->run == open_selected ? word_for_open(s) : word);
		paint_blanks(&p, INK_PLAIN, 1);
	}
}

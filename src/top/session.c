/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/session.h"

#include "analyse/filter.h"
#include "base/clock.h"
#include "output/fields.h"
#include "output/sort.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_NS (5 * NSEC_PER_SEC)
#define LIST_LEAST 3 /* lines of the list, before the parts below it get any */
#define LIST_MAX   1000 /* no screen has so many */
#define PANEL	   7 /* lines of the panel, where there is room for them */

static void widen(uint64_t *age_ns, uint64_t to_ns)
{
	if (to_ns > *age_ns)
		*age_ns = to_ns;
}

void session_free(struct session *s)
{
	sampler_close(s->sampler);
	player_close(s->player);
	playback_free(&s->playback);
	filter_free(s->view.selection.filter);
	view_free(&s->view);
	census_free(&s->censuses);
	prompt_free(&s->prompt);
	menu_free(&s->menu);
	names_free(&s->services);
	names_free(&s->users);
	strbuf_free(&s->context.scratch);
	strbuf_free(&s->path);
	strbuf_free(&s->find);
	strbuf_free(&s->filter);
	strbuf_free(&s->message);
}

bool session_stands(const struct session *s)
{
	return s->player ? !player_runs(s->player) : s->playback.paused;
}

void session_say(struct session *s, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	s->message.len = 0;
	text_add_safe(&s->message, text, strlen(text), s->screen.utf8 ? 0 : TEXT_ASCII);
	s->message_until_ns = clock_monotonic_ns() + MESSAGE_NS;
}

/* Takes @lines lines from the top of @rest, or from its bottom. */
static struct area take_top(struct area *rest, int lines)
{
	struct area a = *rest;

	a.lines = lines < rest->lines ? lines : rest->lines;
	rest->y += a.lines;
	rest->lines -= a.lines;
	return a;
}

static struct area take_bottom(struct area *rest, int lines)
{
	struct area a = *rest;

	a.lines = lines < rest->lines ? lines : rest->lines;
	rest->lines -= a.lines;
	a.y = rest->y + rest->lines;
	return a;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/*
 * Below the list: the panel and the events, and on a bigger screen the graph and who waits. On a
 * wide one they stand in two columns.
 */
static void part_bottom(struct session_parts *l, struct area rest, bool wide)
{
	struct area right = rest;
	int upper = rest.lines;

	if (wide) {
		right.x = rest.end * 59 / 100;
		rest.end = right.x - SESSION_BORDER;
		if (rest.lines < 12) { /* side by side */
			l->panel = rest;
			l->events = right;
			return;
		}
		upper = rest.lines / 2 + 1;
		l->graph = take_top(&rest, upper);
		l->waits = rest;
		l->panel = take_top(&right, upper);
		l->events = right;
		return;
	}
	if (rest.lines <= PANEL + 5) {
		l->panel =
			take_top(&rest, rest.lines > PANEL ? PANEL : rest.lines - (rest.lines > 3));
		l->events = rest;
		return;
	}
	l->panel = take_top(&rest, rest.lines > 20 ? PANEL + 1 : PANEL);
	if (rest.lines >= 12)
		l->graph = take_top(&rest, rest.lines * 3 / 5);
	if (rest.lines >= 16)
		l->waits = take_top(&rest, rest.lines / 2);
	l->events = rest;
}

void session_fit(struct session *s)
{
	const struct report *report = &s->view.report;
	struct session_fit *fit = &s->fit;

	if (fit->rows != s->screen.rows || fit->cols != s->screen.cols ||
	    fit->fold != s->view.fold || fit->list_only != s->list_only ||
	    fit->n_unfolded != s->view.n_unfolded)
		*fit = (struct session_fit){ .rows = s->screen.rows,
					     .cols = s->screen.cols,
					     .fold = s->view.fold,
					     .list_only = s->list_only,
					     .n_unfolded = s->view.n_unfolded };
	if (report->n_shown > fit->list)
		fit->list = report->n_shown;
	if (report->n_netns > fit->namespaces)
		fit->namespaces = report->n_netns;
}

/* How many lines the parts of the list page take; those of the list are what is left. */
struct heights {
	int strip, counters, namespaces;
	int bottom; /* all parts below the list */
};

static struct heights choose_heights(const struct session *s)
{
	static const struct {
		int rows; /* of a screen that has at least so many */
		struct heights lines;
	} table[] = {
		{ 60, { 2, 3, 6, 28 } }, { 50, { 2, 3, 4, 23 } }, { 40, { 2, 2, 4, 19 } },
		{ 32, { 2, 2, 3, 14 } }, { 28, { 1, 2, 2, 11 } }, { 20, { 1, 2, 2, 8 } },
		{ 16, { 1, 1, 1, 5 } },	 { 14, { 1, 1, 1, 3 } },  { 12, { 0, 1, 1, 3 } },
		{ 10, { 0, 0, 0, 2 } },	 { 0, { 0, 0, 0, 0 } },
	};
	struct heights h;
	size_t i = 0;

	while (s->screen.rows < table[i].rows)
		i++;
	h = table[i].lines;
	h.namespaces = s->fit.namespaces > 1 ? least((int)s->fit.namespaces, h.namespaces) : 0;
	if (s->list_only)
		h = (struct heights){ 0 };
	return h;
}

struct session_parts session_parts(const struct session *s)
{
	const int rows = s->screen.rows, cols = s->screen.cols;
	const struct heights h = choose_heights(s);
	struct session_parts l = { 0 };
	struct area rest = { .lines = rows, .end = cols };
	int list;

	if (rows >= 3)
		l.title = take_top(&rest, 1);
	l.strip = take_top(&rest, h.strip);
	l.counters = take_top(&rest, h.counters);
	l.namespaces = take_top(&rest, h.namespaces);
	if (rows >= 5)
		l.header = take_top(&rest, 1);
	if (rows >= 8)
		l.bar = take_bottom(&rest, 1);
	/* The list leaves lines that it does not need to the parts below it. */
	list = (int)(s->fit.list < LIST_MAX ? s->fit.list : LIST_MAX);
	list = least(list > LIST_LEAST ? list : LIST_LEAST, rest.lines - h.bottom - (rows >= 10));
	if (h.bottom) {
		l.list = take_top(&rest, list);
		l.status = take_top(&rest, rows >= 10);
		part_bottom(&l, rest, cols >= 120);
	} else {
		l.status = take_bottom(&rest, rows >= 10);
		l.list = rest;
	}
	return l;
}

size_t session_page_rows(const struct session *s)
{
	const struct session_parts l = session_parts(s);

	switch (s->page) {
	case PAGE_DETAIL:
		return s->detail.page;
	case PAGE_LIST:
		return l.list.lines > 0 ? (size_t)l.list.lines : 1;
	case PAGE_SETUP:
	case PAGE_SORT:
		return s->menu.area.lines > 0 ? (size_t)s->menu.area.lines : 1;
	default:
		return (size_t)(s->screen.rows > 3 ? s->screen.rows - 2 : 1);
	}
}

struct phrase_context session_phrases(struct session *s)
{
	return (struct phrase_context){
		.report = &s->view.report,
		.history = s->playback.history,
		.back = s->playback.back,
		.fields = &s->context,
		.utf8 = s->screen.utf8,
		.replay = s->player != NULL,
	};
}

/* An age is the largest that any namespace has. */
struct listing_context session_listing(struct session *s)
{
	const struct snapshot *sample = s->view.report.snapshot;
	struct listing_context c = {
		.view = &s->view,
		.history = s->playback.history,
		.back = s->playback.back,
		.delay = s->request.delay,
		.utf8 = s->screen.utf8,
		.cols = (size_t)s->screen.cols,
	};

	for (size_t i = 0; sample && i < sample->n_netns; i++) {
		widen(&c.syn_age_ns, snapshot_age(sample, sample->netns[i].syn_recv_ns));
		widen(&c.wait_age_ns, snapshot_age(sample, sample->netns[i].waiting_ns));
	}
	return c;
}

static bool is_sick(const struct session *s, const struct row *row)
{
	const struct memory m = history_memory(s->playback.history, row, s->playback.back);

	return memory_is_sick(&m);
}

/* The port whose connections are on the screen; 0: none. */
static uint16_t shown_port(const struct session *s)
{
	const struct row *row = NULL;

	if (s->page == PAGE_DETAIL) {
		row = view_row_of(&s->view, s->detailed);
	} else if (s->page == PAGE_LIST && session_parts(s).waits.lines) {
		row = view_selected(&s->view);
		if (row && !is_sick(s, row))
			row = NULL;
	}
	return row && !row->gone && !listener_is_unix(row->listener) ? row->listener->addr.port : 0;
}

void session_request(struct session *s)
{
	const struct not_shown *not_shown = &s->view.report.not_shown;
	const struct row *selected = view_selected(&s->view);
	struct sampler_request next = s->request;

	if (!s->unix_off && (not_shown->unix_full.value || not_shown->unix_stalled.value))
		s->unix_too = true;
	next.needs = s->needs | columns_needs(&s->columns) |
		     filter_needs(s->view.selection.filter) | sort_needs(s->view.sort);
	if (s->unix_too)
		next.needs |= NEED_UNIX;
	if (selected && is_sick(s, selected)) /* whose it is, whatever the columns are */
		next.needs |= NEED_OWNERS;
	next.detail_port = shown_port(s);
	if (next.detail_port)
		next.needs |= NEED_CONNECTIONS | NEED_WAIT | NEED_GROUPS;
	if (!s->peaks)
		next.needs &= ~(unsigned int)NEED_PEAK;
	if (next.needs == s->request.needs && next.detail_port == s->request.detail_port)
		return;
	s->request = next;
	if (s->sampler)
		sampler_request(s->sampler, &s->request);
}

void session_hurry(struct session *s)
{
	session_request(s);
	if (s->sampler && !s->playback.paused)
		sampler_hurry(s->sampler);
}

int session_filter(struct session *s, const char *text, struct error *why,
		   struct filter_mistake *mistake)
{
	const struct filter_source source = field_filter_source(&s->context);
	struct selection *selection = &s->view.selection;
	struct filter *filter;
	int code = filter_parse(text, &source, &filter, why, mistake);

	if (code < 0)
		return code;
	filter_free(selection->filter);
	selection->filter = filter;
	selection->family = filter_family(filter);
	if (selection->family == AF_UNSPEC)
		selection->family = s->family;
	s->filter.len = 0;
	strbuf_adds(&s->filter, text);
	s->fit = (struct session_fit){ 0 };
	session_hurry(s);
	if (s->view.report.snapshot)
		view_arrange(&s->view, clock_monotonic_ns());
	return 0;
}

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

static void widen(uint64_t *age_ns, uint64_t to_ns)
{
	if (to_ns > *age_ns)
		*age_ns = to_ns;
}

void session_free(struct session *s)
{
	sampler_close(s->sampler);
	playback_free(&s->playback);
	filter_free(s->view.selection.filter);
	view_free(&s->view);
	census_free(&s->censuses);
	layout_free(&s->layout);
	strbuf_free(&s->prompt.answer);
	names_free(&s->services);
	names_free(&s->users);
	strbuf_free(&s->context.scratch);
	strbuf_free(&s->find);
	strbuf_free(&s->draft);
	strbuf_free(&s->message);
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

/* A line between two columns of parts has a blank on each side. */
#define BORDER 3

/* Below the list: the panel, and on a big screen more. */
static void part_bottom(struct session_parts *l, struct area rest, bool wide)
{
	struct area right = rest;
	int middle = rest.lines / 2;

	if (wide) {
		right.x = rest.end * 59 / 100;
		rest.end = right.x - BORDER;
		l->graph = take_top(&rest, middle);
		l->waits = rest;
		l->panel = take_top(&right, middle);
		l->events = right;
		return;
	}
	l->panel = take_top(&rest, 7);
	if (rest.lines >= 12)
		l->graph = take_top(&rest, rest.lines / 2);
	l->events = rest;
}

struct session_parts session_parts(const struct session *s)
{
	const int rows = s->screen.rows, cols = s->screen.cols;
	const bool wide = rows >= 32 && cols >= 120;
	const size_t n_netns = s->view.report.n_netns;
	struct session_parts l = { 0 };
	struct area rest = { .lines = rows, .end = cols };
	int list, bottom;

	if (rows >= 3)
		l.title = take_top(&rest, 1);
	if (rows >= 16)
		l.strip = take_top(&rest, rows >= 32 ? 2 : 1);
	if (rows >= 12)
		l.counters = take_top(&rest, rows >= 50 ? 3 : rows >= 20 ? 2 : 1);
	if (rows >= 12 && n_netns > 1)
		l.namespaces = take_top(&rest, least((int)least(16, (int)n_netns), rows >= 40 ? 4 :
										   rows >= 20 ? 2 :
												1));
	if (rows >= 5)
		l.header = take_top(&rest, 1);
	if (rows >= 8)
		l.bar = take_bottom(&rest, 1);
	bottom = rows >= 32 ? rows / 2 - 2 : rows >= 20 ? 8 : rows >= 16 ? 5 : rows >= 12 ? 3 : 0;
	/* The list leaves lines that it does not need to the parts below it. */
	list = (int)(s->view.report.n_shown < 1000 ? s->view.report.n_shown : 1000);
	list = least(list > 3 ? list : 3, rest.lines - bottom - (rows >= 10));
	if (bottom) {
		l.list = take_top(&rest, list);
		l.status = take_top(&rest, rows >= 10);
		part_bottom(&l, rest, wide);
	} else {
		l.status = take_bottom(&rest, rows >= 10);
		l.list = rest;
	}
	return l;
}

size_t session_page_rows(const struct session *s)
{
	const struct session_parts l = session_parts(s);

	if (s->page == PAGE_DETAIL)
		return s->detail.page;
	if (s->page != PAGE_LIST)
		return (size_t)(s->screen.rows > 3 ? s->screen.rows - 2 : 1);
	return l.list.lines > 0 ? (size_t)l.list.lines : 1;
}

struct phrase_context session_phrases(struct session *s)
{
	return (struct phrase_context){
		.report = &s->view.report,
		.history = s->playback.history,
		.back = s->playback.back,
		.fields = &s->context,
		.utf8 = s->screen.utf8,
		.cols = (size_t)s->screen.cols,
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

void session_request(struct session *s)
{
	const struct row *row = view_row_of(&s->view, s->detailed);
	const unsigned int before = s->request.needs;

	s->request.needs = s->needs | columns_needs(&s->columns) |
			   filter_needs(s->view.selection.filter) | sort_needs(s->view.sort);
	s->request.detail_port = 0;
	if (s->page == PAGE_DETAIL && row && !listener_is_unix(row->listener)) {
		s->request.needs |= NEED_CONNECTIONS | NEED_WAIT | NEED_GROUPS;
		s->request.detail_port = row->listener->addr.port;
	}
	if (!s->peaks)
		s->request.needs &= ~(unsigned int)NEED_PEAK;
	if (s->sampler) {
		sampler_request(s->sampler, &s->request);
		/* The values of new needs would be unknown until this window ends. */
		if (s->request.needs & ~before && !s->playback.paused)
			sampler_end_window(s->sampler);
	}
}

int session_filter(struct session *s, const char *text, struct error *why)
{
	const struct filter_source source = field_filter_source(&s->context);
	struct selection *selection = &s->view.selection;
	struct filter *filter;
	int code = filter_parse(text, &source, &filter, why, NULL);

	if (code < 0)
		return code;
	filter_free(selection->filter);
	selection->filter = filter;
	selection->family = filter_family(filter);
	if (selection->family == AF_UNSPEC)
		selection->family = s->family;
	session_request(s);
	if (s->view.report.snapshot)
		view_arrange(&s->view, clock_monotonic_ns());
	return 0;
}

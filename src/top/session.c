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
#define HINT_MAX   6 /* lines about the selected listener */

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

struct session_lines session_lines(const struct session *s)
{
	const int rows = s->screen.rows;
	const size_t listed = s->view.report.n_shown;
	struct session_lines l = { .title = -1, .header = -1, .bar = -1 };
	int y = 0, end = rows;

	if (rows >= 8)
		l.title = y++;
	l.verdict = y++;
	if (rows >= 12) {
		l.counters = y;
		l.n_counters = rows >= 40 ? 3 : rows >= 20 ? 2 : 1;
		y += l.n_counters + (rows >= 20);
	}
	if (rows >= 5)
		l.header = y++;
	if (rows >= 8)
		l.bar = --end;
	if (rows >= 12) {
		l.n_hint = rows >= 40 ? 4 : rows >= 20 ? 2 : 1;
		l.hint = end -= l.n_hint;
	}
	/* The hint gets the lines that the list does not need. */
	while (l.n_hint && l.n_hint < HINT_MAX && l.hint - y > (int)listed + 1 &&
	       listed < (size_t)rows) {
		l.n_hint++;
		end = --l.hint;
	}
	l.list = y;
	l.list_end = end > y ? end : y;
	return l;
}

size_t session_page_rows(const struct session *s)
{
	const struct session_lines l = session_lines(s);

	if (s->page == PAGE_DETAIL)
		return s->detail.page;
	if (s->page != PAGE_LIST)
		return (size_t)(s->screen.rows > 3 ? s->screen.rows - 2 : 1);
	return l.list_end > l.list ? (size_t)(l.list_end - l.list) : 1;
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
	int code = filter_parse(text, &source, &filter, why);

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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/top.h"

#include "analyse/filter.h"
#include "base/clock.h"
#include "output/fields.h"
#include "output/sort.h"
#include "top/act.h"
#include "top/draw.h"
#include "top/session.h"
#include "top/terminal.h"

#include <curses.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>

#define MESSAGE_NS (5 * NSEC_PER_SEC)

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

static void widen(uint64_t *age_ns, uint64_t to_ns)
{
	if (to_ns > *age_ns)
		*age_ns = to_ns;
}

/* Of several namespaces the one where it is oldest counts. */
struct listing_context session_listing(struct session *s)
{
	const struct snapshot *sample = s->view.report.snapshot;
	struct listing_context c = {
		.view = &s->view,
		.history = s->playback.history,
		.back = s->playback.back,
		.delay = s->request.delay,
	};

	for (size_t i = 0; sample && i < sample->n_netns; i++) {
		widen(&c.syn_age_ns, snapshot_age(sample, sample->netns[i].syn_recv_ns));
		widen(&c.wait_age_ns, snapshot_age(sample, sample->netns[i].waiting_ns));
	}
	return c;
}

const struct row *session_detailed(const struct session *s)
{
	return view_row_of(&s->view, s->detailed);
}

void session_request(struct session *s)
{
	const struct row *row = session_detailed(s);
	const unsigned int before = s->request.needs;

	s->request.needs = s->config->needs | columns_needs(&s->columns) |
			   filter_needs(s->view.selection.filter) | sort_needs(s->view.sort);
	s->request.detail_port = 0;
	if (s->page == PAGE_DETAIL && row && !listener_is_unix(row->listener)) {
		s->request.needs |= NEED_CONNECTIONS | NEED_WAIT | NEED_GROUPS;
		s->request.detail_port = row->listener->addr.port;
	}
	if (!s->config->peaks)
		s->request.needs &= ~(unsigned int)NEED_PEAK;
	if (s->sampler) {
		sampler_request(s->sampler, &s->request);
		/* What is new would be unknown for the rest of the window. */
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
		selection->family = s->config->selection.family;
	session_request(s);
	if (s->view.report.snapshot)
		view_arrange(&s->view, clock_monotonic_ns());
	return 0;
}

static uint64_t cpu_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * NSEC_PER_SEC +
	       ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000;
}

static void measure_cpu(struct session *s, uint64_t clock_ns)
{
	uint64_t used = cpu_ns();

	if (s->cpu_read_ns)
		s->cpu_share = (double)(used - s->cpu_ns) / (double)(clock_ns - s->cpu_read_ns);
	s->cpu_ns = used;
	s->cpu_read_ns = clock_ns;
}

/*
 * Takes the sample that is there, if any. One that could not be had is said, unless there has been
 * none at all: then the view cannot begin.
 */
static int take_sample(struct session *s, bool *dirty, struct error *why)
{
	uint64_t clock_ns = clock_monotonic_ns();
	int code = playback_take(&s->playback, s->sampler, &s->view, clock_ns, why);

	if (code < 0 && !s->playback.n)
		return code;
	if (code < 0)
		session_say(s, "%s", why->text);
	if (code > 0)
		measure_cpu(s, clock_ns);
	*dirty |= code != 0;
	return 0;
}

/* What ends by itself after a while: a message, the hold of the order. */
static int next_end_ms(const struct session *s, uint64_t clock_ns)
{
	uint64_t next = UINT64_MAX;

	if (s->message.len)
		next = s->message_until_ns;
	if (!s->view.frozen && s->view.held_until_ns && s->view.held_until_ns < next)
		next = s->view.held_until_ns;
	if (next == UINT64_MAX)
		return -1;
	return next <= clock_ns ? 0 : (int)((next - clock_ns) / 1000000 + 1);
}

static bool end_what_is_over(struct session *s)
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

static int loop(struct session *s, struct error *why)
{
	bool dirty = true;

	while (!s->quit && !terminal_ended_by()) {
		int key, code;

		dirty |= terminal_stop_if_asked();
		if (terminal_ended_by()) /* meanwhile; the terminal is somebody else's */
			break;
		code = take_sample(s, &dirty, why);
		if (code < 0)
			return code;
		while (!s->quit && (key = getch()) != ERR) {
			act_key(s, key);
			dirty = true;
		}
		dirty |= end_what_is_over(s);
		if (s->quit)
			break;
		if (dirty) {
			terminal_size(&s->screen);
			draw_screen(s);
			dirty = false;
		}
		terminal_wait(sampler_fd(s->sampler), next_end_ms(s, clock_monotonic_ns()));
	}
	return 0;
}

static void free_session(struct session *s)
{
	sampler_close(s->sampler);
	playback_free(&s->playback);
	filter_free(s->view.selection.filter);
	view_free(&s->view);
	listing_free(&s->listing);
	prompt_free(&s->prompt);
	names_free(&s->services);
	names_free(&s->users);
	strbuf_free(&s->context.scratch);
	strbuf_free(&s->find);
	strbuf_free(&s->draft);
	strbuf_free(&s->message);
}

int top_run(const struct top_config *config, int *ended_by, struct error *why)
{
	struct session s = { .config = config };
	int code;

	s.screen = (struct screen){ .color = config->color, .utf8 = config->utf8 };
	s.columns = config->columns;
	listing_choose(&s.listing, &s.columns);
	if (config->resolve)
		s.context.services = &s.services;
	s.context.users = &s.users;
	s.view.columns = &s.columns;
	s.view.context = &s.context;
	s.view.fold = config->fold;
	s.view.selection = config->selection;
	s.view.sort = config->sort;
	s.view.descending = config->descending;
	if (!s.view.selection.only_full)
		s.view.selection.fill = FILL_HIGH; /* for the key that asks for it */
	s.view.follow = true;
	s.request.delay = config->delay;
	playback_begin(&s.playback);

	strbuf_adds(&s.draft, config->filter);
	code = session_filter(&s, config->filter, why);
	/* Then the terminal: it is the user's to choose, and what it lacks is said at once. */
	if (code == 0)
		code = terminal_open(&s.screen, config->mouse, why);
	if (code == 0) {
		code = sampler_open(&s.sampler, config->source, &s.request, why);
		if (code == 0)
			code = loop(&s, why);
		terminal_close(&s.screen);
	}
	*ended_by = terminal_ended_by();
	free_session(&s);
	return code;
}

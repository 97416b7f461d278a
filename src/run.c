/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include "analyse/fold.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "collect/collect.h"
#include "model/window.h"
#include "output/format.h"
#include "output/json.h"
#include "output/sink.h"
#include "output/sort.h"
#include "top/top.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Shares of one CPU. */
#define PEAK_SHARE	0.01 /* for fast sampling */
#define NOT_SHOWN_SHARE 0.01 /* for looking at the other namespaces */
#define WALK_SHARE	0.02 /* for walks of the established hash, in the view */

/* The state of one report, or of repeated ones. */
struct run {
	const struct options *options;
	const struct format *format;
	struct format_style style;
	bool window; /* a report compares two samples */
	int window_fd; /* gets a byte when a window has opened; -1: none */
	struct sample_source *source;
	struct snapshot snapshots[2];
	struct report report;
	struct names services;
	struct names users;
	struct field_context context;
	uint64_t seconds_shown; /* of the progress on the terminal */
	uint64_t reports; /* taken so far */
	bool incomplete; /* a report had warnings */
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

/* Returns false if SIGINT is ignored, as shells do for background jobs. */
static bool catch_interrupt(void)
{
	struct sigaction action = { .sa_handler = on_interrupt,
				    .sa_flags = SA_RESTART | (int)SA_RESETHAND };
	struct sigaction old;

	return sigaction(SIGINT, NULL, &old) == 0 && old.sa_handler != SIG_IGN &&
	       sigaction(SIGINT, &action, NULL) == 0;
}

/* Names of files, processes and namespaces may contain any byte. */
static void say(const char *kind, const char *text)
{
	struct strbuf safe = { 0 };

	text_add_safe(&safe, text, strlen(text), 0);
	fprintf(stderr, "listenq: %s%s\n", kind, safe.s);
	strbuf_free(&safe);
}

static int fail(const struct error *why)
{
	say("", why->text);
	return -1;
}

static bool want_color(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	return !o->output_file && isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
	       !(term && !strcmp(term, "dumb"));
}

/* The footer is about the whole namespace; a user who names columns wants only these. */
static bool want_footer(const struct options *o)
{
	return !o->no_header && !o->columns.named;
}

static bool want_utf8(const struct options *o)
{
	return !o->ascii && !strcmp(nl_langinfo(CODESET), "UTF-8");
}

static size_t choose_width(const struct options *o)
{
	struct winsize size;

	if (o->width != WIDTH_OF_TERMINAL)
		return (size_t)o->width;
	return !o->output_file && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static struct format_style style_of(const struct options *o)
{
	struct format_style style = {
		.columns = &o->columns,
		.table = { .header = !o->no_header,
			   .footer = want_footer(o),
			   .detail = o->detail,
			   .color = want_color(o),
			   .utf8 = want_utf8(o),
			   .width = choose_width(o), },
		.repeated = o->watch,
	};
	size_t n = 0;

	if (o->family != AF_UNSPEC)
		style.table.selectors[n++] = o->family == AF_INET ? "-4" : "-6";
	if (o->selection.only_full)
		style.table.selectors[n++] = "-f";
	if (o->selection.filter)
		style.table.selectors[n++] = "the filter";
	return style;
}

static const struct format *format_of(const struct options *o)
{
	return &format_table[o->format];
}

/*
 * What the options need, without what the user declined: enum need. The columns, the order and the
 * filter of the interactive view may change, so session_request() adds their needs.
 */
static unsigned int needs_of(const struct options *o)
{
	unsigned int needs;

	if (o->top)
		needs = TOP_NEEDS | field_table[FIELD_REASONS].needs;
	else
		needs = format_of(o)->needs(&o->columns, want_footer(o)) |
			filter_needs(o->selection.filter) | sort_needs(o->sort);
	if (o->detail)
		needs |= NEED_CONNECTIONS;
	if (o->fold)
		needs |= NEED_GROUPS;
	if (o->unix_too)
		needs |= NEED_UNIX;
	if (o->selection.only_full) /* a peak is enough to show a listener */
		needs |= NEED_WINDOW | NEED_PEAK;
	if (o->processes)
		needs |= NEED_OWNERS | NEED_OWNERS_ASKED | NEED_USERS;
	if (o->delay <= 0)
		needs &= ~(unsigned int)NEED_WINDOW;
	/* Tables show what counters rose by. */
	if (!o->top && !(needs & NEED_WINDOW) && !format_of(o)->holds_totals)
		needs &= ~(unsigned int)NEED_COUNTERS;
	/* Reading every descriptor in /proc may take most of a second: too long for -d 0. */
	if (o->delay <= 0 && !(needs & NEED_OWNERS_ASKED))
		needs &= ~(unsigned int)(NEED_OWNERS | NEED_UNITS | NEED_CONDITIONS);
	/* A program that reads the report has to know if some owners are hidden. */
	if (!o->top && format_of(o)->holds_warnings && needs & NEED_OWNERS)
		needs |= NEED_OWNERS_ASKED;
	if (!(needs & NEED_WINDOW) || o->peak_rate <= 0)
		needs &= ~(unsigned int)NEED_PEAK;
	return needs;
}

static int open_source(const struct options *o, unsigned int needs, struct sample_source **source,
		       struct error *why)
{
	/* The ledger and the footer need every listener of the namespace. */
	const bool all = needs & NEED_COUNTERS || want_footer(o);
	const struct collect_config config = {
		.root = "/",
		.needs = needs,
		.family = all ? AF_UNSPEC : o->selection.family,
		.condition = all ? NULL : filter_expr(o->selection.filter),
		.peak_rate = o->peak_rate,
		.peak_share = PEAK_SHARE,
		.not_shown_share = NOT_SHOWN_SHARE,
		.walk_share = o->top ? WALK_SHARE : 0,
		.window = o->delay,
		.namespaces = o->namespaces,
		.n_namespaces = o->n_namespaces,
		.all_namespaces = o->all_namespaces,
	};

	return collector_open(source, &config, why);
}

/* With --watch the reports themselves are the progress. */
static bool want_progress(const struct options *o)
{
	return !o->watch && o->delay >= 2 && isatty(STDERR_FILENO);
}

/* The wait() of window_run(). An interrupt ends the window, even if it came before. */
static uint64_t wait_until(void *context, uint64_t end_ns, uint64_t until_ns)
{
	struct run *run = context;
	uint64_t now = clock_monotonic_ns(), left;
	sigset_t interrupt, old;
	struct timespec t;

	if (want_progress(run->options)) {
		left = end_ns > now ? (end_ns - now + NSEC_PER_SEC - 1) / NSEC_PER_SEC : 0;
		if (left != run->seconds_shown)
			fprintf(stderr, "\rlistenq: %llu s to go \b", (unsigned long long)left);
		run->seconds_shown = left;
		if (now + NSEC_PER_SEC < until_ns)
			until_ns = now + NSEC_PER_SEC;
	}
	t = clock_timespec(until_ns > now ? until_ns - now : 0);
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, &old);
	if (!interrupted)
		ppoll(NULL, 0, &t, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return interrupted ? 0 : end_ns;
}

/* Returns the descriptor in LISTENQ_WINDOW_FD, -1 if there is none or it is not open. */
static int find_window_fd(void)
{
	const char *text = getenv("LISTENQ_WINDOW_FD");
	uint64_t fd;

	if (!text || num_parse_u64(text, 0, INT_MAX, &fd) < 0 || fcntl((int)fd, F_GETFD) < 0)
		return -1;
	return (int)fd;
}

static void wait_window(struct run *run, uint64_t end_ns)
{
	/* Without --watch an interrupt is caught only to erase the progress. */
	bool caught = !run->options->watch && catch_interrupt();

	if (run->window && run->window_fd >= 0 && write(run->window_fd, "\n", 1) < 0)
		run->window_fd = -1;
	window_run(run->source, end_ns, wait_until, run);
	if (want_progress(run->options))
		fputs("\r\033[K", stderr);
	if (!caught)
		return;
	signal(SIGINT, SIG_DFL);
	if (interrupted)
		raise(SIGINT);
}

/* @before: sample of the previous report, whose warnings are not repeated; NULL: none */
static void print_warnings(const struct snapshot *s, const struct snapshot *before)
{
	for (size_t i = 0; i < s->n_warnings; i++) {
		bool known = false;

		for (size_t j = 0; before && j < before->n_warnings; j++)
			known |= !strcmp(s->warnings[i].message, before->warnings[j].message);
		if (!known)
			say("warning: ", s->warnings[i].message);
	}
}

static int print_report(struct run *run)
{
	struct error why;
	struct sink sink;
	int code;

	if (sink_open(&sink, run->options->output_file, &why) < 0)
		return fail(&why);
	run->format->print(sink.stream, &run->report, &run->style, &run->context);
	code = sink_commit(&sink, &why);
	return code < 0 ? fail(&why) : 0;
}

/* Looks up the users of the listeners that are shown, which the output will ask for. */
static void look_up_users(struct run *run, struct snapshot *s)
{
	for (size_t i = 0; i < run->report.n_shown; i++) {
		const struct listener *l = run->report.shown[i]->listener;

		if (l->known & LISTENER_UID)
			names_of_user(&run->users, l->uid);
	}
	if (run->users.failed)
		snapshot_warn(s, "names-unavailable", "cannot look up the names of users: %s%s",
			      strerror(-run->users.failed), error_advice(run->users.failed));
}

/*
 * Takes the closing sample and prints its report. Returns 0, or -1 after printing an error.
 * @before: the opening sample, NULL without a window
 */
static int take_report(struct run *run, struct snapshot *before, struct snapshot *now)
{
	struct error why;
	int code = sample_source_sample(run->source, SAMPLE_CLOSING, now, &why);

	if (code < 0)
		return fail(&why);
	/* It is the only one. What the source remembers would take as much as the report. */
	if (!run->options->watch) {
		sample_source_close(run->source);
		run->source = NULL;
	}
	if (!run->reports++ && before)
		snapshot_add_warnings(now, before);
	fold_build(&run->report, before, now, run->options->fold);
	report_select(&run->report, &run->options->selection);
	/* Hidden owners matter if their listeners are shown, and to a filter about owners. */
	if (!(filter_needs(run->options->selection.filter) & NEED_OWNERS) &&
	    !report_lacks_owners(&run->report))
		snapshot_retract(now, "owners-hidden");
	if (run->context.users)
		look_up_users(run, now);
	if (!run->format->holds_warnings)
		print_warnings(now,
			       run->reports > 1 ? &run->snapshots[now == run->snapshots] : NULL);
	run->incomplete |= now->n_warnings > 0;
	sort_rows(&run->report, run->options->sort, run->options->descending, &run->context);
	return print_report(run);
}

/* Returns 0, or -1 after printing an error. */
static int repeat(struct run *run)
{
	const struct options *o = run->options;
	const uint64_t delay = (uint64_t)(o->delay * (double)NSEC_PER_SEC);
	uint64_t due = clock_monotonic_ns();
	struct error why;
	int now = 0, code;

	if (run->window) {
		code = sample_source_sample(run->source, SAMPLE_OPENING, &run->snapshots[1], &why);
		if (code < 0)
			return fail(&why);
		due = run->snapshots[1].monotonic_ns + delay;
	}
	for (uint64_t n = 0; !o->watch || !o->count || n < o->count; n++) {
		if (run->window || n)
			wait_window(run, due);
		if (interrupted && !run->window)
			break;
		code = take_report(run, run->window ? &run->snapshots[!now] : NULL,
				   &run->snapshots[now]);
		if (code < 0)
			return code;
		if (!o->watch || interrupted)
			break;
		now = !now;
		due += delay;
		if (due < clock_monotonic_ns()) /* a slow reader: do not catch up */
			due = clock_monotonic_ns() + delay;
	}
	return 0;
}

static int run_reports(const struct options *o)
{
	unsigned int needs = needs_of(o);
	struct run run = {
		.options = o,
		.format = format_of(o),
		.style = style_of(o),
		.window = needs & NEED_WINDOW,
		.window_fd = find_window_fd(),
	};
	struct error why;
	int code;

	/* A write beyond 'ulimit -f' is an error with a message, and no end by a signal. */
	signal(SIGXFSZ, SIG_IGN);
	/* With --watch, the first interrupt prints a last report; the second ends at once. */
	if (o->watch)
		catch_interrupt();
	alloc_exit_status(run.format->failure);
	if (o->resolve)
		run.context.services = &run.services;
	if (needs & NEED_USERS)
		run.context.users = &run.users;
	code = open_source(o, needs, &run.source, &why);
	code = code < 0 ? fail(&why) : repeat(&run);
	sample_source_close(run.source);
	snapshot_free(&run.snapshots[0]);
	snapshot_free(&run.snapshots[1]);
	report_free(&run.report);
	names_free(&run.services);
	names_free(&run.users);
	strbuf_free(&run.context.scratch);
	return code < 0 || (o->strict && run.incomplete) ? run.format->failure : EXIT_SUCCESS;
}

static int run_top(const struct options *o)
{
	struct top_config config = {
		.needs = needs_of(o),
		.peaks = o->peak_rate > 0,
		.columns = o->columns,
		.sort = o->sort,
		.descending = o->descending,
		.fold = true,
		.selection = o->selection,
		.filter = o->filter.s,
		.delay = o->delay,
		.color = want_color(o),
		.utf8 = want_utf8(o),
		.mouse = o->mouse,
		.resolve = o->resolve,
	};
	struct error why;
	int ended_by = 0, code;

	/* The view parses the filter itself, and takes the family from it. */
	config.selection.family = o->family;
	config.selection.filter = NULL;
	code = open_source(o, config.needs, &config.source, &why);
	if (code == 0)
		code = top_run(&config, &ended_by, &why);
	sample_source_close(config.source);
	if (code == -ENOTTY) {
		fprintf(stderr,
			"listenq: %s\nTry 'listenq --watch' for tables one after the other.\n",
			why.text);
		return EXIT_USAGE;
	}
	/* Let the parent see which signal ended the program; but ^C is a way to quit. */
	if (ended_by && ended_by != SIGINT)
		raise(ended_by);
	if (code < 0)
		fail(&why);
	return code < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void list_columns(FILE *stream, bool raw)
{
	for (size_t i = 0; i < FIELD_N; i++) {
		const struct field *f = &field_table[i];

		if (f->name && raw)
			fprintf(stream, "%s\n", f->name);
		else if (f->name)
			fprintf(stream, "%-18s %-14s %s\n", f->name, f->header, f->help);
	}
}

/* Prints what needs no samples. */
static int print_information(const struct options *o)
{
	struct error why;
	struct sink sink;

	if (sink_open(&sink, NULL, &why) < 0)
		goto failed;
	if (o->help)
		options_print_help(sink.stream);
	else if (o->version)
		fprintf(sink.stream, "listenq %s\n", PACKAGE_VERSION);
	else if (o->json_schema)
		json_print_schema(sink.stream);
	else
		list_columns(sink.stream, o->raw);
	if (sink_commit(&sink, &why) == 0)
		return EXIT_SUCCESS;
failed:
	fail(&why);
	return EXIT_FAILURE;
}

int run_options(const struct options *o)
{
	if (o->help || o->version || o->json_schema || o->list_columns)
		return print_information(o);
	return o->top ? run_top(o) : run_reports(o);
}

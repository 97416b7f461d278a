/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "analyse/fold.h"
#include "analyse/report.h"
#include "base/clock.h"
#include "collect/collect.h"
#include "model/window.h"
#include "options.h"
#include "output/json.h"
#include "output/sink.h"
#include "output/sort.h"
#include "output/table.h"
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_KERNEL = 1, EXIT_USAGE = 2 };

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

/* False where SIGINT is ignored, as it is for what a shell starts in the background. */
static bool catch_interrupt(void)
{
	struct sigaction action = { .sa_handler = on_interrupt,
				    .sa_flags = SA_RESTART | (int)SA_RESETHAND };
	struct sigaction old;

	return sigaction(SIGINT, NULL, &old) == 0 && old.sa_handler != SIG_IGN &&
	       sigaction(SIGINT, &action, NULL) == 0;
}

/* Everything that lives as long as the run. */
struct run {
	const struct options *options;
	unsigned int needs; /* enum need */
	struct sample_source *source;
	struct snapshot snapshots[2];
	struct report report;
	struct names services;
	struct names users;
	struct field_context context;
	struct table_style style;
	uint64_t seconds_shown; /* the progress, as it stands on the terminal */
	uint64_t reports; /* taken so far */
	bool incomplete; /* a report had warnings */
};

/* Names of files, processes and namespaces may hold anything. */
static void tell(const char *kind, const char *text)
{
	struct strbuf safe = { 0 };

	text_add_safe(&safe, text, strlen(text), 0);
	fprintf(stderr, "listenq: %s%s\n", kind, safe.s);
	strbuf_free(&safe);
}

static int fail(const struct error *why)
{
	tell("", why->text);
	return -1;
}

/* Behind --watch the reports themselves are the progress. */
static bool want_progress(const struct options *o)
{
	return !o->watch && o->delay >= 2 && isatty(STDERR_FILENO);
}

static void show_progress(struct run *run, uint64_t left_ns)
{
	uint64_t seconds = (left_ns + NSEC_PER_SEC - 1) / NSEC_PER_SEC;

	if (seconds != run->seconds_shown)
		fprintf(stderr, "\rlistenq: %llu s to go \b", (unsigned long long)seconds);
	run->seconds_shown = seconds;
}

/* Of window_run(): an interrupt ends the window, also one that came at any time before. */
static uint64_t wait_until(void *context, uint64_t end_ns, uint64_t until_ns)
{
	struct run *run = context;
	uint64_t now = clock_monotonic_ns();
	sigset_t interrupt, old;
	struct timespec t;

	if (want_progress(run->options)) {
		show_progress(run, end_ns > now ? end_ns - now : 0);
		if (now + NSEC_PER_SEC < until_ns)
			until_ns = now + NSEC_PER_SEC;
	}
	until_ns = until_ns > now ? until_ns - now : 0;
	t.tv_sec = (time_t)(until_ns / NSEC_PER_SEC);
	t.tv_nsec = (long)(until_ns % NSEC_PER_SEC);
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, &old);
	if (!interrupted)
		ppoll(NULL, 0, &t, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return interrupted ? 0 : end_ns;
}

/* Waits for the end of the window; fast samples are taken meanwhile. */
static void wait_window(struct run *run, uint64_t end_ns)
{
	/* Without --watch an interrupt is caught only so that the progress can be erased. */
	bool caught = !run->options->watch && catch_interrupt();

	window_run(run->source, end_ns, wait_until, run);
	if (want_progress(run->options))
		fputs("\r\033[K", stderr);
	if (!caught)
		return;
	signal(SIGINT, SIG_DFL);
	if (interrupted)
		raise(SIGINT);
}

/* @told_by: the snapshot of the report before, if any; what it warned of is not repeated. */
static void print_warnings(const struct snapshot *s, const struct snapshot *told_by)
{
	for (size_t i = 0; i < s->n_warnings; i++) {
		bool told = false;

		for (size_t j = 0; told_by && j < told_by->n_warnings; j++)
			told |= !strcmp(s->warnings[i].message, told_by->warnings[j].message);
		if (!told)
			tell("warning: ", s->warnings[i].message);
	}
}

/* A signal amidst would leave the temporary file of a report behind. */
static void hold_signals(bool hold, sigset_t *old)
{
	sigset_t signals;

	sigemptyset(&signals);
	if (hold) {
		sigaddset(&signals, SIGINT);
		sigaddset(&signals, SIGTERM);
		sigaddset(&signals, SIGHUP);
	}
	sigprocmask(SIG_BLOCK, &signals, old);
}

static int print_report(struct run *run)
{
	const struct options *o = run->options;
	struct error why;
	struct sink sink;
	sigset_t old;
	int code;

	if (sink_open(&sink, o->output_file, &why) < 0)
		return fail(&why);
	hold_signals(sink.temporary != NULL, &old);
	if (o->json) {
		json_print(sink.stream, &run->report, o->watch, &run->context);
	} else {
		if (o->watch && o->header) {
			char time[CLOCK_TEXT_SIZE];

			clock_format_utc(run->report.snapshot->wall, 0, time);
			fprintf(sink.stream, "%s\n", time);
		}
		table_print(sink.stream, &run->report, &o->columns, &run->style, &run->context);
		if (o->watch && o->header)
			fputc('\n', sink.stream);
	}
	code = sink_commit(&sink, &why);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return code < 0 ? fail(&why) : 0;
}

/*
 * Owners that may not be seen are no loss to a report that does not show their listeners, unless it
 * was them that the filter asked for.
 */
static void weigh_warnings(const struct options *o, const struct report *report, struct snapshot *s)
{
	if (!(filter_needs(o->selection.filter) & NEED_OWNERS) && !report_lacks_owners(report))
		snapshot_retract(s, "owners-hidden");
}

/* One closing sample and its report. @before: the opening one, NULL without a window. */
static int take_report(struct run *run, struct snapshot *before, struct snapshot *now)
{
	struct error why;

	if (sample_source_sample(run->source, SAMPLE_CLOSING, now, &why) < 0)
		return fail(&why);
	if (!run->reports++ && before)
		snapshot_add_warnings(now, before);
	fold_build(&run->report, before, now, run->options->fold);
	report_select(&run->report, &run->options->selection);
	weigh_warnings(run->options, &run->report, now);
	if (!run->options->json)
		print_warnings(now,
			       run->reports > 1 ? &run->snapshots[now == run->snapshots] : NULL);
	run->incomplete |= now->n_warnings > 0;
	sort_rows(&run->report, run->options->sort, run->options->descending, &run->context);
	return print_report(run);
}

static int run_loop(struct run *run)
{
	const struct options *o = run->options;
	const uint64_t delay = (uint64_t)(o->delay * (double)NSEC_PER_SEC);
	bool window = run->needs & NEED_WINDOW;
	uint64_t due = clock_monotonic_ns();
	struct snapshot *before;
	struct error why;
	int now = 0;

	if (window) {
		if (sample_source_sample(run->source, SAMPLE_OPENING, &run->snapshots[1], &why) < 0)
			return fail(&why);
		due = run->snapshots[1].monotonic_ns + delay;
	}
	for (uint64_t n = 0; !o->watch || !o->count || n < o->count; n++) {
		if (window || n)
			wait_window(run, due);
		if (interrupted && !window)
			break;
		before = window ? &run->snapshots[!now] : NULL;
		if (take_report(run, before, &run->snapshots[now]) < 0)
			return -1;
		if (!o->watch || interrupted)
			break;
		now = !now;
		due += delay;
		if (due < clock_monotonic_ns()) /* a slow reader: no reports in quick succession */
			due = clock_monotonic_ns() + delay;
	}
	return 0;
}

static int run_reports(const struct options *o)
{
	struct run run = { .options = o, .needs = plan_needs(o), .style = plan_style(o) };
	struct collect_config config = plan_collection(o, run.needs);
	struct error why;
	int code;

	/* The first interrupt closes the window of --watch and ends it, the second ends at once. */
	if (o->watch)
		catch_interrupt();
	if (o->resolve)
		run.context.services = &run.services;
	if (run.needs & NEED_USERS)
		run.context.users = &run.users;
	code = collector_open(&run.source, &config, &why);
	code = code < 0 ? fail(&why) : run_loop(&run);
	sample_source_close(run.source);
	snapshot_free(&run.snapshots[0]);
	snapshot_free(&run.snapshots[1]);
	report_free(&run.report);
	names_free(&run.services);
	names_free(&run.users);
	strbuf_free(&run.context.scratch);
	return code < 0 || (o->strict && run.incomplete) ? EXIT_KERNEL : EXIT_SUCCESS;
}

static int run_top(const struct options *o)
{
	struct top_config config = plan_top(o);
	struct collect_config collection = plan_collection(o, config.needs);
	struct error why;
	int ended_by = 0, code;

	code = collector_open(&config.source, &collection, &why);
	if (code == 0)
		code = top_run(&config, &ended_by, &why);
	sample_source_close(config.source);
	if (code == -ENOTTY) {
		fprintf(stderr,
			"listenq: %s\nTry 'listenq --watch' for tables one after the other.\n",
			why.text);
		return EXIT_USAGE;
	}
	/* Whoever sent it sees that it was obeyed; but ^C is a way to quit. */
	if (ended_by && ended_by != SIGINT)
		raise(ended_by);
	if (code < 0)
		fail(&why);
	return code < 0 ? EXIT_KERNEL : EXIT_SUCCESS;
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

/* What needs no kernel. */
static int print_information(const struct options *o)
{
	struct error why;
	struct sink sink;

	if (sink_open(&sink, NULL, &why) < 0)
		goto failed;
	switch (o->mode) {
	case MODE_HELP:
		options_print_help(sink.stream);
		break;
	case MODE_VERSION:
		fprintf(sink.stream, "listenq %s\n", PACKAGE_VERSION);
		break;
	case MODE_LIST_COLUMNS:
		list_columns(sink.stream, o->raw);
		break;
	case MODE_JSON_SCHEMA:
		json_print_schema(sink.stream);
		break;
	case MODE_REPORT:
		break;
	}
	if (sink_commit(&sink, &why) == 0)
		return EXIT_SUCCESS;
failed:
	fail(&why);
	return EXIT_KERNEL;
}

/*
 * A closed standard descriptor would be taken by the next file or socket, and the report written
 * into that. What stands in for standard output cannot be written to: the report is not lost in
 * silence.
 */
static void fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			exit(EXIT_KERNEL);
}

int main(int argc, char **argv)
{
	struct options options;
	int status = EXIT_USAGE;

	fill_standard_descriptors();
	setlocale(LC_CTYPE, "");
	if (options_parse(argc, argv, &options) == 0)
		status = options.mode != MODE_REPORT ? print_information(&options) :
			 options.top		     ? run_top(&options) :
						       run_reports(&options);
	options_free(&options);
	return status;
}

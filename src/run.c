/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include "analyse/fold.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/sink.h"
#include "collect/collect.h"
#include "collect/procfs.h"
#include "deadline.h"
#include "information.h"
#include "model/clock_step.h"
#include "model/window.h"
#include "output/format.h"
#include "output/sort.h"
#include "plan.h"
#include "replay/baseline.h"
#include "replay/excerpt.h"
#include "replay/recorder.h"
#include "replay/recording.h"
#include "top/top.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The exit status for a listener that matches --fail-if. */
#define EXIT_MATCH 4

/* The state of one report, or of repeated ones. */
struct run {
	const struct options *options;
	const struct format *format;
	struct format_style style;
	unsigned int needs; /* enum need */
	bool window; /* a report compares two samples */
	int window_fd; /* gets a byte when a window has opened; -1: none */
	struct sample_source *source;
	struct baseline baseline; /* with --baseline, where the window begins with the last run */
	struct recording *recording; /* with --replay, instead of the source */
	struct columns columns; /* with --replay: what the samples have may add one */
	struct recorder *recorder; /* with --record */
	struct snapshot snapshots[2];
	struct report report;
	struct sums sums; /* over the windows so far, if there are many */
	struct names services;
	struct names users;
	struct field_context context;
	uint64_t seconds_shown; /* of the progress on the terminal */
	uint64_t reports; /* taken so far */
	bool incomplete; /* a report had warnings */
	bool written; /* a report, at least */
	struct error failure; /* why the last report could not be written; "": it was */
	int status; /* exit status that follows from the last report */
	bool matched; /* it shows a listener that matches --fail-if */
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

static int fail(const struct options *o, const struct error *why)
{
	options_say(o, "", why->text);
	return -1;
}

static const struct format *format_of(const struct options *o)
{
	return &format_table[o->format];
}

/* Opens the file of --record, if there is one. Returns 0 or -errno with @why filled. */
static int open_recorder(struct run *run, unsigned int needs, struct error *why)
{
	const struct options *o = run->options;
	const struct recorder_config config = {
		.path = o->record,
		.size_max = o->record_size,
		.chosen = o->record_when,
		.scope = plan_scope(o, needs),
	};

	return o->record ? recorder_open(&run->recorder, &config, why) : 0;
}

/* The record() of struct top_config. */
static const char *record(void *context, const struct report *report, bool *failed)
{
	const struct run *run = context;
	const struct selection *wanted = &run->options->keep;
	const char *news = recorder_add(run->recorder, report->before, report->snapshot,
					wanted->filter && report_has(report, wanted));

	*failed = recorder_failure(run->recorder);
	return news;
}

/* Sums over the windows of this run, or of all runs with the same file; NULL: none are kept. */
static struct sums *sums_of(struct run *run)
{
	if (run->options->baseline)
		return &run->baseline.sums;
	return run->options->watch ? &run->sums : NULL;
}

/* Lets the window begin with the sample of the last run. */
static void resume(struct run *run)
{
	struct snapshot here = { 0 };
	const struct snapshot *last;

	collector_identify(run->source, &here);
	last = baseline_check(&run->baseline, &here, clock_monotonic_ns());
	if (last)
		collector_resume(run->source, last);
	snapshot_free(&here);
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
static void print_warnings(const struct options *o, const struct snapshot *s,
			   const struct snapshot *before)
{
	for (size_t i = 0; i < s->n_warnings; i++) {
		bool known = false;

		for (size_t j = 0; before && j < before->n_warnings; j++)
			known |= !strcmp(s->warnings[i].message, before->warnings[j].message);
		if (!known)
			options_say(o, "warning: ", s->warnings[i].message);
	}
}

/*
 * A full disk will be emptied, and whoever lives on a file that is written again and again is not
 * helped by a program that has ended. So only the first report has to succeed, as a wrong path
 * shows there. Each failure is said once. Returns 0, or -1 if the program has to end.
 */
static int write_failed(struct run *run, const struct error *why)
{
	const char *path = run->options->output_file;

	if (!run->written || !path || !strcmp(path, "-"))
		return fail(run->options, why);
	if (strcmp(run->failure.text, why->text) != 0)
		fail(run->options, why);
	run->failure = *why;
	return 0;
}

static int print_report(struct run *run)
{
	const struct options *o = run->options;
	struct error why;
	struct sink sink;

	if (sink_open(&sink, o->output_file, &why) < 0)
		return write_failed(run, &why);
	sink_add_mode(&sink, run->format->mode);
	run->status = run->format->print(sink.stream, &run->report, &run->style, &run->context);
	if (sink_commit(&sink, &why) < 0)
		return write_failed(run, &why);
	if (*run->failure.text) {
		error_set(&why, 0, "%s is written again", o->output_file);
		options_say(o, "", why.text);
	}
	run->written = true;
	*run->failure.text = '\0';
	return 0;
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
		snapshot_warn_report(s, "names-unavailable",
				     "cannot look up the names of users: %s%s",
				     strerror(-run->users.failed), error_advice(run->users.failed));
}

/*
 * Builds the report of a window, and adds to its closing sample what is found out by that.
 * @before: the opening sample, NULL without a window
 */
static void build_report(struct run *run, const struct snapshot *before, struct snapshot *now)
{
	const struct options *o = run->options;
	const char *news;
	bool failed;

	/* No report is of the first sample alone. The last run has given the warnings of its own.
	 */
	if (before && !before->previous_ns && !o->baseline)
		snapshot_add_warnings(now, before);
	fold_build(&run->report, before, now, o->fold || run->format->folds);
	news = run->recorder ? record(run, &run->report, &failed) : NULL;
	if (news)
		options_say(o, "", news);
	if (!run->style.postmortem && !o->baseline) /* the former says it itself */
		clock_step_warn(now, before);
	report_select(&run->report, &o->selection);
	/* Hidden owners matter if their listeners are shown, and to a filter about owners. */
	if (!((filter_needs(o->selection.filter) | filter_needs(o->fail.filter)) & NEED_OWNERS) &&
	    !report_lacks_owners(&run->report))
		snapshot_retract(now, "owners-hidden");
	if (run->context.users)
		look_up_users(run, now);
	if (run->format->take)
		run->format->take(&run->report, now, sums_of(run));
	if (!run->style.postmortem)
		return;
	postmortem_add(run->style.postmortem, &run->report);
	run->incomplete |= now->n_warnings > 0;
}

/*
 * Prints the report that was built. Returns 0, or -1 after printing an error.
 * @last: sample of the report before it, whose warnings are not repeated; NULL: none
 */
static int show_report(struct run *run, const struct snapshot *now, const struct snapshot *last)
{
	const struct options *o = run->options;

	for (size_t i = 0; i < run->report.n_shown && o->fail.filter; i++)
		run->matched |= report_selects(&run->report, &o->fail, run->report.shown[i]);
	if (!run->format->holds_warnings)
		print_warnings(o, now, last);
	run->incomplete |= now->n_warnings > 0;
	sort_rows(&run->report, o->sort, o->descending, &run->context);
	return print_report(run);
}

/*
 * Takes the closing sample and prints its report. Returns 0, or -1 after printing an error.
 * @before: the opening sample, NULL without a window
 */
static int take_report(struct run *run, const struct snapshot *before, struct snapshot *now)
{
	const struct options *o = run->options;
	struct error why;
	int code;

	run->style.prometheus.began_ns = clock_monotonic_ns();
	code = sample_source_sample(run->source, SAMPLE_CLOSING, now, &why);
	if (code < 0)
		return fail(o, &why);
	if (o->baseline)
		collector_leave(run->source, now);
	/* It is the only one. What the source remembers would take as much as the report. */
	if (!o->watch) {
		sample_source_close(run->source);
		run->source = NULL;
	}
	if (o->baseline)
		before = baseline_match(&run->baseline, now);
	build_report(run, before, now);
	/* What a check prints is kept by its parent, so no report can fail after this. */
	if (o->baseline && run->format->failed && baseline_save(&run->baseline, now, &why) < 0)
		snapshot_warn_report(now, "save-failed", "%s", why.text);
	return show_report(run, now,
			   run->reports++ ? &run->snapshots[now == run->snapshots] : NULL);
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
			return fail(o, &why);
		due = run->snapshots[1].monotonic_ns + delay;
	}
	if (o->baseline)
		resume(run);
	for (uint64_t n = 0; !o->watch || !o->count || n < o->count; n++) {
		if (run->window || n)
			wait_window(run, due);
		if (interrupted && !run->window)
			break;
		code = take_report(run, run->window ? &run->snapshots[!now] : NULL,
				   &run->snapshots[now]);
		if (code < 0)
			return code;
		/* Where the report failed, the next window begins where this one did. */
		if (o->baseline && !run->format->failed &&
		    baseline_save(&run->baseline, &run->snapshots[now], &why) < 0)
			return fail(o, &why);
		if (!o->watch || interrupted || run->matched)
			break;
		now = !now;
		due += delay;
		if (due < clock_monotonic_ns()) /* a slow reader: do not catch up */
			due = clock_monotonic_ns() + delay;
	}
	return 0;
}

/* What takes long shows that it goes on. */
static void show_progress(void *context, uint64_t done, uint64_t size)
{
	struct run *run = context;
	const uint64_t seconds = clock_monotonic_ns() / NSEC_PER_SEC;

	if (seconds == run->seconds_shown || !isatty(STDERR_FILENO))
		return;
	run->seconds_shown = seconds;
	fprintf(stderr, "\rlistenq: reading the recording, %llu", (unsigned long long)(done >> 20));
	if (size)
		fprintf(stderr, " of %llu", (unsigned long long)(size >> 20));
	fputs(" MiB \b", stderr);
}

/* Says what the reader of a table could take for what it is not. */
static void introduce(struct run *run, const struct excerpt *e)
{
	const struct recording *r = e->recording;
	struct strbuf boot_id = { 0 };
	struct utsname here = { 0 };
	struct error text;

	uname(&here);
	procfs_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &boot_id);
	if (!run->format->holds_warnings && /* JSON has the host and its boot */
	    excerpt_is_foreign(e, here.nodename, boot_id.s, &text))
		options_say(run->options, "warning: ", text.text);
	strbuf_free(&boot_id);
	if (!run->format->last && excerpt_has_older(e, &text))
		options_say(run->options, "warning: ", text.text);
	/* An incident says it itself, and of the last window alone it says nothing. */
	if (!run->format->postmortem && !run->format->last && excerpt_lacks_begin(e, &text)) {
		options_say(run->options, "warning: ", text.text);
		run->incomplete = true;
	}
	if (!recording_is_cut(r))
		return;
	error_set(&text, 0, "the last line of %s is not whole, and is left out", recording_name(r));
	options_say(run->options, "warning: ", text.text);
	run->incomplete = true;
}

/* The column that -A, and -N of several, added where the samples were recorded. */
static void add_namespace_column(struct run *run, const struct excerpt *e)
{
	if (excerpt_has_namespaces(e) && !run->columns.named)
		columns_put_before(&run->columns, FIELD_NAMESPACE, FIELD_LOCAL);
}

/*
 * The line of the sample @i is damaged: an incident is still about what came before it. Returns -1
 * after printing the error.
 */
static int give_up(struct run *run, struct excerpt *e, size_t i, const struct error *why)
{
	struct postmortem *p = run->style.postmortem;
	struct error ignored;

	if (p && p->windows) {
		e->damaged_line = recording_entry(e->recording, i)->line;
		e->lacks_to_ns = recording_entry(e->recording, e->last)->wall_ns;
		incident_source_take(&run->style.incident.source, p, e, &ignored);
		print_report(run);
	}
	return fail(run->options, why);
}

/*
 * A check judges the last window, and speaks for all the time asked for: samples of that which it
 * does not need may be damaged. Fills @what with what is wrong with the first one; "": nothing is.
 */
static void find_damage(struct run *run, const struct excerpt *e, struct error *what)
{
	struct snapshot s = { 0 };

	*what->text = '\0';
	if (!run->format->failed)
		return;
	if (excerpt_damage(e))
		error_set(what, 0, "%s", excerpt_damage(e)->why.text);
	for (size_t i = e->first - 1; i + 1 < e->last && !*what->text; i++)
		if (excerpt_has(e, i) || excerpt_has(e, i + 1))
			recording_read(run->recording, i, &s, what);
	snapshot_free(&s);
}

/* Prints the reports of a recording. Returns 0, or -1 after printing an error. */
static int replay(struct run *run)
{
	const struct options *o = run->options;
	struct recording *r = run->recording;
	const struct snapshot *shown = NULL;
	const struct header_line *h;
	size_t held = SIZE_MAX;
	struct excerpt e;
	struct error why, damage;
	int now = 0;

	if (excerpt_choose(&e, r, o->begin_ns, o->end_ns, &why) < 0 ||
	    (run->format->postmortem && incident_source_take(&run->style.incident.source,
							     run->style.postmortem, &e, &why) < 0))
		return fail(o, &why);
	/* Which window is the last is unknown then. */
	if (run->format->last && e.damaged_line) {
		options_say(o, "", excerpt_damage(&e)->why.text);
		return -1;
	}
	introduce(run, &e);
	add_namespace_column(run, &e);
	find_damage(run, &e, &damage);
	/* What sums up windows sums up those of one run. */
	if (run->format->last && !run->format->take)
		e.first = e.last;
	else if (run->format->last)
		excerpt_keep_last_run(&e);
	for (size_t i = e.first; i <= e.last && !run->matched; i++) {
		struct snapshot *before = &run->snapshots[!now], *closing = &run->snapshots[now];

		if (!excerpt_has(&e, i))
			continue;
		/* As the run did that recorded it. */
		h = recording_header(r, recording_entry(r, i)->run);
		run->context.users = (run->needs | h->needs) & NEED_USERS ? &run->users : NULL;
		if (held != i - 1) {
			shown = NULL;
			if (recording_read(r, i - 1, before, &why) < 0)
				return give_up(run, &e, i - 1, &why);
		}
		if (recording_read(r, i, closing, &why) < 0)
			return give_up(run, &e, i, &why);
		excerpt_warn(&e, i, o->unix_too, closing);
		if (*damage.text)
			snapshot_warn(closing, "replay-damaged", "%s", damage.text);
		build_report(run, before, closing);
		if ((!run->format->last && !run->format->postmortem) || i == e.last) {
			if (show_report(run, closing, shown) < 0)
				return -1;
			shown = closing;
		}
		held = i;
		now = !now;
	}
	if (run->matched || *damage.text || !excerpt_damage(&e))
		return 0;
	options_say(o, "", excerpt_damage(&e)->why.text);
	return -1;
}

/* Closes the file of --record. Returns whether all is recorded; where not, that is said by then. */
static bool end_recording(struct run *run)
{
	const bool failed = recorder_failure(run->recorder);
	struct error lost;

	if (recorder_close(run->recorder, &lost) == 0)
		return !failed;
	fail(run->options, &lost);
	return false;
}

static int open_recording(struct run *run, struct error *why)
{
	const int code =
		recording_open(&run->recording, run->options->replay, show_progress, run, why);

	if (run->seconds_shown)
		fputs("\r\033[K", stderr);
	return code;
}

/* Opens the files, and where samples come from. Returns 0 or -errno with @why filled. */
static int open_run(struct run *run, struct error *why)
{
	const struct options *o = run->options;
	const struct baseline_config baseline = { o->baseline, plan_scope(o, run->needs) };
	int code = plan_check_address(o, why);

	if (code == 0 && o->baseline)
		code = baseline_open(&run->baseline, &baseline, why);
	if (code == 0)
		code = open_recorder(run, run->needs, why);
	if (code == 0)
		code = o->replay ? open_recording(run, why) :
				   plan_source(o, run->needs, &run->source, why);
	return code;
}

static int run_reports(const struct options *o)
{
	const struct format_style style = plan_style(o);
	unsigned int needs = plan_needs(o, &style);
	struct run run = {
		.options = o,
		.format = format_of(o),
		.style = style,
		.needs = needs,
		.window = needs & NEED_WINDOW && !o->baseline,
		.window_fd = find_window_fd(),
	};
	struct error why;
	bool recorded;
	int code;

	/* A write beyond 'ulimit -f' is an error with a message, and no end by a signal. */
	signal(SIGXFSZ, SIG_IGN);
	/* With --watch, the first interrupt prints a last report; the second ends at once. */
	if (o->watch && !o->replay)
		catch_interrupt();
	run.context.past = o->replay;
	run.columns = o->columns;
	run.style.columns = &run.columns;
	run.style.prometheus.sums = sums_of(&run);
	if (o->resolve)
		run.context.services = &run.services;
	if (needs & NEED_USERS)
		run.context.users = &run.users;
	if (run.format->postmortem)
		run.style.postmortem = postmortem_new(run.style.incident.text_flags);
	code = open_run(&run, &why);
	if (code < 0)
		fail(o, &why);
	else
		code = o->replay ? replay(&run) : repeat(&run);
	sample_source_close(run.source);
	recording_close(run.recording);
	if (o->baseline)
		baseline_close(&run.baseline);
	recorded = end_recording(&run);
	snapshot_free(&run.snapshots[0]);
	snapshot_free(&run.snapshots[1]);
	report_free(&run.report);
	postmortem_free(run.style.postmortem);
	sums_free(&run.sums);
	names_free(&run.services);
	names_free(&run.users);
	strbuf_free(&run.context.scratch);
	if (code < 0 || *run.failure.text || !recorded)
		return run.format->failure;
	if (run.matched)
		return EXIT_MATCH;
	return o->strict && run.incomplete ? run.format->failure : run.status;
}

/* What the view is fed from: the recording, or the host. */
static int open_feed(struct run *run, struct top_config *config, struct excerpt *e,
		     struct error *why)
{
	const struct options *o = run->options;
	int code;

	if (!o->replay)
		return plan_source(o, config->needs, &config->source, why);
	code = open_recording(run, why);
	if (code == 0)
		code = excerpt_choose(e, run->recording, o->begin_ns, o->end_ns, why);
	if (code < 0)
		return code;
	introduce(run, e);
	if (excerpt_damage(e))
		options_say(o, "warning: ", excerpt_damage(e)->why.text);
	add_namespace_column(run, e);
	config->recording = run->recording;
	config->excerpt = e;
	config->keys_from_tty = !strcmp(o->replay, "-");
	config->columns = run->columns;
	return 0;
}

static int run_top(const struct options *o)
{
	struct run run = { .options = o, .format = format_of(o), .columns = o->columns };
	struct excerpt excerpt;
	struct strbuf unseen = { 0 };
	struct top_config config = {
		.needs = plan_needs(o, NULL),
		.peaks = o->peak_rate > 0,
		.columns = o->columns,
		.sort = o->sort,
		.descending = o->descending,
		.fold = true,
		.selection = o->selection,
		.filter = o->filter.s,
		.delay = o->delay,
		.color = plan_color(o),
		.utf8 = text_allows_utf8(plan_text_flags(o)),
		.mouse = o->mouse,
		.resolve = o->resolve,
		.record = o->record ? record : NULL,
		.record_context = &run,
		.unseen = &unseen,
	};
	struct error why;
	int ended_by = 0, code;
	const char *failure;
	bool recorded;

	if (o->record) /* as in run_reports() */
		signal(SIGXFSZ, SIG_IGN);
	/* The view parses the filter itself, and takes the family from it. */
	config.selection.family = o->family;
	config.selection.filter = NULL;
	code = open_recorder(&run, config.needs, &why);
	if (code == 0)
		code = open_feed(&run, &config, &excerpt, &why);
	if (code == 0)
		code = top_run(&config, &ended_by, &why);
	sample_source_close(config.source);
	recording_close(run.recording);
	failure = recorder_failure(run.recorder);
	if (unseen.len)
		options_say(o, "", unseen.s);
	/* It is one of those that were not seen, if the view ended before it could show it. */
	if (failure && !(unseen.len && strstr(unseen.s, failure)))
		options_say(o, "", failure);
	strbuf_free(&unseen);
	recorded = end_recording(&run);
	if (code == -ENOTTY) {
		fprintf(stderr, "listenq: %s\nTry %s for tables one after the other.\n", why.text,
			o->replay ? "the same without --top" : "'listenq --watch'");
		return format_of(o)->usage;
	}
	if (code < 0)
		fail(o, &why);
	/* Let the parent see which signal ended the program; but ^C is a way to quit. */
	if (ended_by && ended_by != SIGINT)
		raise(ended_by);
	return code < 0 || !recorded ? EXIT_FAILURE : EXIT_SUCCESS;
}

int run_options(const struct options *o)
{
	const struct format *format = format_of(o);
	int status;

	if (o->help || o->version || o->json_schema || o->list_columns)
		return information_print(o);
	/* A regular file keeps nobody waiting. */
	if (format->failed && (!o->replay || !strcmp(o->replay, "-"))) {
		status = deadline_begin(o->timeout, format->failed, format->failure);
		if (status >= 0)
			return status;
	}
	return o->top ? run_top(o) : run_reports(o);
}

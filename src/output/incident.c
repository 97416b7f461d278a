/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/incident.h"

#include "base/clock.h"
#include "base/num.h"
#include "output/incident_listener.h"
#include "output/incident_timeline.h"
#include "output/paper.h"

#include <string.h>

#define LISTED_MAX	    30 /* more of them, in a line each */
#define GAPS_MAX	    10
#define ABSENCES_LISTED_MAX 3

/* In one line. */
static void add_brief(struct paper *w, const struct postmortem_listener *l)
{
	const struct postmortem_sum sum = paper_lost(l);
	struct strbuf *b = &w->b;

	strbuf_adds(b, "- ");
	paper_add_who(w, l);
	strbuf_adds(b, ": ");
	paper_add_worst(b, l);
	strbuf_adds(b, ", from ");
	paper_add_clock(b, w, l->first.begin);
	strbuf_adds(b, " to ");
	paper_add_clock(b, w, l->last.end);
	strbuf_adds(b, l->last.latest.tv_sec ? " or later" : "");
	if (l->n_spells > 1)
		strbuf_addf(b, ", %u times", l->n_spells);
	if (sum.max) {
		strbuf_adds(b, "; SYNs and final ACKs dropped: ");
		paper_add_sum(b, &sum);
	}
	if (l->queue.known)
		strbuf_addf(b, "; longest queue %llu of %llu", (unsigned long long)l->queue.value,
			    (unsigned long long)l->queue.of.value);
	strbuf_putc(b, '\n');
}

static void add_list(struct paper *w, const char *title, size_t begin, size_t end)
{
	if (begin >= end)
		return;
	strbuf_addf(&w->b, "\n## %s\n\n", title);
	for (size_t i = begin; i < end && i < begin + LISTED_MAX; i++)
		add_brief(w, w->p->listeners[i]);
	if (end > begin + LISTED_MAX)
		strbuf_addf(&w->b, "- and %s%zu more; a filter chooses others\n",
			    w->p->left_out ? "at least " : "", end - begin - LISTED_MAX);
}

/* What was looked at, and what not */

static void add_looked_at(struct paper *w, const struct incident_style *style)
{
	const struct postmortem *p = w->p;
	struct strbuf *b = &w->b;

	strbuf_adds(b, "\n## What was looked at\n\n- From ");
	paper_add_moment(b, w, p->begin);
	strbuf_adds(b, " to ");
	paper_add_moment(b, w, p->end);
	strbuf_adds(b, "\n- ");
	paper_add_count(b, p->windows, "window");
	strbuf_adds(b, " (from one sample to the next) of ");
	text_add_time(b, p->shortest_ns);
	if (p->longest_ns - p->shortest_ns > p->longest_ns / 10) {
		strbuf_adds(b, " to ");
		text_add_time(b, p->longest_ns);
	}
	strbuf_adds(b, ", ");
	text_add_time(b, p->looked_ns);
	strbuf_adds(b, " in all\n- Up to ");
	paper_add_count(b, p->most_listeners, "listener");
	strbuf_adds(b, p->unix_too ? ", TCP and UNIX, in " : ", TCP only, in ");
	paper_add_count(b, p->most_netns, "network namespace");
	if (style->filter && *style->filter) {
		strbuf_adds(b, "\n- Of these only what the filter selects: ");
		paper_add_code(w, style->filter);
	}
	strbuf_adds(b, "\n- All SYNs and final ACKs that full accept queues dropped there: ");
	paper_add_sum(b, &p->overflows);
	strbuf_adds(b, "; for other causes: ");
	paper_add_sum(b, &p->losses);
	strbuf_putc(b, '\n');
}

static void add_gaps(struct paper *w)
{
	const struct postmortem *p = w->p;
	struct strbuf *b = &w->b;

	for (size_t i = 0; i < num_min(p->n_gaps, GAPS_MAX); i++) {
		strbuf_adds(b, "- Nothing is known from ");
		paper_add_moment(b, w, p->gaps[i].begin);
		strbuf_adds(b, " to ");
		paper_add_moment(b, w, p->gaps[i].end);
		strbuf_adds(b, p->gaps[i].unsure ? "; then it may be another boot\n" :
			       p->gaps[i].boot	 ? "; then it is another boot, or another host\n" :
						   "\n");
	}
	if (p->n_gaps > GAPS_MAX)
		strbuf_addf(b, "- nor in %zu more gaps\n", p->n_gaps - GAPS_MAX);
}

static void add_blind(struct paper *w)
{
	const struct postmortem *p = w->p;
	struct strbuf *b = &w->b;

	for (size_t i = 0; i < num_min(p->n_blind, GAPS_MAX); i++) {
		strbuf_adds(b, "- From ");
		paper_add_moment(b, w, p->blind[i].begin);
		strbuf_adds(b, " to ");
		paper_add_moment(b, w, p->blind[i].end);
		strbuf_adds(b, " no fast sample was taken for ");
		text_add_time(b, p->blind[i].ns);
		strbuf_adds(b, ", as listenq or the host was stopped or too busy, or the output "
			       "was not read: peaks are unknown, and what came and went\n");
	}
	if (p->n_blind > GAPS_MAX)
		strbuf_addf(b, "- nor in %zu more windows\n", p->n_blind - GAPS_MAX);
}

static void add_steps(struct paper *w)
{
	const struct postmortem *p = w->p;

	for (size_t i = 0; i < num_min(p->steps.n, GAPS_MAX); i++) {
		strbuf_adds(&w->b, "- At ");
		paper_add_moment(&w->b, w, p->steps.list[i].wall);
		strbuf_putc(&w->b, ' ');
		paper_add_step(&w->b, w, &p->steps.list[i]);
		strbuf_adds(&w->b, ". Lengths of time are true in any case\n");
	}
	if (p->steps.n > GAPS_MAX)
		strbuf_addf(&w->b, "- and it was set %zu times more\n", p->steps.n - GAPS_MAX);
}

static void add_not_shown(struct paper *w)
{
	const struct postmortem *p = w->p;
	struct strbuf *b = &w->b;

	if (!p->unix_too) {
		strbuf_adds(b, "- UNIX listeners were not looked at (-x does)");
		if (p->unix_full.value || p->unix_stalled.value)
			strbuf_addf(b, ", and some were sick: up to %llu full, up to %llu stalled",
				    (unsigned long long)p->unix_full.value,
				    (unsigned long long)p->unix_stalled.value);
		else if (p->unix_full.known)
			strbuf_adds(b, "; none was seen full or stalled");
		strbuf_putc(b, '\n');
	}
	if (!p->all_netns) {
		strbuf_adds(b, "- Other network namespaces were not looked at (-A does)");
		if (p->netns_overflowing.value)
			strbuf_addf(b, ", and up to %llu of them overflowed",
				    (unsigned long long)p->netns_overflowing.value);
		strbuf_putc(b, '\n');
	}
}

/* With --record-when such a sample was to be recorded as a listener matched, or just had. */
static void add_missed(struct paper *w)
{
	const struct postmortem *p = w->p;

	paper_add_count(&w->b, p->missed, "sample");
	strbuf_adds(&w->b, " of ");
	paper_add_clock(&w->b, w, p->missed_begin);
	strbuf_adds(&w->b, " to ");
	paper_add_clock(&w->b, w, p->missed_end);
	strbuf_adds(&w->b, " could not be recorded");
}

static void add_orphans(struct paper *w)
{
	const struct postmortem *p = w->p;
	struct strbuf *b = &w->b;

	if (!p->unattributed)
		return;
	strbuf_addf(b, "- At least %llu overflows fell on listeners that were closed since",
		    (unsigned long long)p->unattributed);
	for (size_t i = 0; i < p->n_orphans; i++) {
		const struct postmortem_orphans *o = &p->orphans[i];

		strbuf_addf(b, "%s %llu on ", i ? ";" : ":", (unsigned long long)o->overflows);
		paper_add_who(w, o->of);
		strbuf_adds(b, ", the only one that was seen to close from ");
		paper_add_clock(b, w, o->begin);
		strbuf_adds(b, " to ");
		paper_add_clock(b, w, o->end);
	}
	strbuf_putc(b, '\n');
}

static void add_unknown(struct paper *w, const struct incident_style *style)
{
	const struct postmortem *p = w->p;
	struct strbuf *b = &w->b;

	strbuf_adds(b, "\n## What was not looked at, and what is unknown\n\n");
	incident_source_add(w, &style->source);
	add_gaps(w);
	add_blind(w);
	add_steps(w);
	if (p->missed) {
		strbuf_adds(b, "- ");
		add_missed(w);
		strbuf_adds(b, ", as on a full disk; with --record-when a listener matched in "
			       "each\n");
	}
	add_not_shown(w);
	for (size_t i = 0; i < p->warnings.n; i++) {
		const struct postmortem_warning *warning = &p->warnings.list[i];

		strbuf_addf(b, "- %s in ", warning->code);
		paper_add_count(b, warning->windows, "window");
		strbuf_adds(b, ", first at ");
		paper_add_clock(b, w, warning->first);
		strbuf_adds(b, ": ");
		paper_add_code(w, warning->message);
		strbuf_putc(b, '\n');
	}
	if (p->warnings.left_out)
		strbuf_addf(b,
			    "- and %llu more warnings; one that came in several windows counts in "
			    "each\n",
			    (unsigned long long)p->warnings.left_out);
	if (p->n_restarts > POSTMORTEM_RESTARTS) {
		strbuf_addf(b, "- Too many listeners were restarted: the last %zu of them, after ",
			    p->n_restarts - POSTMORTEM_RESTARTS);
		paper_add_clock(b, w, p->restarts[POSTMORTEM_RESTARTS - 1].wall);
		strbuf_adds(b, ", are not listed\n");
	}
	if (p->gone_left_out)
		strbuf_addf(b,
			    "- More listeners were closed than the %u that are remembered: whether "
			    "%llu of them were restarted is unknown\n",
			    POSTMORTEM_GONE, (unsigned long long)p->gone_left_out);
	if (p->absences.left_out)
		strbuf_addf(b,
			    "- Listeners were closed at more than %u addresses: those at others, "
			    "which were closed %llu times, are not named\n",
			    ABSENCES_MAX, (unsigned long long)p->absences.left_out);
	add_orphans(w);
	if (p->left_out)
		strbuf_addf(b, "- More than %u listeners were sick; the worst are kept\n",
			    POSTMORTEM_LISTENERS);
	strbuf_adds(b, "- Between two samples only counters are exact: a queue that was full for a "
		       "moment may have been missed\n");
}

/* The whole */

/* Where no listener lost any. */
static bool lost_elsewhere(const struct postmortem *p)
{
	return p->overflows.min || p->losses.min;
}

static struct timespec asked_begin(const struct postmortem *p)
{
	return p->asked_begin.tv_sec ? p->asked_begin : p->begin;
}

static struct timespec asked_end(const struct postmortem *p)
{
	return p->asked_end.tv_sec ? p->asked_end : p->end;
}

/* "; nothing is known for 17s of 27s" */
static void add_unknown_time(struct strbuf *b, const struct postmortem *p)
{
	const int64_t all_ns = clock_to_ns(asked_end(p)) - clock_to_ns(asked_begin(p));

	if (!p->gaps_ns)
		return;
	if (p->gaps_unknown) {
		strbuf_adds(b, "; for an unknown time nothing is known");
		return;
	}
	strbuf_adds(b, "; nothing is known for ");
	text_add_time(b, p->gaps_ns);
	if (all_ns <= 0 || (uint64_t)all_ns <= p->gaps_ns)
		return;
	strbuf_adds(b, " of ");
	text_add_time(b, (uint64_t)all_ns);
}

/* ", but `0.0.0.0:80` was closed 3 times, and so were 2 more listeners", which were well. */
static void add_closed(struct paper *w)
{
	const struct postmortem *p = w->p;
	const struct absences_of *first = p->absences.list;

	if (!p->n_absences)
		return;
	strbuf_adds(&w->b, ", but ");
	paper_add_who(w, first->of);
	strbuf_adds(&w->b, first->times ? " was closed" : " was restarted");
	if (first->closed > 1)
		strbuf_addf(&w->b, " %u times", first->closed);
	if (p->n_absences == 1)
		return;
	strbuf_adds(&w->b, ", and so ");
	strbuf_adds(&w->b, p->n_absences > 2 ? "were " : "was ");
	paper_add_count(&w->b, p->n_absences - 1, "more listener");
}

static void add_title(struct paper *w, const struct incident_style *style)
{
	const struct postmortem *p = w->p;
	const size_t n = paper_parts(p);
	struct strbuf *b = &w->b;

	if (!p->windows) {
		strbuf_adds(b, "# Nothing was looked at\n\n"
			       "There are no two samples, one after the other, in this time.\n");
		return;
	}
	strbuf_adds(b, "# ");
	paper_add_code(w, p->host);
	strbuf_adds(b, ": ");
	if (n) {
		paper_add_who(w, p->listeners[0]);
		strbuf_putc(b, ' ');
		paper_add_worst(b, p->listeners[0]);
		if (n > 1) {
			strbuf_adds(b, p->left_out ? ", and at least " : ", and ");
			paper_add_count(b, n - 1, "more listener");
		}
		add_unknown_time(b, p);
		strbuf_putc(b, '\n');
	} else if (p->n_orphans == 1 && p->orphans[0].overflows == p->overflows.max &&
		   !p->losses.max && !p->chosen) {
		strbuf_adds(b, "SYNs were lost at ");
		paper_add_who(w, p->orphans[0].of);
		strbuf_adds(b, ", which was closed then\n");
	} else if (lost_elsewhere(p) && !p->chosen) {
		strbuf_adds(b, "SYNs were lost, and it is unknown at which listener\n");
	} else if (p->missed) {
		strbuf_adds(b, "it is unknown whether a listener was sick: ");
		add_missed(w);
		strbuf_putc(b, '\n');
	} else if (p->n_listeners) {
		strbuf_adds(b, "nothing was lost, but a queue was nearly full");
		add_closed(w);
		add_unknown_time(b, p);
		strbuf_putc(b, '\n');
	} else {
		strbuf_adds(b,
			    p->chosen ? "no listener that is selected was " : "no listener was ");
		strbuf_adds(b, p->gaps_ns || p->n_blind || style->source.damaged_line ?
				       "seen sick" :
				       "sick");
		strbuf_adds(b, style->source.damaged_line ? ", up to a damaged line" : "");
		add_closed(w);
		add_unknown_time(b, p);
		strbuf_putc(b, '\n');
	}
}

/* The one that most windows prove, and then those that were there for more than a moment. */
static void add_causes(struct strbuf *b, const struct postmortem_listener *l)
{
	const enum reason cause = postmortem_cause(l);
	const struct postmortem_reason *most;

	if (cause == REASON_N)
		return;
	most = &l->reasons[cause];
	strbuf_addf(b, "Cause, proved in %u of %u windows: %s", most->windows, l->windows,
		    verdict_cause(cause));
	for (unsigned int i = 0; i < REASON_N; i++) {
		const struct postmortem_reason *r = &l->reasons[i];

		if (i == cause || !verdict_cause(i) || r->windows < num_max(2, l->windows / 10))
			continue;
		strbuf_addf(b, "; %s %s, in %u",
			    clock_to_ns(r->first) > clock_to_ns(most->first) ? "later also" :
									       "also",
			    verdict_cause(i), r->windows);
	}
	strbuf_adds(b, ". ");
}

static void add_summary(struct paper *w)
{
	const struct postmortem_listener *l = w->p->listeners[0];
	const struct postmortem_sum sum = paper_lost(l);
	struct strbuf *b = &w->b;

	strbuf_putc(b, '\n');
	paper_add_who(w, l);
	strbuf_adds(b, l->n_spells == 1		    ? " was sick from " :
		       l->n_split + 1 < l->n_spells ? " was sick several times between " :
		       l->n_split > 1		    ? " was sick before and after gaps, between " :
						      " was sick before and after the gap, between ");
	paper_add_moment(b, w, l->first.begin);
	strbuf_adds(b, l->n_spells > 1	     ? " and " :
		       l->last.latest.tv_sec ? " to some time " :
					       " to ");
	paper_add_end(w, &l->last);
	strbuf_adds(b, l->last.closed ? ", when it was closed, for " : ", for ");
	paper_add_lasted(b, &l->sick, l->at_least);
	strbuf_adds(b, l->n_spells > 1 ? " in all" : "");
	paper_add_unseen(b, &l->longest);
	paper_add_pauses(b, l);
	strbuf_adds(b, ". ");
	add_causes(b, l);
	if (sum.min) {
		strbuf_adds(b, "SYNs and final ACKs dropped: ");
		paper_add_lost(b, l);
		strbuf_adds(b, ". ");
	}
	if (l->wait_ms.known && l->wait_ms.value >= WAIT_LONG_MS) {
		strbuf_adds(b, "A client waited for ");
		text_add_time(b, l->wait_ms.value * (NSEC_PER_SEC / 1000));
		strbuf_adds(b, " or longer. ");
	}
	if (w->p->steps.n)
		strbuf_adds(b, "The clock was set meanwhile: see the timeline. ");
	if (w->p->missed) {
		add_missed(w);
		strbuf_adds(b, ". ");
	}
	b->len--;
	strbuf_putc(b, '\n');
}

static void add_calm(struct paper *w)
{
	const struct postmortem *p = w->p;
	struct strbuf *b = &w->b;

	strbuf_adds(b, "\nFrom ");
	paper_add_moment(b, w, asked_begin(p));
	strbuf_adds(b, " to ");
	paper_add_moment(b, w, asked_end(p));
	if (lost_elsewhere(p))
		strbuf_addf(b,
			    " no listener %swas seen sick, but the counters of the namespace say "
			    "that packets were lost",
			    p->chosen ? "that is selected " : "");
	else if (p->n_listeners)
		strbuf_adds(b, " no listener was full, stuck or lost a packet, as far as was "
			       "looked at");
	else
		strbuf_adds(b, p->n_absences ? " no listener was sick, as far as was looked at" :
					       " nothing was found, as far as was looked at");
	add_unknown_time(b, p);
	strbuf_adds(b, p->steps.n ? "; the clock was set meanwhile" : "");
	if (p->missed) {
		strbuf_adds(b, "; ");
		add_missed(w);
	}
	strbuf_adds(b, "; see below.\n");
}

/* Where a listener was closed, clients failed, though no queue was to blame. */
static void add_absences(struct paper *w)
{
	const struct postmortem *p = w->p;

	w->b.len--;
	for (size_t i = 0; i < num_min(p->n_absences, ABSENCES_LISTED_MAX); i++) {
		const struct absences_of *a = &p->absences.list[i];

		strbuf_adds(&w->b, a->times ? " At " : " ");
		paper_add_who(w, a->of);
		strbuf_adds(&w->b, a->times ? " " : " was ");
		paper_add_absences(&w->b, w, a);
		strbuf_putc(&w->b, '.');
	}
	if (p->n_absences > ABSENCES_LISTED_MAX) {
		strbuf_putc(&w->b, ' ');
		paper_add_count(&w->b, p->n_absences - ABSENCES_LISTED_MAX, "more listener");
		strbuf_adds(&w->b, " closed: see the timeline.");
	}
	strbuf_putc(&w->b, '\n');
}

/* Ends the first paragraph, whatever was found. */
static void add_damage(struct paper *w, const struct incident_source *source)
{
	const size_t line = source->damaged_line ? source->damaged_line : source->damaged_within;

	if (!line)
		return;
	w->b.len--;
	strbuf_addf(&w->b,
		    " The recording is damaged at line %zu, and what follows%s is not in this "
		    "report.\n",
		    line, source->damaged_line ? "" : ", up to the next run,");
}

/* What follows from it where nothing was found. */
static void add_not_the_cause(struct paper *w)
{
	const struct postmortem *p = w->p;

	if (lost_elsewhere(p) || p->missed || p->unix_full.value || p->unix_stalled.value ||
	    p->netns_overflowing.value || p->n_absences || p->absences.left_out)
		return;
	strbuf_addf(
		&w->b,
		"\nSo the listen queues%s were not the cause, as far as was %s. If clients failed "
		"at that time, look at the program next: its log, its CPU time and what it waited "
		"for; then at what is before it: packet filters, load balancers, DNS.\n",
		p->chosen ? " of what is selected" : "", p->past ? "recorded" : "looked at");
}

static void add_body(struct paper *w, const struct incident_style *style)
{
	const struct postmortem *p = w->p;
	const size_t n = paper_parts(p), detailed = num_min(n, PAPER_PARTS_MAX);

	if (n)
		add_summary(w);
	else
		add_calm(w);
	if (!n)
		add_absences(w);
	add_damage(w, &style->source);
	if (!n)
		add_not_the_cause(w);
	for (size_t i = 0; i < detailed; i++)
		incident_listener_add(w, p->listeners[i], n > 1 ? i + 1 : 0);
	add_list(w, "More listeners that were sick", detailed, n);
	add_list(w, "Nearly full, and nothing lost", n, p->n_listeners);
	if (p->n_listeners || p->n_gaps || p->n_blind || p->steps.n || p->n_missed ||
	    p->n_orphans || p->n_absences)
		incident_timeline_add(w);
	add_looked_at(w, style);
	add_unknown(w, style);
	incident_source_add_next(w, &style->source);
}

void incident_print(FILE *stream, const struct postmortem *p, const struct incident_style *style)
{
	struct paper w = { .p = p, .text_flags = style->text_flags };
	char begin[CLOCK_TEXT_SIZE], end[CLOCK_TEXT_SIZE];

	clock_format_local(postmortem_wall(p, p->begin), begin);
	clock_format_local(postmortem_wall(p, p->end), end);
	w.dated = strncmp(begin, end, 10) != 0;
	add_title(&w, style);
	if (p->windows)
		add_body(&w, style);
	fwrite(w.b.s, 1, w.b.len, stream);
	strbuf_free(&w.b);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/paper.h"

#include "base/clock.h"
#include "base/num.h"
#include "model/clock_step.h"
#include "output/cell.h"

#include <string.h>

/* A code span. Its fences are longer than any row of backticks within. @text: in one line */
void paper_add_span(struct strbuf *b, const char *text, size_t len)
{
	size_t fence = 1, run = 0;
	bool pad;

	if (!len) {
		strbuf_adds(b, "`\"\"`");
		return;
	}
	for (size_t i = 0; i < len; i++) {
		run = text[i] == '`' ? run + 1 : 0;
		fence = num_max(fence, run + 1);
	}
	pad = text[0] == '`' || text[len - 1] == '`' || (text[0] == ' ' && text[len - 1] == ' ');
	strbuf_addc(b, '`', fence);
	strbuf_addc(b, ' ', pad);
	strbuf_add(b, text, len);
	strbuf_addc(b, ' ', pad);
	strbuf_addc(b, '`', fence);
}

/* The same of any bytes. */
void paper_add_code(struct paper *w, const char *text)
{
	struct strbuf safe = { 0 };

	text_add_safe(&safe, text, strlen(text), w->text_flags);
	paper_add_span(&w->b, safe.s, safe.len);
	strbuf_free(&safe);
}

void paper_add_count(struct strbuf *b, uint64_t n, const char *what)
{
	strbuf_addf(b, "%llu %s%s", (unsigned long long)n, what, n == 1 ? "" : "s");
}

void paper_add_moment(struct strbuf *b, const struct paper *w, struct timespec t)
{
	char local[CLOCK_TEXT_SIZE], utc[CLOCK_TEXT_SIZE];

	t = postmortem_wall(w->p, t);
	clock_format_local(t, local);
	clock_format_utc(t, 0, utc);
	utc[10] = ' ';
	utc[19] = '\0';
	if (!strcmp(local + 20, "+0000"))
		strbuf_addf(b, "%s UTC", utc);
	else
		strbuf_addf(b, "%s (%s UTC)", local, strncmp(local, utc, 10) ? utc : utc + 11);
}

static void add_shown(struct strbuf *b, const struct paper *w, struct timespec t)
{
	char local[CLOCK_TEXT_SIZE];

	clock_format_local(t, local);
	strbuf_add(b, w->dated ? local : local + 11, w->dated ? 19 : 8);
}

void paper_add_clock(struct strbuf *b, const struct paper *w, struct timespec t)
{
	add_shown(b, w, postmortem_wall(w->p, t));
}

void paper_add_at(struct paper *w, struct timespec t)
{
	strbuf_adds(&w->b, ", at ");
	paper_add_clock(&w->b, w, t);
}

void paper_add_step(struct strbuf *b, const struct paper *w, const struct clock_step *step)
{
	if (step->unknown) {
		strbuf_adds(b, "since a boot the clock is behind by ");
		text_add_time(b, (uint64_t)-step->ns);
		strbuf_adds(b, " or more");
	} else {
		clock_step_add(b, step->ns);
	}
	strbuf_adds(b, "; until then it showed ");
	add_shown(b, w, clock_shift(postmortem_wall(w->p, step->wall), -step->ns));
}

void paper_add_sum(struct strbuf *b, const struct postmortem_sum *sum)
{
	if (!sum->known) {
		strbuf_adds(b, "unknown");
		return;
	}
	/* What is unknown may be more. */
	if (sum->unknown && sum->min) {
		strbuf_addf(b, "at least %llu", (unsigned long long)sum->min);
		if (sum->max > sum->min)
			strbuf_addf(b, ", up to %llu where it is known",
				    (unsigned long long)sum->max);
		strbuf_adds(b, "; unknown in ");
		paper_add_count(b, sum->unknown, "window");
		return;
	}
	strbuf_addu(b, sum->min);
	if (sum->max > sum->min)
		strbuf_addf(b, " to %llu", (unsigned long long)sum->max);
	if (sum->unknown) {
		strbuf_adds(b, " where it is known; unknown in ");
		paper_add_count(b, sum->unknown, "window");
	}
}

/* The address as a table has it, safe for a terminal. */
void paper_add_local(struct strbuf *b, const struct paper *w, const struct postmortem_listener *l)
{
	const struct netns_report netns = { .netns = &l->netns };
	const struct row row = { .listener = &l->listener,
				 .netns = &netns,
				 .window = &row_no_window };
	struct field_context context = { 0 };
	struct field_value value;

	field_get(&field_table[FIELD_LOCAL], &row, NULL, &context, &value);
	if (value.known)
		cell_add(b, &value, w->text_flags);
	else
		strbuf_addf(b, "UNIX socket without a name, inode %u", l->listener.inode);
	strbuf_free(&context.scratch);
}

void paper_add_address(struct paper *w, const struct postmortem_listener *l)
{
	struct strbuf local = { 0 };

	paper_add_local(&local, w, l);
	paper_add_span(&w->b, local.s, local.len);
	strbuf_free(&local);
}

void paper_add_netns(struct paper *w, const struct netns *ns)
{
	struct strbuf name = { 0 };

	cell_add_netns(&name, ns, w->text_flags);
	paper_add_span(&w->b, name.s, name.len);
	strbuf_free(&name);
}

void paper_add_who(struct paper *w, const struct postmortem_listener *l)
{
	if (l->n_processes && *l->processes[0].comm) {
		paper_add_code(w, l->processes[0].comm);
		strbuf_adds(&w->b, " at ");
	}
	paper_add_address(w, l);
	if (!l->netns.own) {
		strbuf_adds(&w->b, " in namespace ");
		paper_add_netns(w, &l->netns);
	}
	if (strcmp(l->host, w->p->host) != 0) {
		strbuf_adds(&w->b, " on host ");
		paper_add_code(w, l->host);
	}
}

void paper_add_what(struct strbuf *b, enum state state, enum reason reason)
{
	strbuf_adds(b, verdict_brief(state, reason));
	if (verdict_cause(reason))
		strbuf_addf(b, ", %s", state_table[state].name);
}

void paper_add_worst(struct strbuf *b, const struct postmortem_listener *l)
{
	paper_add_what(b, l->worst, postmortem_cause(l));
}

bool paper_has_part(const struct postmortem_listener *l)
{
	return state_table[l->worst].severity <= SEVERITY_WARNING;
}

size_t paper_parts(const struct postmortem *p)
{
	size_t n = 0;

	while (n < p->n_listeners && paper_has_part(p->listeners[n]))
		n++;
	return n;
}

struct postmortem_sum paper_lost(const struct postmortem_listener *l)
{
	struct postmortem_sum sum = l->overflows;

	sum.min += l->losses.min;
	sum.max += l->losses.max;
	sum.unknown = sum.unknown > l->losses.unknown ? sum.unknown : l->losses.unknown;
	return sum;
}

void paper_add_lost(struct strbuf *b, const struct postmortem_listener *l)
{
	const struct postmortem_sum sum = paper_lost(l);

	if (sum.min && !sum.unknown && l->at_least)
		strbuf_addf(b, "at least %llu", (unsigned long long)sum.min);
	else
		paper_add_sum(b, &sum);
}

void paper_add_end(struct paper *w, const struct postmortem_spell *s)
{
	if (s->latest.tv_sec)
		strbuf_adds(&w->b, "between ");
	paper_add_moment(&w->b, w, s->end);
	if (!s->latest.tv_sec)
		return;
	strbuf_adds(&w->b, " and ");
	paper_add_moment(&w->b, w, s->latest);
}

static void add_either(struct strbuf *b, const struct paper *w, struct timespec first,
		       struct timespec last)
{
	strbuf_adds(b, "between ");
	paper_add_clock(b, w, first);
	strbuf_adds(b, " and ");
	paper_add_clock(b, w, last);
}

static void add_absence(struct strbuf *b, const struct paper *w, const struct absence *a,
			const struct postmortem_listener *l)
{
	strbuf_adds(b, " from some time ");
	add_either(b, w, a->closed_after, a->closed_by);
	if (a->opened_by.tv_sec) {
		strbuf_adds(b, " to some time ");
		add_either(b, w, a->opened_after, a->opened_by);
	} else {
		strbuf_adds(b, " to ");
		paper_add_clock(b, w, a->opened_after);
		strbuf_adds(b, " or later");
	}
	strbuf_adds(b, listener_is_unix(&l->listener) ? ": a client that came then was refused" :
							": a client that came then got a RST, "
							"unless another listener had the port");
}

void paper_add_absence(struct strbuf *b, const struct paper *w, const struct postmortem_restart *r,
		       const struct postmortem_listener *l)
{
	const struct absence a = { r->closed_after, r->closed_by, r->opened_after, r->wall };

	strbuf_adds(b, "nobody listened");
	add_absence(b, w, &a, l);
}

void paper_add_absences(struct strbuf *b, const struct paper *w, const struct absences_of *a)
{
	if (a->times) {
		strbuf_adds(b, "nobody listened");
		if (a->times > 1)
			strbuf_addf(b, " %u times, the longest", a->times);
		add_absence(b, w, &a->longest, a->of);
		if (a->closed == a->times)
			return;
		strbuf_adds(b, "; and the listener was ");
	}
	strbuf_adds(b, "restarted ");
	if (a->closed - a->times > 1)
		strbuf_addf(b, "%u times ", a->closed - a->times);
	strbuf_adds(b, "within a window, as a new listener");
	if (a->closed > 1) {
		strbuf_adds(b, "; the last one was closed by ");
		paper_add_clock(b, w, a->last);
	}
}

void paper_add_unseen(struct strbuf *b, const struct postmortem_spell *s)
{
	if (!s->unseen_ns)
		return;
	strbuf_adds(b, ", without a break, though nothing was recorded for ");
	text_add_time(b, s->unseen_ns);
}

/* Do the windows leave more than a second and a tenth open? */
static bool is_wide(uint64_t min_ns, uint64_t max_ns)
{
	return max_ns > min_ns + NSEC_PER_SEC && max_ns - min_ns > max_ns / 10;
}

void paper_add_lasted(struct strbuf *b, const struct spell_span *span, bool at_least)
{
	if (at_least) {
		strbuf_adds(b, "at least ");
		text_add_time(b, is_wide(span->min_ns, span->ns) && span->min_ns ? span->min_ns :
										   span->ns);
		return;
	}
	if (!is_wide(span->min_ns, span->max_ns)) {
		text_add_time(b, span->ns);
		return;
	}
	if (span->min_ns)
		text_add_time(b, span->min_ns);
	strbuf_adds(b, span->min_ns ? " to " : "at most ");
	text_add_time(b, span->max_ns);
}

void paper_add_between(struct paper *w, struct timespec wall, uint64_t before_ns, uint64_t after_ns,
		       uint64_t of_ns)
{
	const uint64_t ns = before_ns + after_ns;
	const bool wide = ns > NSEC_PER_SEC && ns > of_ns / 10;

	if (!wide) {
		paper_add_moment(&w->b, w, wall);
		return;
	}
	strbuf_adds(&w->b, "between ");
	paper_add_moment(&w->b, w, clock_before(wall, before_ns));
	strbuf_adds(&w->b, " and ");
	paper_add_moment(&w->b, w, clock_shift(wall, (int64_t)after_ns));
}

void paper_add_pauses(struct strbuf *b, const struct postmortem_listener *l)
{
	if (l->windows_ns + l->longest.unseen_ns + l->sick_ns / 10 >= l->sick_ns)
		return;
	strbuf_adds(b, ", on and off: sick windows of ");
	text_add_time(b, l->windows_ns);
	strbuf_adds(b, " in all");
}

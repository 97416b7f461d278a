/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/title.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "output/cell.h"
#include "output/footer.h"
#include "top/phrase.h"

#include <stdio.h>
#include <string.h>

#define HOST_MAX  15 /* columns of the name of the host on a narrow screen */
#define NETNS_MAX 26 /* of the word and the name of a namespace */
#define RIGHT_GAP 2 /* blanks between the parts on the right */

/* In the order of the line; those from PART_PACE on are at its right end. */
enum part {
	PART_GAP, /* no text, but how wide the gaps are */
	PART_NAME,
	PART_HOST,
	PART_NETNS, /* the only one, where the user chose it */
	PART_STATES,
	PART_OVERFLOWS, /* whose listener is unknown */
	PART_PAST, /* recovered, gone */
	PART_REST, /* ok; or all are well */
	PART_NOT_SHOWN,
	PART_NOT_RECORDED, /* or what is recorded is damaged */
	PART_WARNINGS,
	PART_PACE,
	PART_CPU,
	PART_CLOCK,
	PART_MODE,
	PART_N
};

/* Each makes a part shorter by one level: first what matters least. */
static const enum part steps[] = {
	PART_CPU,	PART_PACE,	PART_NOT_SHOWN,	   PART_GAP,   PART_NAME,   PART_HOST,
	PART_NOT_SHOWN, PART_HOST,	PART_CLOCK,	   PART_NETNS, PART_REST,   PART_WARNINGS,
	PART_NOT_SHOWN, PART_OVERFLOWS, PART_CLOCK,	   PART_HOST,  PART_MODE,   PART_STATES,
	PART_REST,	PART_STATES,	PART_PAST,	   PART_GAP,   PART_CLOCK,  PART_WARNINGS,
	PART_STATES,	PART_PAST,	PART_NOT_RECORDED, PART_MODE,  PART_STATES, PART_NOT_SHOWN,
	PART_OVERFLOWS,
};

struct line {
	const struct title *t;
	unsigned int level[PART_N]; /* how much shorter a part is than in full */
	size_t gap;
};

static uint64_t rise_of(const struct report *report, enum counter_id id)
{
	uint64_t rise = 0;

	for (size_t i = 0; i < report->n_netns; i++)
		rise += report->netns[i].delta[id].value;
	return rise;
}

/* Overflows that no listener on the screen accounts for. */
static uint64_t count_overflows(const struct title *t)
{
	uint64_t n = 0;

	if (!t->census->sick)
		return rise_of(t->report, COUNTER_LISTEN_OVERFLOWS);
	for (size_t i = 0; i < t->report->n_netns; i++)
		n += t->report->netns[i].unattributed_overflows.value;
	return n;
}

/* Without that counter an overflow may have happened. */
static bool overflows_known(const struct report *report)
{
	for (size_t i = 0; i < report->n_netns; i++)
		if (!report->netns[i].delta[COUNTER_LISTEN_OVERFLOWS].known)
			return false;
	return true;
}

static void add_host(struct strbuf *b, const struct line *l)
{
	const char *host = l->t->report->snapshot->host;

	/* Nobody knows the host of a recording by where he has logged in. */
	if (l->level[PART_HOST] > (l->t->speed ? 2 : 1))
		return;
	text_add_safe(b, host, strlen(host), l->t->utf8 ? 0 : TEXT_ASCII);
	if (l->level[PART_HOST])
		cell_shorten(b, 0, HOST_MAX, l->t->utf8);
}

static void add_netns(struct strbuf *b, const struct line *l)
{
	const struct report *report = l->t->report;

	if (l->level[PART_NETNS] || report->n_netns != 1 || !report->netns[0].netns->name)
		return;
	strbuf_adds(b, "netns ");
	cell_add_netns(b, report->netns[0].netns, l->t->utf8 ? 0 : TEXT_ASCII);
	cell_shorten(b, 0, NETNS_MAX, l->t->utf8);
}

/* "2 overflowing  1 syn-full", "2 overflowing +1", "3 sick" */
static void add_states(struct strbuf *b, const struct line *l)
{
	static const size_t most[] = { STATE_OK, 4, 2, 1, 0 };
	const size_t limit = most[num_min(l->level[PART_STATES], ARRAY_SIZE(most) - 1)];
	const struct census *c = l->t->census;
	size_t left = c->sick, n = 0;

	for (unsigned int i = 0; i < STATE_OK && n < limit; i++) {
		if (!c->in[i])
			continue;
		strbuf_addc(b, ' ', n++ ? l->gap : 0);
		strbuf_addf(b, "%zu %s", c->in[i], state_table[i].name);
		left -= c->in[i];
	}
	if (left)
		strbuf_addf(b, n ? " +%zu" : "%zu sick", left);
}

static void add_overflows(struct strbuf *b, const struct line *l)
{
	const uint64_t n = count_overflows(l->t);
	const unsigned int level = l->level[PART_OVERFLOWS];

	if (!n || (level > 1 && l->t->census->sick))
		return;
	strbuf_addf(b, "%llu overflow%s", (unsigned long long)n, n == 1 ? "" : "s");
	if (!level)
		strbuf_addf(b, " on %s listener",
			    l->t->census->gone ? "a gone or unknown" : "an unknown");
}

static void add_past(struct strbuf *b, const struct line *l)
{
	const struct census *c = l->t->census;
	const unsigned int level = l->level[PART_PAST];

	if (level > 1)
		return;
	if (c->recovered && !(level && c->gone))
		strbuf_addf(b, "%zu recovered", c->recovered);
	if (c->restarting) {
		strbuf_addc(b, ' ', b->len ? l->gap : 0);
		strbuf_addf(b, "%zu restarting", c->restarting);
	}
	if (c->gone) {
		strbuf_addc(b, ' ', b->len ? l->gap : 0);
		strbuf_addf(b, "%zu gone", c->gone);
	}
}

static void add_number(struct strbuf *b, const struct line *l)
{
	const size_t n = census_listeners(l->t->census);

	strbuf_addf(b, n ? "%zu " : "no ", n);
	footer_add_scope(b, l->t->report, n);
}

/* Nothing is known of what moved. What is full now is full. */
static void add_without_window(struct strbuf *b, const struct line *l)
{
	const unsigned int level = l->level[PART_REST];

	if (!level) {
		add_number(b, l);
		strbuf_addc(b, ' ', l->gap);
	}
	if (l->t->paused)
		strbuf_adds(b, "no window");
	else
		strbuf_adds(b, level > 1 ? "measuring" : "measuring the first window");
}

static void add_rest(struct strbuf *b, const struct line *l)
{
	const struct title *t = l->t;
	const struct census *c = t->census;
	const unsigned int level = l->level[PART_REST];
	const bool alone = !c->sick && !c->recovered && !c->restarting && !c->gone;
	const bool overflows = count_overflows(t) && !c->sick;

	if (!t->report->window_ns) {
		add_without_window(b, l);
	} else if (!c->ok && alone) {
		add_number(b, l);
	} else if (overflows) {
		if (!level)
			add_number(b, l);
		else if (level == 1)
			strbuf_addf(b, "%zu listeners", c->ok);
	} else if (alone && !level && overflows_known(t->report)) {
		strbuf_adds(b, c->ok > 1 ? "all " : "the ");
		if (c->ok > 1)
			strbuf_addf(b, "%zu ", c->ok);
		footer_add_scope(b, t->report, c->ok);
		strbuf_adds(b, c->ok > 1 ? " are well" : " is well");
	} else if (c->ok && (level < 2 || alone)) {
		strbuf_addf(b, "%zu ok", c->ok);
	}
}

/* The key or the option that shows it; nothing adds to a recording. */
static void add_hint(struct strbuf *b, const struct title *t, const char *hint)
{
	if (!t->speed)
		strbuf_addf(b, " (%s)", hint);
}

/* "1 UNIX full, 2 stalled (x)" */
static void add_unix(struct strbuf *b, const struct title *t, bool brief)
{
	const struct not_shown *e = &t->report->not_shown;
	const unsigned long long full = e->unix_full.value, stalled = e->unix_stalled.value;

	if (!full && !stalled)
		return;
	if (brief)
		strbuf_addf(b, "+%llu UNIX", full + stalled);
	else if (full && stalled)
		strbuf_addf(b, "%llu UNIX full, %llu stalled", full, stalled);
	else
		strbuf_addf(b, "%llu UNIX %s", full + stalled, full ? "full" : "stalled");
	add_hint(b, t, "x");
}

/* Namespaces that were not read may overflow too; see footer_add_not_shown(). */
static void add_unread(struct strbuf *b, const struct title *t)
{
	const struct not_shown *e = &t->report->not_shown;
	const bool all = e->namespaces.known && e->namespaces.value == e->looked_at.value;

	if (!e->looked_at.known || all || !e->cut)
		return;
	strbuf_adds(b, b->len ? ", not looked at: " : "NOT LOOKED AT: ");
	if (e->namespaces.known)
		strbuf_addf(b, "%llu ",
			    (unsigned long long)(e->namespaces.value - e->looked_at.value));
	strbuf_adds(b, "other namespaces");
	add_hint(b, t, "-A");
}

/* What is sick elsewhere, and the key or option that shows it. */
static void add_not_shown(struct strbuf *b, const struct line *l)
{
	const struct not_shown *e = &l->t->report->not_shown;
	const unsigned int level = l->level[PART_NOT_SHOWN];
	const unsigned long long n = e->overflowing.value;
	const bool brief = level > 2;

	if (level > 3)
		return;
	if (not_shown_is_sick(e)) {
		strbuf_adds(b, level < 2 ? "NOT SHOWN: " : "");
		add_unix(b, l->t, brief);
		if (n) {
			const bool more = e->unix_full.value || e->unix_stalled.value;

			strbuf_adds(b, !more ? "" : brief ? " " : ", ");
			strbuf_addf(b,
				    brief ? "+%llu netns" :
				    n > 1 ? "%llu namespaces overflow" :
					    "%llu namespace overflows",
				    n);
			add_hint(b, l->t, "-A");
		}
	}
	if (!level)
		add_unread(b, l->t);
}

/* The message that says why has gone. */
static void add_not_recorded(struct strbuf *b, const struct line *l)
{
	if (!l->level[PART_NOT_RECORDED])
		strbuf_adds(b, l->t->not_recorded ? "NOT RECORDED" :
			       l->t->damaged	  ? "DAMAGED" :
						    "");
}

static void add_warnings(struct strbuf *b, const struct line *l)
{
	const size_t n = l->t->report->snapshot->n_warnings;
	const unsigned int level = l->level[PART_WARNINGS];

	if (n && level < 2)
		strbuf_addf(b, "%zu warn%s%s (?)", n, level ? "" : "ing",
			    level || n == 1 ? "" : "s");
}

static void add_pace(struct strbuf *b, const struct line *l)
{
	if (l->level[PART_PACE])
		return;
	strbuf_adds(b, "every ");
	if (l->t->delay < 1)
		strbuf_addf(b, "%gs", l->t->delay);
	else
		phrase_time(b, (uint64_t)(l->t->delay * (double)NSEC_PER_SEC));
}

/* What is live is of today; a recording keeps its date, then its time, for longer. */
static void add_clock(struct strbuf *b, const struct line *l)
{
	const unsigned int level = l->level[PART_CLOCK] + (l->t->speed ? 0 : 2);
	char time[CLOCK_TEXT_SIZE];

	clock_format_utc(l->t->report->snapshot->wall, 0, time);
	time[strlen("2026-11-28")] = ' ';
	if (level < 3)
		strbuf_adds(b,
			    time + (level == 0 ? 0 : strlen(level == 1 ? "2026-" : "2026-11-28 ")));
}

static void add_mode(struct strbuf *b, const struct line *l)
{
	const unsigned int level = l->level[PART_MODE];

	if (l->t->speed) { /* as wide whatever it is, so that the time stays where it is */
		char speed[16];

		snprintf(speed, sizeof(speed), "%ux", l->t->speed);
		strbuf_adds(b, "REPLAY");
		if (level < 2)
			strbuf_addf(b, " %-*s", level ? 0 : 6,
				    l->t->ended	 ? "END" :
				    l->t->paused ? "PAUSED" :
						   speed);
		return;
	}
	if (!l->t->paused) {
		strbuf_adds(b, level ? "" : "LIVE");
		return;
	}
	strbuf_adds(b, "PAUSED");
	if (l->t->age_ns && level < 2) {
		strbuf_adds(b, " -");
		phrase_time(b, l->t->age_ns);
	}
}

static void add_name(struct strbuf *b, const struct line *l)
{
	strbuf_adds(b, l->level[PART_NAME] ? "" : "listenq");
}

static void add_cpu(struct strbuf *b, const struct line *l)
{
	if (!l->level[PART_CPU] && !l->t->speed)
		strbuf_addf(b, "cpu %3.1f%%", l->t->cpu_share * 100);
}

/* Each adds a part at its level, which may be nothing. */
static void (*const add_part[PART_N])(struct strbuf *b, const struct line *l) = {
	[PART_NAME] = add_name,
	[PART_HOST] = add_host,
	[PART_NETNS] = add_netns,
	[PART_STATES] = add_states,
	[PART_OVERFLOWS] = add_overflows,
	[PART_PAST] = add_past,
	[PART_REST] = add_rest,
	[PART_NOT_SHOWN] = add_not_shown,
	[PART_NOT_RECORDED] = add_not_recorded,
	[PART_WARNINGS] = add_warnings,
	[PART_PACE] = add_pace,
	[PART_CPU] = add_cpu,
	[PART_CLOCK] = add_clock,
	[PART_MODE] = add_mode,
};

/* Joins the parts before @end, from @part on. */
static void join(struct strbuf *b, enum part part, enum part end, size_t gap, const struct line *l)
{
	struct strbuf text = { 0 };

	strbuf_adds(b, "");
	for (; part < end; part++) {
		text.len = 0;
		add_part[part](&text, l);
		if (!text.len)
			continue;
		/* The host is the program's subject, not a count. */
		strbuf_addc(b, ' ',
			    !b->len				    ? 0 :
			    part == PART_HOST || part == PART_NETNS ? 1 :
								      gap);
		strbuf_add(b, text.s, text.len);
	}
	strbuf_free(&text);
}

static enum severity severity_of(const struct title *t)
{
	const enum severity worst = t->census->worst;

	if ((count_overflows(t) || not_shown_is_sick(&t->report->not_shown)) &&
	    census_is_worse(SEVERITY_WARNING, worst))
		return SEVERITY_WARNING;
	return worst;
}

/* The line at its levels, padded in the middle. Returns the columns that it takes without that. */
static size_t build(struct strbuf *b, struct line *l, size_t width, size_t *mode)
{
	struct strbuf left = { 0 }, right = { 0 }, tag = { 0 };
	size_t used, edge;

	l->gap = 3 - num_min(l->level[PART_GAP], 2);
	edge = l->gap > 1;
	join(&left, PART_NAME, PART_PACE, l->gap, l);
	join(&right, PART_PACE, PART_MODE, RIGHT_GAP, l);
	join(&tag, PART_MODE, PART_N, 0, l);
	used = edge + text_width(left.s, left.len) + (right.len ? l->gap + right.len : 0) +
	       (tag.len ? 1 + tag.len : 0) + edge;
	b->len = 0;
	strbuf_addc(b, ' ', edge);
	strbuf_add(b, left.s, left.len);
	strbuf_addc(b, ' ', (right.len ? l->gap : 0) + (used < width ? width - used : 0));
	strbuf_add(b, right.s, right.len);
	*mode = b->len;
	strbuf_addc(b, ' ', tag.len != 0);
	strbuf_add(b, tag.s, tag.len);
	strbuf_addc(b, ' ', edge);
	*mode = b->len - *mode;
	strbuf_free(&left);
	strbuf_free(&right);
	strbuf_free(&tag);
	return used;
}

enum severity title_compose(struct strbuf *b, const struct title *t, size_t width, size_t *mode)
{
	struct line l = { .t = t };
	size_t step = 0;

	while (build(b, &l, width, mode) > width && step < ARRAY_SIZE(steps))
		l.level[steps[step++]]++;
	/* A small part may fit again after a large one has become shorter. */
	while (step-- > 0) {
		l.level[steps[step]]--;
		if (build(b, &l, width, mode) > width)
			l.level[steps[step]]++;
	}
	build(b, &l, width, mode);
	return severity_of(t);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/banner.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "output/cell.h"
#include "top/graph.h"

#include <string.h>

#define NAME_WIDTH     15 /* at least; with more room, more */
#define NAME_MAX_WIDTH 25
#define RATE_WIDTH     6 /* "318/s " */
#define COUNTER_WIDTH  35 /* of a counter with its rate and its sum, and a gap */
#define SPARK_WIDTH    8
#define SPARK_ROOM     (SPARK_WIDTH + 1)
#define SUM_NS	       (60 * NSEC_PER_SEC)

static void add_tag(struct strbuf *b, const char *text)
{
	strbuf_addf(b, "%s[%s]", b->len ? " " : "", text);
}

/* Filters, what decides the order, and whether the screen is paused. */
static void add_tags(struct strbuf *b, const struct session *s)
{
	uint64_t clock_ns = clock_monotonic_ns(), age = playback_age(&s->playback);

	if (s->view.selection.filter)
		add_tag(b, "FILTER");
	if (s->view.selection.only_full)
		add_tag(b, "FULL ONLY");
	if (s->view.follow)
		add_tag(b, "FOLLOW");
	if (s->view.frozen)
		add_tag(b, "ORDER FROZEN");
	else if (view_order_stays(&s->view, clock_ns))
		add_tag(b, "ORDER HELD");
	if (!s->playback.paused) {
		add_tag(b, "LIVE");
	} else if (!age) {
		add_tag(b, "PAUSED");
	} else {
		strbuf_addf(b, "%s[PAUSED -", b->len ? " " : "");
		phrase_time(b, age);
		strbuf_putc(b, ']');
	}
}

/* The namespace of the selected listener. */
static const struct netns_report *find_netns(const struct session *s)
{
	const struct row *row = view_selected(&s->view);

	if (row)
		return row->netns;
	return s->view.report.n_netns ? &s->view.report.netns[0] : NULL;
}

/* Names the namespace whose counters are shown, unless it is the only one and has no name. */
static void add_namespace(struct strbuf *b, const struct session *s)
{
	const struct netns_report *ns = find_netns(s);

	if (!ns || (s->view.report.n_netns < 2 && !ns->netns->name))
		return;
	strbuf_adds(b, "  netns ");
	cell_add_netns(b, ns->netns, s->screen.utf8 ? 0 : TEXT_ASCII);
	if (s->view.report.n_netns > 1)
		strbuf_addf(b, " of %zu", s->view.report.n_netns);
}

static void add_place(struct strbuf *b, const struct session *s)
{
	const struct report *report = &s->view.report;
	const struct snapshot *sample = report->snapshot;
	const size_t n_shown = report->n_shown - s->view.n_members;
	char time[CLOCK_TEXT_SIZE];

	strbuf_adds(b, "listenq  ");
	if (!sample)
		return;
	text_add_safe(b, sample->host, strlen(sample->host), s->screen.utf8 ? 0 : TEXT_ASCII);
	clock_format_utc(sample->wall, 0, time);
	strbuf_addf(b, "  %s  every ", strchr(time, 'T') + 1);
	if (s->request.delay < 1)
		strbuf_addf(b, "%gs", s->request.delay);
	else
		phrase_time(b, (uint64_t)(s->request.delay * (double)NSEC_PER_SEC));
	if (n_shown < report->n_rows)
		strbuf_addf(b, "  %zu of", n_shown);
	strbuf_addf(b, "%s%zu %s%s", n_shown < report->n_rows ? " " : "  ", report->n_rows,
		    s->view.fold ? "group" : "listener", report->n_rows == 1 ? "" : "s");
	add_namespace(b, s);
	strbuf_addf(b, "  cpu %.1f%%", s->cpu_share * 100);
	if (sample->n_warnings)
		strbuf_addf(b, "  %zu warning%s (?)", sample->n_warnings,
			    sample->n_warnings == 1 ? "" : "s");
}

void banner_title(struct session *s, struct area a)
{
	struct paint p = paint_area(&s->screen, &a, 0);
	struct strbuf place = { 0 }, tags = { 0 };
	int width, end = p.end;

	add_place(&place, s);
	add_tags(&tags, s);
	width = (int)tags.len;
	if (width > end / 2 && end < 60) /* the title needs the whole line */
		width = 0;
	p.end -= width + (width > 0);
	paint_text(&p, INK_STRONG, place.s, place.len);
	paint_rest(&p, INK_PLAIN);
	p.end = end;
	if (width) {
		paint_blanks(&p, INK_PLAIN, 1);
		paint_text(&p, INK_HEADER, tags.s, tags.len);
	}
	strbuf_free(&place);
	strbuf_free(&tags);
}

/* TODO(banner) */
void banner_strip(struct session *s, struct area a)
{
	const int y = a.y;
	struct phrase_context c = session_phrases(s);
	struct paint p = paint_line(&s->screen, y);
	struct strbuf b = { 0 };
	enum severity severity;

	if (!a.lines)
		return;
	if (!s->view.report.snapshot) {
		paint_string(&p, INK_PLAIN, "taking the first sample");
		return;
	}
	severity = phrase_verdict(&b, &c);
	paint_text(&p, paint_ink(severity), b.s, b.len);
	strbuf_free(&b);
}

/* Shows rates, not deltas: windows differ in length. The highest rate is a full bar. */
static void add_spark(struct strbuf *b, const struct session *s, const struct netns *ns,
		      enum counter_id id)
{
	double rates[SPARK_WIDTH], max = 0;

	for (size_t i = 0; i < SPARK_WIDTH; i++) {
		rates[i] = history_rate(s->playback.history, ns, id, s->playback.back + i);
		max = rates[i] > max ? rates[i] : max;
	}
	for (size_t i = SPARK_WIDTH; i-- > 0;) {
		if (rates[i] >= 0)
			graph_spark(b, max > 0 ? rates[i] / max : 0, s->screen.utf8);
		else
			strbuf_putc(b, ' ');
	}
}

/* Leaves the sparkline out where it and the sum do not both fit. */
static void draw_counter(const struct session *s, struct paint *p, const struct netns_report *ns,
			 enum counter_id id)
{
	struct opt_u64 delta = ns->delta[id], counted;
	enum ink ink = delta.known && delta.value ? INK_STRONG : INK_PLAIN;
	struct strbuf rate = { 0 }, sum = { 0 };
	struct paint name = *p;
	uint64_t covered;
	int room;
	bool spark;

	if (delta.known)
		phrase_rate(&rate, report_rate(delta, &s->view.report));
	else
		strbuf_putc(&rate, '-');
	strbuf_adds(&rate, delta.known ? "/s " : "   ");
	strbuf_adds(&sum, "");
	counted =
		history_sum(s->playback.history, ns->netns, id, s->playback.back, SUM_NS, &covered);
	if (counted.known) {
		strbuf_addf(&sum, "+%llu in ", (unsigned long long)counted.value);
		phrase_time(&sum, covered);
	}
	room = p->end - p->x - NAME_WIDTH - 1 - (int)sum.len;
	room -= rate.len < RATE_WIDTH ? RATE_WIDTH : (int)rate.len;
	spark = room >= SPARK_ROOM;
	/* The name gets what is left. */
	room -= spark ? SPARK_ROOM : 0;
	name.end = p->x + (room <= 0			      ? NAME_WIDTH :
			   room < NAME_MAX_WIDTH - NAME_WIDTH ? NAME_WIDTH + room :
								NAME_MAX_WIDTH);
	paint_string(&name, ink, counter_table[id].name);
	paint_rest(&name, ink);
	p->x = name.end + 1;
	paint_blanks(p, ink, RATE_WIDTH - (int)rate.len);
	if (spark) {
		add_spark(&rate, s, ns->netns, id);
		strbuf_putc(&rate, ' ');
	}
	strbuf_add(&rate, sum.s, sum.len);
	paint_text(p, ink, rate.s, rate.len);
	strbuf_free(&rate);
	strbuf_free(&sum);
}

/* The four counters that are always shown, then those that rose. */
static size_t choose_counters(const struct session *s, const struct netns_report *ns,
			      enum counter_id chosen[COUNTER_N])
{
	static const enum counter_id first[] = { COUNTER_LISTEN_OVERFLOWS, COUNTER_COOKIES_SENT,
						 COUNTER_LISTEN_DROPS, COUNTER_REQQ_FULL_DROP };
	uint32_t taken = 0;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		chosen[n++] = first[i];
		taken |= 1u << first[i];
	}
	for (unsigned int i = 0; i < COUNTER_N; i++) {
		uint64_t covered;
		struct opt_u64 sum = history_sum(s->playback.history, ns->netns, i,
						 s->playback.back, SUM_NS, &covered);

		if (counter_table[i].shown == COUNTER_EVERYWHERE && !(taken & (1u << i)) &&
		    sum.known && sum.value)
			chosen[n++] = i;
	}
	return n;
}

/* How many counters one line has. */
static int counters_across(int cols)
{
	const int whole = COUNTER_WIDTH + SPARK_ROOM;

	if (cols >= 3 * whole)
		return cols / whole;
	return cols >= 2 * COUNTER_WIDTH ? 2 : 1;
}

void banner_counters(struct session *s, struct area a)
{
	const int y = a.y, lines = a.lines;
	const struct netns_report *ns = find_netns(s);
	const int across = counters_across(s->screen.cols);
	/* Sparklines as far as they fit, from the left; the names get what is left. */
	int sparks = (s->screen.cols - across * COUNTER_WIDTH) / SPARK_ROOM, more;
	enum counter_id chosen[COUNTER_N];
	size_t n;

	if (!ns || !lines)
		return;
	sparks = sparks < 0 ? 0 : sparks > across ? across : sparks;
	more = (s->screen.cols - across * COUNTER_WIDTH - sparks * SPARK_ROOM) / across;
	more = more < 0 ? 0 : more;
	n = choose_counters(s, ns, chosen);
	for (int i = 0; i < across * lines && (size_t)i < n; i++) {
		struct paint p = paint_line(&s->screen, y + i / across);
		int at = i % across;

		p.x = at * (COUNTER_WIDTH + more) + (at < sparks ? at : sparks) * SPARK_ROOM;
		if (p.x + COUNTER_WIDTH + more + (at < sparks) * SPARK_ROOM - 1 < p.end)
			p.end = p.x + COUNTER_WIDTH + more + (at < sparks) * SPARK_ROOM - 1;
		draw_counter(s, &p, ns, chosen[i]);
	}
}

void banner_namespaces(struct session *s, struct area a)
{
	(void)s, (void)a;
}

void banner_status(struct session *s, struct area a)
{
	(void)s, (void)a;
}

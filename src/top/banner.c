/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/banner.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "output/cell.h"
#include "top/graph.h"
#include "top/sheet.h"
#include "top/status.h"
#include "top/strip.h"
#include "top/title.h"

#include <stdlib.h>
#include <string.h>

#define STRIP_NS      (600 * NSEC_PER_SEC)
#define SUM_NS	      (60 * NSEC_PER_SEC)
#define NAME_WIDTH    16 /* of a counter: the longest of counter_order */
#define NUMBER_WIDTH  4 /* see add_number() */
#define RATE_WIDTH    (NUMBER_WIDTH + 2) /* "/s" */
#define SUM_WIDTH     (NUMBER_WIDTH + 4) /* "/min" */
#define COUNTER_WIDTH (NAME_WIDTH + 1 + RATE_WIDTH + 1 + SUM_WIDTH)
#define SPARK_MIN     5
#define SPARK_MAX     16
#define BORDER	      3 /* between two counters */

static const char strip_before[] = "10m ";

/* Which counter is where does not depend on what moves. */
static const enum counter_id counter_order[] = {
	COUNTER_LISTEN_OVERFLOWS, COUNTER_LISTEN_DROPS,	  COUNTER_COOKIES_SENT,
	COUNTER_SYN_RETRANS,	  COUNTER_PASSIVE_OPENS,  COUNTER_OUT_RSTS,
	COUNTER_REQQ_FULL_DROP,	  COUNTER_EMBRYONIC_RSTS, COUNTER_COOKIES_RECV,
	COUNTER_ATTEMPT_FAILS,	  COUNTER_ESTAB_RESETS,	  COUNTER_COOKIES_FAILED,
};

void banner_title(struct session *s, struct area a)
{
	struct paint p = paint_area(&s->screen, &a, 0);
	struct strbuf b = { 0 };
	const struct title t = {
		.report = &s->view.report,
		.census = &s->censuses.all,
		.delay = s->request.delay,
		.cpu_share = s->cpu_share,
		.paused = session_stands(s),
		.age_ns = playback_age(&s->playback),
		.speed = s->player ? player_speed(s->player) : 0,
		.ended = s->player && player_is_at_end(s->player),
		.not_recorded = s->playback.not_recorded,
		.damaged = s->player && player_is_damaged(s->player),
		.utf8 = s->screen.utf8,
	};
	enum ink ink = INK_ON_NONE, mode_ink;
	size_t mode = 0;

	if (s->view.report.snapshot) {
		/* A key alone changes none of them. */
		if (s->counted != s->view.arranged)
			census_take(&s->censuses, &s->view.report, s->playback.history,
				    s->playback.back, s->view.n_gone, s->view.n_restarting);
		s->counted = s->view.arranged;
		ink = paint_ink_on(title_compose(&b, &t, (size_t)(a.end - a.x), &mode));
	} else {
		strbuf_adds(&b, " listenq   taking the first sample");
	}
	paint_text(&p, ink, b.s, b.len - mode);
	/* What is below is not what is now: in the ink of the place on the strip, or a hole. */
	if (t.paused || t.speed)
		mode_ink = s->screen.color && ink != INK_ON_NOTICE ? INK_ON_NOTICE : INK_STRONG;
	else
		mode_ink = ink;
	paint_text(&p, mode_ink, b.s + b.len - mode, mode);
	paint_rest(&p, ink);
	strbuf_free(&b);
}

static void draw_axis(const struct session *s, struct area a, const struct strip *strip, int left)
{
	struct paint p = paint_area(&s->screen, &a, 1);
	struct strip_label labels[STRIP_LABELS];
	size_t n = strip_axis(strip, (size_t)(a.end - a.x - left), "F7 <  > F8", labels);

	for (size_t i = 0; i < n; i++) {
		paint_blanks(&p, INK_PLAIN, a.x + left + (int)labels[i].column - p.x);
		paint_string(&p, labels[i].ink, labels[i].text);
	}
	paint_rest(&p, INK_PLAIN);
}

/* What stands behind the map: when the newest window ended. */
static void add_newest(struct strbuf *b, const struct session *s, struct timespec wall)
{
	strbuf_putc(b, ' ');
	if (!s->player) {
		strbuf_adds(b, "now");
		return;
	}
	phrase_clock(b, wall);
	b->len -= strlen(":15");
}

static int width_of_newest(const struct session *s)
{
	return (int)strlen(s->player ? " 03:00" : " now");
}

uint64_t banner_strip_age(const struct session *s, struct area a, int x)
{
	const int left = a.x + (int)strlen(strip_before), right = a.end - width_of_newest(s);

	if (!a.lines || x < left || x >= right)
		return UINT64_MAX;
	return (uint64_t)(right - 1 - x) * STRIP_NS / (uint64_t)(right - left);
}

void banner_strip(struct session *s, struct area a)
{
	const int left = (int)strlen(strip_before);
	const int n = a.end - a.x - left - width_of_newest(s);
	const struct snapshot *sample = s->view.report.snapshot;
	struct strbuf newest = { 0 };
	struct sheet line = { 0 };
	struct time_map_cell *cells;
	struct strip strip;
	double highest;

	if (!a.lines || n < 1 || !sample)
		return;
	cells = xcalloc((size_t)n, sizeof(*cells));
	history_time_map(s->playback.history, cells, (size_t)n, STRIP_NS);
	strip = (struct strip){
		.cells = cells,
		.n = (size_t)n,
		.span_ns = STRIP_NS,
		.now = { .tv_sec = sample->wall.tv_sec +
				   (time_t)(playback_age(&s->playback) / NSEC_PER_SEC) },
		.at = (size_t)n,
		.history = s->playback.history,
		.utf8 = s->screen.utf8,
	};
	if (s->playback.paused)
		strip.at = history_time_map_find(s->playback.history, s->playback.back, strip.n,
						 STRIP_NS);
	highest = strip_highest(&strip);
	/* Older than all cells: that is where one is. */
	sheet_begin(&line, (size_t)(a.end - a.x), 0, 1);
	sheet_puts(&line, s->playback.paused && strip.at == strip.n ? INK_ON_NOTICE : INK_DIM,
		   strip_before);
	for (size_t i = 0; i < strip.n; i++)
		sheet_puts(&line, i == strip.at ? INK_ON_NOTICE : strip_ink(&cells[i]),
			   strip_glyph(&strip, i, highest));
	add_newest(&newest, s, strip.now);
	sheet_put(&line, INK_DIM, newest.s, newest.len);
	strbuf_free(&newest);
	sheet_draw(&line, &s->screen, &a);
	if (a.lines > 1)
		draw_axis(s, a, &strip, left);
	sheet_free(&line);
	free(cells);
}

/* The namespace of the selected listener. */
static const struct netns_report *find_netns(const struct session *s)
{
	const struct row *row = view_selected(&s->view);

	if (row)
		return row->netns;
	return s->view.report.n_netns ? &s->view.report.netns[0] : NULL;
}

/* In four columns: "0.3", "7", "9999", "10k", "252k", "1.2M". */
static void add_number(struct strbuf *b, double n)
{
	const unsigned int tenths = n < 9.95 ? (unsigned int)(n * 10 + 0.5) : 0;

	if (n > 0 && n < 9.95 && (!tenths || tenths % 10))
		strbuf_addf(b, "%.1f", n < 0.1 ? 0.1 : n);
	else if (n < 9999.5)
		strbuf_addf(b, "%.0f", n);
	else if (n < 999.5e3)
		strbuf_addf(b, "%.0fk", n / 1e3);
	else if (n < 9.95e6)
		strbuf_addf(b, "%.1fM", n / 1e6);
	else if (n < 999.5e6)
		strbuf_addf(b, "%.0fM", n / 1e6);
	else
		strbuf_addf(b, "%.0fG", n / 1e9);
}

/* What a rise of a counter means: something is lost, or nothing special. */
static enum severity counter_severity(enum counter_id id)
{
	switch (id) {
	case COUNTER_LISTEN_OVERFLOWS:
		return SEVERITY_CRITICAL;
	case COUNTER_LISTEN_DROPS:
	case COUNTER_REQQ_FULL_DROP:
	case COUNTER_REQQ_FULL_COOKIES:
	case COUNTER_COOKIES_SENT:
	case COUNTER_COOKIES_FAILED:
	case COUNTER_FASTOPEN_OVERFLOW:
	case COUNTER_SYN_RETRANS:
	case COUNTER_MIGRATE_FAILURE:
		return SEVERITY_WARNING;
	default:
		return SEVERITY_NONE;
	}
}

/* Rates, not rises: windows differ in length. The highest rate is a full column. */
static void draw_spark(const struct session *s, struct paint *p, const struct netns *ns,
		       enum counter_id id, size_t width)
{
	const enum severity severity = counter_severity(id);
	const enum ink ink = severity == SEVERITY_NONE ? INK_PLAIN : paint_ink_bar(severity);
	const struct area a = { .y = p->y, .lines = 1, .x = p->x, .end = p->end };
	struct sheet line = { 0 };
	double rates[SPARK_MAX], max = 0;

	for (size_t i = 0; i < width; i++) {
		rates[i] = history_rate(s->playback.history, ns, id, s->playback.back + i);
		max = rates[i] > max ? rates[i] : max;
	}
	sheet_begin(&line, width, 0, 1);
	for (size_t i = width; i-- > 0;)
		sheet_puts(&line, rates[i] > 0 ? ink : INK_DIM,
			   rates[i] < 0 ?
				   " " :
				   graph_spark_glyph(max > 0 ? rates[i] / max : 0, s->screen.utf8));
	sheet_draw(&line, p->screen, &a);
	p->x += (int)line.x;
	sheet_free(&line);
}

/* "15k/min"; "18/12s " as long as the windows that are known cover less. */
static bool add_sum(struct strbuf *number, struct strbuf *unit, const struct session *s,
		    const struct netns *ns, enum counter_id id)
{
	uint64_t covered;
	const struct opt_u64 sum =
		history_sum(s->playback.history, ns, id, s->playback.back, SUM_NS, &covered);
	const double seconds = (double)covered / (double)NSEC_PER_SEC;

	strbuf_adds(unit, "");
	if (!sum.known || seconds < 0.95) {
		strbuf_putc(number, '-');
		return false;
	}
	if (seconds < 59) {
		strbuf_addf(unit, "/%.0fs", seconds);
		add_number(number, (double)sum.value);
	} else {
		strbuf_adds(unit, "/min");
		add_number(number, (double)sum.value * 60 / seconds);
	}
	return sum.value;
}

/* A number with its unit: aligned at what is between them. */
static void draw_number(struct paint *p, enum ink ink, const struct strbuf *number,
			const char *unit, int unit_width)
{
	paint_blanks(p, ink, NUMBER_WIDTH - (int)number->len);
	paint_text(p, ink, number->s, number->len);
	paint_string(p, ink, unit);
	paint_blanks(p, ink, unit_width - (int)strlen(unit));
}

/* In the columns from p->x to p->end; without the sparkline, then the sum, where they are few. */
static void draw_counter(const struct session *s, struct paint *p, const struct netns_report *ns,
			 enum counter_id id)
{
	const struct opt_u64 delta = ns->delta[id];
	const bool moves = delta.known && delta.value;
	const enum severity severity = counter_severity(id);
	int spark = p->end - p->x - COUNTER_WIDTH - 1;
	struct strbuf rate = { 0 }, sum = { 0 }, unit = { 0 };
	struct paint name = *p;
	bool summed;

	spark = spark < SPARK_MIN ? 0 : spark > SPARK_MAX ? SPARK_MAX : spark;
	name.end = p->x + NAME_WIDTH < p->end ? p->x + NAME_WIDTH : p->end;
	paint_string(&name, INK_PLAIN, counter_table[id].name);
	paint_rest(&name, INK_PLAIN);
	p->x = name.end;
	paint_blanks(p, INK_PLAIN, 1);
	if (delta.known && ns->window_ns)
		add_number(&rate, report_rate(delta, &s->view.report));
	else
		strbuf_putc(&rate, '-');
	draw_number(p,
		    !moves		      ? INK_DIM :
		    severity == SEVERITY_NONE ? INK_STRONG :
						paint_ink(severity),
		    &rate, delta.known && ns->window_ns ? "/s" : "", 2);
	paint_blanks(p, INK_PLAIN, 1);
	if (spark) {
		draw_spark(s, p, ns->netns, id, (size_t)spark);
		paint_blanks(p, INK_PLAIN, 1);
	}
	summed = add_sum(&sum, &unit, s, ns->netns, id);
	if (p->end - p->x >= SUM_WIDTH)
		draw_number(p, summed ? INK_PLAIN : INK_DIM, &sum, unit.s, 4);
	strbuf_free(&rate);
	strbuf_free(&sum);
	strbuf_free(&unit);
}

/* Where there are several namespaces, which one has these counters. Returns its columns. */
static int draw_counters_of(const struct session *s, struct area a, const struct netns_report *ns)
{
	static const char caption[] = "counters of";
	const int width = a.end - a.x >= 120 ? 16 : (int)strlen(caption);
	struct paint p;
	struct strbuf name = { 0 };

	if (s->view.report.n_netns < 2)
		return 0;
	a.end = a.x + width;
	p = paint_area(&s->screen, &a, 0);
	if (a.lines > 1) {
		paint_string(&p, INK_DIM, caption);
		p = paint_area(&s->screen, &a, 1);
	}
	cell_add_netns(&name, ns->netns, s->screen.utf8 ? 0 : TEXT_ASCII);
	cell_shorten(&name, 0, (size_t)width, s->screen.utf8);
	paint_text(&p, INK_STRONG, name.s, name.len);
	strbuf_free(&name);
	return width + 1;
}

/* How many counters stand beside each other: with sparklines, but two rather than one. */
static int counters_across(int room, int lines)
{
	const int whole = COUNTER_WIDTH + 1 + SPARK_MIN + BORDER;
	const int most = ((int)ARRAY_SIZE(counter_order) + lines - 1) / lines;
	const int across = (room + BORDER) / whole;

	if (across < 2)
		return room + BORDER >= 2 * (COUNTER_WIDTH + BORDER) ? 2 : 1;
	return across < most ? across : most;
}

void banner_counters(struct session *s, struct area a)
{
	const struct netns_report *ns = find_netns(s);
	int across, width;

	if (!ns || !a.lines)
		return;
	a.x += draw_counters_of(s, a, ns);
	across = counters_across(a.end - a.x, a.lines);
	width = (a.end - a.x - BORDER * (across - 1)) / across;
	if (width > COUNTER_WIDTH + 1 + SPARK_MAX)
		width = COUNTER_WIDTH + 1 + SPARK_MAX;
	/* From above to below, then to the right. */
	for (int i = 0; i < across * a.lines && i < (int)ARRAY_SIZE(counter_order); i++) {
		struct paint p = paint_area(&s->screen, &a, i % a.lines);

		p.x = a.x + i / a.lines * (width + BORDER);
		if (i >= a.lines) {
			p.x -= BORDER;
			paint_string(&p, INK_DIM, s->screen.utf8 ? " │ " : " | ");
		}
		p.end = p.x + width;
		draw_counter(s, &p, ns, counter_order[i]);
	}
}

static enum severity netns_severity(const struct session *s, size_t i)
{
	const enum severity worst = s->censuses.by_netns[i].worst;

	if (s->view.report.netns[i].delta[COUNTER_LISTEN_OVERFLOWS].value &&
	    census_is_worse(SEVERITY_WARNING, worst))
		return SEVERITY_WARNING;
	return worst;
}

static bool is_worse_netns(const struct session *s, size_t a, size_t b)
{
	const struct netns_report *netns = s->view.report.netns;
	const enum severity x = netns_severity(s, a), y = netns_severity(s, b);
	const uint64_t m = netns[a].delta[COUNTER_LISTEN_OVERFLOWS].value;
	const uint64_t n = netns[b].delta[COUNTER_LISTEN_OVERFLOWS].value;

	if (x != y)
		return census_is_worse(x, y);
	if (m != n)
		return m > n;
	return s->censuses.by_netns[a].sick > s->censuses.by_netns[b].sick;
}

#define NETNS_LINES 16

/* Fills @worst with the indexes of the worst of them, at most @most. Returns how many. */
static size_t find_worst_netns(const struct session *s, size_t most, size_t worst[NETNS_LINES])
{
	size_t n = 0;

	most = num_min(most, NETNS_LINES);
	for (size_t i = 0; i < s->view.report.n_netns; i++) {
		size_t at = n;

		while (at && is_worse_netns(s, i, worst[at - 1]))
			at--;
		if (at == most)
			continue;
		n = num_min(n + 1, most);
		memmove(&worst[at + 1], &worst[at], (n - 1 - at) * sizeof(*worst));
		worst[at] = i;
	}
	return n;
}

/* A cell that does not fit is left out as a whole. */
static void put_cell(struct paint *p, enum ink ink, struct strbuf *b)
{
	if ((int)text_width(b->s, b->len) <= p->end - p->x)
		paint_text(p, ink, b->s, b->len);
	b->len = 0;
}

static void draw_netns(const struct session *s, struct paint *p, size_t i)
{
	const struct netns_report *ns = &s->view.report.netns[i];
	const struct census *c = &s->censuses.by_netns[i];
	const struct opt_u64 overflows = ns->delta[COUNTER_LISTEN_OVERFLOWS];
	const enum severity severity = netns_severity(s, i);
	const enum ink ink = paint_ink(severity);
	const size_t width = p->end - p->x >= 120 ? 20 : 16, n = census_listeners(c);
	struct strbuf b = { 0 }, number = { 0 };

	strbuf_addf(&b, "%-3s", severity_mark(severity));
	put_cell(p, ink, &b);
	cell_add_netns(&b, ns->netns, s->screen.utf8 ? 0 : TEXT_ASCII);
	cell_shorten(&b, 0, width, s->screen.utf8);
	strbuf_addc(&b, ' ', width - text_width(b.s, b.len));
	put_cell(p, ns == find_netns(s) ? INK_STRONG : ink, &b);
	strbuf_addf(&b, "%5zu listener%s", n, n == 1 ? " " : "s");
	put_cell(p, ink, &b);
	strbuf_addf(&b, "%5zu sick  ", c->sick);
	put_cell(p, ink, &b);
	if (overflows.known && ns->window_ns)
		add_number(&number, report_rate(overflows, &s->view.report));
	else
		strbuf_putc(&number, '-');
	strbuf_addf(&b, "%4s/s overflows", number.s);
	put_cell(p, ink, &b);
	if (sysctl_known(&ns->netns->sysctls, SYSCTL_SOMAXCONN))
		strbuf_addf(&b, "  somaxconn %-5lld",
			    (long long)ns->netns->sysctls.value[SYSCTL_SOMAXCONN]);
	else
		strbuf_adds(&b, "  somaxconn -    ");
	put_cell(p, ink, &b);
	strbuf_free(&b);
	strbuf_free(&number);
}

/* How many namespaces have no line. Returns how many of them are sick. */
static size_t add_more_netns(struct strbuf *b, const struct session *s, size_t lines,
			     const size_t *shown)
{
	const size_t n = s->view.report.n_netns;
	size_t sick = 0;

	for (size_t i = 0; i < n; i++)
		sick += s->censuses.by_netns[i].sick != 0;
	for (size_t i = 0; i < lines; i++)
		sick -= s->censuses.by_netns[shown[i]].sick != 0;
	strbuf_addf(b, "  ... %zu more", n - lines);
	if (sick)
		strbuf_addf(b, ", %zu sick", sick);
	return sick;
}

void banner_namespaces(struct session *s, struct area a)
{
	size_t worst[NETNS_LINES], n, sick = 0;
	struct strbuf more = { 0 };

	if (a.lines < 1 || !s->view.report.snapshot)
		return;
	n = find_worst_netns(s, (size_t)a.lines, worst);
	for (size_t i = 0; i < n; i++) {
		struct paint p = paint_area(&s->screen, &a, (int)i);

		if (i + 1 == n && n < s->view.report.n_netns)
			sick = add_more_netns(&more, s, n, worst);
		p.end -= (int)more.len;
		draw_netns(s, &p, worst[i]);
		paint_rest(&p, INK_PLAIN);
		p.end = a.end;
		paint_text(&p, sick ? INK_STRONG : INK_DIM, more.s, more.len);
	}
	strbuf_free(&more);
}

void banner_status(struct session *s, struct area a)
{
	const struct status status = {
		.view = &s->view,
		.censuses = &s->censuses,
		.history = s->playback.history,
		.back = s->playback.back,
		.filter = s->filter.len ? s->filter.s : "",
		.clock_ns = clock_monotonic_ns(),
		.utf8 = s->screen.utf8,
		.replay = s->player != NULL,
	};
	struct strbuf alarm = { 0 }, rest = { 0 }, position = { 0 };
	struct paint p = paint_area(&s->screen, &a, 0);
	enum severity severity;

	if (!a.lines || !s->view.report.snapshot)
		return;
	severity = status_compose(&status, (size_t)(a.end - a.x), &alarm, &rest, &position);
	p.end = a.end - (int)position.len - 1;
	paint_blanks(&p, INK_PLAIN, a.end - a.x >= 60 ? 3 : 0);
	paint_text(&p, paint_ink(severity), alarm.s, alarm.len);
	paint_text(&p, INK_DIM, rest.s, rest.len);
	paint_rest(&p, INK_PLAIN);
	p.end = a.end;
	paint_blanks(&p, INK_PLAIN, 1);
	paint_text(&p, INK_DIM, position.s, position.len);
	strbuf_free(&alarm);
	strbuf_free(&rest);
	strbuf_free(&position);
}

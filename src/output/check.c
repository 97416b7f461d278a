/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/check.h"

#include "analyse/holders.h"
#include "analyse/remedy.h"
#include "base/alloc.h"
#include "base/num.h"
#include "output/cell.h"
#include "output/footer.h"
#include "output/perfdata.h"
#include "output/sort.h"
#include "output/unplaced.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES     480
#define PERFDATA_BYTES 1600
#define LAST_BYTES     160 /* for what says that something is left out */
#define ADDRESS_WIDTH  64 /* of an address, which may be a path */
#define NAME_WIDTH     40 /* of a namespace */

/* One listener, or group, that was looked at. */
struct checked {
	const struct row *row;
	enum check_status status;
	bool known; /* is the value of the metric? */
	double value;
	size_t place; /* among the rows, worst first */
};

struct check {
	const struct report *report;
	const struct check_config *config;
	const struct metric *metric;
	struct field_context *context;
	unsigned int text_flags;
	struct checked *list; /* worst first */
	size_t n;
	enum check_status status;
	struct strbuf first; /* the first line */
	struct strbuf notes; /* problems that no listener in the list has; a line each */
	const char *notes_left; /* those that are not in the first line */
	struct strbuf lines; /* what stands below */
	struct strbuf last; /* lines that say what is left out */
	size_t room; /* for lines, in bytes */
	size_t left_out; /* lines for which there was none */
};

static const struct {
	const char *name;
	int rank; /* how bad: nothing that is certain is hidden by what is unknown */
} statuses[] = {
	[CHECK_OK] = { "OK", 0 },
	[CHECK_UNKNOWN] = { "UNKNOWN", 1 },
	[CHECK_WARNING] = { "WARNING", 2 },
	[CHECK_CRITICAL] = { "CRITICAL", 3 },
};

/*
 * Warnings about what hides no sick listener of those that were to be looked at. Losses at a full
 * SYN queue are counted, also where its limit is unknown for want of a sysctl.
 */
static const char *const harmless[] = {
	"owners-hidden",   "owners-unavailable", "conditions-unavailable", "names-unavailable",
	"namespaces-gone", "drops-unavailable",	 "sysctl-unavailable",	   "not-shown-unavailable",
	"baseline-new",	   "clock-step",	 "peaks-unavailable",	   "replay-gap",
	"replay-run",
};

/* Two samples that are not of one boot are so once, unless the boot cannot be known. */
static bool is_harmless(const struct snapshot *s, const struct warning *warning)
{
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (!strcmp(warning->code, harmless[i]))
			return true;
	return *s->boot_id && !strcmp(warning->code, "baseline-boot");
}

static void worsen(enum check_status *status, enum check_status to)
{
	if (statuses[to].rank > statuses[*status].rank)
		*status = to;
}

static bool by_thresholds(const struct check *c)
{
	return c->config->warning.text || c->config->critical.text;
}

/*
 * Is it proved that connections wait and no process accepts, for longer than a busy server with one
 * thread lets them wait? A state that is worse may hide "stalled".
 */
static bool none_accepts(const struct row *row)
{
	const bool long_ago = row->waits_long || row->oldest_wait_ms.value >= WAIT_LONG_MS ||
			      row->window->unmoved_ns / (NSEC_PER_SEC / 1000) >= WAIT_LONG_MS;

	return row->state == STATE_STALLED ||
	       row->reasons & (1u << REASON_STOPPED | 1u << REASON_FD_LIMIT) ||
	       (row->reasons & 1u << REASON_NOT_ACCEPTING && long_ago);
}

/*
 * What clients feel now is critical. A queue that is full for a moment has lost nothing yet, and
 * scanners lose SYNs at healthy hosts.
 */
static enum check_status status_of_state(const struct row *row)
{
	switch (state_table[row->state].severity) {
	case SEVERITY_CRITICAL:
		return CHECK_CRITICAL;
	case SEVERITY_WARNING:
		return none_accepts(row) ||
				       (row->state == STATE_DROPPING && verdict_drops_syns(row)) ?
			       CHECK_CRITICAL :
			       CHECK_WARNING;
	case SEVERITY_NOTICE:
		return CHECK_WARNING;
	case SEVERITY_NONE:
	case SEVERITY_GONE:
		break;
	}
	return CHECK_OK;
}

static enum check_status status_of_value(const struct check *c, double value)
{
	return threshold_alerts(&c->config->critical, value) ? CHECK_CRITICAL :
	       threshold_alerts(&c->config->warning, value)  ? CHECK_WARNING :
							       CHECK_OK;
}

static enum check_status judge(const struct check *c, const struct checked *one)
{
	if (!by_thresholds(c))
		return status_of_state(one->row);
	return one->known ? status_of_value(c, one->value) : CHECK_UNKNOWN;
}

/* In few digits, unless these would contradict the status. */
static void add_metric(const struct check *c, struct strbuf *b, double value)
{
	const double few = metric_round(c->metric, value);

	metric_add(b, c->metric,
		   status_of_value(c, few) == status_of_value(c, value) ? few : value);
}

/* The worst first; of those the one with the highest value, where it decides. */
static int compare_checked(const void *va, const void *vb, void *by_value)
{
	const struct checked *a = va, *b = vb;

	if (a->status != b->status)
		return statuses[b->status].rank - statuses[a->status].rank;
	if (*(const bool *)by_value && (a->value < b->value || a->value > b->value))
		return a->value < b->value ? 1 : -1;
	return num_compare(a->place, b->place);
}

static void judge_all(struct check *c)
{
	bool by_value = by_thresholds(c);

	c->list = xcalloc(c->report->n_shown, sizeof(*c->list));
	for (size_t i = 0; i < c->report->n_shown; i++) {
		struct checked *one = &c->list[c->n];

		if (c->report->shown[i]->gone)
			continue;
		one->row = c->report->shown[i];
		one->place = c->n++;
		one->known = metric_get(c->metric, one->row, c->report, c->context, &one->value);
		if (!one->known)
			one->value = 0;
		one->status = judge(c, one);
		worsen(&c->status, one->status);
	}
	qsort_r(c->list, c->n, sizeof(*c->list), compare_checked, &by_value);
}

static void add_field(struct check *c, struct strbuf *b, enum field_id id, const struct row *row,
		      size_t width)
{
	const size_t start = b->len;
	struct field_value value;

	field_get(&field_table[id], row, c->report, c->context, &value);
	cell_add(b, &value, c->text_flags);
	cell_shorten(b, start, width, text_allows_utf8(c->text_flags));
}

/* " in blue" */
static void add_namespace(struct check *c, struct strbuf *b, const struct netns *netns)
{
	size_t start;

	if (c->report->n_netns < 2 && netns->own)
		return;
	strbuf_adds(b, " in ");
	start = b->len;
	if (netns->own)
		strbuf_adds(b, "our own namespace");
	else if (netns->name)
		text_add_safe(b, netns->name, strlen(netns->name), c->text_flags);
	else
		strbuf_addf(b, "namespace %llu", (unsigned long long)netns->inode);
	cell_shorten(b, start, NAME_WIDTH, text_allows_utf8(c->text_flags));
}

/* "127.0.0.1:8080 in blue" */
static void add_address(struct check *c, struct strbuf *b, const struct row *row)
{
	add_field(c, b, FIELD_LOCAL, row, ADDRESS_WIDTH);
	add_namespace(c, b, row->netns->netns);
}

/* The process that holds it; of several the one that accepts is called like the first. */
static void add_process(struct check *c, struct strbuf *b, const struct row *row)
{
	struct holders h = holders_of(row);
	const struct process *p = holders_next(&h);

	if (!p || !p->comm)
		return;
	strbuf_putc(b, ' ');
	text_add_safe(b, p->comm, strlen(p->comm), c->text_flags);
}

/* How long the oldest connection waits. A client that has gone does not. */
static void add_wait(struct strbuf *b, const struct row *row)
{
	const struct opt_u64 gone = row_peers_closed_or_reset(row);
	const uint64_t length = row_length(row);

	if (gone.known && gone.value >= length && length) {
		strbuf_addf(b, ", all %llu clients in the queue have gone",
			    (unsigned long long)length);
		return;
	}
	if (row->oldest_wait_ms.value < 1000 || !length) /* an unknown one is 0 */
		return;
	strbuf_addf(b, ", oldest %s waits ", gone.known && !gone.value ? "client" : "connection");
	text_add_time(b, row->oldest_wait_ms.value * (NSEC_PER_SEC / 1000));
}

/* "6/6 queued": now, or at its worst in the window. */
static void add_queued(struct strbuf *b, const struct row *row)
{
	const struct listener *l = row->listener;
	const uint64_t length = row_length(row), capacity = row_capacity(row);

	if (row->folded)
		strbuf_addf(b, ", %u/%llu queued at the fullest of %u sockets", l->length,
			    (unsigned long long)listener_capacity(l), row->group->sockets);
	else if (l->known & LISTENER_PEAK && l->peak.length > length)
		strbuf_addf(b, ", up to %u/%llu queued", l->peak.length,
			    (unsigned long long)capacity);
	else
		strbuf_addf(b, ", %llu/%llu queued", (unsigned long long)length,
			    (unsigned long long)capacity);
}

static void add_number(struct strbuf *b, double rate)
{
	text_add_rate(b, rate < 2 ? rate : (double)num_whole(rate + 0.5));
}

/*
 * "about 12 SYNs/s dropped", or in a long window "about 3 SYNs dropped in 5m", as a rate is not
 * shown below 0.1. A client that retries sends several, and a few are final ACKs: hence "about".
 */
static void add_lost(struct strbuf *b, const struct range *range, const struct report *report)
{
	const double seconds = report_window_seconds(report);
	const bool few = (double)(range->min ? range->min : range->max) * 10 < seconds;
	const double unit = few ? 1 : seconds;
	struct strbuf least = { 0 }, most = { 0 };

	if (!range->known || !range->max || seconds <= 0)
		return;
	strbuf_adds(b, range->min ? ", about " : ", up to ");
	add_number(&least, (double)range->min / unit);
	add_number(&most, (double)range->max / unit);
	if (range->min && strcmp(least.s, most.s) != 0)
		strbuf_addf(b, "%s to ", least.s);
	strbuf_adds(b, most.s);
	strbuf_free(&least);
	strbuf_free(&most);
	strbuf_addf(b, " SYN%s dropped", !few ? "s/s" : range->max > 1 ? "s" : "");
	if (!few)
		return;
	strbuf_adds(b, " in ");
	text_add_time(b, report->window_ns);
}

static bool has_syn_trouble(const struct row *row)
{
	return row->state == STATE_SYN_FULL ||
	       (row->state == STATE_DROPPING && row_syn_full(row)) ||
	       row->reasons & (1u << REASON_SYN_FLOOD | 1u << REASON_SYN_BURST);
}

/* What is wrong with a listener that is sick: cause, how long, how full, what is lost. */
static void add_trouble(struct check *c, struct strbuf *b, const struct row *row)
{
	strbuf_adds(b, verdict_brief(row->state, verdict_first_reason(row->reasons)));
	add_wait(b, row);
	if (row->state != STATE_SYN_FULL && row->state != STATE_DROPPING)
		add_queued(b, row);
	add_lost(b, &row->window->overflows, c->report);
	if (row->state == STATE_DROPPING)
		add_lost(b, &row->window->losses, c->report);
	if (has_syn_trouble(row))
		strbuf_addf(b, ", %u/%llu half-open", row_syn_length(row),
			    (unsigned long long)row_syn_limit(row).value);
}

/* "127.0.0.1:8080 gunicorn stopped accepting, ..." */
static void add_listener(struct check *c, struct strbuf *b, const struct checked *one)
{
	const bool sick = state_is_sick(one->row->state);

	add_address(c, b, one->row);
	add_process(c, b, one->row);
	strbuf_putc(b, ' ');
	if (by_thresholds(c)) {
		strbuf_addf(b, "%s ", c->metric->what);
		if (one->known)
			add_metric(c, b, one->value);
		else
			strbuf_adds(b, "unknown");
		strbuf_adds(b, sick ? ", " : "");
	}
	if (sick)
		add_trouble(c, b, one->row);
}

/* "|" begins performance data. */
static void add_without_bars(struct strbuf *to, const char *text)
{
	for (; *text; text++)
		if (*text == '|')
			strbuf_adds(to, "\\x7c");
		else
			strbuf_putc(to, *text);
}

/* Cuts a text that is too long, between two characters. */
static void cut(struct strbuf *b, size_t max)
{
	if (b->len <= max)
		return;
	while (max && text_continues(b->s[max]))
		max--;
	b->s[b->len = max] = '\0';
}

/* Puts a line below the first one, if there is room, and empties it. */
static void put_line(struct check *c, struct strbuf *line)
{
	struct strbuf one = { 0 };

	add_without_bars(&one, line->s);
	cut(&one, LINE_BYTES);
	if (c->left_out || c->lines.len + one.len + 1 > c->room)
		c->left_out++;
	else
		strbuf_addf(&c->lines, "%s\n", one.s);
	line->len = 0;
	strbuf_free(&one);
}

/* A problem that is not of a listener in the list. @status: CHECK_OK if it is only to be said */
static void note(struct check *c, enum check_status status, const struct strbuf *text)
{
	worsen(&c->status, by_thresholds(c) && status == CHECK_WARNING ? CHECK_OK : status);
	strbuf_addf(&c->notes, "%s\n", text->s);
}

static void note_not_shown(struct check *c)
{
	struct strbuf words = { 0 }, text = { 0 };
	const bool sick = not_shown_is_sick(&c->report->not_shown);

	if (footer_add_not_shown(&words, &c->report->not_shown)) {
		strbuf_addf(&text, "not looked at: %s", words.s);
		note(c, sick && !c->config->chosen ? CHECK_WARNING : CHECK_OK, &text);
	}
	strbuf_free(&words);
	strbuf_free(&text);
}

/* @what: a noun for one and a noun for several */
static void note_lost(struct check *c, const struct netns *netns, enum check_status status,
		      uint64_t n, const char *const what[2], const char *where)
{
	struct strbuf text = { 0 };

	strbuf_addf(&text, "%llu %s at %s", (unsigned long long)n, what[n != 1], where);
	add_namespace(c, &text, netns);
	note(c, status, &text);
	strbuf_free(&text);
}

/*
 * What one namespace lost and no listener that is said to have lost it accounts for. A metric that
 * would alert with it is not known to be well.
 */
static void note_unplaced(struct check *c, const struct netns_report *ns, const struct unplaced *u)
{
	static const char *const overflows[] = { "overflow", "overflows" };
	static const char *const losses[] = { "loss", "losses" };
	const uint64_t all = ns->overflows_lo.value, placed = u->here + u->elsewhere;
	const bool limits = by_thresholds(c), of_overflows = c->metric->field == FIELD_OVERFLOWS;
	const enum check_status status = limits && u->may_alert ? CHECK_UNKNOWN :
					 u->candidate		? CHECK_WARNING :
								  CHECK_OK;

	if (all > placed)
		note_lost(c, ns->netns, status, all - placed, overflows,
			  ns->unattributed_overflows.value ? "a listener that is unknown, or gone" :
							     "a listener that is unknown");
	else if (all > u->here)
		note_lost(c, ns->netns, CHECK_OK, all - u->here, overflows,
			  "listeners that were not chosen");
	if (all <= placed && limits && of_overflows && u->may_alert)
		note_lost(c, ns->netns, CHECK_UNKNOWN, all - u->values, overflows,
			  "one of several listeners");
	if (u->losses && limits &&
	    (c->metric->field == FIELD_LOSSES || c->metric->field == FIELD_DROPS_DELTA))
		note_lost(c, ns->netns, status, u->losses, losses,
			  "a listener that is unknown, or gone");
}

static void note_all_unplaced(struct check *c, const struct unplaced *unplaced, bool may_alert)
{
	for (size_t i = 0; i < c->report->n_netns; i++)
		if ((by_thresholds(c) && unplaced[i].may_alert) == may_alert)
			note_unplaced(c, &c->report->netns[i], &unplaced[i]);
}

/* A sick listener may be hidden by what is unknown. */
static void note_incomplete(struct check *c)
{
	const struct snapshot *s = c->report->snapshot;
	struct strbuf text = { 0 };

	for (size_t i = 0; i < s->n_warnings; i++) {
		if (is_harmless(s, &s->warnings[i]))
			continue;
		text.len = 0;
		text_add_safe(&text, s->warnings[i].message, strlen(s->warnings[i].message),
			      c->text_flags);
		note(c, CHECK_UNKNOWN, &text);
	}
	strbuf_free(&text);
}

/* The window may be too short to show that a program accepts nothing. */
static void note_open(struct check *c)
{
	struct strbuf text = { 0 };
	const struct row *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (verdict_wants_longer_window(c->list[i].row) && !n++)
			first = c->list[i].row;
	if (n) {
		strbuf_adds(&text, "none was accepted at ");
		add_address(c, &text, first);
		strbuf_addf(&text, ", where %llu wait%s", (unsigned long long)row_length(first),
			    row_length(first) == 1 ? "s" : "");
		if (n > 1)
			strbuf_addf(&text, ", nor at %zu more", n - 1);
		strbuf_adds(&text, "; -d 4 shows whether that is stalled");
		note(c, CHECK_OK, &text);
	}
	strbuf_free(&text);
}

/* Is what the metric counts what makes that state? Then it was judged, and found within ranges. */
static bool counts_state(const struct metric *metric, enum state state)
{
	switch (metric - metric_table) {
	case METRIC_DROPS:
		return state == STATE_OVERFLOWING || state == STATE_DROPPING;
	case METRIC_OVERFLOWS:
		return state == STATE_OVERFLOWING;
	case METRIC_LOSSES:
		return state == STATE_DROPPING;
	default:
		return false;
	}
}

/* Somebody who watches the fill of a queue may take it for a watch of the server. */
static void note_not_judged(struct check *c)
{
	struct strbuf text = { 0 };
	const struct row *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].status == CHECK_OK &&
		    status_of_state(c->list[i].row) == CHECK_CRITICAL && !n++)
			first = c->list[i].row;
	if (n) {
		add_address(c, &text, first);
		add_process(c, &text, first);
		strbuf_addf(&text, " %s",
			    verdict_brief(first->state, verdict_first_reason(first->reasons)));
		if (n > 1)
			strbuf_addf(&text, " (and %zu more)", n - 1);
		strbuf_addf(&text,
			    counts_state(c->metric, first->state) ?
				    ", which the ranges of --metric=%s allow" :
				    ", which --metric=%s does not judge",
			    c->metric->name);
		note(c, CHECK_OK, &text);
	}
	strbuf_free(&text);
}

static bool some_wait(const struct check *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (row_length(c->list[i].row))
			return true;
	return false;
}

static void note_all(struct check *c)
{
	const struct unplaced_question ask = { c->metric, &c->config->warning, &c->config->critical,
					       c->config->chosen };
	struct strbuf text = { 0 };
	struct unplaced *unplaced;

	unplaced = unplaced_find(c->report, &ask, c->context);
	/* Why it is UNKNOWN has to be in the first line. */
	note_all_unplaced(c, unplaced, true);
	note_open(c);
	note_not_shown(c);
	note_all_unplaced(c, unplaced, false);
	free(unplaced);
	note_incomplete(c);
	note_not_judged(c);
	if (!c->report->window_ns)
		strbuf_adds(&text, "no window: what was dropped, and whether programs accept, is "
				   "unknown");
	else if (c->report->window_ns < WINDOW_MIN_NS && some_wait(c))
		strbuf_adds(&text, "the window is too short to show whether programs accept");
	if (text.len)
		note(c, CHECK_OK, &text);
	strbuf_free(&text);
}

/* "12 TCP listeners here looked at, highest fill 17% at 127.0.0.1:8080" */
static void add_well(struct check *c, struct strbuf *b)
{
	const struct checked *highest = NULL;
	const size_t all = c->report->n_rows - c->report->n_gone;

	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].known && (!highest || c->list[i].value > highest->value))
			highest = &c->list[i];
	if (!c->n)
		strbuf_adds(b, "no listener");
	else if (c->n < all)
		strbuf_addf(b, "%zu of %zu ", c->n, all);
	else
		strbuf_addf(b, "%zu ", c->n);
	if (c->n) {
		footer_add_scope(b, c->report, c->n < all ? all : c->n);
		strbuf_adds(b, " looked at");
	}
	if (!highest)
		return;
	strbuf_addf(b, ", highest %s ", c->metric->what);
	add_metric(c, b, highest->value);
	if (highest->value > 0) {
		strbuf_adds(b, " at ");
		add_address(c, b, highest->row);
	}
}

static void make_first(struct check *c)
{
	const bool some = c->n && c->list[0].status != CHECK_OK;
	struct strbuf b = { 0 };
	size_t more = 0, len;

	if (!c->n && !c->config->allow_empty)
		worsen(&c->status, CHECK_UNKNOWN);
	strbuf_addf(&b, "LISTENQ %s - ", statuses[c->status].name);
	while (some && more + 1 < c->n && c->list[more + 1].status == c->list[0].status)
		more++;
	if (some)
		add_listener(c, &b, &c->list[0]);
	else if (!c->n && !c->config->allow_empty)
		strbuf_adds(&b, c->report->n_shown ?
					"the listener closed, and nothing listens there now" :
					"no listener matches; --allow-empty takes that for OK");
	else
		add_well(c, &b);
	if (more)
		strbuf_addf(&b, "; %zu more %s", more, statuses[c->list[0].status].name);
	/* Where no listener is to blame, the notes are why: as many as there is room for. */
	while (!some && *c->notes_left && b.len < LINE_BYTES / 2) {
		len = strcspn(c->notes_left, "\n");
		strbuf_addf(&b, "; %.*s", (int)len, c->notes_left);
		c->notes_left += len + 1;
	}
	add_without_bars(&c->first, b.s);
	cut(&c->first, LINE_BYTES);
	strbuf_free(&b);
}

static int compare_places(const void *va, const void *vb)
{
	const struct checked *a = va, *b = vb;
	int order = num_compare(sort_place(a->row), sort_place(b->row));

	return order ? order : sort_compare_address(a->row, b->row);
}

static void add_value(struct check *c, struct strbuf *b, const struct checked *one)
{
	const struct threshold *w = &c->config->warning, *e = &c->config->critical;

	if (one->known)
		add_metric(c, b, one->value);
	else
		strbuf_putc(b, 'U');
	strbuf_addf(b, ";%s;%s", w->text ? w->text : "", e->text ? e->text : "");
	if (*c->metric->unit != '%') /* which is from 0 to 100 by itself */
		strbuf_adds(b, ";0;");
	if (c->metric == &metric_table[METRIC_QUEUE])
		strbuf_addu(b, row_capacity(one->row));
	while (b->len && b->s[b->len - 1] == ';')
		b->s[--b->len] = '\0';
}

/* In the order of addresses, which is the same in each run, as far as there is room. */
static void add_perfdata(struct check *c)
{
	struct checked *list = xreallocarray(NULL, c->n, sizeof(*list));
	struct strbuf name = { 0 }, value = { 0 };
	struct perfdata p = { 0 };

	if (c->n)
		memcpy(list, c->list, c->n * sizeof(*list));
	qsort(list, c->n, sizeof(*list), compare_places);
	for (size_t i = 0; i < c->n; i++) {
		name.len = value.len = 0;
		/* However many there happen to be: a graph goes by its label. */
		if (!list[i].row->netns->netns->own) {
			add_field(c, &name, FIELD_NAMESPACE, list[i].row, SIZE_MAX);
			strbuf_putc(&name, '/');
		}
		add_field(c, &name, FIELD_LOCAL, list[i].row, SIZE_MAX);
		add_value(c, &value, &list[i]);
		if (perfdata_begin(&p, name.s, value.len, PERFDATA_BYTES))
			strbuf_adds(&p.text, value.s);
	}
	if (p.n)
		strbuf_addf(&c->first, " | %s", p.text.s);
	if (p.left_out)
		strbuf_addf(&c->last, "no performance data of %zu more listener%s\n", p.left_out,
			    p.left_out > 1 ? "s" : "");
	free(list);
	perfdata_free(&p);
	strbuf_free(&name);
	strbuf_free(&value);
}

/* What to type next. */
static void put_remedy(struct check *c, const struct row *row)
{
	struct remedy remedy = { .now = c->context->past ? &c->report->snapshot->wall : NULL };
	struct strbuf line = { 0 };

	strbuf_adds(&line, c->context->past ? "Next time: " : "Do: ");
	if (remedy_find(&remedy, row, row->state, row->reasons, c->text_flags)) {
		remedy_add(&line, &remedy);
		put_line(c, &line);
	}
	remedy_free(&remedy);
	strbuf_free(&line);
}

static void put_facts(struct check *c, const struct row *row)
{
	struct strbuf line = { 0 };

	strbuf_addf(&line, "  %s: ", state_table[row->state].name);
	verdict_add_state(&line, row);
	put_line(c, &line);
	for (unsigned int i = 0; i < REASON_N; i++) {
		if (!(row->reasons & 1u << i))
			continue;
		strbuf_addf(&line, "  %s: ", reason_table[i].name);
		verdict_add_why(&line, i, row, c->text_flags);
		put_line(c, &line);
	}
	strbuf_free(&line);
}

/* The listeners that are not well; the first of them has the first line. */
static void put_listeners(struct check *c)
{
	struct strbuf line = { 0 };
	size_t hidden = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct checked *one = &c->list[i];
		const bool sick = state_is_sick(one->row->state);

		if (one->status == CHECK_OK && !sick)
			continue;
		if (i || one->status == CHECK_OK) {
			strbuf_addf(&line, "%s ", statuses[one->status].name);
			add_listener(c, &line, one);
			put_line(c, &line);
		}
		if (sick && !i)
			put_remedy(c, one->row);
		hidden += sick && !(one->row->listener->known & LISTENER_OWNERS);
		if (sick && c->config->verbose)
			put_facts(c, one->row);
	}
	if (hidden && c->report->snapshot->known & SNAPSHOT_OWNERS_OF_OTHERS) {
		strbuf_addf(&line, "only root can see which processes hold %zu of these", hidden);
		put_line(c, &line);
	}
	strbuf_free(&line);
}

static void put_rest(struct check *c)
{
	const struct snapshot *s = c->report->snapshot;
	struct strbuf line = { 0 };

	for (const char *n = c->notes_left; *n; n = strchr(n, '\n') + 1) {
		strbuf_add(&line, n, strcspn(n, "\n"));
		put_line(c, &line);
	}
	for (size_t i = 0; i < s->n_warnings; i++) {
		if (!is_harmless(s, &s->warnings[i])) /* a note */
			continue;
		text_add_safe(&line, s->warnings[i].message, strlen(s->warnings[i].message),
			      c->text_flags);
		put_line(c, &line);
	}
	strbuf_free(&line);
}

unsigned int check_needs(const struct check_config *config)
{
	/* Without FIELD_PROCESS: the owners are looked for where a listener may be sick. */
	static const enum field_id fields[] = { FIELD_LOCAL, FIELD_STATE, FIELD_REASONS,
						FIELD_OVERFLOWS };
	unsigned int needs = metric_needs(config->metric ? config->metric : metric_table) |
			     NEED_NOT_SHOWN | NEED_GROUPS | NEED_COUNTERS | NEED_SYSCTLS |
			     NEED_NAMESPACES | NEED_UNITS;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		needs |= field_table[fields[i]].needs;
	return needs;
}

enum check_status check_print(FILE *stream, const struct report *report,
			      const struct check_config *config, unsigned int text_flags,
			      struct field_context *context)
{
	struct check c = {
		.report = report,
		.config = config,
		.metric = config->metric ? config->metric : &metric_table[METRIC_FILL],
		.context = context,
		.text_flags = text_flags,
	};

	judge_all(&c);
	note_all(&c);
	c.notes_left = c.notes.len ? c.notes.s : "";
	make_first(&c);
	add_perfdata(&c);
	c.room = CHECK_BYTES - LAST_BYTES - c.first.len;
	put_listeners(&c);
	put_rest(&c);
	if (c.left_out)
		strbuf_addf(&c.last, "%zu more line%s for which there was no room\n", c.left_out,
			    c.left_out > 1 ? "s" : "");
	fprintf(stream, "%s\n%s%s", c.first.s, c.lines.len ? c.lines.s : "",
		c.last.len ? c.last.s : "");
	free(c.list);
	strbuf_free(&c.first);
	strbuf_free(&c.notes);
	strbuf_free(&c.lines);
	strbuf_free(&c.last);
	return c.status;
}

void check_add_text(struct strbuf *to, const char *text, unsigned int text_flags)
{
	struct strbuf safe = { 0 };

	text_add_safe(&safe, text, strlen(text), text_flags);
	add_without_bars(to, safe.len ? safe.s : "");
	strbuf_free(&safe);
}

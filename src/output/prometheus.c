/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/prometheus.h"

#include "analyse/totals.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "output/series.h"

#include <stdlib.h>

/* What a sample is taken from: members beyond the report are set by the scope of the family. */
struct at {
	const struct report *report;
	const struct prometheus_style *style;
	struct field_context *context;
	const struct series_list *series_list;
	const struct netns_report *netns;
	const struct strbuf *namespace; /* its label */
	enum counter_id counter;
	const struct series *series; /* NULL: only its sum is left */
	const struct row *worst; /* of the series */
	const struct sum *sum; /* NULL: it is 0 */
};

/* A family has one sample, or one for each: */
enum scope {
	OF_REPORT,
	OF_NETNS,
	OF_COUNTER, /* of each namespace */
	OF_LISTENER, /* or SO_REUSEPORT group, see series.h */
	OF_SUM, /* a listener, which may be gone */
};

enum metric_type { GAUGE, COUNTER };

/* A label beside those of the scope. */
struct label {
	const char *name;
	void (*add)(struct strbuf *to, const struct at *at); /* its value, in quotes */
};

#define LABELS_MAX 3

struct family {
	const char *name;
	enum metric_type type;
	const char *help;
	enum scope scope;
	struct label labels[LABELS_MAX];
	/* Either the value is that of a column, and the needs are its needs: */
	enum field_id field;
	enum { ADDED, MOST } merge; /* of rows with the same labels */
	uint64_t (*plus)(const struct at *at); /* what the rows lack of it; NULL: nothing */
	uint64_t (*least)(const struct at *at); /* it is no less than this; NULL: than 0 */
	/* or that of a sum, */
	enum sum_id sum;
	/* or this adds the value; false: there is no sample. */
	bool (*add)(struct strbuf *to, const struct at *at);
	unsigned int needs; /* enum need */
};

#define VALUE(name) static bool add_##name(struct strbuf *to, const struct at *at)

#define LABEL(name) static void label_##name(struct strbuf *to, const struct at *at)

static void add_seconds(struct strbuf *to, uint64_t ns)
{
	strbuf_addf(to, "%llu.%06llu", (unsigned long long)(ns / NSEC_PER_SEC),
		    (unsigned long long)(ns % NSEC_PER_SEC / 1000));
}

static bool add_one(struct strbuf *to, const struct at *at)
{
	(void)at;
	strbuf_putc(to, '1');
	return true;
}

/* Listeners. */

static const struct row *worst_row(const struct series *series)
{
	const struct row *worst = series->rows[0];

	for (size_t i = 1; i < series->n_rows; i++)
		if (series->rows[i]->state < worst->state)
			worst = series->rows[i];
	return worst;
}

/* The drops of sockets of the series that were closed, as far as somebody counts them. */
static uint64_t closed_drops(const struct at *at)
{
	const struct sums *sums = at->style->sums;
	const struct sum *sum = sums ? sums_find(sums, at->series->labels) : NULL;

	return sum ? sum->n[SUM_DROPS_CLOSED] : 0;
}

/* The queues of all rows at an end of the window, where they were seen at once, as in fold.c. */
static uint64_t length_at_an_end(const struct at *at)
{
	uint64_t before = 0, now = 0;

	for (size_t i = 0; i < at->series->n_rows; i++) {
		before += at->series->rows[i]->window->length_before;
		now += row_length(at->series->rows[i]);
	}
	return num_max_u64(before, now);
}

/* Unknown if it is unknown of any of the rows, but for what only some have, as a wait. */
static bool add_field(struct strbuf *to, const struct family *family, const struct at *at)
{
	uint64_t number = 0;
	double real = 0;
	bool all = true, any = false;
	struct field_value v;

	for (size_t i = 0; i < at->series->n_rows; i++) {
		field_get(&field_table[family->field], at->series->rows[i], at->report, at->context,
			  &v);
		all &= v.known;
		any |= v.known;
		if (v.known && v.real > real)
			real = v.real;
		number = !v.known		? number :
			 family->merge == ADDED ? number + v.number :
						  num_max_u64(number, v.number);
	}
	if (family->merge == ADDED ? !all : !any)
		return false;
	if (family->plus)
		number += family->plus(at);
	if (family->least)
		number = num_max_u64(number, family->least(at));
	if (v.type == TYPE_SECONDS)
		strbuf_addf(to, "%.3f", real);
	else
		strbuf_addu(to, number);
	return true;
}

/*
 * One process stands for all that hold the listener, so that the labels change as seldom as can be:
 * that with the lowest PID, which mostly started first; process 1 only if there is no other.
 */
static const struct process *holder(const struct at *at)
{
	const struct snapshot *s = at->report->snapshot;
	struct row_owners owners;

	for (size_t i = 0; i < at->series->n_rows; i++) {
		owners = row_owners(at->series->rows[i], s);
		if (owners.n)
			return &s->processes[owners.list[0].process];
	}
	return NULL;
}

LABEL(comm)
{
	const struct process *p = holder(at);

	series_add_value(to, p ? p->comm : NULL);
}

LABEL(unit)
{
	const struct process *p = holder(at);

	series_add_value(to, p ? p->unit : NULL);
}

LABEL(container)
{
	const struct process *p = holder(at);

	series_add_value(to, p ? p->container : NULL);
}

LABEL(state)
{
	series_add_value(to, state_table[at->worst->state].name);
}

LABEL(reason)
{
	enum reason reason = verdict_first_reason(at->worst->reasons);

	series_add_value(to, reason < REASON_N ? reason_table[reason].name : NULL);
}

VALUE(problem)
{
	return state_is_sick(at->worst->state) && add_one(to, at);
}

/* Sums. */

/* Of those that are gone, only what has happened. */
static bool add_sum(struct strbuf *to, const struct family *family, const struct at *at)
{
	const bool losses = family->sum == SUM_LOSSES_MIN || family->sum == SUM_LOSSES_MAX;
	const enum sum_id most = losses ? SUM_LOSSES_MAX : SUM_OVERFLOWS_MAX;
	const struct row *row = at->series ? at->series->rows[0] : NULL;

	if (row ? !(losses ? totals_know_losses(row) : totals_know_overflows(row)) :
		  !at->sum->n[most])
		return false;
	strbuf_addu(to, totals_shown(at->sum, family->sum, at->report));
	return true;
}

VALUE(unattributed)
{
	const struct sum *sum;

	if (!at->style->sums || !at->netns->total[COUNTER_LISTEN_OVERFLOWS].known)
		return false;
	sum = sums_find(at->style->sums, at->namespace->s);
	strbuf_addu(to, totals_shown(sum, SUM_UNATTRIBUTED, at->report));
	return true;
}

/* Namespaces. */

/*
 * What node_exporter has by default, of its own namespace (--collector.netstat.fields): nobody
 * needs these twice.
 */
static bool is_of_node_exporter(enum counter_id id)
{
	switch (id) {
	case COUNTER_LISTEN_OVERFLOWS:
	case COUNTER_LISTEN_DROPS:
	case COUNTER_COOKIES_SENT:
	case COUNTER_COOKIES_RECV:
	case COUNTER_COOKIES_FAILED:
	case COUNTER_SYN_RETRANS:
	case COUNTER_PASSIVE_OPENS:
	case COUNTER_OUT_RSTS:
		return true;
	default:
		return false;
	}
}

LABEL(counter)
{
	const struct counter_info *info = &counter_table[at->counter];

	strbuf_addf(to, "\"%s%s\"", info->prefix, info->name);
}

VALUE(counter)
{
	const struct opt_u64 total = at->netns->total[at->counter];

	if (!total.known || counter_table[at->counter].shown == COUNTER_JSON_ONLY ||
	    (at->netns->netns->own && is_of_node_exporter(at->counter)))
		return false;
	strbuf_addu(to, total.value);
	return true;
}

/* The report. */

LABEL(version)
{
	(void)at;
	series_add_value(to, PACKAGE_VERSION);
}

VALUE(omitted)
{
	strbuf_addu(to, at->series_list->omitted);
	return true;
}

VALUE(window_seconds)
{
	add_seconds(to, at->report->window_ns);
	return at->report->window_ns;
}

VALUE(duration)
{
	add_seconds(to, clock_monotonic_ns() - at->style->began_ns);
	return at->style->began_ns;
}

VALUE(incomplete)
{
	strbuf_addu(to, at->report->snapshot->n_warnings);
	return true;
}

/*
 * The families. listenq-prometheus(5) is tested against this table. Labels of the scope: a counter
 * has "namespace", a listener those of series.h.
 */
/* clang-format off */
static const struct family family_table[] = {
	{ "listenq_accept_queue_length", GAUGE,
	  "Connections that wait for accept(2).",
	  OF_LISTENER, .field = FIELD_LENGTH },
	{ "listenq_accept_queue_capacity", GAUGE,
	  "Connections that fit into the accept queue: the limit of listen(2) and somaxconn, and one more.",
	  OF_LISTENER, .field = FIELD_CAPACITY },
	{ "listenq_accept_queue_peak_length", GAUGE,
	  "Highest length of the accept queue that fast samples saw in the window.",
	  OF_LISTENER, .field = FIELD_PEAK_LENGTH, .merge = MOST, .least = length_at_an_end },
	{ "listenq_oldest_wait_seconds", GAUGE,
	  "How long the oldest connection in the accept queue has waited; no sample where none does or it is unknown.",
	  OF_LISTENER, .field = FIELD_OLDEST_WAIT, .merge = MOST },
	{ "listenq_syn_queue_length", GAUGE,
	  "Half-open connections.",
	  OF_LISTENER, .field = FIELD_SYNRECV },
	{ "listenq_syn_queue_limit", GAUGE,
	  "Half-open connections at which the SYN queue is full.",
	  OF_LISTENER, .field = FIELD_SYN_LIMIT },
	{ "listenq_drops_total", COUNTER,
	  "Packets discarded at the listener for any cause, most of which do no harm.",
	  OF_LISTENER, .field = FIELD_DROPS, .plus = closed_drops },
	{ "listenq_overflows_min_total", COUNTER,
	  "Packets that its full accept queue dropped, at least, since listenq began to count.",
	  OF_SUM, .sum = SUM_OVERFLOWS_MIN },
	{ "listenq_overflows_max_total", COUNTER,
	  "Packets that its full accept queue dropped, at most, since listenq began to count.",
	  OF_SUM, .sum = SUM_OVERFLOWS_MAX },
	{ "listenq_losses_min_total", COUNTER,
	  "Packets of clients that the listener dropped for another cause, at least, since listenq began to count.",
	  OF_SUM, .sum = SUM_LOSSES_MIN },
	{ "listenq_losses_max_total", COUNTER,
	  "Packets of clients that the listener dropped for another cause, at most, since listenq began to count.",
	  OF_SUM, .sum = SUM_LOSSES_MAX },
	{ "listenq_unattributed_overflows_total", COUNTER,
	  "Overflows of the namespace that no listener accounts for, since listenq began to count.",
	  OF_NETNS, .add = add_unattributed },
	{ "listenq_listener_problem", GAUGE,
	  "1 while the listener is neither ok nor gone, with its state and the first reason for it. "
	  "Without a window only what one sample proves.",
	  OF_LISTENER, { { "state", label_state }, { "reason", label_reason } },
	  .add = add_problem },
	{ "listenq_listener_info", GAUGE,
	  "1, with the name, the systemd unit and the container of the process that holds the listener.",
	  OF_LISTENER,
	  { { "comm", label_comm }, { "unit", label_unit }, { "container", label_container } },
	  .add = add_one, .needs = NEED_OWNERS | NEED_UNITS | NEED_OWNERS_ASKED },
	{ "listenq_netstat_total", COUNTER,
	  "Counters of a network namespace as nstat(8) names them; of the own one what node_exporter lacks.",
	  OF_COUNTER, { { "counter", label_counter } }, .add = add_counter, .needs = NEED_COUNTERS },
	{ "listenq_listeners_omitted", GAUGE,
	  "Listeners without series, as there are too many.",
	  OF_REPORT, .add = add_omitted },
	{ "listenq_window_seconds", GAUGE,
	  "Length of the window that peaks and problems are from; no sample without a window.",
	  OF_REPORT, .add = add_window_seconds },
	{ "listenq_build_info", GAUGE,
	  "1, with the version of listenq.",
	  OF_REPORT, { { "version", label_version } }, .add = add_one },
	{ "listenq_collect_duration_seconds", GAUGE,
	  "How long it took to collect what is here, without the wait for the end of the window.",
	  OF_REPORT, .add = add_duration },
	{ "listenq_collect_incomplete", GAUGE,
	  "Number of warnings about data that could not be had; 0: everything is here.",
	  OF_REPORT, .add = add_incomplete },
};
/* clang-format on */

unsigned int prometheus_needs(void)
{
	/* Names of devices and namespaces are in labels, and groups are folded. */
	unsigned int needs = NEED_INTERFACE | NEED_NAMESPACES | NEED_GROUPS |
			     field_table[FIELD_REASONS].needs | field_table[FIELD_OVERFLOWS].needs;

	for (size_t i = 0; i < ARRAY_SIZE(family_table); i++)
		needs |= family_table[i].needs | field_table[family_table[i].field].needs;
	return needs;
}

/* The samples of a family that is being printed. */
struct output {
	const struct family *family;
	struct strbuf text;
	bool begun; /* HELP and TYPE are printed */
};

static void add_head(struct strbuf *to, const struct family *f)
{
	strbuf_addf(to, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name,
		    f->type == COUNTER ? "counter" : "gauge");
}

/* Returns whether there is one. @labels: those of the scope; NULL: none */
static bool add_sample(struct output *out, const char *labels, const struct at *at)
{
	const struct family *f = out->family;
	struct strbuf *to = &out->text;
	const size_t start = to->len;

	if (!out->begun)
		add_head(to, f);
	strbuf_adds(to, f->name);
	if (labels || f->labels[0].name)
		strbuf_putc(to, '{');
	if (labels)
		strbuf_adds(to, labels);
	for (size_t i = 0; i < LABELS_MAX && f->labels[i].name; i++) {
		strbuf_addc(to, ',', labels || i);
		strbuf_adds(to, f->labels[i].name);
		strbuf_putc(to, '=');
		f->labels[i].add(to, at);
	}
	if (labels || f->labels[0].name)
		strbuf_putc(to, '}');
	strbuf_putc(to, ' ');
	if (!(f->add		 ? f->add(to, at) :
	      f->scope == OF_SUM ? add_sum(to, f, at) :
				   add_field(to, f, at))) {
		to->len = start;
		return false;
	}
	strbuf_putc(to, '\n');
	out->begun = true;
	return true;
}

static void add_one_sample(struct output *out, struct at *at)
{
	add_sample(out, NULL, at);
}

/* Every sample of one namespace, or of its counters. */
static void add_namespaces(struct output *out, struct at *at)
{
	const struct series_namespaces *namespaces = &at->series_list->namespaces;
	struct strbuf labels = { 0 };

	for (size_t i = 0; i < namespaces->n; i++) {
		at->netns = &at->report->netns[i];
		at->namespace = &namespaces->list[i];
		labels.len = 0;
		strbuf_adds(&labels, "namespace=");
		strbuf_adds(&labels, at->namespace->s);
		if (out->family->scope == OF_NETNS)
			add_sample(out, labels.s, at);
		else
			for (at->counter = 0; at->counter < COUNTER_N; at->counter++)
				add_sample(out, labels.s, at);
	}
	strbuf_free(&labels);
}

static void add_listeners(struct output *out, struct at *at)
{
	for (size_t i = 0; i < at->series_list->n; i++) {
		at->series = &at->series_list->list[i];
		at->worst = worst_row(at->series);
		add_sample(out, at->series->labels, at);
	}
}

static void add_sums(struct output *out, struct at *at)
{
	const struct sums *sums = at->style->sums;
	bool *seen;

	if (!sums)
		return;
	seen = xcalloc(sums->n, sizeof(*seen));
	for (size_t i = 0; i < at->series_list->n; i++) {
		at->series = &at->series_list->list[i];
		at->sum = sums_find(sums, at->series->labels);
		if (at->sum)
			seen[at->sum - sums->list] = true;
		add_sample(out, at->series->labels, at);
	}
	at->series = NULL;
	/* Those of namespaces begin with a quote. */
	for (size_t i = 0, n = 0; i < sums->n && n < TOTALS_GONE_MAX; i++) {
		at->sum = &sums->list[i];
		if (!seen[i] && *at->sum->labels != '"')
			n += add_sample(out, at->sum->labels, at);
	}
	free(seen);
}

void prometheus_print(FILE *stream, const struct report *report,
		      const struct prometheus_style *style, struct field_context *context)
{
	static void (*const add[])(struct output * out, struct at * at) = {
		[OF_REPORT] = add_one_sample,  [OF_NETNS] = add_namespaces,
		[OF_COUNTER] = add_namespaces, [OF_LISTENER] = add_listeners,
		[OF_SUM] = add_sums,
	};
	struct series_list list = { 0 };
	struct at at = {
		.report = report, .style = style, .context = context, .series_list = &list
	};
	struct output out = { 0 };

	series_list(&list, report);
	for (size_t i = 0; i < ARRAY_SIZE(family_table); i++) {
		out.family = &family_table[i];
		out.begun = false;
		out.text.len = 0;
		add[out.family->scope](&out, &at);
		if (out.text.len)
			fwrite(out.text.s, 1, out.text.len, stream);
	}
	strbuf_free(&out.text);
	series_list_free(&list);
}

static void add_window(struct sums *sums, const struct report *report, bool unseen)
{
	struct series_namespaces namespaces = { 0 };
	struct totals_missed *missed = xcalloc(report->n_netns, sizeof(*missed));
	struct strbuf labels = { 0 };

	series_namespaces(&namespaces, report);
	for (size_t i = 0; i < report->n_netns; i++)
		missed[i] = totals_add_netns(sums, &report->netns[i], namespaces.list[i].s);
	for (size_t i = 0; i < report->n_shown; i++) {
		const struct row *row = report->shown[i];
		const struct totals_missed *m = &missed[row->listener->addr.netns_idx];
		const struct totals_rise rise = totals_rise_of(row, m);

		/* Nothing has happened so far. */
		if (!rise.any && !row_drops(row).value && sums->n == report->n_netns)
			continue;
		labels.len = 0;
		series_add_labels(&labels, row, &namespaces);
		totals_add(sums, row, labels.s, &rise, m, unseen);
	}
	strbuf_free(&labels);
	free(missed);
	series_namespaces_free(&namespaces);
}

void prometheus_take(const struct report *report, struct snapshot *now, struct sums *sums)
{
	const size_t omitted = series_omitted(report);

	if (omitted)
		snapshot_warn_report(
			now, "listeners-omitted",
			"%zu listeners have no series, as these are for %d: a filter chooses "
			"which have",
			omitted, SERIES_MAX);
	if (!sums)
		return;
	totals_begin(sums, report);
	add_window(sums, report, omitted);
	totals_end(sums, report);
}

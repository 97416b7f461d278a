/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/unplaced.h"

#include "base/alloc.h"
#include "base/num.h"

struct finder {
	const struct report *report;
	const struct unplaced_question *ask;
	struct field_context *context;
	struct unplaced *all;
};

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void add_row(struct finder *f, struct unplaced *u, const struct row *row)
{
	const uint64_t max = row->window->overflows.known ? row->window->overflows.max : 0;
	double value;

	if (metric_get(&metric_table[METRIC_OVERFLOWS], row, f->report, f->context, &value))
		u->values += num_whole(value);
	if (row->state != STATE_OVERFLOWING)
		u->candidate |= row->shown && max;
	else if (row->shown)
		u->here += max;
	else
		u->elsewhere += max;
}

/* How much of the metric may be of a listener that is gone, or came and went unseen. */
static uint64_t of_gone(const struct finder *f, const struct netns_report *ns,
			const struct unplaced *u)
{
	switch (f->ask->metric - metric_table) {
	case METRIC_OVERFLOWS:
		return ns->unattributed_overflows.value;
	case METRIC_LOSSES:
		return u->losses;
	case METRIC_DROPS:
		return ns->unattributed_overflows.value + u->losses;
	default:
		return 0;
	}
}

/*
 * How much higher than its value the overflows of the row may be, within its bounds. One that is
 * not overflowing has none of those that others, which are, account for.
 */
static uint64_t within_bounds(const struct row *row, const struct unplaced *u, double value)
{
	const uint64_t placed =
		row->state == STATE_OVERFLOWING ? u->values : u->here + u->elsewhere;

	return num_min_u64(minus(row->netns->overflows_lo.value, placed),
			   minus(row->window->overflows.max, num_whole(value)));
}

static bool may_alert(const struct unplaced_question *ask, double value, uint64_t more)
{
	const double most = value + (double)more;

	return more && (threshold_may_alert(ask->warning, value, most) ||
			threshold_may_alert(ask->critical, value, most));
}

static void judge_row(struct finder *f, struct unplaced *u, const struct row *row)
{
	uint64_t more = of_gone(f, row->netns, u);
	double value = 0;

	if (!row->gone && !metric_get(f->ask->metric, row, f->report, f->context, &value))
		return;
	if (!row->gone && f->ask->metric == &metric_table[METRIC_OVERFLOWS])
		more += within_bounds(row, u, value);
	u->may_alert |= may_alert(f->ask, value, more);
}

static bool lost_some(const struct netns_report *ns, const struct unplaced *u)
{
	return ns->overflows_lo.value || u->losses;
}

static void begin(struct finder *f)
{
	for (size_t i = 0; i < f->report->n_netns; i++) {
		const struct netns_report *ns = &f->report->netns[i];
		struct unplaced *u = &f->all[i];

		if (ns->losses_lo.known) /* those that are lost over IPv4 and over IPv6 */
			u->losses = minus(ns->losses6_lo, ns->losses_max);
		u->candidate =
			lost_some(ns, u) && (!f->ask->chosen || ns->unattributed_overflows.value);
	}
}

struct unplaced *unplaced_find(const struct report *report, const struct unplaced_question *ask,
			       struct field_context *context)
{
	struct finder f = { report, ask, context, xcalloc(report->n_netns, sizeof(*f.all)) };

	begin(&f);
	for (size_t i = 0; i < report->n_rows; i++) {
		struct unplaced *u = &f.all[report->rows[i].netns - report->netns];

		if (!report->rows[i].gone && lost_some(report->rows[i].netns, u))
			add_row(&f, u, &report->rows[i]);
	}
	for (size_t i = 0; i < report->n_shown; i++) {
		const struct row *row = report->shown[i];
		struct unplaced *u = &f.all[row->netns - report->netns];

		u->looked_at = true;
		if (lost_some(row->netns, u))
			judge_row(&f, u, row);
	}
	for (size_t i = 0; i < report->n_netns && !ask->chosen; i++)
		if (!f.all[i].looked_at)
			f.all[i].may_alert =
				may_alert(ask, 0, of_gone(&f, &report->netns[i], &f.all[i]));
	return f.all;
}

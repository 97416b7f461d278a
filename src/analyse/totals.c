/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/totals.h"

#include "base/num.h"

#include <string.h>

/* What sums_prune() keeps. */
struct keeping {
	uint64_t now_ns;
	uint64_t longest_ns; /* how long a sum is kept */
	size_t gone[2]; /* kept so far, of those that had drops alone, and of the others */
};

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t losses(const struct counters *c)
{
	return minus(c->value[COUNTER_LISTEN_DROPS], c->value[COUNTER_LISTEN_OVERFLOWS]);
}

static bool knows_both(const struct counters *c)
{
	return counter_known(c, COUNTER_LISTEN_OVERFLOWS) && counter_known(c, COUNTER_LISTEN_DROPS);
}

void totals_begin(struct sums *sums, const struct report *report)
{
	if (!sums->begun_ns)
		sums->begun_ns = report->snapshot->monotonic_ns;
}

/* A stray packet is enough for drops: those who had no more must not crowd out the others. */
static bool had_drops_alone(const struct sum *sum)
{
	return !sum->n[SUM_OVERFLOWS_MAX] && !sum->n[SUM_LOSSES_MAX] && !sum->n[SUM_NETNS] &&
	       !sum->n[SUM_UNATTRIBUTED];
}

static bool is_needed(const struct sum *sum, void *context)
{
	struct keeping *k = context;

	if (sum->seen_ns == k->now_ns)
		return true;
	return k->now_ns - sum->seen_ns <= k->longest_ns &&
	       k->gone[!had_drops_alone(sum)]++ < TOTALS_GONE_MAX;
}

void totals_end(struct sums *sums, const struct report *report)
{
	struct keeping k = {
		.now_ns = report->snapshot->monotonic_ns,
		.longest_ns = num_max_u64(TOTALS_KEPT_NS, 2 * report->window_ns),
	};

	for (size_t i = 0; i < sums->n; i++) {
		struct sum *sum = &sums->list[i];

		if (sum->seen_ns != k.now_ns || sum->drops_unknown)
			continue;
		sum->n[SUM_DROPS_CLOSED] += minus(sum->n[SUM_DROPS_COUNTED], sum->drops);
		sum->n[SUM_DROPS_COUNTED] = sum->drops;
	}
	sums_prune(sums, is_needed, &k);
}

/* A namespace that could not be read has nothing to add; the window after it neither. */
struct totals_missed totals_add_netns(struct sums *sums, const struct netns_report *ns,
				      const char *labels)
{
	struct sum *sum = sums_get(sums, labels);
	const uint64_t id = netns_id(ns->netns);
	struct totals_missed missed = { 0 };
	const struct counters *now = &ns->netns->after;
	bool same = sum->n[SUM_NETNS] == id;

	if (!sum->seen_ns)
		sum->held_ns = sums->begun_ns + TOTALS_HELD_NS;
	sum->seen_ns = ns->snapshot->monotonic_ns;
	if (same && ns->overflows_lo.known && ns->losses_lo.known) {
		missed.overflows = minus(ns->opening->before.value[COUNTER_LISTEN_OVERFLOWS],
					 sum->n[SUM_OVERFLOWS_COUNTED]);
		missed.losses = minus(losses(&ns->opening->before), sum->n[SUM_LOSSES_COUNTED]);
	} else if (same) {
		return missed;
	}
	if (ns->unattributed_overflows.known)
		sum->n[SUM_UNATTRIBUTED] += ns->unattributed_overflows.value;
	if (!knows_both(now))
		return missed;
	sum->n[SUM_NETNS] = id;
	sum->n[SUM_OVERFLOWS_COUNTED] = now->value[COUNTER_LISTEN_OVERFLOWS];
	sum->n[SUM_LOSSES_COUNTED] = losses(now);
	return missed;
}

/* What fell on the row of what was missed: its drops count all of it, and they are not reset. */
static uint64_t missed_max(const struct row *row, uint64_t missed)
{
	const struct opt_u64 drops = row_drops(row);
	const uint64_t in_window = row->window->drops.known ? row->window->drops.value : 0;

	return drops.known && !row->gone ? num_min_u64(missed, minus(drops.value, in_window)) :
					   missed;
}

bool totals_know_overflows(const struct row *row)
{
	return !listener_is_unix(row->listener) &&
	       counter_known(&row->netns->netns->after, COUNTER_LISTEN_OVERFLOWS);
}

/* Kernels before 4.7 do not count drops of a listener. */
bool totals_know_losses(const struct row *row)
{
	return totals_know_overflows(row) &&
	       counter_known(&row->netns->netns->after, COUNTER_LISTEN_DROPS) &&
	       row->listener->known & LISTENER_DROPS;
}

struct totals_rise totals_rise_of(const struct row *row, const struct totals_missed *missed)
{
	const struct range *overflows = &row->window->overflows, *losses = &row->window->losses;
	struct totals_rise rise = { 0 };

	if (!overflows->known)
		return rise;
	rise.n[SUM_OVERFLOWS_MIN] = overflows->min;
	rise.n[SUM_OVERFLOWS_MAX] = overflows->max + missed_max(row, missed->overflows);
	if (totals_know_losses(row)) {
		rise.n[SUM_LOSSES_MIN] = losses->known ? losses->min : 0;
		/* Its drops in the window are unknown: it may account for all. */
		rise.n[SUM_LOSSES_MAX] =
			(losses->known ? losses->max : row->netns->losses_hi.value) +
			missed_max(row, missed->losses);
	}
	rise.any = rise.n[SUM_OVERFLOWS_MAX] || rise.n[SUM_LOSSES_MAX];
	return rise;
}

/*
 * Returns the sum of a row; NULL: it has none. The first row of the window in hand that has these
 * labels begins the window in the sum.
 * @add: it gets one
 * @unseen: as that of totals_add()
 */
static struct sum *begin_in_window(struct sums *sums, const struct row *row, const char *labels,
				   bool add, bool unseen)
{
	const uint64_t now_ns = row->netns->snapshot->monotonic_ns;
	struct sum *sum = add ? sums_get(sums, labels) : sums_find(sums, labels);

	if (!sum || sum->seen_ns == now_ns)
		return sum;
	if (!sum->seen_ns)
		sum->held_ns =
			(unseen || row->gone || row_all_fresh(row) ? now_ns : sums->begun_ns) +
			TOTALS_HELD_NS;
	sum->overflows_before = sum->n[SUM_OVERFLOWS_MAX];
	sum->losses_before = sum->n[SUM_LOSSES_MAX];
	sum->drops = 0;
	sum->drops_unknown = false;
	sum->seen_ns = now_ns;
	return sum;
}

void totals_add(struct sums *sums, const struct row *row, const char *labels,
		const struct totals_rise *rise, const struct totals_missed *missed, bool unseen)
{
	const struct opt_u64 drops = row_drops(row);
	struct sum *sum = begin_in_window(sums, row, labels,
					  rise->any || (drops.known && drops.value), unseen);

	if (!sum)
		return;
	if (!row->gone) {
		sum->drops += drops.known ? drops.value : 0;
		sum->drops_unknown |= !drops.known;
	}
	for (size_t i = 0; i < sizeof(rise->n) / sizeof(rise->n[0]); i++)
		sum->n[i] += rise->n[i];
	sum->n[SUM_OVERFLOWS_MAX] = num_min_u64(
		sum->n[SUM_OVERFLOWS_MAX],
		sum->overflows_before + row->netns->overflows_hi.value + missed->overflows);
	sum->n[SUM_LOSSES_MAX] =
		num_min_u64(sum->n[SUM_LOSSES_MAX],
			    sum->losses_before + row->netns->losses_hi.value + missed->losses);
}

uint64_t totals_shown(const struct sum *sum, enum sum_id id, const struct report *report)
{
	return sum && report->snapshot->monotonic_ns >= sum->held_ns ? sum->n[id] : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/metric.h"

#include "base/nearest.h"
#include "base/num.h"

#include <errno.h>
#include <string.h>

const struct metric metric_table[METRIC_N] = {
	[METRIC_FILL] = { "fill", FIELD_FILL, FIELD_PEAK, "%", "fill" },
	[METRIC_QUEUE] = { "queue", FIELD_LENGTH, FIELD_PEAK_LENGTH, "", "accept queue" },
	[METRIC_DROPS] = { "drops", FIELD_DROPS_DELTA, FIELD_DROPS_DELTA, "", "drops" },
	[METRIC_OVERFLOWS] = { "overflows", FIELD_OVERFLOWS, FIELD_OVERFLOWS, "", "overflows" },
	[METRIC_LOSSES] = { "losses", FIELD_LOSSES, FIELD_LOSSES, "", "losses" },
	[METRIC_SYNRECV] = { "synrecv", FIELD_SYNRECV, FIELD_SYNRECV, "", "SYN queue" },
	[METRIC_OLDEST_WAIT] = { "oldest-wait", FIELD_OLDEST_WAIT, FIELD_OLDEST_WAIT, "s",
				 "oldest wait" },
};

const struct metric *metric_find(const char *name, const char *option, struct error *why)
{
	struct nearest nearest = { .word = name, .len = strlen(name) };

	for (size_t i = 0; i < METRIC_N; i++) {
		if (!strcmp(name, metric_table[i].name))
			return &metric_table[i];
		nearest_offer(&nearest, metric_table[i].name);
	}
	error_set(why, -EINVAL,
		  "%s'%s' is not fill, queue, drops, overflows, losses, synrecv or "
		  "oldest-wait%s%s%s",
		  option, name, nearest.best ? "; did you mean " : "",
		  nearest.best ? nearest.best : "", nearest.best ? "?" : "");
	return NULL;
}

unsigned int metric_needs(const struct metric *metric)
{
	return field_table[metric->field].needs | field_table[metric->field].asked |
	       field_table[metric->peak].needs;
}

/* Certain, or likely by the rules of "overflowing" and "dropping". */
static uint64_t likely(const struct range *range, bool seen)
{
	return range->min || !seen ? range->min : range->max;
}

static bool get_field(enum field_id id, const struct row *row, const struct report *report,
		      struct field_context *context, double *value)
{
	struct field_value v;

	field_get(&field_table[id], row, report, context, &v);
	*value = v.type == TYPE_RATIO	? (double)v.number / (double)FILL_PERCENT :
		 v.type == TYPE_SECONDS ? v.real :
					  (double)v.number;
	return v.known;
}

static bool nothing_waits(const struct row *row)
{
	return !row_length(row) || (row_waiting_known(row) && !row->group->waiting);
}

bool metric_get(const struct metric *metric, const struct row *row, const struct report *report,
		struct field_context *context, double *value)
{
	const struct row_window *w = row->window;
	double peak;

	switch (metric - metric_table) {
	case METRIC_OVERFLOWS:
		*value = (double)likely(&w->overflows, row->seen_full);
		return w->overflows.known;
	case METRIC_LOSSES:
		*value = (double)likely(&w->losses, verdict_drops_syns(row));
		return w->losses.known;
	case METRIC_OLDEST_WAIT:
		*value = 0;
		if (nothing_waits(row))
			return true;
		break;
	default:
		break;
	}
	if (!get_field(metric->field, row, report, context, value))
		return false;
	if (get_field(metric->peak, row, report, context, &peak) && peak > *value)
		*value = peak;
	return true;
}

double metric_round(const struct metric *metric, double value)
{
	if (*metric->unit == 's') /* from milliseconds, so that there is nothing to lose */
		return (double)num_whole(value * 1000 + 0.5) / 1000;
	/* A product that is a bit too small would lose a hundredth. */
	return *metric->unit ? (double)num_whole(value * 100 + 1e-6) / 100 : value;
}

void metric_add(struct strbuf *b, const struct metric *metric, double value)
{
	strbuf_addf(b, *metric->unit ? "%.15g%s" : "%.0f%s", value, metric->unit);
}

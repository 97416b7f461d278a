/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/quiet.h"

void quiet_read(struct quiet *q, const struct counters *c, uint64_t now_ns)
{
	if (!counter_known(c, COUNTER_IN_SEGS))
		*q = (struct quiet){ 0 };
	else if (!q->since_ns || q->in_segs != c->value[COUNTER_IN_SEGS])
		*q = (struct quiet){ .in_segs = c->value[COUNTER_IN_SEGS], .since_ns = now_ns };
}

void quiet_walked(struct quiet *q, uint64_t begin_ns, bool none, bool whole)
{
	const bool settled = q->since_ns && begin_ns >= q->since_ns + QUIET_SETTLE_NS;

	q->no_half_open = none && (q->no_half_open || (whole && settled));
}

bool quiet_has_no_half_open(const struct quiet *q, const struct counters *c)
{
	return q->no_half_open && counter_known(c, COUNTER_IN_SEGS) &&
	       c->value[COUNTER_IN_SEGS] == q->in_segs;
}

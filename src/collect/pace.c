/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/pace.h"

bool pace_due(const struct pace *p, uint64_t now_ns)
{
	uint64_t cost = p->with_ns > p->without_ns ? p->with_ns - p->without_ns : 0;

	return p->share <= 0 || !p->taken_ns ||
	       (double)(now_ns - p->taken_ns) * p->share >= (double)cost;
}

void pace_paid(struct pace *p, bool syn_recv, uint64_t cpu_ns, uint64_t now_ns)
{
	uint64_t *cost = syn_recv ? &p->with_ns : &p->without_ns;

	*cost = *cost ? (*cost + cpu_ns) / 2 : cpu_ns;
	if (syn_recv)
		p->taken_ns = now_ns;
}

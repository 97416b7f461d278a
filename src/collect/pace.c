/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/pace.h"

bool pace_due(const struct pace *p, bool urgent, uint64_t now_ns)
{
	return p->share <= 0 || now_ns >= (urgent ? p->urgent_due_ns : p->due_ns);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t postponed(uint64_t due_ns, uint64_t rest_ns, uint64_t now_ns)
{
	uint64_t next = later(due_ns, now_ns) + rest_ns, most = now_ns + 2 * rest_ns;

	return next > most ? later(due_ns, most) : next;
}

void pace_paid(struct pace *p, bool urgent, uint64_t cpu_ns, uint64_t now_ns)
{
	uint64_t rest = p->share > 0 ? (uint64_t)((double)cpu_ns / p->share) : 0;

	p->due_ns = postponed(p->due_ns, rest, now_ns);
	if (urgent)
		p->urgent_due_ns = postponed(p->urgent_due_ns, rest, now_ns);
}

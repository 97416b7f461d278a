/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/clock_steps.h"

#include "base/clock.h"
#include "base/num.h"

/* The clock of a damaged file is left as it is. */
#define SET_MAX_NS (INT64_C(4000000000) * (int64_t)NSEC_PER_SEC)

void clock_steps_add(struct clock_steps *s, struct timespec wall, int64_t ns, bool unknown)
{
	if (!ns || ns > SET_MAX_NS || ns < -SET_MAX_NS || s->set_ns + ns > SET_MAX_NS ||
	    s->set_ns + ns < -SET_MAX_NS)
		return;
	s->set_ns += ns;
	if (s->n++ < CLOCK_STEPS_MAX)
		s->list[s->n - 1] =
			(struct clock_step){ clock_steps_straight(s, wall), ns, unknown };
	else
		s->list[CLOCK_STEPS_MAX - 1].ns += ns;
}

struct timespec clock_steps_straight(const struct clock_steps *s, struct timespec wall)
{
	return clock_shift(wall, -s->set_ns);
}

struct timespec clock_steps_wall(const struct clock_steps *s, struct timespec t)
{
	int64_t set_ns = 0;

	for (size_t i = 0; i < num_min(s->n, CLOCK_STEPS_MAX); i++)
		if (clock_to_ns(s->list[i].wall) <= clock_to_ns(t))
			set_ns += s->list[i].ns;
	return clock_shift(t, set_ns);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/tally.h"

void tally_most(struct postmortem_most *most, uint64_t value, struct opt_u64 of,
		struct timespec wall)
{
	if (!most->known || value > most->value)
		*most = (struct postmortem_most){ true, value, of, wall };
}

void tally_sum(struct postmortem_sum *sum, bool known, uint64_t min, uint64_t max, bool again)
{
	sum->known += known && !again;
	sum->unknown += !known && !again;
	sum->min += known ? min : 0;
	sum->max += known ? max : 0;
}

void tally_raise(struct opt_u64 *most, struct opt_u64 value)
{
	if (value.known && (!most->known || value.value > most->value))
		*most = value;
}

void tally_stretch(struct postmortem_stretch *s, bool so, uint64_t window_ns, struct timespec wall)
{
	s->now_ns = so ? s->now_ns + window_ns : 0;
	if (s->now_ns > s->ns) {
		s->ns = s->now_ns;
		s->end = wall;
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/spell.h"

#include "base/clock.h"
#include "base/num.h"

/* At this very moment, and not only at some time in the window. */
static bool is_sick_now(const struct row *row)
{
	return row->reasons & 1u << REASON_NOT_ACCEPTING ||
	       listener_fill(row->listener) >= FILL_HIGH || row_syn_full(row);
}

uint64_t spell_bound(struct postmortem_spell *s, const struct row *row, const struct report *report,
		     uint64_t oldest_ns, bool over)
{
	const uint64_t now_ns = report->snapshot->monotonic_ns;
	const uint64_t before_ns = report->before->monotonic_ns;
	const bool stuck = row->reasons & 1u << REASON_NOT_ACCEPTING;
	uint64_t moved_ns = 0;

	if (s->goes_on) /* that was before a gap */
		return 0;
	s->emptied = !row_length(row);
	if (s->end_ns != now_ns || !state_is_sick(row->state)) {
		if (s->stands && s->end_ns == before_ns && over)
			s->end_max_ns = now_ns;
		s->stands = false;
		return 0;
	}
	if (!s->begin_max_ns)
		s->begin_max_ns = now_ns;
	if (stuck && oldest_ns && !row->folded && !s->begun_before) {
		s->begin_max_ns = num_min_u64(s->begin_max_ns, oldest_ns);
		moved_ns = s->begin_ns > oldest_ns ? s->begin_ns - oldest_ns : 0;
		s->begin_ns -= moved_ns;
		s->begin = clock_before(s->begin, moved_ns);
	}
	s->stands = is_sick_now(row);
	s->end_min_ns = s->stands ? now_ns : num_max_u64(before_ns, s->end_min_ns);
	s->end_max_ns = 0;
	if (row->listener->known & LISTENER_PEAK)
		s->full_ns += row->listener->peak.full_ns;
	return moved_ns;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_SPELL_H
#define LISTENQ_ANALYSE_SPELL_H

#include "analyse/report.h"

#include <time.h>

/* An incident of a listener: sick windows with gaps of at most HISTORY_GAP_NS. */
struct postmortem_spell {
	struct timespec begin, end;
	uint64_t begin_ns, end_ns; /* monotonic */
	/*
	 * It began after begin_ns, by begin_max_ns, and ended after end_min_ns, by the later of
	 * end_ns and end_max_ns.
	 */
	uint64_t begin_max_ns, end_min_ns, end_max_ns;
	uint64_t full_ns; /* for so long its queue was seen full */
	bool stands; /* it was sick at the sample that ended the last window */
	uint64_t part; /* the number of the first window since the last gap */
	bool begun_before; /* it may have begun before the first window */
	bool goes_on; /* the last window was sick; whether it still was at its end, @stands says */
	bool emptied; /* its queue was empty when the last window ended */
	bool closed; /* the listener was closed while it was sick: after @end, by @latest */
	/* It went on over gaps of that length: a connection that came before waited in its queue.
	 */
	uint64_t unseen_ns;
	/*
	 * Samples were left out in the window after its end, and it was well at the end of that:
	 * it ended in between. 0: the end is known.
	 */
	struct timespec latest;
};

/* How long something lasted. */
struct spell_span {
	uint64_t min_ns, max_ns;
	uint64_t ns; /* as the windows were sick */
};

static inline struct spell_span spell_span(const struct postmortem_spell *s)
{
	const uint64_t end_ns = s->end_max_ns > s->end_ns ? s->end_max_ns : s->end_ns;
	struct spell_span span = { .max_ns = end_ns - s->begin_ns, .ns = s->end_ns - s->begin_ns };

	if (s->end_min_ns > s->begin_max_ns)
		span.min_ns = s->end_min_ns - s->begin_max_ns;
	if (span.min_ns < s->full_ns)
		span.min_ns = s->full_ns;
	if (span.min_ns > span.ns)
		span.min_ns = span.ns;
	return span;
}

/*
 * spell_bound() - narrow when the spell began and ended by a report that has the listener.
 *
 * Within its first and its last window a spell may have begun and ended at any time; but a queue
 * that stands has done so since its oldest connection came, and does so until the sample.
 * @oldest_ns: when that came; 0: unknown
 * @over: it is not sick when the window ends
 *
 * Returns by how much it began before what was known.
 */
uint64_t spell_bound(struct postmortem_spell *s, const struct row *row, const struct report *report,
		     uint64_t oldest_ns, bool over);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/incidents.h"

#include "base/alloc.h"
#include "base/num.h"

#include <stdlib.h>
#include <string.h>

/* Sick and better windows alternate as long as the last sick one ended so recently. */
#define ALTERNATE_NS (10 * NSEC_PER_SEC)

/* Causes that are an event of their own when they come to an incident. */
#define NEW_CAUSES                                                                   \
	(1u << REASON_STOPPED | 1u << REASON_FD_LIMIT | 1u << REASON_NOT_ACCEPTING | \
	 1u << REASON_SYN_FLOOD)

/* What a program does differs from window to window: these reasons are held. Limits stay anyway. */
#define CAUSES ((1u << REASON_LIMIT_FROM_LISTEN) - 1)

/* Those that are so at a moment, and not because of what happened in the window. */
#define CAUSES_AT_ONCE (1u << REASON_STOPPED | 1u << REASON_FD_LIMIT)

/*
 * A cause is held from the time on at which it was seen in a fifth of the recent sick windows,
 * until it was seen in less than a tenth of them. The latest windows weigh most.
 */
#define CAUSE_HELD 0.2f
#define CAUSE_OVER 0.1f
#define CAUSE_NS   (12 * NSEC_PER_SEC)

/* The state shown does not become less severe before it was so for this long. */
#define STAYS_NS (5 * NSEC_PER_SEC)

/*
 * One window, and all that was known at its end. Kept for each window that was sick, had a full
 * queue, or lost packets; what another window knew is what the last of these before it did.
 */
struct record {
	bool kept;
	uint8_t state; /* enum state, with what is proved */
	uint8_t shown; /* the same, with what is held because states alternate */
	bool full;
	bool full_at_least; /* it may have been full for longer */
	bool closed; /* the incident ended as the listener was closed: in the window after @last */
	uint16_t reasons; /* that are shown */
	uint16_t own_reasons; /* of this window alone, with what is proved */
	uint32_t overflows_max; /* of this window */
	uint64_t full_ns; /* when the first of the windows with a full queue began */
	uint64_t own; /* the window after the last one that said @shown itself; 0: none did */
	/* The incident. */
	bool at_least; /* it may have begun earlier */
	uint8_t worst; /* enum state; STATE_OK: there was none so far */
	uint8_t level; /* the highest */
	uint16_t worst_reasons; /* of all windows with the worst state; and NEW_CAUSES of others */
	uint64_t begin_ns;
	uint64_t last; /* its last sick window */
	struct range overflows;
	struct range losses;
	/* All since the sums begin. */
	struct range total_overflows;
	struct opt_u64 total_drops;
};
_Static_assert(REASON_N <= 16, "reasons do not fit into a record");

struct incidents {
	struct windowed records;
	struct record now;
	uint64_t n; /* the window of @now; UINT64_MAX: none */
	uint64_t last; /* that is kept */
	/* 1 + the ends of the last two runs of windows that were so bad, in ns; 0: none. */
	uint64_t ends[STATE_OK][2];
	uint64_t own[STATE_OK]; /* the window after the last one that said itself it was so bad */
	uint16_t reasons_of[STATE_OK]; /* of the latest window in that state */
	bool proved; /* the program accepts nothing, and nothing has disproved that since */
	bool stalled; /* that proof made it stalled */
	/* The incident. */
	bool open; /* the next sick window may belong to it */
	bool counted; /* some of its windows had a length */
	uint8_t severity; /* the worst that was an event; above SEVERITY_NONE: none was */
	uint16_t causes; /* those that were an event */
	uint16_t held; /* causes, see CAUSE_HELD */
	float shares[REASON_LIMIT_FROM_LISTEN]; /* of its sick windows that had the cause */
	uint32_t n_sick;
	bool summed; /* some window is in the sums */
	uint64_t skipped_ns; /* time of windows that the sums do not count */
};

struct incidents *incidents_new(struct windowed_memory *memory)
{
	struct incidents *s = xcalloc(1, sizeof(*s));

	s->now.state = s->now.shown = s->now.worst = STATE_OK;
	s->n = UINT64_MAX;
	memory->bytes += sizeof(*s);
	return s;
}

void incidents_free(struct incidents *s, struct windowed_memory *memory)
{
	incidents_forget(s, UINT64_MAX, memory);
	memory->bytes -= sizeof(*s);
	free(s);
}

struct incidents *incidents_copy(const struct incidents *from, struct windowed_memory *memory)
{
	struct incidents *s = xmalloc(sizeof(*s));

	*s = *from;
	s->records = (struct windowed){ 0 };
	windowed_copy(&s->records, &from->records, sizeof(struct record), memory);
	memory->bytes += sizeof(*s);
	return s;
}

struct incidents *incidents_succeed(const struct incidents *from, struct windowed_memory *memory)
{
	struct incidents *s = incidents_copy(from, memory);

	s->proved = s->stalled = false;
	incidents_restart_sums(s);
	return s;
}

/* What was known at the end of window @n; NULL: nothing, or it is forgotten. @of: its window */
static const struct record *find(const struct incidents *s, uint64_t n, uint64_t *of)
{
	*of = n;
	if (n == s->n)
		return &s->now;
	if (n > s->last) {
		*of = s->last;
		return &s->now;
	}
	return n < s->records.forgotten ? NULL :
					  windowed_last(&s->records, of, sizeof(struct record));
}

/* The record of that very window; NULL: it was well, or it is forgotten. */
static const struct record *find_own(const struct incidents *s, uint64_t n)
{
	uint64_t of;
	const struct record *r = find(s, n, &of);

	return r && of == n ? r : NULL;
}

/* From the end of window @from to that of @n; UINT64_MAX: longer ago than the timeline goes. */
static uint64_t since(const struct timeline *t, uint64_t n, uint64_t from)
{
	return timeline_has(t, from) ? timeline_end(t, n) - timeline_end(t, from) : UINT64_MAX;
}

/*
 * What is proved of this window, or was proved of an earlier one and not disproved since. Returns
 * whether the report itself says that.
 */
static bool judge(struct incidents *s, const struct seen *seen)
{
	enum state state = seen->state;
	uint32_t reasons = seen->reasons;

	if (seen->proves) {
		s->proved = true;
		s->stalled |= state == STATE_STALLED;
	} else if (seen->disproves) {
		s->proved = s->stalled = false;
	}
	if (s->stalled && state > STATE_STALLED) {
		state = STATE_STALLED;
		reasons = s->reasons_of[state];
	}
	if (s->proved && state_is_sick(state) && state != STATE_STALLED)
		reasons |= 1u << REASON_NOT_ACCEPTING;
	if (seen->held <= state && state_is_sick(seen->held)) {
		reasons = seen->held_reasons | (seen->held == state ? reasons : 0);
		state = seen->held;
	}
	if (state_is_sick(state))
		s->reasons_of[state] = (uint16_t)reasons;
	s->now.state = s->now.shown = (uint8_t)state;
	s->now.reasons = s->now.own_reasons = (uint16_t)reasons;
	return state == seen->state && reasons == seen->reasons;
}

/*
 * The worst state that is held; STATE_OK: none. Of the last HISTORY_GAP_NS two or more runs of
 * windows were as bad, the last one of them not long ago; or this one is better, but not yet for
 * long. @before: the state of the window before
 */
static enum state alternates(struct incidents *s, uint64_t end_ns, enum state before)
{
	const uint64_t now = end_ns + 1;
	enum state found = STATE_OK;

	for (unsigned int as = STATE_OK; as-- > 0;) {
		uint64_t *ends = s->ends[as];

		if (s->now.state <= as) {
			if (before > as)
				ends[1] = ends[0];
			ends[0] = now;
		}
		if (ends[1] && now - ends[1] < HISTORY_GAP_NS && now - ends[0] < ALTERNATE_NS)
			found = as;
		if (ends[0] && now - ends[0] < STAYS_NS && state_is_sick(s->now.state) &&
		    state_table[as].severity < state_table[s->now.state].severity)
			found = as;
	}
	return found;
}

/* The causes to show: those that are held, or where none is yet, those of the window itself. */
static uint16_t causes_of(const struct incidents *s)
{
	const unsigned int own = s->now.own_reasons & CAUSES;

	return (uint16_t)(s->held ? s->held | (own & CAUSES_AT_ONCE) : own);
}

/* What earlier windows hold. @own: the report itself says what is proved */
static void hold(struct incidents *s, enum state held, bool own)
{
	struct record *r = &s->now;

	if (held < r->state) {
		r->shown = (uint8_t)held;
		r->reasons = s->reasons_of[held];
	} else if (own) {
		for (unsigned int as = r->state; as < STATE_OK; as++)
			s->own[as] = s->n + 1;
	}
	if (r->shown == STATE_OK)
		return;
	r->own = s->own[r->shown];
	r->reasons = (uint16_t)((r->reasons & ~CAUSES) | causes_of(s));
}

/* Counts the causes of a sick window. */
static void weigh_causes(struct incidents *s, uint64_t length_ns)
{
	const float least = 1 / (float)++s->n_sick;
	float weight = (float)length_ns / (float)CAUSE_NS;

	/* The first ones weigh the same. */
	weight = weight < least ? least : weight > 1 ? 1 : weight;
	for (unsigned int i = 0; i < ARRAY_SIZE(s->shares); i++) {
		const unsigned int bit = 1u << i;
		float *share = &s->shares[i];

		*share += weight * ((s->now.own_reasons & bit ? 1 : 0) - *share);
		if (*share >= CAUSE_HELD)
			s->held |= (uint16_t)bit;
		else if (*share < CAUSE_OVER)
			s->held &= (uint16_t)~bit;
	}
}

static void add_range(struct range *sum, const struct range *range, bool first)
{
	sum->known = range->known && (first || sum->known);
	sum->min += range->min;
	sum->max += range->max;
}

static void add_to_sums(struct incidents *s, const struct seen *seen, uint64_t length_ns)
{
	struct opt_u64 *drops = &s->now.total_drops;

	if (!seen->counted) {
		s->skipped_ns += length_ns;
		return;
	}
	add_range(&s->now.total_overflows, &seen->overflows, !s->summed);
	drops->known = seen->drops.known && (!s->summed || drops->known);
	drops->value += seen->drops.value;
	s->summed = true;
}

static void begin_incident(struct incidents *s, uint64_t begin_ns, bool at_least)
{
	struct record *r = &s->now;

	r->begin_ns = begin_ns;
	r->at_least = at_least;
	r->worst = STATE_OK;
	r->level = 0;
	r->overflows = r->losses = (struct range){ 0 };
	s->counted = false;
	s->severity = UINT8_MAX;
	s->causes = s->held = 0;
	memset(s->shares, 0, sizeof(s->shares));
	s->n_sick = 0;
	r->worst_reasons = 0;
}

static void go_on(struct incidents *s, const struct seen *seen, const struct timeline *t)
{
	struct record *r = &s->now;

	/* Reports that lacked the row have not ended it. */
	if (!s->open || since(t, s->n, r->last) > HISTORY_GAP_NS + timeline_length(t, s->n))
		begin_incident(s, timeline_begin(t, s->n), seen->missed || s->n == t->begin);
	s->open = true;
	r->last = s->n;
	r->closed = false;
	weigh_causes(s, timeline_length(t, s->n));
	if (r->state < r->worst)
		r->worst_reasons &= NEW_CAUSES;
	if (r->state <= r->worst) {
		r->worst = r->state;
		r->worst_reasons |= r->own_reasons;
	} else if (state_table[r->state].severity <= SEVERITY_WARNING) {
		/* It was an event. */
		r->worst_reasons |= r->own_reasons & NEW_CAUSES;
	}
	if (seen->level > r->level)
		r->level = seen->level;
	if (!seen->counted)
		return;
	add_range(&r->overflows, &seen->overflows, !s->counted);
	add_range(&r->losses, &seen->losses, !s->counted);
	s->counted = true;
}

/* Does the window make the incident worse, or show another cause? */
static void announce(struct incidents *s, struct incident_news *news)
{
	const struct record *r = &s->now;
	const enum severity severity = state_table[r->state].severity;
	const unsigned int causes = r->reasons & NEW_CAUSES & ~(unsigned int)s->causes;

	if (severity > SEVERITY_WARNING || (severity >= s->severity && !causes))
		return;
	if (severity < s->severity)
		s->severity = (uint8_t)severity;
	s->causes |= (uint16_t)causes;
	news->worse = true;
	news->reason = verdict_first_reason(causes ? causes : r->reasons);
}

/* Has the gap after the incident been too long to go on with it? */
static void end_incident(struct incidents *s, const struct timeline *t, struct incident_news *news)
{
	if (!s->open || since(t, s->n, s->now.last) <= HISTORY_GAP_NS)
		return;
	s->open = false;
	news->ended = s->severity <= SEVERITY_WARNING;
	news->last = s->now.last;
}

static void add_full(struct incidents *s, const struct seen *seen, const struct timeline *t,
		     bool follows)
{
	struct record *r = &s->now;

	if (seen->full && !(r->full && follows)) {
		r->full_ns = timeline_begin(t, s->n);
		r->full_at_least = seen->missed || s->n == t->begin;
	}
	r->full = seen->full;
}

enum state incidents_add(struct incidents *s, const struct seen *seen, const struct timeline *t,
			 struct windowed_memory *memory, struct incident_news *news)
{
	const uint64_t n = t->n - 1;
	const bool follows = n && s->n == n - 1;
	const enum state before = follows ? s->now.state : STATE_OK;
	const bool own = judge(s, seen);

	s->n = n;
	s->now.overflows_max = 0;
	if (seen->counted)
		s->now.overflows_max =
			(uint32_t)(seen->overflows.max < UINT32_MAX ? seen->overflows.max :
								      UINT32_MAX);
	add_to_sums(s, seen, timeline_length(t, n));
	add_full(s, seen, t, follows);
	if (state_is_sick(s->now.state)) {
		go_on(s, seen, t);
		announce(s, news);
	} else {
		end_incident(s, t, news);
	}
	hold(s, alternates(s, timeline_end(t, n), before), own);
	s->now.kept =
		s->now.shown != STATE_OK || s->now.full ||
		(seen->counted && (seen->overflows.max || seen->losses.max || seen->drops.value));
	if (s->now.kept) {
		windowed_set(&s->records, n, &s->now, sizeof(s->now), memory);
		s->last = n;
	}
	return s->now.state;
}

void incidents_close(struct incidents *s, const struct seen *seen, const struct timeline *t,
		     struct windowed_memory *memory)
{
	struct record *r = &s->now;

	if (!s->open || s->n != t->n - 2 || r->last != s->n)
		return;
	s->n = t->n - 1;
	s->last = s->n;
	r->kept = r->closed = true;
	r->full = false;
	r->state = r->shown = STATE_OK;
	r->reasons = r->own_reasons = 0;
	r->overflows_max = (uint32_t)num_min_u64(seen->overflows.max, UINT32_MAX);
	add_to_sums(s, seen, timeline_length(t, s->n));
	if (seen->counted) {
		add_range(&r->overflows, &seen->overflows, !s->counted);
		add_range(&r->losses, &seen->losses, !s->counted);
		s->counted = true;
	}
	windowed_set(&s->records, s->n, r, sizeof(*r), memory);
}

uint32_t incidents_reasons(const struct incidents *s)
{
	const enum state state = s->now.state;

	if (state == s->now.shown)
		return s->now.reasons;
	return state_is_sick(state) ? s->reasons_of[state] : 0;
}

bool incidents_are_over(const struct incidents *s, const struct timeline *t)
{
	return !s->proved && !s->now.total_overflows.max && !s->now.total_drops.value &&
	       s->last + HISTORY_WINDOWS < t->n &&
	       (s->now.worst == STATE_OK || since(t, t->n - 1, s->now.last) > HISTORY_KEPT_NS);
}

void incidents_forget(struct incidents *s, uint64_t n, struct windowed_memory *memory)
{
	windowed_forget(&s->records, n, sizeof(struct record), memory);
}

/* How long ago a window last said itself what is shown. */
static uint64_t own_ago(const struct record *r, const struct timeline *t, uint64_t n)
{
	const uint64_t now_ns = timeline_end(t, n);

	if (r->own && timeline_has(t, r->own - 1) && timeline_end(t, r->own - 1) > r->begin_ns)
		return now_ns - timeline_end(t, r->own - 1);
	return now_ns - r->begin_ns;
}

/* How long the window after the last sick one was, up to @n, if it ended somewhere in that. */
static uint64_t open_after(const struct timeline *t, uint64_t n, const struct record *r)
{
	return r->last < n && (r->closed || t->list[(r->last + 1) % TIMELINE_WINDOWS].partial) ?
		       timeline_length(t, r->last + 1) :
		       0;
}

struct memory incidents_recall(const struct incidents *s, const struct timeline *t, uint64_t n,
			       enum state state, uint32_t reasons)
{
	uint64_t of, ago_ns = UINT64_MAX;
	const struct record *r = find(s, n, &of), *own = find_own(s, n);
	const enum state shown = own ? own->shown : STATE_OK;
	const bool sick = state_is_sick(state) || state_is_sick(shown);
	struct memory m = { .state = state, .reasons = reasons };

	if (sick)
		m.kind = MEMORY_SICK;
	if (own && sick && shown <= state) {
		m.state = shown;
		m.reasons = own->reasons | (shown == state ? reasons & ~CAUSES : 0);
		if (shown < state || m.reasons & ~reasons)
			m.kind = MEMORY_HELD;
	}
	if (m.kind == MEMORY_HELD)
		m.ago_ns = own_ago(own, t, n);
	if (r && r->worst != STATE_OK)
		ago_ns = since(t, n, r->last);
	if (ago_ns > (sick ? HISTORY_GAP_NS : HISTORY_WAS_NS))
		return m;
	m.lasted.ns = timeline_end(t, n) - r->begin_ns;
	if (!sick) {
		m.kind = MEMORY_WAS;
		m.state = r->worst;
		m.reasons = r->worst_reasons;
		m.ago_ns = ago_ns;
		m.open_ns = open_after(t, n, r);
		m.lasted.ns -= ago_ns;
		m.closed = r->closed;
	}
	m.lasted.known = true;
	m.lasted.at_least = r->at_least;
	m.overflows = r->overflows;
	m.losses = r->losses;
	m.peak = r->level * LEVEL;
	return m;
}

struct history_time incidents_full(const struct incidents *s, const struct timeline *t, uint64_t n)
{
	const struct record *r = find_own(s, n);

	if (!r || !r->full)
		return (struct history_time){ 0 };
	return (struct history_time){ timeline_end(t, n) - r->full_ns, true, r->full_at_least };
}

bool incidents_sick(const struct incidents *s, uint64_t n)
{
	const struct record *r = find_own(s, n);

	return r && state_is_sick(r->state);
}

bool incidents_had(const struct incidents *s, uint64_t n, enum reason cause)
{
	const struct record *r = find_own(s, n);

	return r && state_is_sick(r->state) && r->own_reasons & 1u << cause;
}

uint64_t incidents_overflows(const struct incidents *s, uint64_t n)
{
	const struct record *r = find_own(s, n);

	return r ? r->overflows_max : n < s->last && n < s->records.forgotten ? UINT64_MAX : 0;
}

void incidents_sums(const struct incidents *s, uint64_t begin, uint64_t n,
		    struct history_sums *sums)
{
	uint64_t of;
	const struct record *r = find(s, n, &of);
	const bool known = r || n >= s->records.forgotten;

	sums->covered_ns -= s->skipped_ns < sums->covered_ns ? s->skipped_ns : sums->covered_ns;
	if (r && of >= begin) {
		sums->overflows = r->total_overflows;
		sums->drops = r->total_drops;
		return;
	}
	/* It lost none so far. */
	sums->overflows.known = known && s->now.total_overflows.known;
	sums->drops.known = known && s->now.total_drops.known;
}

void incidents_restart_sums(struct incidents *s)
{
	s->now.total_overflows = (struct range){ 0 };
	s->now.total_drops = (struct opt_u64){ 0 };
	s->skipped_ns = 0;
	s->summed = false;
}

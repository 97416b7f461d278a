/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/spells.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* Sick and better windows alternate as long as the last sick one ended so recently. */
#define ALTERNATE_NS (10 * NSEC_PER_SEC)

/* Spells that ended earlier are of no window that can be shown. */
#define SPELL_KEPT_NS (HISTORY_WAS_NS + 600 * NSEC_PER_SEC)

/* Causes that are an event of their own when they come to a spell. */
#define NEW_CAUSES                                                                   \
	(1u << REASON_STOPPED | 1u << REASON_FD_LIMIT | 1u << REASON_NOT_ACCEPTING | \
	 1u << REASON_SYN_FLOOD)

enum {
	RECORD_SET = 1 << 0,
	RECORD_FULL = 1 << 1,
	RECORD_OWN = 1 << 2, /* the report itself says what is shown */
	RECORD_MISSED = 1 << 3, /* the report lacks the row; alone */
};

/* One window. */
struct record {
	uint8_t flags;
	uint8_t state; /* enum state, with what is proved */
	uint8_t shown; /* the same, with what is held because states alternate */
	uint8_t level;
	uint16_t reasons; /* that are shown */
	uint32_t overflows_min, overflows_max;
	uint32_t losses_min, losses_max;
	uint32_t drops;
};
_Static_assert(REASON_N <= 16, "reasons do not fit into a record");

/* The latest unbroken run of sick, or of full, windows. It may be longer than the records. */
struct run {
	uint64_t from_ns; /* when it began */
	uint64_t end; /* the window after its last one; 0: there was no run */
	bool at_least; /* it may have begun earlier */
};

enum run_kind { RUN_SICK, RUN_FULL, RUN_N };

struct spell {
	uint64_t first, last; /* its first and last sick window */
	uint64_t begin_ns, end_ns; /* when the first one began, and the last one ended */
	struct range overflows;
	struct range losses;
	uint8_t worst; /* enum state */
	uint8_t level; /* the highest */
	bool at_least; /* it may have begun earlier */
	bool counted; /* some of its windows had a length */
	bool over; /* a sick window begins another one */
	uint8_t severity; /* the worst that was an event; above SEVERITY_NONE: none was */
	uint16_t causes; /* those that were an event */
	uint16_t reasons; /* of all windows with the worst state */
};

struct spells {
	uint64_t first; /* the first window that has the row */
	struct windowed records;
	struct record newest; /* the last one, where there was no room for it among them */
	uint64_t newest_n; /* its window */
	struct run runs[RUN_N];
	struct spell *list; /* from the oldest to the newest */
	size_t n;
	bool proved; /* the program accepts nothing, and nothing has disproved that since */
	bool stalled; /* that proof made it stalled */
	uint16_t reasons_of[STATE_OK]; /* of the latest window in that state */
	uint16_t recent_sick, recent; /* of @newest, see struct memory */
	uint64_t skipped_ns; /* time of windows that the sums do not count */
	bool summed; /* some window is in the sums */
	struct history_sums sums;
};

struct spells *spells_new(uint64_t first, size_t *bytes)
{
	struct spells *s = xcalloc(1, sizeof(*s));

	s->first = first;
	s->newest_n = UINT64_MAX;
	*bytes += sizeof(*s);
	return s;
}

void spells_free(struct spells *s, size_t *bytes)
{
	spells_forget(s, UINT64_MAX, bytes);
	*bytes -= sizeof(*s) + s->n * sizeof(*s->list);
	free(s->list);
	free(s);
}

struct spells *spells_copy(const struct spells *from, size_t *bytes)
{
	struct spells *s = xmalloc(sizeof(*s));

	*s = *from;
	windowed_copy(&s->records, &from->records, sizeof(struct record), bytes);
	s->list = xreallocarray(NULL, s->n, sizeof(*s->list));
	if (s->n)
		memcpy(s->list, from->list, s->n * sizeof(*s->list));
	*bytes += sizeof(*s) + s->n * sizeof(*s->list);
	return s;
}

static const struct record *record_at(const struct spells *s, uint64_t n)
{
	const struct record *r;

	if (n == s->newest_n)
		return &s->newest;
	r = windowed_get(&s->records, n, sizeof(*r));
	return r && r->flags & RECORD_SET ? r : NULL;
}

static enum state state_at(const struct spells *s, uint64_t n)
{
	const struct record *r = record_at(s, n);

	return r ? r->state : STATE_OK;
}

static bool knows(const struct spells *s, const struct timeline *t, uint64_t n)
{
	return n == s->newest_n || (timeline_has(t, n) && n >= s->first &&
				    n >= s->records.forgotten && t->n - n <= HISTORY_WINDOWS);
}

/* How the windows up to @n, of the last HISTORY_GAP_NS, were. */
struct recent {
	unsigned int sick, windows;
	/* The worst state such that two or more runs of windows were as bad, the last one of them
	 * not long ago; STATE_OK: none. */
	enum state alternates;
};

static struct recent look_back(const struct spells *s, const struct timeline *t, uint64_t n)
{
	const uint64_t now_ns = timeline_end(t, n);
	unsigned int runs[STATE_OK] = { 0 };
	bool inside[STATE_OK] = { 0 }, late[STATE_OK] = { 0 };
	struct recent recent = { .alternates = STATE_OK };
	enum state later = STATE_N;

	for (uint64_t i = n; knows(s, t, i) && now_ns - timeline_end(t, i) < HISTORY_GAP_NS; i--) {
		const enum state state = state_at(s, i);

		recent.windows++;
		recent.sick += state_is_sick(state);
		/* Most are as the one after them: every run goes on. */
		for (unsigned int as = 0; as < STATE_OK && state != later; as++) {
			const bool is = state <= as;

			if (is && !inside[as] && !runs[as]++)
				late[as] = now_ns - timeline_end(t, i) < ALTERNATE_NS;
			inside[as] = is;
		}
		later = state;
		if (!i)
			break;
	}
	for (unsigned int as = STATE_OK; as-- > 0;)
		if (runs[as] > 1 && late[as])
			recent.alternates = as;
	return recent;
}

static bool is_so(enum run_kind kind, const struct record *r)
{
	return kind == RUN_FULL ? r->flags & RECORD_FULL : state_is_sick(r->state);
}

static void add_to_runs(struct spells *s, const struct timeline *t, uint64_t n, bool missed)
{
	for (enum run_kind kind = 0; kind < RUN_N; kind++) {
		struct run *run = &s->runs[kind];

		if (!is_so(kind, &s->newest))
			continue;
		if (!run->end || run->end < n) {
			run->from_ns = timeline_begin(t, n);
			run->at_least = missed || !n;
		}
		run->end = n + 1;
	}
}

static uint32_t narrow(uint64_t number)
{
	return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

/* What is proved of this window, or was proved of an earlier one and not disproved since. */
static struct record judge(struct spells *s, const struct seen *seen)
{
	struct record r = { .flags = RECORD_SET, .level = seen->level };
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
	r.state = r.shown = (uint8_t)state;
	r.reasons = (uint16_t)reasons;
	if (state == seen->state && reasons == seen->reasons)
		r.flags |= RECORD_OWN;
	if (seen->full)
		r.flags |= RECORD_FULL;
	if (seen->counted) {
		r.overflows_min = narrow(seen->overflows.min);
		r.overflows_max = narrow(seen->overflows.max);
		r.losses_min = narrow(seen->losses.min);
		r.losses_max = narrow(seen->losses.max);
		r.drops = seen->drops.known ? narrow(seen->drops.value) : 0;
	}
	return r;
}

static void add_range(struct range *sum, const struct range *range, bool first)
{
	sum->known = range->known && (first || sum->known);
	sum->min += range->min;
	sum->max += range->max;
}

static void add_to_sums(struct spells *s, const struct seen *seen, uint64_t length_ns)
{
	struct history_sums *sums = &s->sums;

	if (!seen->counted) {
		s->skipped_ns += length_ns;
		return;
	}
	add_range(&sums->overflows, &seen->overflows, !s->summed);
	add_range(&sums->losses, &seen->losses, !s->summed);
	sums->drops.known = seen->drops.known && (!s->summed || sums->drops.known);
	sums->drops.value += seen->drops.value;
	s->summed = true;
}

/* The last spell, if the next sick window may belong to it. */
static struct spell *open_spell(const struct spells *s)
{
	return s->n && !s->list[s->n - 1].over ? &s->list[s->n - 1] : NULL;
}

static struct spell *begin_spell(struct spells *s, const struct timeline *t, uint64_t n,
				 bool missed, size_t *bytes)
{
	const uint64_t now_ns = timeline_end(t, n);
	struct spell *spell;
	size_t old = 0;

	while (old < s->n && now_ns - s->list[old].end_ns > SPELL_KEPT_NS)
		old++;
	*bytes -= s->n * sizeof(*s->list);
	s->n -= old;
	if (s->n)
		memmove(s->list, s->list + old, s->n * sizeof(*s->list));
	s->list = xreallocarray(s->list, s->n + 1, sizeof(*s->list));
	spell = &s->list[s->n++];
	*bytes += s->n * sizeof(*s->list);
	*spell = (struct spell){ .first = n,
				 .begin_ns = timeline_begin(t, n),
				 .worst = STATE_OK,
				 .severity = UINT8_MAX,
				 .at_least = missed || !n };
	return spell;
}

/* Fills @news if the window makes the spell worse, or shows another cause. */
static void announce(struct spell *spell, const struct record *r, bool events,
		     struct spell_news *news)
{
	const enum severity severity = state_table[r->state].severity;
	const unsigned int causes = r->reasons & NEW_CAUSES & ~(unsigned int)spell->causes;
	unsigned int first = 0, reasons = causes;

	if (severity > SEVERITY_WARNING || (severity >= spell->severity && !causes))
		return;
	if (!reasons)
		reasons = r->reasons;
	while (first < REASON_N && !(reasons & 1u << first))
		first++;
	if (severity < spell->severity)
		spell->severity = (uint8_t)severity;
	spell->causes |= (uint16_t)causes;
	news->sick = events;
	news->reason = first;
	news->state = r->state;
}

static void go_on(struct spells *s, const struct seen *seen, const struct timeline *t, uint64_t n,
		  size_t *bytes)
{
	const struct record *r = &s->newest;
	struct spell *spell = open_spell(s);

	/* Reports that lacked the row have not ended it. */
	if (spell && timeline_begin(t, n) - spell->end_ns > HISTORY_GAP_NS)
		spell->over = true;
	if (!open_spell(s))
		spell = begin_spell(s, t, n, seen->missed, bytes);
	spell->last = n;
	spell->end_ns = timeline_end(t, n);
	if (r->state < spell->worst)
		spell->reasons = 0;
	if (r->state <= spell->worst) {
		spell->worst = r->state;
		spell->reasons |= r->reasons;
	}
	if (r->level > spell->level)
		spell->level = r->level;
	if (!seen->counted)
		return;
	add_range(&spell->overflows, &seen->overflows, !spell->counted);
	add_range(&spell->losses, &seen->losses, !spell->counted);
	spell->counted = true;
}

/* Has the gap after the spell been too long to go on with it? */
static void end_spell(struct spells *s, const struct timeline *t, uint64_t n, bool events,
		      struct spell_news *news)
{
	struct spell *spell = open_spell(s);

	if (!spell || timeline_end(t, n) - spell->end_ns <= HISTORY_GAP_NS)
		return;
	spell->over = true;
	if (!events || spell->severity > SEVERITY_WARNING)
		return;
	news->recovered = true;
	news->state = spell->worst;
	news->ended = spell->last;
	news->ago_ns = timeline_end(t, n) - spell->end_ns;
	news->lasted_ns = spell->end_ns - spell->begin_ns;
	news->overflows = spell->overflows;
	news->losses = spell->losses;
}

/* Is the record what a window without one is taken for? */
static bool is_plain(const struct record *r)
{
	return r->shown == STATE_OK && !(r->flags & RECORD_FULL) && !r->overflows_max &&
	       !r->losses_max && !r->drops;
}

static void keep_newest(struct spells *s, uint64_t n, bool room, size_t *bytes)
{
	struct record *to = windowed_get(&s->records, n, sizeof(*to));

	if (!to && is_plain(&s->newest))
		return;
	if (!to && room)
		to = windowed_make(&s->records, n, sizeof(*to), bytes);
	if (to)
		*to = s->newest;
	else
		s->records.forgotten = n + 1;
}

static void mark_missed(struct spells *s, uint64_t n, bool room, size_t *bytes)
{
	struct record *r;

	if (!room)
		return;
	r = windowed_make(&s->records, n, sizeof(*r), bytes);
	r->flags = RECORD_MISSED;
}

/* What states that alternate hold. */
static void hold(struct spells *s, const struct timeline *t, uint64_t n)
{
	const struct recent recent = look_back(s, t, n);
	const struct spell *spell = open_spell(s);

	s->recent_sick = (uint16_t)recent.sick;
	s->recent = (uint16_t)recent.windows;
	if (recent.alternates > s->newest.state)
		return;
	if (recent.alternates < s->newest.state) {
		s->newest.shown = (uint8_t)recent.alternates;
		s->newest.reasons = s->reasons_of[recent.alternates];
		s->newest.flags &= (uint8_t)~RECORD_OWN;
	}
	/* What stops and accepts in turns has one cause, whatever this window shows of it. */
	if (spell && spell->worst == recent.alternates)
		s->newest.reasons |= spell->reasons & 1u << REASON_NOT_ACCEPTING;
}

enum state spells_add(struct spells *s, const struct seen *seen, const struct timeline *t,
		      bool room, bool events, size_t *bytes, struct spell_news *news)
{
	const uint64_t n = t->n - 1;

	if (seen->missed)
		mark_missed(s, n - 1, room, bytes);
	s->newest = judge(s, seen);
	s->newest_n = n;
	add_to_sums(s, seen, timeline_length(t, n));
	add_to_runs(s, t, n, seen->missed);
	if (state_is_sick(s->newest.state)) {
		go_on(s, seen, t, n, bytes);
		announce(open_spell(s), &s->newest, events, news);
	} else {
		end_spell(s, t, n, events, news);
	}
	hold(s, t, n);
	keep_newest(s, n, room, bytes);
	return s->newest.state;
}

uint32_t spells_reasons(const struct spells *s)
{
	const enum state state = s->newest.state;

	if (state == s->newest.shown)
		return s->newest.reasons;
	return state_is_sick(state) ? s->reasons_of[state] : 0;
}

bool spells_are_over(const struct spells *s, const struct timeline *t)
{
	const uint64_t now_ns = timeline_end(t, t->n - 1);

	return !s->proved && !s->sums.overflows.max && !s->sums.losses.max &&
	       !s->sums.drops.value &&
	       (!s->n || now_ns - s->list[s->n - 1].end_ns > SPELL_KEPT_NS) &&
	       s->runs[RUN_FULL].end + HISTORY_WINDOWS < t->n;
}

void spells_forget(struct spells *s, uint64_t n, size_t *bytes)
{
	windowed_forget(&s->records, n, sizeof(struct record), bytes);
}

/* The spell that has window @n, or is the last one before it; NULL: none. */
static const struct spell *spell_at(const struct spells *s, uint64_t n)
{
	for (size_t i = s->n; i-- > 0;)
		if (s->list[i].first <= n)
			return &s->list[i];
	return NULL;
}

static void subtract(struct range *sum, uint64_t min, uint64_t max)
{
	sum->min -= min < sum->min ? min : sum->min;
	sum->max -= max < sum->max ? max : sum->max;
}

/* The sums and the highest fill of a spell, up to window @n. */
static void sum_up(struct memory *m, const struct spells *s, const struct timeline *t,
		   const struct spell *spell, uint64_t n)
{
	uint8_t level = 0;

	m->overflows = spell->overflows;
	m->losses = spell->losses;
	if (n >= spell->last) {
		m->peak = (double)spell->level / LEVEL_FULL;
		return;
	}
	for (uint64_t i = n + 1; i <= spell->last; i++) {
		const struct record *r = knows(s, t, i) ? record_at(s, i) : NULL;

		if (r && state_is_sick(r->state)) {
			subtract(&m->overflows, r->overflows_min, r->overflows_max);
			subtract(&m->losses, r->losses_min, r->losses_max);
		}
	}
	for (uint64_t i = n; i >= spell->first && knows(s, t, i); i--) {
		const struct record *r = record_at(s, i);

		if (r && state_is_sick(r->state) && r->level > level)
			level = r->level;
		if (!i)
			break;
	}
	m->peak = (double)level / LEVEL_FULL;
}

/* The time at the end of window @n since the end of the last one that @is true of. */
static uint64_t time_since(const struct spells *s, const struct timeline *t, uint64_t n,
			   const struct spell *spell, enum state worst, bool own)
{
	for (uint64_t i = n; i >= spell->first && knows(s, t, i); i--) {
		const struct record *r = record_at(s, i);

		if (r && r->state <= worst && (!own || r->flags & RECORD_OWN))
			return timeline_end(t, n) - timeline_end(t, i);
		if (!i)
			break;
	}
	return timeline_end(t, n) - spell->begin_ns;
}

/* It is well in window @n, and a spell has begun before. */
static void recall_end(struct memory *m, const struct spells *s, const struct timeline *t,
		       const struct spell *spell, uint64_t n)
{
	const uint64_t now_ns = timeline_end(t, n);

	m->ago_ns = n >= spell->last ? now_ns - spell->end_ns :
				       time_since(s, t, n, spell, STATE_HIGH, false);
	if (m->ago_ns > HISTORY_WAS_NS)
		return;
	m->kind = MEMORY_WAS;
	m->state = spell->worst;
	m->reasons = spell->reasons;
	m->lasted.ns = now_ns - m->ago_ns - spell->begin_ns;
	m->lasted.known = true;
	m->lasted.at_least = spell->at_least;
	sum_up(m, s, t, spell, n);
}

struct memory spells_recall(const struct spells *s, const struct timeline *t, uint64_t n,
			    enum state state, uint32_t reasons)
{
	const struct record *r = timeline_has(t, n) ? record_at(s, n) : NULL;
	const enum state shown = r ? r->shown : STATE_OK;
	const struct spell *spell = spell_at(s, n);
	struct memory m = { .state = state, .reasons = reasons };
	struct recent recent = { .sick = s->recent_sick, .windows = s->recent };

	if (!timeline_has(t, n))
		return m;
	if (n != s->newest_n)
		recent = look_back(s, t, n);
	m.sick = recent.sick;
	m.windows = recent.windows;
	if (!state_is_sick(state) && !state_is_sick(shown)) {
		if (spell)
			recall_end(&m, s, t, spell, n);
		return m;
	}
	m.kind = MEMORY_SICK;
	if (r && (shown < state || (shown == state && r->reasons & ~reasons))) {
		m.kind = MEMORY_HELD;
		m.reasons = r->reasons | (shown == state ? reasons : 0);
		m.state = shown;
	}
	if (!spell)
		return m;
	if (m.kind == MEMORY_HELD)
		m.ago_ns = time_since(s, t, n, spell, shown, true);
	m.lasted.ns = timeline_end(t, n) - spell->begin_ns;
	m.lasted.known = true;
	m.lasted.at_least = spell->at_least;
	sum_up(&m, s, t, spell, n);
	return m;
}

static struct history_time lasted(const struct spells *s, const struct timeline *t, uint64_t n,
				  enum run_kind kind)
{
	const struct run *run = &s->runs[kind];
	const struct record *r = knows(s, t, n) ? record_at(s, n) : NULL;
	struct history_time time = { 0 };
	uint64_t i;

	if (!r || !is_so(kind, r))
		return time;
	time.known = true;
	if (run->end > n && run->from_ns <= timeline_begin(t, n)) {
		time.ns = timeline_end(t, n) - run->from_ns;
		time.at_least = run->at_least;
		return time;
	}
	/* The run has ended: count it in the records. */
	for (i = n; knows(s, t, i) && (r = record_at(s, i)) && is_so(kind, r); i--) {
		time.ns += timeline_length(t, i);
		if (!i) {
			time.at_least = true;
			return time;
		}
	}
	r = windowed_get(&s->records, i, sizeof(*r));
	time.at_least = (!knows(s, t, i) && i >= s->first) || (r && r->flags & RECORD_MISSED);
	return time;
}

struct history_time spells_sick(const struct spells *s, const struct timeline *t, uint64_t n)
{
	return lasted(s, t, n, RUN_SICK);
}

struct history_time spells_full(const struct spells *s, const struct timeline *t, uint64_t n)
{
	return lasted(s, t, n, RUN_FULL);
}

uint64_t spells_overflows(const struct spells *s, const struct timeline *t, uint64_t n)
{
	const struct record *r = record_at(s, n);

	if (!knows(s, t, n) || (r && r->flags & RECORD_MISSED))
		return UINT64_MAX;
	return r ? r->overflows_max : 0;
}

void spells_sums(const struct spells *s, const struct timeline *t, uint64_t n,
		 struct history_sums *sums)
{
	const uint64_t covered_ns = sums->covered_ns;

	*sums = s->sums;
	sums->covered_ns = covered_ns > s->skipped_ns ? covered_ns - s->skipped_ns : 0;
	if (n + 1 < t->n && !knows(s, t, n + 1)) {
		sums->overflows.known = sums->losses.known = sums->drops.known = false;
		return;
	}
	for (uint64_t i = n + 1; i < t->n; i++) {
		const struct record *r = record_at(s, i);

		if (!r)
			continue;
		subtract(&sums->overflows, r->overflows_min, r->overflows_max);
		subtract(&sums->losses, r->losses_min, r->losses_max);
		sums->drops.value -= r->drops < sums->drops.value ? r->drops : sums->drops.value;
	}
}

void spells_restart_sums(struct spells *s)
{
	s->sums = (struct history_sums){ 0 };
	s->skipped_ns = 0;
	s->summed = false;
}

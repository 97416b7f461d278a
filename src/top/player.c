/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/player.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A state is over when it was not seen for so long, and only then its end is an event. */
#define SETTLE_NS (31 * NSEC_PER_SEC)

/* At the longest, from the end of one run to the beginning of the next. */
#define RUN_NS NSEC_PER_SEC

/* In one go; then keys are looked at. */
#define TAKE_NS	  (50 * NSEC_PER_SEC / 1000)
#define SEARCH_NS (50 * NSEC_PER_SEC / 1000)

/* More than so late it does not catch up. */
#define LATE_NS (500 * NSEC_PER_SEC / 1000)

/* What a search back reads in one go: enough to tell what began from what was there. */
#define BLOCK_NS      (300 * NSEC_PER_SEC / 1000)
#define BLOCK_SAMPLES 8

struct player {
	struct recording *recording;
	struct playback *playback;
	struct view *view;
	struct excerpt all; /* what is played */
	size_t damaged; /* the last sample that could not be read; SIZE_MAX: none */
	size_t begin; /* the sample that opens the first window */
	size_t first, last; /* windows */
	size_t oldest,
		next; /* what the playback was fed: the first one, and the one after the last */
	bool runs;
	unsigned int speed;
	uint64_t jump_ns;
	uint64_t shown_ns; /* monotonic: when the screen came to show what it does */
	double byte_ns; /* how long it takes to feed a byte of the recording */
	uint64_t *since_ns; /* of each entry: the time since the first one */
	/* Where a recorder began another file: entries that are the same as the one before. */
	size_t *twins;
	size_t n_twins, twins_size;
};

static const struct recording_entry *entry(const struct player *p, size_t i)
{
	return recording_entry(p->recording, i);
}

static enum boots boots(const struct player *p, size_t a, size_t b)
{
	return recording_boots(p->recording, entry(p, a)->run, entry(p, b)->run);
}

/* The time from one entry to the next; 0 where it is unknown. */
static uint64_t find_step(const struct player *p, size_t i)
{
	const struct recording_entry *here = entry(p, i), *next = entry(p, i + 1);

	if (boots(p, i, i + 1) == BOOTS_SAME)
		return next->monotonic_ns > here->monotonic_ns ?
			       next->monotonic_ns - here->monotonic_ns :
			       0;
	return next->wall_ns > here->wall_ns ? (uint64_t)(next->wall_ns - here->wall_ns) : 0;
}

/* The time from one entry to a later one; what is unknown of it counts as 0. */
static uint64_t between(const struct player *p, size_t a, size_t b)
{
	return p->since_ns[b] - p->since_ns[a];
}

static void look_through(struct player *p)
{
	const size_t n = recording_count(p->recording);

	p->since_ns = xcalloc(n, sizeof(*p->since_ns));
	for (size_t i = 1; i < n; i++) {
		p->since_ns[i] = p->since_ns[i - 1] + find_step(p, i - 1);
		if (entry(p, i - 1)->run == entry(p, i)->run || boots(p, i - 1, i) != BOOTS_SAME ||
		    entry(p, i - 1)->monotonic_ns != entry(p, i)->monotonic_ns)
			continue;
		p->twins = array_grow(p->twins, p->n_twins, &p->twins_size, sizeof(*p->twins));
		p->twins[p->n_twins++] = i;
	}
}

static bool is_twin(const struct player *p, size_t i)
{
	for (size_t j = 0; j < p->n_twins; j++)
		if (p->twins[j] == i)
			return true;
	return false;
}

/* The entry of the window @back windows before the newest; and the inverse. */
static size_t entry_of(const struct player *p, size_t back)
{
	size_t i = p->next - 1;

	for (size_t j = p->n_twins; j-- > 0;)
		if (p->twins[j] < p->next && p->twins[j] > p->oldest && i - back < p->twins[j])
			i--;
	return i - back;
}

static size_t back_of(const struct player *p, size_t i)
{
	size_t back = p->next - 1 - i;

	for (size_t j = 0; j < p->n_twins; j++)
		back -= p->twins[j] < p->next && p->twins[j] > i && p->twins[j] > p->oldest;
	return back;
}

/* Adds the next sample, which is in t->next. */
static void add(struct player *p)
{
	struct playback *t = p->playback;
	const size_t i = p->next++;

	/* The sample that opens the first window lacks the host. */
	if (!*t->next.host)
		memcpy(t->next.host, recording_header(p->recording, entry(p, i)->run)->host,
		       sizeof(t->next.host));
	if (i > p->oldest && !recording_has_window(p->recording, i))
		playback_break(t, &(struct history_break){ between(p, i - 1, i),
							   boots(p, i - 1, i) == BOOTS_OTHER });
	playback_add(t, p->view);
}

static int read_sample(struct player *p, size_t i, struct snapshot *s, struct error *why)
{
	const int code = recording_read(p->recording, i, s, why);

	if (code < 0)
		p->damaged = i;
	return code;
}

/* Reads and adds the next sample. */
static int feed(struct player *p, struct error *why)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	const double size = (double)entry(p, p->next)->size;
	double byte_ns;
	int code;

	if (p->next > p->oldest && is_twin(p, p->next)) {
		p->next++;
		return 0;
	}
	code = read_sample(p, p->next, &p->playback->next, why);
	if (code < 0)
		return code;
	add(p);
	byte_ns = (double)(clock_monotonic_ns() - begin_ns) / size;
	p->byte_ns = p->byte_ns > 0 ? (15 * p->byte_ns + byte_ns) / 16 : byte_ns;
	return 0;
}

/* Fills the playback with samples from @from to @to, which is read before anything is lost. */
static int fill(struct player *p, size_t from, size_t to, struct error *why)
{
	struct snapshot last = { 0 }, spare;
	int code = read_sample(p, to, &last, why);

	if (code < 0) {
		snapshot_free(&last);
		return code;
	}
	p->playback->paused = false;
	for (size_t i = from; i <= to; i++) {
		if (i == from) {
			playback_reset(p->playback);
			p->oldest = p->next = i;
		}
		/* What is before a damaged sample is left out. */
		if (i < to && feed(p, why) < 0)
			from = i + 1;
	}
	spare = p->playback->next;
	p->playback->next = last;
	snapshot_free(&spare);
	add(p);
	return 0;
}

/*
 * The first of the samples to read before @i: for ten minutes, or as many as @budget_ns allows, but
 * one at least.
 */
static size_t find_past(const struct player *p, size_t i, uint64_t budget_ns)
{
	double cost = (double)entry(p, i)->size * p->byte_ns;
	size_t from = i;

	while (from > p->begin && i - from < HISTORY_WINDOWS) {
		cost += (double)entry(p, from - 1)->size * p->byte_ns;
		if (from < i && (cost > (double)budget_ns || between(p, from - 1, i) > PLAYBACK_NS))
			break;
		from--;
	}
	return from;
}

/* The last entry up to SETTLE_NS after @i. */
static size_t find_settled(const struct player *p, size_t i)
{
	size_t to = i;

	while (to < p->last && entry(p, to + 1)->run == entry(p, i)->run &&
	       between(p, i, to + 1) <= SETTLE_NS)
		to++;
	return to;
}

/* What it shows is kept while the player stands, or runs through what the playback has already. */
static void hold(struct player *p, uint64_t clock_ns)
{
	p->playback->paused = !p->runs || p->playback->back;
	p->shown_ns = clock_ns;
}

/* Shows an entry that was fed. Returns false if its window is not kept. */
static bool show_kept(struct player *p, size_t i, uint64_t clock_ns)
{
	struct playback *t = p->playback;
	size_t position, back;

	if (i < p->oldest || i >= p->next)
		return false;
	back = back_of(p, i);
	position = ring_find(t->ring, back);
	if (position >= ring_count(t->ring) ||
	    (position + 1 == ring_count(t->ring) && recording_has_window(p->recording, i)))
		return false;
	t->paused = true;
	playback_seek(t, back, p->view, clock_ns);
	return true;
}

/* Shows an entry. @to: the playback has samples up to there, or later ones */
static int show(struct player *p, size_t i, size_t to, struct error *why)
{
	struct playback *t = p->playback;
	const uint64_t clock_ns = clock_monotonic_ns();
	const bool near = p->next <= to && i + 1 >= p->oldest &&
			  between(p, p->next - 1, to) <= PLAYBACK_NS &&
			  find_past(p, to, p->jump_ns) <= p->next;
	int code = 0;

	p->runs = false;
	if (near) {
		t->paused = false;
		t->back = 0;
		while (p->next <= to && code == 0)
			code = feed(p, why);
		playback_show(t, p->view, clock_ns);
	}
	if (code < 0 || (p->next > to && show_kept(p, i, clock_ns))) {
		hold(p, clock_ns);
		return code < 0 ? code : 1;
	}
	code = fill(p, find_past(p, i, p->jump_ns), to, why);
	if (code == 0) {
		playback_show(t, p->view, clock_ns);
		show_kept(p, i, clock_ns);
	}
	hold(p, clock_ns);
	return code < 0 ? code : 1;
}

int player_open(struct player **to, struct recording *r, const struct excerpt *e,
		struct playback *playback, struct view *view, uint64_t jump_ns, struct error *why)
{
	struct player *p = xcalloc(1, sizeof(*p));
	int code;

	p->recording = r;
	p->playback = playback;
	p->view = view;
	p->all = *e;
	p->damaged = SIZE_MAX;
	p->begin = e->first - 1;
	p->first = e->first;
	p->last = e->last;
	p->speed = 1;
	p->jump_ns = jump_ns;
	look_through(p);
	code = fill(p, p->begin, p->first, why);
	if (code < 0) {
		player_close(p);
		return code;
	}
	playback_show(playback, view, clock_monotonic_ns());
	hold(p, clock_monotonic_ns());
	*to = p;
	return 0;
}

void player_close(struct player *p)
{
	if (!p)
		return;
	free(p->twins);
	free(p->since_ns);
	free(p);
}

size_t player_at(const struct player *p)
{
	return entry_of(p, p->playback->back);
}

/* The entry that is shown next while it runs; after the last one: there is none. */
static size_t following(const struct player *p)
{
	const struct playback *t = p->playback;
	const size_t position = t->back ? ring_find(t->ring, t->back) : 0;

	return position ? entry_of(p, ring_back(t->ring, position - 1)) : p->next;
}

uint64_t player_due(const struct player *p)
{
	const size_t next = following(p);
	uint64_t ns;

	if (!p->runs || next > p->last)
		return UINT64_MAX;
	ns = between(p, player_at(p), next);
	if (entry(p, next)->run != entry(p, player_at(p))->run && ns > RUN_NS)
		ns = RUN_NS;
	return p->shown_ns + ns / p->speed;
}

int player_take(struct player *p, uint64_t clock_ns, struct error *why)
{
	struct playback *t = p->playback;
	const uint64_t begin_ns = clock_monotonic_ns();
	int code = 0;
	bool moved = false;
	uint64_t due = player_due(p);

	if (due < UINT64_MAX && due + LATE_NS < clock_ns)
		p->shown_ns += clock_ns - LATE_NS - due;
	while (code == 0 && (due = player_due(p)) <= clock_ns) {
		if (t->back)
			playback_step(t, -1, p->view, clock_ns);
		else
			code = feed(p, why);
		if (code == 0)
			hold(p, due);
		moved = true;
		if (clock_monotonic_ns() - begin_ns > TAKE_NS)
			break;
	}
	if (!moved)
		return 0;
	if (code < 0 || following(p) > p->last)
		p->runs = false;
	p->playback->paused = !p->runs || t->back;
	playback_refresh(t, p->view, clock_ns);
	return code < 0 ? code : 1;
}

bool player_run(struct player *p, bool runs, uint64_t clock_ns)
{
	p->runs = runs && !player_is_at_end(p);
	hold(p, clock_ns);
	playback_show(p->playback, p->view, clock_ns);
	return p->runs == runs;
}

bool player_runs(const struct player *p)
{
	return p->runs;
}

unsigned int player_speed(const struct player *p)
{
	return p->speed;
}

void player_set_speed(struct player *p, unsigned int speed, uint64_t clock_ns)
{
	p->speed = speed;
	p->shown_ns = clock_ns;
}

bool player_is_at_end(const struct player *p)
{
	return player_at(p) >= p->last;
}

uint64_t player_distance(const struct player *p)
{
	const size_t i = player_at(p);
	const bool before = i > 0 && recording_has_window(p->recording, i);
	const size_t from = before ? i - 1 : i;

	return from < p->last ? between(p, from, from + 1) : 0;
}

int player_go(struct player *p, size_t i, struct error *why)
{
	i -= is_twin(p, i);
	return show(p, i, i, why);
}

int player_go_back(struct player *p, size_t back, struct error *why)
{
	return player_go(p,
			 back <= back_of(p, p->first) || p->oldest >= p->first ? entry_of(p, back) :
										 p->first,
			 why);
}

int player_step(struct player *p, int by, struct error *why)
{
	struct playback *t = p->playback;
	const size_t at = player_at(p);
	const size_t position = ring_find(t->ring, t->back + 1);

	p->runs = false;
	if (by > 0 ? at <= p->first : at >= p->last) {
		hold(p, clock_monotonic_ns());
		return 0;
	}
	/* Where the playback has joined windows, a step is one of those. */
	if (by > 0 ? position + 1 < ring_count(t->ring) : t->back > 0) {
		t->paused = true;
		playback_step(t, by, p->view, clock_monotonic_ns());
		hold(p, clock_monotonic_ns());
		return 1;
	}
	if (by < 0)
		return player_go(p, is_twin(p, at + 1) ? at + 2 : at + 1, why);
	return player_go(p, at - 1, why);
}

int player_step_time(struct player *p, int by, uint64_t ns, struct error *why)
{
	const size_t at = player_at(p);
	size_t to = at;

	while (by > 0 ? to > p->first && between(p, to, at) < ns :
			to < p->last && between(p, at, to) < ns)
		to = by > 0 ? to - 1 : to + 1;
	p->runs = false;
	if (to != at)
		return player_go(p, to, why);
	hold(p, clock_monotonic_ns());
	return 0;
}

int player_go_time(struct player *p, int64_t wall_ns, struct error *why)
{
	size_t to = p->first;

	/* Clocks are set: this is the first window in which it came to that time. */
	while (to <= p->last &&
	       (entry(p, to - 1)->wall_ns > wall_ns || entry(p, to)->wall_ns < wall_ns))
		to++;
	while (to <= p->last && !recording_has_window(p->recording, to))
		to++;
	return to <= p->last ? player_go(p, to, why) : 0;
}

size_t player_first(const struct player *p)
{
	return p->first;
}

size_t player_last(const struct player *p)
{
	return p->last;
}

size_t player_earliest(const struct player *p)
{
	size_t found = p->first;

	for (size_t i = p->first; i <= p->last; i++)
		if (entry(p, i)->wall_ns < entry(p, found)->wall_ns)
			found = i;
	return found;
}

size_t player_latest(const struct player *p)
{
	size_t found = p->last;

	for (size_t i = p->first; i <= p->last; i++)
		if (entry(p, i)->wall_ns > entry(p, found)->wall_ns)
			found = i;
	return found;
}

/* A search, and when it calls go_on() next. */
struct search {
	bool (*go_on)(void *context, size_t at);
	void *context;
	uint64_t next_ns;
};

static bool goes_on_with(struct search *s, size_t at)
{
	const uint64_t clock_ns = clock_monotonic_ns();

	if (clock_ns < s->next_ns)
		return true;
	s->next_ns = clock_ns + SEARCH_NS;
	return s->go_on(s->context, at);
}

/* Feeds samples until one has an event, or makes an earlier window have one. */
static int search_forward(struct player *p, size_t at, struct search *s, struct error *why)
{
	struct playback *t = p->playback;
	size_t to;
	int code = 0;

	t->paused = true;
	while (playback_find_event(t, -1) == SIZE_MAX) {
		if (p->next > p->last)
			return show(p, at, at, why) < 0 ? -EINVAL : 0;
		if (!goes_on_with(s, p->next))
			code = -EINTR;
		else
			code = feed(p, why);
		if (code < 0) {
			struct error ignored;

			show(p, p->next - 1, p->next - 1, &ignored);
			return code;
		}
	}
	/* Another state may have ended before this event, which is known only later. */
	to = find_settled(p, entry_of(p, playback_find_event(t, -1)));
	while (p->next <= to && feed(p, why) == 0)
		;
	at = entry_of(p, playback_find_event(t, -1));
	return show(p, at, num_max(at, p->next - 1), why);
}

/* The newest event before entry @before and not before @from: its entry; SIZE_MAX: none */
static size_t last_event(const struct player *p, size_t from, size_t before)
{
	const struct history *history = p->playback->history;

	for (size_t i = 0; i < history_events(history, 0); i++) {
		const size_t back = history_event_back(history, history_event(history, 0, i));
		const size_t at = back < p->next ? entry_of(p, back) : 0;

		if (at < before)
			return at >= from && at >= p->first ? at : SIZE_MAX;
	}
	return SIZE_MAX;
}

/*
 * The first entry whose events are such: what is sick in the first samples of a playback seems to
 * begin there.
 */
static size_t find_trusted(const struct player *p, size_t before)
{
	size_t i = p->oldest;

	if (i == p->begin || i >= before)
		return i;
	while (i < p->oldest + (before - p->oldest + 1) / 2 &&
	       (i < p->oldest + 2 || between(p, p->oldest, i) < SETTLE_NS))
		i++;
	return i;
}

/* Reads the ten minutes before, again and again, until they have an event. */
static int search_back(struct player *p, size_t at, struct search *s, struct error *why)
{
	size_t before = at, trusted, found;

	for (;;) {
		trusted = find_trusted(p, before);
		found = last_event(p, trusted, before);
		if (found != SIZE_MAX)
			return show(p, found, find_settled(p, found), why);
		if (trusted <= p->first)
			return show(p, at, at, why) < 0 ? -EINVAL : 0;
		before = num_min(before, trusted);
		if (!goes_on_with(s, before)) {
			show(p, before, before, why);
			return -EINTR;
		}
		found = find_past(p, before, BLOCK_NS);
		while (found > p->begin && before - found < BLOCK_SAMPLES)
			found--;
		if (fill(p, found, find_settled(p, before), why) < 0) {
			struct error ignored;

			show(p, at, at, &ignored);
			return -EINVAL;
		}
	}
}

int player_step_event(struct player *p, int by, bool (*go_on)(void *context, size_t at),
		      void *context, struct error *why)
{
	struct search s = { go_on, context, clock_monotonic_ns() + SEARCH_NS };
	const size_t at = player_at(p);

	p->runs = false;
	return by > 0 ? search_back(p, at, &s, why) : search_forward(p, at, &s, why);
}

struct timespec player_wall(const struct player *p, size_t i)
{
	return clock_timespec((uint64_t)entry(p, i)->wall_ns);
}

void player_excerpt(const struct player *p, struct excerpt *e)
{
	const struct ring *ring = p->playback->ring;
	const size_t opening = entry_of(p, ring_back(ring, ring_count(ring) - 1));
	const size_t last = p->next - 1;
	const int64_t from_ns = entry(p, last)->wall_ns - (int64_t)PLAYBACK_NS;
	const int64_t before_ns = entry(p, opening - (opening > 0))->wall_ns;

	*e = p->all;
	e->first = opening + 1;
	e->last = last;
	if (opening > p->begin) {
		e->begin_ns = entry(p, opening)->wall_ns;
		e->lacks_from_ns = 0;
	}
	if (opening > p->begin && !recording_has_window(p->recording, opening) &&
	    !is_twin(p, opening) && from_ns < e->begin_ns)
		e->lacks_from_ns = before_ns > from_ns ? before_ns : from_ns;
	if (last == p->last)
		return;
	e->end_ns = entry(p, last)->wall_ns;
	e->damaged_line = p->damaged == p->next ? entry(p, p->next)->line : 0;
	e->lacks_to_ns = e->damaged_line ? entry(p, p->last)->wall_ns : 0;
}

size_t player_damaged_line(const struct player *p)
{
	return p->all.damaged_line;
}

bool player_is_damaged(const struct player *p)
{
	return p->damaged != SIZE_MAX || excerpt_damage(&p->all);
}

const struct recording *player_recording(const struct player *p)
{
	return p->recording;
}

const struct excerpt *player_all(const struct player *p)
{
	return &p->all;
}

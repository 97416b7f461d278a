/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/incident_timeline.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/num.h"
#include "output/cell.h"

#include <stdlib.h>
#include <string.h>

/* Of a longer timeline the beginning and the end. */
#define TIMELINE_FIRST 60
#define TIMELINE_LAST  40

struct entry {
	struct timespec wall;
	size_t order; /* of what happened at the same time */
	struct strbuf text;
};

struct entries {
	struct entry *list;
	size_t n, size;
};

static struct strbuf *add_entry(struct entries *to, struct timespec wall)
{
	struct entry *e;

	to->list = array_grow(to->list, to->n, &to->size, sizeof(*to->list));
	e = &to->list[to->n];
	e->wall = wall;
	e->order = to->n++;
	return &e->text;
}

/* "gunicorn 127.0.0.1:8000  " */
static void add_subject(struct strbuf *b, const struct paper *w,
			const struct postmortem_listener *l)
{
	const char *comm = l->processes[0].comm;

	if (l->n_processes && *comm) {
		text_add_safe(b, comm, strlen(comm), w->text_flags);
		strbuf_putc(b, ' ');
	}
	paper_add_local(b, w, l);
	if (!l->netns.own) {
		strbuf_adds(b, " in ");
		cell_add_netns(b, &l->netns, w->text_flags);
	}
	strbuf_adds(b, "  ");
}

static void add_range(struct strbuf *b, const struct range *r, const char *what)
{
	const struct postmortem_sum sum = { r->min, r->max, 1, 0 };

	if (!r->known || !r->max)
		return;
	strbuf_adds(b, "; ");
	paper_add_sum(b, &sum);
	strbuf_addf(b, " %s", what);
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* The spell that ended so, if it is one of those that are kept. */
static const struct postmortem_spell *spell_of(const struct event *e,
					       const struct postmortem_listener *l)
{
	const struct postmortem_spell *const spells[] = { &l->first, &l->last, &l->longest };

	for (size_t i = 0; i < ARRAY_SIZE(spells); i++)
		if (same_time(spells[i]->end, e->wall))
			return spells[i];
	return NULL;
}

/* When it was well after it was sick at the sample that ended its last window; 0: it was not. */
static struct timespec well_by(const struct postmortem_spell *s)
{
	if (s->end_max_ns <= s->end_ns)
		return (struct timespec){ 0 };
	return clock_shift(s->end, (int64_t)(s->end_max_ns - s->end_ns));
}

static void add_recovery(struct strbuf *b, const struct paper *w, const struct event *e,
			 const struct postmortem_listener *l)
{
	const struct postmortem_spell *s = e->latest.tv_sec || e->closed ? NULL : spell_of(e, l);
	const struct timespec well = s ? well_by(s) : e->latest;
	struct spell_span span;

	/* Of another one it is unknown whether it was sick at that sample. */
	strbuf_adds(b, e->closed	 ? "closed while it was sick, after at least " :
		       s && !well.tv_sec ? "well again after " :
					   "last seen sick after ");
	if (s) {
		span = spell_span(s);
		paper_add_lasted(b, &span, false);
	} else {
		text_add_time(b, e->lasted_ns);
	}
	if (well.tv_sec) {
		strbuf_adds(b, "; well at ");
		paper_add_clock(b, w, well);
	}
}

static void add_event(struct entries *to, const struct paper *w, const struct event *e,
		      const struct postmortem_listener *l)
{
	struct strbuf *b;

	if (e->kind != EVENT_SICK && e->kind != EVENT_RECOVERED)
		return;
	b = add_entry(to, e->wall);
	add_subject(b, w, l);
	if (e->kind == EVENT_SICK) {
		paper_add_what(b, e->state, e->reason);
		return;
	}
	add_recovery(b, w, e, l);
	strbuf_addf(b, "; was %s", state_table[e->state].name);
	add_range(b, &e->overflows, "overflows");
	add_range(b, &e->losses, "losses");
}

/* What is known at the last sample of one that was sick in the last window. */
static const char *at_the_end(const struct postmortem_spell *s)
{
	return s->stands  ? "still sick" :
	       s->emptied ? "sick in the window that ends here; its queue is empty" :
			    "sick in the window that ends here";
}

/* An incident is an event when it has been over for a while: one at the end may have none. */
static void add_end(struct entries *to, const struct paper *w, const struct postmortem_listener *l)
{
	const struct event_log *log = &w->p->log;
	const struct timespec well = l->last.latest.tv_sec ? l->last.latest : well_by(&l->last);
	struct strbuf *b;

	for (size_t i = 0; i < log->n; i++)
		if (log->list[i].kind == EVENT_RECOVERED && log->list[i].group == l->id &&
		    log->list[i].wall.tv_sec >= l->last.begin.tv_sec)
			return;
	b = add_entry(to, l->last.closed ? l->last.latest : l->last.end);
	add_subject(b, w, l);
	strbuf_adds(b, l->last.closed  ? "closed while it was sick" :
		       l->last.goes_on ? at_the_end(&l->last) :
		       well.tv_sec     ? "last seen sick; well at " :
					 "no longer seen sick");
	if (well.tv_sec && !l->last.closed && !l->last.goes_on)
		paper_add_clock(b, w, well);
}

/* What the events do not say of a listener. @queue: when its queue was longest, too */
static void add_moments(struct entries *to, const struct paper *w,
			const struct postmortem_listener *l, bool queue)
{
	const struct postmortem_restart *r;
	struct strbuf *b;

	add_end(to, w, l);
	for (size_t i = 0; (r = postmortem_restart(w->p, l->id, i)); i++) {
		b = add_entry(to, r->wall);
		add_subject(b, w, l);
		strbuf_adds(b, r->in_gap ? "restarted in the gap" : "restarted: a new listener");
		if (r->closed_by.tv_sec) {
			strbuf_adds(b, "; ");
			paper_add_absence(b, w, r, l);
		}
	}
	if (l->queue.known && queue) {
		b = add_entry(to, l->queue.wall);
		add_subject(b, w, l);
		strbuf_addf(b, "longest queue: %llu of %llu", (unsigned long long)l->queue.value,
			    (unsigned long long)l->queue.of.value);
	}
	if (l->gone && !(l->last.closed && same_time(l->gone_wall, l->last.latest))) {
		b = add_entry(to, l->gone_wall);
		add_subject(b, w, l);
		strbuf_adds(b, "closed");
	}
}

static const struct postmortem_listener *find_listener(const struct postmortem *p, uint64_t id)
{
	for (size_t i = 0; i < p->n_listeners; i++)
		if (p->listeners[i]->id == id)
			return p->listeners[i];
	return NULL;
}

/* What add_moments() does not say: a listener that was well was closed. */
static void add_absences(struct entries *to, const struct paper *w, bool detailed)
{
	const struct postmortem *p = w->p;

	for (size_t i = 0; i < p->n_absences; i++) {
		const struct absences_of *a = &p->absences.list[i];
		const struct postmortem_listener *l = find_listener(p, a->id);
		struct strbuf *b;

		if (l && (!detailed || paper_has_part(l)))
			continue;
		b = add_entry(to, a->first);
		add_subject(b, w, a->of);
		paper_add_absences(b, w, a);
	}
}

static void add_orphans(struct entries *to, const struct paper *w)
{
	const struct postmortem *p = w->p;

	for (size_t i = 0; i < p->n_orphans; i++) {
		struct strbuf *b;

		if (find_listener(p, p->orphans[i].of->id)) /* its spell ended so */
			continue;
		b = add_entry(to, p->orphans[i].end);
		add_subject(b, w, p->orphans[i].of);
		strbuf_addf(b, "closed, after at least %llu overflows since ",
			    (unsigned long long)p->orphans[i].overflows);
		paper_add_clock(b, w, p->orphans[i].begin);
	}
}

/* Those that are not kept, after the last one that is. */
static void add_rest(struct entries *to, size_t n, size_t kept, struct timespec wall,
		     const char *what)
{
	struct strbuf *b;

	if (n <= kept)
		return;
	b = add_entry(to, wall);
	strbuf_addf(b, "after this: %zu more times a %s", n - kept, what);
}

/* Where some lost packets or were stuck, those that were nearly full are left out. */
static void add_entries(struct entries *to, const struct paper *w)
{
	const struct postmortem *p = w->p;
	const size_t detailed = paper_parts(p), n = detailed ? detailed : p->n_listeners;

	strbuf_adds(add_entry(to, p->begin), "the first sample");
	for (size_t i = 0; i < num_min(p->steps.n, CLOCK_STEPS_MAX); i++)
		paper_add_step(add_entry(to, p->steps.list[i].wall), w, &p->steps.list[i]);
	for (size_t i = 0; i < num_min(p->n_blind, POSTMORTEM_BLIND); i++) {
		struct strbuf *b = add_entry(to, p->blind[i].begin);

		strbuf_adds(b, "no fast sample for ");
		text_add_time(b, p->blind[i].ns);
		strbuf_adds(b, " until ");
		paper_add_clock(b, w, p->blind[i].end);
		strbuf_adds(b, ": peaks are unknown");
	}
	for (size_t i = 0; i < num_min(p->n_missed, POSTMORTEM_MISSED); i++) {
		struct strbuf *b = add_entry(to, p->missed_list[i].begin);

		paper_add_count(b, p->missed_list[i].n, "sample");
		strbuf_adds(b, " until ");
		paper_add_clock(b, w, p->missed_list[i].end);
		strbuf_adds(b, " could not be recorded");
	}
	add_orphans(to, w);
	for (size_t i = 0; i < p->log.n; i++) {
		const struct event *e = &p->log.list[i];
		const struct postmortem_listener *l = find_listener(p, e->group);

		if (l && (!detailed || paper_has_part(l)))
			add_event(to, w, e, l);
	}
	add_absences(to, w, detailed > 0);
	for (size_t i = 0; i < n; i++)
		add_moments(to, w, p->listeners[i], i < PAPER_PARTS_MAX);
	for (size_t i = 0; i < num_min(p->n_gaps, POSTMORTEM_GAPS); i++) {
		struct strbuf *b = add_entry(to, p->gaps[i].begin);

		strbuf_adds(b, "nothing is known until ");
		paper_add_clock(b, w, p->gaps[i].end);
		strbuf_adds(b, p->gaps[i].unsure ? "; perhaps another boot" :
			       p->gaps[i].boot	 ? "; another boot, or another host" :
						   "");
	}
	add_rest(to, p->n_gaps, POSTMORTEM_GAPS, p->gaps[POSTMORTEM_GAPS - 1].end, "gap");
	add_rest(to, p->n_blind, POSTMORTEM_BLIND, p->blind[POSTMORTEM_BLIND - 1].end,
		 "window without fast samples");
	add_rest(to, p->n_missed, POSTMORTEM_MISSED, p->missed_list[POSTMORTEM_MISSED - 1].end,
		 "window that could not be recorded");
	strbuf_adds(add_entry(to, p->end), "the last sample");
}

static int compare_entries(const void *va, const void *vb)
{
	const struct entry *a = va, *b = vb;

	if (a->wall.tv_sec != b->wall.tv_sec)
		return a->wall.tv_sec < b->wall.tv_sec ? -1 : 1;
	if (a->wall.tv_nsec != b->wall.tv_nsec)
		return a->wall.tv_nsec < b->wall.tv_nsec ? -1 : 1;
	return num_compare(a->order, b->order);
}

void incident_timeline_add(struct paper *w)
{
	struct entries all = { 0 };
	struct strbuf *b = &w->b;

	add_entries(&all, w);
	qsort(all.list, all.n, sizeof(*all.list), compare_entries);
	strbuf_adds(b, "\n## Timeline\n\n");
	if (w->p->cut.tv_sec) {
		strbuf_adds(b, "Not all that happened to sick listeners up to ");
		paper_add_clock(b, w, w->p->cut);
		strbuf_adds(b, " is kept.\n\n");
	}
	strbuf_adds(b, "```text\n");
	for (size_t i = 0; i < all.n; i++) {
		const bool left_out = i >= TIMELINE_FIRST && i + TIMELINE_LAST < all.n;

		if (i == TIMELINE_FIRST && left_out)
			strbuf_addf(b, "... %zu more\n", all.n - TIMELINE_FIRST - TIMELINE_LAST);
		if (!left_out) {
			paper_add_clock(b, w, all.list[i].wall);
			strbuf_addf(b, "  %s\n", all.list[i].text.s);
		}
		strbuf_free(&all.list[i].text);
	}
	strbuf_adds(b, "```\n");
	free(all.list);
}

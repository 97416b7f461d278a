/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/phrase.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "model/clock_step.h"
#include "output/cell.h"

#include <string.h>

/* Does a clause end before @text that the one before it does not need? */
static bool ends_clause(const char *text)
{
	static const char *const ends[] = { ": ", "; ", ", and ", ", or " };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (!strncmp(text, ends[i], strlen(ends[i])))
			return true;
	return false;
}

void phrase_time(struct strbuf *b, uint64_t ns)
{
	text_add_time(b, ns);
}

void phrase_age(struct strbuf *b, const char *before, uint64_t ns, const char *after)
{
	if (ns < NSEC_PER_SEC / 20)
		return;
	strbuf_adds(b, before);
	phrase_time(b, ns);
	strbuf_adds(b, after);
}

void phrase_rate(struct strbuf *b, double rate)
{
	text_add_rate(b, rate);
}

void phrase_count(struct strbuf *b, uint64_t n)
{
	phrase_rate(b, (double)n);
}

void phrase_clock(struct strbuf *b, struct timespec wall)
{
	char text[CLOCK_TEXT_SIZE];
	const char *clock;

	clock_format_utc(wall, 0, text);
	clock = strchr(text, 'T') + 1;
	strbuf_add(b, clock, strcspn(clock, "Z"));
}

void phrase_name(struct strbuf *b, const char *name, unsigned int text_flags)
{
	struct strbuf quoted = { 0 };

	field_add_name(&quoted, name);
	text_add_safe(b, quoted.s, quoted.len, text_flags);
	strbuf_free(&quoted);
}

/* The manager, process 1, counts only if there is no other; it is the last one. */
void phrase_process(struct strbuf *b, const struct row *row, const struct phrase_context *c)
{
	const unsigned int flags = c->utf8 ? 0 : TEXT_ASCII;
	const struct snapshot *s = row->netns->snapshot;
	const struct row_owners owners = row_owners(row, s);
	const struct process *first = owners.n ? &s->processes[owners.list->process] : NULL;
	const char *name = first ? first->comm : history_process(c->history, row);
	size_t more = 0;

	if (name)
		phrase_name(b, name, flags);
	if (!first)
		return;
	for (uint32_t i = 1; i < owners.n; i++)
		if (owners.list[i].process != owners.list[i - 1].process &&
		    s->processes[owners.list[i].process].pid != 1)
			more++;
	/* Of a group the first one need not be the one that matters. */
	if (more && row->folded) {
		strbuf_addf(b, ", %zu processes", more + 1);
		return;
	}
	strbuf_addf(b, "[%u]", first->pid);
	if (more)
		strbuf_addf(b, " and %zu more", more);
}

static void add_text(struct strbuf *b, const char *text, bool utf8)
{
	if (text)
		text_add_safe(b, text, strlen(text), utf8 ? 0 : TEXT_ASCII);
}

void phrase_address(struct strbuf *b, const struct event *e, bool utf8)
{
	if (e->kind == EVENT_NETNS_GONE || event_log_is_gap(e->kind))
		strbuf_putc(b, '-');
	else if (e->addr.family == AF_UNIX)
		add_text(b, e->path, utf8);
	else
		cell_add_endpoint(b, e->addr.family, e->addr.address, e->addr.port);
}

void phrase_who(struct strbuf *b, const struct event *e, bool utf8)
{
	if (e->kind == EVENT_NETNS_GONE)
		add_text(b, e->netns, utf8);
	else if (e->kind == EVENT_BLIND)
		strbuf_adds(b, "listenq");
	else if (e->kind == EVENT_CLOCK)
		strbuf_adds(b, "host");
	else if (event_log_is_gap(e->kind))
		strbuf_adds(b, "recording");
	else if (e->process)
		phrase_name(b, e->process, utf8 ? 0 : TEXT_ASCII);
	else
		phrase_address(b, e, utf8);
}

/* ", 4100 dropped": by the full queue or before it; the most it can be. */
static void add_dropped(struct strbuf *b, const struct event *e)
{
	const uint64_t min =
		(e->overflows.known ? e->overflows.min : 0) + (e->losses.known ? e->losses.min : 0);
	const uint64_t max =
		(e->overflows.known ? e->overflows.max : 0) + (e->losses.known ? e->losses.max : 0);

	if (!max)
		return;
	strbuf_adds(b, min < max ? ", up to " : ", ");
	phrase_count(b, max);
	strbuf_adds(b, " dropped");
}

/* Where samples were left out, it may have gone on until the next one, which had it well. */
static void add_recovered(struct strbuf *b, const struct event *e, bool brief)
{
	const bool open = e->latest.tv_sec;

	strbuf_adds(b, e->closed ? (brief ? "closed sick" : "closed while it was sick") :
		       !open	 ? "recovered" :
		       brief	 ? "well by " :
				   "last seen sick; well by ");
	if (open)
		phrase_clock(b, e->latest);
	strbuf_adds(b, " (");
	if (!brief)
		strbuf_addf(b, "%s ", state_table[e->state].name);
	strbuf_adds(b, !open && !e->closed ? "" : brief ? ">" : "at least ");
	phrase_time(b, e->lasted_ns);
	add_dropped(b, e);
	strbuf_putc(b, ')');
}

/* What is missing in the recording before this moment. */
static void add_gap(struct strbuf *b, const struct event *e, bool brief)
{
	if (e->kind == EVENT_GAP)
		strbuf_adds(b, brief ? "gap" : "samples were left out");
	else if (brief)
		strbuf_adds(b, e->kind == EVENT_BOOT ? "other boot" : "new run");
	else
		strbuf_addf(b, "a new run begins%s",
			    e->kind == EVENT_BOOT ? ", of another boot" : "");
	if (!e->lasted_ns)
		return;
	if (e->kind == EVENT_GAP)
		strbuf_adds(b, brief ? " " : " for ");
	else
		strbuf_adds(b, brief ? ", " : "; nothing is known of the ");
	phrase_time(b, e->lasted_ns);
	if (e->kind != EVENT_GAP)
		strbuf_adds(b, brief ? " unknown" : " before");
}

static void add_step(struct strbuf *b, int64_t ns, bool brief)
{
	if (!brief) {
		clock_step_add(b, ns);
		return;
	}
	strbuf_adds(b, ns < 0 ? "clock -" : "clock +");
	phrase_time(b, (uint64_t)(ns < 0 ? -ns : ns));
}

void phrase_event(struct strbuf *b, const struct event *e, bool brief)
{
	const char *cause = verdict_cause(e->reason);

	switch (e->kind) {
	case EVENT_SICK:
		strbuf_adds(b, verdict_brief(e->state, e->reason));
		if (!brief && cause)
			strbuf_addf(b, ", %s", state_table[e->state].name);
		break;
	case EVENT_RECOVERED:
		add_recovered(b, e, brief);
		break;
	case EVENT_GONE:
		strbuf_addf(b, "listener gone, was %s", state_table[e->state].name);
		break;
	case EVENT_NEW:
		strbuf_adds(b, "new listener");
		break;
	case EVENT_RESTARTED:
		strbuf_addf(b, "restarted %u times", e->restarts);
		if (!brief) {
			strbuf_adds(b, " since ");
			phrase_clock(b, e->since);
		}
		break;
	case EVENT_NETNS_GONE:
		strbuf_adds(b, "namespace gone");
		break;
	case EVENT_GAP:
	case EVENT_RUN:
	case EVENT_BOOT:
		add_gap(b, e, brief);
		break;
	case EVENT_BLIND:
		strbuf_adds(b, "no fast sample for ");
		phrase_time(b, e->lasted_ns);
		strbuf_adds(b, brief ? "" : ": peaks are unknown");
		break;
	case EVENT_CLOCK:
		add_step(b, e->set_ns, brief);
		break;
	}
	if (e->more)
		strbuf_addf(b, ", and %u more", e->more);
}

void phrase_cut(struct strbuf *b, size_t start, size_t width)
{
	size_t cut = start;

	if (text_width(b->s + start, b->len - start) <= width)
		return;
	for (size_t i = start; i < b->len; i++)
		if (ends_clause(b->s + i) && text_width(b->s + start, i - start) <= width)
			cut = i;
	if (cut > start)
		b->s[b->len = cut] = '\0';
}

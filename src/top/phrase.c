/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/phrase.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "output/cell.h"

#include <string.h>

/* The cause in a few words; NULL: it is a limit, or none is known. */
static const char *const cause_words[REASON_N] = {
	[REASON_STOPPED] = "process stopped",
	[REASON_FD_LIMIT] = "out of descriptors",
	[REASON_THROTTLED] = "CPU throttled",
	[REASON_NOT_ACCEPTING] = "stopped accepting",
	[REASON_ACCEPTING_SLOWLY] = "accepts too slowly",
	[REASON_SYN_FLOOD] = "SYN queue full, a flood",
	[REASON_SYN_BURST] = "SYN queue full",
	[REASON_DEAD_CLIENTS] = "clients have gone",
};

static const char *const state_words[STATE_N] = {
	[STATE_OVERFLOWING] = "overflowing",
	[STATE_FULL] = "queue full",
	[STATE_STALLED] = "stalled",
	[STATE_DROPPING] = "loses SYNs",
	[STATE_SYN_FULL] = "SYN queue full",
	[STATE_HIGH] = "queue at 80%",
	[STATE_OK] = "ok",
	[STATE_GONE] = "gone",
};

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
	if (rate > 0 && rate < 9.95 && rate != (double)(int)rate)
		strbuf_addf(b, "%.1f", rate < 0.1 ? 0.1 : rate);
	else if (rate < 99999.5)
		strbuf_addf(b, "%.0f", rate);
	else if (rate < 99999.5e3)
		strbuf_addf(b, "%.0fk", rate / 1e3);
	else
		strbuf_addf(b, "%.0fM", rate / 1e6);
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
	if (e->kind == EVENT_NETNS_GONE)
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

void phrase_event(struct strbuf *b, const struct event *e, bool brief)
{
	const char *cause = e->reason < REASON_N ? cause_words[e->reason] : NULL;

	switch (e->kind) {
	case EVENT_SICK:
		strbuf_adds(b, cause ? cause : state_words[e->state]);
		if (!brief && cause)
			strbuf_addf(b, ", %s", state_table[e->state].name);
		break;
	case EVENT_RECOVERED:
		strbuf_adds(b, "recovered (");
		if (!brief)
			strbuf_addf(b, "%s ", state_table[e->state].name);
		phrase_time(b, e->lasted_ns);
		add_dropped(b, e);
		strbuf_putc(b, ')');
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

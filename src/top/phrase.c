/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/phrase.h"

#include "base/clock.h"
#include "output/cell.h"
#include "output/footer.h"
#include "output/sort.h"

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

void phrase_time(struct strbuf *b, uint64_t ns)
{
	text_add_time(b, ns);
}

/* The same; a time that is at least so long is ">42s". */
static void add_lasted(struct strbuf *b, struct history_time time)
{
	if (time.at_least)
		strbuf_putc(b, '>');
	phrase_time(b, time.ns);
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

/* The manager, process 1, counts only if there is no other; it is the last one. */
void phrase_process(struct strbuf *b, const struct row *row, const struct phrase_context *c)
{
	const unsigned int flags = c->utf8 ? 0 : TEXT_ASCII;
	const struct snapshot *s = row->netns->snapshot;
	const uint32_t n = row->folded ? row->folded->n_owners : row->listener->n_owners;
	const struct owner *owners =
		row->folded ? row->folded->owners : s->owners + row->listener->first_owner;
	const struct process *first = n ? &s->processes[owners[0].process] : NULL;
	const char *name = first ? first->comm : history_process(c->history, row);
	size_t more = 0;

	if (name)
		text_add_safe(b, name, strlen(name), flags);
	if (!first)
		return;
	strbuf_addf(b, "[%u]", first->pid);
	for (uint32_t i = 1; i < n; i++)
		if (owners[i].process != owners[i - 1].process &&
		    s->processes[owners[i].process].pid != 1)
			more++;
	if (more)
		strbuf_addf(b, " and %zu more", more);
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
	case EVENT_NETNS_GONE:
		strbuf_adds(b, "namespace gone");
		break;
	}
	if (e->more)
		strbuf_addf(b, ", and %u more", e->more);
}

static void add_cell(struct strbuf *b, enum field_id id, const struct row *row,
		     const struct phrase_context *c)
{
	struct field_value value;

	field_get(&field_table[id], row, c->report, c->fields, &value);
	cell_add_fitted(b, &value, c->utf8 ? 0 : TEXT_ASCII, c->cols);
}

/* Adds a value between two texts; nothing if it is unknown or empty. */
static void add_known(struct strbuf *b, const char *before, enum field_id id, const char *after,
		      const struct row *row, const struct phrase_context *c)
{
	struct field_value value;

	field_get(&field_table[id], row, c->report, c->fields, &value);
	if (!value.known || !*value.text)
		return;
	strbuf_adds(b, before);
	cell_add(b, &value, c->utf8 ? 0 : TEXT_ASCII);
	strbuf_adds(b, after);
}

/* The worst row, and how many there are of each state; a filter hides none from it. */
static const struct row *find_worst(const struct report *report, size_t count[STATE_N])
{
	const struct row *worst = NULL;

	memset(count, 0, STATE_N * sizeof(count[0]));
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];

		count[row->state]++;
		if (!worst || sort_compare(row, worst) < 0)
			worst = row;
	}
	return worst;
}

/*
 * No listener is sick, but its namespace may have counted an overflow, and what the report leaves
 * out may be sick. That comes first: a narrow screen cuts the end of the line.
 * @gone: rows of listeners that are gone
 */
static enum severity verdict_well(struct strbuf *b, const struct report *report, size_t gone)
{
	const size_t n = report->n_rows - gone;
	struct strbuf words = { 0 };
	uint64_t overflows = 0; /* in all namespaces, as far as they are known */
	bool sick;

	for (size_t i = 0; i < report->n_netns; i++)
		overflows += report->netns[i].delta[COUNTER_LISTEN_OVERFLOWS].value;
	sick = overflows || not_shown_is_sick(&report->not_shown);
	strbuf_adds(b, sick ? "! " : "");
	if (overflows)
		strbuf_addf(b, "%llu overflow%s, on %s", (unsigned long long)overflows,
			    overflows == 1 ? "" : "s",
			    gone ? "a listener that is gone or unknown" :
				   "which listener is unknown");
	if (footer_add_not_shown(&words, &report->not_shown))
		strbuf_addf(b, "%snot looked at: %s%s", overflows ? "; " : "", words.s,
			    overflows ? "" : "; ");
	strbuf_free(&words);
	if (overflows)
		return SEVERITY_WARNING;
	strbuf_addf(b, "%s ", !n ? "no" : n > 1 ? "all" : "the");
	footer_add_scope(b, report, n);
	strbuf_adds(b, !n ? "" : n > 1 ? " are well" : " is well");
	return sick ? SEVERITY_WARNING : SEVERITY_NONE;
}

enum severity phrase_verdict(struct strbuf *b, const struct phrase_context *c)
{
	size_t count[STATE_N], sick = 0;
	const char *separator = "";
	const struct row *worst = find_worst(c->report, count);
	struct strbuf words = { 0 };
	struct history_time since;

	for (unsigned int i = 0; state_is_sick(i); i++)
		sick += count[i];
	if (!sick)
		return verdict_well(b, c->report, count[STATE_GONE]);
	strbuf_addf(b, "%s ", severity_mark(state_table[worst->state].severity));
	for (unsigned int i = 0; i < STATE_OK; i++)
		if (count[i]) {
			strbuf_addf(b, "%s%zu %s", separator, count[i], state_table[i].name);
			separator = ", ";
		}
	strbuf_adds(b, sick > 1 ? "; worst " : ": ");
	add_cell(b, FIELD_LOCAL, worst, c);
	add_known(b, " ", FIELD_PROCESS, "", worst, c);
	if (worst->reasons)
		strbuf_addf(b, ": %s", reason_table[verdict_first_reason(worst)].name);
	since = history_sick(c->history, worst, c->back);
	if (since.ns) {
		strbuf_adds(b, " (");
		add_lasted(b, since);
		strbuf_putc(b, ')');
	}
	if (worst->overflows.known && worst->overflows.max) {
		strbuf_adds(b, ", ");
		add_cell(b, FIELD_OVERFLOWS, worst, c);
		strbuf_adds(b, " overflows");
	}
	if (footer_add_not_shown(&words, &c->report->not_shown))
		strbuf_addf(b, "; not looked at: %s", words.s);
	strbuf_free(&words);
	return state_table[worst->state].severity;
}

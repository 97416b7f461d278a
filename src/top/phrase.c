/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/phrase.h"

#include "base/clock.h"
#include "output/cell.h"
#include "output/footer.h"
#include "output/sort.h"

#include <string.h>

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

/* The oldest wait and how many peers gave up, after the age of these numbers. */
static void add_waiting(struct strbuf *b, const struct row *row)
{
	const uint64_t age = row_waiting_age(row);
	const size_t begin = b->len;
	const char *separator = "; ";
	struct opt_u64 gone = row_peers_closed_or_reset(row);

	if (!row->oldest_wait_ms.known && !(gone.known && gone.value))
		return;
	phrase_age(b, "; ", age, " ago");
	if (b->len > begin)
		separator = ": ";
	if (row->oldest_wait_ms.known) {
		strbuf_addf(b, "%soldest waits ", separator);
		phrase_time(b, row->oldest_wait_ms.value * (NSEC_PER_SEC / 1000));
		if (*separator == ':')
			separator = ", ";
	}
	if (gone.known && gone.value)
		strbuf_addf(b, "%s%s%llu of %llu peers gave up", separator,
			    row->group->waiting_mptcp ? "at least " : "",
			    (unsigned long long)gone.value,
			    (unsigned long long)(age ? row->group->length_after : row_length(row)));
}

void phrase_facts(struct strbuf *b, const struct row *row, const struct phrase_context *c)
{
	struct history_time full = history_full(c->history, row, c->back);
	struct history_time sick = history_sick(c->history, row, c->back);
	const struct sysctls *s = &row->netns->netns->sysctls;

	add_cell(b, FIELD_LOCAL, row, c);
	add_known(b, " ", FIELD_PROCESS, "", row, c);
	add_known(b, "[", FIELD_PID, "]", row, c);
	strbuf_addf(b, ": %s", state_table[row->state].name);
	if (full.ns) {
		strbuf_adds(b, row->state == STATE_FULL ? " " : "; full ");
		add_lasted(b, full);
	}
	if (sick.ns > full.ns) {
		strbuf_adds(b, full.ns ? "; not ok " : " ");
		add_lasted(b, sick);
	}
	add_waiting(b, row);
	strbuf_addf(b, "; limit %llu", (unsigned long long)row_limit(row));
	if (sysctl_known(s, SYSCTL_SOMAXCONN))
		strbuf_addf(b, ", somaxconn %lld", (long long)s->value[SYSCTL_SOMAXCONN]);
}

void phrase_numbers(struct strbuf *b, const struct row *row, const struct phrase_context *c)
{
	const char *separator = "";

	for (size_t i = 0; i < FIELD_N; i++) {
		const struct field *f = &field_table[i];
		struct field_value value;

		if (!f->name)
			continue;
		field_get(f, row, c->report, c->fields, &value);
		if (!value.known)
			continue;
		strbuf_addf(b, "%s%s ", separator, f->name);
		cell_add(b, &value, c->utf8 ? 0 : TEXT_ASCII);
		separator = ", ";
	}
}

void phrase_advice(struct strbuf *b, const struct row *row, const struct phrase_context *c)
{
	enum reason adviser = verdict_adviser(row);

	if (adviser < REASON_N) {
		verdict_add_reason(b, adviser, row, c->utf8 ? 0 : TEXT_ASCII);
		return;
	}
	strbuf_addf(b, "%s: ", state_table[row->state].name);
	verdict_add_state(b, row);
}

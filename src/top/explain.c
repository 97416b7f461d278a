/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/explain.h"

#include "analyse/holders.h"
#include "analyse/remedy.h"
#include "base/alloc.h"
#include "base/num.h"
#include "output/cell.h"

#include <ctype.h>
#include <string.h>

#define INDENT 4 /* of what follows "Do:" */

#define COMMAND_GAP 3

#define ADDRESS_MIN 22 /* what is left of an address where a heading is too long */

#define HELD_NS (3 * NSEC_PER_SEC) /* a shorter time alternates too fast to be read */

#define LONGER_NS (2 * NSEC_PER_SEC) /* by which a second time has to be longer */

#define MS (NSEC_PER_SEC / 1000)

/* What is explained, and the text that is being made. */
struct subject {
	struct sheet *to;
	const struct row *row;
	const struct phrase_context *c;
	struct memory memory;
	unsigned int text_flags;
	struct strbuf text;
};

static bool has(const struct subject *s, enum reason reason)
{
	return s->memory.reasons & 1u << reason;
}

static void add_field(struct strbuf *b, enum field_id id, const struct row *row,
		      const struct phrase_context *c, const char *before)
{
	const unsigned int flags = c->utf8 ? 0 : TEXT_ASCII;
	struct field_value value;

	field_get(&field_table[id], row, c->report, c->fields, &value);
	if (!value.known || !*value.text)
		return;
	strbuf_adds(b, before);
	cell_add(b, &value, flags);
}

/* What follows the address of a listener. */
static void add_holders(struct strbuf *b, const struct row *row, const struct phrase_context *c)
{
	strbuf_adds(b, "  ");
	phrase_process(b, row, c);
	if (b->len == strlen("  "))
		b->len = 0;
	if (row->folded)
		strbuf_addf(b, "  %u sockets", row->group->sockets);
	add_field(b, FIELD_UNIT, row, c, "  ");
	add_field(b, FIELD_CONTAINER, row, c, "  container ");
	if (c->report->n_netns > 1) {
		strbuf_adds(b, "  netns ");
		cell_add_netns(b, row->netns->netns, c->utf8 ? 0 : TEXT_ASCII);
	}
}

void explain_add_name(struct strbuf *b, const struct row *row, const struct phrase_context *c,
		      size_t width)
{
	const size_t begin = b->len;
	struct strbuf holders = { 0 };
	size_t wide;

	add_holders(&holders, row, c);
	wide = text_width(holders.s, holders.len);
	add_field(b, FIELD_LOCAL, row, c, "");
	cell_shorten(b, begin, num_max(width > wide ? width - wide : 0, ADDRESS_MIN), c->utf8);
	strbuf_add(b, holders.s, holders.len);
	cell_shorten(b, begin, num_max(width, 1), c->utf8);
	strbuf_free(&holders);
}

/* The member that is worst off, or the row itself. */
static const struct row *worst_of(const struct row *row)
{
	const struct row *worst = row;

	for (uint32_t i = 0; row->folded && i < row->folded->n_members; i++) {
		const struct row *member = row->folded->members[i];

		if (worst == row || member->state < worst->state ||
		    (member->state == worst->state &&
		     row_worst_fill(member) > row_worst_fill(worst)))
			worst = member;
	}
	return worst;
}

static void drop_end(struct strbuf *b, const char *end)
{
	const size_t len = strlen(end);

	if (b->len >= len && !strcmp(b->s + b->len - len, end)) {
		b->len -= len;
		b->s[b->len] = '\0';
	}
}

/*
 * The fact of the cause, or of the state where only a limit is known: as it is now, not as it was.
 * "The program" is named as the list names it, unless some of its processes are stopped, which the
 * fact then says.
 */
static void add_cause(struct subject *s)
{
	static const char program[] = "the program ";
	const enum reason reason = verdict_adviser(s->memory.reasons);
	const struct row *row = worst_of(s->row);
	const char *plain = reason < REASON_N ? reason_table[reason].fact :
						verdict_state_fact(s->row, s->memory.state);
	struct strbuf process = { 0 };

	if (reason == REASON_N && s->memory.kind == MEMORY_HELD) {
		strbuf_adds(&s->text, "it was so ");
		phrase_time(&s->text, s->memory.ago_ns);
		strbuf_adds(&s->text, " ago; such windows alternate with better ones");
		return;
	}
	if (!strncmp(plain, program, strlen(program)) && !holders_some(row, holder_is_stopped))
		phrase_process(&process, row, s->c);
	if (process.len)
		strbuf_addf(&s->text, "%s %s", process.s, plain + strlen(program));
	else if (reason < REASON_N)
		verdict_add_fact(&s->text, reason, s->row, s->text_flags);
	else
		strbuf_adds(&s->text, plain);
	strbuf_free(&process);
}

/* The windows of the last half minute, since it is sick. */
static struct history_recent recent(const struct subject *s, enum reason cause)
{
	return history_recent(s->c->history, s->row, s->c->back, s->memory.lasted.ns, cause);
}

/* Puts the text that was made, in one ink, and ends the line. */
static void put_text(struct subject *s, enum ink ink, size_t indent)
{
	sheet_wrap(s->to, ink, indent, s->text.s);
	s->text.len = 0;
}

static void add_lasted(struct strbuf *b, struct history_time time)
{
	phrase_time(b, time.ns);
	strbuf_adds(b, time.at_least ? " or longer" : "");
}

/* "14:33:02", or where samples were left out "between 14:33:02 and 14:34:02" */
static void add_end(struct strbuf *b, const struct subject *s)
{
	const struct timespec now = s->c->report->snapshot->wall;
	const struct memory *m = &s->memory;

	strbuf_adds(b, m->open_ns ? "between " : "");
	phrase_clock(b, clock_before(now, m->ago_ns));
	if (!m->open_ns)
		return;
	strbuf_adds(b, " and ");
	phrase_clock(b, clock_before(now, m->ago_ns - m->open_ns));
}

/* "was overflowing for 35s, from 14:32:27 to 14:33:02": what is over. */
static void put_was(struct subject *s)
{
	const struct memory *m = &s->memory;
	const bool gone = m->kind == MEMORY_GONE;

	sheet_puts(s->to, gone ? INK_GONE : INK_NOTICE, gone ? "gone" : "was ");
	if (!gone)
		sheet_puts(s->to, INK_NOTICE, state_table[m->state].name);
	strbuf_adds(&s->text, gone ? " since " : m->open_ns ? " for >" : " for ");
	if (!gone) {
		phrase_time(&s->text, m->lasted.ns);
		strbuf_adds(&s->text, ", from ");
		phrase_clock(&s->text,
			     clock_before(s->c->report->snapshot->wall, m->ago_ns + m->lasted.ns));
		strbuf_adds(&s->text, " to ");
	}
	add_end(&s->text, s);
	if (!m->open_ns)
		phrase_age(&s->text, ", ", m->ago_ns, " ago");
	if (m->closed)
		strbuf_adds(&s->text, ": it was closed");
	if (gone)
		strbuf_addf(&s->text, "; it was %s",
			    m->state == STATE_GONE ? "ok" : state_table[m->state].name);
	if (gone && state_is_sick(m->state) && m->lasted.ns) {
		strbuf_adds(&s->text, " for ");
		add_lasted(&s->text, m->lasted);
	}
	put_text(s, INK_PLAIN, 0);
	sheet_end(s->to);
}

/* "restarted 15 times in 45s, since 21:53:48": it may be there or not in this window. */
static void put_restarts(struct subject *s)
{
	const struct memory *m = &s->memory;

	sheet_puts(s->to, INK_NOTICE, "restarted");
	strbuf_addf(&s->text, " %u times in ", m->restarts);
	phrase_time(&s->text, m->lasted.ns);
	strbuf_adds(&s->text, ", since ");
	phrase_clock(&s->text, clock_before(s->c->report->snapshot->wall, m->lasted.ns));
	put_text(s, INK_PLAIN, 0);
	sheet_end(s->to);
}

static bool fits(const struct subject *s)
{
	return s->to->x + text_width(s->text.s, s->text.len) <= s->to->width;
}

/* Adds in which windows that was so, if it was not in all of them since it first was. */
static void add_windows(struct subject *s, bool whole)
{
	static const char now[] = " in this window";
	const struct history_recent r = recent(s, verdict_adviser(s->memory.reasons));
	struct strbuf *b = &s->text;
	const bool some = r.with_cause < r.since_cause;
	const size_t before = b->len;
	size_t len;

	if (some || s->memory.kind != MEMORY_SICK)
		drop_end(b, now);
	len = b->len;
	if (some)
		strbuf_addf(b, "%s in %u of the last %u windows", len == before ? "," : "",
			    r.with_cause, r.windows);
	if (fits(s) || (whole && some))
		return;
	b->s[b->len = len] = '\0';
	drop_end(b, now);
}

static void put_wrong(struct subject *s, bool whole)
{
	const struct state_info *state = &state_table[s->memory.state];

	sheet_puts(s->to, paint_ink(state->severity), state->name);
	sheet_puts(s->to, INK_PLAIN, ": ");
	add_cause(s);
	add_windows(s, whole);
	if (!whole && s->to->width > s->to->x)
		phrase_cut(&s->text, 0, s->to->width - s->to->x);
	put_text(s, INK_STRONG, 0);
	sheet_end(s->to);
}

/* Puts the sentence that was made on the line if it fits there whole, else on the next one. */
static void put_sentence(struct subject *s)
{
	struct strbuf *b = &s->text;

	if (!b->len)
		return;
	b->s[0] = (char)toupper((unsigned char)b->s[0]);
	strbuf_putc(b, '.');
	if (s->to->x && s->to->x + 1 + text_width(b->s, b->len) > s->to->width)
		sheet_end(s->to);
	else if (s->to->x)
		sheet_puts(s->to, INK_PLAIN, " ");
	put_text(s, INK_PLAIN, 0);
}

/* Begins another part of the sentence. */
static void add_part(struct strbuf *b)
{
	if (b->len)
		strbuf_adds(b, ", ");
}

static void add_range(struct strbuf *b, const struct range *r, double per)
{
	/* Bounds that are close say no more than the upper one. */
	if (r->min < r->max - r->max / 20) {
		if (!r->min) {
			strbuf_adds(b, "up to ");
		} else {
			phrase_rate(b, (double)r->min / per);
			strbuf_adds(b, " to ");
		}
	} else if (r->min < r->max) {
		strbuf_adds(b, "up to ");
	}
	phrase_rate(b, (double)r->max / per);
}

/*
 * The line above says which state it is; so this one says only how long, and what it adds. A queue
 * that is full again and again is no news: that would come and go with each window.
 */
static void add_since(struct subject *s)
{
	const struct memory *m = &s->memory;
	const struct history_recent r = recent(s, REASON_N);
	struct history_time full = history_full(s->c->history, s->row, s->c->back);
	struct strbuf *b = &s->text;

	if (r.sick > 1 && r.sick < r.windows) {
		strbuf_adds(b, "sick for ");
		add_lasted(b, m->lasted);
		strbuf_addf(b, ", in %u of the last %u windows", r.sick, r.windows);
		return;
	}
	if (full.ns < LONGER_NS && full.ns + LONGER_NS < m->lasted.ns)
		full.ns = 0;
	if (full.ns) {
		strbuf_adds(b, m->state == STATE_FULL ? "for " : "full for ");
		add_lasted(b, full);
	}
	/* The longer time is worth its place only if it is much longer. */
	if (!m->lasted.ns || (full.ns && m->lasted.ns < full.ns + full.ns / 2 + LONGER_NS))
		return;
	add_part(b);
	strbuf_adds(b, full.ns ? "sick for " : "for ");
	add_lasted(b, m->lasted);
}

/* What it lost in this window, a second, and in the spell. */
static void add_lost(struct subject *s, const struct range *now, const struct range *sum,
		     const char *what)
{
	struct strbuf *b = &s->text;
	const bool some = now->known && now->max && s->c->report->window_ns;

	if (some) {
		add_part(b);
		add_range(b, now, report_window_seconds(s->c->report));
		strbuf_addf(b, " %s/s", what);
	}
	if (sum->known && sum->max && (sum->max > now->max || !some)) {
		add_part(b);
		add_range(b, sum, 1);
		if (!some)
			strbuf_addf(b, " %s", what);
		if (s->memory.kind != MEMORY_WAS)
			strbuf_adds(b, " so far");
	}
}

/* What a spell that is over had: the name of its cause, and how full the queue was. */
static void add_spell(struct subject *s)
{
	const struct memory *m = &s->memory;
	const uint64_t capacity = listener_capacity(s->row->listener);
	const enum reason reason = verdict_adviser(m->reasons);
	struct strbuf *b = &s->text;

	if (reason < REASON_N) {
		strbuf_addf(b, "the cause was %s", reason_table[reason].name);
		put_sentence(s);
	}
	if (!m->peak)
		return;
	strbuf_adds(b, "at most ");
	phrase_count(b, (uint64_t)(fill_ratio(m->peak) * (double)capacity + 0.5));
	strbuf_adds(b, " of ");
	phrase_count(b, capacity);
	strbuf_adds(b, " queued");
}

/* Who waits: how many of them have gone, and how long the oldest has waited. */
static void add_waiting(struct subject *s)
{
	const struct row *row = s->row;
	const uint64_t age = row_waiting_age(row);
	const struct opt_u64 gone = row_peers_closed_or_reset(row);
	const uint64_t n = age && row->group ? row->group->length_after : row_length(row);
	const bool some = gone.known && gone.value, all = some && gone.value >= n;
	struct strbuf *b = &s->text;

	if (!n)
		return;
	if (some)
		strbuf_adds(b, row->group->waiting_mptcp ? "at least " :
			       all && n > 1		 ? "all " :
							   "");
	if (some && !all)
		strbuf_addf(b, "%llu of ", (unsigned long long)gone.value);
	strbuf_addf(b, "%llu ", (unsigned long long)n);
	if (some)
		strbuf_addf(b, "waiting client%s %s gone", n > 1 ? "s" : "",
			    gone.value > 1 ? "have" : "has");
	else
		strbuf_adds(b, n > 1 ? "clients wait" : "client waits");
	if (row->oldest_wait_ms.known) {
		strbuf_adds(b, n == 1 && !some ? " for " :
			       n == 1	       ? ", after " :
			       some	       ? ", oldest " :
						 ", the oldest for ");
		phrase_time(b, row->oldest_wait_ms.value * MS);
	}
	if (row->folded && row->group->queued_members > 1)
		strbuf_addf(b, " at %u sockets", row->group->queued_members);
	phrase_age(b, " (seen ", age, " ago)");
}

/* A cookie may come back in a later window, so more may come back than were sent. */
static void add_syn_queue(struct subject *s)
{
	const struct opt_u64 limit = row_syn_limit(s->row);
	const struct opt_u64 sent = s->row->netns->delta[COUNTER_COOKIES_SENT];
	const struct opt_u64 back = s->row->netns->delta[COUNTER_COOKIES_RECV];
	struct strbuf *b = &s->text;

	if (s->memory.state != STATE_SYN_FULL && !has(s, REASON_SYN_FLOOD) &&
	    !has(s, REASON_SYN_BURST) && !has(s, REASON_LIMIT_FROM_SYN_BACKLOG))
		return;
	strbuf_addf(b, "%u half-open", row_syn_length(s->row));
	if (limit.known)
		strbuf_addf(b, " (limit %llu)", (unsigned long long)limit.value);
	put_sentence(s);
	if (!sent.known || !sent.value || !s->c->report->window_ns)
		return;
	phrase_rate(b, report_rate(sent, s->c->report));
	strbuf_adds(b, " cookies/s sent, ");
	if (!back.known) {
		strbuf_adds(b, "unknown how many came back");
	} else if (back.value >= sent.value - sent.value / 2) {
		strbuf_adds(b, "most came back");
	} else {
		phrase_rate(b, report_rate(back, s->c->report));
		strbuf_adds(b, "/s came back");
	}
}

/* How many members are sick. */
static void add_members(struct subject *s)
{
	const size_t sick = history_sick_members(s->c->history, s->row, s->c->back);

	if (!sick)
		return;
	strbuf_addf(&s->text, "%zu of %u sockets %s sick", sick, s->row->folded->n_members,
		    sick > 1 ? "are" : "is");
}

/* What this window is, where an earlier one was worse. */
static void put_held(struct subject *s)
{
	const struct memory *m = &s->memory;
	const enum state now = s->row->state;

	if (m->kind != MEMORY_HELD || verdict_adviser(m->reasons) == REASON_N || now <= m->state ||
	    m->ago_ns < HELD_NS)
		return;
	strbuf_addf(&s->text, "(now %s; %s ", state_table[now].name, state_table[m->state].name);
	phrase_time(&s->text, m->ago_ns);
	strbuf_adds(&s->text, " ago)");
	if (s->to->x)
		sheet_puts(s->to, INK_DIM, " ");
	put_text(s, INK_DIM, 0);
}

static void put_numbers(struct subject *s)
{
	const struct memory *m = &s->memory;

	if (m->kind == MEMORY_WAS)
		add_spell(s);
	else
		add_since(s);
	add_lost(s, &s->row->window->overflows, &m->overflows, "overflows");
	if (m->state == STATE_DROPPING || !m->overflows.max)
		add_lost(s, &s->row->window->losses, &m->losses, "losses");
	put_sentence(s);
	add_members(s);
	put_sentence(s);
	add_waiting(s);
	put_sentence(s);
	add_syn_queue(s);
	put_sentence(s);
	if (has(s, REASON_RESETS_CLIENTS) && verdict_adviser(m->reasons) != REASON_RESETS_CLIENTS) {
		strbuf_adds(&s->text, "clients get RSTs: tcp_abort_on_overflow is 1");
		put_sentence(s);
	}
	put_held(s);
	if (s->to->x)
		sheet_end(s->to);
}

/* A command goes whole on the line of the one before it, or on the next line. */
static void put_command(struct subject *s, const char *command)
{
	const size_t width = text_width(command, strlen(command));

	if (s->to->x > INDENT && s->to->x + COMMAND_GAP + width > s->to->width) {
		sheet_end(s->to);
		sheet_tab(s->to, INDENT);
	} else {
		sheet_tab(s->to, s->to->x > INDENT ? s->to->x + COMMAND_GAP : INDENT);
	}
	sheet_wrap(s->to, INK_COMMAND, INDENT, command);
}

static void put_step(struct subject *s, const char *label, const struct remedy *r)
{
	sheet_puts(s->to, INK_STRONG, label);
	sheet_tab(s->to, num_max(s->to->x + 1, INDENT));
	strbuf_addf(&s->text, "%s%s", r->purpose.s, r->n_commands ? ":" : "");
	put_text(s, INK_PLAIN, INDENT);
	for (size_t i = 0; i < r->n_commands; i++)
		put_command(s, r->commands[i].s);
	sheet_end(s->to);
	if (!r->caution)
		return;
	sheet_tab(s->to, INDENT);
	sheet_wrap(s->to, INK_PLAIN, INDENT, r->caution);
	sheet_end(s->to);
}

/*
 * What to do now; for what is over, how to find out what it was. What a recording has is over too:
 * what its processes need now is unknown, so the step that was due then is one for the next time.
 */
static void put_remedy(struct subject *s)
{
	const char *process = history_process(s->c->history, s->row);
	const struct memory *m = &s->memory;
	struct remedy r = { .now = s->c->replay ? &s->c->report->snapshot->wall : NULL };
	const bool sick = memory_is_sick(m);

	if (m->kind == MEMORY_RESTARTS) {
		if (remedy_restarts(&r, s->row, process, m->lasted.ns, s->text_flags))
			put_step(s, "Do:", &r);
	} else if (!sick || s->c->replay) {
		if (remedy_ended(&r, s->row, process, m->ago_ns + m->lasted.ns, s->text_flags))
			put_step(s, "Do:", &r);
	}
	if (sick && remedy_find(&r, s->row, m->state, m->reasons, s->text_flags))
		put_step(s, s->c->replay ? "Next time:" : "Do:", &r);
	remedy_free(&r);
}

/* Who sets the limit. */
static void put_limits(struct subject *s)
{
	const struct row *row = worst_of(s->row);
	const struct sysctls *sysctls = &row->netns->netns->sysctls;
	const uint32_t limit = row->listener->limit;
	struct strbuf *b = &s->text;

	strbuf_addf(b, "Limit %u", limit);
	if (sysctl_known(sysctls, SYSCTL_SOMAXCONN)) {
		const long long somaxconn = (long long)sysctls->value[SYSCTL_SOMAXCONN];

		if (limit < somaxconn)
			strbuf_addf(b, ": the program asked for it (somaxconn %lld)", somaxconn);
		else if (limit == somaxconn)
			strbuf_adds(b, ": somaxconn sets it");
		else
			strbuf_addf(b, " (somaxconn %lld %s)", somaxconn,
				    s->c->replay ? "then" : "now");
	}
	if (has(s, REASON_LIMIT_FROM_SYN_BACKLOG))
		strbuf_addf(b, "; SYN queue: tcp_max_syn_backlog %lld",
			    (long long)sysctls->value[SYSCTL_MAX_SYN_BACKLOG]);
	put_text(s, INK_DIM, 0);
	sheet_end(s->to);
}

/* What happened before the first report: who comes late to an outage finds it here. */
static void put_before(struct subject *s, const struct history_sums *sums)
{
	const struct opt_u64 drops = row_drops(s->row);
	const struct opt_u64 *overflows = &s->row->netns->total[COUNTER_LISTEN_OVERFLOWS];
	struct strbuf *b = &s->text;

	if (!drops.known || drops.value <= (sums->drops.known ? sums->drops.value : 0))
		return;
	phrase_count(b, drops.value);
	strbuf_addf(b, " drop%s since it was opened", drops.value == 1 ? "" : "s");
	if (overflows->known) {
		strbuf_adds(b, "; ListenOverflows of its namespace in all: ");
		phrase_count(b, overflows->value);
	}
	put_text(s, INK_PLAIN, 0);
	sheet_end(s->to);
}

/* A listener that is well: its queue, and what it lost since the first report. */
static void put_well(struct subject *s)
{
	const struct history_sums sums = history_row_sums(s->c->history, s->row, s->c->back);
	const struct listener *listener = s->row->listener;
	struct strbuf *b = &s->text;

	strbuf_addf(b, "ok: %u of %llu queued", listener->length,
		    (unsigned long long)listener_capacity(listener));
	if (s->row->folded) /* the list too has the numbers of that one */
		strbuf_addf(b, " in the fullest of %u sockets", s->row->folded->n_members);
	if (sums.covered_ns && sums.overflows.known) {
		strbuf_adds(b, "; ");
		add_range(b, &sums.overflows, 1);
		strbuf_adds(b, " overflows");
		if (sums.drops.known) {
			strbuf_adds(b, ", ");
			phrase_count(b, sums.drops.value);
			strbuf_adds(b, " drops");
		}
		strbuf_adds(b, " in ");
		phrase_time(b, sums.covered_ns);
	}
	put_text(s, INK_DIM, 0);
	sheet_end(s->to);
	put_before(s, &sums);
}

static void put_gap(struct subject *s, unsigned int flags)
{
	if (flags & EXPLAIN_GAPS)
		sheet_end(s->to);
}

static void put_all(struct subject *s, unsigned int flags)
{
	const enum memory_kind kind = s->memory.kind;
	const bool tight = flags & EXPLAIN_TIGHT, over = kind == MEMORY_WAS || kind == MEMORY_GONE;
	const bool queue = kind != MEMORY_GONE && kind != MEMORY_RESTARTS;

	if (kind == MEMORY_NONE) {
		put_well(s);
		put_limits(s);
		return;
	}
	if (kind == MEMORY_RESTARTS)
		put_restarts(s);
	else if (over)
		put_was(s);
	else
		put_wrong(s, flags & EXPLAIN_WHOLE);
	if (!tight && queue)
		put_numbers(s);
	put_gap(s, flags);
	put_remedy(s);
	put_gap(s, flags);
	if (!tight && queue)
		put_limits(s);
}

void explain_add(struct sheet *to, const struct row *row, const struct phrase_context *c,
		 unsigned int flags)
{
	struct subject s = { .to = to, .row = row, .c = c };

	s.memory = history_memory(c->history, row, c->back);
	s.text_flags = c->utf8 ? 0 : TEXT_ASCII;
	put_all(&s, flags);
	strbuf_free(&s.text);
}

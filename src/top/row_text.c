/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/row_text.h"

#include "base/clock.h"
#include "base/num.h"
#include "output/cell.h"
#include "top/phrase.h"

#include <string.h>

#define PID_MIN	 14 /* width of a process of which a name is cut for the pid */
#define NAME_MIN 4 /* what is left of it */

static unsigned int flags_of(const struct row_text *t)
{
	return t->utf8 ? 0 : TEXT_ASCII;
}

static void get(const struct row_text *t, const struct row *row, enum field_id id,
		struct field_value *value)
{
	field_get(&field_table[id], row, t->report, t->fields, value);
}

void row_text_cut_end(struct strbuf *b, size_t width, bool utf8)
{
	size_t taken;

	if (text_width(b->s, b->len) <= width)
		return;
	b->len = text_fit(b->s, b->len, width ? width - 1 : 0, &taken);
	strbuf_adds(b, utf8 ? "…" : ">");
}

void row_text_cut_begin(struct strbuf *b, size_t width, bool utf8)
{
	const char *mark = utf8 ? "…" : "~";
	size_t at = 0;

	if (text_width(b->s, b->len) <= width)
		return;
	while (at < b->len && text_width(b->s + at, b->len - at) + 1 > width)
		do
			at++;
		while (at < b->len && text_continues(b->s[at]));
	strbuf_reserve(b, strlen(mark));
	memmove(b->s + strlen(mark), b->s + at, b->len - at);
	memcpy(b->s, mark, strlen(mark));
	b->len = b->len - at + strlen(mark);
	b->s[b->len] = '\0';
}

void row_text_mark(struct strbuf *b, const struct row_text *t)
{
	static const enum severity others[] = {
		[MEMORY_NONE] = SEVERITY_NONE, [MEMORY_GONE] = SEVERITY_GONE
	};

	if (t->memory.kind == MEMORY_WAS || t->memory.kind == MEMORY_RESTARTS)
		strbuf_putc(b, 'v');
	else if (memory_is_sick(&t->memory))
		strbuf_adds(b, severity_mark(state_table[t->memory.state].severity));
	else
		strbuf_adds(b, severity_mark(others[t->memory.kind]));
}

/* "was !!", and when; minutes without seconds if those do not fit. */
static void add_was(struct strbuf *b, const struct row_text *t, size_t width, bool ago)
{
	size_t begin;

	strbuf_addf(b, "was %s", severity_mark(state_table[t->memory.state].severity));
	if (!ago)
		return;
	strbuf_putc(b, ' ');
	begin = b->len;
	row_text_since(b, t);
	if (b->len > width)
		b->s[b->len = begin + strcspn(b->s + begin, "m") + 1] = '\0';
}

void row_text_state(struct strbuf *b, const struct row_text *t, size_t width, bool members,
		    bool ago)
{
	const size_t sick = members ? history_sick_members(t->history, t->row, t->back) : 0;
	enum state state = t->memory.state;

	if (t->memory.kind == MEMORY_WAS || t->memory.kind == MEMORY_RESTARTS) {
		add_was(b, t, width, ago && t->memory.kind == MEMORY_WAS);
		return;
	}
	if (t->memory.kind == MEMORY_NONE)
		state = STATE_OK;
	else if (t->memory.kind == MEMORY_GONE)
		state = STATE_GONE;
	else if (sick)
		strbuf_addf(b, "%zu/%u ", sick, t->row->folded->n_members);
	/* Its severity is in the mark. */
	if (sick && b->len + strlen(state_table[state].name) > width)
		strbuf_adds(b, "sick");
	else
		strbuf_adds(b, state_table[state].name);
}

void row_text_local(struct strbuf *b, const struct row_text *t, size_t width)
{
	static const char *const marks[][2] = {
		[VIEW_ALONE] = { "", "" },	     [VIEW_FOLDED] = { "+ ", "+ " },
		[VIEW_UNFOLDED] = { "- ", "- " },    [VIEW_MEMBER] = { "|-", "├─" },
		[VIEW_LAST_MEMBER] = { "`-", "└─" },
	};
	const char *mark = marks[t->branch][t->utf8];
	struct strbuf address = { 0 };
	struct field_value value;

	strbuf_adds(b, mark);
	width -= num_min(width, text_width(mark, strlen(mark)));
	get(t, t->row, FIELD_LOCAL, &value);
	cell_add(&address, &value, flags_of(t));
	if (value.path)
		row_text_cut_begin(&address, width, t->utf8);
	else
		cell_shorten(&address, 0, width, t->utf8);
	strbuf_add(b, address.s, address.len);
	strbuf_free(&address);
}

static bool is_sick(const struct row_text *t, const struct row *member)
{
	const struct memory m = history_memory(t->history, member, t->back);

	return memory_is_sick(&m);
}

/* The pids in brackets. If one member of a group is sick, its own. */
static void add_pid(struct strbuf *b, const struct row_text *t)
{
	const struct row *row = t->row;
	struct field_value value;

	if (history_sick_members(t->history, row, t->back) == 1)
		for (uint32_t i = 0; i < t->row->folded->n_members; i++)
			if (is_sick(t, t->row->folded->members[i]))
				row = t->row->folded->members[i];
	get(t, row, FIELD_PID, &value);
	if (!value.known)
		return;
	strbuf_putc(b, '[');
	cell_add(b, &value, flags_of(t));
	strbuf_putc(b, ']');
}

/* The members of a group have one name, so their pids matter more. */
void row_text_process(struct strbuf *b, const struct row_text *t, size_t width)
{
	const char *was = t->row->gone ? history_process(t->history, t->row) : NULL;
	const size_t begin = b->len;
	struct strbuf pid = { 0 };
	struct field_value value;

	if (was) {
		phrase_name(b, was, flags_of(t));
		return;
	}
	get(t, t->row, FIELD_PROCESS, &value);
	cell_add(b, &value, flags_of(t));
	add_pid(&pid, t);
	if (pid.len && text_width(b->s + begin, b->len - begin) + pid.len <= width) {
		strbuf_add(b, pid.s, pid.len);
	} else if (pid.len && pid.len + NAME_MIN <= width && !memchr(pid.s, ',', pid.len) &&
		   (t->branch >= VIEW_MEMBER || width >= PID_MIN)) {
		row_text_cut_end(b, width - pid.len, t->utf8);
		strbuf_add(b, pid.s, pid.len);
	} else if (pid.len && t->branch >= VIEW_MEMBER) {
		b->s[b->len = begin] = '\0';
		strbuf_add(b, pid.s, pid.len);
	}
	strbuf_free(&pid);
}

static void add_number(struct strbuf *b, uint64_t n, bool brief)
{
	if (brief && n >= 10000000)
		strbuf_addf(b, "%lluM", (unsigned long long)(n / 1000000));
	else if (brief && n >= 1000)
		strbuf_addf(b, "%lluk", (unsigned long long)(n / 1000));
	else
		strbuf_addu(b, n);
}

void row_text_of(struct strbuf *b, uint64_t n, uint64_t of, size_t width)
{
	const size_t begin = b->len;

	for (int brief = 0; brief <= 1; brief++) {
		b->len = begin;
		add_number(b, n, brief);
		strbuf_putc(b, '/');
		add_number(b, of, brief);
		if (b->len - begin <= width)
			break;
	}
}

void row_text_rate(struct strbuf *b, const struct row_text *t)
{
	const struct range *n = &t->row->window->overflows;
	struct strbuf least = { 0 };
	size_t begin;

	if (!n->known || !t->report->window_ns || t->row->gone) {
		strbuf_putc(b, '-');
		return;
	}
	phrase_rate(&least, report_rate((struct opt_u64){ n->min, true }, t->report));
	begin = b->len;
	phrase_rate(b, report_rate((struct opt_u64){ n->max, true }, t->report));
	if (strcmp(b->s + begin, least.s) != 0) {
		least.len = 0;
		strbuf_adds(&least, t->utf8 ? "≤" : "<=");
		strbuf_add(&least, b->s + begin, b->len - begin);
		b->len = begin;
		strbuf_add(b, least.s, least.len);
	}
	strbuf_free(&least);
}

/* Tenths of a second would change with each sample. */
static void add_time(struct strbuf *b, uint64_t ns)
{
	phrase_time(b,
		    ns < NSEC_PER_SEC ? ns : (ns + NSEC_PER_SEC / 2) / NSEC_PER_SEC * NSEC_PER_SEC);
}

void row_text_since(struct strbuf *b, const struct row_text *t)
{
	const struct memory *m = &t->memory;

	if (m->kind == MEMORY_WAS || m->kind == MEMORY_GONE) {
		strbuf_putc(b, '-');
		add_time(b, m->ago_ns);
	} else if (m->kind != MEMORY_NONE && !m->lasted.known) {
		strbuf_putc(b, '-');
	} else if (m->kind != MEMORY_NONE) {
		strbuf_addc(b, '>', m->lasted.at_least);
		add_time(b, m->lasted.ns);
	}
}

static void add_reasons(struct strbuf *b, const struct row_text *t, size_t width)
{
	unsigned int left = (unsigned int)__builtin_popcount(t->memory.reasons), added = 0;

	for (unsigned int i = 0; i < REASON_N; i++) {
		const char *name = reason_table[i].name;
		const size_t more = left > 1 ? strlen(" +9") : 0;

		if (!(t->memory.reasons & (1u << i)))
			continue;
		/* The first one is there in any case. */
		if (added && b->len + 1 + strlen(name) + more > width)
			break;
		strbuf_addc(b, ',', added++ != 0);
		strbuf_adds(b, name);
		left--;
	}
	if (added && left && b->len + strlen(" +9") <= width)
		strbuf_addf(b, " +%u", left);
}

/* How long it was, and how many clients that cost, as far as they fit. */
static void add_recovered(struct strbuf *b, const struct row_text *t, size_t width)
{
	const struct memory *m = &t->memory;
	const bool overflows = m->overflows.max;
	const struct range *lost = overflows ? &m->overflows : &m->losses;
	struct strbuf n = { 0 };

	add_number(&n, lost->min, lost->min > 99999);
	if (lost->min != lost->max) {
		strbuf_adds(&n, "..");
		add_number(&n, lost->max, lost->max > 99999);
	}
	for (int brief = lost->known && lost->max ? 0 : 2; brief < 4; brief++) {
		b->len = 0;
		strbuf_adds(b, m->closed ? "closed" : "recovered");
		if (brief < 3) {
			strbuf_putc(b, ' ');
			add_time(b, m->lasted.ns);
		}
		if (brief == 0)
			strbuf_addf(b, ", %s %s", n.s, overflows ? "overflows" : "losses");
		else if (brief == 1)
			strbuf_addf(b, " +%s", n.s);
		if (b->len <= width)
			break;
	}
	strbuf_free(&n);
}

/* "restarted 15 times in 45s" */
static void add_restarts(struct strbuf *b, const struct row_text *t, size_t width)
{
	size_t len;

	strbuf_addf(b, "restarted %u times", t->memory.restarts);
	len = b->len;
	strbuf_adds(b, " in ");
	add_time(b, t->memory.lasted.ns);
	if (b->len > width)
		b->s[b->len = len] = '\0';
}

void row_text_why(struct strbuf *b, const struct row_text *t, size_t width)
{
	const size_t sick = history_sick_members(t->history, t->row, t->back);

	if (t->memory.kind == MEMORY_WAS) {
		add_recovered(b, t, width);
	} else if (t->memory.kind == MEMORY_RESTARTS) {
		add_restarts(b, t, width);
	} else if (memory_is_sick(&t->memory)) {
		if (sick)
			strbuf_addf(b, width >= 22 ? "%zu of %u " : "%zu/%u ", sick,
				    t->row->folded->n_members);
		add_reasons(b, t, width);
	}
}

void row_text_gone(struct strbuf *b, const struct row_text *t, size_t width, bool ago)
{
	const char *state = state_table[t->memory.state].name;

	if (strlen("was ") + strlen(state) > width)
		strbuf_adds(b, "gone");
	else
		strbuf_addf(b, "was %s", state);
	if (ago) {
		const size_t len = b->len;

		strbuf_putc(b, ' ');
		row_text_since(b, t);
		if (b->len > width)
			b->s[b->len = len] = '\0';
	}
}

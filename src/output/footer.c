/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/footer.h"

#include "analyse/remedy.h"
#include "base/alloc.h"
#include "output/cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GONE_MAX      3 /* listeners named that are gone */
#define LISTENERS_MAX 4 /* whose processes are named for one reason */

/* The state of one namespace among several. */
enum netns_state {
	NETNS_HIDDEN, /* none of its listeners is selected */
	NETNS_WELL,
	NETNS_UNKNOWN,
	NETNS_SICK, /* it lost something, or has a listener that is not ok */
	NETNS_STATE_N
};

/* Syncookies sent and those that came back are only meaningful together. */
static bool is_worth_a_line(const struct netns_report *ns, enum counter_id id)
{
	if (!ns->delta[id].known || counter_table[id].shown == COUNTER_JSON_ONLY)
		return false;
	if (id == COUNTER_COOKIES_RECV || id == COUNTER_COOKIES_SENT)
		return ns->delta[COUNTER_COOKIES_SENT].value ||
		       ns->delta[COUNTER_COOKIES_RECV].value;
	return ns->delta[id].value;
}

static bool has_moved(const struct netns_report *ns)
{
	for (unsigned int i = 0; i < COUNTER_N; i++)
		if (is_worth_a_line(ns, i))
			return true;
	return false;
}

/* Names listeners that are gone, at which unattributed overflows may have happened. */
static void add_gone(struct strbuf *lines, const struct report *report,
		     const struct netns_report *ns)
{
	const struct listen_addr *last = NULL;
	size_t n = 0;

	for (size_t i = report->n_rows - report->n_gone; i < report->n_rows; i++) {
		const struct listen_addr *b = &report->rows[i].listener->addr;

		if (report->rows[i].netns != ns || b->family == AF_UNIX)
			continue;
		/* Name a listener once that came and went repeatedly. */
		if (last && last->family == b->family && last->port == b->port &&
		    !memcmp(last->address, b->address, sizeof(b->address)))
			continue;
		last = b;
		if (n++ == GONE_MAX) {
			strbuf_adds(lines, " and others");
			break;
		}
		strbuf_adds(lines, n > 1 ? ", " : "; perhaps on these, which are gone: ");
		cell_add_endpoint(lines, b->family, b->address, b->port);
	}
}

static void add_counter(struct strbuf *lines, enum counter_id id, uint64_t delta)
{
	char rise[24];

	snprintf(rise, sizeof(rise), "+%llu", (unsigned long long)delta);
	strbuf_addf(lines, "  %-26s %8s  %s\n", counter_table[id].name, rise,
		    counter_table[id].meaning);
}

static void add_moved(struct strbuf *lines, const struct report *report,
		      const struct netns_report *ns, const char *window)
{
	if (has_moved(ns))
		strbuf_addf(lines, "Counters of this namespace that moved in %s:\n", window);
	for (unsigned int i = 0; i < COUNTER_N; i++)
		if (is_worth_a_line(ns, i))
			add_counter(lines, i, ns->delta[i].value);
	if (!ns->delta[COUNTER_LISTEN_OVERFLOWS].known || !ns->delta[COUNTER_LISTEN_DROPS].known)
		strbuf_addf(lines, "ListenOverflows and ListenDrops in %s: unknown.\n", window);
	else if (!has_moved(ns))
		strbuf_addf(lines,
			    "No counter of the listen queues of this namespace moved in %s.\n",
			    window);
	if (ns->unattributed_overflows.known && ns->unattributed_overflows.value) {
		strbuf_addf(lines,
			    "  At least %llu of the overflows fell on no listener that is still "
			    "here",
			    (unsigned long long)ns->unattributed_overflows.value);
		add_gone(lines, report, ns);
		strbuf_adds(lines, ".\n");
	}
}

/* The sysctls that limit a listener. */
static void add_sysctls(struct strbuf *lines, const struct sysctls *s)
{
	static const enum sysctl_id binding[] = { SYSCTL_SOMAXCONN, SYSCTL_MAX_SYN_BACKLOG,
						  SYSCTL_SYNCOOKIES, SYSCTL_ABORT_ON_OVERFLOW };

	for (size_t i = 0; i < ARRAY_SIZE(binding); i++) {
		strbuf_addf(lines, "%s%s=", i ? " " : "", sysctl_table[binding[i]].name);
		if (sysctl_known(s, binding[i]))
			strbuf_addf(lines, "%lld", (long long)s->value[binding[i]]);
		else
			strbuf_putc(lines, '-');
	}
	strbuf_putc(lines, '\n');
}

/* Among many namespaces some counter always moves, so only losses count. */
static enum netns_state classify_netns(const struct report *report, const struct netns_report *ns)
{
	const struct opt_u64 *drops = &ns->delta[COUNTER_LISTEN_DROPS];
	const struct opt_u64 *overflows = &ns->delta[COUNTER_LISTEN_OVERFLOWS];

	if ((drops->known && drops->value) || (overflows->known && overflows->value))
		return NETNS_SICK;
	return !report->window_ns || drops->known ? NETNS_WELL : NETNS_UNKNOWN;
}

static void classify_all(const struct report *report, enum netns_state *states,
			 size_t count[NETNS_STATE_N])
{
	bool chosen = report->n_shown < report->n_rows;

	for (size_t i = 0; i < report->n_netns; i++)
		states[i] = chosen ? NETNS_HIDDEN : classify_netns(report, &report->netns[i]);
	for (size_t i = 0; chosen && i < report->n_shown; i++) {
		const struct netns_report *ns = report->shown[i]->netns;

		states[ns - report->netns] = classify_netns(report, ns);
	}
	for (size_t i = 0; i < report->n_rows; i++) {
		enum netns_state *state = &states[report->rows[i].netns - report->netns];

		if (state_is_sick(report->rows[i].state) && *state != NETNS_HIDDEN)
			*state = NETNS_SICK;
	}
	for (size_t i = 0; i < report->n_netns; i++)
		count[states[i]]++;
}

static void add_rise(struct strbuf *rows, struct opt_u64 rise)
{
	const struct field_value v = { TYPE_RISE, .known = rise.known, .number = rise.value };

	cell_add(rows, &v, 0);
}

/* Adds the counters that moved, except ListenOverflows and ListenDrops. */
static void add_others_moved(struct strbuf *lines, const struct netns_report *ns)
{
	const size_t begin = lines->len;

	for (unsigned int i = 0; i < COUNTER_N; i++)
		if (i != COUNTER_LISTEN_OVERFLOWS && i != COUNTER_LISTEN_DROPS &&
		    is_worth_a_line(ns, i))
			strbuf_addf(lines, "%s%s +%llu", lines->len > begin ? ", " : "",
				    counter_table[i].name, (unsigned long long)ns->delta[i].value);
	if (ns->unattributed_overflows.known && ns->unattributed_overflows.value)
		strbuf_addf(lines, "%sunattributed overflows +%llu", lines->len > begin ? ", " : "",
			    (unsigned long long)ns->unattributed_overflows.value);
	if (lines->len == begin)
		strbuf_putc(lines, '-');
}

/* Adds a line for each namespace that is sick or unknown. */
static void add_netns_table(struct strbuf *lines, const struct report *report,
			    const enum netns_state *states, const char *window,
			    unsigned int text_flags)
{
	struct strbuf rows = { 0 };

	strbuf_addf(&rows, "NAMESPACE\t OVERFLOWS\t LISTENDROPS\t SOMAXCONN\t ALSO MOVED IN %s\n",
		    window);
	for (size_t i = 0; i < report->n_netns; i++) {
		const struct netns_report *ns = &report->netns[i];

		if (states[i] < NETNS_UNKNOWN)
			continue;
		cell_add_netns(&rows, ns->netns, text_flags);
		strbuf_adds(&rows, "\t ");
		add_rise(&rows, ns->delta[COUNTER_LISTEN_OVERFLOWS]);
		strbuf_adds(&rows, "\t ");
		add_rise(&rows, ns->delta[COUNTER_LISTEN_DROPS]);
		strbuf_adds(&rows, "\t ");
		if (sysctl_known(&ns->netns->sysctls, SYSCTL_SOMAXCONN))
			strbuf_addf(&rows, "%lld",
				    (long long)ns->netns->sysctls.value[SYSCTL_SOMAXCONN]);
		else
			strbuf_putc(&rows, '-');
		strbuf_adds(&rows, "\t ");
		add_others_moved(&rows, ns);
		strbuf_putc(&rows, '\n');
	}
	cell_align(lines, &rows, "lrrr");
	strbuf_free(&rows);
}

static void add_many(struct strbuf *lines, const struct report *report, const char *window,
		     unsigned int text_flags)
{
	enum netns_state *states = xcalloc(report->n_netns, sizeof(*states));
	size_t count[NETNS_STATE_N] = { 0 };
	size_t well, hidden;

	classify_all(report, states, count);
	well = count[NETNS_WELL];
	hidden = count[NETNS_HIDDEN];
	if (report->window_ns && count[NETNS_SICK] + count[NETNS_UNKNOWN])
		add_netns_table(lines, report, states, window, text_flags);
	if (well)
		strbuf_addf(lines, "In %zu %snamespace%s all %slisteners are well%s.\n", well,
			    well < report->n_netns ? "other " : "", well > 1 ? "s" : "",
			    report->snapshot->known & SNAPSHOT_UNIX ? "" : "TCP ",
			    report->window_ns ? "" : " now");
	if (hidden)
		strbuf_addf(lines, "No listener of %zu namespace%s is shown.\n", hidden,
			    hidden > 1 ? "s" : "");
	free(states);
}

static const char *are(uint64_t n)
{
	return n == 1 ? "is" : "are";
}

static void add_unix(struct strbuf *b, const struct not_shown *e)
{
	const uint64_t full = e->unix_full.value, stalled = e->unix_stalled.value;
	uint64_t first = full ? full : stalled;

	if (!first)
		return;
	strbuf_addf(b, "%llu UNIX listener%s %s %s", (unsigned long long)first,
		    first == 1 ? "" : "s", are(first), full ? "full" : "stalled");
	if (full && stalled)
		strbuf_addf(b, ", %llu %s stalled", (unsigned long long)stalled, are(stalled));
	strbuf_addf(b, " (-x shows %s)", full + stalled == 1 ? "it" : "them");
}

/*
 * If not all namespaces were looked at, more of them may overflow than were found. A namespace that
 * is new in the window is not mentioned.
 */
static void add_cut(struct strbuf *b, const struct not_shown *e)
{
	bool all = e->namespaces.known && e->namespaces.value == e->looked_at.value;

	if (!e->looked_at.known || all ||
	    !(e->cut || (e->overflowing.value && !e->namespaces.known)))
		return;
	strbuf_adds(b, b->len ? "; " : "");
	if (e->namespaces.known)
		strbuf_addf(b, "%llu of %llu other namespace%s (-A looks at all)",
			    (unsigned long long)(e->namespaces.value - e->looked_at.value),
			    (unsigned long long)e->namespaces.value,
			    e->namespaces.value == 1 ? "" : "s");
	else if (e->looked_at.value)
		strbuf_addf(b, "all but %llu of the other namespaces",
			    (unsigned long long)e->looked_at.value);
	else
		strbuf_adds(b, "all other namespaces");
}

static void add_namespaces(struct strbuf *lines, const struct report *report,
			   unsigned int text_flags)
{
	struct strbuf words = { 0 }, window = { 0 };

	text_add_time(&window, report->window_ns);
	if (footer_add_not_shown(&words, &report->not_shown))
		strbuf_addf(lines, "Not looked at: %s.\n", words.s);
	strbuf_free(&words);
	if (!report->window_ns && report->n_netns)
		strbuf_adds(lines,
			    "No window: what moved is unknown; -d 1 or --baseline gives one.\n");
	if (report->n_netns > 1) {
		add_many(lines, report, window.s, text_flags);
	} else if (report->n_netns) {
		if (report->window_ns)
			add_moved(lines, report, report->netns, window.s);
		add_sysctls(lines, &report->netns->netns->sysctls);
	}
	strbuf_free(&window);
}

/* Is @row a better example of the reason than @other: is its advice given there? */
static bool is_better(const struct row *row, const struct row *other, enum reason reason)
{
	return !other || (verdict_adviser(other->reasons) != reason &&
			  verdict_adviser(row->reasons) == reason);
}

static void add_local(struct strbuf *lines, const struct footer *f, const struct row *row)
{
	struct field_value value;

	if (f->report->n_netns > 1) {
		field_get(&field_table[FIELD_NAMESPACE], row, f->report, f->context, &value);
		cell_add(lines, &value, f->text_flags | TEXT_ONE_WORD);
		strbuf_putc(lines, ' ');
	}
	field_get(&field_table[FIELD_LOCAL], row, f->report, f->context, &value);
	cell_add_fitted(lines, &value, f->text_flags | TEXT_ONE_WORD, f->width);
}

/* Counts the members of its SO_REUSEPORT group that are shown and in the same state. */
static size_t count_sockets(const struct report *report, const struct row *row)
{
	size_t n = 0;

	for (size_t i = 0; row->folded && i < row->folded->n_members; i++)
		n += row->folded->members[i]->state == row->state;
	for (size_t i = 0; !row->folded && i < report->n_shown; i++)
		n += report->shown[i]->group == row->group && report->shown[i]->state == row->state;
	return n;
}

/* "full (127.0.0.1:80, 1 of 4 sockets, and 2 more): ..."; @count: rows in that state */
static void add_state(struct strbuf *lines, const struct footer *f, const struct row *row,
		      size_t count)
{
	bool grouped = !row->gone && row->group && row->group->sockets > 1;
	size_t sockets = grouped ? count_sockets(f->report, row) : 0;

	strbuf_addf(lines, "%s (", state_table[row->state].name);
	add_local(lines, f, row);
	if (sockets)
		strbuf_addf(lines, ", %zu of %u sockets", sockets, row->group->sockets);
	count -= sockets && !row->folded ? sockets : 1;
	if (count)
		strbuf_addf(lines, "%s and %zu more", sockets ? "," : "", count);
	strbuf_adds(lines, "): ");
	verdict_add_state(lines, row);
	strbuf_putc(lines, '\n');
}

/*
 * Adds a line for each listener where the reason names processes. Returns how many there are.
 * @example: set to one of the @n others
 */
static size_t add_named(struct strbuf *lines, const struct footer *f, enum reason reason,
			const struct row **example, size_t *n)
{
	struct strbuf why = { 0 };
	size_t named = 0;

	for (size_t i = 0; i < f->report->n_shown; i++) {
		const struct row *row = f->report->shown[i];

		if (!(row->reasons & 1u << reason))
			continue;
		why.len = 0;
		if (!verdict_add_why(&why, reason, row, f->text_flags)) {
			++*n;
			if (is_better(row, *example, reason))
				*example = row;
		} else if (named++ < LISTENERS_MAX) {
			strbuf_addf(lines, "%s (", reason_table[reason].name);
			add_local(lines, f, row);
			strbuf_addf(lines, "): %s\n", why.s);
		}
	}
	if (named > LISTENERS_MAX)
		strbuf_addf(lines, "%s: and %zu more listener%s\n", reason_table[reason].name,
			    named - LISTENERS_MAX, named - LISTENERS_MAX > 1 ? "s" : "");
	strbuf_free(&why);
	return named;
}

/* What is to be done about a recording would be about other processes by now. */
static const char *word_of(const struct footer *f)
{
	return f->context->past ? "Next time" : "Do";
}

/* Adds "Do (127.0.0.1:80): ...", in lines from which a command can be copied. */
static void add_remedy(struct strbuf *lines, const struct footer *f, const struct row *row,
		       const struct remedy *remedy)
{
	const size_t begin = lines->len;
	size_t purpose;

	strbuf_addf(lines, "%s (", word_of(f));
	add_local(lines, f, row);
	strbuf_adds(lines, "): ");
	purpose = lines->len;
	remedy_add(lines, remedy);
	if (f->width && text_width(lines->s + begin, lines->len - begin) > f->width) {
		lines->len = purpose;
		strbuf_adds(lines, remedy->purpose.s);
		for (size_t i = 0; i < remedy->n_commands; i++)
			strbuf_addf(lines, "%s\n    %s", i ? "" : ":", remedy->commands[i].s);
	}
	strbuf_putc(lines, '\n');
}

/*
 * Adds the next step for each sick listener that gets its advice from this reason, or if it is
 * REASON_N from its state. One that is the same for several listeners, as of one process, stands
 * once.
 */
static void add_remedies(struct strbuf *lines, const struct footer *f, enum state state,
			 enum reason reason)
{
	const struct timespec *now = f->context->past ? &f->report->snapshot->wall : NULL;
	struct remedy remedy = { 0 };
	struct strbuf seen = { 0 }, one = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < f->report->n_shown; i++) {
		const struct row *row = f->report->shown[i];

		if (!state_is_sick(row->state) || verdict_adviser(row->reasons) != reason ||
		    (reason == REASON_N && row->state != state))
			continue;
		if (n >= LISTENERS_MAX) {
			n++;
			continue;
		}
		one.len = 0;
		strbuf_putc(&one, '\n');
		remedy.now = NULL; /* the numbers tell processes apart */
		if (remedy_find(&remedy, row, row->state, row->reasons, f->text_flags))
			remedy_add(&one, &remedy);
		strbuf_putc(&one, '\n');
		if (seen.len && strstr(seen.s, one.s))
			continue;
		strbuf_adds(&seen, one.s);
		n++;
		remedy.now = now;
		if (now)
			remedy_find(&remedy, row, row->state, row->reasons, f->text_flags);
		add_remedy(lines, f, row, &remedy);
	}
	if (n > LISTENERS_MAX)
		strbuf_addf(lines, "%s: likewise for %zu more listener%s\n", word_of(f),
			    n - LISTENERS_MAX, n - LISTENERS_MAX > 1 ? "s" : "");
	strbuf_free(&seen);
	strbuf_free(&one);
	remedy_free(&remedy);
}

static void add_reason(struct strbuf *lines, const struct footer *f, enum reason reason,
		       const struct row *example)
{
	size_t named = 0, n = 0;

	if (reason_table[reason].say) {
		example = NULL;
		named = add_named(lines, f, reason, &example, &n);
	}
	if (!example)
		return;
	strbuf_adds(lines, reason_table[reason].name);
	if (named) {
		strbuf_adds(lines, " (");
		add_local(lines, f, example);
		if (n > 1)
			strbuf_addf(lines, " and %zu more", n - 1);
		strbuf_putc(lines, ')');
	}
	strbuf_adds(lines, ": ");
	verdict_add_why(lines, reason, example, f->text_flags);
	strbuf_putc(lines, '\n');
}

/*
 * Adds what the states and reasons in the table mean. Names the worst listener of each state, as
 * the top of a long table may have left the screen.
 */
static void add_words(struct strbuf *lines, const struct footer *f)
{
	const struct row *worst[STATE_N] = { NULL }, *example[REASON_N] = { NULL };
	size_t count[STATE_N] = { 0 };

	for (size_t i = 0; i < f->report->n_shown; i++) {
		const struct row *row = f->report->shown[i], **other = &worst[row->state];

		count[row->state]++;
		if (!*other || row_worst_fill(row) > row_worst_fill(*other))
			*other = row;
		for (unsigned int j = 0; row->reasons >> j; j++)
			if (row->reasons & 1u << j && is_better(row, example[j], j))
				example[j] = row;
	}
	for (unsigned int i = 0; i < STATE_N; i++)
		if (count[i] && i != STATE_OK) {
			add_state(lines, f, worst[i], count[i]);
			add_remedies(lines, f, i, REASON_N);
		}
	for (unsigned int i = 0; i < REASON_N; i++)
		if (example[i]) {
			add_reason(lines, f, i, example[i]);
			add_remedies(lines, f, STATE_N, i);
		}
}

/* Says where the window was too short to show whether a listener is stalled. */
static void add_open(struct strbuf *lines, const struct footer *f)
{
	const struct report *report = f->report;
	const struct row *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < report->n_shown; i++)
		if (verdict_wants_longer_window(report->shown[i]) && !n++)
			first = report->shown[i];
	if (!n)
		return;
	strbuf_adds(lines, "None was accepted in this window at ");
	add_local(lines, f, first);
	strbuf_addf(lines, ", where %llu wait%s", (unsigned long long)row_length(first),
		    row_length(first) == 1 ? "s" : "");
	if (n > 1)
		strbuf_addf(lines, ", nor at %zu more", n - 1);
	strbuf_adds(lines, ": a longer window (-d 3) shows whether that is stalled.\n");
}

/* Without root, the owners of a sick listener may be hidden. */
static void add_ownerless(struct strbuf *lines, const struct footer *f)
{
	const struct report *report = f->report;
	size_t n = 0;

	if (!(report->snapshot->known & SNAPSHOT_OWNERS_OF_OTHERS) || !f->owners)
		return;
	for (size_t i = 0; i < report->n_shown; i++) {
		const struct row *row = report->shown[i];

		n += state_is_sick(row->state) && !(row->listener->known & LISTENER_OWNERS);
	}
	if (n)
		strbuf_addf(lines, "%zu listener%s not ok ha%s owners that only root can see.\n", n,
			    n > 1 ? "s that are" : " that is", n > 1 ? "ve" : "s");
}

static void add_unselected(struct strbuf *lines, const struct footer *f)
{
	size_t hidden = f->report->n_rows - f->report->n_shown;

	if (!hidden)
		return;
	strbuf_addf(lines, "%zu of %zu %s %s not shown", hidden, f->report->n_rows,
		    f->report->n_members ? "groups" : "listeners", hidden > 1 ? "are" : "is");
	for (size_t i = 0; f->selectors[i]; i++)
		strbuf_addf(lines, "%s%s",
			    !i			 ? ", because of " :
			    !f->selectors[i + 1] ? " and " :
						   ", ",
			    f->selectors[i]);
	strbuf_adds(lines, ".\n");
}

bool footer_add_not_shown(struct strbuf *b, const struct not_shown *e)
{
	const uint64_t n = e->overflowing.value;

	add_unix(b, e);
	if (n)
		strbuf_addf(b, "%s%llu other namespace%s (-A shows %s)", b->len ? "; " : "",
			    (unsigned long long)n, n == 1 ? " overflows" : "s overflow",
			    n == 1 ? "it" : "them");
	add_cut(b, e);
	return b->len > 0;
}

void footer_add_scope(struct strbuf *b, const struct report *report, size_t n)
{
	const uint32_t known = report->snapshot->known;

	strbuf_addf(b, "%slistener%s%s", known & SNAPSHOT_UNIX ? "" : "TCP ", n > 1 ? "s" : "",
		    known & SNAPSHOT_ALL_NETNS ? "" : " here");
}

void footer_add(struct strbuf *lines, const struct footer *f)
{
	add_namespaces(lines, f->report, f->text_flags);
	add_words(lines, f);
	add_open(lines, f);
	add_ownerless(lines, f);
	add_unselected(lines, f);
}

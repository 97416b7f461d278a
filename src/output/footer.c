/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/footer.h"

#include "analyse/fold.h"
#include "base/alloc.h"
#include "output/address.h"
#include "output/cell.h"
#include "output/not_shown_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_SIZE   32
#define NAMES_MAX     3
#define LISTENERS_MAX 4 /* whose processes are named for one reason */

static void format_window(const struct report *report, char window[WINDOW_SIZE])
{
	double seconds = report_window_seconds(report);

	if (seconds < 0.1)
		snprintf(window, WINDOW_SIZE, "%.0f ms", seconds * 1000);
	else
		snprintf(window, WINDOW_SIZE, "%.1f s", seconds);
}

static bool counters_known(const struct netns_report *ns)
{
	return ns->delta[COUNTER_LISTEN_OVERFLOWS].known && ns->delta[COUNTER_LISTEN_DROPS].known;
}

/* Syncookies that were sent mean nothing without those that came back, and the other way round. */
static bool is_worth_a_line(const struct netns_report *ns, enum counter_id id)
{
	if (!ns->delta[id].known || counter_table[id].queue == QUEUE_ASIDE)
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

/* Where those overflows can have been that fell on no listener that is still here. */
static void add_gone(struct strbuf *lines, const struct report *report,
		     const struct netns_report *ns)
{
	const struct listen_addr *last = NULL;
	size_t n = 0;

	for (size_t i = report->n_rows - report->n_gone; i < report->n_rows; i++) {
		const struct listen_addr *b = &report->rows[i].listener->addr;

		if (report->rows[i].netns != ns || b->family == AF_UNIX)
			continue;
		/* One that comes and goes is named once. */
		if (last && last->family == b->family && last->port == b->port &&
		    !memcmp(last->address, b->address, sizeof(b->address)))
			continue;
		last = b;
		if (n++ == NAMES_MAX) {
			strbuf_adds(lines, " and others");
			break;
		}
		strbuf_adds(lines, n > 1 ? ", " : "; perhaps on these, which are gone: ");
		address_add_with_port(lines, b->family, b->address, b->port);
	}
}

/* @of: " of namespace NAME", or nothing when there is one alone */
static void add_moved(struct strbuf *lines, const struct report *report,
		      const struct netns_report *ns, const char *of, const char *window)
{
	if (has_moved(ns))
		strbuf_addf(lines, "Counters of %s that moved in %s:\n",
			    *of ? of + strlen(" of ") : "this namespace", window);
	for (unsigned int i = 0; i < COUNTER_N; i++)
		if (is_worth_a_line(ns, i))
			strbuf_addf(lines, "  %-26s %+8lld  %s\n", counter_table[i].name,
				    (long long)ns->delta[i].value, counter_table[i].meaning);
	if (!counters_known(ns))
		strbuf_addf(lines, "ListenOverflows and ListenDrops%s in %s: unknown.\n", of,
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

static void add_unmoved(struct strbuf *lines, const char *of, const char *window)
{
	strbuf_addf(lines, "No counter of the listen queues%s moved in %s.\n", of, window);
}

static bool is_quiet(const struct netns_report *ns)
{
	return counters_known(ns) && !has_moved(ns);
}

static const enum sysctl_id binding[] = { SYSCTL_SOMAXCONN, SYSCTL_MAX_SYN_BACKLOG,
					  SYSCTL_SYNCOOKIES, SYSCTL_ABORT_ON_OVERFLOW };

static void add_sysctls(struct strbuf *lines, const struct sysctls *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(binding); i++) {
		strbuf_addf(lines, "%s%s=", i ? " " : "", sysctl_table[binding[i]].name);
		if (sysctl_known(s, binding[i]))
			strbuf_addf(lines, "%lld", (long long)s->value[binding[i]]);
		else
			strbuf_putc(lines, '-');
	}
	strbuf_putc(lines, '\n');
}

static bool same_sysctls(const struct sysctls *a, const struct sysctls *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(binding); i++) {
		bool known = sysctl_known(a, binding[i]);

		if (known != sysctl_known(b, binding[i]) ||
		    (known && a->value[binding[i]] != b->value[binding[i]]))
			return false;
	}
	return true;
}

/* What is said of one of many namespaces. */
enum role {
	ROLE_HIDDEN, /* nothing: something chose listeners, and none of its */
	ROLE_CALM,
	ROLE_UNKNOWN,
	ROLE_TROUBLE,
	ROLE_N
};

/* Of many namespaces some counter always moves: what counts is whether somebody lost something. */
static enum role judge(const struct report *report, const struct netns_report *ns)
{
	const struct opt_u64 *drops = &ns->delta[COUNTER_LISTEN_DROPS];
	const struct opt_u64 *overflows = &ns->delta[COUNTER_LISTEN_OVERFLOWS];

	if ((drops->known && drops->value) || (overflows->known && overflows->value))
		return ROLE_TROUBLE;
	return !report->window_ns || drops->known ? ROLE_CALM : ROLE_UNKNOWN;
}

static void find_roles(const struct report *report, enum role *roles, size_t count[ROLE_N])
{
	bool chosen = report->n_shown < report->n_rows;

	for (size_t i = 0; i < report->n_netns; i++)
		roles[i] = chosen ? ROLE_HIDDEN : judge(report, &report->netns[i]);
	for (size_t i = 0; chosen && i < report->n_shown; i++) {
		const struct netns_report *ns = report->shown[i]->netns;

		roles[ns - report->netns] = judge(report, ns);
	}
	for (size_t i = 0; i < report->n_rows; i++) {
		enum role *role = &roles[report->rows[i].netns - report->netns];

		if (state_is_sick(report->rows[i].state) && *role != ROLE_HIDDEN)
			*role = ROLE_TROUBLE;
	}
	for (size_t i = 0; i < report->n_netns; i++)
		count[roles[i]]++;
}

/* " of namespaces a, b and 5 more"; @those: which of the report's */
static void name_those(struct strbuf *to, const struct report *report, const bool *those,
		       unsigned int text_flags)
{
	size_t n = 0, named = 0;

	for (size_t i = 0; i < report->n_netns; i++)
		n += those[i];
	to->len = 0;
	strbuf_adds(to, n > 1 ? " of namespaces " : " of namespace ");
	for (size_t i = 0; i < report->n_netns && named < NAMES_MAX; i++) {
		const struct netns *ns = report->netns[i].netns;

		if (!those[i])
			continue;
		if (named)
			strbuf_adds(to, named + 1 == n ? " and " : ", ");
		if (ns->name)
			text_add_safe(to, ns->name, strlen(ns->name), text_flags);
		else
			strbuf_addu(to, ns->inode);
		named++;
	}
	if (n > named)
		strbuf_addf(to, " and %zu more", n - named);
}

/* What moved in each that is in trouble; those where nothing did are told together. */
static void add_all_moved(struct strbuf *lines, const struct report *report, const enum role *roles,
			  bool *those, const char *window, unsigned int text_flags)
{
	struct strbuf name = { 0 };
	bool quiet = false;

	for (size_t i = 0; i < report->n_netns; i++) {
		const struct netns_report *ns = &report->netns[i];

		if (roles[i] != ROLE_TROUBLE || is_quiet(ns))
			continue;
		those[i] = true;
		name_those(&name, report, those, text_flags);
		those[i] = false;
		add_moved(lines, report, ns, name.s, window);
	}
	for (size_t i = 0; i < report->n_netns; i++) {
		those[i] = roles[i] == ROLE_TROUBLE && is_quiet(&report->netns[i]);
		quiet |= those[i];
	}
	if (quiet) {
		name_those(&name, report, those, text_flags);
		add_unmoved(lines, name.s, window);
	}
	strbuf_free(&name);
}

/* Those of all in trouble, once for all that have the same. */
static void add_all_sysctls(struct strbuf *lines, const struct report *report,
			    const enum role *roles, bool *those, unsigned int text_flags)
{
	struct strbuf name = { 0 };

	for (size_t i = 0; i < report->n_netns; i++) {
		const struct sysctls *sysctls = &report->netns[i].netns->sysctls;
		bool told = roles[i] != ROLE_TROUBLE;

		for (size_t j = 0; !told && j < report->n_netns; j++) {
			those[j] = roles[j] == ROLE_TROUBLE &&
				   same_sysctls(sysctls, &report->netns[j].netns->sysctls);
			told = those[j] && j < i;
		}
		if (told)
			continue;
		name_those(&name, report, those, text_flags);
		strbuf_addf(lines, "Sysctls%s:\n", name.s);
		add_sysctls(lines, sysctls);
	}
	strbuf_free(&name);
}

static void add_many(struct strbuf *lines, const struct report *report, const char *window,
		     unsigned int text_flags)
{
	enum role *roles = xcalloc(report->n_netns, sizeof(*roles));
	bool *those = xcalloc(report->n_netns, sizeof(*those));
	size_t count[ROLE_N] = { 0 };

	find_roles(report, roles, count);
	if (report->window_ns)
		add_all_moved(lines, report, roles, those, window, text_flags);
	add_all_sysctls(lines, report, roles, those, text_flags);
	if (count[ROLE_CALM])
		strbuf_addf(lines, "In %zu %snamespace%s all %slisteners are well%s.\n",
			    count[ROLE_CALM], count[ROLE_CALM] < report->n_netns ? "other " : "",
			    count[ROLE_CALM] > 1 ? "s" : "",
			    report->snapshot->known & SNAPSHOT_UNIX ? "" : "TCP ",
			    report->window_ns ? "" : " now");
	if (count[ROLE_UNKNOWN])
		strbuf_addf(lines, "What moved in %zu namespace%s is unknown.\n",
			    count[ROLE_UNKNOWN], count[ROLE_UNKNOWN] > 1 ? "s" : "");
	if (count[ROLE_HIDDEN])
		strbuf_addf(lines, "No listener of %zu namespace%s is shown.\n", count[ROLE_HIDDEN],
			    count[ROLE_HIDDEN] > 1 ? "s" : "");
	free(those);
	free(roles);
}

static void add_not_shown(struct strbuf *lines, const struct report *report)
{
	struct strbuf words = { 0 };

	if (not_shown_text_add(&words, &report->not_shown))
		strbuf_addf(lines, "Not looked at: %s.\n", words.s);
	strbuf_free(&words);
}

static void add_namespaces(struct strbuf *lines, const struct report *report,
			   unsigned int text_flags)
{
	char window[WINDOW_SIZE];

	format_window(report, window);
	add_not_shown(lines, report);
	if (!report->window_ns && report->n_netns)
		strbuf_adds(lines,
			    "No window: what moved is unknown; without -d 0 there is one.\n");
	if (report->n_netns > 1)
		add_many(lines, report, window, text_flags);
	else if (report->n_netns) {
		if (report->window_ns)
			add_moved(lines, report, report->netns, "", window);
		if (report->window_ns && is_quiet(report->netns))
			add_unmoved(lines, " of this namespace", window);
		add_sysctls(lines, &report->netns->netns->sysctls);
	}
}

/* What is said of the listeners that are shown, and by which of them. */
struct words {
	const struct row *worst[STATE_N];
	size_t count[STATE_N];
	const struct row *speaker[REASON_N];
};

/* Is @row the better one to say a reason of than @other? It is the one with the advice. */
static bool speaks_for(const struct row *row, const struct row *other, enum reason reason)
{
	return !other || (verdict_adviser(other) != reason && verdict_adviser(row) == reason);
}

static void collect_words(const struct report *report, struct words *words)
{
	for (size_t i = 0; i < report->n_shown; i++) {
		const struct row *row = report->shown[i];
		const struct row *worst = words->worst[row->state];

		words->count[row->state]++;
		if (!worst || row_worst_fill(row) > row_worst_fill(worst))
			words->worst[row->state] = row;
		for (unsigned int j = 0; row->reasons >> j; j++)
			if (row->reasons & 1u << j && speaks_for(row, words->speaker[j], j))
				words->speaker[j] = row;
	}
}

static void add_local(struct strbuf *lines, const struct footer *f, const struct row *row)
{
	struct field_value value;

	if (f->report->n_netns > 1) {
		field_get(&field_table[FIELD_NAMESPACE], row, f->report, f->context, &value);
		cell_add(lines, &value, f->text_flags);
		strbuf_putc(lines, ' ');
	}
	field_get(&field_table[FIELD_LOCAL], row, f->report, f->context, &value);
	cell_add_fitted(lines, &value, f->text_flags, f->width);
}

/* Members of its SO_REUSEPORT group in the state of the row, as far as they are shown. */
static size_t count_sockets(const struct report *report, const struct row *row)
{
	size_t n = 0;

	for (size_t i = 0; row->folded && i < row->folded->n_members; i++)
		n += row->folded->members[i]->state == row->state;
	for (size_t i = 0; !row->folded && i < report->n_shown; i++)
		n += report->shown[i]->group == row->group && report->shown[i]->state == row->state;
	return n;
}

/* "full (127.0.0.1:80, 1 of 4 sockets, and 2 more): ..."; @count: how many have that state */
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
 * A reason that names processes is said of each listener. Returns how many that were.
 * @speaker: of those where no process is named, whose number is @n
 */
static size_t add_named(struct strbuf *lines, const struct footer *f, enum reason reason,
			const struct row **speaker, size_t *n)
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
			if (speaks_for(row, *speaker, reason))
				*speaker = row;
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

static void add_reason(struct strbuf *lines, const struct footer *f, enum reason reason,
		       const struct row *speaker)
{
	size_t named = 0, n = 0;

	if (reason_table[reason].say) {
		speaker = NULL;
		named = add_named(lines, f, reason, &speaker, &n);
	}
	if (!speaker)
		return;
	strbuf_adds(lines, reason_table[reason].name);
	if (named) {
		strbuf_adds(lines, " (");
		add_local(lines, f, speaker);
		if (n > 1)
			strbuf_addf(lines, " and %zu more", n - 1);
		strbuf_putc(lines, ')');
	}
	strbuf_adds(lines, ": ");
	verdict_add_why(lines, reason, speaker, f->text_flags);
	strbuf_putc(lines, '\n');
}

/*
 * What the states and reasons in the table mean. The worst listener of each state is named once
 * more: the top of a long table may have left the screen.
 */
static void add_words(struct strbuf *lines, const struct footer *f)
{
	struct words words = { 0 };

	collect_words(f->report, &words);
	for (unsigned int i = 0; i < STATE_N; i++)
		if (words.count[i] && i != STATE_OK)
			add_state(lines, f, words.worst[i], words.count[i]);
	for (unsigned int i = 0; i < REASON_N; i++)
		if (words.speaker[i])
			add_reason(lines, f, i, words.speaker[i]);
}

/* A window that is too short to show whether a listener is stalled does not say that it is well. */
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
	strbuf_adds(lines, ": a longer window (-d 3) tells whether that is stalled.\n");
}

/* Who holds a listener that is not well may be what only root sees. */
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
		strbuf_addf(
			lines,
			"%zu listener%s in trouble: who holds %s cannot be seen; run as root.\n", n,
			n > 1 ? "s" : "", n > 1 ? "them" : "it");
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

void footer_add(struct strbuf *lines, const struct footer *f)
{
	add_namespaces(lines, f->report, f->text_flags);
	add_words(lines, f);
	add_open(lines, f);
	add_ownerless(lines, f);
	add_unselected(lines, f);
}

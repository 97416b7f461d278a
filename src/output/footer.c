/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/footer.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_SIZE 32

static void format_window(const struct report *report, char window[WINDOW_SIZE])
{
	double seconds = report_window_seconds(report);

	if (seconds < 0.1)
		snprintf(window, WINDOW_SIZE, "%.0f ms", seconds * 1000);
	else
		snprintf(window, WINDOW_SIZE, "%.1f s", seconds);
}

/* @of: " of namespace NAME", or nothing when there is one alone */
static void add_moved(struct strbuf *lines, const struct netns_report *ns, const char *of,
		      const char *window)
{
	bool known =
		ns->delta[COUNTER_LISTEN_OVERFLOWS].known && ns->delta[COUNTER_LISTEN_DROPS].known;
	bool moved = false;

	for (unsigned int i = 0; i < COUNTER_N; i++) {
		if (!ns->delta[i].known || !ns->delta[i].value)
			continue;
		if (!moved)
			strbuf_addf(lines, "Counters of %s that moved in %s:\n",
				    *of ? of + strlen(" of ") : "this namespace", window);
		moved = true;
		strbuf_addf(lines, "  %-26s %+8lld  %s\n", counter_table[i].name,
			    (long long)ns->delta[i].value, counter_table[i].meaning);
	}
	if (!known)
		strbuf_addf(lines, "ListenOverflows and ListenDrops%s in %s: unknown.\n", of,
			    window);
	else if (!moved)
		strbuf_addf(lines, "No counter of the listen queues%s moved in %s.\n", of, window);
	if (ns->unattributed_overflows.known && ns->unattributed_overflows.value)
		strbuf_addf(lines,
			    "  At least %llu of the overflows fell on no listener that is still "
			    "here.\n",
			    (unsigned long long)ns->unattributed_overflows.value);
}

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

/* Of many namespaces some counter always moves: what counts is whether somebody lost something. */
static void find_trouble(const struct report *report, bool *trouble)
{
	for (size_t i = 0; i < report->n_netns; i++) {
		const struct netns_report *ns = &report->netns[i];

		trouble[i] = ns->delta[COUNTER_LISTEN_DROPS].known &&
			     ns->delta[COUNTER_LISTEN_DROPS].value;
	}
	for (size_t i = 0; i < report->n_rows; i++)
		if (report->rows[i].state != STATE_OK)
			trouble[report->rows[i].netns - report->netns] = true;
}

static void add_name(struct strbuf *to, const struct netns_report *ns, unsigned int text_flags)
{
	const char *name = ns->netns->name;

	to->len = 0;
	strbuf_adds(to, " of namespace ");
	if (name)
		text_add_safe(to, name, strlen(name), text_flags);
	else
		strbuf_addu(to, ns->netns->inode);
}

static void add_many(struct strbuf *lines, const struct report *report, const char *window,
		     unsigned int text_flags)
{
	bool *trouble = xcalloc(report->n_netns, sizeof(*trouble));
	struct strbuf name = { 0 };
	size_t calm = 0, unknown = 0;

	find_trouble(report, trouble);
	for (size_t i = 0; i < report->n_netns; i++) {
		bool known =
			!report->window_ns || report->netns[i].delta[COUNTER_LISTEN_DROPS].known;

		calm += !trouble[i] && known;
		unknown += !trouble[i] && !known;
		if (!trouble[i])
			continue;
		add_name(&name, &report->netns[i], text_flags);
		if (report->window_ns)
			add_moved(lines, &report->netns[i], name.s, window);
		else
			strbuf_addf(lines, "Sysctls%s:\n", name.s);
		add_sysctls(lines, &report->netns[i].netns->sysctls);
	}
	if (calm)
		strbuf_addf(lines, "In %zu %snamespace%s all is well%s.\n", calm,
			    calm < report->n_netns ? "other " : "", calm > 1 ? "s" : "",
			    report->window_ns ? "" : " now");
	if (unknown)
		strbuf_addf(lines, "Of %zu namespace%s it is not known what moved.\n", unknown,
			    unknown > 1 ? "s" : "");
	strbuf_free(&name);
	free(trouble);
}

void footer_namespaces(struct strbuf *lines, const struct report *report, unsigned int text_flags)
{
	char window[WINDOW_SIZE];

	format_window(report, window);
	if (!report->window_ns && report->n_netns)
		strbuf_adds(lines,
			    "No window: what moved is unknown; without -d 0 there is one.\n");
	if (report->n_netns > 1)
		add_many(lines, report, window, text_flags);
	else if (report->n_netns) {
		if (report->window_ns)
			add_moved(lines, report->netns, "", window);
		add_sysctls(lines, &report->netns->netns->sysctls);
	}
}

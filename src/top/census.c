/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/census.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static const struct census empty = { .worst = SEVERITY_NONE };
static const struct memory none = { .kind = MEMORY_NONE };

static void count(struct census *c, const struct memory *m)
{
	const enum severity severity = memory_severity(m);

	switch (m->kind) {
	case MEMORY_SICK:
	case MEMORY_HELD:
		c->in[m->state]++;
		c->sick++;
		break;
	case MEMORY_WAS:
		c->recovered++;
		break;
	case MEMORY_GONE:
		c->gone++;
		break;
	case MEMORY_RESTARTS:
		c->restarting++;
		break;
	case MEMORY_NONE:
		c->ok++;
		break;
	}
	if (census_is_worse(severity, c->worst))
		c->worst = severity;
}

static void add(struct census *to, const struct census *c)
{
	for (unsigned int i = 0; i < STATE_N; i++)
		to->in[i] += c->in[i];
	to->sick += c->sick;
	to->recovered += c->recovered;
	to->gone += c->gone;
	to->restarting += c->restarting;
	to->ok += c->ok;
	if (census_is_worse(c->worst, to->worst))
		to->worst = c->worst;
}

/*
 * A group may certainly have lost connections while it is unknown which member did. Then it is, or
 * was, worse than all members, and one of the worst of them counts as the group.
 */
static void count_group(struct census *c, const struct row *row, const struct memory *of_group,
			const struct history *history, size_t back)
{
	struct census members = empty;
	enum state worst = 0;

	for (uint32_t i = 0; i < row->folded->n_members; i++) {
		const struct row *member = row->folded->members[i];
		const struct memory m = member->well ? none : history_memory(history, member, back);

		count(&members, &m);
	}
	while (worst < STATE_OK && !members.in[worst])
		worst++;
	if (memory_is_sick(of_group) ?
		    of_group->state < worst :
		    of_group->kind == MEMORY_WAS && !members.sick && !members.recovered) {
		if (members.sick)
			members.in[worst]--;
		else if (members.recovered)
			members.recovered--;
		else
			members.ok--;
		members.sick -= members.sick != 0;
		count(&members, of_group);
	}
	add(c, &members);
}

static void count_row(struct censuses *c, const struct report *report, const struct row *row,
		      const struct history *history, size_t back)
{
	struct census *of_netns = &c->by_netns[row->netns - report->netns];
	const struct memory m = row->well ? none : history_memory(history, row, back);

	/* It lived shortly, or the next one of its address is there too. */
	if (m.replaced || (row->gone && m.kind == MEMORY_NONE))
		return;
	if (row->folded)
		count_group(of_netns, row, &m, history, back);
	else
		count(of_netns, &m);
	if (row->shown || !memory_is_sick(&m))
		return;
	c->hidden++;
	if (census_is_worse(memory_severity(&m), c->hidden_worst))
		c->hidden_worst = memory_severity(&m);
}

void census_take(struct censuses *c, const struct report *report, const struct history *history,
		 size_t back, size_t gone, size_t restarting)
{
	if (c->netns_size < report->n_netns) {
		c->netns_size = report->n_netns;
		c->by_netns = xreallocarray(c->by_netns, c->netns_size, sizeof(*c->by_netns));
	}
	for (size_t i = 0; i < report->n_netns; i++)
		c->by_netns[i] = empty;
	c->all = empty;
	c->hidden = 0;
	c->hidden_worst = SEVERITY_NONE;
	for (size_t i = 0; i < report->n_rows; i++)
		count_row(c, report, &report->rows[i], history, back);
	for (size_t i = 0; i < report->n_netns; i++)
		add(&c->all, &c->by_netns[i]);
	c->all.gone += gone;
	c->all.restarting += restarting;
	if (restarting && census_is_worse(SEVERITY_NOTICE, c->all.worst))
		c->all.worst = SEVERITY_NOTICE;
	if (gone && census_is_worse(SEVERITY_GONE, c->all.worst))
		c->all.worst = SEVERITY_GONE;
}

void census_free(struct censuses *c)
{
	free(c->by_netns);
	memset(c, 0, sizeof(*c));
}

bool census_is_worse(enum severity a, enum severity b)
{
	static const int rank[] = {
		[SEVERITY_CRITICAL] = 4, [SEVERITY_WARNING] = 3, [SEVERITY_GONE] = 2,
		[SEVERITY_NOTICE] = 1,	 [SEVERITY_NONE] = 0,
	};

	return rank[a] > rank[b];
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/ghosts.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct ghost_row {
	struct ghost ghost; /* with texts of its own */
	struct netns_report netns; /* for a namespace that is gone too */
	struct row row;
};

static const char *copy_text(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static void free_ghost(struct ghost_row *r)
{
	free((char *)r->ghost.process);
	free((char *)r->ghost.listener.cgroup);
	free((char *)r->ghost.listener.interface);
	free((char *)r->ghost.listener.name);
	free((char *)r->ghost.netns.name);
	free(r);
}

static void free_dropped(struct ghosts *g)
{
	while (g->n_dropped)
		free_ghost(g->dropped[--g->n_dropped]);
}

static void drop(struct ghosts *g, size_t i)
{
	g->dropped = array_grow(g->dropped, g->n_dropped, &g->dropped_size, sizeof(*g->dropped));
	g->dropped[g->n_dropped++] = g->list[i];
	g->n--;
	memmove(&g->list[i], &g->list[i + 1], (g->n - i) * sizeof(*g->list));
}

/* One whose address is back, or else the oldest that was not sick, or else the oldest. */
static size_t least_needed(const struct ghosts *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->list[i]->ghost.returned != UINT64_MAX)
			return i;
	for (size_t i = 0; i < g->n; i++)
		if (!state_is_sick(g->list[i]->ghost.state))
			return i;
	return 0;
}

void ghosts_free(struct ghosts *g)
{
	while (g->n)
		free_ghost(g->list[--g->n]);
	free_dropped(g);
	free(g->list);
	free(g->dropped);
	free(g->rows);
	memset(g, 0, sizeof(*g));
}

void ghosts_add(struct ghosts *g, const struct ghost *ghost, uint64_t since_ns)
{
	struct ghost_row *r;
	struct ghost *to;

	while (g->n && g->list[0]->ghost.gone_ns < since_ns)
		drop(g, 0);
	if (g->n == GHOSTS_MAX)
		drop(g, least_needed(g));
	r = xcalloc(1, sizeof(*r));
	to = &r->ghost;
	*to = *ghost;
	to->process = copy_text(ghost->process);
	to->listener.cgroup = copy_text(ghost->listener.cgroup);
	to->listener.interface = copy_text(ghost->listener.interface);
	to->listener.name = copy_text(ghost->listener.name);
	to->listener.known &= (uint16_t) ~(LISTENER_OWNERS | LISTENER_PEAK);
	to->listener.n_owners = 0;
	to->netns.name = copy_text(ghost->netns.name);
	g->list = array_grow(g->list, g->n, &g->size, sizeof(*g->list));
	g->list[g->n++] = r;
}

void ghosts_return(struct ghosts *g, uint64_t group, uint64_t n)
{
	for (size_t i = 0; i < g->n; i++) {
		struct ghost *ghost = &g->list[i]->ghost;

		if (ghost->group == group && ghost->returned == UINT64_MAX)
			ghost->returned = n;
	}
}

const struct ghost *ghosts_last(const struct ghosts *g, uint64_t group, uint64_t since_ns)
{
	for (size_t i = g->n; i-- > 0 && g->list[i]->ghost.gone_ns >= since_ns;)
		if (g->list[i]->ghost.group == group)
			return &g->list[i]->ghost;
	return NULL;
}

const struct ghost *ghosts_find(const struct ghosts *g, uint64_t id)
{
	for (size_t i = g->n; i-- > 0;)
		if (g->list[i]->ghost.id == id)
			return &g->list[i]->ghost;
	return NULL;
}

static const struct netns_report *find_netns(const struct report *report, uint64_t id)
{
	for (size_t i = 0; i < report->n_netns; i++)
		if (netns_id(report->netns[i].netns) == id)
			return &report->netns[i];
	return NULL;
}

static struct row *make_row(struct ghost_row *r, const struct report *report)
{
	const struct netns_report *netns = find_netns(report, netns_id(&r->ghost.netns));

	r->netns = (struct netns_report){ .snapshot = report->snapshot, .netns = &r->ghost.netns };
	r->ghost.listener.addr.netns_idx = netns ? (uint32_t)(netns - report->netns) : 0;
	r->row = (struct row){ .listener = &r->ghost.listener,
			       .netns = netns ? netns : &r->netns,
			       .window = &row_no_window,
			       .state = STATE_GONE,
			       .last_state = r->ghost.state,
			       .gone = true };
	return &r->row;
}

size_t ghosts_rows(struct ghosts *g, const struct report *report, uint64_t n, uint64_t since_ns,
		   struct row ***rows)
{
	struct idmap present = { 0 };
	size_t n_rows = 0;

	free_dropped(g);
	if (g->rows_size < g->n) {
		g->rows_size = g->size;
		g->rows = xreallocarray(g->rows, g->rows_size, sizeof(struct row *));
	}
	for (size_t i = report->n_rows - report->n_gone; g->n && i < report->n_rows; i++)
		idmap_put(&present, row_id(&report->rows[i]), 0);
	for (size_t i = 0; i < g->n; i++) {
		const struct ghost *ghost = &g->list[i]->ghost;

		if (!ghost->brief && ghost->gone <= n && n < ghost->returned &&
		    ghost->gone_ns >= since_ns && idmap_get(&present, ghost->id) == IDMAP_NONE)
			g->rows[n_rows++] = make_row(g->list[i], report);
	}
	idmap_free(&present);
	*rows = g->rows;
	return n_rows;
}

size_t ghosts_bytes(const struct ghosts *g)
{
	return (g->n + g->n_dropped) * sizeof(struct ghost_row);
}

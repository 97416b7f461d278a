/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/time_map.h"

static uint64_t newest_end(const struct timeline *t)
{
	return t->n ? timeline_end(t, t->n - 1) : 0;
}

/* The cell of what happened @age_ns before the end of the last one; @n: it is older. */
static size_t cell_at(uint64_t age_ns, size_t n, uint64_t span_ns)
{
	size_t before = (size_t)((double)age_ns * (double)n / (double)span_ns);

	return before < n ? n - 1 - before : n;
}

/* Which of the events of a cell stands for it. */
static unsigned int rank(const struct event *e)
{
	static const unsigned int kinds[] = {
		[EVENT_SICK] = 0,      [EVENT_NETNS_GONE] = 1, [EVENT_RECOVERED] = 2,
		[EVENT_RESTARTED] = 3, [EVENT_BOOT] = 4,       [EVENT_RUN] = 5,
		[EVENT_GAP] = 6,       [EVENT_BLIND] = 7,      [EVENT_CLOCK] = 8,
		[EVENT_GONE] = 9,      [EVENT_NEW] = 10
	};

	return kinds[e->kind] * STATE_N + e->state;
}

static void add_to_cell(struct time_map_cell *cell, const struct timeline_window *window)
{
	/* Peaks are unknown: it was sick, or nobody knows. */
	cell->known |= !window->partial || window->severity != SEVERITY_NONE;
	if (window->severity < cell->severity)
		cell->severity = window->severity;
	if (window->rate > cell->rate)
		cell->rate = window->rate;
}

void time_map_fill(const struct timeline *t, const struct event_log *log,
		   struct time_map_cell *cells, size_t n, uint64_t span_ns)
{
	const uint64_t now_ns = newest_end(t);
	uint64_t window;

	for (size_t i = 0; i < n; i++)
		cells[i] = (struct time_map_cell){ .severity = SEVERITY_NONE };
	for (size_t back = 0; timeline_find(t, back, &window); back++) {
		const uint64_t end_ns = timeline_end(t, window);
		const uint64_t length_ns = timeline_length(t, window);
		const size_t last = cell_at(now_ns - end_ns, n, span_ns);
		size_t first;

		if (last == n)
			break;
		first = length_ns ? cell_at(now_ns - end_ns + length_ns - 1, n, span_ns) : last;
		for (size_t i = first == n ? 0 : first; i <= last; i++)
			add_to_cell(&cells[i], &t->list[window % TIMELINE_WINDOWS]);
	}
	for (size_t i = log->n; i-- > 0;) {
		const struct event *e = &log->list[i];
		const size_t at = cell_at(now_ns - e->time_ns, n, span_ns);

		if (at == n)
			break;
		if (!cells[at].event || rank(e) < rank(cells[at].event))
			cells[at].event = e;
	}
}

size_t time_map_find(const struct timeline *t, size_t back, size_t n, uint64_t span_ns)
{
	uint64_t window;

	if (!timeline_find(t, back, &window))
		return n;
	return cell_at(newest_end(t) - timeline_end(t, window), n, span_ns);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_COUNTER_PAST_H
#define LISTENQ_ANALYSE_COUNTER_PAST_H

#include "analyse/report.h"
#include "analyse/timeline.h"
#include "analyse/windowed.h"

/* What the counters of namespaces rose by, window by window. A zeroed struct is empty. */
struct counter_past {
	struct counter_track *list; /* namespaces */
	size_t n, size;
};

void counter_past_free(struct counter_past *p, struct windowed_memory *memory);

/* Adds window @n. @memory: of the windows, here and below */
void counter_past_add(struct counter_past *p, const struct report *report, uint64_t n,
		      struct windowed_memory *memory);

/* Forgets the windows before @n, and the namespaces that only they have. */
void counter_past_forget(struct counter_past *p, uint64_t n, struct windowed_memory *memory);

/* The rise of a counter in window @n, not later than the one that was added last. */
struct opt_u64 counter_past_get(const struct counter_past *p, uint64_t netns, enum counter_id id,
				uint64_t n);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_SUMS_H
#define LISTENQ_MODEL_SUMS_H

#include "base/idmap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Sums over the windows of a run, or of many runs where a file keeps them. A listener or
 * SO_REUSEPORT group is known by its labels (output/series.h), so that a server that starts again
 * goes on with its sums. analyse/totals.h adds to them.
 */
enum sum_id {
	/* Bounds: at least, at most. */
	SUM_OVERFLOWS_MIN,
	SUM_OVERFLOWS_MAX,
	SUM_LOSSES_MIN,
	SUM_LOSSES_MAX,
	/* The kernel's counts of drops go with their sockets: */
	SUM_DROPS_CLOSED, /* those of sockets that were closed */
	SUM_DROPS_COUNTED, /* those of the sockets of the last window that had any */
	/* Of a namespace: */
	SUM_UNATTRIBUTED, /* overflows that no listener can account for */
	SUM_NETNS, /* netns_id() of the namespace that the next two are of; 0: unknown */
	SUM_OVERFLOWS_COUNTED, /* ListenOverflows after the last window that was added */
	SUM_LOSSES_COUNTED, /* the same for ListenDrops that are not overflows */
	SUM_N
};

struct sum {
	char *labels; /* owned; ASCII or UTF-8, without control characters */
	uint64_t n[SUM_N];
	uint64_t seen_ns; /* CLOCK_MONOTONIC of the last sample of a window that had it */
	uint64_t held_ns; /* CLOCK_MONOTONIC until which zeros are shown, see totals.h */
	/* SUM_OVERFLOWS_MAX and SUM_LOSSES_MAX before the last window. */
	uint64_t overflows_before, losses_before;
	/* While a window is added: the drops of its rows so far, and whether those of one are
	 * unknown. */
	uint64_t drops;
	bool drops_unknown;
};

/* A zeroed struct is empty. */
struct sums {
	struct sum *list;
	size_t n, size;
	struct idmap by_labels;
	uint64_t begun_ns; /* CLOCK_MONOTONIC of the first report; 0: none yet */
};

/* Returns the sum with these labels, which is added, zeroed, if it is new; valid until the next. */
struct sum *sums_get(struct sums *sums, const char *labels);

/* Returns NULL if there is none. */
struct sum *sums_find(const struct sums *sums, const char *labels);

/* Removes the sums for which @keep returns false. @context: of @keep */
void sums_prune(struct sums *sums, bool (*keep)(const struct sum *sum, void *context),
		void *context);

void sums_free(struct sums *sums);

#endif

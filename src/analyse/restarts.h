/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_RESTARTS_H
#define LISTENQ_ANALYSE_RESTARTS_H

#include "analyse/memory.h"
#include "base/idmap.h"

#include <time.h>

/*
 * How often a listener was opened again at an address at which one had closed. Times are those of a
 * timeline. One or two are a deploy; more within HISTORY_WAS_NS are a loop.
 */
#define RESTARTS_LOOP 3

struct restarts {
	struct idmap by_group; /* index into list */
	struct restart *list;
	size_t n, size;
};

/* Those of one address, since the first of them. */
struct restart_sum {
	uint32_t n;
	uint64_t begin_ns;
	struct timespec wall; /* of the first one */
	bool loop;
};

void restarts_free(struct restarts *r);

/* Adds one at @now_ns; of several at the same time one counts. Returns how many there are now. */
uint32_t restarts_add(struct restarts *r, uint64_t group, uint64_t now_ns, struct timespec wall);

/* Those of a row_group_id() up to @now_ns; none: all is zero. */
struct restart_sum restarts_sum(const struct restarts *r, uint64_t group, uint64_t now_ns);

/* Makes a row in a loop MEMORY_RESTARTS, unless it is sick. */
void restarts_recall(const struct restarts *r, uint64_t group, uint64_t now_ns, struct memory *m);

size_t restarts_bytes(const struct restarts *r);

#endif

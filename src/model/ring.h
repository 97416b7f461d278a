/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_RING_H
#define LISTENQ_MODEL_RING_H

#include "model/snapshot.h"

/*
 * The samples of the recent past. Where they are too many or too large they are thinned: the newest
 * stay dense, and the gaps grow with age. A sample that was thinned out leaves what it knew of its
 * window to the next younger one, so that any two neighbours make a report.
 *
 * Positions count from the newest sample, which is at 0. ring_add() may change them.
 */
struct ring;

/*
 * ring_new() - an empty ring.
 * @n_max: how many samples it may hold
 * @bytes_max: what ring_bytes() may come to
 * @age_max_ns: how long before the newest one a sample is still kept
 *
 * The newest is kept whatever its size.
 */
struct ring *ring_new(size_t n_max, size_t bytes_max, uint64_t age_max_ns);
void ring_free(struct ring *r);

/* Adds a copy of @s, which is younger than all before. It shares the strings of @s. */
void ring_add(struct ring *r, const struct snapshot *s);

/* How many samples there are. */
size_t ring_count(const struct ring *r);

/* The memory they take, without strings. */
size_t ring_bytes(const struct ring *r);

/* The sample at a position below ring_count(), until ring_add(); snapshot_find() does not know it.
 */
const struct snapshot *ring_get(const struct ring *r, size_t position);

/* How many samples were added after the one at @position, those that were thinned out included. */
size_t ring_back(const struct ring *r, size_t position);

/*
 * Returns the position of the youngest sample with at least @back added after it; ring_count()
 * where there is none.
 */
size_t ring_find(const struct ring *r, size_t back);

#endif

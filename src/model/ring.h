/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_RING_H
#define LISTENQ_MODEL_RING_H

#include "model/snapshot.h"

/*
 * The samples of the recent past. Where they are too many or too large, some are removed: the
 * newest stay dense, and the gaps grow with age. What a removed sample knew of its window moves to
 * the next younger one, so that any two neighbours make a report. But of listeners that came and
 * went within a window, the next younger one keeps RING_GONE_MAX: with ever more of them, joined
 * windows would take as much memory as all that they were joined of, and their reports more.
 *
 * Positions count from the newest sample, which is at 0. ring_add() may change them.
 */
#define RING_GONE_MAX 1024
struct ring;

/*
 * ring_new() - make an empty ring.
 * @n_max: how many samples it may hold
 * @bytes_max: the most that ring_bytes() may be
 * @age_max_ns: the most by which a sample may be older than the newest
 *
 * The newest two samples stay whatever their size: they are the window of now.
 */
struct ring *ring_new(size_t n_max, size_t bytes_max, uint64_t age_max_ns);
void ring_free(struct ring *r);

/* Changes @bytes_max, from the next ring_add() on. */
void ring_limit(struct ring *r, size_t bytes_max);

/*
 * ring_add() - take over @s, which must be younger than all samples in the ring. @s becomes an
 * empty sample with memory to use again.
 */
void ring_add(struct ring *r, struct snapshot *s);

/*
 * ring_pin() - keep the sample at @position and the one before it, whatever their size: they are a
 * window on the screen. Those that were pinned are so no more. SIZE_MAX: none. They go when they
 * are too old.
 */
void ring_pin(struct ring *r, size_t position);

/* How many samples there are. */
size_t ring_count(const struct ring *r);

/* The memory they take, without strings. */
size_t ring_bytes(const struct ring *r);

/* Returns the sample at a position below ring_count(). It stays where it is until it is removed. */
const struct snapshot *ring_get(const struct ring *r, size_t position);

/* How many samples were added after the one at @position, including removed ones. */
size_t ring_back(const struct ring *r, size_t position);

/*
 * Returns the position of the youngest sample with at least @back added after it; ring_count()
 * where there is none.
 */
size_t ring_find(const struct ring *r, size_t back);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_FILL_H
#define LISTENQ_MODEL_FILL_H

#include <stdint.h>

/*
 * Fills are compared as integers, in billionths of a full queue: on the x87 4.0 / 5 is below 0.8.
 * From FILL_HIGH on the state of a queue is "high", and its connections are dumped.
 */
#define FILL_FULL    UINT64_C(1000000000)
#define FILL_PERCENT (FILL_FULL / 100)
#define FILL_HIGH    (80 * FILL_PERCENT)

/* @length / @capacity, rounded down: FILL_FULL and more only for a full queue. */
static inline uint64_t fill_of(uint32_t length, uint64_t capacity)
{
	return length ? length * FILL_FULL / capacity : 0;
}

/* For drawing and for JSON: 1.0 is full. */
static inline double fill_ratio(uint64_t fill)
{
	return (double)fill / (double)FILL_FULL;
}

#endif

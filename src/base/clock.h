/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_CLOCK_H
#define LISTENQ_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC UINT64_C(1000000000)

/* CLOCK_MONOTONIC in nanoseconds, for all differences of times. */
uint64_t clock_monotonic_ns(void);

/* Nanoseconds of CPU that the calling thread has used, or all threads have. */
uint64_t clock_thread_cpu_ns(void);
uint64_t clock_process_cpu_ns(void);

/* Wall clock; only for showing the time of day. */
struct timespec clock_wall(void);

/* @ns as a timespec, INT64_MAX nanoseconds at most. */
struct timespec clock_timespec(uint64_t ns);

/* The inverse; also of a time before 1970. */
int64_t clock_to_ns(struct timespec t);

/* The time @ns before @t. */
struct timespec clock_before(struct timespec t, uint64_t ns);

/* The time @ns after @t, or before it if that is negative; not before 1970, nor after 2261. */
struct timespec clock_shift(struct timespec t, int64_t ns);

#define CLOCK_TEXT_SIZE 40

/* For people, in the time zone of TZ: "2026-11-29 04:01:12 +0100". */
void clock_format_local(struct timespec t, char buf[CLOCK_TEXT_SIZE]);

/* RFC 3339 in UTC, with @digits decimals of the second, 0 to 9. */
void clock_format_utc(struct timespec t, int digits, char buf[CLOCK_TEXT_SIZE]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"

#include <stdio.h>

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t clock_thread_cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t clock_process_cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

struct timespec clock_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t;
}

struct timespec clock_timespec(uint64_t ns)
{
	if (ns > INT64_MAX)
		ns = INT64_MAX;
	return (struct timespec){ .tv_sec = (time_t)(ns / NSEC_PER_SEC),
				  .tv_nsec = (long)(ns % NSEC_PER_SEC) };
}

struct timespec clock_before(struct timespec t, uint64_t ns)
{
	const struct timespec by = clock_timespec(ns);

	t.tv_sec -= by.tv_sec + (t.tv_nsec < by.tv_nsec);
	t.tv_nsec += (t.tv_nsec < by.tv_nsec ? (long)NSEC_PER_SEC : 0) - by.tv_nsec;
	return t;
}

void clock_format_utc(struct timespec t, int digits, char buf[CLOCK_TEXT_SIZE])
{
	struct tm tm;
	size_t n;

	gmtime_r(&t.tv_sec, &tm);
	n = strftime(buf, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	if (digits > 0) {
		char fraction[16];

		snprintf(fraction, sizeof(fraction), "%09ld", t.tv_nsec);
		n += (size_t)snprintf(buf + n, CLOCK_TEXT_SIZE - n, ".%.*s", digits, fraction);
	}
	snprintf(buf + n, CLOCK_TEXT_SIZE - n, "Z");
}

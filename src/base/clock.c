/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"

#include <stdio.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_thread_cpu_ns(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t clock_process_cpu_ns(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
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

int64_t clock_to_ns(struct timespec t)
{
	return t.tv_sec * (int64_t)NSEC_PER_SEC + t.tv_nsec;
}

struct timespec clock_before(struct timespec t, uint64_t ns)
{
	const struct timespec by = clock_timespec(ns);

	t.tv_sec -= by.tv_sec + (t.tv_nsec < by.tv_nsec);
	t.tv_nsec += (t.tv_nsec < by.tv_nsec ? (long)NSEC_PER_SEC : 0) - by.tv_nsec;
	return t;
}

struct timespec clock_shift(struct timespec t, int64_t ns)
{
	const long second = (long)NSEC_PER_SEC;

	t.tv_sec += ns / second;
	t.tv_nsec += (long)(ns % second);
	if (t.tv_nsec < 0 || t.tv_nsec >= second) {
		t.tv_sec += t.tv_nsec < 0 ? -1 : 1;
		t.tv_nsec += t.tv_nsec < 0 ? second : -second;
	}
	if (t.tv_sec < 0)
		return (struct timespec){ 0 };
	return t.tv_sec < INT64_MAX / second ? t : clock_timespec(INT64_MAX);
}

void clock_format_local(struct timespec t, char buf[CLOCK_TEXT_SIZE])
{
	struct tm tm;

	localtime_r(&t.tv_sec, &tm);
	strftime(buf, CLOCK_TEXT_SIZE, "%Y-%m-%d %H:%M:%S %z", &tm);
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

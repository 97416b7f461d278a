/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_NUM_H
#define LISTENQ_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Parse the whole of @s: no blanks, no plus, nothing after the number. Return 0, -EINVAL when @s
 * is not a number, or -ERANGE when it is outside @min to @max, or negative.
 */
int num_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *value);
int num_parse_double(const char *s, double min, double max, double *value);

/* The same for a number of bytes, which may end with K, M or G: units of 1024. */
int num_parse_bytes(const char *s, uint64_t min, uint64_t max, uint64_t *value);

/* Compares two numbers for qsort(3): negative, 0 or positive. */
static inline int num_compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static inline size_t num_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t num_max(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Where size_t has 32 bits, counts and times need these. */
static inline uint64_t num_min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t num_max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Whole units of a number that may be negative, or above all that 64 bits hold. */
static inline uint64_t num_whole(double value)
{
	if (!(value < 18446744073709551616.0))
		return UINT64_MAX;
	return value > 0 ? (uint64_t)value : 0;
}

/* Returns @from + @by, at least 0. */
static inline size_t num_step(size_t from, long by)
{
	if (by >= 0)
		return from + (size_t)by;
	return from > (size_t)-by ? from - (size_t)-by : 0;
}

/* Scrolls by as little as shows @at in a page of @page of @n, and leaves no empty end. */
static inline size_t num_scroll(size_t offset, size_t at, size_t page, size_t n)
{
	if (offset > at)
		offset = at;
	if (at >= offset + page)
		offset = at - page + 1;
	if (offset + page > n)
		offset = n > page ? n - page : 0;
	return offset;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_STRING_POOL_H
#define LISTENQ_BASE_STRING_POOL_H

#include <stddef.h>
#include <string.h>

/*
 * Keeps one copy of each string. The strings live as long as somebody holds a reference to the
 * pool.
 *
 * A pool only grows, and its strings never move. One thread adds strings; any thread may read
 * them, take references and drop them.
 */
struct string_pool;

/* Returns an empty pool with one reference, the caller's. */
struct string_pool *string_pool_new(void);

/* Takes another reference and returns @pool; string_pool_put() drops one. NULL is ignored. */
struct string_pool *string_pool_get(struct string_pool *pool);
void string_pool_put(struct string_pool *pool);

/*
 * string_pool_next() - get the pool for the next sample.
 * @pool: the pool of the previous sample, or NULL; takes over the caller's reference
 *
 * A pool never drops the strings of processes and listeners that have ended. To bound the memory of
 * an endless run, this returns a new pool once @pool holds more than twice the bytes of its first
 * sample plus STRING_POOL_SLACK. An old pool is freed with the last sample that uses it.
 */
#define STRING_POOL_SLACK (128 * 1024)
struct string_pool *string_pool_next(struct string_pool *pool);

/* Returns the pool's copy of the @len bytes at @s, none of them NUL; NULL if @s is NULL. */
const char *string_pool_add(struct string_pool *pool, const char *s, size_t len);

/* The same for the whole of @s. */
static inline const char *string_pool_adds(struct string_pool *pool, const char *s)
{
	return string_pool_add(pool, s, s ? strlen(s) : 0);
}

#endif

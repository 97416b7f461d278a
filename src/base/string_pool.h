/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_STRING_POOL_H
#define LISTENQ_BASE_STRING_POOL_H

#include <stddef.h>
#include <string.h>

/*
 * Strings that are kept once each and live as long as somebody holds a reference to their pool.
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
 * string_pool_next() - the pool for the next sample, in exchange for the caller's reference to that
 * of the sample before, or NULL.
 *
 * Strings of what has ended stay in a pool. So that an endless run does not grow, this is a new
 * pool once the old one holds over twice the bytes that it held after its first sample, and
 * STRING_POOL_SLACK more. Old pools go with the samples that use them.
 */
#define STRING_POOL_SLACK (128 * 1024)
struct string_pool *string_pool_next(struct string_pool *pool);

/* Returns the pool's copy of @len bytes, which hold no NUL; NULL when @s is NULL. */
const char *string_pool_add(struct string_pool *pool, const char *s, size_t len);

/* The same for the whole of @s. */
static inline const char *string_pool_adds(struct string_pool *pool, const char *s)
{
	return string_pool_add(pool, s, s ? strlen(s) : 0);
}

#endif

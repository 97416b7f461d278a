/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/string_pool.h"

#include "base/alloc.h"
#include "base/idmap.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct string_pool {
	atomic_uint references;
	struct idmap by_hash; /* index into list */
	char **list;
	size_t n, size;
	size_t bytes; /* of all strings */
	size_t bytes_first; /* after the first sample; 0: that one is not complete */
};

struct string_pool *string_pool_new(void)
{
	struct string_pool *pool = xcalloc(1, sizeof(*pool));

	atomic_init(&pool->references, 1);
	return pool;
}

struct string_pool *string_pool_get(struct string_pool *pool)
{
	if (pool)
		atomic_fetch_add(&pool->references, 1);
	return pool;
}

void string_pool_put(struct string_pool *pool)
{
	if (!pool || atomic_fetch_sub(&pool->references, 1) > 1)
		return;
	for (size_t i = 0; i < pool->n; i++)
		free(pool->list[i]);
	free(pool->list);
	idmap_free(&pool->by_hash);
	free(pool);
}

struct string_pool *string_pool_next(struct string_pool *pool)
{
	if (!pool)
		return string_pool_new();
	if (!pool->bytes_first)
		pool->bytes_first = pool->bytes;
	if (pool->bytes <= 2 * pool->bytes_first + STRING_POOL_SLACK)
		return pool;
	string_pool_put(pool);
	return string_pool_new();
}

/* Strings with the same hash, which somebody may choose on purpose, use the ids that follow it. */
const char *string_pool_add(struct string_pool *pool, const char *s, size_t len)
{
	char *copy;

	if (!s)
		return NULL;
	for (uint64_t id = idmap_hash(s, len);; id++) {
		uint32_t i = idmap_put(&pool->by_hash, id, (uint32_t)pool->n);

		if (i == IDMAP_NONE)
			break;
		if (!strncmp(pool->list[i], s, len) && !pool->list[i][len])
			return pool->list[i];
	}
	copy = xmalloc(len + 1);
	memcpy(copy, s, len);
	copy[len] = '\0';
	pool->list = array_grow(pool->list, pool->n, &pool->size, sizeof(*pool->list));
	pool->list[pool->n++] = copy;
	pool->bytes += len + 1;
	return copy;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/windowed.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct windowed_chunk {
	struct windowed_chunk *older;
	uint64_t number; /* of its first window / WINDOWED_CHUNK */
	_Alignas(uint64_t) unsigned char values[];
};

static size_t chunk_bytes(size_t size)
{
	return sizeof(struct windowed_chunk) + WINDOWED_CHUNK * size;
}

void *windowed_get(const struct windowed *w, uint64_t n, size_t size)
{
	struct windowed_chunk *chunk = w->newest;

	while (chunk && chunk->number > n / WINDOWED_CHUNK)
		chunk = chunk->older;
	if (!chunk || chunk->number < n / WINDOWED_CHUNK)
		return NULL;
	return chunk->values + n % WINDOWED_CHUNK * size;
}

void *windowed_make(struct windowed *w, uint64_t n, size_t size, size_t *bytes)
{
	struct windowed_chunk *chunk;
	void *value = windowed_get(w, n, size);

	if (value)
		return value;
	chunk = xcalloc(1, chunk_bytes(size));
	*bytes += chunk_bytes(size);
	chunk->number = n / WINDOWED_CHUNK;
	chunk->older = w->newest;
	w->newest = chunk;
	return chunk->values + n % WINDOWED_CHUNK * size;
}

void windowed_forget(struct windowed *w, uint64_t n, size_t size, size_t *bytes)
{
	const uint64_t first = n / WINDOWED_CHUNK;
	struct windowed_chunk **at = &w->newest, *chunk;

	while (*at && (*at)->number >= first)
		at = &(*at)->older;
	while ((chunk = *at)) {
		*at = chunk->older;
		free(chunk);
		*bytes -= chunk_bytes(size);
	}
	if (w->forgotten < first * WINDOWED_CHUNK)
		w->forgotten = first * WINDOWED_CHUNK;
}

void windowed_copy(struct windowed *to, const struct windowed *from, size_t size, size_t *bytes)
{
	struct windowed_chunk **at = &to->newest;

	for (const struct windowed_chunk *chunk = from->newest; chunk; chunk = chunk->older) {
		*at = xmalloc(chunk_bytes(size));
		memcpy(*at, chunk, chunk_bytes(size));
		*bytes += chunk_bytes(size);
		at = &(*at)->older;
	}
	*at = NULL;
	to->forgotten = from->forgotten;
}

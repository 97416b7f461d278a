/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/windowed.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct windowed_chunk {
	struct windowed_chunk *older;
	uint64_t number; /* of its first window / windows_of() */
	_Alignas(uint64_t) unsigned char values[];
};

/* How many windows a chunk has. */
static size_t windows_of(size_t size)
{
	return size < sizeof(uint64_t) ? 32 : 8;
}

static size_t bytes_of(size_t size)
{
	return sizeof(struct windowed_chunk) + windows_of(size) * size;
}

const void *windowed_get(const struct windowed *w, uint64_t n, size_t size)
{
	const uint64_t number = n / windows_of(size);
	const struct windowed_chunk *chunk = w->newest;

	while (chunk && chunk->number > number)
		chunk = chunk->older;
	if (!chunk || chunk->number < number)
		return NULL;
	return chunk->values + n % windows_of(size) * size;
}

const void *windowed_last(const struct windowed *w, uint64_t *n, size_t size)
{
	const uint64_t windows = windows_of(size);

	for (const struct windowed_chunk *chunk = w->newest; chunk; chunk = chunk->older) {
		const uint64_t first = chunk->number * windows;
		uint64_t end = *n < first ? 0 : *n - first < windows ? *n - first + 1 : windows;

		while (end--)
			if (chunk->values[end * size]) {
				*n = first + end;
				return chunk->values + end * size;
			}
	}
	return NULL;
}

void windowed_set(struct windowed *w, uint64_t n, const void *value, size_t size,
		  struct windowed_memory *memory)
{
	const uint64_t number = n / windows_of(size);
	struct windowed_chunk *chunk = w->newest;

	if (!chunk || chunk->number < number) {
		if (!*(const unsigned char *)value)
			return;
		if (memory->bytes + bytes_of(size) > memory->max) {
			w->forgotten = n + 1;
			return;
		}
		chunk = xcalloc(1, bytes_of(size));
		memory->bytes += bytes_of(size);
		chunk->number = number;
		chunk->older = w->newest;
		w->newest = chunk;
	}
	memcpy(chunk->values + n % windows_of(size) * size, value, size);
}

void windowed_forget(struct windowed *w, uint64_t n, size_t size, struct windowed_memory *memory)
{
	const uint64_t first = n / windows_of(size);
	struct windowed_chunk **at = &w->newest, *chunk;

	while (*at && (*at)->number >= first)
		at = &(*at)->older;
	while ((chunk = *at)) {
		*at = chunk->older;
		free(chunk);
		memory->bytes -= bytes_of(size);
	}
	if (w->forgotten < first * windows_of(size))
		w->forgotten = first * windows_of(size);
}

void windowed_copy(struct windowed *to, const struct windowed *from, size_t size,
		   struct windowed_memory *memory)
{
	struct windowed_chunk **at = &to->newest;

	windowed_forget(to, UINT64_MAX, size, memory);
	to->forgotten = from->forgotten;
	for (const struct windowed_chunk *chunk = from->newest; chunk; chunk = chunk->older) {
		if (memory->bytes + bytes_of(size) > memory->max) {
			to->forgotten = (chunk->number + 1) * windows_of(size);
			break;
		}
		*at = xmalloc(bytes_of(size));
		memcpy(*at, chunk, bytes_of(size));
		memory->bytes += bytes_of(size);
		at = &(*at)->older;
	}
	*at = NULL;
}

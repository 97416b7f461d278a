/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_IDMAP_H
#define LISTENQ_BASE_IDMAP_H

#include <stddef.h>
#include <stdint.h>

/*
 * Maps 64-bit identifiers (socket cookies) to array indexes: a hash table with open addressing and
 * no deletion. A zeroed struct is an empty map.
 */
struct idmap_slot {
	uint32_t id[2]; /* in halves, for slots of 12 bytes */
	uint32_t index; /* IDMAP_NONE: empty */
};

struct idmap {
	struct idmap_slot *slots;
	size_t used;
	size_t size;
};

#define IDMAP_NONE UINT32_MAX

/* Empties the map and keeps its memory; @expected avoids growing step by step. */
void idmap_reset(struct idmap *map, size_t expected);
void idmap_free(struct idmap *map);

/*
 * idmap_put() - add @id with @index, unless it is in the map.
 *
 * Returns the index that was stored for @id, or IDMAP_NONE when it was added.
 */
uint32_t idmap_put(struct idmap *map, uint64_t id, uint32_t index);

/* Returns the index stored for @id, or IDMAP_NONE. */
uint32_t idmap_get(const struct idmap *map, uint64_t id);

/* An identifier for text: FNV-1a, with the constants of Fowler, Noll and Vo. Two may be the same.
 */
uint64_t idmap_hash(const char *s, size_t len);

/* Mixes 64 bits so that every bit of the result depends on every bit of @x. */
uint64_t idmap_mix(uint64_t x);

#endif

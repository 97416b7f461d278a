/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/idmap.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static uint64_t slot_id(const struct idmap_slot *slot)
{
	return (uint64_t)slot->id[1] << 32 | slot->id[0];
}

static struct idmap_slot *probe(const struct idmap *map, uint64_t id)
{
	size_t i = (size_t)idmap_mix(id) & (map->size - 1);

	while (map->slots[i].index != IDMAP_NONE && slot_id(&map->slots[i]) != id)
		i = (i + 1) & (map->size - 1);
	return &map->slots[i];
}

static void resize(struct idmap *map, size_t size)
{
	struct idmap old = *map;

	map->slots = xreallocarray(NULL, size, sizeof(*map->slots));
	map->size = size;
	memset(map->slots, 0xff, size * sizeof(*map->slots));
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].index != IDMAP_NONE)
			*probe(map, slot_id(&old.slots[i])) = old.slots[i];
	free(old.slots);
}

/* The finalizer of the public-domain SplitMix64 generator (Steele, Lea, Flood 2014). */
uint64_t idmap_hash(const char *s, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
	return h;
}

uint64_t idmap_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

void idmap_reset(struct idmap *map, size_t expected)
{
	size_t size = 64;

	while (size * 3 <= expected * 4)
		size *= 2;
	if (size > map->size) {
		free(map->slots);
		map->slots = xreallocarray(NULL, size, sizeof(*map->slots));
		map->size = size;
	}
	memset(map->slots, 0xff, map->size * sizeof(*map->slots));
	map->used = 0;
}

void idmap_free(struct idmap *map)
{
	free(map->slots);
	memset(map, 0, sizeof(*map));
}

uint32_t idmap_put(struct idmap *map, uint64_t id, uint32_t index)
{
	struct idmap_slot *slot;

	if (map->used * 4 >= map->size * 3)
		resize(map, map->size ? map->size * 2 : 64);
	slot = probe(map, id);
	if (slot->index != IDMAP_NONE)
		return slot->index;
	slot->id[0] = (uint32_t)id;
	slot->id[1] = (uint32_t)(id >> 32);
	slot->index = index;
	map->used++;
	return IDMAP_NONE;
}

uint32_t idmap_get(const struct idmap *map, uint64_t id)
{
	return map->used ? probe(map, id)->index : IDMAP_NONE;
}

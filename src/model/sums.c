/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sums.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/*
 * Returns the index of the sum with these labels, or IDMAP_NONE; then @fresh, unless it is
 * IDMAP_NONE too, is their index from now on. Labels with the same hash have consecutive ones.
 */
static uint32_t find(struct sums *sums, const char *labels, uint32_t fresh)
{
	for (uint64_t id = idmap_hash(labels, strlen(labels));; id++) {
		uint32_t i = fresh == IDMAP_NONE ? idmap_get(&sums->by_labels, id) :
						   idmap_put(&sums->by_labels, id, fresh);

		if (i == IDMAP_NONE || !strcmp(sums->list[i].labels, labels))
			return i;
	}
}

struct sum *sums_get(struct sums *sums, const char *labels)
{
	uint32_t i = find(sums, labels, (uint32_t)sums->n);

	if (i != IDMAP_NONE)
		return &sums->list[i];
	sums->list = array_grow(sums->list, sums->n, &sums->size, sizeof(*sums->list));
	sums->list[sums->n].labels = xstrdup(labels);
	return &sums->list[sums->n++];
}

struct sum *sums_find(const struct sums *sums, const char *labels)
{
	/* Nothing is added. */
	uint32_t i = find((struct sums *)sums, labels, IDMAP_NONE);

	return i != IDMAP_NONE ? &sums->list[i] : NULL;
}

void sums_prune(struct sums *sums, bool (*keep)(const struct sum *sum, void *context),
		void *context)
{
	size_t n = 0;

	for (size_t i = 0; i < sums->n; i++) {
		if (keep(&sums->list[i], context))
			sums->list[n++] = sums->list[i];
		else
			free(sums->list[i].labels);
	}
	if (n == sums->n)
		return;
	memset(sums->list + n, 0, (sums->n - n) * sizeof(*sums->list));
	sums->n = n;
	idmap_reset(&sums->by_labels, n);
	for (size_t i = 0; i < n; i++)
		find(sums, sums->list[i].labels, (uint32_t)i);
}

void sums_free(struct sums *sums)
{
	for (size_t i = 0; i < sums->n; i++)
		free(sums->list[i].labels);
	free(sums->list);
	idmap_free(&sums->by_labels);
	memset(sums, 0, sizeof(*sums));
}

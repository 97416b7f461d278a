/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/intern.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a, with the constants of Fowler, Noll and Vo. */
static uint64_t hash(const char *s, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
	return h;
}

static char *copy(const char *s, size_t len)
{
	char *text = xmalloc(len + 1);

	memcpy(text, s, len);
	text[len] = '\0';
	return text;
}

/* Texts of the same hash, which somebody may have made on purpose, take the ids behind it. */
const char *intern_keep(struct intern *intern, const char *s, size_t len)
{
	for (uint64_t id = hash(s, len);; id++) {
		uint32_t i = idmap_put(&intern->by_hash, id, (uint32_t)intern->n);

		if (i == IDMAP_NONE)
			break;
		if (strlen(intern->list[i]) == len && !memcmp(intern->list[i], s, len))
			return intern->list[i];
	}
	intern->list = array_grow(intern->list, intern->n, &intern->size, sizeof(*intern->list));
	intern->list[intern->n] = copy(s, len);
	return intern->list[intern->n++];
}

void intern_free(struct intern *intern)
{
	for (size_t i = 0; i < intern->n; i++)
		free(intern->list[i]);
	free(intern->list);
	idmap_free(&intern->by_hash);
	memset(intern, 0, sizeof(*intern));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/intern.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define KEEP_NS (3600 * NSEC_PER_SEC)

struct intern_text {
	uint64_t seen_ns;
	char s[];
};

/* FNV-1a, with the constants of Fowler, Noll and Vo. */
static uint64_t hash(const char *s, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
	return h;
}

static struct intern_text *copy(const char *s, size_t len)
{
	struct intern_text *text = xmalloc(sizeof(*text) + len + 1);

	memcpy(text->s, s, len);
	text->s[len] = '\0';
	return text;
}

/*
 * Returns the index of the text, or IDMAP_NONE when it is not there: then that of the next one is
 * put in its place. Texts of the same hash, which somebody may have made on purpose, take the ids
 * behind it.
 */
static uint32_t find_or_put(struct intern *intern, const char *s, size_t len)
{
	for (uint64_t id = hash(s, len);; id++) {
		uint32_t i = idmap_put(&intern->by_hash, id, (uint32_t)intern->n);

		if (i == IDMAP_NONE)
			return i;
		if (strlen(intern->list[i]->s) == len && !memcmp(intern->list[i]->s, s, len))
			return i;
	}
}

bool intern_turn(struct intern *intern, uint64_t now_ns)
{
	uint64_t before_ns = intern->now_ns;
	size_t n = intern->n;

	intern->now_ns = now_ns;
	if (n < INTERN_MIN || n < intern->sweep_at)
		return false;
	idmap_reset(&intern->by_hash, n);
	intern->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct intern_text *text = intern->list[i];

		if (text->seen_ns + KEEP_NS < before_ns) {
			free(text);
			continue;
		}
		find_or_put(intern, text->s, strlen(text->s));
		intern->list[intern->n++] = text;
	}
	intern->sweep_at = 2 * intern->n;
	return intern->n < n;
}

const char *intern_keep(struct intern *intern, const char *s, size_t len)
{
	uint32_t i = find_or_put(intern, s, len);

	if (i == IDMAP_NONE) {
		intern->list =
			array_grow(intern->list, intern->n, &intern->size, sizeof(*intern->list));
		i = (uint32_t)intern->n++;
		intern->list[i] = copy(s, len);
	}
	intern->list[i]->seen_ns = intern->now_ns;
	return intern->list[i]->s;
}

void intern_touch(struct intern *intern, const char *text)
{
	if (text)
		((struct intern_text *)(text - offsetof(struct intern_text, s)))->seen_ns =
			intern->now_ns;
}

void intern_free(struct intern *intern)
{
	for (size_t i = 0; i < intern->n; i++)
		free(intern->list[i]);
	free(intern->list);
	idmap_free(&intern->by_hash);
	memset(intern, 0, sizeof(*intern));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_INTERN_H
#define LISTENQ_BASE_INTERN_H

#include "base/idmap.h"

#include <stdbool.h>

/*
 * Strings that are kept once each, so that a text outlives the sample that found it and an hour of
 * samples takes no more memory than its different texts. A zeroed struct is ready.
 *
 * A text goes when the sample before this one is more than an hour younger than the last that had
 * it, and there are INTERN_MIN. Counted from the sample before: whenever that was, it is still on a
 * screen, with an archive of what came up to ten minutes earlier.
 */
#define INTERN_MIN 4096

struct intern_text;

struct intern {
	struct idmap by_hash;
	struct intern_text **list;
	size_t n, size;
	size_t sweep_at; /* when there are so many, old ones go */
	uint64_t now_ns; /* of this sample */
};

/*
 * intern_turn() - a sample begins: what is kept or touched from now on is seen at @now_ns, which
 * never goes back. Returns whether old texts have gone. Whoever has a text from intern_keep() for
 * longer than a sample touches it after each turn.
 */
bool intern_turn(struct intern *intern, uint64_t now_ns);

/* Returns the kept copy of @len bytes, which hold no NUL. */
const char *intern_keep(struct intern *intern, const char *s, size_t len);

/* @text, that intern_keep() returned, is still in use; or NULL. */
void intern_touch(struct intern *intern, const char *text);

void intern_free(struct intern *intern);

#endif

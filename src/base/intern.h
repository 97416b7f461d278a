/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_INTERN_H
#define LISTENQ_BASE_INTERN_H

#include "base/idmap.h"

/*
 * Strings that are kept once each, so that a text outlives the sample that found it and an hour of
 * samples takes no more memory than its different texts. A zeroed struct is ready.
 */
struct intern {
	struct idmap by_hash;
	char **list;
	size_t n, size;
};

/* Returns the kept copy of @len bytes, which hold no NUL; it lives as long as @intern. */
const char *intern_keep(struct intern *intern, const char *s, size_t len);
void intern_free(struct intern *intern);

#endif

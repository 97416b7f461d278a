/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_NAMES_H
#define LISTENQ_BASE_NAMES_H

#include <stddef.h>

/* Names seen, each once, so that a name outlives the sample that found it. A zeroed struct is
 * empty. */
struct names {
	char **list;
	size_t n, size;
};

void names_free(struct names *names);

/* Returns the same text, which lives as long as @names. */
const char *names_keep(struct names *names, const char *name);

#endif

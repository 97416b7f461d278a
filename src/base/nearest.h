/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_NEAREST_H
#define LISTENQ_BASE_NEAREST_H

#include <stddef.h>

/* The word of a list that a user most likely meant. Set word and len; the rest begins as zero. */
struct nearest {
	const char *word; /* as it was typed */
	size_t len;
	const char *best; /* NULL: nothing offered so far is near enough */
	size_t distance; /* to it */
};

/*
 * nearest_offer() - a word of the list. It is near when it begins with what was typed, or when at
 * most one letter in three is missing, too many, wrong or swapped. Case does not matter. Of several
 * nearest ones the first stays.
 */
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif

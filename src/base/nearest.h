/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_NEAREST_H
#define LISTENQ_BASE_NEAREST_H

#include <stddef.h>

/* Finds the word of a list that a user most likely meant. Set word and len, zero the rest. */
struct nearest {
	const char *word; /* as it was typed */
	size_t len;
	const char *best; /* of those offered so far; NULL: none is near enough */
	size_t distance; /* of best */
};

/*
 * nearest_offer() - consider a word of the list. It is near enough when it begins with what was
 * typed, or when at most one letter in three is missing, extra, wrong or swapped. Case does not
 * matter. Among equally near words the first wins.
 */
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif

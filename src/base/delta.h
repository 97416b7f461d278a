/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_DELTA_H
#define LISTENQ_BASE_DELTA_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The difference between two arrays as few bytes: what did not change costs nothing, what changed
 * in every element alike costs once. Elements are bytes here; a caller may let them be structs,
 * padding and pointers included. Deltas stay in memory: they are in this machine's byte order, and
 * are believed when they are applied.
 */
struct delta_array {
	char *bytes;
	size_t n; /* elements */
	size_t room; /* bytes allocated; means nothing for an array that is only read */
};

/* Makes @a a copy of @n elements of @size bytes. A zeroed array is ready. */
void delta_array_set(struct delta_array *a, const void *bytes, size_t n, size_t size);
void delta_array_free(struct delta_array *a);

/*
 * delta_encode() - append to @out what makes @to of @from.
 * @size: bytes of an element
 *
 * An element of eight bytes or more is taken for the one that begins with the same eight bytes:
 * when they are its identity (a cookie, an inode), elements may come, go and change places cheaply.
 * Any others are right as well, only longer.
 *
 * Returns true when delta_undo() can go the other way with the same bytes.
 */
bool delta_encode(struct strbuf *out, const struct delta_array *from, const struct delta_array *to,
		  size_t size);

/* Turns @from into @to, in place. Returns the first byte behind the delta. */
const char *delta_apply(const char *delta, struct delta_array *a, size_t size);

/* Turns @to back into @from, in place; only where delta_encode() returned true. Likewise. */
const char *delta_undo(const char *delta, struct delta_array *a, size_t size);

#endif

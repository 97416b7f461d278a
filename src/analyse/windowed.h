/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_WINDOWED_H
#define LISTENQ_ANALYSE_WINDOWED_H

#include <stddef.h>
#include <stdint.h>

/*
 * One value for each of many windows, most of which are zero: in chunks, and only those exist in
 * which some value is not zero. Windows are numbered from the first report on. A zeroed struct is
 * empty. All values of one struct have the same size, which the caller passes.
 */
#define WINDOWED_CHUNK 32

struct windowed {
	struct windowed_chunk *newest; /* each leads to the next older one */
	uint64_t forgotten; /* values of windows before this one are unknown, not zero */
};

/* Returns the value of window @n; NULL: it is zero, or unknown if @n is below @forgotten. */
void *windowed_get(const struct windowed *w, uint64_t n, size_t size);

/*
 * windowed_make() - the same, but makes the chunk. Values are made in the order of windows.
 * @bytes: what is allocated is added to it, here and below
 */
void *windowed_make(struct windowed *w, uint64_t n, size_t size, size_t *bytes);

/* Forgets the chunks that have only windows before @n. */
void windowed_forget(struct windowed *w, uint64_t n, size_t size, size_t *bytes);

/* Makes the empty @to a copy of @from. */
void windowed_copy(struct windowed *to, const struct windowed *from, size_t size, size_t *bytes);

#endif

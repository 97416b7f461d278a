/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_WINDOWED_H
#define LISTENQ_ANALYSE_WINDOWED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One value for each of many windows, most of which are zero: in chunks, and only those exist in
 * which some value is not zero. Windows are numbered from the first report on. A zeroed struct is
 * empty. All values of one struct have the same size, which the caller passes; the first byte of
 * one that is not zero is not zero.
 */
struct windowed {
	struct windowed_chunk *newest; /* each leads to the next older one */
	uint64_t forgotten; /* values of windows before this one are unknown, not zero */
};

/* The memory that all of them take. */
struct windowed_memory {
	size_t bytes;
	size_t max; /* values that would take more are forgotten */
};

/* Returns the value of window @n; NULL: it is zero, or unknown if @n is below @forgotten. */
const void *windowed_get(const struct windowed *w, uint64_t n, size_t size);

/* Returns the last value that is not zero, up to window @n, and sets @n to its window; or NULL. */
const void *windowed_last(const struct windowed *w, uint64_t *n, size_t size);

/*
 * windowed_set() - set the value of window @n, not before one that was set. Where there is no
 * memory for it, the windows up to @n are forgotten.
 */
void windowed_set(struct windowed *w, uint64_t n, const void *value, size_t size,
		  struct windowed_memory *memory);

/* Forgets the chunks that have only windows before @n. */
void windowed_forget(struct windowed *w, uint64_t n, size_t size, struct windowed_memory *memory);

/* Makes @to, whose memory it frees, a copy of @from: of its newest values where memory is short. */
void windowed_copy(struct windowed *to, const struct windowed *from, size_t size,
		   struct windowed_memory *memory);

#endif

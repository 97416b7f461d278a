/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_ALLOC_H
#define LISTENQ_BASE_ALLOC_H

#include <stddef.h>

/*
 * Allocation that ends the program with one line when memory runs out: no
 * caller could do better, and every report would be wrong without the data.
 */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program in the same way, where the C library could not allocate @size bytes. */
void alloc_failed(size_t size) __attribute__((noreturn));

/*
 * Sets the exit status for that, and how a line on standard output begins that says so too; NULL:
 * standard error is enough.
 */
void alloc_on_failure(int status, const char *begin);

/*
 * array_grow() - room for one more element, zeroed.
 * @array: the array, or NULL when it is empty
 * @n: elements in use
 * @capacity: elements allocated; updated
 *
 * Returns the array, which may have moved. Growth doubles, so that filling an
 * array costs a constant for each element.
 */
void *array_grow(void *array, size_t n, size_t *capacity, size_t size);

/*
 * array_reserve() - room for @n elements in all, of which @used are in use.
 *
 * Returns the array, which may have moved. A large array begins at a huge page, and the kernel is
 * asked to back it with such: memory that is touched for the first time then costs a third.
 */
void *array_reserve(void *array, size_t used, size_t *capacity, size_t n, size_t size);

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * alloc_trim() - give free pages between allocations back to the kernel, where the C library can do
 * so. It costs page faults where they are used again.
 */
void alloc_trim(void);

#endif

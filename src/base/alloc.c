/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/alloc.h"

#include <err.h>
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * To zero a huge page takes the kernel as long as 150 faults of 4 KiB, so it pays from about a
 * third of one on. Where huge pages have another size, the advice changes nothing.
 */
#define HUGE_PAGE (2 * 1024 * 1024)
#define LARGE	  (HUGE_PAGE / 3)

/* Global, because any function may run out of memory and none passes this on. */
static struct on_failure {
	int status;
	const char *begin; /* of a line on standard output; NULL: none */
} on_failure = { .status = EXIT_FAILURE };

static void *checked(void *p, size_t size)
{
	if (!p && size)
		alloc_failed(size);
	return p;
}

void alloc_failed(size_t size)
{
	const int error = errno;
	char line[128];
	int len;

	if (on_failure.begin) {
		len = snprintf(line, sizeof(line), "%scannot allocate %zu bytes\n",
			       on_failure.begin, size);
		if (write(STDOUT_FILENO, line, (size_t)len) < 0)
			(void)len; /* err() says it once more */
	}
	errno = error;
	err(on_failure.status, "cannot allocate %zu bytes", size);
}

void alloc_on_failure(int status, const char *begin)
{
	on_failure = (struct on_failure){ status, begin };
}

void *xmalloc(size_t size)
{
	return checked(malloc(size), size);
}

void *xcalloc(size_t n, size_t size)
{
	return checked(calloc(n ? n : 1, size), size);
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		alloc_failed(SIZE_MAX);
	/* With a size of 0 the C library may free @p, and return anything. */
	return checked(realloc(p, total ? total : 1), total);
}

char *xstrdup(const char *s)
{
	return checked(strdup(s), strlen(s) + 1);
}

char *xasprintf(const char *format, ...)
{
	char *s = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&s, format, args) < 0)
		s = NULL;
	va_end(args);
	return checked(s, strlen(format));
}

/*
 * The C library gives memory back to the kernel only where it asked for it apart, and does so for
 * ever larger sizes as it sees some freed. The places that arrays leave as they grow would then be
 * a fifth of all memory.
 */
static void keep_large_apart(void)
{
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

void *array_reserve(void *array, size_t used, size_t *capacity, size_t n, size_t size)
{
	size_t bytes, rest;
	void *large;

	if (n <= *capacity)
		return array;
	*capacity = n;
	if (__builtin_mul_overflow(n, size, &bytes) || bytes < LARGE)
		return xreallocarray(array, n, size);
	keep_large_apart();
	rest = bytes % HUGE_PAGE;
	if (rest >= LARGE)
		bytes += HUGE_PAGE - rest;
	errno = posix_memalign(&large, HUGE_PAGE, bytes);
	if (errno)
		alloc_failed(bytes);
	madvise(large, bytes - bytes % HUGE_PAGE, MADV_HUGEPAGE);
	*capacity = bytes / size;
	if (used)
		memcpy(large, array, used * size);
	free(array);
	return large;
}

void *array_grow(void *array, size_t n, size_t *capacity, size_t size)
{
	if (n == *capacity)
		array = array_reserve(array, n, capacity, n ? 2 * n : 16, size);
	memset((char *)array + n * size, 0, size);
	return array;
}

void alloc_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

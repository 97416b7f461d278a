/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TESTS_FUZZ_H
#define LISTENQ_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * A fuzz target: one function for any bytes, which ends the program when something is wrong, and
 * where its seeds are. With `clang -fsanitize=fuzzer` the target is the whole program; otherwise
 * driver.c runs the seeds and some thousand mutations of them, the same each time.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every file of that name below a directory of the sources; NULL: of any name. NULL ends the list.
 */
struct fuzz_seed {
	const char *directory;
	const char *name;
};

extern const struct fuzz_seed fuzz_seeds[];

#define FUZZ_CHECK(condition)                                                                   \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

#endif

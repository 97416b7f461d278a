/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TESTS_FUZZ_H
#define LISTENQ_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * A fuzz target is one function for any bytes, which ends the program when something is wrong.
 * With `clang -fsanitize=fuzzer` it is the whole program (tests/fuzz/run); otherwise driver.c runs
 * the inputs in corpus/TARGET and some thousand mutations of them, the same each time.
 */
void fuzz_one(const uint8_t *data, size_t size);

/*
 * What the engine and driver.c call: fuzz_one(), and where a sanitizer counts allocations the
 * check that all are freed again and are not too many for an input of that size.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Length of the well-formed UTF-8 character at @s; 0: there is none. */
size_t fuzz_character(const uint8_t *s, size_t len);

/* Checks what is printed: UTF-8, and no control character but those in @allowed. */
void fuzz_check_printed(const char *s, size_t len, const char *allowed);

/* Checks that the text is one JSON value. */
void fuzz_check_json(const char *s, size_t len);

/*
 * A tree of files for what is read below a root. fuzz_tree() makes an empty one for the process,
 * and returns a descriptor of it; a file of that tree is written as a whole, the directories above
 * it are made.
 */
int fuzz_tree(void);
void fuzz_tree_write(const char *path, const void *bytes, size_t len);
/* Makes @to the same file as @from. */
void fuzz_tree_link(const char *from, const char *to);

#define FUZZ_CHECK(condition)                                                                   \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

#endif

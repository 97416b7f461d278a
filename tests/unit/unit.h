/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TESTS_UNIT_H
#define LISTENQ_TESTS_UNIT_H

/* What every unit test needs: cmocka with the headers it wants before it, and files. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* cmocka gives each test a state, which few want. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#include "base/alloc.h"
#include "base/error.h"

#define assert_u64_equal(a, b)                                                                  \
	do {                                                                                    \
		const unsigned long long unit_a = (unsigned long long)(a),                      \
					 unit_b = (unsigned long long)(b);                      \
		if (unit_a != unit_b)                                                           \
			fail_msg("%s:%d: %s is %llu, not %llu", __FILE__, __LINE__, #a, unit_a, \
				 unit_b);                                                       \
	} while (0)

/* The path of a file below the top of the sources; environment variable srcdir, default ".". */
const char *unit_source(const char *path, char buf[4096]);

/* The whole file, with a NUL behind it; ends the test when there is none. The caller frees. */
char *unit_read(const char *path, size_t *len);

/* A directory of the test's own below TMPDIR; unit_remove_tree() frees the name too. */
char *unit_make_tree(void);
void unit_remove_tree(char *tree);

/* Writes a file and the directories above it, in place when it is there already. */
void unit_write(const char *tree, const char *path, const void *bytes, size_t len);
void unit_write_text(const char *tree, const char *path, const char *text);

/* Makes @to a hard link of @from, with the directories above it; one that is there goes. */
void unit_link(const char *tree, const char *from, const char *to);

/* A process in the network namespace whose file is @as; NULL: in one of its own. */
void unit_add_process(const char *tree, unsigned int pid, const char *as, const char *comm,
		      unsigned int flags, unsigned long long started);

/*
 * Writes what the program is allowed: its effective capabilities in hexadecimal, and the links of
 * its PID and user namespaces. UNIT_ALLOWED: all, outside of any container.
 */
#define UNIT_ALLOWED "000001ffffffffff", "pid:[4026531836]", "user:[4026531837]"
void unit_allow(const char *tree, const char *effective, const char *pid_ns, const char *user_ns);

/* Copies everything below @from into @tree. */
void unit_copy_tree(const char *tree, const char *from);

/*
 * unit_compare() - fail, and show the difference, unless @text is what the file below the top of
 * the sources has. LISTENQ_UPDATE_EXPECTED=1 writes the file instead.
 */
void unit_compare(const char *file, const char *text, size_t len);

/* Entries of a directory but "." and "..". */
size_t unit_count_entries(const char *path);

/*
 * Numbers below @n that are the same in each run, so that a failure can be had again: whoever wants
 * some begins with a seed.
 */
void unit_random_seed(uint64_t seed);
uint32_t unit_random_below(uint32_t n);

/* A UTF-8 locale for characters; ends the program when the system has none. */
void unit_utf8_locale(void);

#endif

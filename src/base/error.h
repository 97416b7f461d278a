/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_ERROR_H
#define LISTENQ_BASE_ERROR_H

/* What failed on what, why, and what to do: one line, for the user. */
struct error {
	char text[4608]; /* room for a path and a sentence about it */
};

/* Fills @e and returns @code (-errno), so that a caller can write `return error_set(...)`. */
int error_set(struct error *e, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Returns advice for @code (-errno) to append to a message: "; raise 'ulimit -n'", or "". */
const char *error_advice(int code);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_SORT_H
#define LISTENQ_OUTPUT_SORT_H

#include "output/fields.h"

/*
 * sort_rows() - sort the rows of a report that are shown.
 * @field: the column to sort by; NULL: worst first, by state, fill, drops and then address
 * @descending: largest first; unknown values come last either way
 *
 * Rows that compare equal are worst first.
 */
void sort_rows(struct report *report, const struct field *field, bool descending,
	       struct field_context *context);

/* Sorts @n rows of a report in the same way. */
void sort_some(struct row **rows, size_t n, const struct report *report, const struct field *field,
	       bool descending, struct field_context *context);

/* What sorting by @field, which may be NULL, needs: enum need. */
unsigned int sort_needs(const struct field *field);

/* Compares IPv4, IPv6, then UNIX listeners; by port, address or path. Negative, 0 or positive. */
int sort_compare_address(const struct row *a, const struct row *b);

/* A number by which most rows are in the order of sort_compare_address(). */
uint64_t sort_place(const struct row *row);

#endif

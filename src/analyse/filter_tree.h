/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_FILTER_TREE_H
#define LISTENQ_ANALYSE_FILTER_TREE_H

#include "analyse/filter.h"

/* What the parser leaves to filter.c; nobody else wants it. */

/* The others are negations of these. */
enum filter_relation { FILTER_EQUAL, FILTER_AT_LEAST, FILTER_AT_MOST };

struct filter_test {
	struct filter_expr condition; /* a EXPR_FIELD; first, so that it is freed as one */
	enum filter_relation relation;
	enum filter_type type;
	const void *field;
	uint64_t number; /* COUNT, BOOL, when @whole; BOUNDS; enum state */
	double real; /* the same number, whatever it is */
	bool whole;
	bool any_case; /* TEXT: case does not matter, as to ss in a path */
	char text[]; /* TEXT, WORDS, NUMBERS, REASONS: a shell pattern */
};

struct filter {
	struct filter_expr *list;
	struct filter_source source;
	unsigned int needs; /* enum need */
	int family;
	bool by_ss_alone; /* a second judge would say the same, or is not asked */
};

#endif

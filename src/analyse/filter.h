/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_FILTER_H
#define LISTENQ_ANALYSE_FILTER_H

#include "analyse/row.h"
#include "base/error.h"
#include "model/filter_expr.h"

/*
 * Which rows a user wants to see: the grammar of ss over local addresses, and beside it the fields
 * of a report. listenq-filter(7) has it in full.
 *
 * A value that is unknown is neither equal to anything nor different, neither more nor less. A row
 * is shown when the whole is true.
 */
struct filter;
struct report;

/* How a field is compared. */
enum filter_type {
	FILTER_COUNT, /* whole number */
	FILTER_REAL,
	FILTER_RATIO, /* a real, written as a percentage */
	FILTER_BOOL,
	FILTER_TEXT,
	FILTER_WORDS,
	FILTER_NUMBERS, /* words, each a number */
	FILTER_STATE, /* by name; the worse is the greater */
	FILTER_REASONS, /* words of reason_table */
	FILTER_RANGE, /* true when it is for every number in it */
};

struct filter_value {
	bool known;
	uint64_t number; /* COUNT, BOOL; enum state; of words how many */
	double real; /* REAL, RATIO */
	const char *text; /* TEXT */
	const char *const *words; /* WORDS, NUMBERS, REASONS */
	struct range range;
};

/* Where a filter finds the fields of a report, as their table belongs to output/. */
struct filter_source {
	/* Returns the field of that name and fills in its type and needs (enum need), or NULL. */
	const void *(*find)(const char *name, size_t len, enum filter_type *type,
			    unsigned int *needs);
	/* Returns the field most like it, for a message, or NULL. */
	const char *(*nearest)(const char *name, size_t len);
	/* Fills @value, zeroed, for @row; text in it lasts until the next call with @context. */
	void (*get)(const void *field, const struct row *row, const struct report *report,
		    void *context, struct filter_value *value);
	void *context; /* has to live as long as the filter */
};

/*
 * filter_parse() - from what a user typed.
 * @filter: NULL when @text is blank, which lets every row through
 *
 * Returns 0, or -EINVAL with @why filled, which names the character.
 */
int filter_parse(const char *text, const struct filter_source *source, struct filter **filter,
		 struct error *why);
void filter_free(struct filter *filter);

/* Does it show this row? NULL shows every one. */
bool filter_match(const struct filter *filter, const struct row *row, const struct report *report);

/* What has to be collected for it: enum need. */
unsigned int filter_needs(const struct filter *filter);

/* The family of an address like "inet:*", which as in ss holds for all rows; else AF_UNSPEC. */
int filter_family(const struct filter *filter);

/* The filter as a condition, which the kernel can test in part; NULL without a filter. */
const struct filter_expr *filter_expr(const struct filter *filter);

#endif

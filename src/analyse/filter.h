/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_FILTER_H
#define LISTENQ_ANALYSE_FILTER_H

#include "analyse/row.h"
#include "base/error.h"
#include "model/filter_expr.h"

/*
 * Which rows a user wants to see: the grammar of ss for local addresses, and comparisons of the
 * fields of a report. See listenq-filter(7).
 *
 * A comparison with an unknown value is unknown, and so is its negation. A row is shown when the
 * whole filter is true.
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
	FILTER_STATE, /* name of a state; a worse one is greater */
	FILTER_REASONS, /* words of reason_table */
	FILTER_RANGE, /* true if it is true for every number in the range */
};

struct filter_value {
	bool known;
	/* COUNT, BOOL; RATIO, see fill_of(); STATE: enum state; of the lists: how many */
	uint64_t number;
	double real; /* REAL */
	const char *text; /* TEXT */
	const char *const *words; /* WORDS, NUMBERS, REASONS */
	struct range range;
};

/* How a filter reads the fields of a report, whose table is in output/. */
struct filter_source {
	/* Returns the field of that name and sets its type and needs (enum need), or NULL. */
	const void *(*find)(const char *name, size_t len, enum filter_type *type,
			    unsigned int *needs);
	/* Returns the most similar name, for a message, or NULL. */
	const char *(*nearest)(const char *name, size_t len);
	/* Fills the zeroed @value. Its text is valid until the next call with @context. */
	void (*get)(const void *field, const struct row *row, const struct report *report,
		    void *context, struct filter_value *value);
	void *context; /* has to live as long as the filter */
};

/* Where the filter is wrong. Both are offsets in bytes. */
struct filter_mistake {
	size_t at; /* in the filter; its length, if something is missing at the end */
	size_t what; /* in the text of the error, after "filter, at character 7: " */
};

/*
 * filter_parse() - parse what a user typed.
 * @filter: set to NULL if @text is blank, which shows every row
 * @mistake: filled with @why; NULL: not wanted
 *
 * Returns 0, or -EINVAL with @why filled, which gives the position.
 */
int filter_parse(const char *text, const struct filter_source *source, struct filter **filter,
		 struct error *why, struct filter_mistake *mistake);
void filter_free(struct filter *filter);

/* Does the filter show this row? NULL shows every row. */
bool filter_match(const struct filter *filter, const struct row *row, const struct report *report);

/* What the filter needs: enum need. */
unsigned int filter_needs(const struct filter *filter);

/* The family in an address like "inet:*", which as in ss limits all rows; else AF_UNSPEC. */
uint8_t filter_family(const struct filter *filter);

/* The filter as a condition, which the kernel can test in part; NULL without a filter. */
const struct filter_expr *filter_expr(const struct filter *filter);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_COLUMNS_H
#define LISTENQ_OUTPUT_COLUMNS_H

#include "base/error.h"
#include "output/fields.h"

/* The columns a user chose, in order. A zeroed struct has none. */
struct columns {
	const struct field *list[FIELD_N];
	size_t n;
	bool top; /* set by the caller: the default is that of the interactive view */
	bool folded; /* set by the caller: rows are groups, and the table has more columns */
	bool named; /* -o without "+": exactly what the user asked for */
	uint64_t chosen; /* bits by enum field_id: what the user asked for, by -p, -o or a key */
};

/* Adds the default columns, and with @extended those of -e. */
void columns_default(struct columns *c, bool extended);

/* Adds the columns of -p: next to the process, or at the end of a list that the user named. */
void columns_processes(struct columns *c);

/* Adds every column, the default ones first. */
void columns_all(struct columns *c);

/*
 * columns_parse() - parse the LIST of -o: names separated by commas, or "+" and names to add to the
 * default. Returns 0 or -EINVAL with @why filled.
 */
int columns_parse(struct columns *c, const char *list, bool extended, struct error *why);

/*
 * columns_unknown() - fill @why: no column has that name; which is nearest. Returns -EINVAL.
 * @option: the beginning of the message, or ""
 */
int columns_unknown(const char *name, size_t len, const char *option, struct error *why);

/* Is @field one of the columns? */
bool columns_have(const struct columns *c, const struct field *field);

/*
 * Removes the column, or adds it at the end, but before a list of words, which may be cut. The only
 * column is not removed.
 */
void columns_toggle(struct columns *c, const struct field *field);

/* Adds column @id before @other; does nothing if @other is not there. */
void columns_put_before(struct columns *c, enum field_id id, enum field_id other);

/*
 * columns_worth() - how important a column is: where not all fit, those worth least are left out
 * first. Columns that identify a row and its state are worth most, then those the user asked for.
 */
int columns_worth(const struct columns *c, const struct field *field);

/* What showing these columns costs: enum need. */
unsigned int columns_needs(const struct columns *c);

#endif

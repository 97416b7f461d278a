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
	bool folded; /* set by the caller: rows are groups, and the default has more columns */
	bool named; /* -o without "+": exactly what the user asked for */
	/* Bits by enum field_id. */
	uint64_t chosen; /* what the user asked for, by -p, -o or a key */
	uint64_t of_groups; /* what is there only because rows are groups */
};

/* Adds the default columns; @extended: and those of -e. */
void columns_default(struct columns *c, bool extended);

/*
 * Adds the columns of -p: beside the process, or behind a list that the user named, which stays as
 * it is.
 */
void columns_processes(struct columns *c);

/* Adds every column, the default ones first. */
void columns_all(struct columns *c);

/*
 * columns_parse() - the LIST of -o: names separated by commas, or "+" and names to add to the
 * default. Returns 0 or -EINVAL with @why filled.
 */
int columns_parse(struct columns *c, const char *list, bool extended, struct error *why);

/*
 * columns_unknown() - fills @why: there is no column of that name; and which name is nearest.
 * Returns -EINVAL.
 * @option: what the message begins with, "" for nothing
 */
int columns_unknown(const char *name, size_t len, const char *option, struct error *why);

/* Is it one of them? */
bool columns_have(const struct columns *c, const struct field *field);

/*
 * Takes the column away, or adds it: before a list of words that stands last, as that is what may
 * be cut. The only column stays.
 */
void columns_toggle(struct columns *c, const struct field *field);

/*
 * columns_group() - rows of the interactive view are groups from now on, or no longer: the default
 * columns of groups come to their places, or those go that came so. A list that the user named
 * stays as it is.
 */
void columns_group(struct columns *c, bool folded);

/* Adds a column before another one; does nothing where that one is not there. */
void columns_put_before(struct columns *c, enum field_id id, enum field_id other);

/*
 * columns_worth() - what a column is worth where not all fit: those worth least are left out first.
 * What the user asked for stays longer than all but what identifies a row and how bad it is.
 */
int columns_worth(const struct columns *c, const struct field *field);

/* What showing these columns costs: enum need. */
unsigned int columns_needs(const struct columns *c);

#endif

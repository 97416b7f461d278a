/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_COLUMNS_H
#define LISTENQ_OUTPUT_COLUMNS_H

#include "base/error.h"
#include "output/fields.h"

/* The columns a user chose, in order. A zeroed struct has none. */
struct columns {
	const struct field **list;
	size_t n, size;
	const struct field **chosen; /* those that the user asked for, by -p, -o or a key */
	size_t n_chosen, chosen_size;
	bool folded; /* set by the caller: rows are groups, of which the default tells more */
	bool named; /* -o without "+": exactly what the user asked for */
	unsigned int asked; /* enum need: what naming a column costs beyond showing it */
	uint32_t of_groups; /* see columns_group(): those that came because rows are groups */
};

void columns_free(struct columns *c);

/* The default columns; @extended adds those of -e. */
void columns_default(struct columns *c, bool extended);

/*
 * Adds those of -p, which stand beside the process; behind a list that the user has named, which
 * stays as it is.
 */
void columns_processes(struct columns *c);

/* Every column, the default ones first. */
void columns_all(struct columns *c);

/*
 * columns_parse() - the LIST of -o: names separated by commas, or "+" and names to add to the
 * default, or to that of the interactive view. Returns 0 or -EINVAL with @why filled.
 */
int columns_parse(struct columns *c, const char *list, bool extended, struct error *why);
int columns_parse_top(struct columns *c, const char *list, bool extended, struct error *why);

/*
 * columns_unknown() - there is no column of that name; leads on to the nearest one. Returns
 * -EINVAL.
 * @option: what the message begins with, "" for nothing
 */
int columns_unknown(const char *name, size_t len, const char *option, struct error *why);

/* The columns that the interactive view begins with. */
void columns_top(struct columns *c, bool extended);

/* The same columns once more. */
void columns_copy(struct columns *c, const struct columns *from);

/* Is it one of them? */
bool columns_have(const struct columns *c, const struct field *field);

/*
 * Takes the column away, or adds it: before a list of words that stands last, as that is what may
 * be cut. The only column stays.
 */
void columns_toggle(struct columns *c, const struct field *field);

/*
 * columns_group() - rows of the interactive view are groups from now on, or no longer: its default
 * columns that tell of groups come to their places, or those go that came so. A list that the user
 * has named stays as it is.
 */
void columns_group(struct columns *c, bool folded);

/* Adds a column before another one; neither of them is there by that name: nothing. */
void columns_put_before(struct columns *c, const char *name, const char *other);

/*
 * columns_worth() - what a column is worth where not all fit: those worth least are left out first.
 * What the user asked for stays longer than all but what tells a row from others and how bad it is.
 * @keep: of the field, there
 */
int columns_worth(const struct columns *c, const struct field *field, int keep);

/* What showing these columns costs: enum need. */
unsigned int columns_needs(const struct columns *c);

#endif

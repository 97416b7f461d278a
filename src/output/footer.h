/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_FOOTER_H
#define LISTENQ_OUTPUT_FOOTER_H

#include "output/fields.h"

/* What a footer is made from. */
struct footer {
	const struct report *report;
	struct field_context *context;
	unsigned int text_flags; /* for names, see text_add_safe() */
	size_t width; /* of the screen, for cell_add_fitted(); 0: unlimited */
	const char *const *selectors; /* options that leave listeners out; ends with NULL */
	bool owners; /* the report has NEED_OWNERS */
};

/*
 * footer_add() - add the lines below a table: problems that the report does not show, counters that
 * moved, sysctls, what the states and reasons mean, and what is left out.
 */
void footer_add(struct strbuf *lines, const struct footer *f);

/*
 * footer_add_not_shown() - add problems that the report does not show, with the option that shows
 * them: "1 UNIX listener is full (-x shows it); 1 other namespace overflows (-A shows it)". Returns
 * false if there are none. @b: empty
 */
bool footer_add_not_shown(struct strbuf *b, const struct not_shown *e);

/* Adds which listeners the report has, as "TCP listeners here". @n: how many, for the plural */
void footer_add_scope(struct strbuf *b, const struct report *report, size_t n);

#endif

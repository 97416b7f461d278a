/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_FOOTER_H
#define LISTENQ_OUTPUT_FOOTER_H

#include "output/fields.h"

/* What the footer of a table is about. */
struct footer {
	const struct report *report;
	struct field_context *context;
	unsigned int text_flags; /* for names, see text_add_safe() */
	size_t width; /* of the screen, to which paths are cut; 0: unlimited */
	const char *const *selectors; /* what leaves listeners out; ends with NULL */
	bool owners; /* those that hold a listener were looked for */
};

/*
 * footer_add() - add what stands below a table, line by line: what the report does not show and
 * is not well, counters that moved, sysctls, what the states and reasons mean, and what is left
 * out.
 */
void footer_add(struct strbuf *lines, const struct footer *f);

/*
 * footer_add_not_shown() - add what is not well of what the report does not show, with the option
 * that shows it: "1 UNIX listener is full (-x shows it); 1 other namespace overflows (-A shows
 * it)". Returns false when there is nothing to say.
 */
bool footer_add_not_shown(struct strbuf *b, const struct not_shown *e);

/* Adds what @n listeners that a report is about are, as "TCP listeners here". */
void footer_add_scope(struct strbuf *b, const struct report *report, size_t n);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_TABLE_H
#define LISTENQ_OUTPUT_TABLE_H

#include "output/columns.h"

#include <stdio.h>

#define TABLE_SELECTORS 3

struct table_style {
	bool header;
	bool detail; /* below each listener what is in its queues */
	bool footer; /* counters that moved, sysctls, what the words mean */
	bool color;
	bool utf8; /* the terminal's character set */
	size_t width; /* of the terminal, 0: unlimited */
	const char *selectors[TABLE_SELECTORS + 1]; /* what leaves listeners out; ends with NULL */
};

/*
 * table_print() - a report as text, one line a listener, and a footer.
 *
 * On a terminal that is too narrow the columns with the lowest `keep` are left out, and the footer
 * names them; what still does not fit is cut. With style->detail each listener is followed by the
 * connections in its queues. Errors are left in the stream.
 */
void table_print(FILE *stream, const struct report *report, const struct columns *columns,
		 const struct table_style *style, struct field_context *context);

#endif

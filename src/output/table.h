/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_TABLE_H
#define LISTENQ_OUTPUT_TABLE_H

#include "output/columns.h"

#include <stdio.h>

#define TABLE_SELECTORS 3

struct table_style {
	bool header;
	bool detail; /* below each listener the connections in its queues */
	bool footer; /* see footer_add() */
	bool color;
	bool utf8; /* the terminal's character set */
	size_t width; /* of the terminal, 0: unlimited */
	const char *selectors[TABLE_SELECTORS + 1]; /* what leaves listeners out; ends with NULL */
};

/*
 * table_print() - a report as text, one line a listener, and a footer.
 *
 * On a narrow terminal layout_fit() leaves columns out, which the footer names. What still does not
 * fit is cut. Errors are left in the stream.
 */
void table_print(FILE *stream, const struct report *report, const struct columns *columns,
		 const struct table_style *style, struct field_context *context);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_TABLE_H
#define LISTENQ_OUTPUT_TABLE_H

#include "output/columns.h"

#include <stdio.h>

#define TABLE_SELECTORS 3

struct table_style {
	bool header;
	bool detail; /* list the connections in the queues below each listener */
	bool footer; /* see footer_add() */
	bool color;
	unsigned int text_flags; /* enum text_flags; what the terminal shows */
	size_t width; /* of the terminal, 0: unlimited */
	const char *selectors[TABLE_SELECTORS + 1]; /* see struct footer; ends with NULL */
};

/*
 * table_print() - print a report as text: one line for each listener, and a footer.
 *
 * On a narrow terminal layout_fit() leaves columns out, which the footer names. What still does not
 * fit is cut. Errors stay in the stream.
 */
void table_print(FILE *stream, const struct report *report, const struct columns *columns,
		 const struct table_style *style, struct field_context *context);

#endif

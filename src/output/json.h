/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_JSON_H
#define LISTENQ_OUTPUT_JSON_H

#include "output/fields.h"

#include <stdio.h>

/*
 * json_print() - print a report as one JSON object. Listeners are written one by one, so that
 * memory does not grow with their number.
 * @one_line: NDJSON, everything on one line; otherwise each listener has a line
 *
 * Errors stay in the stream.
 */
void json_print(FILE *stream, const struct report *report, bool one_line,
		struct field_context *context);

/* Prints the JSON Schema of that document, which is made from the tables. */
void json_print_schema(FILE *stream);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_JSON_H
#define LISTENQ_OUTPUT_JSON_H

#include "output/fields.h"

#include <stdio.h>

/*
 * json_print() - a report as one JSON object, listener by listener, so that the memory it takes
 * does not grow with the document.
 * @one_line: NDJSON, everything on one line; otherwise each listener on a line of its own
 *
 * Errors are left in the stream.
 */
void json_print(FILE *stream, const struct report *report, bool one_line,
		struct field_context *context);

/* The JSON Schema of that document, made from the tables (json_schema.c). */
void json_print_schema(FILE *stream);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_PERFDATA_H
#define LISTENQ_OUTPUT_PERFDATA_H

#include "base/text.h"

#include <stdint.h>

/*
 * Performance data of the Monitoring Plugins Development Guidelines:
 * 'LABEL'=VALUE[UNIT];WARN;CRIT;MIN;MAX, with blanks between them.
 */

/* RRDtool cuts names to 19 characters. */
#define PERFDATA_LABEL 19

#define PERFDATA_MAX 40 /* labels */

/* The labels so far, which are unique. */
struct perfdata {
	struct strbuf text;
	char labels[PERFDATA_MAX][PERFDATA_LABEL + 1];
	size_t n;
	size_t left_out; /* labels for which there was no room */
};

/*
 * perfdata_begin() - add the label for @name, any text, and "=".
 * @room: bytes that the text may have in all
 *
 * A name that is too long, or has a character that a label may not have, is replaced by its end and
 * a hash of it: the label is the same in each run. Returns false, and counts the label as left out,
 * if there is no room for it with @len bytes of a value, or the label is there already.
 */
bool perfdata_begin(struct perfdata *p, const char *name, size_t len, size_t room);

void perfdata_free(struct perfdata *p);

#endif

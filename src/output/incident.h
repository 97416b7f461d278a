/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_INCIDENT_H
#define LISTENQ_OUTPUT_INCIDENT_H

#include "output/incident_source.h"

#include <stdbool.h>
#include <stdio.h>

/* A report for a ticket, in plain Markdown that can be read as it is. */
struct incident_style {
	struct incident_source source;
	const char *filter; /* that selected the listeners, as typed; NULL or "": none */
	unsigned int text_flags; /* enum text_flags; those of the postmortem */
};

/*
 * incident_print() - print what postmortem_end() has left. Texts that others chose stand in code
 * spans and code blocks, safe for a terminal, so that they cannot be taken for Markdown. Times are
 * in the time zone of TZ, and in UTC.
 */
void incident_print(FILE *stream, const struct postmortem *p, const struct incident_style *style);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_INCIDENT_SOURCE_H
#define LISTENQ_OUTPUT_INCIDENT_SOURCE_H

#include "output/paper.h"
#include "replay/excerpt.h"

/* The recording that a report is from; zero: it is from a live host. */
struct incident_source {
	const char *recording; /* the file, for commands; NULL: standard input */
	const char *older; /* the file with what was before that one; NULL: none */
	bool part; /* the reports are of some of its windows only */
	size_t damaged_within; /* this line, and up to the next run nothing could be read; or 0 */
	size_t damaged_line; /* the reports end at it, as it cannot be read; 0: there is none */
};

/*
 * incident_source_take() - before the first report is added: fill @s, and tell the postmortem
 * that it is of the past, and what was asked for and is not in the recording. Again for an excerpt
 * that turned out to be damaged.
 * @e: the windows that are added; its recording lives as long as @s
 *
 * Returns 0, or -EINVAL with @why filled where they are of two hosts.
 */
int incident_source_take(struct incident_source *s, struct postmortem *p, const struct excerpt *e,
			 struct error *why);

/* What of the recording is not in the report, in lines of a list. */
void incident_source_add(struct paper *w, const struct incident_source *s);

/* How to see it again, and how to record the next one. */
void incident_source_add_next(struct paper *w, const struct incident_source *s);

#endif

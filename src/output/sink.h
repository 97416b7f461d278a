/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_SINK_H
#define LISTENQ_OUTPUT_SINK_H

#include "base/error.h"

#include <stdio.h>

/*
 * Where a report goes: standard output, or a file that is replaced as a whole, so that a reader
 * sees the old report or the new one and nothing between. What is no regular file (a device, a
 * FIFO) cannot be replaced: it is written to as it is.
 */
struct sink {
	FILE *stream;
	char *path; /* NULL: standard output */
	char *temporary; /* to become path; NULL: written directly */
	int fd;
	int error; /* errno of the first write that failed; a FILE would forget it */
};

/*
 * sink_open() - begin a report.
 * @path: NULL and "-" are standard output. Links are followed; a file that is there keeps its mode
 *        and, where that is allowed, its owner
 *
 * @sink must not move until sink_commit(). Returns 0 or -errno with @why filled.
 */
int sink_open(struct sink *sink, const char *path, struct error *why);

/*
 * sink_commit() - the report is complete: flush it, or sync the temporary file and rename it.
 * Returns 0, or -errno with @why filled: also when any write since sink_open() failed. A temporary
 * file does not stay behind.
 */
int sink_commit(struct sink *sink, struct error *why);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_SINK_H
#define LISTENQ_OUTPUT_SINK_H

#include "base/error.h"

#include <limits.h>
#include <stdio.h>

/*
 * Where a report goes: standard output, or a file that is replaced as a whole, so that a reader
 * sees the old report or the new one. A device or a FIFO cannot be replaced, and is written to as
 * it is. So is what only a link of procfs leads to: a pipe or a socket behind /dev/fd/N, a
 * deleted file. The file that standard output is already, by whatever path, is not replaced:
 * the report goes where standard output stands in it.
 */
struct sink {
	FILE *stream;
	char *path; /* as it was given; NULL: standard output */
	int dir; /* where the file is, all links followed, and its name there */
	char name[NAME_MAX + 1];
	char *temporary; /* name in dir of the file that will replace it; NULL: written directly */
	int fd;
	int error; /* errno of the first write that failed, which a FILE does not keep */
};

/*
 * sink_open() - begin a report.
 * @path: NULL and "-" are standard output. Links are followed. A file that is replaced keeps its
 *        mode and, where that is allowed, its owner
 *
 * In a sticky directory that others may write to, only links, files and FIFOs of the caller and of
 * the directory's owner are taken, as with fs.protected_symlinks, fs.protected_regular and
 * fs.protected_fifos, whatever these are set to. -EACCES: it is another's.
 *
 * @sink must not move until sink_commit(). Returns 0 or -errno with @why filled.
 */
int sink_open(struct sink *sink, const char *path, struct error *why);

/*
 * sink_commit() - the report is complete: flush it, or sync the temporary file and rename it.
 * Returns 0, or -errno with @why filled, also when any write since sink_open() failed. The
 * temporary file never stays.
 */
int sink_commit(struct sink *sink, struct error *why);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_SINK_H
#define LISTENQ_BASE_SINK_H

#include "base/error.h"

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * Where a report goes: standard output, or a file that is replaced as a whole, so that a reader
 * sees the old report or the new one. A device or a FIFO cannot be replaced and is written to
 * directly. So is a file that only a link of procfs leads to: a pipe or a socket through
 * /dev/stdout, or a deleted file; and, by whatever path, the file that standard output is.
 */
struct sink {
	FILE *stream;
	char *path; /* as given; NULL: standard output */
	int dir; /* directory of the file, with all links followed */
	char name[NAME_MAX + 1]; /* in dir */
	char temporary[24]; /* name in dir of the file that will replace it; "": written directly */
	sigset_t signals; /* to be restored: all are blocked while there is a temporary file */
	int fd;
	bool fresh; /* no file had the name */
	int error; /* errno of the first failed write, which a FILE does not keep */
	bool own; /* by sink_open_own() */
};

/*
 * sink_open() - begin a report.
 * @path: NULL and "-" are standard output. Links are followed. The new file gets the mode of the
 *        old one and, if that is allowed, its owner
 *
 * In a sticky directory that others may write to, links, files and FIFOs must belong to the caller
 * or to the directory's owner, as with fs.protected_symlinks, fs.protected_regular and
 * fs.protected_fifos, whatever their values; otherwise -EACCES.
 *
 * @sink must not move until sink_commit(). Returns 0 or -errno with @why filled.
 */
int sink_open(struct sink *sink, const char *path, struct error *why);

/*
 * sink_open_new() - begin a file that a user has named by hand, and may have forgotten.
 *
 * As sink_open(), but only the owner may read a new file, and -EEXIST if there is one already,
 * which is replaced with @replace only. What is written directly has nothing to lose.
 */
int sink_open_new(struct sink *sink, const char *path, bool replace, struct error *why);

/*
 * sink_open_own() - begin a file that is the program's own, not for others to read.
 *
 * It gets mode 0600. What has the name already must be a regular file of the caller: -EEXIST, or
 * -EPERM where it belongs to another user; a link is not followed: -ELOOP. No path is standard
 * output.
 */
int sink_open_own(struct sink *sink, const char *path, struct error *why);

/* Writes to @sink, past its stream. An error stays in it. */
void sink_add(struct sink *sink, const char *data, size_t size);

/*
 * Gives a new file these mode bits too, whatever the umask is; one that is replaced keeps its mode.
 * To be called before sink_commit().
 */
void sink_add_mode(struct sink *sink, mode_t bits);

/*
 * sink_commit() - finish a report: flush it, or sync the temporary file and rename it. Returns 0,
 * or -errno with @why filled if this or any write since sink_open() failed. No temporary file
 * remains: signals wait, and exit() removes it. That of a writer that SIGKILL ended is removed by
 * one that begins the same file more than an hour later.
 */
int sink_commit(struct sink *sink, struct error *why);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_REPLAY_RECORDER_H
#define LISTENQ_REPLAY_RECORDER_H

#include "base/error.h"
#include "model/snapshot.h"
#include "replay/header_line.h"

/*
 * Writes samples into a file, as they are taken: for each run a header line, then a line a sample.
 * Whoever kills the program, and whenever, leaves whole lines, but for the last one, which the next
 * run cuts off.
 *
 * Where a sample cannot be written, the file is cut back to its last whole line, and the next
 * sample is tried again. A file that was removed, renamed or changed meanwhile is opened, or made,
 * as at the start. What a reader of the file would miss is said once, by whoever calls; and the
 * next sample that is written has the number of those that are missing, see snapshot->missed.
 */
struct recorder;

struct recorder_config {
	const char *path; /* not owned */
	/*
	 * In bytes; 0: no limit. Where the next line would exceed it, the file becomes PATH.1,
	 * which replaces the former one, and a new one begins.
	 */
	uint64_t size_max;
	/*
	 * Only samples that the caller wants to keep are written, each with the sample before it
	 * and the one after, and one a minute.
	 */
	bool chosen;
	struct header_scope scope;
};

/*
 * recorder_open() - open the file or create one with mode 0600. It is locked until
 * recorder_close().
 *
 * A file that is there is added to if it begins with a header line of this format version. A
 * recording that does not is an error, or with a size_max becomes PATH.1, as if it were full.
 * Returns 0, or -errno with @why filled.
 */
int recorder_open(struct recorder **r, const struct recorder_config *config, struct error *why);

/*
 * recorder_close() - close the file; remove it if it is new and empty. @r may be NULL.
 *
 * Returns 0, or -errno with @why filled: samples that were written may be lost.
 */
int recorder_close(struct recorder *r, struct error *why);

/*
 * recorder_add() - write @now, and @before if this run has not written it yet.
 * @before: the sample that opens its window
 * @keep: it is wanted, where samples are chosen
 *
 * Returns what to say to the user, in one line which lasts until the next call; NULL: nothing new.
 */
const char *recorder_add(struct recorder *r, const struct snapshot *before,
			 const struct snapshot *now, bool keep);

/* Why the last sample that was to be written could not be; NULL: it was. @r may be NULL. */
const char *recorder_failure(const struct recorder *r);

#endif

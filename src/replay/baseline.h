/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_REPLAY_BASELINE_H
#define LISTENQ_REPLAY_BASELINE_H

#include "model/snapshot.h"
#include "model/sums.h"
#include "replay/header_line.h"
#include "replay/own_file.h"

/*
 * The sample that the last run saved in a file, as the opening sample of this run's window, and
 * this run's sample in its place. A header line comes before it.
 *
 * One run at a time uses the file: it is locked until baseline_close(). It is replaced as a whole,
 * so that it never has half a sample. Where its sample cannot be compared with this run's, the run
 * starts anew: it has no window, says why, and saves its sample all the same. A file that is not
 * one of listenq stays as it is.
 *
 * Sums over many windows may come after the sample. They go on from run to run, and begin at 0
 * where a run starts anew.
 */

struct baseline_config {
	const char *path;
	struct header_scope scope;
};

struct baseline {
	struct baseline_config config;
	struct own_file file;
	struct header_line header; /* of the file */
	struct snapshot before; /* the sample of the file */
	bool has_before; /* it can be compared with this run's, as far as is known */
	struct sums sums; /* of all runs so far, for whoever adds to them; empty: there are none */
	const char *code; /* of the warning that says why not */
	struct strbuf message;
};

/*
 * baseline_open() - lock and read the file, or create one that is empty.
 *
 * Waits for another run for two seconds at most. Returns 0, also where it has to start anew, or
 * -errno with @why filled where the file may not be used. The caller always calls baseline_close().
 */
int baseline_open(struct baseline *b, const struct baseline_config *config, struct error *why);
void baseline_close(struct baseline *b);

/*
 * baseline_check() - before this run's sample is taken, check that the sample of the file is of
 * this boot, and before @now_ns (CLOCK_MONOTONIC).
 * @here: has host and boot_id
 *
 * Returns the sample, or NULL.
 */
const struct snapshot *baseline_check(struct baseline *b, const struct snapshot *here,
				      uint64_t now_ns);

/*
 * baseline_match() - with this run's sample, check that the namespaces are the same. A namespace
 * without a cookie is the same if it has the same inode, and a listener in common or counters that
 * have not fallen: its serial is then made the same too.
 *
 * Returns the opening sample of the window, or NULL; then adds a warning to @now.
 */
const struct snapshot *baseline_match(struct baseline *b, struct snapshot *now);

/* Replaces the file by one with @now and b->sums. Returns 0, or -errno with @why filled; then it
 * stays. */
int baseline_save(struct baseline *b, const struct snapshot *now, struct error *why);

#endif

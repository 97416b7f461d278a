/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_REPLAY_EXCERPT_H
#define LISTENQ_REPLAY_EXCERPT_H

#include "replay/recording.h"

/*
 * The windows of a recording that end within a time, by the wall clock. Clocks are set, so some
 * between the first and the last may not.
 */
struct excerpt {
	const struct recording *recording;
	int64_t begin_ns, end_ns; /* since 1970, both included */
	size_t first, last; /* entries at the end of a window */
	size_t chosen; /* the first one by its time */
	/*
	 * What was asked for and is not there: from this time to the first sample, and from the
	 * last one to this time, which is not in the future. 0: nothing is.
	 */
	int64_t lacks_from_ns, lacks_to_ns;
	size_t damaged_line; /* after the last window; 0: there is none. Also set by who reads it */
};

/*
 * excerpt_choose() - find the first and the last window.
 *
 * Returns 0, or -ENODATA with @why filled where there is none: before a damaged line, if it may be
 * behind that.
 */
int excerpt_choose(struct excerpt *e, const struct recording *r, int64_t begin_ns, int64_t end_ns,
		   struct error *why);

/* Leaves out all runs but the last. */
void excerpt_keep_last_run(struct excerpt *e);

/* Is any of its runs of several network namespaces, by -A or -N? */
bool excerpt_has_namespaces(const struct excerpt *e);

/*
 * excerpt_is_foreign() - is any of its runs of another host than @host, or of another boot than
 * @boot_id, which may be NULL or more than the id? Then fills @what.
 */
bool excerpt_is_foreign(const struct excerpt *e, const char *host, const char *boot_id,
			struct error *what);

/* Does a window of the excerpt end with this sample? */
bool excerpt_has(const struct excerpt *e, size_t i);

/*
 * excerpt_warn() - warn where the time before a window, or after the last one, is unknown.
 * @s: the sample @i, which ends a window of the excerpt
 *
 * The first window of a run that is not the first one has the warning "replay-run", the last one
 * before a time that was asked for "replay-end". Each of a run without UNIX listeners has
 * "replay-unix", if these are asked for.
 */
void excerpt_warn(const struct excerpt *e, size_t i, bool unix_too, struct snapshot *s);

/* The first of what is wrong with the file at the time that is asked for; NULL: nothing is. */
const struct recording_damage *excerpt_damage(const struct excerpt *e);

/* Says in @what which file has what is older, where it was asked for. False: there is none. */
bool excerpt_has_older(const struct excerpt *e, struct error *what);

/* Says in @what that there is nothing at the beginning of the time asked for. False: there is. */
bool excerpt_lacks_begin(const struct excerpt *e, struct error *what);

/* Are all windows of one host? Returns 0, or -EINVAL with @why filled. */
int excerpt_check_host(const struct excerpt *e, struct error *why);

#endif

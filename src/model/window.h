/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_WINDOW_H
#define LISTENQ_MODEL_WINDOW_H

#include "model/sample_source.h"

/* The shortest and the longest window, in seconds. A shorter one would be a load. */
#define WINDOW_SECONDS_MIN 0.001
#define WINDOW_SECONDS_MAX 86400.0

/*
 * window_run() - the time between the two samples of a window: looks at @source whenever a look is
 * due, and returns when the window has ended. Times are CLOCK_MONOTONIC, in nanoseconds.
 * @end_ns: when it ends
 * @wait: waits until @until_ns, or less long, and returns when the window ends: @end_ns, or another
 *        time if that has changed; 0 ends it now
 */
void window_run(struct sample_source *source, uint64_t end_ns,
		uint64_t (*wait)(void *context, uint64_t end_ns, uint64_t until_ns), void *context);

#endif

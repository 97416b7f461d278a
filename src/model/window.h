/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_WINDOW_H
#define LISTENQ_MODEL_WINDOW_H

#include "model/sample_source.h"

/* The shortest and the longest window, in seconds. A shorter one would cost too much CPU. */
#define WINDOW_SECONDS_MIN 0.001
#define WINDOW_SECONDS_MAX 86400.0

/*
 * window_run() - spend the time between the two samples of a window: call sample_source_look()
 * whenever it is due, until the window ends. Times are CLOCK_MONOTONIC, in nanoseconds.
 * @end_ns: when the window ends
 * @wait: waits until @until_ns or less, and returns when the window ends now: @end_ns, another time
 *        if that has changed, or 0 for at once
 */
void window_run(struct sample_source *source, uint64_t end_ns,
		uint64_t (*wait)(void *context, uint64_t end_ns, uint64_t until_ns), void *context);

#endif

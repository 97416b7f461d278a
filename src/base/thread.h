/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_BASE_THREAD_H
#define LISTENQ_BASE_THREAD_H

#include <pthread.h>

/*
 * thread_start() - start a thread that gets no signals but those of its own crash.
 *
 * The main thread handles all others. A crash must reach its handler, which restores the terminal:
 * the kernel ends a process at once whose thread blocks the signal of a fault.
 *
 * Returns 0 or -errno.
 */
int thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_ENTER_H
#define LISTENQ_COLLECT_ENTER_H

#include "base/error.h"

/*
 * In place of a descriptor: the namespace that the program runs in. 0 is standard input, so it is
 * never the descriptor of a namespace.
 */
#define NETNS_HOME 0

/*
 * enter_run() - call @work in a network namespace, on a thread of its own: the calling thread stays
 * where it is. Sockets that @work opens, and files below /proc/thread-self/net and /proc/sys/net,
 * go on reading that namespace.
 * @netns_fd: a descriptor of the namespace, or NETNS_HOME, which needs no thread
 *
 * Returns what @work returns, which fills @why itself; or -errno with @why filled when the
 * namespace cannot be entered.
 */
int enter_run(int netns_fd, int (*work)(void *context, struct error *why), void *context,
	      struct error *why);

#endif

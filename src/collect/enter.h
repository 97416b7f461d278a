/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_ENTER_H
#define LISTENQ_COLLECT_ENTER_H

#include "base/error.h"

/* Instead of a descriptor: the namespace that the program runs in. Standard input never is one. */
#define NETNS_HOME 0

/*
 * enter_run() - call @work in a network namespace, on a thread that ends with it: whoever calls
 * this never leaves home. What @work opens there goes on belonging to that namespace: sockets,
 * files below /proc/thread-self/net and below /proc/sys/net.
 * @netns_fd: a descriptor of the namespace, or NETNS_HOME, for which no thread is needed
 *
 * Returns what @work returns, which fills @why itself; or -errno with @why filled when the
 * namespace cannot be entered.
 */
int enter_run(int netns_fd, int (*work)(void *context, struct error *why), void *context,
	      struct error *why);

#endif

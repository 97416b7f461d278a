/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_RINGS_H
#define LISTENQ_COLLECT_RINGS_H

#include "collect/processes.h"

/*
 * Sockets that a process has registered with an io_uring, and which live on when it closes their
 * descriptors. /proc/PID/fdinfo of the ring lists them.
 */

/*
 * rings_parse() - the registered sockets in the fdinfo of a ring.
 * @found: is told of each, by its inode
 *
 * Returns 0, or -EAGAIN where the text may leave some out: the kernel does not wait for a ring that
 * is busy, and old ones know no name for a socket. A table without any file may be either.
 */
int rings_parse(const char *text, void (*found)(void *context, uint32_t inode), void *context);

/*
 * rings_sockets() - read and parse it, a few times if the ring is busy.
 * @text: scratch
 *
 * Returns 0, or -errno as rings_parse() or as the file could not be read; @found may have been told
 * of some, and of one more than once.
 */
int rings_sockets(const struct processes *p, uint32_t pid, uint32_t ring, struct strbuf *text,
		  void (*found)(void *context, uint32_t inode), void *context);

#endif

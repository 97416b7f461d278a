/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_UNIX_LISTENERS_H
#define LISTENQ_COLLECT_UNIX_LISTENERS_H

#include "collect/unix_diag.h"
#include "model/snapshot.h"

/*
 * unix_listeners_add() - add the UNIX listeners of the netlink socket's namespace to @s.
 *
 * Returns false when they cannot be had, which becomes a warning.
 */
bool unix_listeners_add(struct netlink_socket *netlink, struct snapshot *s, uint32_t netns);

/*
 * unix_listeners_text() - a name as people write it, in memory that the caller frees.
 *
 * The NUL that begins an abstract name, and those within it, become "@", as in ss and
 * /proc/net/unix. A relative path that begins with "@" gets "./" before it, so that the two are not
 * mistaken for each other. All other bytes stay. NULL: unnamed.
 */
char *unix_listeners_text(const struct unix_record *record);

#endif

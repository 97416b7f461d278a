/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_UNIX_LISTENERS_H
#define LISTENQ_COLLECT_UNIX_LISTENERS_H

#include "collect/unix_diag.h"
#include "model/snapshot.h"

/*
 * UNIX listeners into a snapshot. Their names outlive it: each is kept as long as the
 * sample before this one is less than an hour younger than the last that had its socket, and then
 * goes, as some programs make listeners without end.
 */
struct unix_name;

struct unix_listeners {
	struct unix_name *names;
	size_t n, size;
	size_t sweep_at; /* when there are so many, old ones go */
	struct idmap by_cookie; /* index into names */
};

void unix_listeners_free(struct unix_listeners *u);

/*
 * unix_listeners_add() - add the UNIX listeners of the netlink socket's namespace to @s.
 * @now_ns: monotonic
 * @before_ns: monotonic_ns of the sample before, 0: there was none
 *
 * That they cannot be had becomes a warning.
 */
void unix_listeners_add(struct unix_listeners *u, struct netlink_socket *netlink,
			struct snapshot *s, uint32_t netns, uint64_t now_ns, uint64_t before_ns);

/*
 * unix_listeners_text() - a name as people write it, in memory that the caller frees.
 *
 * The NUL that begins an abstract name, and those within it, become "@", as in ss and
 * /proc/net/unix. A relative path that begins with "@" gets "./" before it, so that the two are not
 * mistaken for each other. All other bytes stay. NULL: unnamed.
 */
char *unix_listeners_text(const struct unix_record *record);

#endif

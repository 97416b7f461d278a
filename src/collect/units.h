/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_UNITS_H
#define LISTENQ_COLLECT_UNITS_H

#include "base/text.h"

#include <stddef.h>

/* Parts of a text that is somebody else's; NULL: there is none. */
struct part {
	const char *s;
	size_t len;
};

/* What follows from a process's cgroup. */
struct units {
	struct part cgroup; /* the path, "/" for the root */
	struct part unit; /* systemd unit */
	struct part container; /* id, or the name where it has no id; see units_add_container() */
};

/*
 * units_parse() - what follows from /proc/PID/cgroup.
 * @text: its @len bytes, of which the parts are
 *
 * The path is that of cgroup v2, or of systemd's own hierarchy where services are not in v2 ("0::/"
 * or no such line: a host that boots with v1, and all before 4.5).
 *
 * The unit is the one that systemctl(1) on this host knows: the first on the path that is not a
 * slice; within user@UID.service, the user's own unit. Inside a container it is the one that the
 * container is or is in; there may be none.
 */
struct units units_parse(const char *text, size_t len);

/*
 * units_add_container() - the id or name of a container as its runtime prints it: a name that comes
 * out of a unit's, in which systemd has written odd characters as \xNN, without these.
 */
void units_add_container(struct strbuf *to, struct part container);

#endif

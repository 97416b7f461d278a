/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_UNITS_H
#define LISTENQ_COLLECT_UNITS_H

#include "base/text.h"

#include <stddef.h>

/* A part of a text that somebody else owns. NULL: nothing. */
struct part {
	const char *s;
	size_t len;
};

/* What the cgroup of a process says about it. */
struct units {
	struct part cgroup; /* the path, "/" for the root */
	struct part unit; /* systemd unit */
	struct part container; /* id, or else name, see units_add_container() */
};

/*
 * units_parse() - parse /proc/PID/cgroup. The results point into @text.
 *
 * The path is that of cgroup v2. On a host that boots with v1, or a kernel before 4.5, that is "/"
 * or missing: then the path in systemd's own hierarchy is used.
 *
 * The unit is the one that systemctl(1) on this host knows: the first on the path that is not a
 * slice, or below user@UID.service the user's own unit. For a process in a container it is the unit
 * of the container, or the one that the container is in, or none.
 */
struct units units_parse(const char *text, size_t len);

/*
 * units_add_container() - add the id or name of a container as its runtime prints it. A name may be
 * part of a unit's name, where systemd writes some characters as \xNN; these are decoded.
 */
void units_add_container(struct strbuf *to, struct part container);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_OWNERS_H
#define LISTENQ_MODEL_OWNERS_H

#include <stdint.h>

/*
 * A process that holds a listener. The texts are as the kernel has them, any byte but NUL, and
 * belong to the source of the snapshot. NULL: unknown, not asked for, or there is none.
 */
struct process {
	const char *comm;
	const char *cgroup; /* path in the cgroup v2 hierarchy, else in systemd's own */
	const char *unit; /* systemd's; from the cgroup */
	const char *container; /* id or name; from the cgroup */
	uint32_t pid;
};

/* One descriptor of a listener. */
struct owner {
	uint32_t process; /* index into snapshot->processes */
	uint32_t fd;
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_OWNERS_H
#define LISTENQ_MODEL_OWNERS_H

#include <stdbool.h>
#include <stdint.h>

/* What may keep it from accepting; only looked at where listener_may_be_sick(). */
enum process_known {
	PROCESS_STATE = 1 << 0,
	PROCESS_OPEN_FDS = 1 << 1, /* kernel 6.2 and later */
	PROCESS_FD_LIMIT = 1 << 2, /* and it has one */
	PROCESS_FROZEN = 1 << 3,
	PROCESS_THROTTLED = 1 << 4, /* its cgroups were read at both ends of the window */
};

/*
 * A process that holds a listener. The texts are as the kernel has them, any byte but NUL. NULL:
 * unknown, not asked for, or there is none.
 */
struct process {
	const char *comm;
	const char *cgroup; /* path in the cgroup v2 hierarchy, else in systemd's own */
	const char *unit; /* systemd's; from the cgroup */
	const char *container; /* id or name; from the cgroup */
	const char *freezer; /* the file that thaws it, where it is frozen */
	const char *quota; /* the file with the CPU quota that throttled it in the window */
	uint32_t pid;
	uint32_t open_fds; /* descriptors */
	uint32_t fd_limit; /* of them, the soft one: RLIMIT_NOFILE */
	uint8_t known; /* enum process_known */
	char state; /* the letter in /proc/PID/stat: 'T' stopped, 't' by a tracer */
	bool frozen; /* its cgroup, or one above it */
	bool throttled; /* in the window, likewise */
};

/* A tracer stopped it, or it stops at each system call under strace(1). */
static inline bool owner_is_traced(const struct process *p)
{
	return p->known & PROCESS_STATE && p->state == 't';
}

/* One descriptor of a listener. */
struct owner {
	uint32_t process; /* index into snapshot->processes */
	uint32_t fd;
};

#endif

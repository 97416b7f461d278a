/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_PROCFS_H
#define LISTENQ_COLLECT_PROCFS_H

#include "base/text.h"
#include "model/snapshot.h"

#include <dirent.h>

/*
 * Files below /proc and /sys. Every path is relative to @root, a descriptor of the directory that
 * holds proc/ and sys/: "/" except in tests.
 */

/* Opens a file or directory for reading. Returns a descriptor or -errno. */
int procfs_open(int root, const char *path);

/* Replace @text by the whole file. Return 0 or -errno. */
int procfs_read_fd(int fd, struct strbuf *text);
int procfs_read(int root, const char *path, struct strbuf *text);

/* Reads the file @name of a process, such as "comm". */
int procfs_read_process(int root, uint32_t pid, const char *name, struct strbuf *text);

/* Is there a file at @path, and has it that inode? */
bool procfs_is_at(int root, const char *path, uint64_t inode);

/* Opens a directory to list. Returns NULL and sets errno when it cannot. */
DIR *procfs_opendir(int root, const char *path);

/*
 * Returns the next process in an open /proc, or 0 after the last.
 * @inode: filled with the inode of its directory; may be NULL
 */
uint32_t procfs_next_process(DIR *proc, uint64_t *inode);

/*
 * procfs_open_sysctls() - open the sysctls of the calling thread's namespace. The descriptors go on
 * reading that namespace.
 * @fds: opens those that are -errno, and stores a descriptor or -errno
 */
void procfs_open_sysctls(int root, int fds[SYSCTL_N]);

/*
 * Reads the sysctls from these descriptors. One that cannot be read, or is not a number, stays
 * unknown and adds a warning to @s.
 */
void procfs_sysctls(const int fds[SYSCTL_N], struct snapshot *s, struct sysctls *sysctls);

/* A line of mountinfo. */
struct procfs_mount {
	const char *root; /* the part of the file system that is mounted */
	const char *path; /* where it is mounted */
	const char *type; /* of the file system */
	const char *options; /* of the file system */
};

/* Calls @found for each mount. Returns 0 or -errno. */
int procfs_mounts(int root, void (*found)(const struct procfs_mount *mount, void *context),
		  void *context);

#endif

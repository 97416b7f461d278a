/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_PROCFS_H
#define LISTENQ_COLLECT_PROCFS_H

#include "base/text.h"
#include "model/snapshot.h"

#include <dirent.h>

/*
 * Files below /proc and /sys. Every path is relative to @root, a descriptor of the directory that
 * holds them ("/" but in tests).
 */

/* Returns a descriptor or -errno. */
int procfs_open(int root, const char *path);

/* Replaces @text by the whole file, read from its start again. Returns 0 or -errno. */
int procfs_read_fd(int fd, struct strbuf *text);
int procfs_read(int root, const char *path, struct strbuf *text);

/* The same of the file @name of a process, such as "comm". */
int procfs_read_process(int root, uint32_t pid, const char *name, struct strbuf *text);

/* Is there a file at @path, with that inode? */
bool procfs_is_at(int root, const char *path, uint64_t inode);

/* Opens a directory to list; NULL with errno. */
DIR *procfs_opendir(int root, const char *path);

/* The next process in an open /proc, 0 after the last. @inode: of its directory; may be NULL */
uint32_t procfs_next_process(DIR *proc, uint64_t *inode);

/* procfs_read() in a network namespace, see enter_run(), for what is below proc/sys/net. */
int procfs_read_netns(int netns_fd, int root, const char *path, struct strbuf *text);

/*
 * procfs_open_sysctls() - open the sysctls of the calling thread's namespace, which the descriptors
 * go on reading. @fds: those that are -errno become a descriptor or another -errno, others stay
 */
void procfs_open_sysctls(int root, int fds[SYSCTL_N]);

/*
 * Reads the sysctls from these descriptors; one that is missing or no number stays unknown and
 * becomes a warning in @s.
 */
void procfs_sysctls(const int fds[SYSCTL_N], struct snapshot *s, struct sysctls *sysctls);

/* A line of mountinfo. */
struct procfs_mount {
	const char *root; /* what of the file system is mounted */
	const char *path; /* where */
	const char *type; /* of the file system */
	const char *options; /* of the file system */
};

/* Hands each mount to @found. @text: scratch. Returns 0 or -errno. */
int procfs_mounts(int root, struct strbuf *text,
		  void (*found)(const struct procfs_mount *mount, void *context), void *context);

#endif

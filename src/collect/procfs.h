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

/* Is there a file at @path, and has it that inode? A failure counts as no. */
bool procfs_is_at(int root, const char *path, uint64_t inode);

/* A directory that is listed: procfs_list(), procfs_list_next() and procfs_list_end(). */
struct procfs_list {
	DIR *dir; /* NULL: it could not be opened */
	int code; /* 0, or -errno of what failed */
};

/* Begin to list a directory. A failure is like an empty directory up to procfs_list_end(). */
void procfs_list(struct procfs_list *list, int root, const char *path);

/* The same for an open directory; owns @fd, a descriptor or -errno, from now on. */
void procfs_list_fd(struct procfs_list *list, int fd);

/* Returns the next entry besides "." and "..", or NULL after the last. */
struct dirent *procfs_list_next(struct procfs_list *list);

/* Returns the next process in /proc, or 0. @inode: filled with that of its directory, if any */
uint32_t procfs_next_process(struct procfs_list *proc, uint64_t *inode);

/* Ends a list. Returns 0, or -errno when the directory was not read as a whole. */
int procfs_list_end(struct procfs_list *list);

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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_PROCFS_H
#define LISTENQ_COLLECT_PROCFS_H

#include "base/text.h"
#include "model/snapshot.h"

/*
 * Files below /proc and /sys. Every path is relative to @root, a descriptor of the directory that
 * holds them ("/" but in tests).
 */

/* Returns a descriptor or -errno. */
int procfs_open(int root, const char *path);

/* Replaces @text by the whole file, read from its start again. Returns 0 or -errno. */
int procfs_read_fd(int fd, struct strbuf *text);
int procfs_read(int root, const char *path, struct strbuf *text);

/* The same in a network namespace, see enter_run(), for what is below proc/sys/net. */
int procfs_read_netns(int netns, int root, const char *path, struct strbuf *text);

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

/* Undoes, in place, the escapes of a path in mountinfo: blanks and such as three octal digits. */
char *procfs_unescape(char *path);

#endif

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

/*
 * Reads the sysctls of the calling thread's namespace; one that is missing or no number stays
 * unknown and becomes a warning in @s.
 */
void procfs_sysctls(int root, struct snapshot *s, struct sysctls *sysctls);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_PROCESSES_H
#define LISTENQ_COLLECT_PROCESSES_H

#include "base/text.h"

#include <dirent.h>
#include <errno.h>

/* The processes in /proc, and their descriptors. */
struct process_entry {
	/*
	 * Inode of /proc/PID. The kernel makes one for each process and throws it away with the
	 * process (proc_flush_pid()), so that a later one of the same pid has another.
	 * Memory pressure may make it a new one: then the process is taken for a new one, and its
	 * descriptors are read again.
	 */
	uint64_t identity;
	uint32_t pid;
	bool look; /* new, or something of it has changed: its descriptors are to be read */
	int16_t code; /* 0 or the -errno for which they could not be read */
	bool ring; /* one is an io_uring that may hold listeners, and could not be looked into */
};

/* Has it ended, or may its descriptors not be read? Or did we fail, of ourselves? */
static inline bool processes_gone(int code)
{
	return code == -ENOENT || code == -ESRCH;
}

static inline bool processes_hidden(int code)
{
	return code == -EACCES || code == -EPERM;
}

static inline bool processes_failed(int code)
{
	return code < 0 && !processes_gone(code) && !processes_hidden(code);
}

/* A zeroed struct, with @root set, is ready. */
struct processes {
	int root; /* descriptor of the directory that holds proc/ */
	bool procfs; /* which is the kernel's, not a copy of one */
	struct process_entry *list; /* by pid */
	size_t n, size;
	struct process_entry *before; /* the list of the time before, scratch */
	size_t n_before, before_size;
};

void processes_free(struct processes *p);

/*
 * processes_list() - list the processes anew. Those that were there before keep what is known of
 * them. Returns 0 or -errno.
 */
int processes_list(struct processes *p);

/* Returns the process of that pid, or NULL. */
struct process_entry *processes_find(struct processes *p, uint32_t pid);

/* Opens the directory of a process's descriptors. Returns it or -errno. */
int processes_open(const struct processes *p, uint32_t pid);

enum processes_fd { PROCESSES_OTHER, PROCESSES_SOCKET, PROCESSES_RING };

/*
 * processes_socket() - what one descriptor is.
 * @dir: from processes_open()
 *
 * Returns an enum processes_fd, where the inode is set for a socket alone, or -errno.
 */
int processes_socket(int dir, uint32_t fd, uint32_t *inode);

/*
 * processes_sockets() - look once at each descriptor of a process.
 * @found: called for each socket, and with inode 0 for each io_uring
 *
 * Returns 0 or -errno, where some may have been found before.
 */
int processes_sockets(const struct processes *p, uint32_t pid,
		      void (*found)(void *context, uint32_t fd, uint32_t inode), void *context);

/*
 * processes_registered() - sockets that a process has registered with an io_uring, and which live
 * on when it closes their descriptors: fdinfo of the ring lists them. A busy ring is read a few
 * times.
 * @ring: its descriptor
 * @text: scratch
 * @found: called for each, by its inode; more than once for some
 *
 * Returns 0; -EAGAIN where some may be missing, as the ring was busy or the kernel is old; or
 * -errno of the file. @found may have been called in any case.
 */
int processes_registered(const struct processes *p, uint32_t pid, uint32_t ring,
			 struct strbuf *text, void (*found)(void *context, uint32_t inode),
			 void *context);

/* Why there may be a process that cannot be looked at. */
enum processes_visible {
	PROCESSES_ALL, /* every process on the machine can be seen */
	PROCESSES_NO_PRIVILEGE, /* those of other users cannot */
	PROCESSES_NAMESPACE, /* those outside of our PID or user namespace cannot */
};

/*
 * processes_visibility() - which processes can be seen, as far as that is known without looking at
 * one. Takes a free descriptor. Returns 0, or -errno where that could not be looked at.
 */
int processes_visibility(int root, enum processes_visible *visible);

/*
 * processes_advice() - why some may not be seen, or what to do about it.
 * @hidden: one was found that may not be looked at; otherwise they are not even listed
 */
const char *processes_advice(enum processes_visible visible, bool hidden);

#endif

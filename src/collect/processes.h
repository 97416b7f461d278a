/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_PROCESSES_H
#define LISTENQ_COLLECT_PROCESSES_H

#include "base/text.h"

#include <dirent.h>
#include <errno.h>

/* A process in /proc. */
struct process_entry {
	/*
	 * Inode of /proc/PID. The kernel drops it with the process (proc_flush_pid()), so that a
	 * later process with the same pid has another inode. Memory pressure may change it as well:
	 * then the process counts as new, and its descriptors are read again.
	 */
	uint64_t identity;
	uint32_t pid;
	bool look; /* it is new or has changed: its descriptors are due to be read */
	int16_t code; /* 0, or the -errno of the last try to read them */
	bool ring; /* it has an io_uring that may hold listeners and could not be read */
};

/* What an -errno means: the process has ended, we may not read it, or we failed ourselves. */
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

/* The processes in /proc, and their descriptors. A zeroed struct, with @root set, is ready. */
struct processes {
	int root; /* descriptor of the directory that holds proc/; not owned */
	bool procfs; /* proc/ is a real procfs, not a copy */
	bool counts; /* the size of /proc/PID/fd is the number of descriptors: kernel 6.2 */
	struct process_entry *list; /* sorted by pid */
	size_t n, size;
	struct process_entry *before; /* the previous list */
	size_t n_before, before_size;
};

void processes_free(struct processes *p);

/* Lists the processes again. The entries of old processes are kept. Returns 0 or -errno. */
int processes_list(struct processes *p);

/* Returns the process with that pid, or NULL. */
struct process_entry *processes_find(struct processes *p, uint32_t pid);

/* Opens the directory of a process's descriptors. Returns a descriptor or -errno. */
int processes_open(const struct processes *p, uint32_t pid);

enum processes_fd { PROCESSES_OTHER, PROCESSES_SOCKET, PROCESSES_RING };

/*
 * processes_socket() - read what one descriptor is.
 * @dir: from processes_open()
 * @inode: filled for PROCESSES_SOCKET
 *
 * Returns an enum processes_fd or -errno.
 */
int processes_socket(int dir, uint32_t fd, uint32_t *inode);

/*
 * processes_sockets() - read all descriptors of a process.
 * @found: called for each socket, and with inode 0 for each io_uring
 *
 * Returns 0, or -errno after some may have been found.
 */
int processes_sockets(const struct processes *p, uint32_t pid,
		      void (*found)(void *context, uint32_t fd, uint32_t inode), void *context);

/*
 * processes_registered() - read from fdinfo which sockets a process has registered with an
 * io_uring. They stay open when the process closes their descriptors. A busy ring is read again a
 * few times.
 * @ring: its descriptor
 * @text: scratch
 * @found: called for each socket; for some more than once
 *
 * Returns 0; -EAGAIN when some may be missing, as the ring is busy or the kernel is old; or the
 * -errno of the file. @found may have been called in any case.
 */
int processes_registered(const struct processes *p, uint32_t pid, uint32_t ring,
			 struct strbuf *text, void (*found)(void *context, uint32_t inode),
			 void *context);

/* Which processes we can read. */
enum processes_visible {
	PROCESSES_ALL, /* every process on the machine */
	PROCESSES_NO_PRIVILEGE, /* not those of other users */
	PROCESSES_NAMESPACE, /* not those outside of our PID or user namespace */
};

/*
 * processes_visibility() - find out which processes we can read, without reading one. Needs a free
 * descriptor. Returns 0 or -errno.
 */
int processes_visibility(int root, enum processes_visible *visible);

/*
 * processes_advice() - why some processes cannot be seen, or what to do about it.
 * @hidden: a process is listed that we may not read; otherwise some may not be listed
 */
const char *processes_advice(enum processes_visible visible, bool hidden);

#endif

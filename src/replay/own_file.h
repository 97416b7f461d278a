/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_REPLAY_OWN_FILE_H
#define LISTENQ_REPLAY_OWN_FILE_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>

/*
 * A file with samples that this user alone writes, and one process at a time: no symbolic link is
 * followed, and neither a device nor the file of another user is opened.
 */
struct own_file {
	const char *path; /* not owned */
	const char *use; /* for messages: "a baseline" */
	int fd; /* locked; -1: none is open */
	bool created; /* it was not there, and is empty until the caller has written to it */
};

/*
 * own_file_open() - open the file for reading and writing, or create one with mode 0600, and lock
 * it.
 *
 * Returns 0, or -errno with @why filled: -EWOULDBLOCK if another process has locked it, -EEXIST or
 * -ESTALE if another process created or replaced it meanwhile. Then it is not open.
 */
int own_file_open(struct own_file *f, struct error *why);

/* Does its name still lead to the file that is open? */
bool own_file_in_place(const struct own_file *f);

/* own_file_read() - append its first @size bytes to @to, which is empty, or what there is. It may
 * be called again for more. Returns 0 or -errno. */
int own_file_read(const struct own_file *f, struct strbuf *to, size_t size);

/*
 * own_file_close() - remove the file if it was created and is empty, and close it. Where NFS or a
 * quota refuses what was written, only this call may say so. Returns 0 or -errno.
 */
int own_file_close(struct own_file *f);

/* Fills @why with "cannot use PATH as a baseline: CAUSE". Returns @code. */
int own_file_refuse(const struct own_file *f, int code, const char *cause, struct error *why);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/sink.h"

#include "base/alloc.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beside the file, since rename(2) does not cross file systems; short, as names have a limit. */
static char *temporary_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t dir_len = slash ? (size_t)(slash - path) + 1 : 0;
	static const char name[] = ".listenq.XXXXXX";
	char *temporary = xmalloc(dir_len + sizeof(name));

	memcpy(temporary, path, dir_len);
	memcpy(temporary + dir_len, name, sizeof(name));
	return temporary;
}

/* All or nothing: a stream takes a short count for an error, and forgets which. */
static ssize_t write_fd(void *cookie, const char *data, size_t size)
{
	struct sink *sink = cookie;
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(sink->fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (!sink->error)
				sink->error = errno;
			return 0;
		}
		done += (size_t)n;
	}
	return (ssize_t)size;
}

/* mkstemp() makes files for the owner alone; a report has the mode that open(2) would give. */
static mode_t creation_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* @old: the file to be replaced, NULL when there is none. Returns a descriptor or -errno. */
static int open_temporary(struct sink *sink, const struct stat *old)
{
	int fd;

	sink->temporary = temporary_name(sink->path);
	fd = mkstemp(sink->temporary);
	if (fd < 0)
		return -errno;
	/* Before the mode, as a change of owner clears bits of it; only root may make it. */
	if (old && fchown(fd, old->st_uid, old->st_gid) < 0 && errno != EPERM)
		sink->error = errno;
	if (fchmod(fd, old ? old->st_mode & 07777 : creation_mode()) < 0)
		sink->error = errno;
	return fd;
}

static int open_path(struct sink *sink, const char *path)
{
	char *target = realpath(path, NULL);
	struct stat st;
	bool exists;
	int fd;

	sink->path = target ? target : xstrdup(path);
	if (!target && (errno != ENOENT || lstat(path, &st) == 0))
		return errno ? -errno : -ENOENT; /* a link in a circle, or to nowhere */
	exists = stat(sink->path, &st) == 0;
	if (!exists || S_ISREG(st.st_mode))
		return open_temporary(sink, exists ? &st : NULL);
	fd = open(sink->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

static void forget(struct sink *sink)
{
	free(sink->temporary);
	free(sink->path);
}

int sink_open(struct sink *sink, const char *path, struct error *why)
{
	const cookie_io_functions_t functions = { .write = write_fd };

	memset(sink, 0, sizeof(*sink));
	sink->fd = path && strcmp(path, "-") != 0 ? open_path(sink, path) : STDOUT_FILENO;
	if (sink->fd < 0) {
		if (sink->temporary)
			unlink(sink->temporary);
		forget(sink);
		return error_set(why, sink->fd, "cannot write %s: %s", path, strerror(-sink->fd));
	}
	sink->stream = fopencookie(sink, "w", functions);
	if (!sink->stream)
		err(1, "cannot allocate a stream");
	return 0;
}

static void finish_file(struct sink *sink)
{
	if (!sink->error && sink->temporary && fsync(sink->fd) < 0)
		sink->error = errno;
	if (close(sink->fd) < 0 && !sink->error)
		sink->error = errno;
	if (!sink->temporary)
		return;
	if (!sink->error && rename(sink->temporary, sink->path) < 0)
		sink->error = errno;
	if (sink->error)
		unlink(sink->temporary);
}

int sink_commit(struct sink *sink, struct error *why)
{
	int code;

	if (fclose(sink->stream) && !sink->error)
		sink->error = EIO;
	if (sink->path)
		finish_file(sink);
	code = -sink->error;
	if (code < 0)
		error_set(why, code, "cannot write %s: %s",
			  sink->path ? sink->path : "standard output", strerror(-code));
	forget(sink);
	return code;
}

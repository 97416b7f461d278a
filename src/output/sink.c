/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/sink.h"

#include "base/alloc.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beside the file, since rename(2) does not cross file systems. */
static char *temporary_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir_len = slash ? (int)(slash - path) + 1 : 0;
	size_t size = strlen(path) + sizeof(".XXXXXX") + 1;
	char *name = xmalloc(size);

	snprintf(name, size, "%.*s.%s.XXXXXX", dir_len, path, path + dir_len);
	return name;
}

/* mkstemp() makes files for the owner alone; a report has the mode that creat(2) would give. */
static mode_t creation_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

static ssize_t write_fd(void *cookie, const char *data, size_t size)
{
	struct sink *sink = cookie;
	ssize_t n;

	do
		n = write(sink->fd, data, size);
	while (n < 0 && errno == EINTR);
	if (n < 0 && !sink->error)
		sink->error = errno;
	return n < 0 ? 0 : n;
}

static int open_temporary(struct sink *sink, const char *path)
{
	sink->path = path;
	sink->temporary = temporary_name(path);
	sink->fd = mkstemp(sink->temporary);
	if (sink->fd < 0)
		return -errno;
	fchmod(sink->fd, creation_mode());
	return 0;
}

int sink_open(struct sink *sink, const char *path, struct error *why)
{
	const cookie_io_functions_t functions = { .write = write_fd };
	int code;

	memset(sink, 0, sizeof(*sink));
	sink->fd = STDOUT_FILENO;
	code = path ? open_temporary(sink, path) : 0;
	if (code < 0) {
		free(sink->temporary);
		return error_set(why, code, "cannot create a file beside %s: %s", path,
				 strerror(-code));
	}
	sink->stream = fopencookie(sink, "w", functions);
	if (!sink->stream)
		err(1, "cannot allocate a stream");
	return 0;
}

static int finish_file(struct sink *sink)
{
	if (!sink->error && fsync(sink->fd) < 0)
		sink->error = errno;
	if (close(sink->fd) < 0 && !sink->error)
		sink->error = errno;
	if (!sink->error && rename(sink->temporary, sink->path) < 0)
		sink->error = errno;
	if (sink->error)
		unlink(sink->temporary);
	free(sink->temporary);
	return -sink->error;
}

int sink_commit(struct sink *sink, struct error *why)
{
	int code;

	if (fclose(sink->stream) && !sink->error)
		sink->error = EIO;
	code = sink->path ? finish_file(sink) : -sink->error;
	if (code < 0)
		error_set(why, code, "cannot write %s: %s",
			  sink->path ? sink->path : "standard output", strerror(-code));
	return code;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/sink.h"

#include "base/alloc.h"

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

int sink_open(struct sink *sink, const char *path, struct error *why)
{
	int fd;

	memset(sink, 0, sizeof(*sink));
	if (!path) {
		sink->stream = stdout;
		return 0;
	}
	sink->path = path;
	sink->temporary = temporary_name(path);
	fd = mkstemp(sink->temporary);
	if (fd < 0) {
		int code = -errno;

		free(sink->temporary);
		return error_set(why, code, "cannot create a file beside %s: %s", path,
				 strerror(-code));
	}
	fchmod(fd, creation_mode());
	sink->stream = fdopen(fd, "w");
	if (!sink->stream)
		return error_set(why, -errno, "cannot write %s: %s", path, strerror(errno));
	return 0;
}

static int finish_file(struct sink *sink)
{
	int code = 0;

	if (fflush(sink->stream) || ferror(sink->stream) || fsync(fileno(sink->stream)) < 0)
		code = errno ? -errno : -EIO;
	if (fclose(sink->stream) && !code)
		code = -errno;
	if (!code && rename(sink->temporary, sink->path) < 0)
		code = -errno;
	if (code)
		unlink(sink->temporary);
	free(sink->temporary);
	return code;
}

int sink_commit(struct sink *sink, struct error *why)
{
	int code;

	errno = 0;
	if (sink->path)
		code = finish_file(sink);
	else
		code = fflush(sink->stream) || ferror(sink->stream) ? (errno ? -errno : -EIO) : 0;
	if (code < 0)
		error_set(why, code, "cannot write %s: %s",
			  sink->path ? sink->path : "standard output", strerror(-code));
	return code;
}

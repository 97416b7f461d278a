/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/procfs.h"

#include "collect/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int procfs_open(int root, const char *path)
{
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int procfs_read_fd(int fd, struct strbuf *text)
{
	char chunk[16384];
	off_t offset = 0;
	ssize_t n;

	text->len = 0;
	strbuf_add(text, "", 0);
	while ((n = pread(fd, chunk, sizeof(chunk), offset)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		strbuf_add(text, chunk, (size_t)n);
		offset += n;
	}
	return 0;
}

int procfs_read(int root, const char *path, struct strbuf *text)
{
	int fd = procfs_open(root, path);
	int code;

	if (fd < 0)
		return fd;
	code = procfs_read_fd(fd, text);
	close(fd);
	return code;
}

struct file {
	int root;
	const char *path;
	struct strbuf *text;
};

static int read_file(void *context, struct error *why)
{
	const struct file *file = context;

	(void)why;
	return procfs_read(file->root, file->path, file->text);
}

int procfs_read_netns(int netns, int root, const char *path, struct strbuf *text)
{
	struct file file = { root, path, text };
	struct error ignored;

	return enter_run(netns, read_file, &file, &ignored);
}

void procfs_open_sysctls(int root, int fds[SYSCTL_N])
{
	for (unsigned int i = 0; i < SYSCTL_N; i++) {
		char path[128];

		if (fds[i] >= 0)
			continue;
		snprintf(path, sizeof(path), "proc/sys/%s/%s", sysctl_table[i].dir,
			 sysctl_table[i].name);
		fds[i] = procfs_open(root, path);
	}
}

void procfs_sysctls(const int fds[SYSCTL_N], struct snapshot *s, struct sysctls *sysctls)
{
	struct strbuf text = { 0 };

	sysctls->known = 0;
	for (unsigned int i = 0; i < SYSCTL_N; i++) {
		int code = fds[i] < 0 ? fds[i] : procfs_read_fd(fds[i], &text);
		char *end;

		if (code == 0) {
			errno = 0;
			sysctls->value[i] = strtoll(text.s, &end, 10);
			if (end != text.s && !errno)
				sysctls->known |= 1u << i;
			else
				code = -EINVAL;
		}
		if (code < 0)
			snapshot_warn(s, "sysctl-unavailable", "cannot read sysctl %s/%s: %s",
				      sysctl_table[i].dir, sysctl_table[i].name, strerror(-code));
	}
	strbuf_free(&text);
}

char *procfs_unescape(char *path)
{
	char *to = path;

	for (const char *from = path; *from; to++) {
		unsigned int c;

		if (from[0] == '\\' && sscanf(from + 1, "%3o", &c) == 1) {
			*to = (char)c;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
	return path;
}

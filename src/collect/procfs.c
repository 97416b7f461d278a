/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/procfs.h"

#include "base/alloc.h"
#include "base/num.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* In place. mountinfo writes blanks and backslashes as a backslash and three octal digits. */
static void unescape(char *path)
{
	char *to = path;

	for (const char *from = path; *from; to++) {
		if (from[0] == '\\' && is_octal(from[1]) && is_octal(from[2]) &&
		    is_octal(from[3])) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

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

int procfs_read_process(int root, uint32_t pid, const char *name, struct strbuf *text)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/%s", pid, name);
	return procfs_read(root, path, text);
}

bool procfs_is_at(int root, const char *path, uint64_t inode)
{
	struct stat st;

	return fstatat(root, path, &st, 0) == 0 && st.st_ino == inode;
}

void procfs_list_fd(struct procfs_list *list, int fd)
{
	list->dir = fd < 0 ? NULL : fdopendir(fd);
	list->code = fd < 0 ? fd : list->dir ? 0 : -errno;
	if (fd >= 0 && !list->dir)
		close(fd);
}

void procfs_list(struct procfs_list *list, int root, const char *path)
{
	procfs_list_fd(list, procfs_open(root, path));
}

struct dirent *procfs_list_next(struct procfs_list *list)
{
	struct dirent *e = NULL;

	if (list->code < 0)
		return NULL;
	do {
		errno = 0;
		e = readdir(list->dir);
	} while (e && (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")));
	if (!e)
		list->code = -errno;
	return e;
}

int procfs_list_end(struct procfs_list *list)
{
	if (list->dir)
		closedir(list->dir);
	list->dir = NULL;
	return list->code;
}

uint32_t procfs_next_process(struct procfs_list *proc, uint64_t *inode)
{
	struct dirent *e;
	uint64_t pid;

	while ((e = procfs_list_next(proc))) {
		if (num_parse_u64(e->d_name, 1, UINT32_MAX, &pid) < 0)
			continue;
		if (inode)
			*inode = e->d_ino;
		return (uint32_t)pid;
	}
	return 0;
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

int procfs_mounts(int root, void (*found)(const struct procfs_mount *mount, void *context),
		  void *context)
{
	struct strbuf text = { 0 };
	int code = procfs_read(root, "proc/self/mountinfo", &text);
	char *save, *line = code == 0 ? strtok_r(text.s, "\n", &save) : NULL;

	for (; line; line = strtok_r(NULL, "\n", &save)) {
		char *fields[6], *word, *type, *options;

		for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
			fields[i] = strsep(&line, " ");
		do /* optional fields, up to a dash */
			word = strsep(&line, " ");
		while (word && strcmp(word, "-") != 0);
		type = strsep(&line, " ");
		strsep(&line, " "); /* the source, which may be empty */
		options = strsep(&line, " ");
		if (!options)
			continue;
		/* Root and mount point. */
		unescape(fields[3]);
		unescape(fields[4]);
		found(&(struct procfs_mount){ fields[3], fields[4], type, options }, context);
	}
	strbuf_free(&text);
	return code;
}

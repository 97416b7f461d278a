/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/cgroups.h"

#include "base/alloc.h"
#include "collect/processes.h"
#include "collect/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILEID_KERNFS  0xfe /* exportfs.h, since 5.5; not in the uapi headers */
#define WALK_DEPTH_MAX 32
#define WALK_MAX       100000 /* directories; a host has hundreds */

struct cgroup {
	uint64_t id;
	const char *path; /* in the pool; NULL: unknown, or the cgroup no longer exists */
	bool used; /* since cgroups_begin() */
};

void cgroups_free(struct cgroups *c)
{
	free(c->list);
	string_pool_put(c->strings);
	free(c->mount_path);
	idmap_free(&c->by_id);
	if (c->searched && c->mount >= 0)
		close(c->mount);
	memset(c, 0, sizeof(*c));
}

/* What is not there, or may not be read, is not a failure. */
static void note(struct cgroups *c, int code)
{
	if (processes_failed(code))
		c->failed = code;
}

static void take_mount(const struct procfs_mount *mount, void *context)
{
	struct cgroups *c = context;

	if (!c->mount_path && !strcmp(mount->type, "cgroup2"))
		c->mount_path = xstrdup(mount->path);
}

static void find_mount(struct cgroups *c)
{
	c->mount = -ENOENT;
	note(c, procfs_mounts(c->root, take_mount, c));
	if (c->mount_path)
		c->mount = procfs_open(c->root, c->mount_path + strspn(c->mount_path, "/"));
	note(c, c->mount);
	c->searched = !c->failed;
}

static void add(struct cgroups *c, uint64_t id, const char *path)
{
	if (idmap_put(&c->by_id, id, (uint32_t)c->n) != IDMAP_NONE)
		return;
	c->list = array_grow(c->list, c->n, &c->size, sizeof(*c->list));
	c->list[c->n++] = (struct cgroup){ .id = id, .path = string_pool_adds(c->strings, path) };
}

static int open_by_id(struct cgroups *c, uint64_t id)
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + sizeof(uint64_t)];
	} u = { .handle = { .handle_bytes = sizeof(uint64_t), .handle_type = FILEID_KERNFS } };
	int fd;

	memcpy(u.bytes + offsetof(struct file_handle, f_handle), &id, sizeof(id));
	fd = open_by_handle_at(c->mount, &u.handle, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void add_open(struct cgroups *c, uint64_t id, int fd)
{
	char link[64], path[PATH_MAX];
	size_t mount_len = strlen(c->mount_path);
	ssize_t len;

	snprintf(link, sizeof(link), "proc/self/fd/%d", fd);
	len = readlinkat(c->root, link, path, sizeof(path) - 1);
	if (len < 0) {
		note(c, -errno);
		return;
	}
	path[len] = '\0';
	/* Any other path is above the root of our cgroup namespace. */
	if (!strncmp(path, c->mount_path, mount_len))
		add(c, id, path[mount_len] ? path + mount_len : "/");
}

static void walk(struct cgroups *c, int fd, char *path, int depth)
{
	struct procfs_list list;
	size_t len = strlen(path);
	struct dirent *e;

	procfs_list_fd(&list, fd);
	while ((e = procfs_list_next(&list)) && c->n < WALK_MAX) {
		int child;

		if (e->d_type != DT_DIR || len + 1 + strlen(e->d_name) >= PATH_MAX)
			continue;
		sprintf(path + len, "/%s", e->d_name);
		add(c, e->d_ino, path);
		child = depth < WALK_DEPTH_MAX ?
				openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
				-1;
		if (child >= 0)
			walk(c, child, path, depth + 1);
		else if (depth < WALK_DEPTH_MAX)
			note(c, -errno);
		path[len] = '\0';
	}
	note(c, procfs_list_end(&list));
}

static void walk_tree(struct cgroups *c)
{
	char path[PATH_MAX] = "";
	struct stat st;
	int fd = openat(c->mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	c->walked = true;
	if (fd < 0) {
		note(c, -errno);
		return;
	}
	if (fstat(fd, &st) < 0)
		note(c, -errno);
	else
		add(c, st.st_ino, "/");
	walk(c, fd, path, 0);
}

static void look_up(struct cgroups *c, uint64_t id)
{
	int fd = open_by_id(c, id);

	if (fd >= 0) {
		add_open(c, id, fd);
		close(fd);
	} else if (fd != -ESTALE && !c->walked) {
		walk_tree(c);
	}
	if (!c->failed) /* else the next sample looks again */
		add(c, id, NULL); /* unless it was found above */
}

void cgroups_begin(struct cgroups *c, struct string_pool *strings)
{
	struct string_pool *before = c->strings;
	const bool keep_all = strings == before && c->n < WALK_MAX;
	const size_t n = c->n;

	c->walked = false;
	c->failed = 0;
	c->strings = string_pool_get(strings);
	if (!keep_all) {
		idmap_reset(&c->by_id, 0);
		c->n = 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct cgroup *old = &c->list[i];

		if (!keep_all && old->used)
			add(c, old->id, old->path);
		old->used = false;
	}
	string_pool_put(before);
}

const char *cgroups_path(struct cgroups *c, uint64_t id)
{
	uint32_t i = idmap_get(&c->by_id, id);

	if (i == IDMAP_NONE) {
		if (!c->searched && !c->failed)
			find_mount(c);
		if (!c->searched || c->mount < 0)
			return NULL;
		look_up(c, id);
		i = idmap_get(&c->by_id, id);
	}
	if (i == IDMAP_NONE)
		return NULL;
	c->list[i].used = true;
	return c->list[i].path;
}

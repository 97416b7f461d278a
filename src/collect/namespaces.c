/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/namespaces.h"

#include "base/alloc.h"
#include "base/num.h"
#include "base/text.h"
#include "collect/procfs.h"
#include "collect/units.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_DIR "run/netns"

struct member {
	uint32_t pid;
	uint32_t namespace; /* index */
};

/* One search. */
struct search {
	struct namespaces *found;
	const struct namespaces *before; /* found by the last search */
	int root;
	dev_t device; /* of nsfs */
	bool has_device;
	struct member *members;
	size_t n, size;
	struct strbuf text; /* scratch */
};

void namespaces_free(struct namespaces *ns)
{
	for (size_t i = 0; i < ns->n; i++) {
		free(ns->list[i].path);
		free(ns->list[i].name);
	}
	free(ns->list);
	idmap_free(&ns->by_inode);
	memset(ns, 0, sizeof(*ns));
}

struct namespace *namespaces_get(const struct namespaces *ns, uint64_t inode)
{
	uint32_t i = idmap_get(&ns->by_inode, inode);

	return i == IDMAP_NONE ? NULL : &ns->list[i];
}

/* Returns the namespace with that inode, which is added if it is new; valid until the next call. */
static struct namespace *obtain(struct namespaces *ns, uint64_t inode)
{
	uint32_t i = idmap_put(&ns->by_inode, inode, (uint32_t)ns->n);

	if (i != IDMAP_NONE)
		return &ns->list[i];
	ns->list = array_grow(ns->list, ns->n, &ns->size, sizeof(*ns->list));
	ns->list[ns->n].inode = inode;
	return &ns->list[ns->n++];
}

/* Of a file: what is not there, or may not be read, is not a failure. */
static void note(struct search *search, int code)
{
	if (processes_failed(code))
		search->found->failed = code;
}

/* Of a directory: it may be missing. */
static void note_list(struct search *search, int code)
{
	if (code < 0 && code != -ENOENT)
		search->found->failed = code;
}

/* A namespace with several names gets the first in the alphabet. */
static void find_named(struct search *search)
{
	struct procfs_list names;
	struct dirent *e;

	procfs_list(&names, search->root, NAMES_DIR);
	while ((e = procfs_list_next(&names))) {
		struct namespace *ns;
		struct stat st;

		if (e->d_name[0] == '.') /* hidden */
			continue;
		if (fstatat(dirfd(names.dir), e->d_name, &st, 0) < 0) {
			note(search, -errno);
			continue;
		}
		if (search->has_device && st.st_dev != search->device)
			continue; /* not a namespace: a file left over from an earlier boot */
		ns = obtain(search->found, st.st_ino);
		if (ns->name && strcmp(ns->name, e->d_name) <= 0)
			continue;
		free(ns->name);
		free(ns->path);
		ns->name = xstrdup(e->d_name);
		ns->path = xasprintf(NAMES_DIR "/%s", e->d_name);
		ns->has_name = true;
	}
	note_list(search, procfs_list_end(&names));
}

static void take_mount(const struct procfs_mount *mount, void *context)
{
	struct search *search = context;
	unsigned long long inode;
	struct namespace *ns;

	if (strcmp(mount->type, "nsfs") != 0 || sscanf(mount->root, "net:[%llu]", &inode) != 1)
		return;
	ns = obtain(search->found, inode);
	if (!ns->path)
		ns->path = xstrdup(mount->path + strspn(mount->path, "/"));
}

static void find_mounted(struct search *search)
{
	note_list(search, procfs_mounts(search->root, take_mount, search));
}

static void add_process(struct search *search, uint32_t pid, uint64_t inode)
{
	struct namespace *ns = obtain(search->found, inode);
	const struct namespace *before = namespaces_get(search->before, inode);

	/* Process 1 is the oldest of all; and the process that was the oldest still is. */
	if (!ns->has_oldest && (pid == 1 || (before && before->pid == pid))) {
		ns->has_oldest = true;
		ns->pid = pid;
	}
	search->members =
		array_grow(search->members, search->n, &search->size, sizeof(*search->members));
	search->members[search->n++] = (struct member){ pid, (uint32_t)(ns - search->found->list) };
}

static void find_inhabited(struct search *search)
{
	struct procfs_list proc;
	uint32_t pid;
	int code;

	procfs_list(&proc, search->root, "proc");
	while ((pid = procfs_next_process(&proc, NULL))) {
		char path[32];
		struct stat st;

		snprintf(path, sizeof(path), "%u/ns/net", pid);
		if (fstatat(dirfd(proc.dir), path, &st, 0) == 0)
			add_process(search, pid, st.st_ino);
		else if (processes_hidden(-errno))
			search->found->hidden++;
		else
			note(search, -errno);
	}
	code = procfs_list_end(&proc); /* the next call needs a free descriptor */
	note_list(search, code);
	if (code == -ENOENT)
		return;
	/* Processes outside of our container are not even listed; with hidepid, others neither. */
	code = processes_visibility(search->root, &search->found->visible);
	if (code < 0)
		search->found->failed = code;
	search->found->some_hidden =
		!code && (search->found->hidden || search->found->visible != PROCESSES_ALL);
}

#define KERNEL_THREAD 0x200000 /* PF_KTHREAD, sched.h */

/*
 * Reads fields 9 and 22 of /proc/PID/stat, flags and start time. The name in field 2 may contain
 * parentheses. Kernel threads count as the youngest: they say nothing about a namespace.
 */
static bool start_time(struct search *search, uint32_t pid, uint64_t *started)
{
	unsigned long long ticks;
	unsigned int flags;
	char *end;
	int code = procfs_read_process(search->root, pid, "stat", &search->text);

	note(search, code);
	if (code < 0)
		return false;
	end = strrchr(search->text.s, ')');
	if (!end || sscanf(end + 1,
			   " %*s %*s %*s %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			   "%*s %*s %llu",
			   &flags, &ticks) != 2)
		return false;
	*started = flags & KERNEL_THREAD ? UINT64_MAX : ticks;
	return true;
}

static void find_oldest(struct search *search)
{
	for (size_t i = 0; i < search->n; i++) {
		const struct member *process = &search->members[i];
		struct namespace *ns = &search->found->list[process->namespace];
		uint64_t started;

		if (ns->has_oldest || !start_time(search, process->pid, &started))
			continue;
		if (!ns->pid || started < ns->started ||
		    (started == ns->started && process->pid < ns->pid)) {
			ns->pid = process->pid;
			ns->started = started;
		}
	}
}

/* Container engines print the first twelve digits of an id. */
static char *container_name(struct part container)
{
	const size_t id_len = 64, shown = 12;
	struct strbuf name = { 0 };

	if (container.len == id_len)
		container.len = shown;
	units_add_container(&name, container);
	return name.s;
}

static char *name_by_process(struct search *search, uint32_t pid, bool *of_process)
{
	struct units units = { .container = { NULL, 0 } };
	int code = procfs_read_process(search->root, pid, "cgroup", &search->text);

	note(search, code);
	if (code == 0)
		units = units_parse(search->text.s, search->text.len);
	*of_process = !units.container.s;
	if (units.container.s)
		return container_name(units.container);
	code = procfs_read_process(search->root, pid, "comm", &search->text);
	note(search, code);
	if (code < 0)
		return xasprintf("[%u]", pid);
	search->text.s[strcspn(search->text.s, "\n")] = '\0';
	return xasprintf("%s[%u]", search->text.s, pid);
}

static void name_all(struct search *search)
{
	for (size_t i = 0; i < search->found->n; i++) {
		struct namespace *ns = &search->found->list[i];
		const struct namespace *before = namespaces_get(search->before, ns->inode);

		if (!ns->path)
			ns->path = xasprintf("proc/%u/ns/net", ns->pid);
		if (ns->name)
			continue;
		if (before && !before->has_name && ns->pid && before->pid == ns->pid &&
		    !search->before->failed) {
			ns->name = xstrdup(before->name);
			ns->of_process = before->of_process;
		} else if (ns->pid) {
			ns->name = name_by_process(search, ns->pid, &ns->of_process);
		} else {
			ns->name = xasprintf("/%s", ns->path);
		}
	}
}

static int compare(const void *a, const void *b)
{
	const struct namespace *x = a, *y = b;

	return num_compare(x->inode, y->inode);
}

static void sort(struct namespaces *ns)
{
	if (ns->n)
		qsort(ns->list, ns->n, sizeof(*ns->list), compare);
	idmap_reset(&ns->by_inode, ns->n);
	for (size_t i = 0; i < ns->n; i++)
		idmap_put(&ns->by_inode, ns->list[i].inode, (uint32_t)i);
}

static bool stat_home(int root, struct stat *st)
{
	return fstatat(root, "proc/self/ns/net", st, 0) == 0;
}

void namespaces_find(struct namespaces *ns, int root)
{
	struct namespaces before = *ns;
	struct search search = { .found = ns, .before = &before, .root = root };
	struct stat home;

	memset(ns, 0, sizeof(*ns));
	search.has_device = stat_home(root, &home);
	if (search.has_device)
		search.device = home.st_dev;
	else
		note(&search, -errno);
	find_named(&search);
	find_mounted(&search);
	find_inhabited(&search);
	find_oldest(&search);
	name_all(&search);
	sort(ns);
	namespaces_free(&before);
	free(search.members);
	strbuf_free(&search.text);
}

bool namespaces_verify(const struct namespaces *ns, int root, uint64_t inode, bool pid)
{
	const struct namespace *found = namespaces_get(ns, inode);
	char path[32];

	if (!found || !procfs_is_at(root, found->path, inode))
		return false;
	if (found->has_name && !pid)
		return true;
	snprintf(path, sizeof(path), "proc/%u/ns/net", found->pid);
	return found->pid && procfs_is_at(root, path, inode);
}

static char *locate(int root, const char *what)
{
	struct stat st;
	uint64_t pid;
	char *path, *directory;

	if (*what == '/')
		return xstrdup(what);
	if (strchr(what, '/')) {
		directory = getcwd(NULL, 0);
		path = xasprintf("%s/%s", directory ? directory : ".", what);
		free(directory);
		return path;
	}
	path = xasprintf(NAMES_DIR "/%s", what);
	if (fstatat(root, path, &st, 0) == 0 || num_parse_u64(what, 1, UINT32_MAX, &pid) < 0)
		return path;
	free(path);
	return xasprintf("proc/%llu/ns/net", (unsigned long long)pid);
}

int namespaces_resolve(int root, const char *what, char **path, uint64_t *inode, struct error *why)
{
	struct stat st, home;
	int code = 0;

	*path = locate(root, what);
	if (fstatat(root, *path, &st, 0) < 0)
		code = errno == ENOENT && !strchr(what, '/') ?
			       error_set(why, -ENOENT,
					 "no network namespace '%s': neither a name in /run/netns "
					 "nor a process; 'ip netns' lists names",
					 what) :
			       error_set(why, -errno, "cannot look at network namespace '%s': %s%s",
					 what, strerror(errno), error_advice(-errno));
	else if (stat_home(root, &home) && home.st_dev != st.st_dev)
		code = error_set(why, -EINVAL, "'%s' is not a network namespace", what);
	*inode = code == 0 ? st.st_ino : 0;
	if (code < 0) {
		free(*path);
		*path = NULL;
	}
	return code;
}

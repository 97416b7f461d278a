/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/processes.h"

#include "base/alloc.h"
#include "collect/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The first namespaces have fixed inodes (proc_ns.h; linux/nsfs.h since 6.17). */
#define INIT_USER_NS "user:[4026531837]"
#define INIT_PID_NS  "pid:[4026531836]"

#define CAP_SYS_PTRACE_BIT 19 /* linux/capability.h */

#define RING_TRIES 3

#define GAP_MAX 4 /* after so many numbers without a descriptor, list the directory */

void processes_free(struct processes *p)
{
	free(p->list);
	free(p->before);
	*p = (struct processes){ .root = p->root };
}

static int compare_pid(const void *va, const void *vb)
{
	const struct process_entry *a = va, *b = vb;

	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static void read_list(struct processes *p, struct procfs_list *proc)
{
	bool sorted = true;
	uint64_t inode;
	uint32_t pid;

	while ((pid = procfs_next_process(proc, &inode))) {
		sorted &= !p->n || p->list[p->n - 1].pid < pid;
		p->list = array_grow(p->list, p->n, &p->size, sizeof(*p->list));
		p->list[p->n++] =
			(struct process_entry){ .identity = inode, .pid = pid, .look = true };
	}
	if (!sorted) /* only in a copy of /proc */
		qsort(p->list, p->n, sizeof(*p->list), compare_pid);
}

static void keep_old_entries(struct processes *p)
{
	size_t b = 0;

	for (size_t i = 0; i < p->n; i++) {
		while (b < p->n_before && p->before[b].pid < p->list[i].pid)
			b++;
		if (b < p->n_before && p->before[b].pid == p->list[i].pid &&
		    p->before[b].identity == p->list[i].identity)
			p->list[i] = p->before[b];
	}
}

int processes_list(struct processes *p)
{
	struct processes old = *p;
	struct procfs_list proc;
	struct statfs fs;
	struct stat st;

	procfs_list(&proc, p->root, "proc");
	if (proc.code < 0)
		return procfs_list_end(&proc);
	p->procfs = fstatfs(dirfd(proc.dir), &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
	p->counts = p->procfs && fstatat(dirfd(proc.dir), "self/fd", &st, 0) == 0 && st.st_size > 0;
	p->before = old.list;
	p->n_before = old.n;
	p->before_size = old.size;
	p->list = old.before;
	p->size = old.before_size;
	p->n = 0;
	read_list(p, &proc);
	keep_old_entries(p);
	return procfs_list_end(&proc);
}

struct process_entry *processes_find(struct processes *p, uint32_t pid)
{
	struct process_entry key = { .pid = pid };

	return p->n ? bsearch(&key, p->list, p->n, sizeof(key), compare_pid) : NULL;
}

int processes_open(const struct processes *p, uint32_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "proc/%u/fd", pid);
	return procfs_open(p->root, path);
}

/* Returns the inode in "socket:[INODE]", the link of a socket (sockfs_dname()); 0: no socket. */
static uint32_t socket_inode(const char *link, size_t len)
{
	static const char prefix[] = "socket:[";
	const size_t prefix_len = strlen(prefix);
	uint64_t inode = 0;

	if (len <= prefix_len || len > prefix_len + 11 || memcmp(link, prefix, prefix_len) != 0 ||
	    link[len - 1] != ']')
		return 0;
	for (size_t i = prefix_len; i < len - 1; i++) {
		if (link[i] < '0' || link[i] > '9')
			return 0;
		inode = inode * 10 + (uint64_t)(link[i] - '0');
	}
	return inode <= UINT32_MAX ? (uint32_t)inode : 0;
}

/*
 * Reads the link of a descriptor. statx(2), which follows the link, would be a tenth cheaper, but
 * it asks the file system of each open file, and would hang on a dead network file system.
 */
static int read_link(int dir, const char *name, uint32_t *inode)
{
	static const char ring[] = "anon_inode:[io_uring]";
	char link[sizeof(ring)];
	ssize_t len = readlinkat(dir, name, link, sizeof(link));

	if (len < 0)
		return -errno;
	if (len == sizeof(ring) - 1 && !memcmp(link, ring, sizeof(ring) - 1))
		return PROCESSES_RING;
	*inode = socket_inode(link, (size_t)len);
	return *inode ? PROCESSES_SOCKET : PROCESSES_OTHER;
}

int processes_socket(int dir, uint32_t fd, uint32_t *inode)
{
	char name[12], *at = name + sizeof(name) - 1;

	*at = '\0';
	do
		*--at = (char)('0' + fd % 10);
	while (fd /= 10);
	return read_link(dir, at, inode);
}

/* One process whose sockets are looked for. */
struct search {
	int dir; /* of its descriptors */
	int64_t n; /* how many it has; -1: unknown */
	int64_t seen; /* how many were read */
	void (*found)(void *context, uint32_t fd, uint32_t inode);
	void *context;
};

static void report(const struct search *s, int kind, uint32_t fd, uint32_t inode)
{
	if (kind == PROCESSES_SOCKET || kind == PROCESSES_RING)
		s->found(s->context, fd, kind == PROCESSES_RING ? 0 : inode);
}

/*
 * Reads descriptors 0, 1, 2 ... up to a gap, or to the last. Returns the number after the gap, or
 * -errno.
 */
static int64_t read_up_to_gap(struct search *s)
{
	uint32_t fd = 0, missing = 0, inode = 0;

	while (missing < GAP_MAX && (!fd || missing < fd) && s->seen != s->n) {
		int code = processes_socket(s->dir, fd, &inode);

		if (processes_hidden(code) || processes_failed(code))
			return code;
		report(s, code, fd, inode);
		s->seen += code >= 0;
		missing = code < 0 ? missing + 1 : 0;
		fd++;
	}
	return fd;
}

/* Since 6.2 the size of the directory is the number of descriptors; before that it is 0. */
static int64_t count_fds(const struct processes *p, int dir)
{
	struct stat st;

	return p->counts && fstat(dir, &st) == 0 ? st.st_size : -1;
}

/* The position of a descriptor in the directory is its number plus 2 (proc_readfd_common()). */
static int seek_fd(int dir, int64_t fd)
{
	return lseek(dir, 2 + fd, SEEK_SET) < 0 ? -errno : 0;
}

/* Does the directory list no descriptor from this one on? */
static bool none_from(int dir, int64_t fd)
{
	char entry[64];

	return seek_fd(dir, fd) == 0 && syscall(SYS_getdents64, dir, entry, sizeof(entry)) == 0;
}

/* Reads the descriptors that the directory lists from its current position on. */
static int read_listed(const struct search *s, struct procfs_list *list)
{
	struct dirent *e;

	while ((e = procfs_list_next(list))) {
		uint32_t inode = 0;
		int code = read_link(s->dir, e->d_name, &inode);

		if (processes_hidden(code) || processes_failed(code))
			return code;
		if (code > 0)
			report(s, code, (uint32_t)strtoul(e->d_name, NULL, 10), inode);
	}
	return 0;
}

/*
 * The kernel gives out the lowest free number. So most descriptors can be read without listing the
 * directory, which saves a seventh of the cost; only those after a gap are listed. As many as were
 * counted may have been read before the last one, where the process opens and closes others
 * meanwhile: so the directory says whether there are more.
 */
int processes_sockets(const struct processes *p, uint32_t pid,
		      void (*found)(void *context, uint32_t fd, uint32_t inode), void *context)
{
	struct search s = { .dir = processes_open(p, pid), .found = found, .context = context };
	int64_t code = s.dir < 0 ? s.dir : 0;
	struct procfs_list list;
	bool all = false;
	int listed;

	if (!code && p->procfs) {
		s.n = count_fds(p, s.dir);
		code = read_up_to_gap(&s);
		all = code >= 0 && s.seen == s.n && none_from(s.dir, code);
	}
	if (code >= 0 && p->procfs && !all)
		code = seek_fd(s.dir, code);
	if (code < 0 || all) {
		if (s.dir >= 0)
			close(s.dir);
		return code < 0 ? (int)code : 0;
	}
	procfs_list_fd(&list, s.dir);
	code = read_listed(&s, &list);
	listed = procfs_list_end(&list);
	return code < 0 ? (int)code : listed;
}

/*
 * Finds the registered sockets in the fdinfo of a ring. Returns -EAGAIN when some may be missing:
 * the kernel does not wait for a busy ring.
 *
 * io_uring/fdinfo.c prints "UserFiles:\t" and the size of the table, then a line for each file in
 * it: "    3: socket:[4711]". Kernels before about 5.19 print "<none>" for an empty slot, and
 * nothing for a socket.
 */
static int parse_ring(const char *text, void (*found)(void *context, uint32_t inode), void *context)
{
	static const char key[] = "\nUserFiles:";
	const char *line = strstr(text, key);
	unsigned long slots;
	size_t n = 0;
	char *end;

	if (!line)
		return -EAGAIN;
	slots = strtoul(line + strlen(key), &end, 10);
	for (line = end; *line == '\n'; n++) {
		const char *name;
		uint32_t inode;

		strtoul(line + 1, &end, 10);
		if (end == line + 1 || *end != ':')
			break;
		name = end + strspn(end, ": ");
		line = name + strcspn(name, "\n");
		if (name == line)
			return -EAGAIN;
		inode = socket_inode(name, (size_t)(line - name));
		if (inode)
			found(context, inode);
	}
	return slots && !n ? -EAGAIN : 0;
}

int processes_registered(const struct processes *p, uint32_t pid, uint32_t ring,
			 struct strbuf *text, void (*found)(void *context, uint32_t inode),
			 void *context)
{
	char name[32];
	int code = -EAGAIN;

	snprintf(name, sizeof(name), "fdinfo/%u", ring);
	for (int i = 0; i < RING_TRIES && code == -EAGAIN; i++) {
		code = procfs_read_process(p->root, pid, name, text);
		if (code == 0)
			code = parse_ring(text->s, found, context);
	}
	return code;
}

/* Returns 1, 0, or -errno when we failed ourselves. */
static int link_is(int root, const char *path, const char *target)
{
	char link[64];
	ssize_t len = readlinkat(root, path, link, sizeof(link));

	if (len < 0)
		return processes_failed(-errno) ? -errno : 0;
	return len == (ssize_t)strlen(target) && !memcmp(link, target, (size_t)len);
}

/* Have we CAP_SYS_PTRACE? Returns 1, 0, or -errno, as where /proc is not mounted. */
static int has_ptrace(int root)
{
	static const char key[] = "\nCapEff:";
	struct strbuf status = { 0 };
	unsigned long long effective = 0;
	int code = procfs_read(root, "proc/self/status", &status);
	char *line = code == 0 ? strstr(status.s, key) : NULL;

	if (line)
		effective = strtoull(line + strlen(key), NULL, 16);
	strbuf_free(&status);
	if (code < 0)
		return code;
	return effective >> CAP_SYS_PTRACE_BIT & 1;
}

int processes_visibility(int root, enum processes_visible *visible)
{
	int ptrace = has_ptrace(root);
	int pids = link_is(root, "proc/self/ns/pid", INIT_PID_NS);
	int users = link_is(root, "proc/self/ns/user", INIT_USER_NS);

	if (ptrace < 0 || pids < 0 || users < 0)
		return ptrace < 0 ? ptrace : pids < 0 ? pids : users;
	*visible = PROCESSES_ALL;
	if (!ptrace)
		*visible = PROCESSES_NO_PRIVILEGE;
	else if (!pids || !users)
		*visible = PROCESSES_NAMESPACE;
	return 0;
}

const char *processes_advice(enum processes_visible visible, bool hidden)
{
	if (visible == PROCESSES_NO_PRIVILEGE)
		return "run as root to see them";
	return hidden ? "something forbids it, as in some containers" :
			"they are outside of this container";
}

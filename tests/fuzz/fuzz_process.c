/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "base/text.h"
#include "collect/conditions.h"
#include "collect/namespaces.h"
#include "collect/processes.h"
#include "collect/procfs.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * The small files of procfs and of cgroups. They are all one file here, so that one text is read by
 * each of their parsers: stat, limits, status, cgroup, fdinfo of a ring, cpu.stat, sysctls and so
 * on. What stands before a byte 0x1c is what they were when the window opened.
 */

#define SEPARATOR 0x1c
#define PID	  7
#define RING	  3

/* Nobody waits for a process that is traced. */
int nanosleep(const struct timespec *pause, struct timespec *rest)
{
	(void)pause, (void)rest;
	return 0;
}

static int make_tree(void)
{
	static const char *const files[] = {
		"proc/7/cgroup",
		"proc/7/comm",
		"proc/7/fdinfo/3",
		"proc/7/limits",
		"proc/7/status",
		"proc/7/ns/net",
		"proc/8/stat",
		"proc/8/ns/net",
		"proc/self/status",
		"proc/self/ns/net",
		"proc/sys/net/core/somaxconn",
		"proc/sys/net/ipv4/tcp_max_syn_backlog",
		"v2/cpu.stat",
		"v2/a/cpu.stat",
		"v2/a/cgroup.events",
		"v2/a/cgroup.freeze",
		"freezer/a/freezer.state",
		"freezer/a/freezer.self_freezing",
		"cpu/a/cpu.stat",
	};
	static const char mounts[] =
		"1 1 0:1 / /v2 rw - cgroup2 cgroup2 rw\n"
		"2 1 0:2 / /cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
		"3 1 0:3 /below /freezer rw - cgroup cgroup rw,freezer\n"
		"4 1 0:4 net:[4026532001] /run/docker/netns/x rw - nsfs nsfs rw\n";
	int root = fuzz_tree();

	fuzz_tree_write("proc/7/stat", "", 0);
	fuzz_tree_write("proc/7/fd/0", "", 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		fuzz_tree_link("proc/7/stat", files[i]);
	fuzz_tree_write("proc/self/mountinfo", mounts, sizeof(mounts) - 1);
	return root;
}

static void write_text(const uint8_t *data, size_t size)
{
	fuzz_tree_write("proc/7/stat", data, size);
}

/* Does the text contain that number, in decimal? */
static bool has_number(const struct strbuf *text, const char *before, uint64_t value)
{
	bool found = false;

	for (const char *at = text->s; !found && (at = strstr(at, before)) && *at; at++)
		found = at[strlen(before)] >= '0' && at[strlen(before)] <= '9' &&
			strtoull(at + strlen(before), NULL, 10) == value;
	return found;
}

/* Is there a line of three fields, as "0::/"? */
static bool has_cgroup_line(const char *line)
{
	for (; *line; line += *line == '\n') {
		const char *end = line + strcspn(line, "\n");
		const char *colon = memchr(line, ':', (size_t)(end - line));

		if (colon && memchr(colon + 1, ':', (size_t)(end - colon - 1)))
			return true;
		line = end;
	}
	return false;
}

static void check_process(const struct process *p, const struct strbuf *text)
{
	if (p->known & PROCESS_STATE) {
		const char *end = strrchr(text->s, ')');

		FUZZ_CHECK(end && end[1] == ' ' && end[2] == p->state && p->state);
	}
	if (p->known & PROCESS_FD_LIMIT)
		FUZZ_CHECK(strstr(text->s, "Max open files ") && has_number(text, "", p->fd_limit));
	FUZZ_CHECK(!p->frozen || p->known & PROCESS_FROZEN);
	FUZZ_CHECK(!p->throttled || (p->known & PROCESS_THROTTLED && p->quota));
	FUZZ_CHECK(!p->quota || p->throttled);
	FUZZ_CHECK(!p->freezer || p->frozen);
	/* What is known is known from a line of the cgroups. */
	FUZZ_CHECK(!(p->known & (PROCESS_FROZEN | PROCESS_THROTTLED)) || has_cgroup_line(text->s));
	FUZZ_CHECK(!p->cgroup || memmem(text->s, text->len, p->cgroup, strlen(p->cgroup)));
	FUZZ_CHECK(!p->unit || memmem(text->s, text->len, p->unit, strlen(p->unit)));
}

static void check_conditions(int root, const uint8_t *before, size_t before_size,
			     const uint8_t *data, size_t size, const struct strbuf *text)
{
	struct listener listener = { .length = 1, .n_owners = 1 };
	struct owner owner = { 0 };
	struct process process = { .pid = PID };
	struct snapshot s = { .listeners = &listener,
			      .n_listeners = 1,
			      .owners = &owner,
			      .n_owners = 1,
			      .processes = &process,
			      .n_processes = 1 };
	struct string_pool *strings = string_pool_new();
	struct conditions c = { .root = root };

	write_text(before, before_size);
	conditions_begin(&c, strings);
	conditions_collect(&c, &s, false);
	FUZZ_CHECK(!(process.known & ~PROCESS_THROTTLED));
	process = (struct process){ .pid = PID };
	write_text(data, size);
	conditions_begin(&c, strings);
	conditions_collect(&c, &s, true);
	check_process(&process, text);
	conditions_free(&c);
	string_pool_put(strings);
}

static void check_registered(void *context, uint32_t inode)
{
	FUZZ_CHECK(inode && has_number(context, "socket:[", inode));
}

/* A kernel that shows nothing for a socket, as its file has no path. */
static bool hides_sockets(const struct strbuf *text)
{
	static const char hidden[] = "\nUserFiles:\t1\n    0: \n";
	const char *files = strstr(text->s, "\nUserFiles:");

	return files && !strncmp(files, hidden, strlen(hidden));
}

static void check_ring(int root, struct strbuf *text)
{
	const struct processes processes = { .root = root };
	struct strbuf scratch = { 0 };
	enum processes_visible visible;
	int code = processes_registered(&processes, PID, RING, &scratch, check_registered, text);

	FUZZ_CHECK(code == 0 || code == -EAGAIN);
	FUZZ_CHECK(code < 0 || (strstr(text->s, "\nUserFiles:") && !hides_sockets(text)));
	FUZZ_CHECK(processes_visibility(root, &visible) == 0 && visible != PROCESSES_ALL);
	FUZZ_CHECK(visible == PROCESSES_NO_PRIVILEGE || strstr(text->s, "\nCapEff:"));
	strbuf_free(&scratch);
}

static void check_sysctls(int root, const struct strbuf *text)
{
	struct snapshot s = { 0 };
	struct sysctls sysctls = { 0 };
	int fds[SYSCTL_N];

	for (unsigned int i = 0; i < SYSCTL_N; i++)
		fds[i] = -ENOENT;
	procfs_open_sysctls(root, fds);
	procfs_sysctls(fds, &s, &sysctls);
	for (unsigned int i = 0; i < SYSCTL_N; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		FUZZ_CHECK(fds[i] >= 0 || !sysctl_known(&sysctls, i));
		if (sysctl_known(&sysctls, i) && !sysctls.value[i])
			FUZZ_CHECK(strchr(text->s, '0'));
		else if (sysctl_known(&sysctls, i))
			FUZZ_CHECK(has_number(text, "",
					      (uint64_t)(sysctls.value[i] < 0 ?
								 -(uint64_t)sysctls.value[i] :
								 (uint64_t)sysctls.value[i])));
	}
	/* Each that is unknown is a warning. */
	FUZZ_CHECK(s.n_warnings == (size_t)(SYSCTL_N - __builtin_popcount(sysctls.known)));
	snapshot_free(&s);
}

struct link_check {
	const char *target;
	size_t found;
};

static void check_socket(void *context, uint32_t fd, uint32_t inode)
{
	struct link_check *check = context;
	const char *target = check->target, *number = target + strlen("socket:[");
	char *end;

	check->found++;
	FUZZ_CHECK(fd == 0);
	if (!inode) {
		FUZZ_CHECK(!strcmp(target, "anon_inode:[io_uring]"));
		return;
	}
	FUZZ_CHECK(!strncmp(target, "socket:[", strlen("socket:[")));
	FUZZ_CHECK(strtoull(number, &end, 10) == inode && !strcmp(end, "]"));
}

/* The text, up to a newline, is what the link of a descriptor says. */
static void check_descriptor(int root, const struct strbuf *text)
{
	const struct processes processes = { .root = root };
	char target[64] = "", canonical[32];
	struct link_check check = { target, 0 };
	unsigned int inode;
	int end = 0;

	memcpy(target, text->s, text->len < sizeof(target) - 1 ? text->len : sizeof(target) - 1);
	target[strcspn(target, "\n")] = '\0';
	if (!*target)
		return;
	unlinkat(root, "proc/7/fd/0", 0);
	FUZZ_CHECK(symlinkat(target, root, "proc/7/fd/0") == 0);
	FUZZ_CHECK(processes_sockets(&processes, PID, check_socket, &check) == 0);
	if (sscanf(target, "socket:[%u]%n", &inode, &end) == 1 && inode && !target[end] && end) {
		snprintf(canonical, sizeof(canonical), "socket:[%u]", inode);
		FUZZ_CHECK(check.found || strcmp(target, canonical) != 0);
	}
}

/* A process has a start time, or it says nothing about its namespace. */
static void check_namespaces(int root, const struct strbuf *text)
{
	/* No name of the kernel has a NUL. */
	const bool named = !memchr(text->s, '\0', text->len);
	struct namespaces found = { 0 };

	namespaces_find(&found, root);
	FUZZ_CHECK(found.n == 2 && found.failed == 0);
	for (size_t i = 0; i < found.n; i++) {
		const struct namespace *ns = &found.list[i];

		FUZZ_CHECK((*ns->name || !named) && *ns->path);
		FUZZ_CHECK(ns->inode == 4026532001 ? !ns->pid :
						     !ns->pid || ns->pid == 7 || ns->pid == 8);
	}
	namespaces_free(&found);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	static int root = -1;
	const uint8_t *separator = size ? memchr(data, SEPARATOR, size) : NULL;
	const uint8_t *now = separator ? separator + 1 : data;
	const size_t now_size = size - (size_t)(now - data);
	struct strbuf text = { 0 };

	if (root < 0)
		root = make_tree();
	strbuf_add(&text, (const char *)now, now_size);
	check_conditions(root, data, separator ? (size_t)(separator - data) : size, now, now_size,
			 &text);
	check_ring(root, &text);
	check_sysctls(root, &text);
	check_descriptor(root, &text);
	check_namespaces(root, &text);
	strbuf_free(&text);
}

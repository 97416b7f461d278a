/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "collect/owners.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A tree that looks like /proc: descriptors are links that lead nowhere. A directory that is made
 * anew gets another inode, as the kernel gives a process of the same pid another one.
 */
static char *tree;
static struct owners o;
static struct snapshot s;
static uint64_t now;
static unsigned int reads; /* of links below proc/PID/fd */
static const char *forbidden; /* link that may not be read */
static int passing; /* a descriptor that is open only while it is read; 0: none */

/* Is it the directory of our own descriptors? */
static bool is_own_fd(int dir)
{
	char path[32], link[64], own[32];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	snprintf(own, sizeof(own), "/proc/%d/fd", getpid());
	len = syscall(SYS_readlinkat, AT_FDCWD, path, link, sizeof(link));
	return len == (ssize_t)strlen(own) && !memcmp(link, own, (size_t)len);
}

ssize_t readlinkat(int dir, const char *path, char *buf, size_t size)
{
	reads += dir != o.root;
	if (passing && is_own_fd(dir)) {
		if (atoi(path) == passing)
			dup2(STDIN_FILENO, passing);
		if (atoi(path) == passing + 1)
			close(passing);
	}
	if (forbidden && !strcmp(path, forbidden)) {
		errno = EACCES;
		return -1;
	}
	return syscall(SYS_readlinkat, dir, path, buf, size);
}

static const char *broken; /* directory for which there are no descriptors left */

int openat(int dir, const char *path, int flags, ...)
{
	if (broken && !strcmp(path, broken)) {
		errno = EMFILE;
		return -1;
	}
	return (int)syscall(SYS_openat, dir, path, flags, 0);
}

static void link_to(const char *path, const char *target)
{
	unlinkat(o.root, path, 0);
	assert_int_equal(symlinkat(target, o.root, path), 0);
}

static void add_process(unsigned int pid, const char *comm)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/comm", pid);
	unit_write_text(tree, path, comm);
	snprintf(path, sizeof(path), "proc/%u/fd", pid);
	assert_int_equal(mkdirat(o.root, path, 0700), 0);
}

static void add_fd(unsigned int pid, unsigned int fd, const char *target)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/fd/%u", pid, fd);
	link_to(path, target);
}

static void end_fd(unsigned int pid, unsigned int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/fd/%u", pid, fd);
	assert_int_equal(unlinkat(o.root, path, 0), 0);
}

/* Moved away, not removed: a file system may give the next directory the same inode. */
static void end_process(unsigned int pid)
{
	static unsigned int ended;
	char from[64], to[64];

	snprintf(from, sizeof(from), "proc/%u", pid);
	snprintf(to, sizeof(to), "ended-%u", ended++);
	assert_int_equal(renameat(o.root, from, o.root, to), 0);
}

static void add_listener(uint64_t cookie, uint32_t inode)
{
	struct listener *l = snapshot_add_listener(&s, 0, cookie);

	assert_non_null(l);
	l->inode = inode;
}

static int setup(void **state)
{
	memset(&o, 0, sizeof(o));
	memset(&s, 0, sizeof(s));
	tree = unit_make_tree();
	o.root = open(tree, O_PATH | O_DIRECTORY);
	o.cgroups = o.warn = true;
	unit_write_text(tree, "proc/uptime", "1 1\n");
	unit_allow(tree, UNIT_ALLOWED);
	now = 5 * NSEC_PER_SEC;
	forbidden = broken = NULL;
	snapshot_add_netns(&s);
	return 0;
}

static int teardown(void **state)
{
	close(o.root);
	owners_free(&o);
	snapshot_free(&s);
	unit_remove_tree(tree);
	return 0;
}

/* The next sample, a second later; the listeners stay. */
static void sample(void)
{
	for (size_t i = 0; i < s.n_warnings; i++) {
		free(s.warnings[i].code);
		free(s.warnings[i].message);
	}
	s.n_warnings = 0;
	s.known = 0;
	for (size_t i = 0; i < s.n_listeners; i++) {
		s.listeners[i].known = 0;
		s.listeners[i].n_owners = s.listeners[i].first_owner = 0;
	}
	s.monotonic_ns = now;
	reads = 0;
	owners_collect(&o, &s);
	now += NSEC_PER_SEC;
}

/* The owners of a listener as "pid:fd:comm ...", "-" when they are unknown. */
static void assert_owners(uint64_t cookie, const char *expected)
{
	const struct listener *l = snapshot_find(&s, 0, cookie);
	char text[512] = "", *at = text;

	assert_non_null(l);
	for (uint32_t i = 0; i < l->n_owners; i++) {
		const struct owner *owner = &s.owners[l->first_owner + i];
		const struct process *process = &s.processes[owner->process];

		at += sprintf(at, "%s%u:%u:%s", i ? " " : "", process->pid, owner->fd,
			      process->comm);
	}
	if (!(l->known & LISTENER_OWNERS))
		strcpy(text, "-");
	assert_string_equal(text, expected);
}

static void assert_warning(const char *code, const char *part)
{
	assert_u64_equal(s.n_warnings, 1);
	assert_string_equal(s.warnings[0].code, code);
	if (!strstr(s.warnings[0].message, part))
		fail_msg("'%s' does not say '%s'", s.warnings[0].message, part);
}

static void assert_warned(const char *part)
{
	if (part)
		assert_warning("owners-hidden", part);
	else
		assert_u64_equal(s.n_warnings, 0);
}

/* Forked workers, two descriptors of one process, and process 1 behind all. */
static void test_all_holders(void **state)
{
	add_process(1, "systemd\n");
	add_process(30, "nginx\n");
	add_process(4, "nginx\n");
	add_process(200, "cat\n");
	add_fd(1, 60, "socket:[100]");
	add_fd(30, 6, "socket:[100]");
	add_fd(4, 6, "socket:[100]");
	add_fd(4, 7, "socket:[100]");
	add_fd(4, 8, "socket:[200]");
	add_fd(200, 0, "/dev/null");
	add_fd(200, 1, "socket:[300]");
	add_fd(200, 2, "pipe:[100]");
	add_fd(200, 3, "/tmp/socket:[100]");
	add_fd(200, 4, "anon_inode:[eventpoll]");
	add_listener(0xa, 100);
	add_listener(0xb, 200);
	add_listener(0xc, 400);
	sample();
	assert_owners(0xb, "4:8:nginx");
	assert_owners(0xc, "");
	assert_warned(NULL);
	assert_int_equal(snapshot_find(&s, 0, 0xa)->n_owners, 4);
	assert_int_equal(s.processes[s.n_processes - 1].pid, 1);
	assert_u64_equal(s.n_processes, 3);
	end_fd(4, 7); /* which of the two comes first the directory decides */
	sample();
	assert_owners(0xa, "4:6:nginx 30:6:nginx 1:60:systemd");
}

static void test_broken_links(void **state)
{
	static const char *const targets[] = {
		"socket:[]",	       "socket:[100", "socket:[100]]",
		"socket:[-100]",       "socket:[0]",  "socket:[1e2]",
		"socket:[4294967396]", "socket:",     "SOCKET:[100]"
	};

	add_process(7, "a\n");
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		add_fd(7, (unsigned int)i, targets[i]);
	add_listener(0xa, 100);
	add_listener(0xb, 0);
	sample();
	assert_owners(0xa, "");
	assert_owners(0xb, "");
	add_fd(7, 20, "socket:[4294967295]");
	add_listener(0xc, UINT32_MAX);
	sample();
	assert_owners(0xc, "7:20:a");
}

/* Any byte but NUL; the last newline alone is the file's. */
static void test_names(void **state)
{
	static const char *const names[] = { "tmux: server", "(sd-pam)", "a\nb", "\n",
					     "\033[31m",     "\xff\xfe", "",	 ") S 1 (" };

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		char comm[32], inode[32];

		snprintf(comm, sizeof(comm), "%s\n", names[i]);
		snprintf(inode, sizeof(inode), "socket:[%u]", 100 + i);
		add_process(10 + i, comm);
		add_fd(10 + i, 3, inode);
		add_listener(1 + i, 100 + i);
	}
	sample();
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		char expected[64];

		snprintf(expected, sizeof(expected), "%u:3:%s", 10 + i, names[i]);
		assert_owners(1 + i, expected);
	}
}

static void test_cgroups(void **state)
{
	add_process(7, "a\n");
	unit_write_text(tree, "proc/7/cgroup", "0::/system.slice/a.service\n");
	add_fd(7, 3, "socket:[100]");
	add_listener(0xa, 100);
	sample();
	assert_string_equal(s.processes[0].cgroup, "/system.slice/a.service");
	assert_string_equal(s.processes[0].unit, "a.service");
	assert_null(s.processes[0].container);
	/* It was moved to another one and has another name. */
	unit_write_text(tree, "proc/7/cgroup", "0::/lxc/b\n");
	unit_write_text(tree, "proc/7/comm", "b\n");
	sample();
	assert_owners(0xa, "7:3:b");
	assert_null(s.processes[0].unit);
	assert_string_equal(s.processes[0].container, "b");
}

/* Nothing has changed: one call for what is known, and not one for what is not a listener. */
static void test_verifies(void **state)
{
	add_process(7, "a\n");
	for (unsigned int fd = 0; fd < 100; fd++)
		add_fd(7, fd, fd == 3 ? "socket:[100]" : "socket:[999]");
	add_listener(0xa, 100);
	sample();
	assert_int_equal(reads, 100);
	sample();
	assert_int_equal(reads, 1);
	assert_owners(0xa, "7:3:a");
	/* The descriptor is another file now, the listener has another number. */
	add_fd(7, 3, "socket:[999]");
	add_fd(7, 50, "socket:[100]");
	sample();
	assert_int_equal(reads, 1 + 100);
	assert_owners(0xa, "7:50:a");
	sample();
	assert_int_equal(reads, 1);
}

/* A worker that is forked between two samples has the listener too. */
static void test_new_process(void **state)
{
	add_process(7, "a\n");
	add_fd(7, 3, "socket:[100]");
	add_listener(0xa, 100);
	sample();
	add_process(8, "a\n");
	add_fd(8, 3, "socket:[100]");
	sample();
	assert_int_equal(reads, 2); /* the old one was not looked at again */
	assert_owners(0xa, "7:3:a 8:3:a");
	end_process(7);
	sample();
	assert_owners(0xa, "8:3:a");
	assert_int_equal(reads, 1);
}

/* The pid is the same, the process another one. */
static void test_reused_pid(void **state)
{
	add_process(7, "a\n");
	add_fd(7, 3, "socket:[100]");
	add_process(8, "b\n");
	add_listener(0xa, 100);
	add_listener(0xb, 200);
	sample();
	assert_owners(0xb, "");
	end_process(7);
	add_process(7, "c\n");
	add_fd(7, 3, "socket:[200]");
	end_process(8);
	add_process(8, "d\n");
	add_fd(8, 9, "socket:[100]");
	o.scan_ns = UINT64_MAX; /* both are new, and looked at without a scan */
	sample();
	assert_owners(0xa, "8:9:d");
	assert_owners(0xb, "7:3:c");
}

/* A descriptor that was passed to a process known of old: only a scan finds it. */
static void test_lost_owner(void **state)
{
	add_process(7, "a\n");
	add_process(8, "b\n");
	add_fd(7, 3, "socket:[100]");
	add_listener(0xa, 100);
	sample();
	add_fd(8, 5, "socket:[100]");
	sample();
	assert_owners(0xa, "7:3:a");
	end_fd(7, 3);
	o.scan_ns = 0; /* the first scan took nothing */
	sample();
	assert_owners(0xa, "8:5:b");
}

/* Scans have a share of the CPU: one that was dear is not repeated at once. */
static void test_budget(void **state)
{
	add_process(7, "a\n");
	add_fd(7, 3, "socket:[100]");
	add_fd(7, 4, "socket:[200]");
	add_listener(0xa, 100);
	sample();
	o.scan_ns = now + 3 * NSEC_PER_SEC;
	add_listener(0xb, 200);
	sample();
	assert_owners(0xa, "7:3:a");
	assert_owners(0xb, "-"); /* not looked for yet: not "none", and nobody is hidden */
	assert_warned(NULL);
	assert_int_equal(reads, 1);
	sample();
	sample();
	assert_owners(0xb, "-");
	sample();
	assert_owners(0xb, "7:4:a");
	/* New processes have a share of their own. */
	o.look_ns = now + NSEC_PER_SEC;
	add_process(8, "b\n");
	add_fd(8, 3, "socket:[100]");
	sample();
	assert_owners(0xa, "7:3:a");
	sample();
	assert_owners(0xa, "7:3:a 8:3:b");
}

/* Even while new processes have to wait, what is shown is true. */
static void test_budget_reused_pid(void **state)
{
	add_process(7, "a\n");
	add_fd(7, 3, "socket:[100]");
	add_fd(7, 4, "socket:[200]");
	add_listener(0xa, 100);
	add_listener(0xb, 200);
	sample();
	end_process(7);
	add_process(7, "b\n");
	add_fd(7, 3, "socket:[100]");
	o.look_ns = o.scan_ns = now + NSEC_PER_SEC;
	sample();
	assert_owners(0xa, "7:3:b");
	assert_owners(0xb, "-");
}

/* Whom a scan could not explain is a reason for another only after a while, and then a longer. */
static void test_retry(void **state)
{
	unsigned int scans[3] = { 0 }, n = 0;

	add_process(7, "a\n");
	add_fd(7, 3, "/dev/null");
	add_listener(0xa, 100);
	for (unsigned int second = 0; second < 60; second++) {
		o.scan_ns = 0;
		sample();
		if (reads && n < 3)
			scans[n++] = second;
		assert_owners(0xa, "");
	}
	assert_int_equal(n, 3);
	assert_int_equal(scans[1] - scans[0], 10);
	assert_int_equal(scans[2] - scans[1], 10);
	now += 600 * NSEC_PER_SEC;
	add_fd(7, 4, "socket:[100]");
	sample();
	assert_owners(0xa, "7:4:a");
}

/* There are more descriptors than may be verified: each gets its turn. */
static void test_turns(void **state)
{
	enum { LISTENERS = 6000 };
	unsigned int seen = 0;

	add_process(7, "a\n");
	add_process(8, "b\n");
	for (unsigned int i = 0; i < LISTENERS; i++) {
		char target[32];

		snprintf(target, sizeof(target), "socket:[%u]", 1000 + i);
		add_fd(i % 3 ? 7 : 8, i, target);
		add_listener(1 + i, 1000 + i);
	}
	sample();
	for (int i = 0; i < 4; i++) {
		sample();
		assert_true(reads <= 2000 && reads > 1900);
		seen += reads;
	}
	assert_true(seen > LISTENERS);
	end_fd(8, 3000);
	for (int i = 0; i < 4; i++) {
		o.scan_ns = UINT64_MAX;
		sample();
	}
	assert_owners(3001, "-");
	assert_owners(3002, "7:3001:a");
	/* Of a process that is gone nothing is shown, whosever turn it is. */
	end_process(8);
	add_process(8, "c\n");
	o.look_ns = UINT64_MAX;
	sample();
	for (unsigned int i = 0; i < LISTENERS; i++)
		assert_int_equal(snapshot_find(&s, 0, 1 + i)->n_owners, i % 3 != 0);
	o.look_ns = 0;
	sample();
	/* After a longer pause there is time for all. */
	now += 9 * NSEC_PER_SEC;
	sample();
	assert_int_equal(reads, LISTENERS - LISTENERS / 3);
}

/* What may not be seen is unknown; what can be seen is shown all the same. */
static void test_hidden(void **state)
{
	add_process(7, "a\n");
	add_fd(7, 3, "socket:[100]");
	add_process(8, "b\n");
	add_fd(8, 9, "socket:[200]");
	add_fd(8, 9, "socket:[300]");
	forbidden = "9";
	add_listener(0xa, 100);
	add_listener(0xb, 200);
	sample();
	assert_owners(0xa, "7:3:a");
	assert_owners(0xb, "-");
	assert_warned(": others may not be read");
	o.warn = false;
	sample();
	assert_owners(0xb, "-");
	assert_warned(NULL);
	o.warn = true;
	sample();
	assert_warned(": others may not be read");
}

/* Nobody is in the way, but who says that everybody can be seen? */
static void assert_visible(const char *effective, const char *pid_ns, const char *user_ns,
			   const char *said)
{
	unit_allow(tree, effective, pid_ns, user_ns);
	o.visible_known = false;
	sample();
	assert_owners(0xa, said ? "-" : "");
	assert_warned(said);
	assert_int_equal((s.known & SNAPSHOT_OWNERS_OF_OTHERS) != 0, said && strstr(said, "root"));
}

static void test_visible(void **state)
{
	const char *pid = "pid:[4026531836]", *user = "user:[4026531837]";

	add_process(7, "a\n");
	add_listener(0xa, 100);
	assert_visible("000001ffffffffff", pid, user, NULL);
	assert_visible("0000000000080000", pid, user, NULL);
	assert_visible("0000000000000000", pid, user, ": run as root to see more");
	assert_visible("000001fffff7ffff", pid, user, ": run as root to see more");
	assert_visible("000001ffffffffff", "pid:[4026532000]", user, ": there may be more outside");
	assert_visible("000001ffffffffff", pid, "user:[4026532001]", ": there may be more outside");
	unlinkat(o.root, "proc/self/ns/pid", 0);
	o.visible_known = false;
	sample();
	assert_warned(": there may be more outside");
	unlinkat(o.root, "proc/self/status", 0);
	o.visible_known = false;
	sample();
	assert_warned("run as root");
}

/* What is remembered moves to the pool of each sample, which keeps it. */
static void test_strings(void **state)
{
	add_process(7, "still\n");
	add_fd(7, 3, "socket:[100]");
	add_listener(0xa, 100);
	unit_write_text(tree, "proc/7/cgroup", "0::/still.service\n");
	sample();
	assert_int_equal(unlinkat(o.root, "proc/7/cgroup", 0), 0);
	for (int i = 0; i < 2; i++) {
		string_pool_put(s.strings);
		s.strings = NULL;
		sample();
	}
	owners_free(&o);
	assert_owners(0xa, "7:3:still");
	/* Not read again, but remembered. */
	assert_string_equal(s.processes[0].unit, "still.service");
}

static void test_no_proc(void **state)
{
	add_listener(0xa, 100);
	assert_int_equal(renameat(o.root, "proc", o.root, "away"), 0);
	sample();
	assert_owners(0xa, "-");
	assert_warning("owners-unavailable", "cannot list the processes in /proc: No such file");
}

/* What we fail to do ourselves hides nothing, and is done when it can be. */
static void test_no_descriptors(void **state)
{
	add_process(7, "a\n");
	add_fd(7, 3, "socket:[100]");
	add_process(8, "b\n");
	add_fd(8, 3, "socket:[200]");
	add_listener(0xa, 100);
	add_listener(0xb, 200);
	broken = "proc/8/fd";
	sample();
	assert_owners(0xa, "7:3:a");
	assert_owners(0xb, "-");
	assert_warning("owners-unavailable", "cannot read all processes in /proc: Too many open "
					     "files; raise 'ulimit -n'");
	broken = "proc/7/fd";
	sample();
	assert_owners(0xa, "7:3:a"); /* known, if not verified */
	assert_owners(0xb, "8:3:b");
	assert_warned(NULL);
}

/* A listener goes and comes back as another one with the same inode. */
static void test_listeners_change(void **state)
{
	add_process(7, "a\n");
	add_fd(7, 3, "socket:[100]");
	add_fd(7, 4, "socket:[200]");
	add_listener(0xa, 100);
	add_listener(0xb, 200);
	sample();
	snapshot_drop_listeners(&s, 0);
	add_listener(0xb, 200);
	o.scan_ns = 0;
	sample();
	assert_int_equal(reads, 2); /* one that goes is no reason to scan */
	assert_owners(0xb, "7:4:a");
	assert_u64_equal(s.n_owners, 1);
	snapshot_drop_listeners(&s, 0);
	sample();
	assert_u64_equal(s.n_owners, 0);
	add_listener(0xb, 200);
	add_listener(0xc, 100);
	o.scan_ns = 0;
	sample();
	assert_owners(0xb, "7:4:a");
	assert_owners(0xc, "7:3:a");
}

/* The subflow of an MPTCP listener has the inode of the socket above it. */
static void test_twins(void **state)
{
	add_process(7, "a\n");
	add_fd(7, 3, "socket:[100]");
	add_listener(0xa, 100);
	add_listener(0xb, 100);
	sample();
	assert_owners(0xa, "7:3:a");
	assert_owners(0xb, "7:3:a");
	sample();
	assert_owners(0xb, "7:3:a");
	assert_int_equal(reads, 1);
}

/* Where there is nothing to explain nobody is looked at; later everybody is. */
static void test_no_listeners(void **state)
{
	add_process(7, "a\n");
	add_fd(7, 3, "socket:[100]");
	sample();
	assert_int_equal(reads, 0);
	add_listener(0xa, 100);
	sample();
	assert_owners(0xa, "7:3:a");
	snapshot_drop_listeners(&s, 0);
	end_fd(7, 3);
	add_process(8, "b\n");
	add_fd(8, 4, "socket:[200]");
	sample();
	assert_int_equal(reads, 0);
	add_listener(0xb, 200);
	sample();
	assert_owners(0xb, "8:4:b");
}

/* The kernel's own /proc, and this process in it: descriptors behind gaps of any size, once each.
 */
static void test_gaps(void **state)
{
	static const int gaps[] = { 1, 2, 3, 4, 5, 200, 1 };
	char expected[512] = "", comm[32] = "", *at = expected;
	int fds[ARRAY_SIZE(gaps) + 1] = { socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) };
	struct stat st;

	close(o.root);
	o.root = open("/", O_PATH | O_DIRECTORY);
	prctl(PR_GET_NAME, comm);
	assert_int_equal(fstat(fds[0], &st), 0);
	add_listener(0xa, (uint32_t)st.st_ino);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (i)
			fds[i] = fcntl(fds[0], F_DUPFD_CLOEXEC, fds[i - 1] + 1 + gaps[i - 1]);
		assert_true(fds[i] > 0);
		at += sprintf(at, "%s%d:%d:%s", i ? " " : "", getpid(), fds[i], comm);
	}
	sample();
	assert_owners(0xa, expected);
	sample();
	assert_owners(0xa, expected);
	forbidden = "0";
	o.last_ns = o.look_ns = o.scan_ns = 0; /* scan again */
	sample();
	assert_owners(0xa, "-");
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

/* As many descriptors as were counted are read before the last, as one is open only meanwhile. */
static void test_passing(void **state)
{
	enum { FIRST = 3, LAST = 300 }; /* whoever starts tests may leave some open */
	char expected[64], comm[32] = "";
	bool filled[LAST] = { false };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct stat st;

	close(o.root);
	o.root = open("/", O_PATH | O_DIRECTORY);
	prctl(PR_GET_NAME, comm);
	assert_int_equal(fstat(fd, &st), 0);
	add_listener(0xa, (uint32_t)st.st_ino);
	assert_int_equal(dup2(fd, LAST), LAST);
	close(fd);
	for (int i = FIRST; i < LAST; i++)
		filled[i] = fcntl(i, F_GETFD) < 0 && dup2(STDIN_FILENO, i) == i;
	for (int i = 20; i < 23; i++) /* for what the search opens */
		close(i);
	passing = 30;
	close(passing);
	sample();
	passing = 0;
	snprintf(expected, sizeof(expected), "%d:%d:%s", getpid(), LAST, comm);
	assert_owners(0xa, expected);
	for (int i = FIRST; i < LAST; i++)
		if (filled[i])
			close(i);
	close(LAST);
}

static void add_ring(unsigned int pid, unsigned int fd, const char *fdinfo)
{
	char path[64];

	add_fd(pid, fd, "anon_inode:[io_uring]");
	snprintf(path, sizeof(path), "proc/%u/fdinfo/%u", pid, fd);
	unit_write_text(tree, path, fdinfo);
}

#define RING_HEAD "pos:\t0\nflags:\t02000002\nSqThread:\t-1\n"
#define RING_TAIL "UserBufs:\t0\nPollList:\nCqOverflowList:\nNAPI:\tdisabled\n"

/* What is registered with an io_uring is held by whoever has the ring. */
static void test_rings(void **state)
{
	add_process(7, "a\n");
	add_fd(7, 3, "socket:[300]");
	add_ring(7, 5,
		 RING_HEAD "UserFiles:\t200000\n    0: socket:[100]\n    1: /tmp/socket:[300]\n"
			   "    2: anon_inode:[eventpoll]\n    9: socket:[200]\n"
			   "   10: socket:[100]\n123456: socket:[400]\n" RING_TAIL);
	add_process(8, "b\n");
	add_fd(8, 4, "socket:[100]");
	add_ring(8, 6, RING_HEAD "UserFiles:\t0\n" RING_TAIL);
	add_listener(0xa, 100);
	add_listener(0xb, 200);
	add_listener(0xc, 300);
	add_listener(0xd, 400);
	add_listener(0xe, 500);
	sample();
	assert_owners(0xa, "7:5:a 8:4:b");
	assert_owners(0xb, "7:5:a");
	assert_owners(0xc, "7:3:a");
	assert_owners(0xd, "7:5:a");
	assert_owners(0xe, "");
	assert_warned(NULL);
	/* It is verified by the ring, which is read again. */
	sample();
	assert_int_equal(reads, 2); /* of the two descriptors */
	assert_owners(0xb, "7:5:a");
	add_ring(7, 5, RING_HEAD "UserFiles:\t2\n    1: socket:[200]\n" RING_TAIL);
	o.scan_ns = UINT64_MAX;
	sample();
	assert_owners(0xa, "8:4:b");
	assert_owners(0xb, "7:5:a");
	assert_owners(0xd, "-"); /* to be looked for again */
	o.scan_ns = 0;
	sample();
	assert_owners(0xd, "");
	/* The number is that of another file. */
	add_fd(7, 5, "/dev/null");
	assert_int_equal(unlinkat(o.root, "proc/7/fdinfo/5", 0), 0);
	o.scan_ns = 0;
	sample();
	assert_owners(0xb, "");
}

/* A ring that tells nothing, or not all, may hold whatever nobody else does. */
static void test_unread_rings(void **state)
{
	static const char *const untold[] = {
		RING_HEAD RING_TAIL, /* 6.18, busy */
		RING_HEAD "UserFiles:\t3\n" RING_TAIL, /* earlier ones, busy */
		RING_HEAD "UserFiles:\t2\n    0: \n    1: socket:[100]\n" RING_TAIL, /* 5.10 */
		RING_HEAD,
		"",
	};

	add_process(7, "a\n");
	add_ring(7, 5, RING_HEAD "UserFiles:\t1\n    0: socket:[100]\n" RING_TAIL);
	add_listener(0xa, 100);
	add_listener(0xb, 200);
	sample();
	assert_owners(0xa, "7:5:a");
	for (size_t i = 0; i < ARRAY_SIZE(untold); i++) {
		add_ring(7, 5, untold[i]);
		sample();
		assert_owners(0xa, "7:5:a"); /* as was found */
		o.last_ns = o.look_ns = o.scan_ns = 0; /* scan again */
		sample();
		assert_owners(0xb, "-");
		assert_warned(": an io_uring of process 7 may hold them");
		add_ring(7, 5, RING_HEAD "UserFiles:\t2\n    0: <none>\n    1: socket:[100]\n");
		o.last_ns = o.look_ns = o.scan_ns = 0;
		sample();
		assert_owners(0xa, "7:5:a");
		assert_owners(0xb, "");
	}
	end_process(7);
	sample();
	assert_owners(0xa, "");
	assert_warned(NULL);
}

#define OWNERS_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWNERS_TEST(test_all_holders),	  OWNERS_TEST(test_broken_links),
		OWNERS_TEST(test_names),	  OWNERS_TEST(test_cgroups),
		OWNERS_TEST(test_verifies),	  OWNERS_TEST(test_new_process),
		OWNERS_TEST(test_reused_pid),	  OWNERS_TEST(test_lost_owner),
		OWNERS_TEST(test_budget),	  OWNERS_TEST(test_budget_reused_pid),
		OWNERS_TEST(test_retry),	  OWNERS_TEST(test_turns),
		OWNERS_TEST(test_hidden),	  OWNERS_TEST(test_visible),
		OWNERS_TEST(test_no_proc),	  OWNERS_TEST(test_strings),
		OWNERS_TEST(test_no_descriptors), OWNERS_TEST(test_listeners_change),
		OWNERS_TEST(test_twins),	  OWNERS_TEST(test_no_listeners),
		OWNERS_TEST(test_gaps),		  OWNERS_TEST(test_passing),
		OWNERS_TEST(test_rings),	  OWNERS_TEST(test_unread_rings),
	};

	return cmocka_run_group_tests_name("owners", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/sink.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *tree;
static char path[4096];
static struct sink sink;
static struct error why;

static int setup(void **state)
{
	tree = unit_make_tree();
	snprintf(path, sizeof(path), "%s/report", tree);
	strcpy(why.text, "untouched");
	return 0;
}

static int teardown(void **state)
{
	unit_remove_tree(tree);
	return 0;
}

static void assert_file(const char *expected)
{
	char *text = unit_read(path, NULL);

	assert_string_equal(text, expected);
	free(text);
}

/* A report of @text to @to. */
static void assert_written(const char *to, const char *text)
{
	assert_int_equal(sink_open(&sink, to, &why), 0);
	fputs(text, sink.stream);
	assert_int_equal(sink_commit(&sink, &why), 0);
}

static void test_new_file(void **state)
{
	assert_int_equal(sink_open(&sink, path, &why), 0);
	fputs("hello", sink.stream);
	assert_int_equal(access(path, F_OK), -1); /* not before it is complete */
	assert_int_equal(sink_commit(&sink, &why), 0);
	assert_file("hello");
	assert_u64_equal(unit_count_entries(tree), 1);
	assert_string_equal(why.text, "untouched");
}

/* A file that a user names is lost only if the user wants that. */
static void test_only_new(void **state)
{
	struct stat st;

	assert_int_equal(sink_open_new(&sink, path, false, &why), 0);
	fputs("hello", sink.stream);
	assert_int_equal(sink_commit(&sink, &why), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(sink_open_new(&sink, path, false, &why), -EEXIST);
	assert_file("hello");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(sink_open_new(&sink, path, true, &why), 0);
	fputs("again", sink.stream);
	assert_int_equal(sink_commit(&sink, &why), 0);
	assert_file("again");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_u64_equal(unit_count_entries(tree), 1);
	assert_int_equal(sink_open_new(&sink, "/dev/null", false, &why), 0);
	assert_int_equal(sink_commit(&sink, &why), 0);
}

/* A reader sees the old report until the new one is complete, and never one that is shorter. */
static void test_replaced_as_a_whole(void **state)
{
	char *large = xmalloc(300001);
	int old;
	char buf[8] = "";

	memset(large, 'x', 300000);
	large[300000] = '\0';
	unit_write_text(tree, "report", "old");
	old = open(path, O_RDONLY);
	assert_int_equal(sink_open(&sink, path, &why), 0);
	fputs(large, sink.stream);
	fflush(sink.stream);
	assert_file("old");
	assert_int_equal(sink_commit(&sink, &why), 0);
	assert_file(large);
	assert_int_equal(read(old, buf, sizeof(buf)), 3);
	assert_string_equal(buf, "old");
	assert_u64_equal(unit_count_entries(tree), 1);
	close(old);
	free(large);
}

/* mkstemp() would make it 0600: a report is for whoever creat(2) would let read it. */
static void test_mode(void **state)
{
	mode_t mask = umask(027);
	struct stat st;

	assert_written(path, "");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(umask(mask), 027);
}

/* A name without a slash: the temporary file is beside it all the same. */
static void test_relative(void **state)
{
	int here = open(".", O_PATH | O_DIRECTORY);

	assert_int_equal(chdir(tree), 0);
	assert_int_equal(sink_open(&sink, "report", &why), 0);
	assert_u64_equal(unit_count_entries("."), 1);
	assert_int_equal(sink_commit(&sink, &why), 0);
	assert_int_equal(fchdir(here), 0);
	close(here);
	assert_file("");
}

/* Begins a report and is killed: its temporary file stays. */
static void leave_temporary(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		sink_open(&sink, path, &why);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

/* @seconds: ago */
static void set_age(const char *name, time_t seconds)
{
	struct timespec times[2];

	assert_int_equal(clock_gettime(CLOCK_REALTIME, &times[0]), 0);
	times[0].tv_sec -= seconds;
	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, name, times, AT_SYMLINK_NOFOLLOW), 0);
}

/* Gives all temporary files this age. Returns how many there are. @last: the path of one */
static size_t set_ages(time_t seconds, char last[PATH_MAX])
{
	DIR *dir = opendir(tree);
	size_t n = 0;

	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		if (strncmp(e->d_name, ".listenq.", 9) != 0)
			continue;
		snprintf(last, PATH_MAX, "%s/%s", tree, e->d_name);
		set_age(last, seconds);
		n++;
	}
	closedir(dir);
	return n;
}

/* What SIGKILL left behind is removed once nobody can still be writing it. */
static void test_left_over(void **state)
{
	char left[PATH_MAX], other[PATH_MAX];

	snprintf(other, sizeof(other), "%s/other", tree);
	leave_temporary();
	leave_temporary();
	assert_u64_equal(set_ages(1800, left), 2);
	assert_written(path, "one");
	assert_u64_equal(set_ages(7200, left), 2);
	/* Those of another file stay. */
	assert_written(other, "");
	assert_u64_equal(set_ages(7200, left), 2);
	assert_written(path, "two");
	assert_file("two");
	assert_u64_equal(unit_count_entries(tree), 2);
}

/* What has the name and is not a file of this user is not touched. */
static void test_left_over_of_others(void **state)
{
	char left[PATH_MAX], target[PATH_MAX];
	struct stat st;

	leave_temporary();
	assert_u64_equal(set_ages(0, left), 1);
	snprintf(target, sizeof(target), "%s/target", tree);
	unit_write_text(tree, "target", "target");
	assert_int_equal(unlink(left), 0);
	assert_int_equal(symlink("target", left), 0);
	set_age(left, 7200);
	set_age(target, 7200);
	assert_written(path, "one");
	assert_int_equal(lstat(left, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(access(target, F_OK), 0);
	assert_int_equal(unlink(left), 0);
	assert_int_equal(mkfifo(left, 0600), 0);
	set_age(left, 7200);
	assert_written(path, "two");
	assert_int_equal(lstat(left, &st), 0);
	assert_int_equal(unlink(left), 0);
	if (geteuid() != 0)
		return;
	assert_int_equal(rename(target, left), 0);
	assert_int_equal(chown(left, 12345, 12345), 0);
	set_age(left, 7200);
	assert_written(path, "three");
	assert_int_equal(lstat(left, &st), 0);
}

/* The disk is full: an error, the old report, and nothing left behind. */
static void test_write_fails(void **state)
{
	struct rlimit old, small = { 1000, 1000 };

	unit_write_text(tree, "report", "old");
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(sink_open(&sink, path, &why), 0);
	setrlimit(RLIMIT_FSIZE, &small);
	for (int i = 0; i < 1000; i++)
		fprintf(sink.stream, "a line of a report, number %d\n", i);
	assert_int_equal(sink_commit(&sink, &why), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_DFL);
	assert_non_null(strstr(why.text, path));
	assert_non_null(strstr(why.text, strerror(EFBIG)));
	assert_file("old");
	assert_u64_equal(unit_count_entries(tree), 1);
}

/* Somebody made a directory of that name meanwhile. */
static void test_rename_fails(void **state)
{
	assert_int_equal(sink_open(&sink, path, &why), 0);
	fputs("hello", sink.stream);
	assert_int_equal(mkdir(path, 0777), 0);
	assert_int_equal(sink_commit(&sink, &why), -EISDIR);
	assert_u64_equal(unit_count_entries(tree), 1);
	assert_u64_equal(unit_count_entries(path), 0);
}

/* The file behind a link is replaced, not the link; and it keeps its mode. */
static void test_link(void **state)
{
	char link[4096];
	struct stat st;

	unit_write_text(tree, "report", "old");
	chmod(path, 0604);
	snprintf(link, sizeof(link), "%s/link", tree);
	assert_int_equal(symlink("report", link), 0);
	assert_written(link, "new");
	assert_file("new");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_u64_equal(unit_count_entries(tree), 2);
}

/* A FIFO or a device is written to: root must not make a file of /dev/null. */
static void test_no_regular_file(void **state)
{
	char text[8] = "";
	struct stat st;
	int fd;

	assert_int_equal(mkfifo(path, 0666), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_written(path, "hello");
	assert_int_equal(read(fd, text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
	close(fd);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_u64_equal(unit_count_entries(tree), 1);
	assert_int_equal(sink_open(&sink, "/dev/full", &why), 0);
	fputs("hello", sink.stream);
	assert_int_equal(sink_commit(&sink, &why), -ENOSPC);
	assert_int_equal(stat("/dev/full", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

/* A link is followed from the directory that it stands in. */
static void test_ways(void **state)
{
	static const char *const ways[] = { "report",	       "./report",     "//report",
					    "sub/../report",   "to-sub/../up", "sub/up",
					    "to-sub/absolute", "to-sub//up",   "long" };
	char way[4200];

	unit_write_text(tree, "report", "old");
	unit_write_text(tree, "sub/other", "");
	snprintf(way, sizeof(way), "%s/to-sub", tree);
	assert_int_equal(symlink("sub/.", way), 0);
	snprintf(way, sizeof(way), "%s/sub/absolute", tree);
	assert_int_equal(symlink(path, way), 0);
	snprintf(way, sizeof(way), "%s/sub/up", tree);
	assert_int_equal(symlink("../report", way), 0);
	snprintf(way, sizeof(way), "%s/up", tree);
	assert_int_equal(symlink("to-sub/up", way), 0);
	snprintf(way, sizeof(way), "%s/long", tree);
	assert_int_equal(symlink("./././././././././././././././to-sub/./up", way), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		snprintf(way, sizeof(way), "%s/%s", tree, ways[i]);
		assert_int_equal(sink_open(&sink, way, &why), 0);
		fprintf(sink.stream, "%zu", i);
		assert_int_equal(sink_commit(&sink, &why), 0);
		snprintf(way, sizeof(way), "%zu", i);
		assert_file(way);
	}
	/* A new file behind a link to a directory; and nothing was left anywhere. */
	snprintf(way, sizeof(way), "%s/to-sub/new", tree);
	assert_written(way, "");
	snprintf(way, sizeof(way), "%s/sub", tree);
	assert_u64_equal(unit_count_entries(way), 4);
	assert_u64_equal(unit_count_entries(tree), 5);
}

static void assert_refused(const char *name, int code)
{
	char way[8200];

	snprintf(way, sizeof(way), "%s%s%s", name ? tree : "", name ? "/" : "", name ? name : "");
	assert_int_equal(sink_open(&sink, way, &why), code);
	assert_non_null(strstr(why.text, strerror(-code)));
	assert_non_null(strstr(why.text, way));
}

/* As open(2) has it. */
static void test_no_way(void **state)
{
	char from[4200], to[32], name[4200];

	unit_write_text(tree, "report", "old");
	assert_refused(NULL, -ENOENT);
	assert_refused("report/", -ENOTDIR);
	assert_refused("report/x", -ENOTDIR);
	assert_refused("none/", -ENOENT);
	assert_refused("none/report", -ENOENT);
	assert_refused("none/../report", -ENOENT);
	assert_refused(".", -EISDIR);
	assert_refused("..", -EISDIR);
	memset(name, 'a', 256);
	name[256] = '\0';
	assert_refused(name, -ENAMETOOLONG);
	snprintf(from, sizeof(from), "%s/dead", tree);
	assert_int_equal(symlink("nowhere", from), 0);
	assert_refused("dead", -ENOENT);
	assert_refused("dead/x", -ENOENT);
	/* The kernel follows 40 links, and no more. */
	strcpy(to, "report");
	for (int i = 1; i <= 41; i++) {
		snprintf(from, sizeof(from), "%s/%d", tree, i);
		assert_int_equal(symlink(to, from), 0);
		snprintf(to, sizeof(to), "%d", i);
	}
	snprintf(from, sizeof(from), "%s/40", tree);
	assert_written(from, "");
	assert_refused("41", -ELOOP);
	assert_file("");
	assert_u64_equal(unit_count_entries(tree), 43);
}

/* The ways of procfs and /dev to descriptor @fd of this process, and a link to one of them. */
static const char *way_to(int fd, int which)
{
	static char way[64], link[4200];

	snprintf(way, sizeof(way),
		 which == 0 ? "/dev/fd/%d" :
		 which == 1 ? "/proc/self/fd/%d" :
			      "/proc/thread-self/fd/%d",
		 fd);
	if (which < 3)
		return way;
	snprintf(link, sizeof(link), "%s/link", tree);
	unlink(link);
	assert_int_equal(symlink(way, link), 0);
	return link;
}

#define WAYS_TO_FD 4

/* A report of "hello" arrives at @reader, which had nothing to read. */
static void assert_arrives(int reader, const char *way)
{
	char text[8] = "";

	assert_written(way, "hello");
	assert_int_equal(read(reader, text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
}

/* The texts of these links, "pipe:[123]" and "socket:[123]", are not paths. */
static void test_descriptor(void **state)
{
	char way[64];
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	for (int which = 0; which < WAYS_TO_FD; which++)
		assert_arrives(fds[0], way_to(fds[1], which));
	snprintf(way, sizeof(way), "/dev/fd/%d/report", fds[1]);
	assert_int_equal(sink_open(&sink, way, &why), -ENOTDIR);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (int which = 0; which < WAYS_TO_FD; which++)
		assert_arrives(fds[0], way_to(fds[1], which));
	/* It was a copy that was closed. */
	assert_int_equal(write(fds[1], "!", 1), 1);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(sink_open(&sink, way_to(fds[1], 0), &why), -ENOENT);
}

/* A socket that another process holds: nobody else can write to it. */
static void test_socket_of_another(void **state)
{
	char way[64];
	int fds[2];
	pid_t child;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	assert_true(child > 0);
	snprintf(way, sizeof(way), "/proc/%d/fd/%d", (int)child, fds[1]);
	assert_arrives(fds[0], way); /* the same socket, which this process has as well */
	close(fds[1]);
	assert_int_equal(sink_open(&sink, way, &why), -ENXIO);
	assert_non_null(strstr(why.text, way));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(fds[0]);
}

/* A file behind a descriptor is replaced as any other, while it has a name. */
static void test_descriptor_of_file(void **state)
{
	struct stat st;
	int fd;

	for (int which = 0; which < WAYS_TO_FD; which++) {
		unit_write_text(tree, "report", "precious");
		assert_int_equal(chmod(path, 0604), 0);
		fd = open(path, O_WRONLY);
		assert_int_equal(sink_open(&sink, way_to(fd, which), &why), 0);
		fputs("new", sink.stream);
		fflush(sink.stream);
		assert_file("precious");
		assert_int_equal(sink_commit(&sink, &why), 0);
		assert_file("new");
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0604);
		assert_int_equal(fstat(fd, &st), 0);
		assert_u64_equal(st.st_nlink, 0);
		close(fd);
	}
	assert_u64_equal(unit_count_entries(tree), 2);
}

/* It is written anew, and what has the name that procfs gives it is not. */
static void test_deleted_file(void **state)
{
	char text[16];
	int fd;

	unit_write_text(tree, "report", "an old report");
	fd = open(path, O_RDWR);
	assert_int_equal(unlink(path), 0);
	unit_write_text(tree, "report (deleted)", "precious");
	for (int which = 0; which < WAYS_TO_FD; which++) {
		assert_int_equal(sink_open(&sink, way_to(fd, which), &why), 0);
		fprintf(sink.stream, "new %d", which);
		assert_int_equal(sink_commit(&sink, &why), 0);
		assert_int_equal(pread(fd, text, sizeof(text), 0), 5);
		assert_int_equal(text[4], '0' + which);
	}
	close(fd);
	snprintf(path, sizeof(path), "%s/report (deleted)", tree);
	assert_file("precious");
	assert_u64_equal(unit_count_entries(tree), 2);
}

static void test_descriptor_of_directory(void **state)
{
	char way[64];
	int fd;

	fd = open(tree, O_PATH | O_DIRECTORY);
	snprintf(way, sizeof(way), "/dev/fd/%d/report", fd);
	assert_written(way, "new");
	assert_file("new");
	assert_int_equal(sink_open(&sink, way_to(fd, 0), &why), -EISDIR);
	close(fd);
	assert_u64_equal(unit_count_entries(tree), 1);
}

/* A link of another's is not followed to where procfs would let it go on. */
static void test_sticky_link_to_descriptor(void **state)
{
	char link[4200];
	int fds[2];

	if (geteuid() || chown(tree, 65534, 0) || chown(tree, 0, 0))
		skip(); /* as in test_sticky() */
	assert_int_equal(pipe(fds), 0);
	strcpy(link, way_to(fds[1], WAYS_TO_FD - 1));
	assert_int_equal(chmod(tree, 01777), 0);
	assert_arrives(fds[0], link);
	assert_int_equal(lchown(link, 65534, 0), 0);
	assert_int_equal(sink_open(&sink, link, &why), -EACCES);
	assert_non_null(strstr(why.text, "the link link belongs"));
	/* The directory of a file decides behind a descriptor, too. */
	close(fds[1]);
	unit_write_text(tree, "report", "theirs");
	assert_int_equal(chown(path, 65534, 0), 0);
	fds[1] = open(path, O_WRONLY);
	assert_int_equal(sink_open(&sink, way_to(fds[1], 0), &why), -EACCES);
	assert_non_null(strstr(why.text, "the file report belongs"));
	assert_file("theirs");
	close(fds[0]);
	close(fds[1]);
}

enum kind { LINK, DIRECTORY_LINK, FILE_OF, FIFO_OF };

/*
 * Who may have what in a directory: what fs.protected_symlinks, fs.protected_regular and
 * fs.protected_fifos forbid, whatever they are on this machine.
 */
static void test_sticky(void **state)
{
	static const struct {
		mode_t mode; /* of the directory */
		uid_t dir, owner;
		bool link, file; /* are they taken? */
	} cases[] = {
		{ 01777, 0, 65534, false, false },   { 01777, 65534, 1, false, false },
		{ 01777, 0, 0, true, true },	     { 01777, 65534, 0, true, true },
		{ 01777, 65534, 65534, true, true }, { 01775, 0, 65534, true, false },
		{ 01757, 0, 65534, false, false },   { 01755, 0, 65534, true, true },
		{ 0777, 0, 65534, true, true },	     { 0775, 0, 65534, true, true },
	};
	char dir[4200], name[4300], inside[4300];

	if (geteuid() || chown(tree, 1, 0) || chown(tree, 65534, 0))
		skip(); /* the root of a user namespace with one user; see
			   tests/system/test_trust.py */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (enum kind kind = LINK; kind <= FIFO_OF; kind++) {
			bool taken = kind <= DIRECTORY_LINK ? cases[i].link : cases[i].file;
			int fd = -1;

			unit_write_text(tree, "report", "precious");
			snprintf(dir, sizeof(dir), "%s/shared", tree);
			assert_int_equal(mkdir(dir, 0755), 0);
			snprintf(name, sizeof(name), "%s/it", dir);
			snprintf(inside, sizeof(inside), "%s/it%s", dir,
				 kind == DIRECTORY_LINK ? "/report" : "");
			if (kind == LINK)
				assert_int_equal(symlink(path, name), 0);
			else if (kind == DIRECTORY_LINK)
				assert_int_equal(symlink(tree, name), 0);
			else if (kind == FILE_OF)
				unit_write_text(dir, "it", "theirs");
			else
				assert_int_equal(mkfifo(name, 0600), 0);
			if (kind == FIFO_OF)
				fd = open(name, O_RDONLY | O_NONBLOCK);
			assert_int_equal(lchown(name, cases[i].owner, 0), 0);
			assert_int_equal(chown(dir, cases[i].dir, 0), 0);
			assert_int_equal(chmod(dir, cases[i].mode), 0);
			if (taken) {
				assert_written(inside, "new");
			} else {
				assert_int_equal(sink_open(&sink, inside, &why), -EACCES);
				assert_non_null(strstr(why.text, inside));
				assert_non_null(strstr(why.text, kind <= DIRECTORY_LINK ?
									 "the link it belongs" :
									 "the file it belongs"));
				assert_null(strchr(why.text, '\n'));
			}
			assert_file(taken && kind <= DIRECTORY_LINK ? "new" : "precious");
			assert_u64_equal(unit_count_entries(dir), 1);
			if (fd >= 0)
				close(fd);
			unlink(name);
			rmdir(dir);
		}
	}
}

/* A device is nobody's to make but root's. */
static void test_sticky_device(void **state)
{
	char name[4200];

	assert_int_equal(chmod(tree, 01777), 0);
	snprintf(name, sizeof(name), "%s/device", tree);
	if (mknod(name, S_IFCHR | 0666, 0x103) < 0)
		skip(); /* a container */
	assert_int_equal(lchown(name, 65534, 0), 0);
	assert_written(name, "hello");
}

/* Writes a report of @lines to @to while standard output is @device; returns sink_commit(). */
static int to_stdout(const char *device, const char *to, int lines)
{
	int real, fd = open(device, O_WRONLY | O_APPEND), code;

	assert_true(fd >= 0);
	fflush(stdout);
	real = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	code = sink_open(&sink, to, &why);
	for (int i = 0; i < lines; i++)
		fprintf(sink.stream, "a line of a report, number %d\n", i);
	if (code == 0)
		code = sink_commit(&sink, &why);
	dup2(real, STDOUT_FILENO);
	close(real);
	return code;
}

/* A buffer that was never flushed, and one that was in the middle of the report. */
static void test_stdout_full(void **state)
{
	for (int lines = 1; lines <= 100000; lines *= 1000) {
		strcpy(why.text, "untouched");
		assert_int_equal(to_stdout("/dev/full", NULL, lines), -ENOSPC);
		assert_non_null(strstr(why.text, "standard output"));
		assert_non_null(strstr(why.text, strerror(ENOSPC)));
	}
}

static void test_stdout(void **state)
{
	unit_write_text(tree, "report", "");
	assert_int_equal(to_stdout(path, NULL, 2), 0);
	assert_file("a line of a report, number 0\na line of a report, number 1\n");
	/* It stays open: --watch goes on. */
	assert_true(fcntl(STDOUT_FILENO, F_GETFD) >= 0);
	assert_int_equal(to_stdout("/dev/null", NULL, 100000), 0);
}

/* The file of "listenq --output-file=/dev/stdout >> FILE" is not replaced. */
static void test_file_of_stdout(void **state)
{
	for (int which = 0; which < WAYS_TO_FD; which++) {
		unit_write_text(tree, "report", "old\n");
		assert_int_equal(to_stdout(path, way_to(STDOUT_FILENO, which), 1), 0);
		assert_file("old\na line of a report, number 0\n");
	}
}

#define SINK_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SINK_TEST(test_new_file),
		SINK_TEST(test_only_new),
		SINK_TEST(test_replaced_as_a_whole),
		SINK_TEST(test_mode),
		SINK_TEST(test_relative),
		SINK_TEST(test_left_over),
		SINK_TEST(test_left_over_of_others),
		SINK_TEST(test_write_fails),
		SINK_TEST(test_rename_fails),
		SINK_TEST(test_link),
		SINK_TEST(test_no_regular_file),
		SINK_TEST(test_ways),
		SINK_TEST(test_no_way),
		SINK_TEST(test_sticky),
		SINK_TEST(test_sticky_device),
		SINK_TEST(test_stdout_full),
		SINK_TEST(test_stdout),
		SINK_TEST(test_file_of_stdout),
		SINK_TEST(test_descriptor),
		SINK_TEST(test_socket_of_another),
		SINK_TEST(test_descriptor_of_file),
		SINK_TEST(test_deleted_file),
		SINK_TEST(test_descriptor_of_directory),
		SINK_TEST(test_sticky_link_to_descriptor),
	};

	return cmocka_run_group_tests_name("sink", tests, NULL, NULL);
}

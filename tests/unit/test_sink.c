/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char *tree;
static char path[4096];
static struct sink sink;
static struct error why;

static int setup(void **state)
{
	(void)state;
	tree = unit_make_tree();
	snprintf(path, sizeof(path), "%s/report", tree);
	strcpy(why.text, "untouched");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unit_remove_tree(tree);
	return 0;
}

static void assert_file(const char *expected)
{
	char *text = unit_read(path, NULL);

	assert_string_equal(text, expected);
	free(text);
}

static void test_new_file(void **state)
{
	(void)state;
	assert_int_equal(sink_open(&sink, path, &why), 0);
	fputs("hello", sink.stream);
	assert_int_equal(access(path, F_OK), -1); /* not before it is complete */
	assert_int_equal(sink_commit(&sink, &why), 0);
	assert_file("hello");
	assert_u64_equal(unit_count_entries(tree), 1);
	assert_string_equal(why.text, "untouched");
}

/* A reader sees the old report until the new one is complete, and never one that is shorter. */
static void test_replaced_as_a_whole(void **state)
{
	char *large = xmalloc(300001);
	int old;
	char buf[8] = "";

	(void)state;
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

	(void)state;
	assert_int_equal(sink_open(&sink, path, &why), 0);
	assert_int_equal(sink_commit(&sink, &why), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(umask(mask), 027);
}

/* A name without a slash: the temporary file is beside it all the same. */
static void test_relative(void **state)
{
	int here = open(".", O_PATH | O_DIRECTORY);

	(void)state;
	assert_int_equal(chdir(tree), 0);
	assert_int_equal(sink_open(&sink, "report", &why), 0);
	assert_u64_equal(unit_count_entries("."), 1);
	assert_int_equal(sink_commit(&sink, &why), 0);
	assert_int_equal(fchdir(here), 0);
	close(here);
	assert_file("");
}

static void test_no_directory(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/none/report", tree);
	assert_int_equal(sink_open(&sink, path, &why), -ENOENT);
	assert_non_null(strstr(why.text, path));
	assert_non_null(strstr(why.text, strerror(ENOENT)));
	assert_u64_equal(unit_count_entries(tree), 0);
}

/* The disk is full: an error, the old report, and nothing left behind. */
static void test_write_fails(void **state)
{
	struct rlimit old, small = { 1000, 1000 };

	(void)state;
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
	(void)state;
	assert_int_equal(sink_open(&sink, path, &why), 0);
	fputs("hello", sink.stream);
	assert_int_equal(mkdir(path, 0777), 0);
	assert_int_equal(sink_commit(&sink, &why), -EISDIR);
	assert_u64_equal(unit_count_entries(tree), 1);
	assert_u64_equal(unit_count_entries(path), 0);
}

static void test_directory(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0777), 0);
	assert_int_equal(sink_open(&sink, path, &why), -EISDIR);
	assert_u64_equal(unit_count_entries(tree), 1);
	assert_u64_equal(unit_count_entries(path), 0);
}

/* The file behind a link is replaced, not the link; and it keeps its mode. */
static void test_link(void **state)
{
	char link[4096];
	struct stat st;

	(void)state;
	unit_write_text(tree, "report", "old");
	chmod(path, 0604);
	snprintf(link, sizeof(link), "%s/link", tree);
	assert_int_equal(symlink("report", link), 0);
	assert_int_equal(sink_open(&sink, link, &why), 0);
	fputs("new", sink.stream);
	assert_int_equal(sink_commit(&sink, &why), 0);
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

	(void)state;
	assert_int_equal(mkfifo(path, 0666), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(sink_open(&sink, path, &why), 0);
	fputs("hello", sink.stream);
	assert_int_equal(sink_commit(&sink, &why), 0);
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

/* Runs a report of @lines to standard output, with that on @device; returns sink_commit(). */
static int to_stdout(const char *device, int lines)
{
	int real, fd = open(device, O_WRONLY), code;

	assert_true(fd >= 0);
	fflush(stdout);
	real = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	code = sink_open(&sink, NULL, &why);
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
	(void)state;
	for (int lines = 1; lines <= 100000; lines *= 1000) {
		strcpy(why.text, "untouched");
		assert_int_equal(to_stdout("/dev/full", lines), -ENOSPC);
		assert_non_null(strstr(why.text, "standard output"));
		assert_non_null(strstr(why.text, strerror(ENOSPC)));
	}
}

static void test_stdout(void **state)
{
	(void)state;
	unit_write_text(tree, "report", "");
	assert_int_equal(to_stdout(path, 2), 0);
	assert_file("a line of a report, number 0\na line of a report, number 1\n");
	/* It stays open: --watch goes on. */
	assert_true(fcntl(STDOUT_FILENO, F_GETFD) >= 0);
	assert_int_equal(to_stdout("/dev/null", 100000), 0);
}

static void test_again(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sink_open(&sink, path, &why), 0);
		fprintf(sink.stream, "%d", i);
		assert_int_equal(sink_commit(&sink, &why), 0);
	}
	assert_file("2");
	assert_u64_equal(unit_count_entries(tree), 1);
}

#define SINK_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SINK_TEST(test_new_file),     SINK_TEST(test_replaced_as_a_whole),
		SINK_TEST(test_mode),	      SINK_TEST(test_relative),
		SINK_TEST(test_no_directory), SINK_TEST(test_write_fails),
		SINK_TEST(test_rename_fails), SINK_TEST(test_directory),
		SINK_TEST(test_link),	      SINK_TEST(test_no_regular_file),
		SINK_TEST(test_stdout_full),  SINK_TEST(test_stdout),
		SINK_TEST(test_again),
	};

	return cmocka_run_group_tests_name("sink", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "collect/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct tree {
	char *path;
	int root;
};

static int setup(void **state)
{
	struct tree *t = xcalloc(1, sizeof(*t));

	t->path = unit_make_tree();
	t->root = open(t->path, O_PATH | O_DIRECTORY);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct tree *t = *state;

	close(t->root);
	unit_remove_tree(t->path);
	free(t);
	return 0;
}

static void test_open(void **state)
{
	struct tree *t = *state;
	int fd;

	unit_write_text(t->path, "proc/x", "1");
	fd = procfs_open(t->root, "proc/x");
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(procfs_open(t->root, "proc/y"), -ENOENT);
	assert_int_equal(procfs_open(t->root, "proc/x/z"), -ENOTDIR);
}

static void test_read(void **state)
{
	struct tree *t = *state;
	struct strbuf text = { 0 };
	char *large = xmalloc(100000);

	unit_write_text(t->path, "proc/x", "hello\n");
	assert_int_equal(procfs_read(t->root, "proc/x", &text), 0);
	assert_string_equal(text.s, "hello\n");

	/* More than one read(2) takes; what was in the buffer before is gone. */
	for (size_t i = 0; i < 100000; i++)
		large[i] = (char)('a' + i % 26);
	unit_write(t->path, "proc/large", large, 100000);
	assert_int_equal(procfs_read(t->root, "proc/large", &text), 0);
	assert_u64_equal(text.len, 100000);
	assert_memory_equal(text.s, large, 100000);

	unit_write_text(t->path, "proc/empty", "");
	assert_int_equal(procfs_read(t->root, "proc/empty", &text), 0);
	assert_string_equal(text.s, "");
	assert_int_equal(procfs_read(t->root, "proc/none", &text), -ENOENT);
	assert_int_equal(procfs_read(t->root, "proc", &text), -EISDIR);
	strbuf_free(&text);
	free(large);
}

/* A descriptor that stays open is read from its start each time. */
static void test_read_again(void **state)
{
	struct tree *t = *state;
	struct strbuf text = { 0 };
	int fd;

	unit_write_text(t->path, "proc/x", "first");
	fd = procfs_open(t->root, "proc/x");
	assert_int_equal(procfs_read_fd(fd, &text), 0);
	assert_string_equal(text.s, "first");
	unit_write_text(t->path, "proc/x", "2nd");
	assert_int_equal(procfs_read_fd(fd, &text), 0);
	assert_string_equal(text.s, "2nd");
	close(fd);
	assert_int_equal(procfs_read_fd(fd, &text), -EBADF);
	strbuf_free(&text);
}

static void test_sysctls(void **state)
{
	struct tree *t = *state;
	struct snapshot snapshot = { 0 };
	struct sysctls s;
	int fds[SYSCTL_N], open_fd;

	for (size_t i = 0; i < SYSCTL_N; i++)
		fds[i] = -ENOENT;
	memset(&s, 0xff, sizeof(s));
	unit_write_text(t->path, "proc/sys/net/core/somaxconn", "4096\n");
	unit_write_text(t->path, "proc/sys/net/ipv4/tcp_max_syn_backlog", "-1\n");
	unit_write_text(t->path, "proc/sys/net/ipv4/tcp_syncookies", "off\n");
	unit_write_text(t->path, "proc/sys/net/ipv4/tcp_abort_on_overflow", "");
	procfs_open_sysctls(t->root, fds);
	procfs_sysctls(fds, &snapshot, &s);
	/* Not there, not a number, nothing: unknown, and never 0. */
	assert_u64_equal(s.known, 1u << SYSCTL_SOMAXCONN | 1u << SYSCTL_MAX_SYN_BACKLOG);
	assert_true(s.value[SYSCTL_SOMAXCONN] == 4096);
	assert_true(s.value[SYSCTL_MAX_SYN_BACKLOG] == -1);
	/* Each of the three says why. */
	assert_int_equal(snapshot.n_warnings, 3);
	assert_string_equal(snapshot.warnings[0].message,
			    "cannot read sysctl net/ipv4/tcp_syncookies: Invalid argument");
	assert_string_equal(
		snapshot.warnings[2].message,
		"cannot read sysctl net/ipv4/tcp_synack_retries: No such file or directory");
	unit_write_text(t->path, "proc/sys/net/core/somaxconn", "99999999999999999999\n");
	procfs_sysctls(fds, &snapshot, &s);
	assert_u64_equal(s.known, 1u << SYSCTL_MAX_SYN_BACKLOG);
	/* What is open stays, and what was not there is looked for again. */
	open_fd = fds[SYSCTL_SOMAXCONN];
	unit_write_text(t->path, "proc/sys/net/ipv4/tcp_synack_retries", "5");
	procfs_open_sysctls(t->root, fds);
	assert_int_equal(fds[SYSCTL_SOMAXCONN], open_fd);
	assert_true(fds[SYSCTL_SYNACK_RETRIES] >= 0);
	for (size_t i = 0; i < SYSCTL_N; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	snapshot_free(&snapshot);
}

static void add_mount(const struct procfs_mount *mount, void *context)
{
	strbuf_addf(context, "[%s|%s|%s|%s]", mount->root, mount->path, mount->type,
		    mount->options);
}

/* The mounts in a text, each in brackets. The caller frees. */
static char *mounts(struct tree *t, const char *text)
{
	struct strbuf found = { 0 };

	strbuf_adds(&found, "");
	unit_write_text(t->path, "proc/self/mountinfo", text);
	assert_int_equal(procfs_mounts(t->root, add_mount, &found), 0);
	return found.s;
}

static void expect_mounts(struct tree *t, const char *text, const char *expected)
{
	char *found = mounts(t, text);

	assert_string_equal(found, expected);
	free(found);
}

static void test_mounts(void **state)
{
	struct tree *t = *state;

	expect_mounts(t,
		      "22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
		      "30 1 0:4 net:[4026532001] /run/x rw shared:1 master:2 - nsfs nsfs rw\n",
		      "[/|/sys|sysfs|rw][net:[4026532001]|/run/x|nsfs|rw]");
	/* Blanks, and a backslash. */
	expect_mounts(t, "1 2 0:1 /a\\040b /c\\011d\\134040 rw - t s o\n", "[/a b|/c\td\\040|t|o]");
	/* The source may be empty, and a part of a path may look like the dash before the type. */
	expect_mounts(t, "1 2 0:1 / /m rw -  rw,x\n1 2 0:1 / - rw - tmpfs  rw,x\n",
		      "[/|-|tmpfs|rw,x]");
	expect_mounts(t, "short\n\n1 2 0:1 / /x rw - type source\n - \n", "");
	/* What is not an escape stays. */
	expect_mounts(t, "1 2 0:1 \\ /a\\7 rw - t s o\n1 2 0:1 /\\04 /\\08a rw - t s o",
		      "[\\|/a\\7|t|o][/\\04|/\\08a|t|o]");
}

/* A path of the kernel may take four times PATH_MAX. */
static void test_long_mounts(void **state)
{
	struct tree *t = *state;
	struct strbuf text = { 0 }, expected = { 0 };

	strbuf_adds(&text, "1 2 0:1 / /");
	strbuf_adds(&expected, "[/|/");
	for (size_t i = 0; i < 4000; i++)
		strbuf_adds(&text, "\\040");
	strbuf_addc(&expected, ' ', 4000);
	strbuf_adds(&text, " rw - t s ");
	strbuf_adds(&expected, "|t|");
	strbuf_addc(&text, 'o', 2000);
	strbuf_addc(&expected, 'o', 2000);
	strbuf_adds(&expected, "]");
	expect_mounts(t, text.s, expected.s);
	strbuf_free(&text);
	strbuf_free(&expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sysctls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mounts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_mounts, setup, teardown),
	};

	return cmocka_run_group_tests_name("procfs", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "collect/cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOUNTINFO                                                                       \
	"23 28 0:21 / /proc rw,nosuid - proc proc rw\n"                                 \
	"30 23 0:26 / /sys/fs/cgroup/unified rw,nosuid shared:4 - cgroup2 cgroup2 rw\n" \
	"31 23 0:27 / /other rw - cgroup2 cgroup2 rw\n"
#define MOUNT "sys/fs/cgroup/unified"

static char *tree;
static int root;
static int handle_error; /* what open_by_handle_at() fails with */
static const char *revealed; /* or the path it finds, below the mount */
static unsigned int handles; /* how often it was asked */
static uint64_t asked_id;

/*
 * The kernel opens a handle only for CAP_DAC_READ_SEARCH and only on a real cgroup file system: a
 * test has neither, and needs both answers. The name of the descriptor is then asked of
 * proc/self/fd of the captured tree.
 */
int open_by_handle_at(int mount, struct file_handle *handle, int flags)
{
	char link[64], target[4096];
	int fd;

	(void)mount, (void)flags;
	handles++;
	memcpy(&asked_id, handle->f_handle, sizeof(asked_id));
	if (!revealed) {
		errno = handle_error;
		return -1;
	}
	fd = open("/dev/null", O_RDONLY);
	unit_write_text(tree, "proc/self/fd/none", "");
	snprintf(link, sizeof(link), "proc/self/fd/%d", fd);
	snprintf(target, sizeof(target), "%s", revealed);
	unlinkat(root, link, 0);
	assert_int_equal(symlinkat(target, root, link), 0);
	return fd;
}

static int setup(void **state)
{
	tree = unit_make_tree();
	root = open(tree, O_PATH | O_DIRECTORY);
	unit_write_text(tree, "proc/self/mountinfo", MOUNTINFO);
	unit_write_text(tree, MOUNT "/system.slice/app.service/cgroup.procs", "");
	unit_write_text(tree, MOUNT "/user.slice/cgroup.procs", "");
	unit_write_text(tree, MOUNT "/.dotted/cgroup.procs", "");
	handle_error = EPERM;
	revealed = NULL;
	handles = 0;
	return 0;
}

static int teardown(void **state)
{
	close(root);
	unit_remove_tree(tree);
	return 0;
}

static uint64_t inode(const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(root, path, &st, 0), 0);
	return st.st_ino;
}

/* Without the privilege the tree is walked, once, since an id is an inode. */
static void test_walk(void **state)
{
	struct cgroups c = { .root = root, .strings = string_pool_new() };
	uint64_t app = inode(MOUNT "/system.slice/app.service");
	const char *path;

	path = cgroups_path(&c, app);
	assert_string_equal(path, "/system.slice/app.service");
	assert_u64_equal(asked_id, app);
	assert_ptr_equal(cgroups_path(&c, app), path);
	assert_string_equal(cgroups_path(&c, inode(MOUNT "/user.slice")), "/user.slice");
	assert_string_equal(cgroups_path(&c, inode(MOUNT "/.dotted")), "/.dotted");
	assert_string_equal(cgroups_path(&c, inode(MOUNT)), "/");
	assert_u64_equal(handles, 1);
	/* No directory, and a file is none. */
	assert_null(cgroups_path(&c, 1));
	assert_null(cgroups_path(&c, inode(MOUNT "/user.slice/cgroup.procs")));
	cgroups_free(&c);
}

static void test_one_step(void **state)
{
	struct cgroups c = { .root = root, .strings = string_pool_new() };

	revealed = "/" MOUNT "/system.slice/app.service";
	assert_string_equal(cgroups_path(&c, 4711), "/system.slice/app.service");
	assert_u64_equal(asked_id, 4711);
	assert_string_equal(cgroups_path(&c, 4711), "/system.slice/app.service");
	assert_u64_equal(handles, 1);
	revealed = "/" MOUNT;
	assert_string_equal(cgroups_path(&c, 1), "/");
	/* A cgroup above the root of our cgroup namespace has no name here. */
	revealed = "/";
	assert_null(cgroups_path(&c, 2));
	assert_false(c.walked);
	cgroups_free(&c);
}

/* A cgroup that is gone while sockets of it live: told by the kernel, not looked for in the tree.
 */
static void test_gone(void **state)
{
	struct cgroups c = { .root = root, .strings = string_pool_new() };

	handle_error = ESTALE;
	assert_null(cgroups_path(&c, inode(MOUNT "/user.slice")));
	assert_null(cgroups_path(&c, inode(MOUNT "/user.slice")));
	assert_u64_equal(handles, 1);
	assert_false(c.walked);
	cgroups_free(&c);
}

static void test_no_mount(void **state)
{
	struct cgroups c = { .root = root, .strings = string_pool_new() };

	unit_write_text(tree, "proc/self/mountinfo", "23 28 0:21 / /proc rw - proc proc rw\n");
	assert_null(cgroups_path(&c, 1));
	c.searched = false;
	unlinkat(root, "proc/self/mountinfo", 0);
	assert_null(cgroups_path(&c, 1));
	assert_null(cgroups_path(&c, 1));
	assert_u64_equal(handles, 0);
	cgroups_free(&c);
}

/* Cut off, empty and strange lines. */
static void test_broken_mountinfo(void **state)
{
	static const char *const texts[] = { "", "\n", " - cgroup2 \n", "30 23 0:26 /",
					     "30 23 0:26 / - cgroup2 " };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct cgroups c = { .root = root, .strings = string_pool_new() };

		unit_write_text(tree, "proc/self/mountinfo", texts[i]);
		assert_null(cgroups_path(&c, 1));
		cgroups_free(&c);
	}
}

/* Containers come and go: with the pool goes what nobody asks for, and no more is looked up. */
static void test_old_go(void **state)
{
	struct string_pool *next = string_pool_new();
	struct cgroups c = { .root = root };

	cgroups_begin(&c, next);
	revealed = "/" MOUNT "/goes";
	assert_string_equal(cgroups_path(&c, 2), "/goes");
	cgroups_begin(&c, next);
	revealed = "/" MOUNT "/stays";
	assert_string_equal(cgroups_path(&c, 1), "/stays");
	string_pool_put(next);
	next = string_pool_new();
	cgroups_begin(&c, next);
	string_pool_put(next);
	revealed = NULL;
	handle_error = ESTALE;
	assert_string_equal(cgroups_path(&c, 1), "/stays");
	assert_u64_equal(handles, 2);
	assert_null(cgroups_path(&c, 2));
	cgroups_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_walk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_step, setup, teardown),
		cmocka_unit_test_setup_teardown(test_old_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_mount, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_mountinfo, setup, teardown),
	};

	return cmocka_run_group_tests_name("cgroups", tests, NULL, NULL);
}

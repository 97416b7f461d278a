/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/text.h"
#include "collect/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Trees in which hard links of a file are the same namespace. */

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char *tree;
static int root;
static struct namespaces found;

static void add_process(unsigned int pid, const char *as, const char *comm, unsigned int flags,
			unsigned long long started)
{
	unit_add_process(tree, pid, as, comm, flags, started);
}

static void add_name(const char *name, const char *as)
{
	char path[64];

	snprintf(path, sizeof(path), "run/netns/%s", name);
	if (as)
		unit_link(tree, as, path);
	else
		unit_write_text(tree, path, "");
}

static uint64_t inode(const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(root, path, &st, 0), 0);
	return st.st_ino;
}

static const struct namespace *get(const char *path)
{
	const struct namespace *ns = namespaces_get(&found, inode(path));

	assert_non_null(ns);
	return ns;
}

static int setup(void **state)
{
	tree = unit_make_tree();
	root = open(tree, O_PATH | O_DIRECTORY);
	unit_write_text(tree, "proc/self/ns/net", "");
	unit_allow(tree, UNIT_ALLOWED);
	add_process(1, "proc/self/ns/net", "init", 0, 5);
	return 0;
}

static int teardown(void **state)
{
	namespaces_free(&found);
	close(root);
	unit_remove_tree(tree);
	return 0;
}

static void test_each_once(void **state)
{
	add_process(70, NULL, "web", 0, 100);
	add_process(71, "proc/70/ns/net", "web", 0, 101);
	add_name("blue", "proc/70/ns/net");
	add_name("green", NULL);
	namespaces_find(&found, root);
	assert_u64_equal(found.n, 3);
	assert_false(found.some_hidden);
	assert_string_equal(get("proc/1/ns/net")->name, "init[1]");
	assert_u64_equal(get("proc/1/ns/net")->pid, 1);
	assert_string_equal(get("run/netns/blue")->name, "blue");
	assert_string_equal(get("run/netns/blue")->path, "run/netns/blue");
	assert_u64_equal(get("run/netns/blue")->pid, 70);
	assert_string_equal(get("run/netns/green")->name, "green");
	assert_u64_equal(get("run/netns/green")->pid, 0);
	for (size_t i = 1; i < found.n; i++)
		assert_true(found.list[i - 1].inode < found.list[i].inode);
}

/* Numbers come round again: the oldest is told by its start, and no kernel thread is one. */
static void test_oldest(void **state)
{
	add_process(70, NULL, "late", 0, 900);
	add_process(80, "proc/70/ns/net", "odd) S 1 (x", 0, 300);
	add_process(90, "proc/70/ns/net", "kworker", 0x208040, 7);
	namespaces_find(&found, root);
	assert_string_equal(get("proc/70/ns/net")->name, "odd) S 1 (x[80]");
	assert_string_equal(get("proc/70/ns/net")->path, "proc/80/ns/net");
}

/* Who was the oldest still is, without being read again; another is when it is gone. */
static void test_found_again(void **state)
{
	add_process(70, NULL, "old", 0, 100);
	add_process(80, "proc/70/ns/net", "young", 0, 300);
	namespaces_find(&found, root);
	unit_write_text(tree, "proc/70/stat", "");
	unit_write_text(tree, "proc/70/comm", "renamed\n");
	namespaces_find(&found, root);
	assert_string_equal(get("proc/70/ns/net")->name, "old[70]");
	assert_int_equal(unlinkat(root, "proc/70/ns/net", 0), 0);
	namespaces_find(&found, root);
	assert_string_equal(get("proc/80/ns/net")->name, "young[80]");
	assert_int_equal(unlinkat(root, "proc/80/ns/net", 0), 0);
	namespaces_find(&found, root);
	assert_u64_equal(found.n, 1);
}

/* Of names the first in the alphabet; a file that is no namespace has another device. */
static void test_names(void **state)
{
	add_name("b", NULL);
	add_name("a", "run/netns/b");
	add_name("c", "run/netns/b");
	assert_int_equal(symlinkat("/proc/self/mounts", root, "run/netns/left-over"), 0);
	assert_int_equal(symlinkat("/no/such/file", root, "run/netns/dangling"), 0);
	namespaces_find(&found, root);
	assert_u64_equal(found.n, 2);
	assert_string_equal(get("run/netns/b")->name, "a");
	assert_string_equal(get("run/netns/b")->path, "run/netns/a");
}

/* A new name is told; one that goes leaves the process. */
static void test_renamed(void **state)
{
	add_process(70, NULL, "web", 0, 100);
	namespaces_find(&found, root);
	assert_string_equal(get("proc/70/ns/net")->name, "web[70]");
	add_name("blue", "proc/70/ns/net");
	namespaces_find(&found, root);
	assert_string_equal(get("proc/70/ns/net")->name, "blue");
	assert_int_equal(unlinkat(root, "run/netns/blue", 0), 0);
	namespaces_find(&found, root);
	assert_string_equal(get("proc/70/ns/net")->name, "web[70]");
}

static void test_mounts(void **state)
{
	const struct namespace *ns;

	unit_write_text(
		tree, "proc/self/mountinfo",
		"23 28 0:21 / /proc rw,nosuid - proc proc rw\n"
		"99 23 0:4 net:[4026532999] /run/docker/netns/1\\0402 rw shared:5 - nsfs nsfs rw\n"
		"98 23 0:4 mnt:[4026532888] /run/mnt rw - nsfs nsfs rw\n"
		"97 23 0:4 net:[ /cut - nsfs \n"
		"96 23 0:4 net:[4026532999] /second rw - nsfs nsfs rw\n");
	namespaces_find(&found, root);
	assert_u64_equal(found.n, 2);
	ns = namespaces_get(&found, 4026532999);
	assert_non_null(ns);
	assert_string_equal(ns->path, "run/docker/netns/1 2");
	assert_string_equal(ns->name, "/run/docker/netns/1 2");
	assert_u64_equal(ns->pid, 0);
}

static void test_containers(void **state)
{
	static const struct {
		const char *cgroup, *name;
	} engines[] = {
		{ "0::/system.slice/docker-" ID ".scope\n", "0123456789ab" },
		{ "5:memory:/docker/" ID "\n0::/docker/" ID "\n", "0123456789ab" },
		{ "0::/lxc.payload.my-box/init.scope\n", "my-box" },
		{ "0::/machine.slice/machine-a\\x2db.scope\n", "a-b" },
		{ "0::/system.slice/web.service\n", "web[70]" },
	};

	add_process(70, NULL, "web", 0, 100);
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		unit_write_text(tree, "proc/70/cgroup", engines[i].cgroup);
		namespaces_free(&found);
		namespaces_find(&found, root);
		assert_string_equal(get("proc/70/ns/net")->name, engines[i].name);
	}
}

/* What was not even listed is missed too; and without /proc there is nothing to say. */
static void test_hidden(void **state)
{
	assert_int_equal(unlinkat(root, "proc/1/ns/net", 0), 0);
	assert_int_equal(unlinkat(root, "proc/1/ns", AT_REMOVEDIR), 0);
	namespaces_find(&found, root);
	assert_false(found.some_hidden);
	assert_int_equal(renameat(root, "proc/1", root, "proc/x1"), 0);
	namespaces_find(&found, root);
	assert_false(found.some_hidden);
	unit_allow(tree, "0000000000000000", "pid:[4026531836]", "user:[4026531837]");
	namespaces_find(&found, root);
	assert_true(found.some_hidden);
	assert_int_equal(found.visible, PROCESSES_NO_PRIVILEGE);
	/* In a container process 1 can be seen, and those outside are not. */
	add_process(1, "proc/self/ns/net", "init", 0, 5);
	unit_allow(tree, "000001ffffffffff", "pid:[4026532000]", "user:[4026531837]");
	namespaces_find(&found, root);
	assert_true(found.some_hidden);
	assert_u64_equal(found.hidden, 0);
	assert_int_equal(found.visible, PROCESSES_NAMESPACE);
	assert_int_equal(renameat(root, "proc", root, "gone"), 0);
	namespaces_find(&found, root);
	assert_false(found.some_hidden);
	assert_u64_equal(found.n, 0);
}

static void expect_path(const char *what, const char *path)
{
	struct error why;
	uint64_t number;
	char *got;

	assert_int_equal(namespaces_resolve(root, what, &got, &number, &why), 0);
	assert_string_equal(got, path);
	assert_u64_equal(number, inode(path));
	free(got);
}

static void expect_error(const char *what, int code, const char *words)
{
	struct error why;
	uint64_t number;
	char *path;

	assert_int_equal(namespaces_resolve(root, what, &path, &number, &why), code);
	assert_null(path);
	assert_non_null(strstr(why.text, words));
}

static void test_resolve(void **state)
{
	char path[4096];

	add_process(70, NULL, "web", 0, 100);
	add_name("blue", NULL);
	expect_path("blue", "run/netns/blue");
	expect_path("70", "proc/70/ns/net");
	snprintf(path, sizeof(path), "%s/run/netns/blue", tree);
	expect_path(path, path);
	/* A name wins over a number. */
	add_name("70", NULL);
	expect_path("70", "run/netns/70");
	expect_error("green", -ENOENT, "no network namespace 'green'");
	expect_error("71", -ENOENT, "no network namespace '71'");
	expect_error("./green", -ENOENT, "cannot look at network namespace './green'");
	expect_error("/proc/self/mounts", -EINVAL,
		     "'/proc/self/mounts' is not a network namespace");
}

#define NAMESPACES_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NAMESPACES_TEST(test_each_once),   NAMESPACES_TEST(test_oldest),
		NAMESPACES_TEST(test_found_again), NAMESPACES_TEST(test_names),
		NAMESPACES_TEST(test_renamed),	   NAMESPACES_TEST(test_mounts),
		NAMESPACES_TEST(test_containers),  NAMESPACES_TEST(test_hidden),
		NAMESPACES_TEST(test_resolve),
	};

	return cmocka_run_group_tests_name("namespaces", tests, NULL, NULL);
}

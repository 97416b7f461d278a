/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "collect/others.h"

#include <fcntl.h>
#include <unistd.h>

/* Trees in which hard links of a file are the same namespace. */

static char *tree;
static struct others others;
static struct snapshot s;

static const char *netstat_of(unsigned int pid)
{
	static char path[48];

	snprintf(path, sizeof(path), "proc/%u/net/netstat", pid);
	return path;
}

/* In place: whoever lives there sees it. */
static void set_overflows(unsigned int pid, unsigned long long n)
{
	char text[80];

	snprintf(text, sizeof(text), "TcpExt: A ListenOverflows ListenDrops\nTcpExt: 1 %llu 9\n",
		 n);
	unit_write_text(tree, netstat_of(pid), text);
}

static void share(unsigned int pid, const char *with)
{
	char *path = strdup(with);

	unit_link(tree, path, netstat_of(pid));
	free(path);
}

static void leave(unsigned int pid)
{
	assert_int_equal(unlinkat(others.root, netstat_of(pid), 0), 0);
}

static void take(void)
{
	snapshot_reset(&s);
	others_sample(&others, &s);
}

static void assert_known(uint32_t known)
{
	assert_int_equal(s.known & (SNAPSHOT_OTHERS | SNAPSHOT_OTHERS_ALL | SNAPSHOT_OTHERS_CUT),
			 known);
}

#define LOOKED_AT_ALL (SNAPSHOT_OTHERS | SNAPSHOT_OTHERS_ALL)

static int setup(void **state)
{
	tree = unit_make_tree();
	memset(&others, 0, sizeof(others));
	others.root = open(tree, O_PATH | O_DIRECTORY);
	others.share = 1e6; /* as much as it takes */
	others.window_ns = NSEC_PER_SEC;
	unit_write_text(tree, "proc/self/net/netstat", "TcpExt: ListenOverflows\nTcpExt: 1000\n");
	share(1, "proc/self/net/netstat");
	return 0;
}

static int teardown(void **state)
{
	close(others.root);
	others_free(&others);
	snapshot_free(&s);
	unit_remove_tree(tree);
	return 0;
}

static void test_none(void **state)
{
	take();
	assert_known(LOOKED_AT_ALL);
	assert_u64_equal(s.n_others_found, 0);
	assert_u64_equal(s.n_others, 0);
}

static void test_each_once(void **state)
{
	uint64_t identity;

	set_overflows(70, 5);
	share(71, netstat_of(70));
	set_overflows(80, 0);
	take();
	assert_known(LOOKED_AT_ALL);
	assert_u64_equal(s.n_others_found, 2);
	assert_u64_equal(s.n_others, 2);
	assert_u64_equal(s.others[0].overflows + s.others[1].overflows, 5);
	identity = s.others[0].identity;
	assert_true(identity != s.others[1].identity);
	set_overflows(70, 7);
	take();
	assert_u64_equal(s.others[0].identity, identity);
	assert_u64_equal(s.others[0].overflows + s.others[1].overflows, 7);
}

/* Another process of the namespace is as good, and is looked for at once. */
static void test_process_leaves(void **state)
{
	uint64_t identity;

	set_overflows(80, 5);
	share(70, netstat_of(80));
	take();
	identity = s.others[0].identity;
	leave(others.list[0].pid);
	others.searched_ns -= 2 * NSEC_PER_SEC;
	take();
	assert_u64_equal(s.n_others, 1);
	assert_u64_equal(s.others[0].identity, identity);
	assert_known(LOOKED_AT_ALL);
}

static void test_namespace_ends(void **state)
{
	set_overflows(70, 5);
	set_overflows(80, 6);
	take();
	assert_u64_equal(s.n_others_found, 2);
	leave(70);
	take(); /* too soon for a search */
	assert_u64_equal(s.n_others_found, 1);
	assert_u64_equal(s.n_others, 1);
	assert_u64_equal(s.others[0].overflows, 6);
	others.searched_ns -= 2 * NSEC_PER_SEC;
	take();
	assert_u64_equal(others.n, 1);
	assert_known(LOOKED_AT_ALL);
}

/* The number of a process goes to another one, elsewhere. */
static void test_process_number_again(void **state)
{
	set_overflows(70, 5);
	take();
	leave(70);
	share(70, "proc/self/net/netstat");
	take();
	assert_u64_equal(s.n_others, 0);
}

static void test_new_namespace(void **state)
{
	take();
	set_overflows(70, 5);
	take();
	assert_u64_equal(s.n_others_found, 0);
	others.searched_ns -= 5 * NSEC_PER_SEC;
	take();
	assert_u64_equal(s.n_others, 1);
}

/* Without the first process of all it is others that are hidden, too. */
static void test_hidden(void **state)
{
	set_overflows(70, 5);
	leave(1);
	assert_int_equal(unlinkat(others.root, "proc/1/net", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(others.root, "proc/1", AT_REMOVEDIR), 0);
	take();
	assert_known(SNAPSHOT_OTHERS);
	assert_u64_equal(s.n_others, 1);
}

static void test_home_unknown(void **state)
{
	assert_int_equal(unlinkat(others.root, "proc/self/net/netstat", 0), 0);
	take();
	assert_known(0);
}

static void test_counter_unknown(void **state)
{
	unit_write_text(tree, netstat_of(70), "TcpExt: ListenDrops\nTcpExt: 9\n");
	take();
	assert_u64_equal(s.n_others_found, 1);
	assert_u64_equal(s.n_others, 0);
}

/* What has been spent is said; a later sample goes on where this one ended. */
static void test_budget(void **state)
{
	size_t left;

	for (unsigned int pid = 100; pid < 200; pid++)
		set_overflows(pid, pid);
	others.share = 1e-9;
	take();
	assert_known(SNAPSHOT_OTHERS | SNAPSHOT_OTHERS_CUT);
	assert_u64_equal(s.n_others, 0);
	left = others.n_pids;
	assert_true(left > 50);
	take(); /* nothing earned */
	assert_known(SNAPSHOT_OTHERS | SNAPSHOT_OTHERS_CUT);
	assert_u64_equal(others.n_pids, left);
	others.share = 1e6;
	take();
	assert_known(LOOKED_AT_ALL);
	assert_u64_equal(s.n_others_found, 100);
	assert_u64_equal(s.n_others, 100);
}

/* Samples in quick succession do not have a share each. */
static void test_budget_is_kept(void **state)
{
	uint64_t cpu;

	for (unsigned int pid = 100; pid < 700; pid++)
		set_overflows(pid, pid);
	others.share = 0.01;
	cpu = clock_thread_cpu_ns();
	for (unsigned int i = 0; i < 40; i++)
		take();
	cpu = clock_thread_cpu_ns() - cpu;
	/* The share of a window is 10 ms; beside it are the clock, and listing the processes. */
	if (cpu > 40 * NSEC_PER_SEC / 1000)
		fail_msg("%llu us of CPU", (unsigned long long)cpu / 1000);
	assert_known(SNAPSHOT_OTHERS | (s.known & SNAPSHOT_OTHERS_ALL) | SNAPSHOT_OTHERS_CUT);
}

#define OTHERS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OTHERS_TEST(test_none),
		OTHERS_TEST(test_each_once),
		OTHERS_TEST(test_process_leaves),
		OTHERS_TEST(test_namespace_ends),
		OTHERS_TEST(test_process_number_again),
		OTHERS_TEST(test_new_namespace),
		OTHERS_TEST(test_hidden),
		OTHERS_TEST(test_home_unknown),
		OTHERS_TEST(test_counter_unknown),
		OTHERS_TEST(test_budget),
		OTHERS_TEST(test_budget_is_kept),
	};

	return cmocka_run_group_tests_name("others", tests, NULL, NULL);
}

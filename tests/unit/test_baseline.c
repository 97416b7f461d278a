/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "model/needs.h"
#include "replay/baseline.h"

#include <sys/stat.h>
#include <unistd.h>

/*
 * What cannot be had from a kernel of today: namespaces without a cookie, which a run numbers as it
 * finds them. tests/system/test_baseline.py has the rest.
 */

static struct snapshot saved, now;
static struct baseline baseline;
static struct error why;
static char *tree, path[4096];

static int setup(void **state)
{
	tree = unit_make_tree();
	snprintf(path, sizeof(path), "%s/file", tree);
	scene_begin(&saved, 1000);
	strcpy(saved.boot_id, "7d6e7f3c-0b52-4d0e-8a75-3a4f0d2c9b11");
	strcpy(now.boot_id, saved.boot_id);
	return 0;
}

static int teardown(void **state)
{
	snapshot_free(&saved);
	snapshot_free(&now);
	baseline_close(&baseline);
	unit_remove_tree(tree);
	return 0;
}

static void open_file(unsigned int needs, bool all)
{
	const struct baseline_config config = {
		.path = path, .scope = { .needs = needs, .all_namespaces = all }
	};

	if (baseline_open(&baseline, &config, &why) < 0)
		fail_msg("%s", why.text);
}

static void save(unsigned int needs, bool all)
{
	open_file(needs, all);
	assert_string_equal(baseline.code, "baseline-new");
	if (baseline_save(&baseline, &saved, &why) < 0)
		fail_msg("%s", why.text);
	baseline_close(&baseline);
	open_file(needs, all);
	assert_non_null(baseline_check(&baseline, &now, 2000));
}

static void add_netns(struct snapshot *s, uint64_t inode, uint64_t serial)
{
	struct netns *ns = snapshot_add_netns(s);

	ns->inode = inode;
	ns->serial = serial;
}

static void add_listener(struct snapshot *s, uint32_t netns_idx, uint64_t cookie, uint32_t inode)
{
	struct listener *l = snapshot_add_listener(s, netns_idx, cookie);

	l->addr.family = AF_INET;
	l->addr.port = (uint16_t)cookie;
	l->inode = inode;
}

/* Three namespaces without a cookie, found in this order. */
static void three(struct snapshot *s)
{
	s->monotonic_ns = 1000;
	s->n_netns = 0;
	add_netns(s, 10, 1);
	add_listener(s, 0, 100, 1000);
	add_netns(s, 20, 2);
	add_listener(s, 1, 200, 2000);
	add_netns(s, 30, 3);
	add_listener(s, 2, 300, 3000);
}

static const struct netns *before(size_t netns_idx)
{
	return snapshot_find_netns(&baseline.before, netns_id(&now.netns[netns_idx]));
}

/* The second one has ended, and another one has its inode; the others were found in another order.
 */
static void test_without_cookies(void **state)
{
	three(&saved);
	save(NEED_DROPS, true);
	add_netns(&now, 30, 1);
	add_listener(&now, 0, 300, 3000);
	add_netns(&now, 20, 2);
	add_listener(&now, 1, 201, 2001);
	add_netns(&now, 10, 3);
	add_listener(&now, 2, 99, 999);
	add_listener(&now, 2, 100, 1000);
	assert_ptr_equal(baseline_match(&baseline, &now), &baseline.before);
	assert_u64_equal(before(0)->inode, 30);
	assert_null(before(1));
	assert_u64_equal(before(2)->inode, 10);
	assert_u64_equal(now.n_warnings, 0);
}

static void set_segments(struct netns *ns, uint64_t segments)
{
	ns->before.known = ns->after.known = 1u << COUNTER_IN_SEGS | 1u << COUNTER_OUT_RSTS;
	ns->before.value[COUNTER_IN_SEGS] = ns->after.value[COUNTER_IN_SEGS] = segments;
	ns->before.value[COUNTER_OUT_RSTS] = ns->after.value[COUNTER_OUT_RSTS] = 7;
}

/* The only server of a container starts again: its namespace is the same if no counter fell. */
static void test_without_common_listener(void **state)
{
	three(&saved);
	set_segments(&saved.netns[0], 100);
	set_segments(&saved.netns[1], 100);
	save(NEED_DROPS, true);
	add_netns(&now, 10, 1);
	set_segments(&now.netns[0], 100);
	add_listener(&now, 0, 101, 1001);
	add_netns(&now, 20, 2);
	set_segments(&now.netns[1], 99);
	add_listener(&now, 1, 201, 2001);
	assert_non_null(baseline_match(&baseline, &now));
	assert_u64_equal(before(0)->inode, 10);
	assert_null(before(1));
}

/* Before 4.1 a cookie is an address, which the next listener may have. */
static void test_same_cookie_of_another(void **state)
{
	three(&saved);
	save(NEED_DROPS, true);
	add_netns(&now, 10, 1);
	add_listener(&now, 0, 100, 1001);
	assert_null(baseline_match(&baseline, &now));
	assert_string_equal(now.warnings[0].code, "baseline-namespaces");
}

/* All but the last one of a namespace that the user named; -A expects some to come and go. */
static void test_some_are_new(void **state)
{
	three(&saved);
	save(NEED_DROPS, false);
	three(&now);
	assert_non_null(baseline_match(&baseline, &now));
	add_netns(&now, 40, 4);
	assert_null(baseline_match(&baseline, &now));
	assert_string_equal(now.warnings[0].code, "baseline-namespaces");
}

static void test_needs(void **state)
{
	save(NEED_DROPS | NEED_COUNTERS | NEED_UNIX | NEED_OWNERS, false);
	baseline_close(&baseline);
	open_file(NEED_DROPS | NEED_SYSCTLS, false); /* neither less nor more of others matters */
	assert_true(baseline.has_before);
	baseline_close(&baseline);
	open_file(NEED_UNIX, true);
	assert_string_equal(baseline.code, "baseline-namespaces");
	unlink(path);
	baseline_close(&baseline);
	save(NEED_DROPS, false);
	baseline_close(&baseline);
	open_file(NEED_COUNTERS, false);
	assert_string_equal(baseline.code, "baseline-needs");
}

/* Without /proc nobody knows whether the host has booted since. */
static void test_boot_id_unknown(void **state)
{
	save(NEED_DROPS, false);
	*now.boot_id = '\0';
	assert_null(baseline_check(&baseline, &now, 2000));
	assert_null(baseline_match(&baseline, &now));
	assert_string_equal(now.warnings[0].code, "baseline-boot");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_without_cookies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_common_listener, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_cookie_of_another, setup, teardown),
		cmocka_unit_test_setup_teardown(test_some_are_new, setup, teardown),
		cmocka_unit_test_setup_teardown(test_needs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_boot_id_unknown, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

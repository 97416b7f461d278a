/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "model/snapshot.h"

static struct snapshot s;

static int teardown(void **state)
{
	snapshot_free(&s);
	return 0;
}

/* A dump that the kernel resumes may show a socket twice. */
static void test_same_cookie_once(void **state)
{
	assert_non_null(snapshot_add_listener(&s, 0, 42));
	assert_null(snapshot_add_listener(&s, 0, 42));
	assert_non_null(snapshot_add_listener(&s, 1, 42));
	assert_non_null(snapshot_add_listener(&s, 0, 43));
	assert_u64_equal(s.n_listeners, 3);
}

/* The same among more listeners than the index has while they are added. */
static void test_same_cookie_among_many(void **state)
{
	enum { MANY = 5000 };

	for (uint64_t cookie = 1; cookie <= MANY; cookie++) {
		assert_non_null(snapshot_add_listener(&s, 0, cookie));
		for (uint64_t back = 0; back < 400 && back < cookie; back += 100)
			assert_null(snapshot_add_listener(&s, 0, cookie - back));
	}
	assert_u64_equal(s.n_listeners, MANY);
	for (uint64_t cookie = 1; cookie <= MANY; cookie++)
		assert_u64_equal(snapshot_find(&s, 0, cookie) - s.listeners, cookie - 1);
	assert_null(snapshot_find(&s, 0, MANY + 1));
	/* The next sample is of few listeners. */
	snapshot_reset(&s);
	assert_non_null(snapshot_add_listener(&s, 0, 1));
	assert_null(snapshot_find(&s, 0, 2));
}

static void test_find(void **state)
{
	assert_null(snapshot_find(&s, 0, 0));
	snapshot_add_listener(&s, 0, 42)->uid = 1;
	snapshot_add_listener(&s, 1, 42)->uid = 2;
	assert_u64_equal(snapshot_find(&s, 0, 42)->uid, 1);
	assert_u64_equal(snapshot_find(&s, 1, 42)->uid, 2);
	assert_null(snapshot_find(&s, 2, 42));
	assert_null(snapshot_find(&s, 0, 41));
	snapshot_add_listener(&s, 0, 43);
	for (size_t guess = 0; guess < 5; guess++) {
		assert_u64_equal(snapshot_find_near(&s, 0, 42, guess)->uid, 1);
		assert_u64_equal(snapshot_find_near(&s, 1, 42, guess)->uid, 2);
		assert_null(snapshot_find_near(&s, 2, 42, guess));
	}
}

static void test_new_listener_is_clean(void **state)
{
	struct listener *l;

	memset(snapshot_add_listener(&s, 0, 1), 0xff, sizeof(*l));
	snapshot_reset(&s);
	l = snapshot_add_listener(&s, 0, 1);
	assert_non_null(l);
	assert_u64_equal(l->known, 0);
	assert_u64_equal(l->cgroup_id, 0);
	assert_null(l->cgroup);
	assert_u64_equal(l->addr.port, 0);
}

static void test_drop_listeners(void **state)
{
	snapshot_add_netns(&s);
	snapshot_add_listener(&s, 0, 1);
	snapshot_warn(&s, "code", "message");
	snapshot_drop_listeners(&s, 0);
	assert_u64_equal(s.n_listeners, 0);
	assert_u64_equal(s.n_netns, 1);
	assert_u64_equal(s.n_warnings, 1);
	assert_null(snapshot_find(&s, 0, 1));
	assert_non_null(snapshot_add_listener(&s, 0, 1));
}

static void test_warnings(void **state)
{
	snapshot_warn(&s, "a", "%d", 1);
	snapshot_warn(&s, "a", "%d", 1);
	snapshot_warn(&s, "a", "%d", 2);
	snapshot_warn(&s, "b", "%d", 1);
	assert_u64_equal(s.n_warnings, 3);
	assert_string_equal(s.warnings[0].code, "a");
	assert_string_equal(s.warnings[1].message, "2");
	snapshot_reset(&s);
	assert_u64_equal(s.n_warnings, 0);
}

static void test_retract(void **state)
{
	snapshot_warn(&s, "a", "first");
	snapshot_warn(&s, "b", "second");
	snapshot_warn(&s, "a", "third");
	snapshot_retract(&s, "c");
	assert_u64_equal(s.n_warnings, 3);
	snapshot_retract(&s, "a");
	assert_u64_equal(s.n_warnings, 1);
	assert_string_equal(s.warnings[0].message, "second");
	/* They are saved, also where others come later. */
	snapshot_warn(&s, "d", "fourth");
	assert_u64_equal(s.n_warnings, 2);
	assert_string_equal(s.warnings[1].message, "fourth");
	assert_u64_equal(s.n_retracted, 2);
	assert_string_equal(s.warnings[2].message, "third");
	assert_string_equal(s.warnings[3].message, "first");
	snapshot_retract(&s, "d");
	assert_u64_equal(s.n_warnings, 1);
	assert_u64_equal(s.n_retracted, 3);
	snapshot_reset(&s);
	assert_u64_equal(s.n_retracted, 0);
}

/* listen(fd, N) lets N + 1 in: full is above the limit, and a limit of 0 is no division by zero. */
static void test_fill(void **state)
{
	static const struct {
		uint32_t length, limit;
		uint64_t capacity;
		bool full;
		uint64_t fill;
	} cases[] = {
		{ 0, 0, 1, false, 0 },
		{ 1, 0, 1, true, FILL_FULL },
		{ 2, 2, 3, false, 666666666 },
		{ 3, 2, 3, true, FILL_FULL },
		{ 4, 4, 5, false, FILL_HIGH },
		{ 9, 2, 3, true, 3 * FILL_FULL },
		{ 4294967295u, 4294967295u, 4294967296, false, FILL_FULL - 1 },
		{ 4294967295u, 0, 1, true, 4294967295 * FILL_FULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct listener l = { .length = cases[i].length, .limit = cases[i].limit };

		assert_u64_equal(listener_capacity(&l), cases[i].capacity);
		assert_int_equal(listener_full(&l), cases[i].full);
		assert_u64_equal(listener_fill(&l), cases[i].fill);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_same_cookie_once, teardown),
		cmocka_unit_test_teardown(test_same_cookie_among_many, teardown),
		cmocka_unit_test_teardown(test_find, teardown),
		cmocka_unit_test_teardown(test_new_listener_is_clean, teardown),
		cmocka_unit_test_teardown(test_drop_listeners, teardown),
		cmocka_unit_test_teardown(test_warnings, teardown),
		cmocka_unit_test_teardown(test_retract, teardown),
		cmocka_unit_test(test_fill),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}

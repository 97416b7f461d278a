/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/string_pool.h"

static const char *add(struct string_pool *pool, const char *s)
{
	return string_pool_add(pool, s, strlen(s));
}

static void test_once_each(void **state)
{
	struct string_pool *pool = string_pool_new();
	const char *a = string_pool_add(pool, "nginx: x", 5), *empty = add(pool, "");

	assert_string_equal(a, "nginx");
	assert_string_equal(empty, "");
	assert_ptr_equal(string_pool_add(pool, "nginx", 5), a);
	assert_ptr_equal(string_pool_add(pool, "x", 0), empty);
	assert_string_equal(add(pool, "ngin"), "ngin");
	assert_string_equal(add(pool, "nginx2"), "nginx2");
	assert_null(string_pool_add(pool, NULL, 0));
	string_pool_put(pool);
	string_pool_put(NULL);
	assert_null(string_pool_get(NULL));
}

/* None moves, however many there are. */
static void test_stay_in_place(void **state)
{
	struct string_pool *pool = string_pool_new();
	const char *kept[5000];
	char text[16];

	for (int again = 0; again < 2; again++)
		for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
			snprintf(text, sizeof(text), "%zu", i);
			if (again)
				assert_ptr_equal(add(pool, text), kept[i]);
			kept[i] = add(pool, text);
			assert_string_equal(kept[i], text);
		}
	string_pool_put(pool);
}

/* Names that change for ever: memory ends, and what somebody holds stays. */
static void test_next(void **state)
{
	struct string_pool *pool = NULL, *held = NULL;
	const char *first = NULL, *previous = NULL;
	unsigned int pools = 0, samples = 0;

	for (; samples < 100000; samples++) {
		struct string_pool *next = string_pool_next(string_pool_get(pool));
		char text[64];

		snprintf(text, sizeof(text), "/system.slice/container-%u.scope", samples);
		pools += next != pool;
		if (pools == 1 && next != pool)
			held = string_pool_get(next);
		string_pool_put(pool);
		pool = next;
		previous = add(pool, text);
		first = first ? first : previous;
	}
	assert_in_range(pools, samples * 36 / STRING_POOL_SLACK / 2,
			samples * 36 / STRING_POOL_SLACK + 1);
	assert_string_equal(first, "/system.slice/container-0.scope");
	string_pool_put(held);
	assert_string_equal(previous, "/system.slice/container-99999.scope");
	string_pool_put(pool);
}

/* What is there from the first sample on is no reason for a new one. */
static void test_large(void **state)
{
	struct string_pool *pool = string_pool_next(NULL), *before = pool;
	char text[4096];

	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < STRING_POOL_SLACK / sizeof(text) * 4; i++) {
		snprintf(text, sizeof(text), "%04zu", i);
		text[4] = 'a';
		string_pool_add(pool, text, sizeof(text));
	}
	for (int i = 0; i < 10; i++) {
		string_pool_add(pool, text, (size_t)i);
		pool = string_pool_next(pool);
		assert_ptr_equal(pool, before);
	}
	string_pool_put(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once_each),
		cmocka_unit_test(test_stay_in_place),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests_name("string_pool", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/intern.h"

static void test_once(void **state)
{
	struct intern intern = { 0 };
	const char *a = intern_keep(&intern, "nginx: x", 5), *empty;
	char other[] = "nginx";

	(void)state;
	assert_string_equal(a, "nginx");
	assert_ptr_equal(intern_keep(&intern, other, 5), a);
	empty = intern_keep(&intern, "", 0);
	assert_string_equal(empty, "");
	assert_ptr_equal(intern_keep(&intern, "x", 0), empty);
	assert_ptr_not_equal(intern_keep(&intern, "nginz", 5), a);
	assert_u64_equal(intern.n, 3);
	intern_free(&intern);
	assert_u64_equal(intern.n, 0);
}

static void test_many(void **state)
{
	struct intern intern = { 0 };
	const char *kept[5000];
	char text[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		int len = snprintf(text, sizeof(text), "worker/%zu", i);

		kept[i] = intern_keep(&intern, text, (size_t)len);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		int len = snprintf(text, sizeof(text), "worker/%zu", i);

		assert_string_equal(kept[i], text);
		assert_ptr_equal(intern_keep(&intern, text, (size_t)len), kept[i]);
	}
	intern_free(&intern);
}

/* Two texts of one hash are still two: the second takes the id behind it. */
static void test_same_hash(void **state)
{
	struct intern intern = { 0 };
	const char *first = intern_keep(&intern, "a", 1), *second;
	uint64_t hash_of_a = (0xcbf29ce484222325u ^ 'a') * 0x100000001b3u;

	(void)state;
	assert_u64_equal(idmap_get(&intern.by_hash, hash_of_a), 0);
	free(intern.list[0]);
	intern.list[0] = xstrdup("another text of the same hash");
	first = intern.list[0];
	second = intern_keep(&intern, "a", 1);
	assert_string_equal(second, "a");
	assert_ptr_not_equal(second, first);
	assert_ptr_equal(intern_keep(&intern, "a", 1), second);
	intern_free(&intern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_same_hash),
	};

	return cmocka_run_group_tests_name("intern", tests, NULL, NULL);
}

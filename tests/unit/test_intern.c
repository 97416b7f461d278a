/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
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
	char *first;
	const char *second;
	uint64_t hash_of_a = (0xcbf29ce484222325u ^ 'a') * 0x100000001b3u;

	(void)state;
	first = (char *)intern_keep(&intern, "a", 1);
	assert_u64_equal(idmap_get(&intern.by_hash, hash_of_a), 0);
	*first = 'b';
	second = intern_keep(&intern, "a", 1);
	assert_string_equal(second, "a");
	assert_ptr_not_equal(second, first);
	assert_ptr_equal(intern_keep(&intern, "a", 1), second);
	intern_free(&intern);
}

#define HOUR (3600 * NSEC_PER_SEC)

static void keep_many(struct intern *intern, const char *what, unsigned int n)
{
	char text[32];

	for (unsigned int i = 0; i < n; i++) {
		int len = snprintf(text, sizeof(text), "%s/%u", what, i);

		intern_keep(intern, text, (size_t)len);
	}
}

/* What somebody rewrites without end does not fill the memory; what is in use stays in place. */
static void test_old_go(void **state)
{
	struct intern intern = { 0 };
	const char *again, *held;
	bool gone = false;

	(void)state;
	held = intern_keep(&intern, "held", 4);
	again = intern_keep(&intern, "again", 5);
	for (unsigned int i = 0; i < 100; i++) {
		char what[16];

		gone |= intern_turn(&intern, i * HOUR / 10);
		intern_touch(&intern, held);
		intern_touch(&intern, NULL);
		assert_ptr_equal(intern_keep(&intern, "again", 5), again);
		snprintf(what, sizeof(what), "%u", i);
		keep_many(&intern, what, 100);
		/* The last hour is there: eleven samples. */
		assert_true(intern.n >= (i < 10 ? i + 1 : 11) * 100 + 2);
		assert_true(intern.n <= INTERN_MIN + 200);
	}
	assert_true(gone);
	assert_string_equal(held, "held");
	assert_string_equal(again, "again");
	assert_ptr_equal(intern_keep(&intern, "held", 4), held);
	intern_free(&intern);
}

/* What the last sample showed is on the screen until the next one has come, whenever that is. */
static void test_long_window(void **state)
{
	struct intern intern = { 0 };

	(void)state;
	intern_turn(&intern, 1);
	keep_many(&intern, "a", 3000);
	intern_turn(&intern, 1 + 2 * HOUR);
	keep_many(&intern, "b", 2000);
	assert_false(intern_turn(&intern, 1 + 2 * HOUR + 1) && intern.n < 2000);
	assert_u64_equal(intern.n, 2000);
	keep_many(&intern, "c", 3000);
	assert_false(intern_turn(&intern, 1 + 9 * HOUR));
	assert_u64_equal(intern.n, 5000);
	intern_free(&intern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),	    cmocka_unit_test(test_many),
		cmocka_unit_test(test_same_hash),   cmocka_unit_test(test_old_go),
		cmocka_unit_test(test_long_window),
	};

	return cmocka_run_group_tests_name("intern", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/idmap.h"

static void test_empty(void **state)
{
	struct idmap map = { 0 };

	assert_u64_equal(idmap_get(&map, 0), IDMAP_NONE);
	assert_u64_equal(idmap_get(&map, 42), IDMAP_NONE);
	idmap_free(&map);
	idmap_reset(&map, 0);
	assert_u64_equal(idmap_get(&map, 42), IDMAP_NONE);
	idmap_free(&map);
}

static void test_first_index_stays(void **state)
{
	struct idmap map = { 0 };

	assert_u64_equal(idmap_put(&map, 7, 1), IDMAP_NONE);
	assert_u64_equal(idmap_put(&map, 7, 2), 1);
	assert_u64_equal(idmap_get(&map, 7), 1);
	assert_u64_equal(map.used, 1);
	idmap_free(&map);
}

/* Ids that differ in few bits, as cookies do, and the extremes; growing past every size. */
static void test_many(void **state)
{
	const uint32_t n = 50000;
	struct idmap map = { 0 };

	assert_u64_equal(idmap_put(&map, UINT64_MAX, n), IDMAP_NONE);
	for (uint32_t i = 0; i < n; i++)
		assert_u64_equal(idmap_put(&map, (uint64_t)i << 32, i), IDMAP_NONE);
	for (uint32_t i = 0; i < n; i++) {
		assert_u64_equal(idmap_get(&map, (uint64_t)i << 32), i);
		assert_u64_equal(idmap_get(&map, (uint64_t)i << 32 | 1), IDMAP_NONE);
	}
	assert_u64_equal(idmap_get(&map, UINT64_MAX), n);
	assert_u64_equal(map.used, n + 1);
	/* Probing ends at an empty slot: there has to be one. */
	assert_true(map.used < map.size);
	idmap_free(&map);
}

static void test_reset_forgets_and_keeps_memory(void **state)
{
	struct idmap map = { 0 };
	size_t size;

	idmap_reset(&map, 1000);
	size = map.size;
	assert_true(size >= 1000);
	for (uint32_t i = 0; i < 1000; i++)
		idmap_put(&map, i, i);
	assert_u64_equal(map.size, size);
	idmap_reset(&map, 10);
	assert_u64_equal(map.size, size);
	assert_u64_equal(map.used, 0);
	for (uint32_t i = 0; i < 1000; i++)
		assert_u64_equal(idmap_get(&map, i), IDMAP_NONE);
	idmap_reset(&map, 100000);
	assert_true(map.size > size);
	assert_u64_equal(idmap_put(&map, 3, 9), IDMAP_NONE);
	idmap_free(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_first_index_stays),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_reset_forgets_and_keeps_memory),
	};

	return cmocka_run_group_tests_name("idmap", tests, NULL, NULL);
}

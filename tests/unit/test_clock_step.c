/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "model/clock_step.h"

/* By how much a wall clock was set between two samples. */

static struct snapshot before, now;

/* Ten seconds later by CLOCK_MONOTONIC, and so many by the wall clock. */
static int64_t step_of(double wall_seconds)
{
	before.wall = (struct timespec){ 1000000, 900000000 };
	before.monotonic_ns = 5 * NSEC_PER_SEC;
	now.wall = clock_shift(before.wall, (int64_t)(wall_seconds * (double)NSEC_PER_SEC));
	now.monotonic_ns = 15 * NSEC_PER_SEC;
	return clock_step_ns(&before, &now);
}

static void assert_step(double wall_seconds, double expected_seconds)
{
	const double off = (double)step_of(wall_seconds) / (double)NSEC_PER_SEC - expected_seconds;

	assert_true(off < 0.001 && off > -0.001);
}

static void test_steps(void **state)
{
	assert_step(10, 0);
	assert_step(11.05, 0); /* a leap second */
	assert_step(8.95, 0);
	assert_step(11.2, 1.2);
	assert_step(8.8, -1.2);
	assert_step(3610, 3600);
	assert_step(-3590, -3600);
	assert_step(0, -10);
}

/* A clock of which nothing is known, and those of a damaged file. */
static void test_unknown(void **state)
{
	step_of(3610);
	before.wall = (struct timespec){ 0 };
	assert_true(clock_step_ns(&before, &now) == 0);
	step_of(3610);
	now.wall = (struct timespec){ 0 };
	assert_true(clock_step_ns(&before, &now) == 0);
	step_of(3610);
	now.monotonic_ns = UINT64_MAX;
	assert_true(clock_step_ns(&before, &now) == 0);
	step_of(3610);
	now.wall = clock_timespec(INT64_MAX);
	assert_true(clock_step_ns(&before, &now) == 0);
}

static void test_warning(void **state)
{
	step_of(-3590);
	clock_step_warn(&now, NULL);
	assert_u64_equal(now.n_warnings, 0);
	clock_step_warn(&now, &before);
	assert_u64_equal(now.n_warnings, 1);
	assert_string_equal(now.warnings[0].code, "clock-step");
	assert_string_equal(now.warnings[0].message,
			    "in the window that ends here the clock was set back by 1h");
	/* The same of a recording that has it already. */
	clock_step_warn(&now, &before);
	assert_u64_equal(now.n_warnings, 1);
	snapshot_reset(&now);
	step_of(10);
	clock_step_warn(&now, &before);
	assert_u64_equal(now.n_warnings, 0);
	snapshot_free(&now);
}

static void test_shift(void **state)
{
	const struct timespec t = { 10, 500000000 };
	struct timespec r = clock_shift(t, 700000000);

	assert_true(r.tv_sec == 11 && r.tv_nsec == 200000000);
	r = clock_shift(t, -700000000);
	assert_true(r.tv_sec == 9 && r.tv_nsec == 800000000);
	r = clock_shift(t, -10500000001);
	assert_true(r.tv_sec == 0 && r.tv_nsec == 0);
	r = clock_shift(clock_timespec(INT64_MAX), INT64_MAX);
	assert_true(r.tv_sec == INT64_MAX / (int64_t)NSEC_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_warning),
		cmocka_unit_test(test_shift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

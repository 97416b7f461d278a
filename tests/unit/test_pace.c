/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "collect/pace.h"

#define MS 1000000ull
#define S  (1000 * MS)

/* Samples once a second from 10 s on; returns how many of @n took in SYN_RECV. */
static unsigned int taken(struct pace *p, unsigned int n, uint64_t listen_ns, uint64_t syn_ns)
{
	unsigned int count = 0;

	for (uint64_t now = 10 * S; n--; now += S) {
		bool due = pace_due(p, now);

		pace_paid(p, due, listen_ns + (due ? syn_ns : 0), now);
		count += due;
	}
	return count;
}

static void test_cheap(void **state)
{
	struct pace p = { .share = 0.02 };

	(void)state;
	assert_u64_equal(taken(&p, 20, 1 * MS, 1 * MS), 20);
	/* Many listeners are dear too, but not the fault of SYN_RECV. */
	p = (struct pace){ .share = 0.02, .without_ns = 50 * MS };
	assert_u64_equal(taken(&p, 20, 50 * MS, 1 * MS), 20);
}

/* 70 ms may be paid every 3.5 s. */
static void test_dear(void **state)
{
	struct pace p = { .share = 0.02 };

	(void)state;
	assert_u64_equal(taken(&p, 20, 1 * MS, 70 * MS), 5);
	p = (struct pace){ .share = 0.02 };
	assert_u64_equal(taken(&p, 20, 50 * MS, 70 * MS), 5);
}

static void test_no_limit(void **state)
{
	struct pace p = { .share = 0 };

	(void)state;
	assert_u64_equal(taken(&p, 20, 1 * MS, 900 * MS), 20);
}

/* A host that gets busy and calm again. */
static void test_follows(void **state)
{
	struct pace p = { .share = 0.02 };

	(void)state;
	assert_u64_equal(taken(&p, 10, 1 * MS, 1 * MS), 10);
	p.taken_ns = 0;
	assert_in_range(taken(&p, 40, 1 * MS, 70 * MS), 9, 13);
	p.taken_ns = 0;
	assert_in_range(taken(&p, 40, 1 * MS, 1 * MS), 30, 40);
}

/* Where a dump of the listeners alone was never made, the whole cost is laid on SYN_RECV. */
static void test_without_comparison(void **state)
{
	struct pace p = { .share = 0.02 };

	(void)state;
	assert_true(pace_due(&p, 10 * S));
	pace_paid(&p, true, 50 * MS, 10 * S);
	assert_false(pace_due(&p, 11 * S));
	assert_false(pace_due(&p, 12 * S + 499 * MS));
	assert_true(pace_due(&p, 12 * S + 500 * MS));
	pace_paid(&p, false, 49 * MS, 11 * S);
	assert_true(pace_due(&p, 11 * S));
	/* Noise does not make the difference negative. */
	pace_paid(&p, false, 90 * MS, 11 * S);
	assert_true(pace_due(&p, 11 * S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cheap),
		cmocka_unit_test(test_dear),
		cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_follows),
		cmocka_unit_test(test_without_comparison),
	};

	return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}

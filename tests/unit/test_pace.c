/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "collect/pace.h"

#define MS 1000000ull
#define S  (1000 * MS)

/* One sample a second, from @from on; returns how many of @n walked. */
static unsigned int walks(struct pace *p, unsigned int n, uint64_t cost_ns, bool urgent,
			  uint64_t from)
{
	unsigned int count = 0;

	for (uint64_t now = from; n--; now += S)
		if (pace_due(p, urgent, now)) {
			pace_paid(p, urgent, cost_ns, now);
			count++;
		}
	return count;
}

static void test_cheap(void **state)
{
	struct pace p = { .share = 0.02 };

	(void)state;
	assert_u64_equal(walks(&p, 20, 20 * MS, false, 10 * S), 20);
	assert_u64_equal(walks(&p, 20, 20 * MS, true, 40 * S), 20);
}

/* 70 ms may be paid every 3.5 s. */
static void test_dear(void **state)
{
	struct pace p = { .share = 0.02 };

	(void)state;
	assert_u64_equal(walks(&p, 20, 70 * MS, false, 10 * S), 5);
	p = (struct pace){ .share = 0.02 };
	assert_u64_equal(walks(&p, 20, 70 * MS, true, 10 * S), 5);
	assert_true(pace_due(&p, true, 10 * S + 20 * S));
}

static void test_when(void **state)
{
	struct pace p = { .share = 0.02 };

	(void)state;
	assert_true(pace_due(&p, false, 10 * S));
	pace_paid(&p, false, 50 * MS, 10 * S);
	assert_false(pace_due(&p, false, 12 * S + 499 * MS));
	assert_true(pace_due(&p, false, 12 * S + 500 * MS));
}

static void test_no_limit(void **state)
{
	struct pace p = { .share = 0 };

	(void)state;
	assert_u64_equal(walks(&p, 20, 900 * MS, false, 10 * S), 20);
	assert_u64_equal(walks(&p, 20, 900 * MS, true, 40 * S), 20);
}

/* A host that gets busy and calm again. */
static void test_follows(void **state)
{
	struct pace p = { .share = 0.02 };

	(void)state;
	assert_u64_equal(walks(&p, 10, 1 * MS, false, 10 * S), 10);
	assert_u64_equal(walks(&p, 40, 70 * MS, false, 20 * S), 10);
	assert_in_range(walks(&p, 40, 1 * MS, false, 60 * S), 36, 40);
}

/* The first walk of an incident does not wait for one that was made for something else. */
static void test_urgent(void **state)
{
	struct pace p = { .share = 0.02 };

	(void)state;
	pace_paid(&p, false, 70 * MS, 10 * S); /* enough until 13.5 s */
	assert_false(pace_due(&p, false, 11 * S));
	assert_true(pace_due(&p, true, 11 * S));
	pace_paid(&p, true, 70 * MS, 11 * S);
	/* The next one does, and the others wait for both. */
	assert_false(pace_due(&p, true, 14 * S + 499 * MS));
	assert_true(pace_due(&p, true, 14 * S + 500 * MS));
	assert_false(pace_due(&p, false, 16 * S + 999 * MS));
	assert_true(pace_due(&p, false, 17 * S));
}

/* However often queues get into trouble, and out of it: the share is that of all together. */
static void test_share_of_both(void **state)
{
	struct pace p = { .share = 0.02 };
	uint64_t spent = 0, now;

	(void)state;
	for (now = 10 * S; now < 1010 * S; now += S / 4) {
		bool urgent = now % (3 * S) < S;

		if (pace_due(&p, urgent, now)) {
			pace_paid(&p, urgent, 70 * MS, now);
			spent += 70 * MS;
		}
	}
	assert_in_range(spent, 15 * S, 20 * S + 70 * MS);
}

/* Walks that were not due are paid for, but not for ever. */
static void test_not_due(void **state)
{
	struct pace p = { .share = 0.02 };

	(void)state;
	for (int i = 0; i < 10; i++)
		pace_paid(&p, true, 100 * MS, 10 * S);
	assert_false(pace_due(&p, true, 19 * S));
	assert_true(pace_due(&p, true, 20 * S));
	/* A cheap one forgives nothing. */
	pace_paid(&p, true, 1 * MS, 11 * S);
	assert_false(pace_due(&p, true, 19 * S));
	assert_true(pace_due(&p, true, 20 * S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cheap),	cmocka_unit_test(test_dear),
		cmocka_unit_test(test_when),	cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_follows), cmocka_unit_test(test_urgent),
		cmocka_unit_test(test_not_due), cmocka_unit_test(test_share_of_both),
	};

	return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}

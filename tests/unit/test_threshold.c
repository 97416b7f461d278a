/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "output/threshold.h"

#include <errno.h>
#include <math.h>

/* The tables of the Monitoring Plugins Development Guidelines, and what lies beside them. */
static const struct {
	const char *range;
	double quiet[4], alerts[4]; /* values; NAN ends the list */
} ranges[] = {
	/* "Generate an alert if x is ..." */
	{ "10", { 0, 10, 5, NAN }, { -0.001, 10.001, INFINITY, -INFINITY } },
	{ "10:", { 10, 10.5, INFINITY, NAN }, { 9.999, 0, -10, -INFINITY } },
	{ "~:10", { 10, 0, -1e300, -INFINITY }, { 10.001, 1e300, INFINITY, NAN } },
	{ "10:20", { 10, 20, 15, NAN }, { 9.999, 20.001, -15, INFINITY } },
	{ "@10:20", { 9.999, 20.001, -INFINITY, INFINITY }, { 10, 20, 15, NAN } },
	/* The examples of command lines. */
	{ "0:9", { 0, 9, NAN }, { -1, 10, NAN } },
	{ "1:", { 1, 100, NAN }, { 0.5, -1, NAN } },
	{ "5:6", { 5, 6, 5.5, NAN }, { 4.9, 6.1, NAN } },
	/* An end alone, a start alone, and neither. */
	{ "0", { 0, NAN }, { 1, -1, 0.0001, NAN } },
	{ ":10", { 0, 10, NAN }, { -1, 11, NAN } },
	{ "~:", { -INFINITY, 0, INFINITY, NAN }, { NAN } },
	{ "@~:", { NAN }, { -INFINITY, 0, INFINITY, NAN } },
	{ "@~:0", { 0.001, 1, NAN }, { 0, -1, -INFINITY, NAN } },
	{ "@10:", { 9, -1, NAN }, { 10, INFINITY, NAN } },
	{ "@10", { -0.1, 10.1, NAN }, { 0, 10, NAN } },
	/* Negative, fractions, equal ends. */
	{ "-10:10", { -10, 10, 0, NAN }, { -10.1, 10.1, NAN } },
	{ "-20:-10", { -20, -10, -15, NAN }, { -9, -21, 15, NAN } },
	{ "0.5:.75", { 0.5, 0.75, NAN }, { 0.49, 0.76, NAN } },
	{ "5:5", { 5, NAN }, { 4.99, 5.01, NAN } },
	{ "@5:5", { 4.99, 5.01, NAN }, { 5, NAN } },
};

static void assert_all(const struct threshold *t, const double values[4], bool alerts)
{
	for (size_t i = 0; i < 4 && !isnan(values[i]); i++)
		if (threshold_alerts(t, values[i]) != alerts)
			fail_msg("%s %s at %g", t->text, alerts ? "is quiet" : "alerts", values[i]);
}

static void test_ranges(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct threshold t;
		struct error why;

		if (threshold_parse(&t, ranges[i].range, &why) != 0)
			fail_msg("%s", why.text);
		assert_string_equal(t.text, ranges[i].range);
		assert_all(&t, ranges[i].quiet, false);
		assert_all(&t, ranges[i].alerts, true);
	}
}

/* One of many values is enough. */
static void test_may_alert(void **state)
{
	struct threshold t;
	struct error why;

	assert_int_equal(threshold_parse(&t, "10:20", &why), 0);
	assert_false(threshold_may_alert(&t, 10, 20));
	assert_true(threshold_may_alert(&t, 9, 20));
	assert_true(threshold_may_alert(&t, 10, 21));
	assert_int_equal(threshold_parse(&t, "@10:20", &why), 0);
	assert_false(threshold_may_alert(&t, 0, 9));
	assert_false(threshold_may_alert(&t, 21, 99));
	assert_true(threshold_may_alert(&t, 0, 10));
	assert_true(threshold_may_alert(&t, 0, 99));
	assert_true(threshold_may_alert(&t, 20, 21));
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"",	"@",	 "~",	  "@~",	  "10:5",   "@10:5",  "0:-1",	  "-1",	 "x",
		"10:x", "x:10",	 " 10",	  "10 ",  "10 :20", "10: 20", "10:20:30", "nan", "nan:nan",
		"inf",	"0:inf", "-inf:", "1e3",  "0x10",   "+5",     "1.2.3",	  "1,5", "--1:",
		"10%",	"@@5",	 "~10",	  "10:~", "1\n",    ".",      "-:5",	  "5s",	 "\xd9\xa1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct threshold t;
		struct error why;

		if (threshold_parse(&t, bad[i], &why) != -EINVAL)
			fail_msg("'%s' is a range", bad[i]);
		assert_non_null(strstr(why.text, "is not a range: "));
	}
}

static void test_none(void **state)
{
	const struct threshold none = { 0 };

	assert_false(threshold_alerts(&none, 0));
	assert_false(threshold_alerts(&none, 1e300));
	assert_false(threshold_alerts(&none, -1));
	assert_false(threshold_may_alert(&none, -1, 1e300));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_may_alert),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests_name("threshold", tests, NULL, NULL);
}

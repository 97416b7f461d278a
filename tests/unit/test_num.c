/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "base/num.h"

#include <errno.h>

static void test_u64(void **state)
{
	static const struct {
		const char *text;
		int code;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0 },
		{ "1", 0, 1 },
		{ "007", 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "-1", -ERANGE, 0 },
		{ "-18446744073709551615", -ERANGE, 0 },
		{ "-", -EINVAL, 0 },
		{ "--1", -EINVAL, 0 },
		{ "- 1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1.0", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "\xd9\xa1", -EINVAL, 0 }, /* ARABIC-INDIC DIGIT ONE */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = 4711;

		assert_int_equal(num_parse_u64(cases[i].text, 0, UINT64_MAX, &value),
				 cases[i].code);
		assert_u64_equal(value, cases[i].code ? 4711 : cases[i].value);
	}
}

static void test_u64_range(void **state)
{
	uint64_t value;

	assert_int_equal(num_parse_u64("0", 1, 10, &value), -ERANGE);
	assert_int_equal(num_parse_u64("1", 1, 10, &value), 0);
	assert_int_equal(num_parse_u64("10", 1, 10, &value), 0);
	assert_int_equal(num_parse_u64("11", 1, 10, &value), -ERANGE);
}

static void test_bytes(void **state)
{
	static const struct {
		const char *text;
		int code;
		uint64_t value;
	} cases[] = {
		{ "10", 0, 10 },
		{ "64K", 0, 65536 },
		{ "512M", 0, UINT64_C(512) << 20 },
		{ "2G", 0, UINT64_C(2) << 30 },
		{ "9", -ERANGE, 0 },
		{ "3G", -ERANGE, 0 },
		{ "99999999999999999999G", -ERANGE, 0 },
		{ "999999999999999999999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "K", -EINVAL, 0 },
		{ "1k", -EINVAL, 0 },
		{ "1KK", -EINVAL, 0 },
		{ "1.5M", -EINVAL, 0 },
		{ "-1K", -ERANGE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = 4711;

		assert_int_equal(num_parse_bytes(cases[i].text, 10, UINT64_C(2) << 30, &value),
				 cases[i].code);
		assert_u64_equal(value, cases[i].code ? 4711 : cases[i].value);
	}
}

static void test_double(void **state)
{
	static const struct {
		const char *text;
		int code;
		double value;
	} cases[] = {
		{ "0", 0, 0 },	       { "0.25", 0, 0.25 },	{ ".5", 0, 0.5 },
		{ "2.", 0, 2 },	       { "10", 0, 10 },		{ "10.001", -ERANGE, 0 },
		{ "-1", -ERANGE, 0 },  { "+1", -EINVAL, 0 },	{ "", -EINVAL, 0 },
		{ "-.5", -ERANGE, 0 }, { "-", -EINVAL, 0 },	{ "--1", -EINVAL, 0 },
		{ ".", -EINVAL, 0 },   { "1.2.3", -EINVAL, 0 }, { "1 ", -EINVAL, 0 },
		{ "1e0", -EINVAL, 0 }, { "0x1", -EINVAL, 0 },	{ "inf", -EINVAL, 0 },
		{ "nan", -EINVAL, 0 },
	};
	char huge[512];
	double value;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		value = 4711;
		assert_int_equal(num_parse_double(cases[i].text, 0, 10, &value), cases[i].code);
		assert_true(value == (cases[i].code ? 4711 : cases[i].value));
	}
	memset(huge, '9', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	assert_int_equal(num_parse_double(huge, 0, 10, &value), -ERANGE);
}

static void test_time_text(void **state)
{
	struct timespec t = { 1795328469, 123456789 };
	char text[CLOCK_TEXT_SIZE];

	clock_format_utc(t, 6, text);
	assert_string_equal(text, "2026-11-22T06:21:09.123456Z");
	clock_format_utc(t, 0, text);
	assert_string_equal(text, "2026-11-22T06:21:09Z");
	clock_format_utc((struct timespec){ 0, 5 }, 9, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000000005Z");
	setenv("TZ", "CET-1", 1);
	tzset();
	clock_format_local(t, text);
	assert_string_equal(text, "2026-11-22 07:21:09 +0100");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),	  cmocka_unit_test(test_u64_range),
		cmocka_unit_test(test_bytes),	  cmocka_unit_test(test_double),
		cmocka_unit_test(test_time_text),
	};

	return cmocka_run_group_tests_name("num", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "base/when.h"

#include <errno.h>
#include <time.h>

/*
 * Times that a user types, against instants in UTC. The rules of Berlin stand in TZ itself, so that
 * no data of time zones is needed: clocks go forward on the last Sunday of March at 2:00, and back
 * on the last Sunday of October at 3:00.
 */
#define BERLIN "CET-1CEST,M3.5.0/2,M10.5.0/3"

/* "-": not a time */
struct when_case {
	const char *text;
	const char *early, *late; /* NULL: the same */
};

/* What the end of a second, or of the last digit, is beyond its begin: test_end has that. */
static int64_t span(const char *text)
{
	const char *dot = strchr(text, '.');
	int64_t unit = *text == '-' ? 1 : (int64_t)NSEC_PER_SEC;

	for (size_t n = dot ? strspn(dot + 1, "0123456789") : 0; n > 0 && unit > 1; n--)
		unit /= 10;
	return unit - 1;
}

static void check(const char *now, const struct when_case *cases, size_t n)
{
	for (size_t i = 0; i < 2 * n; i++) {
		const struct when_case *c = &cases[i / 2];
		const bool late = i % 2;
		const char *expected = late && c->late ? c->late : c->early;
		char got[CLOCK_TEXT_SIZE] = "-";
		int64_t now_ns, ns = 0;
		struct error why;

		assert_int_equal(when_parse(now, 0, false, &now_ns, &why), 0);
		if (when_parse(c->text, now_ns, late, &ns, &why) == 0)
			clock_format_utc(
				clock_timespec((uint64_t)(ns - (late ? span(c->text) : 0))), 9,
				got);
		else
			assert_non_null(strstr(why.text, c->text));
		if (strcmp(got, "-") != 0 && !strchr(expected, '.'))
			strcpy(strchr(got, '.'), "Z");
		if (strcmp(got, expected) != 0)
			fail_msg("'%s' at %s, %s: %s, not %s", c->text, now,
				 late ? "late" : "early", got, expected);
	}
}

#define CHECK(now, ...)                                                  \
	do {                                                             \
		static const struct when_case cases[] = { __VA_ARGS__ }; \
		check(now, cases, ARRAY_SIZE(cases));                    \
	} while (0)

static int setup(void **state)
{
	setenv("TZ", BERLIN, 1);
	tzset();
	return 0;
}

/* clang-format off */

static void test_rfc_3339(void **state)
{
	CHECK("2026-11-29T09:00:00Z",
	      { "2026-11-28T03:00:15Z", "2026-11-28T03:00:15Z" },
	      { "2026-11-28t03:00:15z", "2026-11-28T03:00:15Z" },
	      { "2026-11-28 03:00:15Z", "2026-11-28T03:00:15Z" },
	      { "2026-11-28T03:00Z", "2026-11-28T03:00:00Z" },
	      { "2026-11-28T03:00:15+01:00", "2026-11-28T02:00:15Z" },
	      { "2026-11-28T03:00:15-03:30", "2026-11-28T06:30:15Z" },
	      { "2026-11-28T00:30:00+01:00", "2026-11-27T23:30:00Z" },
	      { "2026-11-28T03:00:15.5Z", "2026-11-28T03:00:15.500000000Z" },
	      { "2026-11-28T03:00:15.123456789Z", "2026-11-28T03:00:15.123456789Z" },
	      { "2026-11-28T03:00:15.1234567899Z", "2026-11-28T03:00:15.123456789Z" },
	      { "2026-11-28T03:00:15.000000001+01:00", "2026-11-28T02:00:15.000000001Z" },
	      { "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z" },
	      { "2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z" },
	      { "2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z" }, /* in the future */
	      { "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z" },
	      { "2261-12-31T23:59:59Z", "2261-12-31T23:59:59Z" });
}

/* Times are printed with fewer digits than they have: the last such time ends that range. */
static void test_end(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} cases[] = {
		{ "1970-01-01T00:00:05Z", 5999999999 },	   { "1970-01-01T00:00Z", 999999999 },
		{ "1970-01-01T00:00:05.5Z", 5599999999 },  { "1970-01-01T00:00:05.000Z", 5000999999 },
		{ "1970-01-01T00:00:05.123456Z", 5123456999 },
		{ "1970-01-01T00:00:05.123456789Z", 5123456789 },
		{ "1970-01-01T00:00:05.1234567891Z", 5123456789 },
		{ "-10s", 20000000000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error why;
		int64_t ns;

		assert_int_equal(when_parse(cases[i].text, 30000000000, true, &ns, &why), 0);
		assert_u64_equal(ns, cases[i].ns);
	}
}

/* The time zone of the host counts, winter and summer. */
static void test_local(void **state)
{
	CHECK("2026-11-29T09:00:00Z",
	      { "2026-11-28 03:00", "2026-11-28T02:00:00Z" },
	      { "2026-11-28T03:00", "2026-11-28T02:00:00Z" },
	      { "2026-11-28", "2026-11-27T23:00:00Z" }, /* midnight */
	      { "2026-07-28 03:00:07", "2026-07-28T01:00:07Z" },
	      { "2026-07-28 03:00:07.25", "2026-07-28T01:00:07.250000000Z" });
}

/* It is 10:00 in Berlin. */
static void test_clock(void **state)
{
	CHECK("2026-11-29T09:00:00Z",
	      { "03:00", "2026-11-29T02:00:00Z" },
	      { "03:00:15", "2026-11-29T02:00:15Z" },
	      { "03:00:15.5", "2026-11-29T02:00:15.500000000Z" },
	      { "10:00", "2026-11-29T09:00:00Z" },
	      { "10:00:01", "2026-11-28T09:00:01Z" },
	      { "10:00:00.001", "2026-11-28T09:00:00.001000000Z" },
	      { "23:59", "2026-11-28T22:59:00Z" },
	      /* As a screen in UTC has them. */
	      { "03:00Z", "2026-11-29T03:00:00Z" },
	      { "10:00:15z", "2026-11-28T10:00:15Z" },
	      { "23:59:59.5Z", "2026-11-28T23:59:59.500000000Z" },
	      { "00:30+09:00", "2026-11-28T15:30:00Z" },
	      { "23:30-03:00", "2026-11-29T02:30:00Z" },
	      { "00:00", "2026-11-28T23:00:00Z" });
	/* Yesterday is of another month, and of another year. */
	CHECK("2026-12-01T00:10:00Z", { "23:00", "2026-11-30T22:00:00Z" });
	CHECK("2027-01-01T00:10:00Z", { "23:00", "2026-12-31T22:00:00Z" });
	CHECK("2026-11-29T09:00:00.5Z", { "10:00:00.5", "2026-11-29T09:00:00.500000000Z" });
}

/* 2:30 was not there on 2026-03-29. */
static void test_clocks_forward(void **state)
{
	CHECK("2026-03-29T09:00:00Z",
	      { "2026-03-29 01:59", "2026-03-29T00:59:00Z" },
	      { "2026-03-29 02:30", "-" },
	      { "2026-03-29 03:00", "2026-03-29T01:00:00Z" },
	      { "02:30", "2026-03-28T01:30:00Z" },
	      { "03:30", "2026-03-29T01:30:00Z" });
}

/* 2:30 was there twice on 2026-10-25. */
static void test_clocks_back(void **state)
{
	CHECK("2026-10-25T09:00:00Z",
	      { "2026-10-25 02:30", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z" },
	      { "02:30", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z" },
	      { "01:59", "2026-10-24T23:59:00Z" },
	      { "03:00", "2026-10-25T02:00:00Z" });
	/* It is between the two. */
	CHECK("2026-10-25T00:45:00Z", { "02:30", "2026-10-25T00:30:00Z" });
	/* The night after: it is 0:30, and yesterday had 25 hours. */
	CHECK("2026-10-25T23:30:00Z", { "23:00", "2026-10-25T22:00:00Z" },
	      { "00:45", "2026-10-24T22:45:00Z" });
}

static void test_before_now(void **state)
{
	CHECK("2026-10-25T09:00:00.25Z",
	      { "-2h", "2026-10-25T07:00:00.250000000Z" },
	      { "-30m", "2026-10-25T08:30:00.250000000Z" },
	      { "-90s", "2026-10-25T08:58:30.250000000Z" },
	      { "-0s", "2026-10-25T09:00:00.250000000Z" },
	      { "-1h30m", "2026-10-25T07:30:00.250000000Z" },
	      { "-2d1s", "2026-10-23T08:59:59.250000000Z" });
}

static void test_nonsense(void **state)
{
	CHECK("2026-11-29T09:00:00Z",
	      { "", "-" }, { " ", "-" }, { "now", "-" }, { "yesterday", "-" }, { "3", "-" },
	      { "3:00", "-" }, { "24:00", "-" }, { "03:60", "-" }, { "03:00:60", "-" },
	      { "03:00:", "-" }, { "03:0", "-" }, { "03:00:1", "-" }, { "03:00:15.", "-" },
	      { "03:00 ", "-" }, { " 03:00", "-" }, { "03:00ZZ", "-" }, { "03:00+01", "-" },
	      { "03:00 Z", "-" }, { "23:59:60Z", "-" }, { "03:00.5", "-" }, { "03:00pm", "-" }, { "2026-11-28 ", "-" }, { "2026-11-28T", "-" },
	      { "2026-11-28Z", "-" }, { "2026-11-28x", "-" }, { "2026-11", "-" },
	      { "2026-11-28  03:00", "-" }, { "2026-11-31 03:00", "-" }, { "2026-02-29 03:00", "-" },
	      { "2026-13-01 03:00", "-" }, { "2026-00-01 03:00", "-" }, { "2026-11-00 03:00", "-" },
	      { "1969-12-31T23:00:00Z", "-" }, { "2262-01-01T00:00:00Z", "-" },
	      { "1970-01-01T00:00:00+01:00", "-" }, { "99999-01-01T00:00:00Z", "-" },
	      { "2026-11-28T03:00:15+1:00", "-" }, { "2026-11-28T03:00:15+01", "-" },
	      { "2026-11-28T03:00:15+0100", "-" }, { "2026-11-28T03:00:15+24:00", "-" },
	      { "2026-11-28T03:00:15ZZ", "-" }, { "2026-11-28T03:00:15 Z", "-" },
	      { "2026-11-28T03:00:61Z", "-" }, { "28.11.2026 03:00", "-" },
	      { "-", "-" }, { "-2", "-" }, { "-h", "-" }, { "-2x", "-" }, { "--2h", "-" },
	      { "-2h-1m", "-" }, { "-2m1h", "-" }, { "-1h1h", "-" }, { "-2h ", "-" }, { "+2h", "-" },
	      { "-1.5h", "-" }, { "-99999999999999999999s", "-" }, { "-99999999d", "-" },
	      { "\xd9\xa1\xd9\xa1:00", "-" });
}

/* clang-format on */

static void test_reasons(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "1970-01-01T00:00:00+01:00", "'1970-01-01T00:00:00+01:00' is before 1970" },
		{ "1970-01-01 00:59", "'1970-01-01 00:59' is before 1970" },
		{ "1970-01-01 00:59:59", "'1970-01-01 00:59:59' is before 1970" },
		{ "2026-03-29 02:30", "'2026-03-29 02:30' is not a time of the local clock, which "
				      "was put forward over it" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error why;
		int64_t ns;

		assert_int_equal(when_parse(cases[i].text, INT64_MAX, false, &ns, &why), -EINVAL);
		assert_string_equal(why.text, cases[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_3339),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_clocks_forward),
		cmocka_unit_test(test_clocks_back),
		cmocka_unit_test(test_before_now),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

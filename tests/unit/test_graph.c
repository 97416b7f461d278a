/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "top/graph.h"

/* What a ratio looks like; the text lasts until the next one. */
static struct strbuf b;

static int teardown(void **state)
{
	strbuf_free(&b);
	return 0;
}

static const char *meter(double ratio, size_t width, bool utf8)
{
	b.len = 0;
	graph_meter(&b, ratio, width, utf8);
	return b.s;
}

static const char *spark(double ratio, bool utf8)
{
	b.len = 0;
	strbuf_adds(&b, graph_spark_glyph(ratio, utf8));
	return b.s;
}

static void test_meter(void **state)
{
	static const struct {
		double ratio;
		const char *utf8, *ascii;
	} cases[] = {
		{ 0, "    ", "...." },	      { 1e-9, "▏   ", "#..." },
		{ 1.0 / 32, "▏   ", "#..." }, { 2.0 / 32, "▎   ", "#..." },
		{ 0.25, "█   ", "#..." },     { 0.5, "██  ", "##.." },
		{ 0.74, "██▉ ", "##.." },     { 0.8, "███▏", "###." },
		{ 0.9999, "███▉", "###." },   { 1, "████", "####" },
		{ 1.5, "████", "####" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_string_equal(meter(cases[i].ratio, 4, true), cases[i].utf8);
		assert_string_equal(meter(cases[i].ratio, 4, false), cases[i].ascii);
	}
}

/* Of 20,000 places every one: no bar is empty but that of 0, none whole but that of 1. */
static void test_ends(void **state)
{
	enum { PLACES = 20000, WIDTH = 8 };

	for (int utf8 = 0; utf8 <= 1; utf8++) {
		char *empty = xstrdup(meter(0, WIDTH, utf8)),
		     *whole = xstrdup(meter(1, WIDTH, utf8));
		char *low = xstrdup(spark(0, utf8)), *high = xstrdup(spark(1, utf8));

		for (int n = 0; n <= PLACES; n++) {
			double ratio = (double)n / PLACES;

			meter(ratio, WIDTH, utf8);
			assert_int_equal(!strcmp(b.s, empty), n == 0);
			assert_int_equal(!strcmp(b.s, whole), n == PLACES);
			assert_u64_equal(text_width(b.s, b.len), WIDTH);
			spark(ratio, utf8);
			assert_int_equal(!strcmp(b.s, low), n == 0);
			assert_int_equal(!strcmp(b.s, high), n == PLACES);
			assert_u64_equal(text_width(b.s, b.len), 1);
		}
		free(empty);
		free(whole);
		free(low);
		free(high);
	}
}

static void test_spark(void **state)
{
	static const struct {
		double ratio;
		const char *utf8, *ascii;
	} cases[] = {
		{ 0, "▁", "_" },	{ 0.001, "▂", "." },	{ 2.0 / 7, "▃", ":" },
		{ 3.0 / 7, "▄", "-" },	{ 4.01 / 7, "▅", "=" }, { 5.01 / 7, "▆", "+" },
		{ 6.01 / 7, "▇", "*" }, { 0.999, "▇", "*" },	{ 1, "█", "#" },
		{ 2, "█", "#" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_string_equal(spark(cases[i].ratio, true), cases[i].utf8);
		assert_string_equal(spark(cases[i].ratio, false), cases[i].ascii);
	}
}

/* A column of several cells, from below: a base line for 0, full only for 1 or more. */
static void test_column(void **state)
{
	static const struct {
		double ratio;
		const char *utf8, *ascii;
	} cases[] = {
		{ 0, "▁  ", "_  " },   { 1e-9, "▂  ", ".  " },	     { 7.01 / 23, "█  ", "#  " },
		{ 0.5, "█▄ ", "#- " }, { 15.01 / 23, "██ ", "## " }, { 0.9999, "██▇", "##*" },
		{ 1, "███", "###" },   { 2, "███", "###" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int utf8 = 0; utf8 <= 1; utf8++) {
			char text[32] = "";

			for (int line = 0; line < 3; line++)
				strcat(text, graph_column(cases[i].ratio, 3, line, utf8));
			assert_string_equal(text, utf8 ? cases[i].utf8 : cases[i].ascii);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_meter, teardown),
		cmocka_unit_test_teardown(test_ends, teardown),
		cmocka_unit_test_teardown(test_spark, teardown),
		cmocka_unit_test(test_column),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}

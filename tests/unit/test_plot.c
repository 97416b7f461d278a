/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/clock.h"
#include "top/plot.h"

#define S NSEC_PER_SEC

static struct sheet sheet;
static struct strbuf b;

static int teardown(void **state)
{
	sheet_free(&sheet);
	sheet = (struct sheet){ 0 };
	strbuf_free(&b);
	return 0;
}

static void assert_plot(const struct plot *p, const char *expected)
{
	sheet_begin(&sheet, PLOT_AXIS + p->n, 0, 100);
	plot_add(&sheet, p);
	b.len = 0;
	sheet_text(&sheet, &b);
	if (strcmp(b.s, expected) != 0)
		fail_msg("\n%s\nnot\n%s", b.s, expected);
}

/* Empty, low, just below 80 %, above it, full, unknown. */
static const struct plot_column columns[] = {
	{ .known = true, .rate = 0 },
	{ .known = true, .fill = 1 * FILL_PERCENT, .rate = 0 },
	{ .known = true, .fill = 50 * FILL_PERCENT, .rate = 0 },
	{ .known = true, .fill = 79 * FILL_PERCENT, .rate = 0 },
	{ .known = true, .fill = 90 * FILL_PERCENT, .rate = 5 },
	{ .rate = -1 },
	{ .known = true, .fill = FILL_FULL, .rate = 40 },
	{ .known = true, .fill = 150 * FILL_PERCENT, .rate = 20 },
};

static void test_lines(void **state)
{
	struct plot p = { .columns = columns,
			  .n = ARRAY_SIZE(columns),
			  .column_ns = S,
			  .capacity = 65,
			  .lines = 5,
			  .rate_lines = 1,
			  .now = "now",
			  .utf8 = true };

	assert_plot(&p, "65 full    ┬     ▄ ██\n"
			"52  80%    ┼ ···▇█·██\n"
			"           │   ▄██ ██\n"
			"           │   ███ ██\n"
			"0          ┴ ▁▂███ ██\n"
			"over/s 40    ▁▁▁▁▂ █▄\n"
			"                  now\n");
	p.utf8 = false;
	assert_plot(&p, "65 full    +     - ##\n"
			"52  80%    + ---*#-##\n"
			"           |   -## ##\n"
			"           |   ### ##\n"
			"0          + _.### ##\n"
			"over/s 40    ____. #-\n"
			"                  now\n");
}

/* The inks say how bad it was, of the cells of a full queue by their height. */
static void test_inks(void **state)
{
	static const struct plot_column full[] = {
		{ .known = true, .fill = FILL_FULL, .rate = 1 }
	};
	static const enum ink expected[] = { INK_CRITICAL, INK_YELLOW, INK_YELLOW,
					     INK_GOOD,	   INK_GOOD,   INK_CRITICAL };
	const struct plot p = { .columns = full,
				.n = 1,
				.column_ns = S,
				.capacity = 65,
				.lines = 5,
				.rate_lines = 1,
				.now = "",
				.utf8 = true };

	sheet_begin(&sheet, PLOT_AXIS + 1, 0, 100);
	plot_add(&sheet, &p);
	/* The last text of each line is the graph. */
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_int_equal(sheet.spans[sheet.lines[i + 1].begin - 1].ink, expected[i]);
}

/* A label ends below the column that it is about. */
static void test_times(void **state)
{
	static struct plot_column many[40];
	const struct plot p = { .columns = many,
				.n = 40,
				.column_ns = S,
				.capacity = 4097,
				.lines = 1,
				.now = "now",
				.utf8 = true };

	assert_plot(&p, "4097 full  ┬                                         \n"
			"                   -30s           -15s            now\n");
}

static const struct row *row_of_one(struct scene *scene)
{
	return &scene->report.rows[0];
}

/* One more window of @ns, with a queue of @length of at most 10. */
static void look(struct scene *scene, struct history *history, uint64_t ns, uint32_t length)
{
	scene->before.monotonic_ns = 1000 * S;
	scene->now.monotonic_ns = 1000 * S + ns;
	scene_now(scene, 1)->length = length;
	scene_report(scene);
	history_add(history, &scene->report);
}

/* Windows differ in length; each has the columns that its time covers, but one at least. */
static void test_windows_of_any_length(void **state)
{
	struct history *history = history_new();
	struct scene scene = { 0 };
	struct plot_column list[9];

	scene_open(&scene);
	scene_add_both(&scene, 1);
	scene_now(&scene, 1)->limit = scene_before(&scene, 1)->limit = 9;
	look(&scene, history, 3 * S, 5);
	look(&scene, history, S, 1);
	look(&scene, history, S / 10, 10);
	look(&scene, history, 2 * S, 2);
	plot_columns(list, ARRAY_SIZE(list), S, history, row_of_one(&scene), 0);
	/* From before the first window nothing is known. */
	assert_false(list[0].known);
	assert_false(list[2].known);
	for (size_t i = 3; i < 6; i++) {
		assert_true(list[i].known);
		assert_in_range(list[i].fill / FILL_PERCENT, 49, 51);
	}
	/* The short one is not lost between its neighbours. */
	assert_true(list[6].fill >= FILL_FULL);
	assert_in_range(list[7].fill / FILL_PERCENT, 19, 21);
	assert_in_range(list[8].fill / FILL_PERCENT, 19, 21);
	/* One window back, the graph ends there. */
	plot_columns(list, ARRAY_SIZE(list), S, history, row_of_one(&scene), 1);
	assert_true(list[8].fill >= FILL_FULL);
	scene_close(&scene);
	history_free(history);
}

/* A column is as long as most windows, which are a little longer than what was asked for. */
static void test_step(void **state)
{
	struct history *history = history_new();
	struct scene scene = { 0 };

	scene_open(&scene);
	scene_add_both(&scene, 1);
	assert_u64_equal(plot_step(history, 0, 60), S);
	for (int i = 0; i < 20; i++)
		look(&scene, history, S + S / 50, 0);
	assert_u64_equal(plot_step(history, 0, 60), S);
	look(&scene, history, S / 3, 0);
	assert_u64_equal(plot_step(history, 0, 60), S);
	for (int i = 0; i < 60; i++)
		look(&scene, history, S / 5, 0);
	assert_u64_equal(plot_step(history, 0, 60), S / 5);
	scene_close(&scene);
	history_free(history);
}

#define PLOT_TEST(f) cmocka_unit_test_teardown(f, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLOT_TEST(test_lines), PLOT_TEST(test_inks),
		PLOT_TEST(test_times), PLOT_TEST(test_windows_of_any_length),
		PLOT_TEST(test_step),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests_name("plot", tests, NULL, NULL);
}

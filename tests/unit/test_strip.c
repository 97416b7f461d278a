/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/clock.h"
#include "top/strip.h"

#include <sys/socket.h>

#define CELLS 120

static struct time_map_cell cells[CELLS];
static struct strip strip;
static struct strip_label labels[STRIP_LABELS];
static char line[4 * CELLS];
static const char *keys;

/* Ten minutes in which all was well, up to 14:35:30. */
static int setup(void **state)
{
	for (size_t i = 0; i < CELLS; i++)
		cells[i] = (struct time_map_cell){ .known = true, .severity = SEVERITY_NONE };
	strip = (struct strip){ .cells = cells,
				.n = CELLS,
				.span_ns = 600 * NSEC_PER_SEC,
				.now = { .tv_sec = 14 * 3600 + 35 * 60 + 30 },
				.at = CELLS };
	keys = "";
	return 0;
}

/* The axis as it stands below the cells. */
static const char *axis(size_t width)
{
	size_t n = strip_axis(&strip, width, keys, labels), x = 0;

	*line = '\0';
	for (size_t i = 0; i < n; i++) {
		assert_true(labels[i].column >= x + (i > 0));
		assert_true(labels[i].column + labels[i].width <= width);
		for (; x < labels[i].column; x++)
			strcat(line, " ");
		strcat(line, labels[i].text);
		x += labels[i].width;
	}
	return line;
}

static void test_times(void **state)
{
	/* Five seconds a cell: 14:35 was six cells ago. */
	assert_string_equal(axis(CELLS),
			    "     14:26       14:27       14:28       14:29       14:30       14:31"
			    "       14:32       14:33       14:34       14:35");
	assert_string_equal(axis(60), "     14:26       14:27       14:28       14:29       14:30");
	strip.n = 60;
	assert_string_equal(axis(60), "  14:26       14:28       14:30       14:32       14:34");
	strip.n = 30;
	assert_string_equal(axis(30), "             14:30");
	strip.n = 1;
	assert_string_equal(axis(1), "");
}

static void test_glyphs(void **state)
{
	cells[0].known = false;
	cells[1].severity = SEVERITY_CRITICAL;
	cells[1].rate = 10;
	cells[2].severity = SEVERITY_CRITICAL;
	cells[2].rate = 1;
	cells[3].severity = SEVERITY_WARNING;
	cells[4].severity = SEVERITY_NOTICE;
	strip.at = 6;
	for (size_t i = 0; i < 8; i++)
		strcat(i ? line : strcpy(line, ""), strip_glyph(&strip, i, strip_highest(&strip)));
	assert_string_equal(line, " #-:._^_");
	assert_int_equal(strip_ink(&cells[0]), INK_DIM);
	assert_int_equal(strip_ink(&cells[1]), INK_CRITICAL);
	assert_int_equal(strip_ink(&cells[3]), INK_YELLOW);
	assert_int_equal(strip_ink(&cells[5]), INK_GOOD);
	strip.utf8 = true;
	assert_string_equal(strip_glyph(&strip, 0, 10), "·");
	assert_string_equal(strip_glyph(&strip, 1, 10), "█");
	assert_string_equal(strip_glyph(&strip, 5, 10), "▁");
	assert_string_equal(strip_glyph(&strip, 6, 10), "▲");
}

static void test_events(void **state)
{
	static const struct event sick = { .kind = EVENT_SICK,
					   .state = STATE_OVERFLOWING,
					   .process = "gunicorn" };
	static const struct event ended = { .kind = EVENT_RECOVERED,
					    .state = STATE_FULL,
					    .process = "api",
					    .lasted_ns = 35 * NSEC_PER_SEC };
	static const struct event gone = {
		.kind = EVENT_GONE,
		.state = STATE_OK,
		.addr = { .family = AF_INET, .address = { 10, 0, 0, 7 }, .port = 8125 }
	};
	static const struct event new = { .kind = EVENT_NEW, .process = "redis" };

	cells[20].event = &gone;
	cells[50].event = &ended;
	cells[80].event = &sick;
	cells[100].event = &new;
	axis(CELLS);
	assert_true(strstr(line, "^ 10.0.0.7:8125 gone") == line + 20);
	assert_true(strstr(line, "^ api 35s") == line + 50);
	assert_true(strstr(line, "^ gunicorn") == line + 80);
	assert_null(strstr(line, "redis"));
	/* At the right end the mark stands behind the name. */
	cells[80].event = NULL;
	cells[118].event = &sick;
	axis(CELLS);
	assert_true(strstr(line, "gunicorn ^") == line + 109);
	/* The worst has the room. */
	cells[110].event = &ended;
	axis(CELLS);
	assert_true(strstr(line, "gunicorn ^") == line + 109);
	assert_int_equal(labels[strip_axis(&strip, CELLS, "", labels) - 1].ink, INK_CRITICAL);
	/* Where one is comes first. */
	strip.at = 117;
	axis(CELLS);
	assert_true(strstr(line, "here ^") == line + 112);
	assert_null(strstr(line, "gunicorn"));
}

/* The keys stand at the right end unless something happened there; times only where there is room.
 */
static void test_keys(void **state)
{
	static const struct event sick = { .kind = EVENT_SICK,
					   .state = STATE_FULL,
					   .process = "api" };

	keys = "F7 <  > F8";
	axis(CELLS + 4);
	assert_true(strstr(line, "F7 <  > F8") == line + CELLS + 4 - 10);
	assert_null(strstr(line, "14:35"));
	cells[118].event = &sick;
	axis(CELLS + 4);
	assert_true(strstr(line, "^ api") == line + 118);
	assert_null(strstr(line, "F7"));
}

/* One report a second, in which listener 1 has a queue of that length. */
static void add_windows(struct scene *scene, struct history *history, const char *listeners,
			unsigned int n)
{
	while (n--) {
		scene_sample(scene, listeners);
		report_build(&scene->report, &scene->before, &scene->now);
		history_add(history, &scene->report);
	}
}

/* A spell has one label, where it began: with how long it lasted once it is over. */
static void test_spell(void **state)
{
	static const struct scene zero;
	struct scene scene = zero;
	struct history *history = history_new();
	static struct time_map_cell of_history[CELLS];

	scene_open(&scene);
	strip.cells = of_history;
	strip.history = history;
	add_windows(&scene, history, "1", 40);
	add_windows(&scene, history, "1:10", 40);
	history_time_map(history, of_history, CELLS, strip.span_ns);
	axis(CELLS);
	assert_true(strstr(line, "10.0.0.1:1 ^") == line + CELLS - 8 - 11);
	assert_null(strstr(strchr(line, '^') + 1, "^"));
	assert_int_equal(labels[strip_axis(&strip, CELLS, "", labels) - 1].ink, INK_WARNING);
	add_windows(&scene, history, "1", 60);
	history_time_map(history, of_history, CELLS, strip.span_ns);
	axis(CELLS);
	assert_true(strstr(line, "^ 10.0.0.1:1 40s") == line + CELLS - 20);
	assert_null(strstr(strchr(line, '^') + 1, "^"));
	history_free(history);
	scene_close(&scene);
}

/* Names are foreign text. */
static void test_untrusted(void **state)
{
	static const struct event evil = { .kind = EVENT_SICK,
					   .state = STATE_FULL,
					   .process = "\033]0;evil\a name that is long" };

	cells[10].event = &evil;
	strip.utf8 = true;
	axis(CELLS);
	assert_null(strchr(line, '\033'));
	assert_non_null(strstr(line, "^ \\x1b]0…"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_times, setup),
		cmocka_unit_test_setup(test_glyphs, setup),
		cmocka_unit_test_setup(test_events, setup),
		cmocka_unit_test_setup(test_keys, setup),
		cmocka_unit_test_setup(test_spell, setup),
		cmocka_unit_test_setup(test_untrusted, setup),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

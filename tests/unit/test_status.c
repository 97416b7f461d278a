/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/filter.h"
#include "base/clock.h"
#include "top/status.h"

static struct scene scene;
static struct view view;
static struct censuses censuses;
static struct history *history;
static struct field_context fields;
static struct strbuf alarm_text, rest, position;

/* Five listeners, of which 2 is full; the list has two lines. */
static int setup(void **state)
{
	scene_open(&scene);
	for (uint16_t cookie = 1; cookie <= 5; cookie++)
		scene_add_both(&scene, cookie);
	scene_now(&scene, 2)->length = 129;
	history = history_new();
	memset(&view, 0, sizeof(view));
	view.context = &fields;
	view_build(&view, &scene.before, &scene.now, 0);
	history_add(history, &view.report);
	view.page = 2;
	return 0;
}

static int teardown(void **state)
{
	filter_free(view.selection.filter);
	view_free(&view);
	census_free(&censuses);
	history_free(history);
	scene_close(&scene);
	strbuf_free(&fields.scratch);
	strbuf_free(&alarm_text);
	strbuf_free(&rest);
	strbuf_free(&position);
	return 0;
}

static enum severity compose(const char *filter)
{
	const struct status s = { .view = &view,
				  .censuses = &censuses,
				  .history = history,
				  .filter = filter,
				  .clock_ns = NSEC_PER_SEC,
				  .utf8 = true };

	census_take(&censuses, &view.report, history, 0, 0, 0);
	alarm_text.len = rest.len = position.len = 0;
	return status_compose(&s, 80, &alarm_text, &rest, &position);
}

static void set_filter(const char *text)
{
	const struct filter_source source = field_filter_source(&fields);
	struct error why;

	assert_int_equal(filter_parse(text, &source, &view.selection.filter, &why, NULL), 0);
	view_arrange(&view, NSEC_PER_SEC);
}

static void test_plain(void **state)
{
	assert_int_equal(compose(""), SEVERITY_NONE);
	assert_string_equal(alarm_text.s, "");
	assert_string_equal(rest.s, "... 3 more ok");
	assert_string_equal(position.s, "1-2 of 5");
	view.offset = 3;
	compose("");
	assert_string_equal(rest.s, "");
	assert_string_equal(position.s, "4-5 of 5");
	view.offset = 0;
	view.page = 9;
	compose("");
	assert_string_equal(rest.s, "");
	assert_string_equal(position.s, "1-5 of 5");
}

static void test_filter(void **state)
{
	set_filter("queued = 0");
	assert_int_equal(compose("queued = 0"), SEVERITY_WARNING);
	assert_string_equal(alarm_text.s, "1 sick hidden by ");
	assert_string_equal(rest.s, "filter: queued = 0 (Esc ends it)   ... 2 more ok");
	assert_string_equal(position.s, "1-2 of 4");
	compose("the middle of this text is cut because it is as long as this");
	assert_non_null(strstr(rest.s, "filter: the middle of…"));
	assert_non_null(strstr(rest.s, "as this (Esc ends it)"));
}

/* What a filter shows is not hidden. */
static void test_filter_shows(void **state)
{
	set_filter("queued > 0");
	assert_int_equal(compose("queued > 0"), SEVERITY_NONE);
	assert_string_equal(alarm_text.s, "");
	assert_string_equal(position.s, "1-1 of 1");
}

static void test_full(void **state)
{
	view.selection.only_full = true;
	view.selection.fill = 80 * FILL_PERCENT;
	view_arrange(&view, NSEC_PER_SEC);
	compose("");
	assert_string_equal(rest.s, "-f 80%");
}

static void test_order(void **state)
{
	/* By another column the worst row is below. */
	view.sort = &field_table[FIELD_LOCAL];
	view.descending = true;
	view_arrange(&view, NSEC_PER_SEC);
	assert_int_equal(compose(""), SEVERITY_WARNING);
	assert_string_equal(alarm_text.s, "1 sick further down   ");
	assert_string_equal(rest.s, "sorted by LOCAL ADDRESS   ... 3 more");
	view.sort = NULL;
	view.follow = true;
	view_freeze(&view, true, NSEC_PER_SEC);
	compose("");
	assert_non_null(strstr(rest.s, "FOLLOW   ORDER FROZEN   ... 3 more"));
	view_freeze(&view, false, NSEC_PER_SEC);
	view_select(&view, 0, NSEC_PER_SEC);
	compose("");
	assert_string_equal(rest.s, "ORDER HELD   ... 3 more");
}

static void test_sick_only(void **state)
{
	view.history = history;
	view.sick_only = true;
	view_arrange(&view, NSEC_PER_SEC);
	assert_int_equal(compose(""), SEVERITY_NONE);
	assert_string_equal(alarm_text.s, "");
	assert_string_equal(rest.s, "SICK ONLY");
	assert_string_equal(position.s, "1-1 of 1");
}

static void test_unix(void **state)
{
	scene.now.known |= SNAPSHOT_UNIX;
	compose("");
	assert_string_equal(rest.s, "UNIX shown (x)   ... 3 more ok");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plain, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter_shows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sick_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix, setup, teardown),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/clock.h"
#include "top/listing.h"

#include <curses.h>

/* The list on a screen that nobody sees: what is drawn is read back from curses. */
#define LINE_MAX_BYTES 2048

static struct scene scene;
static struct view view;
static struct columns columns;
static struct field_context fields;
static struct layout layout;
static struct history *history;
static struct screen screen = { .utf8 = true, .rows = 24 };
static struct listing_context context;

static int setup(void **state)
{
	scene_open(&scene);
	history = history_new();
	view.columns = &columns;
	view.context = &fields;
	context = (struct listing_context){ .view = &view, .history = history, .delay = 1 };
	scene_add_both(&scene, 8080);
	scene_now(&scene, 8080)->limit = scene_before(&scene, 8080)->limit = 9;
	scene_add_both(&scene, 22);
	screen.utf8 = true;
	return 0;
}

static int teardown(void **state)
{
	layout_free(&layout);
	view_free(&view);
	scene_close(&scene);
	strbuf_free(&fields.scratch);
	history_free(history);
	return 0;
}

/* One more window, in which the queue of 8080 has this length. */
static void window(uint32_t length)
{
	scene_now(&scene, 8080)->length = length;
	view_build(&view, &scene.before, &scene.now, 0);
	history_add(history, &view.report);
	view_scroll(&view, 20);
}

static void choose(const char *list)
{
	struct error why;

	columns = (struct columns){ .top = true };
	if (list)
		assert_int_equal(columns_parse(&columns, list, false, &why), 0);
	else
		columns_default(&columns, false);
	listing_choose(&layout, &columns);
}

/* What a line of the screen says, without the blanks at its end. */
static const char *line(int y)
{
	static char text[LINE_MAX_BYTES];
	size_t len;

	assert_int_not_equal(mvinnstr(y, 0, text, sizeof(text) - 1), ERR);
	for (len = strlen(text); len && text[len - 1] == ' '; len--)
		;
	text[len] = '\0';
	return text;
}

static const char *header(int cols)
{
	struct paint p;

	erase();
	screen.cols = cols;
	context.cols = (size_t)cols;
	context.utf8 = screen.utf8;
	listing_fit(&layout, &context);
	p = paint_line(&screen, 0);
	listing_header(&layout, &p, &context);
	return line(0);
}

static const char *row(size_t i)
{
	struct paint p = paint_line(&screen, 1);

	listing_row(&layout, &p, &context, i, false);
	return line(1);
}

/* Columns as wide as what is in them, numbers to the right; fill and peak bring their pictures. */
static void test_cells(void **state)
{
	choose("local,length,limit,fill,peak,reasons");
	for (uint32_t length = 0; length <= 10; length += 5)
		window(length);
	assert_string_equal(header(100),
			    "LOCAL ADDRESS QUEUED LIMIT FILL          PEAK LAST 8s  WHY");
	assert_string_equal(row(0), "10.0.0.1:8080     10     9 100% ████████    -      ▁▄█ "
				    "limit-from-listen");
	assert_string_equal(row(1), "10.0.0.1:22        0   128   0%             -      ▁▁▁ -");
	screen.utf8 = false;
	assert_string_equal(header(100),
			    "LOCAL ADDRESS QUEUED LIMIT FILL          PEAK LAST 8s  WHY");
	assert_string_equal(row(0), "10.0.0.1:8080     10     9 100% ########    -      _-# "
				    "limit-from-listen");
}

/* A mark shows by what the list is sorted, and which end is on top. */
static void test_sort_mark(void **state)
{
	choose("severity,local,length");
	window(10);
	assert_string_equal(header(80), "SEV▼ LOCAL ADDRESS QUEUED");
	view_invert(&view, 0);
	assert_string_equal(header(80), "SEV▲ LOCAL ADDRESS QUEUED");
	view_invert(&view, 0);
	assert_string_equal(header(80), "SEV▼ LOCAL ADDRESS QUEUED");
	view_sort_on(&view, field_find("severity", 8), 0);
	assert_string_equal(header(80), "SEV▼ LOCAL ADDRESS QUEUED");
	view_sort_on(&view, field_find("length", 6), 0);
	assert_string_equal(header(80), "SEV  LOCAL ADDRESS QUEUED▼");
	view_invert(&view, 0);
	assert_string_equal(header(80), "SEV  LOCAL ADDRESS QUEUED▲");
	view_sort_on(&view, field_find("local", 5), 0);
	screen.utf8 = false;
	assert_string_equal(header(80), "SEV  LOCAL ADDRESS^  QUEUED");
	view_invert(&view, 0);
	assert_string_equal(header(80), "SEV  LOCAL ADDRESSv  QUEUED");
}

static void test_old_waiting_connections(void **state)
{
	choose("local,synrecv,oldest-wait,wait-age,reasons");
	window(0);
	assert_string_equal(header(80), "LOCAL ADDRESS SYNRECV OLDEST WAITAGE WHY");
	context.wait_age_ns = NSEC_PER_SEC - 1; /* not worth a header that changes */
	assert_string_equal(header(80), "LOCAL ADDRESS SYNRECV OLDEST WAITAGE WHY");
	context.wait_age_ns = NSEC_PER_SEC;
	assert_string_equal(header(80), "LOCAL ADDRESS SYNRECV OLDEST-1s WAITAGE WHY-1s");
	context.wait_age_ns = 3 * NSEC_PER_SEC + 400000000;
	assert_string_equal(header(80), "LOCAL ADDRESS SYNRECV OLDEST-3s WAITAGE WHY-3s");
}

static void test_length_of_history(void **state)
{
	choose("peak");
	window(0);
	assert_non_null(strstr(header(80), "LAST 8s"));
	assert_non_null(strstr(header(120), "LAST 16s"));
	assert_non_null(strstr(header(180), "LAST 30s"));
	context.delay = 60; /* one window was of a second */
	assert_non_null(strstr(header(80), "LAST 7m"));
	context.delay = 0.1; /* "LAST 0.8s" would be wider than the column */
	assert_non_null(strstr(header(80), "LAST"));
	assert_null(strstr(header(80), "LAST 0"));
}

/* Whatever the width, cells stand under their headers and nothing beyond the edge. */
static void test_all_widths(void **state)
{
	choose(NULL);
	for (int i = 0; i < 10; i++)
		window(10);
	for (int cols = 200; cols >= 1; cols--) {
		int shown = 0, least = 0;

		assert_true(text_width(header(cols), strlen(header(cols))) <= (size_t)cols);
		/* Rather no column than half of one. */
		if (cols >= 20)
			assert_null(strstr(header(cols), "…"));
		row(0);
		assert_true(text_width(line(1), strlen(line(1))) <= (size_t)cols);
		for (size_t i = 0; i < layout.n; i++)
			shown += layout.columns[i].shown;
		for (size_t i = 0; i < layout.n; i++)
			if (layout.columns[i].shown &&
			    !strcmp(layout.columns[i].field->name, "local"))
				least = 1;
		assert_true(shown >= 1);
		/* The address is the last to go. */
		assert_true(least);
	}
	/* On 20 columns: how bad it is, and of whom. */
	assert_string_equal(header(20), "SEV▼ LOCAL ADDRESS");
	assert_string_equal(row(0), "!    10.0.0.1:8080");
}

/* A long name must not cost the others a column; an address is nothing without its end. */
static void test_long_texts(void **state)
{
	struct listener *l;

	l = scene_now(&scene, 8080);
	l->addr.family = AF_INET6;
	for (uint8_t i = 0; i < 16; i += 2) {
		l->addr.address[i] = 0x20;
		l->addr.address[i + 1] = i;
	}
	l->cgroup = "/system.slice/some.service";
	choose("cgroup,address,local,length");
	window(10);
	header(159);
	assert_string_equal(row(0), "/system.slice/… 2000:2002:2004:2006:2008:200a:200c:200e "
				    "[2000:2002:2004:2006:2008:200a:200c:200e]:8080     10");
	header(160); /* where there is room for all of it */
	assert_non_null(strstr(row(0), "/system.slice/some.service 2000:"));
}

/* Which columns a screen does without, one after the other as it gets narrower. */
static void test_what_goes_first(void **state)
{
	bool gone[32] = { false };
	char order[1024] = "";

	choose(NULL);
	window(10);
	assert_true(layout.n <= ARRAY_SIZE(gone));
	/* Up to where the history gets longer, down to where why comes last. */
	for (int cols = 119; cols >= 40; cols--) {
		header(cols);
		for (size_t i = 0; i < layout.n; i++) {
			const struct layout_column *column = &layout.columns[i];

			if (column->kind == LAYOUT_CELL && !column->shown && !gone[i])
				sprintf(order + strlen(order), " %s", column->field->name);
			gone[i] |= !column->shown;
		}
	}
	assert_string_equal(order, " peak overflows synrecv drops-rate fill process");
}

/* Columns do not shrink from one window to the next, but on another screen they are made anew. */
static void test_columns_do_not_dance(void **state)
{
	char wide[LINE_MAX_BYTES];

	choose("length,local");
	window(10000000);
	strcpy(wide, header(80));
	assert_string_equal(wide, "  QUEUED LOCAL ADDRESS");
	window(1);
	assert_string_equal(header(80), wide);
	assert_string_equal(header(79), "QUEUED LOCAL ADDRESS");
}

/* A group of two on port 80, which the last listener is not in. */
static void show_groups(bool unfold)
{
	view.fold = true;
	scene_sample(&scene, "1@80 2:3@80 99");
	view_build(&view, &scene.before, &scene.now, 0);
	view_unfold(&view, unfold, 0);
	view_scroll(&view, 20);
}

static void check_rows(size_t n, const char *const *expected)
{
	assert_u64_equal(view.report.n_shown, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(row(i), expected[i]);
}
#define assert_rows(...)                                               \
	check_rows(ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ })), \
		   (const char *const[]){ __VA_ARGS__ })

/* Marks before the address show which rows belong together. */
static void test_tree(void **state)
{
	choose("severity,local,length");
	show_groups(false);
	assert_string_equal(header(80), "SEV▼    LOCAL ADDRESS QUEUED");
	assert_rows(".    +  10.0.0.1:80        3", ".       10.0.0.1:99        0");
	show_groups(true);
	assert_string_equal(header(80), "SEV▼    LOCAL ADDRESS QUEUED");
	assert_rows(".    -  10.0.0.1:80        3", ".    ├─ 10.0.0.1:80        3",
		    ".    └─ 10.0.0.1:80        0", ".       10.0.0.1:99        0");
	screen.utf8 = false;
	assert_string_equal(header(80), "SEVv    LOCAL ADDRESS QUEUED");
	assert_rows(".    -  10.0.0.1:80        3", ".    |- 10.0.0.1:80        3",
		    ".    `- 10.0.0.1:80        0", ".       10.0.0.1:99        0");
	/* They take less where there is less, and then nothing. */
	assert_string_equal(header(39), "SEVv   LOCAL ADDRESS QUEUED");
	assert_rows(".    - 10.0.0.1:80        3", ".    | 10.0.0.1:80        3",
		    ".    ` 10.0.0.1:80        0", ".      10.0.0.1:99        0");
	assert_string_equal(header(20), "SEVv   LOCAL ADDRESS");
	assert_string_equal(header(19), "SEVv LOCAL ADDRESS");
	assert_rows(".    10.0.0.1:80", ".    10.0.0.1:80", ".    10.0.0.1:80", ".    10.0.0.1:99");
	/* A click on them is one on the column that they stand before. */
	header(80);
	assert_string_equal(listing_field_at(&layout, 5)->name, "local");
	assert_string_equal(listing_field_at(&layout, 8)->name, "local");
}

/* Without an address they stand before all, and they never stand alone. */
static void test_tree_without_address(void **state)
{
	choose("length,limit");
	show_groups(true);
	assert_string_equal(header(80), "   QUEUED LIMIT");
	assert_rows("-       3    18", "├─      3     9", "└─      0     9", "        0     9");
	assert_string_equal(header(6), "QUEUED");
	choose("reasons");
	assert_string_equal(header(80), "   WHY");
	assert_string_equal(header(4), "WHY");
}

/* No room for it where no group is folded. */
static void test_no_tree(void **state)
{
	choose("severity,local,length");
	view.fold = true;
	scene_sample(&scene, "1 99");
	view_build(&view, &scene.before, &scene.now, 0);
	view_scroll(&view, 20);
	assert_string_equal(header(80), "SEV▼ LOCAL ADDRESS QUEUED");
	assert_rows(".    10.0.0.1:1         0", ".    10.0.0.1:99        0");
	view.fold = false;
	scene_sample(&scene, "1@80 2@80");
	view_build(&view, &scene.before, &scene.now, 0);
	assert_string_equal(header(80), "SEV▼ LOCAL ADDRESS QUEUED");
	assert_rows(".    10.0.0.1:80        0", ".    10.0.0.1:80        0");
}

static void test_field_at(void **state)
{
	choose("local,length,fill");
	window(3);
	assert_string_equal(header(80), "LOCAL ADDRESS QUEUED FILL");
	assert_string_equal(listing_field_at(&layout, 0)->name, "local");
	assert_string_equal(listing_field_at(&layout, 13)->name, "local");
	assert_string_equal(listing_field_at(&layout, 14)->name, "length");
	assert_string_equal(listing_field_at(&layout, 20)->name, "length");
	assert_string_equal(listing_field_at(&layout, 21)->name, "fill");
	assert_string_equal(listing_field_at(&layout, 79)->name, "fill");
}

#define LISTING_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LISTING_TEST(test_cells),
		LISTING_TEST(test_sort_mark),
		LISTING_TEST(test_old_waiting_connections),
		LISTING_TEST(test_length_of_history),
		LISTING_TEST(test_all_widths),
		LISTING_TEST(test_long_texts),
		LISTING_TEST(test_what_goes_first),
		LISTING_TEST(test_columns_do_not_dance),
		LISTING_TEST(test_field_at),
		LISTING_TEST(test_tree),
		LISTING_TEST(test_tree_without_address),
		LISTING_TEST(test_no_tree),
	};
	FILE *nowhere = fopen("/dev/null", "r+");
	SCREEN *terminal;
	int failed;

	unit_utf8_locale();
	setenv("LINES", "24", 1);
	setenv("COLUMNS", "200", 1);
	terminal = newterm("vt100", nowhere, nowhere);
	if (!terminal) {
		puts("Bail out! no terminal vt100");
		return 1;
	}
	failed = cmocka_run_group_tests_name("listing", tests, NULL, NULL);
	endwin();
	delscreen(terminal);
	fclose(nowhere);
	return failed;
}

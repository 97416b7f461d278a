/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "top/session.h"

/* The parts of the list page, on screens of all sizes. */

static struct session_parts parts_of(int rows, int cols, size_t listeners, size_t namespaces)
{
	struct session s = { .screen = { .rows = rows, .cols = cols } };

	s.view.report.n_shown = listeners;
	s.view.report.n_netns = namespaces;
	session_fit(&s);
	return session_parts(&s);
}

/* Counts in @cells how many parts each cell of the screen belongs to. */
static void take(unsigned char *cells, int rows, int cols, const struct area *a)
{
	if (!a->lines)
		return;
	assert_true(a->lines > 0 && a->y >= 0 && a->y + a->lines <= rows);
	assert_true(a->x >= 0 && a->x < a->end && a->end <= cols);
	for (int y = a->y; y < a->y + a->lines; y++)
		for (int x = a->x; x < a->end; x++)
			cells[y * cols + x]++;
}

/* Each cell belongs to one part, but for the border between two columns of parts. */
static void check(int rows, int cols, size_t listeners, size_t namespaces)
{
	const struct session_parts l = parts_of(rows, cols, listeners, namespaces);
	const struct area *all[] = { &l.title,	&l.strip, &l.counters, &l.namespaces,
				     &l.header, &l.list,  &l.status,   &l.panel,
				     &l.graph,	&l.waits, &l.events,   &l.bar };
	unsigned char *cells = xcalloc((size_t)(rows * cols), 1);
	int free_cells = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		take(cells, rows, cols, all[i]);
	for (int i = 0; i < rows * cols; i++) {
		if (cells[i] > 1)
			fail_msg("%dx%d with %zu listeners: two parts at line %d, column %d", cols,
				 rows, listeners, i / cols, i % cols);
		free_cells += !cells[i];
	}
	if (l.events.x)
		free_cells -= SESSION_BORDER * (l.events.y + l.events.lines -
						(l.graph.lines ? l.graph.y : l.panel.y));
	if (free_cells)
		fail_msg("%dx%d with %zu listeners: %d cells of no part", cols, rows, listeners,
			 free_cells);
	free(cells);
	assert_true(l.list.lines >= (rows < 3 ? rows : 2));
}

static void test_all_sizes(void **state)
{
	static const size_t listeners[] = { 0, 1, 4, 20, 20000 };

	for (int rows = 1; rows <= 90; rows++)
		for (int cols = 20; cols <= 300; cols += 7)
			for (size_t i = 0; i < ARRAY_SIZE(listeners); i++)
				for (size_t n = 1; n < 30; n += 14)
					check(rows, cols, listeners[i], n);
}

/* The sizes that the view is made for. */
static void test_sizes(void **state)
{
	struct session_parts l = parts_of(24, 80, 20, 1);

	assert_int_equal(l.strip.lines, 1);
	assert_int_equal(l.counters.lines, 2);
	assert_int_equal(l.list.lines, 9);
	assert_int_equal(l.status.lines, 1);
	assert_int_equal(l.panel.lines, 7);
	assert_int_equal(l.events.lines, 1);
	assert_int_equal(l.bar.lines, 1);

	l = parts_of(40, 140, 20, 1);
	assert_int_equal(l.list.lines, 13);
	assert_true(l.graph.lines >= 9 && l.waits.lines >= 8);
	assert_int_equal(l.panel.y, l.graph.y);
	assert_int_equal(l.events.y, l.waits.y);
	assert_int_equal(l.panel.x, l.graph.end + SESSION_BORDER);

	l = parts_of(60, 200, 100, 1);
	assert_true(l.list.lines >= 20 && l.graph.lines >= 14 && l.events.lines >= 13);

	/* What is wrong is there even where little else is. */
	l = parts_of(10, 40, 20, 1);
	assert_true(l.panel.lines >= 2 && l.list.lines >= 4);
	l = parts_of(3, 20, 20, 1);
	assert_int_equal(l.title.lines, 1);
	assert_int_equal(l.list.lines, 2);
}

/* The list gets no shorter while listeners come and go, and what it does not need others have. */
static void test_holds_still(void **state)
{
	struct session s = { .screen = { .rows = 24, .cols = 80 } };
	struct session_parts few, more, again;

	s.view.report.n_shown = 4;
	session_fit(&s);
	few = session_parts(&s);
	s.view.report.n_shown = 6;
	session_fit(&s);
	more = session_parts(&s);
	s.view.report.n_shown = 5;
	session_fit(&s);
	again = session_parts(&s);
	assert_int_equal(few.list.lines, 4);
	assert_int_equal(more.list.lines, 6);
	assert_memory_equal(&more, &again, sizeof(again));
	/* A screen of another size begins anew. */
	s.screen.cols = 81;
	session_fit(&s);
	assert_int_equal(session_parts(&s).list.lines, 5);
	/* And so does another tree of groups. */
	s.view.report.n_shown = 3;
	s.view.fold = true;
	session_fit(&s);
	assert_int_equal(session_parts(&s).list.lines, 3);
}

static void test_list_alone(void **state)
{
	struct session s = { .screen = { .rows = 24, .cols = 80 }, .list_only = true };
	struct session_parts l;

	s.view.report.n_shown = 3;
	session_fit(&s);
	l = session_parts(&s);
	assert_int_equal(l.panel.lines + l.graph.lines + l.events.lines + l.strip.lines, 0);
	assert_int_equal(l.list.lines, 24 - 4); /* title, header, status, bar */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_sizes),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_holds_still),
		cmocka_unit_test(test_list_alone),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}

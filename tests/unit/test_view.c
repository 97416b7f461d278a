/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view_fixture.h"

/*
 * Listeners with a limit of 9 and a queue of n: by n the worst come first, and those that are well
 * by their fill too; with equal queues by their ports, which are their cookies.
 */

static void test_nothing(void **state)
{
	(void)state;
	show("", START);
	assert_shown("");
	view_move(&view, 1, START);
	view_move(&view, -1, START);
	view_select(&view, 5, START);
	view_scroll(&view, 10);
	view_freeze(&view, true, START);
	view_sort_by(&view, 1, START);
	view_invert(&view, START);
	assert_false(view_find(&view, "1", 0, START));
	assert_shown("");
	show("1", LATER);
	assert_shown("[1]");
}

static void test_moves(void **state)
{
	(void)state;
	show("1 2 3 4", START);
	assert_shown("[1] 2 3 4");
	view_move(&view, 2, START);
	assert_shown("1 2 [3] 4");
	view_move(&view, 7, START);
	assert_shown("1 2 3 [4]");
	view_move(&view, -1, START);
	assert_shown("1 2 [3] 4");
	view_move(&view, -1000000, START);
	assert_shown("[1] 2 3 4");
	view_select(&view, 1, START);
	assert_shown("1 [2] 3 4");
	view_select(&view, 99, START);
	assert_shown("1 2 3 [4]");
}

static void test_selection_sticks_to_the_socket(void **state)
{
	(void)state;
	show("1 2 3 4", START);
	view_select(&view, 2, START);
	show("1 2 3 4:10", LATER);
	assert_shown("4 1 2 [3]");
	show("1 2 3:10 4:10", LATER);
	assert_shown("[3] 4 1 2");
	show("1:9 2:10 3 4:9", LATER);
	assert_shown("2 1 4 [3]");
}

/* The same cookie in another namespace is another socket. */
static void test_selection_knows_the_namespace(void **state)
{
	(void)state;
	show("1 2", START);
	view_select(&view, 1, START);
	scene.before.netns[0].inode = scene.now.netns[0].inode = SCENE_NETNS + 1;
	show("1 2", LATER);
	assert_shown("[1] 2");
}

static void test_one_above_dies(void **state)
{
	(void)state;
	show("1 2 3 4", START);
	view_select(&view, 2, START);
	show("2 3 4", LATER);
	assert_shown("2 [3] 4");
	show("3 4", LATER);
	assert_shown("[3] 4");
}

static void test_neighbour_takes_over(void **state)
{
	(void)state;
	show("1 2 3 4 5", START);
	view_select(&view, 2, START);
	show("1 2 4 5", LATER);
	assert_shown("1 2 [4] 5");
	/* Two at once: the next that is left. */
	show("1 2 5", LATER);
	assert_shown("1 2 [5]");
	/* None below: the nearest above. */
	show("1 2", LATER);
	assert_shown("1 [2]");
	/* It is the neighbour of the new one that counts now. */
	show("1", LATER);
	assert_shown("[1]");
}

static void test_many_die_at_once(void **state)
{
	(void)state;
	show("1 2 3 4 5 6 7 8", START);
	view_select(&view, 3, START);
	show("1 2 8", LATER);
	assert_shown("1 2 [8]");
	view_select(&view, 1, LATER);
	show("", LATER);
	assert_shown("");
	show("9 10", LATER);
	assert_shown("[9] 10");
}

/* More below have died than are remembered: the one above is nearer than the first of all. */
static void test_all_below_die(void **state)
{
	(void)state;
	show("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20", START);
	view_select(&view, 3, START);
	show("1 2 3", LATER);
	assert_shown("1 2 [3]");
}

static void test_follow(void **state)
{
	(void)state;
	view.follow = true;
	show("1 2 3", START);
	assert_shown("[1] 2 3");
	show("1 2 3:10", LATER);
	assert_shown("[3] 1 2");
	show("1 2:12 3:10", LATER);
	assert_shown("[2] 3 1");
	view_move(&view, 1, LATER);
	assert_false(view.follow);
	assert_shown("2 [3] 1");
	show("1:20 2:12 3:10", LATER + 60 * SECOND);
	assert_shown("1 2 [3]");
}

/* The worst is followed wherever another order puts it. */
static void test_follow_in_another_order(void **state)
{
	(void)state;
	view.follow = true;
	view.sort = named("local");
	show("1 2 3:10", START);
	assert_shown("1 2 [3]");
	view.descending = true;
	show("1 2:10 3", START);
	assert_shown("3 [2] 1");
	view.sort = NULL;
	view.descending = false;
	show("1 2 3", START);
	view_freeze(&view, true, START);
	show("1 2 3:10", LATER);
	assert_shown("1 2 [3]");
}

static void test_order_is_held(void **state)
{
	(void)state;
	show("1 2 3", START);
	assert_false(view_order_stays(&view, START));
	view_move(&view, 1, START);
	assert_true(view_order_stays(&view, HELD));
	show("1 2 3:9", HELD);
	assert_shown("1 [2] 3");
	/* Who comes meanwhile stands below, in the order of coming. */
	show("1 2 3:9 4:9", HELD);
	show("1 2 3:9 4:9 5:10", HELD);
	assert_shown("1 [2] 3 4 5");
	show("2 3:9 4:9 5:10", HELD);
	assert_shown("[2] 3 4 5");
	/* The next move holds what is on the screen for as long again. */
	view_move(&view, 1, HELD);
	assert_true(view_order_stays(&view, HELD + 4 * SECOND));
	show("2 3:9 4:9 5:10", HELD + 4 * SECOND);
	assert_shown("2 [3] 4 5");
	assert_false(view_order_stays(&view, LATER));
	show("2 3:9 4:9 5:10", LATER);
	assert_shown("5 [3] 4 2");
}

static void test_order_is_frozen(void **state)
{
	(void)state;
	show("1 2 3", START);
	view_freeze(&view, true, START);
	show("1 2 3:10", LATER);
	assert_shown("[1] 2 3");
	assert_true(view_order_stays(&view, LATER));
	/* The cursor moves in it, and its hold changes nothing. */
	view_move(&view, 2, LATER);
	show("1 2:12 3:10 4", LATER + 60 * SECOND);
	assert_shown("1 2 [3] 4");
	view_freeze(&view, false, LATER + 60 * SECOND);
	assert_shown("2 [3] 1 4");
	assert_false(view_order_stays(&view, LATER + 60 * SECOND));
}

/* What is frozen is what was on the screen, also where that was only held. */
static void test_held_order_is_frozen(void **state)
{
	(void)state;
	show("1 2 3", START);
	view_move(&view, 1, START);
	show("1 2 3:10", HELD);
	view_freeze(&view, true, HELD);
	show("1 2 3:10", LATER);
	assert_shown("1 [2] 3");
}

static void test_find(void **state)
{
	(void)state;
	show("10 20 21 30", START);
	assert_true(view_find(&view, ":2", 0, START));
	assert_shown("10 [20] 21 30");
	/* The selected row itself only where it may be found. */
	assert_true(view_find(&view, ":2", 0, START));
	assert_shown("10 [20] 21 30");
	assert_true(view_find(&view, ":2", 1, START));
	assert_shown("10 20 [21] 30");
	/* Round the end, both ways. */
	assert_true(view_find(&view, ":2", 1, START));
	assert_shown("10 [20] 21 30");
	assert_true(view_find(&view, ":2", -1, START));
	assert_shown("10 20 [21] 30");
	assert_true(view_find(&view, ":2", -1, START));
	assert_shown("10 [20] 21 30");
	/* Only one has it: it is found from itself. */
	assert_true(view_find(&view, ":30", 1, START));
	assert_true(view_find(&view, ":30", 1, START));
	assert_shown("10 20 21 [30]");
	assert_true(view_find(&view, ":30", -1, START));
	assert_shown("10 20 21 [30]");
	assert_false(view_find(&view, ":4", 1, START));
	assert_shown("10 20 21 [30]");
}

/* In addresses, states and words, whatever the case; finding selects as a move does. */
static void test_find_in_words(void **state)
{
	(void)state;
	view.follow = true;
	show("1 2 3:10 4:8", START);
	assert_shown("[3] 4 1 2");
	assert_true(view_find(&view, "HIGH", 0, START));
	assert_shown("3 [4] 1 2");
	assert_false(view.follow);
	assert_true(view_order_stays(&view, HELD));
	assert_true(view_find(&view, "Limit-From-LISTEN", 1, START));
	assert_shown("[3] 4 1 2");
	assert_true(view_find(&view, "10.0.0.1:2", 0, START));
	assert_shown("3 4 1 [2]");
	/* Numbers are looked for by sorting. */
	assert_false(view_find(&view, "100%", 0, START));
}

static void test_filter(void **state)
{
	(void)state;
	show("10 20 21 30", START);
	view_select(&view, 2, START);
	filter("sport >= :20 and sport < :30", LATER);
	assert_shown("20 [21]");
	assert_u64_equal(view.report.n_rows, 4);
	for (size_t i = 0; i < view.report.n_rows; i++)
		assert_int_equal(view.report.rows[i].shown,
				 view.report.rows[i].listener->cookie / 10 == 2);
	/* It holds for what comes. */
	show("10:10 20 22 31", LATER);
	assert_shown("[20] 22");
	filter("length > 99", LATER);
	assert_shown("");
	filter("", LATER);
	assert_shown("10 [20] 22 31");
}

/* One that a dump missed, or that was not yet there in the past, is selected again. */
static void test_selected_comes_back(void **state)
{
	(void)state;
	show("1 2 3", START);
	view_select(&view, 1, START);
	show("1 3", HELD);
	assert_shown("1 [3]");
	show("1 2 3", HELD);
	assert_shown("1 [2] 3");
	show("1", HELD);
	assert_shown("[1]");
	/* A key makes the neighbour the one that is meant. */
	view_move(&view, 0, HELD);
	show("1 2 3", HELD);
	assert_shown("[1] 2 3");
}

/* An order that stays has a place for those that a filter hides meanwhile. */
static void test_filter_in_an_order_that_stays(void **state)
{
	(void)state;
	show("1 2 3", START);
	view_move(&view, 2, START);
	filter("sport = :3", HELD);
	view_move(&view, 1, HELD);
	assert_shown("[3]");
	view_freeze(&view, true, HELD);
	view_move(&view, 1, LATER);
	filter("", LATER);
	assert_shown("1 2 [3]");
}

static void test_only_full(void **state)
{
	(void)state;
	view.selection = (struct selection){ .only_full = true, .fill = 0.8 };
	show("1:7 2:8 3 4:10", START);
	assert_shown("[4] 2");
}

static void test_sort_by_columns(void **state)
{
	(void)state;
	columns = (struct columns){ 0 };
	columns_parse(&columns, "port,address,length", false, &(struct error){ 0 });
	show("1:3 2:10 3:5", START);
	assert_shown("[2] 3 1");
	/* Numbers: the largest first. */
	view_sort_by(&view, 1, START);
	assert_ptr_equal(view.sort, named("port"));
	assert_true(view.descending);
	assert_shown("3 [2] 1");
	/* Words: in their order. */
	view_sort_by(&view, 1, START);
	assert_ptr_equal(view.sort, named("address"));
	assert_false(view.descending);
	view_sort_by(&view, 1, START);
	assert_ptr_equal(view.sort, named("length"));
	assert_shown("[2] 3 1");
	view_sort_by(&view, 1, START);
	assert_null(view.sort);
	view_sort_by(&view, -1, START);
	assert_ptr_equal(view.sort, named("length"));
	view_sort_by(&view, -1, START);
	view_sort_by(&view, -1, START);
	assert_ptr_equal(view.sort, named("port"));
	view_sort_by(&view, -1, START);
	assert_null(view.sort);
	assert_shown("[2] 3 1");
}

/* A column that is not shown any more, or never was, stands before the first. */
static void test_sorted_by_what_is_hidden(void **state)
{
	(void)state;
	view.sort = named("uid");
	show("1 2", START);
	view_sort_by(&view, 1, START);
	assert_ptr_equal(view.sort, columns.list[0]);
}

static void test_sort_on_one(void **state)
{
	(void)state;
	show("1:3 2:10 3:5", START);
	view_sort_on(&view, named("local"), START);
	assert_shown("1 [2] 3");
	view_sort_on(&view, named("local"), START);
	assert_shown("3 [2] 1");
	view_sort_on(&view, named("length"), START);
	assert_shown("[2] 3 1");
}

/* Another order is wanted now, whatever held the old one. */
static void test_sorting_ends_the_hold(void **state)
{
	(void)state;
	show("1:3 2:10 3:5", START);
	view_move(&view, 1, START);
	view_freeze(&view, true, START);
	view_sort_on(&view, named("local"), HELD);
	assert_shown("1 2 [3]");
	assert_false(view_order_stays(&view, HELD));
	view_move(&view, -1, HELD);
	view_invert(&view, HELD);
	assert_shown("3 [2] 1");
	assert_false(view_order_stays(&view, HELD));
}

static void test_invert(void **state)
{
	(void)state;
	show("1:10 2:8 3", START);
	assert_shown("[1] 2 3");
	view_invert(&view, START);
	assert_shown("3 2 [1]");
	view_invert(&view, START);
	assert_shown("[1] 2 3");
	view_sort_on(&view, named("length"), START);
	view_invert(&view, START);
	assert_shown("3 2 [1]");
}

static void test_scroll(void **state)
{
	(void)state;
	show("1 2 3 4 5 6 7 8 9 10", START);
	view_scroll(&view, 4);
	assert_u64_equal(view.offset, 0);
	view_select(&view, 3, START);
	view_scroll(&view, 4);
	assert_u64_equal(view.offset, 0);
	view_select(&view, 4, START);
	view_scroll(&view, 4);
	assert_u64_equal(view.offset, 1);
	view_select(&view, 2, START);
	view_scroll(&view, 4);
	assert_u64_equal(view.offset, 1);
	view_select(&view, 0, START);
	view_scroll(&view, 4);
	assert_u64_equal(view.offset, 0);
	view_select(&view, 9, START);
	view_scroll(&view, 4);
	assert_u64_equal(view.offset, 6);
	/* A larger screen has no empty lines below while there are rows above. */
	view_scroll(&view, 7);
	assert_u64_equal(view.offset, 3);
	view_scroll(&view, 70);
	assert_u64_equal(view.offset, 0);
	/* No room at all is room for the selected one. */
	view_scroll(&view, 0);
	assert_u64_equal(view.page, 1);
	assert_u64_equal(view.offset, 9);
}

/* Where most rows go, the screen goes with them. */
static void test_scroll_after_many_died(void **state)
{
	(void)state;
	show("1 2 3 4 5 6 7 8 9 10", START);
	view_select(&view, 9, START);
	view_scroll(&view, 3);
	show("1 2 3 4", LATER);
	view_scroll(&view, 3);
	assert_shown("1 2 3 [4]");
	assert_u64_equal(view.offset, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VIEW_TEST(test_nothing),
		VIEW_TEST(test_moves),
		VIEW_TEST(test_selection_sticks_to_the_socket),
		VIEW_TEST(test_selection_knows_the_namespace),
		VIEW_TEST(test_one_above_dies),
		VIEW_TEST(test_neighbour_takes_over),
		VIEW_TEST(test_many_die_at_once),
		VIEW_TEST(test_all_below_die),
		VIEW_TEST(test_follow),
		VIEW_TEST(test_follow_in_another_order),
		VIEW_TEST(test_order_is_held),
		VIEW_TEST(test_order_is_frozen),
		VIEW_TEST(test_held_order_is_frozen),
		VIEW_TEST(test_find),
		VIEW_TEST(test_find_in_words),
		VIEW_TEST(test_filter),
		VIEW_TEST(test_filter_in_an_order_that_stays),
		VIEW_TEST(test_selected_comes_back),
		VIEW_TEST(test_only_full),
		VIEW_TEST(test_sort_by_columns),
		VIEW_TEST(test_sorted_by_what_is_hidden),
		VIEW_TEST(test_sort_on_one),
		VIEW_TEST(test_sorting_ends_the_hold),
		VIEW_TEST(test_invert),
		VIEW_TEST(test_scroll),
		VIEW_TEST(test_scroll_after_many_died),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view_fixture.h"

/* Groups in the list, folded and unfolded; see scene_sample() and shown_assert(). */

/* Groups are folded, and these ones unfolded, the last of them selected. */
static void unfold(const char *listeners, const char *ports)
{
	view.fold = true;
	show(listeners, START);
	for (const char *at = ports; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
		uint16_t port = (uint16_t)atoi(at);

		for (size_t i = 0; i < view.report.n_shown; i++)
			if (view.report.shown[i]->folded &&
			    view.report.shown[i]->listener->addr.port == port)
				view_select(&view, i, START);
		view_unfold(&view, true, START);
	}
}

static void test_unfolds_in_place(void **state)
{
	(void)state;
	unfold("1@80 2:3@80 3@80 4:9 5@81 6@81", "");
	assert_shown("[4] +80 +81");
	assert_u64_equal(view.n_members, 0);
	view_unfold(&view, true, START); /* which is no group */
	assert_shown("[4] +80 +81");
	view_move(&view, 1, START);
	view_unfold(&view, true, START);
	assert_shown("4 [-80] |2 |1 `3 +81");
	assert_u64_equal(view.n_members, 3);
	/* The rows are those that -g replaces by one: all of their numbers are there. */
	assert_ptr_equal(view.report.shown[2]->listener, scene_now(&scene, 2));
	assert_u64_equal(row_length(view.report.shown[2]), 3);
	assert_u64_equal(row_length(view.report.shown[1]), 3);
	/* Several, and each goes on to be so. */
	view_move(&view, 4, START);
	view_unfold(&view, true, START);
	assert_shown("4 -80 |2 |1 `3 [-81] |5 `6");
	show("1@80 2:3@80 3@80 4:9 5@81 6@81", LATER);
	assert_shown("4 -80 |2 |1 `3 [-81] |5 `6");
	assert_u64_equal(view.n_members, 5);
	assert_u64_equal(view.report.n_rows, 3);
	/* Each row of the list is one to select. */
	view_move(&view, 2, LATER);
	assert_shown("4 -80 |2 |1 `3 -81 |5 [`6]");
	view_unfold(&view, true, LATER); /* it is */
	assert_shown("4 -80 |2 |1 `3 -81 |5 [`6]");
}

static void test_folds_again(void **state)
{
	(void)state;
	unfold("1@80 2@80 3:9 5@81 6@81", "80 81");
	assert_shown("3 -80 |1 `2 [-81] |5 `6");
	view_unfold(&view, false, START);
	assert_shown("3 -80 |1 `2 [+81]");
	view_unfold(&view, false, START);
	assert_shown("3 -80 |1 `2 [+81]");
	/* From one of its members: its row is selected, and goes on to be. */
	view_select(&view, 3, START);
	view_unfold(&view, false, START);
	assert_shown("3 [+80] +81");
	view_unfold(&view, true, START);
	assert_shown("3 [-80] |1 `2 +81");
	view_select(&view, 0, START);
	view_unfold(&view, false, START); /* which is no group */
	assert_shown("[3] -80 |1 `2 +81");
}

static void test_members_are_sorted_among_themselves(void **state)
{
	(void)state;
	unfold("1:1@80 2:5@80 3:3@80 4:7 5:2@81 6:4@81", "80 81");
	show("1:1@80 2:5@80 3:3@80 4:7 5:2@81 6:4@81", LATER);
	assert_shown("4 -80 |2 |3 `1 [-81] |6 `5");
	view_sort_on(&view, named("length"), LATER);
	assert_shown("-80 |2 |3 `1 4 [-81] |6 `5");
	view_invert(&view, LATER);
	assert_shown("[-81] |5 `6 4 -80 |1 |3 `2");
	view_sort_on(&view, named("cookie"), LATER); /* that of a group is not known */
	assert_shown("4 -80 |1 |2 `3 [-81] |5 `6");
}

static void test_order_of_members_is_held(void **state)
{
	(void)state;
	unfold("1@80 2@80 3@81 4@81", "80");
	assert_shown("[-80] |1 `2 +81");
	assert_true(view_order_stays(&view, HELD));
	show("1@80 2:5@80 3:10@81 4@81", HELD);
	assert_shown("[-80] |1 `2 +81");
	/* Who comes is last in its group, and what is unfolded meanwhile in its order. */
	show("1@80 2:5@80 3:10@81 4@81 9:9@80", HELD);
	assert_shown("[-80] |1 |2 `9 +81");
	view_move(&view, 4, HELD);
	view_unfold(&view, true, HELD);
	assert_shown("-80 |1 |2 `9 [-81] |3 `4");
	show("1@80 2:5@80 3:10@81 4@81 9:9@80", LATER);
	assert_shown("[-81] |3 `4 -80 |9 |2 `1");
	view_freeze(&view, true, LATER);
	show("1:9@80 2:5@80 3@81 4:10@81 9@80", LATER);
	assert_shown("[-81] |3 `4 -80 |9 |2 `1");
	view_freeze(&view, false, LATER);
	assert_shown("[-81] |4 `3 -80 |1 |2 `9");
}

/* A listener that is joined by another one, or a group that loses all but one, stays in its place.
 */
static void test_order_of_what_becomes_a_group(void **state)
{
	(void)state;
	view.fold = true;
	show("1@80 2@81 3@82", START);
	view_freeze(&view, true, START);
	assert_shown("[1] 2 3");
	show("1@80 2@81 7@81 3@82", LATER);
	assert_shown("[1] +81 3");
	show("1@80 7@81 3@82", LATER);
	assert_shown("[1] 7 3");
	show("1@80 2@81 7@81 3@82 8@80", LATER);
	assert_shown("[+80] +81 3");
}

static void test_vanishing_members(void **state)
{
	(void)state;
	unfold("1@80 2@80 3@80 4@80 90", "80");
	view_move(&view, 2, START);
	assert_shown("-80 |1 [|2] |3 `4 90");
	show("1@80 3@80 4@80 90", HELD);
	assert_shown("-80 |1 [|3] `4 90");
	show("1@80 2@80 3@80 4@80 90", HELD); /* it was missed once */
	assert_shown("-80 |1 [|2] |3 `4 90");
	/* The oldest one as well: the group is the same. */
	show("2@80 3@80 4@80 90", HELD);
	assert_shown("-80 [|2] |3 `4 90");
	/* Who is left is a listener that is alone; when others come again they are unfolded. */
	show("2@80 90", HELD);
	assert_shown("[2] 90");
	show("2@80 6@80 90", HELD);
	assert_shown("-80 [|2] `6 90");
	show("90", HELD);
	assert_shown("[90]");
}

static void test_vanishing_group(void **state)
{
	char listeners[256] = "9:9 10:8 ";

	(void)state;
	for (unsigned int i = 0; i < 30; i++)
		sprintf(listeners + strlen(listeners), "%u:5@80 ", 20 + i);
	strcat(listeners, "90 91");
	unfold(listeners, "80");
	view_move(&view, 3, START);
	assert_u64_equal(view.report.n_shown, 35);
	/* What was below the group, however many members it had. */
	show("9:9 10:8 90 91", HELD);
	assert_shown("9 10 [90] 91");
	/* There was nothing below it: what was above. */
	show(listeners, HELD);
	show(listeners, LATER);
	view_select(&view, 30, LATER);
	show("9:9 10:8", LATER);
	assert_shown("9 [10]");
}

static void test_group_keeps_the_selection(void **state)
{
	(void)state;
	unfold("1@80 2@80 3@81 4@81", "");
	view_move(&view, 1, START);
	assert_shown("+80 [+81]");
	/* Its oldest member, and then all but one. */
	show("1@80 2@80 4@81 5@81", LATER);
	assert_shown("+80 [+81]");
	show("1@80 2@80 5@81", LATER);
	assert_shown("+80 [5]");
	/* And a listener that is joined by others. */
	show("1@80 2@80 5@81 6@81", LATER);
	assert_shown("+80 [+81]");
	/* Another group on that port of another namespace is another one. */
	scene.before.netns[0].inode = scene.now.netns[0].inode = SCENE_NETNS + 1;
	show("1@80 2@80 5@81 6@81", LATER);
	assert_shown("[+80] +81");
}

static void test_filter_and_members(void **state)
{
	(void)state;
	unfold("1:4@80 2:8@80 3:9@81 4@81 90", "80 81");
	assert_shown("[-81] |3 `4 -80 |2 `1 90");
	/* Each row for itself: those that are seen all match. */
	filter("length >= 8", HELD);
	assert_shown("[-81] `3 -80 `2");
	filter("length >= 10", HELD);
	assert_shown("[-80]");
	assert_u64_equal(view.n_members, 0);
	filter("length < 10", HELD); /* without its row no member */
	assert_shown("[-81] |3 `4 90");
	filter("", HELD);
	assert_shown("[-81] |3 `4 -80 |2 `1 90");
	view.selection.only_full = true;
	view.selection.fill = 0.85;
	view_arrange(&view, HELD);
	assert_shown("[-81] `3");
}

static void test_find_among_members(void **state)
{
	(void)state;
	unfold("1@80 2@80 3:8@80 4", "");
	assert_true(view_find(&view, "HIGH", 0, START));
	assert_shown("[+80] 4");
	assert_true(view_find(&view, "high", 1, START));
	assert_shown("[+80] 4"); /* what is folded is not found in */
	view_unfold(&view, true, START);
	assert_true(view_find(&view, "high", 1, START));
	assert_shown("-80 [|3] |1 `2 4");
	assert_true(view_find(&view, "high", 1, START));
	assert_shown("[-80] |3 |1 `2 4");
}

static void test_follow_and_groups(void **state)
{
	(void)state;
	unfold("1@80 2:8@80 3", "80");
	view.follow = true;
	show("1@80 2:8@80 3", LATER);
	assert_shown("[-80] |2 `1 3");
	view.sort = named("local");
	view.descending = true;
	show("1@80 2:8@80 3", LATER);
	assert_shown("[-80] |2 `1 3");
	/* Whoever unfolds or folds has chosen. */
	view_unfold(&view, false, LATER);
	assert_false(view.follow);
	assert_shown("[+80] 3");
}

/* As a whole, and the selection goes along. */
static void test_grouping(void **state)
{
	(void)state;
	unfold("1@80 2@80 3@81 4@81 90", "80");
	view_freeze(&view, true, START);
	view_select(&view, 3, START);
	assert_shown("-80 |1 `2 [+81] 90");
	view_group(&view, false);
	show("1@80 2@80 3@81 4:5@81 90", HELD);
	assert_false(view_order_stays(&view, HELD));
	assert_shown("[4] 1 2 3 90");
	assert_u64_equal(view.n_members, 0);
	view_select(&view, 2, HELD);
	view_group(&view, true);
	show("1@80 2@80 3@81 4:5@81 90", HELD);
	assert_shown("+81 -80 |1 [`2] 90");
	view_select(&view, 1, HELD);
	view_group(&view, false);
	show("1@80 2@80 3@81 4:5@81 90", HELD);
	view_select(&view, 3, HELD);
	assert_shown("4 1 2 [3] 90");
	view_group(&view, true);
	show("1@80 2@80 3@81 4:5@81 90", HELD);
	assert_shown("[+81] -80 |1 `2 90");
}

/* The page of a socket is its own, that of a group goes on with what is left of it. */
static void test_row_of(void **state)
{
	struct view_socket socket;

	(void)state;
	assert_null(view_row_of(&view, (struct view_socket){ 0 }));
	unfold("1@80 2@81", "");
	socket = view.selected;
	assert_u64_equal(view_row_of(&view, socket)->listener->cookie, 1);
	show("1@80 2@81 3@80", HELD);
	assert_shown("[+80] 2");
	assert_ptr_equal(view_row_of(&view, socket)->listener, scene_now(&scene, 1));
	show("2@81 3@80 4@80", HELD);
	assert_null(view_row_of(&view, socket));
	socket = view.selected;
	assert_non_null(view_row_of(&view, socket)->folded);
	show("2@81 4@80", HELD);
	assert_u64_equal(view_row_of(&view, socket)->listener->cookie, 4);
	show("2@81", HELD);
	assert_shown("[2]");
	assert_null(view_row_of(&view, socket));
}

/* The members are brought onto the screen, as many as it has room for. */
static void test_unfolding_scrolls(void **state)
{
	(void)state;
	unfold("1:9 2:8 3:7 4:6 5@80 6@80 7@80 90", "");
	view_scroll(&view, 5);
	view_select(&view, 4, START);
	view_unfold(&view, true, START);
	view_scroll(&view, 5);
	assert_shown("1 2 3 4 [-80] |5 |6 `7 90");
	assert_u64_equal(view.offset, 3);
	view_unfold(&view, false, START);
	view_select(&view, 0, START);
	view_scroll(&view, 3);
	view_select(&view, 4, START);
	view_scroll(&view, 3);
	view_unfold(&view, true, START);
	view_scroll(&view, 3);
	assert_u64_equal(view.offset, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VIEW_TEST(test_unfolds_in_place),
		VIEW_TEST(test_folds_again),
		VIEW_TEST(test_members_are_sorted_among_themselves),
		VIEW_TEST(test_order_of_members_is_held),
		VIEW_TEST(test_order_of_what_becomes_a_group),
		VIEW_TEST(test_vanishing_members),
		VIEW_TEST(test_vanishing_group),
		VIEW_TEST(test_group_keeps_the_selection),
		VIEW_TEST(test_filter_and_members),
		VIEW_TEST(test_find_among_members),
		VIEW_TEST(test_follow_and_groups),
		VIEW_TEST(test_grouping),
		VIEW_TEST(test_row_of),
		VIEW_TEST(test_unfolding_scrolls),
	};

	return cmocka_run_group_tests_name("view_groups", tests, NULL, NULL);
}

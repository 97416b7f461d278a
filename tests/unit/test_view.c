/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/filter.h"
#include "analyse/fold.h"
#include "output/fields.h"
#include "top/view.h"

/* One list, at times of the test's choice. */
#define SECOND NSEC_PER_SEC
#define START  (1000 * SECOND)
#define HELD   (START + SECOND) /* while a move at START holds the order */
#define LATER  (START + 60 * SECOND)

static struct scene scene;
static struct view view;
static struct columns columns;
static struct field_context context;
static struct history *history;

static int setup(void **state)
{
	scene_open(&scene);
	columns = (struct columns){ .top = true };
	columns_default(&columns, false);
	view.columns = &columns;
	view.context = &context;
	return 0;
}

static int teardown(void **state)
{
	filter_free(view.selection.filter);
	view_free(&view);
	history_free(history);
	history = NULL;
	scene_close(&scene);
	strbuf_free(&context.scratch);
	return 0;
}

/* What is shown of a sample. */
static void show(const char *listeners, uint64_t clock_ns)
{
	scene_sample(&scene, listeners);
	view_build(&view, &scene.before, &scene.now, clock_ns);
}

/*
 * What rows the list has: their cookies, the selected one in brackets, as in "1 [2] 3". Of a folded
 * group it is the port, behind "+", or "-" if its members follow behind "|", the last one behind
 * "`".
 */
static void assert_shown(const char *expected)
{
	static const char marks[][2] = { "", "+", "-", "|", "`" };
	const struct report *r = &view.report;
	struct strbuf shown = { 0 };

	strbuf_adds(&shown, "");
	for (size_t i = 0; i < r->n_shown; i++) {
		const struct listener *l = r->shown[i]->listener;

		strbuf_addf(&shown, i == view.cursor ? "%s[%s%llu]" : "%s%s%llu", i ? " " : "",
			    marks[view_branch(&view, i)],
			    r->shown[i]->folded ? (unsigned long long)l->addr.port :
						  (unsigned long long)l->cookie);
	}
	if (strcmp(shown.s, expected) != 0)
		fail_msg("%s, not %s", shown.s, expected);
	strbuf_free(&shown);
	if (r->n_shown)
		assert_ptr_equal(view_selected(&view), r->shown[view.cursor]);
	else
		assert_null(view_selected(&view));
}

static const struct field *named(const char *name)
{
	return field_find(name, strlen(name));
}

static void filter(const char *text, uint64_t clock_ns)
{
	const struct filter_source source = field_filter_source(&context);
	struct error why;

	filter_free(view.selection.filter);
	assert_int_equal(filter_parse(text, &source, &view.selection.filter, &why, NULL), 0);
	view_arrange(&view, clock_ns);
}

#define VIEW_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/*
 * Listeners with a limit of 9 and a queue of n: from 8 on it is high, and the worst come first.
 * Those that are well, and those that are as bad, are in the order of their ports, which are their
 * cookies.
 */

static void test_nothing(void **state)
{
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
	show("1 2", START);
	view_select(&view, 1, START);
	scene.before.netns[0].inode = scene.now.netns[0].inode = SCENE_NETNS + 1;
	show("1 2", LATER);
	assert_shown("[1] 2");
}

static void test_neighbour_takes_over(void **state)
{
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
	show("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20", START);
	view_select(&view, 3, START);
	show("1 2 3", LATER);
	assert_shown("1 2 [3]");
}

static void test_follow(void **state)
{
	view.follow = true;
	show("1 2 3", START);
	assert_shown("[1] 2 3");
	show("1 2 3:8", LATER);
	assert_shown("[3] 1 2");
	show("1 2:10 3:8", LATER);
	assert_shown("[2] 3 1");
	view_move(&view, 1, LATER);
	assert_false(view.follow);
	assert_shown("2 [3] 1");
	show("1:20 2:10 3:8", LATER + 60 * SECOND);
	assert_shown("1 2 [3]");
}

/* The worst is followed wherever another order puts it. */
static void test_follow_in_another_order(void **state)
{
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
	show("1 2 3", START);
	view_move(&view, 1, START);
	show("1 2 3:10", HELD);
	view_freeze(&view, true, HELD);
	show("1 2 3:10", LATER);
	assert_shown("1 [2] 3");
}

static void test_find(void **state)
{
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
	view.selection = (struct selection){ .only_full = true, .fill = FILL_HIGH };
	show("1:7 2:8 3 4:10", START);
	assert_shown("[4] 2");
}

static void test_sort_by_columns(void **state)
{
	columns = (struct columns){ 0 };
	columns_parse(&columns, "port,address,length", false, &(struct error){ 0 });
	show("1:3 2:10 3:5", START);
	assert_shown("[2] 1 3");
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
	assert_shown("[2] 1 3");
}

/* A column that is not shown any more, or never was, stands before the first. */
static void test_sorted_by_what_is_hidden(void **state)
{
	view.sort = named("uid");
	show("1 2", START);
	view_sort_by(&view, 1, START);
	assert_ptr_equal(view.sort, columns.list[0]);
}

/* Another order is wanted now, whatever held the old one. */
static void test_sorting_ends_the_hold(void **state)
{
	show("1:3 2:10 3:5", START);
	view_move(&view, 2, START);
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
	show("1 2 3 4 5 6 7 8 9 10", START);
	view_select(&view, 9, START);
	view_scroll(&view, 3);
	show("1 2 3 4", LATER);
	view_scroll(&view, 3);
	assert_shown("1 2 3 [4]");
	assert_u64_equal(view.offset, 1);
}

/* Groups in the list, folded and unfolded; see scene_sample() and assert_shown(). */

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
	unfold("1@80 2:3@80 3@80 4:9 5@81 6@81", "");
	assert_shown("[4] +80 +81");
	assert_u64_equal(view.n_members, 0);
	view_unfold(&view, true, START); /* which is no group */
	assert_shown("[4] +80 +81");
	view_move(&view, 1, START);
	view_unfold(&view, true, START);
	assert_shown("4 [-80] |1 |2 `3 +81");
	assert_u64_equal(view.n_members, 3);
	/* The rows are those that -g replaces by one: all of their numbers are there. */
	assert_ptr_equal(view.report.shown[3]->listener, scene_now(&scene, 2));
	assert_u64_equal(row_length(view.report.shown[3]), 3);
	assert_u64_equal(row_length(view.report.shown[1]), 3);
	/* Several, and each goes on to be so. */
	view_move(&view, 4, START);
	view_unfold(&view, true, START);
	assert_shown("4 -80 |1 |2 `3 [-81] |5 `6");
	show("1@80 2:3@80 3@80 4:9 5@81 6@81", LATER);
	assert_shown("4 -80 |1 |2 `3 [-81] |5 `6");
	assert_u64_equal(view.n_members, 5);
	assert_u64_equal(view.report.n_rows, 3);
	/* Each row of the list is one to select. */
	view_move(&view, 2, LATER);
	assert_shown("4 -80 |1 |2 `3 -81 |5 [`6]");
	view_unfold(&view, true, LATER); /* it is */
	assert_shown("4 -80 |1 |2 `3 -81 |5 [`6]");
}

static void test_folds_again(void **state)
{
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
	unfold("1:1@80 2:5@80 3:3@80 4:7 5:2@81 6:4@81", "80 81");
	show("1:1@80 2:5@80 3:3@80 4:7 5:2@81 6:4@81", LATER);
	assert_shown("4 -80 |1 |2 `3 [-81] |5 `6");
	view_sort_on(&view, named("length"), LATER);
	assert_shown("-80 |2 |3 `1 4 [-81] |6 `5");
	view_invert(&view, LATER);
	assert_shown("[-81] |5 `6 4 -80 |1 |3 `2");
	view_sort_on(&view, named("cookie"), LATER); /* that of a group is not known */
	assert_shown("4 -80 |1 |2 `3 [-81] |5 `6");
}

static void test_order_of_members_is_held(void **state)
{
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
	assert_shown("[-81] |3 `4 -80 |9 |1 `2");
	view_freeze(&view, true, LATER);
	show("1:9@80 2:5@80 3@81 4:10@81 9@80", LATER);
	assert_shown("[-81] |3 `4 -80 |9 |1 `2");
	view_freeze(&view, false, LATER);
	assert_shown("[-81] |4 `3 -80 |1 |2 `9");
}

/* A listener that is joined by another one, or a group that loses all but one, stays in its place.
 */
static void test_order_of_what_becomes_a_group(void **state)
{
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
	unfold("1:4@80 2:8@80 3:9@81 4@81 90", "80 81");
	assert_shown("-80 |2 `1 [-81] |3 `4 90");
	/* Each row for itself: those that are seen all match. */
	filter("length >= 8", HELD);
	assert_shown("-80 `2 [-81] `3");
	filter("length >= 10", HELD);
	assert_shown("[-80]");
	assert_u64_equal(view.n_members, 0);
	filter("length < 10", HELD); /* without its row no member */
	assert_shown("[-81] |3 `4 90");
	filter("", HELD);
	assert_shown("-80 |2 `1 [-81] |3 `4 90");
	view.selection.only_full = true;
	view.selection.fill = 85 * FILL_PERCENT;
	view_arrange(&view, HELD);
	assert_shown("[-81] `3");
}

static void test_find_among_members(void **state)
{
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
	unfold("1@80 2@80 3@81 4@81 90", "80");
	view_freeze(&view, true, START);
	view_select(&view, 3, START);
	assert_shown("-80 |1 `2 [+81] 90");
	view_group(&view, false);
	show("1@80 2@80 3@81 4:8@81 90", HELD);
	assert_false(view_order_stays(&view, HELD));
	assert_shown("[4] 1 2 3 90");
	assert_u64_equal(view.n_members, 0);
	view_select(&view, 2, HELD);
	view_group(&view, true);
	show("1@80 2@80 3@81 4:8@81 90", HELD);
	assert_shown("+81 -80 |1 [`2] 90");
	view_select(&view, 1, HELD);
	view_group(&view, false);
	show("1@80 2@80 3@81 4:8@81 90", HELD);
	view_select(&view, 3, HELD);
	assert_shown("4 1 2 [3] 90");
	view_group(&view, true);
	show("1@80 2@80 3@81 4:8@81 90", HELD);
	assert_shown("[+81] -80 |1 `2 90");
}

/* The page of a socket is its own, that of a group goes on with what is left of it. */
static void test_row_of(void **state)
{
	struct view_socket socket;

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

/* With a history: windows of one second, in which those who are missing are gone. */
static void live(const char *listeners, uint64_t clock_ns)
{
	struct snapshot *now = &scene.now, *before = history ? &scene.before : NULL;

	if (!history)
		history = history_new();
	scene_sample(&scene, listeners);
	now->netns[0].one_datagram = true;
	if (before)
		now->monotonic_ns = before->monotonic_ns + SECOND;
	fold_build(&view.report, before, now, view.fold);
	history_add(history, &view.report);
	view.history = history;
	view_arrange(&view, clock_ns);
	snapshot_copy(&scene.before, now);
}

/* The sick, then those that were, then those that are gone, the latest first; then the others. */
static void test_order_of_memories(void **state)
{
	view.follow = true;
	live("1 2 3 4 5 6 7", START);
	live("1 2 3:8 4:10 5 6 7", START);
	assert_shown("[4] 3 1 2 5 6 7");
	live("1 2:8 3 4:10 5 6:1 7:3", LATER);
	assert_shown("[4] 2 3 1 5 6 7");
	live("1 2 3 4:10 6:3 7:7", LATER);
	assert_shown("[4] 2 3 5 1 6 7");
	live("1:7 2 3 4 6:5 7", LATER);
	assert_shown("[4] 2 3 5 1 6 7");
	live("1:7 2 3 4 6:5", LATER);
	assert_shown("[4] 2 3 7 5 1 6");
	assert_u64_equal(view.n_ghosts, 1); /* the other one is in the report */
	live("1:7 2 3 4 6:5", LATER);
	assert_shown("[4] 2 3 7 5 1 6");
	assert_u64_equal(view.n_ghosts, 2);
	/* Those of a session alone. */
	assert_u64_equal(view.report.n_rows, 5);
}

/*
 * What they lose and how full they are changes with each window. So of two that are as severe the
 * one that has been sick for longer comes first.
 */
static void test_order_of_the_sick(void **state)
{
	live("1 2 3", START);
	live("1 2:8 3", LATER);
	live("1:9 2:8 3", LATER);
	assert_shown("2 [1] 3"); /* which is fuller */
	live("1:9 2:8 3:10", LATER);
	assert_shown("3 2 [1]"); /* is full */
	live("1:10 2:8 3:10", LATER);
	assert_shown("[1] 3 2");
	live("1:10 2:10 3:10", LATER);
	assert_shown("2 [1] 3"); /* has been sick for longer */
}

/* A selection that follows the worst stays while no other row is worse. */
static void test_follow_stays(void **state)
{
	view.follow = true;
	live("1 2 3 4", START);
	live("1 2 3:8 4", LATER);
	assert_shown("[3] 1 2 4");
	live("1 2:8 3:8 4", LATER);
	live("1 2:8 3 4:8", LATER); /* is well in this window */
	live("1:9 2:8 3:8 4:8", LATER);
	assert_shown("3 [2] 4 1");
	live("1:9 2:8 3:8 4:10", LATER);
	assert_shown("[4] 3 2 1");
	live("1:10 2:10 3:10 4:10", LATER);
	assert_shown("3 2 [4] 1");
	live("1:10 2:10 3:10", LATER);
	assert_shown("[3] 2 1 4");
}

/* A listener that restarts in a loop keeps its row and the selection, gone or not. */
static void test_crash_loop(void **state)
{
	live("1 2@80 3", START);
	live("1 4@80 3", LATER);
	live("1 5@80 3", LATER);
	live("1 6@80 3", LATER);
	assert_shown("6 [1] 3");
	view_select(&view, 0, LATER);
	live("1 7@80 3", LATER + 60 * SECOND);
	assert_shown("[7] 1 3");
	live("1 3", LATER + 60 * SECOND);
	assert_shown("[7] 1 3");
	live("1 3", LATER + 60 * SECOND);
	assert_shown("[7] 1 3");
	assert_u64_equal(view.n_gone, 0);
	assert_u64_equal(view.n_restarting, 1);
	live("1 8@80 3", LATER + 60 * SECOND);
	assert_shown("[8] 1 3");
}

static void test_sick_only(void **state)
{
	view.sick_only = true;
	live("1 2 3@80 4@80 5", START);
	assert_shown("");
	view.fold = true;
	live("1:8 2 3:10@80 4@80 5", LATER);
	assert_shown("[+80] 1");
	view_unfold(&view, true, START);
	assert_shown("[-80] `3 1");
	live("1 2 3:10@80 4@80", LATER);
	assert_shown("[-80] `3 1 5");
	live("1 2 3:10@80 4@80", LATER);
	assert_shown("[-80] `3 1 5");
	view.sick_only = false;
	view_arrange(&view, LATER);
	assert_shown("[-80] |3 `4 1 5 2");
}

/* The cursor goes with a listener that goes, and to the one that comes to its address. */
static void test_selected_is_gone(void **state)
{
	struct view_socket socket;

	live("1 2 3", START);
	view_select(&view, 1, START);
	socket = view.selected;
	live("1 3", LATER);
	assert_shown("[2] 1 3");
	live("1 3", LATER);
	assert_shown("[2] 1 3");
	assert_true(view_selected(&view)->gone);
	assert_ptr_equal(view_row_of(&view, socket), view_selected(&view));
	live("1 3 7@2", LATER);
	assert_shown("1 [7] 3");
	/* At once, if it is there already. */
	live("1 3 8@2", LATER);
	assert_shown("7 1 [8] 3"); /* it lived shortly */
	live("1 3 8@2", LATER);
	assert_shown("1 [8] 3");
	/* Whoever selects a row that is gone means it. */
	live("1 8@2 9@3", LATER);
	view_select(&view, 0, LATER);
	assert_shown("[3] 1 8 9");
	live("1 8@2 9@3", LATER + SECOND);
	assert_shown("1 8 [9]");
	live("1 9@3", 2 * LATER);
	view_move(&view, -2, 2 * LATER);
	live("1 9@3", 3 * LATER);
	assert_shown("[8] 1 9");
	for (int i = 0; i < 301; i++)
		live("1 9@3", 4 * LATER);
	assert_shown("[1] 9");
}

/* A member that goes while its group goes on leaves the cursor among the others. */
static void test_selected_member_is_gone(void **state)
{
	view.fold = true;
	live("1@80 2@80 3@80 90", START);
	view_unfold(&view, true, START);
	view_select(&view, 2, START);
	assert_shown("-80 |1 [|2] `3 90");
	live("1@80 3@80 90", HELD);
	assert_shown("-80 |1 [`3] 90 2");
	live("1@80 3@80 90", HELD);
	assert_shown("-80 |1 [`3] 90");
}

static void test_ghosts_are_selected_and_ordered(void **state)
{
	live("1 20 21 30", START);
	live("1 30", LATER);
	live("1 30", LATER);
	assert_shown("20 21 [1] 30");
	filter("sport >= :21", LATER);
	assert_shown("21 [30]");
	view_select(&view, 0, LATER);
	filter("", 2 * LATER);
	view_sort_on(&view, named("local"), 2 * LATER);
	assert_shown("1 20 [21] 30");
	view_freeze(&view, true, 2 * LATER);
	view_sort_on(&view, NULL, 2 * LATER);
	assert_shown("20 [21] 1 30");
	assert_true(view_find(&view, ":20", 0, 2 * LATER));
	assert_shown("[20] 21 1 30");
}

/* What is written of the report has no rows that it does not have. */
static void test_report_without_ghosts(void **state)
{
	struct report report;

	live("1 2 3", START);
	live("1 2", LATER);
	report = view_report(&view);
	assert_u64_equal(report.n_shown, 3); /* the report of this window has it */
	free(report.shown);
	live("1 2", LATER);
	assert_shown("3 [1] 2");
	report = view_report(&view);
	assert_u64_equal(report.n_shown, 2);
	assert_u64_equal(report.shown[0]->listener->cookie, 1);
	assert_u64_equal(report.shown[1]->listener->cookie, 2);
	free(report.shown);
	assert_shown("3 [1] 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VIEW_TEST(test_nothing),
		VIEW_TEST(test_moves),
		VIEW_TEST(test_selection_sticks_to_the_socket),
		VIEW_TEST(test_selection_knows_the_namespace),
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
		VIEW_TEST(test_sorting_ends_the_hold),
		VIEW_TEST(test_invert),
		VIEW_TEST(test_scroll),
		VIEW_TEST(test_scroll_after_many_died),
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
		VIEW_TEST(test_order_of_memories),
		VIEW_TEST(test_order_of_the_sick),
		VIEW_TEST(test_follow_stays),
		VIEW_TEST(test_sick_only),
		VIEW_TEST(test_crash_loop),
		VIEW_TEST(test_selected_is_gone),
		VIEW_TEST(test_selected_member_is_gone),
		VIEW_TEST(test_ghosts_are_selected_and_ordered),
		VIEW_TEST(test_report_without_ghosts),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/fold.h"
#include "analyse/history.h"
#include "base/clock.h"

/*
 * Windows of one second, one after the other. Listeners have a limit of 9, so that a queue of n
 * has a fill of n / 10: up to 7 it is well, from 8 on it is high, from 10 on full.
 */
enum { A = 1, B, C };

static struct scene scene;
static struct history *history;
static uint64_t overflows; /* total of the counter */

static int setup(void **state)
{
	scene_open(&scene);
	history = history_new();
	overflows = 0;
	return 0;
}

static int teardown(void **state)
{
	scene_close(&scene);
	history_free(history);
	return 0;
}

/* The first report of a run, which has no window; see scene_sample(). */
static void first(const char *listeners)
{
	scene_sample(&scene, listeners);
	report_build(&scene.report, NULL, &scene.now);
	history_add(history, &scene.report);
}

static void folded_window(const char *listeners, bool fold)
{
	scene_sample(&scene, listeners);
	fold_build(&scene.report, &scene.before, &scene.now, fold);
	history_add(history, &scene.report);
}

static void window(const char *listeners)
{
	folded_window(listeners, false);
}

/* A window in which the counter rises by @n. */
static void window_of_overflows(uint64_t n)
{
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, overflows, overflows, overflows + n,
		    overflows + n);
	overflows += n;
	window("1");
}

/* The row of a listener, whether or not the newest report has it. */
static const struct row *row_of(uint16_t cookie)
{
	static struct listener listener;
	static struct row row;

	listener.cookie = cookie;
	row = (struct row){ .listener = &listener,
			    .netns = &scene.report.netns[0],
			    .window = &row_no_window };
	return &row;
}

static const struct row *row_at(uint16_t port)
{
	return scene_row_at(&scene, port);
}

static void assert_fill(const struct row *row, size_t back, int tenths)
{
	struct history_fill fill = history_fill(history, row, back);

	if (fill.known != (tenths >= 0) ||
	    (fill.known && fill.fill != (uint64_t)tenths * FILL_FULL / 10))
		fail_msg("%zu windows back: %g%s, not %d/10", back, fill_ratio(fill.fill),
			 fill.known ? "" : " (unknown)", tenths);
}

/* @fills: in tenths, the oldest first; "-": unknown */
static void assert_past(const struct row *row, const char *fills)
{
	size_t back = 0;

	for (const char *s = fills; *s; s++)
		back += *s == ' ';
	for (const char *s = fills;; back--) {
		assert_fill(row, back, *s == '-' ? -1 : atoi(s));
		s = strchr(s, ' ');
		if (!s)
			return;
		s++;
	}
}

/* @expected: seconds; negative: at least so many; 0: it is not so */
static void assert_lasted(struct history_time time, int expected)
{
	uint64_t seconds = (uint64_t)(expected < 0 ? -expected : expected);

	assert_int_equal(time.known, expected != 0);
	if (!expected)
		return;
	assert_u64_equal(time.ns, seconds * NSEC_PER_SEC);
	assert_int_equal(time.at_least, expected < 0);
}

#define assert_full(row, back, expected) assert_lasted(history_full(history, row, back), expected)

/* What ListenOverflows rose by in one window; -1: unknown. */
static void assert_delta(const struct netns *ns, size_t back, int64_t expected)
{
	assert_u64_equal((int64_t)history_rate(history, ns, COUNTER_LISTEN_OVERFLOWS, back),
			 (uint64_t)expected);
}

/* And in @span seconds. */
static void assert_sum(size_t back, unsigned int span, int64_t value, unsigned int covered)
{
	uint64_t covered_ns;
	struct opt_u64 sum =
		history_sum(history, scene.report.netns[0].netns, COUNTER_LISTEN_OVERFLOWS, back,
			    span * NSEC_PER_SEC, &covered_ns);

	assert_int_equal(sum.known, value >= 0);
	if (value < 0)
		return;
	assert_u64_equal(sum.value, (uint64_t)value);
	assert_u64_equal(covered_ns, covered * NSEC_PER_SEC);
}

static void test_fills(void **state)
{
	size_t known;

	scene_sample(&scene, "1");
	scene_report(&scene);
	assert_past(row_of(A), "-");
	assert_sum(0, 60, -1, 0);
	first("1 2:2");
	window("1:5 2:2");
	window("1:10 2:3");
	window("1:12 2");
	assert_past(row_of(A), "- 0 5 10 10");
	assert_past(row_of(B), "- 2 2 3 0");
	assert_past(row_of(C), "-");
	assert_u64_equal(history_span(history, 0, 100, &known), 3 * NSEC_PER_SEC);
	assert_u64_equal(known, 4);
}

/* In steps of half a percent, rounded down: only a full queue is at 1. */
static void test_fill_is_rounded_down(void **state)
{
	scene_sample(&scene, "1:999");
	scene_now(&scene, A)->limit = 999;
	scene_report(&scene);
	history_add(history, &scene.report);
	assert_u64_equal(history_fill(history, row_of(A), 0).fill,
			 99 * FILL_PERCENT + FILL_PERCENT / 2);
}

static void test_peak(void **state)
{
	window("1:1");
	scene_sample(&scene, "1:1");
	scene_now(&scene, A)->known |= LISTENER_PEAK;
	scene_now(&scene, A)->peak = (struct peak){ .length = 6, .samples = 50 };
	scene_report(&scene);
	history_add(history, &scene.report);
	assert_past(row_of(A), "1 6");
}

static void test_come_and_go(void **state)
{
	first("1:1");
	window("1:1");
	window("1:1 2:5");
	window("1:1 2:6");
	window("2:7");
	assert_past(row_of(A), "- 1 1 1 1 -");
	assert_past(row_of(B), "- - - 5 6 7");
}

/* A dump that the kernel takes in parts may miss a listener: its fill of then is unknown. */
static void test_gap(void **state)
{
	first("1 2");
	window("1:10 2");
	window("");
	window("");
	window("1:10 2");
	assert_past(row_of(A), "0 10 - - 10");
	assert_past(row_of(B), "0 0 - - 0");
	assert_full(row_of(A), 3, 1);
	window("1 2:10");
	assert_past(row_of(B), "0 0 - - 0 10");
}

/* What no look saw is unknown, but where the queue was full all the same. */
static void test_unseen(void **state)
{
	first("1 2");
	scene_sample(&scene, "1:5 2:10");
	scene.now.blind_ns = NSEC_PER_SEC;
	scene_report(&scene);
	history_add(history, &scene.report);
	scene.now.blind_ns = 0;
	window("1 2");
	assert_past(row_of(A), "0 - 0");
	assert_past(row_of(B), "0 10 0");
}

static void test_since_when(void **state)
{
	first("1 2:10");
	window("1 2:10");
	window("1:8 2:10 3:10");
	window("1:9 2:10 3:10");
	window("1:10 2:10");
	assert_full(row_of(A), 0, 1);
	/* As it was then. */
	assert_full(row_of(A), 1, 0);
	/* It was so in the first report, which has no length. */
	assert_full(row_of(B), 0, -4);
	assert_full(row_of(B), 2, -2);
	/* It was not there before. */
	assert_full(row_of(C), 1, 2);
	window("1 2:7");
	assert_full(row_of(B), 0, 0);
	assert_full(row_of(B), 1, -4);
}

static void test_sums(void **state)
{
	const struct netns *ns = &scene.now.netns[0];

	first("1");
	assert_sum(0, 60, -1, 0);
	window_of_overflows(1);
	window_of_overflows(10);
	window_of_overflows(100);
	assert_delta(ns, 0, 100);
	assert_delta(ns, 2, 1);
	assert_delta(ns, 3, -1);
	assert_delta(ns, 4, -1);
	assert_sum(0, 60, 111, 3);
	assert_sum(1, 60, 11, 2);
	assert_sum(0, 2, 110, 2);
	assert_sum(0, 3, 111, 3);
	assert_sum(3, 60, -1, 0);
	history_restart_sums(history);
	assert_sum(0, 60, -1, 0);
	window_of_overflows(1000);
	assert_sum(0, 60, 1000, 1);
	assert_delta(ns, 1, 100);
}

static void test_sums_of_the_unknown(void **state)
{
	first("1");
	window_of_overflows(1);
	scene.now.netns[0].after.known = 0;
	window_of_overflows(10);
	scene.now.netns[0].after.known = (1u << COUNTER_N) - 1;
	window_of_overflows(100);
	assert_sum(0, 60, -1, 0);
	assert_sum(0, 1, 100, 1);
	assert_sum(2, 60, 1, 1);
}

/* The same cookie in another namespace is another listener; one that is gone is forgotten. */
static void test_another_namespace(void **state)
{
	const struct netns gone = { .inode = SCENE_NETNS };

	window("1:10");
	window_of_overflows(7);
	scene.before.netns[0].inode = scene.now.netns[0].inode = SCENE_NETNS + 1;
	window_of_overflows(1);
	assert_past(row_of(A), "- - 0");
	assert_delta(&gone, 1, 7);
	for (int i = 0; i < HISTORY_WINDOWS; i++)
		window_of_overflows(1);
	for (size_t back = 0; back < HISTORY_WINDOWS; back++)
		assert_delta(&gone, back, -1);
}

/* A container that restarts gets the inode of the one before, and nothing of its past. */
static void test_inode_given_again(void **state)
{
	static const struct netns lives[] = {
		{ .cookie = 7 }, { .cookie = 9 }, { .serial = 1 }, { .serial = 2 }
	};

	for (size_t life = 0; life < ARRAY_SIZE(lives); life++) {
		scene.before.netns[0].cookie = scene.now.netns[0].cookie = lives[life].cookie;
		scene.before.netns[0].serial = scene.now.netns[0].serial = lives[life].serial;
		for (unsigned int i = 0; i < 3; i++) {
			scene.now.netns[0].after.value[COUNTER_LISTEN_OVERFLOWS] = 5;
			folded_window("1:10@80 2:10@80", true);
			assert_u64_equal(history_full(history, row_at(80), 0).ns,
					 (i + 1) * NSEC_PER_SEC);
			assert_delta(&scene.now.netns[0], i + 1, -1);
		}
	}
}

static void lengths(int a, int b)
{
	char listeners[32];

	snprintf(listeners, sizeof(listeners), "1:%d 2:%d", a, b);
	window(listeners);
}

/* The oldest windows make room, and what is older than all of them is unknown. */
static void test_wrap(void **state)
{
	enum { MORE = 137, ALL = HISTORY_WINDOWS + MORE };
	size_t known;

	first("1 2:10");
	for (int i = 1; i < ALL; i++) {
		scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, (uint64_t)i, (uint64_t)i);
		lengths(i % 10, 10);
	}
	history_span(history, 0, ALL, &known);
	assert_u64_equal(known, HISTORY_WINDOWS);
	for (int back = 0; back < HISTORY_WINDOWS; back++) {
		assert_fill(row_of(A), (size_t)back, (ALL - 1 - back) % 10);
		assert_delta(&scene.now.netns[0], (size_t)back, ALL - 1 - back);
	}
	assert_fill(row_of(A), HISTORY_WINDOWS, -1);
	assert_sum(HISTORY_WINDOWS, 60, -1, 0);
	/* Since when something is so stays known. */
	assert_full(row_of(B), 0, -(ALL - 1));
	assert_full(row_of(B), 600, -(ALL - 1 - 600));
	lengths(10, 0);
	assert_full(row_of(A), 0, 1);
	assert_full(row_of(B), 1, -(ALL - 1));
	for (int i = 0; i < ALL; i++)
		lengths(10, i == HISTORY_WINDOWS ? 10 : 0);
	assert_full(row_of(A), 0, ALL + 1);
	assert_full(row_of(A), 7, ALL + 1 - 7);
	assert_full(row_of(B), MORE - 1, 1);
	/* Also when it is over. */
	lengths(0, 0);
	assert_full(row_of(A), 0, 0);
	lengths(10, 0);
	assert_full(row_of(A), 0, 1);
	assert_full(row_of(A), 2, ALL + 1);
}

/* Well, or absent, for longer than the ring holds. */
static void test_long_ago(void **state)
{
	first("1 2:10");
	for (int i = 0; i < HISTORY_WINDOWS + 5; i++)
		window("1");
	window("1:10 2:5");
	assert_fill(row_of(A), 0, 10);
	assert_fill(row_of(B), 0, 5);
	for (size_t back = 1; back < HISTORY_WINDOWS; back++) {
		assert_fill(row_of(A), back, 0);
		assert_fill(row_of(B), back, -1);
	}
}

/* Thousands that come and go are forgotten; who is there keeps its past. */
static void test_forgetting(void **state)
{
	enum { ROUNDS = 3, CROWD = 2000 };

	first("1:3");
	for (int round = 0; round < ROUNDS; round++) {
		const uint16_t one = (uint16_t)(C + round * CROWD);
		struct strbuf crowd = { 0 };

		strbuf_adds(&crowd, "1:3");
		for (int i = 0; i < CROWD; i++)
			strbuf_addf(&crowd, " %d:10", one + i);
		window(crowd.s);
		strbuf_free(&crowd);
		for (int i = 1; i < HISTORY_WINDOWS; i++) {
			window(i % 2 ? "1:10 2:9" : "1:3 2:9");
			assert_fill(row_of(one), (size_t)i, 10);
		}
		/* Now they are in no window any more. */
		window("1:4 2:10");
		assert_past(row_of(A), "3 10 4");
		assert_fill(row_of(A), HISTORY_WINDOWS - 1, 10);
		assert_past(row_of(B), "9 9 10");
		assert_full(row_of(B), 0, 1);
		assert_fill(row_of(one), HISTORY_WINDOWS - 1, -1);
	}
}

/* Who folds or unfolds groups later finds the past of all of them, whichever of them were rows. */
static void test_groups_and_their_members(void **state)
{
	folded_window("1:3@80 2:7@80 3:1@81", false);
	folded_window("1:4@80 2:10@80 3:2@81", true);
	folded_window("1:5@80 2:2@80 3:3@81", false);
	folded_window("1:9@80 2@80 3:4@81", true);
	assert_past(row_at(80), "7 10 5 9");
	assert_past(row_of(A), "3 4 5 9");
	assert_past(row_of(B), "7 10 2 0");
	assert_past(row_at(81), "1 2 3 4");
	assert_full(row_at(80), 2, 1);
	assert_full(row_of(A), 2, 0);
	/* The group is sick as long as any member is. */
	folded_window("1@80 2:8@80 3@81", false);
	folded_window("1:8@80 2@80 3@81", true);
}

/* Members come and go, also the oldest one, and the group is the same. */
static void test_group_goes_on(void **state)
{
	folded_window("1:3@80 2:4@80", true);
	folded_window("2:5@80 7:1@80", true);
	folded_window("7:6@80 8:8@80", true);
	assert_past(row_at(80), "4 5 8");
	assert_past(row_of(7), "- 1 6");
	/* Alone it is a listener, with a past of its own, and then a group with that of both. */
	folded_window("8:9@80", true);
	assert_past(row_at(80), "- - 8 9");
	folded_window("8:2@80 9:3@80", true);
	assert_past(row_at(80), "4 5 8 9 3");
}

/* One that others join was there all the time. */
static void test_listener_becomes_a_group(void **state)
{
	folded_window("5:9@80 7@81", true);
	folded_window("5:10@80 7@81", true);
	folded_window("1:2@80 5:10@80 9@80 7@81 8:8@81", true);
	assert_past(row_at(80), "9 10 10");
	assert_past(row_at(81), "0 0 8");
	assert_past(row_of(A), "- - 2");
	assert_past(row_of(5), "9 10 10");
	assert_full(row_at(80), 0, 2);
	folded_window("5:1@80 9:10@80 7@81 8:8@81", false);
	folded_window("5@80 9:9@80 7@81 8:8@81", true);
	assert_past(row_at(80), "9 10 10 10 9");
	assert_past(row_at(81), "0 0 8 8 8");
}

#define HISTORY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* A window that was mostly unseen, and one in which the clock was set. */
static void test_time(void **state)
{
	const struct event *e;
	struct time_map_cell cell;

	first("1");
	scene.before.wall = (struct timespec){ 10000, 0 };
	scene.now.wall = clock_shift(scene.before.wall,
				     (int64_t)(scene.now.monotonic_ns - scene.before.monotonic_ns));
	window("1");
	assert_u64_equal(history_events(history, 0), 0);
	scene.now.blind_ns = 3 * NSEC_PER_SEC;
	scene.now.wall.tv_sec -= 3600;
	window("1");
	assert_u64_equal(history_events(history, 0), 2);
	e = history_event(history, 0, 1);
	assert_int_equal(e->kind, EVENT_BLIND);
	assert_u64_equal(e->lasted_ns, 3 * NSEC_PER_SEC);
	e = history_event(history, 0, 0);
	assert_int_equal(e->kind, EVENT_CLOCK);
	assert_true(e->set_ns == -3600 * (int64_t)NSEC_PER_SEC);
	assert_u64_equal(e->lasted_ns, 0);
	/* That all was well is known of the windows that were seen. */
	history_time_map(history, &cell, 1, NSEC_PER_SEC / 2);
	assert_false(cell.known);
	history_time_map(history, &cell, 1, 20 * NSEC_PER_SEC);
	assert_true(cell.known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HISTORY_TEST(test_fills),
		HISTORY_TEST(test_fill_is_rounded_down),
		HISTORY_TEST(test_peak),
		HISTORY_TEST(test_come_and_go),
		HISTORY_TEST(test_gap),
		HISTORY_TEST(test_unseen),
		HISTORY_TEST(test_since_when),
		HISTORY_TEST(test_sums),
		HISTORY_TEST(test_sums_of_the_unknown),
		HISTORY_TEST(test_another_namespace),
		HISTORY_TEST(test_inode_given_again),
		HISTORY_TEST(test_wrap),
		HISTORY_TEST(test_long_ago),
		HISTORY_TEST(test_forgetting),
		HISTORY_TEST(test_groups_and_their_members),
		HISTORY_TEST(test_group_goes_on),
		HISTORY_TEST(test_listener_becomes_a_group),
		HISTORY_TEST(test_time),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}

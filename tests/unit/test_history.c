/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/fold.h"
#include "analyse/history.h"

/*
 * Windows of one second, one after the other. Listeners have a limit of 9, so that a queue of n
 * has a fill of n / 10: up to 7 it is well, from 8 on it is high, from 10 on full.
 */
enum { A = 1, B, C };
#define ABSENT -1
#define SECOND NSEC_PER_SEC

static struct scene scene;
static struct history *history;
static uint64_t overflows; /* total of the counter */

static int setup(void **state)
{
	(void)state;
	scene_open(&scene);
	history = history_new();
	overflows = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scene_close(&scene);
	history_free(history);
	return 0;
}

static void put(uint16_t cookie, int length)
{
	struct listener *l;

	if (length == ABSENT)
		return;
	l = scene_add(&scene.now, cookie);
	l->limit = 9;
	l->length = (uint32_t)length;
}

/* Ends a window with these lengths of A and B. */
static void window(int a, int b)
{
	snapshot_drop_listeners(&scene.now, 0);
	put(A, a);
	put(B, b);
	scene_report(&scene);
	history_add(history, &scene.report);
}

/* The first report of a run, which has no window. */
static void first(int a, int b)
{
	snapshot_drop_listeners(&scene.now, 0);
	put(A, a);
	put(B, b);
	report_build(&scene.report, NULL, &scene.now);
	history_add(history, &scene.report);
}

/* A window in which the counter rises by @n. */
static void window_of_overflows(uint64_t n)
{
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, overflows, overflows, overflows + n,
		    overflows + n);
	overflows += n;
	window(0, ABSENT);
}

/* The row of a listener, whether or not the newest report has it. */
static const struct row *row_of(uint16_t cookie)
{
	static struct listener listener;
	static struct row row;

	listener.cookie = cookie;
	row = (struct row){ .listener = &listener, .netns = &scene.report.netns[0] };
	return &row;
}

static void assert_fill(uint16_t cookie, size_t back, double fill)
{
	struct history_fill found = history_fill(history, row_of(cookie), back);

	if (!found.known || found.fill < fill - 1e-9 || found.fill > fill + 1e-9)
		fail_msg("%zu windows back: %g%s, not %g", back, found.fill,
			 found.known ? "" : " (unknown)", fill);
}

static void assert_no_fill(uint16_t cookie, size_t back)
{
	if (history_fill(history, row_of(cookie), back).known)
		fail_msg("%zu windows back: known", back);
}

/* @expected: seconds; negative: at least so many; 0: it is not so */
static void assert_lasted(struct history_time time, int expected)
{
	uint64_t seconds = (uint64_t)(expected < 0 ? -expected : expected);

	assert_int_equal(time.known, expected != 0);
	if (!expected)
		return;
	assert_u64_equal(time.ns, seconds * SECOND);
	assert_int_equal(time.at_least, expected < 0);
}

#define assert_trouble(cookie, back, expected) \
	assert_lasted(history_sick(history, row_of(cookie), back), expected)
#define assert_full(cookie, back, expected) \
	assert_lasted(history_full(history, row_of(cookie), back), expected)

/* What the counter rose by in @span seconds; -1: unknown. */
static void assert_sum(size_t back, unsigned int span, int64_t value, unsigned int covered)
{
	uint64_t covered_ns;
	struct opt_u64 sum =
		history_sum(history, scene.report.netns[0].netns, COUNTER_LISTEN_OVERFLOWS, back,
			    span * SECOND, &covered_ns);

	assert_int_equal(sum.known, value >= 0);
	if (value < 0)
		return;
	assert_u64_equal(sum.value, (uint64_t)value);
	assert_u64_equal(covered_ns, covered * SECOND);
}

static void test_nothing_yet(void **state)
{
	(void)state;
	scene_add_both(&scene, A);
	scene_report(&scene);
	assert_u64_equal(history_windows(history), 0);
	assert_no_fill(A, 0);
	assert_trouble(A, 0, 0);
	assert_sum(0, 60, -1, 0);
}

static void test_fills(void **state)
{
	(void)state;
	first(0, 2);
	window(5, 2);
	window(10, 3);
	window(12, 0);
	assert_u64_equal(history_windows(history), 4);
	assert_fill(A, 0, 1);
	assert_fill(A, 1, 1);
	assert_fill(A, 2, 0.5);
	assert_fill(A, 3, 0);
	assert_no_fill(A, 4);
	assert_fill(B, 0, 0);
	assert_fill(B, 1, 0.3);
	assert_fill(B, 3, 0.2);
	assert_no_fill(C, 0);
}

/* Steps of half a percent, rounded down: whole is full, and nothing else is. */
static void test_fill_is_rounded_down(void **state)
{
	(void)state;
	snapshot_drop_listeners(&scene.now, 0);
	scene_add(&scene.now, A)->limit = 999;
	scene_now(&scene, A)->length = 999;
	scene_report(&scene);
	history_add(history, &scene.report);
	assert_fill(A, 0, 0.995);
}

/* A burst that fast samples saw is in the history of the window. */
static void test_peaks_count(void **state)
{
	(void)state;
	window(1, ABSENT);
	snapshot_drop_listeners(&scene.now, 0);
	put(A, 1);
	scene_now(&scene, A)->known |= LISTENER_PEAK;
	scene_now(&scene, A)->peak = (struct peak){ .length = 6, .samples = 50 };
	scene_report(&scene);
	history_add(history, &scene.report);
	assert_fill(A, 0, 0.6);
	assert_fill(A, 1, 0.1);
}

/* Not known is not 0, and the past of one that is gone can still be looked at. */
static void test_come_and_go(void **state)
{
	(void)state;
	first(1, ABSENT);
	window(1, ABSENT);
	window(1, 5);
	window(1, 6);
	window(ABSENT, 7);
	assert_fill(B, 0, 0.7);
	assert_fill(B, 2, 0.5);
	assert_no_fill(B, 3);
	assert_no_fill(A, 0);
	assert_fill(A, 1, 0.1);
	assert_fill(A, 4, 0.1);
}

/* A dump that the kernel takes in parts may miss a listener: what was then is not known. */
static void test_gap(void **state)
{
	(void)state;
	first(0, 0);
	window(10, 3);
	window(ABSENT, ABSENT);
	window(10, 3);
	assert_fill(A, 0, 1);
	assert_no_fill(A, 1);
	assert_fill(A, 2, 1);
	assert_no_fill(B, 1);
	assert_trouble(A, 0, -1);
	assert_full(A, 2, 1);
}

/* The same where nothing was to be remembered before the gap. */
static void test_gap_of_an_idle_listener(void **state)
{
	(void)state;
	first(0, ABSENT);
	window(0, ABSENT);
	window(ABSENT, ABSENT);
	window(ABSENT, ABSENT);
	window(0, ABSENT);
	window(10, ABSENT);
	assert_fill(A, 1, 0);
	assert_no_fill(A, 2);
	assert_no_fill(A, 3);
	assert_fill(A, 4, 0);
	assert_fill(A, 5, 0);
	assert_trouble(A, 0, 1);
}

static void test_since_when(void **state)
{
	(void)state;
	first(0, 10);
	window(0, 10);
	window(8, 10);
	window(9, 10);
	window(10, 10);
	assert_trouble(A, 0, 3);
	assert_full(A, 0, 1);
	/* As it was then. */
	assert_trouble(A, 1, 2);
	assert_full(A, 1, 0);
	assert_trouble(A, 3, 0);
	/* It was so when we began to look; the first report has no length. */
	assert_trouble(B, 0, -4);
	assert_full(B, 0, -4);
	assert_full(B, 2, -2);
	window(0, 7);
	assert_trouble(A, 0, 0);
	assert_full(B, 0, 0);
	assert_full(B, 1, -4);
}

/* One that came while we looked was not full before. */
static void test_since_it_came(void **state)
{
	(void)state;
	first(0, ABSENT);
	window(0, ABSENT);
	window(0, 10);
	window(0, 10);
	assert_trouble(B, 0, 2);
	assert_full(B, 0, 2);
}

static void test_deltas(void **state)
{
	const struct netns *ns;

	(void)state;
	first(0, ABSENT);
	window_of_overflows(3);
	window_of_overflows(4);
	ns = scene.report.netns[0].netns;
	assert_u64_equal(history_delta(history, ns, COUNTER_LISTEN_OVERFLOWS, 0).value, 4);
	assert_u64_equal(history_delta(history, ns, COUNTER_LISTEN_OVERFLOWS, 1).value, 3);
	assert_true(history_delta(history, ns, COUNTER_LISTEN_DROPS, 1).known);
	assert_u64_equal(history_delta(history, ns, COUNTER_LISTEN_DROPS, 1).value, 0);
	assert_false(history_delta(history, ns, COUNTER_LISTEN_OVERFLOWS, 2).known);
	assert_false(history_delta(history, ns, COUNTER_LISTEN_OVERFLOWS, 3).known);
}

static void test_sums(void **state)
{
	(void)state;
	first(0, ABSENT);
	assert_sum(0, 60, -1, 0);
	window_of_overflows(1);
	window_of_overflows(10);
	window_of_overflows(100);
	assert_sum(0, 60, 111, 3);
	assert_sum(1, 60, 11, 2);
	assert_sum(0, 2, 110, 2);
	assert_sum(0, 3, 111, 3);
	assert_sum(3, 60, -1, 0);
}

static void test_sums_begin_anew(void **state)
{
	(void)state;
	first(0, ABSENT);
	window_of_overflows(1);
	history_restart_sums(history);
	assert_sum(0, 60, -1, 0);
	window_of_overflows(10);
	window_of_overflows(100);
	assert_sum(0, 60, 110, 2);
	/* The windows themselves are still there. */
	assert_u64_equal(
		history_delta(history, scene.report.netns[0].netns, COUNTER_LISTEN_OVERFLOWS, 2)
			.value,
		1);
}

/* Of a window that is not known nothing is made up. */
static void test_sums_of_the_unknown(void **state)
{
	(void)state;
	first(0, ABSENT);
	window_of_overflows(1);
	scene.now.netns[0].after.known = 0;
	window_of_overflows(10);
	scene.now.netns[0].after.known = (1u << COUNTER_N) - 1;
	window_of_overflows(100);
	assert_sum(0, 60, -1, 0);
	assert_sum(0, 1, 100, 1);
	assert_sum(2, 60, 1, 1);
}

static void test_another_namespace(void **state)
{
	struct netns other = { .inode = SCENE_NETNS + 1 };

	(void)state;
	window_of_overflows(1);
	assert_false(history_delta(history, &other, COUNTER_LISTEN_OVERFLOWS, 0).known);
	/* The same cookie there is another listener. */
	window(10, ABSENT);
	scene.now.netns[0].inode = SCENE_NETNS + 1;
	scene_report(&scene);
	assert_no_fill(A, 0);
}

/* Of a namespace that is gone the windows go as the others do, and no old ones come back. */
static void test_namespace_gone(void **state)
{
	struct netns gone = { .inode = SCENE_NETNS };

	(void)state;
	window_of_overflows(7);
	scene.before.netns[0].inode = scene.now.netns[0].inode = SCENE_NETNS + 1;
	window_of_overflows(1);
	assert_u64_equal(history_delta(history, &gone, COUNTER_LISTEN_OVERFLOWS, 1).value, 7);
	for (int i = 0; i < HISTORY_WINDOWS; i++)
		window_of_overflows(1);
	for (size_t back = 0; back < HISTORY_WINDOWS; back++)
		assert_false(history_delta(history, &gone, COUNTER_LISTEN_OVERFLOWS, back).known);
}

/* The oldest windows make room, and what is older than all of them is not known. */
static void test_wrap(void **state)
{
	enum { MORE = 137 };

	(void)state;
	first(0, 10);
	for (int i = 1; i < HISTORY_WINDOWS + MORE; i++) {
		scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, (uint64_t)i, (uint64_t)i);
		window(i % 10, 10);
	}
	assert_u64_equal(history_windows(history), HISTORY_WINDOWS);
	for (int back = 0; back < HISTORY_WINDOWS; back++) {
		int i = HISTORY_WINDOWS + MORE - 1 - back;

		assert_fill(A, (size_t)back, (i % 10) / 10.0);
		assert_u64_equal(history_delta(history, scene.report.netns[0].netns,
					       COUNTER_LISTEN_OVERFLOWS, (size_t)back)
					 .value,
				 (uint64_t)i);
	}
	assert_no_fill(A, HISTORY_WINDOWS);
	assert_sum(HISTORY_WINDOWS, 60, -1, 0);
	/* But for since when something is so. */
	assert_full(B, 0, -(HISTORY_WINDOWS + MORE - 1));
	assert_full(B, 600, -(HISTORY_WINDOWS + MORE - 1 - 600));
	window(10, 0);
	assert_full(A, 0, 1);
	assert_full(B, 1, -(HISTORY_WINDOWS + MORE - 1));
	for (int i = 0; i < HISTORY_WINDOWS + MORE; i++)
		window(10, i == HISTORY_WINDOWS ? 10 : 0);
	/* It began while we looked, which is exact. */
	assert_full(A, 0, HISTORY_WINDOWS + MORE + 1);
	assert_full(A, 7, HISTORY_WINDOWS + MORE + 1 - 7);
	assert_full(B, MORE - 1, 1);
	/* Of what is over no more is known than the windows tell. */
	window(0, 0);
	assert_full(A, 0, 0);
	window(10, 0);
	assert_full(A, 0, 1);
	assert_full(A, 2, -(HISTORY_WINDOWS - 2));
}

/* A listener that has been well for longer than anybody remembers. */
static void test_late_trouble(void **state)
{
	(void)state;
	first(0, 0);
	for (int i = 0; i < HISTORY_WINDOWS + 5; i++)
		window(0, 0);
	window(10, 0);
	assert_fill(A, 0, 1);
	for (size_t back = 1; back < HISTORY_WINDOWS; back++)
		assert_fill(A, back, 0);
	assert_trouble(A, 0, 1);
}

/* Absent for longer than the ring: nothing of what it holds is its past. */
static void test_long_gap(void **state)
{
	(void)state;
	first(10, ABSENT);
	window(10, ABSENT);
	for (int i = 0; i < HISTORY_WINDOWS + 3; i++)
		window(ABSENT, ABSENT);
	window(5, ABSENT);
	assert_fill(A, 0, 0.5);
	for (size_t back = 1; back < HISTORY_WINDOWS; back++)
		assert_no_fill(A, back);
}

/* Thousands that come and go are forgotten; who is there keeps its past. */
static void test_forgetting(void **state)
{
	enum { ROUNDS = 3, CROWD = 2000 };

	(void)state;
	first(3, ABSENT);
	for (int round = 0; round < ROUNDS; round++) {
		snapshot_drop_listeners(&scene.now, 0);
		put(A, 3);
		for (int i = 0; i < CROWD; i++)
			put((uint16_t)(C + round * CROWD + i), 10);
		scene_report(&scene);
		history_add(history, &scene.report);
		for (int i = 1; i < HISTORY_WINDOWS; i++) {
			window(i % 2 ? 10 : 3, i > 10 ? 9 : ABSENT);
			assert_fill((uint16_t)(C + round * CROWD), (size_t)i, 1);
		}
		/* Now they are in no window any more. */
		window(4, 10);
		assert_fill(A, 0, 0.4);
		assert_fill(A, 1, 1);
		assert_fill(A, 2, 0.3);
		assert_fill(A, HISTORY_WINDOWS - 1, 1);
		assert_fill(B, 0, 1);
		assert_fill(B, 1, 0.9);
		assert_full(B, 0, 1);
		assert_no_fill((uint16_t)(C + round * CROWD), HISTORY_WINDOWS - 1);
	}
}

/* A container that restarts gets the inode of the one before, and nothing of its past. */
static void test_inode_given_again(void **state)
{
	(void)state;
	for (uint64_t serial = 1; serial <= 2; serial++) {
		scene.before.netns[0].serial = scene.now.netns[0].serial = serial;
		for (unsigned int i = 0; i < 3; i++) {
			scene_sample(&scene, "1:10@80 2:10@80");
			scene.now.netns[0].after.value[COUNTER_LISTEN_OVERFLOWS] = 5;
			fold_build(&scene.report, &scene.before, &scene.now, true);
			history_add(history, &scene.report);
			assert_u64_equal(history_full(history, &scene.report.rows[0], 0).ns,
					 (i + 1) * NSEC_PER_SEC);
			assert_false(history_delta(history, &scene.now.netns[0],
						   COUNTER_LISTEN_OVERFLOWS, i + 1)
					     .known);
		}
	}
}

/* A window of these listeners, see scene_sample(), with groups folded or not. */
static void groups(const char *listeners, bool fold)
{
	scene_sample(&scene, listeners);
	fold_build(&scene.report, &scene.before, &scene.now, fold);
	history_add(history, &scene.report);
}

/* The row had these fills, the oldest first; -1: none. */
static void check_past(const struct row *row, size_t n, const double fills[])
{
	for (size_t i = 0; i < n; i++) {
		struct history_fill found = history_fill(history, row, n - 1 - i);

		if (found.known != (fills[i] >= 0) ||
		    (found.known && (found.fill > fills[i] + 1e-9 || found.fill < fills[i] - 1e-9)))
			fail_msg("%zu windows back: %g%s, not %g", n - 1 - i, found.fill,
				 found.known ? "" : " (unknown)", fills[i]);
	}
}
#define assert_past(row, ...)                                          \
	check_past(row, ARRAY_SIZE(((const double[]){ __VA_ARGS__ })), \
		   (const double[]){ __VA_ARGS__ })

/* That of the group on that port, or of a member, whose cookie it is. */
static const struct row *folded(uint16_t port)
{
	for (size_t i = 0; i < scene.report.n_rows; i++)
		if (scene.report.rows[i].listener->addr.port == port)
			return &scene.report.rows[i];
	fail_msg("no row of port %u", port);
	return NULL;
}

static const struct row *member(uint16_t cookie)
{
	for (size_t i = 0; i < scene.report.n_members; i++)
		if (scene.report.members[i].listener->cookie == cookie)
			return &scene.report.members[i];
	fail_msg("no member %u", cookie);
	return NULL;
}

/* Who folds or unfolds groups later finds the past of all of them, whichever of them were rows. */
static void test_groups_and_their_members(void **state)
{
	(void)state;
	groups("1:3@80 2:7@80 3:1@81", false);
	groups("1:4@80 2:10@80 3:2@81", true);
	groups("1:5@80 2:2@80 3:3@81", false);
	groups("1:9@80 2@80 3:4@81", true);
	assert_past(folded(80), 0.7, 1, 0.5, 0.9);
	assert_past(member(1), 0.3, 0.4, 0.5, 0.9);
	assert_past(member(2), 0.7, 1, 0.2, 0);
	assert_past(folded(81), 0.1, 0.2, 0.3, 0.4);
	assert_lasted(history_sick(history, folded(80), 0), 1);
	assert_lasted(history_sick(history, folded(80), 2), 1);
	assert_lasted(history_full(history, folded(80), 2), 1);
	assert_lasted(history_full(history, member(1), 2), 0);
	/* The group is in trouble as long as any member is. */
	groups("1@80 2:8@80 3@81", false);
	groups("1:8@80 2@80 3@81", true);
	assert_lasted(history_sick(history, folded(80), 0), 3);
	assert_lasted(history_sick(history, member(2), 0), 0);
	assert_lasted(history_sick(history, member(1), 0), 1);
}

/* Members come and go, also the oldest one, and the group is the same. */
static void test_group_goes_on(void **state)
{
	(void)state;
	groups("1:3@80 2:4@80", true);
	groups("2:5@80 7:1@80", true);
	groups("7:6@80 8:8@80", true);
	assert_past(folded(80), 0.4, 0.5, 0.8);
	assert_past(member(7), -1, 0.1, 0.6);
	/* Alone it is a listener, with a past of its own, and then a group with that of both. */
	groups("8:9@80", true);
	assert_past(folded(80), -1, -1, 0.8, 0.9);
	groups("8:2@80 9:3@80", true);
	assert_past(folded(80), 0.4, 0.5, 0.8, 0.9, 0.3);
}

/* One that others join was there all the time. */
static void test_listener_becomes_a_group(void **state)
{
	(void)state;
	groups("5:9@80 7@81", true);
	groups("5:10@80 7@81", true);
	groups("1:2@80 5:10@80 9@80 7@81 8:8@81", true);
	assert_past(folded(80), 0.9, 1, 1);
	assert_past(folded(81), 0, 0, 0.8);
	assert_past(member(1), -1, -1, 0.2);
	assert_past(member(5), 0.9, 1, 1);
	assert_lasted(history_sick(history, folded(80), 0), -3);
	assert_lasted(history_full(history, folded(80), 0), 2);
	assert_lasted(history_sick(history, folded(81), 0), 1);
	groups("5:1@80 9:10@80 7@81 8:8@81", false);
	groups("5@80 9:9@80 7@81 8:8@81", true);
	assert_past(folded(80), 0.9, 1, 1, 1, 0.9);
	assert_past(folded(81), 0, 0, 0.8, 0.8, 0.8);
	assert_lasted(history_sick(history, folded(80), 0), -5);
}

#define HISTORY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HISTORY_TEST(test_nothing_yet),
		HISTORY_TEST(test_inode_given_again),
		HISTORY_TEST(test_fills),
		HISTORY_TEST(test_fill_is_rounded_down),
		HISTORY_TEST(test_peaks_count),
		HISTORY_TEST(test_come_and_go),
		HISTORY_TEST(test_gap),
		HISTORY_TEST(test_gap_of_an_idle_listener),
		HISTORY_TEST(test_since_when),
		HISTORY_TEST(test_since_it_came),
		HISTORY_TEST(test_deltas),
		HISTORY_TEST(test_sums),
		HISTORY_TEST(test_sums_begin_anew),
		HISTORY_TEST(test_sums_of_the_unknown),
		HISTORY_TEST(test_another_namespace),
		HISTORY_TEST(test_namespace_gone),
		HISTORY_TEST(test_wrap),
		HISTORY_TEST(test_late_trouble),
		HISTORY_TEST(test_long_gap),
		HISTORY_TEST(test_forgetting),
		HISTORY_TEST(test_groups_and_their_members),
		HISTORY_TEST(test_group_goes_on),
		HISTORY_TEST(test_listener_becomes_a_group),
	};

	return cmocka_run_group_tests_name("trail", tests, NULL, NULL);
}

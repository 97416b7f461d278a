/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/clock.h"
#include "model/groups.h"
#include "replay/sample_line.h"
#include "top/player.h"

#include <errno.h>

/*
 * The view is fed from recordings with one listener, and a sample each second. Where its queue is
 * full, it is sick.
 */
#define BEGIN 1000 /* seconds of the monotonic clock */
#define WALL  1795900000 /* of the wall clock, at second 0 of the monotonic one */
#define LIMIT 9

static struct strbuf text;
static struct recording *recording;
static struct excerpt excerpt;
static struct player *player;
static struct playback playback;
static struct view view;
static struct columns columns;
static struct field_context context;
static struct error why;
static char *tree, path[4096];
static uint64_t clock_ns; /* ours */
static int64_t set; /* by how many seconds the clock of the next samples was set */
static uint64_t jump_ns; /* that a jump may take */
static unsigned int calls, calls_max; /* of go_on() */

static int setup(void **state)
{
	tree = unit_make_tree();
	snprintf(path, sizeof(path), "%s/file", tree);
	columns = (struct columns){ .top = true };
	columns_default(&columns, false);
	view.columns = &columns;
	view.context = &context;
	clock_ns = clock_monotonic_ns();
	jump_ns = UINT64_MAX;
	calls_max = UINT32_MAX;
	calls = 0;
	set = 0;
	return 0;
}

static void close_all(void)
{
	player_close(player);
	player = NULL;
	if (playback.history)
		playback_free(&playback);
	memset(&playback, 0, sizeof(playback));
	recording_close(recording);
	recording = NULL;
	view_free(&view);
	view.columns = &columns;
	view.context = &context;
}

static int teardown(void **state)
{
	close_all();
	strbuf_free(&text);
	strbuf_free(&context.scratch);
	unit_remove_tree(tree);
	return 0;
}

static void add_header(const char *boot)
{
	struct header_line h = { .version = "1", .host = "web3", .kernel = "6.1" };

	snprintf(h.boot_id, sizeof(h.boot_id), "%s", boot);
	header_line_add(&text, &h);
	header_line_free(&h);
}

/* @previous: second of the sample before; 0: it is the first of its run */
static void add_sample_after(uint64_t second, uint64_t previous, uint32_t length)
{
	struct snapshot s = { 0 };
	struct listener *l;

	scene_begin(&s, second * NSEC_PER_SEC);
	s.wall = (struct timespec){ .tv_sec = WALL + (time_t)second + set };
	s.previous_ns = previous * NSEC_PER_SEC;
	s.netns[0].looked = true;
	l = scene_add(&s, 80);
	l->limit = LIMIT;
	l->length = length;
	groups_build(&s);
	sample_line_add(&text, &s);
	snapshot_free(&s);
}

/* From one second to before another one. */
static void add_samples(uint64_t from, uint64_t to, uint32_t length)
{
	for (uint64_t i = from; i < to; i++)
		add_sample_after(i, i - 1, length);
}

static void begin_run(const char *boot, uint64_t second)
{
	add_header(boot);
	add_sample_after(second, 0, 0);
}

static void open_between(int64_t begin, int64_t end)
{
	close_all();
	unit_write(tree, "file", text.s, text.len);
	if (recording_open(&recording, path, NULL, NULL, &why) < 0 ||
	    excerpt_choose(&excerpt, recording, begin, end, &why) < 0)
		fail_msg("%s", why.text);
	playback_begin(&playback);
	if (player_open(&player, recording, &excerpt, &playback, &view, jump_ns, &why) < 0)
		fail_msg("%s", why.text);
}

static void open_text(void)
{
	open_between(0, INT64_MAX);
}

static uint64_t shown(void)
{
	return view.report.snapshot->monotonic_ns / NSEC_PER_SEC;
}

/* What the screen shows: a second, and how long its window is. */
static void assert_shown(uint64_t second, uint64_t window)
{
	assert_u64_equal(shown(), second);
	assert_u64_equal(view.report.window_ns, window * NSEC_PER_SEC);
	assert_u64_equal(recording_entry(recording, player_at(player))->monotonic_ns,
			 second * NSEC_PER_SEC);
}

static int take_after(uint64_t ms)
{
	clock_ns += ms * 1000000;
	return player_take(player, clock_ns, &why);
}

static bool go_on(void *nothing, size_t at)
{
	assert_null(nothing);
	assert_true(at <= player_last(player));
	return ++calls < calls_max;
}

static int step_event(int by)
{
	return player_step_event(player, by, go_on, NULL, &why);
}

/* Goes to the next event, which is of that kind and second. */
static void assert_event(int by, enum event_kind kind, uint64_t second)
{
	const struct event *e;

	if (step_event(by) != 1)
		fail_msg("no event, at %llu", (unsigned long long)shown());
	assert_u64_equal(shown(), second);
	assert_false(player_runs(player));
	e = history_event(playback.history, playback.back, 0);
	assert_non_null(e);
	assert_int_equal(e->kind, kind);
}

static void test_runs_as_fast_as_it_was(void **state)
{
	begin_run("a", BEGIN);
	add_samples(BEGIN + 1, BEGIN + 60, 1);
	open_text();
	assert_shown(BEGIN + 1, 1);
	assert_string_equal(view.report.snapshot->host, "web3");
	assert_int_equal(take_after(5000), 0); /* it stands */
	assert_true(player_due(player) == UINT64_MAX);
	assert_true(player_run(player, true, clock_ns));
	assert_u64_equal(player_due(player), clock_ns + NSEC_PER_SEC);
	assert_int_equal(take_after(999), 0);
	assert_int_equal(take_after(1), 1);
	assert_shown(BEGIN + 2, 1);
	assert_false(playback.paused);
	assert_int_equal(take_after(1100), 1);
	assert_int_equal(take_after(900), 1); /* what was late does not add up */
	assert_shown(BEGIN + 4, 1);
	player_set_speed(player, PLAYER_FAST, clock_ns);
	assert_int_equal(take_after(50), 1);
	assert_int_equal(take_after(100), 1);
	assert_shown(BEGIN + 7, 1);
	/* After a stop of an hour it does not catch up. */
	assert_int_equal(take_after(3600000), 1);
	assert_true(shown() <= BEGIN + 7 + 11);
	while (take_after(50))
		;
	assert_shown(BEGIN + 59, 1);
	assert_true(player_is_at_end(player));
	assert_false(player_runs(player));
	assert_false(player_run(player, true, clock_ns));
}

/* It stands in the past of what was fed, goes on from there, and then with what comes. */
static void test_goes_on_from_the_screen(void **state)
{
	begin_run("a", BEGIN);
	add_samples(BEGIN + 1, BEGIN + 60, 1);
	open_text();
	assert_int_equal(player_go(player, 10, &why), 1);
	assert_shown(BEGIN + 10, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(player_step(player, 1, &why), 1);
	assert_shown(BEGIN + 7, 1);
	assert_u64_equal(ring_get(playback.ring, 0)->monotonic_ns, (BEGIN + 10) * NSEC_PER_SEC);
	assert_true(player_run(player, true, clock_ns));
	assert_int_equal(take_after(1000), 1);
	assert_shown(BEGIN + 8, 1);
	assert_true(playback.paused);
	for (int i = 0; i < 3; i++)
		assert_int_equal(take_after(1000), 1);
	assert_shown(BEGIN + 11, 1);
	assert_false(playback.paused);
	assert_u64_equal(playback.back, 0);
}

static void test_steps_end_at_the_ends(void **state)
{
	begin_run("a", BEGIN);
	add_samples(BEGIN + 1, BEGIN + 4, 1);
	open_text();
	assert_int_equal(player_step(player, 1, &why), 0);
	assert_shown(BEGIN + 1, 1);
	assert_int_equal(player_step(player, -1, &why), 1);
	assert_int_equal(player_step(player, -1, &why), 1);
	assert_shown(BEGIN + 3, 1);
	assert_int_equal(player_step(player, -1, &why), 0);
	assert_shown(BEGIN + 3, 1);
	assert_int_equal(player_step_time(player, -1, NSEC_PER_SEC, &why), 0);
	assert_int_equal(player_step_time(player, 1, 60 * NSEC_PER_SEC, &why), 1);
	assert_shown(BEGIN + 1, 1);
	assert_int_equal(player_step_time(player, 1, NSEC_PER_SEC, &why), 0);
}

/* How much of the last ten minutes the map knows, in minutes. */
static void assert_map(const char *expected)
{
	struct time_map_cell cells[10];
	char got[11] = "";

	history_time_map(playback.history, cells, ARRAY_SIZE(cells), 600 * NSEC_PER_SEC);
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		got[i] = cells[i].known ? '#' : '.';
	assert_string_equal(got, expected);
}

static void test_jumps(void **state)
{
	begin_run("a", BEGIN);
	add_samples(BEGIN + 1, BEGIN + 5000, 1);
	open_text();
	assert_int_equal(
		player_go_time(player, (WALL + BEGIN + 3000) * (int64_t)NSEC_PER_SEC, &why), 1);
	assert_shown(BEGIN + 3000, 1);
	assert_map("##########");
	/* Back beyond what was read, then forward again. */
	for (uint64_t i = 1; i <= 700; i++) {
		assert_int_equal(player_step(player, 1, &why), 1);
		assert_shown(BEGIN + 3000 - i, 1);
	}
	for (uint64_t i = 1; i <= 700; i++)
		assert_int_equal(player_step(player, -1, &why), 1);
	assert_shown(BEGIN + 3000, 1);
	for (uint64_t i = 1; i <= 15; i++) {
		assert_int_equal(player_step_time(player, 1, 60 * NSEC_PER_SEC, &why), 1);
		assert_shown(BEGIN + 3000 - i * 60, 1);
	}
	for (uint64_t i = 1; i <= 30; i++)
		assert_int_equal(player_step_time(player, -1, 60 * NSEC_PER_SEC, &why), 1);
	assert_shown(BEGIN + 3000 + 15 * 60, 1);
	assert_int_equal(player_go(player, player_last(player), &why), 1);
	assert_shown(BEGIN + 4999, 1);
	assert_int_equal(player_go(player, player_first(player), &why), 1);
	assert_shown(BEGIN + 1, 1);
	assert_map(".........#");
	assert_int_equal(player_go_time(player, (WALL + BEGIN - 1) * (int64_t)NSEC_PER_SEC, &why),
			 0);
	assert_int_equal(
		player_go_time(player, (WALL + BEGIN + 5000) * (int64_t)NSEC_PER_SEC, &why), 0);
	assert_shown(BEGIN + 1, 1);
}

/* Where it would take too long, it reads less of the past, but always the window. */
static void test_jump_takes_no_longer(void **state)
{
	jump_ns = 1;
	begin_run("a", BEGIN);
	add_samples(BEGIN + 1, BEGIN + 5000, 1);
	open_text();
	assert_int_equal(player_go(player, 3000, &why), 1);
	assert_shown(BEGIN + 3000, 1);
	assert_map(".........#");
	assert_u64_equal(ring_count(playback.ring), 2);
	assert_int_equal(player_step(player, 1, &why), 1);
	assert_shown(BEGIN + 2999, 1);
	assert_int_equal(player_step_time(player, -1, 60 * NSEC_PER_SEC, &why), 1);
	assert_shown(BEGIN + 3059, 1);
}

/* Two spells, an hour apart; and one that lasts longer than any read. */
static void add_spells(void)
{
	begin_run("a", BEGIN);
	add_samples(BEGIN + 1, BEGIN + 100, 1);
	add_samples(BEGIN + 100, BEGIN + 120, LIMIT + 1);
	add_samples(BEGIN + 120, BEGIN + 4000, 1);
	add_samples(BEGIN + 4000, BEGIN + 6500, LIMIT + 1);
	add_samples(BEGIN + 6500, BEGIN + 8000, 1);
}

static void test_events(void **state)
{
	add_spells();
	open_text();
	assert_event(-1, EVENT_SICK, BEGIN + 100);
	assert_int_equal(step_event(1), 0);
	assert_shown(BEGIN + 100, 1);
	assert_event(-1, EVENT_RECOVERED, BEGIN + 120);
	assert_event(-1, EVENT_SICK, BEGIN + 4000);
	assert_event(-1, EVENT_RECOVERED, BEGIN + 6500);
	assert_int_equal(step_event(-1), 0);
	assert_shown(BEGIN + 6500, 1);
	assert_int_equal(player_go(player, player_last(player), &why), 1);
	assert_event(1, EVENT_RECOVERED, BEGIN + 6500);
	assert_event(1, EVENT_SICK, BEGIN + 4000);
	assert_event(1, EVENT_RECOVERED, BEGIN + 120);
	assert_event(1, EVENT_SICK, BEGIN + 100);
	assert_int_equal(step_event(1), 0);
	assert_shown(BEGIN + 100, 1);
}

/* The search shows how far it has come, and ends when it is told to. */
static void test_search_is_interrupted(void **state)
{
	begin_run("a", BEGIN);
	add_samples(BEGIN + 1, BEGIN + 40000, 1);
	open_text();
	calls_max = 1;
	assert_int_equal(step_event(-1), -EINTR);
	assert_int_equal(calls, 1);
	assert_true(shown() > BEGIN + 1 && shown() < BEGIN + 39999);
	assert_u64_equal(view.report.window_ns, NSEC_PER_SEC);
	calls = 0;
	assert_int_equal(player_go(player, player_last(player), &why), 1);
	assert_int_equal(step_event(1), -EINTR);
	assert_int_equal(calls, 1);
	assert_true(shown() > BEGIN + 1 && shown() < BEGIN + 39999);
	/* And without, it comes to the end. */
	calls_max = UINT32_MAX;
	assert_int_equal(step_event(1), 0);
	assert_true(calls > 1);
}

/* Another boot, whose clock begins anew, two minutes later. */
static void test_two_runs(void **state)
{
	uint64_t wall;

	begin_run("a", BEGIN);
	add_samples(BEGIN + 1, BEGIN + 180, LIMIT + 1);
	wall = WALL + BEGIN + 179 + 120;
	begin_run("b", wall - WALL);
	add_samples(wall - WALL + 1, wall - WALL + 56, 0);
	/* The boot has a monotonic clock of its own. */
	open_text();
	assert_int_equal(player_go(player, player_last(player), &why), 1);
	assert_map("....####.#");
	assert_u64_equal(history_events(playback.history, 0), 3);
	assert_event(1, EVENT_BOOT, BEGIN + 179 + 120);
	assert_u64_equal(view.report.window_ns, 0);
	assert_u64_equal(history_event(playback.history, 0, 0)->lasted_ns, 120 * NSEC_PER_SEC);
	/* No window spans both; the queue that was full has no past here. */
	assert_int_equal(player_step(player, 1, &why), 1);
	assert_shown(BEGIN + 179, 1);
	assert_int_equal(player_step(player, -1, &why), 1);
	assert_shown(BEGIN + 179 + 120, 0);
	assert_int_equal(player_step(player, -1, &why), 1);
	assert_shown(BEGIN + 179 + 121, 1);
	assert_int_equal(history_memory(playback.history, view.report.shown[0], playback.back).kind,
			 MEMORY_NONE);
	/* It does not take two minutes to run across. */
	assert_int_equal(player_go(player, 179, &why), 1);
	assert_true(player_run(player, true, clock_ns));
	assert_int_equal(take_after(1000), 1);
	assert_shown(BEGIN + 179 + 120, 0);
}

/* FILE.1 and FILE: the last sample of one is the first of the next. */
/* A host that is booted again and again: a step of many runs takes no longer than their number. */
static void test_many_runs(void **state)
{
	const uint64_t n = 10000;
	uint64_t begin_ns;
	char boot[16];

	for (int i = 0; i < (int)n; i++) {
		snprintf(boot, sizeof(boot), "%d", i);
		begin_run(boot, BEGIN);
		add_samples(BEGIN + 1, BEGIN + 2, 0);
	}
	jump_ns = PLAYER_JUMP_NS;
	open_text();
	assert_int_equal(player_go(player, player_last(player), &why), 1);
	begin_ns = clock_thread_cpu_ns();
	assert_int_equal(player_step_time(player, 1, (n - 2) * NSEC_PER_SEC, &why), 1);
	assert_u64_equal(player_at(player), 4);
	assert_true(clock_thread_cpu_ns() - begin_ns < NSEC_PER_SEC);
}

static void test_a_file_that_went_on(void **state)
{
	begin_run("a", BEGIN);
	add_samples(BEGIN + 1, BEGIN + 50, LIMIT + 1);
	add_header("a");
	add_samples(BEGIN + 49, BEGIN + 100, LIMIT + 1);
	open_text();
	assert_int_equal(player_go(player, player_last(player), &why), 1);
	assert_shown(BEGIN + 99, 1);
	assert_map("........##");
	assert_u64_equal(history_events(playback.history, 0), 2);
	assert_u64_equal(history_memory(playback.history, view.report.shown[0], 0).lasted.ns /
				 NSEC_PER_SEC,
			 99);
}

/* Samples that were left out: what was well may not have been so. */
static void test_gaps(void **state)
{
	const struct event *e;

	begin_run("a", BEGIN);
	add_samples(BEGIN + 1, BEGIN + 60, 0);
	add_sample_after(BEGIN + 240, BEGIN + 239, 0);
	add_samples(BEGIN + 241, BEGIN + 300, 0);
	open_text();
	assert_int_equal(player_go(player, player_last(player), &why), 1);
	assert_map(".....#...#");
	assert_event(1, EVENT_GAP, BEGIN + 240);
	e = history_event(playback.history, playback.back, 0);
	assert_u64_equal(e->lasted_ns, 181 * NSEC_PER_SEC);
	assert_u64_equal(view.report.window_ns, 181 * NSEC_PER_SEC);
}

static int go_time(uint64_t second)
{
	return player_go_time(player, (int64_t)((WALL + second) * NSEC_PER_SEC), &why);
}

/* The clock was ahead, then behind, then right: each time is where it was first. */
static void test_clock_is_set(void **state)
{
	static const int64_t steps[] = { -400, 300 };

	begin_run("a", BEGIN);
	add_samples(BEGIN + 1, BEGIN + 100, 0);
	set = -400;
	add_samples(BEGIN + 100, BEGIN + 200, 0);
	set = -100;
	add_samples(BEGIN + 200, BEGIN + 300, 0);
	open_text();
	assert_int_equal(go_time(BEGIN + 50), 1);
	assert_shown(BEGIN + 50, 1);
	assert_int_equal(go_time(BEGIN - 250), 1);
	assert_shown(BEGIN + 150, 1);
	assert_int_equal(go_time(BEGIN + 150), 1);
	assert_shown(BEGIN + 250, 1);
	/* In a time that the clock has left out it comes to the window that did. */
	assert_int_equal(go_time(BEGIN - 150), 1);
	assert_shown(BEGIN + 200, 1);
	assert_u64_equal(view.report.snapshot->n_warnings, 1);
	assert_string_equal(view.report.snapshot->warnings[0].code, "clock-step");
	assert_u64_equal(player_earliest(player), 100);
	assert_u64_equal(player_latest(player), 299);
	assert_int_equal(go_time(BEGIN - 301), 0);
	assert_int_equal(go_time(BEGIN + 200), 0);
	assert_shown(BEGIN + 200, 1);
	assert_int_equal(player_go(player, player_last(player), &why), 1);
	for (size_t i = 2; i-- > 0;) {
		assert_event(1, EVENT_CLOCK, BEGIN + 100 * (i + 1));
		assert_true(history_event(playback.history, playback.back, 0)->set_ns ==
			    steps[i] * (int64_t)NSEC_PER_SEC);
	}
	assert_int_equal(step_event(1), 0);
}

static void test_begin_and_end(void **state)
{
	begin_run("a", BEGIN);
	add_samples(BEGIN + 1, BEGIN + 1000, 1);
	open_between((WALL + BEGIN + 200) * (int64_t)NSEC_PER_SEC,
		     (WALL + BEGIN + 300) * (int64_t)NSEC_PER_SEC);
	assert_shown(BEGIN + 200, 1);
	assert_int_equal(player_step(player, 1, &why), 0);
	assert_int_equal(player_step_time(player, -1, 600 * NSEC_PER_SEC, &why), 1);
	assert_shown(BEGIN + 300, 1);
	assert_true(player_is_at_end(player));
	assert_int_equal(step_event(-1), 0);
	assert_int_equal(step_event(1), 0);
	assert_shown(BEGIN + 300, 1);
}

/* A damaged line ends the play there; a jump over it works, and so does one back. */
static void test_damaged(void **state)
{
	size_t line;

	begin_run("a", BEGIN);
	add_samples(BEGIN + 1, BEGIN + 30, 1);
	line = text.len;
	add_sample_after(BEGIN + 30, BEGIN + 29, 1);
	memcpy(strstr(text.s + line, "\"limit\":9"), "\"limit\":x", 9);
	add_samples(BEGIN + 31, BEGIN + 60, 1);
	open_text();
	assert_int_equal(player_go(player, 29, &why), 1);
	assert_true(player_run(player, true, clock_ns));
	assert_int_equal(take_after(1000), -EINVAL);
	assert_non_null(strstr(why.text, "line 32 is damaged, byte "));
	assert_shown(BEGIN + 29, 1);
	assert_false(player_runs(player));
	assert_int_equal(player_step(player, -1, &why), -EINVAL);
	assert_shown(BEGIN + 29, 1);
	assert_int_equal(player_go(player, 30, &why), -EINVAL);
	assert_int_equal(player_go(player, 40, &why), -EINVAL);
	assert_shown(BEGIN + 29, 1);
	assert_int_equal(player_go(player, 10, &why), 1);
	assert_shown(BEGIN + 10, 1);
	assert_int_equal(step_event(-1), -EINVAL);
	assert_shown(BEGIN + 29, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_runs_as_fast_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(test_goes_on_from_the_screen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_steps_end_at_the_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_jumps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_jump_takes_no_longer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_search_is_interrupted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_file_that_went_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gaps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_is_set, setup, teardown),
		cmocka_unit_test_setup_teardown(test_begin_and_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
	};

	return cmocka_run_group_tests_name("player", tests, NULL, NULL);
}

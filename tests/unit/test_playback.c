/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/clock.h"
#include "base/num.h"
#include "replay/sample_line.h"
#include "top/playback.h"

#include <errno.h>
#include <poll.h>

/*
 * The thread that samples, and a source with one listener, whose queue is as long as the number of
 * the sample, and which takes one each second of its own. Windows are so long that only
 * sampler_end_window() ends them.
 */
#define FOREVER 86400.0
#define FAILS	UINT32_MAX

static struct playback playback;
static struct view view;
static struct columns columns;
static struct field_context context;
static struct sampler *sampler;
static struct sampler_request request;
static struct error why;
/* Of the next sample, which the thread reads; and what it has seen. */
static _Atomic uint32_t next_length, limit, n_owners, overflows, wall_set;
static _Atomic unsigned int needs, n_samples;

static int take_sample(struct sample_source *source, enum sample_kind kind, struct snapshot *s,
		       struct error *e)
{
	const uint32_t length = next_length;

	(void)source;
	(void)kind;
	snapshot_reset(s);
	scene_begin(s, (n_samples + 1) * NSEC_PER_SEC);
	s->wall.tv_sec = 1795900000 + (time_t)n_samples + wall_set;
	scene_add(s, 80)->limit = limit;
	s->listeners[0].length = length;
	snapshot_size_owners(s, n_owners, 0);
	s->listeners[0].drops = overflows;
	s->netns[0].before.value[COUNTER_LISTEN_OVERFLOWS] = overflows;
	s->netns[0].after.value[COUNTER_LISTEN_OVERFLOWS] = overflows;
	n_samples++; /* the last, as who waits for it then changes what this reads */
	return length == FAILS ? error_set(e, -ENOMEM, "no sample") : 0;
}

static uint64_t due(const struct sample_source *source)
{
	(void)source;
	return UINT64_MAX;
}

static void set_needs(struct sample_source *source, unsigned int wanted, uint16_t detail_port)
{
	(void)source;
	(void)detail_port;
	needs = wanted;
}

static const struct sample_source_ops ops = {
	.sample = take_sample,
	.due = due,
	.set_needs = set_needs,
};

static int setup(void **state)
{
	static struct sample_source source = { &ops };

	next_length = n_owners = overflows = wall_set = 0;
	limit = 1000;
	n_samples = needs = 0;
	columns = (struct columns){ .top = true };
	columns_default(&columns, false);
	view.columns = &columns;
	view.context = &context;
	request = (struct sampler_request){ .delay = FOREVER };
	playback_begin(&playback);
	assert_int_equal(sampler_open(&sampler, &source, &request, &why), 0);
	return 0;
}

static int teardown(void **state)
{
	sampler_close(sampler);
	sampler = NULL;
	playback_free(&playback);
	memset(&playback, 0, sizeof(playback));
	view_free(&view);
	strbuf_free(&context.scratch);
	return 0;
}

/* Waits until the sampler has something, and takes it. */
static int take(void)
{
	struct pollfd fd = { .fd = sampler_fd(sampler), .events = POLLIN };

	if (poll(&fd, 1, 10000) != 1)
		fail_msg("no sample came");
	return playback_take(&playback, sampler, &view, clock_monotonic_ns(), &why);
}

/* The first sample comes by itself, which is the one with a length of 0. */
static void begin(void)
{
	assert_int_equal(take(), 1);
}

static int take_next(uint32_t length)
{
	next_length = length;
	sampler_end_window(sampler);
	return take();
}

static void take_up_to(uint32_t length)
{
	while (next_length < length)
		assert_int_equal(take_next(next_length + 1), 1);
}

/* The sample that the screen shows, and whether it has a window. */
static void assert_shown(uint32_t length, bool window)
{
	assert_u64_equal(view.report.n_shown, 1);
	assert_u64_equal(view.report.shown[0]->listener->length, length);
	assert_int_equal(view.report.window_ns > 0, window);
}

static bool step(int by)
{
	return playback_step(&playback, by, &view, clock_monotonic_ns());
}

/* How many the history has. */
static size_t windows(void)
{
	size_t known;

	history_span(playback.history, 0, HISTORY_WINDOWS, &known);
	return known;
}

static void pause_at(bool paused)
{
	playback_pause(&playback, paused, &view, clock_monotonic_ns());
}

static void test_live(void **state)
{
	begin();
	assert_shown(0, false);
	take_up_to(5);
	assert_shown(5, true);
	assert_u64_equal(playback_age(&playback), 0);
	assert_u64_equal(windows(), 6);
	assert_u64_equal(ring_count(playback.ring), 6);
	/* And there is nothing before the next one. */
	assert_int_equal(playback_take(&playback, sampler, &view, clock_monotonic_ns(), &why), 0);
	assert_shown(5, true);
}

/* The screen stays, time goes on, and nothing of it is lost. */
static void test_pause(void **state)
{
	begin();
	take_up_to(2);
	pause_at(true);
	assert_shown(2, true);
	assert_u64_equal(playback_age(&playback), 0);
	take_up_to(5);
	assert_shown(2, true);
	assert_u64_equal(playback.back, 3);
	assert_true(playback_age(&playback) > 0);
	assert_u64_equal(windows(), 6);
	/* History is read as of then. */
	assert_true(history_fill(playback.history, view.report.shown[0], 0).known);
	pause_at(false);
	assert_shown(5, true);
	assert_u64_equal(playback.back, 0);
	take_up_to(6);
	assert_shown(6, true);
}

static void test_steps(void **state)
{
	begin();
	take_up_to(3);
	assert_false(step(-1)); /* nothing is newer; but who asks wants to stay */
	assert_true(playback.paused);
	assert_shown(3, true);
	assert_true(step(1));
	assert_shown(2, true);
	assert_true(step(1));
	assert_true(step(1));
	assert_shown(0, false); /* the first sample ended no window */
	assert_false(step(1));
	assert_shown(0, false);
	assert_u64_equal(playback_age(&playback), ring_get(playback.ring, 0)->monotonic_ns -
							  ring_get(playback.ring, 3)->monotonic_ns);
	assert_true(step(-1));
	assert_shown(1, true);
	/* What comes meanwhile can be stepped to. */
	take_up_to(4);
	assert_shown(1, true);
	assert_true(step(-1));
	assert_true(step(-1));
	assert_true(step(-1));
	assert_shown(4, true);
	assert_false(step(-1));
}

/* A window of the past is the same as it was live. */
static void test_past_is_as_it_was(void **state)
{
	uint64_t window_ns, monotonic_ns;

	begin();
	take_up_to(3);
	window_ns = view.report.window_ns;
	monotonic_ns = view.report.snapshot->monotonic_ns;
	take_up_to(6);
	for (int i = 0; i < 3; i++)
		assert_true(step(1));
	assert_shown(3, true);
	assert_u64_equal(view.report.window_ns, window_ns);
	assert_u64_equal(view.report.snapshot->monotonic_ns, monotonic_ns);
	assert_u64_equal(view.report.snapshot->listeners[0].limit, 1000);
}

/* Makes the ring, which is empty yet, one of so many samples. */
static void shrink(size_t samples, uint64_t age_max_ns)
{
	ring_free(playback.ring);
	playback.ring = ring_new(samples, SIZE_MAX, age_max_ns);
}

/* What is held goes when it is too old; what the screen shows then is a window all the same. */
static void test_paused_for_too_long(void **state)
{
	shrink(SIZE_MAX, 5 * NSEC_PER_SEC);
	begin();
	take_up_to(6);
	pause_at(true);
	assert_shown(6, true);
	take_up_to(10);
	assert_shown(6, true);
	take_up_to(20);
	assert_u64_equal(ring_count(playback.ring), 6);
	assert_shown(16, true);
	assert_u64_equal(playback.back, 4);
	pause_at(false);
	assert_shown(20, true);
}

/* What is on the screen stays whatever room there is. */
static void test_paused_without_room(void **state)
{
	shrink(2, UINT64_MAX);
	begin();
	take_up_to(6);
	pause_at(true);
	take_up_to(20);
	assert_shown(6, true);
	assert_u64_equal(ring_count(playback.ring), 4);
	playback_show(&playback, &view, clock_monotonic_ns());
	assert_shown(6, true);
	pause_at(false);
	take_up_to(21);
	assert_u64_equal(ring_count(playback.ring), 2);
}

/* Of a past that was thinned the windows are longer, and what stays on the screen stays. */
static void test_thinned(void **state)
{
	uint64_t window_ns, length = 20;

	shrink(6, UINT64_MAX);
	begin();
	take_up_to(10);
	pause_at(true);
	assert_shown(10, true);
	window_ns = view.report.window_ns;
	take_up_to(20);
	assert_shown(10, true);
	assert_u64_equal(view.report.window_ns, window_ns);
	assert_u64_equal(playback.back, 10);
	while (step(-1))
		continue;
	assert_shown(20, true);
	for (uint64_t end_ns = view.report.snapshot->monotonic_ns; step(1);) {
		assert_true(view.report.shown[0]->listener->length < length);
		length = view.report.shown[0]->listener->length;
		assert_u64_equal(playback.back, 20 - length);
		assert_u64_equal(playback_age(&playback),
				 end_ns - view.report.snapshot->monotonic_ns);
	}
	assert_shown(0, false);
	assert_true(step(-1));
	assert_true(view.report.shown[0]->listener->length > 1);
	assert_true(view.report.window_ns > NSEC_PER_SEC);
}

static bool seek(size_t back)
{
	return playback_seek(&playback, back, &view, clock_monotonic_ns());
}

static void test_seek(void **state)
{
	assert_false(seek(0));
	begin();
	take_up_to(8);
	assert_true(seek(3));
	assert_true(playback.paused);
	assert_shown(5, true);
	assert_u64_equal(playback.back, 3);
	assert_u64_equal(view.back, 3);
	assert_true(seek(6));
	assert_shown(2, true);
	assert_true(seek(0));
	assert_shown(8, true);
	assert_true(seek(8));
	assert_shown(0, false);
	/* The oldest window, not the sample that opened it. */
	assert_false(seek(9));
	assert_shown(1, true);
}

/* Of windows that were joined it is the one that has that moment. */
static void test_seek_where_thinned(void **state)
{
	shrink(5, UINT64_MAX);
	begin();
	take_up_to(20);
	for (size_t back = 0; back <= 20; back++) {
		assert_true(seek(back));
		assert_true(playback.back <= back);
		assert_u64_equal(view.report.shown[0]->listener->length, 20 - playback.back);
		assert_true(back == 20 ||
			    view.report.window_ns > (back - playback.back) * NSEC_PER_SEC);
	}
}

static bool step_event(int by)
{
	return playback_step_event(&playback, by, &view, clock_monotonic_ns());
}

static void test_step_time(void **state)
{
	uint64_t clock_ns = clock_monotonic_ns(), age_ns;

	assert_false(playback_step_time(&playback, 1, 1, &view, clock_ns));
	begin();
	take_up_to(6);
	age_ns =
		ring_get(playback.ring, 0)->monotonic_ns - ring_get(playback.ring, 2)->monotonic_ns;
	assert_true(playback_step_time(&playback, 1, age_ns, &view, clock_ns));
	assert_shown(4, true);
	assert_true(playback_step_time(&playback, 1, 3600 * NSEC_PER_SEC, &view, clock_ns));
	assert_shown(0, false);
	assert_false(playback_step_time(&playback, 1, 3600 * NSEC_PER_SEC, &view, clock_ns));
	assert_true(playback_step_time(&playback, -1, 3600 * NSEC_PER_SEC, &view, clock_ns));
	assert_shown(6, true);
	assert_false(playback_step_time(&playback, -1, 1, &view, clock_ns));
	assert_true(playback.paused);
}

/* From one moment at which something happened to the next. */
static void test_step_event(void **state)
{
	begin();
	assert_false(step_event(1));
	assert_shown(0, false);
	pause_at(false);
	take_up_to(2);
	limit = 0; /* it is full */
	take_up_to(4);
	overflows = 7;
	take_up_to(6);
	assert_u64_equal(history_events(playback.history, 0), 2);
	assert_true(step_event(1));
	assert_shown(5, true);
	assert_true(step_event(1));
	assert_shown(3, true);
	assert_false(step_event(1));
	assert_shown(3, true);
	take_up_to(8);
	assert_true(step_event(-1));
	assert_shown(5, true);
	assert_false(step_event(-1));
	assert_shown(5, true);
	pause_at(false);
	assert_shown(8, true);
}

/* What the history remembers is laid over windows of the past too. */
static void test_memory(void **state)
{
	begin();
	take_up_to(2);
	limit = 1; /* it is full */
	take_up_to(4);
	limit = 1000;
	take_up_to(6);
	assert_int_equal(history_memory(view.history, view.report.shown[0], view.back).kind,
			 MEMORY_WAS);
	assert_true(seek(2));
	assert_int_equal(history_memory(view.history, view.report.shown[0], view.back).kind,
			 MEMORY_SICK);
	assert_true(seek(4));
	assert_int_equal(history_memory(view.history, view.report.shown[0], view.back).kind,
			 MEMORY_NONE);
	view.sick_only = true;
	view_arrange(&view, clock_monotonic_ns());
	assert_u64_equal(view.report.n_shown, 0);
	pause_at(false);
	assert_u64_equal(view.report.n_shown, 1);
	view.sick_only = false;
}

static void test_nothing_yet(void **state)
{
	assert_false(step(1));
	pause_at(true);
	assert_false(playback.paused);
	begin();
	assert_shown(0, false);
}

/* A sample that fails is an error once; the next one is tried. */
static void test_failure(void **state)
{
	begin();
	take_up_to(1);
	strcpy(why.text, "untouched");
	assert_int_equal(take_next(FAILS), -ENOMEM);
	assert_string_not_equal(why.text, "untouched");
	assert_shown(1, true);
	assert_u64_equal(windows(), 2);
	assert_int_equal(take_next(7), 1);
	assert_shown(7, true);
	assert_u64_equal(windows(), 3);
}

/* Waits until so many samples were taken, whether or not anybody has fetched them. */
static void await_samples(unsigned int n)
{
	for (int i = 0; i < 10000 && n_samples < n; i++)
		poll(NULL, 0, 1);
	assert_u64_equal(n_samples, n);
}

static void sample_without_taking(uint32_t length)
{
	const unsigned int n = n_samples;

	next_length = length;
	sampler_end_window(sampler);
	await_samples(n + 1);
}

static void take_all(size_t n)
{
	while (playback.n < n)
		assert_int_equal(take(), 1);
}

/* Sampling goes on while nobody takes the samples, and none is lost. */
static void test_none_is_lost(void **state)
{
	begin();
	for (uint32_t length = 1; length <= 5; length++)
		sample_without_taking(length);
	take_all(6);
	assert_shown(5, true);
	assert_u64_equal(windows(), 6);
	assert_u64_equal(ring_count(playback.ring), 6);
	for (size_t back = 1; back <= 5; back++) {
		assert_true(step(1));
		assert_shown(5 - (uint32_t)back, back < 5);
	}
	/* The same for who stays in the past. */
	for (uint32_t length = 6; length <= 9; length++)
		sample_without_taking(length);
	take_all(10);
	assert_shown(0, false);
	assert_u64_equal(playback.back, 9);
	pause_at(false);
	assert_shown(9, true);
}

/* A window stays open when there is no room for its sample. */
static void assert_queue_holds(unsigned int n)
{
	while (n_samples < n)
		sample_without_taking(n_samples);
	next_length = 1000000;
	sampler_end_window(sampler);
	poll(NULL, 0, 20); /* time to do wrong */
	assert_u64_equal(n_samples, n);
	assert_int_equal(take(), 1);
	await_samples(n + 1);
	take_all(n + 1);
	assert_u64_equal(view.report.shown[0]->listener->length, 1000000);
	assert_u64_equal(windows(), num_min(n + 1, HISTORY_WINDOWS));
}

static void test_queue_is_bounded(void **state)
{
	limit = UINT32_MAX;
	await_samples(1);
	assert_queue_holds(SAMPLER_SAMPLES);
}

static void test_queue_is_bounded_in_bytes(void **state)
{
	limit = UINT32_MAX;
	n_owners = SAMPLER_BYTES / sizeof(struct owner) * 2 / 5;
	begin();
	assert_queue_holds(3); /* one was taken */
}

/* A failure between samples is told, and the samples are there. */
static void test_failure_among_samples(void **state)
{
	begin();
	sample_without_taking(1);
	sample_without_taking(FAILS);
	sample_without_taking(2);
	assert_int_equal(take(), -ENOMEM);
	assert_shown(1, true);
	assert_int_equal(take(), 1);
	assert_shown(2, true);
}

/* A request holds from the next sample on. */
static void test_request(void **state)
{
	begin();
	request.needs = NEED_WAIT;
	sampler_request(sampler, &request);
	assert_int_equal(take_next(3), 1);
	assert_int_equal(needs, NEED_WAIT);
}

/* A shorter window also ends the one that is open. */
static void test_delay(void **state)
{
	begin();
	next_length = 4;
	request.delay = 0.001;
	sampler_request(sampler, &request);
	assert_int_equal(take(), 1);
	assert_shown(4, true);
	assert_int_equal(take(), 1);
}

/*
 * A long window for whose end a request waits ends when it is a second long, not before, and the
 * next one is long again.
 */
static void test_hurry(void **state)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	uint64_t ns;

	begin();
	next_length = 1;
	sampler_hurry(sampler); /* for nothing */
	poll(NULL, 0, 1200);
	assert_u64_equal(n_samples, 1);
	sampler_request(sampler, &request);
	sampler_hurry(sampler);
	assert_int_equal(take(), 1);
	ns = clock_monotonic_ns() - begin_ns;
	assert_true(ns >= NSEC_PER_SEC && ns < 5 * NSEC_PER_SEC);
	assert_shown(1, true);
	poll(NULL, 0, 1200); /* time for one more */
	assert_u64_equal(n_samples, 2);
}

static const char *record(void *lines, const struct report *report, bool *failed)
{
	*failed = false;
	sample_line_add(lines, report->before);
	sample_line_add(lines, report->snapshot);
	return NULL;
}

/* What follows from two samples is no part of either: --watch does not save it, nor does this. */
static void test_recorded_as_taken(void **state)
{
	struct strbuf lines = { 0 };

	playback.record = record;
	playback.record_context = &lines;
	begin();
	wall_set = 3600;
	take_up_to(2);
	assert_u64_equal(ring_get(playback.ring, 1)->n_warnings, 1);
	assert_string_equal(ring_get(playback.ring, 1)->warnings[0].code, "clock-step");
	assert_non_null(strstr(lines.s, "17959036"));
	assert_null(strstr(lines.s, "clock-step"));
	strbuf_free(&lines);
}

#define PLAYBACK_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAYBACK_TEST(test_live),
		PLAYBACK_TEST(test_pause),
		PLAYBACK_TEST(test_steps),
		PLAYBACK_TEST(test_past_is_as_it_was),
		PLAYBACK_TEST(test_paused_for_too_long),
		PLAYBACK_TEST(test_paused_without_room),
		PLAYBACK_TEST(test_thinned),
		PLAYBACK_TEST(test_seek),
		PLAYBACK_TEST(test_seek_where_thinned),
		PLAYBACK_TEST(test_memory),
		PLAYBACK_TEST(test_nothing_yet),
		PLAYBACK_TEST(test_failure),
		PLAYBACK_TEST(test_none_is_lost),
		PLAYBACK_TEST(test_queue_is_bounded),
		PLAYBACK_TEST(test_queue_is_bounded_in_bytes),
		PLAYBACK_TEST(test_failure_among_samples),
		PLAYBACK_TEST(test_request),
		PLAYBACK_TEST(test_delay),
		PLAYBACK_TEST(test_step_time),
		PLAYBACK_TEST(test_step_event),
		PLAYBACK_TEST(test_hurry),
		PLAYBACK_TEST(test_recorded_as_taken),
	};

	return cmocka_run_group_tests_name("playback", tests, NULL, NULL);
}

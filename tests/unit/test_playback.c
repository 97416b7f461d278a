/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "collect/collect.h"
#include "collect/sock_diag.h"
#include "fake_netlink.h"
#include "top/playback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/*
 * The thread that samples, with a kernel of paper: one listener at port 80, whose queue is as long
 * as the sample's number. The windows are so long that only sampler_end_window() ends them.
 */
#define FOREVER 86400.0
#define FAILS	UINT32_MAX

static struct playback playback;
static struct view view;
static struct columns columns;
static struct field_context context;
static struct sample_source *source;
static struct sampler *sampler;
static struct sampler_request request;
static struct error why;
static char *tree;
/* What the next dump tells. The thread reads it. */
static _Atomic uint32_t next_length;

/* A connection that waits, and whose peer has given up. */
static void reply_waiting(void)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET,
				   .idiag_state = DIAG_CLOSE_WAIT,
				   .id.idiag_sport = htons(80),
				   .id.idiag_cookie = { 2 } };

	fake_netlink_reply_socket(&m, 0, 700);
}

/* A walk that is so dear that there is none for the next samples. */
static void answer_walk(void)
{
	uint64_t end = clock_thread_cpu_ns() + NSEC_PER_SEC / 5;

	while (clock_thread_cpu_ns() < end)
		continue;
	reply_waiting();
	fake_netlink_reply_done(0);
}

static void answer(const struct nlmsghdr *message)
{
	const struct inet_diag_req *r = NLMSG_DATA(message);
	struct inet_diag_msg m = { .idiag_family = AF_INET,
				   .idiag_state = DIAG_LISTEN,
				   .idiag_rqueue = next_length,
				   .idiag_wqueue = 1000,
				   .id.idiag_sport = htons(80),
				   .id.idiag_cookie = { 1 } };

	if (!(message->nlmsg_flags & NLM_F_DUMP)) {
		reply_waiting();
		return;
	}
	if (r->idiag_states & 1 << DIAG_CLOSE_WAIT) {
		answer_walk();
		return;
	}
	if (next_length == FAILS) {
		fake_netlink_reply_done(-ENOMEM);
		return;
	}
	fake_netlink_reply_socket(&m, 0, -1);
	fake_netlink_reply_done(0);
}

static int setup(void **state)
{
	struct collect_config config = { .family = AF_UNSPEC, .walk_share = 0.02 };

	(void)state;
	fake_netlink_reset();
	fake_netlink_on_request = answer;
	next_length = 0;
	tree = unit_make_tree();
	config.root = tree;
	columns = (struct columns){ .top = true };
	columns_default(&columns, false);
	view.columns = &columns;
	view.context = &context;
	request = (struct sampler_request){ .delay = FOREVER };
	playback_begin(&playback);
	assert_int_equal(collector_open(&source, &config, &why), 0);
	assert_int_equal(sampler_open(&sampler, source, &request, &why), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sampler_close(sampler);
	sampler = NULL;
	sample_source_close(source);
	source = NULL;
	playback_free(&playback);
	memset(&playback, 0, sizeof(playback));
	view_free(&view);
	strbuf_free(&context.scratch);
	unit_remove_tree(tree);
	fake_netlink_reset();
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
	(void)state;
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
	(void)state;
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
	(void)state;
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

	(void)state;
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

/* Makes the ring one of so many samples. */
static void shrink(size_t samples, uint64_t age_max_ns)
{
	size_t bytes = ring_bytes(playback.ring) / ring_count(playback.ring);

	ring_free(playback.ring);
	playback.ring = ring_new(SIZE_MAX, samples * bytes, age_max_ns);
}

/* What is held goes when it is too old; what the screen shows then is a window all the same. */
static void test_paused_for_too_long(void **state)
{
	(void)state;
	begin();
	take_up_to(3);
	shrink(2, UINT64_MAX);
	take_up_to(6);
	pause_at(true);
	assert_shown(6, true);
	take_up_to(20);
	assert_u64_equal(ring_count(playback.ring), 2);
	assert_shown(20, true);
}

/* Of a past that was thinned the windows are longer, and what stays on the screen stays. */
static void test_thinned(void **state)
{
	uint64_t window_ns, length = 20;

	(void)state;
	begin();
	shrink(6, UINT64_MAX);
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
	assert_shown(1, false);
	assert_true(step(-1));
	assert_true(view.report.shown[0]->listener->length > 2);
	assert_true(view.report.window_ns > 0);
}

static void test_nothing_yet(void **state)
{
	(void)state;
	assert_false(step(1));
	pause_at(true);
	assert_false(playback.paused);
	begin();
	assert_shown(0, false);
}

/* A sample that could not be had is told, and the next one is tried. */
static void test_failure(void **state)
{
	(void)state;
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

/* The states that all requests from the @from-th on have asked for. */
static uint32_t asked_states(size_t from)
{
	uint32_t states = 0;

	for (size_t i = from; i < fake_netlink_sent(); i++) {
		const struct inet_diag_req *r = NLMSG_DATA(fake_netlink_request(i));

		states |= r->idiag_states;
	}
	return states;
}

/* A sample that nobody has fetched is not replaced: its window goes on. */
static void test_none_is_lost(void **state)
{
	struct pollfd fd = { .events = POLLIN };

	(void)state;
	begin();
	next_length = 1;
	sampler_end_window(sampler);
	fd.fd = sampler_fd(sampler);
	assert_int_equal(poll(&fd, 1, 10000), 1);
	next_length = 2;
	sampler_end_window(sampler);
	poll(NULL, 0, 20); /* time to do wrong */
	assert_int_equal(take(), 1);
	assert_shown(1, true);
	assert_int_equal(take(), 1);
	assert_shown(2, true);
	assert_u64_equal(fake_netlink_sent(), 3);
}

/* What is wished for holds from the next sample on. */
static void test_wish(void **state)
{
	(void)state;
	begin();
	assert_u64_equal(asked_states(0), 1 << DIAG_LISTEN);
	assert_false(view.report.snapshot->known & SNAPSHOT_CONNECTIONS);
	request.needs = NEED_CONNECTIONS | NEED_WAIT | NEED_GROUPS;
	request.detail_port = 80;
	sampler_request(sampler, &request);
	assert_int_equal(take_next(3), 1);
	assert_true(asked_states(1) & (1 << DIAG_ESTABLISHED));
	assert_true(asked_states(1) & (1 << DIAG_SYN_RECV));
	assert_true(view.report.snapshot->known & SNAPSHOT_CONNECTIONS);
}

/* A window that has become shorter ends, also the one in hand. */
static void test_delay(void **state)
{
	(void)state;
	begin();
	next_length = 4;
	request.delay = 0.001;
	sampler_request(sampler, &request);
	assert_int_equal(take(), 1);
	assert_shown(4, true);
	assert_int_equal(take(), 1);
}

static bool says_dead_clients(void)
{
	const struct row *row = view.report.shown[0];

	/* Only the first look was at them. */
	assert_true((row_waiting_age(row) > 0) == (next_length > 1001));
	return row->reasons & 1u << REASON_DEAD_CLIENTS;
}

/* What one look at the connections that wait said is said until the next, seen or not. */
static void test_words_stay(void **state)
{
	(void)state;
	begin();
	request.needs = NEED_WAIT;
	sampler_request(sampler, &request);
	assert_int_equal(take_next(1001), 1);
	assert_true(says_dead_clients());
	assert_int_equal(take_next(1002), 1);
	assert_true(says_dead_clients());
	pause_at(true);
	assert_int_equal(take_next(1003), 1);
	assert_int_equal(take_next(1004), 1);
	assert_true(says_dead_clients());
	pause_at(false);
	assert_shown(1004, true);
	assert_true(says_dead_clients());
	assert_true(step(1));
	assert_shown(1003, true);
	assert_true(says_dead_clients());
}

#define TIMELINE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TIMELINE_TEST(test_live),	  TIMELINE_TEST(test_pause),
		TIMELINE_TEST(test_steps),	  TIMELINE_TEST(test_past_is_as_it_was),
		TIMELINE_TEST(test_nothing_yet),  TIMELINE_TEST(test_failure),
		TIMELINE_TEST(test_none_is_lost), TIMELINE_TEST(test_wish),
		TIMELINE_TEST(test_delay),	  TIMELINE_TEST(test_paused_for_too_long),
		TIMELINE_TEST(test_words_stay),	  TIMELINE_TEST(test_thinned),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}

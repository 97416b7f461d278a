/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/clock.h"
#include "top/phrase.h"

#include <sys/socket.h>

#define MS (NSEC_PER_SEC / 1000)

static struct scene scene;
static struct history *history;
static struct field_context fields;
static struct strbuf b;

static int setup(void **state)
{
	scene_open(&scene);
	history = history_new();
	return 0;
}

static int teardown(void **state)
{
	scene_close(&scene);
	history_free(history);
	strbuf_free(&fields.scratch);
	strbuf_free(&b);
	return 0;
}

static const struct phrase_context *context(void)
{
	static struct phrase_context c;

	c = (struct phrase_context){
		.report = &scene.report, .history = history, .fields = &fields, .utf8 = true
	};
	return &c;
}

/* One more window like it. */
static void look(void)
{
	scene_report(&scene);
	history_add(history, &scene.report);
}

/* The first report of a run, which has no window. */
static void look_first(void)
{
	report_build(&scene.report, NULL, &scene.now);
	history_add(history, &scene.report);
}

/* A listener with a queue of @length and a limit of 9. */
static void add(uint16_t cookie, uint32_t length)
{
	scene_add_both(&scene, cookie);
	scene_now(&scene, cookie)->limit = scene_before(&scene, cookie)->limit = 9;
	scene_now(&scene, cookie)->length = length;
}

static void assert_verdict(enum severity severity, const char *expected)
{
	b.len = 0;
	assert_int_equal(phrase_verdict(&b, context()), severity);
	assert_string_equal(b.s, expected);
}

static void test_rates(void **state)
{
	static const struct {
		double rate;
		const char *text;
	} cases[] = {
		{ 0, "0" },	    { 0.001, "0.1" }, { 0.3, "0.3" },	     { 1, "1" },
		{ 2.5, "2.5" },	    { 9, "9" },	      { 9.96, "10" },	     { 317.6, "318" },
		{ 120000, "120k" }, { 5e6, "5000k" }, { 123456789, "123M" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		b.len = 0;
		phrase_rate(&b, cases[i].rate);
		if (strcmp(b.s, cases[i].text) != 0)
			fail_msg("%g: %s, not %s", cases[i].rate, b.s, cases[i].text);
	}
}

static void test_all_are_well(void **state)
{
	look();
	assert_verdict(SEVERITY_NONE, "no TCP listener here");
	add(1, 0);
	look();
	assert_verdict(SEVERITY_NONE, "the TCP listener here is well");
	add(2, 7);
	look();
	assert_verdict(SEVERITY_NONE, "all TCP listeners here are well");
	scene.now.known |= SNAPSHOT_UNIX;
	look();
	assert_verdict(SEVERITY_NONE, "all listeners here are well");
	scene.now.known |= SNAPSHOT_ALL_NETNS;
	look();
	assert_verdict(SEVERITY_NONE, "all listeners are well");
}

/* A full UNIX listener that is not shown, and another namespace that overflows. */
static void add_not_shown(void)
{
	struct unix_queue queue = { .cookie = 7, .length = 2, .limit = 1 };
	struct other_netns other = { .identity = 8 };

	scene.now.known |= SNAPSHOT_UNIX_QUEUES | SNAPSHOT_OTHERS | SNAPSHOT_OTHERS_ALL;
	scene.before.known |= SNAPSHOT_OTHERS;
	scene.now.unix_queues = array_grow(NULL, 0, &scene.now.unix_queues_size, sizeof(queue));
	scene.now.unix_queues[scene.now.n_unix_queues++] = queue;
	scene.now.others = array_grow(NULL, 0, &scene.now.others_size, sizeof(other));
	scene.before.others = array_grow(NULL, 0, &scene.before.others_size, sizeof(other));
	scene.before.others[scene.before.n_others++] = other;
	other.overflows = 3;
	scene.now.others[scene.now.n_others++] = other;
	scene.now.n_others_found = 1;
}

#define NOT_SHOWN                                              \
	"not looked at: 1 UNIX listener is full (-x shows it)" \
	"; 1 other namespace overflows (-A shows it)"

/* "All is well" is never said alone where something else is not. */
static void test_not_shown(void **state)
{
	add(1, 0);
	add(2, 0);
	add_not_shown();
	look();
	assert_verdict(SEVERITY_WARNING, "! " NOT_SHOWN "; all TCP listeners here are well");
	scene_now(&scene, 2)->length = 8;
	look();
	assert_verdict(SEVERITY_NOTICE, "~ 1 high: 10.0.0.1:2: limit-from-listen (1s); " NOT_SHOWN);
}

/* Nor in a window in which something overflowed, whoever it was. */
static void test_overflows_of_nobody(void **state)
{
	add(1, 0);
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, 3, 3);
	scene_count(&scene, COUNTER_LISTEN_DROPS, 0, 0, 3, 3);
	look();
	assert_verdict(SEVERITY_WARNING, "! 3 overflows, on which listener is unknown");
	add_not_shown();
	look();
	assert_verdict(SEVERITY_WARNING, "! 3 overflows, on which listener is unknown; " NOT_SHOWN);
}

/* One that is gone is not among those that are well, and may be whom it fell on. */
static void test_overflows_of_the_gone(void **state)
{
	add(1, 0);
	scene_add(&scene.before, 2);
	scene.before.netns[0].one_datagram = scene.now.netns[0].one_datagram = true;
	look();
	assert_verdict(SEVERITY_NONE, "the TCP listener here is well");
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, 1, 1);
	scene_count(&scene, COUNTER_LISTEN_DROPS, 0, 0, 1, 1);
	look();
	assert_verdict(SEVERITY_WARNING, "! 1 overflow, on a listener that is gone or unknown");
}

static void test_one_is_sick(void **state)
{
	add(1, 0);
	add(2, 0);
	look_first();
	look();
	scene_now(&scene, 2)->length = 8;
	look();
	look();
	assert_verdict(SEVERITY_NOTICE, "~ 1 high: 10.0.0.1:2: limit-from-listen (2s)");
}

/* The worst one, with what is proved of it, and how many there are of each kind. */
static void test_many_are_sick(void **state)
{
	add(1, 8);
	add(2, 10);
	add(3, 10);
	scene_now(&scene, 3)->drops = 4;
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, 4, 4);
	look_first();
	look();
	assert_verdict(SEVERITY_CRITICAL, "!! 1 overflowing, 1 full, 1 high; worst 10.0.0.1:3: "
					  "limit-from-listen (>1s), +4 overflows");
}

/* Also when nobody sees it: a filter hides rows, not states. */
static void test_hidden_ones_count(void **state)
{
	add(1, 8);
	add(2, 10);
	look();
	report_select(&scene.report, &(struct selection){ .family = AF_INET6 });
	assert_u64_equal(scene.report.n_shown, 0);
	assert_verdict(SEVERITY_WARNING,
		       "! 1 full, 1 high; worst 10.0.0.1:2: limit-from-listen (>1s)");
}

/* "Since when" is as of the window that is on the screen. */
static void test_as_of_the_past(void **state)
{
	struct phrase_context c;

	add(1, 0);
	look();
	scene_now(&scene, 1)->length = 10;
	for (int i = 0; i < 5; i++)
		look();
	c = *context();
	c.back = 3;
	phrase_verdict(&b, &c);
	assert_string_equal(b.s, "! 1 full: 10.0.0.1:1: limit-from-listen (2s)");
}

/* A path as long as it can be does not cost the rest of the line; its page has it whole. */
static void test_long_path(void **state)
{
	static const char path[] =
		"/run/user/1000/a-directory-with-a-long-name/another-one/app.sock";
	struct phrase_context c;

	add(80, 10);
	scene_now(&scene, 80)->addr.family = AF_UNIX;
	scene_now(&scene, 80)->name = path;
	look();
	c = *context();
	c.cols = 80;
	b.len = 0;
	phrase_verdict(&b, &c);
	assert_non_null(strstr(b.s, "! 1 full: /run/user…another-one/app.sock: "));
	/* Where there is no limit. */
	c.cols = 0;
	b.len = 0;
	phrase_verdict(&b, &c);
	assert_non_null(strstr(b.s, path));
}

/* What happened, in a few words, and in as many as there is room for. */
static void test_events(void **state)
{
	static const struct {
		struct event e;
		const char *brief, *whole;
	} cases[] = {
		{ { .kind = EVENT_SICK,
		    .state = STATE_OVERFLOWING,
		    .reason = REASON_NOT_ACCEPTING },
		  "stopped accepting",
		  "stopped accepting, overflowing" },
		/* A limit is no cause. */
		{ { .kind = EVENT_SICK, .state = STATE_FULL, .reason = REASON_LIMIT_FROM_LISTEN },
		  "queue full",
		  "queue full" },
		{ { .kind = EVENT_SICK, .state = STATE_SYN_FULL, .reason = REASON_N },
		  "SYN queue full",
		  "SYN queue full" },
		{ { .kind = EVENT_RECOVERED,
		    .state = STATE_OVERFLOWING,
		    .lasted_ns = 35 * NSEC_PER_SEC,
		    .overflows = { 4000, 4000, true },
		    .losses = { 100, 100, true } },
		  "recovered (35s, 4100 dropped)",
		  "recovered (overflowing 35s, 4100 dropped)" },
		{ { .kind = EVENT_RECOVERED,
		    .state = STATE_HIGH,
		    .lasted_ns = NSEC_PER_SEC,
		    .overflows = { 0, 7, true } },
		  "recovered (1s, up to 7 dropped)",
		  "recovered (high 1s, up to 7 dropped)" },
		/* Unknown is not 0. */
		{ { .kind = EVENT_RECOVERED, .state = STATE_FULL, .lasted_ns = NSEC_PER_SEC },
		  "recovered (1s)",
		  "recovered (full 1s)" },
		{ { .kind = EVENT_GONE, .state = STATE_OK },
		  "listener gone, was ok",
		  "listener gone, was ok" },
		{ { .kind = EVENT_NEW }, "new listener", "new listener" },
		{ { .kind = EVENT_NEW, .more = 7 },
		  "new listener, and 7 more",
		  "new listener, and 7 more" },
		{ { .kind = EVENT_NETNS_GONE }, "namespace gone", "namespace gone" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		b.len = 0;
		phrase_event(&b, &cases[i].e, true);
		assert_string_equal(b.s, cases[i].brief);
		b.len = 0;
		phrase_event(&b, &cases[i].e, false);
		assert_string_equal(b.s, cases[i].whole);
	}
}

#define PHRASE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PHRASE_TEST(test_rates),
		PHRASE_TEST(test_events),
		PHRASE_TEST(test_all_are_well),
		PHRASE_TEST(test_not_shown),
		PHRASE_TEST(test_overflows_of_nobody),
		PHRASE_TEST(test_overflows_of_the_gone),
		PHRASE_TEST(test_long_path),
		PHRASE_TEST(test_one_is_sick),
		PHRASE_TEST(test_many_are_sick),
		PHRASE_TEST(test_hidden_ones_count),
		PHRASE_TEST(test_as_of_the_past),
	};

	return cmocka_run_group_tests_name("phrase", tests, NULL, NULL);
}

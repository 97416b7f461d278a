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

static const struct row *row_of(uint16_t cookie)
{
	for (size_t i = 0; i < scene.report.n_rows; i++)
		if (scene.report.rows[i].listener->cookie == cookie)
			return &scene.report.rows[i];
	fail_msg("no row of listener %u", cookie);
	return NULL;
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

static void assert_facts(uint16_t cookie, const char *expected)
{
	b.len = 0;
	phrase_facts(&b, row_of(cookie), context());
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
	b.len = 0;
	phrase_facts(&b, row_of(1), &c);
	assert_string_equal(b.s, "10.0.0.1:1: full 2s; limit 9, somaxconn 4096");
}

static void test_facts(void **state)
{
	add(1, 0);
	look();
	assert_facts(1, "10.0.0.1:1: ok; limit 9, somaxconn 4096");
	scene_now(&scene, 1)->length = 8;
	look();
	assert_facts(1, "10.0.0.1:1: high 1s; limit 9, somaxconn 4096");
	scene_now(&scene, 1)->length = 10;
	scene_now(&scene, 1)->drops = 4;
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, 4, 4);
	look();
	assert_facts(1, "10.0.0.1:1: overflowing; full 1s; not ok 2s; limit 9, somaxconn 4096");
}

/* Unknown is left out, not 0. */
static void test_facts_that_are_not_known(void **state)
{
	add(1, 0);
	scene.now.netns[0].sysctls.known = 0;
	look();
	assert_facts(1, "10.0.0.1:1: ok; limit 9");
	scene_add_both(&scene, 2);
	report_build(&scene.report, NULL, &scene.now);
	assert_facts(2, "10.0.0.1:2: ok; limit 128");
}

static void test_facts_of_waiting_connections(void **state)
{
	struct group *g;

	add(1, 10);
	g = scene_group(&scene, 1);
	g->known = GROUP_WAITING | GROUP_OLDEST | GROUP_STAYED;
	g->waiting = g->present_min = g->length_after = 10;
	g->holder = 1;
	g->waiting_closed = 3;
	g->oldest_wait_ms = 41800;
	look();
	assert_facts(1, "10.0.0.1:1: full >1s; oldest waits 42s; 3 of 10 peers gave up; limit 9, "
			"somaxconn 4096");
	/* Some that the queue counts are in no dump: their peers have reset them. */
	g->waiting = 8;
	assert_facts(1, "10.0.0.1:1: full >1s; oldest waits 42s; 5 of 10 peers gave up; limit 9, "
			"somaxconn 4096");
	/* Of some it is not known. */
	g->waiting_mptcp = 2;
	assert_facts(1, "10.0.0.1:1: full >1s; oldest waits 42s; at least 5 of 10 peers gave up; "
			"limit 9, somaxconn 4096");
	g->waiting_mptcp = 0;
	/* They may be what was known a while ago; then it is so many of those that there were. */
	scene.now.netns[0].waiting_ns -= 3 * NSEC_PER_SEC;
	scene_now(&scene, 1)->length = 12;
	look();
	assert_facts(1, "10.0.0.1:1: full >2s; 3s ago: oldest waits 42s, 5 of 10 peers gave up; "
			"limit 9, somaxconn 4096");
	g->known &= ~(uint32_t)GROUP_OLDEST;
	look();
	assert_facts(1, "10.0.0.1:1: full >3s; 3s ago: 5 of 10 peers gave up; limit 9, "
			"somaxconn 4096");
	scene.now.netns[0].waiting_ns += 3 * NSEC_PER_SEC;
	scene_now(&scene, 1)->length = 10;
	g->known |= GROUP_OLDEST;
	/* Whose they are is not known where several members of a group have a queue. */
	g->holder = 0;
	look();
	assert_facts(1, "10.0.0.1:1: full >4s; limit 9, somaxconn 4096");
}

static void test_numbers(void **state)
{
	add(1, 3);
	scene.now.netns[0].syn_recv_ns = 0;
	scene_now(&scene, 1)->known = 0;
	look();
	phrase_numbers(&b, row_of(1), context());
	assert_non_null(strstr(b.s, "local 10.0.0.1:1, "));
	assert_non_null(strstr(b.s, ", length 3, limit 9, capacity 10, fill 30%, full no, "));
	/* What is not known is not there. */
	assert_null(strstr(b.s, "drops "));
	assert_null(strstr(b.s, "synrecv "));
	assert_null(strstr(b.s, "oldest-wait "));
	assert_null(strstr(b.s, "- "));
}

/* What to do: the first reason, as it is the one that decides; else what the state says. */
static void test_advice(void **state)
{
	char expected[512];

	add(1, 10);
	add(2, 0);
	look();
	phrase_advice(&b, row_of(1), context());
	/* A limit is not the advice while the cause is unknown. */
	snprintf(expected, sizeof(expected), "full: %s; %s", state_table[STATE_FULL].fact,
		 state_table[STATE_FULL].advice);
	assert_string_equal(b.s, expected);
	b.len = 0;
	phrase_advice(&b, row_of(2), context());
	assert_string_equal(b.s, "ok: nothing to do");
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
	b.len = 0;
	phrase_facts(&b, row_of(80), &c);
	assert_ptr_equal(strstr(b.s, "/run/user…another-one/app.sock: full"), b.s);
	b.len = 0;
	phrase_numbers(&b, row_of(80), &c);
	assert_non_null(strstr(b.s, path));
	/* Where there is no limit. */
	c.cols = 0;
	b.len = 0;
	phrase_verdict(&b, &c);
	assert_non_null(strstr(b.s, path));
}

#define PHRASE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PHRASE_TEST(test_rates),
		PHRASE_TEST(test_all_are_well),
		PHRASE_TEST(test_not_shown),
		PHRASE_TEST(test_overflows_of_nobody),
		PHRASE_TEST(test_overflows_of_the_gone),
		PHRASE_TEST(test_long_path),
		PHRASE_TEST(test_one_is_sick),
		PHRASE_TEST(test_many_are_sick),
		PHRASE_TEST(test_hidden_ones_count),
		PHRASE_TEST(test_as_of_the_past),
		PHRASE_TEST(test_facts),
		PHRASE_TEST(test_facts_that_are_not_known),
		PHRASE_TEST(test_facts_of_waiting_connections),
		PHRASE_TEST(test_numbers),
		PHRASE_TEST(test_advice),
	};

	return cmocka_run_group_tests_name("phrase", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/clock.h"
#include "top/events.h"
#include "top/explain.h"

#include <arpa/inet.h>
#include <sys/socket.h>

/* A listener on port 80 with room for 10, held by app[82], in windows of a second. */
static struct scene scene;
static struct history *history;
static bool replay;
static struct field_context fields;
static struct sheet sheet;
static struct strbuf b;

/* Gives the first listener its process. */
static void own(struct snapshot *s)
{
	struct listener *l = &s->listeners[0];

	l->known |= LISTENER_OWNERS;
	l->n_owners = 1;
	snapshot_size_owners(s, 1, 1);
	s->processes[0] = (struct process){ .comm = "app", .pid = 82 };
	s->owners[0] = (struct owner){ 0, 3 };
}

static int setup(void **state)
{

	memset(&scene, 0, sizeof(scene));
	memset(&fields, 0, sizeof(fields));
	memset(&sheet, 0, sizeof(sheet));
	b = (struct strbuf){ 0 };
	history = history_new();
	scene_open(&scene);
	scene_add_both(&scene, 80);
	scene_now(&scene, 80)->limit = scene_before(&scene, 80)->limit = 9;
	own(&scene.now);
	return 0;
}

static int teardown(void **state)
{
	scene_close(&scene);
	history_free(history);
	strbuf_free(&fields.scratch);
	sheet_free(&sheet);
	strbuf_free(&b);
	return 0;
}

static const struct phrase_context *context(void)
{
	static struct phrase_context c;

	c = (struct phrase_context){ .report = &scene.report,
				     .history = history,
				     .fields = &fields,
				     .utf8 = true,
				     .replay = replay };
	return &c;
}

static void look(void)
{
	scene_report(&scene);
	history_add(history, &scene.report);
}

/* One window in which @n SYNs met the full queue. */
static void overflow(uint32_t n)
{
	scene_now(&scene, 80)->length = scene_before(&scene, 80)->length = 10;
	scene_now(&scene, 80)->drops = n;
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, n, n);
	scene_count(&scene, COUNTER_LISTEN_DROPS, 0, 0, n, n);
	look();
}

static void assert_lines(size_t width, unsigned int flags, const char *expected)
{
	sheet_begin(&sheet, width, 0, 100);
	explain_add(&sheet, scene_row_at(&scene, 80), context(), flags);
	b.len = 0;
	sheet_text(&sheet, &b);
	if (strcmp(b.s, expected) != 0)
		fail_msg("\n%s\nnot\n%s", b.s, expected);
}

#define LIMIT "Limit 9: the program asked for it (somaxconn 4096)\n"

static void test_well(void **state)
{
	look();
	assert_lines(80, 0, "ok: 0 of 10 queued; 0 overflows, 0 drops in 1s\n" LIMIT);
}

/* What no cause is known of; the state is not said twice. */
static void test_full(void **state)
{
	scene_before(&scene, 80)->length = scene_now(&scene, 80)->length = 10;
	scene.now.netns[0].after.known = scene.now.netns[0].before.known = 0;
	look();
	assert_lines(
		80, 0,
		"full: the accept queue is full, or was in this window: it drops the next SYN\n"
		"For 1s or longer. 10 clients wait.\n"
		"Do: see whether it accepts, in a longer window:   listenq -d 5 -p 'sport = :80'\n"
		"    Raise no limit before that is known.\n" LIMIT);
}

/* The process is in the first line, and the sentences stay whole where they can. */
static void test_stuck(void **state)
{
	struct group *g = scene_group(&scene, 80);

	g->known = GROUP_WAITING | GROUP_OLDEST | GROUP_STAYED;
	g->waiting = g->present_min = g->length_after = g->stayed_min = g->stayed_max = 10;
	g->holder = 80;
	g->waiting_closed = 10;
	g->oldest_wait_ms = 74000;
	overflow(4);
	assert_lines(80, 0,
		     "overflowing: app[82] accepted no connection in this window\n"
		     "Full for 1s or longer, 4 overflows/s.\n"
		     "All 10 waiting clients have gone, oldest 1m14s.\n"
		     "Do: see what process 82 waits for:   strace -fp 82\n"
		     "    grep . /proc/82/task/*/wchan\n"
		     "    A larger backlog does not help while it is stuck.\n" LIMIT);
	/* There is no room for numbers and limits. */
	assert_lines(80, EXPLAIN_TIGHT,
		     "overflowing: app[82] accepted no connection in this window\n"
		     "Do: see what process 82 waits for:   strace -fp 82\n"
		     "    grep . /proc/82/task/*/wchan\n"
		     "    A larger backlog does not help while it is stuck.\n");
	g->waiting_closed = 3;
	assert_lines(57, EXPLAIN_WHOLE | EXPLAIN_GAPS,
		     "overflowing: app[82] accepted no connection\n"
		     "Full for 1s or longer, 4 overflows/s.\n"
		     "3 of 10 waiting clients have gone, oldest 1m14s.\n"
		     "\n"
		     "Do: see what process 82 waits for:   strace -fp 82\n"
		     "    grep . /proc/82/task/*/wchan\n"
		     "    A larger backlog does not help while it is stuck.\n"
		     "\n" LIMIT);
}

/* Numbers of an earlier walk say how old they are; those of MPTCP are a lower bound. */
static void test_waiting(void **state)
{
	struct group *g = scene_group(&scene, 80);

	g->known = GROUP_WAITING;
	g->waiting = g->length_after = 10;
	g->waiting_closed = 5;
	g->waiting_mptcp = 2;
	g->holder = 80;
	scene_before(&scene, 80)->length = scene_now(&scene, 80)->length = 10;
	scene.now.netns[0].waiting_ns -= NSEC_PER_SEC;
	look();
	assert_lines(80, 0,
		     "full: app[82] accepted no connection in this window\n"
		     "For 1s or longer. At least 5 of 10 waiting clients have gone (seen 1s ago).\n"
		     "Do: see what process 82 waits for:   strace -fp 82\n"
		     "    grep . /proc/82/task/*/wchan\n"
		     "    A larger backlog does not help while it is stuck.\n" LIMIT);
}

static void test_syn_flood(void **state)
{
	scene_group(&scene, 80)->syn_length = 9;
	scene_count(&scene, COUNTER_COOKIES_SENT, 0, 0, 200, 200);
	look();
	assert_lines(80, 0,
		     "syn-full: the SYN queue is full, and few of the syncookies sent came back\n"
		     "For 1s or longer. 9 half-open (limit 9). 200 cookies/s sent, 0/s came back.\n"
		     "Do: see which networks it comes from, and whether cookies come back:\n"
		     "    listenq -D 'sport = :80'   nstat -az 'TcpExtSyncookies*'\n"
		     "    No limit helps against a flood; syncookies do.\n" LIMIT);
	/* Cookies of an earlier window came back in this one. */
	scene_count(&scene, COUNTER_COOKIES_SENT, 0, 0, 14, 14);
	scene_count(&scene, COUNTER_COOKIES_RECV, 0, 0, 35, 35);
	look();
	sheet_begin(&sheet, 80, 0, 100);
	explain_add(&sheet, scene_row_at(&scene, 80), context(), 0);
	b.len = 0;
	sheet_text(&sheet, &b);
	assert_non_null(
		strstr(b.s, " 9 half-open (limit 9). 14 cookies/s sent, most came back.\n"));
}

/* One window in which nothing happened. */
static void rest(void)
{
	scene_now(&scene, 80)->length = scene_before(&scene, 80)->length = 0;
	scene_now(&scene, 80)->drops = 0;
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, 0, 0);
	scene_count(&scene, COUNTER_LISTEN_DROPS, 0, 0, 0, 0);
	look();
}

/* What is over: when it was, how much it lost, and where to read about it. */
static void test_over(void **state)
{
	scene.now.wall.tv_sec = 1764340200; /* 14:30:00 */
	rest();
	for (int i = 0; i < 34; i++)
		overflow(100);
	/* In the last one it accepts again; that was not the cause. */
	scene_now(&scene, 80)->length = 8;
	look();
	assert_int_equal(verdict_first_reason(scene_row_at(&scene, 80)->reasons),
			 REASON_ACCEPTING_SLOWLY);
	for (int i = 0; i < 40; i++)
		rest();
	assert_lines(80, 0,
		     "was overflowing for 35s, from 14:28:45 to 14:29:20, 40s ago\n"
		     "The cause was not-accepting. At most 10 of 10 queued, 3500 overflows.\n"
		     "Do: see what it logged:   journalctl _PID=82 --since -2min\n" LIMIT);
}

/* Of a recording: what can be done now, and what only when it happens again. */
static void test_replayed(void **state)
{
	scene.now.wall.tv_sec = 1764340200; /* 14:30:00 */
	rest();
	for (int i = 0; i < 3; i++)
		overflow(10);
	replay = true;
	assert_lines(80, EXPLAIN_TIGHT,
		     "overflowing: app[82] accepted no connection in this window\n"
		     "Do: see what it logged:   journalctl _PID=82 --since @1764340140\n"
		     "Next time: see what process PID waits for:   strace -fp PID\n"
		     "    grep . /proc/PID/task/*/wchan\n"
		     "    A larger backlog does not help while it is stuck.\n");
	replay = false;
}

/* Samples were left out where it ended, as --record-when does: its end is not exact. */
static void test_over_in_a_gap(void **state)
{
	scene.now.wall.tv_sec = 1764340200; /* 14:30:00 */
	rest();
	for (int i = 0; i < 35; i++)
		overflow(100);
	scene.now.previous_ns = scene.before.monotonic_ns + 1;
	rest();
	scene.now.previous_ns = scene.before.monotonic_ns;
	for (int i = 0; i < 39; i++)
		rest();
	sheet_begin(&sheet, 80, 0, 1);
	explain_add(&sheet, scene_row_at(&scene, 80), context(), 0);
	b.len = 0;
	sheet_text(&sheet, &b);
	assert_string_equal(
		b.s, "was overflowing for >35s, from 14:28:45 to between 14:29:20 and 14:29:21\n");
}

/* The window in which it begins does not prove yet that nothing is accepted. */
static void test_stops_after_a_while(void **state)
{
	rest();
	scene_now(&scene, 80)->length = 9;
	look();
	assert_int_equal(scene_row_at(&scene, 80)->reasons & 1u << REASON_NOT_ACCEPTING, 0);
	for (int i = 0; i < 3; i++)
		overflow(10);
	assert_lines(80, EXPLAIN_TIGHT,
		     "overflowing: app[82] accepted no connection in this window\n"
		     "Do: see what process 82 waits for:   strace -fp 82\n"
		     "    grep . /proc/82/task/*/wchan\n"
		     "    A larger backlog does not help while it is stuck.\n");
}

/* Two windows of three are sick: it is one trouble, and says so. */
static void test_bursts(void **state)
{
	rest();
	for (int i = 0; i < 20; i++) {
		overflow(10);
		overflow(10);
		rest();
	}
	overflow(10);
	sheet_begin(&sheet, 80, 0, 2);
	explain_add(&sheet, scene_row_at(&scene, 80), context(), 0);
	b.len = 0;
	sheet_text(&sheet, &b);
	assert_non_null(strstr(b.s, "Sick for 1m1s, in 20 of the last 30 windows, 10 overflows/s, "
				    "410 so far."));
	/* In a better window the cause and what to do are the same. */
	rest();
	assert_lines(80, EXPLAIN_TIGHT,
		     "overflowing: app[82] accepted no connection in 19 of the last 30 windows\n"
		     "Do: see what process 82 waits for:   strace -fp 82\n"
		     "    grep . /proc/82/task/*/wchan\n"
		     "    A larger backlog does not help while it is stuck.\n");
	/* And in one in which it accepts, but too slowly. */
	overflow(10);
	scene_now(&scene, 80)->length = 8;
	look();
	assert_lines(80, EXPLAIN_TIGHT,
		     "overflowing: app[82] accepted no connection in 19 of the last 30 windows\n"
		     "Do: see what process 82 waits for:   strace -fp 82\n"
		     "    grep . /proc/82/task/*/wchan\n"
		     "    A larger backlog does not help while it is stuck.\n");
	/* Where that does not fit, it is left out. */
	sheet_begin(&sheet, 60, 0, 1);
	explain_add(&sheet, scene_row_at(&scene, 80), context(), 0);
	b.len = 0;
	sheet_text(&sheet, &b);
	assert_string_equal(b.s, "overflowing: app[82] accepted no connection\n");
}

/* A listener that closed: when, what it was, and whose it was. */
static void test_gone(void **state)
{
	struct row **rows;

	scene.now.wall.tv_sec = 1764340200; /* 14:30:00 */
	own(&scene.before);
	rest();
	scene_add(&scene.before, 81);
	snapshot_drop_listeners(&scene.now, 0);
	scene_add(&scene.now, 81);
	look();
	snapshot_drop_listeners(&scene.before, 0);
	scene_add(&scene.before, 81);
	for (int i = 0; i < 4; i++)
		look();
	assert_u64_equal(history_gone(history, &scene.report, 0, &rows), 1);
	sheet_begin(&sheet, 80, 0, 100);
	explain_add(&sheet, rows[0], context(), 0);
	b.len = 0;
	sheet_text(&sheet, &b);
	assert_string_equal(b.s, "gone since 14:29:56, 4s ago; it was ok\n"
				 "Do: see what it logged:   journalctl _COMM=app --since -1min\n");
	b.len = 0;
	explain_add_name(&b, rows[0], context(), 80);
	assert_string_equal(b.s, "10.0.0.1:80  app");
}

static void assert_event(const struct event *e, enum events_form form, const char *expected)
{
	b.len = 0;
	sheet_begin(&sheet, 80, 0, 1);
	events_add(&sheet, e, form, true);
	sheet_end(&sheet);
	sheet_text(&sheet, &b);
	assert_string_equal(b.s, expected);
}

/* Who it happened to: its address is there once, whether or not its process is known. */
static void test_event_of_unknown_process(void **state)
{
	struct event e = { .kind = EVENT_NEW, .reason = REASON_N, .process = "app" };

	e.addr.family = AF_INET;
	e.addr.address[0] = 10;
	e.addr.port = 80;
	assert_event(&e, EVENTS_WHOLE,
		     "00:00:00 app         10.0.0.0:80             new listener\n");
	assert_event(&e, EVENTS_SHORT, "00:00:00 app         new listener\n");
	e.process = NULL;
	assert_event(&e, EVENTS_WHOLE,
		     "00:00:00 -           10.0.0.0:80             new listener\n");
	assert_event(&e, EVENTS_SHORT, "00:00:00 10.0.0.0:80 new listener\n");
	assert_event(&e, EVENTS_BRIEF, "00:00:00 10.0.0.0:80 new listener\n");
}

/* What does not fit is said in fewer words, and not cut. */
static void test_event_of_many_words(void **state)
{
	struct event e = { .kind = EVENT_RECOVERED,
			   .state = STATE_OVERFLOWING,
			   .process = "app",
			   .lasted_ns = 35 * NSEC_PER_SEC,
			   .overflows = { 3500, 3500, true },
			   .latest = { .tv_sec = 1795903265 } };

	e.addr = scene.now.listeners[0].addr;
	assert_event(&e, EVENTS_WHOLE,
		     "00:00:00 app         10.0.0.1:80             "
		     "well by 22:01:05 (>35s, 3500 dropped)\n");
	e.latest.tv_sec = 0;
	assert_event(&e, EVENTS_WHOLE,
		     "00:00:00 app         10.0.0.1:80             "
		     "recovered (35s, 3500 dropped)\n");
}

/* A name that moves the cursor does not; a name of no letters is one too. */
static void test_foreign_names(void **state)
{
	scene.now.processes[0].comm = "a\033[2J";
	look();
	b.len = 0;
	explain_add_name(&b, scene_row_at(&scene, 80), context(), 80);
	assert_string_equal(b.s, "10.0.0.1:80  a\\x1b[2J[82]");
	scene.now.processes[0].unit = "app.service";
	scene.now.processes[0].comm = NULL;
	b.len = 0;
	explain_add_name(&b, scene_row_at(&scene, 80), context(), 80);
	assert_string_equal(b.s, "10.0.0.1:80  [82]  app.service");
	scene.now.processes[0].unit = NULL;
	scene.now.processes[0].comm = "";
	b.len = 0;
	explain_add_name(&b, scene_row_at(&scene, 80), context(), 80);
	assert_string_equal(b.s, "10.0.0.1:80  \"\"[82]");
}

/* The address is cut only where there is no room for it, and then it has at least 22 columns. */
static void test_name_fits(void **state)
{
	static const struct {
		size_t width;
		const char *name;
	} cases[] = {
		{ 80, "[2001:db8:1:2:3:4:5:6]:80  tmux: server[82]" },
		{ 43, "[2001:db8:1:2:3:4:5:6]:80  tmux: server[82]" },
		{ 42, "[2001:d…:1:2:3:4:5:6]:80  tmux: server[82]" },
		{ 40, "[2001:d…:2:3:4:5:6]:80  tmux: server[82]" },
		{ 20, "[2001:…x: server[82]" },
	};
	struct listener *l = &scene.now.listeners[0];

	scene.now.processes[0].comm = "tmux: server";
	l->addr.family = AF_INET6;
	assert_int_equal(inet_pton(AF_INET6, "2001:db8:1:2:3:4:5:6", l->addr.address), 1);
	look();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		b.len = 0;
		explain_add_name(&b, scene_row_at(&scene, 80), context(), cases[i].width);
		assert_string_equal(b.s, cases[i].name);
	}
}

/* Nothing is written beyond the lines of a tiny part, and nothing is endless. */
static void test_any_width(void **state)
{
	overflow(4);
	for (size_t width = 0; width < 90; width++)
		for (unsigned int flags = 0;
		     flags <= (EXPLAIN_WHOLE | EXPLAIN_GAPS | EXPLAIN_TIGHT); flags++) {
			sheet_begin(&sheet, width, 0, 2);
			explain_add(&sheet, scene_row_at(&scene, 80), context(), flags);
			assert_true(sheet.n >= 2 && sheet.n < 1000);
			assert_true(sheet.n_lines <= 2);
		}
}

#define EXPLAIN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EXPLAIN_TEST(test_well),
		EXPLAIN_TEST(test_full),
		EXPLAIN_TEST(test_stuck),
		EXPLAIN_TEST(test_waiting),
		EXPLAIN_TEST(test_syn_flood),
		EXPLAIN_TEST(test_foreign_names),
		EXPLAIN_TEST(test_name_fits),
		EXPLAIN_TEST(test_any_width),
		EXPLAIN_TEST(test_gone),
		EXPLAIN_TEST(test_over),
		EXPLAIN_TEST(test_over_in_a_gap),
		EXPLAIN_TEST(test_replayed),
		EXPLAIN_TEST(test_bursts),
		EXPLAIN_TEST(test_event_of_unknown_process),
		EXPLAIN_TEST(test_event_of_many_words),
		EXPLAIN_TEST(test_stops_after_a_while),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}

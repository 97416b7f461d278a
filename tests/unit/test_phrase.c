/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "top/phrase.h"

static struct strbuf b;

static int teardown(void **state)
{
	strbuf_free(&b);
	return 0;
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
		/* Samples were left out where it ended. */
		{ { .kind = EVENT_RECOVERED,
		    .state = STATE_FULL,
		    .lasted_ns = 35 * NSEC_PER_SEC,
		    .overflows = { 7, 7, true },
		    .latest = { .tv_sec = 1795903265 } },
		  "well by 22:01:05 (>35s, 7 dropped)",
		  "last seen sick; well by 22:01:05 (full at least 35s, 7 dropped)" },
		{ { .kind = EVENT_RECOVERED,
		    .state = STATE_FULL,
		    .lasted_ns = 35 * NSEC_PER_SEC,
		    .closed = true },
		  "closed sick (>35s)",
		  "closed while it was sick (full at least 35s)" },
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
		{ { .kind = EVENT_GAP, .lasted_ns = 181 * NSEC_PER_SEC },
		  "gap 3m1s",
		  "samples were left out for 3m1s" },
		{ { .kind = EVENT_BLIND, .lasted_ns = 36 * NSEC_PER_SEC },
		  "no fast sample for 36s",
		  "no fast sample for 36s: peaks are unknown" },
		{ { .kind = EVENT_CLOCK, .set_ns = -3600 * (int64_t)NSEC_PER_SEC },
		  "clock -1h",
		  "the clock was set back by 1h" },
		{ { .kind = EVENT_CLOCK, .set_ns = 90 * (int64_t)NSEC_PER_SEC },
		  "clock +1m30s",
		  "the clock was set forward by 1m30s, or the host was suspended" },
		{ { .kind = EVENT_RUN }, "new run", "a new run begins" },
		{ { .kind = EVENT_RUN, .lasted_ns = NSEC_PER_SEC },
		  "new run, 1s unknown",
		  "a new run begins; nothing is known of the 1s before" },
		{ { .kind = EVENT_BOOT, .lasted_ns = NSEC_PER_SEC },
		  "other boot, 1s unknown",
		  "a new run begins, of another boot; nothing is known of the 1s before" },
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

/* A namespace that is gone has a name, but no address. */
static void test_address(void **state)
{
	const struct event gone = { .kind = EVENT_NETNS_GONE, .netns = "shop" };
	const struct event listener = {
		.kind = EVENT_GONE,
		.addr = { .family = AF_INET, .port = 80, .address = { 127, 0, 0, 1 } }
	};

	b.len = 0;
	phrase_address(&b, &gone, true);
	assert_string_equal(b.s, "-");
	b.len = 0;
	phrase_address(&b, &listener, true);
	assert_string_equal(b.s, "127.0.0.1:80");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_rates, teardown),
		cmocka_unit_test_teardown(test_events, teardown),
		cmocka_unit_test_teardown(test_address, teardown),
	};

	return cmocka_run_group_tests_name("phrase", tests, NULL, NULL);
}

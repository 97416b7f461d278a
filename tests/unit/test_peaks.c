/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "collect/peaks.h"
#include "fake_netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define MS 1000000ull

static struct diag_socket *diag;
static struct peaks peaks;
static struct snapshot opening, closing;

static int setup(void **state)
{
	struct error why;

	fake_netlink_reset();
	assert_int_equal(diag_open(&diag, NETNS_HOME, &why), 0);
	peaks = (struct peaks){ .due_ns = UINT64_MAX };
	peaks_set_rate(&peaks, 50, 1);
	snapshot_add_netns(&opening);
	snapshot_add_netns(&closing);
	return 0;
}

static int teardown(void **state)
{
	diag_close(diag);
	peaks_free(&peaks);
	snapshot_free(&opening);
	snapshot_free(&closing);
	fake_netlink_reset();
	return 0;
}

static struct listener *add(struct snapshot *s, uint64_t cookie, uint32_t length, uint32_t limit)
{
	struct listener *l = snapshot_add_listener(s, 0, cookie);

	l->length = length;
	l->limit = limit;
	return l;
}

static void reply(uint64_t cookie, uint32_t length, uint32_t limit)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET,
				   .idiag_state = DIAG_LISTEN,
				   .idiag_rqueue = length,
				   .idiag_wqueue = limit,
				   .id.idiag_cookie = { (uint32_t)cookie } };

	fake_netlink_reply_socket(&m, -1, -1);
}

static void look(void)
{
	fake_netlink_reply_done(0);
	peaks_look(&peaks, diag, AF_UNSPEC, NULL);
	assert_u64_equal(fake_netlink_left(), 0);
}

/* A listener whose length was 1, 3, 2 at the looks: what begins and ends the window counts too. */
static void test_length(void **state)
{
	const struct peak *p;

	add(&opening, 7, 0, 2);
	peaks_begin(&peaks, &opening, 0);
	for (unsigned int i = 0; i < 3; i++) {
		reply(7, (const uint32_t[]){ 1, 3, 2 }[i], 8);
		look();
	}
	p = &add(&closing, 7, 2, 8)->peak;
	peaks_end(&peaks, &closing, 0);
	assert_true(closing.listeners[0].known & LISTENER_PEAK);
	assert_u64_equal(p->length, 3);
	assert_u64_equal(p->samples, 4);
	assert_false(p->full);
	assert_u64_equal(p->fell, 1);
	assert_u64_equal(p->full_ns, 0);
	assert_false(closing.netns[0].listener_vanished);
}

static void test_ends_count(void **state)
{
	add(&opening, 1, 5, 8);
	add(&opening, 2, 0, 8);
	peaks_begin(&peaks, &opening, 0);
	reply(1, 2, 8);
	reply(2, 1, 8);
	look();
	add(&closing, 1, 2, 8);
	add(&closing, 2, 6, 8);
	peaks_end(&peaks, &closing, 0);
	assert_u64_equal(closing.listeners[0].peak.length, 5);
	assert_u64_equal(closing.listeners[0].peak.fell, 3);
	assert_u64_equal(closing.listeners[1].peak.length, 6);
	assert_false(closing.listeners[1].peak.fell);
}

/* A queue has not moved since the last look that saw it empty or shorter, or as a new one. */
static void test_unmoved(void **state)
{
	uint64_t looked[2];

	opening.monotonic_ns = clock_monotonic_ns() - 1000 * MS;
	add(&opening, 1, 0, 9);
	add(&opening, 2, 4, 9);
	peaks_begin(&peaks, &opening, 0);
	for (uint32_t i = 0; i < 2; i++) {
		reply(1, i, 9);
		reply(2, 4, 9);
		if (i)
			reply(3, 2, 9);
		look();
		looked[i] = peaks.queues[0].look_ns;
	}
	closing.monotonic_ns = looked[1] + 500 * MS;
	for (uint64_t i = 1; i <= 3; i++)
		add(&closing, i, (uint32_t[]){ 3, 4, 2 }[i - 1], 9);
	peaks_end(&peaks, &closing, 0);
	for (size_t i = 0; i < 3; i++) {
		const uint64_t since[] = { looked[0], opening.monotonic_ns, looked[1] };
		static const uint32_t lowest[] = { 0, 4, 2 };
		const struct peak *p = &closing.listeners[i].peak;

		assert_u64_equal(p->unmoved_ns, closing.monotonic_ns - since[i]);
		assert_u64_equal(p->lowest, lowest[i]);
		assert_u64_equal(p->samples, i == 2 ? 2 : 3);
		assert_false(p->fell);
	}
}

/* How long it had not moved when it did; what no look saw counts as well. */
static void test_stood(void **state)
{
	const uint64_t begin = clock_monotonic_ns() - 9000 * MS;
	uint64_t looked;

	opening.monotonic_ns = begin;
	add(&opening, 1, 3, 9)->known |= LISTENER_PEAK;
	opening.listeners[0].peak.unmoved_ns = 2000 * MS; /* begun in an earlier window */
	add(&opening, 2, 3, 9);
	add(&opening, 3, 0, 9);
	peaks_begin(&peaks, &opening, 0);
	reply(1, 3, 9);
	reply(2, 4, 9);
	reply(3, 2, 9);
	look();
	looked = peaks.queues[0].look_ns;
	reply(1, 2, 9);
	reply(2, 4, 9);
	reply(3, 0, 9);
	look();
	closing.monotonic_ns = peaks.queues[0].look_ns + 500 * MS;
	add(&closing, 1, 1, 9);
	add(&closing, 2, 4, 9);
	add(&closing, 3, 0, 9);
	peaks_end(&peaks, &closing, 0);
	assert_u64_equal(closing.listeners[0].peak.stood_ns, looked - begin + 2000 * MS);
	assert_u64_equal(closing.listeners[1].peak.stood_ns, 0); /* it is not over */
	assert_u64_equal(closing.listeners[2].peak.stood_ns, looked - begin);
}

/* Full is above the limit; the time between two looks is full when the later one says so. */
static void test_full(void **state)
{
	opening.monotonic_ns = clock_monotonic_ns() - 1000 * MS;
	add(&opening, 1, 0, 2);
	add(&opening, 2, 0, 2);
	peaks_begin(&peaks, &opening, 0);
	reply(1, 3, 2);
	reply(2, 2, 2);
	look();
	closing.monotonic_ns = peaks.queues[0].look_ns + 500 * MS;
	add(&closing, 1, 3, 2);
	add(&closing, 2, 2, 2);
	peaks_end(&peaks, &closing, 0);
	assert_true(closing.listeners[0].peak.full);
	assert_u64_equal(closing.listeners[0].peak.full_ns,
			 closing.monotonic_ns - opening.monotonic_ns);
	assert_false(closing.listeners[1].peak.full);
	assert_u64_equal(closing.listeners[1].peak.full_ns, 0);
}

/* In a second in which no look was taken nobody saw it full, nor that nothing left it. */
static void test_blind(void **state)
{
	opening.monotonic_ns = clock_monotonic_ns() - 2000 * MS;
	add(&opening, 1, 3, 2);
	add(&opening, 2, 2, 2);
	peaks_begin(&peaks, &opening, 0);
	reply(1, 3, 2);
	reply(2, 2, 2);
	peaks_miss(&peaks, opening.monotonic_ns + 500 * MS, opening.monotonic_ns + 1900 * MS);
	look();
	closing.monotonic_ns = peaks.queues[0].look_ns + 100 * MS;
	add(&closing, 1, 3, 2);
	add(&closing, 2, 2, 2);
	peaks_end(&peaks, &closing, 0);
	assert_u64_equal(closing.listeners[0].peak.full_ns,
			 closing.monotonic_ns - opening.monotonic_ns - 1400 * MS);
	for (size_t i = 0; i < 2; i++) {
		assert_u64_equal(closing.listeners[i].peak.unmoved_ns, 100 * MS);
		assert_u64_equal(closing.listeners[i].peak.stood_ns,
				 closing.monotonic_ns - 100 * MS - opening.monotonic_ns);
	}
	/* It is over with the window. */
	peaks_begin(&peaks, &closing, 0);
	assert_u64_equal(peaks.blind_to_ns, 0);
}

static void test_full_for_a_while(void **state)
{
	uint64_t full_until;

	opening.monotonic_ns = clock_monotonic_ns() - 1000 * MS;
	add(&opening, 1, 3, 2);
	peaks_begin(&peaks, &opening, 0);
	reply(1, 3, 2);
	look();
	full_until = peaks.queues[0].look_ns;
	reply(1, 0, 2);
	look();
	closing.monotonic_ns = peaks.queues[0].look_ns + 500 * MS;
	add(&closing, 1, 0, 2);
	peaks_end(&peaks, &closing, 0);
	assert_true(closing.listeners[0].peak.full);
	assert_u64_equal(closing.listeners[0].peak.full_ns, full_until - opening.monotonic_ns);
}

/* Of a listener that came in the window it is not known what was before its first look. */
static void test_new_listener(void **state)
{
	const struct peak *p;

	peaks_begin(&peaks, &opening, 0);
	reply(9, 3, 2);
	look();
	closing.monotonic_ns = peaks.queues[0].look_ns + 7 * MS;
	add(&closing, 9, 3, 2);
	p = &closing.listeners[0].peak;
	peaks_end(&peaks, &closing, 0);
	assert_u64_equal(p->samples, 2);
	assert_u64_equal(p->full_ns, 7 * MS);
	assert_false(p->fell);
}

static void test_only_closing_sample_knows_it(void **state)
{
	peaks_begin(&peaks, &opening, 0);
	add(&closing, 9, 3, 2);
	peaks_end(&peaks, &closing, 0);
	assert_true(closing.listeners[0].known & LISTENER_PEAK);
	assert_u64_equal(closing.listeners[0].peak.samples, 1);
	assert_u64_equal(closing.listeners[0].peak.full_ns, 0);
	assert_false(closing.netns[0].listener_vanished);
}

static void test_vanished(void **state)
{
	add(&opening, 1, 0, 2);
	peaks_begin(&peaks, &opening, 0);
	reply(1, 0, 2);
	reply(2, 0, 2); /* comes and goes between the samples */
	look();
	add(&closing, 1, 0, 2);
	add(&closing, 3, 0, 2);
	peaks_end(&peaks, &closing, 0);
	assert_true(closing.netns[0].listener_vanished);
}

/* A dump that is resumed may show a listener twice: one look all the same. */
static void test_repeated_entry(void **state)
{
	add(&opening, 1, 0, 2);
	peaks_begin(&peaks, &opening, 0);
	reply(1, 3, 2);
	reply(1, 1, 2);
	look();
	add(&closing, 1, 3, 2);
	peaks_end(&peaks, &closing, 0);
	assert_u64_equal(closing.listeners[0].peak.samples, 2);
	assert_false(closing.listeners[0].peak.fell);
}

/* A sample may show a listener again, far behind: one look all the same. */
static void test_repeated_sample(void **state)
{
	const uint64_t many = 4096;

	for (uint64_t i = 1; i <= many; i++) {
		add(&opening, i, 0, 10);
		add(&closing, i, 0, 10);
	}
	peaks_begin(&peaks, &opening, 0);
	add(&closing, 1, 5, 10);
	peaks_end(&peaks, &closing, 0);
	assert_int_equal(closing.listeners[many].peak.length, 0);
	assert_int_equal(closing.listeners[many].peak.unmoved_ns, 0);
}

/* Whatever the order of a dump is, and whoever is missing from it. */
static void test_order(void **state)
{
	static const uint64_t orders[][4] = { { 1, 2, 3, 4 }, { 4, 3, 2, 1 }, { 2, 4 }, { 3, 1 } };

	for (uint64_t i = 1; i <= 4; i++)
		add(&opening, i, 0, 100);
	peaks_begin(&peaks, &opening, 0);
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		for (size_t j = 0; j < 4 && orders[i][j]; j++)
			reply(orders[i][j], (uint32_t)(10 * orders[i][j] + i), 100);
		look();
	}
	for (uint64_t i = 4; i; i--)
		add(&closing, i, 0, 100);
	peaks_end(&peaks, &closing, 0);
	for (size_t i = 0; i < 4; i++) {
		const struct listener *l = &closing.listeners[i];

		assert_u64_equal(l->peak.length, 10 * l->cookie + (l->cookie % 2 ? 3 : 2));
		assert_u64_equal(l->peak.samples, 4);
	}
	assert_false(closing.netns[0].listener_vanished);
}

static void test_failed_look(void **state)
{
	add(&opening, 1, 0, 2);
	peaks_begin(&peaks, &opening, 0);
	fake_netlink_fail_receive(ENOBUFS);
	peaks_look(&peaks, diag, AF_UNSPEC, NULL);
	/* The socket was opened anew: the next look succeeds. */
	reply(1, 1, 2);
	look();
	add(&closing, 1, 0, 2);
	peaks_end(&peaks, &closing, 0);
	assert_u64_equal(closing.listeners[0].peak.samples, 2);
	assert_u64_equal(closing.listeners[0].peak.length, 1);
	assert_false(closing.netns[0].listener_vanished);
}

/* Missing once may be the fault of a dump that was resumed; twice, it was not there. */
static void test_born(void **state)
{
	peaks_begin(&peaks, &opening, 0);
	reply(1, 0, 2);
	look();
	reply(1, 0, 2);
	reply(2, 0, 2);
	look();
	add(&closing, 1, 0, 2);
	add(&closing, 2, 0, 2);
	add(&closing, 3, 0, 2);
	peaks_end(&peaks, &closing, 0);
	assert_false(closing.listeners[0].peak.born);
	assert_true(closing.listeners[1].peak.born);
	assert_true(closing.listeners[2].peak.born);
}

/* Looks that were resumed while others went may have missed it. */
static void test_born_or_missed(void **state)
{
	(void)state;
	peaks_begin(&peaks, &opening, 0);
	reply(1, 0, 2);
	reply(2, 0, 2);
	look();
	reply(2, 0, 2);
	reply(3, 0, 2);
	look();
	reply(4, 0, 2);
	reply(3, 0, 2);
	look();
	add(&closing, 4, 0, 2);
	peaks_end(&peaks, &closing, 0);
	assert_false(closing.listeners[0].peak.born);
}

static void test_due(void **state)
{
	uint64_t now;

	assert_u64_equal(peaks.due_ns, UINT64_MAX);
	opening.monotonic_ns = clock_monotonic_ns();
	peaks_begin(&peaks, &opening, 0);
	assert_u64_equal(peaks.due_ns, opening.monotonic_ns + 20 * MS);
	/* Late by much: not made up for, but a whole interval on. */
	opening.monotonic_ns -= 5000 * MS;
	peaks_begin(&peaks, &opening, 0);
	now = clock_monotonic_ns();
	look();
	assert_true(peaks.due_ns >= now + 20 * MS);
	peaks_end(&peaks, &closing, 0);
	assert_u64_equal(peaks.due_ns, UINT64_MAX);
}

/* A look that costs more than its share is taken less often. */
static void test_share(void **state)
{
	uint64_t before;

	peaks.share = 0.000001;
	opening.monotonic_ns = clock_monotonic_ns();
	peaks_begin(&peaks, &opening, 0);
	before = peaks.due_ns;
	look();
	assert_true(peaks.cost_ns > 0);
	assert_u64_equal((peaks.due_ns - before) / 1000,
			 (uint64_t)((double)peaks.cost_ns / peaks.share) / 1000);
	assert_true(peaks.due_ns - before > 20 * MS);
}

static void reply_unix(uint32_t cookie, uint32_t length, uint32_t limit)
{
	struct unix_diag_msg m = { .udiag_family = AF_UNIX,
				   .udiag_state = 10,
				   .udiag_cookie = { cookie } };

	fake_netlink_reply_unix(&m, NULL, 0, length, limit);
}

/* UNIX listeners have a dump of their own; who of them vanishes spoils no ledger. */
static void test_unix(void **state)
{
	add(&opening, 1, 0, 2);
	add(&opening, 2, 0, 2)->addr.family = AF_UNIX;
	add(&opening, 3, 0, 2)->addr.family = AF_UNIX;
	peaks_begin(&peaks, &opening, 0);
	reply(1, 1, 2);
	fake_netlink_reply_done(0);
	reply_unix(2, 3, 2);
	reply_unix(4, 0, 2);
	look();
	assert_u64_equal(fake_netlink_sent(), 2);
	add(&closing, 1, 0, 2);
	add(&closing, 2, 0, 2)->addr.family = AF_UNIX;
	peaks_end(&peaks, &closing, 0);
	assert_u64_equal(closing.listeners[0].peak.length, 1);
	assert_u64_equal(closing.listeners[1].peak.length, 3);
	assert_true(closing.listeners[1].peak.full);
	assert_true(closing.listeners[1].peak.fell);
	assert_u64_equal(closing.listeners[1].peak.samples, 2);
	assert_false(closing.netns[0].listener_vanished);
}

/* And one of TCP does, whatever UNIX listeners there are instead. */
static void test_vanished_beside_unix(void **state)
{
	add(&opening, 1, 0, 2);
	add(&opening, 2, 0, 2)->addr.family = AF_UNIX;
	peaks_begin(&peaks, &opening, 0);
	add(&closing, 2, 0, 2)->addr.family = AF_UNIX;
	add(&closing, 3, 0, 2)->addr.family = AF_UNIX;
	peaks_end(&peaks, &closing, 0);
	assert_true(closing.netns[0].listener_vanished);
}

/* A lost dump is a look less; the next one has a new socket. */
static void test_unix_look_fails(void **state)
{
	add(&opening, 2, 0, 2)->addr.family = AF_UNIX;
	peaks_begin(&peaks, &opening, 0);
	fake_netlink_reply_done(0);
	fake_netlink_fail_receive(ENOBUFS);
	peaks_look(&peaks, diag, AF_UNSPEC, NULL);
	assert_u64_equal(fake_netlink_opened, 2);
	add(&closing, 2, 0, 2)->addr.family = AF_UNIX;
	peaks_end(&peaks, &closing, 0);
	assert_u64_equal(closing.listeners[0].peak.samples, 1);
}

/* Listeners that the closing sample lacks, and a dump of those: @cookies, each in its datagram. */
static void lose(uint64_t first, uint64_t last)
{
	for (uint64_t cookie = first; cookie <= last; cookie++)
		add(&opening, cookie, 0, 2);
	peaks_begin(&peaks, &opening, 0);
	peaks_end(&peaks, &closing, 0);
	assert_u64_equal(closing.n_gone, last - first + 1);
}

static void reply_dump(const char *cookies)
{
	for (; *cookies; cookies++)
		reply((uint64_t)*cookies, 0, 2);
	fake_netlink_reply_done(0);
}

static void assert_gone(const char *cookies)
{
	peaks_confirm_gone(&peaks, diag, &closing, 0);
	assert_u64_equal(fake_netlink_left(), 0);
	assert_u64_equal(closing.n_gone, strlen(cookies));
	for (size_t i = 0; i < closing.n_gone; i++)
		assert_u64_equal(closing.gone[i].cookie, (uint64_t)cookies[i]);
}

/* A dump in one datagram misses none, and one in several when the next one has all of it. */
static void test_confirm_one_datagram(void **state)
{
	(void)state;
	lose('A', 'C');
	reply_dump("B");
	assert_gone("AC");
}

static void test_confirm_two_dumps(void **state)
{
	(void)state;
	lose('A', 'C');
	reply_dump("xB");
	reply_dump("yxB");
	assert_gone("AC");
}

/* Others went before a position at which a dump went on, so that it may have missed some. */
static void test_confirm_while_others_go(void **state)
{
	(void)state;
	lose('A', 'C');
	reply_dump("xyB");
	reply_dump("yz");
	reply_dump("zw");
	reply_dump("wzA");
	assert_gone("C");
}

/* One that is repeated shows that others came, and these may have gone again. */
static void test_confirm_while_others_come(void **state)
{
	(void)state;
	lose('A', 'B');
	reply_dump("xx");
	reply_dump("xy");
	reply_dump("xyB");
	assert_gone("A");
}

/* What cannot be known for certain is not said. */
static void test_confirm_in_vain(void **state)
{
	(void)state;
	lose('A', 'B');
	for (char c = 'a'; c < 'a' + 10; c++)
		reply_dump((const char[]){ c, (char)(c + 10), '\0' });
	assert_gone("");
}

static void test_confirm_fails(void **state)
{
	(void)state;
	lose('A', 'B');
	reply_dump("xy");
	fake_netlink_fail_receive(ENOBUFS);
	assert_gone("");
	assert_u64_equal(fake_netlink_opened, 2);
}

static const char *unix_there;

static void answer(const struct nlmsghdr *request)
{
	const struct unix_diag_req *wanted = (const void *)(request + 1);

	if (request->nlmsg_flags & NLM_F_DUMP)
		fake_netlink_reply_done(0);
	else if (strchr(unix_there, (int)wanted->udiag_cookie[0]))
		reply_unix(wanted->udiag_cookie[0], 0, 2);
	else
		fake_netlink_reply_error(-ENOENT);
}

/* The kernel finds a UNIX listener by its inode. */
static void test_confirm_unix(void **state)
{
	(void)state;
	for (uint32_t i = 'A'; i <= 'C'; i++) {
		struct listener *l = add(&opening, i, 0, 2);

		l->addr.family = AF_UNIX;
		l->inode = i + 100;
	}
	peaks_begin(&peaks, &opening, 0);
	peaks_end(&peaks, &closing, 0);
	unix_there = "B";
	fake_netlink_on_request = answer;
	assert_gone("AC");
}

static void test_off(void **state)
{
	peaks_set_rate(&peaks, 0, 0.01);
	add(&opening, 1, 0, 2);
	peaks_begin(&peaks, &opening, 0);
	assert_u64_equal(peaks.due_ns, UINT64_MAX);
	add(&closing, 1, 0, 2);
	peaks_end(&peaks, &closing, 0);
	assert_false(closing.listeners[0].known & LISTENER_PEAK);
}

/* The first sample ends no window: nothing has been watched. */
static void test_end_without_begin(void **state)
{
	add(&closing, 1, 0, 2);
	peaks_end(&peaks, &closing, 0);
	assert_false(closing.listeners[0].known & LISTENER_PEAK);
	assert_false(closing.netns[0].listener_vanished);
}

/* What was seen in one window is not carried into the next. */
static void test_next_window(void **state)
{
	add(&opening, 1, 9, 2);
	peaks_begin(&peaks, &opening, 0);
	add(&closing, 1, 1, 2);
	peaks_end(&peaks, &closing, 0);
	assert_u64_equal(closing.listeners[0].peak.length, 9);
	peaks_begin(&peaks, &closing, 0);
	peaks_end(&peaks, &closing, 0);
	assert_u64_equal(closing.listeners[0].peak.length, 1);
	assert_false(closing.listeners[0].peak.full);
	assert_false(closing.listeners[0].peak.fell);
	assert_u64_equal(closing.listeners[0].peak.samples, 1);
}

#define PEAKS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PEAKS_TEST(test_length),
		PEAKS_TEST(test_ends_count),
		PEAKS_TEST(test_unmoved),
		PEAKS_TEST(test_stood),
		PEAKS_TEST(test_full),
		PEAKS_TEST(test_full_for_a_while),
		PEAKS_TEST(test_new_listener),
		PEAKS_TEST(test_only_closing_sample_knows_it),
		PEAKS_TEST(test_vanished),
		PEAKS_TEST(test_repeated_entry),
		PEAKS_TEST(test_repeated_sample),
		PEAKS_TEST(test_order),
		PEAKS_TEST(test_failed_look),
		PEAKS_TEST(test_unix),
		PEAKS_TEST(test_vanished_beside_unix),
		PEAKS_TEST(test_unix_look_fails),
		PEAKS_TEST(test_born),
		PEAKS_TEST(test_born_or_missed),
		PEAKS_TEST(test_blind),
		PEAKS_TEST(test_due),
		PEAKS_TEST(test_share),
		PEAKS_TEST(test_confirm_one_datagram),
		PEAKS_TEST(test_confirm_two_dumps),
		PEAKS_TEST(test_confirm_while_others_go),
		PEAKS_TEST(test_confirm_while_others_come),
		PEAKS_TEST(test_confirm_in_vain),
		PEAKS_TEST(test_confirm_fails),
		PEAKS_TEST(test_confirm_unix),
		PEAKS_TEST(test_off),
		PEAKS_TEST(test_end_without_begin),
		PEAKS_TEST(test_next_window),
	};

	return cmocka_run_group_tests_name("peaks", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "collect/unix_queues.h"
#include "fake_netlink.h"

#include <errno.h>
#include <sys/socket.h>

#define SEC NSEC_PER_SEC
#define MS  (NSEC_PER_SEC / 1000)

static struct netlink_socket *netlink;
static struct unix_queues queues;
static struct snapshot s;

static int setup(void **state)
{
	struct error why;

	(void)state;
	fake_netlink_reset();
	queues.due_ns = UINT64_MAX;
	return netlink_open(&netlink, NETNS_HOME, &why);
}

static int teardown(void **state)
{
	(void)state;
	netlink_close(netlink);
	unix_queues_free(&queues);
	snapshot_free(&s);
	fake_netlink_reset();
	return 0;
}

static void reply(uint32_t cookie, uint32_t length, uint32_t limit)
{
	struct unix_diag_msg m = { .udiag_family = AF_UNIX,
				   .udiag_state = 10,
				   .udiag_cookie = { cookie } };

	fake_netlink_reply_unix(&m, NULL, 0, length, limit);
}

static void end_dump(uint64_t now_ns)
{
	fake_netlink_reply_done(0);
	unix_queues_begin(&queues, now_ns);
	unix_queues_add(&queues, netlink);
	unix_queues_end(&queues, now_ns);
	assert_u64_equal(fake_netlink_left(), 0);
	snapshot_reset(&s);
	unix_queues_tell(&queues, &s);
}

/* A look at one listener alone. */
static void look(uint64_t now_ns, uint32_t length)
{
	reply(1, length, 9);
	end_dump(now_ns);
}

static void test_only_those_with_a_queue(void **state)
{
	(void)state;
	reply(1, 0, 5);
	reply(2, 6, 5);
	reply(3, 1, 5);
	reply(3, 1, 5); /* repeated */
	end_dump(SEC);
	assert_true(s.known & SNAPSHOT_UNIX_QUEUES);
	assert_u64_equal(s.n_unix_queues, 2);
	assert_u64_equal(s.unix_queues[0].cookie, 2);
	assert_u64_equal(s.unix_queues[0].length, 6);
	assert_u64_equal(s.unix_queues[0].limit, 5);
	assert_u64_equal(s.unix_queues[0].since_ns, SEC);
}

static void test_since(void **state)
{
	(void)state;
	look(1 * SEC, 1);
	look(2 * SEC, 1);
	look(3 * SEC, 3);
	assert_u64_equal(s.unix_queues[0].since_ns, SEC);
	look(4 * SEC, 2);
	assert_u64_equal(s.unix_queues[0].since_ns, 4 * SEC);
	look(5 * SEC, 0);
	assert_u64_equal(s.n_unix_queues, 0);
	look(6 * SEC, 2);
	assert_u64_equal(s.unix_queues[0].since_ns, 6 * SEC);
}

/* Looks are for those that have waited for a while, and are not full. */
static void test_when_looks_are_due(void **state)
{
	(void)state;
	look(1 * SEC, 0);
	assert_u64_equal(queues.due_ns, UINT64_MAX);
	look(2 * SEC, 10);
	assert_u64_equal(queues.due_ns, UINT64_MAX);
	look(3 * SEC, 3);
	assert_u64_equal(queues.due_ns, 4 * SEC);
	look(4 * SEC, 3);
	assert_u64_equal(queues.due_ns, 4 * SEC + 100 * MS);
	look(4 * SEC + 100 * MS, 3);
	assert_u64_equal(queues.due_ns, 4 * SEC + 200 * MS);
	look(4 * SEC + 200 * MS, 2);
	assert_u64_equal(queues.due_ns, 5 * SEC + 200 * MS);
}

/* Where a dump is dear, looks are rare. */
static void test_looks_have_a_share(void **state)
{
	(void)state;
	reply(1, 3, 9);
	fake_netlink_reply_done(0);
	unix_queues_begin(&queues, SEC);
	unix_queues_add(&queues, netlink);
	unix_queues_end(&queues, SEC + 10 * MS);
	assert_u64_equal(queues.due_ns, SEC + 10 * MS + 5 * SEC);
}

static void test_unavailable(void **state)
{
	(void)state;
	fake_netlink_reply_error(-ENOENT);
	unix_queues_begin(&queues, SEC);
	unix_queues_add(&queues, netlink);
	unix_queues_end(&queues, SEC);
	unix_queues_tell(&queues, &s);
	assert_u64_equal(s.known, 0);
	assert_u64_equal(s.n_warnings, 0);
}

#define QUEUES_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUES_TEST(test_only_those_with_a_queue),
		QUEUES_TEST(test_since),
		QUEUES_TEST(test_when_looks_are_due),
		QUEUES_TEST(test_looks_have_a_share),
		QUEUES_TEST(test_unavailable),
	};

	return cmocka_run_group_tests_name("unix_queues", tests, NULL, NULL);
}

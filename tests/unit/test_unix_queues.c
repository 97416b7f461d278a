/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "collect/unix_queues.h"
#include "fake_netlink.h"

#include <errno.h>
#include <linux/sock_diag.h>
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

static struct {
	uint32_t length, first; /* of listener 1, whose limit is 9; 0: the client has closed it */
} kernel;

/* A dump tells lengths, and a question the clients in the order of the queue. */
static void answer(const struct nlmsghdr *request)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_msg m;
		struct nlattr a;
		uint32_t icons[2];
	} m = { .head = { .nlmsg_len = sizeof(m), .nlmsg_type = SOCK_DIAG_BY_FAMILY },
		.m = { .udiag_family = AF_UNIX, .udiag_state = 10, .udiag_cookie = { 1 } },
		.a = { .nla_len = sizeof(m.a) + sizeof(m.icons), .nla_type = UNIX_DIAG_ICONS },
		.icons = { kernel.first, 4711 } };

	if (request->nlmsg_flags & NLM_F_DUMP) {
		reply(1, kernel.length, 9);
		fake_netlink_reply_done(0);
	} else {
		fake_netlink_reply(&m, sizeof(m));
	}
}

/* Since when the first is the same, as this look tells. */
static uint64_t first_since(uint64_t now_ns, uint32_t length, uint32_t first)
{
	kernel.length = length;
	kernel.first = first;
	unix_queues_begin(&queues, now_ns);
	unix_queues_add(&queues, netlink);
	unix_queues_end(&queues, now_ns);
	snapshot_reset(&s);
	unix_queues_tell(&queues, &s);
	assert_u64_equal(fake_netlink_left(), 0);
	return s.unix_queues[0].since_ns;
}

/* Who is the next to be accepted tells whether one was, whatever the length. */
static void test_first(void **state)
{
	(void)state;
	fake_netlink_on_request = answer;
	assert_u64_equal(first_since(1 * SEC, 3, 7), 1 * SEC);
	assert_u64_equal(queues.due_ns, UINT64_MAX); /* no looks between samples */
	assert_u64_equal(first_since(2 * SEC, 3, 7), 1 * SEC);
	assert_u64_equal(first_since(3 * SEC, 3, 8), 3 * SEC); /* one in for one out */
	assert_u64_equal(first_since(4 * SEC, 9, 8), 3 * SEC);
	/* Where the client has closed it, only lengths tell. */
	assert_u64_equal(first_since(5 * SEC, 9, 0), 3 * SEC);
	assert_u64_equal(queues.due_ns, 5 * SEC + 100 * MS);
	assert_u64_equal(first_since(6 * SEC, 8, 0), 6 * SEC);
	/* What only lengths told is no proof of one that is known now. */
	assert_u64_equal(first_since(7 * SEC, 9, 0), 6 * SEC);
	assert_u64_equal(first_since(8 * SEC, 9, 5), 8 * SEC);
	assert_u64_equal(first_since(9 * SEC, 9, 5), 8 * SEC);
}

/* The same of listeners that are shown. */
static void test_first_of_listeners(void **state)
{
	(void)state;
	fake_netlink_on_request = answer;
	for (uint64_t second = 1; second <= 3; second++) {
		struct listener *l;

		kernel.first = second < 3 ? 7 : 0;
		snapshot_reset(&s);
		snapshot_add_netns(&s);
		l = snapshot_add_listener(&s, 0, 1);
		l->addr.family = AF_UNIX;
		l->length = 2;
		unix_queues_begin(&queues, second * SEC);
		unix_queues_take(&queues, netlink, &s, 0);
		assert_u64_equal(s.listeners[0].first_ns, second < 3 ? SEC : 0);
		assert_u64_equal(queues.due_ns, UINT64_MAX);
	}
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
		QUEUES_TEST(test_first),
		QUEUES_TEST(test_first_of_listeners),
		QUEUES_TEST(test_unavailable),
	};

	return cmocka_run_group_tests_name("unix_queues", tests, NULL, NULL);
}

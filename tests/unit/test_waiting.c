/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "collect/waiting.h"
#include "fake_netlink.h"
#include "model/connections.h"
#include "model/groups.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define MS 1000000ull
#define S  (1000 * MS)

static struct diag_socket *diag;
static struct waiting waiting;
static struct snapshot s;
static struct waiting_request wanted; /* no sample before, unless a test says so */
static struct waiting_at at;
static int64_t length_now; /* of the first listener after the walk; -1: it is gone */
static struct error why;
static uint32_t next_cookie;

static void begin_sample(void)
{
	snapshot_reset(&s);
	snapshot_add_netns(&s);
	s.monotonic_ns = clock_monotonic_ns();
	wanted.now.begin_ns = wanted.now.end_ns = s.monotonic_ns;
}

static int setup(void **state)
{
	fake_netlink_reset();
	assert_int_equal(diag_open(&diag, NETNS_HOME, &why), 0);
	next_cookie = 100;
	wanted = (struct waiting_request){ .high = true };
	begin_sample();
	waiting_begin(&waiting);
	length_now = -1;
	return 0;
}

static int teardown(void **state)
{
	diag_close(diag);
	waiting_free(&waiting);
	snapshot_free(&s);
	fake_netlink_reset();
	return 0;
}

static struct listener *listen_at(uint16_t port, uint32_t length, uint32_t limit)
{
	struct listener *l = snapshot_add_listener(&s, 0, next_cookie++);

	l->addr.family = AF_INET;
	l->addr.port = port;
	l->length = length;
	l->limit = limit;
	return l;
}

static struct group *group(size_t i)
{
	return &s.groups[s.listeners[i].group];
}

/* What a walk shows. */
static void show(struct diag_record r, int64_t age)
{
	r.cookie = next_cookie++;
	r.uid = 1000; /* the listener's since 6.16: tells nothing */
	r.family = r.family ? r.family : AF_INET;
	if (age >= 0) {
		r.known = DIAG_LAST_DATA_SENT;
		r.last_data_sent_ms = (uint32_t)age;
	}
	waiting_add(&waiting, &r);
}

static void child(uint16_t port, uint8_t sk_state, int64_t age)
{
	show((struct diag_record){ .local_port = port,
				   .state = sk_state,
				   .local = { 10, 0, 0, 1 } },
	     age);
}

static int tell(void)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET, .idiag_state = DIAG_LISTEN };

	m.id.idiag_cookie[0] = (uint32_t)s.listeners[0].cookie;
	m.idiag_rqueue = (uint32_t)length_now;
	if (length_now >= 0)
		fake_netlink_reply_socket(&m, -1, -1);
	fake_netlink_reply_done(0);
	assert_true(waiting_wanted(&s, &wanted));
	waiting_ports(&s, &wanted, &at);
	return waiting_fill(&waiting, diag, &s, &wanted, &at, &why);
}

static void test_oldest(void **state)
{
	listen_at(80, 3, 2);
	child(80, DIAG_ESTABLISHED, 700);
	child(80, DIAG_CLOSE_WAIT, 1900);
	child(80, DIAG_ESTABLISHED, 1100);
	/* Accepted: it has an inode. */
	show((struct diag_record){ .local_port = 80, .state = DIAG_ESTABLISHED, .inode = 4711 },
	     99999);
	assert_int_equal(tell(), 0);
	assert_u64_equal(group(0)->known, GROUP_WAITING | GROUP_OLDEST);
	assert_u64_equal(group(0)->waiting, 3);
	assert_u64_equal(group(0)->waiting_closed, 1);
	assert_u64_equal(group(0)->oldest_wait_ms, 1900);
	assert_u64_equal(s.netns[0].waiting_ns, s.monotonic_ns);
}

/* It was accepted and closed between the choice of sockets by state and the report of each. */
static void test_closed_meanwhile(void **state)
{
	const uint8_t closed[] = { TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_TIME_WAIT,
				   TCP_CLOSE,	  TCP_LAST_ACK,	 TCP_CLOSING };

	listen_at(80, 3, 2);
	child(80, DIAG_ESTABLISHED, 700);
	for (size_t i = 0; i < ARRAY_SIZE(closed); i++)
		child(80, closed[i], 1900);
	assert_int_equal(tell(), 0);
	assert_u64_equal(group(0)->waiting, 1);
	assert_u64_equal(group(0)->oldest_wait_ms, 700);
}

static void test_age_of_zero_is_an_age(void **state)
{
	listen_at(80, 3, 2);
	child(80, DIAG_ESTABLISHED, 0);
	assert_int_equal(tell(), 0);
	assert_u64_equal(group(0)->known, GROUP_WAITING | GROUP_OLDEST);
	assert_u64_equal(group(0)->oldest_wait_ms, 0);
}

static void test_no_age_is_unknown(void **state)
{
	listen_at(80, 3, 2);
	child(80, DIAG_ESTABLISHED, -1);
	assert_int_equal(tell(), 0);
	assert_u64_equal(group(0)->known, GROUP_WAITING);
	assert_u64_equal(group(0)->waiting, 1);
}

/*
 * Ages tell who was there at the sample before: surely, possibly or not. Jiffies are 10 ms at
 * worst, at both ends of an age.
 */
static void test_stayed(void **state)
{
	static const int64_t ages[] = { 5000, 2100, 2010, 1995, 1960, 1000, 0 };
	uint64_t now = clock_monotonic_ns();

	wanted.before.begin_ns = now - 2000 * MS;
	wanted.before.end_ns = now - 1990 * MS;
	listen_at(80, 7, 6);
	for (size_t i = 0; i < ARRAY_SIZE(ages); i++)
		child(80, DIAG_ESTABLISHED, ages[i]);
	assert_int_equal(tell(), 0);
	assert_true(group(0)->known & GROUP_STAYED);
	assert_u64_equal(group(0)->stayed_min, 2);
	assert_u64_equal(group(0)->stayed_max, 4);
}

/* Who came after the listeners were dumped is not part of the length that was told. */
static void test_present(void **state)
{
	uint64_t now = clock_monotonic_ns();

	wanted.now.begin_ns = now - 500 * MS;
	wanted.now.end_ns = now - 490 * MS;
	listen_at(80, 3, 2);
	child(80, DIAG_ESTABLISHED, 5000);
	child(80, DIAG_ESTABLISHED, 600);
	child(80, DIAG_ESTABLISHED, 400);
	length_now = 2;
	assert_int_equal(tell(), 0);
	assert_u64_equal(group(0)->waiting, 3);
	assert_u64_equal(group(0)->present_min, 2);
	assert_u64_equal(group(0)->length_after, 2);
}

/* Who came between the two dumps of listeners is no reason to miss somebody. */
static void test_longer_after_the_walk(void **state)
{
	listen_at(80, 3, 2);
	length_now = 5;
	assert_int_equal(tell(), 0);
	assert_u64_equal(group(0)->length_after, 3);
}

static void test_no_sample_before(void **state)
{
	listen_at(80, 7, 6);
	child(80, DIAG_ESTABLISHED, 5000);
	assert_int_equal(tell(), 0);
	assert_false(group(0)->known & GROUP_STAYED);
	assert_u64_equal(group(0)->stayed_max, 0);
}

/* Only queues of 80 % and above. */
static void test_which_are_asked_for(void **state)
{
	const struct inet_diag_req *r;
	const struct nlattr *filter;

	listen_at(83, 20, 15); /* above capacity */
	listen_at(80, 8, 9); /* 80 % */
	listen_at(81, 7, 9); /* 70 % */
	listen_at(82, 0, 0); /* nothing waits */
	assert_int_equal(tell(), 0);
	assert_u64_equal(at.n, 2);
	assert_u64_equal(at.ports[0], 80);
	assert_u64_equal(at.ports[1], 83);
	assert_u64_equal(group(0)->known, GROUP_WAITING);
	assert_u64_equal(group(1)->known, GROUP_WAITING);
	assert_u64_equal(group(2)->known, 0);
	assert_u64_equal(group(3)->known, 0);
	/* The lengths after the walk are those of these listeners. */
	assert_u64_equal(fake_netlink_sent(), 1);
	r = NLMSG_DATA(fake_netlink_request(0));
	filter = (const void *)((const char *)fake_netlink_request(0) +
				NLMSG_LENGTH(sizeof(struct inet_diag_req)));
	assert_u64_equal(r->idiag_states, 1 << DIAG_LISTEN);
	assert_u64_equal(r->idiag_ext, 0);
	assert_u64_equal(filter->nla_len, sizeof(struct nlattr) + 16 + 12);
}

static void test_all_with_a_queue(void **state)
{
	wanted.all = true;
	listen_at(80, 1, 4096);
	listen_at(81, 0, 4096);
	assert_int_equal(tell(), 0);
	assert_u64_equal(group(0)->known, GROUP_WAITING);
	assert_u64_equal(group(1)->known, 0);
}

/* Connections of the same port that belong to a listener nobody asked for, or to none. */
static void test_others_at_the_port(void **state)
{
	listen_at(80, 3, 2);
	listen_at(80, 0, 8)->addr.address[0] = 10;
	s.listeners[1].addr.address[3] = 1;
	child(80, DIAG_ESTABLISHED, 500); /* at 10.0.0.1: of the second */
	child(79, DIAG_ESTABLISHED, 500);
	assert_int_equal(tell(), 0);
	assert_u64_equal(group(0)->waiting, 0);
	assert_u64_equal(group(1)->known, 0);
	assert_u64_equal(group(1)->waiting, 0);
}

/* More ports than fit in a filter: the rest is unknown, and the reader is told. */
static void test_too_many_ports(void **state)
{
	size_t known = 0;

	for (unsigned int port = 1; port <= WAITING_PORTS_MAX + 10; port++)
		listen_at((uint16_t)port, 3, 2);
	assert_int_equal(tell(), 0);
	for (size_t i = 0; i < s.n_listeners; i++)
		known += !!(group(i)->known & GROUP_WAITING);
	assert_u64_equal(known, WAITING_PORTS_MAX);
	assert_u64_equal(s.n_warnings, 1);
	assert_string_equal(s.warnings[0].code, "waiting-incomplete");
}

static void show_peer(uint8_t sk_state, uint32_t unread, uint16_t peer_port, int64_t age)
{
	show((struct diag_record){ .family = AF_INET6,
				   .local_port = 80,
				   .state = sk_state,
				   .rqueue = unread,
				   .peer_port = peer_port },
	     age);
}

static void test_connections(void **state)
{
	static const struct connection expected[] = {
		{ .peer_port = 3, .has_wait = true, .wait_ms = 900, .peer_closed = true },
		{ .peer_port = 1, .has_wait = true, .wait_ms = 700, .unread_bytes = 17 },
		{ .peer_port = 2, .has_wait = true, .unread_bytes = 17, .peer_closed = true },
		{ .peer_port = 4, .unread_bytes = 5 },
	};
	struct connections of;

	waiting_begin(&waiting);
	listen_at(80, 5, 4096)->addr.family = AF_INET6;
	groups_build(&s);
	children_want_connections(&s, 0, 0);
	wanted.high = false;
	show_peer(DIAG_ESTABLISHED, 17, 1, 700);
	show_peer(DIAG_CLOSE_WAIT, 18, 2, 0); /* the FIN counts as a byte */
	show_peer(DIAG_CLOSE_WAIT, 1, 3, 900);
	/* Of Fast Open: it waits, but not since a handshake. */
	show_peer(DIAG_SYN_RECV, 5, 4, 4000);
	assert_int_equal(tell(), 0);
	connections_sort(&s);
	assert_u64_equal(group(0)->known, GROUP_WAITING | GROUP_OLDEST | GROUP_CONNECTIONS);
	assert_u64_equal(group(0)->waiting, 3);
	assert_u64_equal(group(0)->fastopen, 1);
	assert_u64_equal(group(0)->oldest_wait_ms, 900);
	of = connections_of(&s, group(0), false);
	assert_u64_equal(of.n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < of.n; i++) {
		assert_u64_equal(of.list[i].peer_port, expected[i].peer_port);
		assert_true(of.list[i].has_wait == expected[i].has_wait);
		assert_u64_equal(of.list[i].wait_ms, expected[i].wait_ms);
		assert_u64_equal(of.list[i].unread_bytes, expected[i].unread_bytes);
		assert_true(of.list[i].peer_closed == expected[i].peer_closed);
	}
	assert_u64_equal(connections_of(&s, group(0), true).n, 0);
}

/* The data of a subflow, and a close, are with the MPTCP socket: of a subflow they tell nothing. */
static void test_mptcp(void **state)
{
	struct connections of;

	waiting_begin(&waiting);
	listen_at(80, 3, 2);
	groups_build(&s);
	children_want_connections(&s, 0, 0);
	show((struct diag_record){ .local_port = 80, .state = DIAG_CLOSE_WAIT, .mptcp = true },
	     900);
	show((struct diag_record){ .local_port = 80, .state = DIAG_ESTABLISHED, .mptcp = true },
	     800);
	/* A client of plain TCP. */
	show((struct diag_record){ .local_port = 80, .state = DIAG_CLOSE_WAIT }, 700);
	assert_int_equal(tell(), 0);
	connections_sort(&s);
	assert_u64_equal(group(0)->waiting, 3);
	assert_u64_equal(group(0)->waiting_mptcp, 2);
	assert_u64_equal(group(0)->waiting_closed, 1);
	of = connections_of(&s, group(0), false);
	assert_u64_equal(of.n, 3);
	for (size_t i = 0; i < of.n; i++) {
		assert_true(of.list[i].mptcp == (i < 2));
		assert_true(of.list[i].peer_closed == (i == 2));
	}
}

/* What is told of a later sample, for which there was no walk. */

/* A walk that found all there is to find in the queue of listener 100, at port 80. */
static void walk(void)
{
	waiting_begin(&waiting);
	wanted.before.begin_ns = wanted.before.end_ns = s.monotonic_ns - S;
	listen_at(80, 5, 4);
	child(80, DIAG_ESTABLISHED, 5000);
	child(80, DIAG_CLOSE_WAIT, 700);
	child(80, DIAG_SYN_RECV, 700);
	show((struct diag_record){ .local_port = 80, .state = DIAG_ESTABLISHED, .mptcp = true },
	     -1);
	length_now = 5;
	assert_int_equal(tell(), 0);
	assert_true(group(0)->known & GROUP_STAYED);
	begin_sample();
}

/* A listener of the next sample. */
static struct listener *again(uint32_t cookie, uint32_t length)
{
	uint32_t next = next_cookie;
	struct listener *l;

	next_cookie = cookie;
	l = listen_at(80, length, 4);
	next_cookie = next;
	return l;
}

static void test_told_again(void **state)
{
	uint64_t walked_ns = s.monotonic_ns;
	const struct group *g;

	walk();
	again(100, 4);
	waiting_fill_again(&waiting, diag, &s, &wanted);
	g = group(0);
	assert_u64_equal(g->known, GROUP_WAITING | GROUP_OLDEST);
	assert_u64_equal(s.netns[0].waiting_ns, walked_ns);
	assert_u64_equal(g->waiting, 3);
	assert_u64_equal(g->waiting_mptcp, 1);
	assert_u64_equal(g->waiting_closed, 1);
	assert_u64_equal(g->fastopen, 1);
	assert_u64_equal(g->oldest_wait_ms, 5000);
	/* As it was then, though it is shorter by now. */
	assert_u64_equal(g->length_after, 5);
	/* Who stayed in the window of the walk says nothing of this one. */
	assert_u64_equal(g->stayed_min, 0);
	assert_u64_equal(g->stayed_max, 0);
	assert_u64_equal(g->present_min, 0);
	assert_u64_equal(s.n_connections, 0);
}

/* Not of a queue that nobody asks about any more. */
static void test_not_wanted_any_more(void **state)
{
	static const uint32_t lengths[] = { 3, 0 };

	walk();
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		wanted.all = lengths[i] == 0;
		begin_sample();
		again(100, lengths[i]);
		wanted.before.begin_ns = 0;
		waiting_fill_again(&waiting, diag, &s, &wanted);
		assert_u64_equal(group(0)->known, 0);
	}
}

/* Another listener has come to the address: none of them waits at it. */
static void test_another_listener(void **state)
{
	walk();
	again(200, 5);
	groups_build(&s);
	children_want_connections(&s, 0, 0);
	waiting_fill_again(&waiting, diag, &s, &wanted);
	assert_u64_equal(group(0)->known, GROUP_CONNECTIONS);
	assert_u64_equal(group(0)->waiting, 0);
	assert_u64_equal(s.n_connections, 0);
}

/* And one that was not looked into then: unknown, not empty. */
static void test_not_looked_into(void **state)
{
	walk();
	again(100, 5);
	listen_at(81, 5, 4);
	waiting_fill_again(&waiting, diag, &s, &wanted);
	assert_true(group(0)->known & GROUP_WAITING);
	assert_u64_equal(group(1)->known, 0);
}

/* Whose they are is as it was then, whichever members of the group have a queue by now. */
static void test_holder(void **state)
{
	walk();
	again(200, 5);
	again(100, 0);
	waiting_fill_again(&waiting, diag, &s, &wanted);
	assert_u64_equal(s.n_groups, 1);
	assert_true(group(0)->known & GROUP_WAITING);
	assert_u64_equal(group(0)->holder, 100);
	/* It has gone, and took them along. */
	begin_sample();
	again(200, 5);
	waiting_fill_again(&waiting, diag, &s, &wanted);
	assert_u64_equal(group(0)->known, 0);
	assert_u64_equal(group(0)->holder, 200);
}

static void test_no_holder(void **state)
{
	listen_at(80, 5, 4);
	listen_at(80, 5, 4);
	child(80, DIAG_ESTABLISHED, 5000);
	assert_int_equal(tell(), 0);
	assert_u64_equal(group(0)->holder, 0);
	begin_sample();
	again(101, 0);
	again(100, 5);
	waiting_fill_again(&waiting, diag, &s, &wanted);
	assert_true(group(0)->known & GROUP_WAITING);
	assert_u64_equal(group(0)->waiting, 1);
	assert_u64_equal(group(0)->holder, 0);
}

#define WAITING_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WAITING_TEST(test_oldest),
		WAITING_TEST(test_closed_meanwhile),
		WAITING_TEST(test_age_of_zero_is_an_age),
		WAITING_TEST(test_no_age_is_unknown),
		WAITING_TEST(test_stayed),
		WAITING_TEST(test_no_sample_before),
		WAITING_TEST(test_present),
		WAITING_TEST(test_longer_after_the_walk),
		WAITING_TEST(test_which_are_asked_for),
		WAITING_TEST(test_all_with_a_queue),
		WAITING_TEST(test_others_at_the_port),
		WAITING_TEST(test_too_many_ports),
		WAITING_TEST(test_connections),
		WAITING_TEST(test_mptcp),
		WAITING_TEST(test_told_again),
		WAITING_TEST(test_not_wanted_any_more),
		WAITING_TEST(test_another_listener),
		WAITING_TEST(test_not_looked_into),
		WAITING_TEST(test_holder),
		WAITING_TEST(test_no_holder),
	};

	return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}

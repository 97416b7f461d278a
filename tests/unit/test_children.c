/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "collect/children.h"
#include "fake_netlink.h"
#include "model/connections.h"
#include "model/groups.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS 1000000ull

static struct diag_socket *diag;
static struct children children;
static struct snapshot s;
static struct waiting_request wanted; /* no sample before, unless a test says so */
static int64_t length_now; /* of the first listener after that; -1: it is gone */
static struct error why;
static uint32_t next_cookie;

static int setup(void **state)
{
	(void)state;
	fake_netlink_reset();
	assert_int_equal(diag_open(&diag, NETNS_HOME, &why), 0);
	snapshot_add_netns(&s);
	next_cookie = 100;
	memset(&wanted, 0, sizeof(wanted));
	wanted.high = true;
	wanted.now.begin_ns = wanted.now.end_ns = clock_monotonic_ns();
	length_now = -1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	diag_close(diag);
	children_free(&children);
	snapshot_free(&s);
	fake_netlink_reset();
	return 0;
}

static struct listener *listen_at(uint16_t port, uint32_t length, uint32_t limit)
{
	struct listener *l = snapshot_add_listener(&s, 0, next_cookie++);

	l->bound.family = AF_INET;
	l->bound.port = port;
	l->length = length;
	l->limit = limit;
	return l;
}

static struct group *group(size_t i)
{
	return &s.groups[s.listeners[i].group];
}

static void half_open(uint16_t port, uint32_t cookie, unsigned int retransmits, bool request_sock)
{
	struct diag_record r = { .cookie = cookie,
				 .state = DIAG_SYN_RECV,
				 .family = AF_INET,
				 .local = { 10, 0, 0, 1 },
				 .local_port = port,
				 .retransmits = (uint8_t)retransmits,
				 .request_sock = request_sock };

	children_add(&children, 0, &r);
}

static void test_syn_recv(void **state)
{
	(void)state;
	listen_at(80, 0, 8);
	listen_at(81, 0, 8);
	groups_build(&s);
	half_open(80, 1, 0, true);
	half_open(80, 2, 1, true);
	half_open(80, 3, 5, true);
	half_open(81, 4, 0, true);
	children_count_syn_recv(&children, &s, 0, true);
	assert_u64_equal(group(0)->syn_length, 3);
	assert_u64_equal(group(0)->syn_retransmitted, 2);
	assert_u64_equal(group(1)->syn_length, 1);
	assert_u64_equal(group(1)->syn_retransmitted, 0);
	assert_u64_equal(s.netns[0].unattributed_syn_recv, 0);
}

/* A Fast Open child is in the accept queue: it counts there, not as half-open. */
static void test_fast_open(void **state)
{
	(void)state;
	listen_at(80, 1, 8);
	groups_build(&s);
	half_open(80, 1, 0, true);
	half_open(80, 2, 1, false);
	children_count_syn_recv(&children, &s, 0, true);
	assert_u64_equal(group(0)->syn_length, 1);
	assert_u64_equal(group(0)->syn_retransmitted, 0);
	assert_u64_equal(group(0)->fastopen, 1);
}

static void test_reuseport_counts_once(void **state)
{
	(void)state;
	listen_at(80, 0, 8);
	listen_at(80, 0, 8);
	groups_build(&s);
	half_open(80, 1, 0, true);
	half_open(80, 2, 0, true);
	children_count_syn_recv(&children, &s, 0, true);
	assert_u64_equal(s.n_groups, 1);
	assert_u64_equal(group(0)->syn_length, 2);
	assert_ptr_equal(group(0), group(1));
}

/* Requests that a closed listener left behind are forced on nobody; its children are no requests.
 */
static void test_orphans(void **state)
{
	(void)state;
	listen_at(80, 0, 8);
	groups_build(&s);
	half_open(81, 1, 0, true);
	half_open(81, 2, 0, false);
	children_count_syn_recv(&children, &s, 0, true);
	assert_u64_equal(group(0)->syn_length, 0);
	assert_u64_equal(s.netns[0].unattributed_syn_recv, 1);
}

static void test_repeated_entry(void **state)
{
	(void)state;
	listen_at(80, 0, 8);
	groups_build(&s);
	half_open(80, 1, 0, true);
	half_open(80, 1, 0, true);
	half_open(80, 2, 0, true);
	children_count_syn_recv(&children, &s, 0, true);
	assert_u64_equal(group(0)->syn_length, 2);
	/* A reset forgets which were there. */
	children_reset(&children, false);
	assert_u64_equal(children.n, 0);
	half_open(80, 1, 0, true);
	assert_u64_equal(children.n, 1);
}

/* Dumps of waiting connections. */

static void reply(uint16_t port, uint8_t sk_state, uint32_t inode, int64_t age)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET,
				   .idiag_state = sk_state,
				   .idiag_inode = inode,
				   .idiag_uid = 1000, /* the listener's since 6.16: tells nothing */
				   .id.idiag_sport = htons(port),
				   .id.idiag_cookie = { next_cookie++ } };

	m.id.idiag_src[0] = htonl(0x0a000001);
	fake_netlink_reply_socket(&m, -1, age);
}

static int dump(bool all)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET, .idiag_state = DIAG_LISTEN };

	fake_netlink_reply_done(0);
	m.id.idiag_cookie[0] = (uint32_t)s.listeners[0].cookie;
	m.idiag_rqueue = (uint32_t)length_now;
	if (length_now >= 0)
		fake_netlink_reply_socket(&m, -1, -1);
	fake_netlink_reply_done(0);
	wanted.all = all;
	return children_dump_waiting(&children, diag, &s, &wanted, &why);
}

static void test_oldest(void **state)
{
	(void)state;
	listen_at(80, 3, 2);
	groups_build(&s);
	reply(80, DIAG_ESTABLISHED, 0, 700);
	reply(80, DIAG_CLOSE_WAIT, 0, 1900);
	reply(80, DIAG_ESTABLISHED, 0, 1100);
	reply(80, DIAG_ESTABLISHED, 4711, 99999); /* accepted: it has an inode */
	assert_int_equal(dump(false), 0);
	assert_u64_equal(group(0)->known, GROUP_WAITING | GROUP_OLDEST);
	assert_u64_equal(group(0)->waiting, 3);
	assert_u64_equal(group(0)->waiting_closed, 1);
	assert_u64_equal(group(0)->oldest_wait_ms, 1900);
}

static void test_age_of_zero_is_an_age(void **state)
{
	(void)state;
	listen_at(80, 3, 2);
	groups_build(&s);
	reply(80, DIAG_ESTABLISHED, 0, 0);
	assert_int_equal(dump(false), 0);
	assert_u64_equal(group(0)->known, GROUP_WAITING | GROUP_OLDEST);
	assert_u64_equal(group(0)->oldest_wait_ms, 0);
}

static void test_no_age_is_unknown(void **state)
{
	(void)state;
	listen_at(80, 3, 2);
	groups_build(&s);
	reply(80, DIAG_ESTABLISHED, 0, -1);
	assert_int_equal(dump(false), 0);
	assert_u64_equal(group(0)->known, GROUP_WAITING);
	assert_u64_equal(group(0)->waiting, 1);
}

static const struct nlattr *filter_of(size_t request)
{
	return (const void *)((const char *)fake_netlink_request(request) +
			      NLMSG_LENGTH(sizeof(struct inet_diag_req)));
}

/*
 * Ages tell who was there at the sample before: surely, possibly or not. Jiffies are 10 ms at
 * worst, at both ends of an age.
 */
static void test_stayed(void **state)
{
	static const int64_t ages[] = { 5000, 2100, 2010, 1995, 1960, 1000, 0 };
	uint64_t now = clock_monotonic_ns();

	(void)state;
	wanted.before.begin_ns = now - 2000 * MS;
	wanted.before.end_ns = now - 1990 * MS;
	listen_at(80, 7, 6);
	groups_build(&s);
	for (size_t i = 0; i < ARRAY_SIZE(ages); i++)
		reply(80, DIAG_ESTABLISHED, 0, ages[i]);
	assert_int_equal(dump(false), 0);
	assert_true(group(0)->known & GROUP_STAYED);
	assert_u64_equal(group(0)->stayed_min, 2);
	assert_u64_equal(group(0)->stayed_max, 4);
}

/* Who came after the listeners were dumped is not part of the length that was told. */
static void test_present(void **state)
{
	uint64_t now = clock_monotonic_ns();

	(void)state;
	wanted.now.begin_ns = now - 500 * MS;
	wanted.now.end_ns = now - 490 * MS;
	listen_at(80, 3, 2);
	groups_build(&s);
	reply(80, DIAG_ESTABLISHED, 0, 5000);
	reply(80, DIAG_ESTABLISHED, 0, 600);
	reply(80, DIAG_ESTABLISHED, 0, 400);
	length_now = 2;
	assert_int_equal(dump(false), 0);
	assert_u64_equal(group(0)->waiting, 3);
	assert_u64_equal(group(0)->present_min, 2);
	assert_u64_equal(group(0)->length_after, 2);
}

static void test_no_sample_before(void **state)
{
	(void)state;
	listen_at(80, 7, 6);
	groups_build(&s);
	reply(80, DIAG_ESTABLISHED, 0, 5000);
	assert_int_equal(dump(false), 0);
	assert_false(group(0)->known & GROUP_STAYED);
	assert_u64_equal(group(0)->stayed_max, 0);
}

/* Asked only for queues of 80 % and above, with the ports compared by the kernel. */
static void test_which_are_asked_for(void **state)
{
	const struct inet_diag_req *r;

	(void)state;
	listen_at(80, 8, 9); /* 80 % */
	listen_at(81, 7, 9); /* 70 % */
	listen_at(82, 0, 0); /* nothing waits */
	listen_at(83, 20, 15); /* above capacity */
	groups_build(&s);
	assert_int_equal(dump(false), 0);
	assert_u64_equal(group(0)->known, GROUP_WAITING);
	assert_u64_equal(group(1)->known, 0);
	assert_u64_equal(group(2)->known, 0);
	assert_u64_equal(group(3)->known, GROUP_WAITING);
	assert_u64_equal(fake_netlink_sent(), 2);
	r = NLMSG_DATA(fake_netlink_request(1));
	assert_u64_equal(r->idiag_states, 1 << DIAG_LISTEN);
	assert_u64_equal(r->idiag_ext, 0);
	r = NLMSG_DATA(fake_netlink_request(0));
	assert_u64_equal(r->idiag_states, 1 << DIAG_ESTABLISHED | 1 << DIAG_CLOSE_WAIT);
	assert_u64_equal(r->idiag_ext, 1 << (INET_DIAG_INFO - 1));
	assert_u64_equal(filter_of(0)->nla_len, NLA_HDRLEN + 16 + 12);
}

static void test_all_with_a_queue(void **state)
{
	(void)state;
	listen_at(80, 1, 4096);
	listen_at(81, 0, 4096);
	groups_build(&s);
	assert_int_equal(dump(true), 0);
	assert_u64_equal(group(0)->known, GROUP_WAITING);
	assert_u64_equal(group(1)->known, 0);
}

/* Each port once, however many listeners have it. */
static void test_port_once(void **state)
{
	(void)state;
	listen_at(80, 3, 2);
	listen_at(80, 3, 2);
	listen_at(80, 3, 2)->bound.address[0] = 10;
	groups_build(&s);
	assert_u64_equal(s.n_groups, 2);
	assert_int_equal(dump(false), 0);
	assert_u64_equal(filter_of(0)->nla_len, NLA_HDRLEN + 12);
}

static void test_nothing_to_ask(void **state)
{
	(void)state;
	listen_at(80, 1, 128);
	groups_build(&s);
	assert_int_equal(children_dump_waiting(&children, diag, &s, &wanted, &why), 0);
	assert_u64_equal(fake_netlink_sent(), 0);
}

/* Connections of the same port that belong to a listener nobody asked for, or to none. */
static void test_others_at_the_port(void **state)
{
	(void)state;
	listen_at(80, 3, 2);
	listen_at(80, 0, 8)->bound.address[0] = 10;
	s.listeners[1].bound.address[3] = 1;
	groups_build(&s);
	reply(80, DIAG_ESTABLISHED, 0, 500); /* at 10.0.0.1: of the second */
	reply(79, DIAG_ESTABLISHED, 0, 500);
	assert_int_equal(dump(false), 0);
	assert_u64_equal(group(0)->waiting, 0);
	assert_u64_equal(group(1)->known, 0);
	assert_u64_equal(group(1)->waiting, 0);
}

/*
 * A connection over a VRF has its device, though its listener may have none: with
 * tcp_l3mdev_accept, which is asked again for every dump.
 */
static void test_vrf(void **state)
{
	static const char *const settings[] = { "0\n", "1\n" };
	char *tree = unit_make_tree();

	(void)state;
	children.root = open(tree, O_PATH | O_DIRECTORY);
	listen_at(80, 3, 2);
	groups_build(&s);
	for (unsigned int i = 0; i < ARRAY_SIZE(settings); i++) {
		struct inet_diag_msg m = { .idiag_family = AF_INET,
					   .idiag_state = DIAG_ESTABLISHED,
					   .id.idiag_sport = htons(80),
					   .id.idiag_if = 7,
					   .id.idiag_cookie = { next_cookie++ } };

		unit_write_text(tree, "proc/sys/net/ipv4/tcp_l3mdev_accept", settings[i]);
		group(0)->known = 0;
		fake_netlink_reply_socket(&m, -1, 700);
		assert_int_equal(dump(false), 0);
		assert_u64_equal(group(0)->waiting, i);
	}
	close(children.root);
	children.root = 0;
	unit_remove_tree(tree);
}

/* A failed dump leaves "unknown", not "nobody waits". */
static void test_dump_fails(void **state)
{
	(void)state;
	listen_at(80, 3, 2);
	groups_build(&s);
	fake_netlink_fail_receive(EIO);
	assert_int_equal(children_dump_waiting(&children, diag, &s, &wanted, &why), -EIO);
	assert_u64_equal(group(0)->known, 0);
	for (int tries = 0; tries < 4; tries++)
		fake_netlink_fail_receive(ENOBUFS);
	assert_int_equal(children_dump_waiting(&children, diag, &s, &wanted, &why), -ENOBUFS);
	assert_u64_equal(group(0)->known, 0);
	assert_u64_equal(fake_netlink_left(), 0);
}

/* A lost dump is made again, and what it told by then is forgotten: of ages, and of lengths. */
static void test_dump_lost(void **state)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET,
				   .idiag_state = DIAG_LISTEN,
				   .idiag_rqueue = 2 };

	(void)state;
	listen_at(80, 3, 2);
	groups_build(&s);
	m.id.idiag_cookie[0] = (uint32_t)s.listeners[0].cookie;
	reply(80, DIAG_ESTABLISHED, 0, 5000);
	reply(80, DIAG_ESTABLISHED, 0, 700);
	fake_netlink_fail_receive(ENOBUFS);
	reply(80, DIAG_ESTABLISHED, 0, 700);
	fake_netlink_reply_done(0);
	fake_netlink_reply_socket(&m, -1, -1);
	fake_netlink_fail_receive(ENOBUFS);
	fake_netlink_reply_socket(&m, -1, -1);
	fake_netlink_reply_done(0);
	assert_int_equal(children_dump_waiting(&children, diag, &s, &wanted, &why), 0);
	assert_u64_equal(group(0)->waiting, 1);
	assert_u64_equal(group(0)->oldest_wait_ms, 700);
	assert_u64_equal(group(0)->length_after, 2);
	assert_u64_equal(fake_netlink_left(), 0);
}

/* More ports than fit in a filter: the rest is unknown, and the reader is told. */
static void test_too_many_ports(void **state)
{
	size_t known = 0;

	(void)state;
	for (unsigned int port = 1; port <= CHILDREN_PORTS_MAX + 10; port++)
		listen_at((uint16_t)port, 3, 2);
	groups_build(&s);
	assert_int_equal(dump(false), 0);
	for (size_t i = 0; i < s.n_listeners; i++)
		known += !!(group(i)->known & GROUP_WAITING);
	assert_u64_equal(known, CHILDREN_PORTS_MAX);
	assert_u64_equal(s.n_warnings, 1);
	assert_string_equal(s.warnings[0].code, "waiting-incomplete");
}

/* Who the peers are is kept where it is wanted, and of those groups alone. */

static void test_half_open_connections(void **state)
{
	struct diag_record r = { .cookie = 1,
				 .state = DIAG_SYN_RECV,
				 .family = AF_INET,
				 .local = { 10, 0, 0, 1 },
				 .local_port = 80,
				 .peer = { 192, 0, 2, 7 },
				 .peer_port = 4711,
				 .retransmits = 2,
				 .expires_ms = 1500,
				 .request_sock = true };
	struct connections of;

	(void)state;
	listen_at(80, 0, 8);
	listen_at(81, 0, 8);
	groups_build(&s);
	children_want_connections(&s, 0, 80);
	children_reset(&children, true);
	children_add(&children, 0, &r);
	r.cookie = 2;
	r.local_port = 81;
	children_add(&children, 0, &r);
	children_count_syn_recv(&children, &s, 0, true);
	connections_sort(&s);
	assert_true(s.known & SNAPSHOT_CONNECTIONS);
	assert_u64_equal(group(0)->known, GROUP_CONNECTIONS);
	assert_u64_equal(group(1)->known, 0);
	assert_u64_equal(group(1)->syn_length, 1);
	assert_u64_equal(s.n_connections, 1);
	of = connections_of(&s, group(0), true);
	assert_u64_equal(of.n, 1);
	assert_u64_equal(of.list->family, AF_INET);
	assert_memory_equal(of.list->peer, r.peer, sizeof(r.peer));
	assert_u64_equal(of.list->peer_port, 4711);
	assert_u64_equal(of.list->retransmits, 2);
	assert_u64_equal(of.list->next_timer_ms, 1500);
	assert_false(of.list->has_wait);
}

/* Nothing is copied that nobody wants. */
static void test_no_connections(void **state)
{
	(void)state;
	listen_at(80, 3, 2);
	groups_build(&s);
	half_open(80, 1, 0, true);
	children_count_syn_recv(&children, &s, 0, true);
	reply(80, DIAG_ESTABLISHED, 0, 700);
	assert_int_equal(dump(false), 0);
	assert_u64_equal(s.n_connections, 0);
	assert_null(children.connections);
	assert_false(s.known & SNAPSHOT_CONNECTIONS);
}

/* Half-open connections of an older dump go to today's listeners; its Fast Open children do not. */
static void test_older_dump(void **state)
{
	(void)state;
	listen_at(80, 1, 8);
	groups_build(&s);
	half_open(80, 1, 1, true);
	half_open(80, 2, 0, false);
	half_open(81, 3, 0, true);
	for (int i = 0; i < 2; i++) {
		groups_build(&s);
		s.netns[0].unattributed_syn_recv = 0;
		children_count_syn_recv(&children, &s, 0, false);
		assert_u64_equal(group(0)->syn_length, 1);
		assert_u64_equal(group(0)->syn_retransmitted, 1);
		assert_u64_equal(group(0)->fastopen, 0);
		assert_u64_equal(s.netns[0].unattributed_syn_recv, 1);
	}
}

static void reply_waiting(uint8_t sk_state, uint32_t unread, uint16_t peer_port, int64_t age)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET6,
				   .idiag_state = sk_state,
				   .idiag_rqueue = unread,
				   .id.idiag_sport = htons(80),
				   .id.idiag_dport = htons(peer_port),
				   .id.idiag_cookie = { next_cookie++ } };

	fake_netlink_reply_socket(&m, 0, age);
}

static void test_waiting_connections(void **state)
{
	static const struct connection expected[] = {
		{ .peer_port = 3, .has_wait = true, .wait_ms = 900, .peer_closed = true },
		{ .peer_port = 1, .has_wait = true, .wait_ms = 700, .unread_bytes = 17 },
		{ .peer_port = 2, .has_wait = true, .unread_bytes = 17, .peer_closed = true },
		{ .peer_port = 4, .unread_bytes = 5 },
	};
	struct connections of;

	(void)state;
	listen_at(80, 5, 4096)->bound.family = AF_INET6;
	groups_build(&s);
	children_want_connections(&s, 0, 0);
	wanted.high = false;
	wanted.fast_open = true;
	reply_waiting(DIAG_ESTABLISHED, 17, 1, 700);
	reply_waiting(DIAG_CLOSE_WAIT, 18, 2, 0); /* the FIN counts as a byte */
	reply_waiting(DIAG_CLOSE_WAIT, 1, 3, 900);
	reply_waiting(DIAG_SYN_RECV, 5, 4,
		      4000); /* of Fast Open: waits, but not since a handshake */
	assert_int_equal(dump(false), 0);
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

/* Request socks that come with Fast Open children are counted elsewhere. */
static void test_fast_open_children_in_the_waiting_dump(void **state)
{
	const struct inet_diag_req *r;

	(void)state;
	listen_at(80, 3, 2);
	groups_build(&s);
	wanted.fast_open = true;
	reply(80, DIAG_SYN_RECV, 0, -1);
	assert_int_equal(dump(false), 0);
	r = NLMSG_DATA(fake_netlink_request(0));
	assert_true(r->idiag_states & 1 << DIAG_SYN_RECV);
	assert_u64_equal(group(0)->fastopen, 0);
	assert_u64_equal(group(0)->waiting, 0);
}

#define CHILDREN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHILDREN_TEST(test_syn_recv),
		CHILDREN_TEST(test_fast_open),
		CHILDREN_TEST(test_reuseport_counts_once),
		CHILDREN_TEST(test_orphans),
		CHILDREN_TEST(test_repeated_entry),
		CHILDREN_TEST(test_oldest),
		CHILDREN_TEST(test_age_of_zero_is_an_age),
		CHILDREN_TEST(test_no_age_is_unknown),
		CHILDREN_TEST(test_stayed),
		CHILDREN_TEST(test_no_sample_before),
		CHILDREN_TEST(test_present),
		CHILDREN_TEST(test_vrf),
		CHILDREN_TEST(test_which_are_asked_for),
		CHILDREN_TEST(test_all_with_a_queue),
		CHILDREN_TEST(test_port_once),
		CHILDREN_TEST(test_nothing_to_ask),
		CHILDREN_TEST(test_others_at_the_port),
		CHILDREN_TEST(test_dump_fails),
		CHILDREN_TEST(test_dump_lost),
		CHILDREN_TEST(test_too_many_ports),
		CHILDREN_TEST(test_half_open_connections),
		CHILDREN_TEST(test_no_connections),
		CHILDREN_TEST(test_older_dump),
		CHILDREN_TEST(test_waiting_connections),
		CHILDREN_TEST(test_fast_open_children_in_the_waiting_dump),
	};

	return cmocka_run_group_tests_name("children", tests, NULL, NULL);
}

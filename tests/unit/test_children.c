/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "collect/children.h"
#include "model/connections.h"
#include "model/groups.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct children children;
static struct snapshot s;
static uint32_t next_cookie;

static int setup(void **state)
{
	snapshot_add_netns(&s);
	next_cookie = 100;
	return 0;
}

static int teardown(void **state)
{
	children_free(&children);
	snapshot_free(&s);
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

static void half_open(uint16_t port, uint32_t cookie, unsigned int retransmits)
{
	struct diag_record r = { .cookie = cookie,
				 .state = DIAG_SYN_RECV,
				 .family = AF_INET,
				 .local = { 10, 0, 0, 1 },
				 .local_port = port,
				 .retransmits = (uint8_t)retransmits,
				 .request_sock = true };

	children_add(&children, &r);
}

/* Requests that a closed listener left behind are forced on nobody. */
static void test_orphans(void **state)
{
	listen_at(80, 0, 8);
	groups_build(&s);
	half_open(81, 1, 0);
	children_count_syn_recv(&children, &s, 0);
	assert_u64_equal(group(0)->syn_length, 0);
	assert_u64_equal(s.netns[0].unattributed_syn_recv, 1);
}

static void test_repeated_entry(void **state)
{
	listen_at(80, 0, 8);
	groups_build(&s);
	half_open(80, 1, 0);
	half_open(80, 1, 0);
	half_open(80, 2, 0);
	children_count_syn_recv(&children, &s, 0);
	assert_u64_equal(group(0)->syn_length, 2);
	/* A reset forgets which were there. */
	children_reset(&children);
	assert_u64_equal(children.n, 0);
	half_open(80, 1, 0);
	assert_u64_equal(children.n, 1);
}

/*
 * A connection over a VRF has its device, though its listener may have none: with
 * tcp_l3mdev_accept, which is asked again for every dump.
 */
static void test_vrf(void **state)
{
	static const char *const settings[] = { "0\n", "1\n" };
	const struct diag_record r = {
		.cookie = 1, .family = AF_INET, .local_port = 80, .ifindex = 7, .request_sock = true
	};
	char *tree = unit_make_tree();

	children.root = open(tree, O_PATH | O_DIRECTORY);
	children.netns_fd = NETNS_HOME;
	listen_at(80, 3, 2);
	groups_build(&s);
	for (unsigned int i = 0; i < ARRAY_SIZE(settings); i++) {
		unit_write_text(tree, "proc/sys/net/ipv4/tcp_l3mdev_accept", settings[i]);
		children_reset(&children);
		children_add(&children, &r);
		assert_true(children_group(&children, 0, &s, 0) == (i ? group(0) : NULL));
	}
	close(children.root);
	unit_remove_tree(tree);
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

	listen_at(80, 0, 8);
	listen_at(81, 0, 8);
	groups_build(&s);
	children_want_connections(&s, 0, 80);
	children_reset(&children);
	children_add(&children, &r);
	r.cookie = 2;
	r.local_port = 81;
	children_add(&children, &r);
	children_count_syn_recv(&children, &s, 0);
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

#define CHILDREN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHILDREN_TEST(test_orphans),
		CHILDREN_TEST(test_repeated_entry),
		CHILDREN_TEST(test_vrf),
		CHILDREN_TEST(test_half_open_connections),
	};

	return cmocka_run_group_tests_name("children", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "model/groups.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static struct snapshot s;
static uint64_t next_cookie;

static int setup(void **state)
{
	snapshot_add_netns(&s);
	snapshot_add_netns(&s);
	next_cookie = 1;
	return 0;
}

static int teardown(void **state)
{
	snapshot_free(&s);
	return 0;
}

static struct listen_addr addr(const char *address, uint16_t port)
{
	struct listen_addr b = { .port = port };

	b.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(b.family, address, b.address) != 1)
		fail_msg("%s is no address", address);
	return b;
}

/* Adds a listener; the first of its group identifies it. */
static struct listener *listen_at(const char *address, uint16_t port)
{
	struct listener *l = snapshot_add_listener(&s, 0, next_cookie++);

	l->addr = addr(address, port);
	return l;
}

static bool unbound_too; /* as the argument of groups_lookup() */

/* Index of the listener that leads the group a child belongs to, -1: orphan. */
static int owner_of(const struct listen_addr *child)
{
	const struct group *g = groups_lookup(&s, child, unbound_too);

	return g ? (int)g->first : -1;
}

static int owner(const char *address, uint16_t port)
{
	struct listen_addr child = addr(address, port);

	return owner_of(&child);
}

static void test_exact_before_wildcard(void **state)
{
	listen_at("0.0.0.0", 80);
	listen_at("10.0.0.1", 80);
	listen_at("10.0.0.1", 81);
	groups_build(&s);
	assert_true(s.known & SNAPSHOT_GROUPS);
	assert_int_equal(owner("10.0.0.1", 80), 1);
	assert_int_equal(owner("10.0.0.2", 80), 0);
	assert_int_equal(owner("10.0.0.1", 81), 2);
	assert_int_equal(owner("10.0.0.2", 81), -1);
	assert_int_equal(owner("10.0.0.1", 82), -1);
}

static void test_ipv6(void **state)
{
	listen_at("::", 80);
	listen_at("2001:db8::1", 80);
	groups_build(&s);
	assert_int_equal(owner("2001:db8::1", 80), 1);
	assert_int_equal(owner("2001:db8::2", 80), 0);
	/* A child has the family of its listener. */
	assert_int_equal(owner("10.0.0.1", 80), -1);
}

static void test_mapped_child_of_dual_stack(void **state)
{
	listen_at("::", 80);
	listen_at("0.0.0.0", 81);
	listen_at("::ffff:10.0.0.1", 80);
	groups_build(&s);
	assert_int_equal(owner("::ffff:10.0.0.9", 80), 0);
	assert_int_equal(owner("::ffff:10.0.0.1", 80), 2);
	assert_int_equal(owner("::ffff:10.0.0.1", 81), -1);
}

/* An IPV6_V6ONLY listener takes no mapped child, an IPv4 one beside it no IPv6 one. */
static void test_v6only(void **state)
{
	listen_at("::", 80)->addr.v6only = true;
	listen_at("0.0.0.0", 80);
	groups_build(&s);
	assert_u64_equal(s.n_groups, 2);
	assert_int_equal(owner("2001:db8::1", 80), 0);
	assert_int_equal(owner("::ffff:10.0.0.1", 80), -1);
	assert_int_equal(owner("10.0.0.1", 80), 1);
}

/* bind(2) to ::ffff:0.0.0.0 is a wildcard, for IPv4 alone. */
static void test_mapped_wildcard(void **state)
{
	listen_at("::ffff:0.0.0.0", 80);
	groups_build(&s);
	assert_int_equal(owner("::ffff:10.0.0.1", 80), 0);
	assert_int_equal(owner("2001:db8::1", 80), -1);
	assert_int_equal(owner("10.0.0.1", 80), -1);
}

static void test_bound_device(void **state)
{
	struct listen_addr child = addr("10.0.0.1", 80);

	listen_at("0.0.0.0", 80);
	listen_at("0.0.0.0", 80)->addr.ifindex = 2;
	listen_at("0.0.0.0", 81)->addr.ifindex = 2;
	groups_build(&s);
	assert_u64_equal(s.n_groups, 3);
	assert_int_equal(owner_of(&child), 0);
	child.ifindex = 2;
	assert_int_equal(owner_of(&child), 1);
	/* Its listener was bound to that device too, and is gone; */
	child.ifindex = 3;
	assert_int_equal(owner_of(&child), -1);
	/* but with a link-local peer, or with VRFs, it may be bound to none. */
	unbound_too = true;
	assert_int_equal(owner_of(&child), 0);
	unbound_too = false;
	child.port = 81;
	assert_int_equal(owner_of(&child), -1);
	child.ifindex = 0;
	assert_int_equal(owner_of(&child), -1);
}

/* The address weighs more than the device. */
static void test_exact_before_device(void **state)
{
	struct listen_addr child = addr("10.0.0.1", 80);

	listen_at("0.0.0.0", 80)->addr.ifindex = 2;
	listen_at("10.0.0.1", 80);
	groups_build(&s);
	child.ifindex = 2;
	unbound_too = true;
	assert_int_equal(owner_of(&child), 1);
	/* The exact listener, bound to none, would have children without a device. */
	unbound_too = false;
	assert_int_equal(owner_of(&child), 0);
}

static void test_reuseport(void **state)
{
	listen_at("0.0.0.0", 80)->length = 2;
	listen_at("0.0.0.0", 443);
	listen_at("0.0.0.0", 80);
	listen_at("0.0.0.0", 80)->length = 1;
	groups_build(&s);
	assert_u64_equal(s.n_groups, 2);
	assert_u64_equal(s.listeners[0].group, s.listeners[2].group);
	assert_u64_equal(s.listeners[0].group, s.listeners[3].group);
	assert_true(s.listeners[1].group != s.listeners[0].group);
	assert_u64_equal(s.groups[s.listeners[0].group].sockets, 3);
	assert_u64_equal(s.groups[s.listeners[0].group].queued_members, 2);
	assert_u64_equal(s.groups[s.listeners[0].group].holder, 0);
	assert_u64_equal(s.groups[s.listeners[1].group].sockets, 1);
	assert_u64_equal(s.groups[s.listeners[1].group].queued_members, 0);
	assert_int_equal(owner("10.0.0.1", 80), 0);
}

/* A group of dual-stack listeners and one of IPV6_V6ONLY ones: the first in lookup order. */
static void test_first_of_equals(void **state)
{
	listen_at("::", 80);
	listen_at("::", 80)->addr.v6only = true;
	listen_at("::", 81)->addr.v6only = true;
	listen_at("::", 81);
	groups_build(&s);
	assert_int_equal(owner("2001:db8::1", 80), 0);
	assert_int_equal(owner("2001:db8::1", 81), 2);
	assert_int_equal(owner("::ffff:10.0.0.1", 81), 3);
}

static void test_namespaces_are_apart(void **state)
{
	struct listen_addr child = addr("10.0.0.1", 80);

	listen_at("0.0.0.0", 80);
	groups_build(&s);
	child.netns_idx = 1;
	assert_int_equal(owner_of(&child), -1);
}

static void test_nothing_listens(void **state)
{
	assert_int_equal(owner("10.0.0.1", 80), -1);
	groups_build(&s);
	assert_u64_equal(s.n_groups, 0);
	assert_int_equal(owner("10.0.0.1", 80), -1);
}

/* Built again for the next sample, in the same memory. */
static void test_build_again(void **state)
{
	listen_at("0.0.0.0", 80);
	listen_at("0.0.0.0", 80);
	groups_build(&s);
	s.groups[0].syn_length = 7;
	s.groups[0].known = GROUP_WAITING;
	snapshot_reset(&s);
	assert_false(s.known & SNAPSHOT_GROUPS);
	snapshot_add_netns(&s);
	listen_at("0.0.0.0", 80);
	groups_build(&s);
	assert_u64_equal(s.n_groups, 1);
	assert_u64_equal(s.groups[0].sockets, 1);
	assert_u64_equal(s.groups[0].syn_length, 0);
	assert_u64_equal(s.groups[0].known, 0);
}

/* Every child finds its listener among many that differ little. */
/* What is waiting at a group, and how far its members are from each other. */
static void test_sums(void **state)
{
	static const uint32_t queues[][2] = { { 3, 9 }, { 0, 4294967295 }, { 2, 1 } };
	const struct group *g;

	for (size_t i = 0; i < ARRAY_SIZE(queues); i++) {
		struct listener *l = listen_at("10.0.0.1", 80);

		l->length = queues[i][0];
		l->limit = queues[i][1];
	}
	groups_build(&s);
	assert_u64_equal(s.n_groups, 1);
	g = &s.groups[0];
	assert_u64_equal(g->length, 5);
	assert_u64_equal(g->limit, 4294967305);
	assert_u64_equal(g->length_max, 3);
	assert_true(g->fill_max == FILL_FULL);
	assert_u64_equal(g->queued_members, 2);
	/* The only one with a queue. */
	s.listeners[2].length = 0;
	groups_build(&s);
	assert_u64_equal(s.groups[0].queued_members, 1);
	assert_u64_equal(s.groups[0].holder, s.listeners[0].cookie);
	s.listeners[2].length = 2;
	/* And not twice when it is built anew. */
	groups_build(&s);
	assert_u64_equal(s.groups[0].length, 5);
}

/* Two of one path are two: the older one's was unlinked. None is that of a TCP child. */
static void test_unix(void **state)
{
	struct listen_addr child = addr("0.0.0.0", 0);

	for (int i = 0; i < 2; i++) {
		struct listener *l = snapshot_add_listener(&s, 0, next_cookie++);

		l->addr.family = AF_UNIX;
		l->name = "/run/app.sock";
	}
	listen_at("10.0.0.1", 80);
	groups_build(&s);
	assert_u64_equal(s.n_groups, 3);
	for (size_t i = 0; i < s.n_groups; i++)
		assert_u64_equal(s.groups[i].sockets, 1);
	assert_u64_equal(s.listeners[1].group, 1);
	child.family = AF_UNIX;
	assert_null(groups_lookup(&s, &child, true));
}

static void test_many(void **state)
{
	for (unsigned int i = 0; i < 5000; i++) {
		char address[32];

		snprintf(address, sizeof(address), "10.0.%u.%u", i / 250, i % 250 + 1);
		listen_at(address, (uint16_t)(i % 7));
	}
	groups_build(&s);
	assert_u64_equal(s.n_groups, 5000);
	for (unsigned int i = 0; i < 5000; i++) {
		const struct listen_addr child = s.listeners[i].addr;

		assert_int_equal(owner_of(&child), (int)i);
	}
}

#define GROUPS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GROUPS_TEST(test_exact_before_wildcard),
		GROUPS_TEST(test_ipv6),
		GROUPS_TEST(test_mapped_child_of_dual_stack),
		GROUPS_TEST(test_v6only),
		GROUPS_TEST(test_mapped_wildcard),
		GROUPS_TEST(test_bound_device),
		GROUPS_TEST(test_exact_before_device),
		GROUPS_TEST(test_reuseport),
		GROUPS_TEST(test_first_of_equals),
		GROUPS_TEST(test_namespaces_are_apart),
		GROUPS_TEST(test_nothing_listens),
		GROUPS_TEST(test_build_again),
		GROUPS_TEST(test_sums),
		GROUPS_TEST(test_unix),
		GROUPS_TEST(test_many),
	};

	return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "model/connections.h"
#include "model/groups.h"

static struct snapshot s;

static int setup(void **state)
{
	for (uint16_t port = 80; port < 83; port++)
		snapshot_add_listener(&s, 0, port)->addr.port = port;
	groups_build(&s);
	return 0;
}

static int teardown(void **state)
{
	snapshot_free(&s);
	return 0;
}

static void wait_for(uint32_t group, uint16_t peer, int64_t ms)
{
	struct connection *c = connections_add(&s);

	c->group = group;
	c->peer_port = peer;
	c->has_wait = ms >= 0;
	c->wait_ms = c->has_wait ? (uint32_t)ms : 0;
}

static void half_open(uint32_t group, uint16_t peer, uint8_t retransmits, uint32_t timer_ms)
{
	struct connection *c = connections_add(&s);

	c->group = group;
	c->peer_port = peer;
	c->half_open = true;
	c->retransmits = retransmits;
	c->next_timer_ms = timer_ms;
}

static void expect(uint32_t group, bool half, const uint16_t *peers, size_t n)
{
	struct connections of = connections_of(&s, &s.groups[group], half);

	assert_u64_equal(of.n, n);
	for (size_t i = 0; i < n; i++)
		assert_u64_equal(of.list[i].peer_port, peers[i]);
}

#define EXPECT(group, half, ...)                               \
	expect(group, half, (const uint16_t[]){ __VA_ARGS__ }, \
	       sizeof((const uint16_t[]){ __VA_ARGS__ }) / sizeof(uint16_t))

static void test_order(void **state)
{
	half_open(2, 1, 0, 500);
	wait_for(2, 2, 100);
	half_open(0, 3, 1, 900);
	half_open(2, 4, 3, 900);
	wait_for(2, 5, -1);
	wait_for(2, 6, 0);
	half_open(2, 7, 0, 200);
	wait_for(2, 8, 40000);
	connections_sort(&s);
	EXPECT(2, false, 8, 2, 6, 5);
	EXPECT(2, true, 4, 7, 1);
	EXPECT(0, true, 3);
	expect(0, false, NULL, 0);
	expect(1, false, NULL, 0);
	expect(1, true, NULL, 0);
	assert_u64_equal(s.groups[0].n_connections + s.groups[2].n_connections, 8);
}

static void test_at_rest(void **state)
{
	wait_for(1, 9, 70);
	wait_for(1, 7, 70);
	wait_for(1, 8, 70);
	connections_sort(&s);
	EXPECT(1, false, 7, 8, 9);
	expect(1, true, NULL, 0);
}

static void test_none(void **state)
{
	connections_sort(&s);
	expect(0, false, NULL, 0);
	expect(0, true, NULL, 0);
}

static void test_forgotten_with_the_listeners(void **state)
{
	wait_for(1, 9, 70);
	snapshot_reset(&s);
	assert_u64_equal(s.n_connections, 0);
}

#define CONNECTIONS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTIONS_TEST(test_order),
		CONNECTIONS_TEST(test_at_rest),
		CONNECTIONS_TEST(test_none),
		CONNECTIONS_TEST(test_forgotten_with_the_listeners),
	};

	return cmocka_run_group_tests_name("connections", tests, NULL, NULL);
}

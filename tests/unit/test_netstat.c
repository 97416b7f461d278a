/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "collect/netstat.h"

static void parse(const char *text, size_t len, struct counters *c)
{
	/* Exactly as large as the text, so that AddressSanitizer sees a read beyond its end. */
	char *exact = memcpy(xmalloc(len + !len), text, len);

	netstat_parse(exact, len, c);
	free(exact);
}

static struct counters parsed(const char *text)
{
	struct counters c = { 0 };

	parse(text, strlen(text), &c);
	return c;
}

static void assert_only(const struct counters *c, enum counter_id id, uint64_t value)
{
	assert_u64_equal(c->known, 1u << id);
	assert_u64_equal(c->value[id], value);
}

static void test_by_name(void **state)
{
	struct counters c = parsed("TcpExt: SyncookiesSent ListenOverflows ListenDrops\n"
				   "TcpExt: 1 22 333\n");

	assert_u64_equal(c.known, 1u << COUNTER_COOKIES_SENT | 1u << COUNTER_LISTEN_OVERFLOWS |
					  1u << COUNTER_LISTEN_DROPS);
	assert_u64_equal(c.value[COUNTER_COOKIES_SENT], 1);
	assert_u64_equal(c.value[COUNTER_LISTEN_OVERFLOWS], 22);
	assert_u64_equal(c.value[COUNTER_LISTEN_DROPS], 333);
}

/* Kernels add names in the middle, and have names that begin or end like others. */
static void test_unknown_columns(void **state)
{
	struct counters c =
		parsed("TcpExt: New ListenOverflowsToo XListenOverflows ListenOverflows "
		       "Newer\n"
		       "TcpExt: 9 8 7 5 4\n");

	assert_only(&c, COUNTER_LISTEN_OVERFLOWS, 5);
}

static void parse6(const char *text, struct counters *c)
{
	char *exact = memcpy(xmalloc(strlen(text) + 1), text, strlen(text));

	netstat_parse6(exact, strlen(text), c);
	free(exact);
}

/* snmp6 has a line for each counter. ICMPv6 errors are no ICMP errors, nor the other way round. */
static void test_snmp6(void **state)
{
	static const char *const wrong[] = {
		"Icmp6InDestUnreachs             \t3",
		"Icmp6InDestUnreachs \tx\n",
		"Icmp6InDestUnreachs\n",
		"Icmp6 InDestUnreachs 3\n",
		"IcmpInDestUnreachs 3\n",
		"Icmp6InDestUnreachsToo \t3\n",
		"XIcmp6InDestUnreachs \t3\n",
		"\n\n \n6\n6 6\n",
		"Icmp6: InDestUnreachs\nIcmp6: 3\n",
	};
	struct counters c = { 0 };

	parse6("Ip6InReceives                   \t77\n"
	       "Ip6InMcastPkts                  \t4\n"
	       "Icmp6InDestUnreachs             \t3\n"
	       "Icmp6InType1                    \t5\n",
	       &c);
	assert_u64_equal(c.known, 1u << COUNTER_IN_MULTICAST6 | 1u << COUNTER_IN_UNREACHABLE6);
	assert_u64_equal(c.value[COUNTER_IN_MULTICAST6], 4);
	assert_u64_equal(c.value[COUNTER_IN_UNREACHABLE6], 3);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		c = (struct counters){ 0 };
		parse6(wrong[i], &c);
		if (c.known)
			fail_msg("'%s' has a counter", wrong[i]);
	}
}

static void test_missing_is_unknown(void **state)
{
	struct counters c = parsed("TcpExt: ListenDrops\nTcpExt: 0\n");

	assert_only(&c, COUNTER_LISTEN_DROPS, 0);
	assert_false(counter_known(&c, COUNTER_LISTEN_OVERFLOWS));
}

/* Both files go into one set; a name counts only behind its own prefix. */
static void test_prefixes(void **state)
{
	static const char more[] = "TcpExt: ListenDrops\nTcpExt: 7\n";
	struct counters c = parsed("IpExt: ListenOverflows PassiveOpens\nIpExt: 1 2\n"
				   "Tcp: ListenOverflows PassiveOpens\nTcp: 3 4\n"
				   "TcpExt: PassiveOpens\nTcpExt: 5\n"
				   "MPTcpExt: ListenDrops\nMPTcpExt: 6\n");

	assert_only(&c, COUNTER_PASSIVE_OPENS, 4);
	netstat_parse(more, strlen(more), &c);
	assert_u64_equal(c.value[COUNTER_PASSIVE_OPENS], 4);
	assert_u64_equal(c.value[COUNTER_LISTEN_DROPS], 7);
}

static void test_odd_order(void **state)
{
	struct counters c = parsed("MPTcpExt: A\nMPTcpExt: 1\n"
				   "TcpExt: ListenDrops\nTcpExt: 2\n"
				   "IpExt: B\nIpExt: 3\n");

	assert_only(&c, COUNTER_LISTEN_DROPS, 2);
	/* Lines that are no pair are nobody's values. */
	c = parsed("TcpExt: ListenDrops\nIpExt: 3\n");
	assert_u64_equal(c.known, 0);
	c = parsed("TcpExt: ListenDrops\nTcpEx: 3\n");
	assert_u64_equal(c.known, 0);
	c = parsed("TcpExt: 3\nTcpExt: ListenDrops\n");
	assert_u64_equal(c.known, 0);
}

static void test_values(void **state)
{
	static const struct {
		const char *text;
		bool known;
		uint64_t value;
	} cases[] = {
		{ "0", true, 0 },
		{ "4294967296", true, 4294967296 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "99999999999999999999999", false, 0 },
		{ "-1", false, 0 }, /* Tcp: MaxConn is one */
		{ "+1", false, 0 },
		{ "1x", false, 0 },
		{ "0x1", false, 0 },
		{ "\t1", false, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[128];
		struct counters c;

		snprintf(text, sizeof(text),
			 "TcpExt: A ListenDrops ListenOverflows\nTcpExt: 1 %s 5\n", cases[i].text);
		c = parsed(text);
		assert_int_equal(counter_known(&c, COUNTER_LISTEN_DROPS), cases[i].known);
		if (cases[i].known)
			assert_u64_equal(c.value[COUNTER_LISTEN_DROPS], cases[i].value);
		assert_u64_equal(c.value[COUNTER_LISTEN_OVERFLOWS], 5);
	}
}

static void test_short_lines(void **state)
{
	struct counters c = parsed("TcpExt: ListenDrops ListenOverflows\nTcpExt: 1\n");

	assert_only(&c, COUNTER_LISTEN_DROPS, 1);
	c = parsed("TcpExt: ListenDrops\nTcpExt: 1 2 3\n");
	assert_only(&c, COUNTER_LISTEN_DROPS, 1);
	assert_u64_equal(parsed("").known, 0);
	assert_u64_equal(parsed("\n").known, 0);
	assert_u64_equal(parsed("\n\n\n").known, 0);
	assert_u64_equal(parsed("TcpExt:\nTcpExt:\n").known, 0);
	assert_u64_equal(parsed("TcpExt\nTcpExt\n").known, 0);
	assert_u64_equal(parsed("::\n::\n").known, 0);
	assert_u64_equal(parsed("TcpExt: ListenDrops\n").known, 0);
}

/* In short, as the captured file may have no number of two digits in the right place. */
static void test_truncated_number(void **state)
{
	static const char text[] = "TcpExt: ListenDrops ListenOverflows\nTcpExt: 12 34567\n";
	struct counters c = { 0 };

	parse(text, strlen(text) - strlen("567\n"), &c);
	assert_false(counter_known(&c, COUNTER_LISTEN_OVERFLOWS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_unknown_columns),
		cmocka_unit_test(test_snmp6),
		cmocka_unit_test(test_missing_is_unknown),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_odd_order),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_short_lines),
		cmocka_unit_test(test_truncated_number),
	};

	return cmocka_run_group_tests_name("netstat", tests, NULL, NULL);
}

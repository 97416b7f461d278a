/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/text.h"
#include "model/connections.h"
#include "model/groups.h"
#include "replay/sample_line.h"

#include <sys/socket.h>

/* A sample to a line and back. test_golden does the same with samples of a real kernel. */

static struct snapshot s, restored;
static struct strbuf line;
static struct error why;

static int teardown(void **state)
{
	snapshot_free(&s);
	snapshot_free(&restored);
	strbuf_free(&line);
	return 0;
}

/* Writes @s, reads the line into @restored, and writes that again. */
static void round_trip(void)
{
	struct strbuf again = { 0 };

	line.len = 0;
	sample_line_add(&line, &s);
	snapshot_reset(&restored);
	if (sample_line_read(&restored, line.s, line.len, &why) < 0)
		fail_msg("%s: %s", why.text, line.s);
	sample_line_add(&again, &restored);
	assert_string_equal(again.s, line.s);
	strbuf_free(&again);
}

/* Any byte but NUL may stand in a name, in any order. */
static void test_any_bytes(void **state)
{
	static const char *const texts[] = {
		"",
		"nginx",
		"\xff\xfe",
		"\\",
		"\\x41",
		"a\\\xc3",
		"\xc3\xa4\xf0\x9f\x90\x90",
		"\xed\xa0\x80", /* a surrogate */
		"\xe2\x80\xae", /* writes to the left */
		"\"},{\n\r\t\b\f\x1b\x7f\x01",
		"\xc2\x85\xc2",
	};
	char all[256];

	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	scene_begin(&s, 1000);
	for (size_t i = 0; i <= ARRAY_SIZE(texts); i++) {
		const char *text = i < ARRAY_SIZE(texts) ? texts[i] : all;

		s.netns[0].name = string_pool_adds(snapshot_strings(&s), text);
		round_trip();
		assert_string_equal(restored.netns[0].name, text);
		for (const char *p = line.s; *p; p++)
			assert_true((unsigned char)*p >= ' ' || *p == '\n');
	}
	s.netns[0].name = NULL;
	round_trip();
	assert_null(restored.netns[0].name);
}

static struct listener *add_unix(uint64_t cookie)
{
	struct listener *l = snapshot_add_listener(&s, 0, cookie);

	l->addr.family = AF_UNIX;
	return l;
}

static void test_unknown_is_not_0(void **state)
{
	struct listener *l;

	scene_begin(&s, 1000);
	scene_add(&s, 1)->known = 0;
	l = scene_add(&s, 2);
	l->known = LISTENER_DROPS | LISTENER_UID | LISTENER_PEAK | LISTENER_OWNERS;
	l->drops = l->uid = 0;
	add_unix(3)->first_ns = 7;
	s.netns[0].before.known = 1u << COUNTER_LISTEN_OVERFLOWS;
	s.netns[0].before.value[COUNTER_LISTEN_OVERFLOWS] = 0;
	s.netns[0].after.known = 0;
	round_trip();
	assert_u64_equal(restored.listeners[0].known, 0);
	assert_u64_equal(restored.listeners[1].known,
			 LISTENER_DROPS | LISTENER_UID | LISTENER_PEAK | LISTENER_OWNERS);
	assert_u64_equal(restored.listeners[2].first_ns, 7);
	assert_u64_equal(restored.netns[0].before.known, 1u << COUNTER_LISTEN_OVERFLOWS);
	assert_u64_equal(restored.netns[0].after.known, 0);
	assert_false(restored.netns[0].resets_known);
}

/* The largest values that there are. */
static void test_bounds(void **state)
{
	struct listener *l;

	scene_begin(&s, UINT64_MAX);
	l = scene_add(&s, 1);
	l->cookie = UINT64_MAX;
	l->known |= LISTENER_DROPS | LISTENER_CGROUP_ID | LISTENER_PEAK;
	l->cgroup_id = l->peak.full_ns = UINT64_MAX;
	l->drops = l->limit = l->length = l->addr.ifindex = l->peak.samples = UINT32_MAX;
	l->addr.port = UINT16_MAX;
	s.netns[0].sysctls.value[SYSCTL_SOMAXCONN] = INT64_MIN;
	s.netns[0].sysctls.value[SYSCTL_SYNCOOKIES] = INT64_MAX;
	s.netns[0].after.value[COUNTER_IN_SEGS] = UINT64_MAX;
	round_trip();
	assert_u64_equal(restored.monotonic_ns, UINT64_MAX);
	assert_memory_equal(&restored.listeners[0], l, sizeof(*l));
	assert_memory_equal(&restored.netns[0].sysctls, &s.netns[0].sysctls,
			    sizeof(s.netns[0].sysctls));
	assert_u64_equal(restored.netns[0].after.value[COUNTER_IN_SEGS], UINT64_MAX);
}

/* What groups_build() finds out is not saved, and what a walk found is laid over it. */
static void test_groups(void **state)
{
	struct group *g;

	scene_begin(&s, 5000);
	scene_add(&s, 1)->length = 3;
	scene_add(&s, 2);
	add_unix(3)->length = 1;
	groups_build(&s);
	g = &s.groups[0];
	g->known = GROUP_WAITING | GROUP_OLDEST | GROUP_STAYED | GROUP_CONNECTIONS;
	g->waiting = 3;
	g->oldest_wait_ms = 4000;
	g->stayed_min = 0;
	g->stayed_max = 3;
	s.known |= SNAPSHOT_CONNECTIONS;
	for (uint16_t i = 0; i < 3; i++)
		*connections_add(&s) = (struct connection){
			.family = AF_INET6,
			.peer = { 0x20, 1, [15] = (uint8_t)i },
			.peer_port = i,
			.half_open = i == 2,
			.has_wait = i == 0,
		};
	connections_sort(&s);
	round_trip();
	assert_u64_equal(restored.n_groups, 3);
	for (size_t i = 0; i < 3; i++)
		assert_memory_equal(&restored.groups[i], &s.groups[i], sizeof(*g));
	assert_u64_equal(connections_of(&restored, &restored.groups[0], false).n, 2);
	assert_u64_equal(connections_of(&restored, &restored.groups[0], true).n, 1);
}

static void test_owners(void **state)
{
	scene_begin(&s, 5000);
	for (uint16_t i = 1; i <= 3; i++) {
		struct listener *l = scene_add(&s, i);

		l->known |= LISTENER_OWNERS;
		l->first_owner = i == 2 ? 0 : i / 2u;
		l->n_owners = i == 2 ? 0 : i;
	}
	snapshot_size_owners(&s, 4, 2);
	memset(s.owners, 0, 4 * sizeof(*s.owners));
	memset(s.processes, 0, 2 * sizeof(*s.processes));
	s.owners[3] = (struct owner){ .process = 1, .fd = 7 };
	s.processes[1] = (struct process){ .pid = 82, .known = PROCESS_STATE, .state = 'T' };
	round_trip();
	assert_u64_equal(restored.n_owners, 4);
	assert_memory_equal(restored.owners, s.owners, 4 * sizeof(*s.owners));
	assert_u64_equal(restored.listeners[2].n_owners, 3);
	assert_int_equal(restored.processes[1].state, 'T');
}

#define NETNS(listeners) "{\"monotonic_ns\":9,\"netns\":[{\"listeners\":[" listeners "]}]}"
#define ONE		 "{\"cookie\":\"0x1\",\"address\":\"::1\",\"port\":80}"

/* Reads a line; returns what is wrong, NULL if nothing. */
static const char *read_line(const char *text)
{
	snapshot_reset(&restored);
	return sample_line_read(&restored, text, strlen(text), &why) < 0 ? why.text : NULL;
}

/* As much of what JSON allows as the writer does not write. */
static void test_lenient(void **state)
{
	static const char *const lines[] = {
		"{\"monotonic_ns\":0}",
		" {\t\"monotonic_ns\" : 18446744073709551615 } \n",
		"{\"monotonic_ns\":1,\"new\":{\"a\":[1.5e-3,-0,{},[],null,true,\"\\u00e4\"]},"
		"\"new\":[[[]]],\"netns\":[]}",
		"{\"\\u006donotonic_ns\":7}",
		NETNS(ONE),
		NETNS(ONE ",{\"unix\":true,\"cookie\":\"0x2\",\"name\":\"\\ud83d\\udc10\"}"),
		"{\"netns\":[{\"before\":{\"TcpExtNew\":1.5,\"TcpOutRsts\":5}}],\"monotonic_ns\":9}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (read_line(lines[i]))
			fail_msg("%s: %s", lines[i], why.text);
}

/* "a" is read as 1 of @n objects within each other. */
static char *nested(size_t n)
{
	struct strbuf text = { 0 };

	strbuf_adds(&text, "{\"monotonic_ns\":1,\"a\":");
	for (size_t i = 0; i < n; i++)
		strbuf_adds(&text, "[{\"a\":");
	strbuf_adds(&text, "1");
	for (size_t i = 0; i < n; i++)
		strbuf_adds(&text, "}]");
	strbuf_adds(&text, "}");
	return text.s;
}

static void test_depth(void **state)
{
	char *deep = nested(32), *deeper = nested(33), *deepest = nested(100000);

	assert_null(read_line(deep));
	assert_non_null(strstr(read_line(deeper), "too many objects within each other"));
	assert_non_null(strstr(read_line(deepest), "too many objects within each other"));
	free(deep);
	free(deeper);
	free(deepest);
}

static void test_strict(void **state)
{
	/* clang-format off */
	static const struct {
		const char *line, *problem;
	} cases[] = {
		{ "", "byte 1: an object should begin here" },
		{ "[]", "byte 1: an object should begin here" },
		{ "null", "byte 1: an object should begin here" },
		{ "{}", "byte 3: the object before lacks a key that it needs" },
		{ "{\"monotonic_ns\":1", "byte 18: a comma or } is missing" },
		{ "{\"monotonic_ns\":1}{}", "byte 19: something follows the end of the line" },
		{ "{\"monotonic_ns\":1,}", "byte 19: a text should begin here" },
		{ "{\"monotonic_ns\":}", "byte 17: a whole number should begin here" },
		{ "{\"monotonic_ns\":\"1\"}", "byte 17: a whole number should begin here" },
		{ "{\"monotonic_ns\":-1}", "byte 17: a whole number should begin here" },
		{ "{\"monotonic_ns\":01}", "byte 17: a whole number should begin here" },
		{ "{\"monotonic_ns\":1.0}", "byte 17: the number is not whole" },
		{ "{\"monotonic_ns\":1e3}", "byte 17: the number is not whole" },
		{ "{\"monotonic_ns\":NaN}", "byte 17: a whole number should begin here" },
		{ "{\"monotonic_ns\":18446744073709551616}", "byte 17: the number is too large" },
		{ "{\"monotonic_ns\":99999999999999999999999}", "the number is too large" },
		{ "{\"monotonic_ns\":1,\"monotonic_ns\":1}", "byte 34: the key stands there twice" },
		{ "{\"monotonic_ns\":1,\"\\u006donotonic_ns\":1}", "the key stands there twice" },
		{ "{\"monotonic_ns\":1 \"wall\":1}", "byte 19: a comma or } is missing" },
		{ "{\"monotonic_ns\" 1}", "byte 17: a colon is missing" },
		{ "{\"a\":NaN,\"monotonic_ns\":1}", "byte 6: a value should stand here" },
		{ "{\"a\":-Infinity,\"monotonic_ns\":1}", "a digit is missing" },
		{ "{\"a\":tru,\"monotonic_ns\":1}", "a value should stand here" },
		{ "{\"a\":1.,\"monotonic_ns\":1}", "a digit is missing" },
		{ "{\"a\":01,\"monotonic_ns\":1}", "a number does not begin with 0" },
		{ "{\"a\":[1,],\"monotonic_ns\":1}", "a value should stand here" },
		{ "{\"a\":[1 2],\"monotonic_ns\":1}", "a comma or ] is missing" },
		{ "{\"a\":[}", "a value should stand here" },
		{ "{\"host\":\"\xff\"}", "byte 10: not UTF-8" },
		{ "{\"host\":\"\xc3\"}", "byte 10: not UTF-8" },
		{ "{\"host\":\"a\nb\"}", "a control character in a text" },
		{ "{\"host\":\"\\u0000\"}", "a text contains NUL" },
		{ "{\"host\":\"\\\\x00\"}", "a backslash in a text is" },
		{ "{\"host\":\"\\\\q\"}", "a backslash in a text is" },
		{ "{\"host\":\"\\\\\"}", "a backslash in a text is" },
		{ "{\"host\":\"\\ud800\"}", "\\u needs four hexadecimal digits of a character" },
		{ "{\"host\":\"\\ud800\\u0041\"}", "\\u needs four hexadecimal digits" },
		{ "{\"host\":\"\\u12\"}", "\\u needs four hexadecimal digits" },
		{ "{\"host\":\"\\x41\"}", "no such escape" },
		{ "{\"host\":\"abc", "the line ends in the middle of a text" },
		{ "{\"host\":\"abc\n", "the line ends in the middle of a text" },
		{ "{\"host\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}",
		  "the text is too long" },
		{ "{\"has_groups\":false}", "only true may stand here" },
		{ "{\"has_groups\":1}", "true or false should stand here" },
		{ "{\"netns\":{}}", "an array should begin here" },
		{ "{\"netns\":[[]]}", "an object should begin here" },
		{ "{\"netns\":[{}],\"netns\":[{}]}", "the key stands there twice" },
		{ "{\"netns\":[{\"sysctls\":{\"somaxconn\":9223372036854775808}}]}",
		  "the number is too large" },
		{ "{\"netns\":[{\"sysctls\":{\"somaxconn\":-9223372036854775809}}]}",
		  "the number is too large" },
		{ "{\"netns\":[{\"sysctls\":{\"somaxconn\":-0}}]}", "-0 is not a whole number" },
		{ "{\"netns\":[{\"sysctls\":{\"somaxconn\":1,\"somaxconn\":1}}]}",
		  "the sysctl stands there twice" },
		{ "{\"netns\":[{\"after\":{\"TcpOutRsts\":1,\"TcpOutRsts\":1}}]}",
		  "the counter stands there twice" },
		{ "{\"netns\":[{\"waiting_ns\":10}],\"monotonic_ns\":9}",
		  "a network namespace has a time that is after the sample" },
		{ "{\"netns\":[{\"dump_begin_ns\":8,\"dump_end_ns\":7}],\"monotonic_ns\":9}",
		  "a network namespace has a time that is after the sample" },
		{ NETNS("{\"cookie\":\"0x1\"}"), "a listener has an address, or is a UNIX listener" },
		{ NETNS("{\"address\":\"::1\"}"), "lacks a key that it needs" },
		{ NETNS("{\"cookie\":1}"), "a text should begin here" },
		{ NETNS("{\"cookie\":\"1\"}"), "the text is not a number like 0x1f" },
		{ NETNS("{\"cookie\":\"0x\"}"), "the text is not a number like 0x1f" },
		{ NETNS("{\"cookie\":\"0x12345678901234567\"}"), "not a number like 0x1f" },
		{ NETNS("{\"cookie\":\"0x1\",\"address\":\"1.2.3\"}"), "not an IP address" },
		{ NETNS("{\"cookie\":\"0x1\",\"address\":\"1::2::3\"}"), "not an IP address" },
		{ NETNS("{\"cookie\":\"0x1\",\"address\":\"::1\",\"unix\":true}"),
		  "a listener has an address, or is a UNIX listener" },
		{ NETNS("{\"cookie\":\"0x1\",\"unix\":true,\"address\":\"::1\"}"),
		  "a listener has an address, or is a UNIX listener" },
		{ NETNS("{\"cookie\":\"0x1\",\"unix\":true,\"drops\":1}"),
		  "TCP and UNIX listeners do not have the same keys" },
		{ NETNS("{\"cookie\":\"0x1\",\"address\":\"::1\",\"first_ns\":1}"),
		  "TCP and UNIX listeners do not have the same keys" },
		{ NETNS("{\"cookie\":\"0x1\",\"unix\":true,\"first_ns\":10}"),
		  "a listener has a time that is after the sample" },
		{ NETNS("{\"cookie\":\"0x1\",\"port\":65536}"), "the number is too large" },
		{ NETNS("{\"cookie\":\"0x1\",\"drops\":4294967296}"), "the number is too large" },
		{ NETNS(ONE "," ONE), "another listener has the same cookie" },
		{ NETNS("{\"cookie\":\"0x1\",\"address\":\"::1\",\"owners\":[[0,1]]}"),
		  "an owner is a process that is not there" },
		{ NETNS("{\"cookie\":\"0x1\",\"owners\":[[0]]}"), "a process and a descriptor" },
		{ NETNS("{\"cookie\":\"0x1\",\"owners\":[[0,1,2]]}"), "a process and a descriptor" },
		{ NETNS("{\"cookie\":\"0x1\",\"owners\":[],\"owners\":[]}"),
		  "the key stands there twice" },
		/* Namespace 1 with cookie C is not namespace 0 with another. */
		{ "{\"monotonic_ns\":9,\"netns\":[{\"listeners\":[{\"cookie\":\"0x1000000000001\","
		  "\"unix\":true}]},{\"listeners\":[{\"cookie\":\"0x1\",\"unix\":true}]}]}",
		  "another listener has the same cookie" },
		{ "{\"monotonic_ns\":9,\"gone\":[{\"cookie\":\"0x1\"}]}",
		  "a listener that is gone was in a namespace that is not there" },
		{ "{\"monotonic_ns\":9,\"groups\":[]}", "there are groups without has_groups" },
		{ "{\"monotonic_ns\":9,\"connections\":[]}", "there are groups without has_groups" },
		{ "{\"monotonic_ns\":9,\"has_groups\":true,\"groups\":[{\"group\":0}]}",
		  "there is no such group, or it stands before" },
		{ "{\"monotonic_ns\":9,\"has_groups\":true,\"groups\":[{}]}",
		  "there is no such group, or it stands before" },
		{ "{\"monotonic_ns\":9,\"has_groups\":true,\"connections\":[{\"peer\":\"::1\"}]}",
		  "there is no such group, or it stands before" },
		{ "{\"monotonic_ns\":9,\"has_groups\":true,\"connections\":[{}]}",
		  "lacks a key that it needs" },
		{ "{\"monotonic_ns\":9,\"unix_queues\":[{\"cookie\":\"0x1\",\"since_ns\":10}]}",
		  "a UNIX queue has a time that is after the sample" },
		{ "{\"monotonic_ns\":9,\"processes\":[{\"pid\":1,\"state\":\"TT\"}]}",
		  "the text is not one letter" },
		{ "{\"monotonic_ns\":9,\"processes\":[{\"pid\":1,\"state\":\"\"}]}",
		  "the text is not one letter" },
		{ "{\"monotonic_ns\":9,\"warnings\":[{\"code\":\"a\"}]}",
		  "a warning has a code and a message" },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *problem = read_line(cases[i].line);

		if (!problem || !strstr(problem, cases[i].problem))
			fail_msg("%s: %s, not %s", cases[i].line, problem ? problem : "right",
				 cases[i].problem);
	}
}

/* Each end of a line is an error, and reads nothing behind it. */
static void test_truncated(void **state)
{
	scene_begin(&s, 5000);
	scene_add(&s, 1)->length = 3;
	add_unix(2);
	s.netns[0].name = string_pool_adds(snapshot_strings(&s), "\xff\\\"\xc3\xa4");
	groups_build(&s);
	s.groups[0].known = GROUP_WAITING;
	snapshot_warn(&s, "code", "a \"message\"");
	line.len = 0;
	sample_line_add(&line, &s);
	for (size_t len = 0; len + 1 < line.len; len++) {
		char *cut = memcpy(malloc(len + !len), line.s, len);

		snapshot_reset(&restored);
		assert_true(sample_line_read(&restored, cut, len, &why) < 0);
		free(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_any_bytes, teardown),
		cmocka_unit_test_teardown(test_unknown_is_not_0, teardown),
		cmocka_unit_test_teardown(test_bounds, teardown),
		cmocka_unit_test_teardown(test_groups, teardown),
		cmocka_unit_test_teardown(test_owners, teardown),
		cmocka_unit_test_teardown(test_lenient, teardown),
		cmocka_unit_test_teardown(test_depth, teardown),
		cmocka_unit_test_teardown(test_strict, teardown),
		cmocka_unit_test_teardown(test_truncated, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

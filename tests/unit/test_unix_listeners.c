/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "collect/unix_listeners.h"
#include "fake_netlink.h"

#include <stdio.h>

#define HOUR (3600 * NSEC_PER_SEC)

static struct unix_listeners listeners;
static struct netlink_socket *netlink;
static struct snapshot s;

static int setup(void **state)
{
	struct error why;

	(void)state;
	fake_netlink_reset();
	return netlink_open(&netlink, NETNS_HOME, &why);
}

static int teardown(void **state)
{
	(void)state;
	netlink_close(netlink);
	unix_listeners_free(&listeners);
	snapshot_free(&s);
	fake_netlink_reset();
	return 0;
}

static void assert_text(const char *name, size_t len, const char *expected)
{
	struct unix_record r = { .name_len = (uint8_t)len };
	char *text;

	memcpy(r.name, name, len);
	text = unix_listeners_text(&r);
	assert_string_equal(text, expected);
	free(text);
}

#define TEXT(name, expected) assert_text(name, sizeof(name) - 1, expected)

static void test_text(void **state)
{
	const struct unix_record unnamed = { 0 };

	(void)state;
	TEXT("/run/app.sock", "/run/app.sock");
	TEXT("app", "app");
	TEXT("\0app", "@app");
	TEXT("@app", "./@app");
	TEXT("\0@app", "@@app");
	TEXT("\0a\0b\0", "@a@b@");
	TEXT("\0", "@");
	TEXT("\0\xff\n\x1b[m", "@\xff\n\x1b[m");
	assert_null(unix_listeners_text(&unnamed));
}

static void reply(uint32_t cookie, const char *name)
{
	struct unix_diag_msg m = { .udiag_family = AF_UNIX,
				   .udiag_state = 10,
				   .udiag_cookie = { cookie } };

	fake_netlink_reply_unix(&m, name, strlen(name) + 1, 0, 0);
}

static void add(uint64_t now_ns)
{
	static uint64_t before_ns;

	snapshot_reset(&s);
	fake_netlink_reply_done(0);
	unix_listeners_add(&listeners, netlink, &s, 0, now_ns, before_ns < now_ns ? before_ns : 0);
	before_ns = now_ns;
	assert_u64_equal(fake_netlink_left(), 0);
}

/* An older snapshot may still be shown. */
static void test_names_outlive_the_snapshot(void **state)
{
	const char *name;

	(void)state;
	reply(1, "/run/a");
	add(1);
	name = s.listeners[0].name;
	add(2);
	assert_u64_equal(s.n_listeners, 0);
	reply(1, "/run/a");
	reply(2, "/run/b");
	add(3);
	assert_ptr_equal(s.listeners[0].name, name);
	assert_string_equal(name, "/run/a");
	assert_u64_equal(listeners.n, 2);
}

/* What the last sample showed is on the screen until the next one has come, whenever that is. */
static void test_names_outlive_a_long_window(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3000; i++)
		reply(1 + i, "/run/a");
	add(1);
	for (uint32_t i = 0; i < 2000; i++)
		reply(3001 + i, "/run/b");
	add(1 + 2 * HOUR);
	assert_u64_equal(listeners.n, 5000);
	for (uint32_t i = 0; i < 5000; i++)
		reply(5001 + i, "/run/c");
	add(1 + 4 * HOUR);
	assert_u64_equal(listeners.n, 7000);
}

/* A program that makes one listener after the other does not fill the memory. */
static void test_old_names_go(void **state)
{
	const char *kept;

	(void)state;
	reply(1, "/run/stays");
	add(0);
	kept = s.listeners[0].name;
	for (uint32_t i = 0; i < 100; i++) {
		for (uint32_t j = 0; j < 100; j++) {
			char name[32];

			snprintf(name, sizeof(name), "/run/%u", i * 100 + j);
			reply(2 + i * 100 + j, name);
		}
		reply(1, "/run/stays");
		add(i * HOUR / 10);
		/* The last hour is there: eleven samples, or ten. */
		assert_true(listeners.n >= (i < 10 ? i + 1 : 11) * 100);
		assert_true(listeners.n <= 4096 + 101);
	}
	assert_ptr_equal(s.listeners[100].name, kept);
	assert_string_equal(kept, "/run/stays");
	assert_string_equal(s.listeners[0].name, "/run/9900");
}

#define UNIX_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		UNIX_TEST(test_names_outlive_the_snapshot),
		UNIX_TEST(test_names_outlive_a_long_window),
		UNIX_TEST(test_old_names_go),
	};

	return cmocka_run_group_tests_name("unix_listeners", tests, NULL, NULL);
}

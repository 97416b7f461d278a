/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "collect/unix_listeners.h"
#include "fake_netlink.h"

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

static void test_names(void **state)
{
	const char *name;

	(void)state;
	reply(1, "/run/a");
	reply(2, "/run/b");
	reply(3, "/run/a");
	fake_netlink_reply_done(0);
	assert_true(unix_listeners_add(netlink, &s, 0));
	name = s.listeners[0].name;
	assert_string_equal(name, "/run/a");
	assert_string_equal(s.listeners[1].name, "/run/b");
	assert_ptr_equal(s.listeners[2].name, name);
}

#define UNIX_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		UNIX_TEST(test_names),
	};

	return cmocka_run_group_tests_name("unix_listeners", tests, NULL, NULL);
}

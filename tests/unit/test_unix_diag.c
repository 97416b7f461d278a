/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "collect/unix_diag.h"
#include "fake_netlink.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#define SEQUENCE 1 /* of the captured dumps */

static struct unix_record records[16];
static size_t n;

static int keep(const struct unix_record *r, void *context)
{
	(void)context;
	assert_true(n < ARRAY_SIZE(records));
	records[n++] = *r;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	fake_netlink_reset();
	memset(records, 0, sizeof(records));
	n = 0;
	return 0;
}

static const struct unix_record *find(const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (records[i].name_len == len && !memcmp(records[i].name, name, len))
			return &records[i];
	fail_msg("no record of that name");
	return NULL;
}

#define FIND(name) find(name, sizeof(name) - 1)

/* What a 6.18 kernel told of the listeners that capture.py made. */
static void test_captured(void **state)
{
	char path[4096], *bytes;
	size_t len;

	(void)state;
	bytes = unit_read(unit_source("tests/data/unix/closing/unix", path), &len);
	assert_int_equal(unix_diag_parse(bytes, len, SEQUENCE, keep, NULL), 0);
	assert_u64_equal(n, 5);
	for (size_t i = 0; i < n; i++)
		assert_true(records[i].has_uid && !records[i].uid && records[i].inode &&
			    records[i].cookie);
	assert_u64_equal(FIND("app.sock")->rqueue, 3);
	assert_u64_equal(FIND("app.sock")->wqueue, 2);
	assert_int_equal(FIND("app.sock")->type, SOCK_STREAM);
	assert_u64_equal(FIND("\0app")->rqueue, 5);
	assert_u64_equal(FIND("\0app")->wqueue, 3);
	assert_u64_equal(FIND("@app with a space")->rqueue, 0);
	assert_int_equal(FIND("\0a\0b\n\x1b[31m\xff\xe2\x80\xae")->type, SOCK_SEQPACKET);
	assert_u64_equal(FIND("\0a\0b\n\x1b[31m\xff\xe2\x80\xae")->rqueue, 80);
	/* of 9999: somaxconn */
	for (size_t i = 0; i < n; i++)
		assert_true(records[i].name_len < 100 || records[i].wqueue == 4096);
	free(bytes);
}

/* Each byte less is no more than a record less. */
static void test_truncated(void **state)
{
	char path[4096], *bytes;
	size_t len;

	(void)state;
	bytes = unit_read(unit_source("tests/data/unix/closing/unix", path), &len);
	for (size_t i = 0; i <= len; i++) {
		char *exact = memcpy(xmalloc(i + !i), bytes, i);

		n = 0;
		assert_in_range(unix_diag_parse(exact, i, SEQUENCE, keep, NULL), 0, 1);
		assert_true(n <= 5);
		free(exact);
	}
	free(bytes);
}

struct message {
	struct nlmsghdr nlh;
	struct unix_diag_msg m;
	unsigned char attributes[256];
	size_t used;
};

static struct message listening(void)
{
	return (struct message){
		.nlh = { .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_seq = SEQUENCE },
		.m = { .udiag_family = AF_UNIX, .udiag_type = SOCK_STREAM, .udiag_state = 10 },
	};
}

static void put(struct message *message, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = { (uint16_t)(NLA_HDRLEN + len), type };

	memcpy(message->attributes + message->used, &a, sizeof(a));
	memcpy(message->attributes + message->used + NLA_HDRLEN, data, len);
	message->used += NLA_HDRLEN + NLA_ALIGN(len);
}

static void put_queue(struct message *message)
{
	put(message, UNIX_DIAG_RQLEN, (const uint32_t[]){ 3, 2 }, 8);
}

static size_t parse(struct message *message)
{
	message->nlh.nlmsg_len =
		(uint32_t)(sizeof(message->nlh) + sizeof(message->m) + message->used);
	n = 0;
	assert_int_equal(unix_diag_parse(message, message->nlh.nlmsg_len, SEQUENCE, keep, NULL), 1);
	return n;
}

static void assert_name(const char *told, size_t len, const char *name, size_t name_len)
{
	struct message message = listening();

	put(&message, UNIX_DIAG_NAME, told, len);
	put_queue(&message);
	assert_u64_equal(parse(&message), 1);
	assert_u64_equal(records[0].name_len, name_len);
	assert_memory_equal(records[0].name, name, name_len);
}

#define NAME(told, name) assert_name(told, sizeof(told) - 1, name, sizeof(name) - 1)

static void test_names(void **state)
{
	char longest[UNIX_NAME_MAX + 2];

	(void)state;
	NAME("/run/a\0", "/run/a");
	NAME("/run/a", "/run/a");
	NAME("/run/a\0/b", "/run/a");
	NAME("\0", "\0");
	NAME("\0a\0\0", "\0a\0\0");
	NAME("", "");
	/* A path of 108 bytes has its NUL behind sun_path. */
	memset(longest, 'x', sizeof(longest));
	longest[UNIX_NAME_MAX] = '\0';
	assert_name(longest, UNIX_NAME_MAX + 1, longest, UNIX_NAME_MAX);
	longest[0] = '\0';
	assert_name(longest, UNIX_NAME_MAX, longest, UNIX_NAME_MAX);
	/* And no kernel tells more. */
	assert_name(longest, sizeof(longest), longest, UNIX_NAME_MAX);
}

static void test_unknown(void **state)
{
	struct message message = listening();

	(void)state;
	assert_u64_equal(parse(&message), 0); /* no queue: nothing to show */
	put(&message, UNIX_DIAG_RQLEN, "1234567", 7);
	assert_u64_equal(parse(&message), 0);
	put_queue(&message);
	assert_u64_equal(parse(&message), 1);
	assert_false(records[0].has_uid);
	assert_u64_equal(records[0].name_len, 0);
	put(&message, 7, "\1\2\3", 3);
	assert_u64_equal(parse(&message), 1);
	assert_false(records[0].has_uid);
	put(&message, 7, (const uint32_t[]){ 1000 }, 4);
	assert_u64_equal(parse(&message), 1);
	assert_true(records[0].has_uid);
	assert_u64_equal(records[0].uid, 1000);
}

static void test_others_are_skipped(void **state)
{
	struct message message = listening();

	(void)state;
	put_queue(&message);
	message.m.udiag_state = 1;
	assert_u64_equal(parse(&message), 0);
	message.m.udiag_state = 10;
	message.m.udiag_family = AF_INET;
	assert_u64_equal(parse(&message), 0);
	message.m.udiag_family = AF_UNIX;
	message.nlh.nlmsg_type = 18;
	assert_u64_equal(parse(&message), 0);
	message.nlh.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	assert_u64_equal(parse(&message), 1);
}

static int refuse(const struct unix_record *r, void *context)
{
	(void)r, (void)context;
	return -E2BIG;
}

/* Only what listens, and never the connections that wait. */
static void test_request(void **state)
{
	const struct unix_diag_msg m = { .udiag_family = AF_UNIX, .udiag_state = 10 };
	const struct unix_diag_req *request;
	struct netlink_socket *netlink;
	struct error why;

	(void)state;
	assert_int_equal(netlink_open(&netlink, NETNS_HOME, &why), 0);
	fake_netlink_reply_unix(&m, "/a", 3, 0, 0);
	fake_netlink_reply_done(0);
	assert_int_equal(unix_diag_dump(netlink, true, keep, NULL, &why), 0);
	assert_u64_equal(n, 1);
	request = NLMSG_DATA(fake_netlink_request(0));
	assert_int_equal(fake_netlink_request(0)->nlmsg_type, SOCK_DIAG_BY_FAMILY);
	assert_int_equal(request->sdiag_family, AF_UNIX);
	assert_u64_equal(request->udiag_states, 1 << 10);
	assert_false(request->udiag_show & UDIAG_SHOW_ICONS);
	fake_netlink_reply_unix(&m, "/a", 3, 0, 0);
	assert_int_equal(unix_diag_dump(netlink, true, refuse, NULL, &why), -E2BIG);
	fake_netlink_reply_error(-EPERM);
	assert_int_equal(unix_diag_dump(netlink, true, keep, NULL, &why), -EPERM);
	assert_non_null(strstr(why.text, "UNIX sockets"));
	assert_non_null(strstr(why.text, "forbids"));
	netlink_close(netlink);
}

#define UNIX_TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIX_TEST(test_captured), UNIX_TEST(test_truncated),
		UNIX_TEST(test_names),	  UNIX_TEST(test_unknown),
		UNIX_TEST(test_request),  UNIX_TEST(test_others_are_skipped),
	};

	return cmocka_run_group_tests_name("unix_diag", tests, NULL, NULL);
}

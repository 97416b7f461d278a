/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "collect/unix_listeners.h"
#include "fake_netlink.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#define SEQUENCE 1
#define SEC	 NSEC_PER_SEC
#define MS	 (NSEC_PER_SEC / 1000)

static struct netlink_socket *netlink;
static struct unix_queues queues;
static struct snapshot s;
static struct unix_record records[16];
static size_t n;

static int setup(void **state)
{
	struct error why;

	fake_netlink_reset();
	memset(records, 0, sizeof(records));
	n = 0;
	queues.due_ns = UINT64_MAX;
	return netlink_open(&netlink, NETNS_HOME, &why);
}

static int teardown(void **state)
{
	netlink_close(netlink);
	unix_queues_free(&queues);
	snapshot_free(&s);
	fake_netlink_reset();
	return 0;
}

static void keep(const struct unix_record *r, void *context)
{
	(void)context;
	assert_true(n < ARRAY_SIZE(records));
	records[n++] = *r;
}

/* Parsing. */

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
	struct nlattr a = { (uint16_t)(sizeof(struct nlattr) + len), type };

	memcpy(message->attributes + message->used, &a, sizeof(a));
	memcpy(message->attributes + message->used + sizeof(struct nlattr), data, len);
	message->used += sizeof(struct nlattr) + NLMSG_ALIGN(len);
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

/* Only what listens, and never the connections that wait. */
static void test_request(void **state)
{
	const struct unix_diag_msg m = { .udiag_family = AF_UNIX, .udiag_state = 10 };
	const struct unix_diag_req *request;
	struct error why;

	fake_netlink_reply_unix(&m, "/a", 3, 0, 0);
	fake_netlink_reply_done(0);
	assert_int_equal(unix_diag_dump(netlink, true, keep, NULL, &why), 0);
	assert_u64_equal(n, 1);
	request = NLMSG_DATA(fake_netlink_request(0));
	assert_int_equal(fake_netlink_request(0)->nlmsg_type, SOCK_DIAG_BY_FAMILY);
	assert_int_equal(request->sdiag_family, AF_UNIX);
	assert_u64_equal(request->udiag_states, 1 << 10);
	assert_false(request->udiag_show & UDIAG_SHOW_ICONS);
	fake_netlink_reply_error(-EPERM);
	assert_int_equal(unix_diag_dump(netlink, true, keep, NULL, &why), -EPERM);
	assert_non_null(strstr(why.text, "UNIX sockets"));
	assert_non_null(strstr(why.text, "forbids"));
}

static void assert_text(const char *name, size_t len, const char *expected)
{
	const struct unix_diag_msg m = { .udiag_family = AF_UNIX,
					 .udiag_state = 10,
					 .udiag_cookie = { 1 } };

	snapshot_reset(&s);
	fake_netlink_reply_unix(&m, name, len, 0, 0);
	fake_netlink_reply_done(0);
	assert_true(unix_listeners_add(netlink, &s, 0));
	assert_u64_equal(s.n_listeners, 1);
	if (expected)
		assert_string_equal(s.listeners[0].name, expected);
	else
		assert_null(s.listeners[0].name);
}

#define TEXT(name, expected) assert_text(name, sizeof(name) - 1, expected)

static void test_text(void **state)
{
	TEXT("/run/app.sock", "/run/app.sock");
	TEXT("app", "app");
	TEXT("\0app", "@app");
	TEXT("@app", "./@app");
	TEXT("\0@app", "@@app");
	TEXT("\0a\0b\0", "@a@b@");
	TEXT("\0", "@");
	TEXT("\0\xff\n\x1b[m", "@\xff\n\x1b[m");
	assert_text("", 0, NULL);
}

/* Queues. */

static void reply(uint32_t cookie, uint32_t length, uint32_t limit)
{
	struct unix_diag_msg m = { .udiag_family = AF_UNIX,
				   .udiag_state = 10,
				   .udiag_cookie = { cookie } };

	fake_netlink_reply_unix(&m, NULL, 0, length, limit);
}

static void end_dump(uint64_t now_ns)
{
	fake_netlink_reply_done(0);
	unix_queues_begin(&queues, now_ns);
	unix_queues_add(&queues, netlink);
	unix_queues_end(&queues, now_ns);
	assert_u64_equal(fake_netlink_left(), 0);
	snapshot_reset(&s);
	unix_queues_fill(&queues, &s);
}

/* A look at one listener alone. */
static void look(uint64_t now_ns, uint32_t length)
{
	reply(1, length, 9);
	end_dump(now_ns);
}

static void test_only_those_with_a_queue(void **state)
{
	reply(1, 0, 5);
	reply(2, 6, 5);
	reply(3, 1, 5);
	reply(3, 1, 5); /* repeated */
	end_dump(SEC);
	assert_true(s.known & SNAPSHOT_UNIX_QUEUES);
	assert_u64_equal(s.n_unix_queues, 2);
	assert_u64_equal(s.unix_queues[0].cookie, 2);
	assert_u64_equal(s.unix_queues[0].length, 6);
	assert_u64_equal(s.unix_queues[0].limit, 5);
	assert_u64_equal(s.unix_queues[0].since_ns, SEC);
}

static void test_since(void **state)
{
	look(1 * SEC, 1);
	look(2 * SEC, 1);
	look(3 * SEC, 3);
	assert_u64_equal(s.unix_queues[0].since_ns, SEC);
	look(4 * SEC, 2);
	assert_u64_equal(s.unix_queues[0].since_ns, 4 * SEC);
	look(5 * SEC, 0);
	assert_u64_equal(s.n_unix_queues, 0);
	look(6 * SEC, 2);
	assert_u64_equal(s.unix_queues[0].since_ns, 6 * SEC);
}

/* Looks are for those that have waited for a while, and are not full. */
static void test_when_looks_are_due(void **state)
{
	look(1 * SEC, 0);
	assert_u64_equal(queues.due_ns, UINT64_MAX);
	look(2 * SEC, 10);
	assert_u64_equal(queues.due_ns, UINT64_MAX);
	look(3 * SEC, 3);
	assert_u64_equal(queues.due_ns, 4 * SEC);
	look(4 * SEC, 3);
	assert_u64_equal(queues.due_ns, 4 * SEC + 100 * MS);
	look(4 * SEC + 100 * MS, 3);
	assert_u64_equal(queues.due_ns, 4 * SEC + 200 * MS);
	look(4 * SEC + 200 * MS, 2);
	assert_u64_equal(queues.due_ns, 5 * SEC + 200 * MS);
}

/* Where a dump is dear, looks are rare. */
static void test_looks_have_a_share(void **state)
{
	reply(1, 3, 9);
	fake_netlink_reply_done(0);
	unix_queues_begin(&queues, SEC);
	unix_queues_add(&queues, netlink);
	unix_queues_end(&queues, SEC + 10 * MS);
	assert_u64_equal(queues.due_ns, SEC + 10 * MS + 5 * SEC);
}

/* What a lost dump has shown is forgotten: a listener that has gone since, and an old length. */
static void test_lost_look(void **state)
{
	reply(1, 3, 9);
	reply(2, 8, 9);
	fake_netlink_fail_receive(ENOBUFS);
	reply(2, 4, 9);
	end_dump(SEC);
	assert_u64_equal(s.n_unix, 1);
	assert_u64_equal(s.n_unix_queues, 1);
	assert_u64_equal(s.unix_queues[0].cookie, 2);
	assert_u64_equal(s.unix_queues[0].length, 4);
}

static struct {
	uint32_t length, first; /* of listener 1, whose limit is 9; 0: the client has closed it */
} kernel;

/* A dump tells lengths, and a question the clients in the order of the queue. */
static void answer(const struct nlmsghdr *request)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_msg m;
		struct nlattr a;
		uint32_t icons[2];
	} m = { .head = { .nlmsg_len = sizeof(m), .nlmsg_type = SOCK_DIAG_BY_FAMILY },
		.m = { .udiag_family = AF_UNIX, .udiag_state = 10, .udiag_cookie = { 1 } },
		.a = { .nla_len = sizeof(m.a) + sizeof(m.icons), .nla_type = UNIX_DIAG_ICONS },
		.icons = { kernel.first, 4711 } };

	if (request->nlmsg_flags & NLM_F_DUMP) {
		reply(1, kernel.length, 9);
		fake_netlink_reply_done(0);
	} else {
		fake_netlink_reply(&m, sizeof(m));
	}
}

/* Since when the first is the same, as this look tells. */
static uint64_t first_since(uint64_t now_ns, uint32_t length, uint32_t first)
{
	kernel.length = length;
	kernel.first = first;
	unix_queues_begin(&queues, now_ns);
	unix_queues_add(&queues, netlink);
	unix_queues_end(&queues, now_ns);
	snapshot_reset(&s);
	unix_queues_fill(&queues, &s);
	assert_u64_equal(fake_netlink_left(), 0);
	return s.unix_queues[0].since_ns;
}

/* Who is the next to be accepted tells whether one was, whatever the length. */
static void test_first(void **state)
{
	fake_netlink_on_request = answer;
	assert_u64_equal(first_since(1 * SEC, 3, 7), 1 * SEC);
	assert_u64_equal(queues.due_ns, UINT64_MAX); /* no looks between samples */
	assert_u64_equal(first_since(2 * SEC, 3, 7), 1 * SEC);
	assert_u64_equal(first_since(3 * SEC, 3, 8), 3 * SEC); /* one in for one out */
	assert_u64_equal(first_since(4 * SEC, 9, 8), 3 * SEC);
	/* Where the client has closed it, only lengths tell. */
	assert_u64_equal(first_since(5 * SEC, 9, 0), 3 * SEC);
	assert_u64_equal(queues.due_ns, 5 * SEC + 100 * MS);
	assert_u64_equal(first_since(6 * SEC, 8, 0), 6 * SEC);
	/* What only lengths told is no proof of one that is known now. */
	assert_u64_equal(first_since(7 * SEC, 9, 0), 6 * SEC);
	assert_u64_equal(first_since(8 * SEC, 9, 5), 8 * SEC);
	assert_u64_equal(first_since(9 * SEC, 9, 5), 8 * SEC);
}

/* The same of listeners that are shown. */
static void test_first_of_listeners(void **state)
{
	fake_netlink_on_request = answer;
	for (uint64_t second = 1; second <= 3; second++) {
		struct listener *l;

		kernel.first = second < 3 ? 7 : 0;
		snapshot_reset(&s);
		snapshot_add_netns(&s);
		l = snapshot_add_listener(&s, 0, 1);
		l->addr.family = AF_UNIX;
		l->length = 2;
		unix_queues_begin(&queues, second * SEC);
		unix_queues_take(&queues, netlink, &s, 0);
		assert_u64_equal(s.listeners[0].first_ns, second < 3 ? SEC : 0);
		assert_u64_equal(queues.due_ns, UINT64_MAX);
	}
}

static void test_unavailable(void **state)
{
	fake_netlink_reply_error(-ENOENT);
	unix_queues_begin(&queues, SEC);
	unix_queues_add(&queues, netlink);
	unix_queues_end(&queues, SEC);
	unix_queues_fill(&queues, &s);
	assert_u64_equal(s.known, 0);
	assert_u64_equal(s.n_warnings, 0);
}

#define UNIX_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIX_TEST(test_names),
		UNIX_TEST(test_unknown),
		UNIX_TEST(test_others_are_skipped),
		UNIX_TEST(test_request),
		UNIX_TEST(test_text),
		UNIX_TEST(test_only_those_with_a_queue),
		UNIX_TEST(test_since),
		UNIX_TEST(test_when_looks_are_due),
		UNIX_TEST(test_looks_have_a_share),
		UNIX_TEST(test_lost_look),
		UNIX_TEST(test_first),
		UNIX_TEST(test_first_of_listeners),
		UNIX_TEST(test_unavailable),
	};

	return cmocka_run_group_tests_name("unix_listeners", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "collect/netlink.h"
#include "collect/sock_diag.h"
#include "fake_netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <sys/socket.h>

#define SEQUENCE 1 /* of the captured dumps */
#define MAX	 64

/* The names that older headers lack. */
#define ATTR_MARK      15
#define ATTR_ULP_INFO  19
#define ATTR_CGROUP_ID 21
#define ATTR_SOCKOPT   22

struct seen {
	struct diag_record records[MAX];
	size_t n;
};

static void handle(const struct diag_record *r, void *context)
{
	struct seen *seen = context;

	assert_true(seen->n < MAX);
	seen->records[seen->n++] = *r;
}

/* Parses a copy that is exactly as large, so that AddressSanitizer sees a read beyond its end. */
static int parse(const void *bytes, size_t len, struct seen *seen)
{
	void *exact = memcpy(xmalloc(len + !len), bytes, len);
	int code;

	memset(seen, 0, sizeof(*seen));
	code = diag_parse(exact, len, SEQUENCE, handle, seen);
	free(exact);
	return code;
}

static char *captured(const char *name, size_t *len)
{
	char path[4096], relative[128];

	snprintf(relative, sizeof(relative), "tests/data/%s", name);
	return fake_netlink_captured(unit_source(relative, path), len);
}

static void assert_address(const uint8_t *address, int family, const char *text)
{
	char buf[INET6_ADDRSTRLEN];

	assert_string_equal(inet_ntop(family, address, buf, sizeof(buf)), text);
}

/* Messages as other kernels make them. */

struct message {
	union {
		struct nlmsghdr nlh;
		char bytes[1024];
	};
};

static struct inet_diag_msg *start(struct message *m, uint8_t family, uint8_t sk_state)
{
	struct inet_diag_msg *body;

	memset(m, 0, sizeof(*m));
	mnl_nlmsg_put_header(m->bytes);
	m->nlh.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m->nlh.nlmsg_seq = SEQUENCE;
	body = mnl_nlmsg_put_extra_header(&m->nlh, sizeof(*body));
	body->idiag_family = family;
	body->idiag_state = sk_state;
	body->id.idiag_sport = htons(80);
	return body;
}

static void put(struct message *m, uint16_t type, size_t len, const void *bytes)
{
	mnl_attr_put(&m->nlh, type, len, bytes);
}

static struct diag_record only(const struct message *m)
{
	struct seen seen;

	assert_int_equal(parse(m->bytes, m->nlh.nlmsg_len, &seen), 1);
	assert_u64_equal(seen.n, 1);
	return seen.records[0];
}

static const uint32_t meminfo[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 4294967295u };

/* Kernels before 4.7 end SK_MEMINFO before drops: length decides. */
static void test_meminfo_length(void **state)
{
	struct message m;

	for (size_t len = 0; len <= sizeof(meminfo); len += 4) {
		struct diag_record r;

		start(&m, AF_INET, DIAG_LISTEN);
		put(&m, INET_DIAG_SKMEMINFO, len, meminfo);
		r = only(&m);
		assert_int_equal(!!(r.known & DIAG_DROPS), len == sizeof(meminfo));
		if (len == sizeof(meminfo))
			assert_u64_equal(r.drops, 4294967295u);
	}
	/* A later kernel may add to it. */
	start(&m, AF_INET, DIAG_LISTEN);
	put(&m, INET_DIAG_SKMEMINFO, 60, (const uint32_t[15]){ [8] = 7, [9] = 8 });
	assert_u64_equal(only(&m).drops, 7);
}

static void test_no_attributes(void **state)
{
	struct message m;
	struct diag_record r;

	start(&m, AF_INET6, DIAG_LISTEN);
	r = only(&m);
	assert_u64_equal(r.known, 0);
	assert_false(r.request_sock);
	start(&m, AF_INET, DIAG_SYN_RECV);
	assert_true(only(&m).request_sock);
}

static void test_short_attributes(void **state)
{
	static const uint16_t types[] = { INET_DIAG_SKV6ONLY, INET_DIAG_INFO, ATTR_CGROUP_ID };
	static const size_t least[] = {
		1, offsetof(struct tcp_info, tcpi_last_data_sent) + sizeof(uint32_t), 8
	};
	static const uint32_t known[] = { DIAG_V6ONLY, DIAG_LAST_DATA_SENT, DIAG_CGROUP_ID };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		for (size_t len = 0; len <= 64; len++) {
			char bytes[64] = { 0 };
			struct message m;

			start(&m, AF_INET6, DIAG_LISTEN);
			put(&m, types[i], len, bytes);
			assert_u64_equal(only(&m).known, len >= least[i] ? known[i] : 0);
		}
}

static void test_syn_recv_kinds(void **state)
{
	struct message m;

	start(&m, AF_INET, DIAG_SYN_RECV);
	put(&m, ATTR_MARK, 4, meminfo);
	assert_true(only(&m).request_sock);
	/* SHUTDOWN comes unasked with every full socket, also where SK_MEMINFO was not asked for.
	 */
	start(&m, AF_INET, DIAG_SYN_RECV);
	put(&m, INET_DIAG_SHUTDOWN, 1, meminfo);
	assert_false(only(&m).request_sock);
	start(&m, AF_INET, DIAG_SYN_RECV);
	put(&m, INET_DIAG_SKMEMINFO, 32, meminfo);
	assert_false(only(&m).request_sock);
}

static void put_ulp(struct message *m, const char *name, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(&m->nlh, ATTR_ULP_INFO);

	mnl_attr_put(&m->nlh, 1, len, name);
	mnl_attr_nest_end(&m->nlh, nest);
}

/* No ULP means no MPTCP only to who would have been told: MARK and INFO show that. */
static void test_mptcp(void **state)
{
	struct tcp_info info = { 0 };
	struct message m;
	struct diag_record r;

	start(&m, AF_INET, DIAG_LISTEN);
	put_ulp(&m, "mptcp", 6);
	r = only(&m);
	assert_true(r.known & DIAG_MPTCP && r.mptcp);
	start(&m, AF_INET, DIAG_LISTEN);
	put(&m, ATTR_MARK, 4, meminfo);
	put(&m, INET_DIAG_INFO, sizeof(info), &info);
	put_ulp(&m, "tls", 4);
	r = only(&m);
	assert_true(r.known & DIAG_MPTCP);
	assert_false(r.mptcp);
	start(&m, AF_INET, DIAG_LISTEN);
	put(&m, INET_DIAG_INFO, sizeof(info), &info);
	assert_false(only(&m).known & DIAG_MPTCP);
	start(&m, AF_INET, DIAG_LISTEN);
	put(&m, ATTR_MARK, 4, meminfo);
	assert_false(only(&m).known & DIAG_MPTCP);
	start(&m, AF_INET, DIAG_LISTEN);
	put_ulp(&m, "mptc", 4);
	assert_false(only(&m).mptcp);
}

static void test_unknown_attributes(void **state)
{
	struct message m;

	start(&m, AF_INET, DIAG_LISTEN);
	put(&m, ATTR_SOCKOPT, 2, meminfo);
	put(&m, 200, 0, NULL);
	put(&m, INET_DIAG_SKMEMINFO, sizeof(meminfo), meminfo);
	put(&m, 0x3fff, 300, (const char[300]){ 0 });
	assert_u64_equal(only(&m).known, DIAG_DROPS);
}

/* 3.10 leaves the twelve bytes behind an IPv4 address as they were. */
static void test_ipv4_garbage(void **state)
{
	static const uint8_t zero[12];
	struct inet_diag_msg *body;
	struct diag_record r;
	struct message m;

	body = start(&m, AF_INET, DIAG_LISTEN);
	memset(body->id.idiag_src, 0xaa, sizeof(body->id.idiag_src));
	memset(body->id.idiag_dst, 0xbb, sizeof(body->id.idiag_dst));
	body->id.idiag_cookie[0] = 0x11223344;
	body->id.idiag_cookie[1] = 0x55667788;
	r = only(&m);
	assert_address(r.local, AF_INET, "170.170.170.170");
	assert_memory_equal(r.local + 4, zero, sizeof(zero));
	assert_memory_equal(r.peer + 4, zero, sizeof(zero));
	assert_u64_equal(r.cookie, 0x5566778811223344);
}

/* RHEL 7: a cookie is an address, and nothing raises the number of drops. */
static void test_address_cookie(void **state)
{
	struct inet_diag_msg *body;
	struct diag_record r;
	struct message m;

	body = start(&m, AF_INET, DIAG_LISTEN);
	body->id.idiag_cookie[0] = 0x3a5d0000;
	body->id.idiag_cookie[1] = 0xffff8800;
	body->idiag_inode = 0x5cc4e;
	put(&m, INET_DIAG_SKMEMINFO, sizeof(meminfo), meminfo);
	r = only(&m);
	assert_u64_equal(r.cookie, 0xcc4e88003a5d0000);
	assert_u64_equal(r.known, DIAG_ADDRESS);
	assert_u64_equal(r.drops, 0);
	/* Another socket at the same address. */
	body->idiag_inode++;
	assert_u64_equal(only(&m).cookie, 0xcc4f88003a5d0000);
	/* A server that accepts and closes fast may well get the same again. */
	body->idiag_state = DIAG_ESTABLISHED;
	body->id.idiag_dport = htons(0x1267);
	assert_u64_equal(only(&m).cookie, 0x126788003a5d0000);
	/* Where cookies are counted up, drops are counted. */
	body->idiag_state = DIAG_LISTEN;
	body->id.idiag_cookie[1] = 0x7fffffff;
	r = only(&m);
	assert_u64_equal(r.cookie, 0x7fffffff3a5d0000);
	assert_u64_equal(r.known, DIAG_DROPS);
	assert_u64_equal(r.drops, 4294967295u);
}

static int parse_code(uint16_t type, size_t len, int code)
{
	struct {
		struct nlmsghdr nlh;
		int code;
	} m = { { .nlmsg_len = (uint32_t)(sizeof(m.nlh) + len),
		  .nlmsg_type = type,
		  .nlmsg_seq = SEQUENCE },
		code };
	struct seen seen;

	return parse(&m, sizeof(m.nlh) + len, &seen);
}

static void test_end_of_dump(void **state)
{
	assert_int_equal(parse_code(NLMSG_DONE, 4, 0), 0);
	assert_int_equal(parse_code(NLMSG_DONE, 4, -ENOMEM), -ENOMEM);
	/* Kernels before 4.10 or so send DONE with the length of the last batch: not an error. */
	assert_int_equal(parse_code(NLMSG_DONE, 4, 12), 0);
	assert_int_equal(parse_code(NLMSG_DONE, 0, 0), 0);
	assert_int_equal(parse_code(NLMSG_ERROR, 4, -EPERM), -EPERM);
	/* What cannot be an errno. */
	assert_int_equal(parse_code(NLMSG_ERROR, 4, -4096), -EBADMSG);
	assert_int_equal(parse_code(NLMSG_DONE, 4, INT32_MIN), -EBADMSG);
	assert_int_equal(parse_code(NLMSG_ERROR, 4, 0), 1); /* an ACK */
	assert_int_equal(parse_code(NLMSG_ERROR, 0, 0), 1);
	assert_int_equal(parse_code(NLMSG_NOOP, 4, -EPERM), 1);
}

/* Cut at every length: what is whole is reported as it was, the rest not at all. */
static void test_truncated(void **state)
{
	struct seen whole, seen;
	size_t len;
	char *bytes;

	bytes = captured("fast-open/closing/listeners", &len);
	assert_int_equal(parse(bytes, len, &whole), 0);
	for (size_t cut = 0; cut < len; cut++) {
		size_t n = 0;

		assert_int_equal(parse(bytes, cut, &seen), 1);
		for (size_t at = 0; at < cut; n++) {
			const struct nlmsghdr *nlh = (const void *)(bytes + at);

			at += NLMSG_ALIGN(nlh->nlmsg_len);
			if (at > cut)
				break;
		}
		assert_u64_equal(seen.n, n);
		assert_memory_equal(seen.records, whole.records, n * sizeof(whole.records[0]));
	}
	free(bytes);
}

/* mnl_nlmsg_ok() of libmnl before 1.0.5 takes a length of 2^31 and more for a negative one. */
static void test_huge_length(void **state)
{
	static const uint32_t lengths[] = { 0x80000000, 0xfffffff0, 0xffffffff, 0x7fffffff, 4096 };
	struct seen seen;
	struct message m;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		start(&m, AF_INET, DIAG_LISTEN);
		m.nlh.nlmsg_len = lengths[i];
		assert_int_equal(parse(m.bytes, 88, &seen), 1);
		assert_u64_equal(seen.n, 0);
	}
}

/* From here on: dumps from a kernel that has bad days, see fake_netlink.h. */

static struct diag_socket *diag;
static struct error why;
static const struct diag_request both = { .states = 1 << DIAG_LISTEN,
					  .ext = DIAG_EXT_MEMINFO,
					  .family = AF_UNSPEC };

static uint64_t now_s;

int clock_gettime(clockid_t id, struct timespec *t)
{
	(void)id;
	*t = (struct timespec){ .tv_sec = (time_t)now_s };
	return 0;
}

static int setup(void **state)
{
	fake_netlink_reset();
	now_s = 1000;
	assert_int_equal(diag_open(&diag, NETNS_HOME, &why), 0);
	strcpy(why.text, "untouched");
	return 0;
}

static int teardown(void **state)
{
	unsigned int opened, closed;

	diag_close(diag);
	opened = fake_netlink_opened;
	closed = fake_netlink_closed;
	fake_netlink_reset();
	return opened != closed;
}

static int dump(const struct diag_request *request, struct seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	return diag_dump(diag, request, handle, seen, &why);
}

static void reply_captured(const char *name, size_t each)
{
	size_t len;
	char *bytes = captured(name, &len);

	fake_netlink_reply_dump(bytes, len, each);
	free(bytes);
}

static const struct inet_diag_req *legacy(size_t i)
{
	const struct nlmsghdr *nlh = fake_netlink_request(i);

	assert_int_equal(nlh->nlmsg_type, TCPDIAG_GETSOCK);
	assert_int_equal(nlh->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	return NLMSG_DATA(nlh);
}

static const struct inet_diag_req_v2 *by_family(size_t i)
{
	const struct nlmsghdr *nlh = fake_netlink_request(i);

	assert_int_equal(nlh->nlmsg_type, SOCK_DIAG_BY_FAMILY);
	assert_int_equal(nlh->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	return NLMSG_DATA(nlh);
}

static void test_dump_both(void **state)
{
	struct seen seen;

	for (size_t each = 0; each < 3; each++) {
		reply_captured("overflow/closing/listeners", each);
		assert_int_equal(dump(&both, &seen), 0);
		assert_u64_equal(seen.n, 3);
		assert_u64_equal(fake_netlink_left(), 0);
	}
	assert_u64_equal(fake_netlink_sent(), 3);
	assert_u64_equal(legacy(0)->idiag_states, 1 << DIAG_LISTEN);
	assert_u64_equal(legacy(0)->idiag_ext, 1 << (INET_DIAG_SKMEMINFO - 1));
	assert_u64_equal(legacy(0)->idiag_family, 0);
	assert_u64_equal(legacy(0)->id.idiag_dport, 0);
	assert_true(fake_netlink_request(0)->nlmsg_seq != fake_netlink_request(1)->nlmsg_seq);
	/* The kernel sends batches of 32 KiB to who has room for them. */
	assert_true(fake_netlink_buffer >= 32 * 1024);
	assert_string_equal(why.text, "untouched");
}

static void test_dump_one_family(void **state)
{
	struct diag_request request = { .states = 1 << DIAG_LISTEN | 1 << DIAG_SYN_RECV,
					.ext = DIAG_EXT_MEMINFO | DIAG_EXT_INFO,
					.family = AF_INET6 };
	struct seen seen;

	reply_captured("overflow/closing/listeners", 0);
	assert_int_equal(dump(&request, &seen), 0);
	assert_u64_equal(fake_netlink_sent(), 1);
	assert_int_equal(by_family(0)->sdiag_family, AF_INET6);
	assert_int_equal(by_family(0)->sdiag_protocol, IPPROTO_TCP);
	assert_u64_equal(by_family(0)->idiag_states, 1 << DIAG_LISTEN | 1 << DIAG_SYN_RECV);
	assert_u64_equal(by_family(0)->idiag_ext,
			 1 << (INET_DIAG_SKMEMINFO - 1) | 1 << (INET_DIAG_INFO - 1));
}

/* A policy or a kernel without it refuses the legacy request: two by family, and no third try. */
static void test_legacy_refused(void **state)
{
	static const int codes[] = { -EINVAL, -EOPNOTSUPP, -ENOENT, -EPERM };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct seen seen;

		if (i) {
			assert_int_equal(teardown(state), 0);
			setup(state);
		}
		fake_netlink_reply_error(codes[i]);
		reply_captured("backlog-0/closing/listeners", 1);
		reply_captured("overflow/closing/listeners", 1);
		assert_int_equal(dump(&both, &seen), 0);
		assert_u64_equal(seen.n, 4);
		assert_u64_equal(fake_netlink_sent(), 3);
		legacy(0);
		assert_int_equal(by_family(1)->sdiag_family, AF_INET);
		assert_int_equal(by_family(2)->sdiag_family, AF_INET6);
		assert_u64_equal(by_family(2)->idiag_states, 1 << DIAG_LISTEN);

		reply_captured("backlog-0/closing/listeners", 1);
		reply_captured("overflow/closing/listeners", 1);
		assert_int_equal(dump(&both, &seen), 0);
		assert_u64_equal(fake_netlink_sent(), 5);
		by_family(3);
	}
}

static void test_no_ipv6(void **state)
{
	struct seen seen;

	fake_netlink_reply_error(-EINVAL);
	reply_captured("backlog-0/closing/listeners", 0);
	fake_netlink_reply_error(-ENOENT);
	assert_int_equal(dump(&both, &seen), 0);
	assert_u64_equal(seen.n, 1);
}

/* But no TCP at all is an error, with what to do about it. */
static void test_no_tcp_diag(void **state)
{
	struct seen seen;

	fake_netlink_reply_error(-ENOENT);
	fake_netlink_reply_error(-ENOENT);
	assert_int_equal(dump(&both, &seen), -ENOENT);
	assert_non_null(strstr(why.text, "modprobe tcp_diag"));
}

/* Returns whether a first dump that failed with this code is repeated, on a new socket. */
static bool again(int code)
{
	unsigned int tries = 0;

	return netlink_again(diag_netlink(diag), code, &tries);
}

static void test_permission(void **state)
{
	struct seen seen;

	fake_netlink_reply_error(-EPERM);
	fake_netlink_reply_error(-EPERM);
	assert_int_equal(dump(&both, &seen), -EPERM);
	assert_non_null(strstr(why.text, "forbids"));
	assert_false(again(-EPERM));
}

/* At the start and in the middle of a dump. */
static void test_interrupted(void **state)
{
	struct nlmsghdr *first;
	struct seen seen;
	size_t len, at;
	char *bytes;

	bytes = captured("overflow/closing/listeners", &len);
	first = (void *)bytes;
	at = NLMSG_ALIGN(first->nlmsg_len);
	fake_netlink_fail_receive(EINTR);
	fake_netlink_reply(bytes, at);
	fake_netlink_fail_receive(EINTR);
	fake_netlink_fail_receive(EINTR);
	fake_netlink_reply(bytes + at, len - at);
	assert_int_equal(dump(&both, &seen), 0);
	assert_u64_equal(seen.n, 3);
	assert_u64_equal(fake_netlink_sent(), 1);
	free(bytes);
}

static void test_no_buffers(void **state)
{
	struct seen seen;

	fake_netlink_fail_receive(ENOBUFS);
	assert_int_equal(dump(&both, &seen), -ENOBUFS);
	assert_non_null(strstr(why.text, "lost"));
	/* On a new socket it works again. What the old one still had is ignored. */
	assert_true(again(-ENOBUFS));
	assert_u64_equal(fake_netlink_opened, 2);
	assert_u64_equal(fake_netlink_closed, 1);
	reply_captured("overflow/closing/listeners", 1);
	assert_int_equal(dump(&both, &seen), 0);
	assert_u64_equal(seen.n, 3);
}

static void test_reopen_fails(void **state)
{
	struct seen seen;

	fake_netlink_fail_open(EMFILE);
	assert_false(again(-EBUSY));
	reply_captured("overflow/closing/listeners", 1);
	assert_int_equal(dump(&both, &seen), 0); /* on the old one */
}

static uint16_t client_port;

static void answer_connection(const struct nlmsghdr *request)
{
	const struct inet_diag_msg m = { .idiag_family = AF_INET,
					 .idiag_state = DIAG_ESTABLISHED,
					 .id = { .idiag_dport = htons(client_port),
						 .idiag_cookie = { 0x3a5d0000, 0xffff8800 } } };

	fake_netlink_reply_socket(&m, -1, 1700);
	if (request->nlmsg_flags & NLM_F_DUMP)
		fake_netlink_reply_done(0);
}

/* The kernel cannot compare what is no longer its own. */
static void test_find_by_address(void **state)
{
	const struct inet_diag_req_v2 *request;
	struct diag_record found;
	struct seen seen;

	fake_netlink_on_request = answer_connection;
	client_port = 4711;
	assert_int_equal(dump(&both, &seen), 0);
	assert_int_equal(diag_find(diag, &seen.records[0], &found), 0);
	assert_u64_equal(found.last_data_sent_ms, 1700);
	request = NLMSG_DATA(fake_netlink_request(1));
	assert_u64_equal(request->id.idiag_cookie[0], INET_DIAG_NOCOOKIE);
	assert_u64_equal(request->id.idiag_cookie[1], INET_DIAG_NOCOOKIE);
	client_port++;
	assert_int_equal(diag_find(diag, &seen.records[0], &found), -ENOENT);
}

static void test_open_fails(void **state)
{
	struct diag_socket *none = NULL;

	fake_netlink_fail_open(EPROTONOSUPPORT);
	assert_int_equal(diag_open(&none, NETNS_HOME, &why), -EPROTONOSUPPORT);
	assert_null(none);
	assert_non_null(strstr(why.text, "CONFIG_INET_DIAG"));
	diag_close(none);
}

/* libmnl says ENOSPC for MSG_TRUNC: the buffer has to grow before the next try, but not for ever.
 */
static void test_truncated_datagram(void **state)
{
	size_t before = 0;
	struct seen seen;
	int tries = 0;

	for (;; tries++) {
		int code;

		fake_netlink_fail_receive(ENOSPC);
		code = dump(&both, &seen);
		assert_true(fake_netlink_buffer > before || code == -ENOSPC);
		if (code != -EMSGSIZE) {
			assert_int_equal(code, -ENOSPC);
			break;
		}
		before = fake_netlink_buffer;
		assert_true(again(code));
		assert_true(tries < 20);
	}
	assert_true(tries >= 1);
	reply_captured("overflow/closing/listeners", 1);
	assert_int_equal(dump(&both, &seen), 0);
	assert_true(fake_netlink_buffer > 32 * 1024);
}

static void test_busy(void **state)
{
	struct seen seen;

	fake_netlink_reply_error(-EBUSY);
	assert_int_equal(dump(&both, &seen), -EBUSY);
	assert_true(again(-EBUSY));
	assert_u64_equal(fake_netlink_sent(), 1);
}

/* The end of the dump may carry an errno, after sockets have come: no short list without a word. */
static void test_dump_ends_in_error(void **state)
{
	const int code = -ENOMEM;
	struct seen seen;
	size_t len;
	char *bytes;

	bytes = captured("overflow/closing/listeners", &len);
	memcpy(bytes + len - sizeof(code), &code, sizeof(code));
	fake_netlink_reply_dump(bytes, len, 1);
	assert_int_equal(dump(&both, &seen), -ENOMEM);
	assert_u64_equal(seen.n, 3);
	assert_string_not_equal(why.text, "untouched");
	free(bytes);
}

static void test_send_fails(void **state)
{
	struct seen seen;

	fake_netlink_fail_send(ENOMEM);
	assert_int_equal(dump(&both, &seen), -ENOMEM);
	assert_u64_equal(fake_netlink_left(), 0);
}

/* The rest of a dump that was given up is in the queue before the answer. */
static void test_stale_replies(void **state)
{
	struct seen seen;
	size_t len;
	char *bytes;

	bytes = captured("two-overflow/closing/listeners", &len);
	for (size_t at = 0; at < len;) {
		struct nlmsghdr *nlh = (void *)(bytes + at);

		nlh->nlmsg_seq = 4711;
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	fake_netlink_reply_foreign(bytes, len);
	free(bytes);
	reply_captured("overflow/closing/listeners", 0);
	assert_int_equal(dump(&both, &seen), 0);
	assert_u64_equal(seen.n, 3);
}

/* One listener as somebody else would have it, with the sequence number of the request. */
static void forge(size_t len)
{
	const struct inet_diag_msg socket = { .idiag_family = AF_INET,
					      .idiag_state = DIAG_LISTEN,
					      .id.idiag_sport = htons(6666) };
	char *bytes = xcalloc(1, len);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(bytes);

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	memcpy(mnl_nlmsg_put_extra_header(nlh, sizeof(socket)), &socket, sizeof(socket));
	fake_netlink_reply_from(4711, bytes, len);
	free(bytes);
}

static void forge_end(int code)
{
	struct {
		struct nlmsghdr nlh;
		int code;
	} end = { { .nlmsg_len = sizeof(end), .nlmsg_type = NLMSG_DONE }, code };

	fake_netlink_reply_from(4711, &end, sizeof(end));
}

/* Only the kernel is believed: others add nothing, end nothing, and have no buffer grow. */
static void test_forged(void **state)
{
	struct seen seen;
	size_t len, at;
	char *bytes;

	bytes = captured("overflow/closing/listeners", &len);
	at = NLMSG_ALIGN(((struct nlmsghdr *)bytes)->nlmsg_len);
	forge(200);
	forge_end(0);
	fake_netlink_reply_from(4711, "", 0);
	fake_netlink_reply(bytes, at);
	forge_end(-EPERM);
	forge(100000);
	fake_netlink_reply(bytes + at, len - at);
	assert_int_equal(dump(&both, &seen), 0);
	assert_u64_equal(seen.n, 3);
	for (size_t i = 0; i < seen.n; i++)
		assert_true(seen.records[i].local_port != 6666);
	assert_u64_equal(diag_datagrams(diag), 2);
	assert_u64_equal(fake_netlink_buffer, 32 * 1024);
	free(bytes);
}

/* Others who never stop do not keep us: a second each. */
static void forge_one_more(void)
{
	now_s++;
	assert_true(now_s < 2000);
	forge(200);
}

static void interrupt_once_more(void)
{
	now_s++;
	assert_true(now_s < 2000);
	fake_netlink_fail_receive(EINTR);
}

static void test_silence(void **state)
{
	void (*const instead[])(void) = { forge_one_more, interrupt_once_more };
	struct seen seen;

	for (size_t i = 0; i < ARRAY_SIZE(instead); i++) {
		now_s = 1000;
		fake_netlink_on_empty = instead[i];
		assert_int_equal(dump(&both, &seen), -ETIMEDOUT);
		assert_u64_equal(now_s, 1010);
		assert_u64_equal(seen.n, 0);
		assert_string_equal(why.text, "cannot dump TCP sockets over sock_diag: the kernel "
					      "did not answer for 10 s; try again");
	}
	fake_netlink_on_empty = NULL;
	fake_netlink_fail_receive(EAGAIN);
	assert_int_equal(dump(&both, &seen), -ETIMEDOUT);
	/* What the kernel has said in vain by then is not taken for the next answer. */
	reply_captured("overflow/closing/listeners", 0);
	assert_int_equal(dump(&both, &seen), 0);
	assert_u64_equal(seen.n, 3);
}

/* Nobody but the kernel can send to our socket, and it does not wait for ever. */
static void test_connected(void **state)
{
	int fd = netlink_fd(diag_netlink(diag));
	struct sockaddr_nl kernel = { .nl_pid = 1 };
	socklen_t len = sizeof(kernel);
	struct timeval silence = { 0 };

	assert_int_equal(getpeername(fd, (struct sockaddr *)&kernel, &len), 0);
	assert_int_equal(kernel.nl_family, AF_NETLINK);
	assert_int_equal(kernel.nl_pid, 0);
	len = sizeof(silence);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, &len), 0);
	assert_int_equal(silence.tv_sec, 10);
}

/* It cannot be foretold where the sequence numbers begin; each request has another. */
static void test_sequence(void **state)
{
	uint32_t first[4], differ = 0;
	struct seen seen;

	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		fake_netlink_reply_done(0);
		assert_int_equal(dump(&both, &seen), 0);
		first[i] = fake_netlink_request(2 * i)->nlmsg_seq;
		fake_netlink_reply_done(0);
		assert_int_equal(dump(&both, &seen), 0);
		assert_true(fake_netlink_request(2 * i + 1)->nlmsg_seq != first[i]);
		for (size_t j = 0; j < i; j++)
			differ += first[i] - first[j] > 1000 && first[j] - first[i] > 1000;
		diag_close(diag);
		assert_int_equal(diag_open(&diag, NETNS_HOME, &why), 0);
	}
	assert_true(differ >= 5); /* of 6 pairs */
}

static void test_filter(void **state)
{
	const uint16_t port = 443;
	struct bytecode filter = { 0 };
	const struct diag_request request = { .states = 1 << DIAG_ESTABLISHED,
					      .family = AF_UNSPEC,
					      .filter = &filter };
	const struct nlattr *attr;
	struct seen seen;

	fake_netlink_reply_done(0);
	assert_int_equal(dump(&request, &seen), 0);
	assert_u64_equal(fake_netlink_request(0)->nlmsg_len,
			 NLMSG_LENGTH(sizeof(struct inet_diag_req)));
	bytecode_ports(&filter, &port, 1, false);
	fake_netlink_reply_done(0);
	assert_int_equal(dump(&request, &seen), 0);
	attr = mnl_nlmsg_get_payload_offset(fake_netlink_request(1), sizeof(struct inet_diag_req));
	assert_int_equal(mnl_attr_get_type(attr), INET_DIAG_REQ_BYTECODE);
	assert_u64_equal(mnl_attr_get_payload_len(attr), filter.n * BYTECODE_OP_SIZE);
	assert_memory_equal(mnl_attr_get_payload(attr), filter.ops, filter.n * BYTECODE_OP_SIZE);
	bytecode_free(&filter);
}

/* A kernel without an opcode refuses either request: that says nothing of the legacy one. */
static void test_filter_refused(void **state)
{
	const struct diag_request request = { .states = 1 << DIAG_LISTEN, .family = AF_UNSPEC };
	struct seen seen;

	fake_netlink_reply_error(-EINVAL);
	fake_netlink_reply_error(-EINVAL);
	assert_int_equal(dump(&request, &seen), -EINVAL);
	fake_netlink_reply_done(0);
	assert_int_equal(dump(&request, &seen), 0);
	assert_u64_equal(fake_netlink_sent(), 3);
	assert_int_equal(fake_netlink_request(2)->nlmsg_type, TCPDIAG_GETSOCK);
}

static void test_interface(void **state)
{
	char name[IFNAMSIZ] = "";

	assert_int_equal(diag_interface(diag, 1, name), 0);
	assert_string_equal(name, "lo");
	assert_int_equal(diag_interface(diag, 0x7ffffff0, name), -ENODEV);
	assert_u64_equal(diag_ifindex(diag, "lo"), 1);
	assert_u64_equal(diag_ifindex(diag, "no-such-device"), 0);
	assert_u64_equal(diag_ifindex(diag, "a-name-of-16-char"), 0);
}

#define DUMP_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meminfo_length),
		cmocka_unit_test(test_no_attributes),
		cmocka_unit_test(test_short_attributes),
		cmocka_unit_test(test_syn_recv_kinds),
		cmocka_unit_test(test_mptcp),
		cmocka_unit_test(test_unknown_attributes),
		cmocka_unit_test(test_ipv4_garbage),
		cmocka_unit_test(test_address_cookie),
		cmocka_unit_test(test_end_of_dump),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_huge_length),
		DUMP_TEST(test_dump_both),
		DUMP_TEST(test_dump_one_family),
		DUMP_TEST(test_legacy_refused),
		DUMP_TEST(test_no_ipv6),
		DUMP_TEST(test_no_tcp_diag),
		DUMP_TEST(test_permission),
		DUMP_TEST(test_interrupted),
		DUMP_TEST(test_no_buffers),
		DUMP_TEST(test_reopen_fails),
		DUMP_TEST(test_find_by_address),
		DUMP_TEST(test_open_fails),
		DUMP_TEST(test_truncated_datagram),
		DUMP_TEST(test_busy),
		DUMP_TEST(test_dump_ends_in_error),
		DUMP_TEST(test_send_fails),
		DUMP_TEST(test_stale_replies),
		DUMP_TEST(test_forged),
		DUMP_TEST(test_silence),
		DUMP_TEST(test_connected),
		DUMP_TEST(test_sequence),
		DUMP_TEST(test_filter),
		DUMP_TEST(test_filter_refused),
		DUMP_TEST(test_interface),
	};

	return cmocka_run_group_tests_name("sock_diag", tests, NULL, NULL);
}

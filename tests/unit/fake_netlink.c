/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_netlink.h"
#include "unit.h"

#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"

/* Headers older than 5.14 lack it. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* Newer than some headers. */
#define ATTR_MARK      15
#define ATTR_ULP_INFO  19
#define ATTR_CGROUP_ID 21

struct reply {
	char *bytes;
	size_t len;
	int error;
	bool foreign;
	uint32_t from; /* nl_pid of who sent it */
};

struct mnl_socket {
	int fd;
};

void (*fake_netlink_on_request)(const struct nlmsghdr *request);
void (*fake_netlink_on_empty)(void);
unsigned int fake_netlink_opened, fake_netlink_closed;
size_t fake_netlink_buffer;
uint64_t fake_netlink_netns_cookie;

static struct reply *replies;
static size_t n_replies, replies_size, next_reply;
static bool question; /* for one object, and nobody there to answer it */
static struct nlmsghdr **requests;
static size_t n_requests, requests_size;
static int send_error, open_error;

/* Converts an array of little-endian numbers, each @width bytes wide. */
static void convert(char *at, size_t len, size_t width)
{
	for (; width > 1 && len >= width; at += width, len -= width) {
		uint64_t number = 0;

		/* The lowest byte comes first. */
		for (size_t i = width; i-- > 0;)
			number = number << 8 | (unsigned char)at[i];
		if (width == 2)
			memcpy(at, &(uint16_t){ (uint16_t)number }, width);
		else if (width == 4)
			memcpy(at, &(uint32_t){ (uint32_t)number }, width);
		else
			memcpy(at, &number, width);
	}
}

/* The width of the numbers in the value of an attribute. */
static size_t attribute_width(uint8_t family, uint16_t type)
{
	if (family == AF_UNIX)
		return type == UNIX_DIAG_NAME || type == UNIX_DIAG_SHUTDOWN ? 1 : 4;
	switch (type) {
	case INET_DIAG_MEMINFO:
	case INET_DIAG_SKMEMINFO:
	case ATTR_MARK:
		return 4;
	case ATTR_CGROUP_ID:
		return 8;
	default:
		return 1;
	}
}

static void convert_attributes(char *at, const char *end, uint8_t family)
{
	struct nlattr a;

	for (; end - at >= (ssize_t)sizeof(a); at += NLMSG_ALIGN(a.nla_len)) {
		char *value = at + sizeof(a);
		size_t len;

		convert(at, sizeof(a), sizeof(uint16_t));
		memcpy(&a, at, sizeof(a));
		assert_in_range(a.nla_len, sizeof(a), end - at);
		len = a.nla_len - sizeof(a);
		if (family != AF_UNIX && a.nla_type == INET_DIAG_INFO)
			convert(value + 8, len < 104 ? len - 8 : 96, sizeof(uint32_t));
		else if (family != AF_UNIX && (a.nla_type & ~NLA_F_NESTED) == ATTR_ULP_INFO)
			convert_attributes(value, value + len, family);
		else
			convert(value, len, attribute_width(family, a.nla_type));
	}
}

static void convert_message(struct nlmsghdr *nlh)
{
	char *body = NLMSG_DATA(nlh), *end = (char *)nlh + nlh->nlmsg_len;
	const struct inet_diag_msg *m = (void *)body;
	const size_t device = offsetof(struct inet_diag_msg, id.idiag_if);
	const size_t timer = offsetof(struct inet_diag_msg, idiag_expires);

	if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR) {
		convert(body, sizeof(int), sizeof(int));
	} else if (m->idiag_family == AF_UNIX) {
		convert(body + 4, sizeof(struct unix_diag_msg) - 4, sizeof(uint32_t));
		convert_attributes(body + sizeof(struct unix_diag_msg), end, AF_UNIX);
	} else {
		convert(body + device, sizeof(m->id) - offsetof(struct inet_diag_sockid, idiag_if),
			sizeof(uint32_t));
		convert(body + timer, sizeof(*m) - timer, sizeof(uint32_t));
		convert_attributes(body + sizeof(*m), end, m->idiag_family);
	}
}

char *fake_netlink_captured(const char *path, size_t *len)
{
	char *bytes = unit_read(path, len);
	size_t at = 0;

	while (at < *len) {
		struct nlmsghdr *nlh = (void *)(bytes + at);

		convert(bytes + at, 4, sizeof(uint32_t)); /* nlmsg_len */
		convert(bytes + at + 4, 4, sizeof(uint16_t)); /* nlmsg_type, nlmsg_flags */
		convert(bytes + at + 8, 8, sizeof(uint32_t)); /* nlmsg_seq, nlmsg_pid */
		assert_in_range(nlh->nlmsg_len, sizeof(*nlh), *len - at);
		convert_message(nlh);
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	return bytes;
}

void fake_netlink_reset(void)
{
	for (size_t i = 0; i < n_replies; i++)
		free(replies[i].bytes);
	for (size_t i = 0; i < n_requests; i++)
		free(requests[i]);
	free(replies);
	free(requests);
	replies = NULL;
	requests = NULL;
	n_replies = replies_size = next_reply = n_requests = requests_size = 0;
	send_error = open_error = 0;
	fake_netlink_opened = fake_netlink_closed = 0;
	fake_netlink_buffer = 0;
	fake_netlink_netns_cookie = 0;
	fake_netlink_on_request = NULL;
	question = false;
	fake_netlink_on_empty = NULL;
}

void fake_netlink_end(struct sample_source **collector, struct snapshot *s, char *tree)
{
	sample_source_close(*collector);
	*collector = NULL;
	snapshot_free(s);
	unit_remove_tree(tree);
	fake_netlink_reset();
}

static struct reply *add_reply(const void *bytes, size_t len)
{
	struct reply *r;

	replies = array_grow(replies, n_replies, &replies_size, sizeof(*replies));
	r = &replies[n_replies++];
	memset(r, 0, sizeof(*r));
	r->bytes = xmalloc(len + 1);
	r->len = len;
	if (len)
		memcpy(r->bytes, bytes, len);
	return r;
}

void fake_netlink_reply(const void *bytes, size_t len)
{
	add_reply(bytes, len);
}

void fake_netlink_reply_foreign(const void *bytes, size_t len)
{
	add_reply(bytes, len)->foreign = true;
}

void fake_netlink_reply_from(uint32_t pid, const void *bytes, size_t len)
{
	add_reply(bytes, len)->from = pid;
}

void fake_netlink_reply_dump(const void *bytes, size_t len, size_t each)
{
	const char *start = bytes, *at = bytes, *end = start + len;
	size_t n = 0;

	while (at < end) {
		const struct nlmsghdr *nlh = (const void *)at;

		at += NLMSG_ALIGN(nlh->nlmsg_len);
		if (++n == each || at >= end) {
			fake_netlink_reply(start, (size_t)(at - start));
			start = at;
			n = 0;
		}
	}
}

static void reply_code(uint16_t type, int code)
{
	struct {
		struct nlmsghdr nlh;
		int code;
	} message = { { .nlmsg_len = sizeof(message), .nlmsg_type = type }, code };

	fake_netlink_reply(&message, sizeof(message));
}

void fake_netlink_reply_error(int code)
{
	reply_code(NLMSG_ERROR, code);
}

void fake_netlink_reply_done(int code)
{
	reply_code(NLMSG_DONE, code);
}

void fake_netlink_reply_socket(const struct inet_diag_msg *socket, int64_t drops,
			       int64_t last_data_sent_ms)
{
	struct tcp_info info = { .tcpi_last_data_sent = (uint32_t)last_data_sent_ms };
	uint32_t meminfo[9] = { [8] = (uint32_t)drops };
	char bytes[1024] = "";
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(bytes);

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	memcpy(mnl_nlmsg_put_extra_header(nlh, sizeof(*socket)), socket, sizeof(*socket));
	if (drops >= 0)
		mnl_attr_put(nlh, INET_DIAG_SKMEMINFO, sizeof(meminfo), meminfo);
	if (last_data_sent_ms >= 0)
		mnl_attr_put(nlh, INET_DIAG_INFO, sizeof(info), &info);
	fake_netlink_reply(bytes, nlh->nlmsg_len);
}

void fake_netlink_reply_unix(const struct unix_diag_msg *socket, const void *name, size_t len,
			     uint32_t length, uint32_t limit)
{
	struct unix_diag_rqlen queue = { length, limit };
	char bytes[1024] = "";
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(bytes);

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	memcpy(mnl_nlmsg_put_extra_header(nlh, sizeof(*socket)), socket, sizeof(*socket));
	if (name)
		mnl_attr_put(nlh, UNIX_DIAG_NAME, len, name);
	mnl_attr_put(nlh, UNIX_DIAG_RQLEN, sizeof(queue), &queue);
	fake_netlink_reply(bytes, nlh->nlmsg_len);
}

void fake_netlink_fail_receive(int error)
{
	add_reply(NULL, 0)->error = error;
}

void fake_netlink_fail_send(int error)
{
	send_error = error;
}

void fake_netlink_fail_open(int error)
{
	open_error = error;
}

size_t fake_netlink_sent(void)
{
	return n_requests;
}

const struct nlmsghdr *fake_netlink_request(size_t i)
{
	return requests[i];
}

size_t fake_netlink_left(void)
{
	return n_replies - next_reply;
}

/* From here on: what libmnl would do. */

struct mnl_socket *mnl_socket_open(int bus)
{
	struct mnl_socket *nl;

	(void)bus;
	if (open_error) {
		errno = open_error;
		open_error = 0;
		return NULL;
	}
	nl = xcalloc(1, sizeof(*nl));
	/* A real one, to be connected, and asked for the name of an interface. */
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	fake_netlink_opened++;
	return nl;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	close(nl->fd);
	free(nl);
	fake_netlink_closed++;
	return 0;
}

int mnl_socket_get_fd(const struct mnl_socket *nl)
{
	return nl->fd;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *bytes, size_t len)
{
	(void)nl;
	if (send_error) {
		errno = send_error;
		send_error = 0;
		return -1;
	}
	requests = array_grow(requests, n_requests, &requests_size, sizeof(*requests));
	requests[n_requests] = xmalloc(len);
	memcpy(requests[n_requests], bytes, len);
	n_requests++;
	if (fake_netlink_on_request)
		fake_netlink_on_request(requests[n_requests - 1]);
	else
		question = !(requests[n_requests - 1]->nlmsg_flags & NLM_F_DUMP);
	return (ssize_t)len;
}

/* "There is no such object": replies that a test has queued are those to its dumps. */
static ssize_t answer_question(struct msghdr *message)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
	} m = { .head = { .nlmsg_len = sizeof(m),
			  .nlmsg_type = NLMSG_ERROR,
			  .nlmsg_seq = requests[n_requests - 1]->nlmsg_seq },
		.error.error = -ENOENT };

	question = false;
	*(struct sockaddr_nl *)message->msg_name = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
	message->msg_namelen = sizeof(struct sockaddr_nl);
	message->msg_flags = 0;
	memcpy(message->msg_iov->iov_base, &m, sizeof(m));
	return sizeof(m);
}

static void set_sequence(char *bytes, size_t len, uint32_t sequence)
{
	size_t at = 0;

	while (at + sizeof(struct nlmsghdr) <= len) {
		struct nlmsghdr *nlh = (void *)(bytes + at);

		nlh->nlmsg_seq = sequence;
		if (nlh->nlmsg_len < sizeof(*nlh) || nlh->nlmsg_len > len - at)
			break;
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
}

/* And what the kernel would. */
int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	if (level != SOL_SOCKET || name != SO_NETNS_COOKIE)
		return (int)syscall(SYS_getsockopt, fd, level, name, value, len);
	if (!fake_netlink_netns_cookie) {
		errno = ENOPROTOOPT;
		return -1;
	}
	memcpy(value, &fake_netlink_netns_cookie, sizeof(fake_netlink_netns_cookie));
	*len = sizeof(fake_netlink_netns_cookie);
	return 0;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct sockaddr_nl *from = message->msg_name;
	size_t size = message->msg_iov->iov_len;
	struct reply *r;

	(void)fd, (void)flags;
	fake_netlink_buffer = size;
	if (question)
		return answer_question(message);
	if (next_reply == n_replies && fake_netlink_on_empty)
		fake_netlink_on_empty();
	/* Nothing was queued: a real socket would block until its time is up. */
	if (next_reply == n_replies) {
		errno = EDEADLK;
		return -1;
	}
	r = &replies[next_reply++];
	if (r->error && r->error != ENOSPC) {
		errno = r->error;
		return -1;
	}
	if (!r->foreign && n_requests)
		set_sequence(r->bytes, r->len, requests[n_requests - 1]->nlmsg_seq);
	*from = (struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_pid = r->from };
	message->msg_namelen = sizeof(*from);
	message->msg_flags = r->error || r->len > size ? MSG_TRUNC : 0;
	memcpy(message->msg_iov->iov_base, r->bytes, r->len < size ? r->len : size);
	return (ssize_t)(r->len < size ? r->len : size);
}

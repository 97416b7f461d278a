/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/netlink.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The kernel fills datagrams of up to 32 KiB when the reader's buffer is that large (af_netlink.c,
 * netlink_dump()). MNL_SOCKET_BUFFER_SIZE is only 8 KiB.
 */
#define BUFFER_SIZE	(32 * 1024)
#define BUFFER_SIZE_MAX (1024 * 1024)

#define DUMP_TRIES 4

#define ERRNO_MAX 4095 /* MAX_ERRNO, err.h of the kernel */

/*
 * How long to wait for the kernel. It makes a dump within our own system calls, so every reply is
 * there at once: a longer wait would be for nothing.
 */
#define TIMEOUT_SECONDS 10

struct netlink_socket {
	struct mnl_socket *nl;
	int netns_fd; /* see enter_run(); not owned */
	uint32_t sequence;
	unsigned int datagrams; /* with sockets, of the last dump */
	char *buffer;
	size_t buffer_size;
};

/* NLMSG_DONE and NLMSG_ERROR begin with an errno; libmnl's own loop ignores that of NLMSG_DONE. */
static int read_code(const void *payload, size_t len)
{
	int code = 0;

	if (len >= sizeof(code))
		memcpy(&code, payload, sizeof(code));
	return code < -ERRNO_MAX ? -EBADMSG : code;
}

int netlink_parse(const void *bytes, size_t len, uint32_t sequence, netlink_handler handler,
		  void *context)
{
	const struct nlmsghdr *nlh = bytes;
	int left = (int)len;

	/* libmnl before 1.0.5 reads a length of 2^31 or more as negative, hence the second test. */
	for (; mnl_nlmsg_ok(nlh, left) && nlh->nlmsg_len <= (size_t)left;
	     nlh = mnl_nlmsg_next(nlh, &left)) {
		const void *payload = mnl_nlmsg_get_payload(nlh);
		size_t payload_len = mnl_nlmsg_get_payload_len(nlh);
		int code;

		if (nlh->nlmsg_seq != sequence)
			continue;
		switch (nlh->nlmsg_type) {
		case NLMSG_DONE:
		case NLMSG_ERROR:
			code = read_code(payload, payload_len);
			if (code < 0 || nlh->nlmsg_type == NLMSG_DONE)
				return code < 0 ? code : 0;
			break;
		default:
			if (nlh->nlmsg_type < NLMSG_MIN_TYPE)
				break;
			handler(nlh->nlmsg_type, payload, payload_len, context);
			break;
		}
	}
	return 1;
}

static const char *advice(int code)
{
	switch (code) {
	case -EPROTONOSUPPORT:
		return "; the kernel lacks CONFIG_INET_DIAG";
	case -EPERM:
	case -EACCES:
		return "; a sandbox or security policy forbids it";
	case -ENOBUFS:
		return "; the kernel lost the reply, try again";
	default:
		return error_advice(code);
	}
}

int netlink_explain(int code, const char *sockets, const char *module, struct error *why)
{
	if (code == -ENOENT)
		return error_set(why, code,
				 "cannot dump %s over sock_diag: %s; the kernel lacks %s, "
				 "try: modprobe %s",
				 sockets, strerror(-code), module, module);
	if (code == -ETIMEDOUT)
		return error_set(why, code,
				 "cannot dump %s over sock_diag: the kernel did not answer for "
				 "%d s; try again",
				 sockets, TIMEOUT_SECONDS);
	return error_set(why, code, "cannot dump %s over sock_diag: %s%s", sockets, strerror(-code),
			 advice(code));
}

/*
 * A process with CAP_NET_ADMIN in the namespace may send to any netlink socket there, and every
 * user has that in a namespace of their own. But only the kernel may send to a socket that is
 * connected to it (netlink_getsockbyportid(), af_netlink.c). connect(2) binds the socket as well,
 * so no foreign datagram can arrive before it.
 */
static int connect_to_kernel(const struct mnl_socket *nl)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct timeval timeout = { .tv_sec = TIMEOUT_SECONDS };
	int fd = mnl_socket_get_fd(nl);

	if (connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -1;
	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
}

static int open_here(void *context, struct error *why)
{
	struct mnl_socket **nl = context;
	int code;

	*nl = mnl_socket_open(NETLINK_SOCK_DIAG);
	if (*nl && connect_to_kernel(*nl) == 0)
		return 0;
	code = -errno;
	if (*nl)
		mnl_socket_close(*nl);
	return error_set(why, code, "cannot open a sock_diag netlink socket: %s%s", strerror(-code),
			 advice(code));
}

/*
 * A random number, so that nobody can forge a reply. Early at boot, or in a sandbox that forbids
 * getrandom(2), it comes from the time: receive() also checks the sender of each datagram.
 */
static uint32_t first_sequence(void)
{
	uint64_t now = clock_monotonic_ns();
	uint32_t sequence;

	if (getrandom(&sequence, sizeof(sequence), GRND_NONBLOCK) == sizeof(sequence))
		return sequence;
	return (uint32_t)(now ^ now >> 32) ^ (uint32_t)getpid() << 16;
}

int netlink_open(struct netlink_socket **socket, int netns_fd, struct error *why)
{
	struct mnl_socket *nl;
	int code = enter_run(netns_fd, open_here, &nl, why);

	if (code < 0)
		return code;
	*socket = xcalloc(1, sizeof(**socket));
	(*socket)->nl = nl;
	(*socket)->netns_fd = netns_fd;
	(*socket)->sequence = first_sequence();
	(*socket)->buffer_size = BUFFER_SIZE;
	(*socket)->buffer = xmalloc(BUFFER_SIZE);
	return 0;
}

void netlink_close(struct netlink_socket *socket)
{
	if (!socket)
		return;
	mnl_socket_close(socket->nl);
	free(socket->buffer);
	free(socket);
}

int netlink_fd(const struct netlink_socket *socket)
{
	return mnl_socket_get_fd(socket->nl);
}

unsigned int netlink_datagrams(const struct netlink_socket *socket)
{
	return socket->datagrams;
}

bool netlink_again(struct netlink_socket *socket, int code, unsigned int *tries)
{
	struct error ignored; /* the caller reports why the dump failed */
	struct mnl_socket *nl;

	++*tries;
	if ((code != -ENOBUFS && code != -EMSGSIZE && code != -EBUSY) ||
	    enter_run(socket->netns_fd, open_here, &nl, &ignored) < 0)
		return false;
	mnl_socket_close(socket->nl);
	socket->nl = nl;
	return *tries < DUMP_TRIES;
}

static int send_request(struct netlink_socket *s, const struct netlink_request *request,
			uint16_t flags)
{
	size_t room = NLMSG_SPACE(request->payload_len) + sizeof(struct nlattr) +
		      NLMSG_ALIGN(request->value_len);
	char *buffer = xcalloc(1, room);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	int sent;

	nlh->nlmsg_type = request->type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = ++s->sequence;
	memcpy(mnl_nlmsg_put_extra_header(nlh, request->payload_len), request->payload,
	       request->payload_len);
	if (request->attribute)
		mnl_attr_put(nlh, request->attribute, request->value_len, request->value);
	sent = mnl_socket_sendto(s->nl, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
	free(buffer);
	return sent;
}

/*
 * Receives one datagram into the buffer. libmnl's own function does not show the sender, so that
 * anybody could make the buffer grow.
 *
 * Returns its length, 0 when it is not from the kernel, or -errno.
 */
static ssize_t receive(struct netlink_socket *s)
{
	struct sockaddr_nl from = { 0 };
	struct iovec room = { s->buffer, s->buffer_size };
	struct msghdr message = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &room, .msg_iovlen = 1
	};
	ssize_t len = recvmsg(mnl_socket_get_fd(s->nl), &message, 0);

	if (len < 0)
		return -errno;
	if (message.msg_namelen != sizeof(from) || from.nl_family != AF_NETLINK || from.nl_pid)
		return 0;
	if (!(message.msg_flags & MSG_TRUNC))
		return len;
	if (s->buffer_size >= BUFFER_SIZE_MAX)
		return -ENOSPC;
	s->buffer_size *= 2;
	s->buffer = xreallocarray(s->buffer, s->buffer_size, 1);
	return -EMSGSIZE;
}

/* @done: set by the handler after the last message; NULL: NLMSG_DONE ends the reply. */
static int receive_reply(struct netlink_socket *s, netlink_handler handler, void *context,
			 const bool *done)
{
	uint64_t received_ns = clock_monotonic_ns(); /* the last datagram of the kernel */
	int code = 1;

	while (code > 0 && !(done && *done)) {
		ssize_t len = receive(s);

		/* Signals and foreign datagrams restart SO_RCVTIMEO, but not our own timeout. */
		if (len == 0 || len == -EINTR) {
			if (clock_monotonic_ns() - received_ns >= TIMEOUT_SECONDS * NSEC_PER_SEC)
				return -ETIMEDOUT;
			continue;
		}
		if (len < 0)
			return len == -EAGAIN ? -ETIMEDOUT : (int)len;
		received_ns = clock_monotonic_ns();
		if (((struct nlmsghdr *)s->buffer)->nlmsg_type != NLMSG_DONE)
			s->datagrams++;
		code = netlink_parse(s->buffer, (size_t)len, s->sequence, handler, context);
	}
	return code < 0 ? code : 0;
}

int netlink_dump(struct netlink_socket *socket, const struct netlink_request *request,
		 netlink_handler handler, void *context)
{
	int code;

	socket->datagrams = 0;
	code = send_request(socket, request, NLM_F_REQUEST | NLM_F_DUMP);
	return code < 0 ? code : receive_reply(socket, handler, context, NULL);
}

struct question {
	netlink_handler handler;
	void *context;
	bool answered;
};

/* The reply to a request for one object is one message, without NLMSG_DONE. */
static void take_answer(uint16_t type, const void *payload, size_t len, void *context)
{
	struct question *question = context;

	question->answered = true;
	question->handler(type, payload, len, question->context);
}

int netlink_ask(struct netlink_socket *socket, const struct netlink_request *request,
		netlink_handler handler, void *context)
{
	struct question question = { handler, context, false };
	int code = send_request(socket, request, NLM_F_REQUEST);

	return code < 0 ? code : receive_reply(socket, take_answer, &question, &question.answered);
}

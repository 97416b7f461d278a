/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/netlink.h"

#include "base/alloc.h"
#include "collect/enter.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

/*
 * The kernel fills datagrams of up to 32 KiB when the reader's buffer is at least that large (its
 * own netlink_dump(), af_netlink.c); MNL_SOCKET_BUFFER_SIZE would be 8 KiB.
 */
#define BUFFER_SIZE	(32 * 1024)
#define BUFFER_SIZE_MAX (1024 * 1024)

#define DUMP_TRIES 4

struct netlink_socket {
	struct mnl_socket *nl;
	int netns; /* see enter_run() */
	uint32_t sequence;
	unsigned int datagrams; /* with data, of the last dump */
	char *buffer;
	size_t buffer_size;
};

int netlink_parse(const void *bytes, size_t len, uint32_t sequence, netlink_handler handler,
		  void *context)
{
	const struct nlmsghdr *nlh = bytes;
	int left = (int)len;

	/* libmnl before 1.0.5 takes a length of 2^31 and more for a negative one, hence both. */
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
			/* Both start with an errno; libmnl's own loop would not read DONE's. */
			code = 0;
			if (payload_len >= sizeof(code))
				memcpy(&code, payload, sizeof(code));
			if (code < 0 || nlh->nlmsg_type == NLMSG_DONE)
				return code < 0 ? code : 0;
			break;
		default:
			if (nlh->nlmsg_type < NLMSG_MIN_TYPE)
				break;
			code = handler(nlh->nlmsg_type, payload, payload_len, context);
			if (code < 0)
				return code;
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
	return error_set(why, code, "cannot dump %s over sock_diag: %s%s", sockets, strerror(-code),
			 advice(code));
}

static int open_here(void *context, struct error *why)
{
	struct mnl_socket **nl = context;
	int code;

	*nl = mnl_socket_open(NETLINK_SOCK_DIAG);
	if (*nl && mnl_socket_bind(*nl, 0, MNL_SOCKET_AUTOPID) == 0)
		return 0;
	code = -errno;
	if (*nl)
		mnl_socket_close(*nl);
	return error_set(why, code, "cannot open a sock_diag netlink socket: %s%s", strerror(-code),
			 advice(code));
}

int netlink_open(struct netlink_socket **socket, int netns, struct error *why)
{
	struct mnl_socket *nl;
	int code = enter_run(netns, open_here, &nl, why);

	if (code < 0)
		return code;
	*socket = xcalloc(1, sizeof(**socket));
	(*socket)->nl = nl;
	(*socket)->netns = netns;
	(*socket)->buffer_size = BUFFER_SIZE;
	(*socket)->buffer = xmalloc(BUFFER_SIZE);
	return 0;
}

int netlink_reopen(struct netlink_socket *socket, struct error *why)
{
	struct mnl_socket *nl;
	int code = enter_run(socket->netns, open_here, &nl, why);

	if (code < 0)
		return code;
	mnl_socket_close(socket->nl);
	socket->nl = nl;
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

bool netlink_lost(int code)
{
	return code == -ENOBUFS || code == -EMSGSIZE || code == -EBUSY;
}

bool netlink_again(struct netlink_socket *socket, int code, unsigned int *tries)
{
	struct error ignored; /* why the dump failed is what matters */

	++*tries;
	return netlink_lost(code) && netlink_reopen(socket, &ignored) == 0 && *tries < DUMP_TRIES;
}

static int send_request(struct netlink_socket *s, const struct netlink_request *request)
{
	size_t room =
		NLMSG_SPACE(request->payload_len) + NLA_HDRLEN + NLA_ALIGN(request->value_len);
	char *buffer = xcalloc(1, room);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	int sent;

	nlh->nlmsg_type = request->type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = ++s->sequence;
	memcpy(mnl_nlmsg_put_extra_header(nlh, request->payload_len), request->payload,
	       request->payload_len);
	if (request->attribute)
		mnl_attr_put(nlh, request->attribute, request->value_len, request->value);
	sent = mnl_socket_sendto(s->nl, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
	free(buffer);
	return sent;
}

static int receive_dump(struct netlink_socket *s, netlink_handler handler, void *context)
{
	int code;

	do {
		ssize_t len = mnl_socket_recvfrom(s->nl, s->buffer, s->buffer_size);

		if (len < 0 && errno == EINTR) {
			code = 1;
			continue;
		}
		/* libmnl reports MSG_TRUNC as ENOSPC. */
		if (len < 0 && errno == ENOSPC && s->buffer_size < BUFFER_SIZE_MAX) {
			s->buffer_size *= 2;
			s->buffer = xreallocarray(s->buffer, s->buffer_size, 1);
			return -EMSGSIZE;
		}
		if (len < 0)
			return -errno;
		if (((struct nlmsghdr *)s->buffer)->nlmsg_type != NLMSG_DONE)
			s->datagrams++;
		code = netlink_parse(s->buffer, (size_t)len, s->sequence, handler, context);
	} while (code > 0);
	return code;
}

int netlink_dump(struct netlink_socket *socket, const struct netlink_request *request,
		 netlink_handler handler, void *context)
{
	int code;

	socket->datagrams = 0;
	code = send_request(socket, request);
	return code < 0 ? code : receive_dump(socket, handler, context);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * floor - what the kernel alone charges for a dump of the listeners
 *
 * Sends the request listenq sends and throws the replies away: no program
 * that asks for the same can be cheaper.  Prints how many sockets came.
 */
#include <err.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel fills batches of 32 KiB when the reader's buffer takes them. */
static char buf[64 * 1024] __attribute__((aligned(NLMSG_ALIGNTO)));

int main(void)
{
	struct {
		struct nlmsghdr nlh;
		struct inet_diag_req req;
	} ask = {
		.nlh = {
			.nlmsg_len = sizeof(ask),
			.nlmsg_type = TCPDIAG_GETSOCK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		/* The legacy request dumps both families in one walk. */
		.req = {
			.idiag_family = AF_INET,
			.idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1),
			.idiag_states = 1 << TCP_LISTEN | 1 << TCP_SYN_RECV,
		},
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	const struct nlmsghdr *nlh;
	unsigned int count = 0;
	ssize_t left;
	int fd, error;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		err(1, "socket");
	if (sendto(fd, &ask, sizeof(ask), 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		err(1, "send");

	for (;;) {
		left = recvmsg(fd, &msg, 0);
		if (left < 0 && errno == EINTR)
			continue;
		if (left < 0)
			err(1, "receive");
		if (msg.msg_flags & MSG_TRUNC)
			errx(1, "receive: truncated");
		for (nlh = (void *)buf; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
			if (nlh->nlmsg_type == SOCK_DIAG_BY_FAMILY ||
			    nlh->nlmsg_type == TCPDIAG_GETSOCK) {
				count++;
				continue;
			}
			if (nlh->nlmsg_type != NLMSG_DONE && nlh->nlmsg_type != NLMSG_ERROR)
				continue;
			/* Both begin with 0 or -errno; a dump can fail at its very end. */
			memcpy(&error, NLMSG_DATA(nlh), sizeof(error));
			if (error)
				errx(1, "dump: %s", strerror(-error));
			return printf("%u\n", count) < 0;
		}
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * floor - what the kernel alone charges for a dump of the listeners
 *
 * usage: floor [-p]
 *
 * Sends the request listenq sends and throws the replies away: no program
 * that asks for the same can be cheaper.  With -p it then reads the link of
 * each descriptor of each process, as nothing else shows who holds them.
 * Prints how many sockets came.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
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

/* By number, as to list them would cost more; the few behind a large gap are left out. */
static void read_links(const char *pid)
{
	enum { GAP_MAX = 16 };
	char path[300], link[20];
	int dir, missing = 0;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	for (unsigned int fd = 0; missing < GAP_MAX; fd++) {
		char name[12], *at = name + sizeof(name) - 1;
		unsigned int rest = fd;

		*at = '\0';
		do
			*--at = (char)('0' + rest % 10);
		while (rest /= 10);
		missing = readlinkat(dir, at, link, sizeof(link)) < 0 ? missing + 1 : 0;
	}
	close(dir);
}

static void scan(void)
{
	DIR *proc = opendir("/proc");
	const struct dirent *e;

	if (!proc)
		err(1, "/proc");
	while ((e = readdir(proc)))
		if (e->d_name[0] >= '0' && e->d_name[0] <= '9')
			read_links(e->d_name);
	closedir(proc);
}

static unsigned int dump(void)
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
	unsigned int rest;
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
		rest = (unsigned int)left;
		for (nlh = (void *)buf; NLMSG_OK(nlh, rest); nlh = NLMSG_NEXT(nlh, rest)) {
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
			return count;
		}
	}
}

int main(int argc, char **argv)
{
	unsigned int count = dump();

	if (argc > 1 && !strcmp(argv[1], "-p"))
		scan();
	return printf("%u\n", count) < 0;
}

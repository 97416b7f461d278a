// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rig - run a command among many listeners
 *
 * usage: rig [-b BACKLOG] [-c CLIENTS] [-n SHARE] [-o OTHERS] LISTENERS COMMAND [ARG]...
 *
 * Makes a network namespace of its own, fills it with LISTENERS listening
 * sockets, runs COMMAND in it and exits with its status.  The processes that
 * hold them hold OTHERS sockets that do not listen besides; with -n SHARE in
 * a hundred of these are descriptors of /dev/null instead.  CLIENTS connect to
 * each listener and go: their connections stay in its accept queue, which is
 * full when there is one more than BACKLOG (128).  COMMAND finds in its
 * environment, as RIG, what there is.  Nothing of it outlives the rig.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* unshare(), pipe2() */
#endif
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_SOCKETS    500000
#define MAX_PER_HOLDER 100000
#define SPARE_FDS      16 /* stdio, two pipes, and what was inherited */

struct use {
	unsigned int backlog, clients;
};

/* As env(1) and its kin: the rig's own failures are not COMMAND's. */
#define RIG_FAILED 125

static void enter_namespace(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd;

	/* Without privilege, a user namespace gives the right to make the other. */
	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		err(RIG_FAILED, "unshare");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(RIG_FAILED, "socket");
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		err(RIG_FAILED, "lo up");
	close(fd);
}

/*
 * One listener in ten is IPv6.  The others spread over 127.0.0.0/16, a
 * hundred ports an address: kernels before 5.19 hash listeners by port
 * alone, and a single address would hide what long chains cost.
 */
static void listen_as(unsigned int i, const struct use *use)
{
	struct sockaddr_in6 six = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		.sin6_port = htons((uint16_t)(10000 + i / 10)),
	};
	unsigned int host = i / 100;
	struct sockaddr_in four = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f000000 | (host / 250) << 8 | (host % 250 + 1)),
		.sin_port = htons((uint16_t)(10000 + i % 100)),
	};
	const struct sockaddr *addr = i % 10 ? (struct sockaddr *)&four : (struct sockaddr *)&six;
	const socklen_t size = i % 10 ? sizeof(four) : sizeof(six);
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, addr, size) < 0 || listen(fd, (int)use->backlog) < 0)
		err(RIG_FAILED, "listener %u", i);
	for (unsigned int k = 0; k < use->clients; k++) {
		fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fd, addr, size) < 0)
			err(RIG_FAILED, "client of listener %u", i);
		close(fd);
	}
}

static int open_other(bool null)
{
	return null ? open("/dev/null", O_RDONLY | O_CLOEXEC) :
		      socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* Where the @i-th of @n parts of @total begins. */
static unsigned int part(unsigned int total, unsigned int i, unsigned int n)
{
	return (unsigned int)((unsigned long long)total * i / n);
}

/*
 * Holds its share of the listeners, and as many others, until the rig is gone, however that went:
 * EOF on @until.
 */
static void hold(unsigned int first, unsigned int end, unsigned int others, unsigned int nulls,
		 const struct use *use, int ready, int until)
{
	struct rlimit lim;
	char byte = 0;

	if (!getrlimit(RLIMIT_NOFILE, &lim)) {
		lim.rlim_cur = lim.rlim_max;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
	while (first < end)
		listen_as(first++, use);
	for (unsigned int i = 0; i < others; i++)
		if (open_other(part(i + 1, nulls, 100) > part(i, nulls, 100)) < 0)
			err(RIG_FAILED, "descriptor");
	if (write(ready, &byte, 1) != 1)
		err(RIG_FAILED, "pipe");
	close(ready);
	while (read(until, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int run(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(RIG_FAILED, "fork");
	if (!pid) {
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			err(RIG_FAILED, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static unsigned int number(const char *what, const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || !value || value > MAX_SOCKETS)
		errx(RIG_FAILED, "%s: 1 to %d, not '%s'", what, MAX_SOCKETS, text);
	return (unsigned int)value;
}

static void describe(unsigned int listeners, unsigned int others, unsigned int nulls,
		     const struct use *use)
{
	char text[192];

	snprintf(text, sizeof(text),
		 "%u listeners, %u other sockets, %u descriptors of /dev/null; "
		 "backlogs of %u, %u connections in each queue",
		 listeners, others - part(others, nulls, 100), part(others, nulls, 100),
		 use->backlog, use->clients);
	if (setenv("RIG", text, true) < 0)
		err(RIG_FAILED, "setenv");
}

int main(int argc, char **argv)
{
	unsigned int total, others = 0, nulls = 0, share, holders, ready_holders = 0;
	struct use use = { .backlog = 128 };
	int ready[2], until[2], status, opt;
	struct rlimit lim;
	char byte;

	while ((opt = getopt(argc, argv, "+b:c:n:o:")) != -1)
		if (opt == 'o')
			others = number("others", optarg);
		else if (opt == 'b')
			use.backlog = number("backlog", optarg);
		else if (opt == 'c')
			use.clients = number("clients", optarg);
		else if (opt == 'n')
			nulls = number("share", optarg);
		else
			optind = argc;
	if (argc - optind < 2 || nulls > 100)
		errx(RIG_FAILED, "usage: rig [-b BACKLOG] [-c CLIENTS] [-n SHARE] [-o OTHERS] "
				 "LISTENERS COMMAND [ARG]...");
	total = number("listeners", argv[optind]);
	if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
		err(RIG_FAILED, "getrlimit");
	share = lim.rlim_max > MAX_PER_HOLDER ? MAX_PER_HOLDER : (unsigned int)lim.rlim_max;
	share = share > 2 * SPARE_FDS ? share - SPARE_FDS : SPARE_FDS;

	enter_namespace();
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(until, O_CLOEXEC) < 0)
		err(RIG_FAILED, "pipe");
	holders = (total + others + share - 1) / share;
	for (unsigned int i = 0; i < holders; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(RIG_FAILED, "fork");
		if (!pid) {
			close(ready[0]);
			close(until[1]);
			hold(part(total, i, holders), part(total, i + 1, holders),
			     part(others, i + 1, holders) - part(others, i, holders), nulls, &use,
			     ready[1], until[0]);
		}
	}
	/* Now a holder that fails is an end of file, not a wait for ever. */
	close(ready[1]);
	close(until[0]);
	while (ready_holders < holders && read(ready[0], &byte, 1) == 1)
		ready_holders++;
	if (ready_holders < holders)
		errx(RIG_FAILED, "only %u of %u holders listen", ready_holders, holders);

	describe(total, others, nulls, &use);
	status = run(argv + optind + 1);
	close(until[1]);
	while (wait(NULL) > 0)
		;
	return status;
}

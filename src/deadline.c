/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "deadline.h"

#include "base/clock.h"
#include "base/text.h"
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* From the signal that lets the child remove its temporary file to the one that always works. */
#define GRACE_NS (NSEC_PER_SEC / 10)

/* Waits until @fd is ready, or the time has come. Returns whether it is ready. */
static bool wait_for(int fd, short events, uint64_t until_ns)
{
	struct pollfd p = { .fd = fd, .events = events };
	int code;

	do {
		const uint64_t now = clock_monotonic_ns();
		struct timespec t = clock_timespec(until_ns > now ? until_ns - now : 0);

		code = ppoll(&p, 1, &t, NULL);
	} while (code < 0 && errno == EINTR);
	return code > 0;
}

/* Reads what the child prints. Returns whether it has ended before the time. */
static bool read_all(int fd, struct strbuf *text, uint64_t until_ns)
{
	ssize_t n;

	while (wait_for(fd, POLLIN, until_ns)) {
		n = read(fd, strbuf_reserve(text, PIPE_BUF), PIPE_BUF);
		if (n == 0)
			return true;
		if (n > 0)
			text->len += (size_t)n;
	}
	return false;
}

/* Ends the child, but waits no longer: in an uninterruptible sleep it cannot be ended. */
static void end_child(pid_t child, int fd)
{
	struct strbuf rest = { 0 };

	kill(child, SIGTERM);
	if (!read_all(fd, &rest, clock_monotonic_ns() + GRACE_NS))
		kill(child, SIGKILL);
	waitpid(child, NULL, WNOHANG);
	strbuf_free(&rest);
}

/*
 * Writes a text of PIPE_BUF bytes at most: where a pipe has room, it takes the text as a whole and
 * at once.
 */
static int put(const char *text, size_t len, uint64_t until_ns)
{
	if (!wait_for(STDOUT_FILENO, POLLOUT, until_ns))
		return -ETIMEDOUT;
	while (len) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Replaces what the child printed by a line that says why there is no report. */
static void explain(struct strbuf *text, const char *failed, double seconds, bool ended, int status)
{
	text->len = 0;
	strbuf_adds(text, failed);
	if (ended)
		strbuf_addf(text, "signal %d (%s) ended the program\n", WTERMSIG(status),
			    strsignal(WTERMSIG(status)));
	else
		strbuf_addf(text, "it took longer than %g s; --timeout allows more\n", seconds);
}

static int supervise(pid_t child, int fd, double seconds, const char *failed, int failure)
{
	const uint64_t until_ns = clock_monotonic_ns() + (uint64_t)(seconds * NSEC_PER_SEC);
	struct strbuf text = { 0 };
	int status = 0, code;
	const bool ended = read_all(fd, &text, until_ns);

	if (!ended)
		end_child(child, fd);
	else if (waitpid(child, &status, 0) < 0)
		status = failure << 8; /* as wait(2) has it */
	if (!ended || WIFSIGNALED(status))
		explain(&text, failed, seconds, ended, status);
	code = put(text.s, text.len, until_ns + GRACE_NS);
	strbuf_free(&text);
	close(fd);
	if (code == 0)
		return ended && WIFEXITED(status) ? WEXITSTATUS(status) : failure;
	options_say_unwritten(-code);
	return failure;
}

int deadline_begin(double seconds, const char *failed, int failure)
{
	const pid_t parent = getpid();
	int ends[2];
	pid_t child;

	/* Where the caller ignores it, waitpid(2) would find no child. */
	signal(SIGCHLD, SIG_DFL);
	if (pipe(ends) < 0 || (child = fork()) < 0) {
		alarm((unsigned int)seconds + 1);
		return -1;
	}
	if (child) {
		close(ends[1]);
		return supervise(child, ends[0], seconds, failed, failure);
	}
	/* Not to outlive the parent; which may be gone by now. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		raise(SIGTERM);
	dup2(ends[1], STDOUT_FILENO);
	close(ends[0]);
	close(ends[1]);
	return -1;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/enter.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

struct entry {
	int netns_fd;
	int (*work)(void *context, struct error *why);
	void *context;
	struct error *why;
	int code;
};

static int explain(int code, struct error *why)
{
	return error_set(why, code, "cannot enter a network namespace: %s%s", strerror(-code),
			 code == -EPERM	 ? "; that takes CAP_SYS_ADMIN" :
			 code == -EINVAL ? "; it is not one" :
					   error_advice(code));
}

static void *run(void *argument)
{
	struct entry *entry = argument;

	if (setns(entry->netns_fd, CLONE_NEWNET) < 0)
		entry->code = explain(-errno, entry->why);
	else
		entry->code = entry->work(entry->context, entry->why);
	return NULL;
}

int enter_run(int netns_fd, int (*work)(void *context, struct error *why), void *context,
	      struct error *why)
{
	struct entry entry = { netns_fd, work, context, why, 0 };
	sigset_t all, old;
	pthread_t thread;
	int code;

	if (netns_fd == NETNS_HOME)
		return work(context, why);
	/* Signals are for the thread that waits on them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	code = pthread_create(&thread, NULL, run, &entry);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (code)
		return error_set(why, -code, "cannot start a thread: %s", strerror(code));
	pthread_join(thread, NULL);
	return entry.code;
}

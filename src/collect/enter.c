/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/enter.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

struct errand {
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
			 code == -EINVAL ? "; it is none" :
					   error_advice(code));
}

static void *run(void *argument)
{
	struct errand *errand = argument;

	if (setns(errand->netns_fd, CLONE_NEWNET) < 0)
		errand->code = explain(-errno, errand->why);
	else
		errand->code = errand->work(errand->context, errand->why);
	return NULL;
}

int enter_run(int netns_fd, int (*work)(void *context, struct error *why), void *context,
	      struct error *why)
{
	struct errand errand = { netns_fd, work, context, why, 0 };
	sigset_t all, old;
	pthread_t thread;
	int code;

	if (netns_fd == NETNS_HOME)
		return work(context, why);
	/* Signals are for the thread that waits on them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	code = pthread_create(&thread, NULL, run, &errand);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (code)
		return error_set(why, -code, "cannot start a thread: %s", strerror(code));
	pthread_join(thread, NULL);
	return errand.code;
}

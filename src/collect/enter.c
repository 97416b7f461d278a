/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/enter.h"

#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

struct entry {
	int netns_fd;
	int (*work)(void *context, struct error *why);
	void *context;
	struct error *why;
	int code;
};

static void *run(void *argument)
{
	struct entry *entry = argument;
	int code = setns(entry->netns_fd, CLONE_NEWNET) < 0 ? -errno : 0;

	if (code == 0)
		entry->code = entry->work(entry->context, entry->why);
	else
		entry->code = error_set(entry->why, code, "cannot enter a network namespace: %s%s",
					strerror(-code),
					code == -EPERM	? "; that takes CAP_SYS_ADMIN" :
					code == -EINVAL ? "; it is not one" :
							  error_advice(code));
	return NULL;
}

int enter_run(int netns_fd, int (*work)(void *context, struct error *why), void *context,
	      struct error *why)
{
	struct entry entry = { netns_fd, work, context, why, 0 };
	pthread_t thread;
	int code;

	if (netns_fd == NETNS_HOME)
		return work(context, why);
	code = thread_start(&thread, run, &entry);
	if (code < 0)
		return error_set(why, code, "cannot start a thread: %s", strerror(-code));
	pthread_join(thread, NULL);
	return entry.code;
}

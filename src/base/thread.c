/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/thread.h"

#include "base/alloc.h"

#include <signal.h>

int thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
	sigset_t block, old;
	int code;

	sigfillset(&block);
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		sigdelset(&block, crashes[i]);
	pthread_sigmask(SIG_SETMASK, &block, &old);
	code = pthread_create(thread, NULL, run, argument);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -code;
}

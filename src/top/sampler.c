/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/sampler.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "model/window.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct sampler {
	pthread_t thread;
	struct sample_source *source; /* the thread's alone while it runs */
	uint64_t begin_ns; /* of the window; the thread's too */
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct sampler_request request;
	bool request_changed;
	bool end_window;
	bool quit;
	bool ready; /* @sample or @code waits to be taken */
	int code;
	struct snapshot sample;
	struct error why;
	int event; /* eventfd */
};

/* When the window ends. A sample that nobody has taken yet keeps it open. */
static uint64_t window_end(const struct sampler *f)
{
	if (f->quit || (f->end_window && !f->ready))
		return 0;
	return f->ready ? UINT64_MAX :
			  f->begin_ns + (uint64_t)(f->request.delay * (double)NSEC_PER_SEC);
}

/* Of window_run(): all that moves the end signals @changed. */
static uint64_t wait_for_change(void *context, uint64_t end_ns, uint64_t until_ns)
{
	struct sampler *f = context;
	struct timespec until;

	pthread_mutex_lock(&f->lock);
	end_ns = window_end(f);
	until = clock_timespec(end_ns < until_ns ? end_ns : until_ns);
	pthread_cond_timedwait(&f->changed, &f->lock, &until);
	end_ns = window_end(f);
	pthread_mutex_unlock(&f->lock);
	return end_ns;
}

/* One sample, and what came of it for sampler_take(). */
static bool sample(struct sampler *f, struct snapshot *s)
{
	const struct sampler_request request = f->request;
	const uint64_t one = 1;
	struct error why;
	int code;

	f->end_window = false;
	if (f->request_changed)
		sample_source_set_needs(f->source, request.needs, request.detail_port);
	f->request_changed = false;
	pthread_mutex_unlock(&f->lock);
	f->begin_ns = clock_monotonic_ns();
	code = sample_source_sample(f->source, SAMPLE_CLOSING, s, &why);
	pthread_mutex_lock(&f->lock);
	f->code = code;
	if (code < 0) {
		f->why = why;
	} else {
		struct snapshot spare = f->sample;

		f->sample = *s;
		*s = spare;
	}
	f->ready = true;
	return write(f->event, &one, sizeof(one)) > 0; /* it cannot fail: the count is at most 1 */
}

static void *run(void *context)
{
	struct sampler *f = context;
	struct snapshot s = { 0 };

	pthread_mutex_lock(&f->lock);
	while (!f->quit && sample(f, &s)) {
		uint64_t end_ns = window_end(f);

		pthread_mutex_unlock(&f->lock);
		window_run(f->source, end_ns, wait_for_change, f);
		pthread_mutex_lock(&f->lock);
	}
	pthread_mutex_unlock(&f->lock);
	snapshot_free(&s);
	return NULL;
}

/* Signals are for the thread that has the terminal; but a crash is everybody's. */
static int start(struct sampler *f)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	sigset_t block, old;
	int code;

	sigfillset(&block);
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		sigdelset(&block, crashes[i]);
	pthread_sigmask(SIG_SETMASK, &block, &old);
	code = pthread_create(&f->thread, NULL, run, f);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -code;
}

static void free_sampler(struct sampler *f)
{
	snapshot_free(&f->sample);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	if (f->event >= 0)
		close(f->event);
	free(f);
}

int sampler_open(struct sampler **sampler, struct sample_source *source,
		 const struct sampler_request *request, struct error *why)
{
	struct sampler *f = xcalloc(1, sizeof(*f));
	pthread_condattr_t monotonic;
	int code;

	f->source = source;
	f->request = *request;
	f->request_changed = true;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&f->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	f->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (f->event < 0) {
		code = error_set(why, -errno, "cannot make an eventfd: %s", strerror(errno));
	} else {
		code = start(f);
		if (code < 0)
			error_set(why, code, "cannot start a thread: %s", strerror(-code));
	}
	if (code < 0) {
		free_sampler(f);
		return code;
	}
	*sampler = f;
	return 0;
}

void sampler_close(struct sampler *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->quit = true;
	pthread_cond_signal(&f->changed);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	free_sampler(f);
}

int sampler_fd(const struct sampler *f)
{
	return f->event;
}

int sampler_take(struct sampler *f, struct snapshot *into, struct error *why)
{
	int code = 0;
	uint64_t count;

	pthread_mutex_lock(&f->lock);
	if (f->ready) {
		struct snapshot spare = *into;

		code = f->code;
		if (code < 0) {
			*why = f->why;
		} else {
			*into = f->sample;
			f->sample = spare;
			code = 1;
		}
		f->ready = false;
		/* The lock is held: no sample comes between. */
		if (read(f->event, &count, sizeof(count)) < 0)
			count = 0;
		pthread_cond_signal(&f->changed);
	}
	pthread_mutex_unlock(&f->lock);
	return code;
}

void sampler_request(struct sampler *f, const struct sampler_request *request)
{
	pthread_mutex_lock(&f->lock);
	f->request = *request;
	f->request_changed = true;
	pthread_cond_signal(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

void sampler_end_window(struct sampler *f)
{
	pthread_mutex_lock(&f->lock);
	f->end_window = true;
	pthread_cond_signal(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

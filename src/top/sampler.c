/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/sampler.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Of one CPU: beyond that the established hash is walked less often. */
#define WALK_SHARE 0.02

struct sampler {
	pthread_t thread;
	pthread_mutex_t lock; /* of all below but the collector, which is the thread's alone */
	pthread_cond_t changed;
	struct collector *collector;
	struct sampler_request request;
	bool wish_changed;
	bool hurry;
	bool quit;
	bool ready; /* @sample or @code waits to be taken */
	int code;
	struct snapshot sample;
	struct error why;
	int event; /* eventfd */
};

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NSEC_PER_SEC),
				  .tv_nsec = (long)(ns % NSEC_PER_SEC) };
}

static void adopt_wish(struct sampler *f)
{
	struct sampler_request request = f->request;

	f->wish_changed = false;
	collector_set_needs(f->collector, request.needs);
	collector_set_detail(f->collector, request.detail_port);
}

/*
 * Waits, with the lock held, for the end of the window; looks meanwhile. A sample that nobody has
 * taken yet keeps the window open. Returns false when the sampler is to end.
 */
static bool wait_window(struct sampler *f, uint64_t begin)
{
	while (!f->quit) {
		uint64_t delay = (uint64_t)(f->request.delay * (double)NSEC_PER_SEC);
		uint64_t now = clock_monotonic_ns(), due = collector_due(f->collector);
		struct timespec until;

		if (!f->ready && (f->hurry || now >= begin + delay))
			return true;
		if (due <= now) {
			pthread_mutex_unlock(&f->lock);
			collector_look(f->collector);
			pthread_mutex_lock(&f->lock);
			continue;
		}
		if (!f->ready && begin + delay < due)
			due = begin + delay;
		until = timespec_of(due < INT64_MAX ? due : now + NSEC_PER_SEC);
		pthread_cond_timedwait(&f->changed, &f->lock, &until);
	}
	return false;
}

static void *run(void *context)
{
	struct sampler *f = context;
	struct snapshot sample = { 0 };
	const uint64_t one = 1;

	pthread_mutex_lock(&f->lock);
	for (uint64_t begin = 0; wait_window(f, begin);) {
		struct error why;
		int code;

		f->hurry = false;
		if (f->wish_changed)
			adopt_wish(f);
		pthread_mutex_unlock(&f->lock);
		begin = clock_monotonic_ns();
		code = collector_sample(f->collector, SAMPLE_CLOSING, &sample, &why);
		pthread_mutex_lock(&f->lock);
		f->code = code;
		if (code < 0) {
			f->why = why;
		} else {
			struct snapshot spare = f->sample;

			f->sample = sample;
			sample = spare;
		}
		f->ready = true;
		if (write(f->event, &one, sizeof(one)) < 0)
			break; /* it cannot: the count is at most one */
	}
	pthread_mutex_unlock(&f->lock);
	snapshot_free(&sample);
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
	collector_close(f->collector);
	snapshot_free(&f->sample);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	if (f->event >= 0)
		close(f->event);
	free(f);
}

int sampler_open(struct sampler **sampler, const struct collect_config *config,
		 const struct sampler_request *request, struct error *why)
{
	struct collect_config repeating = *config;
	struct sampler *f = xcalloc(1, sizeof(*f));
	pthread_condattr_t monotonic;
	int code;

	repeating.needs = request->needs;
	repeating.walk_share = WALK_SHARE;
	f->request = *request;
	f->wish_changed = true;
	f->hurry = true; /* no window comes before the first sample, however short the uptime */
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&f->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	f->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (f->event < 0)
		code = error_set(why, -errno, "cannot make an eventfd: %s", strerror(errno));
	else
		code = collector_open(&f->collector, &repeating, why);
	if (code == 0) {
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
	f->wish_changed = true;
	pthread_cond_signal(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

void sampler_end_window(struct sampler *f)
{
	pthread_mutex_lock(&f->lock);
	f->hurry = true;
	pthread_cond_signal(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

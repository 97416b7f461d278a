/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/sampler.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/thread.h"
#include "model/window.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define HURRY_NS NSEC_PER_SEC

/* A sample, or that one has failed. */
struct taken {
	struct snapshot sample;
	size_t bytes;
	int code; /* -errno */
};

struct sampler {
	pthread_t thread;
	struct sample_source *source; /* used by the thread only, while it runs */
	uint64_t begin_ns; /* of the window; used by the thread only */
	pthread_mutex_t lock; /* protects all below */
	pthread_cond_t changed;
	struct sampler_request request;
	bool request_changed;
	bool end_window;
	bool hurry; /* the window ends when it is HURRY_NS long */
	bool quit;
	struct taken *queue; /* of SAMPLER_SAMPLES, used in turn; they wait for sampler_take() */
	size_t first, n;
	size_t bytes; /* that they take */
	struct error why; /* why the last one that failed did */
	struct snapshot spare; /* memory that sampler_take() gave back */
	int event; /* eventfd, readable while there are any */
};

/* The first sample always has room, whatever its size. */
static bool is_full(const struct sampler *s)
{
	const struct taken *last = &s->queue[(s->first + s->n - 1) % SAMPLER_SAMPLES];

	return s->n == SAMPLER_SAMPLES || (s->n && s->bytes + last->bytes > SAMPLER_BYTES);
}

/* When the window ends. */
static uint64_t window_end(const struct sampler *s)
{
	uint64_t length = (uint64_t)(s->request.delay * (double)NSEC_PER_SEC);
	const bool full = is_full(s);

	if (s->quit || (s->end_window && !full))
		return 0;
	if (s->hurry && length > HURRY_NS)
		length = HURRY_NS;
	return full ? UINT64_MAX : s->begin_ns + length;
}

/* window_run() waits here. Whatever changes the end of the window signals @changed. */
static uint64_t wait_for_change(void *context, uint64_t end_ns, uint64_t until_ns)
{
	struct sampler *s = context;
	struct timespec until;

	pthread_mutex_lock(&s->lock);
	end_ns = window_end(s);
	until = clock_timespec(end_ns < until_ns ? end_ns : until_ns);
	pthread_cond_timedwait(&s->changed, &s->lock, &until);
	end_ns = window_end(s);
	pthread_mutex_unlock(&s->lock);
	return end_ns;
}

/* Puts a sample, which becomes empty, or an error into the queue. */
static void enqueue(struct sampler *s, struct snapshot *sample, int code, const struct error *why)
{
	struct taken *to = &s->queue[(s->first + s->n++) % SAMPLER_SAMPLES];

	*to = (struct taken){ .code = code };
	if (code < 0) {
		s->why = *why;
	} else {
		to->sample = *sample;
		*sample = (struct snapshot){ 0 };
		to->bytes = snapshot_bytes(&to->sample);
		s->bytes += to->bytes;
	}
	eventfd_write(s->event, 1);
}

/* Takes a sample, without the lock meanwhile, and keeps it or its error. */
static void sample(struct sampler *s)
{
	const struct sampler_request request = s->request;
	struct snapshot sample = s->spare;
	struct error why;
	int code;

	s->spare = (struct snapshot){ 0 };
	s->end_window = s->hurry = false;
	if (s->request_changed)
		sample_source_set_needs(s->source, request.needs, request.detail_port);
	s->request_changed = false;
	pthread_mutex_unlock(&s->lock);
	s->begin_ns = clock_monotonic_ns();
	code = sample_source_sample(s->source, SAMPLE_CLOSING, &sample, &why);
	if (code >= 0)
		snapshot_trim(&sample);
	pthread_mutex_lock(&s->lock);
	enqueue(s, &sample, code, &why);
	snapshot_free(&sample);
}

static void *run(void *context)
{
	struct sampler *s = context;

	pthread_mutex_lock(&s->lock);
	while (!s->quit) {
		uint64_t end_ns;

		sample(s);
		end_ns = window_end(s);
		pthread_mutex_unlock(&s->lock);
		window_run(s->source, end_ns, wait_for_change, s);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void free_sampler(struct sampler *s)
{
	for (; s->n; s->n--, s->first++)
		snapshot_free(&s->queue[s->first % SAMPLER_SAMPLES].sample);
	snapshot_free(&s->spare);
	free(s->queue);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	if (s->event >= 0)
		close(s->event);
	free(s);
}

int sampler_open(struct sampler **sampler, struct sample_source *source,
		 const struct sampler_request *request, struct error *why)
{
	struct sampler *s = xcalloc(1, sizeof(*s));
	pthread_condattr_t monotonic;
	int code;

	s->source = source;
	s->request = *request;
	s->queue = xcalloc(SAMPLER_SAMPLES, sizeof(*s->queue));
	s->request_changed = true;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	s->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->event < 0) {
		code = error_set(why, -errno, "cannot make an eventfd: %s", strerror(errno));
	} else {
		code = thread_start(&s->thread, run, s);
		if (code < 0)
			error_set(why, code, "cannot start a thread: %s", strerror(-code));
	}
	if (code < 0) {
		free_sampler(s);
		return code;
	}
	*sampler = s;
	return 0;
}

void sampler_close(struct sampler *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->quit = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	free_sampler(s);
}

int sampler_fd(const struct sampler *s)
{
	return s->event;
}

int sampler_take(struct sampler *s, struct snapshot *into, struct error *why)
{
	int code = 0;
	eventfd_t count;

	pthread_mutex_lock(&s->lock);
	if (into->netns) { /* as each sample has: there is memory to use again */
		snapshot_free(&s->spare);
		s->spare = *into;
		*into = (struct snapshot){ 0 };
	}
	if (s->n) {
		struct taken *taken = &s->queue[s->first];

		code = taken->code;
		if (code < 0) {
			*why = s->why;
		} else {
			snapshot_free(into);
			*into = taken->sample;
			code = 1;
		}
		s->bytes -= taken->bytes;
		s->first = (s->first + 1) % SAMPLER_SAMPLES;
		if (!--s->n)
			eventfd_read(s->event, &count);
		pthread_cond_signal(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return code;
}

void sampler_request(struct sampler *s, const struct sampler_request *request)
{
	pthread_mutex_lock(&s->lock);
	s->request = *request;
	s->request_changed = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

void sampler_end_window(struct sampler *s)
{
	pthread_mutex_lock(&s->lock);
	s->end_window = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

void sampler_hurry(struct sampler *s)
{
	pthread_mutex_lock(&s->lock);
	s->hurry |= s->request_changed;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

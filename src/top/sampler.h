/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_SAMPLER_H
#define LISTENQ_TOP_SAMPLER_H

#include "model/sample_source.h"

/*
 * A thread that samples, so that the view answers keys however slow a sample is, and sampling goes
 * on however long the view waits for its terminal. It takes a sample at the end of each window, and
 * fast samples within it. Samples wait in a queue for sampler_take(), which fetches one after the
 * other. When the queue is full, the window stays open.
 */
struct sampler;

/* The queue is full at so many samples, or where one more would take it above so many bytes. */
#define SAMPLER_SAMPLES 600
#define SAMPLER_BYTES	(4u << 20)

/* What the view needs; it may change at any time and holds from the next sample on. */
struct sampler_request {
	unsigned int needs; /* enum need */
	double delay; /* seconds: length of a window */
	uint16_t detail_port; /* see sample_source_set_needs() */
};

/*
 * sampler_open() - start sampling. Until sampler_close() nobody else uses @source, which stays the
 * caller's. Returns 0 or -errno with @why filled.
 */
int sampler_open(struct sampler **sampler, struct sample_source *source,
		 const struct sampler_request *request, struct error *why);
void sampler_close(struct sampler *sampler);

/* A descriptor that is readable when sampler_take() has a sample or an error. */
int sampler_fd(const struct sampler *sampler);

/*
 * sampler_take() - the next sample. The memory of @into is the sampler's, which uses it again, even
 * where there is no sample yet: the caller need not keep what it has no use for.
 *
 * Returns 1, 0 when there is none yet, or -errno with @why filled when a sample failed; the sampler
 * tries again after the next window.
 */
int sampler_take(struct sampler *sampler, struct snapshot *into, struct error *why);

/* Changes the request from the next sample on; the open window goes on. */
void sampler_request(struct sampler *sampler, const struct sampler_request *request);

/*
 * sampler_end_window() - end the open window now.
 * sampler_hurry() - if a request waits for its end, end it as soon as it is a second long, so that
 * a verdict and rates are still those of a whole second.
 */
void sampler_end_window(struct sampler *sampler);
void sampler_hurry(struct sampler *sampler);

#endif

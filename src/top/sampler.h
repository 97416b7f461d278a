/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_SAMPLER_H
#define LISTENQ_TOP_SAMPLER_H

#include "collect/collect.h"

/*
 * A thread that samples, so that keys are answered however slow a sample is: it owns the collector,
 * takes a sample at the end of each window and fast ones within it, and hands the samples over one
 * by one. A window is not closed before the sample of the one before was taken.
 */
struct sampler;

/* What the view wants; it may change at any time and holds from the next sample on. */
struct sampler_request {
	unsigned int needs; /* enum need */
	double delay; /* seconds: length of a window */
	uint16_t detail_port; /* of the listener whose connections are wanted; 0: of none */
};

/*
 * sampler_open() - open a collector in the namespace of the calling thread and start sampling.
 * Returns 0 or -errno with @why filled.
 */
int sampler_open(struct sampler **sampler, const struct collect_config *config,
		 const struct sampler_request *request, struct error *why);
void sampler_close(struct sampler *sampler);

/* Readable when sampler_take() has something. */
int sampler_fd(const struct sampler *sampler);

/*
 * sampler_take() - the next sample, in exchange for @into.
 *
 * Returns 1, 0 when there is none yet, or -errno with @why filled when a sample could not be had;
 * the sampler then goes on trying.
 */
int sampler_take(struct sampler *sampler, struct snapshot *into, struct error *why);

/* Another wish from the next sample on; the window in hand goes on, but see sampler_end_window().
 */
void sampler_request(struct sampler *sampler, const struct sampler_request *request);

/* Ends the window in hand now. */
void sampler_end_window(struct sampler *sampler);

#endif

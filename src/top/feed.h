/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_FEED_H
#define LISTENQ_TOP_FEED_H

#include "collect/collect.h"

/*
 * A thread that samples, so that keys are answered however slow a sample is: it owns the collector,
 * takes a sample at the end of each window and fast ones within it, and hands the samples over one
 * by one. A window is not closed before the sample of the one before was taken.
 */
struct feed;

/* What the view wants; it may change at any time and holds from the next sample on. */
struct feed_wish {
	unsigned int needs; /* enum need */
	double delay; /* seconds: length of a window */
	uint16_t detail_port; /* of the listener whose connections are wanted; 0: of none */
};

/*
 * feed_open() - open a collector in the namespace of the calling thread and start sampling.
 * Returns 0 or -errno with @why filled.
 */
int feed_open(struct feed **feed, const struct collect_config *config, const struct feed_wish *wish,
	      struct error *why);
void feed_close(struct feed *feed);

/* Readable when feed_take() has something. */
int feed_fd(const struct feed *feed);

/*
 * feed_take() - the next sample, in exchange for @into.
 *
 * Returns 1, 0 when there is none yet, or -errno with @why filled when a sample could not be had;
 * the feed then goes on trying.
 */
int feed_take(struct feed *feed, struct snapshot *into, struct error *why);

/* Another wish from the next sample on; the window in hand goes on, but see feed_hurry(). */
void feed_wish(struct feed *feed, const struct feed_wish *wish);

/* Ends the window in hand now. */
void feed_hurry(struct feed *feed);

#endif

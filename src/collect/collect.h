/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_COLLECT_H
#define LISTENQ_COLLECT_COLLECT_H

#include "model/filter_expr.h"
#include "model/sample_source.h"

struct collect_config {
	const char *root; /* directory that holds proc/ and sys/: "/" except in tests */
	unsigned int needs; /* enum need */
	uint8_t family; /* AF_UNSPEC: both; otherwise dump only this one where @needs allow it */
	const struct filter_expr *condition; /* which listeners; NULL: all. Not owned */
	double peak_rate; /* fast samples a second; 0: none */
	double peak_share; /* share of one CPU that fast samples may use */
	/*
	 * The network namespaces that the user named, see namespaces_resolve(); or all that can be
	 * found. Neither: the namespace of the calling thread.
	 */
	const char *const *namespaces;
	size_t n_namespaces;
	bool all_namespaces;
	double not_shown_share; /* share of one CPU for reading namespaces that are not shown */
	double window; /* expected length of a window in seconds */
	double walk_share; /* share of one CPU for dumps of the ehash; 0: one with every sample */
};

/*
 * collector_open() - open the kernel as a source of samples. Its sockets and descriptors stay open;
 * the calling thread never leaves its namespace. Returns 0 or -errno with @why filled.
 *
 * With NEED_PEAK every sample ends one window of fast sampling and begins the next. A look takes a
 * fast sample of one namespace, looks at UNIX queues, or looks for new and ended namespaces, which
 * the next sample then has and lacks.
 *
 * With a walk_share, half-open and waiting connections may be from an earlier sample:
 * netns->syn_recv_ns and waiting_ns are the times of that sample.
 */
int collector_open(struct sample_source **source, const struct collect_config *config,
		   struct error *why);

/* Fills in the name of the host and the boot id, as a sample with NEED_IDENTITY has them. */
void collector_identify(struct sample_source *source, struct snapshot *s);

/*
 * collector_leave() - add to the last sample of this run what the next one needs beside it.
 * collector_resume() - before the first sample: it closes a window that began with @last, which
 * another run took in this boot. So ages of connections are compared with that time, and UNIX
 * queues with what they were then.
 */
void collector_leave(struct sample_source *source, struct snapshot *s);
void collector_resume(struct sample_source *source, const struct snapshot *last);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_COLLECT_H
#define LISTENQ_COLLECT_COLLECT_H

#include "model/filter_expr.h"
#include "model/sample_source.h"

struct collect_config {
	const char *root; /* directory that holds proc/ and sys/: "/" but in tests */
	unsigned int needs; /* enum need */
	int family; /* AF_UNSPEC, or the only one wanted when nothing needs the others */
	const struct filter_expr *condition; /* of the listeners wanted; NULL: of all. Borrowed */
	double peak_rate; /* fast samples a second, 0: none */
	double peak_share; /* of one CPU that they may cost */
	/*
	 * Network namespaces as a user calls them, see namespaces_resolve(); or all that can be
	 * found. Neither: that of the calling thread.
	 */
	const char *const *namespaces;
	size_t n_namespaces;
	bool all_namespaces;
	double not_shown_share; /* of one CPU that looking at other namespaces may cost */
	double window; /* how long windows will be, in seconds */
	double walk_share; /* that dumps of the ehash may cost; 0: no limit, one with each sample */
};

/*
 * collector_open() - the kernel as a source of samples: sockets and descriptors that stay open. The
 * calling thread never leaves its namespace. Returns 0 or -errno with @why filled.
 *
 * With NEED_PEAK every sample ends one window of fast sampling and begins the next. A look takes a
 * fast sample of one namespace, or closes the namespaces that have ended. Namespaces that came and
 * went since the sample before do so in the next one.
 *
 * Where walk_share sets a limit, half-open and waiting connections may be those of an earlier
 * sample: netns->syn_recv_ns and waiting_ns say when they were read.
 */
int collector_open(struct sample_source **source, const struct collect_config *config,
		   struct error *why);

#endif

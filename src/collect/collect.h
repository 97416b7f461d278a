/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_COLLECT_H
#define LISTENQ_COLLECT_COLLECT_H

#include "base/error.h"
#include "model/filter_expr.h"
#include "model/needs.h"
#include "model/snapshot.h"

/* The kernel as a source of snapshots. */
struct collector;

/* How long a window may be, in seconds: the shorter, the more it is a load; and a day. */
#define COLLECT_WINDOW_MIN 0.001
#define COLLECT_WINDOW_MAX 86400.0

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
	double walk_share; /* the same for walks.h; 0: no limit, one with every sample */
};

/* What a sample is for; the opening one of a window skips what only a report needs. */
enum sample_kind { SAMPLE_OPENING, SAMPLE_CLOSING };

/*
 * collector_open() - sockets and descriptors for repeated samples. The calling thread never leaves
 * its namespace. Returns 0 or -errno with @why filled.
 */
int collector_open(struct collector **collector, const struct collect_config *config,
		   struct error *why);
void collector_close(struct collector *collector);

/* What is wanted from the next sample on, which may be more or less than before: enum need. */
void collector_set_needs(struct collector *collector, unsigned int needs);

/*
 * collector_set_detail() - whose connections NEED_CONNECTIONS is about, from the next sample on.
 * @port: that of the listeners; 0, as at the beginning: all
 */
void collector_set_detail(struct collector *collector, uint16_t port);

/*
 * collector_sample() - take a sample into @s, whose old contents go. With NEED_PEAK every sample
 * ends one window of fast sampling and begins the next.
 *
 * Where walk_share has a limit, what is said of half-open and of waiting connections may be that of
 * a sample before, told of the listeners of this one: netns->syn_recv_ns and waiting_ns tell.
 *
 * Namespaces that came and went since the sample before do so in this one.
 *
 * What is missing but not fatal (counters, sysctls, ages) becomes a warning in @s and stays
 * unknown. @s holds its strings, and outlives the collector.
 *
 * Returns 0 or -errno with @why filled; @s is then not to be used.
 */
int collector_sample(struct collector *collector, enum sample_kind kind, struct snapshot *s,
		     struct error *why);

/*
 * Between two samples: collector_due() is the monotonic time in nanoseconds at which
 * collector_look() wants to be called, UINT64_MAX for never. It takes a fast sample of one
 * namespace, or sees which have ended and lets them go.
 */
uint64_t collector_due(const struct collector *collector);
void collector_look(struct collector *collector);

#endif

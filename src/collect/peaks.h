/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_PEAKS_H
#define LISTENQ_COLLECT_PEAKS_H

#include "collect/sock_diag.h"
#include "model/snapshot.h"

/*
 * Fast sampling of the accept queues of one namespace between two samples: the LISTEN dump alone,
 * so that a queue that was full for a few milliseconds is seen. A dump that costs more than its
 * share of a CPU is taken less often; each queue counts the looks that were really taken.
 */
struct tracked_queue {
	uint64_t cookie;
	struct peak peak;
	uint32_t length; /* at the last look */
	uint32_t limit;
	uint32_t look; /* number of that look */
	uint32_t born; /* 1 + its index in peaks->born; 0: it was in the sample before */
	bool is_unix;
	uint64_t look_ns; /* when the last look was */
	uint64_t moved_ns; /* the last look that saw it empty, or shorter than the look before */
};

struct peaks {
	struct idmap by_cookie;
	struct tracked_queue *queues;
	size_t n_queues, queues_size;
	size_t next; /* index of the one after the one found last */
	struct listener *born; /* TCP listeners that came since the sample before */
	size_t n_born, born_size;
	size_t n_unix; /* of the queues; 0: there is no need to look at UNIX listeners */
	uint32_t look; /* looks taken in this window */
	uint64_t min_interval_ns; /* 0: off */
	double share; /* of one CPU */
	uint64_t cost_ns; /* CPU of one look, smoothed; begins at 0, as the first one is dear */
	uint64_t due_ns; /* the next fast one */
};

/* @rate: looks a second, 0 is off; @share: of one CPU, at most. */
void peaks_init(struct peaks *p, double rate, double share);

/* Another rate from the next window on; 0 ends the one that is open. */
void peaks_set_rate(struct peaks *p, double rate);
void peaks_free(struct peaks *p);

/* peaks_begin() - a window begins with this sample, for its listeners of namespace @netns_idx. */
void peaks_begin(struct peaks *p, const struct snapshot *s, uint32_t netns_idx);

/*
 * peaks_look() - take one fast sample, and set the time of the next. Queues that a failing dump did
 * not reach get one look less. UNIX listeners are looked at when the window began with some.
 * @family: the one that the samples dump, AF_UNSPEC for both
 * @filter: theirs too
 */
void peaks_look(struct peaks *p, struct diag_socket *diag, int family,
		const struct bytecode *filter);

/*
 * peaks_end() - the window ends with this sample: it is the last look, and every listener gets what
 * was seen of it. Listeners that the sample lacks are added to s->gone, and
 * netns->listener_vanished says whether there is a TCP listener among them.
 */
void peaks_end(struct peaks *p, struct snapshot *s, uint32_t netns_idx);

/*
 * peaks_confirm_gone() - after peaks_end(): look once more for the listeners of the namespace in
 * s->gone, and take back those that are there: a dump that the kernel resumes may miss a listener.
 * If the dump fails, all of the namespace are taken back.
 */
void peaks_confirm_gone(const struct peaks *p, struct diag_socket *diag, struct snapshot *s,
			uint32_t netns_idx);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_PEAKS_H
#define LISTENQ_COLLECT_PEAKS_H

#include "collect/sock_diag.h"
#include "model/snapshot.h"

/*
 * Fast sampling of the accept queues of one namespace between two samples, by LISTEN dumps alone.
 * It shows that a queue was full for a few milliseconds. A fast sample is called a look. When looks
 * cost more than their share of a CPU, fewer are taken; each queue counts its looks.
 */
struct tracked_queue {
	uint64_t cookie;
	uint64_t look_ns; /* time of the last look */
	uint32_t look; /* number of the last look, or of the last dump that shows it */
	uint32_t samples; /* how many looks */
	uint32_t limit;
	uint32_t used; /* 1 + its index in peaks->used; 0: every look saw it empty */
	uint32_t inode; /* of a UNIX listener */
	uint32_t born : 30; /* 1 + its index in peaks->born; 0: it was in the sample before */
	uint32_t is_new : 1; /* it was missing in a look that showed all listeners */
	uint32_t is_unix : 1;
};

/* What else is known of a queue that was not always empty. On a host with many, most always are. */
struct used_queue {
	struct peak peak; /* without what struct tracked_queue has */
	uint64_t moved_ns; /* time of the last look that saw it empty or shorter */
	uint32_t length; /* at the last look */
};

/* A zeroed struct with @due_ns of UINT64_MAX is ready, and off. */
struct peaks {
	struct tracked_queue *queues; /* in the order of the sample that began the window */
	size_t n_queues, queues_size;
	struct used_queue *used;
	size_t n_used, used_size;
	struct idmap by_cookie; /* index into @queues; made when a dump is in another order */
	bool indexed;
	size_t next; /* index of the queue that is expected next in a dump */
	struct listener *born; /* TCP listeners that are new since the sample before */
	size_t n_born, born_size;
	size_t n_unix; /* UNIX listeners among the queues; 0: do not dump them */
	uint32_t look; /* number of the last dump; the sample that begins the window is 1 */
	size_t n_seen; /* TCP listeners in the last dump */
	size_t n_stayed; /* those of them that the dump before shows too */
	size_t n_before; /* TCP listeners in the dump before */
	bool repeated; /* the last dump may show a listener twice */
	bool repeated_before; /* the dump before may */
	bool missed_none; /* some dump of this window is known to show all listeners of its time */
	uint64_t min_interval_ns; /* 0: off */
	double share; /* of one CPU */
	uint64_t cost_ns; /* CPU time of a look, averaged; from 0, as the first costs too much */
	uint64_t due_ns; /* of the next look; UINT64_MAX: none */
	uint64_t blind_from_ns, blind_to_ns; /* the last time without looks, see peaks_miss() */
};

/*
 * peaks_set_rate() - set the rate from the next window on.
 * @rate: looks a second; 0: end the window, and take no more
 * @share: of one CPU, at most
 */
void peaks_set_rate(struct peaks *p, double rate, double share);
void peaks_free(struct peaks *p);

/* Begins a window with this sample, for the listeners of @netns_idx. */
void peaks_begin(struct peaks *p, const struct snapshot *s, uint32_t netns_idx);

/*
 * peaks_miss() - no look was taken from a time when one was due to now: nothing is known of how
 * full queues were meanwhile, nor of whether they moved. To be called before the next look or
 * peaks_end().
 */
void peaks_miss(struct peaks *p, uint64_t from_ns, uint64_t to_ns);

/*
 * peaks_look() - take one look, and set the time of the next. A queue that a failed dump did not
 * show has one look less. UNIX listeners are dumped when the window began with some.
 * @family, @filter: as for the LISTEN dump of the samples
 */
void peaks_look(struct peaks *p, struct diag_socket *diag, uint8_t family,
		const struct bytecode *filter);

/*
 * peaks_end() - end the window with this sample, which is its last look, and fill in the peaks of
 * its listeners. Listeners that the sample lacks are added to s->gone; netns->listener_vanished
 * is set when a TCP listener is among them.
 */
void peaks_end(struct peaks *p, struct snapshot *s, uint32_t netns_idx);

/*
 * peaks_confirm_gone() - after peaks_end(), dump the listeners again until a dump is known to miss
 * none, and remove from s->gone those that exist. If there is no such dump, all TCP listeners of
 * the namespace are removed.
 */
void peaks_confirm_gone(struct peaks *p, struct diag_socket *diag, struct snapshot *s,
			uint32_t netns_idx);

#endif

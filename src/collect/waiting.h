/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_WAITING_H
#define LISTENQ_COLLECT_WAITING_H

#include "collect/children.h"
#include "collect/sock_diag.h"
#include "model/snapshot.h"

/* The time of a dump, in monotonic nanoseconds. */
struct dump_time {
	uint64_t begin_ns; /* 0: there was no dump */
	uint64_t end_ns;
};

struct waiting_queue;
struct waiting_oldest;

/* What the last dump of the established hash found in the accept queues of one namespace. */
struct waiting {
	struct children children; /* the connections */
	struct dump_time dumped; /* the time of that dump */
	uint64_t sample_ns; /* monotonic_ns of the sample with that dump; 0: no dump */
	struct idmap shown; /* cookies of the connections in the dump before */
	struct dump_time shown_dumped; /* the time of the dump before */
	bool detailed; /* the dump included the connections that NEED_CONNECTIONS asks for */
	uint16_t detail_port; /* only those of listeners at this port; 0: all */
	struct waiting_queue *queues;
	size_t n_queues, queues_size;
	struct waiting_oldest *oldest; /* of all queues */
	size_t n_oldest, oldest_size;
};

/* How many ports one dump can select: their filter has 16 KiB. */
#define WAITING_PORTS_MAX 1024

/*
 * With many clients, ages do not prove that no connection was accepted: those from just before and
 * just after the window began have the same age. Two dumps that show the same oldest connections
 * are a proof. For queues of this length, a dump is made when the window begins.
 */
#define WAITING_OPENING_MIN 4

/* The ports that a dump selects. */
struct waiting_at {
	uint16_t ports[WAITING_PORTS_MAX]; /* each once, in ascending order */
	size_t n;
};

/* Which groups need a dump of their waiting connections. Those with GROUP_CONNECTIONS always do. */
struct waiting_request {
	uint32_t netns_idx;
	bool high; /* groups with a listener that is filled to FILL_HIGH, or that may stall */
	bool opening; /* groups with a listener whose queue has WAITING_OPENING_MIN or more */
	bool all; /* every group with a queue */
	struct dump_time before; /* of the LISTEN dump of the sample before; zeros: none */
	struct dump_time now; /* of the LISTEN dump of this sample */
};

void waiting_free(struct waiting *w);

/* Does any group need a dump? */
bool waiting_wanted(const struct snapshot *s, const struct waiting_request *wanted);

/*
 * waiting_ports() - find the ports of the groups that need a dump. When there are more than
 * WAITING_PORTS_MAX, adds a warning to @s.
 */
void waiting_ports(struct snapshot *s, const struct waiting_request *wanted, struct waiting_at *at);

/* Begins a dump, also one that is repeated: removes all connections. */
void waiting_begin(struct waiting *w);

/* Adds a socket of the dump if it waits. */
void waiting_add(struct waiting *w, const struct diag_record *r);

/*
 * waiting_fill() - after the dump, fill in the groups that needed it: how many connections wait,
 * how many of them their peer has closed, and the age of the oldest.
 *
 * An age is tcpi_last_data_sent. It is set when the handshake ends, and a socket that nobody has
 * accepted sends nothing. Ages show which connections existed at the sample before. A connection
 * that its peer has reset stays in the queue, but no dump shows it: one more dump, of the
 * listeners, reads the lengths of their queues again.
 *
 * Returns 0 or -errno with @why filled; then nothing is filled in.
 */
int waiting_fill(struct waiting *w, struct diag_socket *diag, struct snapshot *s,
		 const struct waiting_request *wanted, const struct waiting_at *at,
		 struct error *why);

/*
 * waiting_fill_again() - without a new dump, fill in what the last one found, for groups that need
 * it and have the same listener. Its ages prove nothing about this window. But where a queue may
 * not have moved, a look-up of each of its oldest connections shows whether they still wait, which
 * is as good a proof as a dump.
 */
void waiting_fill_again(struct waiting *w, struct diag_socket *diag, struct snapshot *s,
			const struct waiting_request *wanted);

/*
 * waiting_leave() - add the oldest connections of the last dump to @s, for the next run.
 * waiting_resume() - before the first dump, take them over from a sample of the last run.
 * @netns_idx: of the namespace in @s, or in @last
 */
void waiting_leave(const struct waiting *w, struct snapshot *s, uint32_t netns_idx);
void waiting_resume(struct waiting *w, const struct snapshot *last, uint32_t netns_idx);

#endif

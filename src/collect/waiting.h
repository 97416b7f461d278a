/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_WAITING_H
#define LISTENQ_COLLECT_WAITING_H

#include "collect/children.h"
#include "collect/sock_diag.h"
#include "model/snapshot.h"

/* When sockets were dumped, in monotonic nanoseconds. */
struct dump_time {
	uint64_t begin_ns; /* 0: there was no dump */
	uint64_t end_ns;
};

/* What a walk found in the accept queue, or queues, of one group. */
struct waiting_queue {
	/* Of the listener that had all of it; where several had some, of the first of the group. */
	uint64_t cookie;
	struct group found;
	uint32_t n_oldest; /* connections that are as old as the oldest, as far as ages tell */
	uint32_t ahead; /* connections that may have been ahead of those that are kept */
	bool stands; /* these wait still, as far as was asked */
};

/* One of the oldest connections of a queue: while they wait, none of the queue was accepted. */
struct waiting_oldest {
	uint32_t queue; /* index */
	struct diag_connection connection;
};

/*
 * The connections of one namespace that wait in accept queues: those of the last walk, and what it
 * told of each queue.
 */
struct waiting {
	struct children children;
	struct diag_connection *connections; /* the same, by what diag_find() takes */
	size_t connections_size;
	struct dump_time dumped; /* that walk */
	uint64_t sample_ns; /* monotonic_ns of the sample it was made for; 0: there was none */
	struct idmap shown; /* by cookie, what the walk before has shown */
	struct dump_time shown_dumped; /* that walk */
	uint16_t detail_port; /* of the listeners whose connections were wanted; 0: all */
	struct waiting_queue *queues;
	size_t n_queues, queues_size;
	struct waiting_oldest *oldest; /* of all queues */
	size_t n_oldest, oldest_size;
};

/* As many ports are looked into at most: a filter of 16 KiB. */
#define WAITING_PORTS_MAX 1024

/*
 * Where many clients come, ages alone do not prove that none was accepted: who came just before the
 * window began may have come just after. That the oldest are the same at both ends does. A queue of
 * this length is worth a walk for that when the window begins; in a shorter one it hardly happens.
 */
#define WAITING_OPENING_MIN 4

/* Where a walk looks. */
struct waiting_at {
	uint16_t ports[WAITING_PORTS_MAX]; /* each once, in rising order */
	size_t n;
};

/* Which queues are looked into, and what ages are compared with. */
struct waiting_request {
	uint32_t netns_idx;
	bool high; /* groups with a listener at FILL_HIGH or above, or with one that may stall */
	bool opening; /* groups with a listener of WAITING_OPENING_MIN or more */
	bool all; /* every group with a queue; otherwise those with GROUP_CONNECTIONS are added */
	/* When the listeners were dumped for the sample before; zeros: there was none. */
	struct dump_time before;
	struct dump_time now; /* the same for this sample */
};

void waiting_free(struct waiting *w);

/* Is there a queue to be looked into? */
bool waiting_wanted(const struct snapshot *s, const struct waiting_request *wanted);

/*
 * waiting_ports() - where the queues are that are to be looked into. A warning in @s says so when
 * these are too many ports for one walk.
 */
void waiting_ports(struct snapshot *s, const struct waiting_request *wanted, struct waiting_at *at);

/* A walk begins, or begins anew: forgets all. @keep_connections: see children_reset() */
void waiting_begin(struct waiting *w, bool keep_connections);

/* Adds a socket that the walk has shown at one of these ports, if it waits. */
void waiting_add(struct waiting *w, const struct diag_record *r);

/*
 * waiting_fill() - the walk is over: tell the groups at these ports that were to be looked into how
 * many wait there, how many of their peers have closed, and the age of the oldest.
 *
 * An age is tcpi_last_data_sent: set when the handshake ends, and a socket that nobody has accepted
 * sends nothing. Ages tell which connections were there already at the sample before. Connections
 * reset by their peer stay in the queue but are in no dump: one more dump, of these listeners,
 * tells how long their queues are after the walk.
 *
 * Returns 0 or -errno with @why filled; nothing is told then, nor kept.
 */
int waiting_fill(struct waiting *w, struct diag_socket *diag, struct snapshot *s,
		 const struct waiting_request *wanted, const struct waiting_at *at,
		 struct error *why);

/*
 * waiting_fill_again() - tell groups that are to be looked into what the last walk found there, if
 * their listener is the same. Ages of then prove nothing of this window. But where a queue may not
 * have moved, the kernel is asked for the connection that was the oldest: that it waits still is as
 * good a proof as a walk, and costs one look-up.
 */
void waiting_fill_again(struct waiting *w, struct diag_socket *diag, struct snapshot *s,
			const struct waiting_request *wanted);

#endif

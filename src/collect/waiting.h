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

struct waiting_queue;
struct waiting_oldest;

/* What the last dump of the established hash found in the accept queues of one namespace. */
struct waiting {
	struct children children; /* the connections */
	struct dump_time dumped; /* that dump */
	uint64_t sample_ns; /* monotonic_ns of the sample it was made for; 0: there was none */
	struct idmap shown; /* by cookie, what the dump before has shown */
	struct dump_time shown_dumped; /* that dump */
	bool detailed; /* connections were wanted */
	uint16_t detail_port; /* of the listeners whose connections; 0: all */
	struct waiting_queue *queues;
	size_t n_queues, queues_size;
	struct waiting_oldest *oldest; /* of all queues */
	size_t n_oldest, oldest_size;
};

/* Ports that one dump looks into: a filter of 16 KiB. */
#define WAITING_PORTS_MAX 1024

/*
 * Where many clients come, ages do not prove that none was accepted: a connection from just before
 * the window began may as well be from just after. That the oldest are the same at both ends is a
 * proof. A queue of this length is worth a dump when the window begins.
 */
#define WAITING_OPENING_MIN 4

/* Where a dump looks. */
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
 * waiting_ports() - the ports of the queues to look into. More than WAITING_PORTS_MAX are a warning
 * in @s.
 */
void waiting_ports(struct snapshot *s, const struct waiting_request *wanted, struct waiting_at *at);

/* A dump begins, or begins again: forgets all. */
void waiting_begin(struct waiting *w);

/* Adds a socket at one of these ports, if it waits. */
void waiting_add(struct waiting *w, const struct diag_record *r);

/*
 * waiting_fill() - the dump is over: fill in, for the groups at these ports that were to be looked
 * into, how many connections wait, how many of their peers have closed, and the age of the oldest.
 *
 * An age is tcpi_last_data_sent: set when the handshake ends, and a socket that nobody has accepted
 * sends nothing. Ages say which connections were there already at the sample before. Connections
 * that their peer has reset stay in the queue but are in no dump: one more dump, of these
 * listeners, says how long their queues are afterwards.
 *
 * Returns 0 or -errno with @why filled; then nothing is filled in, nor kept.
 */
int waiting_fill(struct waiting *w, struct diag_socket *diag, struct snapshot *s,
		 const struct waiting_request *wanted, const struct waiting_at *at,
		 struct error *why);

/*
 * waiting_fill_again() - fill in what the last dump found, for groups that are to be looked into
 * and whose listener is the same. Ages of then prove nothing of this window. But where a queue may
 * not have moved, the kernel is asked for the connection that was the oldest: that it still waits
 * is as good a proof as a dump, and costs one look-up.
 */
void waiting_fill_again(struct waiting *w, struct diag_socket *diag, struct snapshot *s,
			const struct waiting_request *wanted);

#endif

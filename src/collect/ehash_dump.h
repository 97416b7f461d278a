/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_EHASH_DUMP_H
#define LISTENQ_COLLECT_EHASH_DUMP_H

#include "base/text.h"
#include "collect/children.h"
#include "collect/quiet.h"
#include "collect/sock_diag.h"
#include "collect/waiting.h"
#include "model/snapshot.h"

/*
 * Dumps of the established hash (ehash). Only they show which connections are half-open, and which
 * wait in an accept queue. One dump of a namespace serves both.
 *
 * A dump walks the hash of the whole host, and its cost is unknown until it is done. So the CPU
 * time of each dump is measured, and sets how long the next one has to wait. Meanwhile samples show
 * what the last dump found. Where no segment came since a dump that found no half-open connection,
 * there is none, and no dump is made for them.
 */

/* An urgent dump waits only for urgent ones. The time that it uses delays the others. */
struct rate_limit {
	double share; /* of one CPU; 0: no limit */
	uint64_t due_ns; /* of the next dump, monotonic; 0: at once */
	uint64_t urgent_due_ns; /* of the next urgent dump; never later than @due_ns */
};

/* The last dumps of one namespace. A zeroed struct, with the first three members set, is ready. */
struct ehash_dump {
	struct diag_socket *diag; /* not owned */
	const struct bytecode *filter; /* of the listeners; not owned */
	int snmp; /* descriptor of /proc/net/snmp, or -errno; not owned */
	struct children half_open;
	uint64_t half_open_ns; /* monotonic_ns of the last sample where they are so; 0: unknown */
	struct quiet quiet;
	struct waiting waiting;
	struct dump_time listeners_before; /* of the LISTEN dump of the sample before */
	struct dump_time listeners; /* of the LISTEN dump of this sample */
	struct rate_limit limit;
	uint64_t last_ns; /* monotonic_ns of the last sample with a dump */
	bool separately; /* the kernel has no filter to dump both at once */
};

void ehash_dump_free(struct ehash_dump *d);

/* The dumps of all namespaces of a snapshot. */
struct ehash_dumps {
	unsigned int needs; /* enum need */
	uint8_t family; /* AF_UNSPEC: both */
	uint16_t detail_port; /* NEED_CONNECTIONS concerns listeners at this port; 0: all */
	double share; /* of one CPU, for all namespaces; 0: no limit, dump for every sample */
	struct ehash_dump **list; /* in the order of snapshot->netns; not owned */
	size_t n;
	struct strbuf text; /* scratch for files */
};

/*
 * ehash_dumps_complete() - fill in the connections in the queues of the listeners of @s, as far as
 * they are needed. @s already has the listeners of all namespaces: so no dump makes the window
 * longer, and the lengths of the queues are known.
 *
 * Namespaces with a queue that is high or may stall come first, then those whose last dump is the
 * oldest, until the budget of the sample is spent.
 *
 * What cannot be dumped stays unknown and adds a warning to @s.
 */
void ehash_dumps_complete(struct ehash_dumps *all, struct snapshot *s);

/*
 * ehash_dumps_open() - at a sample that begins a window, dump the connections in long accept
 * queues, to see at its end whether the oldest still wait. See WAITING_OPENING_MIN.
 */
void ehash_dumps_open(struct ehash_dumps *all, struct snapshot *s);

#endif

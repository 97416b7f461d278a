/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_EHASH_DUMP_H
#define LISTENQ_COLLECT_EHASH_DUMP_H

#include "base/text.h"
#include "collect/children.h"
#include "collect/sock_diag.h"
#include "collect/waiting.h"
#include "model/snapshot.h"

/*
 * Dumps of the established hash (ehash). They alone show which connections are half-open, and which
 * wait in an accept queue. One dump of a namespace serves both.
 *
 * A dump walks the hash of the whole host, and what it costs is unknown until it is done. So each
 * dump is measured, and the next one is due when all of them together have used no more than their
 * share of the time. Meanwhile samples show what the last dump found.
 */

/* An urgent dump waits for urgent ones only. What it takes too early, the others wait longer for.
 */
struct rate_limit {
	double share; /* of one CPU; 0: no limit */
	uint64_t due_ns; /* of the next dump, monotonic; 0: at once */
	uint64_t urgent_due_ns; /* of the next urgent one; never later */
};

/* What the last dumps of one namespace found. A zeroed struct, with the first three set, is ready.
 */
struct ehash_dump {
	struct diag_socket *diag; /* not owned */
	const struct bytecode *filter; /* of the listeners; not owned */
	int snmp; /* descriptor of /proc/net/snmp or -errno; not owned */
	struct children half_open;
	uint64_t half_open_ns; /* monotonic_ns of the sample it was made for; 0: there was none */
	struct waiting waiting;
	struct dump_time listeners_before; /* when the listeners were dumped, a sample ago */
	struct dump_time listeners; /* and for this sample */
	struct rate_limit limit;
	uint64_t last_ns; /* monotonic_ns of the last sample with a dump */
	bool separately; /* the kernel has no filter for both in one dump */
};

void ehash_dump_free(struct ehash_dump *d);

/* Those of all namespaces of a snapshot. */
struct ehash_dumps {
	unsigned int needs; /* enum need */
	int family; /* AF_UNSPEC: both */
	uint16_t detail_port; /* of the listeners that NEED_CONNECTIONS is about; 0: all */
	double share; /* of one CPU, for all together; 0: no limit, one with each sample */
	struct ehash_dump **list; /* in the order of snapshot->netns; not owned */
	size_t n;
	struct strbuf text; /* scratch for files */
};

/*
 * ehash_dumps_complete() - fill in what is in the queues of the listeners of @s, as far as it is
 * needed. The listeners of all namespaces are in @s already, so that no window gets longer by a
 * dump, and it is known which queues are worth one.
 *
 * Of many namespaces, those with a queue that is high or may stall come first, then those whose
 * last dump is longest ago, until the budget of the sample is spent.
 *
 * What cannot be had is a warning in @s and stays unknown.
 */
void ehash_dumps_complete(struct ehash_dumps *all, struct snapshot *s);

/*
 * ehash_dumps_open() - look into the long accept queues of a sample that begins a window: whether
 * the oldest connections wait still is asked at its end. See WAITING_OPENING_MIN.
 */
void ehash_dumps_open(struct ehash_dumps *all, struct snapshot *s);

#endif

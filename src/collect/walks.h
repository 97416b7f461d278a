/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_WALKS_H
#define LISTENQ_COLLECT_WALKS_H

#include "base/text.h"
#include "collect/sources.h"
#include "model/snapshot.h"

/*
 * Walks of the established hash: they alone tell which connections are half-open, and which wait in
 * an accept queue. Here is decided in which namespaces a sample takes one.
 *
 * The listeners of all are dumped before, so that no window gets longer by a walk, and that it is
 * known which queues are worth one. One walk tells all that is wanted of a namespace. How often
 * there may be one is a matter of its pace (pace.h), and one for queues that are to be looked into
 * is urgent; meanwhile what the last one told is told again. Of many namespaces each has its turn
 * (turns.h) within the budget of a sample.
 */
struct walks {
	unsigned int needs; /* enum need */
	int family; /* AF_UNSPEC: both */
	uint16_t detail_port; /* of the listeners that NEED_CONNECTIONS is about; 0: all */
	double share; /* of one CPU, for those of all namespaces; 0: no limit, one with every sample
		       */
	struct sources *set; /* not owned */
	struct strbuf text; /* scratch for files */
};

void walks_free(struct walks *w);

/*
 * walks_complete() - what is in the queues of the listeners of @s, as far as it is needed. The
 * listeners of all namespaces are in @s already.
 *
 * What cannot be told is a warning in @s and stays unknown.
 */
void walks_complete(struct walks *w, struct snapshot *s);

/*
 * walks_open() - look into the long accept queues of a sample that begins a window: whether the
 * oldest there wait still is asked at its end. See WAITING_OPENING_MIN.
 */
void walks_open(struct walks *w, struct snapshot *s);

#endif

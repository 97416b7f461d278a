/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_WALKS_H
#define LISTENQ_COLLECT_WALKS_H

#include "collect/sources.h"
#include "model/snapshot.h"

/*
 * Walks of the established hash: they alone tell which connections are half-open, and which wait in
 * an accept queue. Here is decided when one is taken, and in which namespace.
 *
 * With one namespace the half-open connections come in one walk with the listeners. With more the
 * listeners of all are dumped first, so that no window gets longer by the walks of the others; then
 * there is a budget for each sample, and the namespaces take turns. Where the pace of a source
 * (pace.h) allows none, what the last one told stays.
 */
struct walks {
	unsigned int needs; /* enum need */
	int family; /* AF_UNSPEC: both */
	uint16_t detail_port; /* of the listeners that NEED_CONNECTIONS is about; 0: all */
	struct sources *set; /* not owned */
	struct children waiting; /* scratch */
	struct strbuf text; /* scratch for files */
};

void walks_free(struct walks *w);

/* Are the walks made apart from the dumps of the listeners? */
bool walks_apart(const struct walks *w);

/*
 * walks_join() - is the dump of the source's listeners at @now_ns to take in SYN_RECV? Only where
 * walks are not made apart.
 */
bool walks_join(const struct walks *w, const struct source *source, uint64_t now_ns);

/* That dump has cost @cpu_ns. @syn_recv: what walks_join() said */
void walks_joined(const struct walks *w, struct source *source, bool syn_recv, uint64_t cpu_ns,
		  uint64_t now_ns);

/*
 * walks_complete() - what is in the queues of the listeners of @s, as far as it is needed, by walks
 * and from what they told before. The listeners of all namespaces are in @s already.
 *
 * What cannot be told is a warning in @s and stays unknown.
 */
void walks_complete(struct walks *w, struct snapshot *s);

#endif

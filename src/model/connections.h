/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_CONNECTIONS_H
#define LISTENQ_MODEL_CONNECTIONS_H

#include "model/snapshot.h"

/* Adds a zeroed connection for the caller to fill, its group included. */
struct connection *connections_add(struct snapshot *s);

/*
 * connections_sort() - sort all connections and give every group its slice: first the waiting
 * connections, oldest first, then the half-open ones, most retransmits first.
 */
void connections_sort(struct snapshot *s);

/* Some of a snapshot's connections, in the order of connections_sort(). */
struct connections {
	const struct connection *list;
	size_t n;
};

/* Returns the waiting connections of a group, or the half-open ones. */
struct connections connections_of(const struct snapshot *s, const struct group *g, bool half_open);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_CONNECTIONS_H
#define LISTENQ_MODEL_CONNECTIONS_H

#include "model/snapshot.h"

/* Adds a zeroed connection for the caller to fill; its group is known by then. */
struct connection *connections_add(struct snapshot *s);

/*
 * connections_sort() - give every group its slice, when all have been added: those that wait first,
 * the oldest before the others, then the half-open ones, those with most retransmits before the
 * others.
 */
void connections_sort(struct snapshot *s);

/* Some of a snapshot's connections, in that order. */
struct connections {
	const struct connection *list;
	size_t n;
};

/* The half of the group's slice that waits, or the half that is half-open. */
struct connections connections_of(const struct snapshot *s, const struct group *g, bool half_open);

#endif

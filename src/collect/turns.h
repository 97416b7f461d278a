/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_TURNS_H
#define LISTENQ_COLLECT_TURNS_H

#include "collect/sources.h"
#include "model/snapshot.h"

/* Whose turn it is to have the established hash walked, where not all can have it. */
struct turn {
	uint32_t netns; /* index of the source, and into the snapshot */
	bool suspect; /* what waits at one of its listeners is worth a look */
	uint64_t walked_ns; /* of the source */
};

/*
 * turns_order() - the namespaces of @s with a suspect listener first, and then those whose last
 * walk is longest ago: with samples that repeat each has its turn.
 *
 * Returns an array as long as @set, for the caller to free.
 */
struct turn *turns_order(const struct sources *set, const struct snapshot *s);

#endif

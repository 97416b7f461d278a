/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_CONDITIONS_H
#define LISTENQ_COLLECT_CONDITIONS_H

#include "base/idmap.h"
#include "base/text.h"
#include "model/snapshot.h"

/*
 * Why the owners of listeners with a queue may not accept: they are stopped or frozen, have no
 * descriptor left, or have used up their CPU quota. Each sample reads a few small files of each of
 * these processes and of its cgroups; it reads nothing when all queues are empty.
 *
 * Cgroups of version 2 are read, and those of version 1 with the freezer or the CPU controller.
 */
#define CONDITIONS_MAX 512 /* processes a sample; the conditions of others stay unknown */

enum hierarchy { HIERARCHY_V2, HIERARCHY_CPU, HIERARCHY_FREEZER, HIERARCHY_N };

/* Where a hierarchy is mounted; NULL: it is not. */
struct hierarchy_mount {
	char *path;
	char *root; /* the mounted cgroup: "/", except in containers without a cgroup namespace */
};

struct throttle;

struct throttles {
	struct idmap by_dir; /* address of the directory's name */
	struct throttle *list;
	size_t n, size;
};

/* A zeroed struct, with @root set, is ready for conditions_begin(). */
struct conditions {
	int root; /* descriptor of the directory that holds proc/ and sys/; not owned */
	bool searched; /* the mounts were looked for */
	int failed; /* 0, or the -errno for which conditions of this sample are unknown */
	struct hierarchy_mount mounts[HIERARCHY_N];
	struct throttles now, before; /* read in this sample, and in the one before */
	struct string_pool *strings; /* the pool of the sample; a reference */
	struct strbuf text, cgroup; /* scratch */
};

void conditions_free(struct conditions *c);

/* Begins a sample, whose pool is @strings. It will be compared with the sample before. */
void conditions_begin(struct conditions *c, struct string_pool *strings);

/* Does listener_may_be_sick() hold for any listener? */
bool conditions_wanted(const struct snapshot *s);

/*
 * conditions_collect() - fill in the conditions, cgroups and units of the processes in @s that own
 * such a listener. What cannot be read stays unknown; a failure of our own adds a warning.
 * @closing: false at the sample that opens a window, which only reads how often their cgroups have
 *           been throttled so far
 */
void conditions_collect(struct conditions *c, struct snapshot *s, bool closing);

#endif

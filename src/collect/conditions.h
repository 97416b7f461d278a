/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_CONDITIONS_H
#define LISTENQ_COLLECT_CONDITIONS_H

#include "base/idmap.h"
#include "base/text.h"
#include "model/snapshot.h"

/*
 * Why the owners of listeners with a queue may not accept: they are stopped or frozen, have no
 * descriptor left, or their CPU quota is used up. A few small files of each process and of its
 * cgroups are read anew in each sample, and nothing where all queues are empty.
 *
 * Cgroups of version 2, and of version 1 where the freezer or the CPU controller is there.
 */
#define CONDITIONS_MAX 512 /* processes a sample; the conditions of others stay unknown */

enum hierarchy { HIERARCHY_V2, HIERARCHY_CPU, HIERARCHY_FREEZER, HIERARCHY_N };

/* Where a hierarchy is mounted, and which of its cgroups is there. NULL: nowhere. */
struct hierarchy_mount {
	char *path;
	char *root; /* "/" but in containers without a cgroup namespace */
};

struct throttle;

struct throttles {
	struct idmap by_dir; /* address of the directory's name */
	struct throttle *list;
	size_t n, size;
};

/* A zeroed struct, with @root set, is ready for conditions_begin(). */
struct conditions {
	int root; /* descriptor of the directory that holds proc/ and sys/ */
	bool searched; /* for the mounts */
	struct hierarchy_mount mounts[HIERARCHY_N];
	struct throttles now, before; /* as of this sample and of the one before */
	struct string_pool *strings; /* that of the sample; a reference */
	struct strbuf text, cgroup; /* scratch */
};

void conditions_free(struct conditions *c);

/* Begins a sample, whose pool is @strings. It is compared with what was read in the one before. */
void conditions_begin(struct conditions *c, struct string_pool *strings);

/* Is there a listener that listener_may_be_sick() is true of? */
bool conditions_wanted(const struct snapshot *s);

/*
 * conditions_open() - at the sample that opens a window: how often the cgroups of these owners have
 * been throttled so far.
 */
void conditions_open(struct conditions *c, struct snapshot *s);

/*
 * conditions_collect() - fill in the processes that hold such a listener, their cgroup and unit
 * too. What cannot be read stays unknown.
 */
void conditions_collect(struct conditions *c, struct snapshot *s);

#endif

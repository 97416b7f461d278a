/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_NAMESPACES_H
#define LISTENQ_COLLECT_NAMESPACES_H

#include "base/error.h"
#include "base/idmap.h"
#include "collect/processes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which network namespaces there are: those that have a name below /run/netns, are mounted
 * somewhere else (docker has its own place), or have a process. What lives by an open descriptor
 * alone cannot be found.
 */
struct namespace
{
	uint64_t inode; /* of its file in nsfs: its identity */
	char *path; /* that opens it, relative to the root */
	char *name; /* below /run/netns, else of a container, else of a process, else the path */
	uint32_t pid; /* the oldest process in it when it was found first; 0: there is none */
	uint64_t started; /* when that process was, in clock ticks since boot */
	bool listed; /* named below /run/netns */
	bool settled; /* @pid is one that is known to be the oldest */
};

struct namespaces {
	struct namespace *list; /* in the order of their inodes */
	size_t n, size;
	struct idmap by_inode;
	size_t hidden; /* processes whose namespace may not be looked at */
	bool some_hidden; /* or some may be that are not even listed */
	enum processes_visible visible; /* of the last search, where there is a /proc */
	int failed; /* 0, or the -errno for which some may have been missed that are there */
};

void namespaces_free(struct namespaces *ns);

/*
 * namespaces_find() - look for all, anew. Costs a stat(2) for each process, and reading when it was
 * started for those of a namespace that was not known before.
 * @root: descriptor of the directory that holds proc/ and run/
 */
void namespaces_find(struct namespaces *ns, int root);

/*
 * namespaces_verify() - is what was found of a namespace still so? Costs a stat(2) or two.
 * @pid: its process counts also where its name is not from there
 *
 * Returns false also where nothing was found, or no process: that may have come since.
 */
bool namespaces_verify(const struct namespaces *ns, int root, uint64_t inode, bool pid);

/* Returns the one with that inode or NULL. */
struct namespace *namespaces_get(const struct namespaces *ns, uint64_t inode);

/*
 * namespaces_resolve() - what a user calls a network namespace: a name below /run/netns, the number
 * of a process, or a path, which has a slash in it.
 * @path: filled with what opens it, relative to @root; the caller frees
 *
 * Returns 0 or -errno with @why filled.
 */
int namespaces_resolve(int root, const char *what, char **path, uint64_t *inode, struct error *why);

#endif

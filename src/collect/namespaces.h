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
 * The network namespaces that can be found: those with a name below /run/netns, those mounted
 * elsewhere (docker has a directory of its own), and those with a process. A namespace that only an
 * open descriptor keeps alive cannot be found.
 */
struct namespace
{
	uint64_t inode; /* of its file in nsfs */
	char *path; /* to open it, relative to the root */
	char *name; /* below /run/netns, or else of a container, or a process, or else the path */
	uint32_t pid; /* the oldest process in it; 0: none */
	uint64_t started; /* start time of that process, in clock ticks since boot */
	bool has_name; /* below /run/netns */
	bool of_process; /* @name is that of @pid */
	bool has_oldest; /* @pid is known to be the oldest, without comparing start times */
};

struct namespaces {
	struct namespace *list; /* sorted by inode */
	size_t n, size;
	struct idmap by_inode;
	size_t hidden; /* processes whose namespace we may not read */
	bool some_hidden; /* @hidden is not 0, or some processes may not even be listed */
	enum processes_visible visible; /* at the last search, if there is a /proc */
	int failed; /* 0, or the -errno for which the last search may have missed some */
};

void namespaces_free(struct namespaces *ns);

/*
 * namespaces_find() - search for all namespaces again. Costs a stat(2) for each process, and one
 * file more for each process of a namespace that is new.
 * @root: descriptor of the directory that holds proc/ and run/
 */
void namespaces_find(struct namespaces *ns, int root);

/*
 * namespaces_verify() - check that the last search is still right about a namespace. Costs one or
 * two calls of stat(2).
 * @pid: check its process, even if its name does not come from that
 *
 * Returns false when something has changed, or when the namespace or a process in it was not found
 * and may be there by now.
 */
bool namespaces_verify(const struct namespaces *ns, int root, uint64_t inode, bool pid);

/* Returns the namespace with that inode, or NULL. */
struct namespace *namespaces_get(const struct namespaces *ns, uint64_t inode);

/*
 * namespaces_resolve() - find the network namespace that a user named: by a name below /run/netns,
 * by the number of a process, or by a path, which contains a slash.
 * @path: filled with the path to open it, relative to @root; the caller frees
 *
 * Returns 0 or -errno with @why filled.
 */
int namespaces_resolve(int root, const char *what, char **path, uint64_t *inode, struct error *why);

#endif

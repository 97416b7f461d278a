/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_CGROUPS_H
#define LISTENQ_COLLECT_CGROUPS_H

#include "base/idmap.h"
#include "base/string_pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroup;

/* Finds the paths of cgroup v2 ids. A zeroed struct, with @root set, is ready for use. */
struct cgroups {
	int root; /* descriptor of the directory that holds proc/ and sys/; not owned */
	bool searched; /* the mount was looked for */
	bool walked; /* the whole tree was read for this sample */
	int mount; /* descriptor, or -errno */
	int failed; /* 0, or the -errno for which a path of this sample may be unknown */
	char *mount_path;
	struct idmap by_id; /* index into @list */
	struct cgroup *list;
	size_t n, size;
	struct string_pool *strings; /* the pool of the sample; a reference */
};

void cgroups_free(struct cgroups *c);

/*
 * cgroups_begin() - begin a sample, in which new cgroups may exist. When @strings is a new pool,
 * cgroups that the sample before did not use are forgotten.
 */
void cgroups_begin(struct cgroups *c, struct string_pool *strings);

/*
 * cgroups_path() - the path of a cgroup below the cgroup v2 mount, "/" for its root.
 *
 * With CAP_DAC_READ_SEARCH, open_by_handle_at(2) finds a cgroup in one step. Without it, the tree
 * is read once a sample: the id of a cgroup is the inode of its directory.
 *
 * Returns a string of the sample's pool, or NULL when the path is unknown: the cgroup was removed,
 * its file system is not mounted, or @failed is set.
 */
const char *cgroups_path(struct cgroups *c, uint64_t id);

#endif

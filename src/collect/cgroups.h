/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_CGROUPS_H
#define LISTENQ_COLLECT_CGROUPS_H

#include "base/idmap.h"
#include "base/string_pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroup;

/* From cgroup v2 ids to paths. A zeroed struct, with @root set, is ready for cgroups_begin(). */
struct cgroups {
	int root; /* descriptor of the directory that holds proc/ and sys/ */
	bool searched; /* for the mount */
	bool walked; /* the tree, because the one-step way is not allowed */
	int mount; /* descriptor, -errno when there is none */
	char *mount_path;
	struct idmap by_id; /* index into list */
	struct cgroup *list;
	size_t n, size;
	struct string_pool *strings; /* that of the sample; a reference */
};

void cgroups_free(struct cgroups *c);

/*
 * cgroups_begin() - begin a sample, as new cgroups may have come. With another pool than that of
 * the sample before, only the paths that it asked for stay known.
 */
void cgroups_begin(struct cgroups *c, struct string_pool *strings);

/*
 * cgroups_path() - path of a cgroup below the cgroup v2 mount, "/" for its root.
 *
 * One step with open_by_handle_at(2), which needs CAP_DAC_READ_SEARCH; without it the tree is
 * walked once, since a cgroup's id is the inode of its directory.
 *
 * Returns a string of the sample's pool, or NULL when the path is unknown.
 */
const char *cgroups_path(struct cgroups *c, uint64_t id);

#endif

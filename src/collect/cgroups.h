/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_CGROUPS_H
#define LISTENQ_COLLECT_CGROUPS_H

#include "base/intern.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From cgroup v2 ids to paths. A zeroed struct, with @root set, is ready. */
struct cgroups {
	int root; /* descriptor of the directory that holds proc/ and sys/ */
	bool searched; /* for the mount */
	bool walked; /* the tree, because the one-step way is not allowed */
	int mount; /* descriptor, -errno when there is none */
	char *mount_path;
	struct idmap by_id;
	const char **paths; /* index from by_id; NULL: no such cgroup any more */
	size_t n, size;
	struct intern texts; /* that these are */
};

void cgroups_free(struct cgroups *c);

/* A sample begins: new cgroups may have come, and old paths go, see intern_turn(). */
void cgroups_turn(struct cgroups *c, uint64_t now_ns);

/*
 * cgroups_path() - path of a cgroup below the cgroup v2 mount, "/" for its root.
 *
 * One step with open_by_handle_at(2), which needs CAP_DAC_READ_SEARCH; without it the tree is
 * walked once, since a cgroup's id is the inode of its directory.
 *
 * Returns NULL when it cannot be told. The string belongs to @c and lives as intern_keep()'s.
 */
const char *cgroups_path(struct cgroups *c, uint64_t id);

#endif

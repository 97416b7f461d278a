/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_MODEL_ARCHIVE_H
#define LISTENQ_MODEL_ARCHIVE_H

#include "model/snapshot.h"

/*
 * Snapshots of the recent past, in little memory: the newest as it is, each older one as its
 * difference from the next newer one. A step from one to the next is quick in both directions;
 * each call of archive_get() goes on from where the last one ended, or from the newest.
 */
struct archive;

/*
 * archive_new() - an empty archive.
 * @bytes_max: what archive_bytes() may come to
 * @age_max_ns: how long before the newest one a snapshot is still kept
 *
 * The newest is kept whatever its size.
 */
struct archive *archive_new(size_t bytes_max, uint64_t age_max_ns);
void archive_free(struct archive *a);

/*
 * Adds a copy of @s, which is younger than all before; the oldest go when they are too old or all
 * together too large. What is constant or belongs to the source of @s (texts of listeners, codes of
 * warnings) is not copied and has to outlive the archive.
 */
void archive_add(struct archive *a, const struct snapshot *s);

/* How many snapshots there are. */
size_t archive_count(const struct archive *a);

/* What they take; not what archive_get() works with, which is as much as one whole snapshot. */
size_t archive_bytes(const struct archive *a);

/* monotonic_ns of the snapshot @back before the newest, without decoding it. */
uint64_t archive_time(const struct archive *a, size_t back);

/*
 * archive_get() - the snapshot @back before the newest.
 * @back: 0 is the newest; less than archive_count()
 * @into: is reset and filled; a zeroed struct is ready
 *
 * Two of them make a report. groups_lookup() alone does not know @into.
 */
void archive_get(struct archive *a, size_t back, struct snapshot *into);

#endif

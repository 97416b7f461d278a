/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_COLLECT_SOURCES_H
#define LISTENQ_COLLECT_SOURCES_H

#include "base/text.h"
#include "collect/namespaces.h"
#include "collect/source.h"

/* Namespaces of which the same is to be said; the first few by name. */
struct trouble {
	size_t n;
	int code; /* -errno of the last one */
	struct strbuf names;
};

enum trouble_kind { TROUBLE_DENIED, TROUBLE_FAILED, TROUBLE_GONE, TROUBLE_SKIPPED, TROUBLE_N };

/*
 * The namespaces that are looked into: that of the program, those that the user named, or all.
 * Looking for them is repeated, so that new ones come in and those that have ended are let go: a
 * source would keep its namespace alive, with every device in it.
 */
struct sources {
	struct source **list; /* home first, then in the order of being found */
	size_t n, size;
	int root; /* descriptor of the directory that holds proc/; not owned */
	const char *const *wanted; /* as the user named them; not owned */
	size_t n_wanted;
	uint64_t *inodes; /* of these, where they were found last; 0: gone */
	bool all;
	unsigned int needs; /* enum need */
	uint64_t opened; /* so many so far */
	uint64_t home; /* inode, 0: unknown */
	uint64_t check_ns; /* when sources_check() is due, in monotonic nanoseconds */
	struct namespaces found;
	struct trouble troubles[TROUBLE_N];
};

/*
 * sources_open() - open the namespaces that @set->wanted or @set->all ask for, without both that of
 * the program. The caller has filled these, @root and @needs of a zeroed @set.
 *
 * A namespace that the user named has to be there. Of all, one that cannot be had is a trouble.
 * Returns 0 or -errno with @why filled; sources_close() is due in any case.
 */
int sources_open(struct sources *set, struct error *why);
void sources_close(struct sources *set);

/* sources_check() - look again for namespaces, and set when to do so next. */
void sources_check(struct sources *set);

/* Other needs for all, see source_set_needs(). */
void sources_set_needs(struct sources *set, unsigned int needs);

/* The listeners of one could not be dumped for this sample: -errno. */
void sources_skipped(struct sources *set, const struct source *source, int code);

/* Puts into @s what has to be said of namespaces that are not in it, or without listeners. */
void sources_warn(struct sources *set, struct snapshot *s);

#endif

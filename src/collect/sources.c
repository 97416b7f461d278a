/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/sources.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "collect/enter.h"
#include "collect/procfs.h"
#include "model/needs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK_INTERVAL_NS NSEC_PER_SEC
#define CHECK_SHARE	  100 /* at most one part in so many of a CPU goes into checks */
#define TROUBLE_NAMES	  5

static void trouble_add(struct trouble *t, const char *name, int code)
{
	t->code = code;
	if (t->n++ >= TROUBLE_NAMES)
		return;
	strbuf_adds(&t->names, t->n > 1 ? ", " : "");
	strbuf_adds(&t->names, name);
}

static void trouble_clear(struct trouble *t)
{
	t->n = 0;
	t->names.len = 0;
}

static struct source *find(const struct sources *set, uint64_t inode)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->list[i]->inode == inode)
			return set->list[i];
	return NULL;
}

/* A name that is the file of another namespace by now opens the wrong one. */
static int open_netns(const struct sources *set, uint64_t inode, const char *path,
		      struct error *why)
{
	int fd = procfs_open(set->root, path);
	struct stat st;

	if (fd < 0)
		return error_set(why, fd, "%s%s", strerror(-fd), error_advice(fd));
	if (fstat(fd, &st) == 0 && st.st_ino == inode)
		return fd;
	close(fd);
	return error_set(why, -ESTALE, "its name is another one's by now");
}

static int add(struct sources *set, uint64_t inode, const char *path, const char *name,
	       uint32_t pid, struct error *why)
{
	struct source *source;
	int code = 0, netns = NETNS_HOME;

	if (!inode || inode != set->home)
		netns = path ? open_netns(set, inode, path, why) : NETNS_HOME;
	if (netns < 0)
		return netns;
	source = source_open(set->root, netns, &code, why);
	if (!source)
		return code;
	source->inode = inode;
	source->serial = ++set->opened;
	source->name = name ? xstrdup(name) : NULL;
	source->pid = pid;
	code = source_set_needs(source, set->needs, why);
	if (code < 0) {
		source_close(source);
		return code;
	}
	set->list = array_grow(set->list, set->n, &set->size, sizeof(struct source *));
	set->list[set->n++] = source;
	return 0;
}

static void drop(struct sources *set, size_t i)
{
	source_close(set->list[i]);
	set->n--;
	memmove(&set->list[i], &set->list[i + 1], (set->n - i) * sizeof(struct source *));
}

static void add_or_tell(struct sources *set, const struct namespace *ns)
{
	struct error why;
	int code = add(set, ns->inode, ns->path, ns->name, ns->pid, &why);

	if (code == -EPERM || code == -EACCES)
		trouble_add(&set->troubles[TROUBLE_DENIED], ns->name, code);
	else if (code == -ENOENT && ns->pid)
		return; /* it ended after it was found, as if it had never been */
	else if (code < 0)
		trouble_add(&set->troubles[TROUBLE_FAILED], ns->name, code);
}

static void take_name(struct source *source, const char *name, uint32_t pid)
{
	source->pid = pid;
	if (source->name && !strcmp(source->name, name))
		return;
	free(source->name);
	source->name = xstrdup(name);
}

/*
 * Home stays, as we live there; with a /proc of others it may not be found. So do all where the
 * search has failed, as it does when there are no descriptors left.
 */
static void check_all(struct sources *set)
{
	namespaces_find(&set->found, set->root);
	for (size_t i = set->n; i-- > 0;) {
		struct source *source = set->list[i];

		if (source->netns == NETNS_HOME || set->found.failed ||
		    namespaces_get(&set->found, source->inode))
			continue;
		trouble_add(&set->troubles[TROUBLE_GONE], source->name, 0);
		drop(set, i);
	}
	for (size_t i = 0; i < set->found.n; i++) {
		const struct namespace *ns = &set->found.list[i];
		struct source *source = find(set, ns->inode);

		if (!source) {
			add_or_tell(set, ns);
			continue;
		}
		take_name(source, ns->name, ns->pid);
	}
}

/* Adds what the user calls @what, unless it is there under another name. */
static int add_wanted(struct sources *set, const char *what, const char *path, uint64_t inode,
		      struct error *why)
{
	const struct namespace *ns;
	struct error cause;
	int code;

	if (find(set, inode))
		return 0;
	ns = set->needs & NEED_NAMESPACES ? namespaces_get(&set->found, inode) : NULL;
	code = add(set, inode, path, ns ? ns->name : what, ns ? ns->pid : 0, &cause);
	return code < 0 ? error_set(why, code, "network namespace '%s': %s", what, cause.text) : 0;
}

/*
 * A search is due for the name of one that is new, or whose name or process may have changed, and
 * for one that has lost what the user called it by: it may live on. What is still as it was found
 * costs none. What an earlier search found of others says nothing: inodes are used again.
 */
static bool wants_search(const struct sources *set, uint64_t inode, const char *path)
{
	if (!inode || (path && !(set->needs & NEED_NAMESPACES)))
		return false;
	if (!find(set, inode))
		return path != NULL;
	return !namespaces_verify(&set->found, set->root, inode, set->needs & NEED_NETNS_PID);
}

static void drop_unwanted(struct sources *set)
{
	for (size_t i = set->n; i-- > 0;) {
		bool wanted = false;

		for (size_t j = 0; j < set->n_wanted; j++)
			wanted |= set->inodes[j] == set->list[i]->inode;
		if (!wanted)
			drop(set, i);
	}
}

/* Of several words for one namespace the first is its name where no better one was found. */
static void name_wanted(struct sources *set)
{
	for (size_t i = set->n_wanted; i-- > 0;) {
		const struct namespace *ns = namespaces_get(&set->found, set->inodes[i]);
		struct source *source = find(set, set->inodes[i]);

		if (source && (ns || !set->found.failed))
			take_name(source, ns ? ns->name : set->wanted[i], ns ? ns->pid : 0);
	}
}

/* Does it live on, though what the user called it by is gone? What cannot be looked for does. */
static bool lives_on(const struct sources *set, uint64_t inode)
{
	return inode && find(set, inode) &&
	       (set->found.failed || namespaces_get(&set->found, inode));
}

/* Where what the user named is now. */
struct place {
	char *path; /* NULL: nowhere */
	int code; /* for which it is nowhere */
};

/* Fills @set->inodes and @places. Returns whether a search is due. */
static bool locate_wanted(struct sources *set, struct place *places, struct error *why)
{
	bool search = false;

	for (size_t i = 0; i < set->n_wanted; i++) {
		uint64_t inode;

		places[i].code =
			namespaces_resolve(set->root, set->wanted[i], &places[i].path, &inode, why);
		if (places[i].code == 0)
			set->inodes[i] = inode;
		search |= wants_search(set, set->inodes[i], places[i].path);
	}
	return search;
}

/* Returns 0 or -errno of the last one that is missing, with @why filled. */
static int check_wanted(struct sources *set, struct error *why)
{
	struct place *places = xcalloc(set->n_wanted, sizeof(*places));
	bool search = locate_wanted(set, places, why);
	int result = 0;

	if (search)
		namespaces_find(&set->found, set->root);
	for (size_t i = 0; i < set->n_wanted; i++) {
		if (places[i].path || lives_on(set, set->inodes[i]))
			continue;
		set->inodes[i] = 0;
		trouble_add(&set->troubles[TROUBLE_GONE], set->wanted[i], places[i].code);
		result = places[i].code;
	}
	drop_unwanted(set);
	for (size_t i = 0; i < set->n_wanted; i++) {
		int code = places[i].path ? add_wanted(set, set->wanted[i], places[i].path,
						       set->inodes[i], why) :
					    0;

		if (code < 0) {
			trouble_add(&set->troubles[TROUBLE_FAILED], set->wanted[i], code);
			result = code;
		}
		free(places[i].path);
	}
	if (search && set->needs & NEED_NAMESPACES)
		name_wanted(set);
	free(places);
	return result;
}

static int check(struct sources *set, struct error *why)
{
	uint64_t cpu = clock_thread_cpu_ns(), pause;
	int code = 0;

	trouble_clear(&set->troubles[TROUBLE_DENIED]);
	trouble_clear(&set->troubles[TROUBLE_FAILED]);
	if (set->all) {
		check_all(set);
	} else {
		trouble_clear(&set->troubles[TROUBLE_GONE]);
		code = check_wanted(set, why);
	}
	pause = (clock_thread_cpu_ns() - cpu) * CHECK_SHARE;
	if (pause < CHECK_INTERVAL_NS)
		pause = CHECK_INTERVAL_NS;
	set->check_ns = clock_monotonic_ns() + pause;
	return code;
}

void sources_check(struct sources *set)
{
	struct error told;

	check(set, &told);
}

/* Each source takes up to nine. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int sources_open(struct sources *set, struct error *why)
{
	struct stat st;
	int code = 0;

	set->check_ns = UINT64_MAX;
	set->inodes = xcalloc(set->n_wanted, sizeof(*set->inodes));
	if (fstatat(set->root, "proc/self/ns/net", &st, 0) == 0)
		set->home = st.st_ino;
	if (!set->n_wanted && (set->home || !set->all))
		code = add(set, set->home, NULL, NULL, 0, why);
	if (code < 0 || (!set->all && !set->n_wanted))
		return code;
	allow_descriptors();
	code = check(set, why);
	if (code == 0 && set->all && !set->n) /* not even home: there is no /proc */
		code = add(set, 0, NULL, NULL, 0, why);
	return code;
}

void sources_close(struct sources *set)
{
	for (size_t i = 0; i < set->n; i++)
		source_close(set->list[i]);
	free(set->list);
	free(set->inodes);
	namespaces_free(&set->found);
	for (size_t i = 0; i < TROUBLE_N; i++)
		strbuf_free(&set->troubles[i].names);
	memset(set, 0, sizeof(*set));
}

void sources_set_needs(struct sources *set, unsigned int needs)
{
	struct error ignored; /* what stays closed becomes a warning when it is to be read */

	set->needs = needs;
	for (size_t i = 0; i < set->n; i++)
		source_set_needs(set->list[i], needs, &ignored);
}

/* Of which namespaces to say something; NULL: of none. @text: scratch */
static const char *describe(const struct trouble *t, struct strbuf *text)
{
	if (!t->n)
		return NULL;
	text->len = 0;
	strbuf_addf(text, "%zu network namespace%s (%s%s)", t->n, t->n > 1 ? "s" : "", t->names.s,
		    t->n > TROUBLE_NAMES ? ", ..." : "");
	return text->s;
}

void sources_skipped(struct sources *set, const struct source *source, int code)
{
	trouble_add(&set->troubles[TROUBLE_SKIPPED], source->name ? source->name : "our own", code);
}

void sources_warn(struct sources *set, struct snapshot *s)
{
	struct trouble *denied = &set->troubles[TROUBLE_DENIED];
	struct trouble *failed = &set->troubles[TROUBLE_FAILED];
	struct trouble *gone = &set->troubles[TROUBLE_GONE];
	struct trouble *skipped = &set->troubles[TROUBLE_SKIPPED];
	struct strbuf text = { 0 };

	if (set->found.some_hidden && set->all)
		snapshot_warn(s, "namespaces-hidden",
			      "network namespaces may be missing, as some processes may not be "
			      "seen: %s",
			      processes_advice(set->found.sight, set->found.hidden));
	if (set->found.failed && set->all)
		snapshot_warn(s, "namespaces-hidden",
			      "cannot look for network namespaces: %s%s; some may be missing",
			      strerror(-set->found.failed), error_advice(set->found.failed));
	if (describe(denied, &text))
		snapshot_warn(s, "namespaces-denied", "cannot enter %s: %s%s", text.s,
			      strerror(-denied->code), error_advice(denied->code));
	if (describe(failed, &text))
		snapshot_warn(s, "namespaces-failed", "cannot read %s: %s%s", text.s,
			      strerror(-failed->code), error_advice(failed->code));
	if (describe(skipped, &text))
		snapshot_warn(s, "namespaces-failed",
			      "cannot dump the listeners of %s: %s%s; they are unknown", text.s,
			      strerror(-skipped->code), error_advice(skipped->code));
	/* Whether it has ended is not known: somebody's descriptor may keep it. */
	if (describe(gone, &text))
		snapshot_warn(s, "namespaces-gone",
			      "%s can no longer be found: what happened there is not in this "
			      "report",
			      text.s);
	/* Of all, one that is gone is told once; one that the user named is missed for good. */
	if (set->all)
		trouble_clear(gone);
	trouble_clear(skipped); /* the next sample tries them again */
	strbuf_free(&text);
}

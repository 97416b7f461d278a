/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/open_netns.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "collect/enter.h"
#include "collect/netlink.h"
#include "collect/netstat.h"
#include "collect/procfs.h"
#include "model/needs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK_INTERVAL_NS NSEC_PER_SEC
#define CHECK_SHARE	  100 /* checks use at most 1/100 of a CPU */
#define NAMES_MAX	  5

/* Headers before 5.14 lack it. The number is different only on sparc and parisc. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static const char *const counter_files[] = { "netstat", "snmp", "snmp6" }; /* below /proc/net */

struct files {
	struct open_netns *netns;
	unsigned int needs;
};

struct dump {
	struct snapshot *snapshot;
	uint32_t netns_idx;
};

/*
 * /proc/net is that of the thread group's leader, hence thread-self. Kernels before 3.17 lack that:
 * there the files of another process in the namespace have to do.
 */
static int open_net(const struct open_netns *netns, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "proc/%s/net/%s",
		 netns->netns_fd == NETNS_HOME ? "self" : "thread-self", name);
	fd = procfs_open(netns->root, path);
	if (fd != -ENOENT || netns->netns_fd == NETNS_HOME || !netns->pid)
		return fd;
	snprintf(path, sizeof(path), "proc/%u/net/%s", netns->pid, name);
	fd = procfs_open(netns->root, path);
	snprintf(path, sizeof(path), "proc/%u/ns/net", netns->pid);
	/* The pid may belong to another process by now. */
	if (fd >= 0 && !procfs_is_at(netns->root, path, netns->inode)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

static int open_files(void *context, struct error *why)
{
	const struct files *files = context;
	struct open_netns *netns = files->netns;

	for (unsigned int i = 0; i < NETNS_SYSCTLS && files->needs & NEED_COUNTERS; i++)
		if (netns->files[i] < 0)
			netns->files[i] = open_net(netns, counter_files[i]);
	if (files->needs & NEED_SYSCTLS)
		procfs_open_sysctls(netns->root, &netns->files[NETNS_SYSCTLS]);
	netns->ehash.snmp = netns->files[NETNS_SNMP];
	for (unsigned int i = 0; i < NETNS_FILES; i++)
		if (netns->files[i] == -EMFILE)
			return error_set(why, -EMFILE, "cannot open files below /proc: %s%s",
					 strerror(EMFILE), error_advice(-EMFILE));
	return 0;
}

/* Returns 0, or -errno when the namespace cannot be entered or no descriptor is left. */
static int open_needed(struct open_netns *netns, unsigned int needs, struct error *why)
{
	struct files files = { netns, needs };
	bool closed = false;

	for (unsigned int i = 0; i < NETNS_FILES; i++)
		closed |= needs & (i < NETNS_SYSCTLS ? NEED_COUNTERS : NEED_SYSCTLS) &&
			  netns->files[i] < 0;
	return closed ? enter_run(netns->netns_fd, open_files, &files, why) : 0;
}

static void close_one(struct open_netns *netns)
{
	diag_close(netns->diag);
	peaks_free(&netns->peaks);
	ehash_dump_free(&netns->ehash);
	bytecode_free(&netns->filter);
	for (size_t i = 0; i < NETNS_FILES; i++)
		if (netns->files[i] >= 0)
			close(netns->files[i]);
	if (netns->netns_fd != NETNS_HOME)
		close(netns->netns_fd);
	free(netns->path);
	free(netns->name);
	free(netns);
}

/* Owns @netns_fd from now on. Returns NULL on failure, with @code (-errno) and @why filled. */
static struct open_netns *open_one(int root, int netns_fd, int *code, struct error *why)
{
	struct open_netns *netns = xcalloc(1, sizeof(*netns));
	struct ehash_dump *ehash = &netns->ehash;

	netns->root = ehash->half_open.root = ehash->waiting.children.root = root;
	netns->netns_fd = ehash->half_open.netns_fd = ehash->waiting.children.netns_fd = netns_fd;
	netns->peaks.due_ns = UINT64_MAX;
	ehash->snmp = -ENOENT;
	for (size_t i = 0; i < NETNS_FILES; i++)
		netns->files[i] = -ENOENT;
	*code = diag_open(&netns->diag, netns_fd, why);
	if (*code < 0) {
		close_one(netns);
		return NULL;
	}
	ehash->diag = netns->diag;
	ehash->filter = &netns->filter;
	if (getsockopt(netlink_fd(diag_netlink(netns->diag)), SOL_SOCKET, SO_NETNS_COOKIE,
		       &netns->cookie, &(socklen_t){ sizeof(netns->cookie) }) < 0)
		netns->cookie = 0;
	return netns;
}

static void handle_socket(const struct diag_record *r, void *context)
{
	struct dump *dump = context;
	struct listener *l;

	if (r->state != DIAG_LISTEN)
		return;
	l = snapshot_add_listener(dump->snapshot, dump->netns_idx, r->cookie);
	if (l)
		diag_fill_listener(l, r);
}

/* Returns true when the kernel refused the filter. The dump needs none: it only saves work. */
static bool give_up_filter(struct open_netns *netns, int code)
{
	if (code != -EINVAL || !netns->filter.n)
		return false;
	netns->refuses_filter = true;
	bytecode_free(&netns->filter);
	return true;
}

static void problem_add(struct netns_problem *p, const char *name, int code)
{
	p->code = code;
	if (p->n++ >= NAMES_MAX)
		return;
	strbuf_adds(&p->names, p->n > 1 ? ", " : "");
	strbuf_adds(&p->names, name);
}

static void problem_clear(struct netns_problem *p)
{
	p->n = 0;
	p->names.len = 0;
}

static struct open_netns *find(const struct open_netns_set *set, uint64_t inode)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->list[i]->inode == inode)
			return set->list[i];
	return NULL;
}

/* Fails when @path is the file of another namespace by now. */
static int open_file(const struct open_netns_set *set, uint64_t inode, const char *path,
		     struct error *why)
{
	int fd = procfs_open(set->root, path), code;
	struct stat st;

	if (fd < 0)
		return error_set(why, fd, "%s%s", strerror(-fd), error_advice(fd));
	if (fstat(fd, &st) < 0) {
		code = error_set(why, -errno, "%s", strerror(errno));
	} else {
		if (st.st_ino == inode)
			return fd;
		/* As if it had ended since the search. */
		code = error_set(why, -ENOENT, "its name is that of another namespace by now");
	}
	close(fd);
	return code;
}

/* @path: to open it; NULL: home. @called: how the user named it; NULL: a search has found it */
static int add(struct open_netns_set *set, uint64_t inode, const char *path, const char *called,
	       struct error *why)
{
	const struct namespace *ns = namespaces_get(&set->found, inode);
	const char *name = ns ? ns->name : called;
	struct open_netns *netns;
	int code = 0, netns_fd = NETNS_HOME;

	if (path && (!inode || inode != set->home))
		netns_fd = open_file(set, inode, path, why);
	if (netns_fd < 0)
		return netns_fd;
	netns = open_one(set->root, netns_fd, &code, why);
	if (!netns)
		return code;
	netns->inode = inode;
	netns->serial = ++set->opened;
	netns->name = name ? xstrdup(name) : NULL;
	netns->path = called ? xstrdup(path) : NULL;
	netns->pid = ns ? ns->pid : 0;
	netns->of_process = ns && ns->of_process;
	code = open_needed(netns, set->needs, why);
	if (code < 0) {
		close_one(netns);
		return code;
	}
	set->list = array_grow(set->list, set->n, &set->size, sizeof(struct open_netns *));
	set->list[set->n++] = netns;
	return 0;
}

/* Adds the namespace that the user named @what, unless it is in the set under another name. */
static int add_wanted(struct open_netns_set *set, const char *what, struct error *why)
{
	struct error cause;
	uint64_t inode;
	char *path;
	int code = namespaces_resolve(set->root, what, &path, &inode, why);

	if (code < 0)
		return code;
	if (!find(set, inode)) {
		code = add(set, inode, path, what, &cause);
		if (code < 0)
			error_set(why, code, "network namespace '%s': %s", what, cause.text);
	}
	free(path);
	return code;
}

static void add_found(struct open_netns_set *set, const struct namespace *ns)
{
	struct error why;
	int code = find(set, ns->inode) ? 0 : add(set, ns->inode, ns->path, NULL, &why);

	if (code == -EPERM || code == -EACCES)
		problem_add(&set->problems[NETNS_DENIED], ns->name, code);
	else if (code == -ENOENT && ns->pid)
		return; /* it has ended since the search */
	else if (code < 0)
		problem_add(&set->problems[NETNS_FAILED], ns->name, code);
}

static bool is_at_path(const struct open_netns *netns)
{
	return netns->path && procfs_is_at(netns->root, netns->path, netns->inode);
}

/*
 * A namespace may live on when its path no longer leads to it. Where names or processes are needed,
 * a search is also due when these have changed.
 */
static bool needs_search(const struct open_netns_set *set, const struct open_netns *netns)
{
	if (!(set->needs & NEED_NAMESPACES))
		return !is_at_path(netns);
	return !namespaces_verify(&set->found, set->root, netns->inode,
				  set->needs & NEED_NETNS_PID);
}

/*
 * After a search: closes the @i-th namespace when it was not found, unless the search has failed,
 * as it does when no descriptors are left. Home stays open in any case: we are in it, even if a
 * foreign /proc does not show it.
 */
static void update(struct open_netns_set *set, size_t i)
{
	struct open_netns *netns = set->list[i];
	const struct namespace *ns = namespaces_get(&set->found, netns->inode);

	if (set->found.failed && !ns)
		return;
	if (!ns && netns->netns_fd != NETNS_HOME && !is_at_path(netns)) {
		problem_add(&set->problems[NETNS_GONE], netns->name, 0);
		close_one(netns);
		set->n--;
		memmove(&set->list[i], &set->list[i + 1],
			(set->n - i) * sizeof(struct open_netns *));
		return;
	}
	if (!set->all && !(set->needs & NEED_NAMESPACES))
		return;
	netns->pid = ns ? ns->pid : 0;
	if (ns) {
		free(netns->name);
		netns->name = xstrdup(ns->name);
		netns->of_process = ns->of_process;
	}
}

/* Each namespace takes up to nine descriptors, which a low soft limit need not deny. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Replaces @text by a sentence about the namespaces; false when there are none. */
static bool describe(const struct netns_problem *p, const char *before, const char *after,
		     struct strbuf *text)
{
	text->len = 0;
	if (p->n)
		strbuf_addf(text, "%s%zu network namespace%s (%s%s)%s%s%s%s", before, p->n,
			    p->n > 1 ? "s" : "", p->names.s, p->n > NAMES_MAX ? ", ..." : "",
			    p->code ? ": " : "", p->code ? strerror(-p->code) : "",
			    error_advice(p->code), after);
	return p->n;
}

void open_netns_counters(struct open_netns *netns, struct snapshot *s, struct counters *counters,
			 struct strbuf *text)
{
	for (unsigned int i = 0; i < NETNS_SYSCTLS; i++) {
		int code = (i == NETNS_SNMP6 ? netstat_read6 : netstat_read)(netns->files[i],
									     counters, text);

		if (code == -ENOENT && i == NETNS_SNMP6)
			continue;
		if (code < 0)
			snapshot_warn(s, "counters-unavailable",
				      "cannot read /proc/self/net/%s: %s; its counters are unknown",
				      counter_files[i], strerror(-code));
		else if (i == NETNS_NETSTAT && !counter_known(counters, COUNTER_LISTEN_OVERFLOWS))
			snapshot_warn(s, "counters-unavailable",
				      "/proc/self/net/netstat has no ListenOverflows: which "
				      "listener overflowed is unknown");
	}
}

int open_netns_dump(struct open_netns *netns, unsigned int needs, uint8_t family,
		    struct snapshot *s, uint32_t netns_idx, struct error *why)
{
	const struct diag_request request = {
		.states = 1 << DIAG_LISTEN,
		.ext = (needs & NEED_DROPS ? DIAG_EXT_MEMINFO : 0) |
		       (needs & NEED_MPTCP ? DIAG_EXT_INFO : 0),
		.family = family,
		.filter = &netns->filter,
	};
	struct dump dump = { s, netns_idx };
	size_t before = s->n_listeners;
	unsigned int tries = 0;
	int code;

	do {
		if (tries)
			snapshot_drop_listeners(s, before);
		code = diag_dump(netns->diag, &request, handle_socket, &dump, why);
	} while (give_up_filter(netns, code) ||
		 netlink_again(diag_netlink(netns->diag), code, &tries));
	return code;
}

void open_netns_set_check(struct open_netns_set *set)
{
	uint64_t cpu = clock_thread_cpu_ns(), pause;
	bool search = set->all;

	problem_clear(&set->problems[NETNS_DENIED]);
	problem_clear(&set->problems[NETNS_FAILED]);
	for (size_t i = 0; i < set->n; i++)
		search = search || needs_search(set, set->list[i]);
	if (search) {
		namespaces_find(&set->found, set->root);
		for (size_t i = set->n; i-- > 0;)
			update(set, i);
	}
	for (size_t i = 0; set->all && i < set->found.n; i++)
		add_found(set, &set->found.list[i]);
	pause = (clock_thread_cpu_ns() - cpu) * CHECK_SHARE;
	if (pause < CHECK_INTERVAL_NS)
		pause = CHECK_INTERVAL_NS;
	set->check_ns = clock_monotonic_ns() + pause;
}

int open_netns_set_open(struct open_netns_set *set, struct error *why)
{
	struct stat st;
	int code = 0;

	set->check_ns = UINT64_MAX;
	if (fstatat(set->root, "proc/self/ns/net", &st, 0) == 0)
		set->home = st.st_ino;
	else
		set->home_code = -errno;
	allow_descriptors();
	if (!set->n_wanted && (set->home || !set->all))
		code = add(set, set->home, NULL, NULL, why);
	if (set->n_wanted && set->needs & NEED_NAMESPACES)
		namespaces_find(&set->found, set->root);
	for (size_t i = 0; code == 0 && i < set->n_wanted; i++)
		code = add_wanted(set, set->wanted[i], why);
	if (code < 0)
		return code;
	if (set->all || set->n_wanted)
		open_netns_set_check(set);
	if (set->all && !set->n) /* there is no /proc: not even home was found */
		code = add(set, 0, NULL, NULL, why);
	return code;
}

void open_netns_set_close(struct open_netns_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		close_one(set->list[i]);
	free(set->list);
	namespaces_free(&set->found);
	for (size_t i = 0; i < NETNS_PROBLEMS; i++)
		strbuf_free(&set->problems[i].names);
	memset(set, 0, sizeof(*set));
}

void open_netns_set_change_needs(struct open_netns_set *set, unsigned int needs)
{
	struct error ignored; /* reading a file that is not open adds a warning */

	set->needs = needs;
	for (size_t i = 0; i < set->n; i++)
		open_needed(set->list[i], needs, &ignored);
}

void open_netns_set_skip(struct open_netns_set *set, const struct open_netns *netns, int code)
{
	problem_add(&set->problems[NETNS_SKIPPED], netns->name ? netns->name : "our own", code);
}

void open_netns_set_warn(struct open_netns_set *set, struct snapshot *s)
{
	struct strbuf text = { 0 };

	if (processes_failed(set->home_code))
		snapshot_warn(s, "names-unavailable",
			      "cannot read /proc/self/ns/net: %s; which network namespace is our "
			      "own is unknown",
			      strerror(-set->home_code));
	if (set->found.some_hidden && set->all)
		snapshot_warn(s, "namespaces-hidden",
			      "network namespaces may be missing, as some processes cannot be "
			      "seen: %s",
			      processes_advice(set->found.visible, set->found.hidden));
	if (set->found.failed)
		snapshot_warn(s, "namespaces-hidden",
			      "cannot look for network namespaces: %s%s; some may be missing, or "
			      "be named after another process",
			      strerror(-set->found.failed), error_advice(set->found.failed));
	if (describe(&set->problems[NETNS_DENIED], "cannot enter ", "", &text))
		snapshot_warn(s, "namespaces-denied", "%s", text.s);
	if (describe(&set->problems[NETNS_FAILED], "cannot read ", "", &text))
		snapshot_warn(s, "namespaces-failed", "%s", text.s);
	if (describe(&set->problems[NETNS_SKIPPED], "cannot dump the listeners of ",
		     "; they are unknown", &text))
		snapshot_warn(s, "namespaces-failed", "%s", text.s);
	/* They may not have ended: somebody's descriptor may keep them alive. */
	if (describe(&set->problems[NETNS_GONE], "",
		     " can no longer be found: what happened there is not in this report", &text))
		snapshot_warn(s, "namespaces-gone", "%s", text.s);
	/* A namespace that the user named is reported as gone in every sample. */
	if (set->all)
		problem_clear(&set->problems[NETNS_GONE]);
	problem_clear(&set->problems[NETNS_SKIPPED]); /* the next sample tries again */
	strbuf_free(&text);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/open_netns.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "collect/enter.h"
#include "collect/netlink.h"
#include "collect/netstat.h"
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
#define CHECK_SHARE	  100 /* at most one part in so many of a CPU goes into checks */
#define NAMES_MAX	  5

/* Headers older than 5.14 lack it; sparc and parisc have other numbers, and such headers. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static void close_file(int fd)
{
	if (fd >= 0)
		close(fd);
}

static uint64_t read_cookie(int fd)
{
	uint64_t cookie;
	socklen_t len = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0 ? 0 : cookie;
}

struct open_netns *open_netns_new(int root, int netns_fd, int *code, struct error *why)
{
	struct open_netns *netns = xcalloc(1, sizeof(*netns));
	struct ehash_dump *ehash = &netns->ehash;

	netns->root = ehash->half_open.root = ehash->waiting.children.root = root;
	netns->netns_fd = ehash->half_open.netns_fd = ehash->waiting.children.netns_fd = netns_fd;
	peaks_init(&netns->peaks, 0, 0);
	netns->netstat = netns->snmp = ehash->snmp = -ENOENT;
	for (size_t i = 0; i < SYSCTL_N; i++)
		netns->sysctls[i] = -ENOENT;
	*code = diag_open(&netns->diag, netns_fd, why);
	ehash->diag = netns->diag;
	ehash->filter = &netns->filter;
	if (*code < 0) {
		open_netns_close(netns);
		return NULL;
	}
	netns->cookie = read_cookie(netlink_fd(diag_netlink(netns->diag)));
	return netns;
}

void open_netns_close(struct open_netns *netns)
{
	if (!netns)
		return;
	diag_close(netns->diag);
	peaks_free(&netns->peaks);
	ehash_dump_free(&netns->ehash);
	bytecode_free(&netns->filter);
	close_file(netns->netstat);
	close_file(netns->snmp);
	for (size_t i = 0; i < SYSCTL_N; i++)
		close_file(netns->sysctls[i]);
	if (netns->netns_fd != NETNS_HOME)
		close(netns->netns_fd);
	free(netns->name);
	free(netns);
}

/* Is this process still in the namespace? Its number may have gone to another one. */
static bool lives_in(const struct open_netns *netns, uint32_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "proc/%u/ns/net", pid);
	return fstatat(netns->root, path, &st, 0) == 0 && st.st_ino == netns->inode;
}

/*
 * /proc/net is that of the leader of the thread group, wherever the thread is. Before 3.17 there is
 * no thread-self: then it takes another process that lives there.
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
	if (fd >= 0 && !lives_in(netns, netns->pid)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

/* Did that keep one of the files closed? */
static bool has_code(const struct open_netns *netns, int code)
{
	bool has = netns->netstat == code || netns->snmp == code;

	for (size_t i = 0; i < SYSCTL_N; i++)
		has |= netns->sysctls[i] == code;
	return has;
}

struct files {
	struct open_netns *netns;
	unsigned int needs;
};

static int open_files(void *context, struct error *why)
{
	const struct files *files = context;
	struct open_netns *netns = files->netns;

	if (files->needs & NEED_COUNTERS && netns->netstat < 0)
		netns->netstat = open_net(netns, "netstat");
	if (files->needs & NEED_COUNTERS && netns->snmp < 0)
		netns->snmp = netns->ehash.snmp = open_net(netns, "snmp");
	if (files->needs & NEED_SYSCTLS)
		procfs_open_sysctls(netns->root, netns->sysctls);
	if (has_code(netns, -EMFILE))
		return error_set(why, -EMFILE, "cannot open files below /proc: %s%s",
				 strerror(EMFILE), error_advice(-EMFILE));
	return 0;
}

/* Does something of @needs still have to be opened? */
static bool wants_files(const struct open_netns *netns, unsigned int needs)
{
	bool wants = needs & NEED_COUNTERS && (netns->netstat < 0 || netns->snmp < 0);

	for (size_t i = 0; needs & NEED_SYSCTLS && i < SYSCTL_N; i++)
		wants |= netns->sysctls[i] < 0;
	return wants;
}

int open_netns_files(struct open_netns *netns, unsigned int needs, struct error *why)
{
	struct files files = { netns, needs };

	return wants_files(netns, needs) ? enter_run(netns->netns_fd, open_files, &files, why) : 0;
}

void open_netns_counters_before(struct open_netns *netns, struct netns *ns, struct strbuf *text)
{
	netstat_read(netns->netstat, &ns->before, text);
	netstat_read(netns->snmp, &ns->before, text);
}

void open_netns_counters_after(struct open_netns *netns, struct snapshot *s, struct netns *ns,
			       struct strbuf *text)
{
	static const char *const files[] = { "netstat", "snmp" };
	int codes[] = { netstat_read(netns->netstat, &ns->after, text),
			netstat_read(netns->snmp, &ns->after, text) };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (codes[i] < 0)
			snapshot_warn(s, "counters-unavailable",
				      "cannot read /proc/self/net/%s: %s; its counters are unknown",
				      files[i], strerror(-codes[i]));
	if (codes[0] == 0 && !counter_known(&ns->after, COUNTER_LISTEN_OVERFLOWS))
		snapshot_warn(s, "counters-unavailable",
			      "/proc/self/net/netstat has no ListenOverflows: "
			      "which listener overflowed is unknown");
}

struct dump {
	struct snapshot *snapshot;
	uint32_t netns_idx;
};

static void add_listener(struct snapshot *s, uint32_t netns_idx, const struct diag_record *r)
{
	struct listener *l = snapshot_add_listener(s, netns_idx, r->cookie);

	if (l)
		diag_fill_listener(l, r);
}

static int handle_socket(const struct diag_record *r, void *context)
{
	struct dump *dump = context;

	if (r->state == DIAG_LISTEN)
		add_listener(dump->snapshot, dump->netns_idx, r);
	return 0;
}

/* A filter only saves work. */
static bool give_up_filter(struct open_netns *netns, int code)
{
	if (code != -EINVAL || !netns->filter.n)
		return false;
	netns->refuses_filter = true;
	bytecode_free(&netns->filter);
	return true;
}

int open_netns_dump(struct open_netns *netns, unsigned int needs, int family, struct snapshot *s,
		    uint32_t netns_idx, struct error *why)
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
	} while (give_up_filter(netns, code) || diag_again(netns->diag, code, &tries));
	return code;
}

static void problem_add(struct netns_problem *t, const char *name, int code)
{
	t->code = code;
	if (t->n++ >= NAMES_MAX)
		return;
	strbuf_adds(&t->names, t->n > 1 ? ", " : "");
	strbuf_adds(&t->names, name);
}

static void problem_clear(struct netns_problem *t)
{
	t->n = 0;
	t->names.len = 0;
}

static struct open_netns *find(const struct open_netns_set *set, uint64_t inode)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->list[i]->inode == inode)
			return set->list[i];
	return NULL;
}

/* A name that is the file of another namespace by now opens the wrong one. */
static int open_file(const struct open_netns_set *set, uint64_t inode, const char *path,
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

static int add(struct open_netns_set *set, uint64_t inode, const char *path, const char *name,
	       uint32_t pid, struct error *why)
{
	struct open_netns *netns;
	int code = 0, netns_fd = NETNS_HOME;

	if (!inode || inode != set->home)
		netns_fd = path ? open_file(set, inode, path, why) : NETNS_HOME;
	if (netns_fd < 0)
		return netns_fd;
	netns = open_netns_new(set->root, netns_fd, &code, why);
	if (!netns)
		return code;
	netns->inode = inode;
	netns->serial = ++set->opened;
	netns->name = name ? xstrdup(name) : NULL;
	netns->pid = pid;
	code = open_netns_files(netns, set->needs, why);
	if (code < 0) {
		open_netns_close(netns);
		return code;
	}
	set->list = array_grow(set->list, set->n, &set->size, sizeof(struct open_netns *));
	set->list[set->n++] = netns;
	return 0;
}

static void drop(struct open_netns_set *set, size_t i)
{
	open_netns_close(set->list[i]);
	set->n--;
	memmove(&set->list[i], &set->list[i + 1], (set->n - i) * sizeof(struct open_netns *));
}

static void add_or_tell(struct open_netns_set *set, const struct namespace *ns)
{
	struct error why;
	int code = add(set, ns->inode, ns->path, ns->name, ns->pid, &why);

	if (code == -EPERM || code == -EACCES)
		problem_add(&set->problems[NETNS_DENIED], ns->name, code);
	else if (code == -ENOENT && ns->pid)
		return; /* it ended after it was found, as if it had never been */
	else if (code < 0)
		problem_add(&set->problems[NETNS_FAILED], ns->name, code);
}

static void take_name(struct open_netns *netns, const char *name, uint32_t pid)
{
	netns->pid = pid;
	if (netns->name && !strcmp(netns->name, name))
		return;
	free(netns->name);
	netns->name = xstrdup(name);
}

/*
 * Home stays, as we live there; with a /proc of others it may not be found. So do all where the
 * search has failed, as it does when there are no descriptors left.
 */
static void check_all(struct open_netns_set *set)
{
	namespaces_find(&set->found, set->root);
	for (size_t i = set->n; i-- > 0;) {
		struct open_netns *netns = set->list[i];

		if (netns->netns_fd == NETNS_HOME || set->found.failed ||
		    namespaces_get(&set->found, netns->inode))
			continue;
		problem_add(&set->problems[NETNS_GONE], netns->name, 0);
		drop(set, i);
	}
	for (size_t i = 0; i < set->found.n; i++) {
		const struct namespace *ns = &set->found.list[i];
		struct open_netns *netns = find(set, ns->inode);

		if (!netns) {
			add_or_tell(set, ns);
			continue;
		}
		take_name(netns, ns->name, ns->pid);
	}
}

/* Adds what the user calls @what, unless it is there under another name. */
static int add_wanted(struct open_netns_set *set, const char *what, const char *path,
		      uint64_t inode, struct error *why)
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
static bool wants_search(const struct open_netns_set *set, uint64_t inode, const char *path)
{
	if (!inode || (path && !(set->needs & NEED_NAMESPACES)))
		return false;
	if (!find(set, inode))
		return path != NULL;
	return !namespaces_verify(&set->found, set->root, inode, set->needs & NEED_NETNS_PID);
}

static void drop_unwanted(struct open_netns_set *set)
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
static void name_wanted(struct open_netns_set *set)
{
	for (size_t i = set->n_wanted; i-- > 0;) {
		const struct namespace *ns = namespaces_get(&set->found, set->inodes[i]);
		struct open_netns *netns = find(set, set->inodes[i]);

		if (netns && (ns || !set->found.failed))
			take_name(netns, ns ? ns->name : set->wanted[i], ns ? ns->pid : 0);
	}
}

/* Does it live on, though what the user called it by is gone? What cannot be looked for does. */
static bool lives_on(const struct open_netns_set *set, uint64_t inode)
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
static bool locate_wanted(struct open_netns_set *set, struct place *places, struct error *why)
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
static int check_wanted(struct open_netns_set *set, struct error *why)
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
		problem_add(&set->problems[NETNS_GONE], set->wanted[i], places[i].code);
		result = places[i].code;
	}
	drop_unwanted(set);
	for (size_t i = 0; i < set->n_wanted; i++) {
		int code = places[i].path ? add_wanted(set, set->wanted[i], places[i].path,
						       set->inodes[i], why) :
					    0;

		if (code < 0) {
			problem_add(&set->problems[NETNS_FAILED], set->wanted[i], code);
			result = code;
		}
		free(places[i].path);
	}
	if (search && set->needs & NEED_NAMESPACES)
		name_wanted(set);
	free(places);
	return result;
}

static int check(struct open_netns_set *set, struct error *why)
{
	uint64_t cpu = clock_thread_cpu_ns(), pause;
	int code = 0;

	problem_clear(&set->problems[NETNS_DENIED]);
	problem_clear(&set->problems[NETNS_FAILED]);
	if (set->all) {
		check_all(set);
	} else {
		problem_clear(&set->problems[NETNS_GONE]);
		code = check_wanted(set, why);
	}
	pause = (clock_thread_cpu_ns() - cpu) * CHECK_SHARE;
	if (pause < CHECK_INTERVAL_NS)
		pause = CHECK_INTERVAL_NS;
	set->check_ns = clock_monotonic_ns() + pause;
	return code;
}

void open_netns_set_check(struct open_netns_set *set)
{
	struct error told;

	check(set, &told);
}

/* Each netns takes up to nine. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int open_netns_set_open(struct open_netns_set *set, struct error *why)
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

void open_netns_set_close(struct open_netns_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		open_netns_close(set->list[i]);
	free(set->list);
	free(set->inodes);
	namespaces_free(&set->found);
	for (size_t i = 0; i < NETNS_PROBLEMS; i++)
		strbuf_free(&set->problems[i].names);
	memset(set, 0, sizeof(*set));
}

void open_netns_set_change_needs(struct open_netns_set *set, unsigned int needs)
{
	struct error ignored; /* what stays closed becomes a warning when it is to be read */

	set->needs = needs;
	for (size_t i = 0; i < set->n; i++)
		open_netns_files(set->list[i], needs, &ignored);
}

/* Of which namespaces to say something; NULL: of none. @text: scratch */
static const char *describe(const struct netns_problem *t, struct strbuf *text)
{
	if (!t->n)
		return NULL;
	text->len = 0;
	strbuf_addf(text, "%zu network namespace%s (%s%s)", t->n, t->n > 1 ? "s" : "", t->names.s,
		    t->n > NAMES_MAX ? ", ..." : "");
	return text->s;
}

void open_netns_set_skip(struct open_netns_set *set, const struct open_netns *netns, int code)
{
	problem_add(&set->problems[NETNS_SKIPPED], netns->name ? netns->name : "our own", code);
}

void open_netns_set_warn(struct open_netns_set *set, struct snapshot *s)
{
	struct netns_problem *denied = &set->problems[NETNS_DENIED];
	struct netns_problem *failed = &set->problems[NETNS_FAILED];
	struct netns_problem *gone = &set->problems[NETNS_GONE];
	struct netns_problem *skipped = &set->problems[NETNS_SKIPPED];
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
		problem_clear(gone);
	problem_clear(skipped); /* the next sample tries them again */
	strbuf_free(&text);
}

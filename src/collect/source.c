/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/source.h"

#include "base/alloc.h"
#include "collect/enter.h"
#include "collect/listener.h"
#include "collect/netlink.h"
#include "collect/netstat.h"
#include "model/needs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

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

struct source *source_open(int root, int netns, int *code, struct error *why)
{
	struct source *source = xcalloc(1, sizeof(*source));

	source->root = source->half_open.root = source->waiting.children.root = root;
	source->netns = source->half_open.netns = source->waiting.children.netns = netns;
	peaks_init(&source->peaks, 0, 0);
	source->netstat = source->snmp = -ENOENT;
	for (size_t i = 0; i < SYSCTL_N; i++)
		source->sysctls[i] = -ENOENT;
	*code = diag_open(&source->diag, netns, why);
	if (*code < 0) {
		source_close(source);
		return NULL;
	}
	source->cookie = read_cookie(netlink_fd(diag_netlink(source->diag)));
	return source;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	diag_close(source->diag);
	peaks_free(&source->peaks);
	children_free(&source->half_open);
	waiting_free(&source->waiting);
	bytecode_free(&source->filter);
	close_file(source->netstat);
	close_file(source->snmp);
	for (size_t i = 0; i < SYSCTL_N; i++)
		close_file(source->sysctls[i]);
	if (source->netns != NETNS_HOME)
		close(source->netns);
	free(source->name);
	free(source);
}

/* Is this process still in the namespace? Its number may have gone to another one. */
static bool lives_in(const struct source *source, uint32_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "proc/%u/ns/net", pid);
	return fstatat(source->root, path, &st, 0) == 0 && st.st_ino == source->inode;
}

/*
 * /proc/net is that of the leader of the thread group, wherever the thread is. Before 3.17 there is
 * no thread-self: then it takes another process that lives there.
 */
static int open_net(const struct source *source, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "proc/%s/net/%s",
		 source->netns == NETNS_HOME ? "self" : "thread-self", name);
	fd = procfs_open(source->root, path);
	if (fd != -ENOENT || source->netns == NETNS_HOME || !source->pid)
		return fd;
	snprintf(path, sizeof(path), "proc/%u/net/%s", source->pid, name);
	fd = procfs_open(source->root, path);
	if (fd >= 0 && !lives_in(source, source->pid)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

/* Did that keep one of the files closed? */
static bool has_code(const struct source *source, int code)
{
	bool has = source->netstat == code || source->snmp == code;

	for (size_t i = 0; i < SYSCTL_N; i++)
		has |= source->sysctls[i] == code;
	return has;
}

struct files {
	struct source *source;
	unsigned int needs;
};

static int open_files(void *context, struct error *why)
{
	const struct files *files = context;
	struct source *source = files->source;

	if (files->needs & NEED_COUNTERS && source->netstat < 0)
		source->netstat = open_net(source, "netstat");
	if (files->needs & NEED_COUNTERS && source->snmp < 0)
		source->snmp = open_net(source, "snmp");
	if (files->needs & NEED_SYSCTLS)
		procfs_open_sysctls(source->root, source->sysctls);
	if (has_code(source, -EMFILE))
		return error_set(why, -EMFILE, "cannot open files below /proc: %s%s",
				 strerror(EMFILE), error_advice(-EMFILE));
	return 0;
}

/* Does something of @needs still have to be opened? */
static bool wants_files(const struct source *source, unsigned int needs)
{
	bool wants = needs & NEED_COUNTERS && (source->netstat < 0 || source->snmp < 0);

	for (size_t i = 0; needs & NEED_SYSCTLS && i < SYSCTL_N; i++)
		wants |= source->sysctls[i] < 0;
	return wants;
}

int source_set_needs(struct source *source, unsigned int needs, struct error *why)
{
	struct files files = { source, needs };

	return wants_files(source, needs) ? enter_run(source->netns, open_files, &files, why) : 0;
}

/* Adds the counters of one file; returns 0 or -errno. */
static int read_counters(int fd, struct counters *counters, struct strbuf *text)
{
	int code = fd < 0 ? fd : procfs_read_fd(fd, text);

	if (code == 0)
		netstat_parse(text->s, text->len, counters);
	return code;
}

void source_counters_before(struct source *source, struct netns *ns, struct strbuf *text)
{
	read_counters(source->netstat, &ns->before, text);
	read_counters(source->snmp, &ns->before, text);
}

void source_count_resets(struct source *source, struct netns *ns, struct strbuf *text)
{
	struct counters now = { 0 };

	read_counters(source->snmp, &now, text);
	ns->resets_known = counter_known(&now, COUNTER_ESTAB_RESETS);
	ns->resets = now.value[COUNTER_ESTAB_RESETS];
}

void source_counters_after(struct source *source, struct snapshot *s, struct netns *ns,
			   struct strbuf *text)
{
	static const char *const files[] = { "netstat", "snmp" };
	int codes[] = { read_counters(source->netstat, &ns->after, text),
			read_counters(source->snmp, &ns->after, text) };

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
	uint32_t netns;
};

static void add_listener(struct snapshot *s, uint32_t netns, const struct diag_record *r)
{
	struct listener *l = snapshot_add_listener(s, netns, r->cookie);

	if (l)
		listener_from_record(l, r);
}

static int handle_socket(const struct diag_record *r, void *context)
{
	struct dump *dump = context;

	if (r->state == DIAG_LISTEN)
		add_listener(dump->snapshot, dump->netns, r);
	return 0;
}

/* A filter only saves work. */
static bool give_up_filter(struct source *source, int code)
{
	if (code != -EINVAL || !source->filter.n)
		return false;
	source->refuses_filter = true;
	bytecode_free(&source->filter);
	return true;
}

int source_dump(struct source *source, unsigned int needs, int family, struct snapshot *s,
		uint32_t netns, struct error *why)
{
	const struct diag_request request = {
		.states = 1 << DIAG_LISTEN,
		.ext = (needs & NEED_DROPS ? DIAG_EXT_MEMINFO : 0) |
		       (needs & NEED_MPTCP ? DIAG_EXT_INFO : 0),
		.family = family,
		.filter = &source->filter,
	};
	struct dump dump = { s, netns };
	size_t before = s->n_listeners;
	unsigned int tries = 0;
	int code;

	do {
		if (tries)
			snapshot_drop_listeners(s, before);
		code = diag_dump(source->diag, &request, handle_socket, &dump, why);
	} while (give_up_filter(source, code) || diag_again(source->diag, code, &tries));
	return code;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/collect.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "collect/autobound.h"
#include "collect/bytecode.h"
#include "collect/cgroups.h"
#include "collect/children.h"
#include "collect/netstat.h"
#include "collect/owners.h"
#include "collect/pace.h"
#include "collect/peaks.h"
#include "collect/procfs.h"
#include "collect/sock_diag.h"
#include "collect/unix_listeners.h"
#include "model/connections.h"
#include "model/groups.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A lost or truncated dump is asked for again; a host where that fails too is reported as such. */
#define DUMP_TRIES 4

/* One namespace. Its socket and descriptors go on reading it whatever happens to this process. */
struct source {
	struct diag_socket *diag;
	int netstat; /* descriptor or -errno */
	int snmp;
	uint64_t inode;
	struct peaks peaks;
	struct children half_open; /* of the last dump with SYN_RECV */
	uint64_t half_open_ns; /* monotonic_ns of the sample it was made for; 0: there was none */
	struct pace pace;
	struct bytecode filter; /* of the samples; empty: nothing is left out */
	bool refuses_filter; /* the kernel lacks an opcode */
};

/* Interface names seen, so that a name outlives the sample that found it. */
struct names {
	char **list;
	size_t n, size;
};

struct collector {
	struct collect_config config;
	int root;
	struct source source;
	uint16_t detail_port; /* 0: all */
	struct children waiting; /* scratch */
	struct dump_time dumped; /* the listeners, for the last sample */
	struct cgroups cgroups;
	struct owners owners;
	struct names names;
	struct unix_listeners unix_listeners;
	struct strbuf text; /* scratch for files */
};

static bool needs(const struct collector *c, unsigned int need)
{
	return c->config.needs & need;
}

static const char *names_keep(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->list[i], name))
			return names->list[i];
	names->list = array_grow(names->list, names->n, &names->size, sizeof(*names->list));
	names->list[names->n] = xstrdup(name);
	return names->list[names->n++];
}

/* 3.10 has no thread-self; there and here the main thread stays in its namespace. */
static int open_source(struct collector *c, struct error *why)
{
	struct source *source = &c->source;
	struct stat st;
	int code = diag_open(&source->diag, why);

	if (code < 0)
		return code;
	if (fstatat(c->root, "proc/self/ns/net", &st, 0) == 0)
		source->inode = st.st_ino;
	peaks_init(&source->peaks, 0, c->config.peak_share);
	source->half_open.root = c->root;
	source->pace.share = c->config.syn_share;
	return 0;
}

void collector_set_needs(struct collector *c, unsigned int needs)
{
	struct source *source = &c->source;

	if (needs & NEED_CONNECTIONS)
		needs |= NEED_SYN_RECV | NEED_GROUPS;
	c->config.needs = needs;
	if (needs & NEED_COUNTERS && source->netstat < 0)
		source->netstat = procfs_open(c->root, "proc/self/net/netstat");
	if (needs & NEED_COUNTERS && source->snmp < 0)
		source->snmp = procfs_open(c->root, "proc/self/net/snmp");
	peaks_set_rate(&source->peaks, needs & NEED_PEAK ? c->config.peak_rate : 0);
}

void collector_set_detail(struct collector *c, uint16_t port)
{
	c->detail_port = port;
}

int collector_open(struct collector **collector, const struct collect_config *config,
		   struct error *why)
{
	struct collector *c = xcalloc(1, sizeof(*c));
	int code;

	c->config = *config;
	c->source.netstat = c->source.snmp = -ENOENT;
	c->root = open(config->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	c->cgroups.root = c->waiting.root = c->owners.root = c->root;
	if (c->root < 0)
		code = error_set(why, -errno, "cannot open %s: %s", config->root, strerror(errno));
	else
		code = open_source(c, why);
	if (code < 0) {
		collector_close(c);
		return code;
	}
	collector_set_needs(c, config->needs);
	*collector = c;
	return 0;
}

void collector_close(struct collector *c)
{
	if (!c)
		return;
	diag_close(c->source.diag);
	peaks_free(&c->source.peaks);
	bytecode_free(&c->source.filter);
	if (c->source.netstat >= 0)
		close(c->source.netstat);
	if (c->source.snmp >= 0)
		close(c->source.snmp);
	children_free(&c->source.half_open);
	children_free(&c->waiting);
	cgroups_free(&c->cgroups);
	owners_free(&c->owners);
	for (size_t i = 0; i < c->names.n; i++)
		free(c->names.list[i]);
	free(c->names.list);
	unix_listeners_free(&c->unix_listeners);
	strbuf_free(&c->text);
	if (c->root >= 0)
		close(c->root);
	free(c);
}

/* Adds the counters of one file; returns 0 or -errno. */
static int read_counters(struct collector *c, int fd, struct counters *counters)
{
	int code = fd < 0 ? fd : procfs_read_fd(fd, &c->text);

	if (code == 0)
		netstat_parse(c->text.s, c->text.len, counters);
	return code;
}

static void read_counters_after(struct collector *c, struct snapshot *s, struct netns *ns)
{
	static const char *const files[] = { "netstat", "snmp" };
	int codes[] = { read_counters(c, c->source.netstat, &ns->after),
			read_counters(c, c->source.snmp, &ns->after) };

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
	struct collector *collector;
	struct snapshot *snapshot;
	uint32_t netns;
};

static void add_listener(struct snapshot *s, uint32_t netns, const struct diag_record *r)
{
	struct listener *l = snapshot_add_listener(s, netns, r->cookie);

	if (!l)
		return;
	l->bound.ifindex = r->ifindex;
	l->bound.port = r->local_port;
	l->bound.family = r->family;
	l->bound.v6only = r->v6only;
	memcpy(l->bound.address, r->local, sizeof(r->local));
	l->known = (r->known & DIAG_DROPS ? LISTENER_DROPS : 0) |
		   (r->known & DIAG_V6ONLY ? LISTENER_V6ONLY : 0) |
		   (r->known & DIAG_CGROUP_ID ? LISTENER_CGROUP_ID : 0) |
		   (r->known & DIAG_MPTCP ? LISTENER_MPTCP : 0) | LISTENER_UID;
	l->mptcp = r->mptcp;
	l->cgroup_id = r->cgroup_id;
	l->inode = r->inode;
	l->uid = r->uid;
	l->length = r->rqueue;
	l->limit = r->wqueue;
	l->drops = r->drops;
}

static int handle_socket(const struct diag_record *r, void *context)
{
	struct dump *dump = context;

	if (r->state == DIAG_LISTEN)
		add_listener(dump->snapshot, dump->netns, r);
	/* What has an inode was accepted: a Fast Open child may be before its handshake ends. */
	else if (r->state == DIAG_SYN_RECV && !r->inode)
		children_add(&dump->collector->source.half_open, dump->netns, r);
	return 0;
}

static uint32_t find_ifindex(const char *name, void *context)
{
	return diag_ifindex(context, name);
}

/*
 * Compiled anew for each sample, as devices come and go. The ledger needs every listener. Half-open
 * and waiting connections are sockets too, which a filter has to let through, and finding the
 * listener they belong to needs all that may be it: these share no more than its port. Where
 * devices are asked for, ss judges alone, and for it addresses and autobound are something else
 * than for the kernel.
 */
static void compile_filter(struct collector *c)
{
	const struct condition *condition = c->config.condition;
	unsigned int tests = BYTECODE_ADDRESS | BYTECODE_DEVICE | BYTECODE_AUTOBOUND;

	c->source.filter.n = 0;
	if (!condition || c->source.refuses_filter || needs(c, NEED_COUNTERS))
		return;
	if (needs(c, NEED_SYN_RECV | NEED_WAIT | NEED_WAIT_ALL | NEED_CONNECTIONS | NEED_GROUPS))
		tests = 0;
	else if (condition_has(condition, CONDITION_DEVICE))
		tests = BYTECODE_DEVICE;
	bytecode_compile(&c->source.filter, condition, tests, find_ifindex, c->source.diag);
}

/* @syn_recv: dump half-open connections in the same walk. */
static int dump_listeners(struct collector *c, bool syn_recv, struct snapshot *s, uint32_t netns,
			  struct error *why)
{
	struct source *source = &c->source;
	struct diag_request request = {
		.states = 1 << DIAG_LISTEN | (syn_recv ? 1 << DIAG_SYN_RECV : 0),
		.ext = (needs(c, NEED_DROPS) ? DIAG_EXT_MEMINFO : 0) |
		       (needs(c, NEED_MPTCP) ? DIAG_EXT_INFO : 0),
		.family = c->config.family,
		.filter = &c->source.filter,
	};
	struct dump dump = { c, s, netns };

	if (syn_recv)
		source->half_open_ns = 0; /* until this one is whole */
	for (int tries = 1;; tries++) {
		int code;

		if (syn_recv)
			children_reset(&source->half_open, needs(c, NEED_CONNECTIONS));
		code = diag_dump(source->diag, &request, handle_socket, &dump, why);
		if (code == -EINVAL && source->filter.n) {
			/* A filter only saves work. */
			source->refuses_filter = true;
			bytecode_free(&source->filter);
			continue;
		}
		if (!diag_lost(code) || tries == DUMP_TRIES || diag_reopen(source->diag, why) < 0)
			return code;
		snapshot_drop_listeners(s);
	}
}

/* Is SYN_RECV to be dumped with this sample, or are the half-open connections we know good enough?
 */
static bool want_syn_recv(const struct collector *c, enum sample_kind kind, uint64_t now_ns)
{
	const struct source *source = &c->source;

	if (kind != SAMPLE_CLOSING || !needs(c, NEED_SYN_RECV))
		return false;
	return !source->half_open_ns || pace_due(&source->pace, now_ns) ||
	       (needs(c, NEED_CONNECTIONS) && !source->half_open.keeps_connections);
}

static void name_listeners(struct collector *c, struct snapshot *s)
{
	c->cgroups.walked = false; /* new cgroups may have come */
	for (size_t i = 0; i < s->n_listeners; i++) {
		struct listener *l = &s->listeners[i];
		char name[IF_NAMESIZE];

		if (needs(c, NEED_CGROUP) && l->known & LISTENER_CGROUP_ID)
			l->cgroup = cgroups_path(&c->cgroups, l->cgroup_id);
		if (needs(c, NEED_INTERFACE) && l->bound.ifindex &&
		    diag_interface(c->source.diag, l->bound.ifindex, name) == 0)
			l->interface = names_keep(&c->names, name);
	}
}

static void identify(struct collector *c, struct snapshot *s)
{
	if (gethostname(s->host, sizeof(s->host)) < 0)
		s->host[0] = '\0';
	if (procfs_read(c->root, "proc/sys/kernel/random/boot_id", &c->text) == 0 &&
	    c->text.len >= sizeof(s->boot_id) - 1)
		memcpy(s->boot_id, c->text.s, sizeof(s->boot_id) - 1);
}

static void warn_about_drops(struct snapshot *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		if (!listener_is_unix(&s->listeners[i]) &&
		    !(s->listeners[i].known & LISTENER_DROPS)) {
			snapshot_warn(s, "drops-unavailable",
				      "this kernel does not count drops for each listener "
				      "(4.7 and later do)");
			break;
		}
}

/* What is in the queues, as far as it is needed. @before: when the sample before was dumped. */
static void complete_queues(struct collector *c, const struct dump_time *before, struct snapshot *s)
{
	struct source *source = &c->source;
	bool fresh = source->half_open_ns == s->monotonic_ns;
	struct waiting_request wanted = {
		.high = needs(c, NEED_WAIT),
		.all = needs(c, NEED_WAIT_ALL),
		.fast_open = !fresh,
		.before = *before,
		.now = c->dumped,
	};
	struct error why;

	if (needs(c, NEED_GROUPS) || (needs(c, NEED_SYN_RECV) && source->half_open.n))
		groups_build(s);
	if (needs(c, NEED_CONNECTIONS))
		children_want_connections(s, 0, c->detail_port);
	if (needs(c, NEED_SYN_RECV)) {
		s->known |= SNAPSHOT_SYN_RECV;
		s->syn_recv_ns = source->half_open_ns;
		children_count_syn_recv(&source->half_open, s, 0, fresh);
	}
	if (needs(c, NEED_WAIT | NEED_WAIT_ALL | NEED_CONNECTIONS) &&
	    children_dump_waiting(&c->waiting, source->diag, s, &wanted, &why) < 0)
		snapshot_warn(s, "waiting-unavailable",
			      "%s; which connections wait, and how long, is unknown", why.text);
	if (needs(c, NEED_CONNECTIONS))
		connections_sort(s);
}

static void find_owners(struct collector *c, struct snapshot *s)
{
	c->owners.cgroups = needs(c, NEED_UNITS);
	c->owners.tell = needs(c, NEED_OWNERS_ASKED);
	owners_collect(&c->owners, s);
}

/* What only a closing sample needs. */
static void complete(struct collector *c, const struct dump_time *before, struct snapshot *s,
		     struct netns *ns)
{
	complete_queues(c, before, s);
	if (needs(c, NEED_AUTOBOUND))
		autobound_find(c->source.diag, c->root, s, 0, c->config.family);
	if (needs(c, NEED_CGROUP | NEED_INTERFACE))
		name_listeners(c, s);
	if (needs(c, NEED_OWNERS))
		find_owners(c, s);
	if (needs(c, NEED_SYSCTLS))
		procfs_sysctls(c->root, s, &ns->sysctls);
	if (needs(c, NEED_IDENTITY))
		identify(c, s);
	if (needs(c, NEED_DROPS))
		warn_about_drops(s);
}

int collector_sample(struct collector *c, enum sample_kind kind, struct snapshot *s,
		     struct error *why)
{
	struct dump_time before = c->dumped;
	struct netns *ns;
	bool syn_recv;
	uint64_t cpu;
	int code;

	snapshot_reset(s);
	ns = snapshot_add_netns(s);
	memset(ns, 0, sizeof(*ns));
	ns->inode = c->source.inode;
	if (needs(c, NEED_COUNTERS)) {
		read_counters(c, c->source.netstat, &ns->before);
		read_counters(c, c->source.snmp, &ns->before);
	}
	compile_filter(c);
	c->dumped.begin_ns = clock_monotonic_ns();
	syn_recv = want_syn_recv(c, kind, c->dumped.begin_ns);
	cpu = clock_thread_cpu_ns();
	code = dump_listeners(c, syn_recv, s, 0, why);
	if (code < 0)
		return code;
	pace_paid(&c->source.pace, syn_recv, clock_thread_cpu_ns() - cpu, c->dumped.begin_ns);
	c->dumped.end_ns = clock_monotonic_ns();
	ns->one_datagram = diag_datagrams(c->source.diag) <= 1;
	if (needs(c, NEED_COUNTERS))
		read_counters_after(c, s, ns);
	if (needs(c, NEED_UNIX))
		unix_listeners_add(&c->unix_listeners, diag_netlink(c->source.diag), s, 0,
				   c->dumped.end_ns);
	s->monotonic_ns = clock_monotonic_ns();
	s->wall = clock_wall();
	if (syn_recv)
		c->source.half_open_ns = s->monotonic_ns;

	peaks_end(&c->source.peaks, s, 0);
	peaks_begin(&c->source.peaks, s, 0);
	if (kind == SAMPLE_CLOSING)
		complete(c, &before, s, ns);
	return 0;
}

uint64_t collector_due(const struct collector *c)
{
	return c->source.peaks.due_ns;
}

void collector_look(struct collector *c)
{
	peaks_look(&c->source.peaks, c->source.diag, c->config.family, &c->source.filter);
}

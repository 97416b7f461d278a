/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/collect.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "collect/autobound.h"
#include "collect/bytecode.h"
#include "collect/cgroups.h"
#include "collect/owners.h"
#include "collect/procfs.h"
#include "collect/sock_diag.h"
#include "collect/sources.h"
#include "collect/turns.h"
#include "collect/unix_listeners.h"
#include "model/connections.h"
#include "model/groups.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * CPU of one sample that may go into walks of the established hash. One is paid for each namespace,
 * and on a host with many namespaces and many connections that would be seconds.
 */
#define WALKS_NS (NSEC_PER_SEC / 5)

struct collector {
	struct collect_config config;
	int root;
	struct sources sources;
	size_t looked; /* index of the source that the last fast sample was taken of */
	uint64_t rest_ns; /* until when, as the share of fast samples is for all sources together */
	uint16_t detail_port; /* 0: all */
	struct children waiting; /* scratch */
	struct cgroups cgroups;
	struct owners owners;
	struct strbuf text; /* scratch for files */
};

static bool needs(const struct collector *c, unsigned int need)
{
	return c->config.needs & need;
}

/*
 * With one namespace the half-open connections come in one walk with the listeners. With more the
 * listeners of all are dumped first, so that no window gets longer by the walks of the others.
 */
static bool walks_apart(const struct collector *c)
{
	return c->sources.n > 1;
}

/* Namespaces come and go, and needs too. */
static void set_peak_rate(struct collector *c)
{
	for (size_t i = 0; i < c->sources.n; i++) {
		struct peaks *peaks = &c->sources.list[i]->peaks;

		peaks->share = c->config.peak_share;
		peaks_set_rate(peaks, needs(c, NEED_PEAK) ? c->config.peak_rate : 0);
	}
}

void collector_set_needs(struct collector *c, unsigned int needs)
{
	if (needs & NEED_CONNECTIONS)
		needs |= NEED_SYN_RECV | NEED_GROUPS;
	c->config.needs = needs;
	sources_set_needs(&c->sources, needs);
	set_peak_rate(c);
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
	c->root = open(config->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	c->cgroups.root = c->waiting.root = c->owners.root = c->sources.root = c->root;
	c->sources.wanted = config->namespaces;
	c->sources.n_wanted = config->n_namespaces;
	c->sources.all = config->all_namespaces;
	collector_set_needs(c, config->needs);
	if (c->root < 0)
		code = error_set(why, -errno, "cannot open %s: %s", config->root, strerror(errno));
	else
		code = sources_open(&c->sources, why);
	if (code < 0) {
		collector_close(c);
		return code;
	}
	*collector = c;
	return 0;
}

void collector_close(struct collector *c)
{
	if (!c)
		return;
	sources_close(&c->sources);
	children_free(&c->waiting);
	cgroups_free(&c->cgroups);
	owners_free(&c->owners);
	strbuf_free(&c->text);
	if (c->root >= 0)
		close(c->root);
	free(c);
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
static void compile_filter(struct collector *c, struct source *source)
{
	const struct condition *condition = c->config.condition;
	unsigned int tests = BYTECODE_ADDRESS | BYTECODE_DEVICE | BYTECODE_AUTOBOUND;

	source->filter.n = 0;
	if (!condition || source->refuses_filter || needs(c, NEED_COUNTERS))
		return;
	if (needs(c, NEED_SYN_RECV | NEED_WAIT | NEED_WAIT_ALL | NEED_CONNECTIONS | NEED_GROUPS))
		tests = 0;
	else if (condition_has(condition, CONDITION_DEVICE))
		tests = BYTECODE_DEVICE;
	bytecode_compile(&source->filter, condition, tests, find_ifindex, source->diag);
}

/* Is SYN_RECV to be dumped now, or are the half-open connections that we know good enough? */
static bool want_syn_recv(const struct collector *c, const struct source *source, uint64_t now_ns)
{
	return !source->half_open_ns || pace_due(&source->pace, now_ns) ||
	       (needs(c, NEED_CONNECTIONS) && !source->half_open.keeps_connections);
}

static int dump_states(struct collector *c, struct source *source, uint32_t states,
		       struct snapshot *s, uint32_t netns, struct error *why)
{
	const struct source_dump what = { states, c->config.needs, c->config.family };

	return source_dump(source, &what, s, netns, why);
}

/* What a sample has spent on walks of the established hash so far. */
struct walks {
	uint64_t cpu_ns;
	size_t skipped; /* namespaces that were left out */
};

/* A namespace that had one walk in this sample gets the other too. */
static bool may_walk(struct walks *walks, struct source *source, const struct snapshot *s)
{
	if (walks->cpu_ns >= WALKS_NS && source->walked_ns != s->monotonic_ns) {
		walks->skipped++;
		return false;
	}
	source->walked_ns = s->monotonic_ns;
	return true;
}

/* The half-open connections of one of many namespaces; without a listener none are shown. */
static void walk_half_open(struct collector *c, struct source *source, struct snapshot *s,
			   uint32_t netns, struct walks *walks)
{
	struct netns *ns = &s->netns[netns];
	uint64_t cpu = clock_thread_cpu_ns(), now = clock_monotonic_ns();
	struct error why;

	/* UNIX listeners come last. */
	if (!snapshot_has_listeners(s, netns) ||
	    listener_is_unix(&s->listeners[ns->first_listener])) {
		ns->syn_recv_skipped = true;
		return;
	}
	if (!want_syn_recv(c, source, now))
		return;
	if (!may_walk(walks, source, s)) {
		ns->syn_recv_skipped = !source->half_open_ns || source->pace.share <= 0;
		return;
	}
	if (dump_states(c, source, 1 << DIAG_SYN_RECV, s, netns, &why) < 0) {
		ns->syn_recv_skipped = true;
		snapshot_warn(s, "syn-queues-unavailable", "%s; some SYN queues are unknown",
			      why.text);
		return;
	}
	source->half_open_ns = s->monotonic_ns;
	cpu = clock_thread_cpu_ns() - cpu;
	walks->cpu_ns += cpu;
	pace_paid(&source->pace, true, cpu, now);
}

static void count_half_open(struct source *source, struct snapshot *s, uint32_t netns, bool fresh)
{
	if (s->netns[netns].syn_recv_skipped)
		return;
	children_count_syn_recv(&source->half_open, s, netns, fresh);
	if (source->half_open_ns < s->syn_recv_ns)
		s->syn_recv_ns = source->half_open_ns;
}

static void walk_waiting(struct collector *c, struct source *source, struct snapshot *s,
			 uint32_t netns, bool fresh, struct walks *walks)
{
	struct waiting_request wanted = {
		.netns = netns,
		.high = needs(c, NEED_WAIT),
		.all = needs(c, NEED_WAIT_ALL),
		.fast_open = !fresh,
		.before = source->before,
		.now = source->dumped,
	};
	uint64_t cpu = clock_thread_cpu_ns();
	struct error why;

	if (!children_want_waiting(s, &wanted) || (walks_apart(c) && !may_walk(walks, source, s)))
		return;
	c->waiting.netns = source->netns;
	if (children_dump_waiting(&c->waiting, source->diag, s, &wanted, &why) < 0)
		snapshot_warn(s, "waiting-unavailable",
			      "%s; which connections wait, and how long, is unknown", why.text);
	walks->cpu_ns += clock_thread_cpu_ns() - cpu;
	/* A reset takes a connection out of that dump: how many there were tells what it lacks. */
	if (needs(c, NEED_COUNTERS))
		source_count_resets(source, &s->netns[netns], &c->text);
}

/* What is in the queues, as far as it is needed. */
static void complete_queues(struct collector *c, struct snapshot *s)
{
	struct turn *turns = turns_order(&c->sources, s);
	struct walks walks = { 0 };
	bool some = walks_apart(c);

	for (size_t i = 0; i < c->sources.n; i++)
		some |= c->sources.list[i]->half_open.n > 0;
	if (needs(c, NEED_GROUPS) || (needs(c, NEED_SYN_RECV) && some))
		groups_build(s);
	if (needs(c, NEED_SYN_RECV))
		s->known |= SNAPSHOT_SYN_RECV;
	s->syn_recv_ns = s->monotonic_ns;
	for (size_t turn = 0; turn < c->sources.n; turn++) {
		uint32_t i = turns[turn].netns;
		struct source *source = c->sources.list[i];
		size_t skipped = walks.skipped;
		/* Dumped apart, a Fast Open child may have moved on since. */
		bool fresh = !walks_apart(c) && source->half_open_ns == s->monotonic_ns;

		if (needs(c, NEED_CONNECTIONS))
			children_want_connections(s, i, c->detail_port);
		if (needs(c, NEED_SYN_RECV) && walks_apart(c))
			walk_half_open(c, source, s, i, &walks);
		if (needs(c, NEED_SYN_RECV))
			count_half_open(source, s, i, fresh);
		if (needs(c, NEED_WAIT | NEED_WAIT_ALL | NEED_CONNECTIONS))
			walk_waiting(c, source, s, i, fresh, &walks);
		if (walks.skipped > skipped)
			walks.skipped = skipped + 1;
	}
	free(turns);
	if (needs(c, NEED_CONNECTIONS))
		connections_sort(s);
	if (walks.skipped)
		snapshot_warn(s, "walks-skipped",
			      "too many connections on this host to look through them once for "
			      "each namespace: SYN queues or ages are unknown in %zu of them; -N "
			      "takes fewer",
			      walks.skipped);
}

static void name_listeners(struct collector *c, struct snapshot *s)
{
	if (needs(c, NEED_CGROUP))
		cgroups_turn(&c->cgroups, s->monotonic_ns);
	for (size_t i = 0; i < s->n_listeners; i++) {
		struct listener *l = &s->listeners[i];
		const struct source *source = c->sources.list[l->bound.netns];
		char name[IF_NAMESIZE];

		if (needs(c, NEED_CGROUP) && l->known & LISTENER_CGROUP_ID)
			l->cgroup = cgroups_path(&c->cgroups, l->cgroup_id);
		if (needs(c, NEED_INTERFACE) && l->bound.ifindex &&
		    diag_interface(source->diag, l->bound.ifindex, name) == 0)
			l->interface = intern_keep(&c->sources.names, name, strlen(name));
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

static void find_owners(struct collector *c, struct snapshot *s)
{
	c->owners.cgroups = needs(c, NEED_UNITS);
	c->owners.tell = needs(c, NEED_OWNERS_ASKED);
	owners_collect(&c->owners, s);
}

/* What only a closing sample needs. */
static void complete(struct collector *c, struct snapshot *s)
{
	complete_queues(c, s);
	for (uint32_t i = 0; needs(c, NEED_AUTOBOUND) && i < c->sources.n; i++)
		autobound_find(c->sources.list[i], s, i, c->config.family);
	if (needs(c, NEED_CGROUP | NEED_INTERFACE))
		name_listeners(c, s);
	if (needs(c, NEED_OWNERS))
		find_owners(c, s);
	for (size_t i = 0; needs(c, NEED_SYSCTLS) && i < c->sources.n; i++)
		procfs_sysctls(c->sources.list[i]->sysctls, s, &s->netns[i].sysctls);
	if (needs(c, NEED_IDENTITY))
		identify(c, s);
	if (needs(c, NEED_DROPS))
		warn_about_drops(s);
}

/*
 * One of many namespaces that fails is not the end of the report. Its counters are nobody's without
 * its listeners: a ledger of them would blame overflows on nobody.
 */
static int skip_source(struct collector *c, const struct source *source, struct snapshot *s,
		       size_t before, int code)
{
	s->netns[s->n_netns - 1].before.known = 0;
	snapshot_drop_listeners(s, before);
	sources_skipped(&c->sources, source, code);
	return 0;
}

/* The listeners of one namespace, with its counters before and after. */
static int sample_source(struct collector *c, struct source *source, enum sample_kind kind,
			 struct snapshot *s, struct error *why)
{
	uint32_t netns = (uint32_t)s->n_netns;
	struct netns *ns = snapshot_add_netns(s);
	size_t before = s->n_listeners;
	struct dump_time dumped;
	bool syn_recv;
	uint64_t cpu;
	int code;

	ns->inode = source->inode;
	ns->serial = source->serial;
	ns->name = source->name;
	ns->pid = source->pid;
	if (needs(c, NEED_COUNTERS))
		source_counters_before(source, ns, &c->text);
	compile_filter(c, source);
	source->before = source->dumped;
	source->dumped = (struct dump_time){ 0 };
	dumped.begin_ns = clock_monotonic_ns();
	syn_recv = kind == SAMPLE_CLOSING && needs(c, NEED_SYN_RECV) && !walks_apart(c) &&
		   want_syn_recv(c, source, dumped.begin_ns);
	cpu = clock_thread_cpu_ns();
	code = dump_states(c, source, 1 << DIAG_LISTEN | (syn_recv ? 1 << DIAG_SYN_RECV : 0), s,
			   netns, why);
	if (code < 0)
		return walks_apart(c) ? skip_source(c, source, s, before, code) : code;
	if (!walks_apart(c))
		pace_paid(&source->pace, syn_recv, clock_thread_cpu_ns() - cpu, dumped.begin_ns);
	dumped.end_ns = clock_monotonic_ns();
	source->dumped = dumped;
	ns->one_datagram = diag_datagrams(source->diag) <= 1;
	if (needs(c, NEED_COUNTERS))
		source_counters_after(source, s, ns, &c->text);
	if (needs(c, NEED_UNIX))
		unix_listeners_add(&c->sources.names, diag_netlink(source->diag), s, netns);
	/* The end of the sample, which is what tells that this dump was made for it, is to come. */
	if (syn_recv)
		source->half_open_ns = UINT64_MAX;
	return 0;
}

/* The end of one window of fast sampling and the beginning of the next. */
static void turn_window(struct collector *c, struct snapshot *s)
{
	for (uint32_t i = 0; i < c->sources.n; i++) {
		struct source *source = c->sources.list[i];

		if (source->half_open_ns == UINT64_MAX)
			source->half_open_ns = s->monotonic_ns;
		peaks_end(&source->peaks, s, i);
		peaks_begin(&source->peaks, s, i);
		/* What looks cost is shared: the others can make use of it. */
		if (walks_apart(c) && !snapshot_has_listeners(s, i))
			source->peaks.due_ns = UINT64_MAX;
	}
}

int collector_sample(struct collector *c, enum sample_kind kind, struct snapshot *s,
		     struct error *why)
{
	snapshot_reset(s);
	sources_turn(&c->sources, clock_monotonic_ns());
	if (c->sources.check_ns <= clock_monotonic_ns())
		sources_check(&c->sources);
	for (size_t i = 0; i < c->sources.n; i++) {
		struct source *source = c->sources.list[i];
		int code;

		source->pace.share = c->config.syn_share / (double)c->sources.n;
		code = sample_source(c, source, kind, s, why);
		if (code < 0)
			return code;
	}
	sources_warn(&c->sources, s);
	s->monotonic_ns = clock_monotonic_ns();
	s->wall = clock_wall();
	set_peak_rate(c);
	turn_window(c, s);
	if (kind == SAMPLE_CLOSING)
		complete(c, s);
	return 0;
}

static uint64_t first_due(const struct collector *c)
{
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < c->sources.n; i++)
		if (c->sources.list[i]->peaks.due_ns < due)
			due = c->sources.list[i]->peaks.due_ns;
	return due;
}

uint64_t collector_due(const struct collector *c)
{
	uint64_t due = first_due(c);

	if (due < c->rest_ns)
		due = c->rest_ns;
	return due < c->sources.check_ns ? due : c->sources.check_ns;
}

/* Of the sources whose time has come the next after the one looked at last: each has its turn. */
static struct source *next_due(struct collector *c, uint64_t now_ns)
{
	for (size_t i = 0; i < c->sources.n; i++) {
		c->looked = (c->looked + 1) % c->sources.n;
		if (c->sources.list[c->looked]->peaks.due_ns <= now_ns)
			return c->sources.list[c->looked];
	}
	return NULL;
}

void collector_look(struct collector *c)
{
	uint64_t now = clock_monotonic_ns(), due = first_due(c);
	struct source *source;

	if (c->sources.check_ns <= now) {
		sources_check(&c->sources);
		return;
	}
	if (due == UINT64_MAX)
		return;
	source = next_due(c, due > now ? due : now);
	peaks_look(&source->peaks, source->diag, c->config.family, &source->filter);
	c->rest_ns = now + (uint64_t)((double)source->peaks.cost_ns / c->config.peak_share);
}

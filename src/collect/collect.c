/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/collect.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "collect/autobound.h"
#include "collect/bytecode.h"
#include "collect/cgroups.h"
#include "collect/conditions.h"
#include "collect/ehash_dump.h"
#include "collect/others.h"
#include "collect/owners.h"
#include "collect/procfs.h"
#include "collect/sock_diag.h"
#include "collect/open_netns.h"
#include "collect/unix_listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel as a sample source. */
struct collector {
	struct sample_source base; /* first: see collector_of() */
	struct collect_config config;
	int root;
	struct open_netns_set set;
	size_t looked; /* index of the netns that the last fast sample was taken of */
	uint64_t rest_ns; /* until when, as the share of fast samples is for all sources together */
	struct ehash_dumps ehash;
	struct cgroups cgroups;
	struct owners owners;
	struct unix_queues unix_queues;
	struct others others;
	struct conditions conditions;
	struct string_pool *strings; /* for the next sample, which it shares with those before */
	struct strbuf text; /* scratch for files */
};

static struct collector *collector_of(struct sample_source *self)
{
	return (struct collector *)self;
}

static bool needs(const struct collector *c, unsigned int need)
{
	return c->config.needs & need;
}

static bool is_one_of_many(const struct collector *c)
{
	return c->set.n > 1;
}

/* Namespaces come and go, and needs too. */
static void set_peak_rate(struct collector *c)
{
	for (size_t i = 0; i < c->set.n; i++) {
		struct peaks *peaks = &c->set.list[i]->peaks;

		peaks->share = c->config.peak_share;
		peaks_set_rate(peaks, needs(c, NEED_PEAK) ? c->config.peak_rate : 0);
	}
}

static void set_needs(struct sample_source *self, unsigned int needs, uint16_t detail_port)
{
	struct collector *c = collector_of(self);

	if (needs & NEED_CONNECTIONS)
		needs |= NEED_SYN_RECV | NEED_GROUPS;
	c->config.needs = c->ehash.needs = needs;
	c->ehash.detail_port = detail_port;
	open_netns_set_change_needs(&c->set, needs);
	set_peak_rate(c);
}

/*
 * The first search spends the share of a whole window at once. A window below a second counts as
 * one: those that follow pay back what is too much. One above five counts as five, so that the
 * first sample is not felt to be slow.
 */
static uint64_t choose_window(double seconds)
{
	const double min = 1, max = 5;

	return (uint64_t)((seconds < min ? min :
			   seconds > max ? max :
					   seconds) *
			  (double)NSEC_PER_SEC);
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
static void compile_filter(struct collector *c, struct open_netns *netns)
{
	const struct filter_expr *condition = c->config.condition;
	unsigned int tests = BYTECODE_ADDRESS | BYTECODE_DEVICE | BYTECODE_AUTOBOUND;

	netns->filter.n = 0;
	if (!condition || netns->refuses_filter || needs(c, NEED_COUNTERS))
		return;
	if (needs(c, NEED_SYN_RECV | NEED_WAIT | NEED_WAIT_ALL | NEED_CONNECTIONS | NEED_GROUPS))
		tests = 0;
	else if (filter_expr_has(condition, EXPR_DEVICE))
		tests = BYTECODE_DEVICE;
	bytecode_compile(&netns->filter, condition, tests, find_ifindex, netns->diag);
}

static void name_listeners(struct collector *c, struct snapshot *s)
{
	if (needs(c, NEED_CGROUP))
		cgroups_begin(&c->cgroups, s->strings);
	for (size_t i = 0; i < s->n_listeners; i++) {
		struct listener *l = &s->listeners[i];
		const struct open_netns *netns = c->set.list[l->addr.netns];
		char name[IF_NAMESIZE];

		if (needs(c, NEED_CGROUP) && l->known & LISTENER_CGROUP_ID)
			l->cgroup = cgroups_path(&c->cgroups, l->cgroup_id);
		if (needs(c, NEED_INTERFACE) && l->addr.ifindex &&
		    diag_interface(netns->diag, l->addr.ifindex, name) == 0)
			l->interface = string_pool_add(s->strings, name, strlen(name));
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

static void find_owners(struct collector *c, struct snapshot *s, enum sample_kind kind)
{
	c->owners.cgroups = needs(c, NEED_UNITS);
	c->owners.tell = needs(c, NEED_OWNERS_ASKED) && kind == SAMPLE_CLOSING;
	owners_collect(&c->owners, s);
}

/*
 * Who was throttled in a window is known by what was so before it. The owners are found now then,
 * and only verified when it closes: the scan has been paid for, and delays none for new listeners.
 */
static void find_throttled(struct collector *c, struct snapshot *s)
{
	if (!needs(c, NEED_CONDITIONS) || !conditions_wanted(s))
		return;
	find_owners(c, s, SAMPLE_OPENING);
	c->owners.look_ns = c->owners.scan_ns = 0;
	conditions_open(&c->conditions, s);
}

/* What only a closing sample needs. */
static void complete(struct collector *c, struct snapshot *s)
{
	bool ailing = needs(c, NEED_CONDITIONS) && conditions_wanted(s);

	ehash_dumps_complete(&c->ehash, s);
	for (uint32_t i = 0; needs(c, NEED_AUTOBOUND) && i < c->set.n; i++)
		autobound_find(c->set.list[i], s, i, c->config.family);
	if (needs(c, NEED_CGROUP | NEED_INTERFACE))
		name_listeners(c, s);
	if (needs(c, NEED_OWNERS) || ailing)
		find_owners(c, s, SAMPLE_CLOSING);
	if (ailing)
		conditions_collect(&c->conditions, s);
	for (size_t i = 0; needs(c, NEED_SYSCTLS) && i < c->set.n; i++)
		procfs_sysctls(c->set.list[i]->sysctls, s, &s->netns[i].sysctls);
	if (needs(c, NEED_IDENTITY))
		identify(c, s);
	if (needs(c, NEED_DROPS))
		warn_about_drops(s);
}

/*
 * One of many namespaces that fails is not the end of the report. Its counters are nobody's without
 * its listeners: a ledger of them would blame overflows on nobody.
 */
static int skip_netns(struct collector *c, const struct open_netns *netns, struct snapshot *s,
		      size_t before, int code)
{
	s->netns[s->n_netns - 1].before.known = 0;
	s->netns[s->n_netns - 1].failed = true;
	snapshot_drop_listeners(s, before);
	open_netns_set_skip(&c->set, netns, code);
	return 0;
}

/* The listeners of one namespace, with its counters before and after. */
static int sample_netns(struct collector *c, struct open_netns *netns, struct snapshot *s,
			struct error *why)
{
	uint32_t netns_idx = (uint32_t)s->n_netns;
	struct netns *ns = snapshot_add_netns(s);
	size_t before = s->n_listeners;
	struct dump_time dumped;
	int code;

	ns->cookie = netns->cookie;
	ns->inode = netns->inode;
	ns->serial = netns->serial;
	ns->name = string_pool_add(s->strings, netns->name, netns->name ? strlen(netns->name) : 0);
	ns->pid = netns->pid;
	if (needs(c, NEED_COUNTERS))
		open_netns_counters_before(netns, ns, &c->text);
	compile_filter(c, netns);
	netns->ehash.listeners_before = netns->ehash.listeners;
	netns->ehash.listeners = (struct dump_time){ 0 };
	dumped.begin_ns = clock_monotonic_ns();
	code = open_netns_dump(netns, c->config.needs, c->config.family, s, netns_idx, why);
	if (code < 0)
		return is_one_of_many(c) ? skip_netns(c, netns, s, before, code) : code;
	dumped.end_ns = clock_monotonic_ns();
	netns->ehash.listeners = dumped;
	ns->one_datagram = diag_datagrams(netns->diag) <= 1;
	if (needs(c, NEED_COUNTERS))
		open_netns_counters_after(netns, s, ns, &c->text);
	if (needs(c, NEED_UNIX) && !unix_listeners_add(diag_netlink(netns->diag), s, netns_idx))
		s->known &= ~(uint32_t)SNAPSHOT_UNIX;
	return 0;
}

/* The UNIX listeners that nobody asked to see: is one of them full, or does not move? */
static void look_at_unix_queues(struct collector *c)
{
	unix_queues_begin(&c->unix_queues, clock_monotonic_ns());
	for (size_t i = 0; i < c->set.n; i++)
		unix_queues_add(&c->unix_queues, diag_netlink(c->set.list[i]->diag));
	unix_queues_end(&c->unix_queues, clock_monotonic_ns());
}

/* Of those that are listeners of @s: does one of them not move? */
static void follow_unix_queues(struct collector *c, struct snapshot *s)
{
	unix_queues_begin(&c->unix_queues, clock_monotonic_ns());
	for (uint32_t i = 0; i < c->set.n; i++)
		unix_queues_take(&c->unix_queues, diag_netlink(c->set.list[i]->diag), s, i);
}

/* Who names namespaces has chosen; and without a window no counter says whether all is well. */
static bool wants_others(const struct collector *c)
{
	return needs(c, NEED_NOT_SHOWN) && needs(c, NEED_WINDOW) && !c->config.all_namespaces &&
	       !c->config.n_namespaces;
}

/* The end of one window of fast sampling and the beginning of the next. */
static void turn_window(struct collector *c, struct snapshot *s)
{
	for (uint32_t i = 0; i < c->set.n; i++) {
		struct open_netns *netns = c->set.list[i];
		size_t gone = s->n_gone;

		if (!s->netns[i].failed)
			peaks_end(&netns->peaks, s, i);
		if (s->n_gone > gone)
			peaks_confirm_gone(&netns->peaks, netns->diag, s, i);
		peaks_begin(&netns->peaks, s, i);
		/* What looks cost is shared: the others can make use of it. */
		if (is_one_of_many(c) && !snapshot_has_listeners(s, i))
			netns->peaks.due_ns = UINT64_MAX;
	}
}

static void list_ehash_dumps(struct collector *c)
{
	c->ehash.n = c->set.n;
	c->ehash.list = xreallocarray(c->ehash.list, c->ehash.n, sizeof(*c->ehash.list));
	for (size_t i = 0; i < c->set.n; i++)
		c->ehash.list[i] = &c->set.list[i]->ehash;
}

static int take_sample(struct collector *c, enum sample_kind kind, struct snapshot *s,
		       struct error *why)
{
	snapshot_reset(s);
	s->known |= needs(c, NEED_UNIX) ? SNAPSHOT_UNIX : 0;
	s->known |= c->config.all_namespaces ? SNAPSHOT_ALL_NETNS : 0;
	c->strings = string_pool_next(c->strings);
	s->strings = string_pool_get(c->strings);
	if (c->set.check_ns <= clock_monotonic_ns())
		open_netns_set_check(&c->set);
	for (size_t i = 0; i < c->set.n; i++) {
		int code = sample_netns(c, c->set.list[i], s, why);

		if (code < 0)
			return code;
	}
	open_netns_set_warn(&c->set, s);
	list_ehash_dumps(c);
	if (needs(c, NEED_UNIX) && needs(c, NEED_WINDOW))
		follow_unix_queues(c, s);
	if (needs(c, NEED_NOT_SHOWN) && !needs(c, NEED_UNIX)) {
		look_at_unix_queues(c);
		unix_queues_fill(&c->unix_queues, s);
	}
	s->monotonic_ns = clock_monotonic_ns();
	s->wall = clock_wall();
	set_peak_rate(c);
	turn_window(c, s);
	if (wants_others(c))
		others_sample(&c->others, s);
	if (needs(c, NEED_CONDITIONS))
		conditions_begin(&c->conditions, s->strings);
	if (kind == SAMPLE_CLOSING)
		complete(c, s);
	else
		find_throttled(c, s);
	return 0;
}

/* A window in which nobody looks for so long has a blind spot. */
#define LATE_NS (NSEC_PER_SEC / 20)

/*
 * To find the owners may take most of a second, and fast samples would be late by that. So the
 * window begins anew: the owners are known then, and only verified.
 */
static int sample(struct sample_source *self, enum sample_kind kind, struct snapshot *s,
		  struct error *why)
{
	struct collector *c = collector_of(self);
	int code = take_sample(c, kind, s, why);

	if (kind == SAMPLE_CLOSING || code < 0)
		return code;
	if (clock_monotonic_ns() - s->monotonic_ns > LATE_NS)
		code = take_sample(c, kind, s, why);
	if (code == 0)
		ehash_dumps_open(&c->ehash, s);
	return code;
}

static uint64_t first_due(const struct collector *c)
{
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < c->set.n; i++)
		if (c->set.list[i]->peaks.due_ns < due)
			due = c->set.list[i]->peaks.due_ns;
	return due;
}

static uint64_t next_look(const struct sample_source *self)
{
	const struct collector *c = (const struct collector *)self;
	uint64_t due = first_due(c);

	if (due < c->rest_ns)
		due = c->rest_ns;
	if (c->unix_queues.due_ns < due)
		due = c->unix_queues.due_ns;
	return due < c->set.check_ns ? due : c->set.check_ns;
}

/* Of the sources whose time has come the next after the one looked at last: each has its turn. */
static struct open_netns *next_due(struct collector *c, uint64_t now_ns)
{
	for (size_t i = 0; i < c->set.n; i++) {
		c->looked = (c->looked + 1) % c->set.n;
		if (c->set.list[c->looked]->peaks.due_ns <= now_ns)
			return c->set.list[c->looked];
	}
	return NULL;
}

static void look(struct sample_source *self)
{
	struct collector *c = collector_of(self);
	uint64_t now = clock_monotonic_ns(), due = first_due(c);
	struct open_netns *netns;

	if (c->set.check_ns <= now) {
		open_netns_set_check(&c->set);
		return;
	}
	if (c->unix_queues.due_ns <= now) {
		look_at_unix_queues(c);
		return;
	}
	if (due == UINT64_MAX)
		return;
	netns = next_due(c, due > now ? due : now);
	peaks_look(&netns->peaks, netns->diag, c->config.family, &netns->filter);
	c->rest_ns = now + (uint64_t)((double)netns->peaks.cost_ns / c->config.peak_share);
}

static void close_collector(struct sample_source *self)
{
	struct collector *c = collector_of(self);

	open_netns_set_close(&c->set);
	free(c->ehash.list);
	strbuf_free(&c->ehash.text);
	cgroups_free(&c->cgroups);
	owners_free(&c->owners);
	unix_queues_free(&c->unix_queues);
	others_free(&c->others);
	conditions_free(&c->conditions);
	string_pool_put(c->strings);
	strbuf_free(&c->text);
	if (c->root >= 0)
		close(c->root);
	free(c);
}

static const struct sample_source_ops collector_ops = {
	.sample = sample,
	.due = next_look,
	.look = look,
	.set_needs = set_needs,
	.close = close_collector,
};

int collector_open(struct sample_source **source, const struct collect_config *config,
		   struct error *why)
{
	struct collector *c = xcalloc(1, sizeof(*c));
	int code;

	c->base.ops = &collector_ops;
	c->config = *config;
	c->root = open(config->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	c->cgroups.root = c->owners.root = c->conditions.root = c->set.root = c->root;
	c->set.wanted = config->namespaces;
	c->set.n_wanted = config->n_namespaces;
	c->set.all = config->all_namespaces;
	c->ehash.family = config->family;
	c->ehash.share = config->walk_share;
	c->unix_queues.due_ns = UINT64_MAX;
	c->others.root = c->root;
	c->others.share = config->not_shown_share;
	c->others.window_ns = choose_window(config->window);
	set_needs(&c->base, config->needs, 0);
	if (c->root < 0)
		code = error_set(why, -errno, "cannot open %s: %s", config->root, strerror(errno));
	else
		code = open_netns_set_open(&c->set, why);
	if (code < 0) {
		close_collector(&c->base);
		return code;
	}
	*source = &c->base;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/collect.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "collect/autobound.h"
#include "collect/bytecode.h"
#include "collect/cgroups.h"
#include "collect/conditions.h"
#include "collect/others.h"
#include "collect/owners.h"
#include "collect/procfs.h"
#include "collect/sock_diag.h"
#include "collect/sources.h"
#include "collect/unix_listeners.h"
#include "collect/unix_queues.h"
#include "collect/walks.h"

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
	struct sources sources;
	size_t looked; /* index of the source that the last fast sample was taken of */
	uint64_t rest_ns; /* until when, as the share of fast samples is for all sources together */
	struct walks walks;
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

static void set_needs(struct sample_source *self, unsigned int needs, uint16_t detail_port)
{
	struct collector *c = collector_of(self);

	if (needs & NEED_CONNECTIONS)
		needs |= NEED_SYN_RECV | NEED_GROUPS;
	c->config.needs = c->walks.needs = needs;
	c->walks.detail_port = detail_port;
	sources_set_needs(&c->sources, needs);
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
static void compile_filter(struct collector *c, struct source *source)
{
	const struct filter_expr *condition = c->config.condition;
	unsigned int tests = BYTECODE_ADDRESS | BYTECODE_DEVICE | BYTECODE_AUTOBOUND;

	source->filter.n = 0;
	if (!condition || source->refuses_filter || needs(c, NEED_COUNTERS))
		return;
	if (needs(c, NEED_SYN_RECV | NEED_WAIT | NEED_WAIT_ALL | NEED_CONNECTIONS | NEED_GROUPS))
		tests = 0;
	else if (filter_expr_has(condition, EXPR_DEVICE))
		tests = BYTECODE_DEVICE;
	bytecode_compile(&source->filter, condition, tests, find_ifindex, source->diag);
}

static void name_listeners(struct collector *c, struct snapshot *s)
{
	if (needs(c, NEED_CGROUP))
		cgroups_begin(&c->cgroups, s->strings);
	for (size_t i = 0; i < s->n_listeners; i++) {
		struct listener *l = &s->listeners[i];
		const struct source *source = c->sources.list[l->addr.netns];
		char name[IF_NAMESIZE];

		if (needs(c, NEED_CGROUP) && l->known & LISTENER_CGROUP_ID)
			l->cgroup = cgroups_path(&c->cgroups, l->cgroup_id);
		if (needs(c, NEED_INTERFACE) && l->addr.ifindex &&
		    diag_interface(source->diag, l->addr.ifindex, name) == 0)
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

	walks_complete(&c->walks, s);
	for (uint32_t i = 0; needs(c, NEED_AUTOBOUND) && i < c->sources.n; i++)
		autobound_find(c->sources.list[i], s, i, c->config.family);
	if (needs(c, NEED_CGROUP | NEED_INTERFACE))
		name_listeners(c, s);
	if (needs(c, NEED_OWNERS) || ailing)
		find_owners(c, s, SAMPLE_CLOSING);
	if (ailing)
		conditions_collect(&c->conditions, s);
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
	s->netns[s->n_netns - 1].failed = true;
	snapshot_drop_listeners(s, before);
	sources_skipped(&c->sources, source, code);
	return 0;
}

/* The listeners of one namespace, with its counters before and after. */
static int sample_source(struct collector *c, struct source *source, struct snapshot *s,
			 struct error *why)
{
	uint32_t netns = (uint32_t)s->n_netns;
	struct netns *ns = snapshot_add_netns(s);
	size_t before = s->n_listeners;
	struct dump_time dumped;
	int code;

	ns->cookie = source->cookie;
	ns->inode = source->inode;
	ns->serial = source->serial;
	ns->name =
		string_pool_add(s->strings, source->name, source->name ? strlen(source->name) : 0);
	ns->pid = source->pid;
	if (needs(c, NEED_COUNTERS))
		source_counters_before(source, ns, &c->text);
	compile_filter(c, source);
	source->before = source->dumped;
	source->dumped = (struct dump_time){ 0 };
	dumped.begin_ns = clock_monotonic_ns();
	code = source_dump(source, c->config.needs, c->config.family, s, netns, why);
	if (code < 0)
		return is_one_of_many(c) ? skip_source(c, source, s, before, code) : code;
	dumped.end_ns = clock_monotonic_ns();
	source->dumped = dumped;
	ns->one_datagram = diag_datagrams(source->diag) <= 1;
	if (needs(c, NEED_COUNTERS))
		source_counters_after(source, s, ns, &c->text);
	if (needs(c, NEED_UNIX) && !unix_listeners_add(diag_netlink(source->diag), s, netns))
		s->known &= ~(uint32_t)SNAPSHOT_UNIX;
	return 0;
}

/* The UNIX listeners that nobody asked to see: is one of them full, or does not move? */
static void look_at_unix_queues(struct collector *c)
{
	unix_queues_begin(&c->unix_queues, clock_monotonic_ns());
	for (size_t i = 0; i < c->sources.n; i++)
		unix_queues_add(&c->unix_queues, diag_netlink(c->sources.list[i]->diag));
	unix_queues_end(&c->unix_queues, clock_monotonic_ns());
}

/* Of those that are listeners of @s: does one of them not move? */
static void follow_unix_queues(struct collector *c, struct snapshot *s)
{
	unix_queues_begin(&c->unix_queues, clock_monotonic_ns());
	for (uint32_t i = 0; i < c->sources.n; i++)
		unix_queues_take(&c->unix_queues, diag_netlink(c->sources.list[i]->diag), s, i);
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
	for (uint32_t i = 0; i < c->sources.n; i++) {
		struct source *source = c->sources.list[i];
		size_t gone = s->n_gone;

		if (!s->netns[i].failed)
			peaks_end(&source->peaks, s, i);
		if (s->n_gone > gone)
			peaks_confirm_gone(&source->peaks, source->diag, s, i);
		peaks_begin(&source->peaks, s, i);
		/* What looks cost is shared: the others can make use of it. */
		if (is_one_of_many(c) && !snapshot_has_listeners(s, i))
			source->peaks.due_ns = UINT64_MAX;
	}
}

static int take_sample(struct collector *c, enum sample_kind kind, struct snapshot *s,
		       struct error *why)
{
	snapshot_reset(s);
	s->known |= needs(c, NEED_UNIX) ? SNAPSHOT_UNIX : 0;
	s->known |= c->config.all_namespaces ? SNAPSHOT_ALL_NETNS : 0;
	c->strings = string_pool_next(c->strings);
	s->strings = string_pool_get(c->strings);
	if (c->sources.check_ns <= clock_monotonic_ns())
		sources_check(&c->sources);
	for (size_t i = 0; i < c->sources.n; i++) {
		int code = sample_source(c, c->sources.list[i], s, why);

		if (code < 0)
			return code;
	}
	sources_warn(&c->sources, s);
	if (needs(c, NEED_UNIX) && needs(c, NEED_WINDOW))
		follow_unix_queues(c, s);
	if (needs(c, NEED_NOT_SHOWN) && !needs(c, NEED_UNIX)) {
		look_at_unix_queues(c);
		unix_queues_tell(&c->unix_queues, s);
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
		walks_open(&c->walks, s);
	return code;
}

static uint64_t first_due(const struct collector *c)
{
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < c->sources.n; i++)
		if (c->sources.list[i]->peaks.due_ns < due)
			due = c->sources.list[i]->peaks.due_ns;
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

static void look(struct sample_source *self)
{
	struct collector *c = collector_of(self);
	uint64_t now = clock_monotonic_ns(), due = first_due(c);
	struct source *source;

	if (c->sources.check_ns <= now) {
		sources_check(&c->sources);
		return;
	}
	if (c->unix_queues.due_ns <= now) {
		look_at_unix_queues(c);
		return;
	}
	if (due == UINT64_MAX)
		return;
	source = next_due(c, due > now ? due : now);
	peaks_look(&source->peaks, source->diag, c->config.family, &source->filter);
	c->rest_ns = now + (uint64_t)((double)source->peaks.cost_ns / c->config.peak_share);
}

static void close_collector(struct sample_source *self)
{
	struct collector *c = collector_of(self);

	sources_close(&c->sources);
	walks_free(&c->walks);
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
	c->cgroups.root = c->owners.root = c->conditions.root = c->sources.root = c->root;
	c->sources.wanted = config->namespaces;
	c->sources.n_wanted = config->n_namespaces;
	c->sources.all = config->all_namespaces;
	c->walks.set = &c->sources;
	c->walks.family = config->family;
	c->walks.share = config->walk_share;
	c->unix_queues.due_ns = UINT64_MAX;
	c->others.root = c->root;
	c->others.share = config->not_shown_share;
	c->others.window_ns = choose_window(config->window);
	set_needs(&c->base, config->needs, 0);
	if (c->root < 0)
		code = error_set(why, -errno, "cannot open %s: %s", config->root, strerror(errno));
	else
		code = sources_open(&c->sources, why);
	if (code < 0) {
		close_collector(&c->base);
		return code;
	}
	*source = &c->base;
	return 0;
}

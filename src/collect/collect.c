/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/collect.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "collect/bytecode.h"
#include "collect/cgroups.h"
#include "collect/conditions.h"
#include "collect/ehash_dump.h"
#include "collect/open_netns.h"
#include "collect/others.h"
#include "collect/owners.h"
#include "collect/procfs.h"
#include "collect/sock_diag.h"
#include "collect/unix_listeners.h"
#include "model/groups.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct collector {
	struct sample_source base; /* must be first: see collector_of() */
	struct collect_config config;
	int root;
	struct open_netns_set set;
	uint64_t sampled_ns; /* monotonic_ns of the last sample */
	size_t looked; /* index of the namespace of the last fast sample */
	uint64_t rest_ns; /* no fast sample before this time: all namespaces share one budget */
	uint64_t missed_ns; /* for so long none was taken in this window, see note_missed() */
	uint64_t cpu_ns; /* of the thread, when the window began; 0: a fast sample was taken */
	struct ehash_dumps ehash;
	struct cgroups cgroups;
	struct owners owners;
	struct unix_queues unix_queues;
	struct others others;
	struct conditions conditions;
	struct string_pool *strings; /* of the last sample; see string_pool_next() */
	struct strbuf text; /* scratch for files */
};

/* A sample that is being taken. */
struct sampling {
	struct collector *c;
	struct snapshot *s;
	enum sample_kind kind;
	int code; /* 0 or -errno, with @why filled */
	struct error *why;
	/* The current namespace, for rows with each_netns. */
	struct open_netns *netns;
	uint32_t netns_idx;
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

static uint32_t find_ifindex(const char *name, void *context)
{
	return diag_ifindex(context, name);
}

/*
 * Compiles the filter of the LISTEN dump, for each sample anew, as devices come and go. Nothing
 * may be left out when counters are needed: the ledger assigns them to all listeners. To find the
 * listener of a connection, every listener at its port is needed, whatever its address or device.
 * Where a condition tests devices, its addresses are matched as ss(8) does, not as the kernel does.
 */
static void compile_filter(struct collector *c, struct open_netns *netns)
{
	const struct filter_expr *condition = c->config.condition;
	unsigned int tests = BYTECODE_ADDRESS | BYTECODE_DEVICE;

	netns->filter.n = 0;
	if (!condition || netns->refuses_filter || needs(c, NEED_COUNTERS))
		return;
	if (needs(c, NEED_SYN_RECV | NEED_WAIT | NEED_WAIT_ALL | NEED_CONNECTIONS | NEED_GROUPS))
		tests = 0;
	else if (filter_expr_has(condition, EXPR_DEVICE))
		tests = BYTECODE_DEVICE;
	bytecode_compile(&netns->filter, condition, tests, find_ifindex, netns->diag);
}

static void list_ehash_dumps(struct collector *c)
{
	c->ehash.n = c->set.n;
	c->ehash.list = xreallocarray(c->ehash.list, c->ehash.n, sizeof(*c->ehash.list));
	for (size_t i = 0; i < c->set.n; i++)
		c->ehash.list[i] = &c->set.list[i]->ehash;
}

static void update_namespaces(struct sampling *now)
{
	struct open_netns_set *set = &now->c->set;

	now->s->known |= now->c->config.all_namespaces ? SNAPSHOT_ALL_NETNS : 0;
	now->s->known |= needs(now->c, NEED_UNIX) ? SNAPSHOT_UNIX : 0; /* until a dump fails */
	if (set->check_ns <= clock_monotonic_ns())
		open_netns_set_check(set);
	list_ehash_dumps(now->c);
}

static void add_namespace(struct sampling *now)
{
	const struct open_netns *netns = now->netns;
	struct netns *ns = snapshot_add_netns(now->s);

	ns->cookie = netns->cookie;
	ns->inode = netns->inode;
	ns->serial = netns->serial;
	ns->name = string_pool_adds(now->s->strings, netns->name);
	ns->pid = netns->pid;
	ns->of_process = netns->of_process;
	ns->own = netns->netns_fd == NETNS_HOME;
}

static void read_counters_before(struct sampling *now)
{
	open_netns_counters(now->netns, now->s, &now->s->netns[now->netns_idx].before,
			    &now->c->text);
}

static void dump_listeners(struct sampling *now)
{
	const struct collect_config *config = &now->c->config;
	struct ehash_dump *ehash = &now->netns->ehash;
	struct netns *ns = &now->s->netns[now->netns_idx];
	struct dump_time dumped;

	compile_filter(now->c, now->netns);
	ehash->listeners_before = ehash->listeners;
	ehash->listeners = (struct dump_time){ 0 };
	dumped.begin_ns = clock_monotonic_ns();
	now->code = open_netns_dump(now->netns, config->needs, config->family, now->s,
				    now->netns_idx, now->why);
	if (now->code < 0)
		return;
	dumped.end_ns = clock_monotonic_ns();
	ehash->listeners = dumped;
	ns->dump_begin_ns = dumped.begin_ns;
	ns->dump_end_ns = dumped.end_ns;
	ns->one_datagram = diag_datagrams(now->netns->diag) <= 1;
}

static void read_counters_after(struct sampling *now)
{
	struct netns *ns = &now->s->netns[now->netns_idx];

	open_netns_counters(now->netns, now->s, &ns->after, &now->c->text);
	quiet_read(&now->netns->ehash.quiet, &ns->after, clock_monotonic_ns());
}

static void add_unix_listeners(struct sampling *now)
{
	if (!unix_listeners_add(diag_netlink(now->netns->diag), now->s, now->netns_idx))
		now->s->known &= ~(uint32_t)SNAPSHOT_UNIX;
}

static void warn_about_namespaces(struct sampling *now)
{
	open_netns_set_warn(&now->c->set, now->s);
}

/* For the UNIX listeners in the sample: since when is the first connection in the queue the same?
 */
static void follow_unix_queues(struct sampling *now)
{
	struct collector *c = now->c;

	if (!needs(c, NEED_WINDOW))
		return;
	unix_queues_begin(&c->unix_queues, clock_monotonic_ns());
	for (uint32_t i = 0; i < c->set.n; i++)
		unix_queues_take(&c->unix_queues, diag_netlink(c->set.list[i]->diag), now->s, i);
}

/* For UNIX listeners that are not shown: is a queue full, or does it not move? */
static void look_at_unix_queues(struct collector *c)
{
	unix_queues_begin(&c->unix_queues, clock_monotonic_ns());
	for (size_t i = 0; i < c->set.n; i++)
		unix_queues_add(&c->unix_queues, diag_netlink(c->set.list[i]->diag));
	unix_queues_end(&c->unix_queues, clock_monotonic_ns());
}

static void add_unix_queues(struct sampling *now)
{
	if (needs(now->c, NEED_UNIX))
		return;
	look_at_unix_queues(now->c);
	unix_queues_fill(&now->c->unix_queues, now->s);
}

/* The time of a sample is just after all its listeners were dumped. */
static void set_time(struct sampling *now)
{
	now->s->monotonic_ns = clock_monotonic_ns();
	now->s->wall = clock_wall();
}

static void set_peak_rate(struct collector *c)
{
	for (size_t i = 0; i < c->set.n; i++)
		peaks_set_rate(&c->set.list[i]->peaks,
			       needs(c, NEED_PEAK) ? c->config.peak_rate : 0, c->config.peak_share);
}

static uint64_t first_due(const struct collector *c)
{
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < c->set.n; i++)
		if (c->set.list[i]->peaks.due_ns < due)
			due = c->set.list[i]->peaks.due_ns;
	return due > c->rest_ns ? due : c->rest_ns;
}

/*
 * A fast sample that is so late is missed: the program was stopped, or the host was, or it was too
 * busy, or nobody read the output. A program that has to wait for a CPU waits for some 0.1 s.
 */
#define MISSED_NS NSEC_PER_SEC

/*
 * Notes for how long no fast sample was taken though one was due. Where a host has many processes
 * and listeners, the rest of the sample and the report take as long in every window: that is no
 * news.
 */
static void note_missed(struct collector *c, uint64_t now_ns)
{
	uint64_t due = first_due(c);

	if (c->cpu_ns && due <= now_ns && now_ns - due >= MISSED_NS)
		due += clock_thread_cpu_ns() - c->cpu_ns;
	c->cpu_ns = 0;
	if (due > now_ns || now_ns - due < MISSED_NS)
		return;
	c->missed_ns += now_ns - due;
	for (size_t i = 0; i < c->set.n; i++)
		peaks_miss(&c->set.list[i]->peaks, due, now_ns);
}

/* Is most of the window unseen? What is less leaves enough looks for a peak. */
static void find_blind(struct sampling *now)
{
	struct collector *c = now->c;
	struct snapshot *s = now->s;
	const uint64_t window_ns = s->monotonic_ns - c->sampled_ns;
	struct strbuf text = { 0 };

	note_missed(c, s->monotonic_ns);
	if (c->sampled_ns && 2 * c->missed_ns >= window_ns)
		s->blind_ns = c->missed_ns;
	c->missed_ns = 0;
	c->cpu_ns = clock_thread_cpu_ns();
	if (!s->blind_ns)
		return;
	strbuf_adds(&text, "no fast sample was taken for ");
	text_add_time(&text, s->blind_ns);
	strbuf_adds(&text, " of a window of ");
	text_add_time(&text, window_ns);
	snapshot_warn(s, "peaks-unavailable",
		      "%s, as listenq or the host was stopped or too busy, or the output was not "
		      "read: peaks are unknown but of queues that were seen full",
		      text.s);
	strbuf_free(&text);
}

/* That a queue was full is a fact; that it was never longer than at the looks is not. */
static void forget_peaks(struct snapshot *s, uint32_t netns_idx)
{
	for (size_t i = s->netns[netns_idx].first_listener;
	     i < s->n_listeners && s->listeners[i].addr.netns_idx == netns_idx; i++)
		if (!s->listeners[i].peak.full)
			s->listeners[i].known &= (uint16_t)~LISTENER_PEAK;
	for (size_t i = 0; i < s->n_gone; i++)
		if (!s->gone[i].peak.full)
			s->gone[i].known &= (uint16_t)~LISTENER_PEAK;
	s->netns[netns_idx].looked = false;
}

/* Ends one window of fast sampling and begins the next. */
static void begin_peak_window(struct sampling *now)
{
	struct collector *c = now->c;
	struct snapshot *s = now->s;

	find_blind(now);
	set_peak_rate(c);
	for (uint32_t i = 0; i < c->set.n; i++) {
		struct open_netns *netns = c->set.list[i];
		size_t gone = s->n_gone;

		if (!s->netns[i].failed)
			peaks_end(&netns->peaks, s, i);
		if (s->n_gone > gone)
			peaks_confirm_gone(&netns->peaks, netns->diag, s, i);
		if (s->blind_ns)
			forget_peaks(s, i);
		peaks_begin(&netns->peaks, s, i);
		/* Namespaces share one budget: spend it on those with listeners. */
		if (is_one_of_many(c) && !snapshot_has_listeners(s, i))
			netns->peaks.due_ns = UINT64_MAX;
	}
}

/* Not for a user who has chosen namespaces; and without a window, counters say nothing. */
static void add_others(struct sampling *now)
{
	const struct collect_config *config = &now->c->config;

	if (needs(now->c, NEED_WINDOW) && !config->all_namespaces && !config->n_namespaces)
		others_sample(&now->c->others, now->s);
}

static void build_groups(struct sampling *now)
{
	groups_build(now->s);
}

static void dump_ehash(struct sampling *now)
{
	ehash_dumps_complete(&now->c->ehash, now->s);
}

static void find_cgroups(struct sampling *now)
{
	cgroups_begin(&now->c->cgroups, now->s->strings);
	for (size_t i = 0; i < now->s->n_listeners; i++) {
		struct listener *l = &now->s->listeners[i];

		if (l->known & LISTENER_CGROUP_ID)
			l->cgroup = cgroups_path(&now->c->cgroups, l->cgroup_id);
	}
	if (now->c->cgroups.failed)
		snapshot_warn(
			now->s, "names-unavailable", "cannot find the names of all cgroups: %s%s",
			strerror(-now->c->cgroups.failed), error_advice(now->c->cgroups.failed));
}

static void find_interfaces(struct sampling *now)
{
	for (size_t i = 0; i < now->s->n_listeners; i++) {
		struct listener *l = &now->s->listeners[i];
		const struct open_netns *netns = now->c->set.list[l->addr.netns_idx];
		char name[IF_NAMESIZE];
		int code;

		if (!l->addr.ifindex)
			continue;
		code = diag_interface(netns->diag, l->addr.ifindex, name);
		if (code == 0)
			l->interface = string_pool_adds(now->s->strings, name);
		else if (code != -ENODEV) /* it was removed */
			snapshot_warn(now->s, "names-unavailable",
				      "cannot find the name of interface %u: %s", l->addr.ifindex,
				      strerror(-code));
	}
}

static bool needs_conditions(const struct sampling *now)
{
	return needs(now->c, NEED_CONDITIONS) && conditions_wanted(now->s);
}

/*
 * Conditions need the owners at both ends of a window: a process was throttled in it if its count
 * of throttlings grew. The scan of an opening sample does not delay the next one, which may have
 * to find the owners of new listeners.
 */
static void find_owners(struct sampling *now)
{
	struct owners *owners = &now->c->owners;
	bool closing = now->kind == SAMPLE_CLOSING;

	if (!needs_conditions(now) && !(closing && needs(now->c, NEED_OWNERS)))
		return;
	owners->cgroups = needs(now->c, NEED_UNITS);
	owners->warn = closing && needs(now->c, NEED_OWNERS_ASKED);
	owners_collect(owners, now->s);
	if (!closing)
		owners->look_ns = owners->scan_ns = 0;
}

static void read_conditions(struct sampling *now)
{
	struct conditions *conditions = &now->c->conditions;

	conditions_begin(conditions, now->s->strings);
	if (needs_conditions(now))
		conditions_collect(conditions, now->s, now->kind == SAMPLE_CLOSING);
}

static void read_sysctls(struct sampling *now)
{
	procfs_sysctls(&now->netns->files[NETNS_SYSCTLS], now->s,
		       &now->s->netns[now->netns_idx].sysctls);
}

static void identify_host(struct sampling *now)
{
	collector_identify(&now->c->base, now->s);
}

static void warn_about_drops(struct sampling *now)
{
	for (size_t i = 0; i < now->s->n_listeners; i++) {
		const struct listener *l = &now->s->listeners[i];

		if (listener_is_unix(l) || l->known & LISTENER_DROPS)
			continue;
		snapshot_warn(now->s, "drops-unavailable",
			      "this kernel does not count drops for each listener (4.7 and later "
			      "do)");
		break;
	}
}

/*
 * The parts of a sample, in the order in which they are collected: which function serves which
 * needs (model/needs.h). Adjacent rows with each_netns are called together: all of them for one
 * namespace, then all of them for the next.
 */
static const struct provider {
	unsigned int needs; /* enum need: called when any of these is needed */
	bool always; /* called in any case; the function reads the needs itself */
	bool each_netns; /* called once for each namespace */
	bool closing; /* called only for closing samples */
	void (*supply)(struct sampling *now); /* on failure fills now->code and now->why */
} provider_table[] = {
	{ NEED_NAMESPACES | NEED_NETNS_PID, .always = true, .supply = update_namespaces },
	{ 0, .always = true, .each_netns = true, .supply = add_namespace },
	{ NEED_COUNTERS, .each_netns = true, .supply = read_counters_before },
	{ NEED_DROPS | NEED_MPTCP, .always = true, .each_netns = true, .supply = dump_listeners },
	{ NEED_COUNTERS, .each_netns = true, .supply = read_counters_after },
	{ NEED_UNIX, .each_netns = true, .supply = add_unix_listeners },
	{ 0, .always = true, .supply = warn_about_namespaces },
	{ NEED_UNIX, .supply = follow_unix_queues },
	{ NEED_NOT_SHOWN, .supply = add_unix_queues },
	{ 0, .always = true, .supply = set_time },
	{ NEED_PEAK, .supply = begin_peak_window },
	{ NEED_NOT_SHOWN, .supply = add_others },
	{ NEED_GROUPS, .closing = true, .supply = build_groups },
	{ NEED_SYN_RECV | NEED_WAIT | NEED_WAIT_ALL | NEED_CONNECTIONS, .closing = true,
	  .supply = dump_ehash },
	{ NEED_CGROUP, .closing = true, .supply = find_cgroups },
	{ NEED_INTERFACE, .closing = true, .supply = find_interfaces },
	{ NEED_OWNERS | NEED_UNITS | NEED_OWNERS_ASKED | NEED_CONDITIONS, .supply = find_owners },
	{ NEED_CONDITIONS, .supply = read_conditions },
	{ NEED_SYSCTLS, .each_netns = true, .closing = true, .supply = read_sysctls },
	{ NEED_IDENTITY, .closing = true, .supply = identify_host },
	{ NEED_DROPS, .closing = true, .supply = warn_about_drops },
};

/*
 * When one of many namespaces fails, the report goes on with the others. Its counters are dropped
 * too: without its listeners, the ledger could not assign them.
 */
static void skip_netns(struct sampling *now)
{
	struct netns *ns = &now->s->netns[now->netns_idx];

	ns->before.known = 0;
	ns->failed = true;
	snapshot_drop_listeners(now->s, ns->first_listener);
	open_netns_set_skip(&now->c->set, now->netns, now->code);
	now->code = 0;
}

static void call(const struct provider *p, struct sampling *now)
{
	if (p->closing && now->kind != SAMPLE_CLOSING)
		return;
	if (p->always || needs(now->c, p->needs))
		p->supply(now);
}

static void call_for_each_netns(const struct provider *p, const struct provider *end,
				struct sampling *now)
{
	for (now->netns_idx = 0; now->netns_idx < now->c->set.n; now->netns_idx++) {
		now->netns = now->c->set.list[now->netns_idx];
		for (const struct provider *row = p; row < end && !now->code; row++)
			call(row, now);
		if (now->code && !is_one_of_many(now->c))
			return;
		if (now->code)
			skip_netns(now);
	}
}

static int take_sample(struct collector *c, enum sample_kind kind, struct snapshot *s,
		       struct error *why)
{
	struct sampling now = { .c = c, .s = s, .kind = kind, .why = why };
	const struct provider *p = provider_table, *end = p + ARRAY_SIZE(provider_table);

	snapshot_reset(s);
	c->strings = string_pool_next(c->strings);
	s->strings = string_pool_get(c->strings);
	while (p < end && !now.code) {
		const struct provider *first = p++;

		while (first->each_netns && p < end && p->each_netns)
			p++;
		if (first->each_netns)
			call_for_each_netns(first, p, &now);
		else
			call(first, &now);
	}
	return now.code;
}

#define LATE_NS (NSEC_PER_SEC / 20)

/*
 * To find owners may take most of a second. In that time no fast sample is taken, and the window
 * would have a gap. So an opening sample that took long is taken again: the owners are known by
 * then, and only verified.
 */
static int sample(struct sample_source *self, enum sample_kind kind, struct snapshot *s,
		  struct error *why)
{
	struct collector *c = collector_of(self);
	int code = take_sample(c, kind, s, why);

	if (code == 0 && kind == SAMPLE_OPENING) {
		if (clock_monotonic_ns() - s->monotonic_ns > LATE_NS)
			code = take_sample(c, kind, s, why);
		if (code == 0)
			ehash_dumps_open(&c->ehash, s);
	}
	if (code < 0)
		return code;
	s->previous_ns = c->sampled_ns;
	c->sampled_ns = s->monotonic_ns;
	return 0;
}

static uint64_t next_look(const struct sample_source *self)
{
	const struct collector *c = (const struct collector *)self;
	uint64_t due = first_due(c);

	if (c->unix_queues.due_ns < due)
		due = c->unix_queues.due_ns;
	return due < c->set.check_ns ? due : c->set.check_ns;
}

/* The next namespace that is due, after the one that was looked at last. */
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
	note_missed(c, now);
	netns = next_due(c, due > now ? due : now);
	peaks_look(&netns->peaks, netns->diag, c->config.family, &netns->filter);
	c->rest_ns = now + (uint64_t)((double)netns->peaks.cost_ns / c->config.peak_share);
}

static void set_needs(struct sample_source *self, unsigned int needs, uint16_t detail_port)
{
	struct collector *c = collector_of(self);

	if (needs & NEED_CONNECTIONS)
		needs |= NEED_SYN_RECV | NEED_GROUPS;
	if (!(needs & NEED_PEAK))
		c->missed_ns = 0;
	c->config.needs = c->ehash.needs = needs;
	c->ehash.detail_port = detail_port;
	open_netns_set_change_needs(&c->set, needs);
	set_peak_rate(c);
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
	/*
	 * The first search of other namespaces spends the budget of a whole window at once. So a
	 * short window counts as one second; a long one counts as five, so that the first sample
	 * is not slow.
	 */
	const double window = config->window < 1 ? 1 : config->window > 5 ? 5 : config->window;
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
	c->others.window_ns = (uint64_t)(window * (double)NSEC_PER_SEC);
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

void collector_identify(struct sample_source *source, struct snapshot *s)
{
	struct collector *c = collector_of(source);
	int code = procfs_read(c->root, "proc/sys/kernel/random/boot_id", &c->text);

	if (code == 0 && c->text.len >= sizeof(s->boot_id) - 1)
		memcpy(s->boot_id, c->text.s, sizeof(s->boot_id) - 1);
	if (processes_failed(code))
		snapshot_warn(s, "names-unavailable",
			      "cannot read /proc/sys/kernel/random/boot_id: %s", strerror(-code));
	if (gethostname(s->host, sizeof(s->host)) < 0) {
		snapshot_warn(s, "names-unavailable", "cannot read the name of the host: %s",
			      strerror(errno));
		s->host[0] = '\0';
	}
}

/* An inode alone may be that of another namespace by now; then the report does not compare it. */
static const struct netns *find_last(const struct snapshot *last, const struct open_netns *netns)
{
	for (size_t i = 0; i < last->n_netns; i++) {
		const struct netns *ns = &last->netns[i];

		if (netns->cookie ? ns->cookie == netns->cookie :
				    !ns->cookie && ns->inode == netns->inode)
			return ns;
	}
	return NULL;
}

void collector_resume(struct sample_source *source, const struct snapshot *last)
{
	struct collector *c = collector_of(source);

	for (size_t i = 0; i < c->set.n; i++) {
		struct open_netns *netns = c->set.list[i];
		const struct netns *ns = find_last(last, netns);

		if (!ns)
			continue;
		netns->ehash.listeners = (struct dump_time){ ns->dump_begin_ns, ns->dump_end_ns };
		waiting_resume(&netns->ehash.waiting, last, (uint32_t)(ns - last->netns));
	}
	unix_queues_resume(&c->unix_queues, last);
}

void collector_leave(struct sample_source *source, struct snapshot *s)
{
	struct collector *c = collector_of(source);

	for (uint32_t i = 0; i < c->set.n; i++)
		waiting_leave(&c->set.list[i]->ehash.waiting, s, i);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/remedy.h"

#include "analyse/holders.h"
#include "base/alloc.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define PIDS_MAX     16 /* in one command */
#define COUNTERS_MAX 4

/* What the commands are made from. */
struct target {
	const struct row *row; /* one listener: of a folded group its fullest member */
	uint32_t reasons;
	unsigned int text_flags;
	bool past; /* by now the numbers of processes may be those of others */
};

/* How a command names a process. */
struct pid_text {
	char s[12];
};

static struct pid_text pid_of(const struct target *t, uint32_t pid)
{
	struct pid_text text = { "PID" };

	if (!t->past)
		snprintf(text.s, sizeof(text.s), "%u", pid);
	return text;
}

/* Adds the name of a unit, a path or the like to a sentence. */
static void add_name(struct strbuf *to, const char *name, const struct target *t)
{
	text_add_safe(to, name, strlen(name), t->text_flags);
}

/* Begins the next command. */
static struct strbuf *begin(struct remedy *r)
{
	struct strbuf *command = &r->commands[r->n_commands++];

	command->len = 0;
	strbuf_adds(command, "");
	return command;
}

/* How to name the namespace of the listener to -N; NULL: it is our own, or unknown. */
static const char *foreign_netns(const struct target *t, struct pid_text *pid)
{
	const struct netns *ns = t->row->netns->netns;

	if (ns->own)
		return NULL;
	if (!ns->pid)
		return ns->name;
	*pid = pid_of(t, ns->pid);
	return pid->s;
}

/* Begins a command that has to run in the namespace of the listener. */
static struct strbuf *begin_inside(struct remedy *r, const struct target *t)
{
	struct strbuf *command = begin(r);
	struct pid_text pid;
	const char *netns = foreign_netns(t, &pid);

	if (!netns)
		return command;
	/* A process may be named like a namespace of ip(8), so it is preferred. */
	if (netns == pid.s || !netns[strspn(netns, "0123456789")]) {
		strbuf_addf(command, "nsenter -t %s -n ", netns);
		return command;
	}
	strbuf_adds(command, *netns == '/' ? "nsenter --net=" : "ip netns exec ");
	text_add_word(command, netns, t->text_flags);
	strbuf_putc(command, ' ');
	return command;
}

/* Adds the filter for the listener. A path is a pattern in filters, so only a plain one is used. */
static void add_filter(struct strbuf *to, const struct target *t)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-";
	const struct listener *l = t->row->listener;

	if (!listener_is_unix(l)) {
		strbuf_addf(to, "'sport = :%u'", l->addr.port);
		return;
	}
	if (l->name && !l->name[strspn(l->name, plain)])
		strbuf_addf(to, "'src %s'", l->name);
	else
		strbuf_addf(to, "'inode = %u'", l->inode);
}

/* A command of our own, for this listener. @options: without the "-" */
static void add_listenq(struct remedy *r, const struct target *t, const char *options, bool sudo)
{
	struct strbuf *command = begin(r);
	struct pid_text pid;
	const char *netns = foreign_netns(t, &pid);

	strbuf_addf(command, "%slistenq %s%s ", sudo ? "sudo " : "", options,
		    listener_is_unix(t->row->listener) ? " -x" : "");
	if (netns) {
		strbuf_adds(command, "-N ");
		text_add_word(command, netns, t->text_flags);
		strbuf_putc(command, ' ');
	}
	add_filter(command, t);
}

/* Returns the service that systemd runs @p in, NULL if it runs it in none. */
static const char *service_of(const struct process *p)
{
	const char *end = p && p->unit ? strrchr(p->unit, '.') : NULL;

	if (!end || strcmp(end, ".service") != 0 || !strncmp(p->unit, "user@", 5) || p->container ||
	    holder_is_manager(p))
		return NULL;
	return p->unit;
}

/* Process 1 may also be the server of a container. */
static bool is_systemd(const struct process *p)
{
	return holder_is_manager(p) && p->comm && !strcmp(p->comm, "systemd");
}

/* A worker that is in the kernel, or runs, says more than one that sleeps. */
static int rank(const struct process *p)
{
	if (!(p->known & PROCESS_STATE))
		return 1;
	return p->state == 'D' ? 3 : p->state == 'R' ? 2 : 1;
}

/* The workers of a preforked server are called like its master: "gunicorn: maste", "gunicorn:
 * worke". */
static bool is_worker(const struct process *p, const struct process *master)
{
	return p->comm && master->comm && !strncmp(p->comm, master->comm, 4);
}

/*
 * The process that should accept. The first one, with the lowest pid, is likely the master of a
 * preforked server, which leaves that to its workers. Other processes that follow it have likely
 * inherited a descriptor that they know nothing of.
 */
static const struct process *accepter(const struct target *t)
{
	struct holders h = holders_of(t->row);
	const struct process *first = holders_next(&h), *best = NULL;

	for (const struct process *p; (p = holders_next(&h));)
		if (is_worker(p, first) && !holder_is_stopped(p) && (!best || rank(p) > rank(best)))
			best = p;
	return best ? best : first;
}

/* Nobody is known who could be looked at. */
static void find_owner(struct remedy *r, const struct target *t)
{
	const bool hidden = t->row->netns->snapshot->known & SNAPSHOT_OWNERS_OF_OTHERS;

	if (t->row->listener->known & LISTENER_OWNERS) {
		strbuf_adds(&r->purpose, "find out what listens there: no process holds it, so it "
					 "is the kernel, or a descriptor on its way");
		return;
	}
	strbuf_adds(&r->purpose, "see which process holds it");
	add_listenq(r, t, "-p", hidden);
}

/* systemd holds the socket, and the service that it should start does not run. */
static void find_service(struct remedy *r)
{
	strbuf_adds(&r->purpose, "see which service systemd should start for it");
	strbuf_adds(begin(r), "systemctl list-sockets");
	strbuf_adds(begin(r), "systemctl --failed");
}

static void add_waits_for(struct remedy *r, const struct target *t, const struct process *p)
{
	const struct pid_text pid = pid_of(t, p->pid);

	if (rank(p) == 2) {
		strbuf_addf(&r->purpose, "see what process %s is busy with", pid.s);
		strbuf_addf(begin(r), "top -Hp %s", pid.s);
	} else {
		strbuf_addf(&r->purpose, "see what process %s waits for", pid.s);
	}
	if (rank(p) == 3) /* it does not return to where strace(1) could stop it */
		strbuf_addf(begin(r), "cat /proc/%s/stack", pid.s);
	else
		strbuf_addf(begin(r), "strace -fp %s", pid.s);
	if (r->n_commands < REMEDY_COMMANDS)
		strbuf_addf(begin(r), "grep . /proc/%s/task/*/wchan", pid.s);
}

static void look_at_process(struct remedy *r, const struct target *t)
{
	const struct process *p = accepter(t);

	if (!p)
		find_owner(r, t);
	else if (is_systemd(p))
		find_service(r);
	else
		add_waits_for(r, t, p);
}

/* Thaws: the file takes a number in cgroup v2, a word in v1. */
static void thaw(struct remedy *r, const struct target *t, const struct process *p)
{
	const char *file = p->freezer ? strrchr(p->freezer, '/') : NULL;
	struct strbuf *command;

	strbuf_adds(&r->purpose, "unpause its container, or thaw its cgroup");
	if (!p->freezer)
		return;
	command = begin(r);
	strbuf_addf(command, "echo %s > ",
		    file && !strcmp(file, "/freezer.state") ? "THAWED" : "0");
	text_add_word(command, p->freezer, t->text_flags);
}

static void continue_stopped(struct remedy *r, const struct target *t)
{
	const struct holder_count c = holders_count(t->row, holder_is_stopped);
	struct holders h = holders_of(t->row);
	const struct pid_text pid = pid_of(t, c.first->pid);
	struct strbuf *command;
	size_t n = 0;

	if (holder_is_frozen(c.first)) {
		thaw(r, t, c.first);
		return;
	}
	if (process_is_traced(c.first)) {
		strbuf_addf(&r->purpose,
			    "continue process %s in the debugger, or detach it; who "
			    "traces it",
			    pid.s);
		strbuf_addf(begin(r), "grep TracerPid /proc/%s/status", pid.s);
		return;
	}
	strbuf_adds(&r->purpose, c.n > 1 ? "continue them" : "continue it");
	if (c.n > PIDS_MAX)
		strbuf_addf(&r->purpose, ", here %u of %zu", PIDS_MAX, c.n);
	command = begin(r);
	strbuf_adds(command, "kill -CONT");
	for (const struct process *p; (p = holders_next(&h)) && n < PIDS_MAX;)
		if (holder_is_stopped(p) && !holder_is_frozen(p) && !process_is_traced(p) &&
		    !(t->past && n)) {
			strbuf_addf(command, " %s", pid_of(t, p->pid).s);
			n++;
		}
}

/* Those that are stopped may be all that would accept: what runs may be the master. */
static void find_stuck(struct remedy *r, const struct target *t)
{
	if (!holders_some(t->row, holder_is_stopped)) {
		look_at_process(r, t);
		return;
	}
	continue_stopped(r, t);
	if (holders_all(t->row, holder_is_stopped))
		return;
	strbuf_adds(&r->purpose, ", then look at those that run");
	if (r->n_commands < REMEDY_COMMANDS)
		strbuf_addf(begin(r), "strace -fp %s", pid_of(t, accepter(t)->pid).s);
}

static void continue_it(struct remedy *r, const struct target *t)
{
	if (holders_some(t->row, holder_is_stopped))
		continue_stopped(r, t);
	else
		look_at_process(r, t);
}

static void free_descriptors(struct remedy *r, const struct target *t)
{
	struct pid_text pid;
	const struct process *p = holders_count(t->row, holder_at_limit).first;
	const char *service = service_of(p);

	if (!p) {
		look_at_process(r, t);
		return;
	}
	pid = pid_of(t, p->pid);
	strbuf_addf(&r->purpose, "find the leak, or raise the limit of process %s", pid.s);
	if (service) {
		strbuf_adds(&r->purpose, ", for good with LimitNOFILE= of ");
		add_name(&r->purpose, service, t);
	}
	strbuf_addf(begin(r), "ls -l /proc/%s/fd", pid.s);
	strbuf_addf(begin(r), "prlimit -p %s --nofile=%llu", pid.s,
		    2 * (unsigned long long)p->fd_limit);
}

/* The unit that a cgroup with this file belongs to; NULL: of none. Fills @name. */
static const char *unit_of_file(const char *path, struct strbuf *name)
{
	static const char *const kinds[] = { ".service", ".scope", ".slice" };
	const char *end = strrchr(path, '/'), *start = end;

	while (start > path && start[-1] != '/')
		start--;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const size_t len = strlen(kinds[i]);

		if ((size_t)(end - start) > len && !memcmp(end - len, kinds[i], len)) {
			strbuf_add(name, start, (size_t)(end - start));
			return name->s;
		}
	}
	return NULL;
}

static void raise_quota(struct remedy *r, const struct target *t)
{
	const struct process *p = holders_count(t->row, holder_is_throttled).first;
	struct strbuf name = { 0 }, *command;
	const char *unit;

	if (!p || !p->quota) {
		strbuf_adds(&r->purpose, "raise its CPU quota");
		return;
	}
	unit = unit_of_file(p->quota, &name);
	strbuf_adds(&r->purpose, "see its CPU quota, then lift it until it is set anew");
	command = begin(r);
	strbuf_adds(command, "cat ");
	text_add_word(command, p->quota, t->text_flags);
	command = begin(r);
	if (unit) {
		strbuf_adds(command, "systemctl set-property --runtime ");
		text_add_word(command, unit, t->text_flags);
		strbuf_adds(command, " CPUQuota=");
	} else {
		strbuf_addf(command, "echo %s > ",
			    strstr(p->quota, "/cpu.cfs_quota_us") ? "-1" : "max");
		text_add_word(command, p->quota, t->text_flags);
	}
	strbuf_free(&name);
}

static bool has(const struct target *t, enum reason reason)
{
	return t->reasons & 1u << reason;
}

/* The command that raises the limit where a sysctl has set it. */
static void raise_somaxconn(struct remedy *r, const struct target *t)
{
	const uint64_t usual = 4096, limit = t->row->listener->limit; /* usual: since Linux 5.4 */
	const char *service = service_of(accepter(t));
	struct strbuf *command = begin_inside(r, t);

	strbuf_addf(command, "sysctl -w net.core.somaxconn=%llu",
		    (unsigned long long)(limit < usual ? usual : 2 * limit));
	if (service) {
		strbuf_adds(command, " && systemctl restart ");
		text_add_word(command, service, t->text_flags);
	}
}

static void relieve(struct remedy *r, const struct target *t)
{
	struct holders h = holders_of(t->row);
	const struct process *p = accepter(t);
	struct strbuf *command;
	size_t n = 0;

	if (!p || is_systemd(p)) {
		look_at_process(r, t);
		return;
	}
	strbuf_adds(&r->purpose, "see whether it is out of CPU, and add workers");
	command = begin(r);
	if (t->past) {
		strbuf_adds(command, "top -p PID");
	} else if (p == holders_next(&h) && !holders_next(&h)) {
		strbuf_addf(command, "top -Hp %u", p->pid);
	} else {
		strbuf_adds(command, "top -p ");
		h = holders_of(t->row);
		for (; (p = holders_next(&h)) && n < PIDS_MAX; n++)
			strbuf_addf(command, n ? ",%u" : "%u", p->pid);
	}
	if (has(t, REASON_LIMIT_FROM_SOMAXCONN)) {
		strbuf_adds(&r->purpose, "; against bursts raise somaxconn");
		raise_somaxconn(r, t);
	}
}

static void raise_limit(struct remedy *r, const struct target *t)
{
	const char *service = service_of(accepter(t));
	struct strbuf *command;

	if (has(t, REASON_LIMIT_FROM_SOMAXCONN)) {
		strbuf_adds(&r->purpose, "raise somaxconn, and restart the program");
		raise_somaxconn(r, t);
		return;
	}
	strbuf_addf(&r->purpose, "raise the backlog of %u in its configuration, and restart it",
		    t->row->listener->limit);
	if (!service)
		return;
	command = begin(r);
	strbuf_adds(command, "systemctl restart ");
	text_add_word(command, service, t->text_flags);
}

static void find_flood(struct remedy *r, const struct target *t)
{
	strbuf_adds(&r->purpose, "see which networks it comes from, and whether cookies come back");
	add_listenq(r, t, "-D", false);
	strbuf_adds(begin_inside(r, t), "nstat -az 'TcpExtSyncookies*'");
}

static void set_sysctl(struct remedy *r, const struct target *t, const char *purpose,
		       const char *setting)
{
	strbuf_adds(&r->purpose, purpose);
	strbuf_addf(begin_inside(r, t), "sysctl -w %s", setting);
}

static void stop_resets(struct remedy *r, const struct target *t)
{
	set_sysctl(r, t, "let clients retry in place of a RST", "net.ipv4.tcp_abort_on_overflow=0");
}

static void turn_cookies_on(struct remedy *r, const struct target *t)
{
	set_sysctl(r, t, "turn syncookies on, and see who is half-open",
		   "net.ipv4.tcp_syncookies=1");
	add_listenq(r, t, "-D", false);
}

/* What a full queue needs is unknown until it is known whether the program accepts. */
static void see_whether_it_accepts(struct remedy *r, const struct target *t)
{
	strbuf_adds(&r->purpose, "see whether it accepts, in a longer window");
	add_listenq(r, t, "-d 5 -p", false);
}

static void read_counters(struct remedy *r, const struct target *t)
{
	static const enum counter_id losses[] = {
		COUNTER_LISTEN_DROPS,	COUNTER_REQQ_FULL_DROP,	   COUNTER_COOKIES_FAILED,
		COUNTER_EMBRYONIC_RSTS, COUNTER_FASTOPEN_OVERFLOW, COUNTER_MIGRATE_FAILURE
	};
	struct strbuf *command;
	size_t n = 0;

	if (verdict_drops_syns(t->row)) {
		turn_cookies_on(r, t);
		return;
	}
	strbuf_adds(&r->purpose, "look at the counters that moved");
	command = begin_inside(r, t);
	strbuf_adds(command, "nstat -az");
	for (size_t i = 0; i < ARRAY_SIZE(losses) && n < COUNTERS_MAX; i++) {
		const struct opt_u64 *delta = &t->row->netns->delta[losses[i]];
		const struct counter_info *info = &counter_table[losses[i]];

		if (!delta->known || !delta->value)
			continue;
		strbuf_addf(command, " %s%s", info->prefix, info->name);
		n++;
	}
	if (!n)
		strbuf_adds(command, " 'TcpExtListen*'");
}

static void find_half_open(struct remedy *r, const struct target *t)
{
	strbuf_adds(&r->purpose, "see who is half-open");
	add_listenq(r, t, "-D", false);
}

static void watch(struct remedy *r, const struct target *t)
{
	strbuf_adds(&r->purpose, "watch it");
	add_listenq(r, t, "--top", false);
}

/* clang-format off */
struct remedy_row {
	void (*fill)(struct remedy *r, const struct target *t);
	const char *caution;
};

static const char no_backlog[] = "A larger backlog does not help while it is stuck.";

/* Those without advice of their own have none here, see verdict_adviser(). */
static const struct remedy_row by_reason[REASON_N] = {
	[REASON_STOPPED] = { continue_it, NULL },
	[REASON_FD_LIMIT] = { free_descriptors, NULL },
	[REASON_THROTTLED] = { raise_quota, NULL },
	[REASON_NOT_ACCEPTING] = { find_stuck, no_backlog },
	[REASON_ACCEPTING_SLOWLY] = { relieve, "A larger backlog helps against bursts only." },
	[REASON_SYN_FLOOD] = { find_flood, "No limit helps against a flood; syncookies do." },
	[REASON_SYN_BURST] = { raise_limit, NULL },
	[REASON_DEAD_CLIENTS] = { find_stuck, NULL },
	[REASON_RESETS_CLIENTS] = { stop_resets, NULL },
	[REASON_BLOCKS_CLIENTS] = { find_stuck, NULL },
	[REASON_LIMIT_FROM_SYN_BACKLOG] = { turn_cookies_on, NULL },
};

static const struct remedy_row by_state[STATE_N] = {
	[STATE_OVERFLOWING] = { see_whether_it_accepts, "Raise no limit before that is known." },
	[STATE_FULL] = { see_whether_it_accepts, "Raise no limit before that is known." },
	[STATE_STALLED] = { find_stuck, no_backlog },
	[STATE_DROPPING] = { read_counters, NULL },
	[STATE_SYN_FULL] = { find_half_open, NULL },
	[STATE_HIGH] = { watch, NULL },
};
/* clang-format on */

static void empty(struct remedy *r)
{
	r->purpose.len = 0;
	strbuf_adds(&r->purpose, "");
	r->n_commands = 0;
	r->caution = NULL;
}

bool remedy_find(struct remedy *r, const struct row *row, enum state state, uint32_t reasons,
		 unsigned int text_flags)
{
	const enum reason adviser = verdict_adviser(reasons);
	const struct row *member =
		row->folded && adviser < REASON_N ? verdict_member(row, adviser) : NULL;
	const struct target t = { member ? member : row, reasons, text_flags, r->now };
	const struct remedy_row *found =
		adviser < REASON_N ? &by_reason[adviser] : &by_state[state];

	empty(r);
	if (!state_is_sick(state) || !found->fill)
		return false;
	found->fill(r, &t);
	r->caution = found->caution;
	return true;
}

/*
 * As systemd reads it: "-6min", or "@1795903200", seconds since 1970 and one word where a line
 * breaks. It holds still on a screen, and begins before what happened.
 */
static void add_since(struct strbuf *to, uint64_t began_ns, const struct timespec *now)
{
	const uint64_t minute = 60 * NSEC_PER_SEC;
	time_t began;

	if (!now) {
		strbuf_addf(to, " --since -%llumin", (unsigned long long)(began_ns / minute + 1));
		return;
	}
	began = clock_before(*now, began_ns).tv_sec;
	strbuf_addf(to, " --since @%lld", (long long)(began - began % 60));
}

/* @by_pid: what the process that is there now logged is enough */
static bool find_logged(struct remedy *r, const struct row *row, const char *process, bool by_pid,
			uint64_t began_ns, unsigned int text_flags)
{
	const struct target t = { row, 0, text_flags, r->now };
	const struct process *p = row->gone ? NULL : accepter(&t);
	const char *service = service_of(p);
	struct strbuf *command;

	empty(r);
	if (!p && !process)
		return false;
	strbuf_adds(&r->purpose, "see what it logged");
	command = begin(r);
	strbuf_adds(command, "journalctl ");
	if (service) {
		strbuf_adds(command, "-u ");
		text_add_word(command, service, text_flags);
	} else if (p && (by_pid || !process)) {
		strbuf_addf(command, "_PID=%u", p->pid);
	} else {
		strbuf_adds(command, "_COMM=");
		text_add_word(command, process, text_flags);
	}
	add_since(command, began_ns, r->now);
	return true;
}

bool remedy_ended(struct remedy *r, const struct row *row, const char *process, uint64_t began_ns,
		  unsigned int text_flags)
{
	return find_logged(r, row, process, true, began_ns, text_flags);
}

bool remedy_restarts(struct remedy *r, const struct row *row, const char *process,
		     uint64_t began_ns, unsigned int text_flags)
{
	return find_logged(r, row, process, false, began_ns, text_flags);
}

/* systemd reads times in UTC on a host in any time zone. */
static void add_time(struct strbuf *to, const char *option, time_t t)
{
	char text[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	strbuf_addf(to, " --%s '%s UTC'", option, text);
}

void remedy_logged(struct remedy *r, const struct process *p, struct timespec from,
		   struct timespec to, unsigned int text_flags)
{
	const char *service = service_of(p);
	struct strbuf *command;

	empty(r);
	strbuf_adds(&r->purpose, "see what it logged");
	command = begin(r);
	strbuf_adds(command, service ? "journalctl -u " : "journalctl _COMM=");
	text_add_word(command, service ? service : p->comm, text_flags);
	add_time(command, "since", from.tv_sec - 60);
	add_time(command, "until", to.tv_sec + 60);
}

void remedy_add(struct strbuf *to, const struct remedy *r)
{
	strbuf_add(to, r->purpose.s, r->purpose.len);
	for (size_t i = 0; i < r->n_commands; i++) {
		strbuf_adds(to, i ? "  or: " : ":  ");
		strbuf_adds(to, r->commands[i].s);
	}
}

void remedy_free(struct remedy *r)
{
	strbuf_free(&r->purpose);
	for (size_t i = 0; i < REMEDY_COMMANDS; i++)
		strbuf_free(&r->commands[i]);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/fold.h"
#include "analyse/remedy.h"
#include "model/groups.h"

#include <sys/socket.h>

/* A full listener on port 80, and its owners, which each test makes. */
static struct scene s;
static struct remedy remedy;
static struct strbuf b;

static int setup(void **state)
{
	memset(&s, 0, sizeof(s));
	memset(&remedy, 0, sizeof(remedy));
	b = (struct strbuf){ 0 };
	scene_open(&s);
	s.now.netns[0].own = true;
	s.now.netns[0].name = "systemd[1]";
	s.now.netns[0].pid = 1;
	scene_add_both(&s, 80);
	scene_before(&s, 80)->length = scene_now(&s, 80)->length = 129;
	scene_now(&s, 80)->known |= LISTENER_OWNERS;
	return 0;
}

static int teardown(void **state)
{
	scene_close(&s);
	strbuf_free(&b);
	remedy_free(&remedy);
	return 0;
}

/* Of the listener that was added last. */
static struct process *add_owner(uint32_t pid, char state, const char *comm)
{
	struct listener *l = &s.now.listeners[s.now.n_listeners - 1];
	struct process *p;

	snapshot_size_owners(&s.now, s.now.n_owners + 1, s.now.n_processes + 1);
	p = &s.now.processes[s.now.n_processes - 1];
	*p = (struct process){ .comm = comm, .pid = pid, .known = PROCESS_STATE, .state = state };
	s.now.owners[s.now.n_owners - 1] = (struct owner){ (uint32_t)s.now.n_processes - 1, 3 };
	if (!l->n_owners++)
		l->first_owner = (uint32_t)s.now.n_owners - 1;
	return p;
}

static void assert_remedy(bool found, const char *expected)
{
	b.len = 0;
	strbuf_adds(&b, "");
	assert_int_equal(found, expected != NULL);
	if (!found) {
		assert_u64_equal(remedy.n_commands, 0);
		assert_u64_equal(remedy.purpose.len, 0);
		assert_null(remedy.caution);
		return;
	}
	remedy_add(&b, &remedy);
	if (remedy.caution)
		strbuf_addf(&b, " (%s)", remedy.caution);
	assert_string_equal(b.s, expected);
}

/* What is done for a row in that state for these reasons; NULL: nothing. */
static void assert_done_for(enum state state, uint32_t reasons, const char *expected)
{
	assert_remedy(remedy_find(&remedy, scene_row(&s, 80), state, reasons, 0), expected);
}

static void assert_done(enum reason reason, const char *expected)
{
	assert_done_for(STATE_FULL, 1u << reason, expected);
}

#define STUCK " (A larger backlog does not help while it is stuck.)"

static void test_stopped(void **state)
{
	struct process *p = add_owner(11, 'T', "app");

	assert_done(REASON_STOPPED, "continue it:  kill -CONT 11");
	p->state = 't';
	assert_done(REASON_STOPPED, "continue process 11 in the debugger, or detach it; who traces "
				    "it:  grep TracerPid /proc/11/status");
	p->state = 'T';
	for (uint32_t pid = 12; pid < 27; pid++)
		add_owner(pid, 'T', "app");
	assert_done(REASON_STOPPED,
		    "continue them:  kill -CONT 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26");
	add_owner(27, 'T', "app");
	assert_done(REASON_STOPPED, "continue them, here 16 of 17:  "
				    "kill -CONT 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26");
}

/* A process that is long gone: another one may have its number. */
static void test_past(void **state)
{
	static const struct timespec then = { .tv_sec = 1795903265 };
	struct process *p = add_owner(11, 'T', "app");

	remedy.now = &then;
	assert_done(REASON_STOPPED, "continue it:  kill -CONT PID");
	add_owner(12, 'T', "app");
	assert_done(REASON_STOPPED, "continue them:  kill -CONT PID");
	assert_done(REASON_ACCEPTING_SLOWLY,
		    "see whether it is out of CPU, and add workers:  top -p PID "
		    "(A larger backlog helps against bursts only.)");
	s.now.processes[0].state = s.now.processes[1].state = 'R';
	assert_done(REASON_NOT_ACCEPTING, "see what process PID is busy with:  top -Hp PID  or: "
					  "strace -fp PID" STUCK);
	p = &s.now.processes[0];
	p->known |= PROCESS_OPEN_FDS | PROCESS_FD_LIMIT;
	p->open_fds = p->fd_limit = 64;
	assert_done(REASON_FD_LIMIT, "find the leak, or raise the limit of process PID:  "
				     "ls -l /proc/PID/fd  or: prlimit -p PID --nofile=128");
	s.now.netns[0].own = false;
	s.now.netns[0].pid = 77;
	assert_done(REASON_RESETS_CLIENTS, "let clients retry in place of a RST:  "
					   "nsenter -t PID -n "
					   "sysctl -w net.ipv4.tcp_abort_on_overflow=0");
	assert_done_for(STATE_HIGH, 0, "watch it:  listenq --top -N PID 'sport = :80'");
}

static void test_frozen(void **state)
{
	struct process *p = add_owner(11, 'S', "app");

	p->known |= PROCESS_FROZEN;
	p->frozen = true;
	assert_done(REASON_STOPPED, "unpause its container, or thaw its cgroup");
	p->freezer = "/sys/fs/cgroup/a b'c/cgroup.freeze";
	assert_done(REASON_STOPPED, "unpause its container, or thaw its cgroup:  "
				    "echo 0 > '/sys/fs/cgroup/a b'\\''c/cgroup.freeze'");
	p->freezer = "/sys/fs/cgroup/freezer/a/freezer.state";
	assert_done(REASON_STOPPED, "unpause its container, or thaw its cgroup:  "
				    "echo THAWED > /sys/fs/cgroup/freezer/a/freezer.state");
	p->freezer = "/sys/fs/cgroup/a\x1b\\/cgroup.freeze";
	assert_done(REASON_STOPPED, "unpause its container, or thaw its cgroup:  "
				    "echo 0 > $'/sys/fs/cgroup/a\\x1b\\x5c/cgroup.freeze'");
}

/* The history may hold a reason that this report lacks: what runs again is looked at. */
static void test_stopped_no_more(void **state)
{
	add_owner(11, 'S', "app");
	assert_done(REASON_STOPPED, "see what process 11 waits for:  strace -fp 11  or: "
				    "grep . /proc/11/task/*/wchan");
}

static void test_fd_limit(void **state)
{
	struct process *p = add_owner(11, 'S', "app");

	p->known |= PROCESS_OPEN_FDS | PROCESS_FD_LIMIT;
	p->open_fds = p->fd_limit = 64;
	assert_done(REASON_FD_LIMIT, "find the leak, or raise the limit of process 11:  "
				     "ls -l /proc/11/fd  or: prlimit -p 11 --nofile=128");
	p->unit = "app@1.service";
	assert_done(REASON_FD_LIMIT, "find the leak, or raise the limit of process 11, for good "
				     "with LimitNOFILE= of app@1.service:  "
				     "ls -l /proc/11/fd  or: prlimit -p 11 --nofile=128");
	p->open_fds--; /* by now */
	assert_done(REASON_FD_LIMIT, "see what process 11 waits for:  strace -fp 11  or: "
				     "grep . /proc/11/task/*/wchan");
}

static void test_throttled(void **state)
{
	struct process *p = add_owner(11, 'R', "app");

	assert_done(REASON_THROTTLED, "raise its CPU quota");
	p->known |= PROCESS_THROTTLED;
	p->throttled = true;
	assert_done(REASON_THROTTLED, "raise its CPU quota");
	p->quota = "/sys/fs/cgroup/system.slice/app\\x2d1.service/cpu.max";
	assert_done(REASON_THROTTLED,
		    "see its CPU quota, then lift it until it is set anew:  "
		    "cat '/sys/fs/cgroup/system.slice/app\\x2d1.service/cpu.max'  or: "
		    "systemctl set-property --runtime 'app\\x2d1.service' CPUQuota=");
	p->quota = "/sys/fs/cgroup/docker/0123/cpu.max";
	assert_done(REASON_THROTTLED, "see its CPU quota, then lift it until it is set anew:  "
				      "cat /sys/fs/cgroup/docker/0123/cpu.max  or: "
				      "echo max > /sys/fs/cgroup/docker/0123/cpu.max");
	p->quota = "/.slice/cpu.max"; /* no name */
	assert_done(REASON_THROTTLED, "see its CPU quota, then lift it until it is set anew:  "
				      "cat /.slice/cpu.max  or: echo max > /.slice/cpu.max");
	p->quota = "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us";
	assert_done(REASON_THROTTLED, "see its CPU quota, then lift it until it is set anew:  "
				      "cat /sys/fs/cgroup/cpu/a/cpu.cfs_quota_us  or: "
				      "echo -1 > /sys/fs/cgroup/cpu/a/cpu.cfs_quota_us");
}

static void test_not_accepting(void **state)
{
	static const enum reason reasons[] = { REASON_DEAD_CLIENTS, REASON_BLOCKS_CLIENTS };
	struct process *p = add_owner(11, 'S', "app");

	assert_done(REASON_NOT_ACCEPTING, "see what process 11 waits for:  strace -fp 11  or: "
					  "grep . /proc/11/task/*/wchan" STUCK);
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		assert_done(reasons[i], "see what process 11 waits for:  strace -fp 11  or: "
					"grep . /proc/11/task/*/wchan");
	assert_done_for(STATE_STALLED, 0,
			"see what process 11 waits for:  strace -fp 11  or: "
			"grep . /proc/11/task/*/wchan" STUCK);
	p->state = 'D';
	assert_done(REASON_NOT_ACCEPTING, "see what process 11 waits for:  cat /proc/11/stack  or: "
					  "grep . /proc/11/task/*/wchan" STUCK);
	p->state = 'R';
	assert_done(REASON_NOT_ACCEPTING, "see what process 11 is busy with:  top -Hp 11  or: "
					  "strace -fp 11" STUCK);
}

/* Workers accept, their master does not. What inherited a descriptor knows nothing of it. */
static void test_which_process(void **state)
{
	struct process *p;

	add_owner(11, 'S', "gunicorn: maste");
	add_owner(12, 'S', "sleep");
	assert_done(REASON_NOT_ACCEPTING, "see what process 11 waits for:  strace -fp 11  or: "
					  "grep . /proc/11/task/*/wchan" STUCK);
	add_owner(13, 'S', "gunicorn: worke");
	assert_done(REASON_NOT_ACCEPTING, "see what process 13 waits for:  strace -fp 13  or: "
					  "grep . /proc/13/task/*/wchan" STUCK);
	p = add_owner(14, 'D', "gunicorn: worke");
	assert_done(REASON_NOT_ACCEPTING, "see what process 14 waits for:  cat /proc/14/stack  or: "
					  "grep . /proc/14/task/*/wchan" STUCK);
	p->known = 0;
	assert_done(REASON_NOT_ACCEPTING, "see what process 13 waits for:  strace -fp 13  or: "
					  "grep . /proc/13/task/*/wchan" STUCK);
	p->known = PROCESS_STATE;
	p->state = 'T';
	assert_done(REASON_NOT_ACCEPTING, "continue it, then look at those that run:  "
					  "kill -CONT 14  or: strace -fp 13" STUCK);
}

static void test_manager(void **state)
{
	struct process *p = add_owner(1, 'S', "systemd");

	assert_done(REASON_NOT_ACCEPTING, "see which service systemd should start for it:  "
					  "systemctl list-sockets  or: systemctl --failed" STUCK);
	p->comm = "app"; /* of a container */
	assert_done(REASON_NOT_ACCEPTING, "see what process 1 waits for:  strace -fp 1  or: "
					  "grep . /proc/1/task/*/wchan" STUCK);
	p = add_owner(700, 'S', "app");
	assert_done(REASON_NOT_ACCEPTING, "see what process 700 waits for:  strace -fp 700  or: "
					  "grep . /proc/700/task/*/wchan" STUCK);
	p->unit = "init.scope";
	p->comm = s.now.processes[0].comm = "systemd";
	assert_done(REASON_ACCEPTING_SLOWLY,
		    "see which service systemd should start for it:  systemctl list-sockets  or: "
		    "systemctl --failed (A larger backlog helps against bursts only.)");
}

/* Without privilege the owner is unknown; the kernel's own listeners have none. */
static void test_nobody(void **state)
{
	static const enum reason reasons[] = { REASON_STOPPED, REASON_FD_LIMIT,
					       REASON_DEAD_CLIENTS };
	struct listener *l = scene_now(&s, 80);

	assert_done(REASON_NOT_ACCEPTING,
		    "find out what listens there: no process holds it, so it is the kernel, or a "
		    "descriptor on its way" STUCK);
	l->known &= (uint16_t)~LISTENER_OWNERS;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		assert_done(reasons[i], "see which process holds it:  listenq -p 'sport = :80'");
	s.now.known |= SNAPSHOT_OWNERS_OF_OTHERS;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		assert_done(reasons[i],
			    "see which process holds it:  sudo listenq -p 'sport = :80'");
}

static void test_unix(void **state)
{
	struct listener *l = scene_now(&s, 80);

	l->known &= (uint16_t)~LISTENER_OWNERS;
	l->addr.family = AF_UNIX;
	l->inode = 4711;
	l->name = "/run/app.sock";
	assert_done(REASON_BLOCKS_CLIENTS,
		    "see which process holds it:  listenq -p -x 'src /run/app.sock'");
	l->name = "/run/my app.sock"; /* would be two words of the filter */
	assert_done(REASON_BLOCKS_CLIENTS,
		    "see which process holds it:  listenq -p -x 'inode = 4711'");
	l->name = NULL;
	assert_done(REASON_BLOCKS_CLIENTS,
		    "see which process holds it:  listenq -p -x 'inode = 4711'");
}

#define BURSTS " (A larger backlog helps against bursts only.)"

static void test_accepting_slowly(void **state)
{
	const uint32_t somaxconn =
		1u << REASON_ACCEPTING_SLOWLY | 1u << REASON_LIMIT_FROM_SOMAXCONN;
	struct process *p = add_owner(11, 'R', "app");

	assert_done(REASON_ACCEPTING_SLOWLY,
		    "see whether it is out of CPU, and add workers:  top -Hp 11" BURSTS);
	assert_done_for(STATE_HIGH, somaxconn,
			"see whether it is out of CPU, and add workers; against bursts raise "
			"somaxconn:  top -Hp 11  or: sysctl -w net.core.somaxconn=4096" BURSTS);
	p->unit = "app.service";
	scene_now(&s, 80)->limit = 4096;
	assert_done_for(STATE_HIGH, somaxconn,
			"see whether it is out of CPU, and add workers; against bursts raise "
			"somaxconn:  top -Hp 11  or: sysctl -w net.core.somaxconn=8192 && "
			"systemctl restart app.service" BURSTS);
	add_owner(12, 'R', "app");
	assert_done(REASON_ACCEPTING_SLOWLY,
		    "see whether it is out of CPU, and add workers:  top -p 11,12" BURSTS);
}

static void test_syn_queue(void **state)
{
	struct process *p = add_owner(11, 'S', "app");

	assert_done(REASON_SYN_FLOOD,
		    "see which networks it comes from, and whether cookies come back:  "
		    "listenq -D 'sport = :80'  or: nstat -az 'TcpExtSyncookies*' "
		    "(No limit helps against a flood; syncookies do.)");
	assert_done(REASON_SYN_BURST, "raise the backlog of 128 in its configuration, and restart "
				      "it");
	p->unit = "app.service";
	assert_done(REASON_SYN_BURST, "raise the backlog of 128 in its configuration, and restart "
				      "it:  systemctl restart app.service");
	assert_done_for(STATE_SYN_FULL, 1u << REASON_SYN_BURST | 1u << REASON_LIMIT_FROM_SOMAXCONN,
			"raise somaxconn, and restart the program:  "
			"sysctl -w net.core.somaxconn=4096 && systemctl restart app.service");
	assert_done(REASON_LIMIT_FROM_SYN_BACKLOG,
		    "turn syncookies on, and see who is half-open:  "
		    "sysctl -w net.ipv4.tcp_syncookies=1  or: listenq -D 'sport = :80'");
}

/* Only a service that systemd can restart is restarted. */
static void test_no_service(void **state)
{
	static const char *const units[] = { "session-3.scope", "user@1000.service", "init.scope",
					     "machine" };
	struct process *p = add_owner(11, 'S', "app");

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		p->unit = units[i];
		assert_done(REASON_SYN_BURST,
			    "raise the backlog of 128 in its configuration, and restart it");
	}
	p->unit = "docker.service";
	p->container = "0123456789ab";
	assert_done(REASON_SYN_BURST,
		    "raise the backlog of 128 in its configuration, and restart it");
}

static void test_resets(void **state)
{
	assert_done(REASON_RESETS_CLIENTS, "let clients retry in place of a RST:  "
					   "sysctl -w net.ipv4.tcp_abort_on_overflow=0");
}

/* States whose reasons give no advice. A limit alone does not say that it should be raised. */
static void test_states(void **state)
{
	static const enum state full[] = { STATE_OVERFLOWING, STATE_FULL };

	for (size_t i = 0; i < ARRAY_SIZE(full); i++)
		assert_done_for(full[i], 1u << REASON_LIMIT_FROM_SOMAXCONN,
				"see whether it accepts, in a longer window:  "
				"listenq -d 5 -p 'sport = :80' "
				"(Raise no limit before that is known.)");
	assert_done_for(STATE_SYN_FULL, 1u << REASON_LIMIT_FROM_LISTEN,
			"see who is half-open:  listenq -D 'sport = :80'");
	assert_done_for(STATE_HIGH, 0, "watch it:  listenq --top 'sport = :80'");
	assert_done_for(STATE_OK, 0, NULL);
	assert_done_for(STATE_OK, 1u << REASON_STOPPED, NULL);
	assert_done_for(STATE_GONE, 0, NULL);
}

static void test_dropping(void **state)
{
	assert_done_for(STATE_DROPPING, 0,
			"look at the counters that moved:  nstat -az 'TcpExtListen*'");
	scene_count(&s, COUNTER_LISTEN_DROPS, 0, 0, 3, 3);
	scene_count(&s, COUNTER_MIGRATE_FAILURE, 0, 0, 2, 2);
	scene_count(&s, COUNTER_PASSIVE_OPENS, 0, 0, 2, 2);
	assert_done_for(STATE_DROPPING, 0,
			"look at the counters that moved:  "
			"nstat -az TcpExtListenDrops TcpExtTCPMigrateReqFailure");
	s.now.netns[0].sysctls.value[SYSCTL_SYNCOOKIES] = 0;
	s.now.netns[0].sysctls.value[SYSCTL_MAX_SYN_BACKLOG] = -1;
	assert_done_for(STATE_DROPPING, 0,
			"turn syncookies on, and see who is half-open:  "
			"sysctl -w net.ipv4.tcp_syncookies=1  or: listenq -D 'sport = :80'");
}

/* What belongs to another namespace is looked at there; a pid needs none. */
static void test_namespaces(void **state)
{
	struct netns *ns = &s.now.netns[0];

	ns->own = false;
	ns->pid = 300;
	add_owner(11, 'S', "app");
	assert_done(REASON_RESETS_CLIENTS, "let clients retry in place of a RST:  nsenter -t 300 "
					   "-n sysctl -w net.ipv4.tcp_abort_on_overflow=0");
	assert_done(REASON_SYN_FLOOD,
		    "see which networks it comes from, and whether cookies come back:  "
		    "listenq -D -N 300 'sport = :80'  or: "
		    "nsenter -t 300 -n nstat -az 'TcpExtSyncookies*' "
		    "(No limit helps against a flood; syncookies do.)");
	assert_done(REASON_NOT_ACCEPTING, "see what process 11 waits for:  strace -fp 11  or: "
					  "grep . /proc/11/task/*/wchan" STUCK);
	ns->pid = 0;
	ns->name = "my net";
	assert_done(REASON_RESETS_CLIENTS,
		    "let clients retry in place of a RST:  ip netns exec 'my net' "
		    "sysctl -w net.ipv4.tcp_abort_on_overflow=0");
	assert_done_for(STATE_SYN_FULL, 0,
			"see who is half-open:  listenq -D -N 'my net' 'sport = :80'");
	ns->name = "300"; /* as the user named a process */
	assert_done(REASON_RESETS_CLIENTS, "let clients retry in place of a RST:  nsenter -t 300 "
					   "-n sysctl -w net.ipv4.tcp_abort_on_overflow=0");
	ns->name = "/proc/7/ns/net";
	assert_done(REASON_RESETS_CLIENTS,
		    "let clients retry in place of a RST:  nsenter --net=/proc/7/ns/net "
		    "sysctl -w net.ipv4.tcp_abort_on_overflow=0");
	ns->name = NULL; /* a report of one namespace, which is our own */
	assert_done(REASON_RESETS_CLIENTS, "let clients retry in place of a RST:  "
					   "sysctl -w net.ipv4.tcp_abort_on_overflow=0");
}

/* Of a group, the process of the fullest member that has the reason. */
static void test_group(void **state)
{
	scene_close(&s);
	setup(NULL);
	snapshot_drop_listeners(&s.before, 0);
	snapshot_drop_listeners(&s.now, 0);
	for (uint16_t cookie = 1; cookie <= 3; cookie++) {
		struct listener *l;

		scene_add(&s.before, cookie)->addr.port = 80;
		l = scene_add(&s.now, cookie);
		l->addr.port = 80;
		l->limit = 103;
		l->length = 100u + cookie;
		l->known |= LISTENER_OWNERS;
		add_owner(10 + cookie, cookie == 2 ? 'T' : 'S', "app");
	}
	groups_build(&s.before);
	groups_build(&s.now);
	scene_report(&s);
	fold_report(&s.report);
	report_select(&s.report, &all_listeners);
	assert_int_equal(s.report.n_shown, 1);
	assert_remedy(
		remedy_find(&remedy, s.report.shown[0], STATE_HIGH, s.report.shown[0]->reasons, 0),
		"continue it:  kill -CONT 12");
	assert_remedy(remedy_find(&remedy, s.report.shown[0], STATE_STALLED, 0, 0),
		      "see what process 13 waits for:  strace -fp 13  or: "
		      "grep . /proc/13/task/*/wchan" STUCK);
	/* A reason that the history holds. */
	assert_remedy(
		remedy_find(&remedy, s.report.shown[0], STATE_HIGH, 1u << REASON_NOT_ACCEPTING, 0),
		"see what process 13 waits for:  strace -fp 13  or: "
		"grep . /proc/13/task/*/wchan" STUCK);
}

static void test_ended(void **state)
{
	const uint64_t minute = 60 * NSEC_PER_SEC;
	struct process *p = add_owner(11, 'S', "app");
	struct row *row;

	assert_remedy(remedy_ended(&remedy, scene_row(&s, 80), NULL, 5 * minute + 1, 0),
		      "see what it logged:  journalctl _PID=11 --since -6min");
	p->unit = "my app.service";
	assert_remedy(remedy_ended(&remedy, scene_row(&s, 80), NULL, 5 * minute, 0),
		      "see what it logged:  journalctl -u 'my app.service' --since -6min");
	row = (struct row *)scene_row(&s, 80);
	row->gone = true;
	assert_remedy(remedy_ended(&remedy, row, NULL, minute, 0), NULL);
	assert_remedy(remedy_ended(&remedy, row, "a b", minute, 0),
		      "see what it logged:  journalctl _COMM='a b' --since -2min");
	/* Of a report of long ago, which began in a minute of then. */
	remedy.now = &(struct timespec){ .tv_sec = 1795903230 };
	assert_remedy(remedy_ended(&remedy, row, "a b", minute, 0),
		      "see what it logged:  journalctl _COMM='a b' --since @1795903140");
	remedy.now = NULL;
}

/* Each reason with advice has a command, each state too, and every text is replaced. */
static void test_all(void **state)
{
	scene_now(&s, 80)->known &= (uint16_t)~LISTENER_OWNERS;
	for (unsigned int i = 0; i < REASON_N; i++)
		assert_true(remedy_find(&remedy, scene_row(&s, 80), STATE_FULL, 1u << i, 0));
	for (unsigned int i = 0; i < STATE_OK; i++) {
		assert_true(remedy_find(&remedy, scene_row(&s, 80), i, 0, 0));
		assert_true(remedy.n_commands);
	}
	assert_false(remedy_find(&remedy, scene_row(&s, 80), STATE_OK, 0, 0));
	assert_string_equal(remedy.purpose.s, "");
}

#define REMEDY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REMEDY_TEST(test_stopped),	 REMEDY_TEST(test_past),
		REMEDY_TEST(test_frozen),	 REMEDY_TEST(test_stopped_no_more),
		REMEDY_TEST(test_fd_limit),	 REMEDY_TEST(test_throttled),
		REMEDY_TEST(test_not_accepting), REMEDY_TEST(test_which_process),
		REMEDY_TEST(test_manager),	 REMEDY_TEST(test_nobody),
		REMEDY_TEST(test_unix),		 REMEDY_TEST(test_accepting_slowly),
		REMEDY_TEST(test_syn_queue),	 REMEDY_TEST(test_no_service),
		REMEDY_TEST(test_resets),	 REMEDY_TEST(test_states),
		REMEDY_TEST(test_dropping),	 REMEDY_TEST(test_namespaces),
		REMEDY_TEST(test_group),	 REMEDY_TEST(test_ended),
		REMEDY_TEST(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

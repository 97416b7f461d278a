/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "collect/collect.h"
#include "collect/enter.h"
#include "collect/sock_diag.h"
#include "fake_netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whole samples on bad days: a tree for /proc and a kernel of paper, see fake_netlink.h. */

static char *tree;
static struct sample_source *collector;
static struct snapshot s;
static struct error why;
static uint64_t overflows; /* that the fake netstat tells from the next dump on */

static void write_netstat(uint64_t value)
{
	char text[256];

	snprintf(text, sizeof(text), "TcpExt: ListenOverflows ListenDrops\nTcpExt: %llu 7\n",
		 (unsigned long long)value);
	unit_write_text(tree, "proc/self/net/netstat", text);
}

static int setup(void **state)
{
	fake_netlink_reset();
	tree = unit_make_tree();
	write_netstat(100);
	unit_write_text(tree, "proc/self/net/snmp", "Tcp: PassiveOpens\nTcp: 55\n");
	unit_write_text(tree, "proc/sys/net/core/somaxconn", "4096\n");
	unit_write_text(tree, "proc/sys/net/ipv4/tcp_max_syn_backlog", "2048\n");
	unit_write_text(tree, "proc/sys/net/ipv4/tcp_syncookies", "1\n");
	unit_write_text(tree, "proc/sys/net/ipv4/tcp_abort_on_overflow", "0\n");
	unit_write_text(tree, "proc/sys/net/ipv4/tcp_synack_retries", "5\n");
	unit_write_text(tree, "proc/sys/kernel/random/boot_id",
			"7d6e7f3c-0b52-4d0e-8a75-3a4f0d2c9b11\n");
	unit_write_text(tree, "proc/self/ns/net", "");
	return 0;
}

static int teardown(void **state)
{
	fake_netlink_end(&collector, &s, tree);
	return 0;
}

static void open_with(unsigned int needs)
{
	struct collect_config config = { .root = tree,
					 .needs = needs,
					 .family = AF_UNSPEC,
					 .peak_rate = 50,
					 .peak_share = 1,
					 .not_shown_share = 1 };

	assert_int_equal(collector_open(&collector, &config, &why), 0);
}

static void reply(uint32_t cookie, uint8_t sk_state, uint16_t port, int64_t drops)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET,
				   .idiag_state = sk_state,
				   .idiag_inode = sk_state == DIAG_LISTEN ? 4711 : 0,
				   .id.idiag_sport = htons(port),
				   .id.idiag_cookie = { cookie } };

	if (sk_state == DIAG_LISTEN)
		m.idiag_wqueue = 128;
	fake_netlink_reply_socket(&m, drops, -1);
}

static int sample(enum sample_kind kind)
{
	return sample_source_sample(collector, kind, &s, &why);
}

static bool warned(const char *code)
{
	for (size_t i = 0; i < s.n_warnings; i++)
		if (!strcmp(s.warnings[i].code, code))
			return true;
	return false;
}

/* Counters are read just before the dump and just after it: the ledger stands on that. */
static void during_dump(const struct nlmsghdr *request)
{
	(void)request;
	write_netstat(overflows);
	fake_netlink_reply_done(0);
}

static void test_counters_around_dump(void **state)
{
	open_with(NEED_COUNTERS);
	fake_netlink_on_request = during_dump;
	overflows = 104;
	assert_int_equal(sample(SAMPLE_OPENING), 0);
	assert_u64_equal(s.netns[0].before.value[COUNTER_LISTEN_OVERFLOWS], 100);
	assert_u64_equal(s.netns[0].after.value[COUNTER_LISTEN_OVERFLOWS], 104);
	overflows = 109;
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_u64_equal(s.netns[0].before.value[COUNTER_LISTEN_OVERFLOWS], 104);
	assert_u64_equal(s.netns[0].after.value[COUNTER_LISTEN_OVERFLOWS], 109);
}

/* What is not needed is not asked of the kernel. */
static void test_needs(void **state)
{
	const struct inet_diag_req *r;

	open_with(0);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	r = NLMSG_DATA(fake_netlink_request(0));
	assert_u64_equal(r->idiag_states, 1 << DIAG_LISTEN);
	assert_u64_equal(r->idiag_ext, 0);
	assert_u64_equal(s.netns[0].after.known, 0);
	assert_u64_equal(s.netns[0].sysctls.known, 0);
	assert_string_equal(s.host, "");
	assert_u64_equal(s.n_warnings, 0);
	assert_u64_equal(sample_source_due(collector), UINT64_MAX);
}

/* The program of a request, NULL without one. */
static const struct nlattr *program_of(size_t request)
{
	const struct nlmsghdr *nlh = fake_netlink_request(request);
	size_t len =
		NLMSG_LENGTH(nlh->nlmsg_type == TCPDIAG_GETSOCK ? sizeof(struct inet_diag_req) :
								  sizeof(struct inet_diag_req_v2));

	return nlh->nlmsg_len > len ? (const void *)((const char *)nlh + len) : NULL;
}

static void open_filtered(unsigned int needs, const struct filter_expr *condition)
{
	struct collect_config config = { .root = tree,
					 .needs = needs,
					 .family = AF_UNSPEC,
					 .condition = condition,
					 .peak_rate = 50,
					 .peak_share = 1 };

	assert_int_equal(collector_open(&collector, &config, &why), 0);
}

static const struct filter_expr address = {
	.kind = EXPR_HOST, .family = AF_INET, .prefix_len = 8, .address = { 10 }, .port = 80
};

/* All that a condition says is put to the kernel, by samples and by fast looks. */
static void test_filter(void **state)
{
	open_filtered(NEED_DROPS | NEED_PEAK, &address);
	for (int i = 0; i < 3; i++)
		fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_OPENING), 0);
	sample_source_look(collector);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	for (size_t i = 0; i < 3; i++)
		assert_u64_equal(program_of(i)->nla_len, sizeof(struct nlattr) + 16);
}

/* The ledger is that of all listeners. */
static void test_no_filter_for_the_ledger(void **state)
{
	open_filtered(NEED_DROPS, &address);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_OPENING), 0);
	assert_non_null(program_of(0));
	sample_source_set_needs(collector, NEED_DROPS | NEED_COUNTERS, 0);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_null(program_of(1));
}

/* A child of a wildcard has an address of its own: what looks for children filters by port. */
static void test_filter_with_children(void **state)
{
	static const unsigned int looks[] = { NEED_SYN_RECV, NEED_GROUPS, NEED_WAIT, NEED_WAIT_ALL,
					      NEED_CONNECTIONS };

	for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
		size_t first = fake_netlink_sent();

		open_filtered(looks[i], &address);
		fake_netlink_reply_done(0);
		if (looks[i] & (NEED_SYN_RECV | NEED_CONNECTIONS))
			fake_netlink_reply_done(0);
		assert_int_equal(sample(SAMPLE_CLOSING), 0);
		assert_u64_equal(fake_netlink_left(), 0);
		for (size_t n = first; n < fake_netlink_sent(); n++)
			assert_u64_equal(program_of(n)->nla_len, sizeof(struct nlattr) + 12);
		sample_source_close(collector);
		collector = NULL;
	}
}

/* Before 4.6 the kernel knows nothing of devices, and refuses the request with such a filter. */
static void test_filter_refused(void **state)
{
	static const struct filter_expr device = { .kind = EXPR_DEVICE, .device = "lo" };

	open_filtered(NEED_DROPS, &device);
	fake_netlink_reply_error(-EINVAL);
	fake_netlink_reply_error(-EINVAL);
	reply(1, DIAG_LISTEN, 80, 0);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_OPENING), 0);
	assert_u64_equal(s.n_listeners, 1);
	assert_u64_equal(program_of(0)->nla_len, sizeof(struct nlattr) + 8);
	assert_non_null(program_of(1));
	assert_null(program_of(2));
	assert_int_equal(fake_netlink_request(2)->nlmsg_type, TCPDIAG_GETSOCK);
	/* And is not asked again. */
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_u64_equal(fake_netlink_sent(), 4);
	assert_null(program_of(3));
	assert_u64_equal(s.n_warnings, 0);
}

/* Lost again and again: an error, in finite time. */
static void test_lost_for_good(void **state)
{
	open_with(NEED_DROPS);
	for (int i = 0; i < 20; i++)
		fake_netlink_fail_receive(ENOBUFS);
	assert_int_equal(sample(SAMPLE_CLOSING), -ENOBUFS);
	assert_non_null(strstr(why.text, "lost"));
	assert_true(fake_netlink_sent() >= 2 && fake_netlink_sent() <= 10);
}

static void test_dump_error_is_fatal(void **state)
{
	open_with(NEED_DROPS);
	reply(1, DIAG_LISTEN, 80, 3);
	fake_netlink_reply_done(-EIO);
	assert_int_equal(sample(SAMPLE_CLOSING), -EIO);
	assert_u64_equal(fake_netlink_sent(), 1);
}

static void test_repeated_entry(void **state)
{
	open_with(NEED_DROPS);
	reply(1, DIAG_LISTEN, 80, 3);
	reply(1, DIAG_LISTEN, 80, 4);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_u64_equal(s.n_listeners, 1);
}

static void test_no_netstat(void **state)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/proc/self/net/netstat", tree);
	unlink(path);
	open_with(NEED_COUNTERS);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_true(warned("counters-unavailable"));
	assert_non_null(strstr(s.warnings[0].message, "/net/netstat"));
	assert_u64_equal(s.n_warnings, 1);
	assert_u64_equal(s.netns[0].after.known, 1u << COUNTER_PASSIVE_OPENS);
}

static void test_no_counter(void **state)
{
	unit_write_text(tree, "proc/self/net/netstat", "TcpExt: New\nTcpExt: 1\n");
	open_with(NEED_COUNTERS);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_true(warned("counters-unavailable"));
	assert_non_null(strstr(s.warnings[0].message, "ListenOverflows"));
}

static void test_no_sysctl(void **state)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/proc/sys/net/ipv4/tcp_syncookies", tree);
	unlink(path);
	open_with(NEED_SYSCTLS);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_u64_equal(s.n_warnings, 1);
	assert_true(warned("sysctl-unavailable"));
	assert_non_null(strstr(s.warnings[0].message, "tcp_syncookies"));
	assert_false(sysctl_known(&s.netns[0].sysctls, SYSCTL_SYNCOOKIES));
	assert_true(sysctl_known(&s.netns[0].sysctls, SYSCTL_SOMAXCONN));
}

/* Needs change with every key: what is open stays, and what is not is tried alone. */
static void test_no_first_sysctl(void **state)
{
	char path[4096];
	size_t open;

	snprintf(path, sizeof(path), "%s/proc/sys/net/core/somaxconn", tree);
	unlink(path);
	open_with(NEED_SYSCTLS);
	open = unit_count_entries("/proc/self/fd");
	sample_source_set_needs(collector, NEED_SYSCTLS | NEED_DROPS, 0);
	assert_u64_equal(unit_count_entries("/proc/self/fd"), open);
	unit_write_text(tree, "proc/sys/net/core/somaxconn", "4096\n");
	sample_source_set_needs(collector, NEED_SYSCTLS, 0);
	assert_u64_equal(unit_count_entries("/proc/self/fd"), open + 1);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_true(sysctl_known(&s.netns[0].sysctls, SYSCTL_SOMAXCONN));
}

/* No descriptors left is an error, whichever file finds none. */
/* In a process of its own: who lowers a hard limit may be unable to raise it again. */
static void test_no_descriptors(void **state)
{
	struct collect_config config = { .root = tree, .needs = NEED_SYSCTLS };
	int next = open(tree, O_PATH), status;
	pid_t pid;

	close(next);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		const rlim_t n = (rlim_t)next + 2; /* the tree and the socket */
		const struct rlimit few = { n, n };

		_exit(setrlimit(RLIMIT_NOFILE, &few) ||
		      collector_open(&collector, &config, &why) != -EMFILE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Said once, however many listeners there are, and only where drops were asked for. */
static void test_no_drops(void **state)
{
	open_with(NEED_DROPS);
	reply(1, DIAG_LISTEN, 80, -1);
	reply(2, DIAG_LISTEN, 81, -1);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_u64_equal(s.n_warnings, 1);
	assert_true(warned("drops-unavailable"));
	assert_false(s.listeners[0].known & LISTENER_DROPS);
}

/* The opening sample of a window skips what only a report needs. */
static void test_opening(void **state)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET,
				   .idiag_state = DIAG_LISTEN,
				   .idiag_rqueue = 3,
				   .idiag_wqueue = 2,
				   .id.idiag_cookie = { 1 } };

	open_with(NEED_WAIT | NEED_SYSCTLS | NEED_IDENTITY);
	fake_netlink_reply_socket(&m, -1, -1);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_OPENING), 0);
	assert_u64_equal(fake_netlink_sent(), 1);
	assert_u64_equal(s.netns[0].sysctls.known, 0);
	assert_string_equal(s.boot_id, "");
}

static void reply_queue(uint32_t length)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET,
				   .idiag_state = DIAG_LISTEN,
				   .idiag_inode = 4711,
				   .idiag_rqueue = length,
				   .idiag_wqueue = 128,
				   .id.idiag_sport = htons(80),
				   .id.idiag_cookie = { 1 } };

	fake_netlink_reply_socket(&m, 0, -1);
	fake_netlink_reply_done(0);
}

static void write_owner(unsigned int throttled)
{
	char path[4160], text[64];

	unit_write_text(tree, "proc/7/comm", "app\n");
	unit_write_text(tree, "proc/7/stat", "7 (app) T 1\n");
	unit_write_text(tree, "proc/7/cgroup", "0::/a.service\n");
	unit_write_text(tree, "proc/7/fd/4", "");
	snprintf(path, sizeof(path), "%s/proc/7/fd/3", tree);
	unlink(path);
	assert_int_equal(symlink("socket:[4711]", path), 0);
	unit_write_text(tree, "proc/self/mountinfo", "1 2 0:3 / /cg rw - cgroup2 none rw\n");
	snprintf(text, sizeof(text), "nr_throttled %u\n", throttled);
	unit_write_text(tree, "cg/a.service/cpu.stat", text);
}

/* Whoever has a queue has owners that are looked at, and nobody else is looked for. */
static void test_conditions(void **state)
{
	write_owner(3);
	open_with(NEED_CONDITIONS);
	reply_queue(0);
	assert_int_equal(sample(SAMPLE_OPENING), 0);
	assert_u64_equal(s.n_owners, 0);
	reply_queue(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_u64_equal(s.n_owners, 0);
	reply_queue(1);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_u64_equal(s.n_owners, 1);
	assert_int_equal(s.processes[0].pid, 7);
	assert_int_equal(s.processes[0].state, 'T');
	assert_string_equal(s.processes[0].unit, "a.service");
	assert_int_equal(s.processes[0].known & PROCESS_THROTTLED, 0); /* since when? */
	write_owner(4);
	reply_queue(1);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_int_equal(s.processes[0].known & PROCESS_THROTTLED, PROCESS_THROTTLED);
	assert_true(s.processes[0].throttled);
	assert_string_equal(s.processes[0].quota, "/cg/a.service/cpu.max");
}

/* The first window of all has a reading where it opens. */
static void test_conditions_at_the_opening(void **state)
{
	write_owner(3);
	open_with(NEED_CONDITIONS | NEED_OWNERS | NEED_OWNERS_ASKED);
	reply_queue(1);
	assert_int_equal(sample(SAMPLE_OPENING), 0);
	assert_u64_equal(s.n_owners, 1);
	assert_u64_equal(s.n_warnings, 0);
	write_owner(4);
	reply_queue(1);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_true(s.processes[0].throttled);
	sample_source_close(collector);
	open_with(NEED_OWNERS);
	reply_queue(1);
	assert_int_equal(sample(SAMPLE_OPENING), 0);
	assert_u64_equal(s.n_owners, 0);
	reply_queue(1);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_u64_equal(s.n_owners, 1);
	assert_int_equal(s.processes[0].known, 0);
}

static void test_interface_and_cgroup(void **state)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET,
				   .idiag_state = DIAG_LISTEN,
				   .id.idiag_if = 1,
				   .id.idiag_cookie = { 1 } };

	open_with(NEED_INTERFACE | NEED_CGROUP);
	fake_netlink_reply_socket(&m, -1, -1);
	m.id.idiag_cookie[0] = 2;
	m.id.idiag_if = 0x7ffffff0; /* gone */
	fake_netlink_reply_socket(&m, -1, -1);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_string_equal(s.listeners[0].interface, "lo");
	assert_null(s.listeners[1].interface);
	assert_null(s.listeners[0].cgroup);
}

static void reply_unix(uint32_t cookie, const char *name)
{
	struct unix_diag_msg m = { .udiag_family = AF_UNIX,
				   .udiag_type = SOCK_SEQPACKET,
				   .udiag_state = 10,
				   .udiag_ino = 4712,
				   .udiag_cookie = { cookie } };

	fake_netlink_reply_unix(&m, name, strlen(name) + 1, 3, 2);
}

/* Their queues alone, when nobody asked to see them: no listener, no name, no warning. */
static void test_not_shown(void **state)
{
	const struct unix_diag_req *request;

	unit_write_text(tree, "proc/1/net/netstat", "TcpExt: ListenOverflows\nTcpExt: 5\n");
	open_with(NEED_NOT_SHOWN | NEED_WINDOW);
	reply(1, DIAG_LISTEN, 80, 3);
	fake_netlink_reply_done(0);
	reply_unix(2, "/run/app.sock");
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_OPENING), 0);
	assert_u64_equal(s.n_listeners, 1);
	assert_u64_equal(s.n_unix, 1);
	assert_u64_equal(s.n_unix_queues, 1);
	assert_u64_equal(s.unix_queues[0].length, 3);
	assert_u64_equal(s.n_others, 1);
	assert_u64_equal(s.others[0].overflows, 5);
	assert_false(s.known & (SNAPSHOT_UNIX | SNAPSHOT_ALL_NETNS));
	assert_u64_equal(s.n_warnings, 0);
	assert_u64_equal(fake_netlink_sent(), 2 + 1); /* who is the first there? */
	request = NLMSG_DATA(fake_netlink_request(1));
	assert_int_equal(request->udiag_show, UDIAG_SHOW_RQLEN);
}

/* Once is enough; and where nobody asked, or no window comes, nothing is looked at. */
static void test_not_shown_when_needed(void **state)
{
	static const struct {
		unsigned int needs;
		size_t sent;
		uint32_t known;
	} cases[] = {
		{ NEED_WINDOW, 1, 0 },
		{ NEED_NOT_SHOWN, 2, SNAPSHOT_UNIX_QUEUES },
		{ NEED_NOT_SHOWN | NEED_UNIX, 2, SNAPSHOT_UNIX },
		{ NEED_NOT_SHOWN | NEED_UNIX | NEED_WINDOW, 2,
		  SNAPSHOT_UNIX | SNAPSHOT_OTHERS | SNAPSHOT_OTHERS_ALL },
	};

	unit_write_text(tree, "proc/1/net/netstat", "TcpExt: ListenOverflows\nTcpExt: 5\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_netlink_reset();
		open_with(cases[i].needs);
		for (size_t j = 0; j < cases[i].sent; j++)
			fake_netlink_reply_done(0);
		assert_int_equal(sample(SAMPLE_OPENING), 0);
		assert_u64_equal(fake_netlink_sent(), cases[i].sent);
		assert_int_equal(s.known, cases[i].known);
		sample_source_close(collector);
		collector = NULL;
	}
}

/* A kernel without unix_diag has TCP listeners all the same. */
static void test_no_unix_diag(void **state)
{
	open_with(NEED_UNIX);
	reply(1, DIAG_LISTEN, 80, 3);
	fake_netlink_reply_done(0);
	fake_netlink_reply_error(-ENOENT);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_u64_equal(s.n_listeners, 1);
	assert_true(warned("unix-unavailable"));
	assert_non_null(strstr(s.warnings[0].message, "modprobe unix_diag"));
}

/* What the lost dump told stays; what it did not comes with the next. */
static void test_lost_unix_dump(void **state)
{
	open_with(NEED_UNIX);
	fake_netlink_reply_done(0);
	reply_unix(2, "/run/a");
	fake_netlink_fail_receive(ENOBUFS);
	reply_unix(2, "/run/a");
	reply_unix(3, "/run/b");
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_u64_equal(s.n_listeners, 2);
	assert_u64_equal(s.n_warnings, 0);
	assert_u64_equal(fake_netlink_opened, 2);
	fake_netlink_reset();
	fake_netlink_reply_done(0);
	for (int i = 0; i < 4; i++)
		fake_netlink_fail_receive(ENOBUFS);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_true(warned("unix-unavailable"));
	assert_u64_equal(fake_netlink_left(), 0);
}

static void test_peak_window(void **state)
{
	open_with(NEED_PEAK);
	reply(1, DIAG_LISTEN, 80, -1);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_OPENING), 0);
	assert_false(s.listeners[0].known & LISTENER_PEAK);
	assert_true(sample_source_due(collector) != UINT64_MAX);
	reply(1, DIAG_LISTEN, 80, -1);
	reply(2, DIAG_LISTEN, 81, -1);
	fake_netlink_reply_done(0);
	sample_source_look(collector);
	reply(1, DIAG_LISTEN, 80, -1);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_true(s.listeners[0].known & LISTENER_PEAK);
	assert_u64_equal(s.listeners[0].peak.samples, 2);
	assert_true(s.netns[0].listener_vanished);
}

/* A look at a queue of @length in one that takes two. */
static void look_or_sample(uint32_t length, bool closing)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET,
				   .idiag_state = DIAG_LISTEN,
				   .idiag_rqueue = length,
				   .idiag_wqueue = 1,
				   .id.idiag_sport = htons(80),
				   .id.idiag_cookie = { 1 } };

	fake_netlink_reply_socket(&m, -1, -1);
	m.idiag_rqueue = 0;
	m.id.idiag_cookie[0] = 2;
	fake_netlink_reply_socket(&m, -1, -1);
	fake_netlink_reply_done(0);
	if (closing)
		assert_int_equal(sample(SAMPLE_CLOSING), 0);
	else
		sample_source_look(collector);
}

static void pause_ms(uint64_t ms)
{
	const struct timespec t = clock_timespec(ms * (NSEC_PER_SEC / 1000));

	nanosleep(&t, NULL);
}

/* Where the program did not run for most of a window, what it has seen is not the most there was.
 */
static void test_blind_window(void **state)
{
	open_with(NEED_PEAK);
	look_or_sample(0, true);
	assert_u64_equal(s.n_warnings, 0);
	look_or_sample(2, false);
	pause_ms(1100);
	look_or_sample(0, true);
	assert_true(s.blind_ns >= NSEC_PER_SEC && s.blind_ns < 60 * NSEC_PER_SEC);
	assert_true(warned("peaks-unavailable"));
	assert_false(s.netns[0].looked);
	assert_true(s.listeners[0].known & LISTENER_PEAK);
	assert_true(s.listeners[0].peak.full);
	assert_false(s.listeners[1].known & LISTENER_PEAK);
	/* The next window is one like all others, and one that is a little late is. */
	pause_ms(300);
	look_or_sample(0, false);
	look_or_sample(0, true);
	assert_u64_equal(s.blind_ns, 0);
	assert_u64_equal(s.n_warnings, 0);
	assert_true(s.listeners[1].known & LISTENER_PEAK);
	assert_true(s.netns[0].looked);
}

/* A second of a long window is a small part. */
static void test_blind_moment(void **state)
{
	open_with(NEED_PEAK);
	look_or_sample(0, true);
	pause_ms(1050);
	for (unsigned int i = 0; i < 30; i++) {
		look_or_sample(0, false);
		pause_ms(50);
	}
	look_or_sample(0, true);
	assert_u64_equal(s.blind_ns, 0);
	assert_true(s.listeners[0].known & LISTENER_PEAK);
}

static void test_open_fails(void **state)
{
	struct collect_config config = { .root = "/no/such/root", .family = AF_UNSPEC };

	assert_int_equal(collector_open(&collector, &config, &why), -ENOENT);
	assert_non_null(strstr(why.text, "/no/such/root"));
	config.root = tree;
	fake_netlink_fail_open(EPERM);
	assert_int_equal(collector_open(&collector, &config, &why), -EPERM);
	assert_non_null(strstr(why.text, "forbids"));
	assert_null(collector);
}

/* What was not asked for at first is opened when it is. */
static void test_set_needs(void **state)
{
	open_with(0);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_u64_equal(s.netns[0].after.known, 0);
	sample_source_set_needs(collector, NEED_COUNTERS | NEED_PEAK, 0);
	assert_u64_equal(sample_source_due(collector), UINT64_MAX);
	reply(1, DIAG_LISTEN, 80, -1);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_u64_equal(s.netns[0].after.value[COUNTER_LISTEN_OVERFLOWS], 100);
	assert_u64_equal(s.netns[0].after.value[COUNTER_PASSIVE_OPENS], 55);
	assert_false(s.listeners[0].known & LISTENER_PEAK);
	assert_true(sample_source_due(collector) != UINT64_MAX);
	/* The same again does not disturb the window. */
	sample_source_set_needs(collector, NEED_PEAK, 0);
	reply(1, DIAG_LISTEN, 80, -1);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_true(s.listeners[0].known & LISTENER_PEAK);
	assert_u64_equal(s.netns[0].after.known, 0);
	sample_source_set_needs(collector, 0, 0);
	assert_u64_equal(sample_source_due(collector), UINT64_MAX);
	reply(1, DIAG_LISTEN, 80, -1);
	fake_netlink_reply_done(0);
	assert_int_equal(sample(SAMPLE_CLOSING), 0);
	assert_false(s.listeners[0].known & LISTENER_PEAK);
}

#define COLLECT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COLLECT_TEST(test_counters_around_dump),
		COLLECT_TEST(test_needs),
		COLLECT_TEST(test_filter),
		COLLECT_TEST(test_no_filter_for_the_ledger),
		COLLECT_TEST(test_filter_with_children),
		COLLECT_TEST(test_filter_refused),
		COLLECT_TEST(test_lost_for_good),
		COLLECT_TEST(test_dump_error_is_fatal),
		COLLECT_TEST(test_repeated_entry),
		COLLECT_TEST(test_no_netstat),
		COLLECT_TEST(test_no_counter),
		COLLECT_TEST(test_no_sysctl),
		COLLECT_TEST(test_no_first_sysctl),
		COLLECT_TEST(test_no_descriptors),
		COLLECT_TEST(test_no_drops),
		COLLECT_TEST(test_opening),
		COLLECT_TEST(test_conditions),
		COLLECT_TEST(test_conditions_at_the_opening),
		COLLECT_TEST(test_interface_and_cgroup),
		COLLECT_TEST(test_not_shown),
		COLLECT_TEST(test_not_shown_when_needed),
		COLLECT_TEST(test_no_unix_diag),
		COLLECT_TEST(test_lost_unix_dump),
		COLLECT_TEST(test_peak_window),
		COLLECT_TEST(test_blind_window),
		COLLECT_TEST(test_blind_moment),
		COLLECT_TEST(test_open_fails),
		COLLECT_TEST(test_set_needs),
	};

	return cmocka_run_group_tests_name("collect", tests, NULL, NULL);
}

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
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Samples of several namespaces: a tree for /proc and /run, and kernels of paper. */

static char *tree;
static struct sample_source *collector;
static struct snapshot s;
static struct error why;
static int entered; /* how often a namespace was */
static int forbidden; /* setns() fails with this errno */
static double walk_share; /* 0: no limit */

/* The call that fills a struct timespec; on 32 bit there are two. */
#ifdef _TIME_BITS
#define CLOCK_GETTIME SYS_clock_gettime64
#else
#define CLOCK_GETTIME SYS_clock_gettime
#endif

static uint64_t clock_ahead_ns; /* time that tests need not wait for */
static uint64_t cpu_ahead_ns; /* CPU time that they need not use */

int clock_gettime(clockid_t id, struct timespec *t)
{
	uint64_t ns;

	syscall(CLOCK_GETTIME, id, t);
	ns = (uint64_t)t->tv_nsec;
	ns += id == CLOCK_MONOTONIC ? clock_ahead_ns : 0;
	ns += id == CLOCK_THREAD_CPUTIME_ID ? cpu_ahead_ns : 0;
	t->tv_sec += (time_t)(ns / NSEC_PER_SEC);
	t->tv_nsec = (long)(ns % NSEC_PER_SEC);
	return 0;
}

int setns(int fd, int type)
{
	assert_int_equal(type, CLONE_NEWNET);
	assert_true(fd > 2);
	if (forbidden) {
		errno = forbidden;
		return -1;
	}
	entered++;
	return 0;
}

static void reply_listener(uint32_t cookie, uint32_t length)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET,
				   .idiag_state = DIAG_LISTEN,
				   .idiag_rqueue = length,
				   .idiag_wqueue = 9,
				   .id.idiag_sport = htons(80),
				   .id.idiag_cookie = { cookie } };

	fake_netlink_reply_socket(&m, 0, -1);
}

static void reply_half_open(uint32_t cookie)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET,
				   .idiag_state = DIAG_SYN_RECV,
				   .id.idiag_sport = htons(80),
				   .id.idiag_cookie = { cookie } };

	fake_netlink_reply_socket(&m, -1, -1);
}

static uint32_t states_of(const struct nlmsghdr *request)
{
	return ((const struct inet_diag_req *)NLMSG_DATA(request))->idiag_states;
}

static uint32_t cookies;

/* In every namespace the same: one listener, and one half-open connection. */
static void answer(const struct nlmsghdr *request)
{
	if (states_of(request) & 1 << DIAG_LISTEN)
		reply_listener(++cookies, 1);
	if (states_of(request) & 1 << DIAG_SYN_RECV)
		reply_half_open(++cookies);
	fake_netlink_reply_done(0);
}

static int setup(void **state)
{
	fake_netlink_reset();
	fake_netlink_on_request = answer;
	entered = forbidden = 0;
	walk_share = 0;
	cookies = 0;
	tree = unit_make_tree();
	unit_write_text(tree, "proc/self/ns/net", "");
	unit_allow(tree, UNIT_ALLOWED);
	unit_write_text(tree, "proc/1/comm", "init\n");
	unit_link(tree, "proc/self/ns/net", "proc/1/ns/net");
	unit_write_text(tree, "proc/self/net/netstat", "TcpExt: ListenOverflows\nTcpExt: 1\n");
	unit_write_text(tree, "proc/self/net/snmp", "Tcp: PassiveOpens\nTcp: 1\n");
	unit_write_text(tree, "proc/thread-self/net/netstat",
			"TcpExt: ListenOverflows\nTcpExt: 7\n");
	unit_write_text(tree, "proc/thread-self/net/snmp", "Tcp: PassiveOpens\nTcp: 7\n");
	unit_write_text(tree, "run/netns/blue", "");
	unit_write_text(tree, "run/netns/green", "");
	return 0;
}

static int teardown(void **state)
{
	fake_netlink_end(&collector, &s, tree);
	return 0;
}

static int open_named(unsigned int needs, const char *const *names, size_t n)
{
	struct collect_config config = { .root = tree,
					 .needs = needs,
					 .family = AF_UNSPEC,
					 .peak_rate = 1000,
					 .peak_share = 1,
					 .namespaces = names,
					 .n_namespaces = n,
					 .all_namespaces = !n,
					 .walk_share = walk_share };

	return collector_open(&collector, &config, &why);
}

static void open_all(unsigned int needs)
{
	assert_int_equal(open_named(needs, NULL, 0), 0);
}

static void sample(enum sample_kind kind)
{
	assert_int_equal(sample_source_sample(collector, kind, &s, &why), 0);
}

static void remove_file(const char *path)
{
	char whole[4096];

	snprintf(whole, sizeof(whole), "%s/%s", tree, path);
	assert_int_equal(unlink(whole), 0);
}

static const struct warning *warning(const char *code)
{
	for (size_t i = 0; i < s.n_warnings; i++)
		if (!strcmp(s.warnings[i].code, code))
			return &s.warnings[i];
	return NULL;
}

static const struct netns *netns_named(const char *name)
{
	for (size_t i = 0; i < s.n_netns; i++)
		if (s.netns[i].name && !strcmp(s.netns[i].name, name))
			return &s.netns[i];
	return NULL;
}

/* Home comes first and is not entered; each has its own files. */
static void test_all(void **state)
{
	open_all(NEED_DROPS | NEED_COUNTERS);
	sample(SAMPLE_CLOSING);
	assert_u64_equal(s.n_netns, 3);
	assert_u64_equal(s.n_listeners, 3);
	assert_u64_equal(s.netns[0].after.value[COUNTER_LISTEN_OVERFLOWS], 1);
	assert_u64_equal(netns_named("blue")->after.value[COUNTER_LISTEN_OVERFLOWS], 7);
	assert_u64_equal(netns_named("green")->after.value[COUNTER_PASSIVE_OPENS], 7);
	assert_int_equal(entered, 4);
	for (uint32_t i = 0; i < 3; i++) {
		assert_u64_equal(s.listeners[i].addr.netns_idx, i);
		assert_u64_equal(s.netns[i].first_listener, i);
		assert_true(snapshot_has_listeners(&s, i));
	}
	assert_null(warning("namespaces-denied"));
}

/* Before 3.17 the files of another process that lives there have to do. */
static void test_no_thread_self(void **state)
{
	remove_file("proc/thread-self/net/netstat");
	remove_file("proc/thread-self/net/snmp");
	unit_write_text(tree, "proc/70/net/netstat", "TcpExt: ListenOverflows\nTcpExt: 9\n");
	unit_write_text(tree, "proc/70/stat",
			"70 (web) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 900 1 2 3\n");
	unit_link(tree, "run/netns/blue", "proc/70/ns/net");
	open_all(NEED_COUNTERS);
	sample(SAMPLE_CLOSING);
	assert_u64_equal(netns_named("blue")->after.value[COUNTER_LISTEN_OVERFLOWS], 9);
	assert_u64_equal(netns_named("green")->after.known, 0);
	assert_non_null(warning("counters-unavailable"));
}

static bool walked; /* a walk has taken all that there is for one sample */

static void answer_slowly(const struct nlmsghdr *request)
{
	if (states_of(request) & 1 << DIAG_SYN_RECV && !walked) {
		cpu_ahead_ns += NSEC_PER_SEC / 5;
		clock_ahead_ns += NSEC_PER_SEC / 5;
	}
	walked |= states_of(request) & 1 << DIAG_SYN_RECV;
	answer(request);
}

static void test_budget(void **state)
{
	walked = false;
	fake_netlink_on_request = answer_slowly;
	open_all(NEED_SYN_RECV);
	sample(SAMPLE_CLOSING);
	assert_u64_equal(fake_netlink_sent(), 4);
	assert_u64_equal(s.groups[0].syn_length, 1);
	assert_true(s.netns[0].syn_recv_ns > 0);
	assert_u64_equal(s.netns[1].syn_recv_ns, 0);
	assert_u64_equal(s.netns[2].syn_recv_ns, 0);
	assert_non_null(strstr(warning("walks-skipped")->message, "2 "));
	/* The next sample has a budget of its own. */
	sample(SAMPLE_CLOSING);
	assert_true(s.netns[2].syn_recv_ns > 0);
	assert_null(warning("walks-skipped"));
}

static uint32_t full_netns; /* whose listener is full */
static uint32_t listens; /* dumps of listeners so far; each sample has three */

/* Every walk takes all that there is for one sample. */
static void answer_always_slowly(const struct nlmsghdr *request)
{
	if (states_of(request) == 1 << DIAG_LISTEN) {
		reply_listener(++cookies, listens++ % 3 == full_netns ? 8 : 1);
		fake_netlink_reply_done(0);
		return;
	}
	walked = false;
	answer_slowly(request);
}

/* Returns the one namespace whose half-open connections the next sample has. */
static uint32_t walked_next(void)
{
	uint32_t found = UINT32_MAX;

	sample(SAMPLE_CLOSING);
	for (uint32_t i = 0; i < 3; i++)
		if (s.netns[i].syn_recv_ns) {
			assert_u64_equal(found, UINT32_MAX);
			found = i;
		}
	return found;
}

/* The namespace whose last dump is the oldest comes next; one with a high queue comes first. */
static void test_order(void **state)
{
	fake_netlink_on_request = answer_always_slowly;
	listens = 0;
	full_netns = UINT32_MAX;
	open_all(NEED_SYN_RECV);
	for (uint32_t i = 0; i < 4; i++)
		assert_u64_equal(walked_next(), i % 3);
	full_netns = 0;
	assert_u64_equal(walked_next(), 0);
	full_netns = 2;
	assert_u64_equal(walked_next(), 2);
	assert_u64_equal(walked_next(), 2);
	full_netns = UINT32_MAX;
	assert_u64_equal(walked_next(), 1);
}

/* With a share, samples also show what earlier dumps found. */
static void test_order_with_share(void **state)
{
	fake_netlink_on_request = answer_always_slowly;
	listens = 0;
	full_netns = UINT32_MAX;
	walk_share = 1000; /* one CPU cannot cost as much: what keeps them back is the budget */
	open_all(NEED_SYN_RECV | NEED_WAIT_ALL);
	for (uint32_t turn = 0; turn < 5; turn++) {
		uint32_t unknown = turn < 2 ? 2 - turn : 0, skipped = 0, now = 0;

		sample(SAMPLE_CLOSING);
		for (uint32_t i = 0; i < 3; i++) {
			skipped += !s.netns[i].syn_recv_ns;
			now += s.netns[i].waiting_ns == s.monotonic_ns;
			assert_u64_equal(s.netns[i].syn_recv_ns, s.netns[i].waiting_ns);
		}
		assert_u64_equal(now, 1);
		assert_u64_equal(skipped, unknown);
		assert_true(!warning("walks-skipped") == !unknown);
	}
}

/* A namespace without a listener costs no walk. */
static void answer_empty(const struct nlmsghdr *request)
{
	(void)request;
	fake_netlink_reply_done(0);
}

static void test_no_listener(void **state)
{
	fake_netlink_on_request = answer_empty;
	open_all(NEED_SYN_RECV | NEED_PEAK);
	sample(SAMPLE_CLOSING);
	assert_u64_equal(fake_netlink_sent(), 3);
	assert_u64_equal(s.netns[1].syn_recv_ns, 0);
	assert_null(warning("walks-skipped"));
}

static void test_denied(void **state)
{
	forbidden = EPERM;
	open_all(NEED_DROPS);
	sample(SAMPLE_CLOSING);
	assert_u64_equal(s.n_netns, 1);
	assert_string_equal(s.netns[0].name, "init[1]");
	assert_non_null(strstr(warning("namespaces-denied")->message, "2 network namespaces"));
	assert_non_null(strstr(warning("namespaces-denied")->message, "blue"));
	/* The next sample warns too. */
	sample(SAMPLE_CLOSING);
	assert_non_null(warning("namespaces-denied"));
}

/* The warning says how to see all processes. It appears only for all namespaces. */
static void test_processes_hidden(void **state)
{
	static const char *const blue[] = { "blue" };

	unit_allow(tree, "000001ffffffffff", "pid:[4026532000]", "user:[4026531837]");
	open_all(NEED_DROPS);
	sample(SAMPLE_CLOSING);
	assert_non_null(strstr(warning("namespaces-hidden")->message, "outside of this container"));
	sample_source_close(collector);
	unit_allow(tree, "0000000000000000", "pid:[4026531836]", "user:[4026531837]");
	open_all(NEED_DROPS);
	sample(SAMPLE_CLOSING);
	assert_non_null(strstr(warning("namespaces-hidden")->message, "run as root"));
	sample_source_close(collector);
	assert_int_equal(open_named(NEED_DROPS | NEED_NAMESPACES, blue, 1), 0);
	sample(SAMPLE_CLOSING);
	assert_null(warning("namespaces-hidden"));
}

/* Sets the clock to the time when the collector looks for namespaces, and lets it. */
static void check_again(void)
{
	uint64_t due = sample_source_due(collector), now = clock_monotonic_ns();

	assert_true(due != UINT64_MAX);
	clock_ahead_ns += due > now ? due - now : 0;
	sample_source_look(collector);
}

static void test_come_and_gone(void **state)
{
	open_all(NEED_DROPS);
	sample(SAMPLE_OPENING);
	remove_file("run/netns/blue");
	unit_write_text(tree, "run/netns/red", "");
	check_again();
	assert_u64_equal(fake_netlink_closed, 1); /* let go before the next sample */
	sample(SAMPLE_CLOSING);
	assert_null(netns_named("blue"));
	assert_non_null(netns_named("green"));
	assert_non_null(netns_named("red"));
	assert_non_null(strstr(warning("namespaces-gone")->message, "blue"));
	/* This is reported once. */
	sample(SAMPLE_CLOSING);
	assert_null(warning("namespaces-gone"));
}

/* What cannot be looked for has not gone. */
static void test_search_fails(void **state)
{
	struct rlimit limit, none = { 0 };

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	open_all(NEED_DROPS);
	none.rlim_max = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	check_again();
	sample(SAMPLE_CLOSING);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_u64_equal(s.n_netns, 3);
	assert_null(warning("namespaces-gone"));
	assert_non_null(strstr(warning("namespaces-hidden")->message, "ulimit"));
	remove_file("run/netns/green");
	check_again();
	sample(SAMPLE_CLOSING);
	assert_u64_equal(s.n_netns, 2);
	assert_null(warning("namespaces-hidden"));
}

/* One that fails is left out, the others are not. */
static void answer_once_with_error(const struct nlmsghdr *request)
{
	if (fake_netlink_sent() == 2)
		fake_netlink_reply_done(-EIO);
	else
		answer(request);
}

static void test_dump_fails(void **state)
{
	fake_netlink_on_request = answer_once_with_error;
	open_all(NEED_DROPS | NEED_COUNTERS);
	sample(SAMPLE_CLOSING);
	assert_u64_equal(s.n_netns, 3);
	assert_u64_equal(s.n_listeners, 2);
	assert_false(snapshot_has_listeners(&s, 1));
	/* No ledger without listeners. */
	assert_u64_equal(s.netns[1].before.known, 0);
	assert_u64_equal(s.netns[1].after.known, 0);
	assert_true(s.netns[2].before.known);
	assert_non_null(warning("namespaces-failed"));
}

static bool fails; /* all but the first dump of a sample */
static size_t asked;

static void answer_first_alone(const struct nlmsghdr *request)
{
	if (fails && asked++)
		fake_netlink_reply_done(-EIO);
	else
		answer(request);
}

/* However many fail there is one warning, and a sample that failed is none to compare ages with. */
static void test_dumps_fail(void **state)
{
	fake_netlink_on_request = answer_first_alone;
	fails = false;
	asked = 0;
	open_all(NEED_WAIT_ALL);
	sample(SAMPLE_CLOSING);
	sample(SAMPLE_CLOSING);
	assert_true(s.groups[2].known & GROUP_STAYED);
	fails = true;
	sample(SAMPLE_OPENING);
	assert_u64_equal(s.n_warnings, 1);
	assert_string_equal(s.warnings[0].code, "namespaces-failed");
	assert_non_null(strstr(s.warnings[0].message, "2 network namespaces ("));
	assert_non_null(strstr(s.warnings[0].message, "green"));
	fails = false;
	sample(SAMPLE_CLOSING);
	assert_u64_equal(s.n_warnings, 0);
	assert_true(s.groups[0].known & GROUP_STAYED);
	assert_true(s.groups[2].known & GROUP_WAITING);
	assert_false(s.groups[2].known & GROUP_STAYED);
}

static void answer_lost_once(const struct nlmsghdr *request)
{
	if (fake_netlink_sent() == 2) {
		reply_listener(77, 1);
		fake_netlink_fail_receive(ENOBUFS);
	} else {
		answer(request);
	}
}

/* The new socket is opened in the same namespace; listeners of others are not forgotten. */
static void test_lost_dump(void **state)
{
	fake_netlink_on_request = answer_lost_once;
	open_all(NEED_DROPS);
	entered = 0;
	sample(SAMPLE_CLOSING);
	assert_int_equal(entered, 1);
	assert_u64_equal(s.n_listeners, 3);
	assert_non_null(snapshot_find(&s, 0, 1));
	assert_null(snapshot_find(&s, 1, 77));
	assert_non_null(snapshot_find(&s, 1, 2));
	assert_u64_equal(s.netns[1].first_listener, 1);
}

/* A cookie is the same for a namespace that is found again, whatever its inode and serial are. */
static void test_cookie(void **state)
{
	uint64_t id;

	for (uint64_t cookie = 0; cookie < 2; cookie++) {
		fake_netlink_netns_cookie = cookie;
		unit_write_text(tree, "run/netns/blue", "");
		open_all(NEED_DROPS);
		sample(SAMPLE_CLOSING);
		assert_u64_equal(netns_named("blue")->cookie, cookie);
		id = netns_id(netns_named("blue"));
		remove_file("run/netns/blue");
		check_again();
		unit_write_text(tree, "run/netns/blue", "");
		check_again();
		sample(SAMPLE_CLOSING);
		assert_int_equal(netns_id(netns_named("blue")) == id, cookie != 0);
		sample_source_close(collector);
		collector = NULL;
	}
}

static void test_named(void **state)
{
	static const char *const names[] = { "green", "blue", "green" };
	uint64_t serial;

	assert_int_equal(open_named(NEED_DROPS, names, 3), 0);
	sample(SAMPLE_CLOSING);
	assert_u64_equal(s.n_netns, 2);
	assert_string_equal(s.netns[0].name, "green");
	assert_string_equal(s.netns[1].name, "blue");
	serial = s.netns[1].serial;
	assert_true(s.netns[0].serial != serial);
	sample(SAMPLE_CLOSING);
	assert_u64_equal(s.netns[1].serial, serial);
	/* One that goes is missed, again and again, whoever has its name later. */
	remove_file("run/netns/green");
	check_again();
	for (int i = 0; i < 2; i++) {
		sample(SAMPLE_CLOSING);
		assert_u64_equal(s.n_netns, 1);
		assert_non_null(strstr(warning("namespaces-gone")->message, "green"));
	}
	remove_file("run/netns/blue");
	check_again();
	sample(SAMPLE_CLOSING);
	assert_u64_equal(s.n_netns, 0);
	unit_write_text(tree, "run/netns/green", "");
	check_again();
	sample(SAMPLE_CLOSING);
	assert_u64_equal(s.n_netns, 0);
	assert_non_null(strstr(warning("namespaces-gone")->message, "green, blue"));
}

/* What a sample says outlives the collector. */
static void test_outlives_collector(void **state)
{
	open_all(NEED_DROPS);
	sample(SAMPLE_CLOSING);
	sample_source_close(collector);
	collector = NULL;
	assert_non_null(netns_named("blue"));
	assert_non_null(netns_named("green"));
}

static void add_process(unsigned int pid, const char *as)
{
	unit_add_process(tree, pid, as, "web", 0, pid);
}

/* The one namespace there is has that name, and that process is the oldest in it. */
static void expect_alone(const char *name, uint32_t pid)
{
	check_again();
	sample(SAMPLE_CLOSING);
	assert_u64_equal(s.n_netns, 1);
	assert_string_equal(s.netns[0].name, name);
	assert_u64_equal(s.netns[0].pid, pid);
	assert_u64_equal(s.n_warnings, 0);
}

/* Processes come and go in a namespace that has a name. */
static void test_named_process(void **state)
{
	static const char *const names[] = { "blue" };

	assert_int_equal(open_named(NEED_NAMESPACES | NEED_NETNS_PID, names, 1), 0);
	expect_alone("blue", 0);
	add_process(70, "run/netns/blue");
	add_process(80, "run/netns/blue");
	expect_alone("blue", 70);
	remove_file("proc/70/ns/net");
	expect_alone("blue", 80);
	remove_file("proc/80/ns/net");
	expect_alone("blue", 0);
}

/* One that the user called by a process lives on with another one, or by a name. */
static void test_named_by_process(void **state)
{
	static const char *const names[] = { "70" };
	const unsigned int needs[] = { NEED_NAMESPACES, NEED_NAMESPACES | NEED_NETNS_PID };
	uint64_t serial;

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		add_process(70, NULL);
		add_process(80, "proc/70/ns/net");
		assert_int_equal(open_named(needs[i], names, 1), 0);
		expect_alone("web[70]", 70);
		serial = s.netns[0].serial;
		remove_file("proc/70/ns/net");
		expect_alone("web[80]", 80);
		unit_link(tree, "proc/80/ns/net", "run/netns/red");
		remove_file("proc/80/ns/net");
		expect_alone("red", 0);
		assert_u64_equal(s.netns[0].serial, serial);
		/* What only we hold has gone; nothing is looked for then. */
		fake_netlink_closed = 0;
		remove_file("run/netns/red");
		check_again();
		assert_u64_equal(fake_netlink_closed, 1);
		sample(SAMPLE_CLOSING);
		assert_u64_equal(s.n_netns, 0);
		assert_string_equal(warning("namespaces-gone")->message,
				    "1 network namespace (red) can no longer be found: what "
				    "happened there is not in this report");
		sample_source_close(collector);
		collector = NULL;
	}
}

/* Names that nobody asked for are none to lose it by. */
static void test_unnamed_lives_on(void **state)
{
	static const char *const names[] = { "70" };

	add_process(70, NULL);
	add_process(80, "proc/70/ns/net");
	assert_int_equal(open_named(NEED_DROPS, names, 1), 0);
	remove_file("proc/70/ns/net");
	check_again();
	sample(SAMPLE_CLOSING);
	assert_u64_equal(s.n_netns, 1);
	assert_u64_equal(s.n_warnings, 0);
	remove_file("proc/80/ns/net");
	check_again();
	sample(SAMPLE_CLOSING);
	assert_u64_equal(s.n_netns, 0);
}

/* What still is as it was found is not looked for again, a process not for a name alone. */
static void test_named_is_not_searched(void **state)
{
	static const char *const names[] = { "blue" };
	const unsigned int needs[] = { NEED_NAMESPACES, NEED_NAMESPACES | NEED_NETNS_PID };

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		if (needs[i] & NEED_NETNS_PID)
			add_process(70, "run/netns/blue");
		assert_int_equal(open_named(needs[i], names, 1), 0);
		/* A search would find this one: of names the first counts. */
		unit_link(tree, "run/netns/blue", "run/netns/a");
		expect_alone("blue", needs[i] & NEED_NETNS_PID ? 70 : 0);
		remove_file("run/netns/a");
		sample_source_close(collector);
		collector = NULL;
	}
}

static void test_named_fails(void **state)
{
	static const char *const none[] = { "green", "none" }, *const green[] = { "green" };

	assert_int_equal(open_named(NEED_DROPS, none, 2), -ENOENT);
	assert_non_null(strstr(why.text, "'none'"));
	forbidden = EPERM;
	assert_int_equal(open_named(NEED_DROPS, green, 1), -EPERM);
	assert_non_null(strstr(why.text, "'green'"));
	assert_null(collector);
}

/* Home under another name is not entered, which no privilege is needed for. */
static void test_named_home(void **state)
{
	static const char *const names[] = { "home" };

	unit_link(tree, "proc/self/ns/net", "run/netns/home");
	assert_int_equal(open_named(NEED_DROPS, names, 1), 0);
	sample(SAMPLE_CLOSING);
	assert_u64_equal(s.n_netns, 1);
	assert_int_equal(entered, 0);
}

/* Fast samples go round, and each namespace has its own peaks. */
static void test_peaks(void **state)
{
	open_all(NEED_PEAK);
	sample(SAMPLE_OPENING);
	for (int looks = 0; looks < 6; looks++) {
		while (clock_monotonic_ns() < sample_source_due(collector))
			continue;
		sample_source_look(collector);
	}
	sample(SAMPLE_CLOSING);
	for (size_t i = 0; i < 3; i++) {
		assert_true(s.listeners[i].known & LISTENER_PEAK);
		assert_true(s.netns[i].looked);
	}
}

#define NETNS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NETNS_TEST(test_all),
		NETNS_TEST(test_no_thread_self),
		NETNS_TEST(test_budget),
		NETNS_TEST(test_order),
		NETNS_TEST(test_no_listener),
		NETNS_TEST(test_denied),
		NETNS_TEST(test_come_and_gone),
		NETNS_TEST(test_search_fails),
		NETNS_TEST(test_dump_fails),
		NETNS_TEST(test_dumps_fail),
		NETNS_TEST(test_lost_dump),
		NETNS_TEST(test_processes_hidden),
		NETNS_TEST(test_named),
		NETNS_TEST(test_cookie),
		NETNS_TEST(test_outlives_collector),
		NETNS_TEST(test_named_process),
		NETNS_TEST(test_named_by_process),
		NETNS_TEST(test_unnamed_lives_on),
		NETNS_TEST(test_named_is_not_searched),
		NETNS_TEST(test_named_fails),
		NETNS_TEST(test_named_home),
		NETNS_TEST(test_peaks),
		NETNS_TEST(test_order_with_share),
	};

	return cmocka_run_group_tests_name("open_netns", tests, NULL, NULL);
}

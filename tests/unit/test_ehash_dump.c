/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "collect/collect.h"
#include "collect/sock_diag.h"
#include "fake_netlink.h"
#include "model/connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>

/*
 * When the established hash is walked, by samples that repeat: a kernel of paper in which a walk
 * costs what a test says, and clocks that go only when a test, or a walk, moves them.
 */

#define MS 1000000ull
#define S  (1000 * MS)

static uint64_t now_ns, cpu_ns;

int clock_gettime(clockid_t id, struct timespec *t)
{
	uint64_t ns = id == CLOCK_THREAD_CPUTIME_ID ? cpu_ns : now_ns;

	*t = (struct timespec){ (time_t)(ns / S), (long)(ns % S) };
	return 0;
}

/* Listener i has cookie i + 1, port 80 + i and limit 9. */
static struct {
	unsigned int listeners;
	uint32_t length[3]; /* of each accept queue */
	uint32_t half_open; /* at the first listener */
	uint32_t age_ms; /* of all that wait */
	uint32_t fast_open; /* Fast Open children at the first listener, not accepted */
	uint32_t reset; /* connections in its queue that their clients have reset */
	uint64_t cost_ns; /* of a walk */
	bool old; /* before 5.8: no filter for request socks */
	int fails; /* what the next walk returns, -errno */
	int lost; /* errno of the next walk, half-way */
	uint64_t resets;
	uint32_t first; /* of the connections that wait at the first listener */
	bool taken; /* no connection that an earlier walk has shown is there any more */
	uint32_t accepted; /* the inode they have: not 0, and accept(2) has returned them */
	uint8_t state; /* that they have now; 0: ESTABLISHED */
} kernel;

static size_t walks; /* so far */
static size_t questions; /* for one connection */
static uint32_t last_states; /* of the last walk */

static char *tree;
static struct sample_source *collector;
static struct snapshot s;
static struct error why;

static void reply(uint32_t cookie, uint8_t sk_state, uint16_t port, uint32_t inode, int64_t age)
{
	struct inet_diag_msg m = { .idiag_family = AF_INET,
				   .idiag_state = sk_state,
				   .idiag_inode = inode,
				   .id.idiag_sport = htons(port),
				   .id.idiag_dport = htons((uint16_t)cookie),
				   .id.idiag_cookie = { cookie } };

	fake_netlink_reply_socket(&m, age >= 0 ? 0 : -1, age);
}

static void reply_listeners(void)
{
	for (uint32_t i = 0; i < kernel.listeners; i++) {
		struct inet_diag_msg m = { .idiag_family = AF_INET,
					   .idiag_state = DIAG_LISTEN,
					   .idiag_rqueue = kernel.length[i],
					   .idiag_wqueue = 9,
					   .id.idiag_sport = htons((uint16_t)(80 + i)),
					   .id.idiag_cookie = { i + 1 } };

		fake_netlink_reply_socket(&m, 0, -1);
	}
	fake_netlink_reply_done(0);
}

static const struct inet_diag_bc_op *program_of(const struct nlmsghdr *request)
{
	size_t len = NLMSG_LENGTH(request->nlmsg_type == TCPDIAG_GETSOCK ?
					  sizeof(struct inet_diag_req) :
					  sizeof(struct inet_diag_req_v2));

	return request->nlmsg_len > len ?
		       (const void *)((const char *)request + len + sizeof(struct nlattr)) :
		       NULL;
}

static bool asks_for_request_socks(const struct nlmsghdr *request)
{
	const struct inet_diag_bc_op *program = program_of(request);

	return program && program->code == 13; /* INET_DIAG_BC_CGROUP_COND */
}

static void reply_half_open(const struct nlmsghdr *request)
{
	bool filtered = program_of(request) && !asks_for_request_socks(request);

	for (uint32_t i = 0; !filtered && i < kernel.half_open; i++)
		reply(1000 + i, DIAG_SYN_RECV, 80, 0, -1);
	for (uint32_t i = 0; i < kernel.fast_open; i++)
		reply(1500 + i, DIAG_SYN_RECV, 80, 0, 50);
	reply(1600, DIAG_SYN_RECV, 80, 4711, 50); /* one that was accepted already */
}

static void answer_walk(const struct nlmsghdr *request, uint32_t states)
{
	walks++;
	last_states = states;
	cpu_ns += kernel.cost_ns;
	now_ns += kernel.cost_ns;
	if (kernel.fails) {
		fake_netlink_reply_done(kernel.fails);
		kernel.fails = 0;
		return;
	}
	if (states & 1 << DIAG_SYN_RECV)
		reply_half_open(request);
	for (uint32_t i = 0; states & 1 << DIAG_ESTABLISHED && i < kernel.listeners; i++)
		for (uint32_t n = 0;
		     n + (i ? 0 : kernel.fast_open + kernel.reset) < kernel.length[i]; n++)
			reply(2000 + 100 * i + n + (i ? 0 : kernel.first), DIAG_ESTABLISHED,
			      (uint16_t)(80 + i), 0, kernel.age_ms);
	if (kernel.lost)
		fake_netlink_fail_receive(kernel.lost);
	else
		fake_netlink_reply_done(0);
	kernel.lost = 0;
}

/* One connection, by its addresses and its cookie, which is its port here: no walk. */
static void answer_question(const struct nlmsghdr *request)
{
	const struct inet_diag_req_v2 *r = NLMSG_DATA(request);
	uint32_t cookie = r->id.idiag_cookie[0];
	uint32_t i = (cookie - 2000) / 100, n = (cookie - 2000) % 100;

	questions++;
	if (ntohs(r->id.idiag_dport) != cookie || ntohs(r->id.idiag_sport) != 80 + i ||
	    n >= kernel.length[i] || kernel.taken)
		fake_netlink_reply_error(-ENOENT);
	else
		reply(cookie, kernel.state ? kernel.state : DIAG_ESTABLISHED, (uint16_t)(80 + i),
		      kernel.accepted, kernel.age_ms);
}

static void answer(const struct nlmsghdr *request)
{
	uint32_t states = ((const struct inet_diag_req *)NLMSG_DATA(request))->idiag_states;

	if (!(request->nlmsg_flags & NLM_F_DUMP)) {
		answer_question(request);
		return;
	}
	if (states == 1 << DIAG_LISTEN)
		reply_listeners();
	else if (kernel.old && asks_for_request_socks(request))
		fake_netlink_reply_error(-EINVAL);
	else
		answer_walk(request, states);
}

static int setup(void **state)
{
	fake_netlink_reset();
	fake_netlink_on_request = answer;
	memset(&kernel, 0, sizeof(kernel));
	kernel.listeners = 2;
	kernel.half_open = 3;
	kernel.age_ms = 5000;
	walks = questions = 0;
	now_ns = 100 * S;
	cpu_ns = 0;
	tree = unit_make_tree();
	unit_write_text(tree, "proc/self/ns/net", "");
	unit_write_text(tree, "proc/self/net/netstat", "TcpExt: ListenOverflows\nTcpExt: 1\n");
	unit_write_text(tree, "proc/self/net/snmp", "Tcp: EstabResets\nTcp: 7\n");
	return 0;
}

static int teardown(void **state)
{
	fake_netlink_end(&collector, &s, tree);
	return 0;
}

static void begin(unsigned int needs, double share)
{
	struct collect_config config = {
		.root = tree, .needs = needs, .family = AF_UNSPEC, .walk_share = share
	};

	assert_int_equal(collector_open(&collector, &config, &why), 0);
}

static void sample(void)
{
	assert_int_equal(sample_source_sample(collector, SAMPLE_CLOSING, &s, &why), 0);
}

/* Samples at this second of the test; returns whether there was a walk for it. */
static bool sample_at(uint64_t second)
{
	size_t before = walks;

	assert_true(100 * S + second * S >= now_ns);
	now_ns = 100 * S + second * S;
	sample();
	return walks > before;
}

static const struct group *group(size_t i)
{
	assert_true(s.known & SNAPSHOT_GROUPS);
	return &s.groups[s.listeners[i].group];
}

static uint64_t waiting_age(void)
{
	assert_true(s.netns[0].waiting_ns > 0);
	return s.monotonic_ns - s.netns[0].waiting_ns;
}

static uint64_t syn_age(void)
{
	assert_true(s.netns[0].syn_recv_ns > 0);
	return s.monotonic_ns - s.netns[0].syn_recv_ns;
}

static bool warned(const char *code)
{
	for (size_t i = 0; i < s.n_warnings; i++)
		if (!strcmp(s.warnings[i].code, code))
			return true;
	return false;
}

/* Which dumps. */

#define WAITING_STATES (1 << DIAG_ESTABLISHED | 1 << DIAG_CLOSE_WAIT)

/* No queue is worth one: half-open connections alone, without what would cost more. */
static void test_half_open_alone(void **state)
{
	const struct inet_diag_req *r;

	begin(NEED_SYN_RECV | NEED_WAIT, 0);
	kernel.length[0] = 0;
	sample();
	assert_u64_equal(fake_netlink_sent(), 2);
	r = NLMSG_DATA(fake_netlink_request(1));
	assert_u64_equal(r->idiag_states, 1 << DIAG_SYN_RECV);
	assert_u64_equal(r->idiag_ext, 0);
	assert_null(program_of(fake_netlink_request(1)));
	assert_u64_equal(group(0)->syn_length, 3);
	assert_u64_equal(group(0)->known, 0);
	assert_u64_equal(s.netns[0].waiting_ns, 0);
}

static void test_one_walk_for_both(void **state)
{
	const struct inet_diag_req *r;

	begin(NEED_SYN_RECV | NEED_WAIT, 0);
	kernel.length[1] = 10;
	sample();
	/* The listeners, the walk, and the listeners that were looked into once more. */
	assert_u64_equal(fake_netlink_sent(), 3);
	r = NLMSG_DATA(fake_netlink_request(1));
	assert_u64_equal(r->idiag_states, WAITING_STATES | 1 << DIAG_SYN_RECV);
	assert_u64_equal(r->idiag_ext, 1 << (INET_DIAG_INFO - 1));
	assert_true(asks_for_request_socks(fake_netlink_request(1)));
	assert_u64_equal(group(0)->syn_length, 3);
	assert_u64_equal(group(0)->known, 0);
	assert_u64_equal(group(1)->known, GROUP_WAITING | GROUP_OLDEST);
	assert_u64_equal(group(1)->waiting, 10);
	assert_u64_equal(group(1)->oldest_wait_ms, 5000);
	assert_u64_equal(group(1)->length_after, 10);
	assert_u64_equal(waiting_age(), 0);
	assert_u64_equal(syn_age(), 0);
}

/* Who wants just these pays for no others. */
static void test_waiting_alone(void **state)
{
	begin(NEED_WAIT_ALL, 0);
	sample();
	assert_u64_equal(walks, 0);
	kernel.length[0] = 1;
	sample();
	assert_u64_equal(walks, 1);
	assert_false(asks_for_request_socks(fake_netlink_request(2)));
	assert_u64_equal(group(0)->waiting, 1);
	assert_u64_equal(group(0)->syn_length, 0);
}

/* A kernel before 5.8 has no filter for both: it refuses once, and is not asked again. */
static void test_old_kernel(void **state)
{
	kernel.old = true;
	kernel.length[0] = 10;
	begin(NEED_SYN_RECV | NEED_WAIT, 0);
	for (int i = 0; i < 2; i++) {
		size_t before = fake_netlink_sent();

		sample();
		assert_u64_equal(group(0)->syn_length, 3);
		assert_u64_equal(group(0)->waiting, 10);
		assert_u64_equal(s.n_warnings, 0);
		assert_u64_equal(walks, 2 * (i + 1));
		/* It refuses the request of either kind, for one family and for both. */
		assert_u64_equal(fake_netlink_sent() - before, i ? 4 : 6);
	}
}

/* A Fast Open child waits while its handshake lasts, but not when it was accepted. */
static void test_fast_open_children(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 0);
	kernel.length[0] = 10;
	kernel.fast_open = 2;
	for (int i = 0; i < 2; i++) {
		sample();
		assert_u64_equal(group(0)->fastopen, 2);
		assert_u64_equal(group(0)->waiting, 8);
		assert_u64_equal(group(0)->syn_length, i ? 0 : 3);
		sample_source_set_needs(collector, NEED_WAIT, 0);
	}
}

/* What a dump told that was lost half-way is forgotten, of both. */
static void test_lost_walk(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 0);
	kernel.length[0] = 10;
	kernel.lost = ENOBUFS;
	sample();
	assert_u64_equal(walks, 2);
	assert_u64_equal(group(0)->syn_length, 3);
	assert_u64_equal(group(0)->waiting, 10);
	assert_u64_equal(s.n_warnings, 0);
}

/* A walk that fails is a gap in the report, not the end of it; nothing of it is told again. */
static void test_walk_fails(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 1e-4);
	kernel.length[0] = 10;
	kernel.cost_ns = 50 * MS;
	sample();
	assert_true(group(0)->known & GROUP_WAITING);
	kernel.fails = -EIO;
	assert_true(sample_at(1000));
	assert_true(warned("waiting-unavailable"));
	assert_true(warned("syn-queues-unavailable"));
	assert_u64_equal(s.netns[0].syn_recv_ns, 0);
	assert_u64_equal(s.netns[0].waiting_ns, 0);
	assert_false(s.known & SNAPSHOT_GROUPS);
	/* It is made anew, though it was paid for. */
	assert_true(sample_at(1001));
	assert_u64_equal(s.n_warnings, 0);
	assert_u64_equal(s.netns[0].syn_recv_ns, s.monotonic_ns);
	assert_true(group(0)->known & GROUP_WAITING);
}

/* How many were reset is known as of the walk, and so of a sample that had one. */
static void test_resets(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT | NEED_COUNTERS, 0.02);
	kernel.length[0] = 10;
	kernel.cost_ns = 70 * MS;
	assert_true(sample_at(0));
	assert_true(s.netns[0].resets_known);
	assert_u64_equal(s.netns[0].resets, 7);
	assert_false(sample_at(1));
	assert_true(group(0)->known & GROUP_WAITING);
	assert_false(s.netns[0].resets_known);
}

/* When. */

/* A sample each second for a minute, with a queue in trouble or without. */
static void test_share(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 0.02);
	kernel.cost_ns = 70 * MS;
	for (uint64_t second = 0; second < 60; second++) {
		kernel.length[0] = second / 10 % 2 ? 10 : 0;
		sample_at(second);
		/* What the next walk may cost is a matter of the last one's. */
		assert_true(syn_age() < 8 * S);
		if (kernel.length[0])
			assert_true(waiting_age() < 4 * S);
	}
	assert_in_range(cpu_ns, 900 * MS, 1200 * MS + kernel.cost_ns);
}

static void test_cheap(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 0.02);
	kernel.cost_ns = 20 * MS;
	kernel.length[0] = 10;
	for (uint64_t second = 0; second < 5; second++) {
		assert_true(sample_at(second));
		assert_u64_equal(waiting_age(), 0);
		assert_u64_equal(syn_age(), 0);
	}
	assert_u64_equal(walks, 5);
}

/* Reports other than those of the view: each has its own, whatever it costs. */
static void test_no_limit(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 0);
	kernel.cost_ns = 700 * MS;
	kernel.length[0] = 10;
	for (uint64_t second = 0; second < 5; second++) {
		assert_true(sample_at(second));
		assert_u64_equal(waiting_age(), 0);
		assert_u64_equal(syn_age(), 0);
	}
}

/* What the last walk told is told again with its age, and not as if it were of this window. */
static void test_incident_lasts(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 0.02);
	kernel.cost_ns = 70 * MS;
	kernel.length[0] = 10;
	assert_true(sample_at(0));
	assert_false(group(0)->known & GROUP_STAYED); /* there was no sample before */
	for (uint64_t second = 1; second <= 3; second++) {
		kernel.age_ms += 1000;
		assert_false(sample_at(second));
		assert_u64_equal(waiting_age(), second * S);
		assert_u64_equal(syn_age(), second * S);
		assert_u64_equal(group(0)->known, GROUP_WAITING | GROUP_OLDEST | GROUP_STANDS);
		assert_u64_equal(group(0)->oldest_wait_ms, 5000 + second * 1000);
		assert_u64_equal(group(0)->waiting, 10);
		assert_u64_equal(group(0)->syn_length, 3);
	}
	kernel.age_ms += 1000;
	assert_true(sample_at(4));
	assert_u64_equal(waiting_age(), 0);
	assert_u64_equal(group(0)->oldest_wait_ms, 9000);
	assert_u64_equal(group(0)->known,
			 GROUP_WAITING | GROUP_OLDEST | GROUP_STAYED | GROUP_STANDS);
	assert_u64_equal(group(0)->stayed_min, 10);
}

/* Who is the oldest when a window begins proves at its end that none was accepted. */
static void test_opening_walk(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT | NEED_WINDOW, 0);
	kernel.length[0] = 3;
	assert_int_equal(sample_source_sample(collector, SAMPLE_OPENING, &s, &why), 0);
	assert_u64_equal(walks, 0); /* so few are rarely worth it */
	kernel.length[0] = 4;
	assert_int_equal(sample_source_sample(collector, SAMPLE_OPENING, &s, &why), 0);
	assert_u64_equal(walks, 1);
	assert_u64_equal(last_states, WAITING_STATES | 1 << DIAG_SYN_RECV);
	assert_true(sample_at(1));
	assert_true(group(0)->known & GROUP_STANDS);
	assert_u64_equal(group(0)->ahead, 0);
	/* The first of them is taken, and the next one is the oldest. */
	kernel.first = 1;
	assert_true(sample_at(2));
	assert_false(group(0)->known & GROUP_STANDS);
	assert_true(sample_at(3));
	assert_true(group(0)->known & GROUP_STANDS);
	/* Nobody who asks for no ages pays for it. */
	sample_source_set_needs(collector, NEED_SYN_RECV | NEED_WINDOW, 0);
	walks = 0;
	assert_int_equal(sample_source_sample(collector, SAMPLE_OPENING, &s, &why), 0);
	assert_u64_equal(walks, 0);
}

/* Who was shown at both ends of a window; one that was reset may have left unseen. */
static void test_shown_at_both_ends(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT | NEED_WINDOW, 0);
	kernel.length[0] = 5;
	assert_int_equal(sample_source_sample(collector, SAMPLE_OPENING, &s, &why), 0);
	assert_true(sample_at(1));
	assert_true(group(0)->known & GROUP_SHOWN);
	assert_u64_equal(group(0)->shown, 5);
	assert_u64_equal(group(0)->shown_still, 5);
	kernel.reset = 1;
	for (uint64_t second = 2; second <= 3; second++) {
		assert_true(sample_at(second));
		assert_u64_equal(group(0)->shown, 5);
		assert_u64_equal(group(0)->shown_still, 4);
	}
}

/* More of the same age than are asked for: one of the others may have been taken. */
static void test_too_many_oldest(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 0.02);
	kernel.cost_ns = 70 * MS;
	kernel.length[0] = 70;
	assert_true(sample_at(0));
	assert_false(sample_at(1));
	assert_u64_equal(questions, 64);
	assert_true(group(0)->known & GROUP_STANDS);
	assert_u64_equal(group(0)->ahead, 6);
}

/* Between walks a question for each of the oldest tells whether they wait still. */
static void test_oldest_is_asked_for(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 0.02);
	kernel.cost_ns = 70 * MS;
	kernel.length[0] = 3;
	kernel.length[1] = 10;
	assert_true(sample_at(0));
	assert_u64_equal(questions, 0);
	assert_false(sample_at(1));
	assert_u64_equal(questions, 10); /* not of the other, which that walk had no need of */
	assert_true(group(1)->known & GROUP_STANDS);
	assert_false(group(1)->known & GROUP_MOVED);
	kernel.accepted = 4711;
	assert_false(sample_at(2));
	assert_false(group(1)->known & GROUP_STANDS);
	assert_true(group(1)->known & GROUP_MOVED);
	kernel.accepted = 0;
	kernel.taken = true; /* or was it reset? */
	assert_false(sample_at(3));
	assert_false(group(1)->known & (GROUP_STANDS | GROUP_MOVED));
	assert_u64_equal(questions, 10 + 1 + 1); /* the first answer is enough */
}

/*
 * A connection that was accepted and closed has no inode either, and the kernel knows it for a
 * while: it is in FIN_WAIT, CLOSING, LAST_ACK or TIME_WAIT. It does not wait any more.
 */
static void test_oldest_was_closed(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 0.02);
	kernel.cost_ns = 70 * MS;
	kernel.length[0] = 10;
	assert_true(sample_at(0));
	kernel.state = TCP_CLOSE_WAIT; /* its client has closed it */
	assert_false(sample_at(1));
	assert_true(group(0)->known & GROUP_STANDS);
	for (uint8_t i = TCP_FIN_WAIT1; i <= TCP_CLOSING; i++) {
		kernel.state = i;
		assert_false(sample_at(2));
		assert_u64_equal(!!(group(0)->known & GROUP_STANDS), i == TCP_CLOSE_WAIT);
	}
}

/* It was accepted in this window only if it was seen to wait after that began. */
static void test_oldest_was_accepted(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 0.01);
	kernel.cost_ns = 70 * MS;
	kernel.length[0] = 10;
	assert_true(sample_at(0));
	kernel.state = TCP_FIN_WAIT2;
	assert_false(sample_at(1)); /* the walk was just after the last sample */
	assert_true(group(0)->known & GROUP_MOVED);
	assert_false(sample_at(2));
	assert_false(group(0)->known & GROUP_MOVED);
	kernel.state = TCP_ESTABLISHED;
	for (uint64_t second = 3; second <= 4; second++) {
		assert_false(sample_at(second));
		assert_true(group(0)->known & GROUP_STANDS);
		assert_false(group(0)->known & GROUP_MOVED);
	}
	kernel.state = TCP_FIN_WAIT2;
	assert_false(sample_at(5));
	assert_true(group(0)->known & GROUP_MOVED);
}

/* A listener that gets into trouble is looked into at once, and what its walk costs is paid. */
static void test_incident_begins(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 0.02);
	kernel.cost_ns = 70 * MS;
	assert_true(sample_at(0)); /* for half-open connections: due again at 3.5 s */
	kernel.length[0] = 10;
	assert_true(sample_at(1));
	assert_u64_equal(last_states, WAITING_STATES | 1 << DIAG_SYN_RECV);
	assert_u64_equal(waiting_age(), 0);
	assert_u64_equal(syn_age(), 0);
	kernel.length[0] = 0;
	for (uint64_t second = 2; second <= 6; second++)
		assert_false(sample_at(second));
	assert_true(sample_at(7));
}

/* But not when one was made for another just before: then nothing is known of it, for a while. */
static void test_second_incident(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 0.02);
	kernel.cost_ns = 70 * MS;
	kernel.length[0] = 10;
	assert_true(sample_at(0));
	kernel.length[1] = 10;
	assert_false(sample_at(1));
	assert_true(group(0)->known & GROUP_WAITING);
	assert_u64_equal(group(1)->known, 0);
	assert_u64_equal(group(1)->waiting, 0);
	assert_true(sample_at(4));
	assert_true(group(1)->known & GROUP_WAITING);
}

/* The column asks for queues that are not in trouble: these are as urgent. */
static void test_all_queues(void **state)
{
	begin(NEED_SYN_RECV, 0.02);
	kernel.cost_ns = 70 * MS;
	kernel.length[0] = 1;
	assert_true(sample_at(0));
	sample_source_set_needs(collector, NEED_SYN_RECV | NEED_WAIT_ALL, 0);
	assert_true(sample_at(1));
	assert_true(group(0)->known & GROUP_WAITING);
	/* It was empty then, so that nothing is known of it. */
	kernel.length[1] = 1;
	assert_false(sample_at(2));
	assert_true(group(0)->known & GROUP_WAITING);
	assert_false(group(1)->known & GROUP_WAITING);
}

/* Connections. */

static size_t connections(size_t i, bool half_open)
{
	return connections_of(&s, group(i), half_open).n;
}

/* Where a walk did not keep who they are another one is made; after that the pace holds. */
static void test_connections_are_fetched(void **state)
{
	begin(NEED_SYN_RECV | NEED_WAIT, 1e-4);
	kernel.cost_ns = 20 * MS;
	kernel.length[0] = 10;
	kernel.length[1] = 1;
	assert_true(sample_at(0));
	assert_u64_equal(s.n_connections, 0);
	sample_source_set_needs(collector, NEED_CONNECTIONS | NEED_WAIT, 80);
	assert_true(sample_at(1));
	assert_u64_equal(connections(0, false), 10);
	assert_u64_equal(connections(0, true), 3);
	kernel.half_open = 9;
	assert_false(sample_at(2));
	assert_u64_equal(connections(0, false), 10);
	assert_u64_equal(connections(0, true), 3);
	assert_u64_equal(waiting_age(), 1 * S);
	/* Those of another listener, which nobody had looked into. */
	sample_source_set_needs(collector, NEED_CONNECTIONS | NEED_WAIT, 81);
	assert_true(sample_at(3));
	assert_u64_equal(connections(1, false), 1);
	assert_u64_equal(connections(0, false), 0);
	assert_false(sample_at(4));
	assert_u64_equal(connections(1, false), 1);
	assert_true(group(0)->known & GROUP_WAITING);
	sample_source_set_needs(collector, NEED_SYN_RECV | NEED_WAIT, 0);
	assert_false(sample_at(5));
	assert_u64_equal(s.n_connections, 0);
	assert_false(s.known & SNAPSHOT_CONNECTIONS);
}

/* Of all listeners, and then of one. */
static void test_detail(void **state)
{
	begin(NEED_CONNECTIONS, 0);
	kernel.length[0] = kernel.length[1] = 1;
	sample();
	assert_u64_equal(connections(0, false), 1);
	assert_u64_equal(connections(0, true), 3);
	assert_u64_equal(connections(1, false), 1);
	sample_source_set_needs(collector, NEED_CONNECTIONS, 81);
	sample();
	assert_false(group(0)->known & GROUP_WAITING);
	assert_u64_equal(connections(0, false), 0);
	assert_u64_equal(connections(1, false), 1);
}

#define EHASH_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Where no segment comes. */

/* What every sample reads; the file that is open stays the same. */
static void receive_segments(uint64_t in_all)
{
	char text[64];

	snprintf(text, sizeof(text), "Tcp: InSegs EstabResets\nTcp: %u 7\n", (unsigned int)in_all);
	unit_write_text(tree, "proc/self/net/snmp", text);
}

static void begin_quiet(unsigned int needs, double share)
{
	kernel.half_open = 0;
	receive_segments(40);
	begin(needs, share);
}

/* The third walk, and all after it, can find nothing new: the answer is known without. */
static void test_quiet_namespace(void **state)
{
	begin_quiet(NEED_SYN_RECV | NEED_WAIT | NEED_COUNTERS, 0);
	assert_true(sample_at(0)); /* a SYN may have been between the counter and the hash */
	assert_true(sample_at(1));
	for (uint64_t second = 2; second < 10; second++) {
		assert_false(sample_at(second));
		assert_u64_equal(syn_age(), 0);
		assert_u64_equal(s.listeners[0].length, 0);
		assert_u64_equal(s.n_warnings, 0);
	}
	kernel.half_open = 3;
	receive_segments(43);
	assert_true(sample_at(10));
	assert_u64_equal(group(0)->syn_length, 3);
	/* They may expire, which no counter shows. */
	assert_true(sample_at(11));
	assert_u64_equal(group(0)->syn_length, 3);
	kernel.half_open = 0;
	assert_true(sample_at(12));
	assert_false(sample_at(13));
	assert_u64_equal(syn_age(), 0);
	/* One segment more, of whatever kind. */
	receive_segments(44);
	assert_true(sample_at(14));
	assert_true(sample_at(15));
	assert_false(sample_at(16));
}

/* A walk proves nothing that began less than half a second after the counter's value was read. */
static void test_quiet_settles(void **state)
{
	static const struct {
		uint64_t ms;
		bool walk;
	} steps[] = { { 0, true },   { 400, true },  { 499, true },
		      { 500, true }, { 600, false }, { 900, false } };

	begin_quiet(NEED_SYN_RECV | NEED_COUNTERS, 0);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		size_t before = walks;

		now_ns = 100 * S + steps[i].ms * MS;
		sample();
		assert_int_equal(walks > before, steps[i].walk);
	}
}

/* A sample that begins a window reads the counter as well. */
static void test_quiet_since_opening(void **state)
{
	begin_quiet(NEED_SYN_RECV | NEED_COUNTERS | NEED_WINDOW, 0);
	assert_int_equal(sample_source_sample(collector, SAMPLE_OPENING, &s, &why), 0);
	assert_u64_equal(walks, 0);
	assert_true(sample_at(1));
	assert_false(sample_at(2));
}

static void test_quiet_unknown(void **state)
{
	/* The counter is missing, or nobody reads it. */
	for (int i = 0; i < 2; i++) {
		begin_quiet(NEED_SYN_RECV | (i ? 0 : NEED_COUNTERS), 0);
		if (!i)
			unit_write_text(tree, "proc/self/net/snmp", "Tcp: EstabResets\nTcp: 7\n");
		for (uint64_t second = 0; second < 5; second++)
			assert_true(sample_at(5 * (unsigned int)i + second));
		sample_source_close(collector);
		collector = NULL;
	}
}

/* A walk that was interrupted may have missed one; one that failed knows nothing. */
static void test_quiet_whole_walks_only(void **state)
{
	begin_quiet(NEED_SYN_RECV | NEED_WAIT_ALL | NEED_COUNTERS, 0);
	kernel.length[0] = 2; /* each in a datagram of its own */
	for (uint64_t second = 0; second < 5; second++) {
		assert_true(sample_at(second));
		assert_u64_equal(group(0)->waiting, 2);
	}
	kernel.length[0] = 0;
	assert_true(sample_at(5));
	assert_false(sample_at(6));
	/* What is known stays so after a walk for the queue, */
	kernel.length[0] = 2;
	assert_true(sample_at(7));
	kernel.length[0] = 0;
	assert_false(sample_at(8));
	/* unless that finds some after all, or fails. */
	for (uint64_t second = 9; second < 15; second += 3) {
		kernel.length[0] = 2;
		if (second == 9)
			kernel.half_open = 1;
		else
			kernel.fails = -EIO;
		assert_true(sample_at(second));
		assert_int_equal(s.netns[0].syn_recv_ns != 0, second == 9);
		kernel.length[0] = kernel.half_open = 0;
		assert_true(sample_at(second + 1));
		assert_false(sample_at(second + 2));
	}
}

/* Where walks are dear, what is known is as of this sample nevertheless. */
static void test_quiet_is_not_carried(void **state)
{
	begin_quiet(NEED_SYN_RECV | NEED_WAIT | NEED_COUNTERS, 0.02);
	kernel.cost_ns = 70 * MS;
	assert_true(sample_at(0));
	assert_false(sample_at(1));
	assert_u64_equal(syn_age(), 1 * S);
	assert_true(sample_at(4));
	for (uint64_t second = 5; second < 60; second++) {
		assert_false(sample_at(second));
		assert_u64_equal(syn_age(), 0);
	}
	kernel.half_open = 1;
	receive_segments(41);
	assert_true(sample_at(60));
	assert_u64_equal(group(0)->syn_length, 1);
}

/* A queue that nobody serves stays proved as such: waiting connections are dumped as ever. */
static void test_quiet_with_a_queue(void **state)
{
	begin_quiet(NEED_SYN_RECV | NEED_WAIT | NEED_COUNTERS, 0);
	kernel.length[0] = 1;
	assert_true(sample_at(0)); /* whether it moves is unknown without a window */
	assert_u64_equal(s.netns[0].waiting_ns, 0);
	for (uint64_t second = 1; second < 6; second++) {
		kernel.age_ms = 5000 + (uint32_t)second * 1000;
		assert_true(sample_at(second));
		assert_u64_equal(waiting_age(), 0);
		assert_u64_equal(syn_age(), 0);
		assert_u64_equal(group(0)->waiting, 1);
		assert_u64_equal(group(0)->oldest_wait_ms, kernel.age_ms);
		assert_int_equal(!!(group(0)->known & GROUP_STANDS), second > 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EHASH_TEST(test_half_open_alone),
		EHASH_TEST(test_one_walk_for_both),
		EHASH_TEST(test_waiting_alone),
		EHASH_TEST(test_old_kernel),
		EHASH_TEST(test_fast_open_children),
		EHASH_TEST(test_lost_walk),
		EHASH_TEST(test_walk_fails),
		EHASH_TEST(test_resets),
		EHASH_TEST(test_share),
		EHASH_TEST(test_cheap),
		EHASH_TEST(test_no_limit),
		EHASH_TEST(test_incident_lasts),
		EHASH_TEST(test_opening_walk),
		EHASH_TEST(test_quiet_namespace),
		EHASH_TEST(test_quiet_settles),
		EHASH_TEST(test_quiet_since_opening),
		EHASH_TEST(test_quiet_unknown),
		EHASH_TEST(test_quiet_whole_walks_only),
		EHASH_TEST(test_quiet_is_not_carried),
		EHASH_TEST(test_quiet_with_a_queue),
		EHASH_TEST(test_shown_at_both_ends),
		EHASH_TEST(test_too_many_oldest),
		EHASH_TEST(test_oldest_is_asked_for),
		EHASH_TEST(test_oldest_was_closed),
		EHASH_TEST(test_oldest_was_accepted),
		EHASH_TEST(test_incident_begins),
		EHASH_TEST(test_second_incident),
		EHASH_TEST(test_all_queues),
		EHASH_TEST(test_connections_are_fetched),
		EHASH_TEST(test_detail),
	};

	return cmocka_run_group_tests_name("ehash_dump", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/text.h"
#include "model/groups.h"

#include <ctype.h>
#include <sys/socket.h>

static struct scene scene;

static int setup(void **state)
{
	scene_open(&scene);
	return 0;
}

static int teardown(void **state)
{
	scene_close(&scene);
	return 0;
}

static void drops(uint16_t cookie, uint32_t before, uint32_t now)
{
	scene_add_both(&scene, cookie);
	scene_before(&scene, cookie)->drops = before;
	scene_now(&scene, cookie)->drops = now;
}

static void assert_range(uint16_t cookie, uint64_t min, uint64_t max)
{
	const struct row *row = scene_row(&scene, cookie);

	assert_true(row->window->overflows.known);
	assert_u64_equal(row->window->overflows.min, min);
	assert_u64_equal(row->window->overflows.max, max);
}

static const struct netns_report *netns(void)
{
	scene_report(&scene);
	return &scene.report.netns[0];
}

/* Deltas. */

static void test_counters(void **state)
{
	const struct netns_report *ns;

	scene_count(&scene, COUNTER_LISTEN_DROPS, 1, 2, 8, 9);
	scene_count(&scene, COUNTER_OUT_RSTS, 1, 5, 3, 4); /* backwards: reset */
	scene.before.netns[0].after.known &= ~(1u << COUNTER_PASSIVE_OPENS);
	scene.now.netns[0].after.known &= ~(1u << COUNTER_COOKIES_SENT);
	ns = netns();
	assert_true(ns->delta[COUNTER_LISTEN_DROPS].known);
	assert_u64_equal(ns->delta[COUNTER_LISTEN_DROPS].value, 7);
	assert_u64_equal(ns->total[COUNTER_LISTEN_DROPS].value, 9);
	assert_false(ns->delta[COUNTER_OUT_RSTS].known);
	assert_true(ns->total[COUNTER_OUT_RSTS].known);
	assert_false(ns->delta[COUNTER_PASSIVE_OPENS].known);
	assert_true(ns->total[COUNTER_PASSIVE_OPENS].known);
	assert_false(ns->delta[COUNTER_COOKIES_SENT].known);
	assert_false(ns->total[COUNTER_COOKIES_SENT].known);
	assert_true(ns->delta[COUNTER_EMBRYONIC_RSTS].known);
	assert_u64_equal(ns->delta[COUNTER_EMBRYONIC_RSTS].value, 0);
}

static void test_drops(void **state)
{
	static const struct {
		uint32_t before, now;
		bool known;
		uint64_t delta;
	} cases[] = {
		{ 0, 0, true, 0 },	     { 5, 9, true, 4 },
		{ 4294967294u, 3, true, 5 }, /* wrapped */
		{ 4294967295u, 0, true, 1 }, { 0, 0x7fffffff, true, 0x7fffffff },
		{ 9, 5, false, 0 }, /* backwards */
		{ 0, 0x80000000, false, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		drops((uint16_t)(i + 1), cases[i].before, cases[i].now);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct row *row = scene_row(&scene, (uint16_t)(i + 1));

		assert_int_equal(row->window->drops.known, cases[i].known);
		if (cases[i].known)
			assert_u64_equal(row->window->drops.value, cases[i].delta);
	}
	/* A sum of which a part is unknown is unknown. */
	assert_false(netns()->listener_drops.known);
}

static void test_drops_unknown_in_one_sample(void **state)
{
	drops(1, 5, 9);
	drops(2, 5, 9);
	scene_before(&scene, 1)->known = 0;
	scene_now(&scene, 2)->known = 0;
	assert_false(scene_row(&scene, 1)->window->drops.known);
	assert_false(scene_row(&scene, 2)->window->drops.known);
}

/* The same cookie in another namespace is another socket. */
static void test_identity_has_namespace(void **state)
{
	struct listener *l;

	drops(1, 5, 9);
	snapshot_add_netns(&scene.now)->inode = SCENE_NETNS + 1;
	l = snapshot_add_listener(&scene.now, 1, 1);
	l->known = LISTENER_DROPS;
	l->drops = 3;
	scene_report(&scene);
	assert_u64_equal(scene.report.rows[0].window->drops.value, 4);
	/* And of a namespace that was not sampled before nothing is known. */
	assert_false(scene.report.rows[1].window->drops.known);
	assert_false(scene.report.rows[1].window->overflows.known);
	assert_false(scene.report.netns[1].delta[COUNTER_LISTEN_DROPS].known);
}

/* Namespaces need not come in the same order in both samples. */
static void test_namespaces_by_inode(void **state)
{
	struct listener *l;

	scene.before.netns[0].inode = SCENE_NETNS + 1;
	snapshot_add_netns(&scene.before)->inode = SCENE_NETNS;
	l = snapshot_add_listener(&scene.before, 1, 1);
	l->known = LISTENER_DROPS;
	l->drops = 2;
	scene_add(&scene.now, 1)->drops = 9;
	assert_u64_equal(scene_row(&scene, 1)->window->drops.value, 7);
}

/* A namespace that has ended leaves its inode to the next: nothing is compared with it. */
static void test_reused_inode(void **state)
{
	drops(1, 0, 4);
	scene_overflow(&scene, 4);
	scene.before.netns[0].cookie = 7;
	scene.now.netns[0].cookie = 9;
	assert_null(netns()->opening);
	assert_false(netns()->delta[COUNTER_LISTEN_OVERFLOWS].known);
	assert_false(netns()->unattributed_overflows.known);
	assert_true(netns()->total[COUNTER_LISTEN_OVERFLOWS].known);
	assert_false(scene_row(&scene, 1)->window->overflows.known);
	assert_false(scene_row(&scene, 1)->window->drops.known);
}

static void test_no_window(void **state)
{
	const struct row *row;

	drops(1, 5, 9);
	report_build(&scene.report, NULL, &scene.now);
	row = &scene.report.rows[0];
	assert_u64_equal(scene.report.window_ns, 0);
	assert_ptr_equal(scene.report.snapshot, &scene.now);
	assert_false(row->window->drops.known);
	assert_false(row->window->overflows.known);
	assert_false(row->window->accepted.known);
	assert_false(scene.report.netns[0].delta[COUNTER_LISTEN_DROPS].known);
	assert_true(scene.report.netns[0].total[COUNTER_LISTEN_DROPS].known);
	assert_false(scene.report.netns[0].unattributed_overflows.known);
	assert_false(scene.report.netns[0].listener_drops.known);
}

/* The ledger. */

/* Drops before and after the window: "5>9", ">9" of one that came, "5>" of one that went. */
static void add_droppers(const char *listeners)
{
	uint16_t cookie = 1;

	for (const char *s = listeners; *s; s += strspn(s, " "), cookie++) {
		const char *now = s + strcspn(s, ">? ") + 1;

		if (*s != '>')
			scene_add(&scene.before, cookie)->drops = (uint32_t)strtoul(s, NULL, 10);
		if (*s == '?' || isdigit((unsigned char)*now))
			scene_add(&scene.now, cookie)->drops = (uint32_t)strtoul(now, NULL, 10);
		if (*s == '?')
			scene_before(&scene, cookie)->known = scene_now(&scene, cookie)->known = 0;
		s += strcspn(s, " ");
	}
}

/* Bounds of overflows, of those that are there; "+5" have fallen on nobody. */
static void test_ledger(void **state)
{
	static const struct {
		const char *listeners;
		uint64_t overflows;
		const char *expected;
	} cases[] = {
		{ "10>20 10>10", 4, "4 0" }, /* a single mover is exact */
		{ "0>8 0>3", 6, "3-6 0-3" },
		{ "0>4 0>3", 7, "4 3" }, /* all drops were overflows */
		{ "0>4", 0, "0" },
		/* At least 3 fell on one that nobody saw; so may all 5. */
		{ "0>2", 5, "0-2 +3" },
		{ ">7", 7, "7" }, /* a new socket began at 0 */
		{ "0>9 >0", 9, "9 0" },
		{ "0>9 0>", 9, "0-9" }, /* one that went may have taken any number along */
		{ "0>", 5, "+5" },
		/* A kernel without drops: each may account for all, none does unless it is alone.
		 */
		{ "? ?", 5, "0-5 0-5" },
		{ "? 0>0", 5, "5 0" },
		{ "50>3 0>2", 5, "3-5 0-2" }, /* backwards is unknown */
		{ "4294967290>4 0>0", 10, "10 0" }, /* wrapped */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf found = { 0 };
		uint64_t rest;

		scene_open(&scene);
		add_droppers(cases[i].listeners);
		scene_overflow(&scene, cases[i].overflows);
		rest = netns()->unattributed_overflows.value;
		for (size_t j = 0; j < scene.report.n_rows - scene.report.n_gone; j++) {
			const struct range *r = &scene.report.rows[j].window->overflows;

			strbuf_addf(&found, r->min == r->max ? "%s%llu" : "%s%llu-%llu",
				    j ? " " : "", (unsigned long long)r->min,
				    (unsigned long long)r->max);
		}
		if (rest)
			strbuf_addf(&found, "%s+%llu", found.len ? " " : "",
				    (unsigned long long)rest);
		assert_string_equal(found.s, cases[i].expected);
		strbuf_free(&found);
		scene_close(&scene);
	}
}

/* Overflows on the edge of a window: surely 3, at most 9. */
static void test_lo_below_hi(void **state)
{
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 100, 104, 107, 109);
	drops(1, 0, 20);
	assert_range(1, 3, 9);
	drops(2, 0, 1);
	assert_range(1, 2, 9);
	assert_range(2, 0, 1);
	assert_u64_equal(netns()->overflows_lo.value, 3);
	assert_u64_equal(netns()->overflows_hi.value, 9);
	assert_u64_equal(netns()->delta[COUNTER_LISTEN_OVERFLOWS].value, 5);
}

static void test_vanished_between_samples(void **state)
{
	drops(1, 0, 9);
	scene_overflow(&scene, 9);
	scene.now.netns[0].listener_vanished = true;
	assert_range(1, 0, 9);
}

static void test_overflows_unknown(void **state)
{
	drops(1, 0, 5);
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 9, 9, 3, 3);
	assert_false(scene_row(&scene, 1)->window->overflows.known);
	assert_false(netns()->unattributed_overflows.known);
	scene_overflow(&scene, 5);
	scene.now.netns[0].before.known = 0;
	assert_false(scene_row(&scene, 1)->window->overflows.known);
	assert_false(netns()->unattributed_overflows.known);
}

/* No UNIX listener has a share in the ledger, nor is one that goes missed in it. */
static void test_unix_is_not_in_the_ledger(void **state)
{
	const struct row *row;

	drops(1, 0, 3);
	for (uint16_t cookie = 2; cookie < 4; cookie++) {
		struct listener *l = scene_add(&scene.before, cookie);

		l->addr.family = AF_UNIX;
		l->known = 0;
	}
	*scene_add(&scene.now, 2) = *scene_before(&scene, 2);
	scene_overflow(&scene, 3);
	assert_range(1, 3, 3);
	assert_false(netns()->listener_vanished);
	assert_true(netns()->listener_drops.known);
	assert_u64_equal(netns()->listener_drops.value, 3);
	row = scene_row(&scene, 2);
	assert_false(row->window->overflows.known);
	assert_false(row->window->drops.known);
	assert_false(row_syn_limit(row).known);
	assert_false(row->window->accepted.known);
}

static void test_namespaces_have_ledgers_of_their_own(void **state)
{
	struct listener *l;
	struct netns *ns;

	drops(1, 0, 5);
	scene_overflow(&scene, 5);
	ns = snapshot_add_netns(&scene.before);
	ns->inode = SCENE_NETNS + 1;
	ns->before.known = ns->after.known = 1u << COUNTER_LISTEN_OVERFLOWS;
	ns = snapshot_add_netns(&scene.now);
	ns->inode = SCENE_NETNS + 1;
	ns->before.known = ns->after.known = 1u << COUNTER_LISTEN_OVERFLOWS;
	ns->before.value[COUNTER_LISTEN_OVERFLOWS] = ns->after.value[COUNTER_LISTEN_OVERFLOWS] = 2;
	l = snapshot_add_listener(&scene.before, 1, 2);
	l->known = LISTENER_DROPS;
	l = snapshot_add_listener(&scene.now, 1, 2);
	l->known = LISTENER_DROPS;
	l->drops = 9;
	snapshot_add_listener(&scene.before, 1, 3);
	assert_range(1, 5, 5);
	assert_range(2, 0, 2);
	assert_false(scene.report.netns[0].listener_vanished);
	assert_true(scene.report.netns[1].listener_vanished);
}

/* A report is built again in the same memory, and never shows what was there before. */
static void test_build_again(void **state)
{
	drops(1, 0, 5);
	drops(2, 0, 5);
	scene_overflow(&scene, 10);
	assert_range(1, 5, 5);
	scene_now(&scene, 1)->drops = 0;
	scene_overflow(&scene, 0);
	assert_range(1, 0, 0);
	assert_int_equal(scene_row(&scene, 1)->state, STATE_OK);
	assert_u64_equal(scene.report.n_shown, 2);
}

/* A sample may hold no namespace. */
static void test_empty(void **state)
{
	struct snapshot empty = { 0 };

	for (int i = 0; i < 3; i++) {
		report_build(&scene.report, &empty, &empty);
		report_select(&scene.report, &all_listeners);
		assert_u64_equal(scene.report.n_rows, 0);
		assert_u64_equal(scene.report.n_shown, 0);
	}
}

/*
 * The bounds hold whatever happens: a small world makes up what truly overflowed, and reads its
 * counters as listenq does, while it goes on changing.
 */
#define WORLD 8

struct world {
	uint64_t overflows; /* ListenOverflows */
	struct {
		bool there;
		bool reads_drops; /* as kernels before 4.7 do not */
		uint32_t drops;
		uint64_t overflowed; /* what nobody can see */
	} listeners[WORLD];
};

/* Packets that arrive somewhere. */
static void go_on(struct world *w, uint32_t events)
{
	for (uint32_t i = unit_random_below(events + 1); i; i--) {
		uint32_t l = unit_random_below(WORLD);

		if (!w->listeners[l].there)
			continue;
		w->listeners[l].drops += 1 + unit_random_below(2);
		if (unit_random_below(3)) {
			w->listeners[l].overflowed++;
			w->overflows++;
		}
	}
}

/* A dump takes its time: each listener is read at another moment. */
static void read_world(struct world *w, struct snapshot *s, uint64_t seen[WORLD], uint32_t busy)
{
	struct netns *ns = &s->netns[0];

	ns->before.value[COUNTER_LISTEN_OVERFLOWS] = w->overflows;
	for (uint16_t i = 0; i < WORLD; i++) {
		struct listener *l;

		go_on(w, busy);
		seen[i] = w->listeners[i].overflowed;
		if (!w->listeners[i].there)
			continue;
		l = scene_add(s, (uint16_t)(i + 1));
		l->drops = w->listeners[i].drops;
		l->known = w->listeners[i].reads_drops ? LISTENER_DROPS : 0;
	}
	go_on(w, busy);
	ns->after.value[COUNTER_LISTEN_OVERFLOWS] = w->overflows;
}

static void run_world(uint64_t seed)
{
	uint64_t seen_before[WORLD], seen_now[WORLD], sum_min = 0, sum_max = 0, sum_true = 0;
	uint32_t busy = (uint32_t)(seed % 3), old_kernel = seed % 17 == 0;
	struct world w = { .overflows = seed };
	struct scene s = { 0 };

	unit_random_seed(seed);
	for (size_t i = 0; i < WORLD; i++) {
		w.listeners[i].there = unit_random_below(4) != 0;
		w.listeners[i].reads_drops = !old_kernel || unit_random_below(2);
		w.listeners[i].drops =
			unit_random_below(3) ? unit_random_below(1000) : UINT32_MAX - 2;
	}
	scene_open(&s);
	read_world(&w, &s.before, seen_before, busy);
	go_on(&w, unit_random_below(30));
	if (seed % 5 == 0) {
		uint32_t i = unit_random_below(WORLD);

		/* One is closed, or opened: a new socket counts from 0. */
		w.listeners[i].there = !w.listeners[i].there;
		w.listeners[i].drops = 0;
		go_on(&w, 10);
	}
	read_world(&w, &s.now, seen_now, busy);
	scene_report(&s);
	for (size_t i = 0; i < s.report.n_rows; i++) {
		const struct row *row = &s.report.rows[i];
		size_t l = (size_t)row->listener->cookie - 1;
		uint64_t truth = seen_now[l] - seen_before[l];

		assert_true(row->window->overflows.known);
		if (row->window->overflows.min > truth || truth > row->window->overflows.max)
			fail_msg("seed %llu: listener %zu overflowed %llu times, not %llu to %llu",
				 (unsigned long long)seed, l, (unsigned long long)truth,
				 (unsigned long long)row->window->overflows.min,
				 (unsigned long long)row->window->overflows.max);
		if (!busy && s.report.n_rows == 1 && !s.report.netns[0].listener_vanished)
			assert_u64_equal(row->window->overflows.min, row->window->overflows.max);
		if (row->gone)
			continue;
		sum_min += row->window->overflows.min;
		sum_max += row->window->overflows.max;
		sum_true += truth;
	}
	/* What nobody present can account for was never blamed on them. */
	assert_true(sum_min <= s.report.netns[0].overflows_hi.value);
	assert_true(s.report.netns[0].unattributed_overflows.value +
			    (sum_max < sum_true ? sum_max : sum_true) <=
		    s.report.netns[0].overflows_hi.value);
	if (!busy && !s.report.netns[0].listener_vanished)
		assert_u64_equal(s.report.netns[0].unattributed_overflows.value, 0);
	scene_close(&s);
}

static void test_range_hold_always(void **state)
{
	for (uint64_t seed = 1; seed <= 20000; seed++)
		run_world(seed);
}

/* What is derived of one listener. */

static void test_syn_limit(void **state)
{
	static const struct {
		int64_t cookies, max;
		uint32_t limit;
		uint64_t expected;
	} cases[] = {
		{ 1, 2048, 128, 128 }, { 2, 8, 128, 128 },	{ 0, 2048, 128, 128 },
		{ 0, 8, 128, 6 },      { 0, 170, 128, 128 },	{ 0, 171, 129, 129 },
		{ 0, 169, 128, 127 },  { 0, 0, 128, 0 },	{ 0, 3, 128, 3 },
		{ 1, 2048, 0, 0 },     { 0, 2048, 4096, 1536 },
	};
	struct sysctls *s = &scene.now.netns[0].sysctls;

	scene_add_both(&scene, 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct row *row;

		s->value[SYSCTL_SYNCOOKIES] = cases[i].cookies;
		s->value[SYSCTL_MAX_SYN_BACKLOG] = cases[i].max;
		scene_now(&scene, 1)->limit = cases[i].limit;
		row = scene_row(&scene, 1);
		assert_true(row_syn_limit(row).known);
		assert_u64_equal(row_syn_limit(row).value, cases[i].expected);
	}
	s->known &= ~(1u << SYSCTL_MAX_SYN_BACKLOG);
	assert_false(row_syn_limit(scene_row(&scene, 1)).known);
	s->value[SYSCTL_SYNCOOKIES] = 1;
	assert_true(row_syn_limit(scene_row(&scene, 1)).known);
	s->known &= ~(1u << SYSCTL_SYNCOOKIES);
	assert_false(row_syn_limit(scene_row(&scene, 1)).known);
}

/* The kernel does not tell which member of a group a connection waits at. */
static void test_oldest_wait(void **state)
{
	struct group *g;

	scene_add_both(&scene, 1);
	scene_add_both(&scene, 2);
	scene_now(&scene, 2)->addr.port = 1;
	scene_now(&scene, 1)->length = 3;
	g = scene_group(&scene, 1);
	g->known = GROUP_WAITING | GROUP_OLDEST;
	g->oldest_wait_ms = 700;
	assert_u64_equal(g->sockets, 2);
	assert_true(scene_row(&scene, 1)->oldest_wait_ms.known);
	assert_u64_equal(scene_row(&scene, 1)->oldest_wait_ms.value, 700);
	assert_false(scene_row(&scene, 2)->oldest_wait_ms.known);
	g->holder = 0; /* the other has one too */
	assert_false(scene_row(&scene, 1)->oldest_wait_ms.known);
	g->holder = 1;
	g->known = GROUP_WAITING;
	assert_false(scene_row(&scene, 1)->oldest_wait_ms.known);
}

static size_t selected(struct selection selection)
{
	report_select(&scene.report, &selection);
	return scene.report.n_shown;
}

static void test_select(void **state)
{
	for (uint16_t i = 1; i <= 4; i++)
		drops(i, 0, i == 2 ? 10 : 0); /* which prove that it was full */
	scene_overflow(&scene, 10);
	scene_now(&scene, 1)->addr.family = AF_INET6;
	scene_now(&scene, 2)->limit = scene_now(&scene, 3)->limit = 4;
	scene_now(&scene, 2)->length = 4; /* 80 % */
	scene_now(&scene, 3)->length = 3;
	scene_report(&scene);
	assert_u64_equal(selected((struct selection){ .family = AF_UNSPEC }), 4);
	assert_u64_equal(selected((struct selection){ .family = AF_INET6 }), 1);
	assert_u64_equal(scene.report.shown[0]->listener->cookie, 1);
	assert_u64_equal(selected((struct selection){ .family = AF_INET }), 3);
	assert_u64_equal(selected((struct selection){
				 .family = AF_UNSPEC, .only_full = true, .fill = FILL_HIGH }),
			 1);
	assert_u64_equal(scene.report.shown[0]->listener->cookie, 2);
	assert_u64_equal(selected((struct selection){ .family = AF_UNSPEC,
						      .only_full = true,
						      .fill = 60 * FILL_PERCENT }),
			 2);
	assert_u64_equal(
		selected((struct selection){ .family = AF_UNSPEC, .only_full = true, .fill = 0 }),
		4);
	assert_true(scene.report.rows[0].shown);
	/* What is hidden counts in the sums all the same. */
	selected((struct selection){ .family = AF_INET6 });
	assert_false(scene.report.rows[1].shown);
	assert_u64_equal(scene.report.netns[0].listener_drops.value, 10);
	assert_u64_equal(scene.report.n_rows, 4);
}

/* What is in the queues: whose, and whether it is known. */

static struct row_queue queue_of(uint16_t cookie, bool half_open)
{
	const struct row *row = scene_row(&scene, cookie);

	return half_open ? row_half_open(row) : row_waiting(row);
}

static void test_queue_unknown(void **state)
{
	struct group *g;

	scene_add_both(&scene, 1);
	assert_false(queue_of(1, false).known); /* no groups at all */
	assert_false(queue_of(1, true).known);
	g = scene_group(&scene, 1);
	scene.now.known |= SNAPSHOT_CONNECTIONS;
	assert_false(queue_of(1, false).known); /* another port was asked for */
	assert_false(queue_of(1, true).known);
	g->known = GROUP_CONNECTIONS;
	assert_true(queue_of(1, false).known); /* an empty queue needs no dump */
	assert_true(queue_of(1, true).known);
	g->syn_length = 3; /* counted by an older walk, which did not keep who they are */
	assert_false(queue_of(1, true).known);
	g->syn_length = 0;
	scene.now.netns[0].syn_recv_ns = 0;
	assert_false(queue_of(1, true).known);
	g->queued_members = 1; /* a dump that failed */
	assert_false(queue_of(1, false).known);
	g->known |= GROUP_WAITING;
	assert_true(queue_of(1, false).known);
	scene.now.known &= ~(unsigned int)SNAPSHOT_CONNECTIONS;
	assert_false(queue_of(1, false).known);
}

static void test_queue_of_a_group(void **state)
{
	struct group *g;

	for (uint16_t cookie = 1; cookie <= 3; cookie++) {
		scene_add_both(&scene, cookie);
		scene_now(&scene, cookie)->addr.port = 80;
	}
	scene_now(&scene, 2)->length = 1;
	g = scene_group(&scene, 1);
	g->known = GROUP_CONNECTIONS | GROUP_WAITING;
	scene.now.known |= SNAPSHOT_CONNECTIONS;
	connections_add(&scene.now)->peer_port = 7;
	connections_add(&scene.now)->half_open = true;
	connections_sort(&scene.now);
	/* Only one member has a queue: it is known whose the connection is. */
	assert_u64_equal(queue_of(1, false).connections.n, 0);
	assert_u64_equal(queue_of(2, false).connections.n, 1);
	assert_u64_equal(queue_of(2, false).connections.list->peer_port, 7);
	assert_false(queue_of(2, false).of_group);
	assert_u64_equal(queue_of(3, true).connections.n, 1);
	assert_true(queue_of(3, true).of_group);
	/* Two have. */
	scene_now(&scene, 3)->length = 1;
	g->queued_members = 2;
	g->holder = 0;
	assert_u64_equal(queue_of(1, false).connections.n, 0);
	assert_true(queue_of(1, false).known);
	for (uint16_t cookie = 2; cookie <= 3; cookie++) {
		assert_u64_equal(queue_of(cookie, false).connections.n, 1);
		assert_true(queue_of(cookie, false).of_group);
	}
}

#define SCENE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(test_counters),
		SCENE_TEST(test_drops),
		SCENE_TEST(test_drops_unknown_in_one_sample),
		SCENE_TEST(test_identity_has_namespace),
		SCENE_TEST(test_namespaces_by_inode),
		SCENE_TEST(test_reused_inode),
		SCENE_TEST(test_no_window),
		cmocka_unit_test(test_ledger),
		SCENE_TEST(test_lo_below_hi),
		SCENE_TEST(test_vanished_between_samples),
		SCENE_TEST(test_overflows_unknown),
		SCENE_TEST(test_unix_is_not_in_the_ledger),
		SCENE_TEST(test_namespaces_have_ledgers_of_their_own),
		SCENE_TEST(test_build_again),
		SCENE_TEST(test_empty),
		SCENE_TEST(test_queue_unknown),
		SCENE_TEST(test_queue_of_a_group),
		cmocka_unit_test(test_range_hold_always),
		SCENE_TEST(test_syn_limit),
		SCENE_TEST(test_oldest_wait),
		SCENE_TEST(test_select),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/clock.h"
#include "base/text.h"

#include <ctype.h>
#include <sys/socket.h>

/*
 * Each state and reason with the smallest case in which it applies, and beside it the nearest one
 * in which it does not. Listener 1 is the one in question: limit 9, so capacity 10.
 */
static struct scene scene;
static struct listener *before, *now;

static int setup(void **state)
{
	scene_open(&scene);
	scene_add_both(&scene, 1);
	before = scene_before(&scene, 1);
	now = scene_now(&scene, 1);
	before->limit = now->limit = 9;
	/* What happened to PassiveOpens says how many came; here it is not asked. */
	scene.now.netns[0].after.known &= ~(1u << COUNTER_PASSIVE_OPENS);
	return 0;
}

static int teardown(void **state)
{
	scene_close(&scene);
	return 0;
}

/* ListenDrops count them as well. */
static void overflows(uint64_t n)
{
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, n, n);
	scene_count(&scene, COUNTER_LISTEN_DROPS, 0, 0, n, n);
}

/* What ListenDrops counts beside the overflows, of which there are none. */
static void losses(uint64_t n)
{
	scene_count(&scene, COUNTER_LISTEN_DROPS, 0, 0, n, n);
}

/* The state of listener 1, and its reasons. */
static void expect(const char *expected)
{
	const struct row *row = scene_row(&scene, 1);
	struct strbuf found = { 0 };

	strbuf_adds(&found, state_table[row->state].name);
	for (unsigned int i = 0; i < REASON_N; i++)
		if (row->reasons & 1u << i)
			strbuf_addf(&found, " %s", reason_table[i].name);
	assert_string_equal(found.s, expected);
	strbuf_free(&found);
}

/* States. */

static void test_overflowing_for_sure(void **state)
{
	overflows(1);
	now->drops = 1;
	expect("overflowing limit-from-listen");
	overflows(0);
	expect("ok");
}

/* It may have been another: then only a queue that was seen full speaks against it. */
static void test_overflowing_if_seen_full(void **state)
{
	scene_add_both(&scene, 2);
	before = scene_before(&scene, 1);
	now = scene_now(&scene, 1);
	scene_now(&scene, 2)->drops = 5;
	now->drops = 5;
	overflows(5);
	expect("ok");
	now->length = 10;
	expect("overflowing limit-from-listen");
	now->length = 0;
	before->length = 10;
	expect("overflowing limit-from-listen");
	before->length = 0;
	now->known |= LISTENER_PEAK;
	now->peak.full = true;
	expect("overflowing limit-from-listen");
	now->drops = 0;
	expect("full limit-from-listen");
}

static void test_full(void **state)
{
	now->length = 9; /* 90 %: one more fits */
	expect("high limit-from-listen");
	now->length = 10;
	expect("full limit-from-listen");
	now->length = 0;
	before->length = 10;
	expect("full limit-from-listen");
	before->length = 9;
	expect("ok");
	/* Full and drops of another kind: the worse word wins. */
	now->length = 10;
	now->drops = 3;
	losses(3);
	expect("full limit-from-listen");
	now->drops = 0;
	before->length = now->length = now->limit = 0;
	expect("ok");
	now->length = 1;
	expect("full limit-from-listen");
}

static void test_dropping(void **state)
{
	before->drops = 4;
	now->drops = 5;
	losses(1);
	expect("dropping");
	now->drops = 4; /* somewhere else */
	expect("ok");
	now->drops = 5;
	before->known = 0; /* unknown is not "rose" */
	expect("ok");
}

/* Health checks, TCP_DEFER_ACCEPT, repeated SYNs, stray packets: ListenDrops stands still. */
static void test_bare_drops(void **state)
{
	now->drops = 1000;
	expect("ok");
	now->length = 9;
	expect("high limit-from-listen");
	/* While nobody knows the counters nobody knows of a loss. */
	now->length = 0;
	losses(5);
	scene.now.netns[0].before.known = scene.now.netns[0].after.known = 0;
	expect("ok");
}

/* ListenDrops counts a SYN to a broadcast address, and the end of a request by an ICMP error. */
static void test_harmless_losses(void **state)
{
	static const enum counter_id harmless[] = { COUNTER_IN_BROADCAST, COUNTER_IN_UNREACHABLE,
						    COUNTER_IN_TIME_EXCEEDED,
						    COUNTER_IN_PARAMETER_PROBLEM };

	now->drops = 3;
	losses(3);
	expect("dropping");
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++) {
		scene_count(&scene, harmless[i], 0, 0, 2, 2);
		expect("dropping");
		assert_u64_equal(scene_row(&scene, 1)->window->losses.min, 1);
		scene_count(&scene, harmless[i], 0, 0, 2, 3); /* one of them perhaps */
		expect("ok");
		assert_u64_equal(scene_row(&scene, 1)->window->losses.max, 3);
		scene_count(&scene, harmless[i], 0, 0, 0, 0);
	}
	/* A full SYN queue without cookies is counted for itself. */
	scene_count(&scene, COUNTER_IN_BROADCAST, 0, 0, 9, 9);
	scene_count(&scene, COUNTER_REQQ_FULL_DROP, 0, 0, 1, 1);
	expect("dropping");
}

/* What may have been harmless over IPv4 or IPv6 is taken off; where IPv6 is unknown, all of it. */
static void test_losses_over_ipv6(void **state)
{
	static const enum counter_id harmless[] = {
		COUNTER_IN_BROADCAST,	   COUNTER_IN_UNREACHABLE,
		COUNTER_IN_TIME_EXCEEDED,  COUNTER_IN_PARAMETER_PROBLEM,
		COUNTER_IN_MULTICAST6,	   COUNTER_IN_UNREACHABLE6,
		COUNTER_IN_TIME_EXCEEDED6, COUNTER_IN_PARAMETER_PROBLEM6
	};

	now->drops = 3;
	losses(3);
	scene_count(&scene, COUNTER_IN_MULTICAST6, 0, 0, 9, 9);
	expect("dropping"); /* over IPv4 */
	scene_count(&scene, COUNTER_IN_MULTICAST6, 0, 0, 0, 0);
	before->addr.family = now->addr.family = AF_INET6;
	expect("dropping");
	assert_u64_equal(scene_row(&scene, 1)->window->losses.min, 3);
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++) {
		scene_count(&scene, harmless[i], 0, 0, 2, 2);
		assert_u64_equal(scene_row(&scene, 1)->window->losses.min, 1);
		scene_count(&scene, harmless[i], 0, 0, 2, 3);
		expect("ok");
		scene_count(&scene, harmless[i], 0, 0, 0, 0);
	}
	scene.now.netns[0].after.known &= ~(1u << COUNTER_IN_UNREACHABLE6);
	expect("ok");
	assert_u64_equal(scene_row(&scene, 1)->window->losses.max, 3);
	scene_count(&scene, COUNTER_REQQ_FULL_DROP, 0, 0, 2, 2);
	expect("dropping");
	assert_u64_equal(scene_row(&scene, 1)->window->losses.min, 2);
}

/* In the company of a real loss, drops of another listener raise nothing. */
static void test_losses_among_drops(void **state)
{
	scene_add_both(&scene, 2);
	now = scene_now(&scene, 1);
	now->drops = 5;
	scene_now(&scene, 2)->drops = 100;
	losses(5);
	expect("ok"); /* which of them: unknown */
	assert_u64_equal(scene_row(&scene, 1)->window->losses.max, 5);
	assert_int_equal(scene_row(&scene, 2)->state, STATE_OK);
	/* What speaks for it is a full SYN queue that sends no cookies. */
	scene.now.netns[0].sysctls.value[SYSCTL_SYNCOOKIES] = 0;
	scene_group(&scene, 1)->syn_length = 9;
	now->limit = 9;
	expect("dropping limit-from-listen");
	assert_int_equal(scene_row(&scene, 2)->state, STATE_OK);
	scene_now(&scene, 2)->drops = 4; /* one is more than those can account for */
	scene_group(&scene, 1)->syn_length = 0;
	expect("dropping");
	assert_u64_equal(scene_row(&scene, 1)->window->losses.min, 1);
}

/* Drops of overflows are none of other losses. */
static void test_losses_beside_overflows(void **state)
{
	now->drops = 12;
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, 10, 10);
	losses(14);
	expect("overflowing limit-from-listen");
	assert_u64_equal(scene_row(&scene, 1)->window->losses.max, 2);
	assert_u64_equal(scene_row(&scene, 1)->window->losses.min,
			 0); /* 4 are more than fell on it */
	now->drops = 14;
	assert_u64_equal(scene_row(&scene, 1)->window->losses.min, 4);
}

/* tcp_max_syn_backlog of 0 or less leaves an empty queue no room. */
static void test_no_room_for_syns(void **state)
{
	struct sysctls *s = &scene.now.netns[0].sysctls;

	scene_add_both(&scene, 2);
	now = scene_now(&scene, 1);
	now->limit = 9;
	now->drops = scene_now(&scene, 2)->drops = 5;
	losses(5);
	s->value[SYSCTL_SYNCOOKIES] = 0;
	s->value[SYSCTL_MAX_SYN_BACKLOG] = -1;
	expect("dropping limit-from-syn-backlog");
	s->value[SYSCTL_MAX_SYN_BACKLOG] = 8;
	expect("ok");
}

static void test_syn_full(void **state)
{
	struct group *g = scene_group(&scene, 1);

	g->syn_length = 8;
	expect("ok");
	g->syn_length = 9;
	expect("syn-full limit-from-listen");
	/* Without cookies less fits. */
	g->syn_length = 6;
	scene.now.netns[0].sysctls.value[SYSCTL_MAX_SYN_BACKLOG] = 8;
	expect("ok");
	scene.now.netns[0].sysctls.value[SYSCTL_SYNCOOKIES] = 0;
	expect("syn-full limit-from-syn-backlog");
	g->syn_length = 5;
	expect("ok");
	scene.now.netns[0].sysctls.value[SYSCTL_SYNCOOKIES] = 1;
	g->syn_length = 9;
	now->length = 9;
	expect("syn-full limit-from-listen");
	now->drops = 1;
	losses(1);
	expect("dropping limit-from-listen");
	now->drops = 0;
	/* An empty queue is not full, though its limit is 0. */
	g->syn_length = now->length = now->limit = 0;
	expect("ok");
	g->syn_length = 1;
	expect("syn-full limit-from-listen");
	/* Where the limit is unknown nothing is at it. */
	g->syn_length = 1000;
	scene.now.netns[0].sysctls.known = 0;
	expect("ok");
}

static void test_high(void **state)
{
	now->length = 8;
	expect("high limit-from-listen");
	now->length = 7;
	expect("ok");
	now->known |= LISTENER_PEAK;
	now->peak.length = 8;
	expect("high limit-from-listen");
	now->peak.length = 7;
	expect("ok");
}

/* Reasons. */

/* The connections that wait, as a dump told them: so many visible, so many of them closed. */
static struct group *waiting(uint32_t visible, uint32_t closed, uint32_t oldest_ms)
{
	struct group *g = scene_group(&scene, 1);

	g->known = GROUP_WAITING | GROUP_OLDEST | GROUP_STAYED;
	g->holder = now->cookie;
	g->waiting = visible;
	g->waiting_closed = closed;
	g->oldest_wait_ms = oldest_ms;
	g->stayed_min = g->stayed_max = 0;
	g->present_min = visible;
	g->length_after = now->length;
	return g;
}

/* All of these were there when the window began, and have waited for so long. */
static struct group *stuck(uint32_t length, uint32_t oldest_ms)
{
	struct group *g;

	before->length = now->length = length;
	g = waiting(length, 0, oldest_ms);
	g->stayed_min = g->stayed_max = length;
	return g;
}

static void nothing_arrived(void)
{
	scene.now.netns[0].after.known |= 1u << COUNTER_PASSIVE_OPENS;
	scene_count(&scene, COUNTER_PASSIVE_OPENS, 7, 7, 7, 7);
}

/* All that were there are there still. */
static void test_not_accepting(void **state)
{
	struct group *g = stuck(10, 1001);
	expect("full not-accepting limit-from-listen");
	g->stayed_min = 9; /* one may have gone, and another come */
	expect("full limit-from-listen");
	g->stayed_max = 9; /* one has */
	expect("full accepting-slowly limit-from-listen");
	/* A queue that was empty when the window began has not been seen to stand still. */
	g = stuck(10, 900);
	g->stayed_min = g->stayed_max = before->length = 0;
	expect("full limit-from-listen");
	g->stayed_min = g->stayed_max = before->length = 1;
	expect("full not-accepting limit-from-listen");
}

/* A queue that stays as long as it was gets a new connection for each that leaves. */
static void test_not_accepting_needs_proof(void **state)
{
	before->length = now->length = 10;
	expect("full limit-from-listen");
	/* Nobody came to the namespace: then nobody left either. */
	scene.now.netns[0].after.known |= 1u << COUNTER_PASSIVE_OPENS;
	expect("full not-accepting limit-from-listen");
	scene_count(&scene, COUNTER_PASSIVE_OPENS, 7, 7, 8, 8);
	expect("full limit-from-listen");
	/* One came, and the queue is longer by one. */
	before->length = 9;
	expect("full not-accepting limit-from-listen");
	before->length = 11;
	expect("full accepting-slowly limit-from-listen");
}

/* PassiveOpens between the outermost readings: what came while the counters were read counts. */
static void test_not_accepting_on_a_busy_host(void **state)
{
	before->length = now->length = 10;
	scene.now.netns[0].after.known |= 1u << COUNTER_PASSIVE_OPENS;
	scene_count(&scene, COUNTER_PASSIVE_OPENS, 7, 7, 7, 8);
	expect("full limit-from-listen");
	scene_count(&scene, COUNTER_PASSIVE_OPENS, 7, 8, 8, 8);
	expect("full limit-from-listen");
	scene_count(&scene, COUNTER_PASSIVE_OPENS, 8, 8, 8, 8);
	expect("full not-accepting limit-from-listen");
}

/* Some connections are in no dump. */
static void test_not_accepting_with_invisible(void **state)
{
	struct group *g;

	before->length = now->length = 10;
	g = waiting(6, 0, 1001);
	g->stayed_min = g->stayed_max = 6;
	/* The four have no age: they may be new, in the place of four that were accepted; */
	expect("full limit-from-listen");
	/* but not when nothing arrived. */
	nothing_arrived();
	expect("full not-accepting dead-clients limit-from-listen");
}

/* Who was reset is not seen, but counted: when nobody was, those that are not seen are old. */
static void test_not_accepting_with_resets(void **state)
{
	struct netns *ns = &scene.now.netns[0];
	struct group *g;

	before->length = now->length = 10;
	g = waiting(9, 0, 1001);
	g->stayed_min = g->stayed_max = 9;
	scene.before.netns[0].before.known |= 1u << COUNTER_ESTAB_RESETS;
	scene.before.netns[0].before.value[COUNTER_ESTAB_RESETS] = 7;
	ns->resets = 7;
	expect("full limit-from-listen"); /* not known */
	ns->resets_known = true;
	expect("full not-accepting dead-clients limit-from-listen");
	ns->resets = 8; /* the one may have come, and been reset, in the place of another */
	expect("full limit-from-listen");
	ns->resets = 7;
	g->waiting = 10; /* one of those that are seen came in this window */
	expect("full limit-from-listen");
	g->waiting = 9;
	g->fastopen = 1;
	expect("full limit-from-listen");
}

static void test_not_accepting_without_window(void **state)
{
	now->length = 10;
	waiting(10, 0, 5000);
	report_build(&scene.report, NULL, &scene.now);
	assert_false(scene.report.rows[0].reasons & 1u << REASON_NOT_ACCEPTING);
	assert_false(scene.report.rows[0].reasons & 1u << REASON_ACCEPTING_SLOWLY);
	assert_int_equal(scene.report.rows[0].state, STATE_FULL);
}

/* Nobody is stuck for not having accepted in the blink of an eye. */
static void test_not_accepting_in_short_window(void **state)
{
	stuck(10, 1001);
	scene.now.monotonic_ns = scene.before.monotonic_ns + 189999999;
	expect("full limit-from-listen");
	scene.now.monotonic_ns++;
	expect("full not-accepting limit-from-listen");
}

/* A few that wait for a while are no trouble: who is well has no reasons. */
static void test_ok_has_no_reasons(void **state)
{
	struct group *g;

	before->length = now->length = 3;
	g = waiting(3, 1, 2000);
	g->stayed_min = g->stayed_max = 3;
	expect("ok");
	now->drops = 1; /* in trouble of another kind: then they are told */
	losses(1);
	expect("dropping not-accepting dead-clients");
}

static void test_accepting_slowly(void **state)
{
	before->length = 10;
	now->length = 9;
	expect("full accepting-slowly limit-from-listen");
	before->length = 9;
	expect("high limit-from-listen");
	now->length = 8;
	expect("high accepting-slowly limit-from-listen");
	now->length = 7;
	expect("ok"); /* and well: no reasons */
	now->drops = 1;
	losses(1);
	expect("dropping"); /* which has nothing to do with accepting */
	/* Fast samples saw the queue get shorter, though it is as long again at the end. */
	before->length = now->length = 10;
	now->known |= LISTENER_PEAK;
	now->peak = (struct peak){ .length = 10, .samples = 50, .full = true };
	expect("full limit-from-listen");
	now->peak.fell = true;
	expect("full accepting-slowly limit-from-listen");
}

/* One that accepts nothing for a while is not slow, though it took all of them then. */
static void test_standing_still(void **state)
{
	scene.now.monotonic_ns = scene.before.monotonic_ns + 6 * NSEC_PER_SEC;
	scene.now.netns[0].waiting_ns = scene.now.monotonic_ns;
	now->known |= LISTENER_PEAK;
	now->peak = (struct peak){ .length = 10, .samples = 300, .fell = 10, .full = true };
	expect("full accepting-slowly limit-from-listen");
	now->peak.stood_ns = NSEC_PER_SEC - 1;
	expect("full accepting-slowly limit-from-listen");
	now->peak.stood_ns = NSEC_PER_SEC;
	expect("full limit-from-listen");
	/* A slow one never takes them all. */
	before->length = now->length = 10;
	now->peak.lowest = 9;
	expect("full accepting-slowly limit-from-listen");
	now->peak.stood_ns = 3 * NSEC_PER_SEC - 1;
	expect("full accepting-slowly limit-from-listen");
	now->peak.stood_ns = 3 * NSEC_PER_SEC;
	expect("full limit-from-listen");
	/* It stands now. */
	now->peak.stood_ns = 0;
	now->peak.unmoved_ns = 3 * NSEC_PER_SEC;
	expect("full limit-from-listen");
	/* Looks may always see it full again: the oldest has just come. */
	waiting(10, 0, 2999);
	expect("full accepting-slowly limit-from-listen");
	waiting(10, 0, 3000);
	expect("full limit-from-listen");
}

/* Where most of the window was not seen, or no look was taken in a long one. */
static void test_standing_still_unseen(void **state)
{
	before->length = 10;
	now->length = 8;
	expect("full accepting-slowly limit-from-listen");
	scene.now.blind_ns = NSEC_PER_SEC / 2;
	expect("full limit-from-listen");
	scene.now.blind_ns = 0;
	scene.now.monotonic_ns = scene.before.monotonic_ns + 3 * NSEC_PER_SEC;
	scene.now.netns[0].waiting_ns = scene.now.monotonic_ns;
	expect("full limit-from-listen");
	now->length = 10;
	waiting(10, 0, 2999);
	expect("full accepting-slowly limit-from-listen");
	now->length = 7;
	waiting(7, 0, 2999);
	expect("full limit-from-listen");
	scene.now.monotonic_ns--;
	expect("full limit-from-listen");
	now->length = 8;
	waiting(8, 0, 2999);
	expect("full accepting-slowly limit-from-listen");
}

/* A hung program that took all at once leaves what a slow one does not: room. */
static void test_drained_unseen(void **state)
{
	before->length = 10;
	for (uint32_t length = 0; length < 8; length++) {
		now->length = length;
		expect("full limit-from-listen");
	}
	overflows(43);
	now->drops = 43;
	expect("overflowing limit-from-listen");
	now->length = 8;
	expect("overflowing accepting-slowly limit-from-listen");
	now->length = 0;
	now->known |= LISTENER_PEAK;
	now->peak = (struct peak){ .length = 10, .samples = 50, .fell = 10, .full = true };
	expect("overflowing accepting-slowly limit-from-listen");
	/* The next client of a UNIX listener is another one, and most have gone. */
	overflows(0);
	before->addr.family = now->addr.family = AF_UNIX;
	before->known = now->known = 0;
	now->length = 7;
	expect("full blocks-clients limit-from-listen");
	now->length = 8;
	expect("full accepting-slowly blocks-clients limit-from-listen");
}

static void test_limit_from(void **state)
{
	struct sysctls *s = &scene.now.netns[0].sysctls;

	now->length = 10;
	s->value[SYSCTL_SOMAXCONN] = 10;
	expect("full limit-from-listen");
	s->value[SYSCTL_SOMAXCONN] = 9;
	expect("full limit-from-somaxconn");
	/* Lowered after listen(2): today's somaxconn set nothing. */
	s->value[SYSCTL_SOMAXCONN] = 8;
	expect("full");
	s->value[SYSCTL_SOMAXCONN] = 10;
	s->known &= ~(1u << SYSCTL_SOMAXCONN);
	expect("full");
}

/* The accept queue's limit is that of the SYN queue as well: it matters to a full one. */
static void test_limit_of_syn_full(void **state)
{
	struct sysctls *s = &scene.now.netns[0].sysctls;
	struct group *g = scene_group(&scene, 1);

	g->syn_length = 9;
	expect("syn-full limit-from-listen");
	s->value[SYSCTL_SOMAXCONN] = 9;
	expect("syn-full limit-from-somaxconn");
	/* Dropping, beside a SYN queue that is full. */
	now->drops = 1;
	losses(1);
	expect("dropping limit-from-somaxconn");
	g->syn_length = 8;
	expect("dropping");
}

static void test_limit_from_syn_backlog(void **state)
{
	struct sysctls *s = &scene.now.netns[0].sysctls;
	struct group *g = scene_group(&scene, 1);

	s->value[SYSCTL_SYNCOOKIES] = 0;
	s->value[SYSCTL_MAX_SYN_BACKLOG] = 8;
	g->syn_length = 6;
	expect("syn-full limit-from-syn-backlog");
	s->value[SYSCTL_MAX_SYN_BACKLOG] = 12; /* three quarters of it are 9 */
	g->syn_length = 9;
	expect("syn-full limit-from-listen");
	s->value[SYSCTL_MAX_SYN_BACKLOG] = 8;
	g->syn_length = 5;
	now->length = 10;
	expect("full limit-from-listen");
}

/* How many cookies come back tells attackers from clients. */
static void test_syncookies(void **state)
{
	scene_group(&scene, 1)->syn_length = 9;
	expect("syn-full limit-from-listen");
	scene_count(&scene, COUNTER_COOKIES_SENT, 3, 3, 13, 13);
	expect("syn-full syn-flood limit-from-listen");
	scene_count(&scene, COUNTER_COOKIES_RECV, 3, 3, 7, 7);
	expect("syn-full syn-flood limit-from-listen");
	scene_count(&scene, COUNTER_COOKIES_RECV, 3, 3, 8, 8);
	expect("syn-full syn-burst limit-from-listen");
	/* Somebody else's SYN queue is full. */
	scene_group(&scene, 1)->syn_length = 8;
	now->length = 10;
	expect("full limit-from-listen");
	scene_group(&scene, 1)->syn_length = 9;
	expect("full syn-burst limit-from-listen");
	scene.now.netns[0].after.known &= ~(1u << COUNTER_COOKIES_SENT);
	expect("full limit-from-listen");
}

/* With syncookies a full SYN queue drops nothing, so it is not why SYNs were lost. */
static void test_syncookies_beside_overflows(void **state)
{
	scene_add_both(&scene, 2);
	before = scene_before(&scene, 1);
	now = scene_now(&scene, 1);
	scene_group(&scene, 1)->syn_length = 9;
	scene_count(&scene, COUNTER_COOKIES_SENT, 3, 3, 39, 39);
	scene_count(&scene, COUNTER_COOKIES_RECV, 3, 3, 39, 39);
	before->length = now->length = 10;
	expect("full syn-burst limit-from-listen");
	overflows(2200);
	now->drops = 2200;
	expect("overflowing limit-from-listen");
	scene_count(&scene, COUNTER_COOKIES_RECV, 3, 3, 3, 3);
	expect("overflowing limit-from-listen");
	/* Behind a cause that explains the losses it stays a fact. */
	now->length = 9;
	expect("overflowing accepting-slowly syn-flood limit-from-listen");
	scene_count(&scene, COUNTER_COOKIES_RECV, 3, 3, 39, 39);
	expect("overflowing accepting-slowly syn-burst limit-from-listen");
	/* Another listener lost them. */
	now->length = before->length = 0;
	now->drops = 0;
	scene_now(&scene, 2)->drops = 2200;
	expect("syn-full syn-burst limit-from-listen");
}

/* The members of a group share a SYN queue: what one of them lost counts for all. */
static void test_syncookies_of_members(void **state)
{
	for (uint16_t i = 2; i <= 3; i++) {
		scene_add_both(&scene, i);
		scene_before(&scene, i)->addr.port = scene_now(&scene, i)->addr.port = 1;
		scene_before(&scene, i)->limit = scene_now(&scene, i)->limit = 9;
	}
	scene_group(&scene, 1)->syn_length = 27;
	scene_count(&scene, COUNTER_COOKIES_SENT, 3, 3, 39, 39);
	scene_count(&scene, COUNTER_COOKIES_RECV, 3, 3, 39, 39);
	expect("syn-full syn-burst limit-from-listen");
	overflows(20);
	scene_now(&scene, 2)->drops = 20;
	expect("syn-full limit-from-listen");
	assert_int_equal(scene_row(&scene, 2)->state, STATE_OVERFLOWING);
	/* One of them did, and nothing tells which. */
	scene_now(&scene, 3)->drops = 20;
	expect("syn-full limit-from-listen");
	assert_int_equal(scene_row(&scene, 2)->state, STATE_SYN_FULL);
	scene_now(&scene, 2)->drops = scene_now(&scene, 3)->drops = 0;
	expect("syn-full syn-burst limit-from-listen");
}

/* A limit is behind every cause, and is never what to act on. */
static void test_order_of_reasons(void **state)
{
	const struct row *row;

	scene_group(&scene, 1)->syn_length = 9;
	scene_count(&scene, COUNTER_COOKIES_SENT, 3, 3, 13, 13);
	row = scene_row(&scene, 1);
	assert_int_equal(verdict_first_reason(row->reasons), REASON_SYN_FLOOD);
	assert_int_equal(verdict_adviser(row->reasons), REASON_SYN_FLOOD);
	assert_true(row->reasons & 1u << REASON_LIMIT_FROM_LISTEN);
	scene_group(&scene, 1)->syn_length = 0;
	now->length = 10;
	row = scene_row(&scene, 1);
	assert_int_equal(verdict_first_reason(row->reasons), REASON_LIMIT_FROM_LISTEN);
	assert_int_equal(verdict_adviser(row->reasons), REASON_N);
	now->length = 0;
	assert_int_equal(verdict_first_reason(scene_row(&scene, 1)->reasons), REASON_N);
}

static void test_resets_clients(void **state)
{
	struct sysctls *s = &scene.now.netns[0].sysctls;

	now->length = 10;
	expect("full limit-from-listen");
	s->value[SYSCTL_ABORT_ON_OVERFLOW] = 1;
	expect("full resets-clients limit-from-listen");
	now->length = 9; /* high: nobody is reset yet */
	expect("high limit-from-listen");
	now->length = 10;
	s->known &= ~(1u << SYSCTL_ABORT_ON_OVERFLOW);
	expect("full limit-from-listen");
}

/* Of a UNIX listener clients notice something else, and nothing of it is in TCP's counters. */
static void test_unix(void **state)
{
	scene.now.netns[0].sysctls.value[SYSCTL_ABORT_ON_OVERFLOW] = 1;
	scene.now.netns[0].after.known |= 1u << COUNTER_PASSIVE_OPENS;
	before->addr.family = now->addr.family = AF_UNIX;
	before->known = now->known = 0;
	before->length = now->length = 10;
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, 5, 5);
	expect("full blocks-clients limit-from-listen");
	/* Nothing arrived over TCP, which proves nothing here. */
	expect("full blocks-clients limit-from-listen");
	before->length = 12;
	expect("full accepting-slowly blocks-clients limit-from-listen");
	now->length = 9;
	before->length = 0;
	expect("high limit-from-listen");
	before->addr.family = now->addr.family = AF_INET;
	before->length = now->length = 10;
	expect("overflowing not-accepting resets-clients limit-from-listen");
}

static void test_dead_clients_closed(void **state)
{
	before->length = now->length = 10;
	waiting(10, 0, 500);
	expect("full accepting-slowly limit-from-listen");
	waiting(10, 1, 500);
	expect("full accepting-slowly dead-clients limit-from-listen");
	/* Whose they are cannot be told within a group. */
	waiting(10, 1, 500)->holder = 0;
	expect("full limit-from-listen");
	waiting(10, 1, 500)->known = 0;
	expect("full limit-from-listen");
}

/* Reset connections are in the queue and in no dump; so are those accepted between the dumps. */
static void test_dead_clients_reset(void **state)
{
	struct group *g;

	before->length = now->length = 10;
	g = waiting(9, 0, 1001);
	g->stayed_min = g->stayed_max = 9;
	expect("full limit-from-listen");
	nothing_arrived();
	expect("full not-accepting dead-clients limit-from-listen");
	g->length_after = 9; /* one was accepted while the connections were dumped */
	expect("full not-accepting limit-from-listen");
	g->length_after = 10;
	g->fastopen = 1; /* a Fast Open child is in the queue too, and in no such dump */
	expect("full not-accepting limit-from-listen");
	g->fastopen = 0;
	g->waiting = 10;
	expect("full not-accepting limit-from-listen");
	g->waiting = 9;
	before->length = 11; /* the queue moves */
	expect("full accepting-slowly limit-from-listen");
}

/* What is known of those that wait may be older than the window. */

/* They were looked at for the sample before, and what compares ages is not told. */
static struct group *looked_at_before(uint32_t visible, uint32_t closed)
{
	struct group *g = waiting(visible, closed, 5000);

	g->known &= ~(uint32_t)GROUP_STAYED;
	scene.now.netns[0].waiting_ns = scene.before.monotonic_ns;
	return g;
}

/* Numbers of then are compared with each other, and with nothing of now. */
static void test_older_numbers(void **state)
{
	const struct row *row;
	struct group *g;

	before->length = now->length = 10;
	g = looked_at_before(6, 1);
	now->length = 30; /* many have come since, and are not invisible */
	row = scene_row(&scene, 1);
	assert_true(row_waiting_known(row));
	assert_u64_equal(row_waiting_age(row), NSEC_PER_SEC);
	assert_u64_equal(row_peers_reset(row), 4);
	assert_u64_equal(row_peers_closed_or_reset(row).value, 5);
	assert_u64_equal(row->oldest_wait_ms.value, 5000);
	now->length = 2; /* and some have gone */
	assert_u64_equal(row_peers_reset(scene_row(&scene, 1)), 4);
	/* Whose they were is not told by who has a queue now. */
	now->length = 10;
	g->queued_members = 2;
	assert_true(scene_row(&scene, 1)->oldest_wait_ms.known);
	g->queued_members = 1;
	g->holder = 7;
	assert_false(scene_row(&scene, 1)->oldest_wait_ms.known);
	assert_u64_equal(row_peers_reset(scene_row(&scene, 1)), 0);
}

/* Whether peers that speak MPTCP have closed is not known: that none has must not be said. */
static void test_mptcp_peers(void **state)
{
	struct group *g;

	before->length = now->length = 10;
	g = waiting(10, 0, 1001);
	assert_true(row_peers_closed_or_reset(scene_row(&scene, 1)).known);
	g->waiting_mptcp = 3;
	assert_false(row_peers_closed_or_reset(scene_row(&scene, 1)).known);
	g->waiting_closed = 1;
	assert_true(row_peers_closed_or_reset(scene_row(&scene, 1)).known);
	assert_u64_equal(row_peers_closed_or_reset(scene_row(&scene, 1)).value, 1);
}

/* They prove nothing of this window, and do not become a proof by one that is of it. */
static void test_older_numbers_prove_nothing(void **state)
{
	struct group *g;

	before->length = now->length = 10;
	g = looked_at_before(10, 0);
	g->present_min = g->stayed_min = g->stayed_max = 10;
	expect("full limit-from-listen");
	assert_false(scene_row(&scene, 1)->window->accepted.known);
	g = looked_at_before(6, 2);
	expect("full limit-from-listen");
	nothing_arrived();
	expect("full not-accepting limit-from-listen");
	scene.now.netns[0].waiting_ns = scene.now.monotonic_ns;
	expect("full not-accepting dead-clients limit-from-listen");
}

/* The oldest of an older look waits still: none has left that is behind it. */
static void test_stands(void **state)
{
	struct group *g;

	before->length = now->length = 5;
	g = looked_at_before(5, 1);
	expect("ok");
	g->known |= GROUP_STANDS;
	expect("stalled not-accepting dead-clients");
	g->ahead = 1; /* one that was not seen may have been ahead of them, and was accepted; */
	expect("ok");
	nothing_arrived(); /* or not */
	expect("stalled not-accepting dead-clients");
	before->length = 6; /* one was */
	expect("ok");
}

/* One of those that an older look found has been accepted in this window. */
static void test_moved(void **state)
{
	struct group *g;

	before->length = now->length = 10;
	g = looked_at_before(10, 0);
	expect("full limit-from-listen");
	g->known |= GROUP_MOVED;
	expect("full accepting-slowly limit-from-listen");
	g->holder = 0; /* of which member is unknown */
	expect("full limit-from-listen");
}

/* The sentence of the state has these words. */
static void expect_words(const char *words)
{
	struct strbuf b = { 0 };

	verdict_add_state(&b, scene_row(&scene, 1));
	if (!strstr(b.s, words))
		fail_msg("'%s' lacks '%s'", b.s, words);
	strbuf_free(&b);
}

/* Then the counters are no riddle. Where nothing says so, it remains one. */
static void test_dropping_without_cookies(void **state)
{
	struct sysctls *s = &scene.now.netns[0].sysctls;

	now->drops = 5;
	losses(5);
	expect("dropping");
	expect_words("and not to a full accept queue; look at the counters that moved");
	s->value[SYSCTL_SYNCOOKIES] = 0;
	expect_words("and not to a full accept queue; look at the counters that moved");
	scene_group(&scene, 1)->syn_length = 9;
	expect("dropping limit-from-listen");
	expect_words("the SYN queue is full and drops SYNs, as tcp_syncookies is 0; "
		     "turn syncookies on");
	s->value[SYSCTL_MAX_SYN_BACKLOG] = 8; /* that reason has the same advice */
	expect("dropping limit-from-syn-backlog");
	s->value[SYSCTL_SYNCOOKIES] = 1;
	expect_words("and not to a full accept queue; look at the counters that moved");
}

static void test_stalled(void **state)
{
	struct group *g;

	before->limit = now->limit = 2047;
	for (uint32_t length = 1; length < 1600; length *= 2) {
		g = stuck(length, 3000);
		expect("stalled not-accepting");
		expect_words("(the oldest for 3s)");
		g->oldest_wait_ms = 2999; /* a busy server with one thread */
		expect("ok");
	}
	/* One accepted in the window, and it is not. */
	g = stuck(60, 9000);
	g->stayed_min = 59;
	expect("ok");
	/* And empty when it began: nobody was kept waiting by it. */
	g = stuck(60, 9000);
	before->length = 0;
	expect("ok");
}

/* Before "dropping" and what is worse stands what was refused. */
static void test_stalled_beside_others(void **state)
{
	stuck(9, 4000);
	expect("stalled not-accepting limit-from-listen"); /* at 90 % */
	now->drops = 1;
	losses(1);
	expect("stalled not-accepting limit-from-listen");
	stuck(10, 4000);
	expect("full not-accepting limit-from-listen");
	assert_int_equal(verdict_first_reason(scene_row(&scene, 1)->reasons), REASON_NOT_ACCEPTING);
}

/* Of connections that were reset no age is seen: how long the queue has not moved is. */
static void test_stalled_by_the_dead(void **state)
{
	struct group *g = stuck(5, 0);
	g->known = GROUP_WAITING | GROUP_STAYED;
	g->waiting = g->present_min = g->stayed_min = g->stayed_max = 0;
	nothing_arrived();
	expect("ok");
	now->known |= LISTENER_PEAK;
	now->peak = (struct peak){ .length = 5, .lowest = 5, .unmoved_ns = 3 * NSEC_PER_SEC };
	expect("stalled not-accepting dead-clients");
	now->peak.unmoved_ns--;
	expect("ok");
}

static void test_stalled_unix(void **state)
{
	before->addr.family = now->addr.family = AF_UNIX;
	before->known = 0;
	now->known = LISTENER_PEAK;
	before->length = now->length = 5;
	now->peak = (struct peak){ .length = 5, .lowest = 5, .unmoved_ns = 3 * NSEC_PER_SEC };
	expect("stalled"); /* it is no proof */
	expect_words("(not seen to get shorter for 3s); look at the process");
	now->peak.unmoved_ns--;
	expect("ok");
	/* Who is the first in the queue proves it, whatever the samples saw. */
	scene.before.monotonic_ns = 10 * NSEC_PER_SEC;
	scene.now.monotonic_ns = 11 * NSEC_PER_SEC;
	now->first_ns = 8 * NSEC_PER_SEC;
	expect("stalled not-accepting");
	expect_words("(the oldest for 3s or more)");
	now->peak.unmoved_ns = 9 * NSEC_PER_SEC;
	now->first_ns = scene.before.monotonic_ns + 1;
	expect("ok");
	now->first_ns = 0;
	/* Without fast samples the ends of a window do not tell, however long it is. */
	now->known = 0;
	scene.now.monotonic_ns = scene.before.monotonic_ns + 300 * NSEC_PER_SEC;
	expect("ok");
}

/* So many seconds before the sample the window began, and so many came; the queue was empty. */
static struct group *came_since(uint32_t seconds, uint32_t length, uint32_t oldest_ms)
{
	scene.now.monotonic_ns = scene.before.monotonic_ns + seconds * NSEC_PER_SEC;
	scene.now.netns[0].waiting_ns = scene.now.monotonic_ns;
	scene.now.netns[0].after.known |= 1u << COUNTER_PASSIVE_OPENS;
	scene_count(&scene, COUNTER_PASSIVE_OPENS, 7, 7, 7 + length, 7 + length);
	before->length = 0;
	now->length = length;
	return waiting(length, 0, oldest_ms);
}

/* In a long window all may have come to an empty queue, and all wait still. */
static void test_stalled_since_empty(void **state)
{
	came_since(26, 3, 24932);
	expect("stalled not-accepting");
	expect_words("(the oldest for 25s)");
	came_since(26, 3, 3000);
	expect("stalled not-accepting");
	came_since(26, 3, 2999);
	expect("ok");
	came_since(26, 10, 8900);
	expect("full not-accepting limit-from-listen");
	came_since(26, 10, 2999);
	expect("full limit-from-listen");
	/* It came before the window, and yet the queue was empty: that fits no proof. */
	came_since(24, 3, 24932);
	expect("ok");
	/* Whose age is known may have been accepted since. */
	came_since(26, 3, 24932);
	scene.now.netns[0].waiting_ns = scene.now.monotonic_ns - 1;
	expect("ok");
}

/* A long wait alone is no proof: of those that came before it one after the other was accepted. */
static void test_slow_since_empty(void **state)
{
	came_since(26, 3, 24932);
	scene_count(&scene, COUNTER_PASSIVE_OPENS, 7, 7, 11, 11);
	expect("ok");
	scene_count(&scene, COUNTER_PASSIVE_OPENS, 7, 7, 10, 11);
	expect("ok");
	scene_count(&scene, COUNTER_PASSIVE_OPENS, 6, 7, 10, 10);
	expect("ok");
	scene.now.netns[0].after.known &= ~(1u << COUNTER_PASSIVE_OPENS);
	expect("ok");
	/* One was seen to leave: counters that say otherwise are wrong. */
	came_since(26, 3, 24932);
	expect("stalled not-accepting");
	now->known |= LISTENER_PEAK;
	now->peak = (struct peak){ .length = 3, .samples = 50, .fell = 1 };
	expect("ok");
}

/* Two members of three queue, and 3 and 2 of those that wait were there before. */
static void test_stalled_members(void **state)
{
	struct group *g;

	for (uint16_t i = 2; i <= 3; i++) {
		scene_add_both(&scene, i);
		scene_before(&scene, i)->addr.port = scene_now(&scene, i)->addr.port = 1;
	}
	scene_before(&scene, 1)->length = scene_now(&scene, 1)->length = 3;
	scene_before(&scene, 2)->length = 2;
	scene_now(&scene, 2)->length = 4;
	scene_before(&scene, 3)->length = scene_now(&scene, 3)->length = 1;
	/* The third was seen empty in the window. */
	scene_now(&scene, 3)->known |= LISTENER_PEAK;
	now = scene_now(&scene, 1);
	g = waiting(8, 0, 5000);
	g->holder = 0;
	g->stayed_min = g->stayed_max = 5;
	g->overdue = 4;
	expect("stalled not-accepting");
	assert_int_equal(scene_row(&scene, 2)->state, STATE_STALLED);
	assert_int_equal(scene_row(&scene, 3)->state, STATE_OK);
	g->overdue = 1; /* of one of the two: which, nothing tells */
	expect("stalled not-accepting");
	assert_int_equal(scene_row(&scene, 2)->state, STATE_STALLED);
	g->overdue = 0;
	expect("ok");
	assert_int_equal(scene_row(&scene, 2)->state, STATE_OK);
	/* The third may hold one: it gave some away, and not all. */
	scene_before(&scene, 3)->length = scene_now(&scene, 3)->length = 2;
	scene_now(&scene, 3)->peak = (struct peak){ .length = 2, .lowest = 1, .fell = 1 };
	g->stayed_min = g->stayed_max = 6;
	g->overdue = 1;
	expect("ok");
	g->overdue = 2;
	expect("stalled not-accepting");
	assert_int_equal(scene_row(&scene, 3)->state, STATE_OK);
	g->overdue = 5;
	g->stayed_min = 5; /* one may have been accepted, by either */
	expect("ok");
	assert_int_equal(scene_row(&scene, 2)->state, STATE_OK);
}

/* The tables. */

static bool is_word(const char *s)
{
	for (; *s; s++)
		if (!islower((unsigned char)*s) && *s != '-')
			return false;
	return true;
}

static void test_tables(void **state)
{
	for (unsigned int i = 0; i < STATE_N; i++) {
		assert_true(is_word(state_table[i].name));
		assert_non_null(state_table[i].applies);
		assert_true(strlen(state_table[i].fact) > 10);
		assert_true(!state_table[i].advice == !state_is_sick(i));
		/* Worst first, in loudness as well. */
		assert_true(!i || state_table[i].severity >= state_table[i - 1].severity);
	}
	for (unsigned int i = 0; i < REASON_N; i++) {
		assert_true(is_word(reason_table[i].name));
		assert_non_null(reason_table[i].applies);
		assert_true(strlen(reason_table[i].fact) > 10);
	}
	assert_string_equal(severity_mark(SEVERITY_CRITICAL), "!!");
	assert_string_equal(severity_mark(SEVERITY_WARNING), "!");
	assert_string_equal(severity_mark(SEVERITY_NOTICE), "~");
	assert_string_equal(severity_mark(SEVERITY_NONE), ".");
	assert_string_equal(severity_mark(SEVERITY_GONE), "x");
}

#define VERDICT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VERDICT_TEST(test_overflowing_for_sure),
		VERDICT_TEST(test_overflowing_if_seen_full),
		VERDICT_TEST(test_full),
		VERDICT_TEST(test_dropping),
		VERDICT_TEST(test_bare_drops),
		VERDICT_TEST(test_harmless_losses),
		VERDICT_TEST(test_losses_over_ipv6),
		VERDICT_TEST(test_losses_among_drops),
		VERDICT_TEST(test_losses_beside_overflows),
		VERDICT_TEST(test_no_room_for_syns),
		VERDICT_TEST(test_syn_full),
		VERDICT_TEST(test_high),
		VERDICT_TEST(test_not_accepting),
		VERDICT_TEST(test_not_accepting_needs_proof),
		VERDICT_TEST(test_not_accepting_on_a_busy_host),
		VERDICT_TEST(test_not_accepting_with_invisible),
		VERDICT_TEST(test_not_accepting_without_window),
		VERDICT_TEST(test_not_accepting_with_resets),
		VERDICT_TEST(test_not_accepting_in_short_window),
		VERDICT_TEST(test_ok_has_no_reasons),
		VERDICT_TEST(test_accepting_slowly),
		VERDICT_TEST(test_standing_still),
		VERDICT_TEST(test_standing_still_unseen),
		VERDICT_TEST(test_drained_unseen),
		VERDICT_TEST(test_limit_from),
		VERDICT_TEST(test_limit_of_syn_full),
		VERDICT_TEST(test_limit_from_syn_backlog),
		VERDICT_TEST(test_syncookies),
		VERDICT_TEST(test_syncookies_beside_overflows),
		VERDICT_TEST(test_syncookies_of_members),
		VERDICT_TEST(test_order_of_reasons),
		VERDICT_TEST(test_resets_clients),
		VERDICT_TEST(test_unix),
		VERDICT_TEST(test_dead_clients_closed),
		VERDICT_TEST(test_dead_clients_reset),
		VERDICT_TEST(test_older_numbers),
		VERDICT_TEST(test_mptcp_peers),
		VERDICT_TEST(test_older_numbers_prove_nothing),
		VERDICT_TEST(test_stands),
		VERDICT_TEST(test_moved),
		VERDICT_TEST(test_dropping_without_cookies),
		VERDICT_TEST(test_stalled),
		VERDICT_TEST(test_stalled_beside_others),
		VERDICT_TEST(test_stalled_by_the_dead),
		VERDICT_TEST(test_stalled_unix),
		VERDICT_TEST(test_stalled_since_empty),
		VERDICT_TEST(test_slow_since_empty),
		VERDICT_TEST(test_stalled_members),
		cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}

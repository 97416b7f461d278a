/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "model/groups.h"
#include "model/ring.h"

static struct ring *ring;
static struct snapshot s, copy;
static uint64_t now_ns;

static int setup(void **state)
{
	now_ns = 0;
	return 0;
}

static int teardown(void **state)
{
	ring_free(ring);
	ring = NULL;
	snapshot_free(&s);
	snapshot_free(&copy);
	return 0;
}

/* The next sample, a second later: these listeners, in one namespace. */
static void begin_sample(unsigned int listeners)
{
	snapshot_reset(&s);
	s.monotonic_ns = now_ns += NSEC_PER_SEC;
	snapshot_add_netns(&s)->cookie = 7;
	s.netns[0].looked = true;
	s.netns[0].listener_vanished = false;
	for (unsigned int i = 1; i <= listeners; i++)
		*snapshot_add_listener(&s, 0, i) = (struct listener){ .cookie = i,
								      .known = LISTENER_PEAK,
								      .addr.port = (uint16_t)i };
	groups_build(&s);
}

static void add(unsigned int listeners)
{
	begin_sample(listeners);
	ring_add(ring, &s);
}

/* What so many samples take. */
static size_t bytes_of(unsigned int samples, unsigned int listeners)
{
	size_t bytes;

	ring = ring_new(SIZE_MAX, SIZE_MAX, UINT64_MAX);
	for (unsigned int i = 0; i < samples; i++)
		add(listeners);
	bytes = ring_bytes(ring);
	ring_free(ring);
	return bytes;
}

static size_t seconds(size_t position)
{
	return (size_t)((now_ns - ring_get(ring, position)->monotonic_ns) / NSEC_PER_SEC);
}

/* The sample itself is moved, and memory of one that was removed comes back. */
static void test_taken_over(void **state)
{
	const struct listener *listeners;

	ring = ring_new(3, SIZE_MAX, UINT64_MAX);
	begin_sample(5);
	listeners = s.listeners;
	ring_add(ring, &s);
	assert_u64_equal(ring_get(ring, 0)->listeners_size, 5);
	assert_u64_equal(s.n_listeners, 0);
	add(5);
	add(5);
	add(5);
	assert_u64_equal(ring_count(ring), 3);
	assert_u64_equal(s.n_listeners, 0);
	assert_u64_equal(s.listeners_size, 5);
	listeners = s.listeners;
	begin_sample(5);
	assert_ptr_equal(s.listeners, listeners);
}

/* Two samples that are pinned stay, and what is removed does not change them. */
static void test_pinned(void **state)
{
	uint64_t pinned_ns;

	ring = ring_new(3, SIZE_MAX, UINT64_MAX);
	add(1);
	add(1);
	add(1);
	pinned_ns = ring_get(ring, 0)->monotonic_ns;
	ring_pin(ring, 0);
	for (int i = 0; i < 10; i++)
		add(1);
	assert_u64_equal(ring_count(ring), 4);
	assert_u64_equal(ring_get(ring, 2)->monotonic_ns, pinned_ns);
	assert_u64_equal(ring_get(ring, 3)->monotonic_ns, pinned_ns - NSEC_PER_SEC);
	ring_pin(ring, SIZE_MAX);
	add(1);
	assert_u64_equal(ring_count(ring), 3);
	ring_limit(ring, 1);
	add(1);
	assert_u64_equal(ring_count(ring), 2);
}

static void test_index(void **state)
{
	ring = ring_new(SIZE_MAX, SIZE_MAX, UINT64_MAX);
	for (int i = 0; i < 4; i++)
		add(3);
	assert_u64_equal(snapshot_find(ring_get(ring, 1), 0, 2)->addr.port, 2);
	assert_u64_equal(snapshot_find(ring_get(ring, 2), 0, 2)->addr.port, 2);
}

static void test_copy(void **state)
{
	ring = ring_new(SIZE_MAX, SIZE_MAX, UINT64_MAX);
	begin_sample(3);
	strcpy(s.host, "web3");
	s.wall.tv_sec = 5;
	s.listeners[1].length = 4;
	snapshot_add_gone(&s, 0, 9);
	snapshot_size_owners(&s, 1, 1);
	s.processes[0] = (struct process){ .pid = 70 };
	s.owners[0] = (struct owner){ 0, 5 };
	snapshot_warn(&s, "a-code", "text %d", 1);
	ring_add(ring, &s);
	add(0);
	assert_u64_equal(ring_count(ring), 2);
	snapshot_copy(&copy, ring_get(ring, 1));
	assert_string_equal(copy.host, "web3");
	assert_u64_equal(copy.wall.tv_sec, 5);
	assert_u64_equal(copy.netns[0].cookie, 7);
	assert_u64_equal(snapshot_find(&copy, 0, 2)->length, 4);
	assert_u64_equal(copy.gone[0].cookie, 9);
	assert_u64_equal(copy.processes[copy.owners[0].process].pid, 70);
	assert_string_equal(copy.warnings[0].message, "text 1");
	assert_u64_equal(copy.n_groups, 3);
	assert_u64_equal(ring_get(ring, 0)->n_listeners, 0);
}

/* Strings live as long as a sample that has them. */
static void test_strings(void **state)
{
	ring = ring_new(SIZE_MAX, SIZE_MAX, UINT64_MAX);
	begin_sample(1);
	s.listeners[0].cgroup = string_pool_add(snapshot_strings(&s), "/a.service", 10);
	ring_add(ring, &s);
	add(0);
	assert_string_equal(ring_get(ring, 1)->listeners[0].cgroup, "/a.service");
	snapshot_copy(&copy, ring_get(ring, 1));
	ring_free(ring);
	ring = NULL;
	assert_string_equal(copy.listeners[0].cgroup, "/a.service");
}

static void test_age(void **state)
{
	ring = ring_new(601, SIZE_MAX, 600 * NSEC_PER_SEC);
	for (int i = 0; i < 1000; i++)
		add(1);
	assert_u64_equal(ring_count(ring), 601);
	assert_u64_equal(seconds(600), 600);
	assert_u64_equal(ring_back(ring, 600), 600);
}

/* The newest are dense, gaps grow with age, and all ten minutes are there. */
static void assert_thinned(size_t n_max, size_t bytes_max)
{
	size_t before = 0, gap = 0;

	ring = ring_new(n_max, bytes_max, 600 * NSEC_PER_SEC);
	for (int i = 0; i < 2000; i++) {
		add(20);
		assert_true(ring_count(ring) <= n_max && ring_bytes(ring) <= bytes_max);
		assert_u64_equal(seconds(0), 0);
	}
	assert_in_range(ring_count(ring), 95, 100);
	for (size_t i = 1; i < ring_count(ring); i++) {
		assert_u64_equal(ring_back(ring, i), seconds(i));
		assert_u64_equal(ring_find(ring, seconds(i)), i);
		assert_u64_equal(ring_find(ring, before + 1), i);
		gap = seconds(i) - before;
		assert_true(gap <= 1 + seconds(i) / 8);
		before = seconds(i);
	}
	assert_u64_equal(seconds(8), 8);
	assert_true(gap > 8);
	assert_in_range(before, 600 - 2 * gap, 600);
	assert_u64_equal(ring_find(ring, before + 1), ring_count(ring));
}

static void test_thinning(void **state)
{
	assert_thinned(SIZE_MAX, bytes_of(100, 20));
	ring_free(ring);
	assert_thinned(100, SIZE_MAX);
}

static void test_newest_is_kept(void **state)
{
	ring = ring_new(SIZE_MAX, 1, 600 * NSEC_PER_SEC);
	for (int i = 0; i < 5; i++) {
		add(100);
		assert_u64_equal(ring_count(ring), i ? 2 : 1);
		assert_u64_equal(ring_get(ring, 0)->monotonic_ns, now_ns);
	}
}

static struct listener *listener(uint64_t cookie)
{
	return (struct listener *)snapshot_find(&s, 0, cookie);
}

/* What a sample saw of its window goes to the next one when it is thinned out. */
static void test_windows_merge(void **state)
{
	const struct snapshot *merged;
	const struct listener *l;

	ring = ring_new(SIZE_MAX, bytes_of(4, 3), UINT64_MAX);
	add(3);
	begin_sample(3);
	listener(1)->peak = (struct peak){ .full_ns = 5,
					   .stood_ns = 6,
					   .length = 9,
					   .lowest = 3,
					   .samples = 50,
					   .fell = 2,
					   .full = true };
	listener(2)->known = 0;
	snapshot_add_gone(&s, 0, 77);
	ring_add(ring, &s);
	begin_sample(2);
	listener(1)->peak = (struct peak){
		.full_ns = 1, .unmoved_ns = 8, .length = 7, .lowest = 4, .samples = 49, .fell = 1
	};
	s.groups[0].known = GROUP_WAITING | GROUP_STAYED | GROUP_SHOWN | GROUP_STANDS;
	s.groups[1].known = GROUP_STANDS;
	s.netns[0].waiting_ns = now_ns;
	ring_add(ring, &s);
	add(2);
	add(2);
	assert_u64_equal(ring_count(ring), 4);
	merged = ring_get(ring, 2);
	assert_u64_equal(seconds(2), 2);
	assert_u64_equal(seconds(3), 4);
	l = &merged->listeners[0];
	assert_true(l->known & LISTENER_PEAK);
	assert_u64_equal(l->peak.full_ns, 6);
	assert_u64_equal(l->peak.unmoved_ns, 8);
	assert_u64_equal(l->peak.stood_ns, 6);
	assert_u64_equal(l->peak.length, 9);
	assert_u64_equal(l->peak.lowest, 3);
	assert_u64_equal(l->peak.samples, 99);
	assert_u64_equal(l->peak.fell, 3);
	assert_true(l->peak.full);
	assert_false(merged->listeners[1].known & LISTENER_PEAK);
	/* The third has gone, and another one before. */
	assert_u64_equal(merged->n_gone, 1);
	assert_u64_equal(merged->gone[0].cookie, 77);
	assert_true(merged->netns[0].listener_vanished);
	assert_true(merged->netns[0].looked);
	/* Nothing is known of what was in the queues when this window began. */
	assert_u64_equal(merged->groups[0].known, GROUP_WAITING | GROUP_STANDS);
	assert_u64_equal(merged->groups[0].ahead, UINT32_MAX);
}

/* A listener that was new in the sample that is thinned out, and gone in the next. */
/* Where no fast samples were taken in one of them, only that a queue was full is known. */
static void test_blind_merge(void **state)
{
	const struct snapshot *merged;

	ring = ring_new(SIZE_MAX, bytes_of(4, 2), UINT64_MAX);
	add(2);
	begin_sample(2);
	listener(1)->known = listener(2)->known = 0;
	s.blind_ns = 7;
	ring_add(ring, &s);
	begin_sample(2);
	listener(1)->peak.full = true;
	ring_add(ring, &s);
	add(2);
	add(2);
	merged = ring_get(ring, 2);
	assert_u64_equal(seconds(2), 2);
	assert_u64_equal(merged->blind_ns, 7);
	assert_true(merged->listeners[0].known & LISTENER_PEAK);
	assert_false(merged->listeners[1].known & LISTENER_PEAK);
}

static void test_born_and_gone_merge(void **state)
{
	const struct listener *gone;

	ring = ring_new(3, SIZE_MAX, UINT64_MAX);
	add(1);
	begin_sample(2);
	listener(2)->peak = (struct peak){ .length = 9, .samples = 50, .full = true };
	ring_add(ring, &s);
	begin_sample(1);
	gone = snapshot_add_gone(&s, 0, 2);
	((struct listener *)gone)->length = 4;
	((struct listener *)gone)->peak = (struct peak){ .length = 5, .samples = 10 };
	((struct listener *)gone)->known = LISTENER_PEAK;
	ring_add(ring, &s);
	add(1);
	assert_u64_equal(ring_count(ring), 3);
	assert_u64_equal(seconds(1), 1);
	assert_u64_equal(ring_get(ring, 1)->n_gone, 1);
	gone = &ring_get(ring, 1)->gone[0];
	assert_u64_equal(gone->addr.port, 2);
	assert_u64_equal(gone->length, 4);
	assert_u64_equal(gone->peak.length, 9);
	assert_u64_equal(gone->peak.samples, 60);
	assert_true(gone->peak.full);
}

/* A listener that has another place in the next sample, as one before it is gone. */
static void test_shifted_merge(void **state)
{
	const struct snapshot *merged;

	ring = ring_new(3, SIZE_MAX, UINT64_MAX);
	add(3);
	begin_sample(3);
	listener(3)->peak = (struct peak){ .length = 9, .samples = 50, .full = true };
	ring_add(ring, &s);
	for (int i = 0; i < 2; i++) {
		begin_sample(0);
		for (uint64_t cookie = 2; cookie <= 3; cookie++)
			*snapshot_add_listener(&s, 0, cookie) = (struct listener){
				.cookie = cookie, .known = LISTENER_PEAK, .peak.samples = 10
			};
		ring_add(ring, &s);
	}
	assert_u64_equal(ring_count(ring), 3);
	merged = ring_get(ring, 1);
	assert_u64_equal(merged->listeners[1].cookie, 3);
	assert_u64_equal(merged->listeners[1].peak.length, 9);
	assert_u64_equal(merged->listeners[1].peak.samples, 60);
	assert_true(merged->listeners[1].peak.full);
	assert_u64_equal(merged->listeners[0].peak.samples, 10);
	assert_true(merged->netns[0].listener_vanished);
}

/* Very many that came and went: those that were full stay, and of the others the latest. */
static void test_many_gone_merge(void **state)
{
	const struct snapshot *merged;

	ring = ring_new(3, SIZE_MAX, UINT64_MAX);
	for (int i = 0; i < 4; i++) {
		begin_sample(0);
		s.netns[0].listener_vanished = false;
		for (uint64_t cookie = 1; cookie <= RING_GONE_MAX; cookie++) {
			struct listener *l = (struct listener *)snapshot_add_gone(
				&s, 0, (uint64_t)i * 10000 + cookie);

			/* What the sample before has anyway is not among those that are counted. */
			l->addr.family = cookie > 1 ? AF_INET : AF_UNSPEC;
			l->limit = 9;
			l->length = cookie == RING_GONE_MAX ? 10 : 0;
		}
		ring_add(ring, &s);
	}
	assert_u64_equal(ring_count(ring), 3);
	merged = ring_get(ring, 1);
	assert_u64_equal(merged->n_gone, RING_GONE_MAX + 2);
	assert_u64_equal(merged->gone[0].cookie, 20001);
	assert_u64_equal(merged->gone[RING_GONE_MAX - 1].cookie, 20000 + RING_GONE_MAX);
	assert_u64_equal(merged->gone[RING_GONE_MAX].cookie, 10001);
	assert_u64_equal(merged->gone[RING_GONE_MAX + 1].cookie, 10000 + RING_GONE_MAX);
	assert_true(merged->netns[0].listener_vanished);
	assert_u64_equal(merged->gone_size, merged->n_gone);
}

#define RING_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RING_TEST(test_taken_over),    RING_TEST(test_pinned),
		RING_TEST(test_index),	       RING_TEST(test_copy),
		RING_TEST(test_strings),       RING_TEST(test_age),
		RING_TEST(test_thinning),      RING_TEST(test_newest_is_kept),
		RING_TEST(test_windows_merge), RING_TEST(test_blind_merge),
		RING_TEST(test_windows_merge), RING_TEST(test_born_and_gone_merge),
		RING_TEST(test_shifted_merge), RING_TEST(test_many_gone_merge),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/fold.h"
#include "model/groups.h"
#include "output/fields.h"
#include "output/sort.h"

static struct scene scene;
static struct field_context context;

static int setup(void **state)
{
	(void)state;
	scene_open(&scene);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scene_close(&scene);
	strbuf_free(&context.scratch);
	return 0;
}

/* Members of the group on port 80, cookies @first to @last, in both samples. */
static void add_members(uint16_t first, uint16_t last)
{
	for (uint16_t cookie = first; cookie <= last; cookie++) {
		scene_add_both(&scene, cookie);
		scene_before(&scene, cookie)->addr.port = 80;
		scene_now(&scene, cookie)->addr.port = 80;
	}
}

static void queue(uint16_t cookie, uint32_t length, uint32_t limit)
{
	scene_now(&scene, cookie)->length = length;
	scene_now(&scene, cookie)->limit = limit;
}

static void drops(uint16_t cookie, uint32_t n)
{
	scene_now(&scene, cookie)->drops = n;
}

static void overflows(uint64_t n)
{
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 100, 100, 100 + n, 100 + n);
}

static void fold(void)
{
	groups_build(&scene.now);
	report_build(&scene.report, &scene.before, &scene.now);
	fold_report(&scene.report);
	report_select(&scene.report, &(struct selection){ .family = AF_UNSPEC });
}

/* The row of the group on that port. */
static const struct row *row(uint16_t port)
{
	for (size_t i = 0; i < scene.report.n_rows; i++)
		if (scene.report.rows[i].listener->addr.port == port)
			return &scene.report.rows[i];
	fail_msg("no row of port %u", port);
	return NULL;
}

static void assert_range(uint16_t port, uint64_t min, uint64_t max)
{
	assert_true(row(port)->overflows.known);
	assert_u64_equal(row(port)->overflows.min, min);
	assert_u64_equal(row(port)->overflows.max, max);
}

static struct field_value value(uint16_t port, const char *name)
{
	struct field_value v;

	field_get(field_find(name, strlen(name)), row(port), &scene.report, &context, &v);
	return v;
}

static void test_alone(void **state)
{
	(void)state;
	scene_add_both(&scene, 22);
	queue(22, 3, 9);
	add_members(1, 2);
	fold();
	assert_u64_equal(scene.report.n_rows, 2);
	assert_u64_equal(scene.report.n_members, 3);
	assert_u64_equal(scene.report.n_shown, 2);
	assert_null(row(22)->folded);
	assert_ptr_equal(row(22)->listener, scene_now(&scene, 22));
	assert_u64_equal(row_length(row(22)), 3);
	assert_u64_equal(row_capacity(row(22)), 10);
	assert_true(value(22, "cookie").known);
	assert_false(value(22, "imbalance").known);
	assert_true(value(22, "group-fill").real == 0.3);
	assert_u64_equal(row(80)->folded->n_members, 2);
	for (unsigned int i = 0; i < 2; i++)
		assert_u64_equal(row(80)->folded->members[i]->listener->cookie, i + 1);
}

static void test_queues(void **state)
{
	(void)state;
	add_members(1, 4);
	queue(1, 2, 9);
	queue(2, 6, 19);
	queue(3, 4, 4);
	queue(4, 0, 9);
	fold();
	assert_u64_equal(value(80, "length").number, 12);
	assert_u64_equal(value(80, "limit").number, 41);
	assert_u64_equal(value(80, "capacity").number, 45);
	assert_true(value(80, "fill").real == 0.8); /* of the third */
	assert_u64_equal(value(80, "full").number, 0);
	assert_true(value(80, "imbalance").real == 2); /* six of a mean of three */
	assert_u64_equal(value(80, "sockets").number, 4);
	assert_int_equal(row(80)->state, STATE_HIGH);
	queue(3, 5, 4);
	fold();
	assert_true(value(80, "fill").real == 1);
	assert_u64_equal(value(80, "full").number, 1);
	assert_int_equal(row(80)->state, STATE_FULL);
}

/* Limits of 2^31 do exist: their sum has to fit. */
static void test_large_limits(void **state)
{
	(void)state;
	add_members(1, 3);
	for (uint16_t i = 1; i <= 3; i++)
		queue(i, 0, INT32_MAX);
	fold();
	assert_u64_equal(value(80, "limit").number, 3ull * INT32_MAX);
	assert_u64_equal(value(80, "capacity").number, 3ull * INT32_MAX + 3);
}

static void test_imbalance(void **state)
{
	(void)state;
	add_members(1, 4);
	fold();
	assert_false(value(80, "imbalance").known); /* nothing waits */
	for (uint16_t i = 1; i <= 4; i++)
		queue(i, 7, 128);
	fold();
	assert_true(value(80, "imbalance").real == 1);
	for (uint16_t i = 1; i <= 3; i++)
		queue(i, 0, 128);
	fold();
	assert_true(value(80, "imbalance").real == 4);
}

static void peak(uint16_t cookie, uint32_t length, uint32_t samples, uint64_t full_ns)
{
	scene_now(&scene, cookie)->peak = (struct peak){
		.length = length, .samples = samples, .full_ns = full_ns, .full = full_ns > 0
	};
	scene_now(&scene, cookie)->known |= LISTENER_PEAK;
}

/* Of the member that was fullest, never a sum; nor need it be the one that is fullest now. */
static void test_peaks(void **state)
{
	(void)state;
	add_members(1, 3);
	queue(1, 5, 9);
	queue(2, 0, 3);
	queue(3, 1, 99);
	peak(1, 5, 50, 0);
	peak(2, 4, 40, 7000000);
	peak(3, 60, 45, 0);
	fold();
	assert_true(value(80, "fill").real == 0.5);
	assert_true(value(80, "peak").real == 1);
	/* At the end of the window there were more in all of them. */
	assert_u64_equal(value(80, "peak-length").number, 6);
	queue(1, 3, 9);
	fold();
	assert_u64_equal(value(80, "peak-length").number, 4);
	for (uint16_t i = 1; i <= 3; i++)
		scene_before(&scene, i)->length = 4;
	fold();
	assert_u64_equal(value(80, "peak-length").number, 12);
	queue(1, 5, 9);
	fold();
	assert_u64_equal(value(80, "samples").number, 40);
	assert_true(value(80, "full-seconds").real == 0.007);
	assert_true(row_worst_fill(row(80)) == 1);
	assert_int_equal(row(80)->state, STATE_FULL);
	/* One that was not looked at leaves open how full it was. */
	scene_now(&scene, 3)->known &= (uint16_t)~LISTENER_PEAK;
	fold();
	assert_false(value(80, "peak").known);
	assert_true(row_worst_fill(row(80)) == 0.5);
}

/* Of members that are as full the longest, not one of a backlog of 0. */
static void test_members_as_full(void **state)
{
	(void)state;
	add_members(1, 3);
	queue(1, 1, 0);
	queue(2, 8, 7);
	queue(3, 4, 3);
	peak(1, 1, 9, 0);
	peak(2, 8, 9, 0);
	peak(3, 4, 9, 0);
	fold();
	assert_u64_equal(row(80)->listener->length, 8);
	assert_u64_equal(value(80, "peak-length").number, 13);
	for (uint16_t i = 1; i <= 3; i++)
		queue(i, 0, scene_now(&scene, i)->limit);
	fold();
	assert_true(value(80, "peak").real == 1);
	assert_u64_equal(value(80, "peak-length").number, 8);
}

static void test_drops(void **state)
{
	(void)state;
	add_members(1, 2);
	for (uint16_t i = 1; i <= 2; i++) {
		scene_before(&scene, i)->drops = UINT32_MAX - 5;
		drops(i, UINT32_MAX - 1);
	}
	scene_count(&scene, COUNTER_LISTEN_DROPS, 0, 0, 8, 8);
	fold();
	assert_u64_equal(value(80, "drops").number, 2ull * (UINT32_MAX - 1));
	assert_u64_equal(value(80, "drops-delta").number, 8);
	assert_true(value(80, "drops-rate").real == 8);
	scene_now(&scene, 2)->known &= (uint16_t)~LISTENER_DROPS;
	fold();
	assert_false(value(80, "drops").known);
	assert_false(value(80, "drops-delta").known);
	assert_false(row(80)->losses.known);
	assert_int_equal(row(80)->state, STATE_OK); /* the second may account for all losses */
}

/* Nobody knows which member it was, but that it was one of them. */
static void test_range_of_a_sum(void **state)
{
	(void)state;
	scene_add_both(&scene, 22);
	add_members(1, 2);
	drops(1, 5);
	drops(2, 5);
	overflows(5);
	fold();
	for (uint32_t i = 0; i < 2; i++) {
		assert_u64_equal(row(80)->folded->members[i]->overflows.min, 0);
		assert_u64_equal(row(80)->folded->members[i]->overflows.max, 5);
		assert_int_equal(row(80)->folded->members[i]->state, STATE_OK);
	}
	assert_range(80, 5, 5);
	assert_int_equal(row(80)->state, STATE_OVERFLOWING);
	/* Another listener may have overflowed, twice at most. */
	drops(22, 2);
	fold();
	assert_range(80, 3, 5);
	assert_range(22, 0, 2);
	/* Not more than there was. */
	drops(1, 1);
	drops(2, 2);
	fold();
	assert_range(80, 3, 3);
}

/* What vanished may have taken any of them, of the group as of a member. */
static void test_range_with_vanished(void **state)
{
	(void)state;
	add_members(1, 2);
	scene_add(&scene.before, 9);
	drops(1, 5);
	drops(2, 5);
	overflows(5);
	fold();
	assert_range(80, 0, 5);
	assert_int_equal(row(80)->state, STATE_OK);
}

/* The same of what else was lost. */
static void test_losses_of_a_sum(void **state)
{
	(void)state;
	add_members(1, 2);
	drops(1, 5);
	drops(2, 5);
	scene_count(&scene, COUNTER_LISTEN_DROPS, 0, 0, 5, 5);
	fold();
	assert_u64_equal(row(80)->losses.min, 5);
	assert_u64_equal(row(80)->losses.max, 5);
	assert_u64_equal(row(80)->folded->members[0]->losses.min, 0);
	assert_int_equal(row(80)->folded->members[0]->state, STATE_OK);
	assert_int_equal(row(80)->state, STATE_DROPPING);
}

static void test_range_unknown(void **state)
{
	(void)state;
	add_members(1, 2);
	scene.now.netns[0].after.known &= ~(1u << COUNTER_LISTEN_OVERFLOWS);
	fold();
	assert_false(row(80)->overflows.known);
}

/* Whatever happened, it is within the bounds, which are no wider than the members' together. */
static void test_range_hold_always(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct scene s = { 0 };
		uint64_t total = 0, of_group = 0;

		scene_open(&s);
		for (uint16_t cookie = 1; cookie <= 6; cookie++) {
			uint32_t overflowed, others;

			seed = seed * 1664525 + 1013904223;
			overflowed = seed >> 29;
			others = seed >> 26 & 3;
			scene_add_both(&s, cookie);
			if (cookie <= 3)
				scene_before(&s, cookie)->addr.port =
					scene_now(&s, cookie)->addr.port = 80;
			scene_now(&s, cookie)->drops = overflowed + others;
			total += overflowed;
			of_group += cookie <= 3 ? overflowed : 0;
		}
		scene_count(&s, COUNTER_LISTEN_OVERFLOWS, 0, seed & 1, total + (seed & 1),
			    total + (seed & 3));
		groups_build(&s.now);
		report_build(&s.report, &s.before, &s.now);
		fold_report(&s.report);
		for (size_t i = 0; i < s.report.n_rows; i++) {
			const struct row *r = &s.report.rows[i];
			uint64_t min = 0, max = 0;

			if (!r->folded)
				continue;
			for (uint32_t m = 0; m < r->folded->n_members; m++) {
				min += r->folded->members[m]->overflows.min;
				max += r->folded->members[m]->overflows.max;
			}
			assert_true(r->overflows.min <= of_group && of_group <= r->overflows.max);
			assert_true(min <= r->overflows.min && r->overflows.max <= max);
		}
		scene_close(&s);
	}
}

static void test_verdict(void **state)
{
	(void)state;
	add_members(1, 3);
	scene_before(&scene, 1)->length = 4;
	queue(1, 4, 3); /* stands still, and nobody came */
	queue(2, 4, 4);
	scene_before(&scene, 2)->length = 9; /* was higher */
	scene_count(&scene, COUNTER_PASSIVE_OPENS, 0, 0, 0, 0);
	fold();
	assert_int_equal(row(80)->state, STATE_FULL);
	assert_true(row(80)->reasons & 1u << REASON_NOT_ACCEPTING);
	assert_true(row(80)->reasons & 1u << REASON_ACCEPTING_SLOWLY);
	assert_true(row(80)->reasons & 1u << REASON_LIMIT_FROM_LISTEN);
}

static void test_what_differs_is_unknown(void **state)
{
	/* The same text need not be at the same place. */
	static const char cgroups[][3] = { "/a", "/a" };

	(void)state;
	add_members(1, 2);
	for (uint16_t i = 1; i <= 2; i++) {
		scene_now(&scene, i)->known |= LISTENER_MPTCP;
		scene_now(&scene, i)->uid = 33;
		scene_now(&scene, i)->cgroup = cgroups[i - 1];
	}
	fold();
	assert_false(value(80, "inode").known);
	assert_false(value(80, "cookie").known);
	assert_u64_equal(value(80, "uid").number, 33);
	assert_true(value(80, "mptcp").known);
	assert_string_equal(value(80, "cgroup").text, "/a");
	assert_string_equal(value(80, "local").text, "10.0.0.1:80");
	scene_now(&scene, 2)->uid = 34;
	scene_now(&scene, 2)->mptcp = true;
	scene_now(&scene, 2)->cgroup = "/b";
	fold();
	assert_false(value(80, "uid").known);
	assert_false(value(80, "mptcp").known);
	assert_false(value(80, "cgroup").known);
	scene_now(&scene, 2)->cgroup = NULL;
	fold();
	assert_false(value(80, "cgroup").known);
}

static void test_of_the_group(void **state)
{
	struct group *g;

	(void)state;
	add_members(1, 2);
	queue(1, 3, 5);
	queue(2, 1, 7);
	groups_build(&scene.now);
	g = scene_group(&scene, 1);
	g->syn_length = 6;
	g->known = GROUP_WAITING | GROUP_OLDEST;
	g->oldest_wait_ms = 1500;
	report_build(&scene.report, &scene.before, &scene.now);
	fold_report(&scene.report);
	assert_true(value(80, "oldest-wait").real == 1.5);
	assert_u64_equal(value(80, "synrecv").number, 6);
	assert_u64_equal(value(80, "syn-limit").number, 12);
	assert_true(value(80, "syn-fill").real == 0.5);
}

/* Sorting and selecting see groups. */
static void test_sort_and_select(void **state)
{
	(void)state;
	scene_add_both(&scene, 22);
	queue(22, 20, 127);
	add_members(1, 3);
	for (uint16_t i = 1; i <= 3; i++)
		queue(i, 10, 99);
	fold();
	sort_rows(&scene.report, field_find("length", 6), true, &context);
	assert_u64_equal(scene.report.shown[0]->listener->addr.port, 80);
	queue(2, 90, 99);
	fold();
	report_select(&scene.report, &(struct selection){ .only_full = true, .fill = 0.9 });
	assert_u64_equal(scene.report.n_shown, 1);
	assert_u64_equal(scene.report.shown[0]->listener->addr.port, 80);
}

/* The memory of one report serves the next, folded or not. */
static void test_again(void **state)
{
	(void)state;
	add_members(1, 40);
	fold();
	fold();
	assert_u64_equal(scene.report.n_rows, 1);
	report_build(&scene.report, &scene.before, &scene.now);
	assert_u64_equal(scene.report.n_rows, 40);
	assert_u64_equal(scene.report.n_members, 0);
	assert_null(scene.report.rows[0].folded);
	add_members(41, 80);
	scene_add_both(&scene, 222);
	fold();
	assert_u64_equal(scene.report.n_rows, 2);
	assert_u64_equal(row(80)->folded->n_members, 80);
}

static void test_nothing_to_fold(void **state)
{
	(void)state;
	fold();
	assert_u64_equal(scene.report.n_rows, 0);
	/* Groups that nobody has built cannot be folded. */
	scene.now.known &= ~(uint32_t)SNAPSHOT_GROUPS;
	add_members(1, 2);
	report_build(&scene.report, &scene.before, &scene.now);
	fold_report(&scene.report);
	assert_u64_equal(scene.report.n_rows, 2);
}

/* A group belongs to the owners of all its members, also where those of one cannot be seen. */
static void test_owners(void **state)
{
	static const struct process processes[] = { { .comm = "a", .pid = 7 },
						    { .comm = "b", .pid = 9 },
						    { .comm = "init", .pid = 1 } };
	static const struct owner owners[] = { { 1, 3 }, { 2, 60 }, { 0, 4 }, { 1, 4 } };
	const struct folded_group *f;

	(void)state;
	add_members(1, 3);
	add_members(4, 5);
	scene_now(&scene, 4)->addr.port = scene_now(&scene, 5)->addr.port = 81;
	scene_now(&scene, 4)->known |= LISTENER_OWNERS;
	snapshot_size_owners(&scene.now, ARRAY_SIZE(owners), ARRAY_SIZE(processes));
	memcpy(scene.now.processes, processes, sizeof(processes));
	memcpy(scene.now.owners, owners, sizeof(owners));
	for (uint16_t cookie = 1; cookie <= 2; cookie++) {
		scene_now(&scene, cookie)->known |= LISTENER_OWNERS;
		scene_now(&scene, cookie)->first_owner = 2u * (cookie - 1u);
		scene_now(&scene, cookie)->n_owners = 2;
	}
	for (int again = 0; again < 2; again++) {
		fold();
		f = row(80)->folded;
		assert_true(row(80)->listener->known & LISTENER_OWNERS);
		assert_int_equal(f->n_owners, 4);
		for (uint32_t i = 0; i < f->n_owners; i++) {
			static const struct owner sorted[] = {
				{ 0, 4 }, { 1, 3 }, { 1, 4 }, { 2, 60 }
			};

			assert_int_equal(f->owners[i].process, sorted[i].process);
			assert_int_equal(f->owners[i].fd, sorted[i].fd);
		}
		assert_int_equal(row(81)->folded->n_owners, 0);
		assert_false(row(81)->listener->known & LISTENER_OWNERS);
	}
}

/* Listeners of one inode share their owners: a group may have more than the snapshot. */
static void test_shared_owners(void **state)
{
	enum { MEMBERS = 64 };

	(void)state;
	add_members(1, MEMBERS);
	snapshot_size_owners(&scene.now, 1, 1);
	scene.now.processes[0] = (struct process){ .comm = "a", .pid = 7 };
	scene.now.owners[0] = (struct owner){ 0, 3 };
	for (uint16_t cookie = 1; cookie <= MEMBERS; cookie++)
		scene_now(&scene, cookie)->n_owners = 1;
	fold();
	assert_int_equal(row(80)->folded->n_owners, MEMBERS);
	assert_int_equal(row(80)->folded->owners[MEMBERS - 1].fd, 3);
}

#define FOLD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLD_TEST(test_alone),
		FOLD_TEST(test_queues),
		FOLD_TEST(test_large_limits),
		FOLD_TEST(test_imbalance),
		FOLD_TEST(test_peaks),
		FOLD_TEST(test_members_as_full),
		FOLD_TEST(test_drops),
		FOLD_TEST(test_range_of_a_sum),
		FOLD_TEST(test_range_with_vanished),
		FOLD_TEST(test_losses_of_a_sum),
		FOLD_TEST(test_losses_of_a_sum),
		FOLD_TEST(test_range_unknown),
		cmocka_unit_test(test_range_hold_always),
		FOLD_TEST(test_verdict),
		FOLD_TEST(test_what_differs_is_unknown),
		FOLD_TEST(test_of_the_group),
		FOLD_TEST(test_sort_and_select),
		FOLD_TEST(test_again),
		FOLD_TEST(test_nothing_to_fold),
		FOLD_TEST(test_owners),
		FOLD_TEST(test_shared_owners),
	};

	return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "analyse/fold.h"
#include "model/groups.h"
#include "output/cell.h"
#include "output/fields.h"
#include "output/sort.h"

static struct scene scene;
static struct field_context context;

static int setup(void **state)
{
	scene_open(&scene);
	return 0;
}

static int teardown(void **state)
{
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

static void fold(void)
{
	groups_build(&scene.now);
	report_build(&scene.report, &scene.before, &scene.now);
	fold_report(&scene.report);
	report_select(&scene.report, &all_listeners);
}

static const struct row *row(uint16_t port)
{
	return scene_row_at(&scene, port);
}

static void assert_range(uint16_t port, uint64_t min, uint64_t max)
{
	assert_true(row(port)->window->overflows.known);
	assert_u64_equal(row(port)->window->overflows.min, min);
	assert_u64_equal(row(port)->window->overflows.max, max);
}

/* @fields: of the row at that port, as cells show them: "length=3 cookie=-" */
static void expect(uint16_t port, const char *fields)
{
	struct strbuf found = { 0 };

	for (const char *s = fields; *s; s += strcspn(s, " "), s += *s == ' ') {
		size_t len = strcspn(s, "=");
		struct field_value v;

		field_get(field_find(s, len), row(port), &scene.report, &context, &v);
		strbuf_addf(&found, "%s%.*s=", found.len ? " " : "", (int)len, s);
		cell_add(&found, &v, 0);
	}
	assert_string_equal(found.s, fields);
	strbuf_free(&found);
}

static void test_alone(void **state)
{
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
	expect(22, "cookie=0x16 imbalance=- group-fill=30%");
	assert_u64_equal(row(80)->folded->n_members, 2);
	for (unsigned int i = 0; i < 2; i++)
		assert_u64_equal(row(80)->folded->members[i]->listener->cookie, i + 1);
}

static void test_queues(void **state)
{
	add_members(1, 4);
	queue(1, 2, 9);
	queue(2, 6, 19);
	queue(3, 4, 4);
	queue(4, 0, 9);
	fold();
	/* The fill is of the third; six are twice the mean. */
	expect(80, "length=12 limit=41 capacity=45 fill=80% full=no state=high");
	expect(80, "imbalance=2.0 sockets=4");
	queue(3, 5, 4);
	fold();
	expect(80, "fill=100% full=yes state=full");
}

/* Limits of 2^31 do exist: their sum has to fit. */
static void test_large_limits(void **state)
{
	add_members(1, 3);
	for (uint16_t i = 1; i <= 3; i++)
		queue(i, 0, INT32_MAX);
	fold();
	expect(80, "limit=6442450941 capacity=6442450944");
}

static void test_imbalance(void **state)
{
	add_members(1, 4);
	fold();
	expect(80, "imbalance=-"); /* nothing waits */
	for (uint16_t i = 1; i <= 4; i++)
		queue(i, 7, 128);
	fold();
	expect(80, "imbalance=1.0");
	for (uint16_t i = 1; i <= 3; i++)
		queue(i, 0, 128);
	fold();
	expect(80, "imbalance=4.0");
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
	add_members(1, 3);
	queue(1, 5, 9);
	queue(2, 0, 3);
	queue(3, 1, 99);
	peak(1, 5, 50, 0);
	peak(2, 4, 40, 700000000);
	peak(3, 60, 45, 0);
	fold();
	expect(80, "fill=50% peak=100%");
	/* At the end of the window there were more in all of them. */
	expect(80, "peak-length=6");
	queue(1, 3, 9);
	fold();
	expect(80, "peak-length=4");
	for (uint16_t i = 1; i <= 3; i++)
		scene_before(&scene, i)->length = 4;
	fold();
	expect(80, "peak-length=12");
	queue(1, 5, 9);
	fold();
	expect(80, "samples=40 full-seconds=0.7");
	assert_true(row_worst_fill(row(80)) == FILL_FULL);
	expect(80, "state=full");
	/* One that was not looked at leaves open how full it was. */
	scene_now(&scene, 3)->known &= (uint16_t)~LISTENER_PEAK;
	fold();
	expect(80, "peak=-");
	assert_true(row_worst_fill(row(80)) == FILL_FULL / 2);
}

/* Of members that are as full the longest, not one of a backlog of 0. */
static void test_members_as_full(void **state)
{
	add_members(1, 3);
	queue(1, 1, 0);
	queue(2, 8, 7);
	queue(3, 4, 3);
	peak(1, 1, 9, 0);
	peak(2, 8, 9, 0);
	peak(3, 4, 9, 0);
	fold();
	assert_u64_equal(row(80)->listener->length, 8);
	expect(80, "peak-length=13");
	for (uint16_t i = 1; i <= 3; i++)
		queue(i, 0, scene_now(&scene, i)->limit);
	fold();
	expect(80, "peak=100% peak-length=8");
}

static void test_drops(void **state)
{
	add_members(1, 2);
	for (uint16_t i = 1; i <= 2; i++) {
		scene_before(&scene, i)->drops = UINT32_MAX - 5;
		drops(i, UINT32_MAX - 1);
	}
	scene_count(&scene, COUNTER_LISTEN_DROPS, 0, 0, 8, 8);
	fold();
	expect(80, "drops=8589934588 drops-delta=+8 drops-rate=8.0");
	scene_now(&scene, 2)->known &= (uint16_t)~LISTENER_DROPS;
	fold();
	expect(80, "drops=- drops-delta=-");
	assert_false(row(80)->window->losses.known);
	expect(80, "state=ok"); /* the second may account for all losses */
}

/* Nobody knows which member it was, but that it was one of them. */
static void test_range_of_a_sum(void **state)
{
	scene_add_both(&scene, 22);
	add_members(1, 2);
	drops(1, 5);
	drops(2, 5);
	scene_overflow(&scene, 5);
	fold();
	for (uint32_t i = 0; i < 2; i++) {
		assert_u64_equal(row(80)->folded->members[i]->window->overflows.min, 0);
		assert_u64_equal(row(80)->folded->members[i]->window->overflows.max, 5);
		assert_int_equal(row(80)->folded->members[i]->state, STATE_OK);
	}
	assert_range(80, 5, 5);
	expect(80, "state=overflowing");
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
	add_members(1, 2);
	scene_add(&scene.before, 9);
	drops(1, 5);
	drops(2, 5);
	scene_overflow(&scene, 5);
	fold();
	assert_range(80, 0, 5);
	expect(80, "state=ok");
}

/* The same of what else was lost. */
static void test_losses_of_a_sum(void **state)
{
	add_members(1, 2);
	drops(1, 5);
	drops(2, 5);
	scene_count(&scene, COUNTER_LISTEN_DROPS, 0, 0, 5, 5);
	fold();
	assert_u64_equal(row(80)->window->losses.min, 5);
	assert_u64_equal(row(80)->window->losses.max, 5);
	assert_u64_equal(row(80)->folded->members[0]->window->losses.min, 0);
	assert_int_equal(row(80)->folded->members[0]->state, STATE_OK);
	expect(80, "state=dropping");
}

static void test_range_unknown(void **state)
{
	add_members(1, 2);
	scene.now.netns[0].after.known &= ~(1u << COUNTER_LISTEN_OVERFLOWS);
	fold();
	assert_false(row(80)->window->overflows.known);
}

/* Whatever happened, it is within the bounds, which are no wider than the members' together. */
static void test_range_hold_always(void **state)
{
	uint32_t seed = 1;

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
				min += r->folded->members[m]->window->overflows.min;
				max += r->folded->members[m]->window->overflows.max;
			}
			assert_true(r->window->overflows.min <= of_group &&
				    of_group <= r->window->overflows.max);
			assert_true(min <= r->window->overflows.min &&
				    r->window->overflows.max <= max);
		}
		scene_close(&s);
	}
}

static void test_verdict(void **state)
{
	add_members(1, 3);
	scene_before(&scene, 1)->length = 4;
	queue(1, 4, 3); /* stands still, and nobody came */
	queue(2, 4, 4);
	scene_before(&scene, 2)->length = 9; /* was higher */
	scene_count(&scene, COUNTER_PASSIVE_OPENS, 0, 0, 0, 0);
	fold();
	expect(80, "state=full");
	assert_true(row(80)->reasons & 1u << REASON_NOT_ACCEPTING);
	assert_true(row(80)->reasons & 1u << REASON_ACCEPTING_SLOWLY);
	assert_true(row(80)->reasons & 1u << REASON_LIMIT_FROM_LISTEN);
}

static void test_what_differs_is_unknown(void **state)
{
	/* The same text need not be at the same place. */
	static const char cgroups[][3] = { "/a", "/a" };

	add_members(1, 2);
	for (uint16_t i = 1; i <= 2; i++) {
		scene_now(&scene, i)->known |= LISTENER_MPTCP;
		scene_now(&scene, i)->uid = 33;
		scene_now(&scene, i)->cgroup = cgroups[i - 1];
	}
	fold();
	expect(80, "inode=- cookie=- uid=33 mptcp=no cgroup=/a local=10.0.0.1:80");
	scene_now(&scene, 2)->uid = 34;
	scene_now(&scene, 2)->mptcp = true;
	scene_now(&scene, 2)->cgroup = "/b";
	fold();
	expect(80, "uid=- mptcp=- cgroup=-");
	scene_now(&scene, 2)->cgroup = NULL;
	fold();
	expect(80, "cgroup=-");
}

static void test_of_the_group(void **state)
{
	struct group *g;

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
	expect(80, "oldest-wait=1.5 synrecv=6 syn-limit=12 syn-fill=50%");
}

/* Sorting and selecting see groups. */
static void test_sort_and_select(void **state)
{
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
	report_select(&scene.report,
		      &(struct selection){ .only_full = true, .fill = 90 * FILL_PERCENT });
	assert_u64_equal(scene.report.n_shown, 1);
	assert_u64_equal(scene.report.shown[0]->listener->addr.port, 80);
}

/* The memory of one report serves the next, folded or not. */
static void test_again(void **state)
{
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

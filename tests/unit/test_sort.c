/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "output/sort.h"

#include <arpa/inet.h>
#include <sys/socket.h>

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

/* Sorts by "-COLUMN", "COLUMN" or NULL, and compares the cookies with what is expected. */
static void assert_order(const char *column, const char *expected)
{
	bool descending = column && *column == '-';
	const struct field *field = NULL;
	char order[1024] = "";

	if (column) {
		field = field_find(column + descending, strlen(column + descending));
		assert_non_null(field);
	}
	scene_report(&scene);
	sort_rows(&scene.report, field, descending, &context);
	for (size_t i = 0; i < scene.report.n_shown; i++)
		sprintf(order + strlen(order), "%s%llu", i ? " " : "",
			(unsigned long long)scene.report.shown[i]->listener->cookie);
	if (strcmp(order, expected) != 0)
		fail_msg("by %s: %s, not %s", column ? column : "default", order, expected);
}

static struct listener *add(uint16_t cookie)
{
	scene_add(&scene.before, cookie);
	return scene_add(&scene.now, cookie);
}

static void bind_to(struct listener *l, const char *address, uint16_t port)
{
	l->addr.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	l->addr.port = port;
	memset(l->addr.address, 0, sizeof(l->addr.address));
	assert_int_equal(inet_pton(l->addr.family, address, l->addr.address), 1);
}

static void test_worst_first(void **state)
{
	add(1); /* ok */
	add(2)->drops = 1; /* dropping */
	add(3)->length = 129; /* full */
	add(4)->length = 110; /* high */
	add(5)->length = 115; /* high, and higher */
	add(6)->drops = 9; /* dropping, and more */
	scene_count(&scene, COUNTER_LISTEN_DROPS, 0, 0, 10, 10);
	assert_order(NULL, "3 6 2 5 4 1");
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, 10, 10);
	assert_order(NULL, "6 2 3 5 4 1"); /* now 6 and 2 overflow */
}

/* Equals are sorted by peak, then by family, port and address. */
static void test_ties(void **state)
{
	struct listener *l;

	bind_to(add(1), "::2", 80);
	bind_to(add(2), "::1", 80);
	bind_to(add(3), "10.0.0.2", 80);
	bind_to(add(4), "10.0.0.1", 80);
	bind_to(add(5), "10.0.0.3", 79);
	bind_to(add(6), "200.0.0.1", 80);
	assert_order(NULL, "5 4 3 6 2 1");
	l = scene_now(&scene, 1);
	l->known |= LISTENER_PEAK;
	l->peak.length = 3;
	assert_order(NULL, "1 5 4 3 6 2");
}

/* The same whatever order the kernel dumped them in. */
static void test_order_is_total(void **state)
{
	for (uint16_t i = 30; i > 0; i--)
		bind_to(add(i), "10.0.0.1", 80);
	assert_order(NULL,
		     "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 "
		     "28 29 30");
	assert_order("length",
		     "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 "
		     "27 28 29 30");
}

static void test_numbers(void **state)
{
	add(1)->limit = 10;
	add(2)->limit = 9;
	add(3)->limit = 4294967295u;
	assert_order("limit", "2 1 3");
	assert_order("-limit", "3 1 2");
	assert_order("capacity", "2 1 3");
	scene_now(&scene, 1)->length = 5;
	scene_now(&scene, 3)->length = 5; /* nearly empty */
	assert_order("-fill", "1 3 2");
	assert_order("cookie", "1 2 3");
	assert_order("-port", "3 2 1");
}

/* Unknown is neither small nor large: last, both ways. */
static void test_unknown_last(void **state)
{
	add(1)->known = 0;
	add(2)->drops = 5;
	add(3)->drops = 7;
	add(4)->known = 0;
	assert_order("drops", "2 3 1 4");
	assert_order("-drops", "3 2 1 4");
	scene_now(&scene, 2)->cgroup = "/b";
	scene_now(&scene, 4)->cgroup = "/a";
	assert_order("cgroup", "4 2 3 1");
	assert_order("-cgroup", "2 4 3 1");
}

/* Rows that compare equal are worst first, both ways. */
static void test_equals_worst_first(void **state)
{
	add(1);
	add(2)->length = 129;
	add(3)->length = 110;
	assert_order("limit", "2 3 1");
	assert_order("-limit", "2 3 1");
	assert_order("protocol", "2 3 1");
}

/* Words that stand for something have the order of that. */
static void test_words(void **state)
{
	add(1); /* ok */
	add(2)->length = 129; /* full */
	add(3)->length = 110; /* high */
	add(4)->drops = 1; /* dropping */
	scene_count(&scene, COUNTER_LISTEN_DROPS, 0, 0, 1, 1);
	assert_order("state", "2 4 3 1");
	assert_order("-state", "1 3 4 2");
	assert_order("severity", "2 4 3 1");
}

static void test_addresses(void **state)
{
	bind_to(add(1), "10.0.0.10", 80);
	bind_to(add(2), "10.0.0.9", 443);
	bind_to(add(3), "::1", 22);
	bind_to(add(4), "9.255.255.255", 8080);
	assert_order("address", "4 2 1 3");
	assert_order("-address", "3 1 2 4");
	assert_order("local", "1 2 4 3");
	assert_order("port", "3 1 2 4");
	/* They are an order of their own also where the ports are the same. */
	bind_to(add(5), "::3", 22);
	scene_now(&scene, 5)->length = 129; /* the worst, but not the first of its address */
	assert_order("local", "1 2 4 3 5");
}

static void test_overflows(void **state)
{
	add(1)->drops = 2;
	add(2)->drops = 8;
	add(3);
	add(4)->drops = 10;
	scene_count(&scene, COUNTER_LISTEN_OVERFLOWS, 0, 0, 9, 9);
	assert_order("overflows", "3 1 2 4");
	assert_order("-overflows", "4 2 1 3");
	scene.now.netns[0].after.known = 0;
	assert_order("overflows", "4 2 1 3"); /* all unknown: worst first */
}

/* What a cell has as text, but is a number: that of the first owner. */
static void test_owners(void **state)
{
	static struct process processes[] = { { .pid = 9 }, { .pid = 100 }, { .pid = 20 } };
	static struct owner owners[] = { { 0, 10 }, { 1, 9 }, { 2, 100 } };
	struct snapshot *s = &scene.now;

	for (uint16_t cookie = 1; cookie <= ARRAY_SIZE(owners); cookie++) {
		struct listener *l = add(cookie);

		l->first_owner = cookie - 1u;
		l->n_owners = 1;
	}
	snapshot_size_owners(s, ARRAY_SIZE(owners), ARRAY_SIZE(processes));
	memcpy(s->owners, owners, sizeof(owners));
	memcpy(s->processes, processes, sizeof(processes));
	assert_order("pid", "1 3 2");
	assert_order("-pid", "2 3 1");
	assert_order("fd", "2 1 3");
}

/* Behind TCP, by path. */
static void test_unix(void **state)
{
	static const char *const names[] = { "/run/b", "/run/a", NULL, "@x" };

	for (uint16_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct listener *l = add(i + 1);

		l->addr.family = AF_UNIX;
		l->addr.port = 0;
		l->name = names[i];
	}
	bind_to(add(5), "::1", 65535);
	assert_order(NULL, "5 2 1 4 3");
	assert_order("local", "5 2 1 4 3");
	assert_order("path", "2 1 4 5 3");
	assert_order("port", "5 2 1 4 3");
}

/* Rows that are not selected are not sorted in. */
static void test_only_shown(void **state)
{
	add(1)->length = 129;
	add(2);
	add(3)->length = 129;
	scene_report(&scene);
	report_select(&scene.report,
		      &(struct selection){ .family = AF_INET, .only_full = true, .fill = 1 });
	sort_rows(&scene.report, NULL, false, &context);
	assert_u64_equal(scene.report.n_shown, 2);
	assert_u64_equal(scene.report.shown[1]->listener->cookie, 3);
	assert_u64_equal(scene.report.n_rows, 3);
	assert_u64_equal(scene.report.rows[1].listener->cookie, 2);
}

/* Every column can be sorted by, both ways, and loses no row. */
static void test_every_column(void **state)
{
	for (uint16_t i = 1; i <= 5; i++)
		add(i)->length = i % 3;
	for (size_t i = 0; i < FIELD_N; i++)
		for (int descending = 0; field_table[i].name && descending < 2; descending++) {
			uint64_t sum = 0;

			scene_report(&scene);
			sort_rows(&scene.report, &field_table[i], descending, &context);
			for (size_t row = 0; row < scene.report.n_shown; row++)
				sum += 1ull << 4 * scene.report.shown[row]->listener->cookie;
			assert_u64_equal(sum, 0x111110);
		}
}

#define SORT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SORT_TEST(test_worst_first),	SORT_TEST(test_ties),
		SORT_TEST(test_order_is_total), SORT_TEST(test_numbers),
		SORT_TEST(test_unknown_last),	SORT_TEST(test_equals_worst_first),
		SORT_TEST(test_words),		SORT_TEST(test_addresses),
		SORT_TEST(test_overflows),	SORT_TEST(test_only_shown),
		SORT_TEST(test_every_column),	SORT_TEST(test_unix),
		SORT_TEST(test_owners),
	};

	return cmocka_run_group_tests_name("sort", tests, NULL, NULL);
}

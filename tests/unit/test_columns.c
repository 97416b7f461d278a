/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "output/columns.h"

#include <errno.h>

static struct columns c;
static struct error why;

static int setup(void **state)
{
	(void)state;
	memset(&c, 0, sizeof(c));
	strcpy(why.text, "untouched");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	columns_free(&c);
	return 0;
}

/* The names of the columns, joined as -o would take them. */
static void assert_columns(const char *expected)
{
	char joined[1024] = "";

	for (size_t i = 0; i < c.n; i++) {
		strcat(joined, i ? "," : "");
		strcat(joined, c.list[i]->name);
	}
	assert_string_equal(joined, expected);
}

#define DEFAULT \
	"severity,state,local,length,limit,fill,peak,synrecv,drops,drops-delta,overflows,reasons"
#define EXTENDED "uid,inode,cookie,cgroup,interface,v6only,mptcp"

static void test_default(void **state)
{
	(void)state;
	columns_default(&c, false);
	assert_columns(DEFAULT);
	assert_false(c.named);
}

/* Groups are told apart from listeners. */
static void test_folded(void **state)
{
	(void)state;
	c.folded = true;
	columns_default(&c, false);
	assert_columns("severity,state,local,sockets,length,limit,fill,peak,imbalance,synrecv,"
		       "drops,drops-delta,overflows,reasons");
	assert_true(columns_needs(&c) & NEED_GROUPS);
}

static void test_extended(void **state)
{
	(void)state;
	columns_default(&c, true);
	assert_columns(DEFAULT "," EXTENDED);
}

/* Each column once, the usual ones where they usually are. */
static void test_all(void **state)
{
	size_t named = 0;

	(void)state;
	columns_all(&c);
	for (size_t i = 0; i < field_table_n; i++)
		named += field_table[i].name != NULL;
	assert_u64_equal(c.n, named);
	for (size_t i = 0; i < c.n; i++)
		for (size_t j = 0; j < i; j++)
			assert_ptr_not_equal(c.list[i], c.list[j]);
	c.n = 12;
	assert_columns(DEFAULT);
	assert_false(c.named);
}

static void test_named(void **state)
{
	(void)state;
	assert_int_equal(columns_parse(&c, "length,address", false, &why), 0);
	assert_columns("length,address");
	assert_true(c.named);
	assert_string_equal(why.text, "untouched");
}

static void test_named_twice(void **state)
{
	(void)state;
	assert_int_equal(columns_parse(&c, "limit,length,limit", false, &why), 0);
	assert_columns("limit,length");
}

static void test_added(void **state)
{
	(void)state;
	assert_int_equal(columns_parse(&c, "+capacity,state", false, &why), 0);
	assert_columns(DEFAULT ",capacity");
	assert_false(c.named);
}

static void test_named_and_extended(void **state)
{
	(void)state;
	assert_int_equal(columns_parse(&c, "uid,port", true, &why), 0);
	assert_columns("uid,port,inode,cookie,cgroup,interface,v6only,mptcp");
}

static void test_added_and_extended(void **state)
{
	(void)state;
	assert_int_equal(columns_parse(&c, "+port", true, &why), 0);
	assert_columns(DEFAULT "," EXTENDED ",port");
}

static void test_unknown(void **state)
{
	static const struct {
		const char *list, *said;
	} cases[] = {
		{ "colour", "unknown column 'colour'; --list-columns" },
		{ "port,lenght", "unknown column 'lenght'" },
		{ "PORT", "'PORT'" },
		{ "por", "'por'" },
		{ "ports", "'ports'" },
		{ " port", "' port'" },
		{ "++port", "'+port'" },
		{ "half_open", "'half_open'" },
		{ "", "missing" },
		{ "+", "missing" },
		{ "port,", "missing" },
		{ ",port", "missing" },
		{ "port,,uid", "missing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(columns_parse(&c, cases[i].list, false, &why), -EINVAL);
		if (!strstr(why.text, cases[i].said))
			fail_msg("-o '%s': %s", cases[i].list, why.text);
		columns_free(&c);
	}
}

/* Nothing is collected that no column wants. */
static void test_needs(void **state)
{
	(void)state;
	columns_parse(&c, "address,port,length,limit,capacity,fill,full,uid,inode,cookie", false,
		      &why);
	assert_u64_equal(columns_needs(&c), 0);
	columns_free(&c);
	columns_parse(&c, "drops", false, &why);
	assert_u64_equal(columns_needs(&c), NEED_DROPS);
	columns_free(&c);
	columns_parse(&c, "drops,cgroup", false, &why);
	assert_u64_equal(columns_needs(&c), NEED_DROPS | NEED_CGROUP);
	columns_free(&c);
	columns_parse(&c, "drops-delta", false, &why);
	assert_u64_equal(columns_needs(&c), NEED_DROPS | NEED_WINDOW);
}

/* Ages of all queues only for who names the column; the default looks at queues nearly full. */
static void test_asked(void **state)
{
	(void)state;
	columns_default(&c, false);
	assert_false(columns_needs(&c) & NEED_MPTCP);
	assert_true(columns_needs(&c) & NEED_WAIT);
	assert_false(columns_needs(&c) & NEED_WAIT_ALL);
	columns_free(&c);
	columns_all(&c);
	assert_true(columns_needs(&c) & NEED_WAIT_ALL);
	columns_free(&c);
	columns_parse(&c, "+oldest-wait", false, &why);
	assert_true(columns_needs(&c) & NEED_WAIT_ALL);
}

#define COLUMNS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COLUMNS_TEST(test_default),
		COLUMNS_TEST(test_folded),
		COLUMNS_TEST(test_extended),
		COLUMNS_TEST(test_all),
		COLUMNS_TEST(test_named),
		COLUMNS_TEST(test_named_twice),
		COLUMNS_TEST(test_added),
		COLUMNS_TEST(test_named_and_extended),
		COLUMNS_TEST(test_added_and_extended),
		COLUMNS_TEST(test_unknown),
		COLUMNS_TEST(test_needs),
		COLUMNS_TEST(test_asked),
	};

	return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}

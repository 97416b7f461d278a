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
	"severity,state,local,length,limit,fill,peak,synrecv,drops,drops-delta,overflows,process,reasons"
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
		       "drops,drops-delta,overflows,process,reasons");
	assert_true(columns_needs(&c) & NEED_GROUPS);
}

static void test_extended(void **state)
{
	(void)state;
	columns_default(&c, true);
	assert_columns(DEFAULT "," EXTENDED);
}

/* What -p adds stands beside the process, and the reasons stay where they may be cut. */
static void test_processes(void **state)
{
	(void)state;
	columns_default(&c, false);
	assert_false(columns_needs(&c) & NEED_OWNERS_ASKED);
	assert_true(columns_needs(&c) & NEED_OWNERS);
	columns_processes(&c);
	assert_true(columns_needs(&c) & NEED_OWNERS_ASKED);
	assert_columns("severity,state,local,length,limit,fill,peak,synrecv,drops,drops-delta,"
		       "overflows,process,pid,fd,reasons");
	columns_processes(&c);
	assert_int_equal(c.n, 15);
	c.n = 0;
	columns_parse(&c, "fd,reasons", false, &why);
	columns_processes(&c);
	assert_columns("fd,reasons,process,pid");
	columns_free(&c);
	columns_parse(&c, "local,process,pid", false, &why);
	columns_processes(&c);
	assert_columns("local,process,pid,fd");
	assert_true(columns_needs(&c) & NEED_OWNERS_ASKED);
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
	c.n = 13;
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

/* Headers are names, in any case, beside the names and the keys of JSON. */
static void test_named_by_header(void **state)
{
	(void)state;
	assert_int_equal(columns_parse(&c,
				       "QUEUED,Why,local address,+DROPS,drops/s,OVER,PORT,"
				       "accept_queue.peak_fill,oldest_wait",
				       false, &why),
			 0);
	assert_columns(
		"length,reasons,local,drops-delta,drops-rate,overflows,port,peak,oldest-wait");
	columns_free(&c);
	memset(&c, 0, sizeof(c));
	assert_int_equal(columns_parse(&c, "LOCAL,local_address,q,queued,length", false, &why), 0);
	assert_columns("local,length");
	columns_free(&c);
	memset(&c, 0, sizeof(c));
	/* One "+" is that of the list. */
	assert_int_equal(columns_parse(&c, "+CAPACITY,OLDEST", false, &why), 0);
	assert_columns(DEFAULT ",capacity,oldest-wait");
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

static int worth(const char *name)
{
	const struct field *field = field_named(name);

	return columns_worth(&c, field, field->keep);
}

/* What was asked for outlasts all but what says which listener it is, and how it is. */
static void assert_chosen(const char *name)
{
	assert_true(columns_have(&c, field_named(name)));
	assert_true(worth(name) > worth("reasons"));
	assert_true(worth(name) > worth("overflows"));
	assert_true(worth(name) < worth("namespace"));
	assert_true(worth(name) < worth("state"));
	assert_true(worth(name) < worth("local"));
}

static void test_worth(void **state)
{
	(void)state;
	assert_int_equal(columns_parse(&c, "+drops,pid", true, &why), 0);
	assert_chosen("drops");
	assert_chosen("pid");
	assert_true(worth("process") < worth("reasons"));
	/* What -e adds tells less than how long and how full a queue is, and more than the rest. */
	assert_true(worth("mptcp") > worth("process"));
	assert_true(worth("uid") < worth("length"));
	columns_processes(&c);
	assert_chosen("process");
	assert_chosen("fd");
	/* Chosen, and then taken away. */
	columns_toggle(&c, field_named("fd"));
	assert_true(worth("fd") < worth("length"));
	assert_true(worth("sockets") < worth("length"));
	columns_free(&c);
	/* Who wants groups does not want to know less of them. */
	c.folded = true;
	columns_top(&c, false);
	assert_true(worth("sockets") < worth("length"));
	assert_true(worth("sockets") > worth("limit"));
}

/* Who, where, how bad and why outlast all that nobody asked for. */
static void test_essential(void **state)
{
	static const char *const least[] = { "state", "local",	   "process", "length",
					     "limit", "overflows", "reasons" };

	(void)state;
	columns_default(&c, false);
	for (size_t i = 0; i < c.n; i++) {
		bool essential = false;

		for (size_t j = 0; j < ARRAY_SIZE(least); j++)
			essential |= !strcmp(c.list[i]->name, least[j]);
		for (size_t j = 0; !essential && j < ARRAY_SIZE(least); j++)
			assert_true(worth(c.list[i]->name) < worth(least[j]));
	}
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
		{ "port,lenght", "unknown column 'lenght'; did you mean length?" },
		{ "QUEUD", "unknown column 'QUEUD'; did you mean QUEUED?" },
		{ "por", "'por'" },
		{ "ports", "'ports'" },
		{ " port", "' port'" },
		{ "++port", "'+port'" },
		{ "accept_queue", "'accept_queue'" },
		{ "accept_queue.", "'accept_queue.'" },
		{ "queue.length", "'queue.length'" },
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

#define TOP "severity,local,process,length,limit,fill,peak,synrecv,drops-rate,overflows,reasons"

static const struct field *named(const char *name)
{
	return field_find(name, strlen(name));
}

static void test_top(void **state)
{
	(void)state;
	columns_top(&c, false);
	assert_columns(TOP);
	assert_false(c.named);
}

/* More columns go before the words, which are the ones to be cut. */
static void test_top_extended(void **state)
{
	(void)state;
	columns_top(&c, true);
	assert_columns(
		"severity,local,process,length,limit,fill,peak,synrecv,drops-rate,overflows," EXTENDED
		",reasons");
}

#define TOP_OF_GROUPS                                                                         \
	"severity,local,process,sockets,length,limit,fill,peak,imbalance,synrecv,drops-rate," \
	"overflows,reasons"

/* Those that tell of groups come and go with the groups, to where they are by default. */
static void test_top_of_groups(void **state)
{
	(void)state;
	columns_top(&c, false);
	columns_group(&c, true);
	assert_columns(TOP_OF_GROUPS);
	columns_group(&c, false);
	assert_columns(TOP);
	columns_free(&c);
	c.folded = true;
	columns_top(&c, false);
	assert_columns(TOP_OF_GROUPS);
	columns_group(&c, false);
	assert_columns(TOP);
	columns_group(&c, true);
	assert_columns(TOP_OF_GROUPS);
	/* What stood beside them may be gone. */
	columns_group(&c, false);
	columns_toggle(&c, named("synrecv"));
	columns_toggle(&c, named("length"));
	columns_toggle(&c, named("limit"));
	columns_group(&c, true);
	assert_columns("severity,local,process,sockets,fill,peak,imbalance,drops-rate,overflows,"
		       "reasons");
}

/* What the user asked for stays, and a list that the user named is left alone. */
static void test_groups_and_what_was_asked_for(void **state)
{
	(void)state;
	columns_parse_top(&c, "+sockets", false, &why);
	columns_group(&c, true);
	columns_group(&c, false);
	assert_columns(TOP ",sockets");
	columns_free(&c);
	columns_top(&c, false);
	columns_group(&c, true);
	columns_toggle(&c, named("sockets"));
	columns_toggle(&c, named("sockets"));
	columns_group(&c, false);
	assert_true(columns_have(&c, named("sockets")));
	assert_false(columns_have(&c, named("imbalance")));
	columns_free(&c);
	columns_parse_top(&c, "local,length", false, &why);
	columns_group(&c, true);
	assert_columns("local,length");
	columns_free(&c);
	columns_all(&c);
	columns_group(&c, false);
	assert_true(columns_have(&c, named("imbalance")));
}

static void test_top_added(void **state)
{
	(void)state;
	assert_int_equal(columns_parse_top(&c, "+uid", false, &why), 0);
	assert_columns(TOP ",uid");
	columns_free(&c);
	assert_int_equal(columns_parse_top(&c, "uid", false, &why), 0);
	assert_columns("uid");
	assert_true(c.named);
	columns_free(&c);
	assert_int_equal(columns_parse_top(&c, "+colour", false, &why), -EINVAL);
	assert_non_null(strstr(why.text, "unknown column 'colour'"));
}

static void test_toggle(void **state)
{
	(void)state;
	columns_parse(&c, "port,fill,reasons", false, &why);
	columns_toggle(&c, named("uid"));
	assert_columns("port,fill,uid,reasons");
	columns_toggle(&c, named("fill"));
	assert_columns("port,uid,reasons");
	columns_toggle(&c, named("reasons"));
	assert_columns("port,uid");
	columns_toggle(&c, named("fill"));
	assert_columns("port,uid,fill");
	columns_toggle(&c, named("reasons"));
	assert_columns("port,uid,fill,reasons");
}

static void test_last_one_stays(void **state)
{
	(void)state;
	columns_parse(&c, "port", false, &why);
	columns_toggle(&c, named("port"));
	assert_columns("port");
	columns_toggle(&c, named("reasons"));
	columns_toggle(&c, named("port"));
	columns_toggle(&c, named("reasons"));
	assert_columns("reasons");
}

/* What naming a column costs begins and ends with the column. */
static void test_toggle_asks(void **state)
{
	(void)state;
	columns_parse(&c, "port,uid", false, &why);
	assert_u64_equal(columns_needs(&c), 0);
	columns_toggle(&c, named("oldest-wait"));
	assert_u64_equal(columns_needs(&c), NEED_WAIT | NEED_WAIT_ALL);
	columns_toggle(&c, named("uid"));
	assert_u64_equal(columns_needs(&c), NEED_WAIT | NEED_WAIT_ALL);
	columns_toggle(&c, named("oldest-wait"));
	assert_u64_equal(columns_needs(&c), 0);
}

static void test_have(void **state)
{
	(void)state;
	columns_parse(&c, "port,uid", false, &why);
	assert_true(columns_have(&c, named("port")));
	assert_true(columns_have(&c, named("uid")));
	assert_false(columns_have(&c, named("fill")));
}

/* A copy is changed and freed without the other taking notice. */
static void test_copy(void **state)
{
	struct columns copy;

	(void)state;
	columns_parse(&c, "port,oldest-wait", false, &why);
	columns_copy(&copy, &c);
	assert_true(copy.named);
	assert_u64_equal(columns_needs(&copy), columns_needs(&c));
	columns_toggle(&copy, named("port"));
	for (size_t i = 0; i < field_table_n; i++)
		if (field_table[i].name && !columns_have(&copy, &field_table[i]))
			columns_toggle(&copy, &field_table[i]);
	columns_free(&copy);
	assert_columns("port,oldest-wait");
}

#define COLUMNS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COLUMNS_TEST(test_default),
		COLUMNS_TEST(test_folded),
		COLUMNS_TEST(test_extended),
		COLUMNS_TEST(test_processes),
		COLUMNS_TEST(test_all),
		COLUMNS_TEST(test_named),
		COLUMNS_TEST(test_named_by_header),
		COLUMNS_TEST(test_named_twice),
		COLUMNS_TEST(test_added),
		COLUMNS_TEST(test_worth),
		COLUMNS_TEST(test_essential),
		COLUMNS_TEST(test_named_and_extended),
		COLUMNS_TEST(test_added_and_extended),
		COLUMNS_TEST(test_unknown),
		COLUMNS_TEST(test_needs),
		COLUMNS_TEST(test_asked),
		COLUMNS_TEST(test_top),
		COLUMNS_TEST(test_top_extended),
		COLUMNS_TEST(test_top_of_groups),
		COLUMNS_TEST(test_groups_and_what_was_asked_for),
		COLUMNS_TEST(test_top_added),
		COLUMNS_TEST(test_toggle),
		COLUMNS_TEST(test_last_one_stays),
		COLUMNS_TEST(test_toggle_asks),
		COLUMNS_TEST(test_have),
		COLUMNS_TEST(test_copy),
	};

	return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "output/columns.h"

#include <errno.h>

static struct columns c;
static struct error why;

static void begin(bool top, bool folded)
{
	c = (struct columns){ .top = top, .folded = folded };
}

static int setup(void **state)
{
	begin(false, false);
	return 0;
}

static const struct field *named(const char *name)
{
	const struct field *field = field_find(name, strlen(name));

	assert_non_null(field);
	return field;
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
#define EXTENDED     "uid,inode,cookie,cgroup,interface,v6only,mptcp"
#define TOP_BUT_LAST "severity,state,local,process,fill,synrecv,overflows-rate"
#define TOP	     TOP_BUT_LAST ",reasons"

/* What -o makes of a list; NULL: what is shown without -o. */
static void test_lists(void **state)
{
	static const struct {
		const char *list, *columns;
		bool extended, top, folded;
	} cases[] = {
		{ NULL, .columns = DEFAULT },
		{ NULL, .columns = DEFAULT "," EXTENDED, .extended = true },
		{ NULL,
		  .columns =
			  "severity,state,local,sockets,length,limit,fill,peak,imbalance,synrecv,drops,"
			  "drops-delta,overflows,process,reasons",
		  .folded = true },
		{ NULL, .columns = TOP, .top = true },
		/* The reasons, which may be cut, stay last. */
		{ NULL, .columns = TOP_BUT_LAST "," EXTENDED ",reasons", .extended = true,
		  .top = true },
		{ "length,address", .columns = "length,address" },
		{ "limit,length,limit", .columns = "limit,length" },
		{ "uid,port", .columns = "uid,port,inode,cookie,cgroup,interface,v6only,mptcp",
		  .extended = true },
		{ "uid", .columns = "uid", .top = true },
		{ "+capacity,state", .columns = DEFAULT ",capacity" },
		{ "+port", .columns = DEFAULT "," EXTENDED ",port", .extended = true },
		{ "+uid", .columns = TOP ",uid", .top = true },
		/* Headers are names, in any case, beside the names and the keys of JSON. */
		{ "QUEUED,Why,local address,+DROPS,drops/s,OVERFLOWS,PORT,accept_queue.peak_fill,"
		  "oldest_wait",
		  .columns =
			  "length,reasons,local,drops-delta,drops-rate,overflows,port,peak,oldest-wait" },
		{ "LOCAL,local_address,queued,length", .columns = "local,length" },
		{ "+CAPACITY,OLDEST", .columns = DEFAULT ",capacity,oldest-wait" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *list = cases[i].list;

		begin(cases[i].top, cases[i].folded);
		if (list)
			assert_int_equal(columns_parse(&c, list, cases[i].extended, &why), 0);
		else
			columns_default(&c, cases[i].extended);
		assert_columns(cases[i].columns);
		assert_int_equal(c.named, list && *list != '+');
	}
}

/* What -p adds stands beside the process, and the reasons stay where they may be cut. */
static void test_processes(void **state)
{
	columns_default(&c, false);
	assert_false(columns_needs(&c) & NEED_OWNERS_ASKED);
	assert_true(columns_needs(&c) & NEED_OWNERS);
	for (int i = 0; i < 2; i++) {
		columns_processes(&c);
		assert_columns("severity,state,local,length,limit,fill,peak,synrecv,drops,"
			       "drops-delta,overflows,process,pid,fd,reasons");
		assert_true(columns_needs(&c) & NEED_OWNERS_ASKED);
	}
	begin(false, false);
	columns_parse(&c, "local,fd,reasons", false, &why);
	columns_processes(&c);
	assert_columns("local,fd,reasons,process,pid");
	assert_true(columns_needs(&c) & NEED_OWNERS_ASKED);
}

/* Each column once, the usual ones where they usually are. */
static void test_all(void **state)
{
	size_t columns = 0;

	columns_all(&c);
	for (size_t i = 0; i < FIELD_N; i++)
		columns += field_table[i].name && columns_have(&c, &field_table[i]);
	assert_u64_equal(c.n, columns);
	c.n = 13;
	assert_columns(DEFAULT);
	assert_false(c.named);
}

static int worth(const char *name)
{
	return columns_worth(&c, named(name));
}

/* What was asked for outlasts all but what says which listener it is, and how it is. */
static void assert_chosen(const char *name)
{
	assert_true(columns_have(&c, named(name)));
	assert_true(worth(name) > worth("reasons"));
	assert_true(worth(name) > worth("overflows"));
	assert_true(worth(name) < worth("namespace"));
	assert_true(worth(name) < worth("state"));
	assert_true(worth(name) < worth("local"));
}

static void test_worth(void **state)
{
	assert_int_equal(columns_parse(&c, "+drops,pid", true, &why), 0);
	assert_chosen("drops");
	assert_chosen("pid");
	assert_true(worth("process") < worth("reasons"));
	/* What -e adds says less than how long and how full a queue is, and more than the rest. */
	assert_true(worth("mptcp") > worth("process"));
	assert_true(worth("uid") < worth("length"));
	columns_processes(&c);
	assert_chosen("process");
	assert_chosen("fd");
	/* Chosen, and then taken away. */
	columns_toggle(&c, named("fd"));
	assert_true(worth("fd") < worth("length"));
	assert_true(worth("sockets") < worth("length"));
	/* Who wants groups does not want to know less of them. */
	begin(true, true);
	columns_default(&c, false);
	assert_true(worth("sockets") < worth("length"));
	assert_true(worth("sockets") > worth("limit"));
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
		{ " port", "' port'" },
		{ "++port", "'+port'" },
		{ "accept_queue", "'accept_queue'" },
		{ "queue.length", "'queue.length'" },
		{ "half_open", "'half_open'" },
		{ "", "missing" },
		{ "+", "missing" },
		{ "port,", "missing" },
		{ ",port", "missing" },
		{ "port,,uid", "missing" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(false, false);
		assert_int_equal(columns_parse(&c, cases[i].list, false, &why), -EINVAL);
		if (!strstr(why.text, cases[i].said))
			fail_msg("-o '%s': %s", cases[i].list, why.text);
	}
}

/* Nothing is collected that no column wants, nor what it costs only when the user names it. */
static void test_needs(void **state)
{
	static const struct {
		const char *list;
		unsigned int needs;
	} cases[] = {
		{ "address,port,length,limit,capacity,fill,full,uid,inode,cookie", 0 },
		{ "drops", NEED_DROPS },
		{ "drops,cgroup", NEED_DROPS | NEED_CGROUP },
		{ "drops-delta", NEED_DROPS | NEED_WINDOW },
		{ "oldest-wait", NEED_WAIT | NEED_WAIT_ALL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(false, false);
		columns_parse(&c, cases[i].list, false, &why);
		assert_u64_equal(columns_needs(&c), cases[i].needs);
	}
	begin(false, false);
	columns_default(&c, false);
	assert_false(columns_needs(&c) & (NEED_MPTCP | NEED_GROUPS | NEED_WAIT_ALL));
	assert_true(columns_needs(&c) & NEED_WAIT);
	begin(false, true);
	columns_default(&c, false);
	assert_true(columns_needs(&c) & NEED_GROUPS);
}

/* Takes away or adds; the words stay last, and the last column stays. */
static void test_toggle(void **state)
{
	static const char *const steps[][2] = {
		{ "uid", "port,fill,uid,reasons" },
		{ "fill", "port,uid,reasons" },
		{ "reasons", "port,uid" },
		{ "fill", "port,uid,fill" },
		{ "reasons", "port,uid,fill,reasons" },
		{ "port", "uid,fill,reasons" },
		{ "uid", "fill,reasons" },
		{ "fill", "reasons" },
		{ "reasons", "reasons" },
	};

	columns_parse(&c, "port,fill,reasons", false, &why);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		columns_toggle(&c, named(steps[i][0]));
		assert_columns(steps[i][1]);
	}
}

/* What naming a column costs begins and ends with the column. */
static void test_toggle_asks(void **state)
{
	columns_parse(&c, "port,uid", false, &why);
	columns_toggle(&c, named("oldest-wait"));
	columns_toggle(&c, named("uid"));
	assert_u64_equal(columns_needs(&c), NEED_WAIT | NEED_WAIT_ALL);
	columns_toggle(&c, named("oldest-wait"));
	assert_u64_equal(columns_needs(&c), 0);
	/* Another column that goes makes nothing dearer. */
	begin(true, false);
	columns_default(&c, false);
	columns_toggle(&c, named("fill"));
	assert_false(columns_needs(&c) & NEED_OWNERS_ASKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lists, setup),
		cmocka_unit_test_setup(test_processes, setup),
		cmocka_unit_test_setup(test_all, setup),
		cmocka_unit_test_setup(test_worth, setup),
		cmocka_unit_test_setup(test_unknown, setup),
		cmocka_unit_test_setup(test_needs, setup),
		cmocka_unit_test_setup(test_toggle, setup),
		cmocka_unit_test_setup(test_toggle_asks, setup),
	};

	return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "base/clock.h"
#include "base/text.h"
#include "replay/excerpt.h"
#include "replay/sample_line.h"

/* Which windows of a recording are chosen, and what is said of its runs. */

static struct recording *recording;
static struct strbuf text;
static struct error why;
static struct excerpt e;
static char *tree, path[4096];

static int setup(void **state)
{
	tree = unit_make_tree();
	snprintf(path, sizeof(path), "%s/file", tree);
	return 0;
}

static int teardown(void **state)
{
	recording_close(recording);
	recording = NULL;
	strbuf_free(&text);
	unit_remove_tree(tree);
	return 0;
}

/* @names: as of -N, one a letter; "*": -A */
static void add_run(const char *host, const char *boot_id, const char *names)
{
	struct header_line h = { .all_namespaces = *names == '*' };

	snprintf(h.host, sizeof(h.host), "%s", host);
	snprintf(h.boot_id, sizeof(h.boot_id), "%s", boot_id);
	for (; *names && *names != '*'; names++)
		header_line_add_namespace(&h, (char[]){ *names, '\0' });
	header_line_add(&text, &h);
	header_line_free(&h);
}

/* Samples with these walls, in seconds, a letter each: 'a' is 1. A second lies between two. */
static void add_samples(const char *walls)
{
	static uint64_t second;

	for (; *walls; walls++) {
		struct snapshot s = { 0 };

		scene_begin(&s, ++second * NSEC_PER_SEC);
		s.wall = (struct timespec){ .tv_sec = *walls - 'a' + 1 };
		sample_line_add(&text, &s);
		snapshot_free(&s);
	}
}

static void open_text(void)
{
	unit_write(tree, "file", text.s, text.len);
	if (recording_open(&recording, path, NULL, NULL, &why) < 0)
		fail_msg("%s", why.text);
}

static int choose(int64_t begin_s, int64_t end_s)
{
	return excerpt_choose(&e, recording, begin_s * (int64_t)NSEC_PER_SEC,
			      end_s * (int64_t)NSEC_PER_SEC, &why);
}

/* @expected: the entries that end a window of it */
static void assert_has(const char *expected)
{
	char got[32] = "";

	for (size_t i = 0; i < recording_count(recording); i++)
		if (excerpt_has(&e, i))
			got[strlen(got)] = (char)('0' + i);
	assert_string_equal(got, expected);
	assert_true(excerpt_has(&e, e.first));
	assert_true(excerpt_has(&e, e.last));
}

static void test_bounds(void **state)
{
	add_run("h", "b", "");
	add_samples("abcdef");
	open_text();
	assert_int_equal(choose(0, 100), 0);
	assert_has("12345");
	assert_int_equal(choose(3, 4), 0);
	assert_has("23");
	assert_int_equal(choose(2, 2), 0);
	assert_has("1");
	/* The first sample ends no window. */
	assert_true(choose(0, 1) < 0);
	assert_true(choose(7, 100) < 0);
	assert_non_null(
		strstr(why.text, "it is from 1970-01-01T00:00:01Z to 1970-01-01T00:00:06Z"));
}

static void assert_none(int64_t begin_s, int64_t end_s, const char *said)
{
	char *expected = xasprintf("%s has no window that ends %s", path, said);

	assert_true(choose(begin_s, end_s) < 0);
	assert_string_equal(why.text, expected);
	free(expected);
}

/* Why there is none, with the dates that clock times were taken for. */
static void test_none(void **state)
{
	add_run("h", "b", "");
	add_samples("abg");
	add_run("h", "b", "");
	add_samples("mn");
	open_text();
	assert_none(3, 4,
		    "from 1970-01-01T00:00:03Z to 1970-01-01T00:00:04Z; that time lies within the "
		    "window from 1970-01-01T00:00:02Z to 1970-01-01T00:00:07Z");
	assert_none(8, 10,
		    "from 1970-01-01T00:00:08Z to 1970-01-01T00:00:10Z; nothing was recorded from "
		    "1970-01-01T00:00:07Z to 1970-01-01T00:00:13Z");
	assert_none(0, 1,
		    "until 1970-01-01T00:00:01Z; it is from 1970-01-01T00:00:01Z to "
		    "1970-01-01T00:00:14Z");
	assert_true(excerpt_choose(&e, recording, 15 * (int64_t)NSEC_PER_SEC, INT64_MAX, &why) < 0);
	assert_non_null(strstr(why.text, " ends since 1970-01-01T00:00:15Z; it is from "));
}

/* The clock was set back, and later forward: windows in between are left out. */
static void test_clock_is_set(void **state)
{
	add_run("h", "b", "");
	add_samples("efghabcghi");
	open_text();
	assert_int_equal(choose(6, 7), 0);
	assert_has("127");
}

/* What follows the time asked for is not left out because the clock was set back. */
static void test_clock_is_set_after_the_beginning(void **state)
{
	add_run("h", "b", "");
	add_samples("efghabcd");
	add_run("h", "b", "");
	add_samples("abc");
	open_text();
	assert_int_equal(excerpt_choose(&e, recording, 6 * (int64_t)NSEC_PER_SEC, INT64_MAX, &why),
			 0);
	assert_has("1234567"
		   "9:");
	excerpt_keep_last_run(&e);
	assert_has("9:");
	e.first = e.last;
	assert_has(":");
}

/* Each damaged place counts where it is, and only there. */
static void test_damage(void **state)
{
	const struct recording_damage *d;

	add_run("h", "b", "");
	add_samples("abc");
	strbuf_adds(&text, "{}\n");
	add_run("h", "b", "");
	add_samples("jkl");
	strbuf_adds(&text, "{}\n");
	add_run("h", "b", "");
	add_samples("tuv");
	strbuf_adds(&text, "{}\n");
	open_text();
	assert_int_equal(choose(11, 12), 0);
	assert_null(excerpt_damage(&e));
	assert_u64_equal(e.damaged_line, 0);
	assert_int_equal(choose(11, 21), 0);
	d = excerpt_damage(&e);
	assert_non_null(d);
	assert_u64_equal(d->line, 10);
	assert_u64_equal(e.damaged_line, 0);
	assert_int_equal(choose(1, 30), 0);
	assert_u64_equal(excerpt_damage(&e)->line, 5);
	assert_u64_equal(e.damaged_line, 15);
}

/* The last of many damaged places ends the recording, whatever the clock was set to before it. */
static void test_damage_all_over(void **state)
{
	for (unsigned int i = 0; i < 40; i++) {
		add_run("h", "b", "");
		add_samples(i == 39 ? "lm" : "az");
		strbuf_adds(&text, "{}\n");
	}
	open_text();
	assert_int_equal(choose(11, 14), 0);
	assert_true(e.damaged_line > 0);
	assert_non_null(excerpt_damage(&e));
}

/* Set in the first or the last window of the excerpt, which is as long as it is all the same. */
static void test_clock_is_set_at_an_end(void **state)
{
	add_run("h", "b", "");
	add_samples("xyfghiz");
	open_text();
	/* From the first sample on, which was taken at 5 by the clock as it was set then. */
	assert_int_equal(choose(4, 9), 0);
	assert_has("2345");
	assert_false(excerpt_lacks_begin(&e, &why));
	assert_int_equal(choose(1, 9), 0);
	assert_true(excerpt_lacks_begin(&e, &why));
	assert_non_null(strstr(why.text, "from 1970-01-01T00:00:01Z to 1970-01-01T00:00:05Z"));
	assert_int_equal(choose(6, 40), 0);
	assert_has("123456");
	assert_true(e.lacks_to_ns == 40 * (int64_t)NSEC_PER_SEC);
}

static void test_last_run(void **state)
{
	add_run("h", "b", "");
	add_samples("abc");
	add_run("h", "b", "");
	add_samples("def");
	add_run("h", "b", "");
	add_samples("g");
	open_text();
	assert_int_equal(choose(0, 100), 0);
	assert_has("1245");
	excerpt_keep_last_run(&e);
	assert_has("45");
}

static void test_without_window(void **state)
{
	add_run("h", "b", "");
	open_text();
	assert_true(choose(0, 100) < 0);
	assert_non_null(strstr(why.text, " has no sample, and a window takes two"));
	recording_close(recording);
	add_samples("a");
	open_text();
	assert_true(choose(0, 100) < 0);
	assert_non_null(strstr(why.text, " has one sample, and a window takes two"));
	recording_close(recording);
	add_run("h", "b", "");
	add_samples("b");
	open_text();
	assert_true(choose(0, 100) < 0);
}

static void test_namespaces(void **state)
{
	static const struct {
		const char *names;
		bool several;
	} cases[] = { { "", false }, { "a", false }, { "ab", true }, { "*", true } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		text.len = 0;
		add_run("h", "b", cases[i].names);
		add_samples("ab");
		open_text();
		assert_int_equal(choose(0, 100), 0);
		assert_int_equal(excerpt_has_namespaces(&e), cases[i].several);
		recording_close(recording);
		recording = NULL;
	}
}

/* Only of the runs that are chosen. */
static void test_foreign(void **state)
{
	add_run("here", "boot", "");
	add_samples("abc");
	add_run("here", "old", "*");
	add_samples("def");
	add_run("there", "boot", "");
	add_samples("ghi");
	open_text();
	assert_int_equal(choose(1, 3), 0);
	assert_false(excerpt_is_foreign(&e, "here", "boot\n", &why));
	assert_false(excerpt_has_namespaces(&e));
	assert_int_equal(choose(1, 6), 0);
	assert_true(excerpt_is_foreign(&e, "here", "boot\n", &why));
	assert_non_null(strstr(why.text, "is from before this host booted"));
	assert_false(excerpt_is_foreign(&e, "here", NULL, &why));
	assert_true(excerpt_has_namespaces(&e));
	assert_int_equal(choose(4, 9), 0);
	assert_true(excerpt_is_foreign(&e, "here", "boot\n", &why));
	assert_non_null(strstr(why.text, "is of host there"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_bounds),
		TEST(test_none),
		TEST(test_clock_is_set),
		TEST(test_clock_is_set_after_the_beginning),
		TEST(test_clock_is_set_at_an_end),
		TEST(test_damage),
		TEST(test_damage_all_over),
		TEST(test_last_run),
		TEST(test_without_window),
		TEST(test_namespaces),
		TEST(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

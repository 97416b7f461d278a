/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "top/sheet.h"

static struct sheet sheet;
static struct strbuf b;

static int teardown(void **state)
{
	sheet_free(&sheet);
	sheet = (struct sheet){ 0 };
	strbuf_free(&b);
	return 0;
}

static void assert_text(const char *expected)
{
	b.len = 0;
	strbuf_adds(&b, "");
	sheet_text(&sheet, &b);
	assert_string_equal(b.s, expected);
}

static void wrap(size_t width, const char *before, size_t indent, const char *text)
{
	sheet_begin(&sheet, width, 0, 100);
	sheet_puts(&sheet, INK_STRONG, before);
	sheet_wrap(&sheet, INK_PLAIN, indent, text);
	sheet_end(&sheet);
}

static void test_wrap(void **state)
{
	wrap(20, "Do: ", 4, "see what it waits for");
	assert_text("Do: see what it\n"
		    "    waits for\n");
	wrap(20, "", 2, "short");
	assert_text("short\n");
	/* A word that has no room here may have it on the next line. */
	wrap(12, "overflowing: ", 2, "gunicorn");
	assert_text("overflowing: \n  gunicorn\n");
	/* A word that has no room anywhere is broken. */
	wrap(6, "", 2, "gunicorn[2410]");
	assert_text("gunico\n  rn[2\n  410]\n");
	/* Wide characters and a width of 1 come to an end. */
	wrap(1, "", 4, "a b");
	assert_text("a\nb\n");
	wrap(3, "", 0, "日本語");
	assert_text("日\n本\n語\n");
	wrap(20, "x", 0, "");
	assert_text("x\n");
}

/* Lines above and below are counted, not kept. */
static void test_part_of_many(void **state)
{
	sheet_begin(&sheet, 10, 2, 2);
	for (int i = 0; i < 6; i++) {
		char text[] = { (char)('0' + i), '\0' };

		assert_int_equal(sheet_is_seen(&sheet), i == 2 || i == 3);
		if (i != 3)
			sheet_puts(&sheet, INK_PLAIN, text);
		sheet_end(&sheet);
	}
	assert_u64_equal(sheet.n, 6);
	assert_text("2\n\n");
	sheet_begin(&sheet, 10, 0, 1);
	assert_text("");
}

static void test_columns(void **state)
{
	sheet_begin(&sheet, 10, 0, 10);
	sheet_puts(&sheet, INK_PLAIN, "ab");
	sheet_tab(&sheet, 4);
	sheet_puts(&sheet, INK_DIM, "c");
	sheet_tab(&sheet, 3);
	sheet_puts(&sheet, INK_DIM, "d");
	sheet_tab(&sheet, 40);
	assert_u64_equal(sheet.x, 40);
	sheet_end(&sheet);
	sheet_rule(&sheet, "Who", true);
	sheet_rule(&sheet, "", false);
	assert_text("ab  cd                                  \n"
		    "── Who ───\n"
		    "----------\n");
}

/* Two sheets side by side keep their inks. */
static void test_beside(void **state)
{
	struct sheet left = { 0 };

	sheet_begin(&left, 10, 0, 10);
	sheet_puts(&left, INK_CRITICAL, "full");
	sheet_puts(&left, INK_PLAIN, " now");
	sheet_end(&left);
	sheet_begin(&sheet, 10, 0, 10);
	sheet_add_line(&sheet, &left, 0);
	sheet_add_line(&sheet, &left, 1);
	sheet_end(&sheet);
	assert_text("full now\n");
	assert_int_equal(sheet.spans[0].ink, INK_CRITICAL);
	assert_int_equal(sheet.spans[1].ink, INK_PLAIN);
	sheet_free(&left);
}

#define SHEET_TEST(f) cmocka_unit_test_teardown(f, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SHEET_TEST(test_wrap),
		SHEET_TEST(test_part_of_many),
		SHEET_TEST(test_columns),
		SHEET_TEST(test_beside),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests_name("sheet", tests, NULL, NULL);
}

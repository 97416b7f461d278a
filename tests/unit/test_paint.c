/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/text.h"
#include "top/paint.h"

static void test_lines(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *line;
	} cases[] = {
		{ "", 10, "" },
		{ "all of it", 9, "all of it" },
		{ "all of it", 10, "all of it" },
		{ "all of it", 8, "all of" },
		{ "all of it", 6, "all of" }, /* the blank behind it takes no room */
		{ "all of it", 5, "all" },
		{ "all of it", 3, "all" },
		{ "all of it", 2, "al" }, /* no blank to break at */
		{ "unbroken", 4, "unbr" },
		{ "größer ist", 9, "größer" },
		{ "größer", 3, "grö" }, /* columns, not bytes */
		{ "漢字 漢", 5, "漢字" },
		{ "漢字漢", 5, "漢字" }, /* two columns each */
		{ "a  b", 2, "a " }, /* who draws it skips the rest */
		{ " leading", 4, " lea" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = paint_break(cases[i].text, cases[i].width);

		if (n != strlen(cases[i].line) || memcmp(cases[i].text, cases[i].line, n) != 0)
			fail_msg("'%s' in %zu: '%.*s', not '%s'", cases[i].text, cases[i].width,
				 (int)n, cases[i].text, cases[i].line);
	}
}

/* Whatever the width: it ends, fits, loses nothing but blanks and splits no character. */
static void test_all_widths(void **state)
{
	static const char text[] = "the application takes no connections off its queue: größer, "
				   "漢字漢字漢字 and limit-from-somaxconn";

	for (size_t width = 0; width <= sizeof(text); width++) {
		const char *at = text;

		while (*at) {
			size_t n = paint_break(at, width);

			assert_true(n > 0);
			assert_true(n <= strlen(at));
			if (width >= 2)
				assert_true(text_width(at, n) <= width);
			at += n;
			if (((unsigned char)*at & 0xc0) == 0x80)
				fail_msg("in %zu columns a character is split", width);
			at += strspn(at, " ");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_all_widths),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests_name("paint", tests, NULL, NULL);
}

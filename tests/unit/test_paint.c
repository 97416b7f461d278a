/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/text.h"
#include "top/curses.h"
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

/* What a character in an ink looks like. */
struct look {
	attr_t attributes;
	short text, back; /* -1: the terminal's own */
};

static const struct screen *drawn;

static struct look look_of(enum ink ink)
{
	struct paint p = paint_line(drawn, 0);
	struct look look = { .text = -1, .back = -1 };
	cchar_t cell;
	wchar_t c[CCHARW_MAX + 1];
	short pair;

	paint_string(&p, ink, "x");
	assert_int_equal(mvin_wch(0, 0, &cell), OK);
	assert_int_equal(getcchar(&cell, c, &look.attributes, &pair, NULL), OK);
	look.attributes &= A_BOLD | A_DIM | A_REVERSE | A_UNDERLINE;
	if (drawn->color && pair)
		pair_content(pair, &look.text, &look.back);
	return look;
}

static bool same_look(enum ink a, enum ink b)
{
	const struct look x = look_of(a), y = look_of(b);

	return x.attributes == y.attributes && x.text == y.text && x.back == y.back;
}

/* On whatever terminal: severities differ, the cursor is seen, nothing is dark. */
static void check_inks(const char *term)
{
	static const enum severity severities[] = { SEVERITY_CRITICAL, SEVERITY_WARNING,
						    SEVERITY_NOTICE };

	for (enum ink ink = INK_PLAIN; ink < INK_N; ink++) {
		const struct look look = look_of(ink);

		if (look.text == COLOR_BLUE || (look.text == COLOR_BLACK && look.back == -1))
			fail_msg("%s: ink %d is dark", term, (int)ink);
		if (look.text == COLOR_RED && !(look.attributes & A_BOLD))
			fail_msg("%s: ink %d is plain red", term, (int)ink);
	}
	for (size_t i = 0; i < ARRAY_SIZE(severities); i++) {
		const enum severity s = severities[i];
		const enum ink cursor = paint_ink_on(s);
		const struct look on = look_of(cursor);

		assert_true(on.back != -1 || on.attributes & A_REVERSE);
		assert_false(same_look(cursor, paint_ink(s)));
		if (same_look(cursor, INK_HEADER) && s != SEVERITY_NOTICE)
			fail_msg("%s: the cursor looks like the header", term);
		for (size_t j = 0; j < i; j++)
			if (same_look(paint_badge(s), paint_badge(severities[j])))
				fail_msg("%s: severities %d and %d look alike", term, (int)s,
					 (int)severities[j]);
	}
	assert_false(same_look(INK_ON_NONE, INK_HEADER));
	assert_false(same_look(INK_ON_NONE, INK_PLAIN));
}

static void test_inks(void **state)
{
	static const struct {
		const char *term, *background;
		bool color;
		int palette; /* how many colours it has, if it has that terminal */
		short warning; /* text of a warning */
		attr_t dim; /* of what is dim */
	} cases[] = {
		{ "vt100", NULL, true, 0, -1, 0 },
		{ "xterm-256color", NULL, false, 256, -1, A_DIM },
		{ "xterm-256color", NULL, true, 256, 172, 0 },
		{ "xterm-256color", "15;0", true, 256, 220, 0 },
		{ "xterm-256color", "0;default;15", true, 256, 130, 0 },
		{ "xterm", NULL, true, 8, -1, A_DIM },
		{ "xterm", "15;0", true, 8, COLOR_YELLOW, A_DIM },
		{ "xterm", "0;7", true, 8, -1, A_DIM },
		{ "linux", NULL, true, 8, COLOR_YELLOW, 0 },
		{ "screen", NULL, true, 8, -1, A_DIM },
	};
	FILE *nowhere = fopen("/dev/null", "r+");
	struct error why;

	assert_int_equal(curses_load(&why), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct screen screen = { .color = cases[i].color, .rows = 24, .cols = 80 };
		struct look dim;

		setenv("TERM", cases[i].term, 1);
		unsetenv("COLORFGBG");
		if (cases[i].background)
			setenv("COLORFGBG", cases[i].background, 1);
		screen.handle = newterm(NULL, nowhere, nowhere);
		assert_non_null(screen.handle);
		paint_begin(&screen);
		drawn = &screen;
		assert_int_equal(screen.color, cases[i].color && cases[i].palette);
		check_inks(cases[i].term);
		assert_int_equal(look_of(INK_WARNING).text, cases[i].warning);
		dim = look_of(INK_DIM);
		assert_int_equal(dim.attributes, cases[i].dim);
		endwin();
		delscreen(screen.handle);
	}
	fclose(nowhere);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_all_widths),
		cmocka_unit_test(test_inks),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests_name("paint", tests, NULL, NULL);
}

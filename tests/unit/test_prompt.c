/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "top/curses.h"
#include "top/prompt.h"

#define CTRL(letter) ((letter)&0x1f)

static const struct question question = { .text = "Seconds: " };

static void press(struct prompt *p, const char *keys)
{
	for (; *keys; keys++)
		prompt_key(p, (unsigned char)*keys);
}

/* What is in the answer, with a bar where the cursor is. */
static void assert_answer(const struct prompt *p, const char *want)
{
	char got[600];

	snprintf(got, sizeof(got), "%.*s|%s", (int)p->cursor, p->answer.s, p->answer.s + p->cursor);
	assert_string_equal(got, want);
	assert_u64_equal(strlen(p->answer.s), p->answer.len);
}

/* A key that types replaces what was there before; the second one does not. */
static void test_first_key_replaces(void **state)
{
	struct prompt p = { 0 };

	prompt_begin(&p, &question, "1");
	assert_true(p.untouched);
	assert_answer(&p, "1|");
	press(&p, "5");
	assert_answer(&p, "5|");
	assert_false(p.untouched);
	press(&p, "0");
	assert_answer(&p, "50|");
	prompt_begin(&p, &question, "old");
	press(&p, "ä");
	assert_answer(&p, "ä|");
	/* There is nothing to replace. */
	prompt_begin(&p, &question, "");
	assert_false(p.untouched);
	press(&p, "ab");
	assert_answer(&p, "ab|");
	prompt_free(&p);
}

static void test_first_key_edits(void **state)
{
	static const struct {
		int code;
		const char *then;
	} cases[] = {
		{ KEY_LEFT, "onx|e" },	   { KEY_RIGHT, "onex|" }, { KEY_HOME, "x|one" },
		{ KEY_END, "onex|" },	   { CTRL('A'), "x|one" }, { CTRL('E'), "onex|" },
		{ KEY_BACKSPACE, "onx|" }, { 127, "onx|" },	   { '\b', "onx|" },
		{ KEY_DC, "onex|" },	   { CTRL('U'), "x|" },	   { CTRL('W'), "x|" },
		{ KEY_RESIZE, "x|" }, /* no key of the user */
		{ KEY_MOUSE, "x|" },
	};
	struct prompt p = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		prompt_begin(&p, &question, "one");
		prompt_key(&p, cases[i].code);
		press(&p, "x");
		assert_answer(&p, cases[i].then);
	}
	prompt_free(&p);
}

static void test_ends(void **state)
{
	static const int enter[] = { '\r', '\n', KEY_ENTER }, leave[] = { 27, CTRL('C') };
	struct prompt p = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(enter); i++) {
		prompt_begin(&p, &question, "one");
		assert_int_equal(prompt_key(&p, enter[i]), PROMPT_DONE);
		assert_answer(&p, "one|");
	}
	for (size_t i = 0; i < ARRAY_SIZE(leave); i++) {
		prompt_begin(&p, &question, "one");
		assert_int_equal(prompt_key(&p, leave[i]), PROMPT_CANCELLED);
	}
	prompt_free(&p);
}

static void test_edit(void **state)
{
	struct prompt p = { 0 };

	prompt_begin(&p, &question, "");
	press(&p, "state = ok");
	prompt_key(&p, CTRL('W'));
	assert_answer(&p, "state = |");
	prompt_key(&p, CTRL('W'));
	assert_answer(&p, "state |");
	prompt_key(&p, CTRL('W'));
	prompt_key(&p, CTRL('W'));
	assert_answer(&p, "|");
	/* By characters, not by bytes. */
	press(&p, "größe 漢");
	prompt_key(&p, KEY_LEFT);
	assert_answer(&p, "größe |漢");
	for (int i = 0; i < 3; i++)
		prompt_key(&p, KEY_LEFT);
	assert_answer(&p, "grö|ße 漢");
	prompt_key(&p, KEY_DC);
	assert_answer(&p, "grö|e 漢");
	prompt_key(&p, KEY_BACKSPACE);
	assert_answer(&p, "gr|e 漢");
	press(&p, "ü");
	assert_answer(&p, "grü|e 漢");
	prompt_key(&p, KEY_RIGHT);
	prompt_key(&p, CTRL('K'));
	assert_answer(&p, "grüe|");
	prompt_key(&p, KEY_RIGHT);
	prompt_key(&p, KEY_DC);
	assert_answer(&p, "grüe|");
	prompt_key(&p, CTRL('U'));
	prompt_key(&p, KEY_BACKSPACE);
	prompt_key(&p, KEY_LEFT);
	assert_answer(&p, "|");
	prompt_free(&p);
}

/* It stays, the cursor where it is wrong, and any change takes the error away. */
static void test_refused(void **state)
{
	struct prompt p = { 0 };

	prompt_begin(&p, &question, "");
	press(&p, "fill > many");
	prompt_refuse(&p, "no number", 7);
	assert_answer(&p, "fill > |many");
	assert_string_equal(p.error.s, "no number");
	prompt_key(&p, KEY_LEFT);
	assert_u64_equal(p.error.len, 9);
	prompt_key(&p, KEY_RIGHT);
	press(&p, "8");
	assert_answer(&p, "fill > 8|many");
	assert_u64_equal(p.error.len, 0);
	/* Beyond the end, and within a character. */
	prompt_refuse(&p, "no", 1000);
	assert_answer(&p, "fill > 8many|");
	prompt_begin(&p, &question, "ü");
	prompt_refuse(&p, "no", 1);
	assert_answer(&p, "|ü");
	prompt_free(&p);
}

static void test_is_bounded(void **state)
{
	struct prompt p = { 0 };

	prompt_begin(&p, &question, "");
	for (int i = 0; i < 1000; i++)
		press(&p, "x");
	assert_u64_equal(p.answer.len, 255);
	prompt_key(&p, KEY_HOME);
	press(&p, "y");
	assert_int_equal(p.answer.s[0], 'x');
	prompt_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_key_replaces),
		cmocka_unit_test(test_first_key_edits),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_is_bounded),
	};

	return cmocka_run_group_tests_name("prompt", tests, NULL, NULL);
}

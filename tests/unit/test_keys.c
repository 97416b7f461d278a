/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "top/curses.h"
#include "top/keys.h"

/* What is written on a key; the inverse of what the table says in its two columns. */
static const char *name_of(int code, char text[8])
{
	static const struct {
		int code;
		const char *name;
	} names[] = {
		{ '\r', "Enter" },     { '\n', "Enter" },      { KEY_ENTER, "Enter" },
		{ 27, "Esc" },	       { '\t', "Tab" },	       { ' ', "Space" },
		{ KEY_UP, "Up" },      { KEY_DOWN, "Down" },   { KEY_PPAGE, "PgUp" },
		{ KEY_NPAGE, "PgDn" }, { KEY_HOME, "Home" },   { KEY_END, "End" },
		{ KEY_LEFT, "Left" },  { KEY_RIGHT, "Right" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].code == code)
			return names[i].name;
	if (code >= KEY_F(1) && code <= KEY_F(12))
		snprintf(text, 8, "F%d", code - KEY_F0);
	else if (code > 0 && code < ' ')
		snprintf(text, 8, "Ctrl-%c", code + '@');
	else if (code > ' ' && code < 127)
		snprintf(text, 8, "%c", code);
	else
		fail_msg("key %d has no name", code);
	return text;
}

/* Is it one of the words? */
static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; *at; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");

		if (n == len && !memcmp(at, word, n))
			return true;
		at += n;
	}
	return false;
}

static size_t count_words(const char *words)
{
	size_t n = 0;

	for (const char *at = words; *at; at += strspn(at, " ")) {
		n++;
		at += strcspn(at, " ");
	}
	return n;
}

static void test_no_code_twice(void **state)
{
	for (size_t i = 0; i < key_table_n; i++)
		for (size_t j = 0; j < KEY_CODES_MAX && key_table[i].codes[j]; j++)
			for (size_t k = 0; k <= i; k++)
				for (size_t l = 0; l < (k < i ? KEY_CODES_MAX : j); l++)
					if (key_table[k].codes[l] == key_table[i].codes[j])
						fail_msg("key %s also does what %s does",
							 key_table[i].name, key_table[k].name);
}

/* Help and manual show the names, the codes are what works. */
static void test_names_are_those_of_the_codes(void **state)
{
	for (size_t i = 0; i < key_table_n; i++) {
		const struct key *key = &key_table[i];
		const char *before = "";
		size_t names = 0;

		for (size_t j = 0; j < KEY_CODES_MAX && key->codes[j]; j++) {
			char text[8];
			const char *name = name_of(key->codes[j], text);

			if (!has_word(key->name, name))
				fail_msg("'%s' does not name %s", key->name, name);
			names += strcmp(name, before) != 0; /* Enter has three codes */
			before = strcmp(name, "Enter") != 0 ? "" : "Enter";
		}
		if (count_words(key->name) != names)
			fail_msg("'%s' names %zu keys, not %zu", key->name, count_words(key->name),
				 names);
	}
}

/* A label names a key of its row, and no two labels want one place. */
static void test_bar(void **state)
{
	size_t width = 0;
	unsigned int taken = 0;

	for (size_t i = 0; i < key_table_n; i++) {
		const struct key *key = &key_table[i];
		char name[16] = "";

		if (!key->bar.place)
			continue;
		assert_int_equal(taken & 1u << key->bar.place, 0);
		taken |= 1u << key->bar.place;
		memcpy(name, key->bar.name, strcspn(key->bar.name, " "));
		if (!has_word(key->name, name))
			fail_msg("'%s' does not name %s", key->name, name);
		if (key->bar.place <= 10)
			width += strlen(key->bar.name) + strlen(key->bar.word) + 1;
	}
	/* The function keys have room on 80 columns. */
	assert_int_equal(taken & 0x7fe, 0x7fe);
	assert_true(width - 1 <= 80);
}

static void test_every_row_is_whole(void **state)
{
	assert_non_null(key_table[0].section);
	assert_non_null(key_table[0].help);
	for (size_t i = 0; i < key_table_n; i++) {
		assert_true(key_table[i].codes[0]);
		assert_true(!key_table[i].help || strlen(key_table[i].help) > 4);
		assert_true(key_table[i].pages);
		assert_non_null(key_table[i].run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_code_twice),
		cmocka_unit_test(test_names_are_those_of_the_codes),
		cmocka_unit_test(test_bar),
		cmocka_unit_test(test_every_row_is_whole),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}

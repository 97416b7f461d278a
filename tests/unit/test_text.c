/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/text.h"

static void check_safe(const char *text, size_t len, unsigned int flags, const char *expected)
{
	/* Exactly as large as the text, so that AddressSanitizer sees a read beyond its end. */
	char *exact = memcpy(xmalloc(len), text, len);
	struct strbuf b = { 0 };

	strbuf_adds(&b, "<");
	text_add_safe(&b, exact, len, flags);
	assert_string_equal(b.s + 1, expected);
	assert_u64_equal(b.len, strlen(expected) + 1);
	strbuf_free(&b);
	free(exact);
}

#define SAFE(text, flags, expected) check_safe(text, sizeof(text) - 1, flags, expected)

static void test_plain(void **state)
{
	SAFE("nginx.service", 0, "nginx.service");
	SAFE(" ~!", TEXT_ASCII, " ~!");
	SAFE("Gr\xc3\xbc\xc3\x9f"
	     "e \xe2\x82\xac \xf0\x9f\x90\xa7",
	     0,
	     "Gr\xc3\xbc\xc3\x9f"
	     "e \xe2\x82\xac \xf0\x9f\x90\xa7");
	SAFE("\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xa7", TEXT_ASCII, "\\u{fc}\\u{20ac}\\u{1f427}");
}

static void test_control(void **state)
{
	SAFE("a\x1b[31mb", 0, "a\\x1b[31mb");
	SAFE("\t\r\n\x7f", 0, "\\x09\\x0d\\x0a\\x7f");
	SAFE("\0x", 0, "\\x00x");
	/* C1: U+009B is a CSI to some terminals. U+00A0 is the first beyond them. */
	SAFE("\xc2\x9b", 0, "\\x9b");
	SAFE("\xc2\x80\xc2\x9f\xc2\xa0", 0, "\\x80\\x9f\xc2\xa0");
	SAFE("\x1b\n\xc2\x9b", TEXT_KEEP_CONTROL, "\x1b\n\xc2\x9b");
	SAFE("\x1b\xc2\x9b", TEXT_KEEP_CONTROL | TEXT_ASCII, "\x1b\\u{9b}");
}

static void test_one_word(void **state)
{
	SAFE(" a b\\ ", TEXT_ONE_WORD, "\\x20a\\x20b\\\\\\x20");
	SAFE("a\tb!", TEXT_ONE_WORD | TEXT_ASCII, "a\\x09b!");
}

/* Nobody can write an escape that listenq did not make. */
static void test_backslash(void **state)
{
	SAFE("\\x1b", 0, "\\\\x1b");
	SAFE("\\", TEXT_KEEP_CONTROL, "\\\\");
}

static void test_direction(void **state)
{
	SAFE("a\xe2\x80\xae"
	     "b",
	     0, "a\\u{202e}b");
	SAFE("\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f", 0, "\\u{61c}\\u{200e}\\u{200f}");
	SAFE("\xe2\x80\xaa\xe2\x80\xae", 0, "\\u{202a}\\u{202e}");
	SAFE("\xe2\x81\xa6\xe2\x81\xa9", 0, "\\u{2066}\\u{2069}");
	/* Neighbours of those ranges are ordinary characters, and so are Hebrew letters. */
	SAFE("\xe2\x80\xaf\xe2\x81\xaa\xd7\x90", 0, "\xe2\x80\xaf\xe2\x81\xaa\xd7\x90");
	SAFE("\xe2\x80\xae", TEXT_KEEP_CONTROL, "\xe2\x80\xae");
}

static void test_invalid(void **state)
{
	SAFE("\x80", 0, "\\x80");
	SAFE("\xff\xfe", 0, "\\xff\\xfe");
	SAFE("\xc3", 0, "\\xc3"); /* cut off by the end of the text */
	SAFE("\xc3x", 0, "\\xc3x"); /* and by another character */
	SAFE("\xe2\x82", 0, "\\xe2\\x82");
	SAFE("\xf0\x9f\x90", 0, "\\xf0\\x9f\\x90");
	SAFE("\xe2\x82\xc3\xbc", 0, "\\xe2\\x82\xc3\xbc");
	SAFE("\xff", TEXT_KEEP_CONTROL, "\\xff");
	SAFE("\xf8\x88\x80\x80\x80", 0, "\\xf8\\x88\\x80\\x80\\x80");
}

/* Forms that would smuggle one character in as another, and values that are none. */
static void test_overlong(void **state)
{
	SAFE("\xc0\x9b", 0, "\\xc0\\x9b");
	SAFE("\xc1\xbf", 0, "\\xc1\\xbf");
	SAFE("\xc2\x80", TEXT_KEEP_CONTROL, "\xc2\x80");
	SAFE("\xe0\x80\x9b", 0, "\\xe0\\x80\\x9b");
	SAFE("\xe0\x9f\xbf", 0, "\\xe0\\x9f\\xbf");
	SAFE("\xe0\xa0\x80", 0, "\xe0\xa0\x80");
	SAFE("\xf0\x80\x80\x9b", 0, "\\xf0\\x80\\x80\\x9b");
	SAFE("\xf0\x8f\xbf\xbf", 0, "\\xf0\\x8f\\xbf\\xbf");
	SAFE("\xf0\x90\x80\x80", 0, "\xf0\x90\x80\x80");
	SAFE("\xed\xa0\x80", 0, "\\xed\\xa0\\x80"); /* U+D800 */
	SAFE("\xed\xbf\xbf", 0, "\\xed\\xbf\\xbf"); /* U+DFFF */
	SAFE("\xed\x9f\xbf\xee\x80\x80", 0, "\xed\x9f\xbf\xee\x80\x80");
	SAFE("\xf4\x8f\xbf\xbf", 0, "\xf4\x8f\xbf\xbf"); /* U+10FFFF */
	SAFE("\xf4\x90\x80\x80", 0, "\\xf4\\x90\\x80\\x80");
}

static void test_width(void **state)
{
	assert_u64_equal(text_width("", 0), 0);
	assert_u64_equal(text_width("abc", 3), 3);
	assert_u64_equal(text_width("abc", 2), 2);
	assert_u64_equal(text_width("\xc3\xbc", 2), 1);
	assert_u64_equal(text_width("a\xe4\xb8\xad"
				    "b",
				    5),
			 4); /* U+4E2D takes two columns */
	assert_u64_equal(text_width("e\xcc\x81x", 4), 2); /* a combining accent takes none */
	assert_u64_equal(text_width("\xe2\x80\xa6", 3), 1);
}

static void test_is_plain(void **state)
{
	static const char *const plain[] = { "", "a b~", "10.0.0.1" };
	static const char *const other[] = { "a\\", "\x1f", "\x7f", "\x80", "gr\xc3\xbcn" };

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		assert_true(text_is_plain(plain[i], strlen(plain[i]), 0));
		check_safe(plain[i], strlen(plain[i]), TEXT_ASCII, plain[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		assert_false(text_is_plain(other[i], strlen(other[i]), 0));
}

static void test_strbuf(void **state)
{
	struct strbuf b = { 0 };
	char expected[9000];

	strbuf_addu(&b, 0);
	strbuf_addc(&b, ',', 1);
	strbuf_addu(&b, UINT64_MAX);
	strbuf_addc(&b, ' ', 0);
	strbuf_addf(&b, "%s", "");
	strbuf_addf(&b, ",%d", -5);
	strbuf_add(&b, "xyz", 2);
	assert_string_equal(b.s, "0,18446744073709551615,-5xy");
	assert_u64_equal(b.len, strlen(b.s));
	b.len = 0;
	memset(expected, 0, sizeof(expected));
	for (int i = 0; i < 900; i++) {
		memcpy(expected + i * 9, "bytes and", 9);
		strbuf_adds(&b, "bytes and");
	}
	assert_string_equal(b.s, expected);
	strbuf_addf(&b, "%5000d", 1);
	assert_u64_equal(b.len, 900 * 9 + 5000);
	strbuf_free(&b);
	assert_null(b.s);
}

static void test_digits(void **state)
{
	struct strbuf b = { 0 };
	char expected[24];

	for (uint64_t power = 1;; power *= 10) {
		for (uint64_t value = power - 1; value <= power + 1; value++) {
			b.len = 0;
			strbuf_addu(&b, value);
			snprintf(expected, sizeof(expected), "%llu", (unsigned long long)value);
			assert_string_equal(b.s, expected);
			assert_u64_equal(b.len, strlen(expected));
			b.len = 0;
			strbuf_addx(&b, value);
			snprintf(expected, sizeof(expected), "%llx", (unsigned long long)value);
			assert_string_equal(b.s, expected);
		}
		if (power > UINT64_MAX / 10)
			break;
	}
	strbuf_free(&b);
}

/* A shell takes the word apart into exactly the text, and a terminal gets nothing of it. */
static void test_words(void **state)
{
	static const struct {
		const char *text, *word;
		unsigned int flags;
	} cases[] = {
		{ "/run/a-1_b@2.service", "/run/a-1_b@2.service", 0 },
		{ "", "''", 0 },
		{ "a b", "'a b'", 0 },
		{ "$(id)`id`;*", "'$(id)`id`;*'", 0 },
		{ "it's", "'it'\\''s'", 0 },
		{ "a\\x2d", "'a\\x2d'", 0 },
		{ "~", "'~'", 0 },
		{ "\xc3\xbc", "'\xc3\xbc'", 0 },
		{ "\xc3\xbc", "$'\\xc3\\xbc'", TEXT_ASCII },
		{ "\xff", "$'\\xff'", 0 },
		{ "a\nb'\\", "$'a\\x0ab\\x27\\x5c'", 0 },
		{ "\x1b[2J", "$'\\x1b[2J'", 0 },
		{ "\xe2\x80\xae", "$'\\xe2\\x80\\xae'", 0 }, /* turns the direction of text */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf b = { 0 }, command = { 0 };
		char out[64] = "";
		FILE *shell;

		text_add_word(&b, cases[i].text, cases[i].flags);
		assert_string_equal(b.s, cases[i].word);
		setenv("WORD", b.s, 1);
		strbuf_addf(&command, "exec bash -c 'eval \"printf %%s $WORD\"'");
		shell = popen(command.s, "r");
		assert_non_null(shell);
		out[fread(out, 1, sizeof(out) - 1, shell)] = '\0';
		assert_int_equal(pclose(shell), 0);
		assert_string_equal(out, cases[i].text);
		strbuf_free(&command);
		strbuf_free(&b);
	}
}

static void test_times(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "0s" },	     { 100, "0.1s" },	    { 200, "0.2s" },	 { 1000, "1s" },
		{ 1500, "1.5s" },    { 9000, "9s" },	    { 9940, "9.9s" },	 { 9960, "10s" },
		{ 42000, "42s" },    { 42400, "42s" },	    { 59400, "59s" },	 { 60000, "1m" },
		{ 60040, "1m" },     { 99400, "1m39s" },    { 120000, "2m" },	 { 420000, "7m" },
		{ 599000, "9m59s" }, { 1530000, "25m" },    { 3900000, "1h5m" }, { 7200000, "2h" },
		{ 86400000, "24h" }, { 864000000, "240h" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf b = { 0 };

		text_add_time(&b, cases[i].ms * 1000000);
		if (strcmp(b.s, cases[i].text) != 0)
			fail_msg("%llu ms: %s, not %s", (unsigned long long)cases[i].ms, b.s,
				 cases[i].text);
		strbuf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),	  cmocka_unit_test(test_control),
		cmocka_unit_test(test_one_word),  cmocka_unit_test(test_backslash),
		cmocka_unit_test(test_direction), cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_overlong),  cmocka_unit_test(test_width),
		cmocka_unit_test(test_is_plain),  cmocka_unit_test(test_strbuf),
		cmocka_unit_test(test_digits),	  cmocka_unit_test(test_words),
		cmocka_unit_test(test_times),
	};

	unit_utf8_locale();
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "base/num.h"
#include "base/text.h"
#include "output/columns.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <string.h>

/* Text from elsewhere that goes to a terminal or into JSON, and what users type. */

const struct fuzz_seed fuzz_seeds[] = { { "tests/fuzz/text", NULL }, { 0 } };

/*
 * Length of the well-formed character at @s, 0 for none: table 3-7 of the Unicode Standard, written
 * down, where src/base/text.c computes.
 */
static size_t well_formed(const uint8_t *s, size_t len)
{
	static const struct {
		uint8_t first, last, second_first, second_last;
		size_t len;
	} table[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (s[0] < table[i].first || s[0] > table[i].last)
			continue;
		if (table[i].len > len)
			return 0;
		if (table[i].len > 1 &&
		    (s[1] < table[i].second_first || s[1] > table[i].second_last))
			return 0;
		for (size_t j = 2; j < table[i].len; j++)
			if ((s[j] & 0xc0) != 0x80)
				return 0;
		return table[i].len;
	}
	return 0;
}

static bool is_control(const uint8_t *s)
{
	return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

static bool is_direction(const uint8_t *s, size_t n)
{
	if (n == 2)
		return s[0] == 0xd8 && s[1] == 0x9c;
	if (n != 3 || s[0] != 0xe2)
		return false;
	return (s[1] == 0x80 && (s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xaa && s[2] <= 0xae))) ||
	       (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
}

static void check_safe(const uint8_t *data, size_t size, unsigned int flags)
{
	struct strbuf b = { 0 };
	size_t n;

	strbuf_adds(&b, "");
	text_add_safe(&b, (const char *)data, size, flags);
	FUZZ_CHECK(b.len >= size / 4 && b.s[b.len] == '\0');
	if (text_is_plain((const char *)data, size, 0))
		FUZZ_CHECK(b.len == size && !memcmp(b.s, data, size));
	for (size_t i = 0; i < b.len; i += n) {
		const uint8_t *s = (const uint8_t *)b.s + i;

		n = well_formed(s, b.len - i);
		FUZZ_CHECK(n);
		FUZZ_CHECK(!(flags & TEXT_ASCII) || n == 1);
		if (!(flags & TEXT_KEEP_CONTROL))
			FUZZ_CHECK(!is_control(s) && !is_direction(s, n));
	}
	FUZZ_CHECK(text_width(b.s, b.len) <= 2 * b.len);
	strbuf_free(&b);
}

static void check_typed(const char *s)
{
	struct columns columns = { 0 };
	struct error why;
	uint64_t whole = 5;
	double real = 5;
	int code;

	code = num_parse_u64(s, 3, 1000, &whole);
	FUZZ_CHECK(code == 0 || code == -EINVAL || code == -ERANGE);
	FUZZ_CHECK(code == 0 ? whole >= 3 && whole <= 1000 : whole == 5);
	code = num_parse_double(s, 3, 1000, &real);
	FUZZ_CHECK(code == 0 || code == -EINVAL || code == -ERANGE);
	FUZZ_CHECK(code == 0 ? real >= 3 && real <= 1000 : real >= 5 && real <= 5);
	code = columns_parse(&columns, s, false, &why);
	FUZZ_CHECK(code == 0 || code == -EINVAL);
	FUZZ_CHECK(columns.n <= FIELD_N);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *locale;
	struct strbuf typed = { 0 };

	if (!locale) {
		locale = setlocale(LC_CTYPE, "C.UTF-8");
		locale = locale ? locale : "C";
	}
	for (unsigned int flags = 0; flags < 4; flags++)
		check_safe(data, size, flags);
	/* Any bytes, not only what came out of text_add_safe(). */
	text_width((const char *)data, size);
	strbuf_add(&typed, (const char *)data, size);
	check_typed(typed.s);
	strbuf_free(&typed);
	return 0;
}

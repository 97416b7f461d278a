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

#define TYPED_MAX 100 /* finding the nearest name of a column takes long */

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

		n = fuzz_character(s, b.len - i);
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
	FUZZ_CHECK(code < 0 || !s[strspn(s, "0123456789")]);
	code = num_parse_double(s, 3, 1000, &real);
	FUZZ_CHECK(code == 0 || code == -EINVAL || code == -ERANGE);
	FUZZ_CHECK(code == 0 ? real >= 3 && real <= 1000 : real >= 5 && real <= 5);
	code = columns_parse(&columns, s, false, &why);
	FUZZ_CHECK(code == 0 || code == -EINVAL);
	FUZZ_CHECK(columns.n <= FIELD_N);
}

void fuzz_one(const uint8_t *data, size_t size)
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
	if (size <= TYPED_MAX)
		check_typed(typed.s);
	strbuf_free(&typed);
}

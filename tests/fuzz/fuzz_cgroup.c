/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "collect/units.h"

#include <string.h>

/* The text of /proc/PID/cgroup: the path, and the unit and the container that it names. */

static void check_inside(struct part p, struct part whole)
{
	FUZZ_CHECK(p.s ? p.s >= whole.s && p.s + p.len <= whole.s + whole.len : !p.len);
	FUZZ_CHECK(!p.s || !memchr(p.s, '\n', p.len));
}

static bool has_suffix(struct part p, const char *suffix)
{
	size_t len = strlen(suffix);

	return p.len > len && !memcmp(p.s + p.len - len, suffix, len);
}

/* "\x2d" is "-"; anything else, and a NUL, is what it is. */
static void check_container(struct part container)
{
	/* Exactly as large, so that AddressSanitizer sees a read beyond its end. */
	char *exact =
		memcpy(malloc(container.len + 1), container.len ? container.s : "", container.len);
	struct strbuf name = { 0 };
	size_t n = 0;

	exact = realloc(exact, container.len + !container.len);
	strbuf_adds(&name, "");
	units_add_container(&name, (struct part){ exact, container.len });
	for (size_t at = 0; at < container.len; n++) {
		static const char digits[] = "0123456789abcdef";
		const char *p = exact + at, *high, *low;
		int value = 0;

		if (container.len - at >= 4 && p[0] == '\\' && p[1] == 'x' && p[2] && p[3] &&
		    (high = strchr(digits, p[2])) && (low = strchr(digits, p[3])))
			value = (int)((high - digits) * 16 + (low - digits));
		FUZZ_CHECK(n < name.len && name.s[n] == (value ? (char)value : p[0]));
		at += value ? 4 : 1;
	}
	FUZZ_CHECK(n == name.len);
	strbuf_free(&name);
	free(exact);
}

static bool same(struct part a, struct part b)
{
	return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

/* The path alone, as the only line, says the same. */
static void check_printed(const struct units *units)
{
	struct strbuf text = { 0 };
	struct units again;

	strbuf_adds(&text, "12:cpu,cpuacct:/elsewhere.service\n0::");
	strbuf_add(&text, units->cgroup.s, units->cgroup.len);
	strbuf_adds(&text, "\n");
	again = units_parse(text.s, text.len);
	FUZZ_CHECK(same(again.cgroup, units->cgroup) && same(again.unit, units->unit) &&
		   same(again.container, units->container));
	strbuf_free(&text);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	const struct part whole = { (const char *)data, size };
	const struct units units = units_parse(whole.s, whole.len);

	check_inside(units.cgroup, whole);
	check_inside(units.unit, units.cgroup);
	check_inside(units.container, units.cgroup);
	FUZZ_CHECK(!units.unit.s ||
		   (!memchr(units.unit.s, '/', units.unit.len) &&
		    (has_suffix(units.unit, ".service") || has_suffix(units.unit, ".scope") ||
		     has_suffix(units.unit, ".socket") || has_suffix(units.unit, ".mount") ||
		     has_suffix(units.unit, ".swap"))));
	FUZZ_CHECK(!units.container.s ||
		   (units.container.len && !memchr(units.container.s, '/', units.container.len)));
	check_container(units.container);
	if (units.cgroup.len)
		check_printed(&units);
}

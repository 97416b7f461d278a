/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/threshold.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Parses a decimal number that may be negative. Returns what follows it, NULL if there is none. */
static const char *parse_number(const char *s, double *value)
{
	const char *digits = s + (*s == '-');
	const size_t len = strspn(digits, "0123456789.");
	char *end;

	/* strtod() would take blanks, hexadecimal, exponents, "inf" and "nan" too. */
	if (!len)
		return NULL;
	*value = strtod(s, &end);
	return end == digits + len && isfinite(*value) ? end : NULL;
}

static int refuse(const char *text, const char *what, struct error *why)
{
	return error_set(why, -EINVAL, "'%s' is not a range: %s", text, what);
}

int threshold_parse(struct threshold *t, const char *text, struct error *why)
{
	const char *s = text, *colon;

	*t = (struct threshold){ .text = text, .end = INFINITY, .inside = *text == '@' };
	s += t->inside;
	colon = strchr(s, ':');
	if (colon && s[0] == '~' && colon == s + 1)
		t->start = -INFINITY;
	else if (colon && colon != s && parse_number(s, &t->start) != colon)
		return refuse(text, "its start is not a number, nor ~", why);
	s = colon ? colon + 1 : s;
	if (!colon || *s) {
		const char *end = parse_number(s, &t->end);

		if (!end || *end)
			return refuse(text,
				      "its end is not a number; they are written as 10, "
				      "10:, ~:10, 10:20 or @10:20",
				      why);
	}
	if (t->start > t->end)
		return refuse(text, "its start is above its end", why);
	return 0;
}

bool threshold_alerts(const struct threshold *t, double value)
{
	const bool inside = value >= t->start && value <= t->end;

	return t->text && inside == t->inside;
}

bool threshold_may_alert(const struct threshold *t, double least, double most)
{
	if (!t->inside)
		return threshold_alerts(t, least) || threshold_alerts(t, most);
	return t->text && least <= t->end && most >= t->start;
}

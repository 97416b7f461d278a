/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int num_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *value)
{
	bool negative = *s == '-';
	unsigned long long v;
	char *end;

	s += negative;
	if (!isdigit((unsigned char)s[0]))
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (*end)
		return -EINVAL;
	if (negative || errno || v < min || v > max)
		return -ERANGE;
	*value = v;
	return 0;
}

int num_parse_double(const char *s, double min, double max, double *value)
{
	bool negative = *s == '-';
	double v;
	char *end;

	s += negative;
	/* strtod() would take hexadecimal, "inf" and "nan" too. */
	if (s[strspn(s, "0123456789.")] || !s[0])
		return -EINVAL;
	errno = 0;
	v = strtod(s, &end);
	if (*end || end == s)
		return -EINVAL;
	if (negative || errno || !isfinite(v) || v < min || v > max)
		return -ERANGE;
	*value = v;
	return 0;
}

int num_parse_bytes(const char *s, uint64_t min, uint64_t max, uint64_t *value)
{
	static const char units[] = "KMG";
	char digits[32];
	const size_t len = strlen(s);
	const char *unit = len ? strchr(units, s[len - 1]) : NULL;
	const unsigned int shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	uint64_t v;
	int code;

	if (len >= sizeof(digits))
		return s[strspn(s, "0123456789")] ? -EINVAL : -ERANGE;
	memcpy(digits, s, len + 1);
	if (unit)
		digits[len - 1] = '\0';
	code = num_parse_u64(digits, 0, UINT64_MAX >> shift, &v);
	if (code < 0)
		return code;
	if (v << shift < min || v << shift > max)
		return -ERANGE;
	*value = v << shift;
	return 0;
}

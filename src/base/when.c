/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/when.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define NSEC ((int64_t)NSEC_PER_SEC)

/* What fits into 64 bits. */
#define YEAR_MIN 1970
#define YEAR_MAX 2261

/* What the text says, field by field. */
struct fields {
	int year, month, day;
	int hour, minute, second;
	int64_t fraction_ns;
	int64_t unit_ns; /* of the last digit */
	int64_t east_s; /* how far local time is ahead of UTC */
	bool has_date, has_zone;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

/* Takes exactly @n digits, of a number from @min to @max. */
static bool take_number(const char **at, int n, int min, int max, int *value)
{
	*value = 0;
	for (int i = 0; i < n; i++) {
		if (!is_digit(**at))
			return false;
		*value = *value * 10 + *(*at)++ - '0';
	}
	return *value >= min && *value <= max;
}

static int days_of(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static bool take_date(const char **at, struct fields *f)
{
	return take_number(at, 4, YEAR_MIN, YEAR_MAX, &f->year) && take(at, '-') &&
	       take_number(at, 2, 1, 12, &f->month) && take(at, '-') &&
	       take_number(at, 2, 1, days_of(f->year, f->month), &f->day);
}

/* Digits beyond nanoseconds are dropped. */
static bool take_fraction(const char **at, struct fields *f)
{
	if (!take(at, '.'))
		return true;
	if (!is_digit(**at))
		return false;
	for (; is_digit(**at); ++*at) {
		f->unit_ns /= 10;
		f->fraction_ns += (**at - '0') * f->unit_ns;
	}
	if (!f->unit_ns)
		f->unit_ns = 1;
	return true;
}

static bool take_zone(const char **at, struct fields *f)
{
	const int sign = **at == '-' ? -1 : 1;
	int hour, minute;

	if (!**at)
		return true;
	f->has_zone = true;
	if (take(at, 'Z') || take(at, 'z'))
		return true;
	if ((!take(at, '+') && !take(at, '-')) || !take_number(at, 2, 0, 23, &hour) ||
	    !take(at, ':') || !take_number(at, 2, 0, 59, &minute))
		return false;
	f->east_s = sign * (hour * 60 + minute) * INT64_C(60);
	return true;
}

static bool parse_fields(const char *text, struct fields *f)
{
	/* A clock time has a colon at its third place. */
	f->has_date = strlen(text) > 2 && text[2] != ':';
	if (f->has_date && !take_date(&text, f))
		return false;
	if (f->has_date && !*text)
		return true; /* its midnight */
	if (f->has_date && !take(&text, 'T') && !take(&text, 't') && !take(&text, ' '))
		return false;
	if (!take_number(&text, 2, 0, 23, &f->hour) || !take(&text, ':') ||
	    !take_number(&text, 2, 0, 59, &f->minute))
		return false;
	/* RFC 3339 has leap seconds; the kernel's clock shows the next one. */
	if (take(&text, ':') &&
	    (!take_number(&text, 2, 0, 60, &f->second) || !take_fraction(&text, f)))
		return false;
	return take_zone(&text, f) && !*text;
}

static bool is_time(time_t t, const struct tm *wanted)
{
	struct tm tm;

	return localtime_r(&t, &tm) && tm.tm_mday == wanted->tm_mday &&
	       tm.tm_hour == wanted->tm_hour && tm.tm_min == wanted->tm_min &&
	       tm.tm_sec == wanted->tm_sec;
}

/*
 * Returns the local time of that day, -1 if clocks were put forward over it. @wanted: normalised
 * but for a leap second
 */
static time_t find_local(const struct tm *wanted, bool late)
{
	struct tm tm;
	time_t found = -1;

	for (int dst = 0; dst < 2; dst++) {
		time_t t;

		tm = *wanted;
		tm.tm_isdst = dst;
		t = mktime(&tm);
		if (is_time(t, wanted) && (found < 0 || (late ? t > found : t < found)))
			found = t;
	}
	/* A zone may change its offset without DST; the C library then picks one of two. */
	tm = *wanted;
	tm.tm_isdst = -1;
	if (found < 0) {
		time_t t = mktime(&tm);

		found = is_time(t, wanted) ? t : -1;
	}
	return found;
}

/* The last such time of the local clock that is not after now. */
static time_t find_clock(const struct fields *f, int64_t now_ns, bool late)
{
	const time_t now = (time_t)(now_ns / NSEC);
	struct tm today;

	localtime_r(&now, &today);
	for (int back = 0; back < 7; back++) {
		struct tm tm = { .tm_year = today.tm_year,
				 .tm_mon = today.tm_mon,
				 .tm_mday = today.tm_mday - back,
				 .tm_hour = 12,
				 .tm_isdst = -1 };
		time_t t;

		mktime(&tm); /* the day before the first is that of another month */
		tm.tm_hour = f->hour;
		tm.tm_min = f->minute;
		tm.tm_sec = f->second;
		t = find_local(&tm, late);
		if (t >= 0 && t * NSEC + f->fraction_ns > now_ns && late)
			t = find_local(&tm, false);
		if (t >= 0 && t * NSEC + f->fraction_ns <= now_ns)
			return t;
	}
	return -1;
}

/* Likewise of the clock in that zone. */
static time_t find_clock_of_zone(const struct fields *f, int64_t now_ns)
{
	const int64_t day = 86400, now = now_ns / NSEC;
	int64_t t = now - now % day + day + f->hour * 3600 + f->minute * 60 + f->second - f->east_s;

	while (t * NSEC + f->fraction_ns > now_ns)
		t -= day;
	return (time_t)t;
}

static int parse_time(const char *text, int64_t now_ns, bool late, int64_t *when_ns,
		      struct error *why)
{
	struct fields f = { .unit_ns = NSEC };
	struct tm tm;
	time_t t;

	if (!parse_fields(text, &f) || (f.second == 60 && !(f.has_zone && f.has_date)))
		return error_set(why, -EINVAL,
				 "'%s' is not a time like 03:00, '2026-11-28 03:00', "
				 "2026-11-28T03:00:00Z or -2h",
				 text);
	tm = (struct tm){ .tm_year = f.year - 1900,
			  .tm_mon = f.month - 1,
			  .tm_mday = f.day,
			  .tm_hour = f.hour,
			  .tm_min = f.minute,
			  .tm_sec = f.second };
	if (f.has_zone && !f.has_date)
		t = find_clock_of_zone(&f, now_ns);
	else if (f.has_zone)
		t = timegm(&tm) - (time_t)f.east_s;
	else
		t = f.has_date ? find_local(&tm, late) : find_clock(&f, now_ns, late);
	if (t < 0 && (f.has_zone || (f.year == YEAR_MIN && f.month == 1)))
		return error_set(why, -EINVAL, "'%s' is before 1970", text);
	if (t < 0)
		return error_set(why, -EINVAL,
				 "'%s' is not a time of the local clock, which was put forward "
				 "over it",
				 text);
	*when_ns = t * NSEC + f.fraction_ns + (late ? f.unit_ns - 1 : 0);
	return 0;
}

/* Hours, minutes and so on, each once and the longest first. */
static int parse_before(const char *text, int64_t now_ns, int64_t *when_ns, struct error *why)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
	const char *at = text + 1;
	int64_t seconds = 0;
	size_t next = 0;

	do {
		int64_t n = 0;

		if (!is_digit(*at))
			goto failed;
		while (is_digit(*at) && n < 100000000)
			n = n * 10 + *at++ - '0';
		while (next < ARRAY_SIZE(units) && units[next].letter != *at)
			next++;
		if (next == ARRAY_SIZE(units))
			goto failed;
		seconds += n * units[next++].seconds;
		at++;
	} while (*at);
	if (seconds > now_ns / NSEC)
		return error_set(why, -EINVAL, "'%s' is before 1970", text);
	*when_ns = now_ns - seconds * NSEC;
	return 0;
failed:
	return error_set(why, -EINVAL, "'%s' is not a time before now like -2h, -1h30m or -90s",
			 text);
}

int when_parse(const char *text, int64_t now_ns, bool late, int64_t *when_ns, struct error *why)
{
	return *text == '-' ? parse_before(text, now_ns, when_ns, why) :
			      parse_time(text, now_ns, late, when_ns, why);
}

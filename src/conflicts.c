/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conflicts.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Options that exclude any of the others, or need all of them. */
static const struct {
	size_t member;
	enum { EXCLUDES, NEEDS } rule;
	size_t others[5]; /* 0 is none */
	const char *message;
	enum format_id format; /* only if it is this one; FORMAT_TABLE: any */
} conflict_table[] = {
	{ MEMBER(format),
	  EXCLUDES,
	  { MEMBER(list), MEMBER(all_columns), MEMBER(extended), MEMBER(detail) },
	  "--check has no columns and no details; -o, -O, -e and -D are those of the table",
	  FORMAT_CHECK },
	{ MEMBER(format),
	  EXCLUDES,
	  { MEMBER(watch), MEMBER(count), MEMBER(output_file) },
	  "--check excludes --watch, --count and --output-file",
	  FORMAT_CHECK },
	{ MEMBER(format),
	  EXCLUDES,
	  { MEMBER(strict), MEMBER(fail_if) },
	  "--check has exit statuses of its own: it excludes --strict and --fail-if",
	  FORMAT_CHECK },
	{ MEMBER(top), EXCLUDES, { MEMBER(fail_if) }, "--top excludes --fail-if" },
	{ MEMBER(format),
	  EXCLUDES,
	  { MEMBER(list), MEMBER(all_columns), MEMBER(extended) },
	  "-o, -O and -e choose columns of the table; other formats have their own fields",
	  FORMAT_TABLE },
	{ MEMBER(format),
	  EXCLUDES,
	  { MEMBER(detail) },
	  "--prometheus has no connections; -D lists them in the table",
	  FORMAT_PROMETHEUS },
	{ MEMBER(format),
	  EXCLUDES,
	  { MEMBER(detail), MEMBER(fail_if) },
	  "--incident is one report about all windows: it excludes --detail and --fail-if",
	  FORMAT_INCIDENT },
	{ MEMBER(format),
	  NEEDS,
	  { MEMBER(replay) },
	  "--incident goes with --replay; in --top key w writes it",
	  FORMAT_INCIDENT },
	{ MEMBER(list), EXCLUDES, { MEMBER(all_columns) }, "-o and -O exclude each other" },
	{ MEMBER(all_namespaces),
	  EXCLUDES,
	  { MEMBER(namespaces) },
	  "-N and -A exclude each other" },
	{ MEMBER(mouse), NEEDS, { MEMBER(top) }, "--mouse goes with --top" },
	{ MEMBER(top),
	  EXCLUDES,
	  { MEMBER(format), MEMBER(watch), MEMBER(count), MEMBER(output_file) },
	  "--top excludes other formats, --watch, --count and --output-file" },
	{ MEMBER(top),
	  EXCLUDES,
	  { MEMBER(no_header), MEMBER(strict), MEMBER(width) },
	  "--top excludes --no-header, --strict and --width" },
	{ MEMBER(top),
	  EXCLUDES,
	  { MEMBER(detail) },
	  "--detail does not go with --top, where Enter shows what is in the queues of a listener" },
	{ MEMBER(baseline),
	  EXCLUDES,
	  { MEMBER(watch), MEMBER(count), MEMBER(top), MEMBER(delay) },
	  "--baseline excludes --watch, --count, --top and --delay: the window begins with the last "
	  "run" },
	{ MEMBER(baseline),
	  EXCLUDES,
	  { MEMBER(peak_rate) },
	  "--baseline excludes --peak-rate: nothing is sampled between two runs" },
	{ MEMBER(replay),
	  EXCLUDES,
	  { MEMBER(namespaces), MEMBER(all_namespaces), MEMBER(delay), MEMBER(peak_rate) },
	  "--replay excludes -N, -A, --delay and --peak-rate: the samples are taken already" },
	{ MEMBER(replay),
	  EXCLUDES,
	  { MEMBER(watch), MEMBER(count), MEMBER(baseline), MEMBER(record) },
	  "--replay excludes --watch, --count, --baseline and --record: it shows each window of "
	  "the recording, and waits for none" },
	{ MEMBER(begin_ns), NEEDS, { MEMBER(replay) }, "--begin goes with --replay" },
	{ MEMBER(end_ns), NEEDS, { MEMBER(replay) }, "--end goes with --replay" },
	{ MEMBER(record_when), NEEDS, { MEMBER(record) }, "--record-when goes with --record" },
	{ MEMBER(record_size), NEEDS, { MEMBER(record) }, "--record-size goes with --record" },
	{ MEMBER(raw), NEEDS, { MEMBER(list_columns) }, "--raw goes with --list-columns" },
	{ MEMBER(check.warning),
	  NEEDS,
	  { MEMBER(check.metric) },
	  "-w is the --warning of a --metric, as in --metric=fill -w 90" },
	{ MEMBER(check.critical),
	  NEEDS,
	  { MEMBER(check.metric) },
	  "-c is the --critical of a --metric, as in --metric=fill -c 90",
	  FORMAT_CHECK },
	{ MEMBER(check.critical),
	  NEEDS,
	  { MEMBER(check.metric) },
	  "-c is the --critical of a --metric, as in --metric=fill -c 90; for --count there is no letter" },
};

/* Members of options that go with --check. */
static const size_t check_members[] = { MEMBER(check.metric), MEMBER(check.allow_empty),
					MEMBER(timeout) };

/* Which day a clock time was taken for is what the user cannot see. */
static int refuse_times(const struct options *o, struct error *why)
{
	char begin[CLOCK_TEXT_SIZE], end[CLOCK_TEXT_SIZE];

	clock_format_utc(clock_timespec((uint64_t)o->begin_ns), 0, begin);
	clock_format_utc(clock_timespec((uint64_t)o->end_ns), 0, end);
	return error_set(why, -EINVAL,
			 "--begin is after --end: %s is after %s; a clock time is the last one "
			 "that is not in the future",
			 begin, end);
}

static bool is_regular(const char *path, struct stat *st)
{
	return stat(path, st) == 0 && S_ISREG(st->st_mode);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether both paths lead to one file, which may have to be made yet. */
static bool is_same_file(const char *a, const char *b)
{
	const char *name_a = strrchr(a, '/'), *name_b = strrchr(b, '/');
	char folder_a[PATH_MAX], folder_b[PATH_MAX];
	struct stat st_a, st_b;

	if (is_regular(a, &st_a) && is_regular(b, &st_b))
		return is_same(&st_a, &st_b);
	name_a = name_a ? name_a + 1 : a;
	name_b = name_b ? name_b + 1 : b;
	snprintf(folder_a, sizeof(folder_a), "%.*s.", (int)(name_a - a), a);
	snprintf(folder_b, sizeof(folder_b), "%.*s.", (int)(name_b - b), b);
	return !strcmp(name_a, name_b) && stat(a, &st_a) < 0 && stat(b, &st_b) < 0 &&
	       stat(folder_a, &st_a) == 0 && stat(folder_b, &st_b) == 0 && is_same(&st_a, &st_b);
}

/* Whether --output-file would replace that of another option. Fills @why. */
static bool replaces(const struct options *o, const char *path, const char *option,
		     struct error *why)
{
	const char *out = o->output_file;
	char former[PATH_MAX];

	if (!path || !out || !strcmp(out, "-"))
		return false;
	if (!strcmp(path, "-"))
		path = "/dev/stdin";
	snprintf(former, sizeof(former), "%s.1", path);
	if (is_same_file(path, out))
		error_set(why, -EINVAL, "%s and --output-file are the same file", option);
	else if (path != o->baseline && is_same_file(former, out))
		error_set(why, -EINVAL, "%s has its older samples in the file of --output-file",
			  option);
	else
		return false;
	return true;
}

int conflicts_check(const struct options *o, const bool *given, struct error *why)
{
	if ((o->watch || o->count) && o->delay <= 0)
		return error_set(why, -EINVAL, "--watch and --count need a --delay above 0");
	for (size_t i = 0; i < ARRAY_SIZE(conflict_table); i++) {
		const size_t *other = conflict_table[i].others;

		if (!options_given(o, given, conflict_table[i].member) ||
		    (conflict_table[i].format && conflict_table[i].format != o->format))
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(conflict_table[i].others) && other[j]; j++)
			if (options_given(o, given, other[j]) ==
			    (conflict_table[i].rule == EXCLUDES))
				return error_set(why, -EINVAL, "%s", conflict_table[i].message);
	}
	if (o->top && o->delay <= 0)
		return error_set(why, -EINVAL, "--top needs a --delay above 0");
	for (size_t i = 0; i < ARRAY_SIZE(check_members) && o->format != FORMAT_CHECK; i++)
		if (options_given(o, given, check_members[i]))
			return error_set(why, -EINVAL,
					 "--metric, --allow-empty and --timeout go with --check");
	if (o->baseline && !strcmp(o->baseline, "-"))
		return error_set(why, -EINVAL,
				 "--baseline: the sample is kept in a file, name one");
	if (replaces(o, o->baseline, "--baseline", why) || replaces(o, o->replay, "--replay", why))
		return -EINVAL;
	if (o->replay && strcmp(o->replay, "-") != 0 && options_given(o, given, MEMBER(timeout)))
		return error_set(why, -EINVAL,
				 "--timeout goes with --replay=- but not with the --replay of a "
				 "file, which keeps nobody waiting");
	if (o->begin_ns > o->end_ns)
		return refuse_times(o, why);
	if (o->record && !strcmp(o->record, "-"))
		return error_set(why, -EINVAL, "--record: a recording is a file, name one");
	if (o->record && !o->watch && !o->count && !o->top)
		return error_set(why, -EINVAL, "--record goes with --watch, --count or --top");
	if (replaces(o, o->record, "--record", why))
		return -EINVAL;
	if (o->format == FORMAT_CHECK && !o->baseline && !o->replay &&
	    o->delay + CONFLICTS_TIMEOUT_MARGIN > o->timeout)
		return error_set(why, -EINVAL,
				 "a window of %g s does not fit into a timeout of %g s; --timeout "
				 "has to be %g s longer",
				 o->delay, o->timeout, CONFLICTS_TIMEOUT_MARGIN);
	return 0;
}

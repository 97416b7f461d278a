/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_SETTINGS_H
#define LISTENQ_SETTINGS_H

#include "base/error.h"
#include "options.h"

enum option_id {
	OPT_FAMILY4 = 256,
	OPT_FAMILY6,
	OPT_NET,
	OPT_ALL_NETNS,
	OPT_IGNORED,
	OPT_UNIX,
	OPT_GROUP,
	OPT_FULL,
	OPT_PROCESSES,
	OPT_EXTENDED,
	OPT_DETAIL,
	OPT_OUTPUT,
	OPT_OUTPUT_ALL,
	OPT_LIST_COLUMNS,
	OPT_RAW,
	OPT_SORT,
	OPT_NO_HEADER,
	OPT_JSON,
	OPT_JSON_SCHEMA,
	OPT_DELAY,
	OPT_WATCH,
	OPT_COUNT,
	OPT_TOP,
	OPT_PEAK_RATE,
	OPT_RESOLVE,
	OPT_OUTPUT_FILE,
	OPT_COLOR,
	OPT_ASCII,
	OPT_MOUSE,
	OPT_WIDTH,
	OPT_STRICT,
	OPT_HELP,
	OPT_VERSION,
};

/* What several options decide together; known only when all have been read. */
struct settings {
	const char *list; /* of -o */
	bool all_columns;
	bool extended;
	bool inet, inet6;
	bool count;
};

/*
 * settings_apply() - what one option of the command line means.
 * @argument: NULL where it has none
 *
 * Returns 0 or -EINVAL with @why filled.
 */
int settings_apply(struct options *options, struct settings *settings, enum option_id id,
		   const char *argument, struct error *why);

/*
 * settings_filter() - the words that are no options: a filter, when they are put together again.
 * Returns 0 or -EINVAL with @why filled.
 */
int settings_filter(struct options *options, char **words, int n, struct error *why);

/*
 * settings_decide() - what all options together mean, when the last has been read. Returns 0 or
 * -EINVAL with @why filled.
 */
int settings_decide(struct options *options, const struct settings *settings, struct error *why);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_TOP_H
#define LISTENQ_TOP_TOP_H

#include "analyse/report.h"
#include "model/sample_source.h"
#include "output/columns.h"
#include "replay/excerpt.h"

/* What the view needs whatever its columns are: for the screen, and for the JSON that it writes. */
#define TOP_NEEDS                                                                      \
	(NEED_COUNTERS | NEED_SYSCTLS | NEED_IDENTITY | NEED_GROUPS | NEED_INTERFACE | \
	 NEED_NOT_SHOWN | NEED_WINDOW)

/* How the interactive view starts; keys change most of it. */
struct top_config {
	struct sample_source *source; /* borrowed, nobody else uses it meanwhile */
	/* Shown instead, if not NULL; borrowed. */
	struct recording *recording;
	const struct excerpt *excerpt; /* of it */
	bool keys_from_tty; /* standard input was something else */
	unsigned int needs; /* enum need: needed whatever the columns and the page are */
	bool peaks; /* the source takes fast samples */
	struct columns columns; /* borrowed */
	const struct field *sort; /* NULL: worst first */
	bool descending;
	bool fold; /* one row for each SO_REUSEPORT group */
	struct selection selection; /* without the filter */
	const char *filter; /* its text, "": none */
	double delay; /* seconds, more than 0 */
	bool color;
	bool utf8;
	bool mouse;
	bool resolve;
	/*
	 * Is called for each new report with a window, whose two samples live. Returns a message
	 * for the last line of the screen, NULL: none. @failed: set to whether the title says that
	 * they are not recorded. NULL: nobody wants them.
	 */
	const char *(*record)(void *context, const struct report *report, bool *failed);
	void *record_context;
	struct strbuf *unseen; /* gets the messages that came too late for the screen */
};

/*
 * top_run() - the interactive view, until the user or a signal ends it.
 * @ended_by: that signal; 0: none. The terminal is given back before the return.
 *
 * Returns 0 or -errno with @why filled: -ENOTTY if there is no terminal to draw on.
 */
int top_run(const struct top_config *config, int *ended_by, struct error *why);

#endif

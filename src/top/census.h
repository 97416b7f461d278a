/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_CENSUS_H
#define LISTENQ_TOP_CENSUS_H

#include "analyse/history.h"

/*
 * How many listeners of a report are in which condition, with what the history remembers of them.
 * Each socket of a group counts; what is selected does not matter. A zeroed struct is empty.
 */
struct census {
	size_t in[STATE_N]; /* sick, in this state; see memory.state */
	size_t sick; /* sum of these */
	size_t recovered;
	size_t gone;
	size_t restarting; /* again and again, see MEMORY_RESTARTS */
	size_t ok;
	enum severity worst; /* of those that are not well; see census_is_worse() */
};

struct censuses {
	struct census all;
	struct census *by_netns; /* as report.netns */
	size_t netns_size;
	/* Rows that the selection leaves out, though their listeners are sick. */
	size_t hidden;
	enum severity hidden_worst;
};

/* @gone, @restarting: listeners that went before the window of the report, as in struct view */
void census_take(struct censuses *c, const struct report *report, const struct history *history,
		 size_t back, size_t gone, size_t restarting);
void census_free(struct censuses *c);

/* Listeners that are not gone. */
static inline size_t census_listeners(const struct census *c)
{
	return c->sick + c->recovered + c->restarting + c->ok;
}

/* Worst first: critical, warning, gone, notice, none. */
bool census_is_worse(enum severity a, enum severity b);

#endif

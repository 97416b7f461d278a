/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_EVENT_LOG_H
#define LISTENQ_ANALYSE_EVENT_LOG_H

#include "analyse/verdict.h"

/*
 * What happened, newest last: the newest HISTORY_EVENTS; those of listeners that are selected
 * before those that are not, and the sick ones before the others.
 */
#define HISTORY_EVENTS 1000

enum event_kind {
	/* A spell began, got worse, or showed another cause: @state, @reason. */
	EVENT_SICK,
	/* A spell ended: @state is its worst, @lasted_ns, @overflows, @losses. */
	EVENT_RECOVERED,
	EVENT_GONE, /* @state: the last one */
	EVENT_NEW,
	EVENT_NETNS_GONE,
	EVENT_RESTARTED, /* @restarts since @since */
	/* Of no listener: before it nothing is known for @lasted_ns; 0: unknown how long. */
	EVENT_GAP, /* samples were left out */
	EVENT_RUN, /* of a recording: what follows has nothing to do with what was before */
	EVENT_BOOT, /* likewise, of another boot or host */
	EVENT_BLIND, /* no fast sample was taken for @lasted_ns, see blind_ns of struct snapshot */
	EVENT_CLOCK, /* the wall clock was set by @set_ns, see clock_step_ns() */
};

/* Is it about the samples, and no listener? */
static inline bool event_log_is_gap(enum event_kind kind)
{
	return kind >= EVENT_GAP;
}

struct event {
	uint64_t report; /* number of the report, see history_event_back() */
	uint64_t time_ns; /* since the first report, in the time that windows cover */
	struct timespec wall;
	enum event_kind kind;
	enum state state;
	enum reason reason; /* REASON_N: none */
	uint64_t id; /* row_id() */
	uint64_t group; /* row_group_id() */
	struct listen_addr addr;
	/* Any bytes, owned by the history. */
	const char *path; /* of a UNIX listener; NULL: none */
	const char *process; /* NULL: unknown */
	const char *netns; /* as cell_add_netns() writes it; NULL: its own, or the only one */
	uint64_t lasted_ns;
	int64_t set_ns;
	struct range overflows;
	struct range losses;
	/*
	 * GONE and NEW: how many like it were left out, of other listeners in the same window, or
	 * of this one in the last half minute.
	 */
	uint32_t more;
	uint32_t restarts;
	struct timespec since;
	/*
	 * RECOVERED: it may have ended as late as that, as samples were left out after @wall; 0: it
	 * ended then.
	 */
	struct timespec latest;
	bool unselected; /* of a listener that the selection leaves out */
	bool closed; /* RECOVERED: it was closed while it was sick, and the next one is well */
};

struct event_log {
	struct event *list; /* in the order of reports */
	size_t n, size;
	size_t n_unselected;
	/* The last one that was dropped, of when a selected listener was sick; 0: none was. */
	struct timespec cut;
	size_t n_minor; /* how many of them are of listeners that came, or went while they were ok
			 */
};

void event_log_free(struct event_log *log);

/* Adds a copy of @e, which may be older than others; copies its texts. */
void event_log_add(struct event_log *log, const struct event *e);

/* Removes that kind of event of a group since @time_ns. Returns how many that were, with @more. */
uint32_t event_log_remove(struct event_log *log, enum event_kind kind, uint64_t group,
			  uint64_t time_ns);

/* Has it an event of when that group was selected and sick? */
bool event_log_selected(const struct event_log *log, uint64_t group);

/* How many are of reports up to @report. */
size_t event_log_count(const struct event_log *log, uint64_t report);

/* The severity to show it in. */
enum severity event_log_severity(const struct event *e);

/* Bytes of memory that it takes, without texts. */
size_t event_log_bytes(const struct event_log *log);

#endif

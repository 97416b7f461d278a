/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_ROW_PAST_H
#define LISTENQ_ANALYSE_ROW_PAST_H

#include "analyse/incidents.h"
#include "analyse/report.h"

/*
 * The past of each listener, and of each group: how full its queue was, window by window, and of
 * those that were sick or lost packets their incidents.
 */
struct track {
	uint64_t id; /* row_id() */
	uint64_t first, last; /* the first and the last report that had it */
	uint64_t first_ns; /* when the window of the first one began */
	struct windowed levels; /* uint8_t: its fill in steps of half a percent */
};

/* One that was sick or lost packets; and what the report being added has. */
struct sick {
	uint64_t id;
	struct incidents *incidents;
	struct seen seen;
	uint64_t seen_end; /* the report after the last one that had it */
	const struct row *row; /* the worst one of a group */
	uint64_t group; /* row_id() of its group; 0: it is alone, or a group itself */
	bool is_group;
	bool events; /* its incidents are events; those of the members of a group are not */
	char process[16]; /* "": unknown */
};

struct row_past {
	const struct timeline *time; /* the newest window is that of the report being added */
	struct windowed_memory *memory;
	struct idmap by_id; /* index into tracks */
	struct track *tracks;
	size_t n_tracks, tracks_size;
	size_t n_older; /* tracks that existed before the report that is being added */
	size_t next; /* the track to look at first: reports have rows in the same order */
	const struct report *report; /* the one that is being added */
	bool groups; /* some tracks are of groups */
	struct idmap by_sick; /* index into sick: most rows are not there, and cost little */
	struct sick *sick;
	size_t n_sick, sick_size;
	const struct row **fresh; /* listeners that are new in the report that is being added */
	size_t n_fresh, fresh_size;
};

void row_past_free(struct row_past *p);

/* Bytes of memory that it takes beside @memory. */
size_t row_past_bytes(const struct row_past *p);

/* Adds the fills of a report, and what it says of its rows. */
void row_past_add(struct row_past *p, const struct report *report);

/*
 * row_past_conclude() - add what a report said of @s to its incidents. All that are no groups come
 * first: what is known of a member is known of its group. Returns the state to show.
 */
enum state row_past_conclude(struct row_past *p, struct sick *s, struct incident_news *news);

/* A new listener goes on with the incidents of the one that was at its address. */
void row_past_succeed(struct row_past *p, const struct row *row, uint64_t old);

const struct track *row_past_track(const struct row_past *p, uint64_t id);
struct sick *row_past_sick(const struct row_past *p, uint64_t id);

/* Was it there in window @n, as far as that is kept? */
bool row_past_had(const struct row_past *p, uint64_t id, uint64_t n);

/*
 * Its row_worst_fill() in window @n, rounded down to half a percent. Returns false: unknown, as it
 * was not there, or the window was mostly unseen and nothing proves that the queue was full.
 */
bool row_past_fill(const struct row_past *p, uint64_t id, uint64_t n, uint64_t *fill);

/* Drops tracks that end before window @n, if there are too many, and incidents that say no more. */
void row_past_tidy(struct row_past *p, const struct report *report, uint64_t n);

/* Forgets the windows before @n; @well_only: fills of listeners that were never sick. */
void row_past_forget(struct row_past *p, uint64_t n, bool well_only);

#endif

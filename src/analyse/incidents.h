/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_INCIDENTS_H
#define LISTENQ_ANALYSE_INCIDENTS_H

#include "analyse/memory.h"
#include "analyse/timeline.h"
#include "analyse/windowed.h"

#define LEVEL (FILL_PERCENT / 2) /* a step of the fills that are kept */

/* What one report says of a row. */
struct seen {
	enum state state;
	uint32_t reasons;
	uint8_t level; /* its row_worst_fill(), in half percents */
	bool full;
	bool proves; /* that the program accepts nothing */
	bool disproves; /* connections left the queue, or it was empty */
	bool missed; /* reports before this one lack it, and earlier ones do not */
	bool counted; /* the window has a length, and its namespace was there when it began */
	struct range overflows;
	struct range losses;
	struct opt_u64 drops;
	/* Of a group: the worst that is known of its members, whose proofs may be older. */
	enum state held;
	uint32_t held_reasons;
};

/* What changed with it. */
struct incident_news {
	bool worse; /* an incident began, or got worse, or has a new cause: @reason */
	enum reason reason;
	/* The incident is over. incidents_recall() says what it was. */
	bool ended;
	uint64_t last; /* its last window */
};

/* The past of one row that was sick or lost packets. */
struct incidents;

struct incidents *incidents_new(struct windowed_memory *memory);
void incidents_free(struct incidents *s, struct windowed_memory *memory);

/* Returns a copy, as of a group that one listener becomes. */
struct incidents *incidents_copy(const struct incidents *s, struct windowed_memory *memory);

/* Returns a copy for a new listener at the same address: what was proved of the old one ends. */
struct incidents *incidents_succeed(const struct incidents *s, struct windowed_memory *memory);

/*
 * incidents_add() - add what the newest window of @t says.
 *
 * Returns the state to show for the window by itself: with what is proved, but without what is only
 * held because states alternate.
 */
enum state incidents_add(struct incidents *s, const struct seen *seen, const struct timeline *t,
			 struct windowed_memory *memory, struct incident_news *news);

/* May it be dropped, as it says no more than a row without one? */
bool incidents_are_over(const struct incidents *s, const struct timeline *t);

/* Forgets the windows before @n. */
void incidents_forget(struct incidents *s, uint64_t n, struct windowed_memory *memory);

/*
 * incidents_close() - the listener was closed in the newest window of @t; what it lost there
 * counts. If it was sick until then, that is how the incident ends, unless the next listener is
 * sick too.
 */
void incidents_close(struct incidents *s, const struct seen *seen, const struct timeline *t,
		     struct windowed_memory *memory);

/* The reasons to show with the state that incidents_add() returned. */
uint32_t incidents_reasons(const struct incidents *s);

/*
 * incidents_recall() - what it knows of a row at the end of window @n, which @t has. Its own state
 * and reasons, as of the report on the screen, may be worse.
 */
struct memory incidents_recall(const struct incidents *s, const struct timeline *t, uint64_t n,
			       enum state state, uint32_t reasons);

/* How long every window saw its queue full, and none saw it empty, up to the end of window @n. */
struct history_time incidents_full(const struct incidents *s, const struct timeline *t, uint64_t n);

/* Was it sick in window @n? And with this cause? */
bool incidents_sick(const struct incidents *s, uint64_t n);
bool incidents_had(const struct incidents *s, uint64_t n, enum reason cause);

/* The most that met its full queue in window @n; UINT64_MAX: forgotten. */
uint64_t incidents_overflows(const struct incidents *s, uint64_t n);

/* What a row lost. */
struct history_sums {
	uint64_t covered_ns; /* the time of the windows that are summed */
	struct range overflows;
	struct opt_u64 drops;
};

/*
 * incidents_sums() - what it lost in the windows from @begin to @n. What covered_ns is, less the
 * windows that do not count.
 * incidents_restart_sums() - leave all windows so far out of future sums.
 */
void incidents_sums(const struct incidents *s, uint64_t begin, uint64_t n,
		    struct history_sums *sums);
void incidents_restart_sums(struct incidents *s);

#endif

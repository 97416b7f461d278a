/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_SPELLS_H
#define LISTENQ_ANALYSE_SPELLS_H

#include "analyse/timeline.h"
#include "analyse/verdict.h"
#include "analyse/windowed.h"

/*
 * What the past says of a row, beside its report. A state lasts longer on the screen than the
 * windows that had it: sick windows with gaps of at most HISTORY_GAP_NS are one spell.
 */
#define HISTORY_GAP_NS (30 * NSEC_PER_SEC)
#define HISTORY_WAS_NS (300 * NSEC_PER_SEC) /* how long a spell, or a listener, is remembered */

/* How long something has lasted. */
struct history_time {
	uint64_t ns;
	bool known; /* false: it did not happen in window @back */
	bool at_least; /* it may have begun before the first report */
};

enum memory_kind {
	MEMORY_NONE, /* it is ok, and no spell ended within HISTORY_WAS_NS */
	MEMORY_SICK, /* it is sick in this window */
	/*
	 * This window alone says ok, or less than it knows: a proof of an earlier window is not
	 * disproved while the queue has not emptied, or sick and better windows alternate.
	 */
	MEMORY_HELD,
	MEMORY_WAS, /* its last spell ended within HISTORY_WAS_NS */
	MEMORY_GONE, /* the listener is gone since at most HISTORY_WAS_NS */
};

struct memory {
	enum memory_kind kind;
	/* To show for SICK and HELD; the worst of the spell for WAS; the last one for GONE. */
	enum state state;
	uint32_t reasons; /* that belong to @state: bit 1 << enum reason */
	struct history_time lasted; /* the spell: until now, or for WAS until it ended */
	/* WAS, GONE: since it ended; HELD: since the last window that said @state itself. */
	uint64_t ago_ns;
	struct range overflows; /* sums of the spell */
	struct range losses;
	double peak; /* highest fill of the spell */
	/* How many of the windows of the last HISTORY_GAP_NS were sick. */
	unsigned int sick, windows;
};

#define LEVEL_FULL 200 /* a fill of 1.0 */

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
struct spell_news {
	bool sick; /* a spell began, or got worse, or has a new cause: @reason */
	enum reason reason;
	/* It is over: it ended @ago_ns before the window that was added, which was @ended. */
	bool recovered;
	uint64_t ended;
	uint64_t ago_ns;
	enum state state; /* of the window, or the worst of the spell that is over */
	uint64_t lasted_ns;
	struct range overflows;
	struct range losses;
};

/* The past of one row that was sick or lost packets. */
struct spells;

/* @first: the first window that has the row. @bytes: what is allocated is added to it. */
struct spells *spells_new(uint64_t first, size_t *bytes);
void spells_free(struct spells *s, size_t *bytes);

/* Returns a copy, as of a group that one listener becomes. */
struct spells *spells_copy(const struct spells *s, size_t *bytes);

/*
 * spells_add() - add what the newest window of @t says.
 * @room: more memory may be taken; without it only the live past is kept
 * @events: events of it are logged; without it those of its group are
 *
 * Returns the state to show for the window by itself: with what is proved, but without what is only
 * held because states alternate.
 */
enum state spells_add(struct spells *s, const struct seen *seen, const struct timeline *t,
		      bool room, bool events, size_t *bytes, struct spell_news *news);

/* May it be dropped, as it says no more than a row without one? */
bool spells_are_over(const struct spells *s, const struct timeline *t);

/* Forgets the windows before @n. */
void spells_forget(struct spells *s, uint64_t n, size_t *bytes);

/* The reasons to show with the state that spells_add() returned. */
uint32_t spells_reasons(const struct spells *s);

/*
 * spells_recall() - what it knows of a row at the end of window @n. Its own state and reasons, as
 * of the report on the screen, may be worse.
 */
struct memory spells_recall(const struct spells *s, const struct timeline *t, uint64_t n,
			    enum state state, uint32_t reasons);

/* How long it has been sick, or full, without a better window, up to the end of window @n. */
struct history_time spells_sick(const struct spells *s, const struct timeline *t, uint64_t n);
struct history_time spells_full(const struct spells *s, const struct timeline *t, uint64_t n);

/* The most that met its full queue in window @n; UINT64_MAX: forgotten, or the row was missed. */
uint64_t spells_overflows(const struct spells *s, const struct timeline *t, uint64_t n);

/* What a row lost. */
struct history_sums {
	uint64_t covered_ns; /* the time of the windows that are summed */
	struct range overflows;
	struct range losses;
	struct opt_u64 drops;
};

/*
 * spells_sums() - what it lost in the windows from @begin to @n. What covered_ns is, less the
 * windows that do not count.
 * spells_restart_sums() - leave all windows so far out of future sums.
 */
void spells_sums(const struct spells *s, const struct timeline *t, uint64_t n,
		 struct history_sums *sums);
void spells_restart_sums(struct spells *s);

#endif

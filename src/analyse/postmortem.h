/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_POSTMORTEM_H
#define LISTENQ_ANALYSE_POSTMORTEM_H

#include "analyse/absences.h"
#include "analyse/clock_steps.h"
#include "analyse/event_log.h"
#include "analyse/history.h"
#include "analyse/remedy.h"
#include "analyse/report.h"
#include "analyse/spell.h"
#include "analyse/tally.h"

/*
 * What a sequence of reports says of the listeners that were sick: when, why, and how bad it was.
 * It keeps no report, so a day takes as much memory as an hour. States and reasons are those of the
 * reports; where an incident begins and ends is what a history says.
 *
 * All times in here are by the clock as it was at the beginning, as if nobody had set it, so they
 * rise and have a length: postmortem_wall() returns what the clock showed.
 */
#define POSTMORTEM_LISTENERS 256 /* the worst ones */
#define POSTMORTEM_RESTARTS  1024 /* of all listeners */
#define POSTMORTEM_GONE	     65536 /* addresses whose listener was closed */
#define POSTMORTEM_GAPS	     4096
#define POSTMORTEM_BLIND     4096
#define POSTMORTEM_MISSED    4096
#define POSTMORTEM_ORPHANS   8
#define POSTMORTEM_PIDS	     8 /* of a listener that are named */

struct postmortem_reason {
	uint32_t windows;
	struct timespec first; /* the end of the first of them */
	struct timespec worst;
	struct strbuf fact; /* what is the case in the worst of them; safe for a terminal */
	bool names; /* the fact names processes */
	struct remedy remedy; /* of a cause: the next step in that window */
};

/* Is a spell at least as long as it was seen? */
static inline bool postmortem_spell_open(const struct postmortem_spell *s)
{
	return s->begun_before || s->goes_on || s->latest.tv_sec;
}

struct postmortem_process {
	uint32_t pid;
	char comm[16]; /* any bytes; "": unknown */
};

struct postmortem_listener {
	uint64_t id; /* the same for all listeners at its address, one after the other */
	char host[65];

	/* In its worst window. Texts are owned, any bytes; NULL: unknown or none. */
	struct listener listener; /* without owners and group */
	struct netns netns;
	uint32_t sockets; /* of its SO_REUSEPORT group; 0: unknown */
	enum state worst;
	uint32_t worst_reasons;
	struct timespec worst_wall;
	struct strbuf fact; /* what the state means */
	struct remedy remedy; /* the next step where no cause is proved; no purpose: none */
	struct remedy logged; /* what it logged meanwhile; filled by postmortem_end() */
	/* The processes, in that window or another one where it has none. */
	struct postmortem_process processes[POSTMORTEM_PIDS];
	uint32_t n_processes; /* all, also those that are not named */
	bool nobody; /* it is certain that no process holds it */
	char *unit, *container, *cgroup; /* of the first process */
	struct opt_u64 open_fds, fd_limit; /* likewise */

	/* All its windows. */
	struct postmortem_spell first, last, longest;
	uint32_t n_spells;
	uint32_t n_split; /* of these began after a gap before which the last one had not ended */
	uint64_t sick_ns; /* of all spells */
	struct spell_span sick; /* the same */
	bool at_least; /* one of them may have been longer */
	uint32_t windows; /* sick ones */
	uint64_t windows_ns; /* how long they were */
	uint32_t in_state[STATE_N]; /* windows */
	struct postmortem_reason reasons[REASON_N];
	struct postmortem_sum overflows, losses;
	struct postmortem_most queue; /* accept queue; of a group the sum */
	struct postmortem_most percent; /* fill of the fullest member of a group */
	struct postmortem_most syn_queue;
	struct postmortem_most wait_ms; /* of the oldest connection, at least */
	struct postmortem_most gave_up; /* peers that have closed or reset waiting connections */
	struct opt_u64 full_ns; /* how long its queue was seen full */
	struct postmortem_most stood_ns; /* for so long no look saw its queue get shorter */
	uint32_t full_unknown; /* windows in which it was full, and for longer than was seen */
	uint32_t without_peaks; /* windows */
	struct postmortem_stretch stuck; /* accepted nothing */
	struct postmortem_stretch shut; /* and the queue was full all the time */
	uint32_t first_limit, last_limit; /* of the accept queue */
	bool gone; /* at the end */
	struct timespec gone_after, gone_wall; /* the window in which it went */

	/* Of postmortem.c. */
	uint32_t badness; /* of the worst window */
	uint64_t lost, length; /* in it */
	uint64_t seen; /* the number of the last window that had it */
	uint64_t closed; /* that of the last one in which a listener at its address was closed */
	uint64_t cookie;
	uint64_t oldest_ns; /* when its oldest connection came, monotonic; 0: unknown */
	uint64_t stuck_ns, shut_ns; /* the stretches that went on at the last gap */
	uint64_t joined; /* the part of the last spell that began before; 0: none */
	uint64_t before_ns; /* how long it had lasted when that part began */
	bool open; /* it was sick in that window */
};

struct postmortem_restart {
	uint64_t id; /* of a listener */
	struct timespec wall; /* the end of the first window with the new one */
	bool in_gap; /* it was in a gap that ended then */
	/*
	 * The listener before it was closed between the first two, this one was opened between the
	 * third and @wall; 0: that was in the same window, or is unknown.
	 */
	struct timespec closed_after, closed_by, opened_after;
};

/* A time of which nothing is known. */
struct postmortem_gap {
	struct timespec begin, end;
	bool boot; /* the host was started anew, or it is another host */
	bool unsure; /* only perhaps, as a boot id is unknown */
};

/* A window that was mostly unseen, see blind_ns of struct snapshot. */
struct postmortem_blind {
	struct timespec begin, end;
	uint64_t ns;
};

/* A window samples of which could not be recorded. */
struct postmortem_missed {
	struct timespec begin, end;
	uint64_t n;
};

/* Overflows of one window that fell on the only listener that was seen to close in it. */
struct postmortem_orphans {
	struct postmortem_listener *of; /* listener and netns alone are filled */
	struct timespec begin, end;
	uint64_t overflows; /* at least */
};

struct postmortem {
	unsigned int text_flags;
	bool past; /* set before the first report: all is over, and processes have other numbers */

	/* What was looked at. */
	char host[65]; /* of the last window */
	uint64_t windows;
	struct timespec begin, end;
	uint64_t looked_ns; /* the sum of all windows */
	uint64_t shortest_ns, longest_ns;
	size_t most_listeners, most_netns; /* in one window */
	bool unix_too, all_netns; /* in each window */
	bool chosen; /* not all listeners were selected, in some window */
	struct postmortem_gap gaps[POSTMORTEM_GAPS];
	size_t n_gaps; /* may be more than are kept */
	uint64_t missed; /* samples that could not be recorded, see snapshot.h */
	struct timespec missed_begin, missed_end; /* the windows that they are missing in */
	struct postmortem_missed missed_list[POSTMORTEM_MISSED];
	size_t n_missed; /* windows; may be more than are kept */
	uint64_t gaps_ns; /* all of them, by the wall clock */
	bool gaps_unknown; /* one is longer, as the clock went back meanwhile */
	struct postmortem_blind blind[POSTMORTEM_BLIND];
	size_t n_blind; /* may be more than are kept */
	struct clock_steps steps;
	struct timespec asked_begin, asked_end; /* see postmortem_ask() */
	struct postmortem_warnings warnings;

	/* Of all namespaces that were looked at. */
	struct postmortem_sum overflows, losses;
	struct postmortem_orphans orphans[POSTMORTEM_ORPHANS];
	size_t n_orphans;
	uint64_t unattributed; /* overflows that no listener which was there can account for */

	/* The most in one window of what was not shown, see not_shown.h. */
	struct opt_u64 unix_listeners, unix_full, unix_stalled, netns_overflowing;

	/* What was sick, worst first after postmortem_end(). */
	struct postmortem_listener **listeners;
	size_t n_listeners, listeners_size;
	uint64_t left_out; /* how often a sick listener was not kept */
	struct event_log log; /* events of sick listeners; texts are any bytes */
	struct timespec cut; /* up to then not all are kept; 0: all are */
	struct postmortem_restart restarts[POSTMORTEM_RESTARTS];
	size_t n_restarts; /* may be more than are kept */
	struct absences absences; /* of listeners that were selected, sick or not */
	size_t n_absences; /* addresses, after postmortem_end() */

	/* Of postmortem.c. */
	bool ended;
	struct history *history; /* since the last gap */
	uint64_t history_begin; /* the number of its first window */
	uint64_t host_id;
	struct idmap by_id; /* index into listeners */
	struct idmap gone; /* addresses whose listener was closed */
	uint64_t gone_left_out; /* how often one was closed whose address is not kept */
	uint64_t now_ns; /* of the last sample */
	struct timespec shown; /* what its clock showed */
	struct timespec history_wall; /* when the first window of the history began */
	struct timespec opened, wall; /* the ends of the window that is added */
	char boot_id[37];
};

/* @text_flags: enum text_flags, for sentences and commands with names in them */
struct postmortem *postmortem_new(unsigned int text_flags);
void postmortem_free(struct postmortem *p);

/*
 * postmortem_add() - add the next report, in order of time. One without a window is left out. Its
 * opening sample, report->before, is read too: where that is not the sample of the last report,
 * there is a gap. Listeners that report_select() left out are not in the postmortem, unless they
 * were selected when they were sick.
 */
void postmortem_add(struct postmortem *p, const struct report *report);

/*
 * postmortem_ask() - the time that was asked for, where it is more than what is added; 0: it is
 * not. postmortem_end() makes gaps of what lacks.
 */
void postmortem_ask(struct postmortem *p, struct timespec begin, struct timespec end);

/* What the clock showed at a time in here. */
struct timespec postmortem_wall(const struct postmortem *p, struct timespec t);

/*
 * The cause that most sick windows of a listener prove; of several the first one, in the order of
 * enum reason. REASON_N: none is proved.
 */
enum reason postmortem_cause(const struct postmortem_listener *l);

/* Closes what is open and sorts the listeners, once. No report is added after this. */
void postmortem_end(struct postmortem *p);

/* When the restarts of a listener were, see struct postmortem_restart; @i: from 0. NULL: no more */
const struct postmortem_restart *postmortem_restart(const struct postmortem *p, uint64_t id,
						    size_t i);

#endif

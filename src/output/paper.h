/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_OUTPUT_PAPER_H
#define LISTENQ_OUTPUT_PAPER_H

#include "analyse/postmortem.h"

/* What a report in Markdown is written on, and the words that its parts share. */
struct paper {
	struct strbuf b;
	const struct postmortem *p;
	unsigned int text_flags; /* enum text_flags */
	bool dated; /* clock times need a date */
	bool explained; /* what it means that a SYN is dropped stands above */
};

/*
 * paper_add_span() - add a code span, in which nothing is Markdown.
 * @text: in one line, safe for a terminal
 * paper_add_code() - the same of any text.
 */
void paper_add_span(struct strbuf *b, const char *text, size_t len);
void paper_add_code(struct paper *w, const char *text);

/* "1 window", "3 windows" */
void paper_add_count(struct strbuf *b, uint64_t n, const char *what);

/* "118", "118 to 121", "at least 118; unknown in 3 windows" */
void paper_add_sum(struct strbuf *b, const struct postmortem_sum *sum);

/*
 * SYNs and final ACKs that were dropped for any cause. Where the incident of the listener was not
 * seen whole, it has lost more than was seen, or as much: "at least 118".
 */
struct postmortem_sum paper_lost(const struct postmortem_listener *l);
void paper_add_lost(struct strbuf *b, const struct postmortem_listener *l);

/*
 * Times as the clock showed them, in the time zone of TZ: "2026-11-29 04:01:12 +0100 (03:01:12
 * UTC)"; "04:01:12", with the day if there are several; and ", at 04:01:12".
 */
void paper_add_moment(struct strbuf *b, const struct paper *w, struct timespec t);
void paper_add_clock(struct strbuf *b, const struct paper *w, struct timespec t);
void paper_add_at(struct paper *w, struct timespec t);

/* The moment of its end, or where samples were left out "between 04:01:12 and 04:02:12" */
void paper_add_end(struct paper *w, const struct postmortem_spell *s);

/*
 * "nobody listened from some time between 13:24:08 and 13:24:09 to ...": before a restart, by the
 * windows; and the same of an address, "nobody listened 3 times, ..."
 */
void paper_add_absence(struct strbuf *b, const struct paper *w, const struct postmortem_restart *r,
		       const struct postmortem_listener *l);
void paper_add_absences(struct strbuf *b, const struct paper *w, const struct absences_of *a);

/* "6s", or a range where the windows leave it open: "10s to 20s"; @at_least: it may be longer. */
void paper_add_lasted(struct strbuf *b, const struct spell_span *span, bool at_least);

/* The moment @wall; or "between", if so much before and after it is much beside @of_ns. */
void paper_add_between(struct paper *w, struct timespec wall, uint64_t before_ns, uint64_t after_ns,
		       uint64_t of_ns);

/* ", without a break, though nothing was recorded for 10s": see unseen_ns of a spell */
void paper_add_unseen(struct strbuf *b, const struct postmortem_spell *s);

/* ", on and off: 3m in all": it was well for a while, but never for long. */
void paper_add_pauses(struct strbuf *b, const struct postmortem_listener *l);

/* "the clock was set back by 1h0m; until then it showed 04:30:05" */
void paper_add_step(struct strbuf *b, const struct paper *w, const struct clock_step *step);

/* The address of a listener as a table has it, safe for a terminal; in a code span. */
void paper_add_local(struct strbuf *b, const struct paper *w, const struct postmortem_listener *l);
void paper_add_address(struct paper *w, const struct postmortem_listener *l);

/* The name of a namespace in a code span. */
void paper_add_netns(struct paper *w, const struct netns *ns);

/*
 * "`gunicorn` at `127.0.0.1:8000`", and " in namespace `blue`" if that is not our own; and the host
 * where there are several */
void paper_add_who(struct paper *w, const struct postmortem_listener *l);

/*
 * "stopped accepting, overflowing": of a cause and a state; and the cause that most windows of a
 * listener prove, with the worst of its states.
 */
void paper_add_what(struct strbuf *b, enum state state, enum reason reason);
void paper_add_worst(struct strbuf *b, const struct postmortem_listener *l);

#define PAPER_PARTS_MAX 5 /* more of them are listed */

/*
 * Was it worse than nearly full, so that it has a part of its own? How many listeners were? They
 * are the first ones.
 */
bool paper_has_part(const struct postmortem_listener *l);
size_t paper_parts(const struct postmortem *p);

#endif

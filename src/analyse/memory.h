/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_ANALYSE_MEMORY_H
#define LISTENQ_ANALYSE_MEMORY_H

#include "analyse/verdict.h"

/*
 * What the past says of a row, beside its report. A state lasts longer on the screen than the
 * windows that had it: sick windows with gaps of at most HISTORY_GAP_NS are one incident.
 */
#define HISTORY_GAP_NS	(30 * NSEC_PER_SEC)
#define HISTORY_WAS_NS	(300 * NSEC_PER_SEC) /* how long an incident, or a listener, is shown */
#define HISTORY_KEPT_NS (HISTORY_WAS_NS + 600 * NSEC_PER_SEC) /* and may be on an older screen */

/* How long something has lasted. */
struct history_time {
	uint64_t ns;
	bool known; /* false: it did not happen in window @back */
	bool at_least; /* it may have begun before the first report */
};

enum memory_kind {
	MEMORY_NONE, /* it is ok, and no incident ended within HISTORY_WAS_NS */
	MEMORY_SICK, /* it is sick in this window */
	/*
	 * This window alone says ok, or less than it knows: a proof of an earlier window is not
	 * disproved while the queue has not emptied, or sick and better windows alternate.
	 */
	MEMORY_HELD,
	MEMORY_WAS, /* its last incident ended within HISTORY_WAS_NS */
	MEMORY_GONE, /* the listener is gone since at most HISTORY_WAS_NS */
	/*
	 * It was closed and opened again and again, see RESTARTS_LOOP. That it is not sick, or
	 * gone, in this window says little: the next one may say the opposite.
	 */
	MEMORY_RESTARTS,
};

struct memory {
	enum memory_kind kind;
	/* To show for SICK and HELD; the worst of the incident for WAS; the last one for GONE. */
	enum state state;
	/*
	 * That belong to @state: bit 1 << enum reason. Causes are those of the last half minute,
	 * as what a program does differs from window to window; for WAS, of the worst windows.
	 */
	uint32_t reasons;
	struct history_time lasted; /* the incident: until now, or for WAS until it ended */
	/* WAS, GONE: since it ended; HELD: since the last window that said @state itself. */
	uint64_t ago_ns;
	/* WAS: it may have ended as much later, as samples were left out; 0: it ended then. */
	uint64_t open_ns;
	/* WAS: it ended as the listener was closed, within open_ns, and another one is there now.
	 */
	bool closed;
	struct range overflows; /* sums of the incident */
	struct range losses;
	uint64_t peak; /* highest fill of the incident */
	/* RESTARTS: how many; @lasted is since the first one, and @state is STATE_GONE. */
	uint32_t restarts;
	bool replaced; /* RESTARTS: this listener is gone, and the report has the next one too */
};

static inline bool memory_is_sick(const struct memory *m)
{
	return m->kind == MEMORY_SICK || m->kind == MEMORY_HELD;
}

/*
 * The severity to show: that of the state of SICK and HELD, NOTICE of WAS and RESTARTS, GONE, or
 * NONE.
 */
static inline enum severity memory_severity(const struct memory *m)
{
	return memory_is_sick(m)	  ? state_table[m->state].severity :
	       m->kind == MEMORY_WAS	  ? SEVERITY_NOTICE :
	       m->kind == MEMORY_RESTARTS ? SEVERITY_NOTICE :
	       m->kind == MEMORY_GONE	  ? SEVERITY_GONE :
					    SEVERITY_NONE;
}

#endif

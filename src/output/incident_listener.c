/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/incident_listener.h"

#include "base/clock.h"

#include <string.h>

#define RESTARTS_MAX 10 /* whose times are listed */

static bool is_unix(const struct postmortem_listener *l)
{
	return listener_is_unix(&l->listener);
}

/* Who */

static void add_who_part(struct paper *w, const struct postmortem_listener *l)
{
	struct strbuf *b = &w->b;

	strbuf_adds(b, "\n**Who**\n\n- Listener: ");
	paper_add_address(w, l);
	strbuf_adds(b, is_unix(l) ? ", UNIX" : ", TCP");
	if (l->sockets > 1)
		strbuf_addf(b, ", a SO_REUSEPORT group of %u sockets", l->sockets);
	if (!l->netns.own) {
		strbuf_adds(b, "\n- Network namespace: ");
		paper_add_netns(w, &l->netns);
	}
	strbuf_adds(b, "\n- Process: ");
	if (!l->n_processes)
		strbuf_adds(b, l->nobody ? "none held it: it is the kernel's, or a descriptor was "
					   "on its way" :
					   "unknown");
	for (uint32_t i = 0; i < l->n_processes && i < POSTMORTEM_PIDS; i++) {
		const struct postmortem_process *of = &l->processes[i];

		strbuf_adds(b, i ? ", " : "");
		if (!i || strcmp(of->comm, of[-1].comm) != 0) {
			paper_add_code(w, of->comm);
			strbuf_putc(b, ' ');
		}
		strbuf_addu(b, of->pid);
	}
	if (l->n_processes > POSTMORTEM_PIDS)
		strbuf_addf(b, " and %u more", l->n_processes - POSTMORTEM_PIDS);
	if (l->unit) {
		strbuf_adds(b, "\n- Unit: ");
		paper_add_code(w, l->unit);
	}
	if (l->container) {
		strbuf_adds(b, "\n- Container: ");
		paper_add_code(w, l->container);
	}
	if (l->cgroup) {
		strbuf_adds(b, "\n- Control group: ");
		paper_add_code(w, l->cgroup);
	}
	strbuf_putc(b, '\n');
}

/* When */

static void add_lasted(struct strbuf *b, const struct postmortem_spell *s)
{
	const struct spell_span span = spell_span(s);

	paper_add_lasted(b, &span, postmortem_spell_open(s));
}

/* Within the first window. */
static void add_began(struct paper *w, const struct postmortem_spell *s)
{
	const uint64_t after_ns = s->begin_max_ns > s->begin_ns ? s->begin_max_ns - s->begin_ns : 0;

	paper_add_between(w, s->begin, 0, after_ns, spell_span(s).max_ns);
}

/* Within the last window, or within the one after it. */
static void add_ended(struct paper *w, const struct postmortem_spell *s)
{
	const uint64_t before_ns =
		s->end_min_ns && s->end_min_ns < s->end_ns ? s->end_ns - s->end_min_ns : 0;
	const uint64_t after_ns = s->end_max_ns > s->end_ns ? s->end_max_ns - s->end_ns : 0;

	paper_add_between(w, s->end, before_ns, after_ns, spell_span(s).max_ns);
}

/* Nothing is known of what came after its last window; and of that window not all. */
static void add_open_end(struct paper *w, const struct postmortem_spell *s)
{
	struct strbuf *b = &w->b;

	strbuf_adds(b, s->stands ? "unknown; it went on at " :
				   "unknown; it was sick in the window that ended at ");
	paper_add_end(w, s);
	strbuf_adds(b, !s->stands && s->emptied ? ", when its queue was empty" : "");
	strbuf_adds(b, ", and nothing was looked at after that");
}

static void add_spells(struct paper *w, const struct postmortem_listener *l)
{
	struct strbuf *b = &w->b;

	strbuf_adds(b, "- Began: ");
	if (l->first.begun_before)
		paper_add_moment(b, w, l->first.begin);
	else
		add_began(w, &l->first);
	strbuf_adds(b,
		    l->first.begun_before ? ", or before: nothing was looked at until then" : "");
	strbuf_adds(b, "\n- Ended: ");
	if (l->last.goes_on)
		add_open_end(w, &l->last);
	else if (postmortem_spell_open(&l->last))
		paper_add_end(w, &l->last);
	else
		add_ended(w, &l->last);
	strbuf_adds(b, l->last.goes_on	     ? "" :
		       l->last.closed	     ? ", when the listener was closed" :
		       l->last.latest.tv_sec ? ": what was in between was not seen" :
					       "");
	if (l->n_spells == 1) {
		strbuf_adds(b, "\n- Lasted: ");
		add_lasted(b, &l->first);
		paper_add_unseen(b, &l->first);
		paper_add_pauses(b, l);
	} else {
		strbuf_addf(b, "\n- Times: %u in between, ", l->n_spells);
		paper_add_lasted(b, &l->sick, l->at_least);
		strbuf_adds(b, " in all; the longest lasted ");
		add_lasted(b, &l->longest);
		strbuf_adds(b, " from ");
		paper_add_clock(b, w, l->longest.begin);
		strbuf_adds(b, " on");
		paper_add_unseen(b, &l->longest);
		strbuf_adds(b, l->n_split ? "; whether it was sick in the gap is unknown" : "");
	}
	strbuf_putc(b, '\n');
}

static void add_when_part(struct paper *w, const struct postmortem_listener *l)
{
	struct strbuf *b = &w->b;
	const struct postmortem_restart *r;
	size_t n = 0, begin;

	strbuf_adds(b, "\n**When**\n\n");
	add_spells(w, l);
	while ((r = postmortem_restart(w->p, l->id, n))) {
		if (n < RESTARTS_MAX) {
			strbuf_adds(b, n ? ", " : "- Restarted: ");
			strbuf_adds(b, r->in_gap ? "in the gap before " : "");
			paper_add_clock(b, w, r->wall);
		}
		n++;
	}
	if (n > RESTARTS_MAX)
		strbuf_addf(b, " and %zu times more", n - RESTARTS_MAX);
	strbuf_adds(b, n ? ", as a new listener at this address\n" : "");
	for (size_t i = 0; i < n && i < RESTARTS_MAX; i++) {
		r = postmortem_restart(w->p, l->id, i);
		if (!r->closed_by.tv_sec)
			continue;
		strbuf_adds(b, "- ");
		begin = b->len;
		paper_add_absence(b, w, r, l);
		b->s[begin] = 'N';
		strbuf_putc(b, '\n');
	}
	if (l->gone) {
		strbuf_adds(b, "- Closed: ");
		paper_add_clock(b, w, l->gone_wall);
		strbuf_adds(b, ", and not seen again\n");
	}
}

/* Why */

/* Adds what a reason means, as a sentence of its own. */
static void add_fact(struct strbuf *b, const struct postmortem_reason *r)
{
	if (r->names)
		paper_add_span(b, r->fact.s, r->fact.len);
	else
		strbuf_adds(b, r->fact.s);
	strbuf_putc(b, '\n');
}

static void add_reason(struct paper *w, const struct postmortem_listener *l, enum reason reason)
{
	const struct postmortem_reason *r = &l->reasons[reason];
	struct strbuf *b = &w->b;

	strbuf_addf(b, "- %s: proved in %u of %u windows, first at ", reason_table[reason].name,
		    r->windows, l->windows);
	paper_add_clock(b, w, r->first);
	if (r->windows > 1) {
		strbuf_adds(b, "; in the worst of these, at ");
		paper_add_clock(b, w, r->worst);
	}
	strbuf_adds(b, ": ");
	add_fact(b, r);
}

static void add_states(struct strbuf *b, const struct postmortem_listener *l)
{
	size_t n = 0;

	strbuf_adds(b, "- States: ");
	for (unsigned int i = 0; i < STATE_N; i++) {
		if (!l->in_state[i])
			continue;
		strbuf_addf(b, n ? ", %s in %u" : "%s in %u", state_table[i].name, l->in_state[i]);
		if (!n++)
			strbuf_addf(b, " of %u windows", l->windows);
	}
	strbuf_putc(b, '\n');
}

/* The kernel keeps each accept queue in the order in which connections came. */
static void add_oldest(struct paper *w, const struct postmortem_listener *l)
{
	const struct postmortem_most *wait = &l->wait_ms;
	struct strbuf *b = &w->b;

	if (!wait->known || wait->value < WAIT_LONG_MS || l->sockets > 1)
		return;
	strbuf_adds(b, "- The oldest connection at ");
	paper_add_clock(b, w, wait->wall);
	strbuf_adds(b, " had come at ");
	paper_add_clock(b, w, clock_before(wait->wall, wait->value * (NSEC_PER_SEC / 1000)));
	strbuf_adds(b, is_unix(l) ? " or before" : "");
	strbuf_adds(b, "; as accept(2) takes the oldest first, none that came later was accepted "
		       "until then\n");
}

static void add_why_part(struct paper *w, const struct postmortem_listener *l)
{
	struct strbuf *b = &w->b;
	size_t n = 0;

	strbuf_adds(b, "\n**Why, and what proves it**\n\n");
	add_states(b, l);
	strbuf_adds(b, "- The worst window, at ");
	paper_add_clock(b, w, l->worst_wall);
	strbuf_addf(b, ": %s; %s\n", state_table[l->worst].name, l->fact.s);
	for (unsigned int i = 0; i < REASON_LIMIT_FROM_LISTEN; i++) {
		if (!l->reasons[i].windows)
			continue;
		add_reason(w, l, i);
		n += verdict_cause(i) != NULL;
	}
	if (l->stuck.ns) {
		/* It may have begun before the first window that proves it. */
		strbuf_adds(b, "- Nothing was accepted for at least ");
		text_add_time(b, l->stuck.ns);
		strbuf_adds(b, ", without a break, until ");
		paper_add_clock(b, w, l->stuck.end);
		strbuf_putc(b, '\n');
	}
	add_oldest(w, l);
	if (n)
		return;
	strbuf_adds(b, "- No cause was proved: whether the program accepted too slowly, or not at "
		       "all for a while, is unknown");
	if (l->stood_ns.value >= NSEC_PER_SEC) {
		strbuf_adds(b, ". Its queue was not seen to get shorter for ");
		text_add_time(b, l->stood_ns.value);
		strbuf_adds(b, ", in the window that ended at ");
		paper_add_clock(b, w, l->stood_ns.wall);
	}
	strbuf_putc(b, '\n');
}

/* Numbers */

/* "51 connections; 51 are full, at 04:01:40" */
static void add_most(struct paper *w, const char *title, const struct postmortem_most *most,
		     const char *unit)
{
	strbuf_addf(&w->b, "- %s: ", title);
	if (!most->known) {
		strbuf_adds(&w->b, "unknown\n");
		return;
	}
	paper_add_count(&w->b, most->value, unit);
	if (most->of.known)
		strbuf_addf(&w->b, " of %llu", (unsigned long long)most->of.value);
	if (most->value)
		paper_add_at(w, most->wall);
	strbuf_putc(&w->b, '\n');
}

static void add_numbers_part(struct paper *w, const struct postmortem_listener *l)
{
	struct strbuf *b = &w->b;

	strbuf_adds(b, "\n**Numbers**\n\n");
	add_most(w, "Longest accept queue", &l->queue, "connection");
	if (l->percent.known) {
		strbuf_addf(b, "- Fullest of its sockets: %llu%%",
			    (unsigned long long)l->percent.value);
		paper_add_at(w, l->percent.wall);
		strbuf_putc(b, '\n');
	}
	/* One that was full can be no longer. */
	if (l->without_peaks && !(l->queue.of.known && l->queue.value >= l->queue.of.value)) {
		strbuf_adds(b, "- It may have been longer between samples: peaks are unknown in ");
		paper_add_count(b, l->without_peaks, "window");
		strbuf_putc(b, '\n');
	}
	if (l->full_ns.value || (l->full_ns.known && !l->full_unknown)) {
		strbuf_adds(b, "- Seen full for: ");
		strbuf_adds(b, l->full_unknown ? "at least " : "");
		text_add_time(b, l->full_ns.value);
		strbuf_adds(b, " in all\n");
	} else if (l->full_unknown) {
		strbuf_adds(b, "- Full for: unknown\n");
	}
	if (!is_unix(l)) {
		strbuf_adds(b, "- SYNs and final ACKs dropped by the full accept queue: ");
		paper_add_sum(b, &l->overflows);
		strbuf_adds(b, "\n- SYNs and final ACKs dropped for another cause: ");
		paper_add_sum(b, &l->losses);
		strbuf_putc(b, '\n');
		add_most(w, "Longest SYN queue", &l->syn_queue, "half-open connection");
	}
	strbuf_adds(b, "- Longest wait for accept(2) that was seen: ");
	if (l->wait_ms.known) {
		text_add_time(b, l->wait_ms.value * (NSEC_PER_SEC / 1000));
		strbuf_adds(b, is_unix(l) ? " or more" : "");
		paper_add_at(w, l->wait_ms.wall);
	} else {
		strbuf_adds(b, "unknown");
	}
	strbuf_putc(b, '\n');
}

/* What clients felt */

/*
 * The time between the first SYN and its repetition is 1 s (RFC 6298), and no client waits less.
 * Linux doubles it each time; since 6.5 only after four repetitions (tcp_syn_linear_timeouts).
 */
static void add_dropped(struct paper *w, const struct postmortem_listener *l)
{
	struct strbuf *b = &w->b;
	const struct postmortem_sum sum = paper_lost(l);

	if (is_unix(l))
		return;
	if (!sum.min) {
		if (!sum.known)
			strbuf_adds(b, "- Whether any SYN or final ACK was dropped is unknown\n");
		else if (sum.max || sum.unknown)
			strbuf_adds(b, "- It is not proved that a SYN or final ACK was dropped\n");
		return;
	}
	strbuf_adds(b, "- SYNs and final ACKs dropped: ");
	paper_add_lost(b, l);
	if (w->explained) {
		strbuf_putc(b, '\n');
		return;
	}
	w->explained = true;
	strbuf_adds(
		b, ". These are packets, not clients: one that tried six times counts six times\n"
		   "- A client whose SYN is dropped gets no answer and sends it again after 1, 3, "
		   "7, 15 s (Linux 6.5 and later: after 1, 2, 3, 4, 5, 7, 11 s). So each "
		   "connect(2) that lost its SYN took at least 1 s longer, or failed (ETIMEDOUT)\n"
		   "- A client whose final ACK is dropped believes that it is connected. Its first "
		   "request is not answered before the SYN-ACK is repeated, after 1, 3, 7, 15 s\n");
}

static void add_resets(struct strbuf *b, const struct postmortem_listener *l)
{
	if (l->reasons[REASON_RESETS_CLIENTS].windows)
		strbuf_adds(b,
			    "- But tcp_abort_on_overflow was 1: a client whose final ACK met the "
			    "full queue got a RST (ECONNRESET). How many these were is unknown\n");
}

static void add_unix_clients(struct strbuf *b, const struct postmortem_listener *l)
{
	if (is_unix(l) && l->in_state[STATE_FULL])
		strbuf_adds(b,
			    "- The queue was full: clients waited in connect(2), or got EAGAIN if "
			    "they do not block. The kernel does not count them\n");
}

static void add_clients_part(struct paper *w, const struct postmortem_listener *l)
{
	struct strbuf *b = &w->b;
	size_t begin;

	strbuf_adds(b, "\n**What clients felt**\n\n");
	begin = b->len;
	add_dropped(w, l);
	add_resets(b, l);
	add_unix_clients(b, l);
	if (l->shut.ns) {
		strbuf_adds(b, "- Nobody could get in for at least ");
		text_add_time(b, l->shut.ns);
		strbuf_adds(b, ", until ");
		paper_add_clock(b, w, l->shut.end);
		strbuf_adds(b, ": the queue was full, and nothing was accepted\n");
	}
	if (l->wait_ms.known && l->wait_ms.value >= WAIT_LONG_MS) {
		strbuf_adds(b, "- A client that was connected waited for ");
		text_add_time(b, l->wait_ms.value * (NSEC_PER_SEC / 1000));
		strbuf_adds(b, " or longer before the program took its connection\n");
	}
	if (l->gave_up.value) {
		strbuf_adds(b, "- At least ");
		paper_add_count(b, l->gave_up.value, "client");
		strbuf_adds(b, " had closed or reset the connection while it waited");
		paper_add_at(w, l->gave_up.wall);
		strbuf_putc(b, '\n');
	}
	if (b->len == begin)
		strbuf_adds(b, "- Nothing is proved: no packet was lost, and no long wait was "
			       "seen\n");
}

/* Limits */

static void add_sysctls(struct strbuf *b, const struct postmortem_listener *l)
{
	const struct sysctls *s = &l->netns.sysctls;

	for (unsigned int i = 0; i < SYSCTL_N; i++) {
		if (is_unix(l) && i != SYSCTL_SOMAXCONN)
			continue;
		strbuf_addf(b, i ? ", %s=" : "%s=", sysctl_table[i].name);
		if (sysctl_known(s, i))
			strbuf_addf(b, "%lld", (long long)s->value[i]);
		else
			strbuf_adds(b, "unknown");
	}
}

static void add_limits_part(struct paper *w, const struct postmortem_listener *l)
{
	struct strbuf *b = &w->b;

	strbuf_adds(b, "\n**Limits**\n\n- Accept queue: ");
	strbuf_addf(
		b,
		"the limit%s is %u, the smaller of the backlog of listen(2) and of somaxconn at "
		"that time; it is full with %llu\n",
		l->sockets > 1 ? " of each socket" : "", l->listener.limit,
		(unsigned long long)listener_capacity(&l->listener));
	if (l->last_limit != l->first_limit)
		strbuf_addf(b, "- It was %u at the beginning and %u at the end\n", l->first_limit,
			    l->last_limit);
	for (unsigned int i = REASON_LIMIT_FROM_LISTEN; i < REASON_N; i++) {
		if (!l->reasons[i].windows)
			continue;
		strbuf_addf(b, "- %s: ", reason_table[i].name);
		add_fact(b, &l->reasons[i]);
	}
	strbuf_adds(b, "- In its namespace: ");
	add_sysctls(b, l);
	strbuf_putc(b, '\n');
	if (l->fd_limit.known && l->open_fds.known)
		strbuf_addf(b, "- Descriptors of process %u: %llu of %llu were open\n",
			    l->processes[0].pid, (unsigned long long)l->open_fds.value,
			    (unsigned long long)l->fd_limit.value);
}

/* What to do */

/* The purpose may have the name of a unit, which is seldom Markdown. */
static void add_remedy(struct strbuf *b, const char *when, const struct remedy *r)
{
	if (!r->purpose.len)
		return;
	strbuf_addf(b, "\n%s: ", when);
	if (strpbrk(r->purpose.s, "`*_[]<>|\\~&#@"))
		paper_add_span(b, r->purpose.s, r->purpose.len);
	else
		strbuf_adds(b, r->purpose.s);
	strbuf_addf(b, "%s%s\n", r->caution ? ". " : "", r->caution ? r->caution : "");
	if (!r->n_commands)
		return;
	strbuf_adds(b, "\n```sh\n");
	for (size_t i = 0; i < r->n_commands; i++)
		strbuf_addf(b, "%s\n", r->commands[i].s);
	strbuf_adds(b, "```\n");
}

/* For the cause that the title names. */
static void add_advice_part(struct paper *w, const struct postmortem_listener *l)
{
	const enum reason cause = postmortem_cause(l);
	const enum reason adviser =
		verdict_adviser(cause < REASON_N ? 1u << cause : l->worst_reasons);
	const char *advice =
		adviser < REASON_N ? reason_table[adviser].advice : state_table[l->worst].advice;
	struct strbuf *b = &w->b;

	strbuf_adds(b, "\n**What to do**\n");
	if (advice)
		strbuf_addf(b, "\nFor %s: %s\n",
			    adviser < REASON_N ? reason_table[adviser].name :
						 state_table[l->worst].name,
			    advice);
	add_remedy(b, w->p->past ? "Next time, while it lasts" : "While it lasts",
		   cause < REASON_N ? &l->reasons[cause].remedy : &l->remedy);
	add_remedy(b, "Afterwards", &l->logged);
}

void incident_listener_add(struct paper *w, const struct postmortem_listener *l, size_t number)
{
	if (number) {
		strbuf_addf(&w->b, "\n## %zu. ", number);
		paper_add_who(w, l);
		strbuf_adds(&w->b, ": ");
		paper_add_worst(&w->b, l);
		strbuf_putc(&w->b, '\n');
	}
	add_when_part(w, l);
	add_who_part(w, l);
	add_why_part(w, l);
	add_numbers_part(w, l);
	add_clients_part(w, l);
	add_limits_part(w, l);
	add_advice_part(w, l);
}

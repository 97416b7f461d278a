/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyse/event_log.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* A log that is full keeps at least so many of the minor ones. */
#define MINOR_KEPT (HISTORY_EVENTS / 4)

static bool is_minor(const struct event *e)
{
	return e->kind == EVENT_NEW || (e->kind == EVENT_GONE && e->state >= STATE_HIGH);
}

static void free_texts(struct event *e)
{
	free((char *)e->path);
	free((char *)e->process);
	free((char *)e->netns);
}

static void remove_at(struct event_log *log, size_t i)
{
	log->n_minor -= is_minor(&log->list[i]);
	log->n_unselected -= log->list[i].unselected;
	free_texts(&log->list[i]);
	log->n--;
	memmove(&log->list[i], &log->list[i + 1], (log->n - i) * sizeof(*log->list));
}

static const char *copy_text(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

/* Which one to drop: listeners that come and go must not push the sick ones out. */
static size_t least_needed(const struct event_log *log)
{
	size_t i = 0;

	if (log->n_unselected) {
		while (!log->list[i].unselected)
			i++;
		return i;
	}
	while (log->n_minor > MINOR_KEPT && !is_minor(&log->list[i]))
		i++;
	return i;
}

static void drop(struct event_log *log, size_t i)
{
	const struct event *e = &log->list[i];

	if (!e->unselected && (e->kind == EVENT_SICK || e->kind == EVENT_RECOVERED))
		log->cut = e->wall;
	remove_at(log, i);
}

void event_log_free(struct event_log *log)
{
	while (log->n)
		free_texts(&log->list[--log->n]);
	free(log->list);
	memset(log, 0, sizeof(*log));
}

void event_log_add(struct event_log *log, const struct event *e)
{
	size_t at;
	struct event *to;

	if (log->n == HISTORY_EVENTS)
		drop(log, least_needed(log));
	log->list = array_grow(log->list, log->n, &log->size, sizeof(*log->list));
	at = event_log_count(log, e->report);
	to = &log->list[at];
	memmove(to + 1, to, (log->n - at) * sizeof(*to));
	*to = *e;
	to->path = copy_text(e->path);
	to->process = copy_text(e->process);
	to->netns = copy_text(e->netns);
	log->n++;
	log->n_minor += is_minor(e);
	log->n_unselected += e->unselected;
}

uint32_t event_log_remove(struct event_log *log, enum event_kind kind, uint64_t group,
			  uint64_t time_ns)
{
	uint32_t removed = 0;

	for (size_t i = log->n; i-- > 0 && log->list[i].time_ns >= time_ns;) {
		const struct event *e = &log->list[i];

		if (e->kind != kind || e->group != group)
			continue;
		removed += 1 + e->more;
		remove_at(log, i);
	}
	return removed;
}

bool event_log_selected(const struct event_log *log, uint64_t group)
{
	for (size_t i = log->n; i-- > 0;)
		if (log->list[i].kind == EVENT_SICK && log->list[i].group == group &&
		    !log->list[i].unselected)
			return true;
	return false;
}

size_t event_log_count(const struct event_log *log, uint64_t report)
{
	size_t n = log->n;

	while (n && log->list[n - 1].report > report)
		n--;
	return n;
}

enum severity event_log_severity(const struct event *e)
{
	switch (e->kind) {
	case EVENT_SICK:
		return state_table[e->state].severity;
	case EVENT_RECOVERED:
	case EVENT_RESTARTED:
	case EVENT_GAP:
	case EVENT_RUN:
	case EVENT_BOOT:
	case EVENT_BLIND:
	case EVENT_CLOCK:
		return SEVERITY_NOTICE;
	case EVENT_GONE:
	case EVENT_NETNS_GONE:
		return SEVERITY_GONE;
	case EVENT_NEW:
		break;
	}
	return SEVERITY_NONE;
}

size_t event_log_bytes(const struct event_log *log)
{
	return log->size * sizeof(*log->list);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/owners_result.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

/* Process 1 comes last: it holds the sockets of the services that it starts. */
static const struct owners_process *holder_at(const struct owners *o, size_t i)
{
	if (o->holders[0].process.pid == 1)
		i = (i + 1) % o->n_holders;
	return &o->holders[i];
}

static void fill_owners(const struct owners *o, struct snapshot *s)
{
	uint32_t *next = xcalloc(o->listeners.n + 1, sizeof(*next)), n = 0;

	for (size_t i = 0; i < o->listeners.n; i++) {
		next[i] = n;
		n += o->listeners.list[i].n;
	}
	snapshot_size_owners(s, n, o->n_holders);
	for (size_t i = 0; i < o->n_holders; i++) {
		const struct owners_process *holder = holder_at(o, i);

		s->processes[i] = holder->process;
		for (size_t j = 0; j < holder->n; j++)
			s->owners[next[holder->list[j].listener]++] =
				(struct owner){ (uint32_t)i, holder->list[j].fd };
	}
	/* Each is now behind the last owner of its listener. */
	for (size_t i = 0; i < s->n_listeners; i++) {
		uint32_t twin = o->listeners.list[i].twin;

		s->listeners[i].n_owners = o->listeners.list[twin].n;
		s->listeners[i].first_owner = next[twin] - s->listeners[i].n_owners;
	}
	free(next);
}

/* Is every process in sight? Or -errno where that could not be looked at, which is tried again. */
static int all_in_sight(struct owners *o)
{
	int code = o->sight_known ? 0 : processes_sight(o->root, &o->sight);

	if (code < 0)
		return code;
	o->sight_known = true;
	return o->sight == PROCESSES_ALL;
}

/*
 * Who is not seen need not be the owner: the kernel holds listeners itself, a descriptor can be on
 * its way through a UNIX socket, and a process can end while it is looked for.
 */
static void tell_hidden(struct owners *o, struct snapshot *s, bool hidden)
{
	const char *rest = o->sight == PROCESSES_NO_PRIVILEGE ? "run as root to see more" :
			   hidden			      ? "others may not be looked at" :
				    "there may be more outside of this container";

	snapshot_warn(s, "owners-hidden",
		      "some listeners have no owner among the processes that can be seen: %s",
		      rest);
}

/* A ring that is busy, or of an old kernel, may not show what is registered with it. */
static void tell_ring(struct snapshot *s, uint32_t pid)
{
	snapshot_warn(s, "owners-hidden",
		      "some listeners have no owner among the processes that can be seen: "
		      "an io_uring of process %u may hold them",
		      pid);
}

void owners_result_failure(struct snapshot *s, const char *what, int code)
{
	snapshot_warn(s, "owners-unavailable", "cannot %s processes in /proc: %s%s", what,
		      strerror(-code), error_advice(code));
}

static bool any_unexplained(const struct snapshot *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		if (!s->listeners[i].n_owners)
			return true;
	return false;
}

/* That nobody holds a listener is known only where everybody could be looked at. */
static void mark_known(struct owners *o, struct snapshot *s)
{
	bool hidden = false, unseen = false;
	int failure = 0, all;
	uint32_t ring = 0;

	for (size_t i = 0; i < o->processes.n; i++) {
		int code = o->processes.list[i].code;

		hidden |= processes_hidden(code);
		failure = processes_failed(code) ? code : failure;
		ring = o->processes.list[i].ring ? o->processes.list[i].pid : ring;
	}
	all = any_unexplained(s) ? all_in_sight(o) : true;
	if (all < 0)
		failure = all;
	for (size_t i = 0; i < s->n_listeners; i++) {
		struct listener *l = &s->listeners[i];
		bool scanned = o->listeners.list[i].scanned;

		if (l->n_owners || (scanned && !hidden && !failure && !ring && all))
			l->known |= LISTENER_OWNERS;
		else
			unseen |= scanned;
	}
	if (unseen && o->sight == PROCESSES_NO_PRIVILEGE && (hidden || !all))
		s->known |= SNAPSHOT_OWNERS_OF_OTHERS;
	if (unseen && o->tell && failure)
		owners_result_failure(s, "look at all", failure);
	if (unseen && o->tell && ring)
		tell_ring(s, ring);
	if (unseen && o->tell && (hidden || !all))
		tell_hidden(o, s, hidden);
}

void owners_result_fill(struct owners *o, struct snapshot *s)
{
	fill_owners(o, s);
	mark_known(o, s);
}

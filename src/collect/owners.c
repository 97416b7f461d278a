/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/owners.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "collect/procfs.h"
#include "collect/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARE 20 /* scans may use 1/20 of a CPU */

/* Verifying is measured in units of about 3 us: one descriptor is one unit. */
#define VERIFY_RATE    2000 /* units a second */
#define VERIFY_MIN     256 /* units a sample */
#define VERIFY_PROCESS 5 /* units for the directory, name and cgroup of a process */

/* A descriptor of a listener. */
struct owners_fd {
	uint32_t inode; /* 0: the descriptor is closed, or another file by now */
	uint32_t fd;
	uint32_t listener; /* index into owners->listeners; IDMAP_NONE: unknown */
	bool ring; /* @fd is an io_uring, with which the listener is registered */
};

/* A process that holds listeners. */
struct owners_process {
	struct process process;
	struct owners_fd *list; /* owned */
	size_t n, size;
};

/* The search for the owners of a listener. */
struct owners_listener {
	uint64_t cookie;
	uint64_t since_ns; /* since when it has no known owner */
	uint64_t due_ns; /* when a scan is due for it; UINT64_MAX: never */
	uint32_t inode;
	uint32_t n; /* its descriptors */
	uint32_t twin; /* the first listener with this inode: another one only under MPTCP */
	bool scanned; /* there was a scan since it exists */
};

void owners_free(struct owners *o)
{
	for (size_t i = 0; i < o->n_holders; i++)
		free(o->holders[i].list);
	free(o->holders);
	idmap_free(&o->listeners.by_inode);
	idmap_free(&o->before.by_inode);
	free(o->listeners.list);
	free(o->before.list);
	processes_free(&o->processes);
	string_pool_put(o->strings);
	strbuf_free(&o->text);
	*o = (struct owners){ .root = o->root };
}

static bool same_listeners(const struct owners *o, const struct snapshot *s)
{
	if (o->listeners.n != s->n_listeners)
		return false;
	for (size_t i = 0; i < s->n_listeners; i++)
		if (o->listeners.list[i].cookie != s->listeners[i].cookie)
			return false;
	return true;
}

/* Replaces the list of listeners by those of this sample; what is known of them stays. */
static void update_listeners(struct owners *o, const struct snapshot *s)
{
	struct owners_listeners now = o->before;

	if (same_listeners(o, s)) /* the usual case */
		return;
	o->before = o->listeners;
	idmap_reset(&now.by_inode, s->n_listeners);
	now.n = 0;
	for (size_t i = 0; i < s->n_listeners; i++) {
		const struct listener *l = &s->listeners[i];
		uint32_t was = idmap_get(&o->before.by_inode, l->inode), twin = IDMAP_NONE;
		struct owners_listener *ours;

		now.list = array_grow(now.list, now.n, &now.size, sizeof(*now.list));
		ours = &now.list[now.n++];
		if (was != IDMAP_NONE && o->before.list[was].cookie == l->cookie)
			*ours = o->before.list[was];
		else
			*ours = (struct owners_listener){ .cookie = l->cookie,
							  .since_ns = s->monotonic_ns };
		ours->inode = l->inode;
		if (l->inode)
			twin = idmap_put(&now.by_inode, l->inode, (uint32_t)i);
		ours->twin = twin == IDMAP_NONE ? (uint32_t)i : twin;
	}
	o->listeners = now;
}

static const char *keep_container(struct owners *o, struct part part)
{
	struct strbuf name = { 0 };
	const char *kept = NULL;

	units_add_container(&name, part);
	if (name.len)
		kept = string_pool_add(o->strings, name.s, name.len);
	strbuf_free(&name);
	return kept;
}

/* comm, not cmdline: a program can write over its arguments, and they may be long. */
static int read_names(struct owners *o, struct process *process)
{
	int code = procfs_read_process(o->root, process->pid, "comm", &o->text);

	if (code < 0)
		return code;
	/* The kernel adds one newline; any others belong to the name. */
	if (o->text.len && o->text.s[o->text.len - 1] == '\n')
		o->text.len--;
	process->comm = string_pool_add(o->strings, o->text.s, o->text.len);
	if (o->cgroups && procfs_read_process(o->root, process->pid, "cgroup", &o->text) == 0) {
		struct units units = units_parse(o->text.s, o->text.len);

		process->cgroup = string_pool_add(o->strings, units.cgroup.s, units.cgroup.len);
		process->unit = string_pool_add(o->strings, units.unit.s, units.unit.len);
		process->container = keep_container(o, units.container);
	}
	return 0;
}

/* A process whose descriptors are read. */
struct look {
	struct owners *owners;
	struct owners_process *holder;
	uint32_t fd; /* of the current ring */
	struct idmap registered; /* sockets of that ring, by inode */
	bool ring; /* a ring could not be read, or not as a whole */
};

static void add_held(const struct look *look, uint32_t fd, uint32_t inode, bool ring)
{
	struct owners_process *holder = look->holder;

	if (idmap_get(&look->owners->listeners.by_inode, inode) == IDMAP_NONE)
		return;
	holder->list = array_grow(holder->list, holder->n, &holder->size, sizeof(*holder->list));
	holder->list[holder->n++] = (struct owners_fd){
		.inode = inode, .fd = fd, .listener = IDMAP_NONE, .ring = ring
	};
}

static void add_registered(void *context, uint32_t inode)
{
	struct look *look = context;

	/* It may be registered twice, and the ring may have been read twice. */
	if (idmap_put(&look->registered, inode, 0) == IDMAP_NONE)
		add_held(look, look->fd, inode, true);
}

static void add_socket(void *context, uint32_t fd, uint32_t inode)
{
	struct look *look = context;
	int code;

	if (inode) {
		add_held(look, fd, inode, false);
		return;
	}
	look->fd = fd;
	idmap_reset(&look->registered, 0);
	code = processes_registered(&look->owners->processes, look->holder->process.pid, fd,
				    &look->owners->text, add_registered, look);
	look->ring |= code < 0 && !processes_gone(code);
}

/* Reads all descriptors of a process. When that fails for a reason of our own, it is due again. */
static void read_process(struct owners *o, struct process_entry *entry,
			 struct owners_process *holder)
{
	struct look look = { .owners = o, .holder = holder };
	int code;

	*holder = (struct owners_process){ .process.pid = entry->pid };
	code = processes_sockets(&o->processes, entry->pid, add_socket, &look);
	entry->look = processes_failed(code);
	entry->ring = look.ring;
	idmap_free(&look.registered);
	entry->code = (int16_t)(processes_gone(code) ? 0 : code);
	if (holder->n && read_names(o, &holder->process) < 0)
		holder->n = 0;
}

/* The sockets that are registered with one ring of a process now. */
struct ring {
	uint32_t fd;
	int code; /* 0: these are all; -errno: some may be missing; 1: not read yet */
	struct idmap inodes;
};

static void note_registered(void *context, uint32_t inode)
{
	struct ring *ring = context;

	idmap_put(&ring->inodes, inode, 0);
}

/*
 * Is a listener still registered with its ring? Yes, when the ring cannot be read. The listeners of
 * one ring are adjacent in the list, so that it is read once.
 */
static bool is_registered(struct owners *o, uint32_t pid, const struct owners_fd *held,
			  struct ring *ring)
{
	if (ring->code > 0 || ring->fd != held->fd) {
		idmap_reset(&ring->inodes, 0);
		ring->fd = held->fd;
		ring->code = processes_registered(&o->processes, pid, held->fd, &o->text,
						  note_registered, ring);
	}
	if (idmap_get(&ring->inodes, held->inode) != IDMAP_NONE)
		return true;
	return ring->code < 0 && !processes_gone(ring->code);
}

/*
 * Reads the descriptors from @first to before @end again, and the name of the process. Those that
 * have changed are marked with inode 0, and the whole process is due to be read.
 */
static void verify(struct owners *o, struct owners_process *holder, size_t first, size_t end)
{
	struct process_entry *entry = processes_find(&o->processes, holder->process.pid);
	int dir = processes_open(&o->processes, holder->process.pid);
	int code = dir < 0 ? dir : read_names(o, &holder->process);
	bool gone = code < 0, changed = gone;
	struct ring ring = { .code = 1 };

	if (processes_failed(code)) { /* nothing is known to have changed */
		if (dir >= 0)
			close(dir);
		return;
	}
	if (gone) {
		first = 0;
		end = holder->n;
	}
	for (size_t i = first; i < end; i++) {
		struct owners_fd *held = &holder->list[i];
		uint32_t inode;

		if (!gone && held->ring && is_registered(o, holder->process.pid, held, &ring))
			continue;
		if (!gone && !held->ring &&
		    processes_socket(dir, held->fd, &inode) == PROCESSES_SOCKET &&
		    inode == held->inode)
			continue;
		held->inode = 0;
		changed = true;
	}
	if (dir >= 0)
		close(dir);
	idmap_free(&ring.inodes);
	if (entry)
		entry->look |= changed;
}

/* Verifies the units @from to before @to of all: those of each process, then of its descriptors. */
static void verify_range(struct owners *o, size_t from, size_t to)
{
	size_t at = 0;

	for (size_t i = 0; i < o->n_holders && at < to; i++) {
		struct owners_process *holder = &o->holders[i];
		size_t size = VERIFY_PROCESS + holder->n;
		size_t begin = from > at ? from - at : 0, end = to - at < size ? to - at : size;

		if (begin < end)
			verify(o, holder, begin > VERIFY_PROCESS ? begin - VERIFY_PROCESS : 0,
			       end > VERIFY_PROCESS ? end - VERIFY_PROCESS : 0);
		at += size;
	}
}

static void verify_some(struct owners *o, uint64_t now_ns)
{
	uint64_t budget = (now_ns - o->last_ns) / (NSEC_PER_SEC / VERIFY_RATE);
	size_t all = 0, end;

	for (size_t i = 0; i < o->n_holders; i++)
		all += VERIFY_PROCESS + o->holders[i].n;
	if (budget < VERIFY_MIN)
		budget = VERIFY_MIN;
	if (budget >= all) {
		verify_range(o, 0, all);
		return;
	}
	o->verified %= all;
	end = o->verified + (size_t)budget;
	verify_range(o, o->verified, end < all ? end : all);
	verify_range(o, 0, end > all ? end - all : 0);
	o->verified = end;
}

/*
 * Makes the list of holders for the current list of processes. Those that are due are read with
 * @look; without, their known descriptors are verified.
 */
static void update_holders(struct owners *o, bool look)
{
	struct owners_process *old = o->holders, found;
	size_t n_old = o->n_holders, at = 0;

	o->holders = NULL;
	o->n_holders = o->holders_size = 0;
	for (size_t i = 0; i < o->processes.n; i++) {
		struct process_entry *entry = &o->processes.list[i];

		for (; at < n_old && old[at].process.pid < entry->pid; at++)
			free(old[at].list);
		found = (struct owners_process){ .process.pid = entry->pid };
		if (at < n_old && old[at].process.pid == entry->pid)
			found = old[at++];
		if (entry->look && look) {
			free(found.list);
			read_process(o, entry, &found);
		} else if (entry->look && found.n) {
			verify(o, &found, 0, found.n);
		}
		if (found.n) {
			o->holders = array_grow(o->holders, o->n_holders, &o->holders_size,
						sizeof(*o->holders));
			o->holders[o->n_holders++] = found;
		} else {
			free(found.list);
		}
	}
	for (; at < n_old; at++)
		free(old[at].list);
	free(old);
}

static uint32_t find_listener(const struct owners *o, const struct owners_fd *held)
{
	if (!held->inode)
		return IDMAP_NONE;
	/* Most are at the index that they had before. */
	if (held->listener < o->listeners.n &&
	    o->listeners.list[held->listener].inode == held->inode)
		return o->listeners.list[held->listener].twin;
	return idmap_get(&o->listeners.by_inode, held->inode);
}

/* Finds the listener of each descriptor, and removes descriptors without one. */
static void count_fds(struct owners *o)
{
	for (size_t i = 0; i < o->listeners.n; i++)
		o->listeners.list[i].n = 0;
	for (size_t i = 0; i < o->n_holders; i++) {
		struct owners_process *holder = &o->holders[i];
		size_t kept = 0;

		for (size_t j = 0; j < holder->n; j++) {
			struct owners_fd held = holder->list[j];

			held.listener = find_listener(o, &held);
			if (held.listener == IDMAP_NONE)
				continue;
			o->listeners.list[held.listener].n++;
			holder->list[kept++] = held;
		}
		holder->n = kept;
	}
}

/* Is a scan due for any listener? One that has lost its last owner counts as new. */
static bool want_scan(struct owners *o, uint64_t now_ns)
{
	bool wanted = false;

	for (size_t i = 0; i < o->listeners.n; i++) {
		struct owners_listener *l = &o->listeners.list[i];

		if (l->due_ns == UINT64_MAX && !o->listeners.list[l->twin].n) {
			l->since_ns = l->due_ns = now_ns;
			l->scanned = false;
		}
		wanted |= l->due_ns <= now_ns;
	}
	return wanted;
}

static void note_scan(struct owners *o, uint64_t now_ns)
{
	for (size_t i = 0; i < o->listeners.n; i++) {
		struct owners_listener *l = &o->listeners.list[i];
		uint64_t wait = now_ns - l->since_ns;

		if (wait < OWNERS_RETRY_NS)
			wait = OWNERS_RETRY_NS;
		if (wait > OWNERS_RETRY_MAX_NS)
			wait = OWNERS_RETRY_MAX_NS;
		l->due_ns = o->listeners.list[l->twin].n ? UINT64_MAX : now_ns + wait;
		l->scanned = true;
	}
}

static bool any_without_owner(const struct owners *o)
{
	for (size_t i = 0; i < o->listeners.n; i++)
		if (!o->listeners.list[o->listeners.list[i].twin].n)
			return true;
	return false;
}

/*
 * Reads every process. A process may fork and exit meanwhile, and leave its listeners to one that
 * is not in the list: then new processes are read as well.
 */
static void scan(struct owners *o, uint64_t now_ns)
{
	for (size_t i = 0; i < o->processes.n; i++)
		o->processes.list[i].look = true;
	update_holders(o, true);
	count_fds(o);
	if (any_without_owner(o) && processes_list(&o->processes) == 0) {
		update_holders(o, true);
		count_fds(o);
	}
	note_scan(o, now_ns);
}

static void search(struct owners *o, uint64_t now_ns)
{
	bool may_look = now_ns >= o->look_ns, scanned;
	uint64_t begin, looked;

	verify_some(o, now_ns);
	begin = clock_thread_cpu_ns();
	/* At the first sample every process is new, so a scan comes at once. */
	scanned = may_look && !o->last_ns;
	if (!scanned) {
		update_holders(o, may_look);
		count_fds(o);
		looked = clock_thread_cpu_ns();
		if (may_look)
			o->look_ns = now_ns + (looked - begin) * SHARE;
		begin = looked;
		scanned = want_scan(o, now_ns) && now_ns >= o->scan_ns;
	}
	if (scanned) {
		scan(o, now_ns);
		o->scan_ns = now_ns + (clock_thread_cpu_ns() - begin) * SHARE;
	}
	o->last_ns = now_ns;
}

/* Process 1 comes last: it also holds the sockets of services that it starts on demand. */
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
	/* next[i] is now the end of the owners of listener i. */
	for (size_t i = 0; i < s->n_listeners; i++) {
		uint32_t twin = o->listeners.list[i].twin;

		s->listeners[i].n_owners = o->listeners.list[twin].n;
		s->listeners[i].first_owner = next[twin] - s->listeners[i].n_owners;
	}
	free(next);
}

/* Can we see every process? Returns 1, 0, or -errno when that is unknown; the next call retries. */
static int all_visible(struct owners *o)
{
	int code = o->visible_known ? 0 : processes_visibility(o->root, &o->visible);

	if (code < 0)
		return code;
	o->visible_known = true;
	return o->visible == PROCESSES_ALL;
}

/*
 * A listener need not be held by a process that we cannot see: the kernel holds some itself, a
 * descriptor can be in transit through a UNIX socket, and a process can end during the scan.
 */
static void warn_hidden(struct owners *o, struct snapshot *s, bool hidden)
{
	const char *rest = o->visible == PROCESSES_NO_PRIVILEGE ? "run as root to see more" :
			   hidden				? "others may not be read" :
				    "there may be more outside of this container";

	snapshot_warn(s, "owners-hidden",
		      "some listeners have no owner among the processes that can be seen: %s",
		      rest);
}

/* A busy ring, or one of an old kernel, may not show all sockets that are registered with it. */
static void warn_ring(struct snapshot *s, uint32_t pid)
{
	snapshot_warn(s, "owners-hidden",
		      "some listeners have no owner among the processes that can be seen: "
		      "an io_uring of process %u may hold them",
		      pid);
}

static void warn_failure(struct snapshot *s, const char *verb, int code)
{
	snapshot_warn(s, "owners-unavailable", "cannot %s processes in /proc: %s%s", verb,
		      strerror(-code), error_advice(code));
}

/* That no process holds a listener is known only if every process could be read. */
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
	all = any_without_owner(o) ? all_visible(o) : true;
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
	if (unseen && o->visible == PROCESSES_NO_PRIVILEGE && (hidden || !all))
		s->known |= SNAPSHOT_OWNERS_OF_OTHERS;
	if (unseen && o->warn && failure)
		warn_failure(s, "read all", failure);
	if (unseen && o->warn && ring)
		warn_ring(s, ring);
	if (unseen && o->warn && (hidden || !all))
		warn_hidden(o, s, hidden);
}

static void move_strings(struct owners *o, struct string_pool *to)
{
	for (size_t i = 0; i < o->n_holders; i++) {
		struct process *process = &o->holders[i].process;

		process->comm = string_pool_adds(to, process->comm);
		process->cgroup = string_pool_adds(to, process->cgroup);
		process->unit = string_pool_adds(to, process->unit);
		process->container = string_pool_adds(to, process->container);
	}
	string_pool_get(to);
	string_pool_put(o->strings);
	o->strings = to;
}

void owners_collect(struct owners *o, struct snapshot *s)
{
	int code;

	if (o->strings != snapshot_strings(s))
		move_strings(o, snapshot_strings(s));
	if (!s->n_listeners)
		return;
	o->processes.root = o->root;
	code = processes_list(&o->processes);
	if (code < 0 && o->warn)
		warn_failure(s, "list the", code);
	if (code < 0)
		return;
	update_listeners(o, s);
	search(o, s->monotonic_ns);
	fill_owners(o, s);
	mark_known(o, s);
}

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

#define SINCE_MAX (UINT32_MAX >> 2) /* seconds: 34 years */

/* A descriptor of a listener. */
struct owners_fd {
	uint32_t inode; /* 0: the descriptor is closed, or another file by now */
	uint32_t listener; /* index into the listeners; IDMAP_NONE: there is no such one now */
	uint32_t fd : 31;
	uint32_t ring : 1; /* @fd is an io_uring, with which the listener is registered */
};

/* A process that holds listeners. */
struct owners_process {
	struct process process;
	struct owners_fd *list; /* owned */
	size_t n, size;
};

/* How far the search for the owners of a listener has come. */
enum owners_state {
	OWNERS_WANTED, /* there was no scan since it is new, or has lost its last owner */
	OWNERS_FOUND, /* the last scan found some */
	OWNERS_MISSING, /* the last scan found none */
};

/*
 * A listener, known by its inode and the lower half of its cookie. The kernel counts inodes up, so
 * another one has the same only after billions of sockets, and not in the next sample.
 */
struct owners_listener {
	uint32_t inode;
	uint32_t cookie;
	uint32_t since_s : 30; /* monotonic seconds: since when it has no known owner */
	uint32_t state : 2; /* enum owners_state */
};

/*
 * The listeners with so many inodes in succession, as 1 + index into the list; 0: none. A process
 * opens many sockets one after the other, so that a scan looks several up in the same cache line.
 */
#define CHUNK 16
struct owners_chunk {
	uint32_t listeners[CHUNK];
};

static void free_listeners(struct owners_listeners *listeners)
{
	free(listeners->list);
	free(listeners->chunks);
	idmap_free(&listeners->by_inode);
	free(listeners->twins);
}

void owners_free(struct owners *o)
{
	for (size_t i = 0; i < o->n_holders; i++)
		free(o->holders[i].list);
	free(o->holders);
	free_listeners(&o->listeners);
	processes_free(&o->processes);
	string_pool_put(o->strings);
	strbuf_free(&o->text);
	*o = (struct owners){ .root = o->root };
}

/* Returns the index of the first listener with that inode, or IDMAP_NONE. */
static uint32_t find_listener(const struct owners_listeners *listeners, uint32_t inode)
{
	uint32_t chunk = idmap_get(&listeners->by_inode, inode / CHUNK);

	if (chunk == IDMAP_NONE || !inode)
		return IDMAP_NONE;
	return listeners->chunks[chunk].listeners[inode % CHUNK] - 1;
}

/* Returns where to store the index of the listener with that inode. */
static uint32_t *add_inode(struct owners_listeners *to, uint32_t inode)
{
	uint32_t i = idmap_put(&to->by_inode, inode / CHUNK, (uint32_t)to->n_chunks);

	if (i == IDMAP_NONE) {
		i = (uint32_t)to->n_chunks++;
		to->chunks = array_grow(to->chunks, i, &to->chunks_size, sizeof(*to->chunks));
	}
	return &to->chunks[i].listeners[inode % CHUNK];
}

static bool is_same(const struct owners_listener *ours, const struct listener *l)
{
	return ours->inode == l->inode && ours->cookie == (uint32_t)l->cookie;
}

static bool same_listeners(const struct owners_listeners *ours, const struct snapshot *s)
{
	if (ours->n != s->n_listeners)
		return false;
	for (size_t i = 0; i < s->n_listeners; i++)
		if (!is_same(&ours->list[i], &s->listeners[i]))
			return false;
	return true;
}

/* @before: the listeners of the previous sample, whose state the same ones keep */
static void add_listener(struct owners_listeners *to, const struct owners_listeners *before,
			 const struct listener *l, const struct snapshot *s)
{
	uint32_t was = find_listener(before, l->inode), *first;
	struct owners_listener *ours = &to->list[to->n++];

	if (was != IDMAP_NONE && is_same(&before->list[was], l))
		*ours = before->list[was];
	else
		*ours = (struct owners_listener){ .inode = l->inode,
						  .cookie = (uint32_t)l->cookie,
						  .since_s = s->monotonic_ns / NSEC_PER_SEC &
							     SINCE_MAX };
	if (!l->inode)
		return;
	first = add_inode(to, l->inode);
	if (!*first) {
		*first = (uint32_t)to->n;
		return;
	}
	to->twins = array_grow(to->twins, to->n_twins, &to->twins_size, sizeof(*to->twins));
	to->twins[to->n_twins++] = (uint32_t)to->n - 1;
}

/* Replaces the list of listeners by those of this sample; what is known of them stays. */
static void update_listeners(struct owners *o, const struct snapshot *s)
{
	struct owners_listeners before = o->listeners, now = { 0 };

	if (same_listeners(&before, s)) /* the usual case */
		return;
	now.list = xreallocarray(NULL, s->n_listeners, sizeof(*now.list));
	for (size_t i = 0; i < s->n_listeners; i++)
		add_listener(&now, &before, &s->listeners[i], s);
	for (size_t i = 0; i < o->n_holders; i++) {
		const struct owners_process *holder = &o->holders[i];

		for (size_t j = 0; j < holder->n; j++) {
			uint32_t *listener = &holder->list[j].listener;

			*listener = find_listener(&now, holder->list[j].inode);
		}
	}
	free_listeners(&before);
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
	if (!o->cgroups)
		return 0;
	code = procfs_read_process(o->root, process->pid, "cgroup", &o->text);
	if (processes_failed(code)) /* better an owner without a unit than none */
		o->unnamed = code;
	if (code == 0) {
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
	uint32_t listener = find_listener(&look->owners->listeners, inode);

	if (listener == IDMAP_NONE)
		return;
	holder->list = array_grow(holder->list, holder->n, &holder->size, sizeof(*holder->list));
	holder->list[holder->n++] = (struct owners_fd){
		.inode = inode, .listener = listener, .fd = fd & INT32_MAX, .ring = ring
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
	int code, named;

	*holder = (struct owners_process){ .process.pid = entry->pid };
	code = processes_sockets(&o->processes, entry->pid, add_socket, &look);
	entry->ring = look.ring;
	idmap_free(&look.registered);
	named = holder->n ? read_names(o, &holder->process) : 0;
	if (named < 0) {
		holder->n = 0;
		code = named;
	}
	entry->look = processes_failed(code);
	entry->code = (int16_t)(processes_gone(code) ? 0 : code);
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
		code = gone || held->ring ? 0 : processes_socket(dir, held->fd, &inode);
		if (processes_failed(code) || (code == PROCESSES_SOCKET && inode == held->inode))
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

/* A listener with the same inode as one before it has the same owners. */
static void share_with_twins(const struct owners *o, struct snapshot *s)
{
	const struct owners_listeners *listeners = &o->listeners;

	for (size_t i = 0; i < listeners->n_twins; i++) {
		struct listener *twin = &s->listeners[listeners->twins[i]];
		const struct listener *l = &s->listeners[find_listener(listeners, twin->inode)];

		twin->first_owner = l->first_owner;
		twin->n_owners = l->n_owners;
	}
}

/* Counts the descriptors of each listener, and removes those that no longer belong to one. */
static void count_fds(struct owners *o, struct snapshot *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		s->listeners[i].n_owners = 0;
	for (size_t i = 0; i < o->n_holders; i++) {
		struct owners_process *holder = &o->holders[i];
		size_t kept = 0;

		for (size_t j = 0; j < holder->n; j++) {
			struct owners_fd held = holder->list[j];

			if (!held.inode || held.listener == IDMAP_NONE)
				continue;
			s->listeners[held.listener].n_owners++;
			holder->list[kept++] = held;
		}
		holder->n = kept;
	}
	share_with_twins(o, s);
}

/* How long after the last scan, which did not find its owner, another one is due for a listener. */
static uint64_t retry_after(const struct owners *o, const struct owners_listener *l)
{
	uint64_t wait = o->scanned_ns - l->since_s * NSEC_PER_SEC;

	if (wait < OWNERS_RETRY_NS)
		return OWNERS_RETRY_NS;
	return wait < OWNERS_RETRY_MAX_NS ? wait : OWNERS_RETRY_MAX_NS;
}

/* Is a scan due for any listener? One that has lost its last owner counts as new. */
static bool want_scan(struct owners *o, const struct snapshot *s)
{
	bool wanted = false;

	for (size_t i = 0; i < o->listeners.n; i++) {
		struct owners_listener *l = &o->listeners.list[i];

		if (l->state == OWNERS_FOUND && !s->listeners[i].n_owners) {
			l->state = OWNERS_WANTED;
			l->since_s = s->monotonic_ns / NSEC_PER_SEC & SINCE_MAX;
		}
		wanted |= l->state == OWNERS_WANTED ||
			  (l->state == OWNERS_MISSING &&
			   o->scanned_ns + retry_after(o, l) <= s->monotonic_ns);
	}
	return wanted;
}

static bool any_without_owner(const struct snapshot *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		if (!s->listeners[i].n_owners)
			return true;
	return false;
}

/*
 * Reads every process. A process may fork and exit meanwhile, and leave its listeners to one that
 * is not in the list: then new processes are read as well.
 */
static void scan(struct owners *o, struct snapshot *s)
{
	for (size_t i = 0; i < o->processes.n; i++)
		o->processes.list[i].look = true;
	update_holders(o, true);
	count_fds(o, s);
	if (any_without_owner(s) && processes_list(&o->processes) == 0) {
		update_holders(o, true);
		count_fds(o, s);
	}
	o->scanned_ns = s->monotonic_ns;
	for (size_t i = 0; i < o->listeners.n; i++)
		o->listeners.list[i].state =
			s->listeners[i].n_owners ? OWNERS_FOUND : OWNERS_MISSING;
}

static void search(struct owners *o, struct snapshot *s)
{
	const uint64_t now_ns = s->monotonic_ns;
	bool may_look = now_ns >= o->look_ns, scanned;
	uint64_t begin, looked;

	verify_some(o, now_ns);
	begin = clock_thread_cpu_ns();
	/* At the first sample every process is new, so a scan comes at once. */
	scanned = may_look && !o->last_ns;
	if (!scanned) {
		update_holders(o, may_look);
		count_fds(o, s);
		looked = clock_thread_cpu_ns();
		if (may_look)
			o->look_ns = now_ns + (looked - begin) * SHARE;
		begin = looked;
		scanned = want_scan(o, s) && now_ns >= o->scan_ns;
	}
	if (scanned) {
		scan(o, s);
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
	uint32_t n = 0;

	for (size_t i = 0; i < o->listeners.n_twins; i++)
		s->listeners[o->listeners.twins[i]].n_owners = 0;
	for (size_t i = 0; i < s->n_listeners; i++) {
		s->listeners[i].first_owner = n;
		n += s->listeners[i].n_owners;
	}
	snapshot_size_owners(s, n, o->n_holders);
	/* Until all are filled in, first_owner is where the next one goes. */
	for (size_t i = 0; i < o->n_holders; i++) {
		const struct owners_process *holder = holder_at(o, i);

		s->processes[i] = holder->process;
		for (size_t j = 0; j < holder->n; j++)
			s->owners[s->listeners[holder->list[j].listener].first_owner++] =
				(struct owner){ (uint32_t)i, holder->list[j].fd };
	}
	for (size_t i = 0; i < s->n_listeners; i++)
		s->listeners[i].first_owner -= s->listeners[i].n_owners;
	share_with_twins(o, s);
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
	all = any_without_owner(s) ? all_visible(o) : true;
	if (all < 0)
		failure = all;
	for (size_t i = 0; i < s->n_listeners; i++) {
		struct listener *l = &s->listeners[i];
		bool scanned = o->listeners.list[i].state != OWNERS_WANTED;

		if (l->n_owners || (scanned && !hidden && !failure && !ring && all))
			l->known |= LISTENER_OWNERS;
		else
			unseen |= scanned;
	}
	if (unseen && o->visible == PROCESSES_NO_PRIVILEGE && (hidden || !all))
		s->known |= SNAPSHOT_OWNERS_OF_OTHERS;
	if (unseen && failure)
		warn_failure(s, "read all", failure);
	if (o->unnamed)
		warn_failure(s, "read the cgroups of all", o->unnamed);
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
	o->unnamed = 0;
	code = processes_list(&o->processes);
	if (code < 0) {
		warn_failure(s, "list the", code);
		return;
	}
	update_listeners(o, s);
	search(o, s);
	fill_owners(o, s);
	mark_known(o, s);
}

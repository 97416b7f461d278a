/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/others.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "collect/netstat.h"
#include "collect/processes.h"
#include "collect/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEARCH_INTERVAL_NS (5 * NSEC_PER_SEC)
#define LOST_INTERVAL_NS   NSEC_PER_SEC /* when the process of a namespace has left */
#define CHECK_EVERY	   16 /* processes between two checks of the CPU time */

void others_free(struct others *o)
{
	free(o->list);
	free(o->pids);
	idmap_free(&o->by_identity);
	strbuf_free(&o->text);
	memset(o, 0, sizeof(*o));
}

/* The process has ended, or may not be read: not a failure. */
static void note(struct others *o, int code)
{
	if (processes_failed(code))
		o->failed = code;
}

/* CPU time that one sample may use. */
struct budget {
	uint64_t begin_ns; /* CPU time of the thread */
	int64_t max_ns; /* from then on */
};

static bool is_spent(const struct budget *b)
{
	return (int64_t)(clock_thread_cpu_ns() - b->begin_ns) >= b->max_ns;
}

/*
 * Each of the two samples of a window may use half of its share. Samples in quick succession, as
 * when the user presses a key, use up the credit; it grows again by the share of the CPU.
 */
static struct budget begin_budget(struct others *o, uint64_t now_ns)
{
	const int64_t window = (int64_t)(o->share * (double)o->window_ns);
	struct budget b = { .begin_ns = clock_thread_cpu_ns() };

	if (o->sampled_ns)
		o->credit_ns += (int64_t)(o->share * (double)(now_ns - o->sampled_ns));
	if (!o->sampled_ns || o->credit_ns > window)
		o->credit_ns = window;
	o->sampled_ns = now_ns;
	b.max_ns = o->credit_ns < window / 2 ? o->credit_ns : window / 2;
	return b;
}

/* After a whole search: namespaces without a process have ended. */
static void drop_empty(struct others *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++)
		if (o->list[i].pid)
			o->list[n++] = o->list[i];
	o->n = n;
	idmap_reset(&o->by_identity, n);
	for (size_t i = 0; i < n; i++)
		idmap_put(&o->by_identity, o->list[i].identity, (uint32_t)i);
}

static void list_processes(struct others *o)
{
	struct procfs_list proc;
	bool has_first = false;
	uint32_t pid;

	o->n_pids = 0;
	procfs_list(&proc, o->root, "proc");
	while ((pid = procfs_next_process(&proc, NULL))) {
		has_first |= pid == 1;
		o->pids = array_grow(o->pids, o->n_pids, &o->pids_size, sizeof(*o->pids));
		o->pids[o->n_pids++] = pid;
	}
	o->hidden = !has_first; /* hidepid is set */
	note(o, procfs_list_end(&proc));
}

static void add_process(struct others *o, uint32_t pid, uint64_t identity)
{
	uint32_t i;

	if (identity == o->home)
		return;
	i = idmap_put(&o->by_identity, identity, (uint32_t)o->n);
	if (i != IDMAP_NONE) {
		if (!o->list[i].pid)
			o->list[i].pid = pid;
		return;
	}
	o->list = array_grow(o->list, o->n, &o->size, sizeof(*o->list));
	o->list[o->n++] = (struct other){ .identity = identity, .pid = pid };
}

static bool search_due(const struct others *o, uint64_t now_ns)
{
	return o->n_pids || !o->searched_ns || now_ns - o->searched_ns >= SEARCH_INTERVAL_NS ||
	       (o->lost && now_ns - o->searched_ns >= LOST_INTERVAL_NS);
}

/* Begins with the newest processes: kernel threads and old services are mostly at home. */
static void search(struct others *o, const struct budget *b, uint64_t now_ns)
{
	if (!o->n_pids && o->searched_ns && is_spent(b))
		return;
	if (!o->n_pids) {
		o->searched_ns = now_ns;
		o->lost = false;
		list_processes(o);
	}
	while (o->n_pids) {
		char path[48];
		struct stat st;

		if (o->n_pids % CHECK_EVERY == 0 && is_spent(b))
			return;
		snprintf(path, sizeof(path), "proc/%u/net/netstat", o->pids[--o->n_pids]);
		if (fstatat(o->root, path, &st, 0) == 0)
			add_process(o, o->pids[o->n_pids], st.st_ino);
		else if (processes_hidden(-errno))
			o->hidden = true;
		else
			note(o, -errno);
	}
	o->complete = true;
	if (!o->failed)
		drop_empty(o);
}

/* Returns false when the process has ended or moved to another namespace, not for a failure. */
static bool read_overflows(struct others *o, const struct other *other, struct counters *c)
{
	char path[48];
	struct stat st;
	bool same = true;
	int fd, code;

	snprintf(path, sizeof(path), "proc/%u/net/netstat", other->pid);
	fd = code = procfs_open(o->root, path);
	if (fd >= 0) {
		code = fstat(fd, &st) < 0 ? -errno : 0;
		same = code < 0 || st.st_ino == other->identity;
		if (code == 0 && same)
			code = netstat_read(fd, c, &o->text);
		close(fd);
	}
	note(o, code);
	return fd < 0 ? processes_failed(fd) : same;
}

/* Reads those that were not read for this sample yet. Returns false when the budget is used up. */
static bool read_all(struct others *o, const struct budget *b, struct snapshot *s)
{
	for (size_t i = 0; i < o->n; i++) {
		struct other *other = &o->list[i];
		struct counters c = { .known = 0 };

		if (other->read || !other->pid)
			continue;
		if (is_spent(b))
			return false;
		if (!read_overflows(o, other, &c)) {
			other->pid = 0;
			o->lost = true;
			continue;
		}
		other->read = true;
		if (!counter_known(&c, COUNTER_LISTEN_OVERFLOWS))
			continue;
		s->others = array_grow(s->others, s->n_others, &s->others_size, sizeof(*s->others));
		s->others[s->n_others++] = (struct other_netns){
			other->identity,
			c.value[COUNTER_LISTEN_OVERFLOWS],
		};
	}
	return true;
}

static void report_failure(const struct others *o, struct snapshot *s)
{
	if (o->failed)
		snapshot_warn(s, "not-shown-unavailable",
			      "cannot look at all other network namespaces: %s%s",
			      strerror(-o->failed), error_advice(o->failed));
}

void others_sample(struct others *o, struct snapshot *s)
{
	const uint64_t now_ns = clock_monotonic_ns();
	struct budget budget, half;
	struct stat st;
	bool all;

	o->failed = 0;
	if (fstatat(o->root, "proc/self/net/netstat", &st, 0) < 0) {
		note(o, -errno); /* which namespaces are not ours is unknown */
		report_failure(o, s);
		return;
	}
	o->home = st.st_ino;
	budget = begin_budget(o, now_ns);
	for (size_t i = 0; i < o->n; i++)
		o->list[i].read = false;
	all = read_all(o, &budget, s);
	if (all && search_due(o, now_ns)) {
		/* Half of the time that is left is for reading what the search finds. */
		half = budget;
		half.max_ns += (int64_t)(clock_thread_cpu_ns() - budget.begin_ns);
		half.max_ns /= 2;
		search(o, &half, now_ns);
		all = read_all(o, &budget, s);
	}
	s->known |= SNAPSHOT_OTHERS;
	for (size_t i = 0; i < o->n; i++)
		s->n_others_found += o->list[i].pid != 0;
	if (o->complete && !o->hidden && !o->failed)
		s->known |= SNAPSHOT_OTHERS_ALL;
	if (!all || !o->complete || o->failed)
		s->known |= SNAPSHOT_OTHERS_CUT;
	report_failure(o, s);
	o->credit_ns -= (int64_t)(clock_thread_cpu_ns() - budget.begin_ns);
}

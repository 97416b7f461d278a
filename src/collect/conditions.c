/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/conditions.h"

#include "base/alloc.h"
#include "base/error.h"
#include "collect/processes.h"
#include "collect/procfs.h"
#include "collect/units.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* How often a cgroup had been throttled at a sample. */
struct throttle {
	const char *dir; /* its directory; in the pool */
	uint64_t count; /* nr_throttled */
	bool known; /* false where the cgroup cannot have a quota */
};

/* How a hierarchy is found in mountinfo and in /proc/PID/cgroup. */
static const struct {
	const char *type; /* of the file system */
	const char *controller; /* NULL: one hierarchy has all controllers */
} hierarchies[HIERARCHY_N] = {
	[HIERARCHY_V2] = { "cgroup2", NULL },
	[HIERARCHY_CPU] = { "cgroup", "cpu" },
	[HIERARCHY_FREEZER] = { "cgroup", "freezer" },
};

void conditions_free(struct conditions *c)
{
	for (unsigned int i = 0; i < HIERARCHY_N; i++) {
		free(c->mounts[i].path);
		free(c->mounts[i].root);
	}
	idmap_free(&c->now.by_dir);
	idmap_free(&c->before.by_dir);
	free(c->now.list);
	free(c->before.list);
	string_pool_put(c->strings);
	strbuf_free(&c->text);
	strbuf_free(&c->cgroup);
	*c = (struct conditions){ .root = c->root };
}

static void move_strings(struct conditions *c, struct string_pool *strings)
{
	struct throttles *t = &c->before;

	idmap_reset(&t->by_dir, t->n);
	for (size_t i = 0; i < t->n; i++) {
		const char *dir = t->list[i].dir;

		t->list[i].dir = string_pool_adds(strings, dir);
		idmap_put(&t->by_dir, (uintptr_t)t->list[i].dir, (uint32_t)i);
	}
	string_pool_get(strings);
	string_pool_put(c->strings);
	c->strings = strings;
}

void conditions_begin(struct conditions *c, struct string_pool *strings)
{
	struct throttles old = c->before;

	c->before = c->now;
	if (strings != c->strings)
		move_strings(c, strings);
	c->now = old;
	c->now.n = 0;
	idmap_reset(&c->now.by_dir, 0);
}

/* Is @word in a list that is separated by commas? */
static bool has_word(const char *list, size_t len, const char *word)
{
	const size_t word_len = strlen(word);

	for (size_t at = 0; at < len;) {
		const char *comma = memchr(list + at, ',', len - at);
		size_t n = comma ? (size_t)(comma - list) - at : len - at;

		if (n == word_len && !memcmp(list + at, word, n))
			return true;
		at += n + 1;
	}
	return false;
}

static void take_mount(const struct procfs_mount *mount, void *context)
{
	struct conditions *c = context;

	for (unsigned int i = 0; i < HIERARCHY_N; i++) {
		const char *controller = hierarchies[i].controller;

		if (c->mounts[i].path || strcmp(mount->type, hierarchies[i].type) != 0 ||
		    (controller && !has_word(mount->options, strlen(mount->options), controller)))
			continue;
		c->mounts[i].path = xstrdup(mount->path);
		c->mounts[i].root = xstrdup(mount->root);
	}
}

/* The path in the line "1:cpu,cpuacct:/path" or "0::/path" of /proc/PID/cgroup; NULL: no line. */
static const char *find_line(const char *text, enum hierarchy hierarchy, size_t *len)
{
	const char *controller = hierarchies[hierarchy].controller;

	for (const char *line = text; *line; line += *line == '\n') {
		const char *end = line + strcspn(line, "\n"), *colon = strchr(line, ':');
		const char *path = colon && colon < end ? strchr(colon + 1, ':') : NULL;

		line = end;
		if (!path || path > end)
			continue;
		if (controller ? has_word(colon + 1, (size_t)(path - colon - 1), controller) :
				 path == colon + 1) {
			*len = (size_t)(end - path - 1);
			return path + 1;
		}
	}
	return NULL;
}

/* Makes the directory of a cgroup from its path in its hierarchy; false when it is not mounted. */
static bool add_dir(char dir[PATH_MAX], const struct hierarchy_mount *mount, const char *path,
		    size_t len)
{
	size_t root_len = strlen(mount->root);
	int n;

	if (root_len == 1)
		root_len = 0;
	/* A path outside of our cgroup namespace begins with "/..". */
	if (len < root_len || memcmp(path, mount->root, root_len) != 0 ||
	    (len > root_len && path[root_len] != '/') || (len >= 3 && !memcmp(path, "/..", 3)))
		return false;
	path += root_len;
	len -= root_len;
	if (len == 1)
		len = 0;
	n = snprintf(dir, PATH_MAX, "%s%.*s", mount->path, (int)len, path);
	return n > 0 && n < PATH_MAX;
}

/* Is the process in a cgroup of a hierarchy, and do we see that cgroup's directory? */
enum place { PLACE_NONE, PLACE_UNKNOWN, PLACE_KNOWN };

static enum place find_place(const struct conditions *c, enum hierarchy hierarchy,
			     char dir[PATH_MAX])
{
	const struct hierarchy_mount *mount = &c->mounts[hierarchy];
	size_t len;
	const char *path = find_line(c->cgroup.s, hierarchy, &len);

	if (!path)
		return PLACE_NONE;
	return mount->path && add_dir(dir, mount, path, len) ? PLACE_KNOWN : PLACE_UNKNOWN;
}

/* What is not there, or may not be read, is not a failure. Returns @code. */
static int note(struct conditions *c, int code)
{
	if (processes_failed(code))
		c->failed = code;
	return code;
}

static int read_file(struct conditions *c, const char *dir, const char *name)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return note(c, procfs_read(c->root, path + strspn(path, "/"), &c->text));
}

/* Finds the number after a word at the beginning of a line, as in "nr_throttled 5". */
static bool find_number(const char *text, const char *word, uint64_t *value)
{
	const size_t len = strlen(word);

	for (const char *line = text; *line; line += *line == '\n') {
		char *end;

		if (!strncmp(line, word, len) && line[len] == ' ') {
			*value = strtoull(line + len, &end, 10);
			return end != line + len;
		}
		line += strcspn(line, "\n");
	}
	return false;
}

/* Changes @dir to the parent cgroup; false at the top of the mount. */
static bool go_up(char *dir, const char *mount)
{
	if (strlen(dir) <= strlen(mount))
		return false;
	*strrchr(dir, '/') = '\0';
	return strlen(dir) >= strlen(mount);
}

static const char *file_path(struct conditions *c, const char *dir, const char *name)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return string_pool_adds(c->strings, path);
}

/* Reads each cgroup once a sample, as many processes may be in it. */
static struct throttle *read_throttle(struct conditions *c, const char *name, const char *dir)
{
	struct throttles *t = &c->now;
	uint32_t i = idmap_put(&t->by_dir, (uintptr_t)name, (uint32_t)t->n);
	struct throttle *throttle;

	if (i != IDMAP_NONE)
		return &t->list[i];
	t->list = array_grow(t->list, t->n, &t->size, sizeof(*t->list));
	throttle = &t->list[t->n++];
	throttle->dir = name;
	throttle->known = read_file(c, dir, "cpu.stat") == 0 &&
			  find_number(c->text.s, "nr_throttled", &throttle->count);
	return throttle;
}

/*
 * Was the cgroup in @dir throttled in the window, or any above it? Returns false when one of them
 * was not read in the sample before.
 */
static bool compare_throttles(struct conditions *c, struct process *p, char *dir,
			      enum hierarchy hierarchy)
{
	bool known = true;

	do {
		const char *name = string_pool_adds(c->strings, dir);
		const struct throttle *now = read_throttle(c, name, dir), *before;
		uint32_t i = idmap_get(&c->before.by_dir, (uintptr_t)name);

		before = i == IDMAP_NONE ? NULL : &c->before.list[i];
		if (!before || before->known != now->known) {
			known = false;
		} else if (now->known && now->count > before->count && !p->throttled) {
			p->throttled = true;
			p->quota = file_path(
				c, dir, hierarchy == HIERARCHY_V2 ? "cpu.max" : "cpu.cfs_quota_us");
		}
	} while (go_up(dir, c->mounts[hierarchy].path));
	return known;
}

static void find_throttled(struct conditions *c, struct process *p)
{
	static const enum hierarchy where[] = { HIERARCHY_V2, HIERARCHY_CPU };
	bool known = true, any = false;

	for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
		char dir[PATH_MAX];
		enum place place = find_place(c, where[i], dir);

		any |= place != PLACE_NONE;
		if (place == PLACE_UNKNOWN)
			known = false;
		else if (place == PLACE_KNOWN)
			known &= compare_throttles(c, p, dir, where[i]);
	}
	if (p->throttled || (known && any))
		p->known |= PROCESS_THROTTLED;
}

/* The files of a cgroup's freezer. A cgroup is frozen by itself or by one above it. */
static const struct freezer {
	const char *state, *frozen; /* the file, and what it contains when the cgroup is frozen */
	const char *self; /* begins with 1 when the cgroup itself is to be frozen */
	const char *thaw; /* is written to thaw it */
} freezers[HIERARCHY_N] = {
	[HIERARCHY_V2] = { "cgroup.events", "frozen 1", "cgroup.freeze", "cgroup.freeze" },
	[HIERARCHY_FREEZER] = { "freezer.state", "FROZEN", "freezer.self_freezing",
				"freezer.state" },
};

static void find_freezer(struct conditions *c, struct process *p, char *dir,
			 enum hierarchy hierarchy)
{
	const struct freezer *f = &freezers[hierarchy];

	do {
		if (read_file(c, dir, f->self) == 0 && c->text.s[0] == '1') {
			p->freezer = file_path(c, dir, f->thaw);
			return;
		}
	} while (go_up(dir, c->mounts[hierarchy].path));
}

static void find_frozen(struct conditions *c, struct process *p)
{
	static const enum hierarchy where[] = { HIERARCHY_V2, HIERARCHY_FREEZER };
	bool known = true, any = false;

	for (size_t i = 0; i < ARRAY_SIZE(where) && !p->frozen; i++) {
		char dir[PATH_MAX];
		enum place place = find_place(c, where[i], dir);
		int code;

		any |= place != PLACE_NONE;
		known &= place != PLACE_UNKNOWN;
		if (place != PLACE_KNOWN)
			continue;
		code = read_file(c, dir, freezers[where[i]].state);
		/* The root cgroup has no such file, and cannot be frozen. */
		known &= code == 0 || code == -ENOENT;
		if (code < 0 || !strstr(c->text.s, freezers[where[i]].frozen))
			continue;
		p->frozen = true;
		find_freezer(c, p, dir, where[i]);
	}
	if (p->frozen || (known && any))
		p->known |= PROCESS_FROZEN;
}

/* Field 3 of the line. The name in field 2 ends with the last parenthesis; it may contain others.
 */
static void read_state(struct conditions *c, struct process *p)
{
	const char *end;

	if (note(c, procfs_read_process(c->root, p->pid, "stat", &c->text)) < 0)
		return;
	end = strrchr(c->text.s, ')');
	if (!end || end[1] != ' ' || !end[2])
		return;
	p->state = end[2];
	p->known |= PROCESS_STATE;
}

/* Since 6.2 the size of the directory is the number of descriptors; before that it is 0. */
static void count_fds(struct conditions *c, struct process *p)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "proc/%u/fd", p->pid);
	if (fstatat(c->root, path, &st, 0) < 0) {
		note(c, -errno);
		return;
	}
	if (st.st_size <= 0 || st.st_size > UINT32_MAX)
		return;
	p->open_fds = (uint32_t)st.st_size;
	p->known |= PROCESS_OPEN_FDS;
}

/* Reads "Max open files            1024                 524288               files". */
static void read_limit(struct conditions *c, struct process *p)
{
	static const char key[] = "Max open files ";
	const char *line;
	unsigned long long limit;
	char *end;

	if (note(c, procfs_read_process(c->root, p->pid, "limits", &c->text)) < 0)
		return;
	line = strstr(c->text.s, key);
	if (!line)
		return;
	limit = strtoull(line + strlen(key), &end, 10);
	if (end == line + strlen(key) || *end != ' ' || limit > UINT32_MAX)
		return;
	p->fd_limit = (uint32_t)limit;
	p->known |= PROCESS_FD_LIMIT;
}

static void read_process(struct conditions *c, struct process *p, bool closing)
{
	bool has_cgroup = note(c, procfs_read_process(c->root, p->pid, "cgroup", &c->cgroup)) == 0;

	if (has_cgroup)
		find_throttled(c, p);
	if (!closing)
		return;
	if (has_cgroup)
		find_frozen(c, p);
	/* Limits are set in the unit. owners_collect() has read it only where units are needed. */
	if (has_cgroup && !p->cgroup) {
		struct units units = units_parse(c->cgroup.s, c->cgroup.len);

		p->cgroup = string_pool_add(c->strings, units.cgroup.s, units.cgroup.len);
		p->unit = string_pool_add(c->strings, units.unit.s, units.unit.len);
	}
	read_state(c, p);
	count_fds(c, p);
	read_limit(c, p);
}

/* How often the process has gone to sleep, also to wait for its tracer; 0: unknown. */
static uint64_t count_switches(struct conditions *c, const struct process *p)
{
	static const char key[] = "\nvoluntary_ctxt_switches:";
	const char *line;

	if (note(c, procfs_read_process(c->root, p->pid, "status", &c->text)) < 0)
		return 0;
	line = strstr(c->text.s, key);
	return line ? strtoull(line + strlen(key), NULL, 10) : 0;
}

/*
 * A process under strace(1) stops at each system call and goes on at once. When a traced process
 * goes to sleep again within 10 ms, it is running, and its state counts as unknown.
 */
static void check_traced(struct conditions *c, struct snapshot *s)
{
	static const struct timespec pause = { .tv_nsec = 10000000 };
	uint64_t *before = xcalloc(s->n_processes + 1, sizeof(*before));
	bool any = false;

	for (size_t i = 0; i < s->n_processes; i++)
		if (process_is_traced(&s->processes[i])) {
			before[i] = count_switches(c, &s->processes[i]);
			any = true;
		}
	if (any)
		nanosleep(&pause, NULL);
	for (size_t i = 0; any && i < s->n_processes; i++)
		if (process_is_traced(&s->processes[i]) &&
		    count_switches(c, &s->processes[i]) != before[i])
			s->processes[i].known &= (uint8_t)~PROCESS_STATE;
	free(before);
}

bool conditions_wanted(const struct snapshot *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		if (listener_may_be_sick(&s->listeners[i]))
			return true;
	return false;
}

void conditions_collect(struct conditions *c, struct snapshot *s, bool closing)
{
	bool *seen = xcalloc(s->n_processes + 1, sizeof(*seen));
	size_t n = 0;

	c->failed = 0;
	if (!c->searched)
		c->searched = !processes_failed(note(c, procfs_mounts(c->root, take_mount, c)));
	for (size_t i = 0; i < s->n_listeners; i++) {
		const struct listener *l = &s->listeners[i];

		for (uint32_t j = 0; listener_may_be_sick(l) && j < l->n_owners; j++) {
			uint32_t process = s->owners[l->first_owner + j].process;

			if (seen[process] || n == CONDITIONS_MAX)
				continue;
			seen[process] = true;
			n++;
			read_process(c, &s->processes[process], closing);
		}
	}
	free(seen);
	if (closing)
		check_traced(c, s);
	if (c->failed)
		snapshot_warn(s, "conditions-unavailable",
			      "cannot read what may keep processes from accepting: %s%s",
			      strerror(-c->failed), error_advice(c->failed));
}

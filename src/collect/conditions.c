/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/conditions.h"

#include "base/alloc.h"
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

/* How often a cgroup was throttled by the time of a sample. */
struct throttle {
	const char *dir; /* its directory */
	uint64_t count; /* nr_throttled */
	bool known; /* it has a quota, or could have one */
};

/* How each is called: in the options of its mount, and in /proc/PID/cgroup between two colons. */
static const struct {
	const char *type; /* of the file system */
	const char *controller; /* NULL: all are in one */
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

		t->list[i].dir = string_pool_add(strings, dir, strlen(dir));
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

/* Is it one of the words between commas? */
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

/* The path in the line "1:cpu,cpuacct:/path", or "0::/path", of a process; NULL: it has none. */
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

/* The directory of a cgroup, from its path in its hierarchy. */
static bool add_dir(char dir[PATH_MAX], const struct hierarchy_mount *mount, const char *path,
		    size_t len)
{
	size_t root_len = strlen(mount->root);
	int n;

	if (root_len == 1)
		root_len = 0;
	/* Those outside of our cgroup namespace begin with "/..", those of others are not mounted.
	 */
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

/* Where the process is in one hierarchy. */
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

static int read_file(struct conditions *c, const char *dir, const char *name)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return procfs_read(c->root, path + strspn(path, "/"), &c->text);
}

/* The number behind a word at the beginning of a line, as in "nr_throttled 5". */
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

/* To the cgroup above; false at the top of the mount. */
static bool go_up(char *dir, const char *mount)
{
	if (strlen(dir) <= strlen(mount))
		return false;
	*strrchr(dir, '/') = '\0';
	return strlen(dir) >= strlen(mount);
}

static const char *keep_file(struct conditions *c, const char *dir, const char *name)
{
	char path[PATH_MAX + 32];
	int len = snprintf(path, sizeof(path), "%s/%s", dir, name);

	return string_pool_add(c->strings, path, (size_t)len);
}

/* Many processes are in one cgroup: each is read once a sample. */
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

/* A limit may stand on any cgroup above. Returns false where one was not read before. */
static bool look_for_throttle(struct conditions *c, struct process *p, char *dir,
			      enum hierarchy hierarchy)
{
	bool known = true;

	do {
		const char *name = string_pool_add(c->strings, dir, strlen(dir));
		const struct throttle *now = read_throttle(c, name, dir), *before;
		uint32_t i = idmap_get(&c->before.by_dir, (uintptr_t)name);

		before = i == IDMAP_NONE ? NULL : &c->before.list[i];
		if (!before || before->known != now->known) {
			known = false;
		} else if (now->known && now->count > before->count && !p->throttled) {
			p->throttled = true;
			p->quota = keep_file(
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
			known &= look_for_throttle(c, p, dir, where[i]);
	}
	if (p->throttled || (known && any))
		p->known |= PROCESS_THROTTLED;
}

/* The file that says of one cgroup that it is frozen, and the one that froze it or one above. */
struct freezer {
	const char *state, *word; /* what @state has in it */
	const char *self; /* reads 1 where it is this cgroup */
	const char *thaw;
};

static const struct freezer freezers[HIERARCHY_N] = {
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
			p->freezer = keep_file(c, dir, f->thaw);
			return;
		}
	} while (go_up(dir, c->mounts[hierarchy].path));
}

/* The cgroup at the top has no such file, and cannot be frozen. */
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
		known &= code == 0 || code == -ENOENT;
		if (code < 0 || !strstr(c->text.s, freezers[where[i]].word))
			continue;
		p->frozen = true;
		find_freezer(c, p, dir, where[i]);
	}
	if (p->frozen || (known && any))
		p->known |= PROCESS_FROZEN;
}

/* Field 3 of the line, behind a name that may have any character in it. */
static void read_state(struct conditions *c, struct process *p)
{
	const char *end;

	if (procfs_read_process(c->root, p->pid, "stat", &c->text) < 0)
		return;
	end = strrchr(c->text.s, ')');
	if (!end || end[1] != ' ' || !end[2])
		return;
	p->state = end[2];
	p->known |= PROCESS_STATE;
}

/* The size of the directory is their number; 0: this kernel does not count them there. */
static void count_fds(struct conditions *c, struct process *p)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "proc/%u/fd", p->pid);
	if (fstatat(c->root, path, &st, 0) < 0 || st.st_size <= 0 || st.st_size > UINT32_MAX)
		return;
	p->open_fds = (uint32_t)st.st_size;
	p->known |= PROCESS_OPEN_FDS;
}

/* "Max open files            1024                 524288               files"; or "unlimited" */
static void read_limit(struct conditions *c, struct process *p)
{
	static const char key[] = "Max open files ";
	const char *line;
	unsigned long long limit;
	char *end;

	if (procfs_read_process(c->root, p->pid, "limits", &c->text) < 0)
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

/* Its unit is where a limit is set; who did not ask for units has not read it yet. */
static void name_cgroup(struct conditions *c, struct process *p)
{
	struct units units;

	if (p->cgroup)
		return;
	units = units_parse(c->cgroup.s, c->cgroup.len);
	p->cgroup = string_pool_add(c->strings, units.cgroup.s, units.cgroup.len);
	p->unit = string_pool_add(c->strings, units.unit.s, units.unit.len);
}

static void look_at(struct conditions *c, struct process *p, bool closing)
{
	bool placed = procfs_read_process(c->root, p->pid, "cgroup", &c->cgroup) == 0;

	if (placed)
		find_throttled(c, p);
	if (!closing)
		return;
	if (placed) {
		find_frozen(c, p);
		name_cgroup(c, p);
	}
	read_state(c, p);
	count_fds(c, p);
	read_limit(c, p);
}

/* How often it stopped to wait for something, its tracer too; 0: unknown. */
static uint64_t count_switches(struct conditions *c, const struct process *p)
{
	static const char key[] = "\nvoluntary_ctxt_switches:";
	const char *line;

	if (procfs_read_process(c->root, p->pid, "status", &c->text) < 0)
		return 0;
	line = strstr(c->text.s, key);
	return line ? strtoull(line + strlen(key), NULL, 10) : 0;
}

/*
 * A process under strace(1) stops at each system call and goes on at once: one that moves is not
 * stopped, and what its letter says is of no use.
 */
static void settle_traced(struct conditions *c, struct snapshot *s)
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

static void look_at_owners(struct conditions *c, struct snapshot *s, bool closing)
{
	bool *seen = xcalloc(s->n_processes + 1, sizeof(*seen));
	size_t n = 0;

	if (!c->searched)
		procfs_mounts(c->root, &c->text, take_mount, c);
	c->searched = true;
	for (size_t i = 0; i < s->n_listeners; i++) {
		const struct listener *l = &s->listeners[i];

		for (uint32_t j = 0; listener_may_be_sick(l) && j < l->n_owners; j++) {
			uint32_t process = s->owners[l->first_owner + j].process;

			if (seen[process] || n == CONDITIONS_MAX)
				continue;
			seen[process] = true;
			n++;
			look_at(c, &s->processes[process], closing);
		}
	}
	free(seen);
}

bool conditions_wanted(const struct snapshot *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		if (listener_may_be_sick(&s->listeners[i]))
			return true;
	return false;
}

void conditions_open(struct conditions *c, struct snapshot *s)
{
	look_at_owners(c, s, false);
}

void conditions_collect(struct conditions *c, struct snapshot *s)
{
	look_at_owners(c, s, true);
	settle_traced(c, s);
}

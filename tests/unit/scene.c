/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scene.h"
#include "unit.h"

#include "model/groups.h"

#include <sys/socket.h>

void scene_begin(struct snapshot *s, uint64_t monotonic_ns)
{
	struct netns *ns = snapshot_add_netns(s);

	s->monotonic_ns = monotonic_ns;
	ns->inode = SCENE_NETNS;
	ns->syn_recv_ns = ns->waiting_ns = monotonic_ns;
	ns->one_datagram = true;
	ns->looked = true;
	ns->before.known = ns->after.known = (1u << COUNTER_N) - 1;
	ns->sysctls.known = (1u << SYSCTL_N) - 1;
	ns->sysctls.value[SYSCTL_SOMAXCONN] = 4096;
	ns->sysctls.value[SYSCTL_MAX_SYN_BACKLOG] = 2048;
	ns->sysctls.value[SYSCTL_SYNCOOKIES] = 1;
	ns->sysctls.value[SYSCTL_SYNACK_RETRIES] = 5;
}

void scene_open(struct scene *scene)
{
	scene_begin(&scene->before, 1000000000);
	scene_begin(&scene->now, 2000000000);
}

void scene_close(struct scene *scene)
{
	snapshot_free(&scene->before);
	snapshot_free(&scene->now);
	report_free(&scene->report);
}

struct listener *scene_add(struct snapshot *s, uint16_t cookie)
{
	struct listener *l = snapshot_add_listener(s, 0, cookie);

	assert_non_null(l);
	l->known = LISTENER_DROPS | LISTENER_UID;
	l->addr.family = AF_INET;
	l->addr.port = cookie;
	memcpy(l->addr.address, (const uint8_t[]){ 10, 0, 0, 1 }, 4);
	l->limit = 128;
	return l;
}

void scene_add_both(struct scene *scene, uint16_t cookie)
{
	scene_add(&scene->before, cookie);
	scene_add(&scene->now, cookie);
}

/* A number behind this character, or @otherwise where it is another one. */
static unsigned int number_behind(char c, const char **at, unsigned int otherwise)
{
	int n = 0;

	if (**at != c)
		return otherwise;
	++*at;
	assert_true(sscanf(*at, "%u%n", &otherwise, &n) == 1);
	*at += n;
	return otherwise;
}

void scene_sample(struct scene *scene, const char *listeners)
{
	snapshot_drop_listeners(&scene->now, 0);
	scene->now.netns[0].one_datagram = false; /* those that it lacks are not surely gone */
	for (const char *at = listeners; *at; at += strspn(at, " ")) {
		struct listener *l;
		unsigned int cookie;
		int n = 0;

		assert_true(sscanf(at, "%u%n", &cookie, &n) == 1);
		at += n;
		l = scene_add(&scene->now, (uint16_t)cookie);
		l->limit = 9;
		l->length = number_behind(':', &at, 0);
		l->addr.port = (uint16_t)number_behind('@', &at, cookie);
	}
	groups_build(&scene->now);
}

static struct listener *find(struct snapshot *s, uint16_t cookie)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		if (s->listeners[i].cookie == cookie)
			return &s->listeners[i];
	fail_msg("no listener %u in the sample", cookie);
	return NULL;
}

struct listener *scene_before(struct scene *scene, uint16_t cookie)
{
	return find(&scene->before, cookie);
}

struct listener *scene_now(struct scene *scene, uint16_t cookie)
{
	return find(&scene->now, cookie);
}

void scene_count(struct scene *scene, enum counter_id id, uint64_t before_first,
		 uint64_t after_first, uint64_t before_second, uint64_t after_second)
{
	scene->before.netns[0].before.value[id] = before_first;
	scene->before.netns[0].after.value[id] = after_first;
	scene->now.netns[0].before.value[id] = before_second;
	scene->now.netns[0].after.value[id] = after_second;
}

void scene_overflow(struct scene *scene, uint64_t n)
{
	scene_count(scene, COUNTER_LISTEN_OVERFLOWS, 100, 100, 100 + n, 100 + n);
}

struct group *scene_group(struct scene *scene, uint16_t cookie)
{
	if (!(scene->now.known & SNAPSHOT_GROUPS))
		groups_build(&scene->now);
	return &scene->now.groups[find(&scene->now, cookie)->group];
}

void scene_report(struct scene *scene)
{
	report_build(&scene->report, &scene->before, &scene->now);
	report_select(&scene->report, &all_listeners);
}

const struct row *scene_row(struct scene *scene, uint16_t cookie)
{
	scene_report(scene);
	for (size_t i = 0; i < scene->report.n_rows; i++)
		if (scene->report.rows[i].listener->cookie == cookie)
			return &scene->report.rows[i];
	fail_msg("no row of listener %u", cookie);
	return NULL;
}

const struct row *scene_row_at(struct scene *scene, uint16_t port)
{
	for (size_t i = 0; i < scene->report.n_rows; i++)
		if (scene->report.rows[i].listener->addr.port == port)
			return &scene->report.rows[i];
	fail_msg("no row of port %u", port);
	return NULL;
}

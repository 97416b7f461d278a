/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TESTS_SCENE_H
#define LISTENQ_TESTS_SCENE_H

#include "analyse/report.h"

#include <sys/socket.h>

/*
 * Two samples a second apart, by hand: of one namespace where all is known and nothing has moved.
 * A test changes what it is about. A zeroed struct is ready for scene_open().
 */
struct scene {
	struct snapshot before, now;
	struct report report;
};

#define SCENE_NETNS 4026531840u

/* A report points to its selection. */
static const struct selection all_listeners = { .family = AF_UNSPEC };

void scene_open(struct scene *scene);
void scene_close(struct scene *scene);

/* Begins one sample by hand: its namespace. @s: empty */
void scene_begin(struct snapshot *s, uint64_t monotonic_ns);

/*
 * A listener at 10.0.0.1:@cookie in one or both samples, with an empty queue of limit 128 and drops
 * of 0. Pointers last until the next one is added.
 */
struct listener *scene_add(struct snapshot *s, uint16_t cookie);
void scene_add_both(struct scene *scene, uint16_t cookie);

/*
 * scene_sample() - a closing sample of these listeners alone, with a limit of 9 and in groups:
 * "1 2:10 3@80" means 1, 2 with a queue of 10, and 3 on port 80.
 */
void scene_sample(struct scene *scene, const char *listeners);

/* The listener with this cookie, to change it. */
struct listener *scene_before(struct scene *scene, uint16_t cookie);
struct listener *scene_now(struct scene *scene, uint16_t cookie);

/* A counter at the four readings: around the first dump, around the second. */
void scene_count(struct scene *scene, enum counter_id id, uint64_t before_first,
		 uint64_t after_first, uint64_t before_second, uint64_t after_second);

/* ListenOverflows that rise by @n, all of it between the two dumps. */
void scene_overflow(struct scene *scene, uint64_t n);

/* Makes the groups, so that a test can fill them; returns that of the listener. */
struct group *scene_group(struct scene *scene, uint16_t cookie);

/* Builds the report, shows everything, returns the row of the listener. */
const struct row *scene_row(struct scene *scene, uint16_t cookie);
void scene_report(struct scene *scene);

/* The row at that port in the report that was built. */
const struct row *scene_row_at(struct scene *scene, uint16_t port);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LISTENQ_TOP_PLAYER_H
#define LISTENQ_TOP_PLAYER_H

#include "replay/excerpt.h"
#include "top/playback.h"

/*
 * Feeds a playback from a recording, as the sampler does from a host: at the speed of the
 * recording, or twenty times that, or not at all while it stands. What the screen shows may be
 * anywhere in the recording: where the playback has no sample of that moment, it is filled anew
 * with those of the ten minutes before.
 *
 * Samples are entries of the recording. A damaged one is an error with its line; then the player
 * stands, and the screen stays.
 */
struct player;

#define PLAYER_FAST 20

/* How long a jump may take. */
#define PLAYER_JUMP_NS (80 * NSEC_PER_SEC / 1000)

/*
 * player_open() - show the first window of the excerpt; it stands.
 * @r: borrowed, as the others, which all calls use
 * @jump_ns: a jump takes at most about so long: it reads fewer of the samples before
 *
 * Returns 0 or -errno with @why filled.
 */
int player_open(struct player **p, struct recording *r, const struct excerpt *e,
		struct playback *playback, struct view *view, uint64_t jump_ns, struct error *why);

/* @p: may be NULL */
void player_close(struct player *p);

/*
 * player_take() - show what has happened since the last call, if it runs. @clock_ns: monotonic.
 * Returns 1, 0 if that is nothing, or -errno with @why filled.
 */
int player_take(struct player *p, uint64_t clock_ns, struct error *why);

/* When player_take() has something; UINT64_MAX: never. */
uint64_t player_due(const struct player *p);

/* Lets it run or stand. At the end of the excerpt it stands: returns false. */
bool player_run(struct player *p, bool runs, uint64_t clock_ns);
bool player_runs(const struct player *p);

/* How many times faster than it was recorded. */
unsigned int player_speed(const struct player *p);
void player_set_speed(struct player *p, unsigned int speed, uint64_t clock_ns);

/* Does the screen show the last window? */
bool player_is_at_end(const struct player *p);

/* The sample on the screen: an entry. */
size_t player_at(const struct player *p);

/* Nanoseconds from one sample to the next around the one on the screen. */
uint64_t player_distance(const struct player *p);

/*
 * All of these stop the player and return 1, 0 if there is no such window, or -errno with @why
 * filled.
 *
 * player_step() - one window back (@by 1) or forward (-1)
 * player_step_time() - back or forward by at least @ns, at most to the first or last window
 * player_go() - to the window that ends with an entry
 * player_go_back() - to the one @back windows before the newest of the playback
 * player_go_time() - to the first window that has a time, in nanoseconds since 1970, or ends a gap
 *                    that has it
 */
int player_step(struct player *p, int by, struct error *why);
int player_step_time(struct player *p, int by, uint64_t ns, struct error *why);
int player_go(struct player *p, size_t i, struct error *why);
int player_go_back(struct player *p, size_t back, struct error *why);
int player_go_time(struct player *p, int64_t wall_ns, struct error *why);

/* The first and the last window: entries. */
size_t player_first(const struct player *p);
size_t player_last(const struct player *p);

/*
 * player_step_event() - search for the next event back (@by 1) or forward (-1), and go there.
 * @go_on: called several times a second with the entry that it has come to; false: stop there
 *
 * Returns 1, 0 if there is none, -EINTR, or another error with @why filled. The screen stays where
 * there is none.
 */
int player_step_event(struct player *p, int by, bool (*go_on)(void *context, size_t at),
		      void *context, struct error *why);

/* Those with the earliest and the latest time: the first and the last, if no clock was set. */
size_t player_earliest(const struct player *p);
size_t player_latest(const struct player *p);

/* What a message calls a moment: the wall clock of an entry. */
struct timespec player_wall(const struct player *p, size_t i);

/*
 * player_excerpt() - the windows that the playback holds, as an excerpt of the recording. Of the
 * ten minutes before the last one it lacks what was asked for, or is between two runs.
 */
void player_excerpt(const struct player *p, struct excerpt *e);

/* The damaged line that it ends at; 0: there is none. */
size_t player_damaged_line(const struct player *p);

/* Is any line damaged, as far as is known? */
bool player_is_damaged(const struct player *p);

const struct recording *player_recording(const struct player *p);

/* What is played. */
const struct excerpt *player_all(const struct player *p);

#endif
